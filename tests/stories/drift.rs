//! Drift: what others changed in the cluster is named field by field with its manager; set back, everything agrees. The same
//! for sources of every kind, for what is encrypted, for another cluster, and for what a HelmRelease ignores.

mod elsewhere;

use std::time::Duration;

use serde_json::Value;

use super::story;
use crate::support::console::Operator;
use crate::support::ground::Ground;
use crate::support::wait;

const LIMIT: Duration = Duration::from_mins(1);

pub(super) fn compared(operator: &Operator, name: &str) -> Option<Value> {
    let said = operator.run(&["diff", &format!("ks/{name}"), "-o", "json"]);
    serde_json::from_str(&said.out).ok()
}

pub(super) fn verdict(drift: &Value, kind: &str) -> Option<String> {
    let objects = drift["objects"].as_array()?;
    objects.iter().find(|o| o["kind"] == kind)?["verdict"].as_str().map(str::to_owned)
}

story!(what_others_changed_is_named_with_its_manager);
fn what_others_changed_is_named_with_its_manager(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    let service = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: info}\n";
    let base = [("k8s/base/kustomization.yaml", "resources: [web.yaml, settings.yaml]\n"), ("k8s/base/settings.yaml", service)];
    ground.repo.commit("main", &base, "Add settings");
    ground.add(&operator, &["development"]);
    let (name, namespace) = (format!("{}-development", ground.app), ground.namespace("development"));
    let agreed = wait("agreement", LIMIT, || {
        let agrees = |drift: &Value, kind| verdict(drift, kind).as_deref() == Some("agrees");
        compared(&operator, &name).filter(|drift| agrees(drift, "ConfigMap") && agrees(drift, "Deployment"))
    });
    assert_eq!(agreed["against"], "live", "{agreed}");
    // The real controller serves what it stored; the simulated one stores nothing, so its commit is read.
    assert_eq!(agreed["desired"]["way"], if ground.is_real() { "artifact" } else { "git" }, "{agreed}");
    let said = operator.run(&["diff", &format!("ks/{name}")]).ok();
    assert!(said.contains("agrees, ") && said.contains(" objects, checked at "), "{said}");

    // A restart marks the template, which Flux leaves alone.
    let workload = ["restart", "deploy/shop-web", "-n", &namespace];
    operator.run(&workload).failed(2);
    operator.run(&[&workload[..], &["--yes"]].concat()).ok();
    let place = format!("/apis/apps/v1/namespaces/{namespace}/deployments/shop-web");
    let mark = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    assert!(ground.object(&place).is_some_and(|live| live.pointer(mark).is_some()), "it is marked");
    operator.run(&["diff", &format!("ks/{name}")]).ok();
    operator.run(&["restart", "pod/x", "-n", &namespace, "--yes"]).failed(2);

    // From now on Flux leaves it alone, and somebody else does not.
    operator.run(&["suspend", &format!("ks/{name}"), "--yes"]).ok();
    let patch =
        r#"{"spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"web","image":"ghcr.io/acme/shop:9.9.9"}]}}}}"#;
    ground.patch(&place, "ci-bot", patch);
    ground.remove("ConfigMap", &namespace, "settings");
    let drift = operator.run(&["diff", &format!("ks/{name}"), "-o", "json"]);
    assert_eq!(drift.code, 1, "{}", drift.err);
    let drift: Value = serde_json::from_str(&drift.out).expect("JSON");
    assert_eq!(verdict(&drift, "ConfigMap").as_deref(), Some("missing"), "{drift}");
    assert_eq!(verdict(&drift, "Deployment").as_deref(), Some("changed"), "{drift}");
    let objects = drift["objects"].as_array().expect("objects");
    let fields = objects.iter().find(|o| o["kind"] == "Deployment").expect("it").get("fields").cloned().unwrap_or_default();
    let told: Vec<(&str, &str, &str)> = fields
        .as_array()
        .expect("fields")
        .iter()
        .map(|f| {
            let text = |key: &str| f[key].as_str().unwrap_or_default();
            (text("path"), text("live"), f["owners"][0]["manager"].as_str().unwrap_or_default())
        })
        .collect();
    let expect = [("spec.replicas", "3", "ci-bot"), ("spec.template.spec.containers[web].image", "9.9.9", "ci-bot")];
    assert_eq!(told, expect, "{drift}");
    assert!(drift["notes"].to_string().contains("suspended"), "{drift}");

    // What spec.ignore leaves to others is counted, and the rest of the object is compared all the same.
    let ignore = r#"{"spec":{"ignore":[{"paths":["/spec/replicas"],"target":{"kind":"Deployment"}}]}}"#;
    let kustomizations = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations";
    ground.patch(&format!("{kustomizations}/{name}"), "operator", ignore);
    let drift = compared(&operator, &name).expect("JSON");
    let deployment = drift["objects"].as_array().and_then(|all| all.iter().find(|o| o["kind"] == "Deployment")).expect("it");
    assert_eq!((deployment["ignored"].as_u64(), deployment["fields"].as_array().map(Vec::len)), (Some(1), Some(1)), "{drift}");
    assert_eq!(deployment["fields"][0]["path"], "spec.template.spec.containers[web].image", "{drift}");

    // Flux sets the rest back.
    operator.run(&["resume", &format!("ks/{name}"), "--yes"]).ok();
    operator.run(&["reconcile", &format!("ks/{name}"), "--yes"]).ok();
    wait("agreement again", LIMIT, || operator.run(&["diff", &format!("ks/{name}")]).out.contains("agrees, ").then_some(()));
    let live = ground.object(&place).expect("it is there");
    assert_eq!(live["spec"]["replicas"], 3, "what is ignored stays as somebody set it: {live}");
}
