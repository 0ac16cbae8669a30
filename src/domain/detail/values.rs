//! The values that Helm gets of a HelmRelease: `spec.valuesFrom` in its order, `spec.values` over all of them, put together as
//! helm-controller does it. Pure: whoever reads the ConfigMaps and Secrets hands in what they say, Secrets masked already.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// The key that is read where a reference names none.
pub const KEY: &str = "values.yaml";

/// Names what `spec.valuesFrom` refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// `ConfigMap` or `Secret`.
    pub kind: String,
    /// The name, in the namespace of the HelmRelease.
    pub name: String,
    /// The key in it.
    pub key: String,
    /// The path that a single value is set at; empty when it is YAML that is merged.
    pub target: String,
    /// Whether it may be absent.
    pub optional: bool,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.kind, self.name, self.key)?;
        if self.target.is_empty() { Ok(()) } else { write!(f, " \u{2192} {}", self.target) }
    }
}

/// Says what came of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Taken {
    /// It is among the values.
    Yes,
    /// It is absent, and may be.
    Absent,
    /// It is absent, and Flux fails because of that.
    Missing,
    /// It could not be read: why. What it says is not among the values.
    Unread(String),
    /// What it says cannot be taken: why.
    Unfit(String),
}

/// Holds what is known of the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The sources, in their order, each weaker than the next; `spec.values` is stronger than all.
    pub sources: Vec<(Source, Taken)>,
    /// Whether there is `spec.values`.
    pub inline: bool,
    /// The values, put together; what came from Secrets is masked.
    pub values: Value,
    /// Where each of them comes from, in the order of the values.
    pub from: Vec<Set>,
}

/// Says where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Set {
    /// The path of the value, as `helm --set` writes it: `image.tag`, `hosts[0].name`.
    pub path: String,
    /// The value in one line.
    pub value: String,
    /// The source as it is listed, or `spec.values`.
    pub by: String,
}

impl Effective {
    /// Tells whether all that Helm gets is there.
    pub fn is_whole(&self) -> bool {
        self.sources.iter().all(|(_, taken)| matches!(taken, Taken::Yes | Taken::Absent))
    }
}

/// Holds what a source says, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// YAML, as it was read; or the text of a single value.
    Value(Value),
    /// The object or its key is not there.
    Absent,
    /// It could not be read: why.
    Unread(String),
    /// It is no YAML, or no text: why.
    Unfit(String),
}

/// Returns what a HelmRelease refers to.
pub fn sources(release: &Value) -> Vec<Source> {
    let list = release.pointer("/spec/valuesFrom").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let one = |from: &Value| {
        let text = |field: &str| super::text(from, field).to_owned();
        let key = text("/valuesKey");
        Source {
            kind: text("/kind"),
            name: text("/name"),
            key: if key.is_empty() { KEY.to_owned() } else { key },
            target: text("/targetPath"),
            optional: from.get("optional").and_then(Value::as_bool).unwrap_or(false),
        }
    };
    list.iter().map(one).collect()
}

/// Puts the values together.
pub fn effective(release: &Value, read: Vec<(Source, Read)>) -> Effective {
    let mut values = Value::Object(Map::new());
    // Of the same shape: in the place of each value the number of its source.
    let mut marks = values.clone();
    let mut out = Vec::with_capacity(read.len());
    for (at, (source, read)) in read.into_iter().enumerate() {
        let taken = match read {
            Read::Absent if source.optional => Taken::Absent,
            Read::Absent => Taken::Missing,
            Read::Unread(why) => Taken::Unread(why),
            Read::Unfit(why) => Taken::Unfit(why),
            Read::Value(Value::Null) => Taken::Yes,
            Read::Value(value) if source.target.is_empty() => match value {
                Value::Object(_) => {
                    merge(&mut marks, marked(&value, at));
                    merge(&mut values, value);
                    Taken::Yes
                }
                _ => Taken::Unfit("it is no mapping".to_owned()),
            },
            Read::Value(value) => match set(&mut values, &source.target, value) {
                Ok(()) => set(&mut marks, &source.target, Value::from(at)).map_or_else(Taken::Unfit, |()| Taken::Yes),
                Err(why) => Taken::Unfit(why),
            },
        };
        out.push((source, taken));
    }
    let inline = release.pointer("/spec/values").filter(|values| values.is_object());
    if let Some(inline) = inline {
        merge(&mut marks, marked(inline, out.len()));
        merge(&mut values, inline.clone());
    }
    let mut from = Vec::new();
    told((&values, &marks), &out, String::new(), &mut from);
    Effective { sources: out, inline: inline.is_some(), values, from }
}

