//! Acting on a cluster: one file for each thing that can be done.
//!
//! Every change goes out under the field manager `quarterdeck`. Nothing here asks whether it may: that is the engine's.

mod allowed;
mod apply;
mod artifact;
mod create;
mod custom;
mod delete;
pub mod edit;
mod events;
mod get;
mod live;
mod logs;
mod look;
mod metrics;
mod reconcile;
mod server;
mod suspend;
#[cfg(test)]
mod tests;
mod wait;
mod yaml;

pub use allowed::{Deed, allowed};
pub use apply::{Apply, apply, apply_as, would};
pub use artifact::artifact;
pub use create::create;
pub use custom::{custom_keys, how_many, set_free};
pub use delete::{Removal, delete, erase};
pub use events::{EventLine, events, events_in};
pub use get::{get, get_flux, get_pod, get_workload};
pub use live::{Target, labelled, live, namespaced, until_live};
pub use logs::{LogQuery, LogStream, RawLine, Tap, logs, tap};
pub use look::{Look, look};
pub use metrics::metrics;
pub use reconcile::{Token, reconcile, request_with, source_of};
pub use server::{Identity, ServerInfo, probe, whoami};
pub use suspend::{Steer, resume, suspend};
pub use yaml::{read, whole, yaml};

/// The field manager of every change.
const MANAGER: &str = "quarterdeck";
/// The content type of a JSON merge patch (RFC 7386).
const MERGE: &str = "application/merge-patch+json";

use bytes::Bytes;
use domain::flux::ObjectKey;
use http::Method;
use serde_json::Value;

use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::lean::{Lean, Mold};
use crate::wire::{Call, Fault};

/// Patches an object by merge and returns what the server then has.
async fn merge(connection: &Connection, key: &ObjectKey, patch: &Value, doing: &str) -> Result<Bytes, Error> {
    let resource = discovery::by_kind(connection, &key.kind).await?;
    let place = resource.object(&key.namespace, &key.name);
    let call = Call::send(Method::PATCH, place, MERGE, patch.to_string().into_bytes()).with("fieldManager", MANAGER);
    connection.act(call, doing, &key.to_string()).await
}

/// Reads an answer as a lean object.
fn lean<T: Lean>(connection: &Connection, key: &ObjectKey, body: &[u8]) -> Result<T, Error> {
    let mut mold = Mold::new(&connection.context().0, &key.kind);
    let text = std::str::from_utf8(body).map_err(|e| e.to_string());
    let object = text.and_then(|text| T::read(text, &mut mold));
    object.map_err(|why| connection.error(Fault::Garbled(why), "Reading", &key.to_string()))
}
