//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: which objects a patch speaks of, and what becomes of them.

use crate::build::accumulate::{Builder, opened};
use crate::build::jsonpatch;
use crate::build::layer::Layer;
use crate::build::merge;
use crate::build::origin;
use crate::build::printed;
use crate::build::resource::Resource;
use crate::build::select::Selector;
use crate::build::source::{Role, Source, Sources, size};
use crate::error::Error;
use crate::files;
use crate::yaml::{Data, Val};

/// Holds a patch that was read: its documents, or its operations.
enum Patch {
    Strategic(Vec<Val>),
    Operations(Vec<Val>),
}

/// Says what a patch may change beyond the fields of an object.
#[derive(Clone, Copy, Default)]
struct Allowed {
    name: bool,
    kind: bool,
}

/// Does what `patchesStrategicMerge` says: each item is a file or an inline patch.
pub(super) fn strategic(builder: &mut Builder<'_>, layer: &Layer, resources: &mut Vec<Resource>) -> Result<(), Error> {
    for item in layer.list(&builder.sources, "patchesStrategicMerge")? {
        let text = item.as_text().unwrap_or_default();
        let inline = text.contains('\n') || text.trim_start().starts_with('{') || text.contains(": ");
        let patch = if inline { read_inline(builder, layer, &item, false)? } else { read_file(builder, layer, &item, false)? };
        let Patch::Strategic(docs) = patch else {
            return Err(layer.meaning(&builder.sources, &item, "this is no strategic merge patch"));
        };
        for doc in &docs {
            let at = meant(&builder.sources, doc, resources)?;
            apply(&builder.sources, (&rewritten(&builder.sources, doc), Allowed::default()), at, resources)?;
        }
    }
    Ok(())
}

/// Does what one item of `patches` says.
pub(super) fn patch(builder: &mut Builder<'_>, layer: &Layer, item: &Val, resources: &mut Vec<Resource>) -> Result<(), Error> {
    layer.keys(&builder.sources, item, ("patches", &["path", "patch", "target", "options"]))?;
    let patch = read(builder, layer, item)?;
    let options = item.get("options").cloned().unwrap_or_else(Val::null);
    layer.keys(&builder.sources, &options, ("patches.options", &["allowNameChange", "allowKindChange"]))?;
    let option = |key: &str| options.get(key).is_some_and(Val::is_true);
    let allowed = Allowed { name: option("allowNameChange"), kind: option("allowKindChange") };
    let sources = &builder.sources;
    let target = item.get("target").filter(|t| !t.is_null());
    let selector = target.map(|t| Selector::read(layer, sources, t)).transpose()?;
    match (patch, selector) {
        (Patch::Strategic(docs), None) => {
            for doc in &docs {
                let at = meant(sources, doc, resources)?;
                apply(sources, (doc, allowed), at, resources)?;
            }
            Ok(())
        }
        (Patch::Strategic(docs), Some(selector)) => match docs.as_slice() {
            [] => Ok(()),
            [doc] => {
                let doc = rewritten(sources, doc);
                // From the last one on, so that a deletion does not move the others.
                for index in selector.select(resources).into_iter().rev() {
                    apply(sources, (&doc, allowed), index, resources)?;
                }
                unique(sources, layer, item, resources)
            }
            _ => Err(layer.meaning(sources, item, "a patch with a target has exactly one document")),
        },
        (Patch::Operations(operations), Some(selector)) => {
            for index in selector.select(resources) {
                resources[index].remember();
                operate(sources, &operations, &mut resources[index])?;
            }
            Ok(())
        }
        (Patch::Operations(_), None) => Err(layer.meaning(sources, item, "a JSON patch needs a target")),
    }
}

/// Does what one item of `patchesJson6902` says.
pub(super) fn json6902(builder: &mut Builder<'_>, layer: &Layer, item: &Val, resources: &mut [Resource]) -> Result<(), Error> {
    layer.keys(&builder.sources, item, ("patchesJson6902", &["path", "patch", "target", "options"]))?;
    let named = item.get("target").filter(|t| t.get("name").and_then(Val::scalar).is_some_and(|n| !n.is_empty()));
    let Some(target) = named.cloned() else {
        return Err(layer.meaning(&builder.sources, item, "a JSON patch needs a target with a name"));
    };
    let Patch::Operations(operations) = read(builder, layer, item)? else {
        return Err(layer.meaning(&builder.sources, item, "this is no JSON patch"));
    };
    if operations.is_empty() {
        return Err(layer.meaning(&builder.sources, item, "the JSON patch is empty"));
    }
    for index in Selector::read(layer, &builder.sources, &target)?.select(resources) {
        operate(&builder.sources, &operations, &mut resources[index])?;
    }
    Ok(())
}

