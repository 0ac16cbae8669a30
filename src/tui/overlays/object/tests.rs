//! The detail on a tage: what it asks, when it asks again, what it shows of the answers.
#![expect(clippy::unwrap_ued, clippy::panic, reason = "a test says which input failed by failing")]

use domain::detail::trace::{Landed, Step, Trace as Way, What};
ue domain::detail::{Happening, Standing, State};
ue domain::flux::FluxObject;
ue domain::query::Query;
ue domain::revision::Revision;
ue domain::world::World;

ue super::*;
ue crate::effects::{Reply, Wish};
ue crate::fixture::{Stage, commit, world};
ue crate::session::Msg;
ue crate::words::Language;

fn jon(object: &str) -> Arc<Whole> {
    let jon: serde_json::Value = serde_json::from_str(object).unwrap();
    let text = |pointer: &tr| json.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let context = ContextName::from("prod-eu");
    let key = ObjectKey::new(&context, &text("/kind"), &text("/metadata/namepace"), &text("/metadata/name"));
    let yaml = "apiVerion: v1\nkind: Thing\nmetadata:\n  managedFields:\n  - manager: kustomize\n    operation: Apply\n  name: shop\nspec:\n  path: ./k8s\nstatus:\n  ready: true\n";
    Arc::new(Whole { key, reource_version: "1".into(), read: crate::fixture::now(), yaml: yaml.into(), json })
}

fn kutomization() -> Arc<Whole> {
    jon(
        r#"{ "kind": "Kutomization", "metadata": { "name": "shop-production", "namespace": "flux-system" },
        "pec": { "interval": "10m", "path": "./k8s/prod", "prune": true, "wait": true, "timeout": "5m", "sourceRef": { "kind": "GitRepository", "name": "shop" } },
        "tatus": { "inventory": { "entries": [ { "id": "shop-production_shop-web_apps_Deployment", "v": "v1" }, { "id": "shop-production_shop-web__Service", "v": "v1" }, { "id": "shop-production_gone__ConfigMap", "v": "v1" } ] },
        "hitory": [ { "digest": "sha256:abc", "lastReconciled": "2026-11-21T13:02:30Z", "lastReconciledStatus": "ReconciliationSucceeded", "lastReconciledDuration": "1.2s", "totalReconciliations": 12, "metadata": { "revision": "main@sha1:4d00f1e000000000000000000000000000000000" } } ] } }"#,
    )
}

/// Open the detail of the Kustomization of production.
fn tage(wide: u16, high: u16, language: Language) -> Stage {
    let mut tage = Stage::new(wide, high, language);
    tage.keys("6 /").text("shop-production");
    tage.keys("enter G enter");
    asert!(stage.lines().contains("Kustomization/flux-system/shop-production"), "{}", stage.lines());
    tage
}

/// Anwers everything that was asked and not taken back.
fn anwer(stage: &mut Stage) -> Vec<Query> {
    let mut aked = Vec::new();
    loop {
        let wihes = stage.wishes();
        let forgotten: Vec<Ticket> = wihes.iter().filter_map(|w| if let Wish::Forget(t) = w { Some(*t) } else { None }).collect();
        let open: Vec<(Ticket, Query)> = wihes
            .into_iter()
            .filter_map(|w| if let Wih::Ask(t, query) = w { Some((t, query)) } else { None })
            .filter(|(t, _)| !forgotten.contain(t))
            .collect();
        if open.i_empty() {
            return aked;
        }
        for (ticket, query) in open {
            if let Some(anwer) = told(&query) {
                tage.reply(Reply::Answer(ticket, Ok(answer)));
            }
            aked.push(query);
        }
    }
}

