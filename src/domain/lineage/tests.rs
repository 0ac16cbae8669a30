//! A fleet in a few lines each, and what is made of it.
#![expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test fails by failing; its tables read better so")]

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;
use crate::ident::ContextName;

fn key(kind: &str, name: &str) -> ObjectKey {
    let (namespace, name) = name.split_once('/').unwrap_or(("flux-system", name));
    ObjectKey::new(&ContextName::from("c"), kind, namespace, name)
}

/// Builds a Flux object; `ready` is the Ready condition's status and message.
fn flux(kind: &str, name: &str, ready: (&str, &str), spec: Value, inventory: &[&str]) -> Arc<FluxObject> {
    let entries: Vec<Value> = inventory.iter().map(|id| json!({ "id": id, "v": "v1" })).collect();
    let artifact = (ready.0 == "True").then(|| json!({ "revision": "main@sha1:1" }));
    let value = json!({
        "key": key(kind, name), "uid": name, "resource_version": "1", "generation": 1, "created": null, "deleting": false,
        "requested_at": null, "labels": [], "marks": [], "spec": spec,
        "status": {
            "conditions": [{ "type": "Ready", "status": ready.0, "message": ready.1 }],
            "inventory": { "entries": entries }, "artifact": artifact,
        },
    });
    Arc::new(serde_json::from_value(value).unwrap())
}

const OK: (&str, &str) = ("True", "applied");

fn git(name: &str) -> Arc<FluxObject> {
    flux("GitRepository", name, OK, json!({}), &[])
}

fn from(source: &str) -> Value {
    json!({ "sourceRef": { "kind": "GitRepository", "name": source } })
}

fn needing(source: &str, needs: &[&str]) -> Value {
    let needs: Vec<Value> = needs.iter().map(|name| json!({ "name": name })).collect();
    json!({ "sourceRef": { "kind": "GitRepository", "name": source }, "dependsOn": needs })
}

fn ks(name: &str, ready: (&str, &str), spec: Value, inventory: &[&str]) -> Arc<FluxObject> {
    flux("Kustomization", name, ready, spec, inventory)
}

fn world(mut objects: Vec<Arc<FluxObject>>) -> World {
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    World { flux: Arc::new(objects), ..World::default() }
}

fn workload(name: &str, app: &str) -> Arc<Workload> {
    let value = json!({
        "key": key("Deployment", name), "uid": name, "resource_version": "1", "generation": 1, "observed_generation": 1,
        "created": null, "replicas": 2, "updated": 2, "ready": 2, "available": 2, "total": 2, "containers": [],
        "selector": [["app", app]], "conditions": [], "applied_by": null,
    });
    Arc::new(serde_json::from_value(value).unwrap())
}

fn pod(name: &str, app: &str, owner: (&str, &str), created: &str) -> Arc<Pod> {
    let value = json!({
        "key": key("Pod", name), "uid": name, "resource_version": "1", "created": created, "phase": "Running",
        "deleting": false, "labels": [["app", app]], "owner": owner, "conditions": [], "containers": [],
    });
    Arc::new(serde_json::from_value(value).unwrap())
}

fn draw(lineage: &Lineage) -> String {
    fn below(lineage: &Lineage, node: Node, deep: usize, out: &mut String) {
        for child in lineage.children(node) {
            let name = lineage.name(child.node).unwrap();
            let points = if child.way == Way::Points { "-> " } else { "" };
            let _ = writeln!(out, "{}{points}{}/{}", "  ".repeat(deep), name.kind, name.name);
            if child.way != Way::Points {
                below(lineage, child.node, deep + 1, out);
            }
        }
    }
    let mut out = String::new();
    for root in lineage.roots() {
        let name = lineage.name(root).unwrap();
        let _ = writeln!(out, "{}/{}", name.kind, name.name);
        below(lineage, root, 1, &mut out);
    }
    out
}

