//! Reading objects of any API version: one by name, or all that carry a label.

use serde::Deserialize;
use serde_json::Value;

use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::wire::{self, Call};

/// Names an object of any kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Its API version: `apps/v1`, `v1`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace, empty without one.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, namespace, name, .. } = self;
        if namespace.is_empty() { write!(f, "{kind}/{name}") } else { write!(f, "{kind}/{namespace}/{name}") }
    }
}

/// Returns an object whole, as the server has it; nothing when it does not exist.
pub async fn live(connection: &Connection, target: &Target) -> Result<Option<Value>, Error> {
    let resource = discovery::by_version(connection, &target.api_version, &target.kind).await?;
    let path = resource.object(&target.namespace, &target.name);
    let shown = target.to_string();
    match connection.act(Call::get(path), "Reading", &shown).await {
        Ok(bytes) => wire::parse(&bytes).map(Some).map_err(|fault| connection.error(fault, "Reading", &shown)),
        Err(Error::Refused { code: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tells whether objects of a kind live in namespaces.
pub async fn namespaced(connection: &Connection, api_version: &str, kind: &str) -> Result<bool, Error> {
    Ok(discovery::by_version(connection, api_version, kind).await?.namespaced)
}

/// Returns the objects of a kind in a namespace (all when empty) that a label selector picks; without `apiVersion` and `kind`,
/// as the server's lists have them.
pub async fn labelled(
    connection: &Connection,
    (api_version, kind): (&str, &str),
    namespace: &str,
    selector: &str,
) -> Result<Vec<Value>, Error> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default)]
        items: Vec<Value>,
    }
    let resource = discovery::by_version(connection, api_version, kind).await?;
    let call = Call::get(resource.collection(namespace)).with("labelSelector", selector);
    let bytes = connection.act(call, "Listing", kind).await?;
    let list: List = wire::parse(&bytes).map_err(|fault| connection.error(fault, "Listing", kind))?;
    Ok(list.items)
}
