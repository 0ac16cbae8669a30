//! The hash of its content in a generated object's name.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::build::json;
use crate::build::resource::Resource;

/// Puts the hash of its content behind the name of a generated object.
pub(super) fn suffix(resource: &mut Resource) {
    if !resource.hashed {
        return;
    }
    let hash = hash(&resource.val.to_json());
    resource.remember();
    let name = resource.id().name;
    resource.rename(format!("{name}-{hash}"));
}

/// Returns the hash that kustomize and kubectl put into names: ten characters that spell no words.
fn hash(object: &Value) -> String {
    let mut parts: BTreeMap<&str, Value> = BTreeMap::new();
    let part = |key: &str| object.get(key).cloned().unwrap_or_else(|| Value::String(String::new()));
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    parts.insert("kind", part("kind"));
    // The name has a place in the hashed text, but kustomize leaves it empty: equal content has an equal hash.
    parts.insert("name", Value::String(String::new()));
    parts.insert("data", part("data"));
    let optional = if kind == "Secret" { "stringData" } else { "binaryData" };
    if object.get(optional).is_some_and(Value::is_object) {
        parts.insert(optional, part(optional));
    }
    if kind == "Secret" {
        parts.insert("type", part("type"));
    }
    let mut text = String::from("{");
    for (at, (key, value)) in parts.iter().enumerate() {
        text.push_str(if at > 0 { ",\"" } else { "\"" });
        text.push_str(key);
        text.push_str("\":");
        text.push_str(&json::compact(value));
    }
    text.push('}');
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    digest
        .chars()
        .take(10)
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            c => c,
        })
        .collect()
}
