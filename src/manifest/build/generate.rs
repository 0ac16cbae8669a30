//! ConfigMaps and Secrets that a kustomization generates, and the hash of their content in their names.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::build::accumulate::Builder;
use crate::build::layer::Layer;
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::error::Error;
use crate::files;
use crate::yaml::{Data, Place, Val};

/// The generators: field, kind of the object, and the name of what makes it.
pub(super) const GENERATORS: [(&str, &str, &str); 2] =
    [("configMapGenerator", "ConfigMap", "ConfigMapGenerator"), ("secretGenerator", "Secret", "SecretGenerator")];

/// The largest file that a ConfigMap or Secret can hold, in bytes.
const CONTENT_LIMIT: usize = 1 << 20;

const KNOWN: &[&str] = &["name", "namespace", "behavior", "files", "literals", "envs", "env", "options"];
const SECRET: &[&str] = &["name", "namespace", "behavior", "files", "literals", "envs", "env", "options", "type"];
const OPTIONS: &[&str] = &["labels", "annotations", "disableNameSuffixHash", "immutable"];

/// Makes the object that an item of a generator asks for; returns it with its behavior.
pub(super) fn generated(builder: &Builder<'_>, layer: &Layer, item: &Val, kind: &str) -> Result<(Resource, String), Error> {
    let options = item.get("options").cloned().unwrap_or_else(Val::null);
    let global = layer.val.get("generatorOptions").cloned().unwrap_or_else(Val::null);
    let known = if kind == "Secret" { ("secretGenerator", SECRET) } else { ("configMapGenerator", KNOWN) };
    layer.keys(&builder.sources, item, known)?;
    layer.keys(&builder.sources, &options, ("options", OPTIONS))?;
    layer.keys(&builder.sources, &global, ("generatorOptions", OPTIONS))?;
    let text = |key: &str| item.get(key).and_then(Val::scalar).unwrap_or_default();
    let name = text("name");
    if name.is_empty() {
        return Err(layer.meaning(&builder.sources, item, "a generated object needs a name"));
    }
    let mut val = Val::map();
    val.from = item.from;
    val.set("apiVersion", Val::text("v1"));
    val.set("kind", Val::text(kind));
    val.with(&["metadata", "name"], |slot| *slot = Val::text(name));
    if !text("namespace").is_empty() {
        val.with(&["metadata", "namespace"], |slot| *slot = Val::text(text("namespace")));
    }
    fill(builder, layer, item, kind, &mut val)?;
    if kind == "Secret" {
        let kind = text("type");
        val.set("type", Val::text(if kind.is_empty() { "Opaque".to_owned() } else { kind }));
    }
    for (field, source) in ["labels", "annotations"].iter().flat_map(|f| [(f, &global), (f, &options)]) {
        for (key, value) in source.get(field).and_then(Val::as_map).into_iter().flatten() {
            let new = layer.worded(&builder.sources, value, key)?;
            val.with(&["metadata", field, key], |slot| *slot = new);
        }
    }
    let flag = |key: &str| [&options, &global].iter().any(|o| o.get(key).is_some_and(Val::is_true));
    if flag("immutable") {
        val.set("immutable", Val { data: Data::Bool(true), from: None, image: None });
    }
    let line = builder.sources.line(item.from);
    let mut resource = Resource::new(val, layer.source, line);
    resource.hashed = !flag("disableNameSuffixHash");
    Ok((resource, text("behavior")))
}

fn fill(builder: &Builder<'_>, layer: &Layer, item: &Val, kind: &str, val: &mut Val) -> Result<(), Error> {
    let mut pairs: BTreeMap<String, (Vec<u8>, Option<Place>)> = BTreeMap::new();
    for (key, bytes, from) in pairs_of(builder, layer, item)? {
        if pairs.insert(key.clone(), (bytes, from)).is_some() {
            return Err(layer.meaning(&builder.sources, item, format!("the key {key} is there twice")));
        }
    }
    if kind == "Secret" {
        val.set("data", Val::map());
    }
    for (key, (bytes, from)) in pairs {
        let (field, text) = match (kind, String::from_utf8(bytes)) {
            ("Secret", text) => ("data", base64(&text.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes))),
            (_, Ok(text)) => ("data", text),
            (_, Err(raw)) => ("binaryData", base64(raw.as_bytes())),
        };
        val.with(&[field, &key], |slot| *slot = Val { data: Data::Text(text), from, image: None });
    }
    Ok(())
}

type Pair = (String, Vec<u8>, Option<Place>);

