//! Where objects come from and what changed them, as `buildMetadata` asks for it to be written into annotations.

use crate::build::layer::Layer;
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::yaml::{Data, Val};

/// The annotation that says where an object comes from.
pub(super) const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation that says what changed it.
pub(super) const CHANGES: &str = "alpha.config.kubernetes.io/transformations";
/// The label that says who made it.
const MANAGED: &str = "app.kubernetes.io/managed-by";
/// What `managedByLabel` writes: the version of kustomize that is rendered like.
const MANAGER: &str = "kustomize-v5.8.1";
/// What kustomize keeps in annotations while it works, and takes out of the result.
const INTERNAL: &[&str] = &[
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/helm-generated",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

/// Says where an object comes from, or what made or changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A file, relative to the folder that is rendered.
    File(String),
    /// A part of a kustomization: its file and the kind of the generator or transformer.
    Builtin(String, &'static str),
    /// A transformer that is configured by itself.
    Configured {
        /// The file.
        file: String,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
}

impl Origin {
    /// Returns its lines.
    fn lines(&self) -> Vec<String> {
        match self {
            Self::File(path) => vec![format!("path: {path}")],
            Self::Builtin(file, kind) => vec![
                format!("configuredIn: {file}"),
                "configuredBy:".to_owned(),
                "  apiVersion: builtin".to_owned(),
                format!("  kind: {kind}"),
            ],
            Self::Configured { file, kind, name } => vec![
                format!("configuredIn: {file}"),
                "configuredBy:".to_owned(),
                "  apiVersion: builtin".to_owned(),
                format!("  kind: {kind}"),
                format!("  name: {name}"),
            ],
        }
    }
}

/// Says what `buildMetadata` asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    words: Vec<String>,
}

impl Wanted {
    /// Reads what a kustomization asks for.
    pub(super) fn of(layer: &Layer) -> Self {
        let words = layer.val.get("buildMetadata").map(Val::items).unwrap_or_default();
        Self { words: words.iter().filter_map(Val::scalar).collect() }
    }

    /// Tells whether anything is asked for, so that origins are kept.
    pub(super) const fn any(&self) -> bool {
        !self.words.is_empty()
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }
}

/// Notes that a transformer went over all resources: those without an origin come from it.
pub(super) fn note(resources: &mut [Resource], by: &Origin) {
    for resource in resources {
        if resource.origin.is_none() {
            resource.origin = Some(by.clone());
        } else {
            resource.changes.push(by.clone());
        }
    }
}

/// Writes what is asked for and takes out what is not; all annotations are texts afterwards.
pub(super) fn finish(sources: &Sources, wanted: &Wanted, resources: &mut [Resource]) {
    for resource in resources {
        if wanted.has("managedByLabel") {
            resource.val.with(&["metadata", "labels", MANAGED], |slot| *slot = Val::text(MANAGER));
        }
        texts(sources, resource);
        let mut new = Vec::new();
        if let (true, Some(origin)) = (wanted.has("originAnnotations"), &resource.origin) {
            new.push((ORIGIN, format!("{}\n", origin.lines().join("\n"))));
        }
        if wanted.has("transformerAnnotations") && !resource.changes.is_empty() {
            let lines = resource.changes.iter().flat_map(|change| {
                change.lines().into_iter().enumerate().map(|(at, line)| format!("{}{line}\n", if at == 0 { "- " } else { "  " }))
            });
            new.push((CHANGES, lines.collect::<String>()));
        }
        let annotations = resource.val.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
        if let Some(Data::Map(map)) = annotations.map(|a| &mut a.data) {
            map.retain(|key, _| key != ORIGIN && key != CHANGES && !INTERNAL.contains(&key.as_str()));
        }
        for (key, text) in new {
            resource.val.with(&["metadata", "annotations", key], |slot| *slot = Val::text(text));
        }
        let empty = |val: &Val| val.as_map().is_none_or(indexmap::IndexMap::is_empty);
        if let Some(metadata) = resource.val.get_mut("metadata")
            && metadata.get("annotations").is_some_and(empty)
        {
            metadata.remove("annotations");
        }
    }
}

/// Makes texts of all annotations: as they are written, or as JSON writes them when the object has been JSON.
pub(super) fn texts(sources: &Sources, resource: &mut Resource) {
    let plain = resource.plain;
    let annotations = resource.val.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(Data::Map(map)) = annotations.map(|a| &mut a.data) {
        for value in map.values_mut() {
            if value.as_text().is_none() {
                let json = || value.scalar().unwrap_or_else(|| if value.is_null() { "null".to_owned() } else { String::new() });
                value.data = Data::Text(if plain { json() } else { sources.written(value) });
            }
        }
    }
}
