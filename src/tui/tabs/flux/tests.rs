//! The list of Flux objects: kinds and namespaces, marks and acts, and what ten thousand of them cost.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::flux::FluxObject;
use domain::orders::{Order, Terms};
use domain::world::World;

use crate::effects::{Reply, Wish};
use crate::fixture::{Stage, world};
use crate::session::Msg;
use crate::words::Language;

fn orders(stage: &mut Stage) -> Vec<(crate::effects::OrderTicket, Order)> {
    stage
        .wishes()
        .into_iter()
        .filter_map(|w| if let Wish::Give(ticket, order) = w { Some((ticket, order)) } else { None })
        .collect()
}

#[test]
fn one_question_is_asked_for_all_marked_objects() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6 /").text("kind=ks suspended=false");
    stage.keys("enter a s");
    let shown = stage.lines();
    assert!(shown.contains("Suspend 4 objects?") && shown.contains("Kustomization/flux-system/billing-production"), "{shown}");
    stage.keys("y");
    let given = orders(&mut stage);
    let [(ticket, Order::Many(many))] = given.as_slice() else { unreachable!("{given:?}") };
    assert_eq!((many.orders().len(), many.act()), (4, "flux.suspend"));
    assert!(stage.lines().contains("4 marked"), "marks stay until it is done");
    stage.reply(Reply::Order(*ticket, Ok(domain::orders::Outcome::said("done"))));
    assert!(!stage.lines().contains("marked"), "{}", stage.lines());
}

#[test]
fn the_list_under_the_tree_keeps_its_time_and_hears_of_its_order() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6 /").text("age<1h");
    stage.keys("enter esc /").text("age<60d");
    stage.keys("enter t");
    let waits = stage.session.tab().deadline();
    let until = waits.unwrap();
    assert!(until > stage.now, "{until}");
    stage.pass(until.as_millisecond() - stage.now.as_millisecond());
    let next = stage.session.tab().deadline();
    assert!(next.is_none_or(|at| at > stage.now), "{next:?}");

    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6 /").text("kind=ks suspended=false");
    stage.keys("enter a s y");
    let given = orders(&mut stage);
    let [(ticket, Order::Many(_))] = given.as_slice() else { unreachable!("{given:?}") };
    stage.keys("t");
    assert!(stage.lines().contains("└──"), "{}", stage.lines());
    stage.reply(Reply::Order(*ticket, Ok(domain::orders::Outcome::said("done"))));
    stage.keys("t");
    assert!(!stage.lines().contains("marked"), "{}", stage.lines());
}

#[test]
fn an_act_is_given_to_those_that_it_suits() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6 /").text("kind=ks");
    stage.keys("enter a u");
    let shown = stage.lines();
    assert!(shown.contains("Resume 2 objects?"), "only two of six are suspended: {shown}");
    stage.keys("n esc g g r");
    assert!(matches!(orders(&mut stage).as_slice(), [(_, Order::Reconcile(_))]), "one object needs no question");
}

#[test]
fn each_kind_keeps_its_filter_and_its_place() {
    let mut stage = Stage::new(158, 36, Language::English);
    stage.keys("6 f").text("ks");
    stage.keys("enter G /").text("shop");
    stage.keys("enter k");
    assert!(stage.lines().contains("PATH") && stage.lines().contains("3/6"), "{}", stage.lines());
    let place = stage.lines().lines().find(|l| l.starts_with('▌')).unwrap().to_owned();
    stage.keys("F");
    assert!(stage.lines().contains("KIND") && !stage.lines().contains("3/6"), "{}", stage.lines());
    stage.keys("f").text("ks");
    stage.keys("enter");
    assert_eq!(stage.lines().lines().find(|l| l.starts_with('▌')), Some(place.as_str()));
}

