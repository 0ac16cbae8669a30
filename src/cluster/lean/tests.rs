//! No text of an object reaches the domain with a character in it that would steer a terminal.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use domain::flux::FluxObject;
use domain::workload::{Pod, Workload};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::*;

/// Poisons every text and every key that is not one of the names that the types know.
fn poisoned(value: &Value) -> Value {
    match value {
        Value::String(text) if text.parse::<Time>().is_ok() => value.clone(),
        Value::String(text) => json!(format!("{text}\u{1b}[2J\u{202e}\u{9b}\u{7}")),
        Value::Array(list) => list.iter().map(poisoned).collect(),
        Value::Object(map) => {
            let free = |key: &str| key.contains('/') || key == "team" || key == "cpu";
            let key = |k: &String| if free(k) { format!("{k}\u{1b}]0;x\u{7}") } else { k.clone() };
            Value::Object(map.iter().map(|(k, v)| (key(k), poisoned(v))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn check<T: Lean + Serialize>(kind: &str, object: &Value) {
    let json = poisoned(object).to_string();
    let read = T::read(&json, &mut Mold::new("test", kind)).unwrap();
    let mut texts = 0;
    walk(&serde_json::to_value(&read).unwrap(), &mut |text| {
        texts += 1;
        assert!(!text.chars().any(|c| text::hidden(c) && c != '\n'), "{kind}: {text:?}");
    });
    assert!(texts > 15, "{kind}: only {texts} texts were looked at");
}

fn walk(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(list) => list.iter().for_each(|v| walk(v, look)),
        Value::Object(map) => map.values().for_each(|v| walk(v, look)),
        _ => {}
    }
}

fn meta() -> Value {
    json!({ "name": "n", "namespace": "ns", "uid": "u", "resourceVersion": "7", "labels": { "team": "a",
            "kustomize.toolkit.fluxcd.io/name": "app", "kustomize.toolkit.fluxcd.io/namespace": "shop" },
        "annotations": { "quarterdeck.dev/by": "ana", "reconcile.fluxcd.io/requestedAt": "t" },
        "ownerReferences": [{ "kind": "ReplicaSet", "name": "web", "controller": true }] })
}

fn conditions_json() -> Value {
    json!([{ "type": "Ready", "status": "False", "reason": "r", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z" }])
}

#[test]
fn every_text_of_a_flux_object_is_safe() {
    let reference = json!({ "kind": "GitRepository", "name": "repo", "namespace": "ns" });
    let object = json!({ "metadata": meta(), "spec": {
        "interval": "1h", "timeout": "1m", "url": "https://x", "path": "./p", "targetNamespace": "t", "image": "i", "type": "git",
        "ref": { "branch": "b", "tag": "t", "semver": "s", "commit": "c", "name": "n" },
        "sourceRef": reference, "chartRef": reference, "dependsOn": [reference],
        "chart": { "spec": { "chart": "c", "version": "1", "sourceRef": reference } } },
      "status": { "conditions": conditions_json(), "artifact": { "revision": "main@sha1:x" }, "lastAppliedRevision": "r",
        "lastAttemptedRevision": "r", "lastHandledReconcileAt": "t", "latestImage": "i",
        "inventory": { "entries": [{ "id": "ns_n_apps_Deployment", "v": "v1" }] } } });
    check::<FluxObject>("HelmRelease", &object);
    let mut named = object;
    named["spec"]["chart"] = json!("podinfo");
    check::<FluxObject>("HelmChart", &named);
}

#[test]
fn every_text_of_a_workload_and_a_pod_is_safe() {
    let container =
        json!({ "name": "web", "image": "web:1", "resources": { "requests": { "cpu": "1" }, "limits": { "cpu": "2" } } });
    let workload = json!({ "metadata": meta(), "spec": { "selector": { "matchLabels": { "team": "a" } },
        "template": { "spec": { "containers": [container] } } }, "status": { "conditions": conditions_json() } });
    check::<Workload>("Deployment", &workload);
    // The names of containers must match for their states to be found.
    let status = json!({ "name": "web", "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "m" } },
        "lastState": { "terminated": { "exitCode": 1, "reason": "Error", "message": "m" } } });
    let pod = json!({ "metadata": meta(), "spec": { "initContainers": [container], "containers": [container] },
        "status": { "phase": "Running", "conditions": conditions_json(), "containerStatuses": [status], "initContainerStatuses": [status] } });
    check::<Pod>("Pod", &pod);
}
