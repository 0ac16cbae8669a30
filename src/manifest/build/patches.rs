//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: which objects a patch speaks of, and what becomes of them.

use regex::Regex;

use crate::build::accumulate::{Builder, Layer};
use crate::build::jsonpatch;
use crate::build::merge;
use crate::build::resource::{Resource, same_namespace};
use crate::build::source::{Role, Source, Sources};
use crate::error::Error;
use crate::files;
use crate::yaml::{Data, Val};

/// Holds a patch that was read: its documents, or its operations.
enum Patch {
    Strategic(Vec<Val>),
    Operations(Vec<Val>),
}

/// Does what `patchesStrategicMerge` says: each item is a file or an inline patch.
pub(super) fn strategic(builder: &mut Builder<'_>, layer: &Layer, resources: &mut Vec<Resource>) -> Result<(), Error> {
    for item in layer.list(&builder.sources, "patchesStrategicMerge")? {
        let text = item.as_text().unwrap_or_default().to_owned();
        let inline = text.contains('\n');
        let patch = if inline { read_inline(builder, layer, &item, false)? } else { read_file(builder, layer, &item, false)? };
        match patch {
            Patch::Strategic(docs) => by_identity(&builder.sources, layer, &docs, resources)?,
            Patch::Operations(_) => return Err(layer.meaning(&builder.sources, &item, "this is no strategic merge patch")),
        }
    }
    Ok(())
}

/// Does what `patches` says.
pub(super) fn patches(builder: &mut Builder<'_>, layer: &Layer, resources: &mut Vec<Resource>) -> Result<(), Error> {
    for item in layer.list(&builder.sources, "patches")? {
        known(layer, &builder.sources, &item, &["path", "patch", "target", "options"])?;
        let patch = read(builder, layer, &item)?;
        let options = item.get("options").cloned().unwrap_or_else(Val::null);
        let target = item.get("target").filter(|t| !t.is_null());
        let selected = target.map(|t| select(layer, &builder.sources, t, resources)).transpose()?;
        match (patch, selected) {
            (Patch::Strategic(docs), None) => by_identity(&builder.sources, layer, &docs, resources)?,
            (Patch::Strategic(docs), Some(at)) => {
                let [doc] = docs.as_slice() else {
                    return Err(layer.meaning(&builder.sources, &item, "a patch with a target has exactly one document"));
                };
                for index in at.into_iter().rev() {
                    apply(&builder.sources, doc, &options, index, resources)?;
                }
            }
            (Patch::Operations(_), None) => {
                return Err(layer.meaning(&builder.sources, &item, "a JSON patch needs a target"));
            }
            (Patch::Operations(operations), Some(at)) => {
                for index in at {
                    operate(&builder.sources, &operations, &mut resources[index])?;
                }
            }
        }
    }
    Ok(())
}

/// Does what `patchesJson6902` says.
pub(super) fn json6902(builder: &mut Builder<'_>, layer: &Layer, resources: &mut [Resource]) -> Result<(), Error> {
    for item in layer.list(&builder.sources, "patchesJson6902")? {
        known(layer, &builder.sources, &item, &["path", "patch", "target"])?;
        let Patch::Operations(operations) = read(builder, layer, &item)? else {
            return Err(layer.meaning(&builder.sources, &item, "this is no JSON patch"));
        };
        let Some(target) = item.get("target") else {
            return Err(layer.meaning(&builder.sources, &item, "a JSON patch needs a target"));
        };
        let at = select(layer, &builder.sources, target, resources)?;
        if at.is_empty() {
            return Err(layer.meaning(&builder.sources, target, "the target of this patch is not there"));
        }
        for index in at {
            operate(&builder.sources, &operations, &mut resources[index])?;
        }
    }
    Ok(())
}

fn known(layer: &Layer, sources: &Sources, item: &Val, fields: &[&str]) -> Result<(), Error> {
    let odd = item.as_map().and_then(|map| map.iter().find(|(key, _)| !fields.contains(&key.as_str())));
    match odd {
        Some((key, val)) => {
            Err(Error::UnknownField { file: layer.file.clone(), line: sources.line(val.from), field: format!("patches.{key}") })
        }
        None => Ok(()),
    }
}

