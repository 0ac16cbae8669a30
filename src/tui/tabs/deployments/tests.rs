//! Deployments by keys: the list, the one that is followed, what can be done with it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use std::sync::Arc;

use domain::change::FileChange;
use domain::deployment::{Deployment, Stage, StageName, StageState, Status};
use domain::history::{History, Stand};
use domain::ident::DeploymentId;
use domain::orders::Order;
use domain::proposal::Proposal;
use domain::query::{Answer, Query};
use domain::world::World;

use super::estimate::usual;
use crate::effects::{Reply, Wish};
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
    assert!(matches!(&asked[..], [Wish::Ask(_, Query::Follow(of))] if &*of.key.name == "shop-web-7d9f-x2v"), "{asked:?}");
}

#[test]
fn deploying_again_lays_the_edits_into_the_form() {
    let mut stage = stage(100, 30, Language::English);
    stage.keys("d");
    assert_eq!(stage.session.active(), TabId::Deploy);
    let desk = stage.session.cx().desk;
    assert_eq!(desk.environment, Some("shop/staging".parse().unwrap()));
    assert_eq!(desk.draft.as_ref().unwrap().edits, world().deployments.first().unwrap().whole().unwrap().edits);
}

/// Returns the fleet with the newest deployment waiting for approval on the Git host.
fn awaiting(link: Option<&str>) -> World {
    let mut fleet = world();
    let mut waiting = Deployment::clone(fleet.deployments.first().unwrap().whole().unwrap());
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
    fleet.deployments.put(Arc::new(waiting), Stand::default());
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
    let brief = fleet.deployments.first().unwrap();
    let running = brief.whole().unwrap();
    let mut all: History = [Arc::clone(running)].into_iter().collect();
    for (at, seconds) in [80, 100, 120].into_iter().enumerate() {
        assert_eq!(usual(&all, brief), None);
        let mut earlier = Deployment::clone(running);
        earlier.id = DeploymentId::new(format!("01jd6k{:020}", 100 - at));
        earlier.status = Status::Succeeded;
        earlier.requested =
            domain::Time::from_second(running.requested.as_second() - 1000 * (1 + i64::try_from(at).unwrap())).unwrap();
        earlier.finished = domain::Time::from_second(earlier.requested.as_second() + seconds).ok();
        all.put(Arc::new(earlier), Stand::default());
    }
    assert_eq!(usual(&all, brief), Some(100_000));
}

fn long(count: usize, one: &Deployment) -> History {
    let number = |n: usize| {
        let id = DeploymentId::new(format!("01jd6k{n:020}"));
        Arc::new(Deployment { id, status: Status::Succeeded, restore: None, ..one.clone() })
    };
    (0..count).map(number).collect()
}

#[test]
fn the_record_of_an_old_one_is_read_when_it_is_looked_at() {
    let mut fleet = world();
    let one = Arc::clone(fleet.deployments.first().unwrap().whole().unwrap());
    fleet.deployments = long(600, &one);
    let mut stage = Bench::over(fleet, 120, 36, Language::English);
    stage.keys("7");
    stage.acts.clear();
    stage.keys("g g j");
    assert_eq!(stage.wishes(), [], "the newest are at hand");
    stage.keys("G");
    let asked = stage.wishes();
    let [.., Wish::Ask(ticket, Query::Record(id))] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(id.as_str(), format!("01jd6k{:020}", 0));
    assert!(stage.lines().contains("reading the record"), "{}", stage.lines());
    assert!(!stage.lines().contains("Git commit"), "{}", stage.lines());
    let trouble = domain::Trouble::failed("The record of a deployment cannot be read", id).why("a bit is another one");
    stage.reply(Reply::Answer(*ticket, Err(trouble)));
    assert!(stage.lines().contains("cannot be read") && stage.lines().contains("a bit is another"), "{}", stage.lines());
    stage.keys("k");
    let asked = stage.wishes();
    let [.., Wish::Ask(ticket, Query::Record(id))] = asked.as_slice() else { panic!("{asked:?}") };
    let whole = Deployment { id: id.clone(), message: "As it was then".to_owned(), ..Deployment::clone(&one) };
    stage.reply(Reply::Answer(*ticket, Ok(Answer::Record(Arc::new(whole)))));
    let lines = stage.lines();
    assert!(lines.contains("Git commit") && !lines.contains("reading the record"), "{lines}");
    stage.keys("enter");
    let lines = stage.lines();
    assert!(lines.contains("As it was then"), "{lines}");
    stage.acts.clear();
    stage.keys("esc g g");
    assert_eq!(stage.wishes(), []);
}

/// A history as long as a large fleet's: `cargo test --release -p tui a_long_history -- --ignored --nocapture` prints figures.
#[test]
#[ignore = "prints figures"]
fn a_long_history() {
    let mut fleet = world();
    let one = Arc::clone(fleet.deployments.first().unwrap().whole().unwrap());
    fleet.deployments = long(100_000, &one);
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

#[test]
fn what_the_selected_one_changed_is_read_when_the_selection_rests() {
    let asked = |stage: &mut Bench| -> Vec<_> {
        let wishes = stage.wishes();
        wishes.into_iter().filter_map(|w| if let Wish::Ask(t, Query::Changed(id)) = w { Some((t, id)) } else { None }).collect()
    };
    let mut stage = stage(200, 50, Language::English);
    stage.keys("j j j");
    assert_eq!(asked(&mut stage), []);
    stage.pass(200);
    let found = asked(&mut stage);
    let [(ticket, id)] = found.as_slice() else { panic!("{found:?}") };
    assert!(stage.lines().contains(id.short()), "{}", stage.lines());
    let (before, after) = (Some("images:\n- newTag: 1.8.3\n".to_owned()), Some("images:\n- newTag: 1.8.4\n".to_owned()));
    let file = FileChange { path: "k8s/kustomization.yaml".to_owned(), before, after };
    stage.reply(Reply::Answer(*ticket, Ok(Answer::Changed(Arc::new(vec![file])))));
    for text in ["k8s/kustomization.yaml  +1 -1", "- newTag: 1.8.3", "- newTag: 1.8.4"] {
        assert!(stage.lines().contains(text), "{text}\n{}", stage.lines());
    }
    stage.keys("j");
    assert!(!stage.lines().contains("newTag"), "{}", stage.lines());
    stage.pass(200);
    assert_eq!(asked(&mut stage).len(), 1);

    let mut low = self::stage(120, 36, Language::English);
    low.keys("j j j").pass(200);
    assert_eq!(asked(&mut low), [], "there would be no room");
}
