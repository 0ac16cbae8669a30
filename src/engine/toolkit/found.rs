//! What of Flux there is in a cluster: its Deployments, and who put them there.

use cluster::{Connection, act};
use domain::origin::applied_by;
use domain::text::one_line;
use domain::toolkit::{Component, NAMESPACE, PART_OF, VERSION, tag_of};
use serde_json::Value;

/// Holds a controller's Deployment as the server has it.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) object: Value,
}

impl Found {
    pub(super) fn number(&self, pointer: &str) -> i32 {
        let number = self.object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
        i32::try_from(number).unwrap_or(i32::MAX)
    }

    fn label(&self, name: &str) -> Option<String> {
        self.object.pointer("/metadata/labels")?.get(name)?.as_str().map(one_line)
    }

    fn annotation(&self, name: &str) -> Option<String> {
        self.object.pointer("/metadata/annotations")?.get(name)?.as_str().map(one_line)
    }

    /// Returns the image of the controller.
    pub(super) fn image(&self) -> String {
        let containers = self.object.pointer("/spec/template/spec/containers").and_then(Value::as_array);
        let all: Vec<&Value> = containers.into_iter().flatten().collect();
        let named = all.iter().find(|c| c.get("name").and_then(Value::as_str) == Some("manager")).or_else(|| all.first());
        one_line(named.and_then(|c| c.get("image")).and_then(Value::as_str).unwrap_or_default())
    }

    /// Returns the tag of that image.
    pub(super) fn tag(&self) -> String {
        tag_of(&self.image()).to_owned()
    }

    /// Returns the label selector of its Pods.
    pub(super) fn selector(&self) -> String {
        let labels = self.object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
        let pair = |(name, value): (&String, &Value)| format!("{name}={}", value.as_str().unwrap_or_default());
        labels.into_iter().flatten().map(pair).collect::<Vec<_>>().join(",")
    }

    /// Tells whether its Pods run as they are meant to (the rule of `kubectl rollout status`).
    pub(super) fn rolled_out(&self) -> bool {
        rolled_out(&self.object)
    }
}

/// Tells whether a Deployment's Pods run as they are meant to.
pub(crate) fn rolled_out(object: &Value) -> bool {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
    let wanted = object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    number("/status/observedGeneration") >= number("/metadata/generation")
        && number("/status/updatedReplicas") >= wanted
        && number("/status/availableReplicas") >= wanted
        && number("/status/replicas") <= number("/status/updatedReplicas")
}

/// Returns the controllers, by the label that a release gives them; those without it by their names in the usual namespace.
pub(super) async fn controllers(connection: &Connection) -> Result<Vec<Found>, cluster::Error> {
    let kind = ("apps/v1", "Deployment");
    let label = format!("{}={}", PART_OF.0, PART_OF.1);
    let everywhere = act::labelled(connection, kind, "", &label).await;
    let mut objects = everywhere.clone().unwrap_or_default();
    if objects.is_empty() {
        match (everywhere, act::labelled(connection, kind, NAMESPACE, "").await) {
            (_, Ok(here)) => objects = here,
            (Err(error), Err(_)) => return Err(error),
            (Ok(_), Err(_)) => {}
        }
    }
    let found = |object: Value| {
        let text = |pointer: &str| one_line(object.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
        Found { name: text("/metadata/name"), namespace: text("/metadata/namespace"), object }
    };
    let mut all: Vec<Found> = objects.into_iter().map(found).filter(|f| Component::by_name(&f.name).is_some()).collect();
    all.sort_by_key(|found| domain::toolkit::COMPONENTS.iter().position(|component| component.name == found.name));
    Ok(all)
}

/// Returns the version of the release, as the labels tell it.
pub(super) fn version(found: &[Found]) -> String {
    found.iter().find_map(|found| found.label(VERSION)).unwrap_or_default()
}

/// Returns who applied the controllers and will undo a change of them.
pub(super) fn owner(found: &[Found]) -> Option<String> {
    found.iter().find_map(|found| {
        let label = |name: &str| found.object.pointer("/metadata/labels")?.get(name)?.as_str();
        let by = applied_by(label).map(|(kind, namespace, name)| one_line(&format!("{kind}/{namespace}/{name}")));
        by.or_else(|| found.annotation("meta.helm.sh/release-name").map(|name| format!("The Helm release {name}")))
    })
}
