//! Forms for objects that people make by hand: what fields a kind has, what may stand in them, and the objects that come of it.
//!
//! A form is data: one file and one line per kind. The screen draws it, the command line makes options of it, and both get
//! the same objects and the same faults. An object that exists is read into the same fields, and only those that were changed
//! are changed in it: whatever a form does not know stays as it is.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use crate::flux::Kind;

mod bucket;
mod check;
mod credential;
mod fields;
mod git_repository;
mod helm_release;
mod helm_repository;
mod kustomization;
mod oci_repository;
mod secret;
mod shape;
#[cfg(test)]
mod tests;

pub use check::{Check, FAULTS, Fault};
pub use fields::{Field, Shape};

/// The forms, in the order in which they are offered.
pub const FORMS: &[&Form] = &[
    &kustomization::FORM,
    &helm_release::FORM,
    &git_repository::FORM,
    &oci_repository::FORM,
    &helm_repository::FORM,
    &bucket::FORM,
    &secret::FORM,
];

/// Describes the form of a kind.
#[derive(Debug)]
pub struct Form {
    /// The kind.
    pub kind: &'static str,
    /// What the command line calls it.
    pub word: &'static str,
    /// Group and version of what is composed.
    pub api_version: &'static str,
    /// Its fields in groups, from top to bottom.
    pub fields: &'static [&'static [Field]],
    /// Where the name of a new Secret goes when it holds certificates.
    pub certificates: &'static str,
}

/// Where the name of a Secret with credentials goes.
const SECRET_REF: &str = "/spec/secretRef/name";

/// Reads and writes YAML for the fields that hold it; this room knows only JSON.
#[derive(Debug, Clone, Copy)]
pub struct Yaml {
    /// Reads one document, or says what is wrong with it.
    pub read: fn(&str) -> Result<Value, String>,
    /// Writes a value.
    pub write: fn(&Value) -> String,
}

/// Holds what stands in the fields of a form, by their ids. What may be secret is never printed by accident.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Values(BTreeMap<String, String>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Values {
    /// Returns what stands in a field; nothing is the empty text.
    pub fn get(&self, id: &str) -> &str {
        self.0.get(id).map_or("", String::as_str)
    }

    /// Puts a text into a field.
    pub fn set(&mut self, id: &str, value: impl Into<String>) {
        self.0.insert(id.to_owned(), value.into());
    }
}

