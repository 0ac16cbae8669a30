//! Where record and cluster part, settled by keys; and an environment that is removed with its objects.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by failing")]

use std::sync::Arc;

use domain::link::{Link, LinkOf, LinkState};
use domain::orders::environment::Fate;
use domain::orders::{FleetPlan, Order, Side};
use domain::query::{Answer, Query};
use domain::world::World;

use crate::effects::{Reply, Ticket, Wish};
use crate::fixture::{Stage, world};
use crate::words::Language;

/// The fleet, with the sources of one cluster heard of too.
fn fleet() -> World {
    let mut world = world();
    let mut links = (*world.links).clone();
    let of = LinkOf::Kind { cluster: "prod-eu".to_owned(), kind: "GitRepository".to_owned(), namespace: String::new() };
    links.push(Link { of, state: LinkState::Live });
    world.links = Arc::new(links);
    // The shop is as its record says, but for what somebody has changed by hand.
    let flux = world.flux.iter().map(|object| {
        let mut object = (**object).clone();
        if &*object.key.name == "shop-production" && &*object.key.kind == "Kustomization" {
            object.spec.path = Some("./k8s/overlays/elsewhere".into());
            object.spec.interval = Some("10m0s".into());
        }
        Arc::new(object)
    });
    world.flux = Arc::new(flux.collect());
    world
}

fn orders(stage: &mut Stage) -> Vec<Order> {
    let given = |wish| if let Wish::Give(_, order) = wish { Some(order) } else { None };
    stage.wishes().into_iter().filter_map(given).collect()
}

#[test]
fn what_parts_is_marked_told_and_settled_either_way() {
    for language in Language::ALL {
        let mut stage = Stage::over(fleet(), 120, 36, language);
        stage.keys("2 G");
        insta::assert_snapshot!(format!("departures-120-{}", language.tag()), stage.frame());
    }
    for (keys, side) in [("= r", Side::Record), ("= c", Side::Cluster)] {
        let mut stage = Stage::over(fleet(), 120, 36, Language::English);
        stage.keys("2 G");
        assert!(stage.lines().contains("shop/production ≠"), "{}", stage.lines());
        let told = "Path: k8s/overlays/production in the record, k8s/overlays/elsewhere in the cluster";
        assert!(stage.lines().contains(told), "{}", stage.lines());
        stage.wishes();
        stage.keys(keys);
        let (is, will) = match side {
            Side::Record => ("k8s/overlays/elsewhere", "k8s/overlays/production"),
            Side::Cluster => ("k8s/overlays/production", "k8s/overlays/elsewhere"),
        };
        // What stands in the box alone, without what is beside it.
        let lines = stage.lines();
        let inside: Vec<&str> = lines.lines().filter_map(|line| line.split('│').nth(1)).collect();
        let shown = inside.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(&format!("Path: {is} → {will}.")), "{}", stage.lines());
        stage.keys("y");
        let given = orders(&mut stage);
        let [Order::Settle(settle)] = given.as_slice() else { panic!("{given:?}") };
        assert_eq!((settle.to, settle.departures.len()), (side, 1));
    }
}

/// Asks what an environment's fleet would get, and returns the question with its answer.
fn planned(stage: &mut Stage) -> (Ticket, FleetPlan) {
    stage.keys("2 G e");
    let fields = stage.lines();
    assert!(fields.contains("Fleet"), "{fields}");
    // The form begins at the cluster; the fleet is the twelfth field from there.
    stage.keys(&"tab ".repeat(12)).text("shop:clusters/prod");
    stage.wishes();
    stage.keys("ctrl-s");
    let wishes = stage.wishes();
    let [Wish::Ask(ticket, Query::FleetPlan(_, fleet))] = wishes.as_slice() else { panic!("{wishes:?}\n{}", stage.lines()) };
    assert_eq!(fleet.to_string(), "shop:clusters/prod");
    let file = domain::change::FileChange {
        path: "clusters/prod/shop-production.yaml".to_owned(),
        before: None,
        after: Some("kind: GitRepository\n".to_owned()),
    };
    let change = domain::orders::FolderChange {
        fleet: fleet.clone(),
        url: "https://git.example/fleet".to_owned(),
        branch: "main".to_owned(),
        base: crate::fixture::commit("ab"),
        files: vec![file],
    };
    let setup = domain::orders::environment::Setup { missing: Vec::new(), login: domain::orders::environment::Login::Open };
    (*ticket, FleetPlan { change, setup })
}