fn read(builder: &mut Builder<'_>, layer: &Layer, item: &Val) -> Result<Patch, Error> {
    let filled = |key: &str| item.get(key).filter(|v| v.as_text().is_some_and(|t| !t.trim().is_empty())).cloned();
    let targeted = item.get("target").is_some_and(|t| !t.is_null());
    match (filled("path"), filled("patch")) {
        (Some(path), None) => read_file(builder, layer, &path, targeted),
        (None, Some(patch)) => read_inline(builder, layer, &patch, targeted),
        _ => Err(layer.meaning(&builder.sources, item, "a patch has exactly one of path and patch")),
    }
}

fn read_file(builder: &mut Builder<'_>, layer: &Layer, path: &Val, targeted: bool) -> Result<Patch, Error> {
    let file = files::join(&layer.folder, path.as_text().unwrap_or_default(), &layer.file)?;
    let text = builder.files.text(&file, Some(&layer.file))?.to_owned();
    let file = builder.files.resolve(&file)?;
    let (_, docs) =
        builder.sources.add(Source { file, layer: layer.folder.clone(), role: Role::Patch, text, targeted, host: None })?;
    sort(layer, &builder.sources, path, docs)
}

fn read_inline(builder: &mut Builder<'_>, layer: &Layer, patch: &Val, targeted: bool) -> Result<Patch, Error> {
    let text = patch.as_text().unwrap_or_default().to_owned();
    let source =
        Source { file: layer.file.clone(), layer: layer.folder.clone(), role: Role::Patch, text, targeted, host: patch.from };
    let (_, docs) = builder.sources.add(source)?;
    sort(layer, &builder.sources, patch, docs)
}

fn sort(layer: &Layer, sources: &Sources, at: &Val, docs: Vec<Val>) -> Result<Patch, Error> {
    if let Some(Val { data: Data::List(operations), .. }) = docs.first() {
        if operations.first().is_none_or(|o| o.get("op").is_some()) {
            return Ok(Patch::Operations(operations.clone()));
        }
        let all = docs.iter().flat_map(|d| d.items().to_vec()).collect();
        return Ok(Patch::Strategic(all));
    }
    if docs.iter().any(|d| d.get("kind").is_none()) {
        return Err(layer.meaning(sources, at, "this is neither a strategic merge patch nor a JSON patch"));
    }
    Ok(Patch::Strategic(docs))
}

fn fault(sources: &Sources, at: &Val, why: String) -> Error {
    Error::Meaning { file: sources.file(at.from).to_owned(), line: sources.line(at.from), why }
}

/// Applies patch documents to the objects whose kind and name they carry.
fn by_identity(sources: &Sources, layer: &Layer, docs: &[Val], resources: &mut Vec<Resource>) -> Result<(), Error> {
    for doc in docs {
        let patch = Resource::new(doc.clone(), layer.source, 1);
        let wanted = patch.id();
        let at = resources.iter().position(|r| {
            let same = r.kind() == patch.kind() && r.group_version() == patch.group_version();
            same && r.ids().iter().any(|id| id.name == wanted.name && same_namespace(&id.namespace, &wanted.namespace))
        });
        let Some(at) = at else {
            return Err(fault(sources, doc, format!("the patch speaks of {} {}, which is not there", patch.kind(), wanted.name)));
        };
        apply(sources, doc, &Val::null(), at, resources)?;
    }
    Ok(())
}

