//! The walk over a value along its shape.

use std::fmt::Write as _;

use domain::change::Severity;
use serde_json::Value;

use crate::schema::objects;
use crate::schema::scalars;
use crate::schema::shape::{Id, Library, Rest, Rules, Shape, types};
use crate::schema::{Extent, Found, Schemas, names};
use crate::yaml::{Data, Place, Val};

/// How many problems one object yields at most.
const MOST: usize = 50;

/// Holds something that is wrong with a value.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) severity: Severity,
    pub(super) rule: &'static str,
    pub(super) message: String,
    /// The value that it speaks of.
    pub(super) place: Option<Place>,
    /// Whether it speaks of the value's key.
    pub(super) key: bool,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize, Option<&'a str>),
}

/// Goes over one object.
pub(super) struct Walk<'a> {
    schemas: &'a Schemas,
    pub(super) extent: Extent,
    pub(super) problems: Vec<Problem>,
    path: Vec<Step<'a>>,
    /// The nearest place that is known, for values that were computed.
    near: Option<Place>,
    /// The volumes that a StatefulSet's templates make.
    pub(super) claims: Vec<&'a str>,
    /// Whether it goes over a Secret, whose values are not repeated.
    secret: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(schemas: &'a Schemas, extent: Extent) -> Self {
        Self { schemas, extent, problems: Vec::new(), path: Vec::new(), near: None, claims: Vec::new(), secret: false }
    }

    /// Checks an object against the shape of its kind.
    pub(super) fn object(&mut self, (library, id): Found<'a>, val: &'a Val) {
        let templates = val.at(&["spec", "volumeClaimTemplates"]).map(Val::items).unwrap_or_default();
        self.secret = val.get("kind").and_then(Val::as_text) == Some("Secret");
        self.claims = templates.iter().filter_map(|t| t.at(&["metadata", "name"])).filter_map(Val::as_text).collect();
        let bare = library.shape(id).is_some_and(|shape| shape.object) && val.get("metadata").is_none_or(Val::is_null);
        if bare && self.extent.complete() {
            self.wrong("schema-required", val, "metadata is missing");
        }
        self.value(library, id, val);
    }

    /// Adds an error about a value.
    pub(super) fn wrong(&mut self, rule: &'static str, val: &Val, message: impl Into<String>) {
        self.add((Severity::Error, rule), val, false, message.into());
    }

    /// Adds a warning about a value.
    pub(super) fn doubtful(&mut self, rule: &'static str, val: &Val, message: impl Into<String>) {
        self.add((Severity::Warning, rule), val, false, message.into());
    }

    /// Adds an error about the key of a value.
    pub(super) fn wrong_key(&mut self, rule: &'static str, val: &Val, message: impl Into<String>) {
        self.add((Severity::Error, rule), val, true, message.into());
    }

    /// Adds a problem with a value or, for `key`, its key.
    pub(super) fn add(&mut self, (severity, rule): (Severity, &'static str), val: &Val, key: bool, message: String) {
        if self.problems.len() < MOST {
            self.problems.push(Problem {
                severity,
                rule,
                message,
                place: val.from.or(self.near),
                key: key && val.from.is_some(),
            });
        }
    }

    /// Returns where the walk is: `spec.template.spec.containers[web].image`.
    pub(super) fn path(&self) -> String {
        self.path_to(&[])
    }

    /// Returns the path of something below.
    pub(super) fn path_to(&self, more: &[&str]) -> String {
        let mut out = String::new();
        let more = more.iter().map(|key| Step::Key(key));
        for step in self.path.iter().copied().chain(more) {
            let _ = match step {
                Step::Key(key) if key.contains(['.', '/']) => write!(out, "[{key}]"),
                Step::Key(key) if out.is_empty() => write!(out, "{key}"),
                Step::Key(key) => write!(out, ".{key}"),
                Step::Item(_, Some(name)) => write!(out, "[{name}]"),
                Step::Item(at, None) => write!(out, "[{at}]"),
            };
        }
        if out.is_empty() { "the object".to_owned() } else { out }
    }

    pub(super) fn below(&mut self, key: &'a str, check: impl FnOnce(&mut Self)) {
        self.path.push(Step::Key(key));
        check(self);
        self.path.pop();
    }

    fn value(&mut self, library: &'a Library, id: Id, val: &'a Val) {
        let Some(shape) = library.shape(id) else { return };
        let near = self.near;
        self.near = val.from.or(near);
        // A null is an absence; where something is required that is said there.
        if !val.is_null() && !val.as_text().is_some_and(scalars::filled_in) && self.typed(shape, val) {
            match &val.data {
                Data::Map(_) => self.mapping(library, shape, val),
                Data::List(items) => self.list(library, shape, items),
                _ => scalars::check(self, shape, val),
            }
            if let Some(rules) = &shape.rules {
                self.rules(library, shape, rules, val);
            }
            if let Some(hook) = shape.hook {
                objects::check(self, hook, val);
            }
        }
        self.near = near;
    }

    fn typed(&mut self, shape: &Shape, val: &'a Val) -> bool {
        if shape.types == 0 || shape.types & bits(&val.data) != 0 {
            return true;
        }
        let path = self.path();
        let held = self.secret && matches!(self.path.first(), Some(Step::Key("data" | "stringData")));
        let (wanted, given) = (scalars::wanted(shape), if held { scalars::sort(val).to_owned() } else { scalars::given(val) });
        let hint = if held { String::new() } else { scalars::hint(shape, val) };
        let message = format!("{path} wants {wanted} and gets {given}{hint}");
        // kubectl reads these words as booleans, kustomize as texts.
        if shape.types == types::FLAG && val.as_text().is_some_and(scalars::old_flag) {
            self.doubtful("schema-type", val, message);
        } else {
            self.wrong("schema-type", val, message);
        }
        false
    }

    fn mapping(&mut self, library: &'a Library, shape: &'a Shape, val: &'a Val) {
        let Some(map) = val.as_map() else { return };
        let root = self.path.is_empty();
        // What was probably meant by keys that are not known is not missing as well.
        let mut meant: Vec<&str> = Vec::new();
        for (key, value) in map {
            let own = shape.field(key);
            let object = shape.object && matches!(key.as_str(), "apiVersion" | "kind" | "metadata");
            self.path.push(Step::Key(key));
            if object && key == "metadata" {
                self.metadata(value);
            } else if let Some(id) = own {
                self.value(library, id, value);
            } else if let Rest::Of(id) = shape.rest {
                self.value(library, id, value);
            } else if !object && shape.rest == Rest::Closed && !self.aside(key, root) && !self.absent(key, value) {
                meant.extend(self.unknown(shape, key, value));
            }
            self.path.pop();
        }
        if self.extent.complete() {
            for name in &shape.required {
                if !meant.contains(&&**name) && map.get(&**name).is_none_or(Val::is_null) {
                    let message = format!("{} is missing", self.path_to(&[name]));
                    self.wrong("schema-required", val, message);
                }
            }
        }
    }

    /// Tells whether a key belongs to a tool, not to the object.
    fn aside(&self, key: &str, root: bool) -> bool {
        (self.extent == Extent::Patch && key.starts_with('$')) || (root && key == "sops") || scalars::filled_in(key)
    }

    /// Tells whether a key says that there is nothing: a patch takes out what the kind that it makes does not have, and
    /// generators write `creationTimestamp: null` into every metadata.
    fn absent(&self, key: &str, val: &Val) -> bool {
        let taken_out = || val.is_null() || val.get("$patch").and_then(Val::as_text) == Some("delete");
        (self.extent == Extent::Patch && taken_out()) || (key == "creationTimestamp" && val.is_null())
    }

    fn metadata(&mut self, val: &'a Val) {
        let schemas = self.schemas;
        if let Some(id) = schemas.built_in.metadata {
            self.value(&schemas.built_in, id, val);
        }
    }

    /// Says that a key is not known; returns the field that was probably meant.
    fn unknown(&mut self, shape: &'a Shape, key: &str, val: &'a Val) -> Option<&'a str> {
        let near = names::nearest(key, shape.fields.iter().map(|(name, _)| &**name));
        let meant = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let message = format!("there is no field {}{meant}", self.path());
        self.wrong_key("schema-unknown-field", val, message);
        near
    }

    fn list(&mut self, library: &'a Library, shape: &'a Shape, items: &'a [Val]) {
        let Some(id) = shape.items else { return };
        for (at, item) in items.iter().enumerate() {
            let name = item.get("name").and_then(Val::as_text).filter(|name| !name.is_empty() && name.len() < 64);
            self.path.push(Step::Item(at, name));
            if self.extent == Extent::Patch && item.get("$patch").is_some() && item.as_map().is_some_and(|map| map.len() == 1) {
                // `- $patch: replace` speaks of the list.
            } else if item.is_null() {
                self.nothing(library, id, item);
            } else {
                self.value(library, id, item);
            }
            self.path.pop();
        }
    }

    /// A null within a list is no absence.
    fn nothing(&mut self, library: &'a Library, id: Id, item: &'a Val) {
        let Some(shape) = library.shape(id).filter(|shape| shape.types != 0 && self.extent.complete()) else { return };
        // The decoders of the built-in kinds take it for an empty string.
        if shape.types == types::TEXT && library.metadata.is_some() {
            return;
        }
        let message = format!("{} wants {} and gets nothing", self.path(), scalars::wanted(shape));
        self.wrong("schema-type", item, message);
    }

    fn rules(&mut self, library: &'a Library, shape: &Shape, rules: &'a Rules, val: &'a Val) {
        scalars::bounds(self, rules, val);
        if self.extent == Extent::Patch
            || shape.types & types::LIST != 0 && rules.keys.is_empty() && !rules.unique && rules.all.is_empty()
        {
            return;
        }
        objects::unique(self, rules, val);
        if !self.extent.complete() || !settled(val) {
            return;
        }
        for id in &rules.all {
            self.value(library, *id, val);
        }
        let fits = |walk: &Self, id: &Id| walk.trial(library, *id, val).is_empty();
        let path = self.path();
        if !rules.any.is_empty() && !rules.any.iter().any(|id| fits(self, id)) {
            let why = self.reasons(library, &rules.any, val);
            self.wrong("schema-value", val, format!("{path} fits none of the forms that it may have{why}"));
        }
        let fitting = rules.one.iter().filter(|id| fits(self, id)).count();
        if !rules.one.is_empty() && fitting != 1 {
            let what =
                if fitting == 0 { "none of the forms that it may have" } else { "several forms, of which only one is allowed" };
            let why = if fitting == 0 { self.reasons(library, &rules.one, val) } else { String::new() };
            self.wrong("schema-value", val, format!("{path} fits {what}{why}"));
        }
        if rules.not.is_some_and(|id| fits(self, &id)) {
            self.wrong("schema-value", val, format!("{path} has a form that is not allowed"));
        }
    }

    /// Returns what is wrong with a value by another shape.
    fn trial(&self, library: &'a Library, id: Id, val: &'a Val) -> Vec<Problem> {
        let mut walk = Walk { path: self.path.clone(), near: self.near, ..Walk::new(self.schemas, self.extent) };
        // Below the root even an empty path is no root.
        walk.value(library, id, val);
        walk.problems
    }

    fn reasons(&self, library: &'a Library, ids: &[Id], val: &'a Val) -> String {
        let mut said: Vec<String> = Vec::new();
        for id in ids {
            if let Some(first) = self.trial(library, *id, val).into_iter().next().filter(|p| !said.contains(&p.message)) {
                said.push(first.message);
            }
        }
        if said.is_empty() || said.len() > 4 { String::new() } else { format!(": {}", said.join(", or ")) }
    }
}

/// Returns the bits of the types that a value is.
fn bits(data: &Data) -> u8 {
    match data {
        Data::Null => 0,
        Data::Bool(_) => types::FLAG,
        Data::Number(number) => {
            let whole = !number.is_f64() || number.as_f64().is_some_and(|n| n.fract() == 0.0);
            types::NUMBER | if whole { types::WHOLE } else { 0 }
        }
        Data::Text(_) => types::TEXT,
        Data::List(_) => types::LIST,
        Data::Map(_) => types::MAP,
    }
}

/// Tells whether nothing in a value is filled in later.
fn settled(val: &Val) -> bool {
    match &val.data {
        Data::Text(text) => !scalars::filled_in(text),
        Data::List(items) => items.iter().all(settled),
        Data::Map(map) => map.values().all(settled),
        _ => true,
    }
}

/// Tells whether a value is the one that a schema names.
pub(super) fn same(val: &Val, value: &Value) -> bool {
    match (&val.data, value) {
        (Data::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Data::Text(a), Value::String(b)) => a == b,
        (Data::Bool(a), Value::Bool(b)) => a == b,
        (Data::Null, Value::Null) => true,
        (Data::List(_) | Data::Map(_), _) => val.to_json() == *value,
        _ => false,
    }
}
