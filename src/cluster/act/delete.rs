//! Deleting one object.

use domain::flux::ObjectKey;
use domain::orders::Propagation;
use domain::text::one_line;
use http::Method;
use serde_json::{Value, json};

use super::Target;
use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::wire::{self, Call, Fault};

/// Says which very object is meant and what becomes of what it owns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// The identity that it must have: a namesake is left alone.
    pub uid: Option<String>,
    /// What becomes of what it owns.
    pub propagation: Propagation,
}

/// Deletes an object of any API version; returns whether it was there.
pub async fn erase(connection: &Connection, target: &Target, propagation: Propagation) -> Result<bool, Error> {
    let shown = target.to_string();
    if target.name.is_empty() {
        return Err(connection.error(Fault::Garbled("an object needs a name".to_owned()), "Deleting", &shown));
    }
    let resource = discovery::by_version(connection, &target.api_version, &target.kind).await?;
    let options = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation.word() });
    let path = resource.object(&target.namespace, &target.name);
    let call = Call::send(Method::DELETE, path, "application/json", options.to_string().into_bytes());
    match connection.act(call, "Deleting", &shown).await {
        Ok(_) => Ok(true),
        Err(Error::Refused { code: 404, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes an object and returns the finalizers that it still waits for.
pub async fn delete(connection: &Connection, key: &ObjectKey, removal: &Removal) -> Result<Vec<String>, Error> {
    if key.name.is_empty() {
        // Without a name the path is the whole collection's.
        return Err(connection.error(Fault::Garbled("an object needs a name".to_owned()), "Deleting", &key.to_string()));
    }
    let resource = discovery::by_kind(connection, &key.kind).await?;
    let mut options = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": removal.propagation.word() });
    if let (Some(uid), Some(map)) = (&removal.uid, options.as_object_mut()) {
        map.insert("preconditions".to_owned(), json!({ "uid": uid }));
    }
    let path = resource.object(&key.namespace, &key.name);
    let call = Call::send(Method::DELETE, path, "application/json", options.to_string().into_bytes());
    let bytes = connection.act(call, "Deleting", &key.to_string()).await?;
    // What goes at once answers with a status, what has to wait with itself.
    let left: Value = wire::parse(&bytes).map_err(|fault| connection.error(fault, "Deleting", &key.to_string()))?;
    let list = left.pointer("/metadata/deletionTimestamp").and(left.pointer("/metadata/finalizers")).and_then(Value::as_array);
    Ok(list.into_iter().flatten().filter_map(Value::as_str).map(one_line).collect())
}
