//! Conditions as Flux writes them, in Flux's order.

use serde_json::{Value, json};

use crate::json;

/// The order in which conditions stand.
const ORDER: &[&str] =
    &["Reconciling", "Stalled", "Ready", "Healthy", "Released", "ArtifactInStorage", "ArtifactOutdated", "FetchFailed"];

/// Holds a condition about to be written.
pub(crate) struct Said<'a> {
    /// The type.
    pub(crate) kind: &'a str,
    /// `True`, `False` or `Unknown`.
    pub(crate) status: &'a str,
    /// The reason.
    pub(crate) reason: &'a str,
    /// The sentence.
    pub(crate) message: &'a str,
}

impl<'a> Said<'a> {
    /// Builds a condition.
    pub(crate) const fn new(kind: &'a str, status: &'a str, reason: &'a str, message: &'a str) -> Self {
        Self { kind, status, reason, message }
    }
}

/// Sets a condition of an object; the time of its transition stays while its status does.
pub(crate) fn set(object: &mut Value, said: &Said<'_>, now: &str) {
    let generation = json::number(object, "/metadata/generation").unwrap_or(1);
    let mut all = json::list(object, "/status/conditions").to_vec();
    let old = all.iter().find(|c| json::text(c, "/type") == said.kind).cloned().unwrap_or_default();
    let since = if json::text(&old, "/status") == said.status { json::text(&old, "/lastTransitionTime") } else { now };
    let new = json!({"lastTransitionTime": since, "message": said.message, "observedGeneration": generation,
        "reason": said.reason, "status": said.status, "type": said.kind});
    all.retain(|c| json::text(c, "/type") != said.kind);
    all.push(new);
    all.sort_by_key(|c| ORDER.iter().position(|kind| *kind == json::text(c, "/type")).unwrap_or(ORDER.len()));
    json::set(object, "/status/conditions", all.into());
}

/// Removes conditions of an object.
pub(crate) fn clear(object: &mut Value, kinds: &[&str]) {
    if let Some(all) = object.pointer_mut("/status/conditions").and_then(Value::as_array_mut) {
        all.retain(|c| !kinds.contains(&json::text(c, "/type")));
    }
}

/// Returns a condition's status.
pub(crate) fn status<'a>(object: &'a Value, kind: &str) -> &'a str {
    let found = json::list(object, "/status/conditions").iter().find(|c| json::text(c, "/type") == kind);
    found.map_or("", |c| json::text(c, "/status"))
}

/// Notes that a request to reconcile was handled.
pub(crate) fn handled(object: &mut Value, asked: Option<&str>) {
    if let Some(asked) = asked {
        json::set(object, "/status/lastHandledReconcileAt", asked.into());
    }
}
