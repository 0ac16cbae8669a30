//! What the detail of one object shows beyond its lean record: its whole JSON, the state of what it applied, its history, its
//! spec in words, and the way back to the commit. Pure: whoever reads it from a cluster hands it in.

pub mod history;
pub mod inventory;
pub mod judge;
pub mod running;
pub mod trace;
pub mod values;
pub mod waiting;
pub mod words;

use std::sync::Arc;

use serde_json::Value;

use crate::Time;
use crate::flux::{Condition, Kind, ObjectKey};
pub use inventory::{Entry, Standing, State};

/// Holds one object whole, as it was read at a moment. Every text in it is safe to draw and no Secret's value is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// Which one.
    pub key: ObjectKey,
    /// The server's version of it.
    pub resource_version: String,
    /// When it was read.
    pub read: Time,
    /// Its YAML, `managedFields` included.
    pub yaml: Arc<str>,
    /// The object without `managedFields`.
    pub json: Value,
}

impl Whole {
    /// Returns a text at a JSON pointer; empty when there is none.
    pub fn text(&self, pointer: &str) -> &str {
        text(&self.json, pointer)
    }

    /// Returns the state conditions of the object.
    pub fn conditions(&self) -> Vec<Condition> {
        conditions(&self.json)
    }

    /// Returns how it is doing, by its JSON alone.
    pub fn judge(&self) -> (State, String) {
        judge::judge(&self.json)
    }

    /// Returns what its Flux kind does, in words.
    pub fn words(&self) -> Vec<words::Sentence> {
        // Of a namesake in another group there is nothing to say.
        let Some(kind) = Kind::of_version(&self.key.kind, text(&self.json, "/apiVersion")) else { return Vec::new() };
        words::words(kind.name, &self.key.namespace, self.json.pointer("/spec").unwrap_or(&Value::Null))
    }

    /// Returns what it has applied.
    pub fn inventory(&self) -> Vec<Entry> {
        inventory::entries(&self.key.context(), &self.json)
    }

    /// Returns what its status keeps of its past.
    pub fn history(&self) -> Vec<history::Past> {
        history::history(&self.json)
    }

    /// Returns what applied it.
    pub fn applier(&self) -> Option<ObjectKey> {
        trace::applier(&self.key, &self.json)
    }

    /// Returns when it was made.
    pub fn created(&self) -> Option<Time> {
        moment(&self.json, "/metadata/creationTimestamp")
    }
}

/// Holds an event and the object that it is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Happening {
    /// The object.
    pub about: ObjectKey,
    /// When it was last seen.
    pub time: Option<Time>,
    /// Whether it warns.
    pub warning: bool,
    /// A word for machines.
    pub reason: String,
    /// A sentence for people; may have several lines.
    pub message: String,
    /// How often it was seen.
    pub count: i32,
    /// Who says it.
    pub from: String,
}

/// Returns a text at a JSON pointer; empty when there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the list at a JSON pointer; empty when there is none.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns a number at a JSON pointer.
pub fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// Returns a moment at a JSON pointer.
pub fn moment(value: &Value, pointer: &str) -> Option<Time> {
    text(value, pointer).parse().ok()
}

/// Tells whether a flag is set at a JSON pointer.
pub fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// Returns the conditions of an object; those that are not as they should be are left out.
pub fn conditions(object: &Value) -> Vec<Condition> {
    let all = list(object, "/status/conditions").iter().map(|c| Condition {
        kind: text(c, "/type").into(),
        status: text(c, "/status").into(),
        reason: text(c, "/reason").into(),
        message: text(c, "/message").into(),
        last_transition_time: moment(c, "/lastTransitionTime"),
        observed_generation: number(c, "/observedGeneration"),
    });
    all.filter(|c| !c.kind.is_empty()).collect()
}

/// Returns the names in an object at a JSON pointer.
pub fn names<'a>(value: &'a Value, pointer: &str) -> Vec<&'a str> {
    value.pointer(pointer).and_then(Value::as_object).map_or_else(Vec::new, |map| map.keys().map(String::as_str).collect())
}
