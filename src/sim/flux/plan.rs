//! From an artifact to the objects that are to be applied: build, transform, substitute, label, sort.

use manifest::files::Files;
use manifest::substitute::{Variables, substitute};
use manifest::{Overlay, build_with};
use serde_json::Value;

use crate::json;

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
    let overlay = Overlay::new(kustomization.get("spec").unwrap_or(&Value::Null));
    let built = build_with(files, path, &overlay).map_err(|error| refuse(format!("kustomize build failed: {}", said(&error))))?;
    let owner = (json::namespace(kustomization), json::name(kustomization));
    let mut objects = Vec::with_capacity(built.len());
    for object in built {
        let mut object = object.value;
        if let Some(variables) = variables {
            let name = json::name(&object).to_owned();
            object = substitute(&object, variables, true)
                .map_err(|why| refuse(format!("post build failed for '{name}': envsubst error: {why}")))?;
        }
        overlay.mark(&mut object, owner);
        objects.push(object);
    }
    objects.sort_by_key(|object| {
        let (kind, namespace, name) = (json::text(object, "/kind"), json::namespace(object), json::name(object));
        (place(kind), kind.to_owned(), namespace.to_owned(), name.to_owned())
    });
    Ok(objects)
}

/// Says in kustomize's words why it does not build.
fn said(error: &manifest::Error) -> String {
    match error {
        manifest::Error::Syntax { file, line, why, .. } => {
            let name = file.rsplit('/').next().unwrap_or(file);
            format!(
                "accumulating resources: accumulation err='accumulating resources from '{name}': MalformedYAMLError: yaml: line {line}: \
                 {why} in File: {name}': must build at directory: '/tmp/kustomization-1/{file}': file is not directory"
            )
        }
        manifest::Error::Missing { path, by: Some(_) } => {
            let name = path.rsplit('/').next().unwrap_or(path);
            let full = format!("/tmp/kustomization-1/{path}");
            format!(
                "accumulating resources: accumulation err='accumulating resources from '{name}': open {full}: no such file or directory': \
                 must build at directory: not a valid directory: evalsymlink failure on '{full}' : lstat {full}: no such file or directory"
            )
        }
        other => other.to_string(),
    }
}

fn place(kind: &str) -> usize {
    let found = |list: &[&str]| list.iter().position(|k| *k == kind);
    found(FIRST).or_else(|| found(LAST).map(|at| FIRST.len() + 1 + at)).unwrap_or(FIRST.len())
}
