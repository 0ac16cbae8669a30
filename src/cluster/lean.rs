//! From the server's JSON to the lean types of the domain: only what is shown is kept, and every text is made safe.
//!
//! One odd field costs that part of that object, not the whole list: a spec or a status that does not parse is left empty
//! and a condition says so.

mod facts;
pub(crate) mod flux;
pub(crate) mod pod;
#[cfg(test)]
mod tests;
pub(crate) mod workload;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use domain::Time;
use domain::flux::{Condition, ObjectKey};
use domain::private::without_credentials;
use domain::text;
use serde::{Deserialize, Deserializer};

/// The most that a message keeps.
const MESSAGE: usize = 4 << 10;

/// An object that a stream can hold.
pub(crate) trait Lean: PartialEq + Send + Sync + Sized + 'static {
    /// Reads it from the server's JSON; the error says what is missing.
    fn read(json: &str, mold: &mut Mold) -> Result<Self, String>;
    /// Returns which one it is.
    fn key(&self) -> &ObjectKey;
    /// Returns the server's identity and version of it: equal stamps mean equal objects.
    fn stamp(&self) -> (&str, &str);
}

/// Holds what the objects of one stream share.
#[derive(Debug)]
pub(crate) struct Mold {
    cluster: Arc<str>,
    kind: Arc<str>,
    namespaces: HashSet<Arc<str>>,
}

impl Mold {
    /// Begins for the objects of a kind in a cluster.
    pub(crate) fn new(cluster: &str, kind: &str) -> Self {
        Self { cluster: cluster.into(), kind: kind.into(), namespaces: HashSet::new() }
    }

    fn key(&mut self, meta: &Meta<'_>) -> Result<ObjectKey, String> {
        if meta.name.is_empty() {
            return Err("an object without a name".to_owned());
        }
        let namespace = if let Some(known) = self.namespaces.get(meta.namespace.as_ref()) {
            Arc::clone(known)
        } else {
            let fresh: Arc<str> = safe(&meta.namespace).into();
            self.namespaces.insert(Arc::clone(&fresh));
            fresh
        };
        Ok(ObjectKey {
            cluster: Arc::clone(&self.cluster),
            kind: Arc::clone(&self.kind),
            namespace,
            name: safe(&meta.name).into(),
        })
    }
}

/// Holds the metadata that is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Meta<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    namespace: Cow<'a, str>,
    uid: String,
    resource_version: String,
    generation: i64,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    annotations: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    owner_references: Vec<Owner>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Owner {
    kind: String,
    name: String,
    controller: bool,
}

impl Meta<'_> {
    fn labels(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.labels).into_iter().map(|(k, v)| (owned(k), owned(v))).collect()
    }

    fn owner(&self) -> Option<(String, String)> {
        let owner = self.owner_references.iter().find(|o| o.controller).or(self.owner_references.first())?;
        Some((safe(&owner.kind), safe(&owner.name)))
    }
}

/// Reads which object a line speaks of and its version, when nothing else of it matters.
pub(crate) fn identity(json: &str, mold: &mut Mold) -> Result<(ObjectKey, String), String> {
    #[derive(Deserialize)]
    struct Shell<'a> {
        #[serde(borrow)]
        metadata: Meta<'a>,
    }
    let shell: Shell<'_> = serde_json::from_str(json).map_err(|e| e.to_string())?;
    Ok((mold.key(&shell.metadata)?, shell.metadata.resource_version))
}

/// Takes `null` for an absent value, as Go's encoder writes empty maps and lists.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// Returns a text of one line, safe to draw.
pub(crate) fn safe(text: &str) -> String {
    text::display(text, false)
}

/// Makes a text safe without copying it when it is.
pub(crate) fn owned(text: String) -> String {
    if text.chars().any(text::hidden) { text::display(&text, false) } else { text }
}

/// Returns a message: its lines stay, its length is bounded.
pub(crate) fn message(mut text: String) -> String {
    if let Cow::Owned(masked) = without_credentials(&text) {
        text = masked;
    }
    if text.len() > MESSAGE {
        let end = (0..=MESSAGE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    if text.chars().any(text::hidden) { text::display(&text, true) } else { text }
}

fn conditions(conditions: Vec<Condition>) -> Vec<Condition> {
    let clean = |c: Condition| Condition {
        kind: owned(c.kind),
        status: owned(c.status),
        reason: owned(c.reason),
        message: message(c.message),
        last_transition_time: c.last_transition_time,
        observed_generation: c.observed_generation,
    };
    let mut cleaned: Vec<Condition> = conditions.into_iter().map(clean).collect();
    cleaned.shrink_to_fit();
    cleaned
}

/// Returns the condition that says that a part of an object could not be read.
fn unreadable(part: &str, why: &serde_json::Error) -> Condition {
    Condition {
        kind: "Ready".to_owned(),
        status: "Unknown".to_owned(),
        reason: "Unreadable".to_owned(),
        message: message(format!("the {part} is not as its kind prescribes: {why}")),
        last_transition_time: None,
        observed_generation: None,
    }
}
