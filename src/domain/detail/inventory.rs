//! What an object has applied, and how each of it is doing.

use serde::Serialize;
use serde_json::Value;

use super::{list, text};
use crate::flux::{Health, InventoryEntry, ObjectKey};
use crate::ident::ContextName;

/// Names an object in an inventory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Entry {
    /// The API group; empty for the core group.
    pub group: String,
    /// The API version.
    pub version: String,
    /// Which one.
    pub key: ObjectKey,
}

impl Entry {
    /// Reads an entry of a Kustomization's, HelmRelease's, ResourceSet's or FluxInstance's inventory.
    pub fn read(cluster: &ContextName, entry: InventoryEntry<'_>) -> Option<Self> {
        let (namespace, _, group, kind) = entry.parts()?;
        let key = ObjectKey::new(cluster, kind, namespace, &entry.name()?);
        Some(Self { group: group.to_owned(), version: entry.v.to_owned(), key })
    }

    /// Returns `apiVersion` as manifests write it.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// Returns the inventory of an object out of its JSON, in its order.
pub fn entries(cluster: &ContextName, object: &Value) -> Vec<Entry> {
    let plain = list(object, "/status/inventory/entries")
        .iter()
        .filter_map(|entry| Entry::read(cluster, InventoryEntry { id: text(entry, "/id"), v: text(entry, "/v") }));
    // An ArtifactGenerator keeps references to the ExternalArtifacts that it made.
    let made = list(object, "/status/inventory").iter().map(|made| Entry {
        group: "source.toolkit.fluxcd.io".to_owned(),
        version: "v1".to_owned(),
        key: ObjectKey::new(cluster, "ExternalArtifact", text(made, "/namespace"), text(made, "/name")),
    });
    plain.chain(made).collect()
}

/// Says how an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It failed.
    Failed,
    /// It does not exist (any more).
    Gone,
    /// Its controller works on it.
    InProgress,
    /// It is being deleted.
    Terminating,
    /// We may not see it.
    Forbidden,
    /// It could not be read.
    Unread,
    /// It is suspended on purpose.
    Suspended,
    /// It is as its spec wants it.
    Current,
}

impl State {
    /// Returns its colour and glyph.
    pub const fn health(self) -> Health {
        match self {
            Self::Failed | Self::Gone => Health::Bad,
            Self::InProgress | Self::Terminating => Health::Busy,
            Self::Forbidden | Self::Unread => Health::Unknown,
            Self::Suspended => Health::Off,
            Self::Current => Health::Ok,
        }
    }

    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Gone => "gone",
            Self::InProgress => "in-progress",
            Self::Terminating => "terminating",
            Self::Forbidden => "forbidden",
            Self::Unread => "unread",
            Self::Suspended => "suspended",
            Self::Current => "current",
        }
    }
}

/// Says how an object of an inventory is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Which one.
    pub entry: Entry,
    /// How it is.
    pub state: State,
    /// A sentence about it; may be empty.
    pub said: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inventories_are_read_in_all_their_shapes() {
        let cluster = ContextName::from("one");
        let object = serde_json::json!({ "status": { "inventory": { "entries": [
            { "id": "shop_web_apps_Deployment", "v": "v1" },
            { "id": "_system__node_rbac.authorization.k8s.io_ClusterRole", "v": "v1" },
            { "id": "nonsense", "v": "v1" },
        ] } } });
        let told: Vec<String> = entries(&cluster, &object).iter().map(|e| format!("{} {}", e.api_version(), e.key)).collect();
        assert_eq!(told, ["apps/v1 Deployment/shop/web", "rbac.authorization.k8s.io/v1 ClusterRole//system:node"]);
        let object = serde_json::json!({ "status": { "inventory": [{ "name": "app", "namespace": "flux", "digest": "x" }] } });
        assert_eq!(entries(&cluster, &object)[0].key.to_string(), "ExternalArtifact/flux/app");
    }
}
