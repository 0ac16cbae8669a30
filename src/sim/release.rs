//! The release of Flux that the simulation behaves like: its definitions, its controllers, and the manifest that installs them.

use domain::flux::KINDS;
use serde_json::{Value, json};

use crate::resource::{self, RESOURCES, Resource};

/// The version of Flux that the simulation behaves like.
const FLUX: &str = "v2.9.0";
/// Flux's components with the versions of that distribution.
pub(crate) const COMPONENTS: &[(&str, &str)] = &[
    ("source-controller", "v1.9.0"),
    ("kustomize-controller", "v1.9.4"),
    ("helm-controller", "v1.6.3"),
    ("notification-controller", "v1.9.3"),
    ("image-reflector-controller", "v1.2.4"),
    ("image-automation-controller", "v1.2.4"),
];
const NAMESPACE: &str = "flux-system";

/// Returns the manifest of that release, under a version.
pub fn manifest(version: &str) -> String {
    let mut documents =
        vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels("", version)}})];
    documents.extend(
        RESOURCES.iter().filter(|r| r.custom && !resource::add_on(r)).map(|r| whole("CustomResourceDefinition", definition(r))),
    );
    for (name, tag) in COMPONENTS {
        let metadata = json!({"name": name, "namespace": NAMESPACE, "labels": labels(name, version)});
        documents.push(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}));
        documents.push(whole("Deployment", controller(name, tag)));
    }
    for (name, app) in [("source-controller", "source-controller"), ("webhook-receiver", "notification-controller")] {
        documents.push(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels(app, version)},
            "spec": {"selector": {"app": app}, "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}]}}));
    }
    documents.push(json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "allow-egress", "namespace": NAMESPACE, "labels": labels("", version)},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{}], "ingress": [{"from": [{"podSelector": {}}]}]}}));
    let subjects: Vec<Value> =
        COMPONENTS.iter().map(|(name, _)| json!({"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE})).collect();
    documents.push(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "cluster-reconciler", "labels": labels("", version)}, "subjects": subjects,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}}));
    for document in &mut documents {
        if document.pointer("/metadata/labels").is_some() {
            document["metadata"]["labels"]["app.kubernetes.io/version"] = version.into();
        }
    }
    let texts: Vec<String> = documents.iter().map(|document| serde_yaml::to_string(document).unwrap_or_default()).collect();
    texts.join("---\n")
}

fn labels(component: &str, version: &str) -> Value {
    let mut labels = json!({"app.kubernetes.io/instance": NAMESPACE, "app.kubernetes.io/part-of": "flux", "app.kubernetes.io/version": version});
    if !component.is_empty() {
        labels["app.kubernetes.io/component"] = component.into();
    }
    labels
}

/// Returns an object with what a path would say of it.
fn whole(kind: &str, mut object: Value) -> Value {
    let resource = resource::of(kind);
    object["apiVersion"] = resource.api_version().into();
    object["kind"] = resource.kind.into();
    object
}

/// Returns the definition of a kind.
pub(crate) fn definition(resource: &Resource) -> Value {
    let names = json!({"kind": resource.kind, "listKind": format!("{}List", resource.kind), "plural": resource.plural,
        "singular": resource.kind.to_lowercase(), "shortNames": resource.short, "categories": resource.categories});
    let of =
        KINDS.iter().find(|kind| kind.name == resource.kind && kind.group == resource.group).map_or("", |kind| kind.controller);
    let component = if of == "source-watcher" { "source-controller" } else { of };
    json!({"metadata": {"name": resource.qualified(), "labels": labels(component, FLUX)},
        "spec": {"group": resource.group, "names": names, "scope": "Namespaced", "conversion": {"strategy": "None"},
            "versions": [{"name": resource.version, "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}})
}

/// Returns the Deployment of a controller.
pub(crate) fn controller(name: &str, tag: &str) -> Value {
    let known = KINDS.iter().any(|kind| kind.controller == name);
    let labels = json!({"app": name, "app.kubernetes.io/component": name, "app.kubernetes.io/instance": "flux-system",
        "app.kubernetes.io/part-of": "flux", "app.kubernetes.io/version": FLUX, "control-plane": if known { "controller" } else { "other" }});
    json!({"metadata": {"name": name, "namespace": "flux-system", "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "manager",
                "image": format!("fluxcd/{name}:{tag}"), "ports": [{"containerPort": 8080, "name": "http-prom"}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "64Mi"}}}]}}}})
}
