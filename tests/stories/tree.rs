//! A source with two Kustomizations of which one depends on the other: the tree says what holds it up, and then shows Pods.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::story;
use crate::support::console::Operator;
use crate::support::ground::Ground;

/// Returns the part of a printed tree that stands at an object.
fn part<'a>(tree: &'a Value, kind: &str, name: &str) -> Option<&'a Value> {
    if tree["kind"] == kind && tree["name"].as_str().is_some_and(|n| n.starts_with(name)) {
        return Some(tree);
    }
    tree["below"].as_array()?.iter().find_map(|below| part(below, kind, name))
}

/// Prints the tree until it shows something.
fn until(operator: &Operator, limit: Duration, object: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let said = operator.run(&["tree", object, "-o", "json"]);
        let tree = if said.code == 0 { said.json() } else { Value::Null };
        if fits(&tree) {
            return tree;
        }
        assert!(begun.elapsed() < limit, "waited in vain for {what}: {tree:#}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Returns the manifests: a source, `infra` at a path, and `apps`, which depends on it.
fn manifests(ground: &Ground, path: &str) -> String {
    let app = ground.app.as_str();
    let kustomization = |name: &str, path: &str, more: &str| {
        format!(
            "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {app}-{name}\n  \
             namespace: flux-system\nspec:\n  interval: 10m\n  retryInterval: 2s\n  path: {path}\n  prune: true\n  timeout: 1m\n  \
             sourceRef:\n    kind: GitRepository\n    name: {app}\n{more}"
        )
    };
    let namespaces = ["development", "production"].map(|environment| {
        format!("---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {}\n", ground.namespace(environment))
    });
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: {app}\n  namespace: flux-system\n\
         spec:\n  interval: 10m\n  url: {}\n  ref:\n    branch: main\n{}{}{}",
        ground.repo.url,
        namespaces.concat(),
        kustomization("infra", path, ""),
        kustomization("apps", "./k8s/overlays/production", &format!("  dependsOn:\n  - name: {app}-infra\n")),
    )
}

story!(waiting_is_named);
fn waiting_is_named(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    let app = ground.app.as_str();
    let source = format!("gitrepo/{app}");
    let (infra, apps) = (format!("{app}-infra"), format!("{app}-apps"));
    ground.apply(&manifests(ground, "./k8s/nowhere"));

    let held = until(&operator, ground.patience(), &source, "the wait", |tree| {
        // At first the source has nothing to give, and both wait for that.
        let own = |infra: &Value| infra["health"] == "failed" && infra["waits_for"] == serde_json::json!([]);
        let failed = part(tree, "Kustomization", &infra).is_some_and(own);
        failed && part(tree, "Kustomization", &apps).is_some_and(|apps| apps["waits_for"][0]["name"] == infra.as_str())
    });
    let said = part(&held, "Kustomization", &apps).expect("it is there")["message"].as_str().expect("a sentence").to_owned();
    let why = part(&held, "Kustomization", &infra).expect("it is there")["message"].as_str().expect("a sentence").to_owned();
    assert!(said.contains("which failed") && said.contains(&why), "{said} / {why}");

    let mut console = operator.console(150, 40);
    console.see("● live");
    console.keys("6");
    // Others stand on the same cluster; the list may be longer than the screen.
    console.see(" ready");
    console.see("GitRepository");
    console.keys(&format!("/{apps}"));
    // The filter and the sentence that nothing matches name it too: only a row says of which kind it is.
    console.until("its row", Duration::from_mins(1), |screen| {
        screen.lines().any(|line| line.contains("Kustomization") && line.contains(&apps))
    });
    console.keys("\rt");
    console.until("the dependency is named on the row", Duration::from_secs(20), |screen| {
        screen.lines().any(|line| line.contains(&format!("Kustomization/{apps}")) && line.contains(&format!("waits for {infra}")))
    });

    ground.apply(&manifests(ground, "./k8s/overlays/development"));
    let whole = until(&operator, ground.patience(), &source, "both run", |tree| {
        [&infra, &apps].iter().all(|name| {
            let deployment = part(tree, "Kustomization", name).and_then(|k| part(k, "Deployment", "shop-web"));
            deployment
                .and_then(|d| part(d, "ReplicaSet", "shop-web"))
                .and_then(|set| part(set, "Pod", "shop-web"))
                .is_some_and(|pod| pod["health"] == "ready")
        })
    });
    assert_eq!(part(&whole, "Kustomization", &apps).expect("it is there")["waits_for"], serde_json::json!([]));
    // The console that was open all the while shows the Pods, since what is unfolded is looked into.
    console.until("the Pods under their ReplicaSet", Duration::from_secs(30), |screen| {
        screen.matches("Pod/shop-web-").count() >= 2 && !screen.contains("waits for")
    });
    let up = operator.run(&["tree", "deploy/shop-web", "-n", &ground.namespace("production")]).ok();
    assert!(up.contains(&format!("Kustomization/flux-system/{apps}")), "where it came from stands above it: {up}");
}
