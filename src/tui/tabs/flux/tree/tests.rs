//! The tree on a stage: what it shows, how it folds, what it holds of the cluster.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by failing")]

use std::sync::Arc;

use domain::flux::{FluxObject, ObjectKey};
use domain::ident::ContextName;
use domain::link::{Link, LinkOf, LinkState};
use domain::orders::Order;
use domain::query::Query;
use domain::workload::{Pod, Workload};
use domain::world::World;
use serde_json::{Value, json};

use crate::effects::Wish;
use crate::fixture::{Stage, world};
use crate::session::{Act, Msg};
use crate::tabs::deploy::scene::body;
use crate::words::Language;

const CREATED: &str = "2026-11-20T14:02:30Z";

fn key(kind: &str, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new(&ContextName::from("prod-eu"), kind, namespace, name)
}

fn flux(kind: &str, name: &str, ready: (&str, &str, &str), spec: &Value, inventory: &[&str]) -> Arc<FluxObject> {
    let entries: Vec<Value> = inventory.iter().map(|id| json!({ "id": id, "v": "v1" })).collect();
    let revision = (ready.0 == "True").then_some("main@sha1:9e1c21d0000000000000000000000000000000000");
    let applies = kind == "Kustomization";
    Arc::new(
        serde_json::from_value(json!({
            "key": key(kind, "flux-system", name), "uid": format!("{kind}{name}"), "resource_version": "1", "generation": 1,
            "created": CREATED, "deleting": false, "requested_at": null, "labels": [], "marks": [], "spec": spec,
            "status": {
                "conditions": [{ "type": "Ready", "status": ready.0, "reason": ready.1, "message": ready.2 }],
                "inventory": { "entries": entries },
                "artifact": revision.filter(|_| !applies).map(|r| json!({ "revision": r })),
                "lastAppliedRevision": revision.filter(|_| applies),
            },
        }))
        .unwrap(),
    )
}

fn spec(needs: &[&str]) -> Value {
    let needs: Vec<Value> = needs.iter().map(|name| json!({ "name": name })).collect();
    json!({ "sourceRef": { "kind": "GitRepository", "name": "platform" }, "dependsOn": needs })
}

fn workload(name: &str, ready: i32) -> Arc<Workload> {
    Arc::new(
        serde_json::from_value(json!({
            "key": key("Deployment", "ingress", name), "uid": name, "resource_version": "1", "generation": 1,
            "observed_generation": 1, "created": CREATED, "replicas": 2, "updated": 2, "ready": ready, "available": ready,
            "total": 2, "selector": [["app", name]], "conditions": [],
            "containers": [{ "name": "main", "image": "ghcr.io/acme/gateway:2.4.1", "resources": [] }],
            "applied_by": ["flux-system", "infra"],
        }))
        .unwrap(),
    )
}

fn pod(name: &str, set: &str, waiting: Option<&str>) -> Arc<Pod> {
    let ready = waiting.is_none();
    Arc::new(
        serde_json::from_value(json!({
            "key": key("Pod", "ingress", name), "uid": name, "resource_version": "1", "created": CREATED,
            "phase": if ready { "Running" } else { "Pending" }, "deleting": false, "labels": [["app", "gateway"]],
            "owner": ["ReplicaSet", set],
            "conditions": [{ "type": "Ready", "status": if ready { "True" } else { "False" } }],
            "containers": [{
                "name": "main", "image": "ghcr.io/acme/gateway:2.4.1", "ready": ready, "restarts": 0, "waiting": waiting,
                "message": waiting.map_or("", |_| "Back-off pulling image \"ghcr.io/acme/gateway:2.4.1\"")
            }],
        }))
        .unwrap(),
    )
}

const APPLIED: (&str, &str, &str) =
    ("True", "ReconciliationSucceeded", "Applied revision: main@sha1:9e1c21d0000000000000000000000000000000000");
const WAITS: (&str, &str, &str) = ("False", "DependencyNotReady", "dependency 'flux-system/infra' is not ready");

