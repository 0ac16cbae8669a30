//! Whether an object is compared at all: what its labels and annotations ask of the controller that applies it.

use domain::drift::Verdict;
use serde_json::Value;

/// The prefix of what kustomize-controller looks for on objects.
const GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// Says which controller applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applier {
    /// kustomize-controller.
    Kustomize,
    /// helm-controller.
    Helm,
}

impl Applier {
    /// Returns its field manager.
    pub const fn manager(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize-controller",
            Self::Helm => "helm-controller",
        }
    }

    /// Tells whether it takes over the fields that people wrote with kubectl.
    pub const fn takes_over(self) -> bool {
        matches!(self, Self::Kustomize)
    }
}

/// Says whether an object is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Compared,
    /// It is not; the reason.
    Skipped(String),
}

/// Tells whether a label or annotation has a value, as Flux compares them: letters of any case.
fn says(object: &Value, key: &str, value: &str) -> bool {
    ["labels", "annotations"].iter().any(|part| {
        let text = object.pointer(&format!("/metadata/{part}")).and_then(|map| map.get(key)).and_then(Value::as_str);
        text.is_some_and(|text| text.eq_ignore_ascii_case(value))
    })
}

fn either(desired: &Value, live: Option<&Value>, key: &str, value: &str) -> bool {
    says(desired, key, value) || live.is_some_and(|live| says(live, key, value))
}

/// Says whether an object is compared, by what stands on it in its source and in the cluster.
pub fn standing(applier: Applier, desired: &Value, live: Option<&Value>) -> Standing {
    let skipped = |key: &str, value: &str| Standing::Skipped(format!("{key}: {value}"));
    if applier == Applier::Helm {
        let key = "helm.toolkit.fluxcd.io/driftDetection";
        return if either(desired, live, key, "disabled") { skipped(key, "disabled") } else { Standing::Compared };
    }
    let (reconcile, ssa) = (format!("{GROUP}/reconcile"), format!("{GROUP}/ssa"));
    if either(desired, live, &reconcile, "disabled") {
        return skipped(&reconcile, "disabled");
    }
    if either(desired, live, &ssa, "Ignore") {
        return skipped(&ssa, "Ignore");
    }
    if live.is_some() && either(desired, live, &ssa, "IfNotPresent") {
        return skipped(&ssa, "IfNotPresent");
    }
    Standing::Compared
}

/// Tells whether the fields of others stay (`ssa: Merge`).
pub(super) fn merges(desired: &Value, live: &Value) -> bool {
    either(desired, Some(live), &format!("{GROUP}/ssa"), "Merge")
}

/// Says what becomes of an object that is there and no longer desired, and why.
pub fn leftover(live: &Value, prune: bool) -> (Verdict, String) {
    let kept = [("prune", "disabled"), ("reconcile", "disabled"), ("ssa", "Ignore")];
    for (key, value) in kept {
        let key = format!("{GROUP}/{key}");
        if says(live, &key, value) {
            return (Verdict::Orphaned, format!("{key}: {value}"));
        }
    }
    if prune { (Verdict::Extra, String::new()) } else { (Verdict::Orphaned, "spec.prune is false".to_owned()) }
}

/// Tells whether an object asks to be deleted and created anew where it cannot be changed.
pub fn forced(desired: &Value, live: &Value) -> bool {
    either(desired, Some(live), &format!("{GROUP}/force"), "enabled")
}
