//! Sets of fields, as `metadata.managedFields` writes them (`fieldsV1`): who owns what.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::shape::{Place, Shape, item_key};

/// Holds a set of paths as a tree. Steps are written as in fieldsV1: `f:name`, `k:{"name":"web"}`, `v:"x"`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    member: bool,
    children: BTreeMap<String, Self>,
}

/// The paths that nobody owns.
const UNOWNED: &[&[&str]] = &[
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:resourceVersion"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:deletionTimestamp"],
    &["f:metadata", "f:deletionGracePeriodSeconds"],
    &["f:metadata", "f:managedFields"],
];

impl Fields {
    /// Reads fieldsV1.
    pub(crate) fn from_json(value: &Value) -> Self {
        let Some(map) = value.as_object() else { return Self::default() };
        let children = map.iter().filter(|(step, _)| *step != ".").map(|(step, v)| (step.clone(), Self::from_json(v))).collect();
        Self { member: map.is_empty() || map.contains_key("."), children }
    }

    /// Writes fieldsV1.
    pub(crate) fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.is_empty() {
            map.insert(".".into(), Value::Object(Map::new()));
        }
        for (step, child) in &self.children {
            map.insert(step.clone(), child.to_json());
        }
        Value::Object(map)
    }

    /// Returns all fields of an object that can be owned; `whole` also counts the maps and lists themselves.
    pub(crate) fn of(object: &Value, custom: bool, whole: bool) -> Self {
        let mut fields = Self::default();
        fields.grow(object, Place::top(custom), Shape::Map, whole);
        fields.member = false;
        if let Some(metadata) = fields.children.get_mut("f:metadata") {
            metadata.member = false;
        }
        fields.drop_unowned();
        fields
    }

    /// Removes what cannot be owned.
    pub(crate) fn drop_unowned(&mut self) {
        for path in UNOWNED {
            self.cut(path);
        }
    }

    /// Removes the status, where its writers keep records of their own.
    pub(crate) fn drop_status(&mut self) {
        self.children.remove("f:status");
    }

    fn cut(&mut self, path: &[&str]) {
        let Some((step, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            self.children.remove(*step);
            return;
        }
        if let Some(child) = self.children.get_mut(*step) {
            child.cut(rest);
            if child.is_empty() {
                self.children.remove(*step);
            }
        }
    }

    fn grow(&mut self, value: &Value, place: Place, shape: Shape, whole: bool) {
        match (shape, value) {
            (Shape::Map, Value::Object(map)) => {
                self.member |= whole;
                for (field, value) in map.iter().filter(|(_, v)| !v.is_null()) {
                    let child = self.children.entry(format!("f:{field}")).or_default();
                    child.grow(value, place.below(field), place.shape(field, value), whole);
                }
            }
            (Shape::Keyed(keys), Value::Array(items)) => {
                self.member |= whole;
                for item in items {
                    let child = self.children.entry(format!("k:{}", item_key(keys, item))).or_default();
                    child.grow(item, place, Shape::Map, whole);
                    child.member = true;
                }
            }
            (Shape::Set, Value::Array(items)) => {
                self.member |= whole;
                for item in items {
                    self.children.entry(format!("v:{item}")).or_default().member = true;
                }
            }
            _ => self.member = true,
        }
    }

    /// Tells whether there is no path in it.
    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }

    /// Adds all paths of another set.
    pub(crate) fn add(&mut self, other: &Self) {
        self.member |= other.member;
        for (step, child) in &other.children {
            self.children.entry(step.clone()).or_default().add(child);
        }
    }

    /// Removes all paths of another set.
    pub(crate) fn subtract(&mut self, other: &Self) {
        if other.member {
            self.member = false;
        }
        self.children.retain(|step, child| {
            if let Some(gone) = other.children.get(step) {
                child.subtract(gone);
            }
            !child.is_empty()
        });
    }

    /// Returns the paths that are in both.
    pub(crate) fn common(&self, other: &Self) -> Self {
        let children = self
            .children
            .iter()
            .filter_map(|(step, child)| {
                let both = child.common(other.children.get(step)?);
                (!both.is_empty()).then(|| (step.clone(), both))
            })
            .collect();
        Self { member: self.member && other.member, children }
    }

    /// Returns the set below a step.
    pub(crate) fn below(&self, step: &str) -> Option<&Self> {
        self.children.get(step)
    }

    /// Returns the steps and the sets below them.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&String, &Self)> {
        self.children.iter()
    }

    /// Tells whether the place itself is in the set.
    pub(crate) const fn member(&self) -> bool {
        self.member
    }

    /// Returns the paths as messages write them: `.spec.template.spec.containers[name="web"].image`.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.walk("", &mut found);
        found
    }

    fn walk(&self, so_far: &str, found: &mut Vec<String>) {
        if self.member && !so_far.is_empty() {
            found.push(so_far.to_owned());
        }
        for (step, child) in &self.children {
            child.walk(&format!("{so_far}{}", spoken(step)), found);
        }
    }
}

fn spoken(step: &str) -> String {
    if let Some(field) = step.strip_prefix("f:") {
        return format!(".{field}");
    }
    if let Some(keys) = step.strip_prefix("k:") {
        let keys: Value = serde_json::from_str(keys).unwrap_or_default();
        let parts: Vec<String> =
            keys.as_object().map(|map| map.iter().map(|(k, v)| format!("{k}={v}")).collect()).unwrap_or_default();
        return format!("[{}]", parts.join(","));
    }
    format!("[={}]", step.strip_prefix("v:").unwrap_or(step))
}