/// Returns a platform: one source, four Kustomizations that one applied, two of which wait for a third that fails.
fn platform() -> World {
    let mut all = vec![
        flux(
            "GitRepository",
            "platform",
            ("True", "Succeeded", "stored artifact for revision 'main@sha1:9e1c21d0000000000000000000000000000000000'"),
            &json!({}),
            &[],
        ),
        flux(
            "Kustomization",
            "platform",
            APPLIED,
            &spec(&[]),
            &[
                "flux-system_infra_kustomize.toolkit.fluxcd.io_Kustomization",
                "flux-system_apps_kustomize.toolkit.fluxcd.io_Kustomization",
                "flux-system_reports_kustomize.toolkit.fluxcd.io_Kustomization",
            ],
        ),
        flux(
            "Kustomization",
            "infra",
            ("False", "HealthCheckFailed", "timeout waiting for: [Deployment/ingress/gateway status: 'InProgress']"),
            &spec(&[]),
            &[
                "_ingress__Namespace",
                "ingress_gateway__Service",
                "ingress_gateway_apps_Deployment",
                "ingress_lost_apps_Deployment",
            ],
        ),
        flux("Kustomization", "apps", WAITS, &spec(&["infra"]), &["shop_web_apps_Deployment"]),
        flux("Kustomization", "reports", WAITS, &spec(&["apps", "infra"]), &[]),
    ];
    all.sort_by(|a, b| a.key.cmp(&b.key));
    let live = |kind: &str| {
        let of = LinkOf::Kind { cluster: "prod-eu".into(), kind: kind.into(), namespace: "ingress".into() };
        Link { of, state: LinkState::Live }
    };
    World {
        flux: Arc::new(all),
        workloads: Arc::new(vec![workload("gateway", 1)]),
        pods: Arc::new(vec![
            pod("gateway-7d9f-k2xqp", "gateway-7d9f", None),
            pod("gateway-7d9f-x2v8w", "gateway-7d9f", Some("ImagePullBackOff")),
        ]),
        links: Arc::new(vec![
            Link { of: LinkOf::Cluster("prod-eu".into()), state: LinkState::Live },
            live("Deployment"),
            live("Pod"),
        ]),
        ..world()
    }
}

fn stage_of(world: World, wide: u16, high: u16, language: Language) -> Stage {
    let mut stage = Stage::over(world, wide, high, language);
    stage.keys("6 g g t");
    stage
}

fn stage(wide: u16, high: u16) -> Stage {
    stage_of(platform(), wide, high, Language::English)
}

fn held(stage: &mut Stage) -> Vec<Vec<String>> {
    let asked = stage.wishes().into_iter().filter_map(|w| match w {
        Wish::Ask(_, Query::Hold(places)) => Some(places.into_iter().map(|(_, namespace)| namespace).collect()),
        Wish::Forget(_) => Some(vec!["-".to_owned()]),
        _ => None,
    });
    asked.collect()
}

#[test]
fn it_looks_as_it_should() {
    for (name, wide, high, language, keys) in [
        ("tree_80x24", 80, 24, Language::English, "j"),
        ("tree_120x36", 120, 36, Language::English, "j j j"),
        ("tree_200x50", 200, 50, Language::English, "j"),
        ("tree_120x36_zh", 120, 36, Language::Chinese, "j"),
        ("tree_order", 120, 36, Language::English, "w"),
    ] {
        let mut stage = stage_of(platform(), wide, high, language);
        stage.keys(keys);
        insta::assert_snapshot!(name, body(&stage));
    }
}

#[test]
fn what_is_unfolded_is_held_and_let_go_when_it_is_left() {
    let mut stage = stage(120, 36);
    assert_eq!(held(&mut stage), [["ingress", "shop"]]);
    stage.keys("/").text("apps").keys("enter esc");
    held(&mut stage);
    // The selection is on apps, whose namespace is let go when it is folded; the rest is asked before that is forgotten.
    assert!(stage.lines().contains("▌"), "{}", stage.lines());
    stage.keys("left");
    assert_eq!(held(&mut stage), [vec!["ingress".to_owned()], vec!["-".to_owned()]]);
    stage.keys("7");
    assert_eq!(held(&mut stage), [["-"]], "not shown, nothing held");
    stage.keys("6");
    assert_eq!(held(&mut stage), [["ingress"]]);
    stage.keys("t");
    assert_eq!(held(&mut stage), [["-"]]);
    assert!(!stage.lines().contains("├─"), "the list again\n{}", stage.lines());
}

