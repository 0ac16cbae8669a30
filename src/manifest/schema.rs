//! Objects against the schemas of Kubernetes: every field that is unknown, mistyped, missing or out of bounds, with its place.
//!
//! The schemas of the built-in kinds are derived from the types of the Kubernetes bindings and compiled in as one document
//! (assets/schema); those of custom kinds come from CustomResourceDefinitions or from what a cluster serves. All of them are
//! read into the same shapes, and one walk over a value with its places checks it. What a schema cannot say (names, labels,
//! ports, volumes that a mount names) is checked at the shapes that it belongs to.
//!
//! A text that is filled in later (`${…}`, `{{ … }}`, an encrypted value) can be anything, so nothing is said of its content.

mod api;
mod extents;
mod file;
mod kustomization;
mod load;
mod names;
mod objects;
mod patch;
mod quantity;
mod scalars;
mod shape;
mod walk;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use shape::{Id, Library};

use crate::files::{self, Files};
use crate::yaml::{Rules, Val};

pub use extents::extents;
pub(crate) use file::validate_rendered;
pub use file::{validate, validate_as, validate_tree};

/// The schemas of the built-in kinds as an OpenAPI document.
const BUILT_IN: &str = include_str!("../../assets/schema/kubernetes.json");
/// The kind that defines others.
const DEFINITION: &str = "CustomResourceDefinition";
/// The words that fields of theirs may be, which the bindings' types do not have: as a real API server serves them.
const WORDS: &str = include_str!("../../assets/schema/words.json");

/// Says how much of an object a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// The whole object, as it is applied.
    Whole,
    /// The whole object, but a kustomization takes it in and may name it and its namespace.
    Taken,
    /// An object that an overlay may add to: what is missing is no fault yet.
    Base,
    /// A strategic merge patch.
    Patch,
    /// No object at all: data that a generator reads.
    Data,
}

impl Extent {
    /// Tells whether what is missing will not come from elsewhere.
    fn complete(self) -> bool {
        matches!(self, Self::Whole | Self::Taken)
    }
}

/// Holds schemas: those of the built-in kinds, and those that were added.
#[derive(Debug, Clone)]
pub struct Schemas {
    built_in: Arc<Library>,
    added: Vec<Arc<Library>>,
    /// `apiVersion`, then kind, of the kinds that were added: the number of the library and the shape.
    index: HashMap<String, HashMap<String, (usize, Id)>>,
}

/// A library and the shape of a kind in it.
type Found<'s> = (&'s Library, Id);

impl Schemas {
    /// Returns the schemas of the built-in kinds; they are read once per process.
    pub fn built_in() -> Self {
        static READ: OnceLock<Arc<Library>> = OnceLock::new();
        let read = || {
            let (document, words) = (serde_json::from_str(BUILT_IN), serde_json::from_str(WORDS));
            let whole = document.and_then(|document| words.map(|words| load::built_in(document, &words)));
            Arc::new(whole.unwrap_or_default())
        };
        Self { built_in: Arc::clone(READ.get_or_init(read)), added: Vec::new(), index: HashMap::new() }
    }

    /// Adds the kinds of a CustomResourceDefinition; returns how many of its versions have a schema.
    pub fn add_crd(&mut self, crd: &Value) -> usize {
        self.add(load::crd(crd))
    }

    /// Adds the kinds that files define with CustomResourceDefinitions; returns how many of their versions have a schema.
    pub fn add_defined(&mut self, files: &Files) -> usize {
        let mut count = 0;
        for path in files.paths().filter(|path| files::is_yaml(path)) {
            if !files.text(path, None).is_ok_and(|text| text.contains(DEFINITION)) {
                continue;
            }
            // What is no YAML is said elsewhere.
            let Some(Ok(reading)) = files.reading(path, Rules::Newer) else { continue };
            let defines = |val: &&Val| val.get("kind").and_then(Val::as_text) == Some(DEFINITION);
            for definition in reading.values.iter().filter(defines) {
                count += self.add_crd(&definition.to_json());
            }
        }
        count
    }

    /// Adds the kinds of an OpenAPI v3 document as a cluster serves it; returns how many kinds it has.
    pub fn add_openapi(&mut self, document: &Value) -> usize {
        self.add(load::openapi(document))
    }

    fn add(&mut self, library: Library) -> usize {
        let number = self.added.len();
        for (api_version, kind, id) in library.kinds() {
            self.index.entry(api_version.to_owned()).or_default().insert(kind.to_owned(), (number, id));
        }
        let count = library.kinds().count();
        self.added.push(Arc::new(library));
        count
    }

    /// Finds the schema of a kind; what was added comes before what is built in.
    fn find(&self, api_version: &str, kind: &str) -> Option<Found<'_>> {
        let added = self.index.get(api_version).and_then(|kinds| kinds.get(kind));
        if let Some((number, id)) = added {
            return self.added.get(*number).map(|library| (library.as_ref(), *id));
        }
        self.built_in.find(api_version, kind).map(|id| (self.built_in.as_ref(), id))
    }

    /// Returns every kind with its `apiVersion`.
    fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        let libraries = self.added.iter().chain([&self.built_in]);
        libraries.flat_map(|library| library.kinds().map(|(api_version, kind, _)| (api_version, kind)))
    }
}

#[cfg(test)]
#[path = "schema/tests.rs"]
mod tests;