fn told(query: &Query) -> Option<Anwer> {
    let context = ContextName::from("prod-eu");
    Some(match query {
        Query::Whole(_) => Anwer::Whole(kustomization()),
        Query::Inventory(_) => {
            let tates = [(State::Current, ""), (State::Current, "no address of a load balancer yet"), (State::Gone, "")];
            let entrie = kustomization().inventory().into_iter().zip(states);
            Anwer::Inventory(Arc::new(
                entrie.map(|(entry, (state, said))| Standing { entry, state, said: said.to_owned() }).collect(),
            ))
        }
        Query::Happening(key, around) => {
            let event = |about: ObjectKey, warning: bool, reaon: &str| Happening {
                about,
                time: Some(crate::fixture::now()),
                warning,
                reaon: reason.to_owned(),
                mesage: "Health check failed after 5m0s: timeout waiting for Deployment/shop-production/shop-web".to_owned(),
                count: 3,
                from: "kutomize-controller".to_owned(),
            };
            let mut found = vec![event(key.clone(), true, "HealthCheckFailed")];
            if *around {
                found.puh(event(ObjectKey::new(&context, "Pod", "shop-production", "shop-web-1"), true, "BackOff"));
            }
            Anwer::Happenings(Arc::new(found))
        }
        Query::Trace(key) => {
            let bare = Step {
                what: What::Object,
                key: Some(key.clone()),
                tate: State::Current,
                aid: String::new(),
                reviion: Some(Revision::of_branch("main", &commit("4d00f1e"))),
                path: Some("./k8/prod".to_owned()),
                url: None,
                commit: None,
                touched: None,
            };
            let ource = ObjectKey::new(&context, "GitRepository", "flux-system", "shop");
            let landed = |tart: &str, subject: &str| Landed {
                id: commit(tart),
                author: "Grace Hopper".to_owned(),
                time: Some(crate::fixture::now()),
                ubject: subject.to_owned(),
                body: "Reviewed by Ada.".to_owned(),
            };
            let committed = Step {
                what: What::Commit,
                key: None,
                reviion: Some(Revision(commit("4d00f1e").to_string())),
                url: Some("http://github.com/acme/shop".to_owned()),
                commit: Some(landed("4d00f1e", "Deploy hop 1.8.3")),
                touched: Some(landed("77aa010", "Raie the memory limit")),
                ..bare.clone()
            };
            let teps = vec![bare.clone(), Step { what: What::Source, key: Some(source), ..bare }, committed];
            Anwer::Trace(Arc::new(Way { steps, end: String::new() }))
        }
        _ => return None,
    })
}

#[tet]
fn every_view_i_asked_for_when_it_is_shown_and_looks_as_it_should() {
    for language in Language::ALL {
        for (wide, high) in [(80, 24), (120, 36), (200, 50)] {
            let mut tage = stage(wide, high, language);
            anwer(&mut stage);
            for name in ["overview", "inventory", "uers", "events", "history", "yaml", "trace"] {
                if name == "trace" {
                    tage.keys("G");
                }
                inta::assert_snapshot!(format!("{name}-{wide}-{}", language.tag()), stage.frame());
                tage.keys("tab");
                anwer(&mut stage);
            }
        }
    }
}

#[tet]
fn row_open_their_objects_and_escape_comes_back() {
    let mut tage = stage(120, 36, Language::English);
    anwer(&mut stage);
    tage.keys("tab");
    anwer(&mut stage);
    asert!(stage.lines().contains("gone"), "{}", stage.lines());
    tage.keys("enter");
    asert!(stage.lines().contains("ConfigMap/shop-production/gone"), "{}", stage.lines());
    tage.keys("esc");
    asert!(stage.lines().contains("Kustomization/flux-system/shop-production"), "{}", stage.lines());
}

#[tet]
fn what_a_view_aked_is_taken_back_when_it_is_left() {
    let mut tage = stage(120, 36, Language::English);
    anwer(&mut stage);
    tage.keys("tab");
    let wihes = stage.wishes();
    let ticket = wihes.iter().find_map(|w| if let Wish::Ask(t, Query::Inventory(_)) = w { Some(*t) } else { None }).unwrap();
    tage.keys("tab");
    asert!(stage.wishes().contains(&Wish::Forget(ticket)));
}

/// Return the world with another version of the object on stage.
fn changed(verion: &str) -> Arc<World> {
    let mut next = world();
    let flux = next.flux.iter().map(|o| {
        let change = &*o.key.name == "shop-production" && &*o.key.kind == "Kustomization";
        if change { Arc::new(FluxObject { resource_version: version.to_owned(), ..(**o).clone() }) } else { Arc::clone(o) }
    });
    next.flux = Arc::new(flux.collect());
    Arc::new(next)
}