/// Holds the difference of two states of an object.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Fields that are new or have another value.
    pub(crate) changed: Fields,
    /// Fields that are gone.
    pub(crate) removed: Fields,
}

impl Difference {
    /// Compares two states.
    pub(crate) fn between(old: &Value, new: &Value, custom: bool) -> Self {
        let mut found = Self::default();
        compare_maps(old, new, Place::top(custom), &mut found.changed, &mut found.removed);
        for fields in [&mut found.changed, &mut found.removed] {
            fields.drop_unowned();
            // The status itself belongs to nobody, only what is in it.
            if let Some(status) = fields.children.get_mut("f:status") {
                status.member = false;
            }
        }
        found
    }
}

fn compare(pair: (&Value, &Value), place: Place, shapes: (Shape, Shape), changed: &mut Fields, removed: &mut Fields) {
    let (old, new) = pair;
    if old == new {
        return;
    }
    match shapes {
        (Shape::Map, Shape::Map) => compare_maps(old, new, place, changed, removed),
        (Shape::Keyed(keys), Shape::Keyed(_)) => compare_items(pair, keys, place, changed, removed),
        (Shape::Set, Shape::Set) => {
            let (mut before, mut after) = (Fields::default(), Fields::default());
            before.grow(old, place, Shape::Set, false);
            after.grow(new, place, Shape::Set, false);
            let kept = before.clone();
            before.subtract(&after);
            after.subtract(&kept);
            changed.add(&after);
            removed.add(&before);
        }
        (before, after) => {
            removed.grow(old, place, before, true);
            changed.grow(new, place, after, true);
            removed.subtract(&changed.clone());
        }
    }
}

fn compare_maps(old: &Value, new: &Value, place: Place, changed: &mut Fields, removed: &mut Fields) {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return };
    for (field, value) in new.iter().filter(|(_, v)| !v.is_null()) {
        let (step, below, shape) = (format!("f:{field}"), place.below(field), place.shape(field, value));
        let (mut c, mut r) = (Fields::default(), Fields::default());
        match old.get(field).filter(|v| !v.is_null()) {
            None => c.grow(value, below, shape, true),
            Some(before) => compare((before, value), below, (place.shape(field, before), shape), &mut c, &mut r),
        }
        attach(changed, &step, &c);
        attach(removed, &step, &r);
    }
    for (field, value) in old.iter().filter(|(field, v)| !v.is_null() && new.get(*field).is_none_or(Value::is_null)) {
        let mut r = Fields::default();
        r.grow(value, place.below(field), place.shape(field, value), true);
        attach(removed, &format!("f:{field}"), &r);
    }
}

fn compare_items(pair: (&Value, &Value), keys: &[&str], place: Place, changed: &mut Fields, removed: &mut Fields) {
    let items = |value: &Value| -> Vec<(String, Value)> {
        value.as_array().map(|all| all.iter().map(|item| (item_key(keys, item), item.clone())).collect()).unwrap_or_default()
    };
    let (old, new) = (items(pair.0), items(pair.1));
    for (key, item) in &new {
        let (mut c, mut r) = (Fields::default(), Fields::default());
        match old.iter().find(|(other, _)| other == key) {
            None => c.grow(item, place, Shape::Map, true),
            Some((_, before)) => compare((before, item), place, (Shape::Map, Shape::Map), &mut c, &mut r),
        }
        attach(changed, &format!("k:{key}"), &c);
        attach(removed, &format!("k:{key}"), &r);
    }
    for (key, item) in old.iter().filter(|(key, _)| !new.iter().any(|(other, _)| other == key)) {
        let mut r = Fields::default();
        r.grow(item, place, Shape::Map, true);
        attach(removed, &format!("k:{key}"), &r);
    }
}

fn attach(fields: &mut Fields, step: &str, child: &Fields) {
    if !child.is_empty() {
        fields.children.entry(step.to_owned()).or_default().add(child);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_written_as_the_server_writes_them() {
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"a": "b"}},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}},
                "template": {"spec": {"containers": [{"name": "web", "image": "x", "ports": [{"containerPort": 80}]}]}}}});
        let fields = Fields::of(&object, false, false);
        let expect = json!({"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:replicas": {}, "f:selector": {},
            "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}, "f:name": {},
                "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}}}}}}});
        assert_eq!(fields.to_json(), expect);
        assert_eq!(Fields::from_json(&expect), fields);
        assert!(fields.paths().contains(&".spec.template.spec.containers[name=\"web\"].image".to_owned()));
    }

    #[test]
    fn a_difference_names_what_changed_and_what_went() {
        let old = json!({"data": {"a": "1", "b": "2"}, "metadata": {"finalizers": ["x"]}});
        let new = json!({"data": {"a": "1", "c": "3"}, "metadata": {"finalizers": ["x", "y"]}});
        let found = Difference::between(&old, &new, false);
        assert_eq!(found.changed.paths(), [".data.c", ".metadata.finalizers[=\"y\"]"]);
        assert_eq!(found.removed.paths(), [".data.b"]);
    }
}
