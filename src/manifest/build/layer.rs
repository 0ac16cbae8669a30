//! One kustomization file: its fields, where they stand, and which of them are rendered here.

use crate::build::source::{Role, Source, Sources};
use crate::error::Error;
use crate::files::Files;
use crate::yaml::{Data, Val};

/// The names that a kustomization file may have.
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// The kind of a kustomization that is mixed into another.
pub(super) const COMPONENT: &str = "Component";

/// The fields of a kustomization that are rendered here.
pub(crate) const FIELDS: &[&str] = &[
    "$schema",
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "images",
    "imageTags",
    "replicas",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "replacements",
    "vars",
    "configurations",
    "transformers",
    "sortOptions",
    "buildMetadata",
];

/// The fields that kustomize itself hands to other programs or to schemas of their own, and who renders them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("helmCharts", "kustomize build --enable-helm"),
    ("helmGlobals", "kustomize build --enable-helm"),
    ("helmChartInflationGenerator", "kustomize build --enable-helm"),
    ("generators", "kustomize build --enable-alpha-plugins"),
    ("validators", "kustomize build --enable-alpha-plugins"),
    ("crds", "kustomize build"),
    ("openapi", "kustomize build"),
];

/// The mappings whose keys are the operator's own.
const FREE: &[&str] = &["pairs", "labels", "annotations", "commonLabels", "commonAnnotations", "metadata"];

/// The words that the parts of a kustomization have as keys.
const WORDS: &[&str] = &[
    "name",
    "namespace",
    "behavior",
    "files",
    "literals",
    "envs",
    "env",
    "options",
    "type",
    "labels",
    "annotations",
    "disableNameSuffixHash",
    "immutable",
    "pairs",
    "includeSelectors",
    "includeTemplates",
    "fields",
    "fieldSpecs",
    "group",
    "version",
    "kind",
    "path",
    "create",
    "newName",
    "newTag",
    "digest",
    "tagSuffix",
    "count",
    "patch",
    "target",
    "labelSelector",
    "annotationSelector",
    "allowNameChange",
    "allowKindChange",
    "source",
    "targets",
    "sourceValue",
    "fieldPath",
    "fieldPaths",
    "select",
    "reject",
    "delimiter",
    "index",
    "encoding",
    "objref",
    "fieldref",
    "apiVersion",
    "order",
    "legacySortOptions",
    "orderFirst",
    "orderLast",
];

/// The schema that kustomize has built in; asking for it changes nothing.
const SCHEMA: &str = "v1.21.2";

/// Holds one kustomization: its fields and where they stand.
pub(crate) struct Layer {
    /// The fields.
    pub(crate) val: Val,
    /// The number of its source.
    pub(crate) source: u32,
    /// Its file.
    pub(crate) file: String,
    /// Its folder.
    pub(crate) folder: String,
    /// Whether Flux writes it anew before it is rendered: what is not known is lost then, and what is no text becomes one.
    pub(super) lenient: bool,
}

impl Layer {
    /// Reads the kustomization of a folder. With `lenient`, it is read as Flux reads it.
    pub(super) fn read(files: &Files, sources: &mut Sources, folder: &str, file: String, lenient: bool) -> Result<Self, Error> {
        let text = files.text(&file, None)?.to_owned();
        let source =
            Source { file: file.clone(), layer: folder.to_owned(), role: Role::Kustomization, text, targeted: false, host: None };
        let (number, docs) = sources.add_file(files, source)?;
        // kustomize passes over all documents but the first.
        let Some(val) = docs.into_iter().next() else {
            return Err(Error::Meaning { file, line: 1, why: "the kustomization is empty".to_owned() });
        };
        let mut layer = Self { val, source: number, file, folder: folder.to_owned(), lenient };
        layer.spelled();
        layer.known(sources)?;
        Ok(layer)
    }

    /// Builds the error for something that does not make sense at a value.
    pub(crate) fn meaning(&self, sources: &Sources, at: &Val, why: impl Into<String>) -> Error {
        Error::Meaning { file: self.file.clone(), line: sources.line(at.from), why: why.into() }
    }

    /// Builds the error for something that does not make sense in a field.
    pub(super) fn fault(&self, sources: &Sources, field: &str, why: impl Into<String>) -> Error {
        let line = self.val.get(field).map_or(1, |val| sources.line(val.from));
        Error::Meaning { file: self.file.clone(), line, why: format!("{field}: {}", why.into()) }
    }

    /// Builds the error for a field that is not known.
    pub(super) fn unknown(&self, sources: &Sources, at: &Val, field: impl Into<String>) -> Error {
        Error::UnknownField { file: self.file.clone(), line: sources.line(at.from), field: field.into() }
    }

    /// Returns the items of a list field; an error when it is something else.
    pub(crate) fn list(&self, sources: &Sources, field: &str) -> Result<Vec<Val>, Error> {
        match self.val.get(field) {
            None | Some(Val { data: Data::Null, .. }) => Ok(Vec::new()),
            Some(Val { data: Data::List(items), .. }) => Ok(items.clone()),
            Some(other) => Err(self.meaning(sources, other, format!("{field} is no list"))),
        }
    }

    /// Returns a field that is a text.
    pub(crate) fn text(&self, field: &str) -> String {
        self.val.get(field).and_then(Val::scalar).unwrap_or_default()
    }

    /// Checks that a mapping within the kustomization has known keys only.
    pub(super) fn keys(&self, sources: &Sources, item: &Val, (field, known): (&str, &[&str])) -> Result<(), Error> {
        let odd = item.as_map().and_then(|map| map.iter().find(|(key, _)| !known.contains(&key.as_str())));
        match odd.filter(|_| !self.lenient) {
            Some((key, val)) => Err(self.unknown(sources, val, format!("{field}.{key}"))),
            None => Ok(()),
        }
    }