#[test]
fn each_stands_in_one_place_from_source_to_pod() {
    let mut world = world(vec![
        // Flux's own bootstrap: the source is applied by what it feeds.
        git("flux-system"),
        ks(
            "flux-system",
            OK,
            from("flux-system"),
            &[
                "flux-system_flux-system_source.toolkit.fluxcd.io_GitRepository",
                "flux-system_flux-system_kustomize.toolkit.fluxcd.io_Kustomization",
                "flux-system_apps_kustomize.toolkit.fluxcd.io_Kustomization",
            ],
        ),
        // Apps of apps: this one brings a source and what it feeds, and a release of somebody else's charts.
        ks(
            "apps",
            OK,
            from("flux-system"),
            &[
                "flux-system_shop_source.toolkit.fluxcd.io_GitRepository",
                "flux-system_shop_kustomize.toolkit.fluxcd.io_Kustomization",
                "flux-system_redis_helm.toolkit.fluxcd.io_HelmRelease",
                "flux-system_gone_kustomize.toolkit.fluxcd.io_Kustomization",
                "flux-system_pile_s3.example.org_Bucket",
            ],
        ),
        git("shop"),
        ks("shop", OK, from("shop"), &["_shop__Namespace", "shop_web_apps_Deployment", "shop_lost_apps_Deployment"]),
        flux("HelmRepository", "charts", OK, json!({}), &[]),
        flux("Bucket", "pile", OK, json!({}), &[]),
        flux(
            "HelmRelease",
            "redis",
            OK,
            json!({ "chart": { "spec": { "chart": "redis", "sourceRef": { "kind": "HelmRepository", "name": "charts" } } } }),
            &[],
        ),
        flux("Alert", "lonely", OK, json!({}), &[]),
    ]);
    let redis =
        Workload { released_by: Some(("flux-system".into(), "redis".into())), ..(*workload("data/redis", "redis")).clone() };
    world.workloads = Arc::new(vec![Arc::new(redis), workload("shop/web", "web")]);
    world.pods = Arc::new(vec![
        pod("data/redis-0", "redis", ("StatefulSet", "redis"), "2026-01-01T00:00:00Z"),
        pod("shop/web-new-a", "web", ("ReplicaSet", "web-new"), "2026-01-03T00:00:00Z"),
        pod("shop/web-new-b", "web", ("ReplicaSet", "web-new"), "2026-01-03T00:00:00Z"),
        pod("shop/web-old-a", "web", ("ReplicaSet", "web-old"), "2026-01-02T00:00:00Z"),
    ]);
    let lineage = Lineage::new(&world);
    let expected = "Bucket/pile
GitRepository/flux-system
  Kustomization/flux-system
    Kustomization/apps
      GitRepository/shop
        Kustomization/shop
          Deployment/web
            ReplicaSet/web-new
              Pod/web-new-a
              Pod/web-new-b
            ReplicaSet/web-old
              Pod/web-old-a
          Deployment/lost
          Namespace/shop
      HelmRelease/redis
        Deployment/redis
          Pod/redis-0
      Kustomization/gone
      Bucket/pile
HelmRepository/charts
  -> HelmRelease/redis
";
    assert_eq!(draw(&lineage), expected);
    let up = |kind: &str, name: &str| {
        lineage.parents(&key(kind, name)).iter().map(|k| format!("{}/{}", k.kind, k.name)).collect::<Vec<_>>().join(" ")
    };
    let whole = "ReplicaSet/web-old Deployment/web Kustomization/shop GitRepository/shop Kustomization/apps Kustomization/flux-system GitRepository/flux-system";
    assert_eq!(up("Pod", "shop/web-old-a"), whole);
    assert_eq!(up("Namespace", "/shop").split(' ').next(), Some("Kustomization/shop"));
    assert_eq!(up("Deployment", "data/redis").split(' ').next(), Some("HelmRelease/redis"));
    assert_eq!(up("GitRepository", "flux-system"), "");
    assert_eq!(up("Pod", "shop/nobody"), "");
    let shop = lineage.find(&key("Kustomization", "shop")).unwrap();
    assert_eq!(
        (lineage.namespaces(shop), lineage.root_of(shop)),
        (vec!["shop"], lineage.find(&key("GitRepository", "flux-system")).unwrap())
    );
}

