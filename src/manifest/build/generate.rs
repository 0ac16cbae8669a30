//! ConfigMaps and Secrets that a kustomization generates, and the hash of their content in their names.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::build::accumulate::{Builder, Layer};
use crate::build::resource::{Resource, same_namespace};
use crate::error::Error;
use crate::files;
use crate::yaml::{Data, Val};

/// Does what `configMapGenerator` and `secretGenerator` say.
pub(super) fn run(builder: &mut Builder<'_>, layer: &Layer, resources: &mut Vec<Resource>) -> Result<(), Error> {
    for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        for item in layer.list(&builder.sources, field)? {
            let (new, behavior) = generated(builder, layer, &item, kind)?;
            absorb(builder, layer, (&item, &behavior), new, resources)?;
        }
    }
    Ok(())
}

const KNOWN: &[&str] = &["name", "namespace", "behavior", "files", "literals", "envs", "env", "options", "type"];
const OPTIONS: &[&str] = &["labels", "annotations", "disableNameSuffixHash", "immutable"];

fn generated(builder: &Builder<'_>, layer: &Layer, item: &Val, kind: &str) -> Result<(Resource, String), Error> {
    let unknown = |val: &Val, known: &[&str]| {
        val.as_map().and_then(|m| m.iter().find(|(k, _)| !known.contains(&k.as_str())).map(|(k, v)| (k.clone(), v.from)))
    };
    let options = item.get("options").cloned().unwrap_or_else(Val::null);
    let global = layer.val.get("generatorOptions").cloned().unwrap_or_else(Val::null);
    let odd = [unknown(item, KNOWN), unknown(&options, OPTIONS), unknown(&global, OPTIONS)].into_iter().flatten().next();
    if let Some((field, from)) = odd {
        return Err(Error::UnknownField { file: layer.file.clone(), line: builder.sources.line(from), field });
    }
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
            let value = Val::text(value.scalar().unwrap_or_default());
            val.with(&["metadata", field, key], |slot| *slot = value);
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
    let mut pairs: BTreeMap<String, (Vec<u8>, Option<crate::yaml::Place>)> = BTreeMap::new();
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

type Pair = (String, Vec<u8>, Option<crate::yaml::Place>);

fn pairs_of(builder: &Builder<'_>, layer: &Layer, item: &Val) -> Result<Vec<Pair>, Error> {
    let fault = |at: &Val, why: String| layer.meaning(&builder.sources, at, why);
    let mut out = Vec::new();
    let load = |at: &Val, path: &str| -> Result<&[u8], Error> {
        let file = files::join(&layer.folder, path, &layer.file)?;
        builder.files.resolve(&file)?;
        builder.files.bytes(&file).ok_or_else(|| Error::Missing { path: file.clone(), by: Some(layer.file.clone()) }).and_then(
            |bytes| {
                if bytes.len() > files::FILE_LIMIT {
                    Err(fault(at, format!("{path} is too large for a ConfigMap")))
                } else {
                    Ok(bytes)
                }
            },
        )
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
            Some((key, path)) if !key.is_empty() && !path.is_empty() => (key, path),
            Some(_) => return Err(fault(at, format!("\u{201c}{text}\u{201d} lacks a key or a file"))),
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
fn absorb(
    builder: &Builder<'_>,
    layer: &Layer,
    (item, behavior): (&Val, &str),
    mut new: Resource,
    resources: &mut Vec<Resource>,
) -> Result<(), Error> {
    let id = new.id();
    let at = resources.iter().position(|r| {
        r.kind() == new.kind()
            && r.group_version().0.is_empty()
            && r.ids().iter().any(|i| i.name == id.name && same_namespace(&i.namespace, &id.namespace))
    });
    let fault = |why: String| layer.meaning(&builder.sources, item, why);
    match (at, behavior) {
        (None, "" | "create") => resources.push(new),
        (None, other) => return Err(fault(format!("there is no {} {} to {other}", new.kind(), id.name))),
        (Some(at), "merge" | "replace") => {
            let old = &resources[at];
            for field in ["labels", "annotations"] {
                under(&mut new.val, &old.val, &["metadata", field]);
            }
            if behavior == "merge" {
                under(&mut new.val, &old.val, &["data"]);
                under(&mut new.val, &old.val, &["binaryData"]);
            }
            let present = old.id();
            new.rename(present.name);
            if !present.namespace.is_empty() {
                new.val.with(&["metadata", "namespace"], |slot| *slot = Val::text(present.namespace));
            }
            // Whether the name gets a hash is what the first one said, whatever the options are here.
            new.hashed = old.hashed;
            new.before.clone_from(&old.before);
            new.around.clone_from(&old.around);
            resources[at] = new;
        }
        (Some(_), _) => {
            return Err(fault(format!("{} {} is there already; its behavior must be merge or replace", new.kind(), id.name)));
        }
    }
    Ok(())
}

/// Adds what an old mapping has and the new one has not.
fn under(new: &mut Val, old: &Val, path: &[&str]) {
    for (key, value) in old.at(path).and_then(Val::as_map).into_iter().flatten() {
        let there = new.at(path).and_then(|m| m.get(key)).is_some();
        if !there {
            let mut full = path.to_vec();
            full.push(key);
            new.with(&full, |slot| *slot = value.clone());
        }
    }
}

/// Puts the hash of its content behind the name of a generated object.
pub(super) fn suffix(resource: &mut Resource) {
    if !resource.hashed {
        return;
    }
    let hash = hash(&resource.val.to_json());
    resource.remember();
    let name = resource.id().name;
    resource.rename(format!("{name}-{hash}"));
}

/// Returns the hash that kustomize and kubectl put into names: ten characters that spell no words.
fn hash(object: &Value) -> String {
    let mut parts: BTreeMap<&str, Value> = BTreeMap::new();
    let part = |key: &str| object.get(key).cloned().unwrap_or_else(|| Value::String(String::new()));
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    parts.insert("kind", part("kind"));
    // The name has a place in the hashed text, but kustomize leaves it empty: equal content has an equal hash.
    parts.insert("name", Value::String(String::new()));
    parts.insert("data", part("data"));
    let optional = if kind == "Secret" { "stringData" } else { "binaryData" };
    if object.get(optional).is_some_and(Value::is_object) {
        parts.insert(optional, part(optional));
    }
    if kind == "Secret" {
        parts.insert("type", part("type"));
    }
    let mut text = String::from("{");
    for (at, (key, value)) in parts.iter().enumerate() {
        text.push_str(if at > 0 { ",\"" } else { "\"" });
        text.push_str(key);
        text.push_str("\":");
        json(value, &mut text);
    }
    text.push('}');
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    digest
        .chars()
        .take(10)
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            c => c,
        })
        .collect()
}

/// Writes JSON with sorted keys and the escapes of Go's encoder, which the hash depends on.
fn json(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            out.push('{');
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quoted(key, out);
                out.push(':');
                json(value, out);
            }
            out.push('}');
        }
        Value::String(text) => quoted(text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn quoted(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
