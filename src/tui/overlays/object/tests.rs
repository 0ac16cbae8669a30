//! The detail on a stage: what it asks, when it asks again, what it shows of the answers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use domain::detail::trace::{Landed, Step, Trace as Way, What};
use domain::detail::{Happening, Standing, State};
use domain::flux::FluxObject;
use domain::query::Query;
use domain::revision::Revision;
use domain::world::World;

use super::*;
use crate::effects::{Reply, Wish};
use crate::fixture::{Stage, commit, world};
use crate::session::Msg;
use crate::words::Language;

fn json(object: &str) -> Arc<Whole> {
    let json: serde_json::Value = serde_json::from_str(object).unwrap();
    let text = |pointer: &str| json.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let context = ContextName::from("prod-eu");
    let key = ObjectKey::new(&context, &text("/kind"), &text("/metadata/namespace"), &text("/metadata/name"));
    let yaml = "apiVersion: v1\nkind: Thing\nmetadata:\n  managedFields:\n  - manager: kustomize\n    operation: Apply\n  name: shop\nspec:\n  path: ./k8s\nstatus:\n  ready: true\n";
    Arc::new(Whole { key, resource_version: "1".into(), read: crate::fixture::now(), yaml: yaml.into(), json })
}

fn kustomization() -> Arc<Whole> {
    json(
        r#"{ "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": { "name": "shop-production", "namespace": "flux-system" },
        "spec": { "interval": "10m", "path": "./k8s/prod", "prune": true, "wait": true, "timeout": "5m", "sourceRef": { "kind": "GitRepository", "name": "shop" } },
        "status": { "inventory": { "entries": [ { "id": "shop-production_shop-web_apps_Deployment", "v": "v1" }, { "id": "shop-production_shop-web__Service", "v": "v1" }, { "id": "shop-production_gone__ConfigMap", "v": "v1" } ] },
        "history": [ { "digest": "sha256:abc", "lastReconciled": "2026-11-21T13:02:30Z", "lastReconciledStatus": "ReconciliationSucceeded", "lastReconciledDuration": "1.2s", "totalReconciliations": 12, "metadata": { "revision": "main@sha1:4d00f1e000000000000000000000000000000000" } } ] } }"#,
    )
}

/// Opens the detail of the Kustomization of production.
fn stage(wide: u16, high: u16, language: Language) -> Stage {
    let mut stage = Stage::new(wide, high, language);
    stage.keys("6 /").text("shop-production");
    stage.keys("enter G enter");
    assert!(stage.lines().contains("Kustomization/flux-system/shop-production"), "{}", stage.lines());
    stage
}

/// Answers everything that was asked and not taken back.
fn answer(stage: &mut Stage) -> Vec<Query> {
    let mut asked = Vec::new();
    loop {
        let wishes = stage.wishes();
        let forgotten: Vec<Ticket> =
            wishes.iter().filter_map(|w| if let Wish::Forget(t) = w { Some(*t) } else { None }).collect();
        let open: Vec<(Ticket, Query)> = wishes
            .into_iter()
            .filter_map(|w| if let Wish::Ask(t, query) = w { Some((t, query)) } else { None })
            .filter(|(t, _)| !forgotten.contains(t))
            .collect();
        if open.is_empty() {
            return asked;
        }
        for (ticket, query) in open {
            if let Some(answer) = told(&query) {
                stage.reply(Reply::Answer(ticket, Ok(answer)));
            }
            asked.push(query);
        }
    }
}

fn told(query: &Query) -> Option<Answer> {
    let context = ContextName::from("prod-eu");
    Some(match query {
        Query::Whole(_) => Answer::Whole(kustomization()),
        Query::Inventory(_) => {
            let states = [(State::Current, ""), (State::Current, "no address of a load balancer yet"), (State::Gone, "")];
            let entries = kustomization().inventory().into_iter().zip(states);
            Answer::Inventory(Arc::new(
                entries.map(|(entry, (state, said))| Standing { entry, state, said: said.to_owned() }).collect(),
            ))
        }
        Query::Happenings(key, around) => {
            let event = |about: ObjectKey, warning: bool, reason: &str| Happening {
                about,
                time: Some(crate::fixture::now()),
                warning,
                reason: reason.to_owned(),
                message: "Health check failed after 5m0s: timeout waiting for Deployment/shop-production/shop-web".to_owned(),
                count: 3,
                from: "kustomize-controller".to_owned(),
            };
            let mut found = vec![event(key.clone(), true, "HealthCheckFailed")];
            if *around {
                found.push(event(ObjectKey::new(&context, "Pod", "shop-production", "shop-web-1"), true, "BackOff"));
            }
            Answer::Happenings(Arc::new(found))
        }
        Query::Trace(key) => {
            let bare = Step {
                what: What::Object,
                key: Some(key.clone()),
                state: State::Current,
                said: String::new(),
                revision: Some(Revision::of_branch("main", &commit("4d00f1e"))),
                path: Some("./k8s/prod".to_owned()),
                url: None,
                commit: None,
                touched: None,
            };
            let source = ObjectKey::new(&context, "GitRepository", "flux-system", "shop");
            let landed = |start: &str, subject: &str| Landed {
                id: commit(start),
                author: "Grace Hopper".to_owned(),
                time: Some(crate::fixture::now()),
                subject: subject.to_owned(),
                body: "Reviewed by Ada.".to_owned(),
            };
            let committed = Step {
                what: What::Commit,
                key: None,
                revision: Some(Revision::from(commit("4d00f1e").to_string())),
                url: Some("https://github.com/acme/shop".to_owned()),
                commit: Some(landed("4d00f1e", "Deploy shop 1.8.3")),
                touched: Some(landed("77aa010", "Raise the memory limit")),
                ..bare.clone()
            };
            let steps = vec![bare.clone(), Step { what: What::Source, key: Some(source), ..bare }, committed];
            Answer::Trace(Arc::new(Way { steps, end: String::new() }))
        }
        _ => return None,
    })
}

