//! The test cluster itself: a real Flux brings a commit to a node, and failing Pods fail as in life.

use std::io::{self, Read};
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::support::cluster::Cluster;
use crate::support::gitserver::{GitServer, Repo};
use crate::support::{note, programs, wait};

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - {{name: app, image: '{image}'}}
"
    )
}

/// Creates a repository with a base and an overlay, and Flux objects in a namespace that apply the overlay.
fn sail(cluster: &Cluster, server: &GitServer, namespace: &str, image: &str) -> (Repo, String) {
    let repo = server.create(namespace);
    let overlay = "resources: [../../base]\nreplicas: [{name: web, count: 2}]\n";
    let id = repo.commit(
        "main",
        &[
            ("k8s/base/kustomization.yaml", "resources: [deployment.yaml]\n"),
            ("k8s/base/deployment.yaml", &deployment(image)),
            ("k8s/overlays/development/kustomization.yaml", overlay),
        ],
        "Begin",
    );
    let url = &repo.url;
    cluster.apply(&format!(
        "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: app, namespace: {namespace}}}
spec: {{interval: 1m, url: '{url}', ref: {{branch: main}}}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: app, namespace: {namespace}}}
spec:
  interval: 1m
  retryInterval: 2s
  path: ./k8s/overlays/development
  prune: true
  targetNamespace: {namespace}
  sourceRef: {{kind: GitRepository, name: app}}
"
    ));
    (repo, id)
}

/// Returns the first container's status of each Pod in a namespace.
fn containers(pods: &Value) -> impl Iterator<Item = &Value> {
    pods["items"].as_array().into_iter().flatten().map(|pod| &pod["status"]["containerStatuses"][0])
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn flux_brings_a_commit_to_running_pods() {
    let Some(cluster) = Cluster::or_skip() else { return };
    let server = GitServer::start();
    let namespace = cluster.namespace("smoke");
    let (repo, id) = sail(cluster, &server, &namespace, "registry.test/web:1.0.0");
    let path = format!("/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{namespace}/kustomizations/app");
    let applied = |id: &str| {
        let revision = format!("main@sha1:{id}");
        cluster.wait_for(&path, |object| {
            let conditions = object["status"]["conditions"].as_array();
            object["status"]["lastAppliedRevision"] == *revision
                && conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] == "True")
        })
    };
    applied(&id);
    let deployment = format!("/apis/apps/v1/namespaces/{namespace}/deployments/web");
    cluster.wait_for(&deployment, |object| object["status"]["availableReplicas"] == 2);

    let id = repo.commit("main", &[("k8s/base/deployment.yaml", &self::deployment("registry.test/web:1.1.0"))], "Next");
    let now = "reconcile.fluxcd.io/requestedAt=now";
    printed(&cluster.kubectl(&["annotate", "-n", &namespace, "gitrepository/app", now]));
    applied(&id);
    cluster.wait_for(&deployment, |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.test/web:1.1.0"
            && object["status"]["updatedReplicas"] == 2
            && object["status"]["availableReplicas"] == 2
            && object["status"]["replicas"] == 2
    });
    let logs = printed(&cluster.kubectl(&["logs", "-n", &namespace, "deployment/web"]));
    assert!(logs.contains("level=info msg=\"ready\""), "{logs}");
}

