//! What a change means, in words: `image 1.8.4 → 1.8.5 in 2 Deployments`, `creates ConfigMap app`.
//!
//! Compares values and not lines: the order of keys says nothing, list items are matched by the keys that Kubernetes merges
//! them by. Values of Secrets are never part of a sentence.

use std::collections::BTreeSet;
use std::fmt;

use domain::image::Image;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::build::Object;
use crate::diff::objects::differing;
use crate::diff::order;

/// How long a value may be in a sentence.
const LONGEST: usize = 60;
/// How many objects a sentence names.
const NAMED: usize = 3;
/// The keys by which items of lists are matched, in this order (Kubernetes' merge keys where there are several).
const ITEM_KEYS: [&str; 7] = ["name", "mountPath", "containerPort", "port", "host", "ip", "path"];

/// Holds one value that differs between two versions of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ValueChange {
    /// What it is called: `image`, `env LOG_LEVEL`, `cpu limit`, else its path with dots.
    pub label: String,
    /// The value before, shortened; absent when there was none.
    pub before: Option<String>,
    /// The value after, shortened; absent when there is none.
    pub after: Option<String>,
    /// The way to it: keys, `[name]` for an item of a list by what identifies it, a number for one by its place.
    pub path: Vec<String>,
}

impl ValueChange {
    /// Returns its path as people write it: `spec.containers[web].image`.
    pub fn dotted(&self) -> String {
        dotted(&self.path.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl fmt::Display for ValueChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spaced = |text: &str| if text.is_empty() { String::new() } else { format!(" {text}") };
        match (&self.before, &self.after) {
            (Some(a), Some(b)) if a == b => write!(f, "{} changed", self.label),
            (Some(a), Some(b)) => write!(f, "{}{} →{}", self.label, spaced(a), spaced(if b.is_empty() { "\"\"" } else { b })),
            (None, Some(b)) => write!(f, "+ {}{}", self.label, spaced(b)),
            (Some(a), None) => write!(f, "− {}{}", self.label, spaced(a)),
            (None, None) => f.write_str(&self.label),
        }
    }
}

/// Says in sentences what the step from one rendering to another means; nothing when they are equal.
pub fn summary(before: &[Object], after: &[Object]) -> Vec<String> {
    let pairs = differing(before, after);
    let renamed: BTreeSet<(&str, &str)> =
        pairs.iter().filter_map(|(was, is)| Some((was.as_ref()?.name(), is.as_ref()?.name()))).filter(|(a, b)| a != b).collect();
    let mut changed: IndexMap<String, Vec<&Object>> = IndexMap::new();
    let (mut created, mut deleted) = (Vec::new(), Vec::new());
    for pair in &pairs {
        match *pair {
            (Some(was), Some(is)) => {
                for moved in order::moved(&was.value, &is.value) {
                    changed.entry(moved).or_default().push(is);
                }
                for change in value_changes(&was.value, &is.value) {
                    let follows = matches!((&change.before, &change.after), (Some(a), Some(b)) if renamed.contains(&(a.as_str(), b.as_str())));
                    if !follows {
                        changed.entry(change.to_string()).or_default().push(is);
                    }
                }
            }
            (None, Some(is)) => created.push(is),
            (Some(was), None) => deleted.push(was),
            (None, None) => {}
        }
    }
    let mut out: Vec<String> = changed.iter().map(|(what, objects)| format!("{what} in {}", together(objects))).collect();
    for (word, objects) in [("creates", &created), ("deletes", &deleted)] {
        let mut kinds: IndexMap<&str, Vec<&Object>> = IndexMap::new();
        for object in objects {
            kinds.entry(object.kind()).or_default().push(object);
        }
        out.extend(kinds.values().map(|objects| format!("{word} {}", together(objects))));
    }
    out
}

/// Names objects: `Deployment web`, `2 Deployments (api, web)`, `Deployment web and Service web`.
fn together(objects: &[&Object]) -> String {
    let mut kinds: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for object in objects {
        let name = if object.written_name.is_empty() { object.name() } else { &object.written_name };
        let names = kinds.entry(object.kind()).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let words = kinds.iter().map(|(kind, names)| match names.as_slice() {
        [name] => format!("{kind} {name}"),
        names => {
            let more = if names.len() > NAMED { ", …" } else { "" };
            format!("{} {} ({}{more})", names.len(), plural(kind), names[..names.len().min(NAMED)].join(", "))
        }
    });
    words.collect::<Vec<_>>().join(" and ")
}

fn plural(kind: &str) -> String {
    match kind {
        "Ingress" => "Ingresses".to_owned(),
        kind if kind.ends_with('s') => kind.to_owned(),
        kind if kind.ends_with("cy") || kind.ends_with("ry") => format!("{}ies", &kind[..kind.len() - 1]),
        kind => format!("{kind}s"),
    }
}

/// Returns the values that differ between two versions of an object, in the order of the newer one.
pub fn value_changes(before: &Value, after: &Value) -> Vec<ValueChange> {
    let kind = after.get("kind").or_else(|| before.get("kind")).and_then(Value::as_str).unwrap_or_default();
    let mut walk = Walk { kind, path: Vec::new(), out: Vec::new() };
    walk.compare(Some(before), Some(after));
    walk.out
}

/// Holds the way down through two versions of an object.
struct Walk<'v> {
    kind: &'v str,
    path: Vec<String>,
    out: Vec<ValueChange>,
}

impl Walk<'_> {
    fn compare(&mut self, before: Option<&Value>, after: Option<&Value>) {
        if before == after {
            return;
        }
        match (before, after) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => self.maps(a, b),
            (None, Some(Value::Object(map))) if self.opens(map) => self.maps(&Map::new(), map),
            (Some(Value::Object(map)), None) if self.opens(map) => self.maps(map, &Map::new()),
            (Some(Value::Array(a)), Some(Value::Array(b))) => self.lists(a, b),
            (None, Some(Value::Array(items))) if keyed(items).is_some() => self.lists(&[], items),
            (Some(Value::Array(items)), None) if keyed(items).is_some() => self.lists(items, &[]),
            (a, b) => self.leaf(a, b),
        }
    }

    /// Tells whether a mapping that is only on one side is told value by value: all but items of lists with a name and a value.
    fn opens(&self, map: &Map<String, Value>) -> bool {
        let variable = map.contains_key("name") && self.path.iter().any(|step| step == "env");
        !map.is_empty() && !variable
    }

    fn maps(&mut self, before: &Map<String, Value>, after: &Map<String, Value>) {
        let gone = before.keys().filter(|key| !after.contains_key(*key));
        for key in after.keys().chain(gone) {
            self.path.push(key.clone());
            self.compare(before.get(key), after.get(key));
            self.path.pop();
        }
    }

    fn lists(&mut self, before: &[Value], after: &[Value]) {
        let (Some(old), Some(new)) = (keyed(before), keyed(after)) else {
            if before.len() == after.len() && before.iter().chain(after).any(Value::is_object) {
                for (at, (a, b)) in before.iter().zip(after).enumerate() {
                    self.step(at.to_string(), Some(a), Some(b));
                }
            } else {
                self.leaf(Some(&Value::Array(before.to_vec())), Some(&Value::Array(after.to_vec())));
            }
            return;
        };
        for (name, item) in &new {
            self.step(format!("[{name}]"), old.get(name).copied(), Some(item));
        }
        for (name, item) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
            self.step(format!("[{name}]"), Some(item), None);
        }
    }

    fn step(&mut self, step: String, before: Option<&Value>, after: Option<&Value>) {
        self.path.push(step);
        self.compare(before, after);
        self.path.pop();
    }

    fn leaf(&mut self, before: Option<&Value>, after: Option<&Value>) {
        let secret = self.kind == "Secret" && matches!(self.path.first().map(String::as_str), Some("data" | "stringData"));
        let shown = |value: Option<&Value>| value.map(|v| if secret { "(hidden)".to_owned() } else { short(v) });
        let (mut label, mut before, mut after) = (label(&self.path), shown(before), shown(after));
        if label.ends_with("image")
            && let (Some(Ok(a)), Some(Ok(b))) =
                (before.as_ref().map(|t| t.parse::<Image>()), after.as_ref().map(|t| t.parse::<Image>()))
            && a.name == b.name
        {
            (before, after) = (Some(version(&a)), Some(version(&b)));
        }
        if label.is_empty() {
            self.kind.clone_into(&mut label);
        }
        self.out.push(ValueChange { label, before, after, path: self.path.clone() });
    }
}

