//! What Flux makes of a folder: a kustomization where none is written, and what a Flux Kustomization adds to one.

use serde_json::Value;

use crate::build::accumulate::Builder;
use crate::build::layer::{self, Layer};
use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{Data, Val};

/// Holds what a Flux Kustomization asks for on top of a folder: its `spec`.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    spec: Value,
}

/// Holds what a Flux Kustomization writes into the labels of all its objects.
const OWNER: &str = "kustomize.toolkit.fluxcd.io";

impl Overlay {
    /// Builds it out of a Flux Kustomization's `spec`. Used are `targetNamespace`, `namePrefix`, `nameSuffix`, `patches`,
    /// `patchesStrategicMerge`, `patchesJson6902`, `images`, `components`, `ignoreMissingComponents`, `buildMetadata` and,
    /// by [`Overlay::mark`], `commonMetadata`.
    pub fn new(spec: &Value) -> Self {
        Self { spec: spec.clone() }
    }

    /// Writes the common labels and annotations into an object, and whose it is: the Flux Kustomization's namespace and
    /// name. Flux does this after all variables are replaced.
    pub fn mark(&self, object: &mut Value, (namespace, name): (&str, &str)) {
        let Some(object) = object.as_object_mut() else { return };
        let metadata = object.entry("metadata").or_insert_with(|| Value::Object(serde_json::Map::new()));
        for part in ["labels", "annotations"] {
            let common = self.spec.pointer(&format!("/commonMetadata/{part}")).and_then(Value::as_object);
            for (key, value) in common.into_iter().flatten() {
                put(metadata, part, key, value.clone());
            }
        }
        put(metadata, "labels", &format!("{OWNER}/name"), name.into());
        put(metadata, "labels", &format!("{OWNER}/namespace"), namespace.into());
    }

    fn list(&self, field: &str) -> impl Iterator<Item = &Value> {
        self.spec.get(field).and_then(Value::as_array).into_iter().flatten()
    }

    /// Merges it into the kustomization of the folder: names are replaced, lists get longer, images merge by their names.
    pub(super) fn merge(&self, files: &Files, layer: &mut Layer) -> Result<(), Error> {
        for (from, to) in [("targetNamespace", "namespace"), ("namePrefix", "namePrefix"), ("nameSuffix", "nameSuffix")] {
            if let Some(text) = self.spec.get(from).and_then(Value::as_str) {
                layer.val.set(to, Val::text(text));
            }
        }
        if layer.list_len("resources") == 0 && layer.list_len("bases") == 0 && layer.list_len("buildMetadata") == 0 {
            // Flux does so, that the kustomization is not empty.
            layer.push("buildMetadata", Val::text("originAnnotations"));
        }
        for patch in self.list("patches") {
            layer.push("patches", val(patch));
        }
        for component in self.list("components").filter_map(Value::as_str) {
            let path = files::join(&layer.folder, component, &layer.file)?;
            let optional = self.spec.get("ignoreMissingComponents").and_then(Value::as_bool) == Some(true);
            if !optional || files.is_folder(&path) {
                layer.push("components", Val::text(component));
            }
        }
        for patch in self.list("patchesStrategicMerge") {
            layer.push("patchesStrategicMerge", Val::text(patch.to_string()));
        }
        for patch in self.list("patchesJson6902") {
            let mut item = val(patch);
            let text = patch.get("patch").map(ToString::to_string).unwrap_or_default();
            item.set("patch", Val::text(text));
            layer.push("patchesJson6902", item);
        }
        for image in self.list("images") {
            Self::image(layer, image);
        }
        let wanted: Vec<Val> = self.list("buildMetadata").map(val).collect();
        if !wanted.is_empty() {
            layer.val.set("buildMetadata", Val { data: Data::List(wanted), from: None, image: None });
        }
        Ok(())
    }

