//! What is found by looking around: chains, circles, Pods under workloads, what was read beside the world.

use std::sync::Arc;

use super::super::*;
use crate::flux::{Artifact, FluxObject, FluxSpec, FluxStatus, Inventory, Reference};
use crate::revision::Revision;
use crate::workload::{Container, ContainerState, Pod, Workload};

/// The causes that are shown here and not in the table.
pub(super) const SHOWN: [&str; 9] = [
    "oom-killed",
    "init-crash",
    "claim-pending",
    "dependency-cycle",
    "suspended",
    "controller-down",
    "unseen",
    "deleting",
    "said",
];

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Condition {
    Condition {
        kind: kind.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        last_transition_time: None,
        observed_generation: None,
    }
}

fn object(kind: &str, name: &str, ready: Condition) -> FluxObject {
    FluxObject {
        key: ObjectKey { cluster: "deck".into(), kind: kind.into(), namespace: "shop".into(), name: name.into() },
        uid: name.into(),
        resource_version: "1".into(),
        generation: 1,
        created: None,
        deleting: false,
        requested_at: None,
        labels: Vec::new(),
        marks: Vec::new(),
        spec: FluxSpec::default(),
        status: FluxStatus {
            conditions: vec![ready],
            observed_generation: Some(1),
            artifact: Some(Box::new(Artifact { revision: Revision("main@sha1:1".into()), last_update_time: None })),
            ..FluxStatus::default()
        },
    }
}

fn reference(kind: &str, name: &str) -> Reference {
    Reference { kind: kind.into(), name: name.into(), namespace: None }
}

fn world(mut flux: Vec<FluxObject>, workloads: Vec<Workload>, pods: Vec<Pod>) -> World {
    flux.sort_by(|a, b| a.key.cmp(&b.key));
    World {
        flux: Arc::new(flux.into_iter().map(Arc::new).collect()),
        workloads: Arc::new(workloads.into_iter().map(Arc::new).collect()),
        pods: Arc::new(pods.into_iter().map(Arc::new).collect()),
        ..World::default()
    }
}

fn ids(causes: &[Cause]) -> Vec<&str> {
    causes.iter().map(|cause| cause.id).collect()
}

fn workload() -> Workload {
    Workload {
        key: ObjectKey { cluster: "deck".into(), kind: "Deployment".into(), namespace: "shop".into(), name: "web".into() },
        uid: "w".into(),
        resource_version: "1".into(),
        generation: 1,
        observed_generation: 1,
        created: None,
        replicas: 2,
        updated: 2,
        ready: 0,
        available: 0,
        total: 2,
        containers: vec![Container {
            name: "app".into(),
            image: "shop:1".into(),
            resources: vec![("limits.memory".into(), "64Mi".into()), ("requests.cpu".into(), "500".into())],
        }],
        selector: vec![("app".into(), "web".into())],
        conditions: Vec::new(),
        applied_by: Some(("shop".into(), "app".into())),
        released_by: None,
    }
}

fn pod(name: &str, conditions: Vec<Condition>, container: ContainerState) -> Pod {
    Pod {
        key: ObjectKey { cluster: "deck".into(), kind: "Pod".into(), namespace: "shop".into(), name: name.into() },
        uid: name.into(),
        resource_version: "1".into(),
        created: None,
        phase: "Running".into(),
        deleting: false,
        labels: vec![("app".into(), "web".into())],
        owner: None,
        conditions,
        containers: vec![container],
    }
}

fn crashing(code: i32, why: &str) -> ContainerState {
    ContainerState {
        name: "app".into(),
        image: "shop:1".into(),
        restarts: 3,
        waiting: Some("CrashLoopBackOff".into()),
        last_exit: Some((code, why.into())),
        ..ContainerState::default()
    }
}

fn timed_out() -> FluxObject {
    let said = "health check failed after 30s: timeout waiting for: [Deployment/shop/web status: 'InProgress']";
    object("Kustomization", "app", condition("Ready", "False", "HealthCheckFailed", said))
}

