//! Deployments by keys: the list, the one that is followed, what can be done with it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use std::sync::Arc;

use domain::deployment::{Stage, StageName, StageState, Status};
use domain::orders::Order;
use domain::proposal::Proposal;
use domain::world::World;

use super::estimate::usual;
use crate::effects::Wish;
use crate::fixture::{Stage as Bench, world};
use crate::place::TabId;
use crate::session::Act;
use crate::tabs::deploy::scene::body;
use crate::words::Language;

fn stage(wide: u16, high: u16, language: Language) -> Bench {
    let mut stage = Bench::new(wide, high, language);
    stage.keys("7");
    stage.acts.clear();
    stage
}

#[test]
fn it_looks_as_it_should() {
    for (name, wide, high, language, keys) in [
        ("deployments_80x24", 80, 24, Language::English, "g g"),
        ("deployments_120x36", 120, 36, Language::English, "g g"),
        ("deployments_200x50", 200, 50, Language::English, "g g"),
        ("deployments_120x36_zh", 120, 36, Language::Chinese, "g g"),
        ("deployments_running", 80, 24, Language::English, "enter"),
        ("deployments_failed", 120, 36, Language::English, "j j enter"),
        ("deployments_waiting", 100, 30, Language::English, "j j j enter"),
    ] {
        let mut stage = stage(wide, high, language);
        stage.keys(keys);
        insta::assert_snapshot!(name, body(&stage));
    }
}

