//! Comparisons whose one side is not where one would look first: in a registry or a bucket, encrypted, in another cluster, in Helm.
//!
//! The Flux objects are suspended, and what their controllers would have written is written by hand: no registry, no bucket and
//! no key is needed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::story;
use super::{compared, verdict};
use crate::support::console::Operator;
use crate::support::ground::Ground;
use crate::support::{shelf, wait};

const LIMIT: Duration = Duration::from_mins(1);
const WHEN: &str = "2026-11-20T14:02:30Z";

/// Applies objects.
fn apply(ground: &Ground, objects: &[Value]) {
    let texts: Vec<String> = objects.iter().map(Value::to_string).collect();
    ground.apply(&texts.join("\n---\n"));
}

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

fn settings(namespace: &str, level: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings", "namespace": namespace }, "data": { "level": level } })
}

/// Returns a suspended Kustomization of a source in its namespace.
fn kustomization(name: &str, (kind, source): (&str, &str), more: &Value) -> Value {
    let mut spec = json!({
        "suspend": true, "interval": "10m", "prune": true, "path": "./k8s", "sourceRef": { "kind": kind, "name": source },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": { "name": name, "namespace": "flux-system" }, "spec": spec,
    })
}

/// Makes a suspended OCIRepository with an artifact, as its controller would have stored it.
fn packed(ground: &Ground, name: &str, files: &[(&str, &str)]) {
    let (kind, plural) = ("OCIRepository", "ocirepositories");
    let spec = json!({ "suspend": true, "interval": "10m", "url": "oci://registry.invalid/app" });
    held(ground, (kind, plural, name), &spec, &shelf::artifact(files, "1.0.0@sha256:1111"));
}

fn held(ground: &Ground, (kind, plural, name): (&str, &str, &str), spec: &Value, artifact: &Value) {
    let source = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind,
        "metadata": { "name": name, "namespace": "flux-system" }, "spec": spec,
    });
    apply(ground, &[source]);
    let path = format!("/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/{plural}/{name}");
    ground.set_status(&path, &json!({ "artifact": artifact }));
}

/// Compares until the objects stand so.
fn until(operator: &Operator, name: &str, kind: &str, wanted: &str) -> Value {
    wait(&format!("{kind} is {wanted}"), LIMIT, || {
        compared(operator, name).filter(|drift| verdict(drift, kind).as_deref() == Some(wanted))
    })
}

story!(artifacts_of_every_source_are_compared);
fn artifacts_of_every_source_are_compared(ground: &Ground) {
    let operator = ground.operator();
    let app = ground.app.as_str();
    for (kind, plural, spec) in [
        ("OCIRepository", "ocirepositories", json!({ "url": "oci://registry.invalid/app" })),
        ("Bucket", "buckets", json!({ "bucketName": "app", "endpoint": "bucket.invalid" })),
    ] {
        let (place, name) = (ground.namespace(&kind.to_lowercase()), format!("{app}-{}", kind.to_lowercase()));
        let text = settings(&place, "info").to_string();
        let mut whole = json!({ "suspend": true, "interval": "10m" });
        for (key, value) in spec.as_object().into_iter().flatten() {
            whole[key] = value.clone();
        }
        let revision = "1.0.0@sha256:2222";
        held(ground, (kind, plural, &name), &whole, &shelf::artifact(&[("k8s/settings.yaml", &text)], revision));
        apply(ground, &[namespace(&place), kustomization(&name, (kind, &name), &json!({}))]);
        let missing = until(&operator, &name, "ConfigMap", "missing");
        let desired = &missing["desired"];
        assert_eq!((&desired["way"], &desired["revision"]), (&json!("artifact"), &json!(revision)), "{missing}");
        assert!(desired["source"].as_str().is_some_and(|source| source.contains(kind)), "{missing}");
        apply(ground, &[settings(&place, "debug")]);
        let changed = until(&operator, &name, "ConfigMap", "changed");
        let fields = changed["objects"][0]["fields"].as_array().cloned().unwrap_or_default();
        let level = fields.iter().find(|field| field["path"] == "data.level");
        let sides = level.map(|field| (field["live"].clone(), field["desired"].clone()));
        assert_eq!(sides, Some((json!("debug"), json!("info"))), "{changed}");
    }
}

