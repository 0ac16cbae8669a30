//! The settings by keys: how Flux is, what is to be installed, the question, and the work as it goes on.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use std::sync::Arc;

use domain::flux::Health;
use domain::orders::Order;
use domain::query::{Answer, Manifest, Query};
use domain::toolkit::{
    COMPONENTS, Check, Controller, Doing, Installation, LATEST, Line, Mark, Release, Removal, State, Step, Toolkit, Work,
};
use domain::world::World;

use crate::effects::{Reply, Ticket, Wish};
use crate::fixture::{self, Stage, world};
use crate::tabs::deploy::scene::body;
use crate::words::Language;

const CLUSTER: &str = "prod-eu";

fn controller(name: &str, ready: i32, queue: Option<u64>) -> Controller {
    Controller {
        name: name.to_owned(),
        namespace: "flux-system".to_owned(),
        version: "v1.8.0".to_owned(),
        image: format!("ghcr.io/fluxcd/{name}:v1.8.0"),
        ready,
        wanted: 1,
        restarts: Some(2),
        queue,
        queue_unread: if queue.is_some() { String::new() } else { "pods \"x\" is forbidden".to_owned() },
        health: if ready == 1 { Health::Ok } else { Health::Bad },
        said: format!("{ready}/1 ready"),
    }
}

fn found() -> Toolkit {
    let missing = "Not allowed in all namespaces, of the role installer: create namespaces, patch namespaces and 41 more";
    Toolkit {
        context: CLUSTER.into(),
        server: "v1.33.4".to_owned(),
        version: "v2.8.0".to_owned(),
        namespace: "flux-system".to_owned(),
        checks: vec![
            Check::new("kubernetes", State::Ok, "Kubernetes v1.33.4; Flux v2.8.0 asks for 1.33 or newer"),
            Check::new("viewer", State::Ok, "All of the role viewer is allowed"),
            Check::new("operator", State::Unknown, "What we may do there cannot be asked: the answer makes no sense"),
            Check::new("installer", State::Warn, missing)
                .next("quarterdeck check --role installer prints a role that allows it."),
            Check::new("components", State::Bad, "These do not run: helm-controller")
                .next("quarterdeck why deployment/helm-controller -n flux-system says why."),
        ],
        controllers: vec![
            controller("source-controller", 1, Some(0)),
            controller("kustomize-controller", 1, Some(14)),
            controller("helm-controller", 0, None),
        ],
        owner: Some("Kustomization/flux-system/flux-system".to_owned()),
    }
}

/// Returns the queries that were asked, with their tickets.
fn asked(stage: &mut Stage) -> Vec<(Ticket, Query)> {
    let wishes = stage.wishes();
    wishes.into_iter().filter_map(|wish| if let Wish::Ask(ticket, query) = wish { Some((ticket, query)) } else { None }).collect()
}

/// Opens the settings and answers what they ask first.
fn opened(mut stage: Stage, found: Toolkit) -> Stage {
    stage.wishes();
    stage.keys("0");
    let asked = asked(&mut stage);
    let (ticket, _) = asked.iter().find(|(_, query)| matches!(query, Query::Toolkit(_, None))).unwrap();
    stage.reply(Reply::Answer(*ticket, Ok(Answer::Toolkit(Arc::new(found)))));
    stage.acts.clear();
    stage
}

fn working(over: Option<Result<String, String>>) -> World {
    let line = |object: &str, mark| Line { object: object.to_owned(), mark };
    let lines = vec![
        line("Namespace/flux-system", Mark::Done("created".to_owned())),
        line("CustomResourceDefinition/gitrepositories.source.toolkit.fluxcd.io", Mark::Done("unchanged".to_owned())),
        line("Deployment/flux-system/kustomize-controller", Mark::Busy("waits for its Pods".to_owned())),
        line("Deployment/flux-system/source-controller", Mark::Todo),
    ];
    let cluster = fixture::Bench::new(80, 24, Language::English).cx().context.to_owned();
    let context = if cluster.is_empty() { world().contexts[0].clone() } else { cluster.as_str().into() };
    let work = Work { context, act: "flux.install", since: fixture::now(), lines, stopping: false, over };
    World { works: Arc::new(vec![Arc::new(work)]), ..world() }
}

#[test]
fn it_looks_as_it_should() {
    for (name, wide, high, language) in [
        ("settings_80x24", 80, 24, Language::English),
        ("settings_120x36", 120, 36, Language::English),
        ("settings_120x36_zh", 120, 36, Language::Chinese),
    ] {
        let stage = opened(Stage::new(wide, high, language), found());
        insta::assert_snapshot!(name, body(&stage));
    }
    let mut stage = opened(Stage::over(working(None), 120, 36, Language::English), found());
    insta::assert_snapshot!("settings_working", body(&stage));
    assert_eq!(stage.keys("i").lines().matches("manifest").count(), 0, "nothing else is begun while something goes on");
    let stage = opened(Stage::over(working(Some(Err("the server said no".to_owned()))), 120, 36, Language::English), found());
    assert!(stage.lines().contains("2 of 4 objects installed  the server said no"), "{}", stage.lines());
    let mut stage = opened(Stage::new(120, 36, Language::English), found());
    stage.keys("i");
    insta::assert_snapshot!("settings_form", body(&stage));
}

