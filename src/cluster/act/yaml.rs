//! The whole manifest of one object, for reading: without bookkeeping, without secrets, safe to draw.

use domain::flux::ObjectKey;
use domain::text;
use serde_json::Value;

use super::get;
use crate::connection::Connection;
use crate::error::Error;
use crate::wire::Fault;

/// What stands in the place of a secret.
const MASK: &str = "•••";

/// Returns an object's YAML: `managedFields` and the last applied configuration are left out, the values of a Secret are
/// masked.
pub async fn yaml(connection: &Connection, key: &ObjectKey) -> Result<String, Error> {
    let mut object = get(connection, key).await?;
    prune(&mut object);
    let text = serde_yaml::to_string(&object);
    let text = text.map_err(|e| connection.error(Fault::Garbled(e.to_string()), "Reading", &key.to_string()))?;
    Ok(text::display(&text, true))
}

fn prune(object: &mut Value) {
    let secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
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
        prune(&mut secret);
        let text = secret.to_string();
        assert!(!text.contains("aHVudGVyMg") && !text.contains("hunter2") && !text.contains("managedFields"), "{text}");
        assert!(text.contains("password") && text.contains("user"), "{text}");
    }
}
