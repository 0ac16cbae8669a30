//! kustomize in-process: what a folder's manifests come to, as `kustomize build` would print it.
//!
//! Rendering moves values that remember where they were written (`yaml::Val`), so that locating a value for an edit uses
//! the very rules that rendered it. What is not known is named with file and line and refused; nothing is guessed. No
//! network, no plugins, no path outside of the given files.

pub(crate) mod accumulate;
mod config;
mod defaults;
mod fieldspec;
mod flux;
mod generate;
mod hash;
mod images;
mod json;
mod jsonpatch;
mod kinds;
mod layer;
mod merge;
mod metadata;
mod order;
mod origin;
mod patches;
mod path;
pub(crate) mod pattern;
mod printed;
mod references;
mod render;
mod replacements;
pub(crate) mod resource;
pub(crate) mod select;
pub(crate) mod source;
mod transformers;
mod vars;

use serde_json::Value;

use crate::build::accumulate::Builder;
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::error::Error;
use crate::files::Files;

pub use flux::Overlay;
pub(crate) use images::{SCALED, split as split_image};
pub(crate) use layer::{FIELDS, NAMES};
pub use render::{render, render_value};

/// Holds one rendered Kubernetes object.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// The object.
    pub value: Value,
    /// Its name in the manifests, before prefixes, suffixes and hashes.
    pub written_name: String,
    /// The file that it comes from, relative to the repository's root.
    pub file: String,
    /// The line of that file, counted from 1.
    pub line: usize,
}

impl Object {
    /// Returns the text under a path of keys.
    fn text(&self, path: &[&str]) -> &str {
        path.iter().try_fold(&self.value, |value, key| value.get(key)).and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.text(&["apiVersion"])
    }

    /// Returns `kind`.
    pub fn kind(&self) -> &str {
        self.text(&["kind"])
    }

    /// Returns `metadata.name`.
    pub fn name(&self) -> &str {
        self.text(&["metadata", "name"])
    }

    /// Returns `metadata.namespace`, empty when there is none.
    pub fn namespace(&self) -> &str {
        self.text(&["metadata", "namespace"])
    }

    /// Returns `namespace/Kind/name`, or `Kind/name` without a namespace.
    pub fn key(&self) -> String {
        let (kind, name, namespace) = (self.kind(), self.name(), self.namespace());
        if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{namespace}/{kind}/{name}") }
    }
}

/// Renders the folder at `path`: its kustomization, or all YAML files below it when it has none, as Flux does.
///
/// Objects come in the order in which `kustomize build` prints them.
pub fn build(files: &Files, path: &str) -> Result<Vec<Object>, Error> {
    let (resources, sources) = traced(files, path)?;
    Ok(resources.into_iter().map(|r| object(r, &sources)).collect())
}

/// Tells whether the folder at `path` can be rendered, without its objects.
pub fn renders(files: &Files, path: &str) -> Result<(), Error> {
    traced(files, path).map(drop)
}

/// Returns the objects of a rendering that is looked at further.
pub(crate) fn objects(resources: &[Resource], sources: &Sources) -> Vec<Object> {
    resources.iter().map(|resource| object(resource.clone(), sources)).collect()
}

/// Renders the folder at `path` as Flux does with a Kustomization's `spec` on top of it.
///
/// Objects come in the order in which they are named; Flux sorts them when it applies them. Fields of the folder's own
/// kustomization that are not known are passed over, since Flux writes that file anew before it renders it.
pub fn build_with(files: &Files, path: &str, overlay: &Overlay) -> Result<Vec<Object>, Error> {
    let mut builder = Builder::new(files);
    let resources = builder.run(path, Some(overlay))?;
    Ok(resources.into_iter().map(|r| object(r, &builder.sources)).collect())
}

fn object(resource: Resource, sources: &Sources) -> Object {
    Object {
        written_name: resource.written_name().to_owned(),
        file: sources.get(resource.source).file.clone(),
        line: resource.line,
        value: resource.val.into(),
    }
}

/// Renders a folder and keeps where every value was written.
pub(crate) fn traced(files: &Files, path: &str) -> Result<(Vec<Resource>, Sources), Error> {
    let mut builder = Builder::new(files);
    let resources = builder.run(path, None)?;
    Ok((resources, builder.sources))
}

#[cfg(test)]
#[path = "build/tests.rs"]
mod tests;