#[test]
fn rows_fold_as_one_expects() {
    let mut stage = stage(120, 36);
    let selected = |stage: &Stage| {
        let lines = stage.lines();
        let line = lines.lines().find(|l| l.starts_with('▌')).unwrap_or_else(|| panic!("nothing selected\n{lines}"));
        line.split('/').nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    };
    stage.keys("/").text("lost").keys("enter esc");
    assert_eq!(selected(&stage), "lost", "what was sought stays selected");
    stage.keys("left");
    assert_eq!(selected(&stage), "infra", "a leaf leads to the row above");
    stage.keys("left");
    // Below the tree a cause may name the Pod.
    let in_tree = |stage: &Stage| stage.lines().lines().any(|l| l.contains("─") && l.contains("gateway-7d9f"));
    assert!(!in_tree(&stage), "folded\n{}", stage.lines());
    stage.keys("right right");
    assert_eq!(selected(&stage), "gateway", "unfolded, then the first row below");
    stage.keys("z");
    assert!(!stage.lines().contains("Kustomization/infra"), "{}", stage.lines());
    stage.keys("z");
    assert!(stage.lines().contains("gateway-7d9f-x2v8w"), "{}", stage.lines());
}

#[test]
fn it_offers_what_it_can_do_and_no_key_twice() {
    let mut stage = stage(120, 36);
    let offered = |stage: &Stage| stage.session.tab().commands(&stage.session.cx());
    let ids: Vec<&str> = offered(&stage).iter().map(|c| c.id).collect();
    for id in ["list.faults", "list.state", "list.next-fault", "list.sort", "list.reverse"] {
        assert!(!ids.contains(&id), "{id}");
    }
    assert!(ids.contains(&"tree.all") && ids.contains(&"list.filter"), "{ids:?}");
    let mut keys: Vec<String> = offered(&stage).iter().map(|c| stage.session.cx().key(c)).collect();
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all, "{keys:?}");
    stage.keys("/");
    let typing: Vec<&str> = offered(&stage).iter().map(|c| c.id).collect();
    assert_eq!(typing, ["list.keep", "list.clear", "list.down", "list.up", "list.page-down", "list.page-up"]);
}

#[test]
fn the_selection_stays_with_its_object() {
    let mut stage = stage(120, 36);
    stage.keys("/").text("x2v8w").keys("enter");
    assert!(stage.lines().contains("Kustomization/infra"), "what leads there stays\n{}", stage.lines());
    assert!(!stage.lines().contains("k2xqp"), "{}", stage.lines());
    stage.keys("G esc");
    let mut next = platform();
    let mut flux: Vec<_> = next.flux.iter().cloned().collect();
    flux.push(self::flux("Kustomization", "aaa", APPLIED, &spec(&[]), &[]));
    flux.sort_by(|a, b| a.key.cmp(&b.key));
    next.flux = Arc::new(flux);
    next.pods = Arc::new(vec![
        pod("gateway-7d9f-a1111", "gateway-7d9f", None),
        pod("gateway-7d9f-x2v8w", "gateway-7d9f", Some("ErrImagePull")),
    ]);
    next.seq += 1;
    stage.msg(Msg::World(Arc::new(next)));
    let lines = stage.lines();
    let line = lines.lines().find(|l| l.starts_with('▌')).unwrap();
    assert!(line.contains("x2v8w") && line.contains("ErrImagePull"), "{lines}");
}

#[test]
fn acts_work_on_the_selected_object() {
    let mut stage = stage(120, 36);
    stage.keys("/").text("apps").keys("enter r");
    let given =
        stage.wishes().into_iter().find_map(|w| if let Wish::Give(_, Order::Reconcile(o)) = w { Some(o.key) } else { None });
    assert_eq!(given, Some(key("Kustomization", "flux-system", "apps")));
    stage.keys("enter");
    assert!(stage.lines().contains("Kustomization/flux-system/apps"), "the detail\n{}", stage.lines());
    assert!(!stage.acts.iter().any(|a| matches!(a, Act::Quit)));
}

