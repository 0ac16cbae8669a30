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
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use domain::Time;
use domain::flux::{Condition, ObjectKey};
use domain::private::without_credentials;
use domain::text::{self, Text};
use serde::de::{MapAccess, Visitor};
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

/// How many texts are remembered for sharing.
const SHARED: usize = 512;

/// Holds what the objects of one stream share.
#[derive(Debug)]
pub(crate) struct Mold {
    cluster: Arc<str>,
    kind: Arc<str>,
    /// The namespaces that were seen.
    namespaces: HashSet<Arc<str>>,
    /// The text that was last seen at each place of a table by hash: what is common stays, what is rare costs nothing.
    texts: Vec<Text>,
}

impl Mold {
    /// Begins for the objects of a kind in a cluster.
    pub(crate) fn new(cluster: &str, kind: &str) -> Self {
        Self { cluster: cluster.into(), kind: kind.into(), namespaces: HashSet::new(), texts: Vec::new() }
    }

    fn key(&mut self, meta: &Meta<'_>) -> Result<ObjectKey, String> {
        if meta.name.is_empty() {
            return Err("an object without a name".to_owned());
        }
        Ok(ObjectKey {
            cluster: Arc::clone(&self.cluster),
            kind: Arc::clone(&self.kind),
            namespace: self.namespace(&meta.namespace),
            name: safe(&meta.name).into(),
        })
    }

    /// Returns a namespace: the one that an earlier object has, if it is the same.
    fn namespace(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.namespaces.get(name) {
            return Arc::clone(known);
        }
        if self.namespaces.len() >= SHARED {
            self.namespaces.clear();
        }
        let known: Arc<str> = safe(name).into();
        // What is not safe to draw is another text once it is; it is not looked for by what it was.
        self.namespaces.insert(Arc::clone(&known));
        known
    }

    /// Returns a text of one line, safe to draw: the one that an earlier object has, if it is the same.
    pub(crate) fn text(&mut self, text: &str) -> Text {
        if text.is_empty() {
            return Text::default();
        }
        if text::has_hidden(text) {
            return safe(text).into();
        }
        let slot = self.slot(text);
        if *slot != *text {
            *slot = text.into();
        }
        slot.clone()
    }

    /// Does the same with a text that is there already.
    pub(crate) fn share(&mut self, text: &mut Text) {
        if text.is_empty() {
            *text = Text::default();
        } else if text::has_hidden(text) {
            *text = safe(text).into();
        } else {
            let slot = self.slot(text);
            if *slot == *text {
                *text = slot.clone();
            } else {
                *slot = text.clone();
            }
        }
    }

    fn slot(&mut self, text: &str) -> &mut Text {
        if self.texts.is_empty() {
            self.texts.resize(SHARED, Text::default());
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % SHARED as u64).unwrap_or(0);
        &mut self.texts[at]
    }

    fn conditions(&mut self, mut conditions: Vec<Condition>) -> Vec<Condition> {
        for condition in &mut conditions {
            for text in [&mut condition.kind, &mut condition.status, &mut condition.reason] {
                self.share(text);
            }
            clean_message(&mut condition.message);
            // Most say the same as many others: `Applied revision: …`.
            if !condition.message.contains('\n') {
                self.share(&mut condition.message);
            }
        }
        conditions.shrink_to_fit();
        conditions
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
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Pairs<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    annotations: Pairs<'a>,
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

/// Labels or annotations, in the order of their names, borrowed from the text as far as they can be.
#[derive(Debug, Default)]
pub(crate) struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Pairs<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Part<'a>(#[serde(borrow)] Cow<'a, str>);

        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Vec<(Cow<'de, str>, Cow<'de, str>)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("texts by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Part(key), Part(value))) = map.next_entry()? {
                    pairs.push((key, value));
                }
                pairs.sort();
                Ok(pairs)
            }
        }

        from.deserialize_map(Read).map(Self)
    }
}

impl Meta<'_> {
    fn labels(&self, mold: &mut Mold) -> Vec<(Text, Text)> {
        self.labels.0.iter().map(|(k, v)| (mold.text(k), mold.text(v))).collect()
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
    if text::has_hidden(&text) { text::display(&text, false) } else { text }
}

fn clean_message(text: &mut Text) {
    if text.len() > MESSAGE || text::has_hidden(text) {
        *text = message(text.as_str().to_owned()).into();
    }
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
    if text::has_hidden(&text) { text::display(&text, true) } else { text }
}

/// Returns the condition that says that a part of an object could not be read.
fn unreadable(part: &str, why: &serde_json::Error) -> Condition {
    Condition {
        kind: "Ready".into(),
        status: "Unknown".into(),
        reason: "Unreadable".into(),
        message: message(format!("the {part} is not as its kind prescribes: {why}")).into(),
        last_transition_time: None,
        observed_generation: None,
    }
}
