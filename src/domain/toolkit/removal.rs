//! What removing Flux from a cluster would take away, as it was read just before.

use crate::ident::ContextName;

/// Holds a definition of a kind, and how many objects go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// The definition's name.
    pub name: String,
    /// The group of the kind.
    pub group: String,
    /// A version that is served.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// Its plural.
    pub plural: String,
    /// How many objects of it there are; absent when they could not be counted.
    pub count: Option<usize>,
}

/// Holds what removing Flux would take away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The cluster.
    pub context: ContextName,
    /// The version that is there; empty when no label tells it.
    pub version: String,
    /// The namespace of the controllers.
    pub namespace: String,
    /// The controllers' Deployments.
    pub controllers: Vec<String>,
    /// What else belongs to Flux, as kind, namespace and name.
    pub others: Vec<(String, String, String)>,
    /// The definitions of its kinds.
    pub definitions: Vec<Defined>,
    /// Whether the namespace goes too.
    pub with_namespace: bool,
    /// Whether it is there and was made for Flux.
    pub namespace_there: bool,
    /// What is in the namespace and does not belong to Flux, as `Kind/name`: then the namespace stays.
    pub strangers: Vec<String>,
    /// Who put Flux there and would put it back.
    pub owner: Option<String>,
    /// What could not be read, in the server's words.
    pub unread: Vec<String>,
}

impl Removal {
    /// Tells whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        let namespace = self.with_namespace && self.namespace_there && self.strangers.is_empty();
        self.controllers.is_empty() && self.definitions.is_empty() && self.others.is_empty() && !namespace
    }

    /// Returns how many custom resources go with their definitions, and whether that is all of them.
    pub fn objects(&self) -> (usize, bool) {
        let counts = self.definitions.iter().map(|defined| defined.count);
        (counts.clone().flatten().sum(), counts.clone().all(|count| count.is_some()))
    }
}