#[test]
fn a_ring_is_named() {
    let mut world = platform();
    let mut flux: Vec<_> = world.flux.iter().filter(|o| &*o.key.name != "infra").cloned().collect();
    flux.push(self::flux("Kustomization", "infra", WAITS, &spec(&["reports"]), &[]));
    flux.sort_by(|a, b| a.key.cmp(&b.key));
    world.flux = Arc::new(flux);
    let mut stage = stage_of(world, 200, 50, Language::English);
    stage.keys("j j");
    let lines = stage.lines();
    assert!(lines.contains("wait for each other and will never be ready: apps → infra → reports → apps"), "{lines}");
    assert!(lines.contains("waits for itself: apps → infra → reports → apps"), "{lines}");
}

#[test]
fn nothing_looks_fresh_that_is_not() {
    let mut world = platform();
    let since = CREATED.parse().unwrap();
    world.links = Arc::new(vec![Link {
        of: LinkOf::Cluster("prod-eu".into()),
        state: LinkState::Stale { since, why: "connection refused".into() },
    }]);
    let stage = stage_of(world.clone(), 120, 36, Language::English);
    let lines = stage.lines();
    assert!(lines.contains("Namespace/ingress") && lines.contains("stale"), "{lines}");
    // The pane about the selected row neither.
    for kind in ["ks", "deploy", "po"] {
        let mut stage = stage_of(world.clone(), 140, 40, Language::English);
        stage.keys("/").text(&format!("kind={kind}")).keys("enter down down down down");
        let lines = stage.lines();
        let body: Vec<&str> = lines.lines().skip(3).collect();
        assert!(!body.join("\n").contains(['✓', '✗', '◐']), "{kind}\n{lines}");
    }
}

/// Returns the rows in sight, without what is said below them.
fn rows(stage: &Stage) -> String {
    let lines = stage.lines();
    lines.lines().skip(4).take_while(|line| !line.starts_with("──")).collect::<Vec<_>>().join("\n")
}

#[test]
fn its_filter_is_the_language_of_the_lists() {
    let mut stage = stage(120, 36);
    stage.keys("/").text("kind=ks ready=false depends=infra");
    let found = rows(&stage);
    assert!(found.contains("Kustomization/apps") && !found.contains("Kustomization/infra"), "{found}");
    assert!(found.contains("GitRepository/platform"), "what leads there stays\n{found}");
    assert!(!found.contains("gateway") && !found.contains("shop"), "{found}");
    stage.keys("ctrl-u").text("kind=po ready=false");
    let found = rows(&stage);
    assert!(found.contains("x2v8w") && !found.contains("k2xqp") && !found.contains("Kustomization/apps"), "{found}");
    stage.keys("ctrl-u").text("!ns=ingress ~ksapp");
    assert!(!rows(&stage).contains("gateway"), "{}", rows(&stage));
    stage.keys("ctrl-u").text("nonsense=1");
    assert!(stage.lines().contains("✗") && stage.lines().contains("“nonsense”"), "{}", stage.lines());
    assert!(rows(&stage).contains("Kustomization/apps"), "the terms before a fault hold\n{}", stage.lines());
}

#[test]
fn rows_that_age_past_the_filter_go() {
    let mut stage = stage(120, 36);
    // What is there was created a day before the console began.
    stage.keys("/").text("kind=ks age<1500m");
    assert!(rows(&stage).contains("Kustomization/apps"), "{}", stage.lines());
    let until = stage.session.tab().deadline().unwrap();
    stage.pass(until.as_millisecond() - stage.now.as_millisecond());
    assert!(!rows(&stage).contains("Kustomization/apps"), "{}", stage.lines());
    assert!(stage.session.tab().deadline().is_none_or(|at| at > stage.now));
}

#[test]
fn marked_objects_are_asked_about_once() {
    let mut stage = stage(120, 36);
    stage.keys("/").text("kind=ks").keys("enter M");
    assert!(stage.lines().contains("4 marked") && stage.lines().contains('◆'), "{}", stage.lines());
    stage.keys("s");
    assert!(stage.lines().contains("Suspend 4 objects?"), "{}", stage.lines());
    stage.keys("y");
    let given =
        stage.wishes().into_iter().find_map(|w| if let Wish::Give(ticket, order) = w { Some((ticket, order)) } else { None });
    let Some((ticket, Order::Many(_))) = given else { unreachable!("{given:?}") };
    stage.reply(crate::effects::Reply::Order(ticket, Ok(domain::orders::Outcome::said("done"))));
    assert!(!stage.lines().contains("marked"), "{}", stage.lines());

    stage.keys("esc g g m j m");
    assert!(stage.lines().contains("2 marked"), "{}", stage.lines());
    stage.keys("esc");
    assert!(!stage.lines().contains("marked") && stage.lines().contains("└─"), "first the marks go\n{}", stage.lines());
    stage.keys("g g m j v");
    assert!(stage.lines().contains("3 marked"), "{}", stage.lines());
}

