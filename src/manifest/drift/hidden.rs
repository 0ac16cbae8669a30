//! Values that nobody may see: those of Secrets, and those that came out of Secrets into other objects.

use std::collections::BTreeSet;

use serde_json::Value;

/// What stands in the place of a value that both sides have.
const MASK: &str = "•••";
/// What stands there when the sides differ.
const LIVE: &str = "••• (live)";
const DESIRED: &str = "••• (desired)";

/// How many letters a text must have before it is looked for in other texts; shorter ones are in everything.
const TELLING: usize = 4;

/// Says what is hidden beside the data of Secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Veil {
    /// Paths: keys, `[name]` for an item of a list, `*` for all items.
    paths: BTreeSet<Vec<String>>,
    /// Texts; a value that contains one of them is hidden.
    texts: BTreeSet<String>,
}

impl Veil {
    /// Hides what differs between an object with real values in it and the same object with others in their place.
    pub fn of(real: &Value, masked: &Value) -> Self {
        let mut veil = Self::default();
        veil.walk(real, masked, &mut Vec::new());
        veil
    }

    /// Hides every value that contains one of these texts; those that are too short to tell are passed over.
    pub fn of_texts(texts: impl IntoIterator<Item = String>) -> Self {
        let texts = texts.into_iter().filter(|text| text.chars().count() >= TELLING).collect();
        Self { paths: BTreeSet::new(), texts }
    }

    /// Tells whether it hides nothing.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.texts.is_empty()
    }

    fn walk(&mut self, real: &Value, masked: &Value, path: &mut Vec<String>) {
        if real == masked {
            return;
        }
        match (real, masked) {
            (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
                for (key, value) in a {
                    path.push(key.clone());
                    self.walk(value, b.get(key).unwrap_or(&Value::Null), path);
                    path.pop();
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (x, y) in a.iter().zip(b) {
                    path.push(step(x));
                    self.walk(x, y, path);
                    path.pop();
                }
            }
            _ => {
                if let Some(text) = real.as_str().filter(|text| text.chars().count() >= TELLING) {
                    self.texts.insert(text.to_owned());
                }
                self.paths.insert(path.clone());
            }
        }
    }

    fn hides(&self, path: &[String], value: Option<&Value>) -> bool {
        let fits = |pattern: &Vec<String>| {
            pattern.len() == path.len() && pattern.iter().zip(path).all(|(p, s)| p == s || (p == "*" && s.starts_with('[')))
        };
        let told = |value: &Value| value.as_str().is_some_and(|text| self.texts.iter().any(|hidden| text.contains(hidden)));
        self.paths.iter().any(fits) || value.is_some_and(told)
    }
}

/// Returns what names an item of a list: its name, or that it may be any.
fn step(item: &Value) -> String {
    item.get("name").and_then(Value::as_str).map_or_else(|| "*".to_owned(), |name| format!("[{name}]"))
}

/// Hides what may not be seen on both sides, so that it still shows whether they differ.
pub(super) fn cover(before: &mut Value, after: &mut Value, veil: &Veil) {
    let secret = |object: &Value| object.get("kind").and_then(Value::as_str) == Some("Secret");
    if secret(before) || secret(after) {
        for part in ["data", "stringData"] {
            every(before.get_mut(part), after.get_mut(part));
        }
    }
    if !veil.is_empty() {
        under(Some(before), Some(after), veil, &mut Vec::new());
    }
}

/// Hides the values of two mappings.
fn every(before: Option<&mut Value>, after: Option<&mut Value>) {
    let mut before = before.and_then(Value::as_object_mut);
    let mut after = after.and_then(Value::as_object_mut);
    let keys: BTreeSet<String> =
        before.iter().flat_map(|m| m.keys()).chain(after.iter().flat_map(|m| m.keys())).cloned().collect();
    for key in keys {
        hide(before.as_mut().and_then(|m| m.get_mut(&key)), after.as_mut().and_then(|m| m.get_mut(&key)));
    }
}

fn hide(before: Option<&mut Value>, after: Option<&mut Value>) {
    match (before, after) {
        (Some(a), Some(b)) => {
            let same = a == b;
            *a = Value::from(if same { MASK } else { LIVE });
            *b = Value::from(if same { MASK } else { DESIRED });
        }
        (Some(one), None) | (None, Some(one)) => *one = Value::from(MASK),
        (None, None) => {}
    }
}

fn under(before: Option<&mut Value>, after: Option<&mut Value>, veil: &Veil, path: &mut Vec<String>) {
    if veil.hides(path, before.as_deref()) || veil.hides(path, after.as_deref()) {
        return hide(before, after);
    }
    let (mut before, mut after) = (before, after);
    let keys: BTreeSet<String> = [before.as_deref(), after.as_deref()].into_iter().flatten().flat_map(steps).collect();
    for key in keys {
        path.push(key.clone());
        under(before.as_deref_mut().and_then(|v| below(v, &key)), after.as_deref_mut().and_then(|v| below(v, &key)), veil, path);
        path.pop();
    }
}

fn steps(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| place(at, item)).collect(),
        _ => Vec::new(),
    }
}

fn place(at: usize, item: &Value) -> String {
    item.get("name").and_then(Value::as_str).map_or_else(|| format!("[{at}]"), |name| format!("[{name}]"))
}

fn below<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(map) => map.get_mut(key),
        Value::Array(items) => items.iter_mut().enumerate().find(|(at, item)| place(*at, item) == key).map(|(_, item)| item),
        _ => None,
    }
}

/// Hides the leaves of values that `shown` does not have at the same place, and returns the hidden texts.
pub fn veil_values(values: &Value, shown: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    leaves(values, Some(shown), &mut out);
    out
}

fn leaves(value: &Value, shown: Option<&Value>, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| leaves(value, shown.and_then(|s| s.get(key)), out)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| leaves(value, shown.and_then(|s| s.get(at)), out)),
        Value::String(text) if shown != Some(value) => {
            out.insert(text.clone());
        }
        _ => {}
    }
}
