//! Suspending and resuming: `spec.suspend`, and with it the marks that say who and why.

use domain::flux::{FluxObject, ObjectKey};
use serde_json::{Map, Value, json};

use super::{lean, merge};
use crate::connection::Connection;
use crate::error::Error;

/// Says what goes along with the change of `spec.suspend`, in the same patch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steer {
    /// The resource version that the object must still have; another one makes it fail with a conflict.
    pub expect: Option<String>,
    /// Marks to set (`Some`) or take away (`None`), by name without the prefix `quarterdeck.dev/`.
    pub marks: Vec<(String, Option<String>)>,
}

/// Suspends an object and returns what the server then has.
pub async fn suspend(connection: &Connection, key: &ObjectKey, steer: &Steer) -> Result<FluxObject, Error> {
    set(connection, key, true, steer).await
}

/// Resumes an object and returns what the server then has.
pub async fn resume(connection: &Connection, key: &ObjectKey, steer: &Steer) -> Result<FluxObject, Error> {
    set(connection, key, false, steer).await
}

async fn set(connection: &Connection, key: &ObjectKey, suspended: bool, steer: &Steer) -> Result<FluxObject, Error> {
    let mut metadata = Map::new();
    if let Some(version) = &steer.expect {
        metadata.insert("resourceVersion".to_owned(), json!(version));
    }
    if !steer.marks.is_empty() {
        let marks = steer.marks.iter().map(|(name, value)| (format!("quarterdeck.dev/{name}"), json!(value)));
        metadata.insert("annotations".to_owned(), Value::Object(marks.collect()));
    }
    let mut patch = json!({ "spec": { "suspend": suspended } });
    if let (false, Some(whole)) = (metadata.is_empty(), patch.as_object_mut()) {
        whole.insert("metadata".to_owned(), Value::Object(metadata));
    }
    let doing = if suspended { "Suspending" } else { "Resuming" };
    lean(connection, key, &merge(connection, key, &patch, doing).await?)
}