    /// Merges one image: tag and digest go together, so that no old digest stays beside a new tag.
    fn image(layer: &mut Layer, image: &Value) {
        let text = |key: &str| image.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        let there = match layer.val.get_mut("images").map(|images| &mut images.data) {
            Some(Data::List(items)) => items.iter_mut().find(|i| i.get("name").and_then(Val::scalar).as_deref() == Some(name)),
            _ => None,
        };
        let Some(old) = there else { return layer.push("images", val(image)) };
        if !text("newName").is_empty() {
            old.set("newName", Val::text(text("newName")));
        }
        if !text("newTag").is_empty() || !text("digest").is_empty() {
            for key in ["newTag", "digest"] {
                old.remove(key);
                if !text(key).is_empty() {
                    old.set(key, Val::text(text(key)));
                }
            }
        }
    }
}

fn put(metadata: &mut Value, part: &str, key: &str, value: Value) {
    if let Some(metadata) = metadata.as_object_mut() {
        let map = metadata.entry(part).or_insert_with(|| Value::Object(serde_json::Map::new()));
        if let Some(map) = map.as_object_mut() {
            map.insert(key.to_owned(), value);
        }
    }
}

/// Returns a value that was written nowhere in the files.
fn val(value: &Value) -> Val {
    let data = match value {
        Value::Null => Data::Null,
        Value::Bool(flag) => Data::Bool(*flag),
        Value::Number(number) => Data::Number(number.clone()),
        Value::String(text) => Data::Text(text.clone()),
        Value::Array(items) => Data::List(items.iter().map(val).collect()),
        Value::Object(map) => Data::Map(map.iter().map(|(key, value)| (key.clone(), val(value))).collect()),
    };
    Val { data, from: None, image: None }
}

impl Layer {
    fn list_len(&self, field: &str) -> usize {
        self.val.get(field).map_or(0, |list| list.items().len())
    }

    fn push(&mut self, field: &str, item: Val) {
        self.val.with(&[field], |slot| {
            if !matches!(slot.data, Data::List(_)) {
                slot.data = Data::List(Vec::new());
            }
            if let Data::List(items) = &mut slot.data {
                items.push(item);
            }
        });
    }
}

impl Builder<'_> {
    /// Makes the kustomization of a folder that has none: every YAML file below it, and every folder below it that has one.
    pub(super) fn unwritten(&self, folder: &str, overlay: Option<&Overlay>) -> Result<Layer, Error> {
        let mut paths: Vec<&str> = self.files.below(folder).collect();
        paths.sort_by(|a, b| a.split('/').cmp(b.split('/')));
        let mut done: Vec<String> = Vec::new();
        let file = if folder.is_empty() { NAME.to_owned() } else { format!("{folder}/{NAME}") };
        let mut layer = Layer { val: Val::map(), source: 0, file, folder: folder.to_owned(), lenient: true };
        for path in paths {
            if done.iter().any(|d| files::within(path, d)) {
                continue;
            }
            let inner = self.outermost(folder, path);
            let item = match &inner {
                Some(inner) => inner.as_str(),
                None if files::is_yaml(path) => path,
                None => continue,
            };
            let written = item.get(folder.len()..).unwrap_or_default().trim_start_matches('/');
            layer.push("resources", Val::text(written));
            done.extend(inner);
        }
        if let Some(overlay) = overlay {
            let empty = layer.list_len("resources") == 0;
            overlay.merge(self.files, &mut layer)?;
            if empty && overlay.list("buildMetadata").next().is_none() {
                layer.val.remove("buildMetadata");
            }
        }
        Ok(layer)
    }

    /// Returns the outermost folder below `folder` and above a path that has a kustomization.
    fn outermost(&self, folder: &str, path: &str) -> Option<String> {
        let start = if folder.is_empty() { 0 } else { folder.len() + 1 };
        path.get(start..)?
            .match_indices('/')
            .map(|(at, _)| &path[..start + at])
            .find(|dir| layer::NAMES.iter().any(|name| self.files.is_file(&format!("{dir}/{name}"))))
            .map(str::to_owned)
    }
}

/// The name of the kustomization that Flux writes.
const NAME: &str = layer::NAMES[0];
