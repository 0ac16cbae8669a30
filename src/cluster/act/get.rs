//! Reading one object.

use bytes::Bytes;
use domain::flux::{FluxObject, ObjectKey};
use domain::workload::{Pod, Workload};
use serde_json::Value;

use super::lean;
use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::wire::{self, Call};

/// Returns an object whole, as the server has it; its texts are the server's own and not yet safe to draw.
pub async fn get(connection: &Connection, key: &ObjectKey) -> Result<Value, Error> {
    let bytes = fetch(connection, key).await?;
    wire::parse(&bytes).map_err(|fault| connection.error(fault, "Reading", &key.to_string()))
}

/// Returns a Flux object, lean.
pub async fn get_flux(connection: &Connection, key: &ObjectKey) -> Result<FluxObject, Error> {
    lean(connection, key, &fetch(connection, key).await?)
}

/// Returns a workload, lean.
pub async fn get_workload(connection: &Connection, key: &ObjectKey) -> Result<Workload, Error> {
    lean(connection, key, &fetch(connection, key).await?)
}

/// Returns a Pod, lean.
pub async fn get_pod(connection: &Connection, key: &ObjectKey) -> Result<Pod, Error> {
    lean(connection, key, &fetch(connection, key).await?)
}

async fn fetch(connection: &Connection, key: &ObjectKey) -> Result<Bytes, Error> {
    let resource = discovery::by_kind(connection, &key.kind).await?;
    connection.act(Call::get(resource.object(&key.namespace, &key.name)), "Reading", &key.to_string()).await
}
