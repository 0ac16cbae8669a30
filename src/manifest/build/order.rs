//! The order in which objects are printed: what others need first, by kind, then by name; or as they came.

use crate::build::layer::Layer;
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::error::Error;
use crate::yaml::Val;

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

/// Holds the kinds that come first and those that come last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    first: Vec<String>,
    last: Vec<String>,
}

impl Order {
    /// Builds kustomize's `legacy` order, which is its default.
    pub(super) fn legacy() -> Self {
        let all = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Self { first: all(&FIRST), last: all(&LAST) }
    }

    /// Returns the rank of every kind, the number of a rank of a kind that is not named is 0.
    fn rank(&self, kind: &str) -> isize {
        let at = |list: &[String]| list.iter().rposition(|k| k == kind).and_then(|at| isize::try_from(at).ok());
        let first = isize::try_from(self.first.len()).unwrap_or(isize::MAX);
        match (at(&self.first), at(&self.last)) {
            (_, Some(at)) => at + 1,
            (Some(at), None) => at - first,
            (None, None) => 0,
        }
    }

    /// Sorts resources.
    pub(super) fn sort(&self, resources: &mut [Resource]) {
        resources.sort_by_cached_key(|r| {
            let (group, version) = r.typed();
            let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
            let id = r.id();
            let kind = &id.kind;
            let typed = format!("{}_{}_{}", or(group, "~G"), or(version, "~V"), or(kind, "~K"));
            let rank = self.rank(kind);
            // Of several kinds called Namespace, Kubernetes' own comes first.
            let other = rank != 0 && !(kind == "Namespace" && group.is_empty());
            (rank, other, typed, format!("{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N")))
        });
    }
}

/// Returns the order that a kustomization asks for: nothing for the order in which the objects came.
pub(super) fn asked(sources: &Sources, layer: &Layer, default: Option<Order>) -> Result<Option<Order>, Error> {
    let Some(options) = layer.val.get("sortOptions").filter(|val| !val.is_null()) else { return Ok(default) };
    layer.keys(sources, options, ("sortOptions", &["order", "legacySortOptions"]))?;
    let word = options.get("order").and_then(Val::scalar).unwrap_or_default();
    let legacy = options.get("legacySortOptions").filter(|val| !val.is_null());
    match (word.as_str(), legacy) {
        ("fifo", None) => Ok(None),
        ("legacy", None) => Ok(Some(Order::legacy())),
        ("legacy", Some(own)) => {
            layer.keys(sources, own, ("sortOptions.legacySortOptions", &["orderFirst", "orderLast"]))?;
            let list =
                |key: &str| own.get(key).map(Val::items).unwrap_or_default().iter().filter_map(Val::scalar).collect::<Vec<_>>();
            Ok(Some(Order { first: list("orderFirst"), last: list("orderLast") }))
        }
        ("fifo", Some(own)) => Err(layer.meaning(sources, own, "sortOptions.legacySortOptions need the order legacy")),
        _ => Err(layer.meaning(sources, options, "sortOptions.order is fifo or legacy")),
    }
}
