//! What the detail of one object shows beyond its lean record: its whole JSON, the state of what it applied, its history, its
//! spec in words, and the way back to the commit. Pure: whoever reads it from a cluster hands it in.

pub mod history;
pub mod inventory;
pub mod judge;
pub mod trace;
pub mod waiting;
pub mod words;

use std::sync::Arc;

use serde_json::Value;

use crate::Time;
use crate::flux::ObjectKey;
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

    /// Returns the list at a JSON pointer; empty when there is none.
    pub fn list(&self, pointer: &str) -> &[Value] {
        list(&self.json, pointer)
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

/// Returns the names in an object at a JSON pointer.
pub fn names<'a>(value: &'a Value, pointer: &str) -> Vec<&'a str> {
    value.pointer(pointer).and_then(Value::as_object).map_or_else(Vec::new, |map| map.keys().map(String::as_str).collect())
}