#[test]
fn nothing_is_fetched_before_it_is_asked_for_and_the_question_is_answered() {
    let mut stage = opened(Stage::new(120, 36, Language::English), found());
    stage.keys("i");
    assert_eq!(asked(&mut stage), [], "the form alone asks nobody");
    stage.keys("ctrl-s");
    let asked = asked(&mut stage);
    let [(ticket, Query::Installation { from, components, context })] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(from, &Manifest::Address(LATEST.to_owned()));
    assert_eq!(components, &["source", "kustomize", "helm"], "what is there is upgraded");
    let release = Release {
        origin: LATEST.to_owned(),
        digest: "ab".repeat(32),
        size: 1,
        version: "v2.9.0".to_owned(),
        namespace: "flux-system".to_owned(),
        pieces: Vec::new(),
    };
    let plan = Installation {
        context: context.clone(),
        release: Arc::new(release),
        components: COMPONENTS.iter().take(3).collect(),
        before: "v2.8.0".to_owned(),
        steps: vec![Step { object: "Namespace/flux-system".to_owned(), component: None, doing: Doing::Change }],
        stays: Vec::new(),
        owner: None,
        too_old: None,
    };
    stage.reply(Reply::Answer(*ticket, Ok(Answer::Installation(Arc::new(plan)))));
    assert!(stage.lines().contains("Upgrade Flux v2.8.0 to v2.9.0"), "{}", stage.lines());
    let given = |stage: &mut Stage| stage.wishes().into_iter().any(|w| matches!(w, Wish::Give(_, Order::Install(_))));
    assert!(!given(&mut stage));
    stage.keys("y");
    assert!(given(&mut stage));
}

#[test]
fn a_place_that_is_not_said_is_asked_for() {
    let mut stage = opened(Stage::new(120, 36, Language::English), found());
    stage.keys("i right ctrl-s");
    assert_eq!(asked(&mut stage), []);
    assert!(stage.lines().contains("this has to be said"), "{}", stage.lines());
    stage.text("2.8.3").keys("ctrl-s");
    let asked = asked(&mut stage);
    let [(_, Query::Installation { from: Manifest::Address(address), .. })] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(address.ends_with("/download/v2.8.3/install.yaml"), "{address}");
}

#[test]
fn removing_looks_up_what_goes_and_wants_the_clusters_name() {
    let mut stage = opened(Stage::new(120, 36, Language::English), found());
    stage.keys("X");
    let asked = asked(&mut stage);
    let [(ticket, Query::Removal(context, true))] = asked.as_slice() else { panic!("{asked:?}") };
    let removal = Removal {
        context: context.clone(),
        version: "v2.8.0".to_owned(),
        namespace: "flux-system".to_owned(),
        controllers: vec!["source-controller".to_owned()],
        others: Vec::new(),
        definitions: Vec::new(),
        with_namespace: true,
        namespace_there: true,
        strangers: Vec::new(),
        owner: None,
        unread: Vec::new(),
    };
    let word = context.to_string();
    stage.reply(Reply::Answer(*ticket, Ok(Answer::Removal(Arc::new(removal)))));
    let given = |stage: &mut Stage| stage.wishes().into_iter().any(|w| matches!(w, Wish::Give(_, Order::Uninstall(_))));
    stage.keys("y enter");
    assert!(!given(&mut stage));
    stage.keys("backspace").text(&word).keys("enter");
    assert!(given(&mut stage), "{}", stage.lines());
}

#[test]
fn who_may_only_look_is_offered_nothing_else() {
    let mut stage = opened(Stage::as_role(domain::actor::Role::Operator), found());
    stage.keys("i X");
    assert_eq!(asked(&mut stage), []);
    assert!(!stage.lines().contains("image-reflector"), "{}", stage.lines());
    stage.keys("p");
    assert!(stage.lines().contains("quarterdeck-viewer"), "{}", stage.lines());
}

#[test]
fn when_the_cluster_does_not_answer_nothing_old_is_shown() {
    let mut stage = opened(Stage::new(100, 30, Language::English), found());
    stage.keys("r");
    let asked = asked(&mut stage);
    let trouble = domain::Trouble::failed("The cluster cannot be reached", CLUSTER);
    stage.reply(Reply::Answer(asked[0].0, Err(trouble)));
    let lines = stage.lines();
    assert!(lines.contains("The cluster cannot be reached") && !lines.contains("source-controller"), "{lines}");
}

#[test]
fn another_context_shows_nothing_of_the_one_before_and_asks_about_nothing_there() {
    let mut stage = opened(Stage::new(120, 36, Language::English), found());
    assert!(stage.lines().contains("source-controller"), "{}", stage.lines());
    stage.keys("X");
    let [(removal, Query::Removal(..))] = asked(&mut stage)[..] else { panic!("the removal is looked up") };
    let other = world().contexts.iter().find(|context| context.0 != CLUSTER).unwrap().clone();
    stage.keys(":").text(&format!("context {}", other.0)).keys("enter");
    let lines = stage.lines();
    assert!(!lines.contains("source-controller"), "{lines}");
    let wishes = stage.wishes();
    assert!(wishes.contains(&Wish::Forget(removal)), "{wishes:?}");
    let of_other = |wish: &Wish| matches!(wish, Wish::Ask(_, Query::Toolkit(context, None)) if *context == other);
    assert!(wishes.iter().any(of_other), "{wishes:?}");
}

#[test]
fn what_is_found_after_one_went_elsewhere_asks_no_question_there() {
    let mut stage = opened(Stage::new(120, 36, Language::English), found());
    stage.keys("X");
    let [(removal, Query::Removal(..))] = asked(&mut stage)[..] else { panic!("the removal is looked up") };
    stage.keys("6");
    let wishes = stage.wishes();
    assert!(wishes.contains(&Wish::Forget(removal)), "{wishes:?}");
}
