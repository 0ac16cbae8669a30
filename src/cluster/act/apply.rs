//! Server-side apply of any object.

use http::Method;
use serde_json::Value;

use super::MANAGER;
use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::wire::{self, Call, Fault};

/// Says how to apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Apply {
    /// Whether the server only tries it and keeps nothing.
    pub dry_run: bool,
    /// Whether fields are taken over from other managers.
    pub force: bool,
}

/// Applies an object (with `apiVersion`, `kind` and `metadata.name`) and returns what the server then has, or would have.
pub async fn apply(connection: &Connection, object: &Value, how: Apply) -> Result<Value, Error> {
    sent(connection, object, how, MANAGER).await
}

/// Applies an object by force as another field manager than ours, or asks what that would give.
pub async fn apply_as(connection: &Connection, object: &Value, manager: &str, dry_run: bool) -> Result<Value, Error> {
    sent(connection, object, Apply { dry_run, force: true }, manager).await
}

/// Asks what an object would be if `manager` applied it by force; nothing is kept.
pub async fn would(connection: &Connection, object: &Value, manager: &str) -> Result<Value, Error> {
    sent(connection, object, Apply { dry_run: true, force: true }, manager).await
}

async fn sent(connection: &Connection, object: &Value, how: Apply, manager: &str) -> Result<Value, Error> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("/apiVersion"), text("/kind"));
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let shown = if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") };
    if api_version.is_empty() || kind.is_empty() || name.is_empty() {
        let why = "an object needs apiVersion, kind and metadata.name".to_owned();
        return Err(connection.error(Fault::Garbled(why), "Applying", &shown));
    }
    let resource = discovery::by_version(connection, api_version, kind).await?;
    if resource.namespaced && namespace.is_empty() {
        let why = "an object of this kind needs metadata.namespace".to_owned();
        return Err(connection.error(Fault::Garbled(why), "Applying", &shown));
    }
    // JSON is YAML: the content type is the one that every server version takes.
    let body = object.to_string().into_bytes();
    let path = resource.object(namespace, name);
    let mut call = Call::send(Method::PATCH, path, "application/apply-patch+yaml", body).with("fieldManager", manager);
    if how.force {
        call = call.with("force", "true");
    }
    if how.dry_run {
        call = call.with("dryRun", "All");
    }
    let bytes = connection.act(call, "Applying", &shown).await?;
    wire::parse(&bytes).map_err(|fault| connection.error(fault, "Applying", &shown))
}
