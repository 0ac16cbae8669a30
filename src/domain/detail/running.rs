//! What runs: a Pod, or the template of a workload, with its containers and how each of them is.

use serde_json::Value;

use super::{flag, list, moment, number, text};
use crate::Time;

/// Holds what runs, or is to run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Running {
    /// The Pod's phase; empty for a template.
    pub phase: String,
    /// Why, where the Pod says it.
    pub why: String,
    /// The node that it runs on.
    pub node: String,
    /// Its address.
    pub address: String,
    /// Its quality of service.
    pub quality: String,
    /// The ServiceAccount.
    pub account: String,
    /// How Pods are replaced by new ones.
    pub strategy: String,
    /// What owns it: kind and name.
    pub owner: Option<(String, String)>,
    /// When it was started.
    pub started: Option<Time>,
    /// Its containers, init containers first.
    pub containers: Vec<Container>,
}

/// Holds a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// The name.
    pub name: String,
    /// The image as written.
    pub image: String,
    /// Whether it runs before the others.
    pub init: bool,
    /// Whether it is ready; nothing in a template.
    pub ready: Option<bool>,
    /// How often it was restarted.
    pub restarts: i64,
    /// `running`, `waiting`, `terminated`; empty when nothing is known.
    pub state: String,
    /// Why it is in that state.
    pub reason: String,
    /// The sentence beside the reason.
    pub message: String,
    /// Since when.
    pub since: Option<Time>,
    /// How its run before ended.
    pub last: Option<Ended>,
    /// Requests and limits: `cpu`, request, limit; empty where there is none.
    pub resources: Vec<(String, String, String)>,
    /// Which probes it has.
    pub probes: Vec<&'static str>,
}

/// Says how a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ended {
    /// The exit code.
    pub code: i64,
    /// The reason: `Error`, `OOMKilled`, `Completed`.
    pub reason: String,
    /// The sentence beside it.
    pub message: String,
    /// When.
    pub at: Option<Time>,
}

/// Reads what runs out of the JSON of a Pod, a workload, a Job or a CronJob; nothing for other kinds.
pub fn running(object: &Value) -> Option<Running> {
    let spec = match text(object, "/kind") {
        "Pod" => object.pointer("/spec"),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => object.pointer("/spec/template/spec"),
        "CronJob" => object.pointer("/spec/jobTemplate/spec/template/spec"),
        _ => None,
    }?;
    let own = |pointer: &str| text(object, pointer).to_owned();
    let owners = list(object, "/metadata/ownerReferences");
    let owner = owners.iter().find(|o| flag(o, "/controller")).or(owners.first());
    let why = [text(object, "/status/reason"), text(object, "/status/message")];
    let containers = |specs: &str, statuses: &str, init: bool| {
        let statuses = list(object, statuses);
        let one = |spec: &Value| container(spec, statuses.iter().find(|s| text(s, "/name") == text(spec, "/name")), init);
        list(spec, specs).iter().map(one).collect::<Vec<_>>()
    };
    let mut all = containers("/initContainers", "/status/initContainerStatuses", true);
    all.extend(containers("/containers", "/status/containerStatuses", false));
    let strategies = ["/spec/strategy/type", "/spec/updateStrategy/type", "/spec/schedule"];
    Some(Running {
        phase: own("/status/phase"),
        why: why.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(": "),
        node: text(spec, "/nodeName").to_owned(),
        address: own("/status/podIP"),
        quality: own("/status/qosClass"),
        account: text(spec, "/serviceAccountName").to_owned(),
        strategy: strategies.into_iter().map(own).find(|s| !s.is_empty()).unwrap_or_default(),
        owner: owner.map(|o| (text(o, "/kind").to_owned(), text(o, "/name").to_owned())),
        started: moment(object, "/status/startTime"),
        containers: all,
    })
}

fn container(spec: &Value, status: Option<&Value>, init: bool) -> Container {
    let nothing = Value::Null;
    let status = status.unwrap_or(&nothing);
    let state = ["waiting", "running", "terminated"].into_iter().find(|s| status.pointer(&format!("/state/{s}")).is_some());
    let at = |part: &str| format!("/state/{}/{part}", state.unwrap_or_default());
    let probes = [("startupProbe", "startup"), ("readinessProbe", "readiness"), ("livenessProbe", "liveness")];
    Container {
        name: text(spec, "/name").to_owned(),
        image: text(spec, "/image").to_owned(),
        init,
        ready: status.get("ready").and_then(Value::as_bool),
        restarts: number(status, "/restartCount").unwrap_or(0),
        state: state.unwrap_or_default().to_owned(),
        reason: text(status, &at("reason")).to_owned(),
        message: text(status, &at("message")).to_owned(),
        since: moment(status, &at("startedAt")).or_else(|| moment(status, &at("finishedAt"))),
        last: status.pointer("/lastState/terminated").map(|ended| Ended {
            code: number(ended, "/exitCode").unwrap_or(0),
            reason: text(ended, "/reason").to_owned(),
            message: text(ended, "/message").to_owned(),
            at: moment(ended, "/finishedAt"),
        }),
        resources: resources(spec),
        probes: probes.into_iter().filter(|(field, _)| spec.get(field).is_some()).map(|(_, name)| name).collect(),
    }
}

fn resources(spec: &Value) -> Vec<(String, String, String)> {
    let written = |side: &str, name: &str| match spec.pointer(&format!("/resources/{side}")).and_then(|r| r.get(name)) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut all = super::names(spec, "/resources/requests");
    let limits = super::names(spec, "/resources/limits");
    all.extend(limits.into_iter().filter(|name| spec.pointer("/resources/requests").is_none_or(|r| r.get(name).is_none())));
    all.into_iter().map(|name| (name.to_owned(), written("requests", name), written("limits", name))).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_and_a_template_are_read() {
        let pod = json!({ "kind": "Pod", "metadata": { "ownerReferences": [{ "kind": "ReplicaSet", "name": "web-1" }] },
            "spec": { "nodeName": "n1", "containers": [{ "name": "web", "image": "a:1", "livenessProbe": {},
                "resources": { "requests": { "cpu": "100m" }, "limits": { "cpu": 1, "memory": "1Gi" } } }], "initContainers": [{ "name": "first" }] },
            "status": { "phase": "Running", "containerStatuses": [{ "name": "web", "ready": false, "restartCount": 4,
                "state": { "waiting": { "reason": "CrashLoopBackOff" } },
                "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-21T10:00:00Z" } } }] } });
        let found = running(&pod).unwrap();
        assert_eq!((found.node.as_str(), found.owner.unwrap().1.as_str(), found.containers.len()), ("n1", "web-1", 2));
        let web = &found.containers[1];
        assert_eq!((web.state.as_str(), web.reason.as_str(), web.restarts), ("waiting", "CrashLoopBackOff", 4));
        assert_eq!(web.last.as_ref().unwrap().reason, "OOMKilled");
        assert_eq!(web.probes, ["liveness"]);
        let told: Vec<String> = web.resources.iter().map(|(n, r, l)| format!("{n} {r} {l}")).collect();
        assert_eq!(told, ["cpu 100m 1", "memory  1Gi"]);
        let deployment = json!({ "kind": "Deployment", "spec": { "strategy": { "type": "Recreate" },
            "template": { "spec": { "containers": [{ "name": "web", "image": "a:2" }] } } } });
        let found = running(&deployment).unwrap();
        assert_eq!((found.strategy.as_str(), found.containers[0].ready), ("Recreate", None));
        assert_eq!(running(&json!({ "kind": "ConfigMap" })), None);
    }
}
