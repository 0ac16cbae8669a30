//! The whole manifest of one object, for reading: without secrets, safe to draw, as YAML and as JSON.

use domain::flux::{KINDS, ObjectKey};
use domain::private::{MASK, mask_addresses};
use domain::text;
use serde_json::Value;

use super::get;
use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::wire::{self, Call, Fault};

/// Returns an object's YAML: `managedFields` and the last applied configuration are left out, the values of a Secret and
/// credentials in the addresses of Flux objects are masked.
pub async fn yaml(connection: &Connection, key: &ObjectKey) -> Result<String, Error> {
    let mut object = get(connection, key).await?;
    mask(&mut object);
    unmanage(&mut object);
    written(connection, key, &object)
}

/// Returns an object's YAML with its `managedFields`, and its JSON without them; the last applied configuration is left out
/// and the values of a Secret and credentials in the addresses of Flux objects are masked.
pub async fn whole(connection: &Connection, key: &ObjectKey) -> Result<(String, Value), Error> {
    let mut object = get(connection, key).await?;
    mask(&mut object);
    let yaml = written(connection, key, &object)?;
    unmanage(&mut object);
    make_safe(&mut object);
    Ok((yaml, object))
}

/// Returns an object whole by its `apiVersion` and kind, safe to draw; nothing of it is masked.
pub async fn read(connection: &Connection, api_version: &str, key: &ObjectKey) -> Result<Value, Error> {
    let resource = discovery::by_version(connection, api_version, &key.kind).await?;
    let call = Call::get(resource.object(&key.namespace, &key.name));
    let bytes = connection.act(call, "Reading", &key.to_string()).await?;
    let mut object = wire::parse(&bytes).map_err(|fault| connection.error(fault, "Reading", &key.to_string()))?;
    make_safe(&mut object);
    Ok(object)
}

fn written(connection: &Connection, key: &ObjectKey, object: &Value) -> Result<String, Error> {
    let text = serde_yaml::to_string(object);
    let text = text.map_err(|e| connection.error(Fault::Garbled(e.to_string()), "Reading", &key.to_string()))?;
    Ok(text::display(&text, true))
}

fn make_safe(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().any(text::hidden) => *text = text::display(text, true),
        Value::Array(items) => items.iter_mut().for_each(make_safe),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, value)| make_safe(value)),
        _ => {}
    }
}

fn unmanage(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
    }
}

/// Tells whether an object is one of Flux's own.
pub(super) fn of_flux(object: &Value) -> bool {
    let group = object.get("apiVersion").and_then(Value::as_str).and_then(|version| version.split_once('/'));
    group.is_some_and(|(group, _)| KINDS.iter().any(|kind| kind.group == group))
}

fn mask(object: &mut Value) {
    if of_flux(object) {
        for part in ["spec", "status"] {
            object.get_mut(part).map(|part| mask_addresses(part, None, ""));
        }
    }
    let secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        let emptied = metadata.get_mut("annotations").and_then(Value::as_object_mut).is_some_and(|annotations| {
            // It repeats the whole object, a Secret's values with it.
            annotations.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
            annotations.is_empty()
        });
        if emptied {
            metadata.shift_remove("annotations");
        }
    }
    if secret {
        for part in ["data", "stringData"] {
            for (_, value) in object.get_mut(part).and_then(Value::as_object_mut).into_iter().flatten() {
                *value = Value::from(MASK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_and_no_bookkeeping_is_shown() {
        let mut secret = serde_json::json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {
                "name": "token", "managedFields": [{ "manager": "kubectl" }],
                "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"password\":\"aHVudGVyMg==\"}}" },
            },
            "data": { "password": "aHVudGVyMg==" }, "stringData": { "user": "hunter2" },
        });
        mask(&mut secret);
        unmanage(&mut secret);
        let text = secret.to_string();
        assert!(!text.contains("aHVudGVyMg") && !text.contains("hunter2") && !text.contains("managedFields"), "{text}");
        assert!(text.contains("password") && text.contains("user"), "{text}");
    }

    #[test]
    fn no_credentials_in_a_sources_address_are_shown() {
        let url = "https://ann:hunter2@git.example/a";
        let mut source = serde_json::json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": { "name": "apps" },
            "spec": { "url": url },
            "status": { "conditions": [{ "type": "Ready", "message": format!("unable to clone '{url}'") }] },
        });
        mask(&mut source);
        let text = source.to_string();
        assert_eq!(source.pointer("/spec/url"), Some(&Value::from("https://•••@git.example/a")));
        assert!(!text.contains("hunter2") && !text.contains("ann"), "{text}");
    }
}