#[test]
fn one_that_waits_is_synced_after_a_question() {
    let mut stage = stage(100, 30, Language::English);
    stage.keys("s");
    assert!(stage.lines().contains("000187"), "the first one does not wait\n{}", stage.lines());
    assert_eq!(stage.wishes(), []);
    stage.keys("j j j s y");
    let given: Vec<Order> =
        stage.wishes().into_iter().filter_map(|w| if let Wish::Give(_, o) = w { Some(o) } else { None }).collect();
    match given.as_slice() {
        [Order::ManualSync(sync)] => {
            assert_eq!(sync.environment, "shop/production".parse().unwrap());
            assert_eq!(sync.commit.as_ref().unwrap().short(), "9e1c21d");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ids_are_copied_and_a_log_is_opened() {
    let mut stage = stage(100, 30, Language::English);
    stage.keys("c enter o");
    let copied: Vec<String> =
        stage.acts.iter().filter_map(|a| if let Act::Copy(t) = a { Some(t.clone()) } else { None }).collect();
    assert_eq!(copied, ["01jd6k00000000000000000187", &format!("{:0<40}", "a41f09c")]);
    stage.acts.clear();
    stage.keys("l");
    let asked = stage.wishes();
    assert!(
        matches!(&asked[..], [Wish::Ask(_, domain::query::Query::Follow(of))] if &*of.key.name == "shop-web-7d9f-x2v"),
        "{asked:?}"
    );
}

#[test]
fn deploying_again_lays_the_edits_into_the_form() {
    let mut stage = stage(100, 30, Language::English);
    stage.keys("d");
    assert_eq!(stage.session.active(), TabId::Deploy);
    let desk = stage.session.cx().desk;
    assert_eq!(desk.environment, Some("shop/staging".parse().unwrap()));
    assert_eq!(desk.draft.as_ref().unwrap().edits, world().deployments[0].edits);
}

/// Returns the fleet with the newest deployment waiting for approval on the Git host.
fn awaiting(link: Option<&str>) -> World {
    let mut fleet = world();
    let mut all = (*fleet.deployments).clone();
    let mut waiting = (*all[0]).clone();
    waiting.status = Status::Waiting;
    let detail = "waits for approval on the Git host";
    waiting.stages = std::array::from_fn(|_| Stage::pending());
    *waiting.stage_mut(StageName::Commit) =
        Stage { state: StageState::Waiting, started: Some(waiting.requested), ended: None, detail: detail.to_owned() };
    waiting.proposal = Some(Proposal {
        branch: "quarterdeck/shop-staging-000187".to_owned(),
        commit: waiting.commit.clone(),
        opened: Some(waiting.requested),
        link: link.map(str::to_owned),
        arrived: None,
    });
    all[0] = Arc::new(waiting);
    fleet.deployments = Arc::new(all);
    fleet
}

#[test]
fn one_that_waits_for_approval_shows_its_link_and_nothing_here_approves_it() {
    let link = "https://git.acme.example/acme/shop/-/merge_requests/new?merge_request%5Bsource_branch%5D=quarterdeck%2Fshop-staging-000187";
    let mut stage = Bench::over(awaiting(Some(link)), 120, 36, Language::English);
    stage.keys("7 g g enter");
    insta::assert_snapshot!("deployments_approval", body(&stage));
    stage.acts.clear();
    stage.keys("o");
    assert!(matches!(&stage.acts[..], [.., Act::Visit(url)] if url == link), "{:?}", stage.acts);
    stage.acts.clear();
    stage.keys("y");
    assert!(matches!(&stage.acts[..], [.., Act::Copy(url)] if url == link), "{:?}", stage.acts);
    // Sync is for one that Git has let through.
    stage.acts.clear();
    stage.keys("s");
    assert_eq!(stage.wishes(), []);

    let mut stage = Bench::over(awaiting(None), 80, 24, Language::Chinese);
    stage.keys("7 g g enter");
    insta::assert_snapshot!("deployments_approval_80x24_zh", body(&stage));
}

#[test]
fn the_scope_widens_from_the_environment_to_everything() {
    let mut stage = stage(120, 36, Language::English);
    assert!(stage.lines().contains("6 of 6"), "{}", stage.lines());
    stage.keys("2 G h");
    assert!(stage.lines().contains("2 of 6"), "{}", stage.lines());
    stage.keys("f");
    assert!(stage.lines().contains("DEPLOYMENTS  shop   6 of 6"), "{}", stage.lines());
    stage.keys("f");
    assert!(stage.lines().contains("all projects   6 of 6"), "{}", stage.lines());
    stage.keys("f");
    assert!(stage.lines().contains("2 of 6"), "{}", stage.lines());
}

#[test]
fn the_usual_time_is_said_from_three_successes_on() {
    let fleet = world();
    let running = Arc::clone(&fleet.deployments[0]);
    let mut all = vec![Arc::clone(&running)];
    for (at, seconds) in [80, 100, 120].into_iter().enumerate() {
        assert_eq!(usual(&all, &running), None);
        let mut earlier = (*running).clone();
        earlier.status = Status::Succeeded;
        earlier.requested =
            domain::Time::from_second(running.requested.as_second() - 1000 * (1 + i64::try_from(at).unwrap())).unwrap();
        earlier.finished = domain::Time::from_second(earlier.requested.as_second() + seconds).ok();
        all.push(Arc::new(earlier));
    }
    assert_eq!(usual(&all, &running), Some(100_000));
}

/// A history as long as a large fleet's: `cargo test --release -p tui a_long_history -- --ignored --nocapture` prints figures.
#[test]
#[ignore = "prints figures"]
fn a_long_history() {
    let mut fleet = world();
    let one = fleet.deployments.first().unwrap().clone();
    let number = |n: usize| {
        let id = domain::ident::DeploymentId::new(format!("01jd6k{:020}", 100_000 - n));
        Arc::new(domain::deployment::Deployment { id, status: Status::Succeeded, restore: None, ..(*one).clone() })
    };
    fleet.deployments = Arc::new((0..100_000).map(number).collect());
    let timed = |what: &str, work: &mut dyn FnMut()| {
        let begun = std::time::Instant::now();
        work();
        eprintln!("{what}: {:?}", begun.elapsed());
    };
    let mut stage = Bench::over(fleet.clone(), 120, 36, Language::English);
    timed("the tab", &mut || drop(stage.keys("7").lines()));
    timed("a page", &mut || drop(stage.keys("pgdn").lines()));
    timed("the last one", &mut || drop(stage.keys("G").lines()));
    timed("its frame again", &mut || drop(stage.lines()));
    timed("a filter, letter by letter, the slowest of which counts", &mut || {
        stage.keys("/");
    });
    for letter in "env=production by=eve age<90d image".chars() {
        timed(&format!("  {letter}"), &mut || drop(stage.text(&letter.to_string()).lines()));
    }
    timed("a page of what fits", &mut || drop(stage.keys("enter pgdn").lines()));
    timed("the figures", &mut || drop(stage.keys("8 t t").lines()));
}