#[test]
fn it_stays_narrowed_while_what_it_was_opened_on_is_gone() {
    let mut full = platform();
    let mut all: Vec<_> = full.flux.iter().cloned().collect();
    all.push(flux("GitRepository", "other", APPLIED, &json!({}), &[]));
    all.sort_by(|a, b| a.key.cmp(&b.key));
    full.flux = Arc::new(all);
    let mut stage = Stage::over(full.clone(), 120, 36, Language::English);
    stage.keys("6 /").text("name=other").keys("enter t");
    assert!(rows(&stage).contains("GitRepository/other") && !rows(&stage).contains("platform"), "{}", stage.lines());
    let mut without = platform();
    without.seq = full.seq + 1;
    stage.msg(Msg::World(Arc::new(without)));
    assert!(!stage.lines().contains("Kustomization/"), "{}", stage.lines());
    assert!(stage.lines().contains("GitRepository/other is not there now"), "{}", stage.lines());
    full.seq += 2;
    stage.msg(Msg::World(Arc::new(full)));
    let row = rows(&stage).lines().find(|l| l.starts_with('▌')).map(str::to_owned);
    assert!(row.is_some_and(|l| l.contains("GitRepository/other")), "{}", stage.lines());
}

#[test]
fn what_comes_above_the_root_becomes_the_root() {
    let whole = platform();
    let mut below = whole.clone();
    let all = whole.flux.iter().filter(|object| &*object.key.kind != "GitRepository").cloned();
    (below.flux, below.seq) = (Arc::new(all.collect()), whole.seq);
    let mut stage = Stage::over(below, 120, 36, Language::English);
    stage.keys("6 /").text("name=infra").keys("enter t");
    assert!(!rows(&stage).contains("GitRepository/"), "{}", stage.lines());
    stage.msg(Msg::World(Arc::new(World { seq: whole.seq + 1, ..whole })));
    let shown = stage.lines();
    assert!(shown.contains("GitRepository/platform   "), "the title names it: {shown}");
    assert!(rows(&stage).contains("GitRepository/platform"), "{shown}");
    assert!(rows(&stage).lines().any(|l| l.starts_with('▌') && l.contains("Kustomization/infra")), "{shown}");
}

#[test]
fn what_was_looked_for_in_the_list_and_has_not_come_yet_is_found() {
    let (before, mut whole) = (platform(), platform());
    let other = flux("GitRepository", "other", APPLIED, &json!({}), &[]);
    let mut all: Vec<_> = whole.flux.iter().cloned().chain([other]).collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    (whole.flux, whole.seq) = (Arc::new(all), before.seq + 1);
    let mut stage = Stage::over(before, 120, 36, Language::English);
    stage.keys("6 /").text("other");
    assert!(stage.lines().contains("Nothing matches"), "{}", stage.lines());
    stage.keys("enter t");
    let shown = stage.lines();
    assert!(shown.contains("Everything") && shown.contains("Nothing matches \u{201c}other\u{201d}"), "{shown}");
    stage.msg(Msg::World(Arc::new(whole)));
    let shown = stage.lines();
    assert!(shown.contains("GitRepository/other") && !shown.contains("Kustomization/"), "{shown}");
    // The list under it still has its own filter.
    stage.keys("t");
    assert!(stage.lines().contains("1/"), "{}", stage.lines());
}

#[test]
fn the_log_of_a_workload_is_that_of_its_pods() {
    let mut stage = stage(120, 36);
    stage.keys("/").text("kind=deploy name=gateway").keys("enter L");
    let asked = stage.wishes().into_iter().find_map(|w| if let Wish::Ask(_, Query::Follow(f)) = w { Some(f.key) } else { None });
    assert_eq!(asked, Some(key("Deployment", "ingress", "gateway")));
}
