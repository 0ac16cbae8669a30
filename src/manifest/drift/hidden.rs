//! Values that nobody may see: those of Secrets, and those that came out of Secrets into other objects.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use domain::live::MASK;
use domain::private::mask_addresses;
use serde_json::Value;

use crate::substitute::decode;

/// What stands in the place of a value when the sides differ; [`MASK`] when both have it.
const LIVE: &str = "••• (live)";
const DESIRED: &str = "••• (desired)";
/// What follows the mask of credentials in an address that is the same but for them.
const OF_LIVE: &str = " (live)";
const OF_DESIRED: &str = " (desired)";

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
        let mut veil = Self::default();
        texts.into_iter().for_each(|text| veil.hide_text(&text));
        veil
    }

    /// Hides a text wherever it stands. Whoever writes it into another takes the line break at its end away.
    fn hide_text(&mut self, text: &str) {
        let text = text.trim();
        if text.chars().count() >= TELLING {
            self.texts.insert(text.to_owned());
        }
    }

    /// Hides in a sentence what may not be seen of the objects that it may quote.
    pub fn cover_text(&self, sentence: &str, objects: &[&Value]) -> String {
        let mut hidden: BTreeSet<String> = self.texts.clone();
        for object in objects {
            if is_secret(object) {
                let parts = ["data", "stringData"].into_iter().filter_map(|part| object.get(part)?.as_object());
                let texts = parts.flat_map(|part| part.values()).filter_map(said);
                hidden.extend(texts.flat_map(|text| decode(&text).into_iter().chain([text.into_owned()])));
            }
            self.hidden_in(object, &mut Vec::new(), &mut hidden);
        }
        // A server quotes with escapes; and what holds another goes before it.
        let mut forms: Vec<String> = hidden.iter().flat_map(|text| [text.clone(), escaped(text), escaped(text.trim())]).collect();
        forms.sort_by_key(|text| std::cmp::Reverse(text.len()));
        forms.dedup();
        forms.iter().filter(|text| !text.is_empty()).fold(sentence.to_owned(), |sentence, text| {
            // A short one is in every word; as a value it stands in quotes.
            if text.chars().count() >= TELLING {
                sentence.replace(text.as_str(), MASK)
            } else {
                sentence.replace(&format!("\"{text}\""), &format!("\"{MASK}\""))
            }
        })
    }

    /// Collects the texts and numbers that are hidden in an object.
    fn hidden_in(&self, value: &Value, path: &mut Vec<String>, out: &mut BTreeSet<String>) {
        if self.hides(path, Some(value)) {
            return scalars(value, out);
        }
        let mut inner = |step: String, value: &Value| {
            path.push(step);
            self.hidden_in(value, path, out);
            path.pop();
        };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| inner(key.clone(), value)),
            Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| inner(place(at, item), item)),
            _ => {}
        }
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
                if let Some(text) = said(real) {
                    self.hide_text(&text);
                }
                self.paths.insert(path.clone());
            }
        }
    }

    fn hides(&self, path: &[String], value: Option<&Value>) -> bool {
        let fits = |pattern: &Vec<String>| {
            pattern.len() == path.len() && pattern.iter().zip(path).all(|(p, s)| p == s || (p == "*" && s.starts_with('[')))
        };
        let told = |value: &Value| said(value).is_some_and(|text| self.texts.iter().any(|hidden| text.contains(hidden.as_str())));
        self.paths.iter().any(fits) || value.is_some_and(told)
    }
}

/// Returns what names an item of a list: its name, or that it may be any.
fn step(item: &Value) -> String {
    item.get("name").and_then(Value::as_str).map_or_else(|| "*".to_owned(), |name| format!("[{name}]"))
}

/// Hides what may not be seen on both sides, credentials in addresses among it, so that it still shows whether they differ.
pub(super) fn cover(before: &mut Value, after: &mut Value, veil: &Veil) {
    if is_secret(before) || is_secret(after) {
        for part in ["data", "stringData"] {
            every(before.get_mut(part), after.get_mut(part));
        }
    }
    if !veil.is_empty() {
        under(Some(before), Some(after), veil, &mut Vec::new());
    }
    let was = before.clone();
    mask_addresses(before, Some(after), OF_LIVE);
    mask_addresses(after, Some(&was), OF_DESIRED);
}

fn is_secret(object: &Value) -> bool {
    object.get("kind").and_then(Value::as_str) == Some("Secret")
}

/// Returns what a text or a number says.
fn said(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

fn scalars(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.values().for_each(|value| scalars(value, out)),
        Value::Array(items) => items.iter().for_each(|value| scalars(value, out)),
        value => out.extend(said(value).map(Cow::into_owned)),
    }
}

/// Returns a text as it stands between quotes.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&quoted).to_owned()
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
    let keys: BTreeSet<(String, usize)> = [before.as_deref(), after.as_deref()].into_iter().flatten().flat_map(steps).collect();
    for (key, nth) in keys {
        path.push(key.clone());
        under(
            before.as_deref_mut().and_then(|v| below(v, &key, nth)),
            after.as_deref_mut().and_then(|v| below(v, &key, nth)),
            veil,
            path,
        );
        path.pop();
    }
}

/// Returns the steps that lead on from a value, each with how many of the same name stand before it.
fn steps(value: &Value) -> Vec<(String, usize)> {
    match value {
        Value::Object(map) => map.keys().map(|key| (key.clone(), 0)).collect(),
        Value::Array(items) => {
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            let mut count = |step: String| {
                let nth = seen.entry(step.clone()).or_default();
                *nth += 1;
                (step, *nth - 1)
            };
            items.iter().enumerate().map(|(at, item)| count(place(at, item))).collect()
        }
        _ => Vec::new(),
    }
}

fn place(at: usize, item: &Value) -> String {
    item.get("name").and_then(Value::as_str).map_or_else(|| format!("[{at}]"), |name| format!("[{name}]"))
}

fn below<'v>(value: &'v mut Value, key: &str, nth: usize) -> Option<&'v mut Value> {
    match value {
        Value::Object(map) => map.get_mut(key),
        Value::Array(items) => {
            items.iter_mut().enumerate().filter(|(at, item)| place(*at, item) == key).nth(nth).map(|(_, item)| item)
        }
        _ => None,
    }
}

/// Returns the texts and numbers of values that `shown` does not have at the same place.
pub fn veil_values(values: &Value, shown: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    leaves(values, Some(shown), &mut |value, shown| {
        if shown != Some(value) {
            out.extend(said(value).map(Cow::into_owned));
        }
    });
    out
}

/// Returns the texts and numbers of values that stand at places that `known` does not have.
pub fn veil_places(values: &Value, known: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    leaves(values, Some(known), &mut |value, known| {
        if known.is_none() {
            out.extend(said(value).map(Cow::into_owned));
        }
    });
    out
}

/// Goes through the leaves of values, with what others have at the same place.
fn leaves<'v>(value: &'v Value, other: Option<&'v Value>, each: &mut dyn FnMut(&'v Value, Option<&'v Value>)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| leaves(value, other.and_then(|o| o.get(key)), each)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| leaves(value, other.and_then(|o| o.get(at)), each));
        }
        value => each(value, other),
    }
}