#[test]
fn a_chain_of_dependencies_ends_at_its_root() {
    let waits = |on: &str| condition("Ready", "False", "DependencyNotReady", &format!("dependency 'shop/{on}' is not ready"));
    let mut app = object("Kustomization", "app", waits("infra"));
    app.spec.depends_on = vec![reference("", "infra")];
    let mut infra = object("Kustomization", "infra", waits("crds"));
    infra.spec.depends_on = vec![reference("", "crds")];
    let mut crds = object(
        "Kustomization",
        "crds",
        condition("Ready", "False", "ArtifactFailed", "Source artifact not found, retrying in 30s"),
    );
    crds.spec.source_ref = Some(reference("GitRepository", "repo"));
    let said = "failed to checkout and determine revision: unable to clone 'x': couldn't find remote ref \"refs/heads/nope\"";
    let repo = object("GitRepository", "repo", condition("Ready", "False", "GitOperationFailed", said));
    let key = app.key.clone();
    let causes = explain(&world(vec![app, infra, crds, repo], Vec::new(), Vec::new()), &key, &Found::default());
    assert_eq!(ids(&causes), ["branch-missing", "source-not-ready", "dependency-not-ready", "dependency-not-ready"]);
    assert_eq!(causes[0].object.name.as_ref(), "repo");
    assert_eq!(causes[3].object, key);
}

#[test]
fn a_circle_is_named() {
    let waits = |on: &str| condition("Ready", "False", "DependencyNotReady", &format!("dependency 'shop/{on}' is not ready"));
    let mut one = object("Kustomization", "one", waits("two"));
    one.spec.depends_on = vec![reference("", "two")];
    let mut two = object("Kustomization", "two", waits("one"));
    two.spec.depends_on = vec![reference("", "one")];
    let key = one.key.clone();
    let causes = explain(&world(vec![one, two], Vec::new(), Vec::new()), &key, &Found::default());
    assert_eq!(causes[0].id, "dependency-cycle");
    assert!(causes[0].what().contains("one → two → one"), "{}", causes[0].what());
}

#[test]
fn pods_are_the_root_of_a_failed_health_check() {
    let pods = ["a", "b"].map(|name| pod(name, Vec::new(), crashing(137, "OOMKilled"))).to_vec();
    let app = timed_out();
    let key = app.key.clone();
    let found = Found {
        logs: vec![LogTail {
            pod: ("shop".into(), "a".into()),
            container: "app".into(),
            lines: (1..9).map(|n| format!("line {n}")).collect(),
        }],
        ..Found::default()
    };
    let causes = explain(&world(vec![app], vec![workload()], pods), &key, &found);
    assert_eq!(ids(&causes), ["oom-killed", "health-timeout"], "both Pods say the same");
    assert!(causes[0].what().contains("limit of 64Mi"), "{}", causes[0].what());
    let log = causes[0].evidence.iter().find(|q| matches!(q.origin, Origin::Log { .. })).unwrap();
    assert_eq!(log.text, "line 4\nline 5\nline 6\nline 7\nline 8");
}

#[test]
fn an_init_container_is_told_from_others() {
    let waits = condition("Initialized", "False", "ContainersNotInitialized", "containers with incomplete status: [app]");
    let pods = vec![pod("a", vec![waits], crashing(2, "Error"))];
    let app = timed_out();
    let key = app.key.clone();
    let causes = explain(&world(vec![app], vec![workload()], pods), &key, &Found::default());
    assert_eq!(causes[0].id, "init-crash");
    assert!(causes[0].what().contains("app fails with exit code 2"), "{}", causes[0].what());
}

#[test]
fn a_claim_without_a_volume_is_the_root_of_a_pod_without_a_node() {
    let said = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    let place = condition("PodScheduled", "False", "Unschedulable", said);
    let state = ContainerState { name: "app".into(), image: "shop:1".into(), ..ContainerState::default() };
    let pods = vec![Pod { phase: "Pending".into(), ..pod("a", vec![place], state) }];
    let claim = ObjectKey { kind: "PersistentVolumeClaim".into(), name: "data".into(), ..workload().key };
    let app = timed_out();
    let key = app.key.clone();
    let world = world(vec![app], vec![workload()], pods);
    let found = Found { claims: vec![claim.clone()], ..Found::default() };
    assert_eq!(ids(&explain(&world, &key, &found)), ["claim-pending", "claim-unbound", "health-timeout"]);
    let event = Happened {
        object: claim,
        warning: false,
        reason: "FailedBinding".into(),
        message: "no persistent volumes available for this claim and no storage class is set".into(),
        count: 9,
    };
    let found = Found { events: vec![event], ..found };
    assert_eq!(ids(&explain(&world, &key, &found)), ["claim-no-class", "claim-unbound", "health-timeout"]);
}

