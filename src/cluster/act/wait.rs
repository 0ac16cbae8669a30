//! Waiting for one Flux object to become something, by a watch of it alone.

use std::time::Duration;

use domain::flux::{FluxObject, ObjectKey};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep, timeout_at};

use super::live::answered;
use super::{get_flux, lean};
use crate::connection::{ACTION, Connection, Purpose};
use crate::discovery;
use crate::error::Error;
use crate::wire::{self, Call, Fault, Lines};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Returns the object once `done` says so of it; an error when that takes longer than the limit.
pub(super) async fn until(
    connection: &Connection,
    key: &ObjectKey,
    limit: Duration,
    done: impl Fn(&FluxObject) -> bool,
) -> Result<FluxObject, Error> {
    let end = Instant::now() + limit;
    let late = || connection.error(Fault::TimedOut(limit), "Waiting for", &key.to_string());
    let mut away = None;
    loop {
        // Reading it first tells what is so already, also when a watch broke in between.
        let object = answered(end, &mut away, &late, || get_flux(connection, key)).await?;
        if done(&object) {
            return Ok(object);
        }
        match timeout_at(end, follow(connection, key, &object.resource_version, &done)).await {
            Err(_) => return Err(late()),
            Ok(Ok(Some(object))) => return Ok(object),
            Ok(Ok(None)) => {}
            Ok(Err(fault)) => tracing::debug!(?fault, "a watch of one object ended"),
        }
        if timeout_at(end, sleep(Duration::from_millis(500))).await.is_err() {
            return Err(late());
        }
    }
}

async fn follow(
    connection: &Connection,
    key: &ObjectKey,
    version: &str,
    done: &impl Fn(&FluxObject) -> bool,
) -> Result<Option<FluxObject>, Fault> {
    let Ok(resource) = discovery::by_kind(connection, &key.kind).await else { return Ok(None) };
    let call = Call::get(resource.collection(&key.namespace))
        .with("watch", "true")
        .with("fieldSelector", &format!("metadata.name={}", key.name))
        .with("resourceVersion", version)
        .with("timeoutSeconds", "60");
    let mut lines = Lines::new(wire::open(&connection.client(Purpose::Act), call, ACTION).await?.into_body());
    while let Some(line) = lines.next().await? {
        let line: Line<'_> = wire::parse(&line)?;
        // What does not read as the object (a status, a bookmark) says nothing here; the end of the stream does.
        let Ok(object) = lean::<FluxObject>(connection, key, line.object.get().as_bytes()) else { continue };
        if object.key == *key && done(&object) {
            return Ok(Some(object));
        }
    }
    Ok(None)
}