#[test]
fn what_holds_an_object_up_is_followed_to_its_end() {
    let failing = ("False", "no such chart");
    let waiting = ("False", "dependency 'x' is not ready");
    let world = world(vec![
        git("s"),
        flux("GitRepository", "dead", ("False", "authentication required"), json!({}), &[]),
        ks("infra", failing, from("s"), &[]),
        ks("data", waiting, needing("s", &["infra"]), &[]),
        ks("app", waiting, needing("s", &["fine", "data"]), &[]),
        ks("fine", OK, from("s"), &[]),
        ks("later", OK, needing("s", &["infra"]), &[]),
        ks("lost", waiting, needing("s", &["nowhere"]), &[]),
        ks("a", waiting, needing("s", &["b"]), &[]),
        ks("b", waiting, needing("s", &["z"]), &[]),
        ks("z", waiting, needing("s", &["a"]), &[]),
        ks("behind-a", waiting, needing("s", &["a"]), &[]),
        ks("dry", waiting, from("dead"), &[]),
        ks("behind-dry", waiting, needing("s", &["dry"]), &[]),
        ks("own", failing, from("s"), &[]),
        ks("off", waiting, json!({ "suspend": true, "dependsOn": [{ "name": "infra" }] }), &[]),
        ks("behind-off", waiting, needing("s", &["off"]), &[]),
    ]);
    let lineage = Lineage::new(&world);
    let told = |name: &str| {
        let wait = lineage.waits(lineage.find(&key("Kustomization", name)).unwrap());
        wait.map(|w| (w.chain.iter().map(|k| &*k.name).collect::<Vec<_>>().join(" "), w.fault))
    };
    let wait = |chain: &str, fault: Fault| Some((chain.to_owned(), fault));
    assert_eq!(told("data"), wait("infra", Fault::Failed("no such chart".into())));
    assert_eq!(told("app"), wait("data infra", Fault::Failed("no such chart".into())));
    assert_eq!(told("later"), None, "what is ready waits for nothing");
    assert_eq!(told("lost"), wait("nowhere", Fault::Missing));
    assert_eq!(told("a"), wait("b z a", Fault::Ring));
    assert_eq!(told("behind-a"), wait("a b z a", Fault::Ring));
    assert_eq!(told("dry"), wait("dead", Fault::Failed("authentication required".into())));
    assert_eq!(told("behind-dry"), wait("dry dead", Fault::Failed("authentication required".into())));
    assert_eq!(told("own"), None, "its trouble is its own");
    assert_eq!(told("off"), None);
    assert_eq!(told("behind-off"), wait("off", Fault::Suspended));
    let rings: Vec<Vec<_>> = lineage.rings().iter().map(|r| r.iter().map(|n| lineage.name(*n).unwrap().name).collect()).collect();
    assert_eq!(rings, [["a", "b", "z"]]);
    let infra = lineage.find(&key("Kustomization", "infra")).unwrap();
    let names: Vec<_> = lineage.needed_by(infra).iter().map(|n| lineage.name(*n).unwrap().name.into_owned()).collect();
    assert_eq!(names, ["data", "later", "off"]);
}