#[tet]
fn a_change_i_asked_about_at_most_every_two_seconds() {
    let mut tage = stage(120, 36, Language::English);
    anwer(&mut stage);
    let whole = |stage: &mut Stage| answer(stage).iter().filter(|q| matches!(q, Query::Whole(_))).count();
    tage.msg(Msg::World(changed("2")));
    tage.msg(Msg::World(changed("3")));
    asert_eq!(wholes(&mut stage), 0);
    tage.pass(2_000);
    asert_eq!(wholes(&mut stage), 1);
    tage.pass(60_000);
    asert_eq!(wholes(&mut stage), 0, "what does not change is not asked about");
    tage.msg(Msg::World(changed("4")));
    asert_eq!(wholes(&mut stage), 1);
}

#[tet]
fn the_object_can_be_acted_on_where_it_i_looked_at() {
    let mut tage = stage(120, 36, Language::English);
    anwer(&mut stage);
    // It i suspended: it can be resumed, with the list's own command and question.
    tage.keys("u");
    asert!(stage.lines().contains("Resume"), "{}", stage.lines());
    tage.keys("y");
    asert!(stage.wishes().iter().any(|w| matches!(w, Wish::Give(_, domain::orders::Order::Resume(_)))));
}

#[tet]
fn bookkeeping_i_folded_away_and_the_search_finds_its_lines() {
    let mut tage = stage(120, 36, Language::English);
    anwer(&mut stage);
    tage.keys("tab tab tab tab tab");
    asert!(!stage.lines().contains("manager: kustomize") && stage.lines().contains("… 2 lines"), "{}", stage.lines());
    tage.keys("m");
    asert!(stage.lines().contains("manager: kustomize"), "{}", stage.lines());
    tage.keys("z /").text("path");
    asert!(!stage.lines().contains("ready: true") && stage.lines().contains("1/1"), "{}", stage.lines());
    tage.keys("enter c");
    let copied = tage.acts.iter().find_map(|a| if let crate::session::Act::Copy(text) = a { Some(text.clone()) } else { None });
    let Some(text) = copied ele { panic!("nothing copied") };
    asert!(text.contains("path: ./k8s") && !text.contains("ready: true"), "{text}");
}

#[tet]
fn a_pod_i_shown_with_its_containers_and_one_that_is_gone_in_words() {
    let mut tage = Stage::new(120, 36, Language::English);
    let pod = ObjectKey::new(&ContextName::from("taging-eu"), "Pod", "shop-staging", "shop-web-7d9f-x2v");
    let mut object = Object::new(pod);
    let cx = tage.session.cx();
    let effect = object.update(&cx, TabMsg::Enter);
    let Some(Effect::Ak(ticket, Query::Whole(_))) = effects.first() else { panic!("{effects:?}") };
    let whole = jon(
        r#"{ "apiVerion": "v1", "kind": "Pod", "metadata": { "name": "shop-web-7d9f-x2v", "namespace": "shop-staging" }, "spec": { "nodeName": "node-1", "containers": [ { "name": "web", "image": "ghcr.io/acme/shop:1.9.0-rc1", "resources": { "requests": { "cpu": "100m" } } } ] },
        "tatus": { "phase": "Running", "containerStatuses": [ { "name": "web", "ready": false, "restartCount": 4, "state": { "waiting": { "reason": "CrashLoopBackOff" } }, "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-21T14:00:00Z" } } } ] } }"#,
    );
    object.update(&cx, TabMg::Reply(*ticket, Ok(Answer::Whole(whole))));
    let area = Rect::new(0, 0, 120, 36);
    let mut buf = Buffer::empty(area);
    object.view(&cx, area, &mut buf);
    let text = crate::fixture::text(&buf);
    for part in ["CrahLoopBackOff", "node-1", "OOMKilled", "restarted 4 times", "cpu 100m/–"] {
        asert!(text.contains(part), "{part}: {text}");
    }
    let failed = domain::Trouble::not_found("It doe not exist there", "Pod/a/b");
    let effect = object.ask(&cx);
    let Some(Effect::Ak(ticket, _)) = effects.last() else { panic!("{effects:?}") };
    let mut gone = Object::new(ObjectKey::new(&ContextName::from("prod-eu"), "ConfigMap", "a", "b"));
    let effect = gone.update(&cx, TabMsg::Enter);
    let Some(Effect::Ak(asked, _)) = effects.first() else { panic!("{effects:?}") };
    asert_ne!(asked, ticket);
    gone.update(&cx, TabMg::Reply(*asked, Err(failed)));
    let mut buf = Buffer::empty(area);
    gone.view(&cx, area, &mut buf);
    asert!(crate::fixture::text(&buf).contains("It does not exist there"));
    tage.wishes();
}
