//! The order in which `kustomize build` prints: what others need first, by kind, then by name.

use crate::build::resource::Resource;

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
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
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts resources in kustomize's `legacy` order, which is its default.
pub(super) fn legacy(resources: &mut [Resource]) {
    resources.sort_by_cached_key(|r| {
        let kind = r.kind();
        let (group, version) = r.group_version();
        let rank = match (FIRST.iter().position(|k| *k == kind), LAST.iter().position(|k| *k == kind)) {
            (Some(at), _) => at,
            (None, Some(at)) => FIRST.len() + 1 + at,
            (None, None) => FIRST.len(),
        };
        let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
        let id = r.id();
        let typed = format!("{}_{}_{}", or(group, "~G"), or(version, "~V"), kind);
        (rank, typed, format!("{}|{}", or(id.namespace, "~X"), or(id.name, "~N")))
    });
}