story!(what_is_encrypted_is_named_and_never_opened);
fn what_is_encrypted_is_named_and_never_opened(ground: &Ground) {
    let operator = ground.operator();
    let (name, place) = (ground.app.as_str(), ground.namespace("sealed"));
    let login = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "login", "namespace": place },
        "stringData": { "password": "ENC[AES256_GCM,data:aGlkZGVu,type:str]" }, "sops": { "mac": "ENC[AES256_GCM,data:bWFj]" },
    });
    packed(
        ground,
        name,
        &[
            (
                "k8s/kustomization.yaml",
                "resources: [login.yaml, settings.yaml]\nsecretGenerator:\n- name: app\n  envs: [app.env]\n",
            ),
            ("k8s/login.yaml", &login.to_string()),
            ("k8s/app.env", "TOKEN=ENC[AES256_GCM,data:dG9rZW4=,type:str]\n"),
            ("k8s/settings.yaml", &settings(&place, "info").to_string()),
        ],
    );
    let decryption = json!({ "decryption": { "provider": "sops" }, "targetNamespace": place });
    apply(ground, &[namespace(&place), settings(&place, "info"), kustomization(name, ("OCIRepository", name), &decryption)]);
    let drift = wait("a comparison", LIMIT, || compared(&operator, name).filter(|drift| drift["left"] == 0));
    let notes = drift["notes"].to_string();
    assert!(notes.contains("Encrypted with SOPS and not read: k8s/app.env, k8s/login.yaml"), "{drift}");
    let of = |drift: &Value, name: &str| {
        let objects = drift["objects"].as_array().cloned().unwrap_or_default();
        objects.into_iter().find(|o| o["name"].as_str().is_some_and(|n| n.starts_with(name))).unwrap_or_default()
    };
    assert_eq!(of(&drift, "login")["verdict"], "missing", "{drift}");
    assert_eq!(of(&drift, "app-")["verdict"], "unknown", "its name hangs on what is hidden: {drift}");
    assert!(matches!(of(&drift, "settings")["verdict"].as_str(), Some("agrees" | "changed")), "{drift}");

    // What was applied tells how the generated one is called; with both there, nothing is missing and nothing left over.
    let secret = |name: &str| json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "namespace": place } });
    apply(ground, &[secret("login"), secret("app-2m6c5t8g7h")]);
    let entries: Vec<Value> =
        ["login", "app-2m6c5t8g7h"].iter().map(|name| json!({ "id": format!("{place}_{name}__Secret"), "v": "v1" })).collect();
    let path = format!("/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/{name}");
    ground.set_status(&path, &json!({ "inventory": { "entries": entries } }));
    let drift = wait("the generated one is found", LIMIT, || {
        compared(&operator, name).filter(|drift| of(drift, "app-2m6c5t8g7h")["verdict"] == "unknown")
    });
    for secret in [of(&drift, "login"), of(&drift, "app-2m6c5t8g7h")] {
        assert!(secret["verdict"] == "unknown" && secret["why"].to_string().contains("encrypted with SOPS"), "{drift}");
    }
    assert!(!drift.to_string().contains("\"extra\"") && !drift.to_string().contains("aGlkZGVu"), "{drift}");
}

story!(another_cluster_is_reached_by_its_kubeconfig);
fn another_cluster_is_reached_by_its_kubeconfig(ground: &Ground) {
    let operator = ground.operator();
    let (name, place) = (ground.app.as_str(), ground.namespace("far"));
    packed(ground, name, &[("k8s/settings.yaml", &settings(&place, "info").to_string())]);
    let far = json!({ "kubeConfig": { "secretRef": { "name": name } } });
    apply(ground, &[namespace(&place), kustomization(name, ("OCIRepository", name), &far)]);
    let said = wait("the missing Secret is said", LIMIT, || {
        let said = operator.run(&["diff", &format!("ks/{name}")]);
        said.err.contains("it does not exist").then_some(said)
    });
    assert!(
        said.code == 1 && said.err.contains("another cluster") && said.err.contains(&format!("flux-system/{name}")),
        "{}",
        said.err
    );

    let secret = |text: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "namespace": "flux-system" },
            "data": { "value": STANDARD.encode(text) },
        })
    };
    // The other cluster is this one, by a way of its own.
    let kubeconfig = std::fs::read_to_string(ground.kubeconfig()).expect("a kubeconfig of our own");
    apply(ground, &[secret(&kubeconfig)]);
    let drift = until(&operator, name, "ConfigMap", "missing");
    assert!(drift["notes"].to_string().contains("Compared in another cluster, http"), "{drift}");

    let mut evil: Value = serde_yaml::from_str(&kubeconfig).expect("a kubeconfig of our own");
    evil["users"][0]["user"] =
        json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": ["/x"] } });
    apply(ground, &[secret(&evil.to_string())]);
    let said = operator.run(&["diff", &format!("ks/{name}")]).failed(1);
    assert!(said.contains("exec of a kubeconfig that lies in a cluster is not used"), "{said}");
}