fn apply(sources: &Sources, doc: &Val, options: &Val, at: usize, resources: &mut Vec<Resource>) -> Result<(), Error> {
    let resource = &mut resources[at];
    let option = |key: &str| options.get(key).is_some_and(Val::is_true);
    let (rename, rekind) = (option("allowNameChange"), option("allowKindChange"));
    let keep = |path: &[&str], val: &Val| val.at(path).cloned();
    let (name, namespace) = (keep(&["metadata", "name"], &resource.val), keep(&["metadata", "namespace"], &resource.val));
    let (kind, version) = (keep(&["kind"], &resource.val), keep(&["apiVersion"], &resource.val));
    if rename || rekind {
        resource.remember();
    }
    let built_in = resource.built_in();
    let there = merge::merge(&mut resource.val, doc, built_in).map_err(|why| fault(sources, doc, why))?;
    if !there {
        resources.remove(at);
        return Ok(());
    }
    if let (false, Some(kind)) = (rekind, kind) {
        resource.val.set("kind", kind);
    }
    if let (false, Some(version)) = (rekind, version) {
        resource.val.set("apiVersion", version);
    }
    if let (false, Some(name)) = (rename, name) {
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

fn operate(sources: &Sources, operations: &[Val], resource: &mut Resource) -> Result<(), Error> {
    resource.remember();
    for operation in operations {
        jsonpatch::operate(&mut resource.val, operation).map_err(|why| fault(sources, operation, why))?;
    }
    // kustomize reads all annotations as texts and writes them back.
    if let Some(Data::Map(annotations)) =
        resource.val.get_mut("metadata").and_then(|m| m.get_mut("annotations")).map(|a| &mut a.data)
    {
        for value in annotations.values_mut() {
            if let Some(text) = value.scalar() {
                value.data = Data::Text(text);
            }
        }
    }
    Ok(())
}

/// Returns the positions of the resources that a target selects.
fn select(layer: &Layer, sources: &Sources, target: &Val, resources: &[Resource]) -> Result<Vec<usize>, Error> {
    known(layer, sources, target, &["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"])?;
    let pattern = |key: &str| -> Result<Option<Regex>, Error> {
        let Some(text) = target.get(key).and_then(Val::scalar).filter(|t| !t.is_empty()) else { return Ok(None) };
        Regex::new(&format!("^(?:{text})$"))
            .map(Some)
            .map_err(|_| layer.meaning(sources, target, format!("{key}: \u{201c}{text}\u{201d} is no pattern")))
    };
    let (group, version, kind) = (pattern("group")?, pattern("version")?, pattern("kind")?);
    let (name, namespace) = (pattern("name")?, pattern("namespace")?);
    let text = |key: &str| target.get(key).and_then(Val::scalar).unwrap_or_default();
    let (labels, annotations) = (text("labelSelector"), text("annotationSelector"));
    let fits = |p: &Option<Regex>, text: &str| p.as_ref().is_none_or(|p| p.is_match(text));
    let space = |ns: &str| if ns.is_empty() { "default".to_owned() } else { ns.to_owned() };
    let mut out = Vec::new();
    for (at, resource) in resources.iter().enumerate() {
        let ids = resource.ids();
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { continue };
        let (g, v) = resource.group_version();
        let named = fits(&name, &first.name) || fits(&name, &last.name);
        let placed = fits(&namespace, &space(&first.namespace)) || fits(&namespace, &space(&last.namespace));
        let typed = fits(&group, &g) && fits(&version, &v) && fits(&kind, &resource.kind());
        let marked = marks(resource, "labels", &labels) && marks(resource, "annotations", &annotations);
        if named && placed && typed && marked {
            out.push(at);
        }
    }
    Ok(out)
}

/// Tells whether labels or annotations of a resource satisfy a selector.
fn marks(resource: &Resource, field: &str, selector: &str) -> bool {
    let value = |key: &str| resource.val.at(&["metadata", field]).and_then(|m| m.get(key)).and_then(Val::scalar);
    terms(selector).iter().all(|term| {
        let term = term.trim();
        if let Some((key, set)) = term.split_once(" notin ") {
            return value(key.trim()).is_none_or(|v| !in_set(set, &v));
        }
        if let Some((key, set)) = term.split_once(" in ") {
            return value(key.trim()).is_some_and(|v| in_set(set, &v));
        }
        if let Some((key, wanted)) = term.split_once("!=") {
            return value(key.trim()).is_none_or(|v| v != wanted.trim());
        }
        if let Some((key, wanted)) = term.split_once("==").or_else(|| term.split_once('=')) {
            return value(key.trim()).is_some_and(|v| v == wanted.trim());
        }
        match term.strip_prefix('!') {
            Some(key) => value(key.trim()).is_none(),
            None => term.is_empty() || value(term).is_some(),
        }
    })
}

fn in_set(set: &str, value: &str) -> bool {
    set.trim().trim_start_matches('(').trim_end_matches(')').split(',').any(|word| word.trim() == value)
}

/// Splits a selector at the commas that stand outside of parentheses.
fn terms(selector: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0_usize, 0, Vec::new());
    for (at, c) in selector.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                out.push(&selector[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&selector[start..]);
    out
}
