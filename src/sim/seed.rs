//! What a cluster has from its first moment: namespaces, nodes, definitions, and Flux's own Deployments.

use serde_json::{Value, json};

use crate::SimConfig;
use crate::api::write::Hand;
use crate::release;
use crate::resource::{self, RESOURCES, Resource};
use crate::state::{Shared, State};

const NAMESPACES: &[&str] = &["default", "flux-system", "kube-node-lease", "kube-public", "kube-system"];

/// Plants everything.
pub(crate) fn plant(state: &Shared, config: &SimConfig) {
    let extra = config.namespaces.iter().map(String::as_str).filter(|name| !NAMESPACES.contains(name));
    let bare = |name: &&str| !(config.bare && *name == "flux-system");
    for name in NAMESPACES.iter().copied().filter(bare).chain(extra) {
        make(state, "Namespace", json!({"metadata": {"name": name}}));
        make(state, "ServiceAccount", json!({"metadata": {"name": "default", "namespace": name}}));
    }
    for number in 1..=config.nodes {
        make(state, "Node", node(&format!("node-{number}"), &state.pace.stamp()));
    }
    for resource in RESOURCES.iter().filter(|r| r.custom && state.serves(r)) {
        make(state, "CustomResourceDefinition", established(resource, &state.pace.stamp()));
    }
    if config.components && !config.bare {
        for (name, version) in release::COMPONENTS {
            make(state, "Deployment", release::controller(name, version));
        }
    }
}

fn make(state: &State, kind: &str, object: Value) {
    let hand = if object.get("status").is_some() { Hand::whole("cluster") } else { Hand::main("cluster") };
    if let Err(fault) = state.create(resource::of(kind), object, hand) {
        tracing::warn!(kind, fault = %fault.message, "the simulated cluster could not be set up");
    }
}

fn node(name: &str, now: &str) -> Value {
    let room = json!({"cpu": "64", "memory": "256Gi", "pods": "500"});
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": now, "lastTransitionTime": now});
    json!({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}},
        "spec": {},
        "status": {"allocatable": room, "capacity": room, "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "conditions": [
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available")],
            "nodeInfo": {"architecture": "amd64", "kubeletVersion": "v1.36.3", "operatingSystem": "linux", "osImage": "Simulated",
                "containerRuntimeVersion": "simulated", "kernelVersion": "simulated", "kubeProxyVersion": "v1.36.3",
                "bootID": "", "machineID": "", "systemUUID": ""}}})
}

fn established(resource: &Resource, now: &str) -> Value {
    let yes = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": now});
    let mut definition = release::definition(resource);
    definition["status"] = json!({"acceptedNames": definition["spec"]["names"], "storedVersions": [resource.version],
        "conditions": [yes("NamesAccepted", "NoConflicts"), yes("Established", "InitialNamesAccepted")]});
    definition
}
