//! How the parts of an object merge: which lists are maps by key, which are sets, what is replaced as a whole.
//!
//! The rules are those of the built-in types' OpenAPI marks (`x-kubernetes-list-type`, `x-kubernetes-map-type`), by field name;
//! custom resources here have no keyed lists beyond their metadata.

use serde_json::{Map, Value};

/// Says how a value merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Field by field.
    Map,
    /// As a whole.
    Atomic,
    /// Item by item, found by these fields.
    Keyed(&'static [&'static str]),
    /// Item by item, found by value.
    Set,
}

/// Holds where in an object a value stands, as far as its shape depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Whether the object is a custom resource.
    pub(crate) custom: bool,
    /// Whether the value is inside the metadata.
    pub(crate) metadata: bool,
}

impl Place {
    /// Returns the place of an object's top.
    pub(crate) const fn top(custom: bool) -> Self {
        Self { custom, metadata: false }
    }

    /// Returns the place of a field below.
    pub(crate) fn below(self, field: &str) -> Self {
        Self { custom: self.custom, metadata: self.metadata || field == "metadata" }
    }

    /// Returns the shape of the value of a field here.
    pub(crate) fn shape(self, field: &str, value: &Value) -> Shape {
        match value {
            Value::Object(map) if map.is_empty() => Shape::Atomic,
            Value::Object(_) if !self.custom && atomic_map(field) => Shape::Atomic,
            Value::Object(_) => Shape::Map,
            Value::Array(_) if self.metadata && field == "finalizers" => Shape::Set,
            Value::Array(_) if self.metadata && field == "ownerReferences" => Shape::Keyed(&["uid"]),
            Value::Array(_) if self.custom => Shape::Atomic,
            Value::Array(items) => list_keys(field, items).map_or(Shape::Atomic, Shape::Keyed),
            _ => Shape::Atomic,
        }
    }
}

fn atomic_map(field: &str) -> bool {
    matches!(field, "selector" | "nodeSelector" | "secretKeyRef" | "configMapKeyRef" | "fieldRef" | "resourceFieldRef")
}

fn list_keys(field: &str, items: &[Value]) -> Option<&'static [&'static str]> {
    let keys: &'static [&'static str] = match field {
        "containers" | "initContainers" | "ephemeralContainers" | "volumes" | "env" | "imagePullSecrets" | "secrets" => &["name"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "ports" if items.iter().any(|item| item.get("containerPort").is_some()) => &["containerPort", "protocol"],
        "ports" => &["port", "protocol"],
        "conditions" => &["type"],
        "hostAliases" | "podIPs" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        _ => return None,
    };
    Some(keys)
}

/// Returns the key of an item of a keyed list, with the defaults that the server would fill in.
pub(crate) fn item_key(keys: &[&str], item: &Value) -> String {
    let mut found = Map::new();
    for key in keys {
        let value = match item.get(*key) {
            Some(value) => value.clone(),
            None if *key == "protocol" => "TCP".into(),
            None => continue,
        };
        found.insert((*key).to_owned(), value);
    }
    Value::Object(found).to_string()
}