#[test]
fn what_goes_to_a_fleet_is_shown_as_a_diff_before_it_is_committed() {
    let mut stage = Stage::new(120, 44, Language::English);
    let (ticket, plan) = planned(&mut stage);
    stage.reply(Reply::Answer(ticket, Ok(Answer::FleetPlan(Box::new(plan)))));
    let shown = stage.lines();
    assert!(shown.contains("clusters/prod/shop-production.yaml  +1 -0") && shown.contains("kind: GitRepository"), "{shown}");
    stage.keys("y");
    let given = orders(&mut stage);
    assert!(matches!(given.as_slice(), [Order::SaveThroughFleet(save)] if !save.new), "{given:?}");
}

#[test]
fn a_question_does_not_come_up_where_another_tab_is_shown_by_now() {
    let mut stage = Stage::new(120, 44, Language::English);
    let (ticket, plan) = planned(&mut stage);
    stage.keys("alt-6");
    stage.reply(Reply::Answer(ticket, Ok(Answer::FleetPlan(Box::new(plan)))));
    assert_eq!(stage.session.panes().count(), 0, "{}", stage.lines());
    assert!(stage.lines().contains("Nothing was done with shop/production"), "{}", stage.lines());
    stage.keys("y");
    assert_eq!(orders(&mut stage), []);
    // It is begun again where it was.
    stage.keys("2");
    stage.wishes();
    stage.keys("ctrl-s");
    assert!(matches!(stage.wishes().as_slice(), [Wish::Ask(_, Query::FleetPlan(..))]), "{}", stage.lines());
}

#[test]
fn what_is_stale_is_not_told_as_if_it_were_so_now() {
    let mut world = world();
    let silent = |link: &Link| {
        let stale = LinkState::Stale { since: crate::fixture::now(), why: "connection refused".to_owned() };
        Link { state: if matches!(link.of, LinkOf::Cluster(_)) { stale } else { link.state.clone() }, ..link.clone() }
    };
    world.links = Arc::new(world.links.iter().map(silent).collect());
    let mut stage = Stage::over(world, 140, 44, Language::English);
    stage.keys("2 G");
    let lines = stage.lines();
    let pane = lines.split("shop/production runs").nth(1).or_else(|| lines.split("production runs").nth(1)).unwrap_or(&lines);
    let living = pane.split("LAST").next().unwrap_or_default();
    assert!(living.contains("stale since") && !living.contains(['✓', '✗', '◐']), "{lines}");
}

#[test]
fn who_removes_an_environment_says_what_becomes_of_its_objects() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("2 G x");
    assert!(stage.lines().contains("What becomes of its GitRepository"), "{}", stage.lines());
    stage.wishes();
    stage.keys("3");
    let wishes = stage.wishes();
    let [Wish::Ask(ticket, Query::EnvironmentRemoval(id))] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert_eq!(id.to_string(), "shop/production");
    let key = domain::departure::keys(world().environment(id).unwrap())[1].clone();
    stage.reply(Reply::Answer(*ticket, Ok(Answer::EnvironmentRemoval(vec![domain::orders::Delete::new(key)]))));
    stage.text("production").keys("enter");
    let given = orders(&mut stage);
    let [Order::RemoveEnvironment(remove)] = given.as_slice() else { panic!("{given:?}") };
    assert!(matches!(&remove.objects, Fate::Delete(deletes) if deletes.len() == 1), "{remove:?}");
}