story!(what_a_release_ignores_is_ignored);
fn what_a_release_ignores_is_ignored(ground: &Ground) {
    let operator = ground.operator();
    let (name, place) = (ground.app.as_str(), ground.namespace("release"));
    let mut live = settings(&place, "debug");
    live["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "Helm" });
    live["metadata"]["annotations"] = json!({ "meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": place });
    let stored = json!({
        "name": name, "namespace": place, "version": 1, "config": {}, "manifest": format!("---\n{}\n", settings(&place, "info")),
        "chart": { "metadata": { "name": "app", "version": "1.0.0" } },
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": { "name": format!("sh.helm.release.v1.{name}.v1"), "namespace": place },
        "data": { "release": STANDARD.encode(STANDARD.encode(stored.to_string())) },
    });
    let release = |ignore: &Value| {
        json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": { "name": name, "namespace": "flux-system" },
            "spec": {
                "suspend": true, "interval": "10m", "targetNamespace": place, "driftDetection": { "mode": "enabled", "ignore": ignore },
                "chart": { "spec": { "chart": "app", "sourceRef": { "kind": "HelmRepository", "name": "charts" } } },
                "valuesFrom": [{ "kind": "ConfigMap", "name": name }, { "kind": "Secret", "name": name, "valuesKey": "keys" }],
                "values": { "replicas": 2 },
            },
        })
    };
    let of_values = |kind: &str, key: &str, field: &str, text: &str| {
        let metadata = json!({ "name": name, "namespace": "flux-system" });
        json!({ "apiVersion": "v1", "kind": kind, "metadata": metadata, field: { key: text } })
    };
    let defaults = of_values("ConfigMap", "values.yaml", "data", "replicas: 1\nlevel: info\n");
    let keys = of_values("Secret", "keys", "data", &STANDARD.encode("token: s3cret-t0ken\n"));
    apply(ground, &[namespace(&place), live, secret, defaults, keys, release(&json!([]))]);
    let path = format!("/apis/helm.toolkit.fluxcd.io/v2/namespaces/flux-system/helmreleases/{name}");
    let history = json!([{
        "name": name, "namespace": place, "version": 1, "status": "deployed", "chartName": "app", "chartVersion": "1.0.0",
        "digest": "sha256:1", "configDigest": "sha256:2", "firstDeployed": WHEN, "lastDeployed": WHEN,
    }]);
    ground.set_status(&path, &json!({ "storageNamespace": place, "history": history }));
    let diff = || operator.run(&["diff", &format!("hr/{name}"), "-o", "json"]);
    let stands = |wanted: &str| {
        wait(&format!("it {wanted}"), LIMIT, || {
            let drift: Value = serde_json::from_str(&diff().out).ok()?;
            (verdict(&drift, "ConfigMap").as_deref() == Some(wanted)).then_some(drift)
        })
    };
    let changed = stands("changed");
    assert_eq!(changed["objects"][0]["fields"][0]["path"], "data.level", "{changed}");
    apply(ground, &[release(&json!([{ "paths": ["/data/level"], "target": { "kind": "ConfigMap" } }]))]);
    let agrees = stands("agrees");
    assert_eq!(agrees["objects"][0]["ignored"], 1, "{agrees}");
    assert!(agrees["notes"].to_string().contains("spec.driftDetection.ignore is honoured"), "{agrees}");

    // The values that Helm gets, each with its source, and no secret.
    let values = operator.run(&["values", &format!("hr/{name}")]);
    assert!(
        values.out.contains("replicas: 2") && values.out.contains("level: info") && !values.out.contains("s3cret"),
        "{}",
        values.out
    );
    let from = operator.run(&["values", &format!("hr/{name}"), "-o", "wide"]).ok();
    let by = |path: &str| from.lines().find(|line| line.starts_with(path)).map(str::to_owned).unwrap_or_default();
    assert!(by("replicas").ends_with("spec.values") && by("level").contains("ConfigMap/"), "{from}");
    assert!(by("token").contains("Secret/") && !from.contains("s3cret"), "{from}");
    crate::stories::shell::fits(&operator, "values", &operator.run(&["values", &format!("hr/{name}"), "-o", "json"]).json());
    operator.run(&["values", "ks/x"]).failed(2);
}