fn pairs_of(builder: &Builder<'_>, layer: &Layer, item: &Val) -> Result<Vec<Pair>, Error> {
    let fault = |at: &Val, why: String| layer.meaning(&builder.sources, at, why);
    let mut out = Vec::new();
    let load = |at: &Val, path: &str| -> Result<&[u8], Error> {
        builder.local(layer, at)?;
        let file = files::join(&layer.folder, path, &layer.file)?;
        builder.files.resolve(&file)?;
        let bytes = builder.files.content(&file, Some(&layer.file))?;
        if let Err(why) = builder.sources.spend(bytes.len()) {
            Err(fault(at, why))
        } else if bytes.len() > CONTENT_LIMIT {
            Err(fault(at, format!("{path} is too large for a ConfigMap")))
        } else {
            Ok(bytes)
        }
    };
    let env = item.get("env").cloned();
    for at in item.get("envs").map(Val::items).unwrap_or_default().iter().chain(env.as_ref()) {
        let path = at.scalar().unwrap_or_default();
        let text = String::from_utf8(load(at, &path)?.to_vec()).map_err(|_| fault(at, format!("{path} is no UTF-8 text")))?;
        for line in text.trim_start_matches('\u{feff}').split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            out.push((key.to_owned(), value.as_bytes().to_vec(), at.from));
        }
    }
    for at in item.get("literals").map(Val::items).unwrap_or_default() {
        let text = at.scalar().unwrap_or_default();
        let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(fault(at, format!("\u{201c}{text}\u{201d} is not written key=value")));
        };
        out.push((key.to_owned(), unquoted(value).as_bytes().to_vec(), at.from));
    }
    for at in item.get("files").map(Val::items).unwrap_or_default() {
        let text = at.scalar().unwrap_or_default();
        let (key, path) = match text.split_once('=') {
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => (key, path),
            Some(_) => return Err(fault(at, format!("\u{201c}{text}\u{201d} is not written key=file"))),
            None => (text.rsplit('/').next().unwrap_or(&text), text.as_str()),
        };
        out.push((key.to_owned(), load(at, path)?.to_vec(), at.from));
    }
    Ok(out)
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Encodes as kustomize does: lines of 70 characters when there is more than one.
fn base64(bytes: &[u8]) -> String {
    let whole = STANDARD.encode(bytes);
    if whole.len() < 70 {
        return whole;
    }
    let mut out = String::with_capacity(whole.len() + whole.len() / 70 + 1);
    let mut rest = whole.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(70));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out
}

/// Adds a generated object, or merges or replaces the one that is there.
pub(super) fn absorb(
    sources: &Sources,
    (layer, item): (&Layer, &Val),
    (mut new, behavior): (Resource, String),
    resources: &mut Vec<Resource>,
) -> Result<(), Error> {
    let key = new.key();
    let fault = |why: String| layer.meaning(sources, item, why);
    let mut there = resources.iter().enumerate().filter(|(_, r)| r.called(&key)).map(|(at, _)| at);
    let (at, several) = (there.next(), there.next().is_some());
    if several {
        return Err(fault(format!("there are several objects called {} {}", key.1, key.2)));
    }
    match (at, behavior.as_str()) {
        (Some(at), "merge" | "replace") => {
            let old = &resources[at];
            for field in ["labels", "annotations"] {
                under(sources, &mut new.val, &old.val, &["metadata", field]);
            }
            if behavior == "merge" {
                for field in ["data", "binaryData"] {
                    under(sources, &mut new.val, &old.val, &[field]);
                    if new.val.get(field).and_then(Val::as_map).is_some_and(indexmap::IndexMap::is_empty) {
                        new.val.remove(field);
                    }
                }
                new.origin.clone_from(&old.origin);
            }
            let present = old.id();
            new.rename(present.name);
            if present.namespace.is_empty() {
                new.val.with(&["metadata"], |metadata| drop(metadata.remove("namespace")));
            } else {
                new.val.with(&["metadata", "namespace"], |slot| *slot = Val::text(present.namespace));
            }
            // Only what got a hash before gets one again.
            new.hashed &= old.hashed;
            new.before.clone_from(&old.before);
            new.prefixes.clone_from(&old.prefixes);
            new.suffixes.clone_from(&old.suffixes);
            new.vars.clone_from(&old.vars);
            new.changes.clone_from(&old.changes);
            resources[at] = new;
        }
        (Some(_), _) => {
            return Err(fault(format!("{} {} is there already; its behavior must be merge or replace", key.1, key.2)));
        }
        (None, "merge" | "replace") => return Err(fault(format!("there is no {} {} to {behavior}", key.1, key.2))),
        (None, _) => resources.push(new),
    }
    Ok(())
}

/// Adds what an old mapping has and the new one has not, as texts.
fn under(sources: &Sources, new: &mut Val, old: &Val, path: &[&str]) {
    for (key, value) in old.at(path).and_then(Val::as_map).into_iter().flatten() {
        let there = new.at(path).and_then(|m| m.get(key)).is_some();
        if !there {
            let mut full = path.to_vec();
            full.push(key);
            let data = Data::Text(sources.written(value));
            new.with(&full, |slot| *slot = Val { data, from: value.from, image: None });
        }
    }
}