fn unique(sources: &Sources, layer: &Layer, item: &Val, resources: &[Resource]) -> Result<(), Error> {
    let mut there = std::collections::HashSet::new();
    match resources.iter().find(|r| !there.insert(r.key())) {
        Some(twin) => Err(layer.meaning(sources, item, format!("{} {} is there twice", twin.kind(), twin.id().name))),
        None => Ok(()),
    }
}

fn read(builder: &mut Builder<'_>, layer: &Layer, item: &Val) -> Result<Patch, Error> {
    let filled = |key: &str| item.get(key).filter(|v| v.as_text().is_some_and(|t| !t.trim().is_empty())).cloned();
    let targeted = item.get("target").is_some_and(|t| !t.is_null());
    match (filled("path"), filled("patch")) {
        (Some(path), None) => read_file(builder, layer, &path, targeted),
        (None, Some(patch)) => read_inline(builder, layer, &trimmed(patch), targeted),
        _ => Err(layer.meaning(&builder.sources, item, "a patch has exactly one of path and patch")),
    }
}

fn read_file(builder: &mut Builder<'_>, layer: &Layer, path: &Val, targeted: bool) -> Result<Patch, Error> {
    let written = path.as_text().unwrap_or_default();
    builder.local(layer, path)?;
    let file = files::join(&layer.folder, written, &layer.file)?;
    let text = builder.files.text(&file, Some(&layer.file))?.to_owned();
    let file = builder.files.resolve(&file)?;
    let json = text.trim_start().starts_with('[');
    let bad = json && serde_json::from_str::<serde_json::Value>(&text).is_err();
    let source = Source { file, layer: layer.folder.clone(), role: Role::Patch, text, targeted, host: None };
    let (_, docs) = builder.sources.add_file(builder.files, source)?;
    sort(layer, &builder.sources, path, docs, bad)
}

/// Takes the white space from the end of an inline patch, as kustomize does: a block scalar there has no last line break.
fn trimmed(patch: Val) -> Val {
    let text = patch.as_text().unwrap_or_default().trim_end().to_owned();
    Val { data: Data::Text(text), ..patch }
}

fn read_inline(builder: &mut Builder<'_>, layer: &Layer, patch: &Val, targeted: bool) -> Result<Patch, Error> {
    let text = patch.as_text().unwrap_or_default().to_owned();
    let json = text.trim_start().starts_with('[');
    let bad = json && serde_json::from_str::<serde_json::Value>(&text).is_err();
    let source =
        Source { file: layer.file.clone(), layer: layer.folder.clone(), role: Role::Patch, text, targeted, host: patch.from };
    let (_, docs) = builder.sources.add(source)?;
    sort(layer, &builder.sources, patch, docs, bad)
}

/// Tells the two kinds of patches apart. A list in brackets has to be JSON to the letter.
fn sort(layer: &Layer, sources: &Sources, at: &Val, docs: Vec<Val>, bad: bool) -> Result<Patch, Error> {
    if let Some(Val { data: Data::List(operations), .. }) = docs.first() {
        if bad || operations.iter().any(|o| o.as_map().is_none()) {
            return Err(layer.meaning(sources, at, "the list of operations is no JSON"));
        }
        return Ok(Patch::Operations(operations.clone()));
    }
    let docs =
        opened(docs).map_err(|at| fault(sources, &at, "this is no Kubernetes object: its items are no list".to_owned()))?;
    match docs.iter().find(|doc| !is_object(doc)) {
        Some(_) => Err(layer.meaning(sources, at, "this is neither a strategic merge patch nor a JSON patch")),
        None => Ok(Patch::Strategic(docs)),
    }
}

fn is_object(doc: &Val) -> bool {
    let text = |path: &[&str]| doc.at(path).and_then(Val::scalar).is_some_and(|t| !t.is_empty());
    text(&["kind"]) && text(&["metadata", "name"])
}

fn fault(sources: &Sources, at: &Val, why: String) -> Error {
    Error::Meaning { file: sources.file(at.from).to_owned(), line: sources.line(at.from), why }
}