/// Returns the shape of a value with a number in the place of everything in it.
fn marked(value: &Value, at: usize) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), marked(value, at))).collect(),
        Value::Array(items) if !items.is_empty() => items.iter().map(|item| marked(item, at)).collect(),
        _ => Value::from(at),
    }
}

/// Lists the values with their sources.
fn told((value, mark): (&Value, &Value), sources: &[(Source, Taken)], path: String, out: &mut Vec<Set>) {
    match (value, mark) {
        (Value::Object(fields), Value::Object(marks)) => {
            for (key, value) in fields {
                let name = key.replace('.', "\\.");
                let below = if path.is_empty() { name } else { format!("{path}.{name}") };
                told((value, marks.get(key).unwrap_or(&Value::Null)), sources, below, out);
            }
        }
        (Value::Array(items), Value::Array(marks)) => {
            for (at, (item, mark)) in items.iter().zip(marks).enumerate() {
                told((item, mark), sources, format!("{path}[{at}]"), out);
            }
        }
        (value, mark) => {
            // What is only a gap in a list comes from nowhere.
            let Some(at) = mark.as_u64().and_then(|at| usize::try_from(at).ok()) else { return };
            let by = sources.get(at).map_or_else(|| "spec.values".to_owned(), |(source, _)| source.to_string());
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            out.push(Set { path, value, by });
        }
    }
}

/// Merges values over others: mappings into each other, everything else in place of what was there.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(there) if there.is_object() && value.is_object() => merge(there, value),
                    _ => drop(base.insert(key, value)),
                }
            }
        }
        (base, over) => *base = over,
    }
}

/// Sets a value at a path as `helm --set` does: parted by dots, with indices in brackets.
fn set(values: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let value = match value {
        Value::String(text) => single(&text)?,
        other => other,
    };
    let mut at = values;
    for step in steps(path).ok_or_else(|| format!("{path} is no path"))? {
        at = match step {
            Step::Key(key) => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                at.as_object_mut().ok_or("it is no mapping")?.entry(key).or_insert(Value::Null)
            }
            Step::Index(index) => {
                if !at.is_array() {
                    *at = Value::Array(Vec::new());
                }
                let list = at.as_array_mut().ok_or("it is no list")?;
                if list.len() <= index {
                    list.resize(index + 1, Value::Null);
                }
                &mut list[index]
            }
        };
    }
    *at = value;
    Ok(())
}

enum Step {
    Key(String),
    Index(usize),
}

/// The largest index that Helm takes.
const MOST: usize = 65_536;

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut out = Vec::new();
    let mut key = String::new();
    let mut chars = path.chars();
    let mut after_index = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => key.push(chars.next()?),
            '.' if after_index && key.is_empty() => after_index = false,
            '.' => {
                out.push(Step::Key(Some(std::mem::take(&mut key)).filter(|key| !key.is_empty())?));
                after_index = false;
            }
            '[' => {
                if !key.is_empty() {
                    out.push(Step::Key(std::mem::take(&mut key)));
                }
                let digits: String = chars.by_ref().take_while(|c| *c != ']').collect();
                out.push(Step::Index(digits.parse().ok().filter(|index| *index <= MOST)?));
                after_index = true;
            }
            c => key.push(c),
        }
    }
    if !key.is_empty() {
        out.push(Step::Key(key));
    }
    (!out.is_empty()).then_some(out)
}

/// Reads a single value as `helm --set` does; in quotes it is a text whatever it looks like.
fn single(text: &str) -> Result<Value, String> {
    let quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    let literal = quoted('\'') || quoted('"');
    let text = if literal { text.trim_matches(['\'', '"']) } else { text };
    let odd = text.contains([',', '\\']) || text.starts_with('{');
    if odd {
        return Err("it is more than one value to helm --set".to_owned());
    }
    Ok(match text {
        text if literal => Value::from(text),
        text if text.eq_ignore_ascii_case("true") => Value::Bool(true),
        text if text.eq_ignore_ascii_case("false") => Value::Bool(false),
        text if text.eq_ignore_ascii_case("null") => Value::Null,
        "0" => Value::from(0),
        text if text.starts_with('0') => Value::from(text),
        text => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    })
}