#[test]
fn images_that_cannot_be_pulled_and_programs_that_crash() {
    let Some(cluster) = Cluster::or_skip() else { return };
    let namespace = cluster.namespace("failing");
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    let apply = |image: &str| {
        let manifest = deployment(image).replace("{name: web}", &format!("{{name: web, namespace: {namespace}}}"));
        cluster.apply(&manifest);
    };
    apply("registry.test/web:missing");
    let seen =
        cluster.wait_for(&pods, |pods| containers(pods).any(|one| one["state"]["waiting"]["reason"] == "ImagePullBackOff"));
    let status = containers(&seen).next().expect("one Pod");
    let message = status["state"]["waiting"]["message"].as_str().expect("a message");
    assert!(message.starts_with("Back-off pulling image \"registry.test/web:missing\": ErrImagePull: "), "{message}");
    assert!(message.ends_with("registry.test/web:missing: not found"), "{message}");
    assert_eq!(seen["items"][0]["status"]["phase"], "Pending");
    let refused = cluster.kubectl(&["logs", "-n", &namespace, "-l", "app=web"]);
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains("is waiting to start: trying and failing to pull image"), "{words}");

    apply("registry.test/crash:2");
    let seen =
        cluster.wait_for(&pods, |pods| containers(pods).any(|one| one["state"]["waiting"]["reason"] == "CrashLoopBackOff"));
    let crashed = containers(&seen).position(|one| one["image"] == "registry.test/crash:2").expect("a new Pod");
    let status = &seen["items"][crashed]["status"]["containerStatuses"][0];
    assert!(status["restartCount"].as_u64() >= Some(1), "{status}");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 1);
    assert_eq!(status["lastState"]["terminated"]["reason"], "Error");
    let pod = seen["items"][crashed]["metadata"]["name"].as_str().expect("a name");
    for previous in ["--previous=false", "--previous=true"] {
        let logs = printed(&cluster.kubectl(&["logs", "-n", &namespace, pod, "--tail=1", previous]));
        assert_eq!(logs, "panic: cannot open configuration /etc/app/config.yaml\n", "{previous}");
    }
}

#[test]
fn a_slow_pod_runs_before_it_is_ready() {
    let Some(cluster) = Cluster::or_skip() else { return };
    let namespace = cluster.namespace("slow");
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    let manifest = deployment("registry.test/slow:1");
    cluster.apply(&manifest.replace("{name: web}", &format!("{{name: web, namespace: {namespace}}}")));
    let running = |ready: bool| {
        cluster.wait_for(&pods, |pods| {
            let mut containers = containers(pods);
            containers.any(|one| one["state"]["running"].is_object() && one["ready"] == ready)
        });
    };
    running(false);
    running(true);
}

#[test]
fn a_frozen_api_server_goes_on() {
    // One of its own: the others would wait for it.
    let cluster = match Cluster::start() {
        Ok(cluster) => cluster,
        Err(skip) => return skip.say(),
    };
    let path = "/api/v1/namespaces/default";
    assert!(cluster.get(path).is_some());
    let frozen = cluster.freeze_api();
    let output = cluster.kubectl(&["get", "namespace", "default", "--request-timeout=2s"]);
    assert!(!output.status.success());
    drop(frozen);
    assert!(cluster.get(path).is_some());
    let context = cluster.kubectl(&["config", "current-context"]);
    assert_eq!(printed(&context).trim(), Cluster::CONTEXT);
}

#[test]
fn the_real_kustomize_is_built() {
    match programs() {
        Err(skip) => skip.say(),
        Ok(programs) => {
            let output = std::process::Command::new(programs.path("kustomize")).arg("version").output();
            assert_eq!(printed(&output.expect("it is built")).trim(), "v5.8.1");
        }
    }
}

/// Starts a cluster and a Git server to play with: `cargo test --test tests -- --ignored hold_the_cluster --nocapture`.
#[test]
#[ignore = "waits for Enter, to be used by hand"]
fn hold_the_cluster() {
    let Some(cluster) = Cluster::or_skip() else { return };
    let server = GitServer::start();
    let repo = server.create("app");
    repo.commit("main", &[("k8s/base/deployment.yaml", &deployment("registry.test/web:1.0.0"))], "Begin");
    note(&format!("export KUBECONFIG={}", cluster.kubeconfig().display()));
    note(&format!("kubectl: {} kubectl", cluster.program("control").display()));
    note(&format!("a Git repository: {}", repo.url));
    note("Enter ends it.");
    // End of input ends it just as well.
    drop(io::stdin().read(&mut [0]));
    wait("the repository is still there", Duration::from_secs(1), || repo.head("main"));
}
