//! The manual method: a commit is applied to the cluster without Git, where Flux does not undo it.

use serde_json::Value;

use super::story;
use crate::support::console::Operator;
use crate::support::ground::Ground;
use crate::support::wait;

/// Returns the image that runs in an environment.
fn image(ground: &Ground, operator: &Operator, name: &str) -> Value {
    let all = operator.run(&["get", "environments", &ground.app, "-o", "json"]).json();
    let found = all.as_array().and_then(|all| all.iter().find(|e| e["id"]["name"] == name).cloned());
    found.map(|e| e["running_images"][0][1].clone()).unwrap_or_default()
}

story!(applies_without_git);
fn applies_without_git(ground: &Ground) {
    let operator = ground.operator();
    let base = ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["deploy", app, "development", "--tag", "1.1.0", "--yes", "--wait", "2m"]).ok();
    let head = ground.repo.head("main");

    // Flux would put it back within its interval.
    let by_hand = ["deploy", app, "development", "--manual", "--tag", "2.0.0"];
    let why = operator.run(&[&by_hand[..], &["--yes"]].concat()).failed(3);
    let kustomization = format!("ks/{app}-development");
    assert!(why.contains("Flux would undo it") && why.contains(&kustomization), "{why}");
    assert_eq!(image(ground, &operator, "development"), "ghcr.io/acme/shop:1.1.0");

    operator.run(&["suspend", &kustomization, "-n", "flux-system", "--yes"]).ok();
    let shown = operator.run(&[&by_hand[..], &["--dry-run"]].concat()).ok();
    assert!(shown.contains("by hand, without Git") && shown.contains("+  newTag: 2.0.0"), "{shown}");
    assert_eq!(image(ground, &operator, "development"), "ghcr.io/acme/shop:1.1.0", "a dry run changes nothing");

    let told = operator.run(&[&by_hand[..], &["--yes", "--wait", "2m"]].concat()).ok();
    for stage in ["Git commit no part of it", "Flux sync  no part of it", "Apply      done", "Health     done"] {
        assert!(told.contains(stage), "{stage} in {told}");
    }
    assert_eq!(image(ground, &operator, "development"), "ghcr.io/acme/shop:2.0.0");
    assert_eq!(ground.repo.head("main"), head, "nothing is committed");
    let record = operator.run(&["history", app, "-l", "1", "-o", "json"]).json()[0].clone();
    assert_eq!((record["method"].as_str(), record["status"].as_str()), (Some("manual"), Some("succeeded")), "{record:#}");
    assert_eq!(record["applied"], serde_json::json!([format!("{app}-development/Deployment/shop-web")]));

    // An old version, by its commit.
    operator.run(&["deploy", app, "development", "--manual", "--from", &base[..10], "--yes", "--wait", "2m"]).ok();
    assert_eq!(image(ground, &operator, "development"), "ghcr.io/acme/shop:1.0.0");
    let why = operator.run(&["deploy", app, "development", "--manual", "--from", "nowhere", "--yes"]).failed(4);
    assert!(why.contains("There is no such branch or commit"), "{why}");

    // What somebody else set is nobody's to take.
    let path = format!("/apis/apps/v1/namespaces/{app}-development/deployments/shop-web");
    ground.patch(&path, "autoscaler", "{\"spec\":{\"replicas\":2}}");
    let why = operator.run(&[&by_hand[..], &["--yes"]].concat()).failed(3);
    assert!(why.contains("conflict with \"autoscaler\"") && why.contains(".spec.replicas"), "{why}");
    assert_eq!(image(ground, &operator, "development"), "ghcr.io/acme/shop:1.0.0", "nothing of it is applied");

    // Flux takes it back as soon as it may.
    operator.run(&["resume", &kustomization, "-n", "flux-system", "--yes"]).ok();
    operator.run(&["reconcile", &kustomization, "-n", "flux-system"]).ok();
    wait("Flux puts back what Git says", ground.patience(), || {
        (image(ground, &operator, "development") == "ghcr.io/acme/shop:1.1.0").then_some(())
    });
    operator.run(&["audit", "verify"]).ok();
}

story!(applies_where_flux_is_not);
fn applies_where_flux_is_not(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    let app = ground.app.as_str();
    operator.run(&["project", "add", app, "--repo", &ground.repo.url]).ok();
    let add = ["environment", "add", app, "development", "--branch", "main", "--approvers", "0", "--gitops", "off"];
    operator.run(&add).ok();
    let why = operator.run(&["deploy", app, "development", "--tag", "1.1.0", "--yes"]).failed(2);
    assert!(why.contains("--manual"), "{why}");
    let by_hand = ["deploy", app, "development", "--manual", "--yes", "--wait", "2m"];
    let why = operator.run(&by_hand).failed(4);
    assert!(why.contains(&format!("{app}-development")) && why.contains("not found"), "{why}");
    ground.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {app}-development\n"));
    let told = operator.run(&by_hand).ok();
    assert!(told.contains("Health     done"), "{told}");
    assert_eq!(image(ground, &operator, "development"), "ghcr.io/acme/shop:1.0.0");

    // Where others must approve, nobody does so by hand.
    operator.run(&["environment", "edit", app, "development", "--approvers", "1"]).ok();
    let why = operator.run(&by_hand).failed(3);
    assert!(why.contains("The environment is protected"), "{why}");
}
