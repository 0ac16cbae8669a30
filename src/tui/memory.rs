//! What a session leaves for the next one: where it was, how its lists were filtered, what was selected in them. Nothing that it
//! shows; that is asked for anew.

use std::collections::BTreeMap;

use domain::Time;
use serde::{Deserialize, Serialize};

/// Holds how a list was left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The filter's text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// The title of the row that was selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<String>,
}

/// Holds how a session was left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The tab, by the key of its title.
    pub tab: String,
    /// The project that lists were narrowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The kind that the Flux objects were narrowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The lists, by the key of their tab's title.
    pub lists: BTreeMap<String, Kept>,
    /// When it was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Time>,
}
