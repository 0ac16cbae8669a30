//! A table of objects and what is said of them.

use serde_json::json;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "a table is read more easily without references")]
fn object(api: &str, kind: &str, spec: Value, status: Value) -> Value {
    json!({ "apiVersion": api, "kind": kind, "metadata": { "generation": 2 }, "spec": spec, "status": status })
}

fn lit(kind: &str, status: &str, reason: &str) -> Value {
    json!([{ "type": kind, "status": status, "reason": reason, "message": "because" }])
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn table() -> Vec<(Value, State, &'static str)> {
    use State::{Current, Failed, Gone, InProgress, Suspended, Terminating};
    assert_ne!(Gone, Current, "what does not exist has no JSON to judge");
    let apps = |kind: &str, spec: Value, status: Value| object("apps/v1", kind, spec, status);
    let core = |kind: &str, spec: Value, status: Value| object("v1", kind, spec, status);
    vec![
        (json!({ "metadata": { "deletionTimestamp": "x", "finalizers": ["a/b"] } }), Terminating, "waits for a/b"),
        (apps("Deployment", json!({}), json!({ "observedGeneration": 1 })), InProgress, "seen generation 1 of 2"),
        (apps("Deployment", json!({}), json!({ "observedGeneration": 2 })), InProgress, "Pods made: 0/1"),
        (
            apps("Deployment", json!({ "replicas": 2 }), json!({ "replicas": 2, "updatedReplicas": 1, "availableReplicas": 2 })),
            InProgress,
            "updated: 1/2",
        ),
        (
            apps("Deployment", json!({ "replicas": 2 }), json!({ "replicas": 3, "updatedReplicas": 2, "availableReplicas": 2 })),
            InProgress,
            "old Pods still to go: 1",
        ),
        (apps("Deployment", json!({}), json!({ "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1 })), Current, ""),
        (apps("Deployment", json!({ "replicas": 0 }), json!({})), Current, ""),
        (
            apps("Deployment", json!({}), json!({ "conditions": lit("Progressing", "False", "ProgressDeadlineExceeded") })),
            Failed,
            "ProgressDeadlineExceeded: because",
        ),
        (apps("StatefulSet", json!({ "replicas": 2 }), json!({ "replicas": 2, "readyReplicas": 1 })), InProgress, "ready: 1/2"),
        (
            apps(
                "StatefulSet",
                json!({ "replicas": 1 }),
                json!({ "replicas": 1, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "b" }),
            ),
            InProgress,
            "updated: 0/1",
        ),
        (apps("DaemonSet", json!({}), json!({})), InProgress, "said nothing"),
        (apps("DaemonSet", json!({}), json!({ "desiredNumberScheduled": 0 })), Current, ""),
        (apps("ReplicaSet", json!({ "replicas": 0 }), json!({ "replicas": 0 })), Current, ""),
        (core("Pod", json!({}), json!({ "phase": "Running", "conditions": lit("Ready", "True", "") })), Current, ""),
        (
            core(
                "Pod",
                json!({}),
                json!({ "phase": "Running", "containerStatuses": [{ "name": "web", "state": { "waiting": { "reason": "CrashLoopBackOff" } } }] }),
            ),
            Failed,
            "web: CrashLoopBackOff",
        ),
        (
            core("Pod", json!({}), json!({ "phase": "Pending", "conditions": lit("PodScheduled", "False", "Unschedulable") })),
            InProgress,
            "Unschedulable: because",
        ),
        (core("PersistentVolumeClaim", json!({}), json!({ "phase": "Pending" })), InProgress, "Pending"),
        (core("PersistentVolumeClaim", json!({}), json!({ "phase": "Bound" })), Current, ""),
        (core("Service", json!({ "type": "ClusterIP" }), json!({})), Current, ""),
        (core("Service", json!({ "type": "LoadBalancer" }), json!({})), InProgress, "no cluster address"),
        (core("Service", json!({ "type": "LoadBalancer", "clusterIP": "10.0.0.1" }), json!({})), Current, "no address of a load"),
        (core("Namespace", json!({}), json!({ "phase": "Active" })), Current, ""),
        (core("ConfigMap", json!({}), json!({})), Current, ""),
        (
            object("batch/v1", "Job", json!({}), json!({ "startTime": "2026-11-21T00:00:00Z", "active": 1 })),
            InProgress,
            "active 1, succeeded 0, failed 0",
        ),
        (object("batch/v1", "Job", json!({}), json!({ "conditions": lit("Complete", "True", "") })), Current, ""),
        (object("batch/v1", "Job", json!({}), json!({ "conditions": lit("Failed", "True", "Backoff") })), Failed, "Backoff"),
        (object("batch/v1", "Job", json!({ "suspend": true }), json!({})), Suspended, ""),
        (
            object(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                json!({}),
                json!({ "conditions": lit("Established", "True", "") }),
            ),
            Current,
            "",
        ),
        (
            object(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                json!({}),
                json!({ "conditions": lit("NamesAccepted", "False", "Clash") }),
            ),
            Failed,
            "Clash",
        ),
        (
            object("cert-manager.io/v1", "Certificate", json!({}), json!({ "conditions": lit("Ready", "False", "Issuing") })),
            InProgress,
            "Issuing",
        ),
        (
            object(
                "kustomize.toolkit.fluxcd.io/v1",
                "Kustomization",
                json!({}),
                json!({ "conditions": lit("Ready", "False", "BuildFailed") }),
            ),
            Failed,
            "BuildFailed",
        ),
        (
            object(
                "kustomize.toolkit.fluxcd.io/v1",
                "Kustomization",
                json!({}),
                json!({ "conditions": lit("Ready", "False", "DependencyNotReady") }),
            ),
            InProgress,
            "DependencyNotReady",
        ),
        (
            object(
                "kustomize.toolkit.fluxcd.io/v1",
                "Kustomization",
                json!({ "suspend": true }),
                json!({ "observedGeneration": 1 }),
            ),
            Suspended,
            "",
        ),
        (
            object(
                "kustomize.toolkit.fluxcd.io/v1",
                "Kustomization",
                json!({}),
                json!({ "observedGeneration": -1, "conditions": lit("Ready", "False", "ArtifactFailed") }),
            ),
            Failed,
            "ArtifactFailed",
        ),
        (object("helm.toolkit.fluxcd.io/v2", "HelmRelease", json!({}), json!({})), InProgress, "said nothing"),
        (
            object("example.org/v1", "Thing", json!({}), json!({ "conditions": lit("Stalled", "True", "No") })),
            Failed,
            "No: because",
        ),
    ]
}

#[test]
fn every_object_is_judged_as_flux_waits_for_it() {
    for (object, state, said) in table() {
        let found = judge(&object);
        assert!(found.0 == state && found.1.contains(said) && said.is_empty() == found.1.is_empty(), "{object}: {found:?}");
    }
}

#[test]
fn namesakes_of_flux_kinds_in_other_groups_are_judged_as_any_object() {
    let status = json!({ "observedGeneration": 2, "conditions": lit("Ready", "False", "Waiting") });
    for (api, kind, state) in [
        ("source.toolkit.fluxcd.io/v1", "Bucket", State::Failed),
        ("s3.aws.crossplane.io/v1beta1", "Bucket", State::InProgress),
        ("pkg.crossplane.io/v1", "Provider", State::InProgress),
    ] {
        assert_eq!(judge(&object(api, kind, json!({}), status.clone())).0, state, "{api} {kind}");
    }
    let suspended =
        object("s3.aws.crossplane.io/v1beta1", "Bucket", json!({ "suspend": true }), json!({ "observedGeneration": 2 }));
    assert_eq!(judge(&suspended).0, State::Current);
    let silent = object("pkg.crossplane.io/v1", "Receiver", json!({}), json!({ "observedGeneration": 2 }));
    assert_eq!(judge(&silent).0, State::Current);
}
