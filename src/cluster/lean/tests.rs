//! No text of an object reaches the domain with a character in it that would steer a terminal.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use domain::flux::FluxObject;
use domain::workload::{Pod, Workload};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::*;

/// Poisons every text and every key that is not one of the names that the types know.
fn poisoned(value: &Value) -> Value {
    poisoned_with(value, &mut |text| format!("{text}\u{1b}[2J\u{202e}\u{9b}\u{7}"))
}

fn poisoned_with(value: &Value, poison: &mut impl FnMut(&str) -> String) -> Value {
    match value {
        Value::String(text) if text.parse::<Time>().is_ok() => value.clone(),
        Value::String(text) => json!(poison(text)),
        Value::Array(list) => list.iter().map(|v| poisoned_with(v, poison)).collect(),
        Value::Object(map) => {
            let free = |key: &str| key.contains('/') || key == "team" || key == "cpu";
            let key = |k: &String| if free(k) { format!("{k}\u{1b}]0;x\u{7}") } else { k.clone() };
            Value::Object(map.iter().map(|(k, v)| (key(k), poisoned_with(v, poison))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn check<T: Lean + Serialize>(kind: &str, object: &Value) {
    let texts = looked_through::<T>(kind, object);
    assert!(texts > 15, "{kind}: only {texts} texts were looked at");
}

/// Looks at every text of what is read of a poisoned object; returns how many there are.
fn looked_through<T: Lean + Serialize>(kind: &str, object: &Value) -> usize {
    let json = poisoned(object).to_string();
    let read = T::read(&json, &mut Mold::new("test", kind)).unwrap();
    safe_texts(kind, &read)
}

fn safe_texts(kind: &str, read: &impl Serialize) -> usize {
    let mut texts = 0;
    walk(&serde_json::to_value(read).unwrap(), &mut |text| {
        texts += 1;
        assert!(!text.chars().any(|c| text::hidden(c) && c != '\n'), "{kind}: {text:?}");
    });
    texts
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

fn release() -> Value {
    let reference = json!({ "kind": "GitRepository", "name": "repo", "namespace": "ns" });
    json!({ "metadata": meta(), "spec": {
        "interval": "1h", "timeout": "1m", "url": "https://x", "path": "./p", "targetNamespace": "t", "image": "i", "type": "git",
        "ref": { "branch": "b", "tag": "t", "semver": "s", "commit": "c", "name": "n" },
        "sourceRef": reference, "chartRef": reference, "dependsOn": [reference],
        "chart": { "spec": { "chart": "c", "version": "1", "sourceRef": reference } } },
      "status": { "conditions": conditions_json(), "artifact": { "revision": "main@sha1:x" }, "lastAppliedRevision": "r",
        "lastAttemptedRevision": "r", "lastHandledReconcileAt": "t", "latestImage": "i",
        "inventory": { "entries": [{ "id": "ns_n_apps_Deployment", "v": "v1" }] } } })
}

fn container() -> Value {
    json!({ "name": "web", "image": "web:1", "resources": { "requests": { "cpu": "1" }, "limits": { "cpu": "2" } } })
}

fn deployment() -> Value {
    json!({ "metadata": meta(), "spec": { "selector": { "matchLabels": { "team": "a" } },
        "template": { "spec": { "containers": [container()] } } }, "status": { "conditions": conditions_json() } })
}

fn pod() -> Value {
    // The names of containers must match for their states to be found.
    let status = json!({ "name": "web", "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "m" } },
        "lastState": { "terminated": { "exitCode": 1, "reason": "Error", "message": "m" } } });
    json!({ "metadata": meta(), "spec": { "initContainers": [container()], "containers": [container()] },
        "status": { "phase": "Running", "conditions": conditions_json(), "containerStatuses": [status], "initContainerStatuses": [status] } })
}

#[test]
fn every_text_of_a_flux_object_is_safe() {
    let object = release();
    check::<FluxObject>("HelmRelease", &object);
    let mut named = object;
    named["spec"]["chart"] = json!("podinfo");
    check::<FluxObject>("HelmChart", &named);
}

#[test]
fn every_text_of_a_workload_and_a_pod_is_safe() {
    check::<Workload>("Deployment", &deployment());
    check::<Pod>("Pod", &pod());
}

/// Reads an object whose texts are these, one after another; one that does not read is nobody's danger.
fn read_with<T: Lean + Serialize>(kind: &str, object: &Value, texts: &[String]) {
    let mut texts = texts.iter().cycle();
    let json = poisoned_with(object, &mut |text| format!("{text}{}", texts.next().map_or("", String::as_str))).to_string();
    if let Ok(read) = T::read(&json, &mut Mold::new("test", kind)) {
        safe_texts(kind, &read);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_text_of_any_kind_steers_anything(texts in proptest::collection::vec(any::<String>(), 1..12)) {
        for kind in domain::flux::KINDS {
            read_with::<FluxObject>(kind.name, &release(), &texts);
        }
        read_with::<Workload>("Deployment", &deployment(), &texts);
        read_with::<Pod>("Pod", &pod(), &texts);
    }
}

#[test]
fn a_message_quotes_no_credentials() {
    let said = message("cannot clone 'https://u:p@git.example/a'".to_owned());
    assert_eq!(said, "cannot clone 'https://•••@git.example/a'");
    let long = format!("{} https://u:{}@git.example", "x".repeat(MESSAGE - 20), "p".repeat(30));
    assert!(!message(long).contains("ppp"), "nor where it is cut");
}

/// Looks at what a poisoned object of a kind says of itself, in the lists as elsewhere.
fn its_texts_are_safe(kind: &str, spec: &Value, status: &Value) {
    use domain::filter::{self, Fields as _};
    let mut whole = json!({ "metadata": meta(), "spec": spec, "status": status });
    whole["status"]["conditions"] = conditions_json();
    looked_through::<FluxObject>(kind, &whole);
    let read = FluxObject::read(&poisoned(&whole).to_string(), &mut Mold::new("test", kind)).unwrap();
    for aspect in FluxObject::aspects() {
        if let filter::Value::Text(text) = (aspect.of)(&read) {
            assert!(!text.chars().any(text::hidden), "{kind}: {} is {text:?}", aspect.name);
        }
    }
}

/// What only one kind has is read for that kind, safe, and for the kinds that lists are full of nothing is kept.
#[test]
fn each_kind_keeps_what_is_its_own() {
    use domain::filter::{Fields, Value};
    let table = [
        (
            "Bucket",
            json!({ "bucketName": "b", "endpoint": "e", "provider": "aws" }),
            json!({}),
            "bucket=b endpoint=e provider=aws",
        ),
        ("HelmChart", json!({ "chart": "podinfo", "version": "6.x" }), json!({}), "chart=podinfo version=6.x"),
        (
            "HelmRelease",
            json!({ "chartRef": { "kind": "OCIRepository", "name": "podinfo" } }),
            json!({ "history": [{ "chartName": "podinfo", "chartVersion": "6.5.4", "appVersion": "6.5", "status": "deployed", "version": 7 }, {}] }),
            "chart=podinfo version=6.5.4 app=6.5 release=deployed history=7",
        ),
        (
            "ImageRepository",
            json!({ "image": "i" }),
            json!({ "lastScanResult": { "tagCount": 9, "scanTime": "2026-01-01T00:00:00Z" } }),
            "tags=9",
        ),
        ("ImagePolicy", json!({}), json!({ "latestRef": { "name": "ghcr.io/a", "tag": "1.2" } }), "latest=ghcr.io/a:1.2"),
        ("ImagePolicy", json!({}), json!({ "latestImage": "ghcr.io/a:1.1" }), "latest=ghcr.io/a:1.1"),
        (
            "ImageUpdateAutomation",
            json!({}),
            json!({ "lastPushTime": "2026-01-01T00:00:00Z", "lastPushCommit": "c0ffee" }),
            "commit=c0ffee",
        ),
        (
            "Provider",
            json!({ "type": "slack", "address": "https://x", "channel": "ops" }),
            json!(null),
            "type=slack address=https://x channel=ops",
        ),
        (
            "Provider",
            json!({ "type": "slack", "address": "https://u:p@hooks.example/T0/secret?token=1" }),
            json!(null),
            "address=https://hooks.example",
        ),
        ("GitRepository", json!({ "url": "https://u:p@git.example/a" }), json!({}), "url=https://•••@git.example/a"),
        (
            "Alert",
            json!({ "providerRef": { "name": "slack" }, "eventSources": [{ "kind": "Kustomization", "name": "*" }, { "kind": "HelmRelease" }] }),
            json!(null),
            "provider=slack severity=info events=Kustomization/*, HelmRelease/*",
        ),
        (
            "Receiver",
            json!({ "type": "github", "resources": [{ "kind": "GitRepository", "name": "a" }] }),
            json!({ "webhookPath": "/hook/1" }),
            "events=GitRepository/a webhook=/hook/1",
        ),
        (
            "FluxInstance",
            json!({ "distribution": { "version": "2.x", "registry": "ghcr.io/fluxcd" } }),
            json!({}),
            "version=2.x registry=ghcr.io/fluxcd",
        ),
        ("FluxReport", json!({ "distribution": { "version": "2.x", "registry": "r" } }), json!({}), "version=2.x registry=r"),
        ("HelmRepository", json!({ "type": "oci", "url": "oci://x" }), json!({}), "type=oci url=oci://x"),
        (
            "ExternalArtifact",
            json!({ "sourceRef": { "kind": "ArtifactGenerator", "name": "a" } }),
            json!({}),
            "source=ArtifactGenerator/a",
        ),
        ("ResourceSet", json!({ "inputs": [{ "a": 1 }, {}] }), json!({}), "inputs=2"),
        ("ResourceSetInputProvider", json!({ "type": "Static" }), json!({ "exportedInputs": [{}] }), "type=Static inputs=1"),
        ("ArtifactGenerator", json!({ "sources": [{}, {}], "artifacts": [{}] }), json!({}), "sources=2 artifacts=1"),
        ("OCIRepository", json!({ "url": "oci://x", "ref": { "semver": ">=1", "tag": "t" } }), json!({}), "url=oci://x ref=>=1"),
        (
            "Kustomization",
            json!({ "sourceRef": { "kind": "GitRepository", "name": "a" }, "prune": true }),
            json!({ "history": [{ "digest": "x", "totalReconciliations": 1 }] }),
            "source=GitRepository/a prune=true",
        ),
    ];
    for kind in domain::flux::KINDS {
        assert!(table.iter().any(|(named, ..)| *named == kind.name), "{}", kind.name);
    }
    for (kind, spec, status, want) in table {
        its_texts_are_safe(kind, &spec, &status);
        let json = json!({ "metadata": { "name": "n" }, "spec": spec, "status": status }).to_string();
        let read = FluxObject::read(&json, &mut Mold::new("test", kind)).unwrap();
        assert!(read.condition("Ready").is_none(), "{kind}: {:?}", read.status.conditions);
        assert!(kind != "Kustomization" || read.status.facts.is_none());
        let said: Vec<String> = want
            .split(' ')
            .filter_map(|w| w.split_once('='))
            .map(|(name, _)| {
                let aspect = FluxObject::aspects().iter().find(|a| a.name == name).unwrap();
                let value = match (aspect.of)(&read) {
                    Value::Text(text) => text.into_owned(),
                    Value::Number(number) => number.to_string(),
                    Value::Flag(is) => is.to_string(),
                    other => format!("{other:?}"),
                };
                format!("{name}={value}")
            })
            .collect();
        assert_eq!(said.join(" "), want, "{kind}");
    }
}