#[test]
fn every_view_is_asked_for_when_it_is_shown_and_looks_as_it_should() {
    for language in Language::ALL {
        for (wide, high) in [(80, 24), (120, 36), (200, 50)] {
            let mut stage = stage(wide, high, language);
            answer(&mut stage);
            for name in ["overview", "why", "inventory", "users", "events", "history", "yaml", "trace"] {
                if name == "trace" {
                    stage.keys("G");
                }
                insta::assert_snapshot!(format!("{name}-{wide}-{}", language.tag()), stage.frame());
                stage.keys("tab");
                answer(&mut stage);
            }
        }
    }
}

#[test]
fn where_there_is_room_the_newest_events_stand_below() {
    let events = |high: u16| {
        let mut stage = stage(200, high, Language::English);
        let asked = answer(&mut stage).iter().filter(|q| matches!(q, Query::Happenings(_, false))).count();
        let lines = stage.lines();
        (asked, lines.contains("Events about it"), lines.contains("HealthCheckFailed  ×3  Health check failed after 5m0s"))
    };
    assert_eq!(events(50), (1, true, true));
    assert_eq!(events(36), (0, false, false));
}

#[test]
fn rows_open_their_objects_and_escape_comes_back() {
    let mut stage = stage(120, 36, Language::English);
    answer(&mut stage);
    stage.keys("tab tab");
    answer(&mut stage);
    assert!(stage.lines().contains("gone"), "{}", stage.lines());
    // The selection stays with the Deployment, though what is gone now stands first.
    stage.keys("g g enter");
    assert!(stage.lines().contains("ConfigMap/shop-production/gone"), "{}", stage.lines());
    stage.keys("esc");
    assert!(stage.lines().contains("Kustomization/flux-system/shop-production"), "{}", stage.lines());
}

#[test]
fn what_a_view_asked_is_taken_back_when_it_is_left() {
    let mut stage = stage(120, 36, Language::English);
    answer(&mut stage);
    stage.keys("tab tab");
    let wishes = stage.wishes();
    let ticket = wishes.iter().find_map(|w| if let Wish::Ask(t, Query::Inventory(_)) = w { Some(*t) } else { None }).unwrap();
    stage.keys("tab");
    assert!(stage.wishes().contains(&Wish::Forget(ticket)));
}

/// Returns the world with another version of the object on stage.
fn changed(version: &str) -> Arc<World> {
    let mut next = world();
    let flux = next.flux.iter().map(|o| {
        let changes = &*o.key.name == "shop-production" && &*o.key.kind == "Kustomization";
        if changes { Arc::new(FluxObject { resource_version: version.to_owned(), ..(**o).clone() }) } else { Arc::clone(o) }
    });
    next.flux = Arc::new(flux.collect());
    Arc::new(next)
}

#[test]
fn a_change_is_asked_about_at_most_every_two_seconds() {
    let mut stage = stage(120, 36, Language::English);
    answer(&mut stage);
    let wholes = |stage: &mut Stage| answer(stage).iter().filter(|q| matches!(q, Query::Whole(_))).count();
    stage.msg(Msg::World(changed("2")));
    stage.msg(Msg::World(changed("3")));
    assert_eq!(wholes(&mut stage), 0);
    stage.pass(2_000);
    assert_eq!(wholes(&mut stage), 1);
    stage.pass(60_000);
    assert_eq!(wholes(&mut stage), 0, "what does not change is not asked about");
    stage.msg(Msg::World(changed("4")));
    assert_eq!(wholes(&mut stage), 1);
}

#[test]
fn the_object_can_be_acted_on_where_it_is_looked_at() {
    let mut stage = stage(120, 36, Language::English);
    answer(&mut stage);
    // It is suspended: it can be resumed, with the list's own command and question.
    stage.keys("u");
    assert!(stage.lines().contains("Resume"), "{}", stage.lines());
    stage.keys("y");
    assert!(stage.wishes().iter().any(|w| matches!(w, Wish::Give(_, domain::orders::Order::Resume(_)))));
}

