//! Deployments and their Pods, in health and in trouble.

use kube::api::{Api, DeleteParams, LogParams};
use serde_json::{Value, json};

use super::{Bench, condition, deployment};

const WEB: (&str, &str, &str) = ("Deployment", "default", "web");

fn pods(bench: &Bench) -> Vec<Value> {
    bench.sim.dump().into_iter().filter(|o| o["kind"] == "Pod").collect()
}

async fn pod_waiting(bench: &Bench, reason: &str) -> Value {
    let mut found = None;
    let seen = bench.sim.wait_for(WEB, super::PATIENCE, |_| {
        found = waiting(bench, reason);
        found.is_some()
    });
    drop(seen.await);
    found.unwrap_or_else(|| panic!("no Pod waits with {reason}: {:#?}", pods(bench)))
}

fn waiting(bench: &Bench, reason: &str) -> Option<Value> {
    pods(bench).into_iter().find(|p| p.pointer("/status/containerStatuses/0/state/waiting/reason") == Some(&json!(reason)))
}

#[tokio::test]
async fn a_deployment_rolls_out_and_over() {
    let bench = Bench::start();
    bench.sim.create(deployment("web", "web:1", 3)).unwrap();
    let done = bench.until(WEB, "/status/availableReplicas", json!(3)).await;
    assert_eq!(done["status"]["updatedReplicas"], 3);
    let done = bench.until_condition(WEB, "Progressing", "NewReplicaSetAvailable").await;
    assert_eq!(condition(&done, "Available").unwrap()["message"], "Deployment has minimum availability.");
    assert_eq!(done["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    let applied = serde_yaml::to_string(&deployment("web", "web:2", 3)).unwrap();
    bench.sim.apply_yaml(&applied).unwrap();
    bench.until(WEB, "/status/observedGeneration", json!(2)).await;
    bench.until(WEB, "/status/terminatingReplicas", json!(0)).await;
    let done = bench.until_condition(WEB, "Progressing", "NewReplicaSetAvailable").await;
    assert_eq!(done["status"]["replicas"], 3);
    assert_eq!(done["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    let images: Vec<Value> = pods(&bench)
        .iter()
        .filter(|p| p.pointer("/metadata/deletionTimestamp").is_none())
        .map(|p| p["spec"]["containers"][0]["image"].clone())
        .collect();
    assert_eq!(images, ["web:2", "web:2", "web:2"]);
    let api: Api<k8s_openapi::api::apps::v1::Deployment> = Api::default_namespaced(bench.client.clone());
    api.delete("web", &DeleteParams::default()).await.unwrap();
    bench.sim.wait_for(WEB, super::PATIENCE, |_| pods(&bench).is_empty()).await.expect("the Pods go with their Deployment");
}

#[tokio::test]
async fn an_image_that_is_missing_says_so() {
    let bench = Bench::start();
    let mut object = deployment("web", "registry.example/web:missing", 1);
    object["spec"]["progressDeadlineSeconds"] = json!(30);
    bench.sim.create(object).unwrap();
    let pod = pod_waiting(&bench, "ImagePullBackOff").await;
    let message = pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"].as_str().unwrap();
    assert!(message.contains("Back-off pulling image \"registry.example/web:missing\""), "{message}");
    assert_eq!(pod["status"]["phase"], "Pending");
    let late = bench.until_condition(WEB, "Progressing", "ProgressDeadlineExceeded").await;
    assert!(condition(&late, "Progressing").unwrap()["message"].as_str().unwrap().ends_with("has timed out progressing."));
    let logs: Api<k8s_openapi::api::core::v1::Pod> = Api::default_namespaced(bench.client.clone());
    let refused = logs.logs(pod["metadata"]["name"].as_str().unwrap(), &LogParams::default()).await.unwrap_err().to_string();
    assert!(refused.contains("is waiting to start: trying and failing to pull image"), "{refused}");
}

#[tokio::test]
async fn a_container_that_crashes_comes_back_and_tells_why() {
    let bench = Bench::start();
    bench.sim.create(deployment("web", "web:crash", 1)).unwrap();
    let pod = pod_waiting(&bench, "CrashLoopBackOff").await;
    let status = &pod["status"]["containerStatuses"][0];
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 1);
    let name = pod["metadata"]["name"].as_str().unwrap().to_owned();
    let again = bench.sim.wait_for(("Pod", "default", &name), super::PATIENCE, |pod| {
        pod.and_then(|p| p.pointer("/status/containerStatuses/0/restartCount")?.as_i64()).is_some_and(|n| n >= 2)
    });
    assert!(again.await.is_some(), "it was not started again");
    let logs: Api<k8s_openapi::api::core::v1::Pod> = Api::default_namespaced(bench.client.clone());
    let last = LogParams { previous: true, tail_lines: Some(1), ..LogParams::default() };
    assert_eq!(logs.logs(&name, &last).await.unwrap(), "panic: cannot open configuration /etc/app/config.yaml: no such file\n");
}

#[tokio::test]
async fn a_slow_container_runs_before_it_is_ready() {
    let bench = Bench::start();
    bench.sim.create(deployment("web", "web:slow", 1)).unwrap();
    let seen = bench.sim.wait_for(WEB, super::PATIENCE, |_| {
        pods(&bench)
            .iter()
            .any(|p| p["status"]["phase"] == "Running" && condition(p, "Ready").is_some_and(|c| c["status"] == "False"))
    });
    assert!(seen.await.is_some(), "it never ran unready");
    bench.until(WEB, "/status/availableReplicas", json!(1)).await;
}

#[tokio::test]
async fn a_pod_without_room_stays_pending() {
    let bench = Bench::start();
    let mut object = deployment("web", "web:1", 1);
    object["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "1000"}});
    bench.sim.create(object).unwrap();
    let seen = bench.sim.wait_for(WEB, super::PATIENCE, |_| {
        pods(&bench).iter().any(|p| condition(p, "PodScheduled").is_some_and(|c| c["reason"] == "Unschedulable"))
    });
    assert!(seen.await.is_some());
    let message = condition(&pods(&bench)[0], "PodScheduled").unwrap()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("0/2 nodes are available: 2 Insufficient cpu."), "{message}");
}

#[tokio::test]
async fn the_other_workloads_come_up_too() {
    let bench = Bench::start();
    let mut set = deployment("db", "db:1", 2);
    set["kind"] = json!("StatefulSet");
    bench.sim.create(set.clone()).unwrap();
    bench.until(("StatefulSet", "default", "db"), "/status/readyReplicas", json!(2)).await;
    assert!(bench.sim.get("Pod", "default", "db-1").is_some());
    set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("db:2");
    bench.sim.apply_yaml(&serde_yaml::to_string(&set).unwrap()).unwrap();
    bench.until(("Pod", "default", "db-0"), "/spec/containers/0/image", json!("db:2")).await;
    bench.until(("StatefulSet", "default", "db"), "/status/readyReplicas", json!(2)).await;
    let mut daemon = deployment("agent", "agent:1", 1);
    daemon["kind"] = json!("DaemonSet");
    daemon["spec"].as_object_mut().unwrap().remove("replicas");
    bench.sim.create(daemon).unwrap();
    bench.until(("DaemonSet", "default", "agent"), "/status/numberReady", json!(2)).await;
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once", "namespace": "default"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "once", "image": "once:1"}]}}}});
    bench.sim.create(job).unwrap();
    bench.until_condition(("Job", "default", "once"), "Complete", "CompletionsReached").await;
}
