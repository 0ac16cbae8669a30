//! Creating an object that does not exist yet.

use domain::flux::ObjectKey;
use http::Method;
use serde_json::{Value, json};

use super::MANAGER;
use super::edit::merged;
use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::wire::Call;

/// Creates an object, in the version that the cluster serves, or asks whether it would be taken. One that exists stays as it is.
pub async fn create(connection: &Connection, key: &ObjectKey, object: &Value, dry_run: bool) -> Result<(), Error> {
    let resource = discovery::by_kind(connection, &key.kind).await?;
    let version = match resource.group.as_str() {
        "" => resource.version.clone(),
        group => format!("{group}/{}", resource.version),
    };
    let body = merged(object, &json!({ "apiVersion": version })).to_string().into_bytes();
    let mut call = Call::send(Method::POST, resource.collection(&key.namespace), "application/json", body)
        .with("fieldManager", MANAGER)
        .with("fieldValidation", "Strict");
    if dry_run {
        call = call.with("dryRun", "All");
    }
    connection.act(call, "Creating", &key.to_string()).await?;
    Ok(())
}