/// Returns a value with everything in it masked: what a Secret says, with its shape alone.
pub fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, value)| (key, masked(value))).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        _ => Value::from(crate::private::MASK),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn put(release: &Value, read: Vec<Read>) -> Effective {
        effective(release, sources(release).into_iter().zip(read).collect())
    }

    #[test]
    fn later_sources_win_and_what_stands_in_the_release_wins_over_all() {
        let release = json!({ "spec": {
            "valuesFrom": [
                { "kind": "ConfigMap", "name": "base" },
                { "kind": "Secret", "name": "keys", "valuesKey": "prod.yaml" },
                { "kind": "ConfigMap", "name": "tag", "valuesKey": "tag", "targetPath": "image.tag" },
                { "kind": "ConfigMap", "name": "maybe", "optional": true },
            ],
            "values": { "replicas": 3, "image": { "pullPolicy": "Always" } },
        }});
        let read = vec![
            Read::Value(json!({ "replicas": 1, "image": { "name": "a", "tag": "1" }, "list": [1, 2] })),
            Read::Value(masked(json!({ "auth": { "password": "hunter2", "keys": ["a"] }, "list": [3] }))),
            Read::Value(json!("2")),
            Read::Absent,
        ];
        let found = put(&release, read);
        let mask = crate::private::MASK;
        assert_eq!(
            found.values,
            json!({ "replicas": 3, "list": [mask], "auth": { "password": mask, "keys": [mask] },
                    "image": { "name": "a", "tag": 2, "pullPolicy": "Always" } })
        );
        assert_eq!(found.sources[1].0.to_string(), "Secret/keys prod.yaml");
        assert_eq!(found.sources[2].0.to_string(), "ConfigMap/tag tag \u{2192} image.tag");
        assert!(found.is_whole() && found.inline && found.sources[3].1 == Taken::Absent);
        let from = |path: &str| found.from.iter().find(|set| set.path == path).map(|set| set.by.as_str());
        assert_eq!(from("replicas"), Some("spec.values"));
        assert_eq!(from("image.name"), Some("ConfigMap/base values.yaml"));
        assert_eq!(from("image.tag"), Some("ConfigMap/tag tag \u{2192} image.tag"));
        assert_eq!(from("auth.keys[0]"), Some("Secret/keys prod.yaml"));
        assert_eq!((from("list[0]"), from("list[1]")), (Some("Secret/keys prod.yaml"), None), "a list is replaced whole");
        assert_eq!(found.from.len(), 7, "{:?}", found.from);
    }

    #[test]
    fn what_is_not_there_or_cannot_be_taken_is_said() {
        let release = json!({ "spec": { "valuesFrom": [
            { "kind": "ConfigMap", "name": "a" }, { "kind": "Secret", "name": "b" }, { "kind": "ConfigMap", "name": "c" },
            { "kind": "ConfigMap", "name": "d", "targetPath": "x" },
        ]}});
        let read = vec![Read::Absent, Read::Unread("forbidden".into()), Read::Value(json!([1])), Read::Value(json!("a,b=c"))];
        let found = put(&release, read);
        let taken: Vec<&Taken> = found.sources.iter().map(|(_, taken)| taken).collect();
        assert_eq!(taken[0], &Taken::Missing);
        assert_eq!(taken[1], &Taken::Unread("forbidden".into()));
        assert!(matches!(taken[2], Taken::Unfit(_)) && matches!(taken[3], Taken::Unfit(_)));
        assert!(!found.is_whole() && !found.inline);
        assert_eq!(found.values, json!({}));
    }

    #[test]
    fn a_single_value_is_read_as_helm_sets_it() {
        let at = |path: &str, text: &str| {
            let mut values = json!({ "a": { "b": 1 } });
            set(&mut values, path, json!(text)).map(|()| values)
        };
        for (path, text, expect) in [
            ("a.b", "true", json!({ "a": { "b": true } })),
            ("a.b", "False", json!({ "a": { "b": false } })),
            ("a.b", "NULL", json!({ "a": { "b": null } })),
            ("a.c", "'true'", json!({ "a": { "b": 1, "c": "true" } })),
            ("a.c", "007", json!({ "a": { "b": 1, "c": "007" } })),
            ("a.c", "-7", json!({ "a": { "b": 1, "c": -7 } })),
            ("l[1].x", "y", json!({ "a": { "b": 1 }, "l": [null, { "x": "y" }] })),
            ("n\\.x", "1.8", json!({ "a": { "b": 1 }, "n.x": "1.8" })),
        ] {
            assert_eq!(at(path, text), Ok(expect), "{path}={text}");
        }
        for path in ["", ".", "a..b", "l[x]", "l[9999999]"] {
            assert!(at(path, "1").is_err(), "{path}");
        }
    }
}