#[test]
fn namespaces_kinds_that_are_not_there_and_favourites() {
    let mut fleet = world();
    let mut flux: Vec<Arc<FluxObject>> = fleet.flux.to_vec();
    let mut other = FluxObject::clone(&flux[0]);
    other.key.namespace = "apps".into();
    flux.push(Arc::new(other));
    flux.sort_by(|a, b| a.key.cmp(&b.key));
    fleet.flux = Arc::new(flux);
    let mut stage = Stage::over(fleet, 120, 40, Language::English);
    stage.keys("6 f");
    assert!(stage.lines().contains("not installed"), "{}", stage.lines());
    stage.keys("esc n").text("app");
    stage.keys("enter");
    assert!(stage.lines().contains("All kinds  apps  1 "), "{}", stage.lines());
    stage.keys("N G *");
    let given = orders(&mut stage);
    let [(_, Order::KeepFavourites(keep))] = given.as_slice() else { unreachable!("{given:?}") };
    let mut kept = world();
    kept.favourites = Arc::new(keep.keys.clone());
    stage.msg(Msg::World(Arc::new(kept))).keys("g g");
    assert!(stage.lines().lines().find(|l| l.starts_with('▌')).unwrap().contains('★'), "{}", stage.lines());
}

/// Returns so many Kustomizations in one cluster.
fn crowd(count: usize) -> World {
    let mut fleet = world();
    let model = fleet.flux.iter().find(|o| &*o.key.name == "billing-testing" && &*o.key.kind == "Kustomization").unwrap();
    let good = fleet.flux.iter().find(|o| &*o.key.name == "shop-development" && &*o.key.kind == "Kustomization").unwrap();
    let object = |at: usize| {
        let mut object = FluxObject::clone(if at.is_multiple_of(50) { model } else { good });
        object.key.namespace = format!("team-{:02}", at % 40).into();
        object.key.name = format!("app-{at:05}").into();
        Arc::new(object)
    };
    let mut flux: Vec<_> = (0..count).map(object).collect();
    flux.sort_by(|a, b| a.key.cmp(&b.key));
    fleet.flux = Arc::new(flux);
    fleet
}

/// Returns the world after so many objects changed.
fn changed(old: &World, seed: usize, count: usize) -> World {
    let mut next = old.clone();
    let mut flux = old.flux.to_vec();
    for at in 0..count {
        let place = (seed * 7919 + at * 104_729) % flux.len();
        let mut object = FluxObject::clone(&flux[place]);
        object.status.conditions[0].message = format!("Applied revision {seed}").into();
        object.status.conditions[0].last_transition_time = Some(crate::fixture::now());
        flux[place] = Arc::new(object);
    }
    next.flux = Arc::new(flux);
    next
}

fn middle(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

/// Prints what keys and changes cost with many objects; the bounds are those of a build without optimization, many times what
/// is promised of a release.
#[test]
fn many_objects_cost_little() {
    for count in [10_000, 50_000] {
        let mut fleet = crowd(count);
        let mut stage = Stage::over(fleet.clone(), 120, 36, Language::English);
        stage.keys("6 f").text("ks");
        stage.keys("enter");
        let cases: [(&str, &[&str]); 6] = [
            ("as they come", &[]),
            ("sorted by message", &["o", "9", "enter"]),
            ("sorted and filtered", &["/", "a", "p", "p", "enter"]),
            ("by age", &["/", "ctrl-u", "a", "g", "e", ">", "1", "h", "enter"]),
            ("all marked", &["esc", "a"]),
            ("as a tree", &["esc", "t", "a"]),
        ];
        // Where whole sets of rows are gone through, the promise is for ten thousand.
        for (name, keys) in cases.into_iter().take(if count > 10_000 { 4 } else { 6 }) {
            let mut typed = Vec::new();
            for key in keys {
                let from = Instant::now();
                stage.keys(key);
                typed.push(from.elapsed());
            }
            let (mut worlds, mut frames) = (Vec::new(), Vec::new());
            for seed in 0..40 {
                fleet = changed(&fleet, seed, 25);
                let next = Arc::new(fleet.clone());
                let from = Instant::now();
                stage.msg(Msg::World(next));
                worlds.push(from.elapsed());
                let from = Instant::now();
                stage.keys(if seed % 2 == 0 { "j" } else { "k" });
                stage.buffer();
                frames.push(from.elapsed());
            }
            let ((world, world_worst), (frame, frame_worst)) = (middle(worlds), middle(frames));
            println!(
                "{count} {name:20} key {:?}  world p50 {world:?} p99 {world_worst:?}  key→frame p50 {frame:?} p99 {frame_worst:?}",
                typed.iter().max().copied().unwrap_or_default()
            );
            // Of a machine that is at much else; work that grows with the square of the count takes seconds.
            assert!(world < Duration::from_millis(400) && frame < Duration::from_millis(400), "{count} {name}");
        }
    }
}
