//! What a cluster has from its first moment: namespaces, nodes, definitions, and Flux's own Deployments.

use domain::flux::KINDS;
use serde_json::{Value, json};

use crate::SimConfig;
use crate::api::write::Hand;
use crate::resource::{self, RESOURCES, Resource};
use crate::state::{Shared, State};

const NAMESPACES: &[&str] = &["default", "flux-system", "kube-node-lease", "kube-public", "kube-system"];
/// The version of Flux that the simulation behaves like.
const FLUX: &str = "v2.9.0";
/// Flux's components with the versions of that distribution.
const COMPONENTS: &[(&str, &str)] = &[
    ("source-controller", "v1.9.0"),
    ("kustomize-controller", "v1.9.4"),
    ("helm-controller", "v1.6.3"),
    ("notification-controller", "v1.9.3"),
    ("image-reflector-controller", "v1.2.4"),
    ("image-automation-controller", "v1.2.4"),
];

/// Plants everything.
pub(crate) fn plant(state: &Shared, config: &SimConfig) {
    let extra = config.namespaces.iter().map(String::as_str).filter(|name| !NAMESPACES.contains(name));
    for name in NAMESPACES.iter().copied().chain(extra) {
        make(state, "Namespace", json!({"metadata": {"name": name}}));
        make(state, "ServiceAccount", json!({"metadata": {"name": "default", "namespace": name}}));
    }
    for number in 1..=config.nodes {
        make(state, "Node", node(&format!("node-{number}"), &state.pace.stamp()));
    }
    for resource in RESOURCES.iter().filter(|r| r.custom && state.serves(r)) {
        make(state, "CustomResourceDefinition", definition(resource, &state.pace.stamp()));
    }
    if config.components {
        for (name, version) in COMPONENTS {
            make(state, "Deployment", component(name, version));
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

fn definition(resource: &Resource, now: &str) -> Value {
    let names = json!({"kind": resource.kind, "listKind": format!("{}List", resource.kind), "plural": resource.plural,
        "singular": resource.kind.to_lowercase(), "shortNames": resource.short, "categories": resource.categories});
    let yes = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": now});
    json!({"metadata": {"name": resource.qualified(), "labels": {"app.kubernetes.io/part-of": "flux", "app.kubernetes.io/version": FLUX}},
        "spec": {"group": resource.group, "names": names, "scope": "Namespaced", "conversion": {"strategy": "None"},
            "versions": [{"name": resource.version, "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]},
        "status": {"acceptedNames": names, "storedVersions": [resource.version],
            "conditions": [yes("NamesAccepted", "NoConflicts"), yes("Established", "InitialNamesAccepted")]}})
}

fn component(name: &str, version: &str) -> Value {
    let known = KINDS.iter().any(|kind| kind.controller == name);
    let labels = json!({"app": name, "app.kubernetes.io/component": name, "app.kubernetes.io/instance": "flux-system",
        "app.kubernetes.io/part-of": "flux", "app.kubernetes.io/version": FLUX, "control-plane": if known { "controller" } else { "other" }});
    json!({"metadata": {"name": name, "namespace": "flux-system", "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "manager",
                "image": format!("fluxcd/{name}:{version}"), "ports": [{"containerPort": 8080, "name": "http-prom"}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "64Mi"}}}]}}}})
}