fn version(image: &Image) -> String {
    match (&image.tag, &image.digest) {
        (Some(tag), Some(digest)) => format!("{tag}@{}", digest.chars().take(14).collect::<String>()),
        (Some(tag), None) => tag.clone(),
        (None, Some(digest)) => digest.chars().take(14).collect(),
        (None, None) => "without a tag".to_owned(),
    }
}

/// Returns a list's items by what identifies them; nothing when they have no such key, or not each its own.
fn keyed(items: &[Value]) -> Option<IndexMap<String, &Value>> {
    let key = ITEM_KEYS.iter().find(|key| !items.is_empty() && items.iter().all(|item| item.get(**key).is_some()));
    let Some(key) = key else { return items.is_empty().then(IndexMap::new) };
    let map: IndexMap<String, &Value> = items.iter().map(|item| (plain(&item[*key]), item)).collect();
    (map.len() == items.len()).then_some(map)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns a value in few characters: one line, the beginning of a longer one.
fn short(value: &Value) -> String {
    if let Some(variable) = value.get("value").filter(|_| value.get("name").is_some()) {
        return short(variable);
    }
    if let Some(from) = value.get("valueFrom") {
        return reference(from);
    }
    let text = domain::text::display(&plain(value), true);
    let lines = text.lines().count();
    if lines > 1 {
        return format!("({lines} lines)");
    }
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST - 1).chain(['…']).collect() }
}