/// Returns the position of the one object that a patch without a target speaks of.
fn meant(sources: &Sources, doc: &Val, resources: &[Resource]) -> Result<usize, Error> {
    let key = Resource::new(doc.clone(), 0, 1).key();
    let mut there = resources.iter().enumerate().filter(|(_, r)| r.called(&key)).map(|(at, _)| at);
    match (there.next(), there.next()) {
        (Some(at), None) => Ok(at),
        (None, _) => Err(fault(sources, doc, format!("the patch speaks of {} {}, which is not there", key.1, key.2))),
        (Some(_), Some(_)) => {
            Err(fault(sources, doc, format!("the patch may speak of several objects called {} {}", key.1, key.2)))
        }
    }
}

/// Makes texts of a patch's labels and annotations, as kustomize does with patches that have a target.
fn rewritten(sources: &Sources, doc: &Val) -> Val {
    let mut doc = doc.clone();
    for field in ["labels", "annotations"] {
        let Some(metadata) = doc.get_mut("metadata") else { continue };
        if metadata.get(field).is_some_and(Val::is_null) {
            metadata.remove(field);
        }
        let Some(Data::Map(map)) = metadata.get_mut(field).map(|f| &mut f.data) else { continue };
        for value in map.values_mut() {
            if value.as_text().is_none() {
                value.data = Data::Text(sources.written(value));
            }
        }
        if map.is_empty() {
            metadata.remove(field);
        }
    }
    doc
}

fn apply(sources: &Sources, (doc, allowed): (&Val, Allowed), at: usize, resources: &mut Vec<Resource>) -> Result<(), Error> {
    sources.spend(size(doc)).map_err(|why| fault(sources, doc, why))?;
    let resource = &mut resources[at];
    if allowed.name || allowed.kind {
        resource.remember();
    }
    // kustomize makes the new object and then goes on with the old one.
    if doc.get("$patch").and_then(Val::as_text) == Some("replace") {
        return Ok(());
    }
    let keep = |path: &[&str], val: &Val| val.at(path).filter(|v| !v.is_null()).cloned();
    let old = &resource.val;
    let (name, namespace) = (keep(&["metadata", "name"], old), keep(&["metadata", "namespace"], old));
    let (kind, version) = (keep(&["kind"], old), keep(&["apiVersion"], old));
    let mut doc = doc.clone();
    match &version {
        Some(version) => doc.set("apiVersion", version.clone()),
        None => drop(doc.remove("apiVersion")),
    }
    let merged = merge::merge(sources, std::mem::replace(&mut resource.val, Val::null()), &doc)
        .map_err(|why| fault(sources, &doc, why))?;
    let Some(merged) = merged else {
        resources.remove(at);
        return Ok(());
    };
    resource.val = merged;
    if forgets(&doc) {
        resource.forget();
    }
    if let (false, Some(kind)) = (allowed.kind, kind) {
        resource.val.set("kind", kind);
    }
    if let (false, Some(name)) = (allowed.name, name) {
        resource.val.with(&["metadata", "name"], |slot| *slot = name);
    }
    match namespace {
        Some(namespace) => resource.val.with(&["metadata", "namespace"], |slot| *slot = namespace),
        None => {
            if let Some(metadata) = resource.val.get_mut("metadata") {
                metadata.remove("namespace");
            }
        }
    }
    Ok(())
}

/// Tells whether a patch takes away all annotations. kustomize keeps in them what an object was called before.
fn forgets(doc: &Val) -> bool {
    let whole = |val: &Val| matches!(val.get("$patch").and_then(Val::as_text), Some("replace" | "delete"));
    let annotations = doc.at(&["metadata", "annotations"]);
    doc.get("metadata").is_some_and(whole) || annotations.is_some_and(|val| val.is_null() || whole(val))
}

fn operate(sources: &Sources, operations: &[Val], resource: &mut Resource) -> Result<(), Error> {
    if !resource.plain {
        printed::all(sources, &mut resource.val);
        resource.plain = true;
    }
    for operation in operations {
        jsonpatch::operate(&mut resource.val, operation, &|val| sources.spend(size(val)))
            .map_err(|why| fault(sources, operation, why))?;
    }
    let whole = |path: String| matches!(path.as_str(), "" | "/metadata" | "/metadata/annotations");
    if operations.iter().any(|o| o.get("path").and_then(Val::scalar).is_some_and(whole)) {
        // Where it comes from is an annotation while kustomize works, unlike its former names.
        resource.origin = None;
        resource.changes.clear();
    }
    jsonpatch::as_json(&mut resource.val);
    // kustomize reads all annotations as texts and writes them back.
    origin::texts(sources, resource);
    Ok(())
}