#[test]
fn what_is_seen_of_an_object_as_a_whole() {
    let ready = || condition("Ready", "True", "ReconciliationSucceeded", "Applied revision: main@sha1:1");
    let mut suspended = object("Kustomization", "app", ready());
    suspended.spec.suspend = Some(true);
    let mut changed = object("Kustomization", "app", ready());
    changed.generation = 2;
    let mut leaving = object("Kustomization", "app", ready());
    leaving.deleting = true;
    let down = Found { controller_down: Some("kustomize-controller".into()), ..Found::default() };
    for (object, found, expect) in [
        (object("Kustomization", "app", ready()), Found::default(), &[][..]),
        (suspended, Found::default(), &["suspended"]),
        (changed.clone(), Found::default(), &["unseen"]),
        (changed, down, &["controller-down", "unseen"]),
        (leaving, Found::default(), &["deleting"]),
    ] {
        let key = object.key.clone();
        assert_eq!(ids(&explain(&world(vec![object], Vec::new(), Vec::new()), &key, &found)), expect);
    }
}

#[test]
fn an_old_failure_of_what_runs_does_not_hide_a_failed_build() {
    let mut app =
        object("Kustomization", "app", condition("Ready", "False", "BuildFailed", "kustomize build failed: yaml: line 3: no"));
    app.status.inventory = Some(Inventory::new([("shop_web_apps_Deployment", "v1")]));
    let key = app.key.clone();
    let mut workload = workload();
    workload.applied_by = None;
    let causes =
        explain(&world(vec![app], vec![workload], vec![pod("a", Vec::new(), crashing(1, "Error"))]), &key, &Found::default());
    assert_eq!(ids(&causes), ["yaml-error-line", "crash"]);
}

#[test]
fn what_nobody_understands_is_quoted() {
    let app = object("Kustomization", "app", condition("Ready", "False", "Brand new", "never seen before"));
    let key = app.key.clone();
    let causes = explain(&world(vec![app], Vec::new(), Vec::new()), &key, &Found::default());
    assert_eq!(ids(&causes), ["said"]);
    assert_eq!(
        (causes[0].what().as_str(), causes[0].evidence[0].text.as_str()),
        ("It is not well: Brand new", "never seen before")
    );
}

#[test]
fn a_pod_has_no_owner_in_another_cluster() {
    let mut elsewhere = workload();
    elsewhere.key = ObjectKey { cluster: "alone".into(), ..elsewhere.key };
    elsewhere.containers[0].resources = vec![("limits.memory".into(), "1Gi".into())];
    let pod = pod("web-1", Vec::new(), crashing(137, "OOMKilled"));
    let key = pod.key.clone();
    let limit = |workloads| {
        let world = world(Vec::new(), workloads, vec![pod.clone()]);
        let causes = explain(&world, &key, &Found::default());
        let mut values = causes.iter().flat_map(|cause| &cause.values);
        values.find(|(name, _)| *name == "limit").map(|(_, value)| value.clone())
    };
    assert_eq!(limit(vec![elsewhere.clone()]), None);
    assert_eq!(limit(vec![elsewhere, workload()]), Some("64Mi".to_owned()));
}

#[test]
fn a_resource_set_depends_on_objects_of_other_kinds() {
    let mut set = object("ResourceSet", "apps", condition("Ready", "False", "DependencyNotReady", "dependency not ready"));
    set.spec.depends_on = vec![reference("Kustomization", "infra")];
    let infra = object(
        "Kustomization",
        "infra",
        condition("Ready", "False", "BuildFailed", "kustomization path not found: stat /x: no such"),
    );
    let causes = explain(&world(vec![set.clone(), infra.clone()], Vec::new(), Vec::new()), &set.key, &Found::default());
    assert_eq!(causes[0].object, infra.key, "{:?}", ids(&causes));
}