/// Returns so many Kustomizations that one source feeds and one Kustomization applied, each of ten objects.
fn many(count: usize) -> World {
    let ids: Vec<String> = (0..count).map(|n| format!("flux-system_k{n:05}_kustomize.toolkit.fluxcd.io_Kustomization")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut all = vec![git("s"), ks("all", OK, from("s"), &ids)];
    for n in 0..count {
        let inventory: Vec<String> = (0..10).map(|m| format!("ns{n}_thing-{m}_apps_Deployment")).collect();
        let inventory: Vec<&str> = inventory.iter().map(String::as_str).collect();
        all.push(ks(&format!("k{n:05}"), OK, needing("s", &["all"]), &inventory));
    }
    world(all)
}

#[test]
fn what_joins_objects_is_kept_while_only_states_change() {
    let mut world = many(50);
    let mut lineage = Lineage::new(&world);
    assert!(!lineage.update(&world));
    let edges = Arc::clone(&lineage.edges);
    let change = |world: &mut World, act: fn(&mut FluxObject)| act(Arc::make_mut(&mut Arc::make_mut(&mut world.flux)[7]));
    change(&mut world, |o| o.status.conditions[0].status = "False".into());
    assert!(lineage.update(&world));
    assert!(Arc::ptr_eq(&edges, &lineage.edges), "states join nothing");
    change(&mut world, |o| o.spec.depends_on.clear());
    assert!(lineage.update(&world));
    assert!(!Arc::ptr_eq(&edges, &lineage.edges));
}

#[test]
#[ignore = "measures: run it in a release build"]
fn ten_thousand_are_joined_quickly() {
    let world = many(10_000);
    let time = |what: &str, act: &mut dyn FnMut()| {
        let begun = std::time::Instant::now();
        act();
        println!("{what}: {:?}", begun.elapsed());
    };
    let mut lineage = Lineage::default();
    time("edges", &mut || assert!(lineage.update(&world)));
    let mut next = world.clone();
    next.flux = Arc::new(world.flux.iter().map(|o| Arc::new((**o).clone())).collect());
    time("all states changed", &mut || assert!(lineage.update(&next)));
    time("waits", &mut || assert_eq!(lineage.ordered().filter_map(|n| lineage.waits(n)).count(), 0));
    time("upward", &mut || assert_eq!(lineage.parents(&key("Deployment", "ns9999/thing-9")).len(), 3));
    time("everything", &mut || {
        let mut open = lineage.roots();
        let mut count = 0;
        while let Some(node) = open.pop() {
            count += 1;
            open.extend(lineage.children(node).into_iter().map(|c| c.node));
        }
        assert_eq!(count, 110_002);
    });
}

#[test]
fn what_is_needed_stands_above_what_needs_it() {
    let world = world(vec![
        git("s"),
        ks("infra", OK, from("s"), &[]),
        ks("data", OK, needing("s", &["infra"]), &[]),
        ks("app", OK, needing("s", &["infra", "data"]), &[]),
        ks("lost", OK, needing("s", &["nowhere"]), &[]),
        ks("alone", OK, from("s"), &[]),
        ks("x", OK, needing("s", &["y"]), &[]),
        ks("y", OK, needing("s", &["x"]), &[]),
        ks("z", OK, needing("s", &["y", "infra"]), &[]),
    ]);
    let lineage = Lineage::new(&world);
    let order = lineage.order();
    let mut out = Vec::new();
    let mut open: Vec<(Node, usize)> = order.roots.iter().rev().map(|n| (*n, 0)).collect();
    while let Some((node, deep)) = open.pop() {
        out.push(format!("{}{}", ".".repeat(deep), lineage.name(node).unwrap().name));
        open.extend(order.below(node).iter().rev().map(|n| (*n, deep + 1)));
    }
    assert_eq!(out, ["infra", ".data", "..app", "lost", "x", ".y", "..z"]);
}

#[test]
fn nothing_is_said_of_what_is_not_watched() {
    use crate::link::{Link, LinkOf, LinkState};
    let mut world =
        world(vec![git("s"), ks("k", OK, from("s"), &["a_web_apps_Deployment", "b_web_apps_Deployment", "b_x__Service"])]);
    let link = Link {
        of: LinkOf::Kind { cluster: "c".into(), kind: "Deployment".into(), namespace: "a".into() },
        state: LinkState::Live,
    };
    world.links = Arc::new(vec![link]);
    let lineage = Lineage::new(&world);
    let under = lineage.children(lineage.find(&key("Kustomization", "k")).unwrap());
    let told: Vec<_> = under.iter().map(|child| lineage.standing(child.node, &world)).collect();
    assert_eq!(told, [Standing::Missing, Standing::Unseen(None), Standing::Named]);
}

#[test]
fn a_resource_set_waits_for_objects_of_the_kinds_that_it_names() {
    let needs = json!({ "dependsOn": [
        { "kind": "CustomResourceDefinition", "name": "certificates.cert-manager.io" },
        { "kind": "Kustomization", "name": "infra" },
    ] });
    let world = world(vec![
        flux("ResourceSet", "apps", ("False", "waits"), needs, &[]),
        ks("infra", ("False", "it broke"), json!({}), &[]),
    ]);
    let lineage = Lineage::new(&world);
    let wait = lineage.waits(lineage.find(&key("ResourceSet", "apps")).unwrap()).unwrap();
    assert_eq!((wait.chain, wait.fault), (vec![key("Kustomization", "infra")], Fault::Failed("it broke".to_owned())));
    let infra = lineage.find(&key("Kustomization", "infra")).unwrap();
    assert_eq!(lineage.needed_by(infra).len(), 1);
}