impl Form {
    /// Finds the form of a kind by what a person types.
    pub fn by_word(word: &str) -> Option<&'static Self> {
        let name = Kind::by_word(word).map_or(word, |kind| kind.name);
        FORMS.iter().find(|form| form.kind.eq_ignore_ascii_case(name)).copied()
    }

    /// Returns the fields, from top to bottom.
    pub fn all(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.fields.iter().copied().flatten()
    }

    /// Finds a field.
    pub fn field(&self, id: &str) -> Option<&'static Field> {
        self.all().find(|field| field.id == id)
    }

    /// Returns what stands in the fields of a new object.
    pub fn defaults(&self) -> Values {
        let mut values = Values::default();
        self.all().for_each(|field| values.set(field.id, field.default));
        values
    }

    /// Tells whether a field is asked for while these values stand in the others.
    pub fn shows(&self, field: &Field, values: &Values) -> bool {
        field.when.is_none_or(|(id, words)| words.contains(&values.get(id)))
    }

    /// Finds the field that a server's words speak of, by the path in them: `spec.interval: Invalid value`.
    pub fn blamed(&self, words: &str, values: &Values) -> Option<&'static Field> {
        let mut shown = self.all().filter(|field| self.shows(field, values));
        shown.find(|field| {
            let path = field.shape.path().trim_start_matches('/').replace('/', ".");
            !path.is_empty()
                && words.match_indices(&path).any(|(at, _)| {
                    let next = words.get(at + path.len()..).and_then(|rest| rest.chars().next());
                    next.is_none_or(|c| !c.is_ascii_alphanumeric())
                })
        })
    }

    /// Says what is wrong with what stands in the fields; nothing is wrong when it is empty.
    pub fn faults(&self, values: &Values, yaml: Yaml) -> Vec<Fault> {
        let shown: Vec<&Field> = self.all().filter(|field| self.shows(field, values)).collect();
        let mut out: Vec<Fault> = shown.iter().filter_map(|field| check::field(field, values, yaml)).collect();
        out.extend(credential::faults(values, &shown));
        out
    }

    /// Makes the objects that a form describes: a new Secret first, where one is wanted.
    pub fn compose(&self, values: &Values, yaml: Yaml) -> Result<Vec<Value>, Vec<Fault>> {
        let faults = self.faults(values, yaml);
        if faults.is_empty() { Ok(self.draft(values, yaml)) } else { Err(faults) }
    }

    /// Makes the objects of what stands in the fields so far, whatever is wrong with it.
    pub fn draft(&self, values: &Values, yaml: Yaml) -> Vec<Value> {
        let (name, namespace) = (values.get("name").trim(), values.get("namespace").trim());
        let mut object = json!({
            "apiVersion": self.api_version, "kind": self.kind, "metadata": { "name": name, "namespace": namespace },
        });
        for field in self.all().filter(|field| self.shows(field, values)) {
            shape::write(&mut object, field, values.get(field.id), yaml);
        }
        let auth = values.get("auth");
        let Some(data) = credential::data(self, values) else { return vec![object] };
        if self.kind == "Secret" {
            credential::fill(&mut object, auth, data);
            return vec![object];
        }
        let called = match values.get("secret").trim() {
            "" => format!("{name}-auth"),
            called => called.to_owned(),
        };
        let mut secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": called, "namespace": namespace } });
        credential::fill(&mut secret, auth, data);
        shape::put(&mut object, SECRET_REF, None);
        let place = if auth == "tls" { self.certificates } else { SECRET_REF };
        shape::put(&mut object, place, Some(Value::from(called)));
        if auth == "github-app" {
            shape::put(&mut object, "/spec/provider", Some("github".into()));
        }
        vec![secret, object]
    }

    /// Reads an object into the fields. The values of a Secret are not read.
    pub fn read(&self, object: &Value, yaml: Yaml) -> Values {
        let mut values = Values::default();
        self.all().for_each(|field| values.set(field.id, shape::read(object, field, yaml)));
        values
    }

    /// Makes of an object what was changed in the fields since it was read; everything else in it stays.
    pub fn amend(&self, object: &Value, before: &Values, after: &Values, yaml: Yaml) -> Result<Value, Vec<Fault>> {
        let seen = |field: &Field, values: &Values| self.shows(field, values).then(|| values.get(field.id).to_owned());
        let changed: Vec<&Field> = self.all().filter(|field| seen(field, before) != seen(field, after)).collect();
        let faults: Vec<Fault> =
            self.faults(after, yaml).into_iter().filter(|fault| changed.iter().any(|field| field.id == fault.field)).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut out = object.clone();
        let (put, gone): (Vec<&Field>, Vec<&Field>) = changed.into_iter().partition(|field| self.shows(field, after));
        for field in gone {
            shape::write(&mut out, field, field.unset, yaml);
        }
        for field in put {
            shape::write(&mut out, field, after.get(field.id), yaml);
        }
        if self.kind == "Secret"
            && let Some(data) = credential::data(self, after).filter(|data| !data.is_empty())
        {
            // Its type cannot be changed, and what is not written here stays.
            shape::put(&mut out, "/stringData", Some(Value::Object(data)));
        }
        Ok(out)
    }
}

/// Returns an object with the values of a Secret masked.
pub fn masked(object: &Value) -> Value {
    let mut out = object.clone();
    let secret = out.get("kind").and_then(Value::as_str) == Some("Secret");
    for part in ["data", "stringData"].into_iter().filter(|_| secret) {
        let values = out.get_mut(part).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
        values.for_each(|value| *value = crate::live::MASK.into());
    }
    out
}
