//! Kustomizations in great number, as a large fleet has them: with a status and an inventory.

use serde_json::{Value, json};

/// How many namespaces they are in.
pub(crate) const NAMESPACES: usize = 50;

/// Returns the namespace and the name of one by its number.
pub(crate) fn place(n: usize) -> (String, String) {
    (format!("team-{:02}", n % NAMESPACES), format!("app-{n:05}"))
}

/// Returns what an operator writes of one; it is suspended, so that no controller works on it.
pub(crate) fn object(n: usize) -> Value {
    let (namespace, name) = place(n);
    json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": { "name": name, "namespace": namespace, "labels": { "app.kubernetes.io/name": name, "team": namespace } },
        "spec": {
            "suspend": true, "interval": "10m", "path": format!("./k8s/overlays/{namespace}/{name}"), "prune": true,
            "sourceRef": { "kind": "GitRepository", "name": "fleet" }, "dependsOn": [{ "name": "infra" }],
        },
    })
}

/// Returns the status of one, with so many inventory entries; another revision in each round. Every 17th is not ready.
pub(crate) fn status(n: usize, round: usize, entries: usize) -> Value {
    let (namespace, name) = place(n);
    let revision = format!("main@sha1:{:040x}", n * 7919 + round);
    let ready = !n.is_multiple_of(17);
    let message =
        if ready { format!("Applied revision: {revision}") } else { "kustomize build failed: accumulating resources".to_owned() };
    let entries: Vec<Value> =
        (0..entries).map(|k| json!({ "id": format!("{namespace}_{name}-{k}_apps_Deployment"), "v": "v1" })).collect();
    json!({
        "observedGeneration": 1, "lastAppliedRevision": revision, "lastAttemptedRevision": revision,
        "conditions": [{
            "type": "Ready", "status": if ready { "True" } else { "False" }, "observedGeneration": 1,
            "reason": if ready { "ReconciliationSucceeded" } else { "BuildFailed" },
            "lastTransitionTime": "2026-01-20T10:00:00Z", "message": message,
        }],
        "inventory": { "entries": entries },
    })
}