fn reference(from: &Value) -> String {
    for (key, word) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
        if let Some(source) = from.get(key) {
            let text = |key: &str| source.get(key).and_then(Value::as_str).unwrap_or_default();
            return format!("from {word} {}, key {}", text("name"), text("key"));
        }
    }
    "from elsewhere".to_owned()
}

/// Returns what a path is called in the language of the form; the path itself where there is no better name.
fn label(path: &[String]) -> String {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    let item = |step: &str| step.strip_prefix('[').and_then(|s| s.strip_suffix(']')).map(str::to_owned);
    let within = |list: &str| steps.iter().position(|s| *s == list).and_then(|at| steps.get(at + 1)).and_then(|s| item(s));
    let container = || within("containers").or_else(|| within("initContainers"));
    let last = steps.last().copied().unwrap_or_default();
    if let Some(probe) = probe(&steps) {
        return probe;
    }
    if let Some(variable) = within("env") {
        return format!("env {variable}");
    }
    match steps.as_slice() {
        ["spec", "replicas"] => "replicas".to_owned(),
        ["metadata", "labels", key] => format!("label {key}"),
        ["metadata", "annotations", key] => format!("annotation {key}"),
        [.., "template", "metadata", "labels", key] => format!("pod label {key}"),
        [.., "template", "metadata", "annotations", key] => format!("pod annotation {key}"),
        ["data" | "stringData" | "binaryData", key] => format!("key {key}"),
        ["spec", "chart", "spec", "version"] => "chart version".to_owned(),
        ["spec", "values", rest @ ..] => format!("value {}", dotted(rest)),
        [.., "resources", "limits", _] => format!("{last} limit"),
        [.., "resources", "requests", _] => format!("{last} request"),
        [.., "containers" | "initContainers", _, "ports", name] if item(name).is_some() => {
            format!("port {}", item(name).unwrap_or_default())
        }
        [.., "containers" | "initContainers", _, key] => (*key).to_owned(),
        [.., "containers" | "initContainers", _] => format!("container {}", container().unwrap_or_default()),
        other => dotted(other),
    }
}

/// Returns the words for a path within a probe: `readiness path`.
fn probe(steps: &[&str]) -> Option<String> {
    let at = steps.iter().position(|s| matches!(*s, "livenessProbe" | "readinessProbe" | "startupProbe"))?;
    let rest = steps[at + 1..].iter().filter(|s| **s != "httpGet").copied().collect::<Vec<_>>();
    let word = steps[at].trim_end_matches("Probe");
    Some(if rest.is_empty() { format!("{word} probe") } else { format!("{word} {}", dotted(&rest)) })
}

fn dotted(steps: &[&str]) -> String {
    let mut out = String::new();
    for step in steps {
        if !out.is_empty() && !step.starts_with('[') {
            out.push('.');
        }
        out.push_str(step);
    }
    out
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
