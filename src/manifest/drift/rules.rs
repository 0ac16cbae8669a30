//! Rules that take fields out of a comparison: `spec.ignore` of a Kustomization, `spec.driftDetection.ignore` of a HelmRelease.

use serde_json::Value;

use crate::build::pattern::Pattern;
use crate::build::select::satisfied;
use crate::diff::value_changes;

/// The parts of an object that a pattern may speak of.
const PATTERNS: [&str; 5] = ["group", "version", "kind", "name", "namespace"];

/// Holds rules.
#[derive(Debug, Clone, Default)]
pub struct Rules(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    paths: Vec<String>,
    patterns: Vec<(&'static str, Pattern)>,
    labels: String,
    annotations: String,
}

impl Rules {
    /// Reads a list of rules (`paths`, `target`); an error in words when a pattern or a selector cannot be read.
    pub fn read(list: Option<&Value>) -> Result<Self, String> {
        let rules = list.and_then(Value::as_array).into_iter().flatten();
        rules.map(Rule::read).collect::<Result<_, _>>().map(Self)
    }

    /// Returns how many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the fields that live otherwise out of an object that is to be applied, as kustomize-controller does.
    pub fn spare(&self, live: &Value, object: &mut Value) {
        let whole = object.clone();
        for path in self.0.iter().filter(|rule| rule.speaks_of(&whole)).flat_map(|rule| &rule.paths) {
            if live.pointer(path) != object.pointer(path) {
                take(object, path);
            }
        }
    }

    /// Takes the fields out of both sides of an object and returns how many of those differed.
    pub(super) fn apply(&self, object: &Value, before: &mut Value, after: &mut Value) -> usize {
        let mut ignored = 0;
        for rule in self.0.iter().filter(|rule| rule.speaks_of(object)) {
            for path in &rule.paths {
                let (a, b) = (take(before, path), take(after, path));
                if a != b {
                    ignored += value_changes(&a.unwrap_or_default(), &b.unwrap_or_default()).len().max(1);
                }
            }
        }
        ignored
    }
}

impl Rule {
    fn read(rule: &Value) -> Result<Self, String> {
        let text = |key: &str| rule.pointer(&format!("/target/{key}")).and_then(Value::as_str).unwrap_or_default();
        let mut patterns = Vec::new();
        for part in PATTERNS.into_iter().filter(|part| !text(part).is_empty()) {
            let pattern = Pattern::new(text(part));
            patterns.push((part, pattern.ok_or_else(|| format!("{part}: \u{201c}{}\u{201d} is no pattern", text(part)))?));
        }
        let (labels, annotations) = (text("labelSelector").to_owned(), text("annotationSelector").to_owned());
        for selector in [&labels, &annotations] {
            satisfied(selector, |_| None)?;
        }
        let paths = rule.get("paths").and_then(Value::as_array).into_iter().flatten();
        Ok(Self { paths: paths.filter_map(Value::as_str).map(str::to_owned).collect(), patterns, labels, annotations })
    }

    fn speaks_of(&self, object: &Value) -> bool {
        let at = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (group, version) = at("/apiVersion").split_once('/').unwrap_or(("", at("/apiVersion")));
        let part = |name: &str| match name {
            "group" => group,
            "version" => version,
            "kind" => at("/kind"),
            "name" => at("/metadata/name"),
            _ => at("/metadata/namespace"),
        };
        let marks = |part: &str, key: &str| object.get("metadata")?.get(part)?.get(key)?.as_str();
        self.patterns.iter().all(|(name, pattern)| pattern.fits(part(name)))
            && satisfied(&self.labels, |key| marks("labels", key)).unwrap_or(false)
            && satisfied(&self.annotations, |key| marks("annotations", key)).unwrap_or(false)
    }
}

/// Takes the value at a JSON pointer out of another.
fn take(value: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, last) = pointer.rsplit_once('/')?;
    let key = last.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent)? {
        Value::Object(map) => map.shift_remove(&key),
        Value::Array(items) => key.parse::<usize>().ok().filter(|at| *at < items.len()).map(|at| items.remove(at)),
        _ => None,
    }
}
