//! Fields into an object and out of it.

use serde_json::{Map, Value, json};

use super::Yaml;
use super::fields::{Field, Shape};
use crate::check::name_fault;
use crate::flux::Kind;
use crate::ident::label_fault;

/// Parts a list at its commas.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Reads `Kind/name` or `Kind/namespace/name`, of one of these kinds.
pub(super) fn reference<'a>(text: &'a str, kinds: &[&'static str]) -> Option<(&'static str, &'a str, &'a str)> {
    let (kind, rest) = text.trim().split_once('/')?;
    let known = Kind::by_word(kind).map_or(kind, |kind| kind.name);
    let kind = kinds.iter().find(|k| **k == known)?;
    let (namespace, name) = named(rest)?;
    Some((kind, namespace, name))
}

/// Reads `name` or `namespace/name`.
pub(super) fn named(text: &str) -> Option<(&str, &str)> {
    let (namespace, name) = text.split_once('/').unwrap_or(("", text));
    let fine = name_fault(name).is_none() && (namespace.is_empty() || label_fault(namespace).is_none());
    (fine && !text.starts_with('/')).then_some((namespace, name))
}

/// Reads an object to look at: version, kind, namespace, name.
pub(super) fn object(text: &str) -> Option<(String, &str, &str, &str)> {
    let parts: Vec<&str> = text.split('/').collect();
    let (version, kind, namespace, name) = match parts.as_slice() {
        [kind, namespace, name] => (version_of(kind)?, *kind, *namespace, *name),
        [version, kind, namespace, name] => ((*version).to_owned(), *kind, *namespace, *name),
        [group, version, kind, namespace, name] => (format!("{group}/{version}"), *kind, *namespace, *name),
        _ => return None,
    };
    let cased = kind.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
    (cased && label_fault(namespace).is_none() && name_fault(name).is_none()).then_some((version, kind, namespace, name))
}

/// Returns group and version of the kinds that people look at most.
fn version_of(kind: &str) -> Option<String> {
    let fixed = match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => "apps/v1",
        "Job" | "CronJob" => "batch/v1",
        "Pod" | "Service" | "ConfigMap" | "Secret" | "PersistentVolumeClaim" => "v1",
        "Ingress" => "networking.k8s.io/v1",
        kind => {
            let kind = Kind::by_name(kind)?;
            return Some(format!("{}/{}", kind.group, kind.versions.first()?));
        }
    };
    Some(fixed.to_owned())
}

/// Writes a field's text into an object; what says nothing is taken out of it.
pub(super) fn write(object: &mut Value, field: &Field, text: &str, yaml: Yaml) {
    let trimmed = text.trim();
    let says = !trimmed.is_empty() && text != field.unset;
    let value = |read: fn(&str) -> Option<Value>| says.then(|| read(trimmed)).flatten();
    match field.shape {
        Shape::Name | Shape::Namespace | Shape::Gate(_) | Shape::Data(_) => {}
        Shape::Text(at) if field.long => put(object, at, says.then(|| text.trim_end().into())),
        Shape::Text(at) => put(object, at, says.then(|| trimmed.into())),
        Shape::Switch(at) => put(object, at, value(|text| text.parse::<bool>().ok().map(Value::from))),
        Shape::Number(at) => put(object, at, value(|text| text.parse::<i64>().ok().map(Value::from))),
        Shape::Yaml(at) => {
            let read = says.then(|| (yaml.read)(text).ok()).flatten();
            put(object, at, read.filter(|value| value.as_object().is_some_and(|map| !map.is_empty())));
        }
        Shape::Reference(at, kinds) => {
            let own = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default().to_owned();
            let found = says.then(|| reference(trimmed, kinds)).flatten();
            // What else the reference says, such as its version, is of the old kind.
            let new = found.map(|(kind, namespace, name)| {
                let mut new = json!({ "kind": kind, "name": name });
                if !namespace.is_empty() && namespace != own {
                    put(&mut new, "/namespace", Some(namespace.into()));
                }
                new
            });
            put(object, at, new);
        }
        Shape::Names(at) => list(object, at, text, |part| {
            let (namespace, name) = named(part)?;
            Some(if namespace.is_empty() { json!({ "name": name }) } else { json!({ "name": name, "namespace": namespace }) })
        }),
        Shape::Checks(at) => list(object, at, text, |part| {
            let (version, kind, namespace, name) = self::object(part)?;
            Some(json!({ "apiVersion": version, "kind": kind, "name": name, "namespace": namespace }))
        }),
    }
}

/// Writes a list; an item that was in it before stays whole.
fn list(object: &mut Value, at: &str, text: &str, item: impl Fn(&str) -> Option<Value>) {
    let old = object.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
    let new: Vec<Value> = parts(text)
        .filter_map(|part| {
            let new = item(part)?;
            let was = old.iter().find(|old| told(old) == told(&new));
            Some(was.cloned().unwrap_or(new))
        })
        .collect();
    put(object, at, (!new.is_empty()).then_some(Value::Array(new)));
}

/// Returns a reference as a field says it.
fn told(item: &Value) -> String {
    let text = |key: &str| item.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let version = text("apiVersion").filter(|version| text("kind").and_then(version_of).as_deref() != Some(version));
    let all = [version.filter(|_| text("kind").is_some()), text("kind"), text("namespace"), text("name")];
    all.into_iter().flatten().collect::<Vec<_>>().join("/")
}

/// Puts a value at a place, or takes it away with the mappings that are empty then.
pub(super) fn put(object: &mut Value, at: &str, value: Option<Value>) {
    let Some((first, rest)) = at.trim_start_matches('/').split_once('/') else {
        let name = at.trim_start_matches('/');
        let Some(map) = object.as_object_mut() else { return };
        match value {
            Some(value) => drop(map.insert(name.to_owned(), value)),
            None => drop(map.shift_remove(name)),
        }
        return;
    };
    let Some(map) = object.as_object_mut() else { return };
    if value.is_none() && !map.contains_key(first) {
        return;
    }
    let takes = value.is_none();
    let inner = map.entry(first).or_insert_with(|| Value::Object(Map::new()));
    put(inner, rest, value);
    if takes && first != "spec" && inner.as_object().is_some_and(Map::is_empty) {
        map.shift_remove(first);
    }
}

/// Reads a field's text out of an object.
pub(super) fn read(object: &Value, field: &Field, yaml: Yaml) -> String {
    let unset = || field.unset.to_owned();
    let Some(value) = object.pointer(field.shape.path()).filter(|_| !field.shape.path().is_empty()) else {
        return match field.shape {
            Shape::Gate(words) => {
                let found = words.iter().find(|(_, at)| !at.is_empty() && object.pointer(at).is_some());
                found.map_or_else(unset, |(word, _)| (*word).to_owned())
            }
            _ => unset(),
        };
    };
    match (field.shape, value) {
        (Shape::Yaml(_), value) => (yaml.write)(value).trim_end().to_owned(),
        (Shape::Names(_) | Shape::Checks(_), Value::Array(items)) => items.iter().map(told).collect::<Vec<_>>().join(", "),
        (Shape::Reference(..), value) => {
            let text = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
            [text("kind"), text("namespace"), text("name")].into_iter().flatten().collect::<Vec<_>>().join("/")
        }
        (_, Value::String(text)) => text.clone(),
        (_, value) => value.to_string(),
    }
}