    /// Returns a value that has to be a text; what is none is an error, or, where Flux reads it, becomes one.
    pub(super) fn worded(&self, sources: &Sources, val: &Val, what: &str) -> Result<Val, Error> {
        match &val.data {
            Data::Text(_) => Ok(val.clone()),
            Data::Null => Ok(Val { data: Data::Text(String::new()), ..val.clone() }),
            Data::Bool(_) | Data::Number(_) if self.lenient => {
                let text = Val { data: val.data.clone(), from: None, image: None }.scalar().unwrap_or_default();
                Ok(Val { data: Data::Text(text), ..val.clone() })
            }
            _ => Err(self.meaning(sources, val, format!("{what} is no text: it has to be quoted"))),
        }
    }

    /// Tells whether it is a component.
    pub(super) fn is_component(&self) -> bool {
        self.text("kind") == COMPONENT
    }

    /// Spells fields as they are known: kustomize does not tell capital letters apart.
    fn spelled(&mut self) {
        if let Data::Map(map) = &mut self.val.data {
            let parts = map.iter_mut().filter(|(key, _)| !FREE.iter().any(|free| free.eq_ignore_ascii_case(key)));
            parts.for_each(|(_, value)| respell(value));
        }
        let Data::Map(map) = &mut self.val.data else { return };
        let names = || FIELDS.iter().copied().chain(ELSEWHERE.iter().map(|(field, _)| *field));
        let other: Vec<(String, &str)> = map
            .keys()
            .filter(|key| !names().any(|name| name == key.as_str()))
            .filter_map(|key| Some((key.clone(), names().find(|name| name.eq_ignore_ascii_case(key))?)))
            .collect();
        for (written, name) in other {
            if let Some(value) = map.shift_remove(&written)
                && !map.contains_key(name)
            {
                map.insert(name.to_owned(), value);
            }
        }
    }

    fn known(&self, sources: &Sources) -> Result<(), Error> {
        let Some(map) = self.val.as_map() else {
            return Err(self.meaning(sources, &self.val, "the kustomization is no mapping"));
        };
        for (field, value) in map {
            let filled = !value.is_null() && (!value.items().is_empty() || !matches!(value.data, Data::List(_)));
            if !filled {
                continue;
            }
            if let Some((_, by)) = ELSEWHERE.iter().find(|(name, _)| name == field) {
                if field == "openapi"
                    && value.get("path").is_none()
                    && value.get("version").and_then(Val::as_text) == Some(SCHEMA)
                {
                    continue;
                }
                let line = sources.line(value.from);
                return Err(Error::Unsupported { file: self.file.clone(), line, field: field.clone(), by: (*by).to_owned() });
            }
            if !FIELDS.contains(&field.as_str()) && !self.lenient {
                return Err(self.unknown(sources, value, field.clone()));
            }
        }
        self.identity(sources)?;
        let says = |field: &str| !matches!(field, "apiVersion" | "kind");
        let empty = |val: &Val| val.is_null() || val.as_text() == Some("");
        if !self.lenient && map.iter().all(|(field, val)| !says(field) || empty(val)) {
            return Err(self.meaning(sources, &self.val, "the kustomization is empty"));
        }
        Ok(())
    }

    fn identity(&self, sources: &Sources) -> Result<(), Error> {
        let (kind, version) = (self.text("kind"), self.text("apiVersion"));
        if version.starts_with("kustomize.toolkit.fluxcd.io/") {
            let why = "this is a Flux Kustomization; kustomize has a file of the same name";
            return Err(self.meaning(sources, &self.val, why));
        }
        if !matches!(kind.as_str(), "" | "Kustomization" | COMPONENT) {
            let why = format!("its kind is {kind}, not Kustomization or Component");
            return Err(self.meaning(sources, &self.val, why));
        }
        let wanted = if kind == COMPONENT { "kustomize.config.k8s.io/v1alpha1" } else { "kustomize.config.k8s.io/v1beta1" };
        if !version.is_empty() && version != wanted {
            let at = self.val.get("apiVersion").unwrap_or(&self.val);
            return Err(self.meaning(sources, at, format!("its apiVersion is {version}, not {wanted}")));
        }
        Ok(())
    }
}

/// Spells the keys of a part of a kustomization as they are known.
pub(super) fn respell(val: &mut Val) {
    match &mut val.data {
        Data::List(items) => items.iter_mut().for_each(respell),
        Data::Map(map) => {
            let odd = |key: &String| !WORDS.contains(&key.as_str());
            let known = |key: &String| WORDS.iter().find(|word| word.eq_ignore_ascii_case(key));
            let other: Vec<(String, &str)> =
                map.keys().filter(|key| odd(key)).filter_map(|key| Some((key.clone(), *known(key)?))).collect();
            for (written, word) in other {
                if let Some(value) = map.shift_remove(&written) {
                    map.entry(word.to_owned()).or_insert(value);
                }
            }
            let parts = map.iter_mut().filter(|(key, value)| value.as_map().is_none() || !FREE.contains(&key.as_str()));
            parts.for_each(|(_, value)| respell(value));
        }
        _ => {}
    }
}

/// Returns the kustomization file of a folder; an error when there are several.
pub(super) fn find(files: &Files, folder: &str) -> Result<Option<String>, Error> {
    let mut there = NAMES.iter().filter_map(|name| {
        let path = if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
        files.is_file(&path).then_some(path)
    });
    let first = there.next();
    if let (Some(first), Some(second)) = (&first, there.next()) {
        let why = format!("there is {first} beside it; a folder has one kustomization");
        return Err(Error::Meaning { file: second, line: 1, why });
    }
    Ok(first)
}
