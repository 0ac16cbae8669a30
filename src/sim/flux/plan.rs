//! From an artifact to the objects that are to be applied: build, transform, substitute, label, sort.

use manifest::files::Files;
use serde_json::{Value, json};

use crate::flux::substitute::{self, Variables};
use crate::json;

const OVERLAY: &str = ".flux-overlay";

/// Kinds in the order in which Flux applies them; what is not named comes between the two lists.
const FIRST: &[&str] = &[
    "CustomResourceDefinition",
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "ServiceAccount",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Says why there is nothing to apply: Flux's reason and its sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoPlan {
    /// The reason.
    pub(crate) reason: &'static str,
    /// The sentence.
    pub(crate) message: String,
}

/// Builds the objects of a Kustomization.
pub(crate) fn build(files: &Files, kustomization: &Value, variables: Option<&Variables>) -> Result<Vec<Value>, NoPlan> {
    let path = json::text(kustomization, "/spec/path");
    let path = path.trim_start_matches("./").trim_matches('/');
    let path = if path == "." { "" } else { path };
    if !path.is_empty() && !files.is_folder(path) {
        let message = format!("kustomization path not found: stat {path}: no such file or directory");
        return Err(NoPlan { reason: "ArtifactFailed", message });
    }
    let refuse = |message: String| NoPlan { reason: "BuildFailed", message };
    let built = match overlay(files, path, kustomization) {
        Some((files, path)) => manifest::build::build(&files, &path),
        None => manifest::build::build(files, path),
    };
    let built = built.map_err(|error| refuse(format!("kustomize build failed: {error}")))?;
    let mut objects: Vec<Value> = built.into_iter().map(|object| object.value).collect();
    for object in &mut objects {
        if let Some(variables) = variables {
            substitute::apply(object, variables).map_err(refuse)?;
        }
        mark(object, kustomization);
    }
    objects.sort_by_key(|object| {
        let (kind, namespace, name) = (json::text(object, "/kind"), json::namespace(object), json::name(object));
        (place(kind), kind.to_owned(), namespace.to_owned(), name.to_owned())
    });
    Ok(objects)
}

fn place(kind: &str) -> usize {
    let found = |list: &[&str]| list.iter().position(|k| *k == kind);
    found(FIRST).or_else(|| found(LAST).map(|at| FIRST.len() + 1 + at)).unwrap_or(FIRST.len())
}

/// Wraps a folder in a kustomization of what the Kustomization itself asks for, when it asks for anything.
fn overlay(files: &Files, path: &str, kustomization: &Value) -> Option<(Files, String)> {
    let spec = kustomization.get("spec")?;
    let mut wrapped = json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"});
    let bare = wrapped.clone();
    for (from, to) in [
        ("targetNamespace", "namespace"),
        ("namePrefix", "namePrefix"),
        ("nameSuffix", "nameSuffix"),
        ("images", "images"),
        ("patches", "patches"),
        ("components", "components"),
    ] {
        if let Some(value) = spec.get(from) {
            wrapped[to] = value.clone();
        }
    }
    if wrapped == bare {
        return None;
    }
    let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    let whole = ["kustomization.yaml", "kustomization.yml", "Kustomization"].iter().any(|name| files.is_file(&inside(name)));
    let resources: Vec<String> = if whole {
        vec![format!("../{path}")]
    } else {
        let yaml = |file: &&str| matches!(file.rsplit('.').next(), Some("yaml" | "yml"));
        files.below(path).filter(yaml).map(|file| format!("../{file}")).collect()
    };
    wrapped["resources"] = json!(resources);
    let mut files = files.clone();
    files.insert(format!("{OVERLAY}/kustomization.yaml"), serde_json::to_vec(&wrapped).unwrap_or_default());
    Some((files, OVERLAY.to_owned()))
}

/// Adds the common metadata and the owner's labels.
fn mark(object: &mut Value, kustomization: &Value) {
    for part in ["labels", "annotations"] {
        let common = kustomization.pointer(&format!("/spec/commonMetadata/{part}")).and_then(Value::as_object);
        for (key, value) in common.into_iter().flatten() {
            json::set(object, &format!("/metadata/{part}/{}", key.replace('~', "~0").replace('/', "~1")), value.clone());
        }
    }
    json::set(object, "/metadata/labels/kustomize.toolkit.fluxcd.io~1name", json::name(kustomization).into());
    json::set(object, "/metadata/labels/kustomize.toolkit.fluxcd.io~1namespace", json::namespace(kustomization).into());
}