#[test]
fn bookkeeping_is_folded_away_and_the_search_finds_its_lines() {
    let mut stage = stage(120, 36, Language::English);
    answer(&mut stage);
    stage.keys("tab tab tab tab tab tab");
    assert!(!stage.lines().contains("manager: kustomize") && stage.lines().contains("… 2 lines"), "{}", stage.lines());
    stage.keys("m");
    assert!(stage.lines().contains("manager: kustomize"), "{}", stage.lines());
    stage.keys("z /").text("path");
    assert!(!stage.lines().contains("ready: true") && stage.lines().contains("1/1"), "{}", stage.lines());
    stage.keys("enter c");
    let copied = stage.acts.iter().find_map(|a| if let crate::session::Act::Copy(text) = a { Some(text.clone()) } else { None });
    let Some(text) = copied else { panic!("nothing copied") };
    assert!(text.contains("path: ./k8s") && !text.contains("ready: true"), "{text}");
}

#[test]
fn a_pod_is_shown_with_its_containers_and_one_that_is_gone_in_words() {
    let mut stage = Stage::new(120, 36, Language::English);
    let pod = ObjectKey::new(&ContextName::from("staging-eu"), "Pod", "shop-staging", "shop-web-7d9f-x2v");
    let mut object = Object::new(pod);
    let cx = stage.session.cx();
    let effects = object.update(&cx, TabMsg::Enter);
    let Some(Effect::Ask(ticket, Query::Whole(_))) = effects.first() else { panic!("{effects:?}") };
    let whole = json(
        r#"{ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "shop-web-7d9f-x2v", "namespace": "shop-staging" }, "spec": { "nodeName": "node-1", "containers": [ { "name": "web", "image": "ghcr.io/acme/shop:1.9.0-rc1", "resources": { "requests": { "cpu": "100m" } } } ] },
        "status": { "phase": "Running", "containerStatuses": [ { "name": "web", "ready": false, "restartCount": 4, "state": { "waiting": { "reason": "CrashLoopBackOff" } }, "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-21T14:00:00Z" } } } ] } }"#,
    );
    object.update(&cx, TabMsg::Reply(*ticket, Ok(Answer::Whole(whole))));
    let area = Rect::new(0, 0, 120, 36);
    let mut buf = Buffer::empty(area);
    object.view(&cx, area, &mut buf);
    let text = crate::fixture::text(&buf);
    for part in ["CrashLoopBackOff", "node-1", "OOMKilled", "restarted 4 times", "cpu 100m/–"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let failed = domain::Trouble::not_found("It does not exist there", "Pod/a/b");
    let effects = object.ask(&cx);
    let Some(Effect::Ask(ticket, _)) = effects.last() else { panic!("{effects:?}") };
    let mut gone = Object::new(ObjectKey::new(&ContextName::from("prod-eu"), "ConfigMap", "a", "b"));
    let effects = gone.update(&cx, TabMsg::Enter);
    let Some(Effect::Ask(asked, _)) = effects.first() else { panic!("{effects:?}") };
    assert_ne!(asked, ticket);
    gone.update(&cx, TabMsg::Reply(*asked, Err(failed)));
    let mut buf = Buffer::empty(area);
    gone.view(&cx, area, &mut buf);
    assert!(crate::fixture::text(&buf).contains("It does not exist there"));
    stage.wishes();
}

#[test]
fn a_row_that_runs_has_its_log_and_the_object_its_own() {
    let mut stage = stage(120, 36, Language::English);
    answer(&mut stage);
    stage.keys("tab tab");
    answer(&mut stage);
    let followed = |stage: &mut Stage| {
        stage
            .wishes()
            .into_iter()
            .find_map(|w| if let Wish::Ask(_, Query::Follow(f)) = w { Some(f.key.to_string()) } else { None })
    };
    stage.keys("/").text("kind=Deployment").keys("enter g g L");
    assert_eq!(followed(&mut stage).as_deref(), Some("Deployment/shop-production/shop-web"));
    stage.keys("esc esc /").text("kind=Service").keys("enter g g L");
    assert_eq!(followed(&mut stage).as_deref(), Some("Kustomization/flux-system/shop-production"));
}

#[test]
fn a_workload_is_restarted_after_a_question_and_nothing_else_is() {
    let mut stage = Stage::new(120, 36, Language::English);
    let key = |kind: &str| ObjectKey::new(&"prod-eu".into(), kind, "shop-production", "shop-web");
    stage.session.open_for_test(crate::effects::Overlay::Object(key("Service")), &mut stage.acts);
    stage.keys("r");
    assert!(!stage.lines().contains("Restart"), "{}", stage.lines());
    stage.keys("esc");
    stage.session.open_for_test(crate::effects::Overlay::Object(key("Deployment")), &mut stage.acts);
    stage.keys("r");
    assert!(stage.lines().contains("Restart Deployment/shop-production/shop-web?"), "{}", stage.lines());
    assert!(stage.lines().contains("Cluster: prod-eu"), "the wrong one is what one is asked to notice: {}", stage.lines());
    stage.wishes();
    stage.keys("y");
    let wishes = stage.wishes();
    assert!(matches!(wishes.as_slice(), [Wish::Give(_, domain::orders::Order::Restart(_)), ..]), "{wishes:?}");
}
