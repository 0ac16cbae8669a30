//! The write path: whoever changes an object, over the wire or from within, comes through here.
//!
//! It keeps what only the server may set, fills in defaults, checks, keeps the record of field managers, counts
//! generations, and writes nothing when nothing changed.

use serde_json::{Value, json};

use crate::api::fields::{Difference, Fields};
use crate::api::shape::Place;
use crate::api::{defaults, merge, validate};
use crate::fault::Fault;
use crate::json;
use crate::resource::{self, Resource};
use crate::state::{State, locked};
use crate::store::{Key, Object, Store};

/// Says which part of an object a write is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All but the status, where there is a `/status`.
    Main,
    /// The status only.
    Status,
    /// Everything: for what the cluster itself sets up.
    Whole,
}

/// Holds who writes, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hand<'a> {
    /// The field manager.
    pub(crate) manager: &'a str,
    /// The part.
    pub(crate) scope: Scope,
    /// Whether nothing is kept.
    pub(crate) dry: bool,
}

impl<'a> Hand<'a> {
    /// Writes the main part.
    pub(crate) const fn main(manager: &'a str) -> Self {
        Self { manager, scope: Scope::Main, dry: false }
    }

    /// Writes the status.
    pub(crate) const fn status(manager: &'a str) -> Self {
        Self { manager, scope: Scope::Status, dry: false }
    }

    /// Writes everything.
    pub(crate) const fn whole(manager: &'a str) -> Self {
        Self { manager, scope: Scope::Whole, dry: false }
    }
}

impl State {
    /// Creates an object.
    pub(crate) fn create(&self, resource: &Resource, mut object: Value, hand: Hand<'_>) -> Result<Object, Fault> {
        self.prepare(resource, &mut object, hand.scope);
        let mut store = self.store();
        let key = Key::of(&object);
        admit_namespace(&store, resource, &key)?;
        defaults::fill(resource, &mut object);
        self.ask_webhooks(&key)?;
        validate::check(resource, &object, None)?;
        if store.get(resource, &key).is_some() {
            return Err(Fault::exists(resource, &key.name));
        }
        let mut fields = Fields::of(&object, resource.custom, true);
        if hand.scope == Scope::Main {
            fields.drop_status();
        }
        self.enter(&mut object, resource, hand, "Update", &fields);
        let object = Self::keep(&mut store, resource, object, hand.dry);
        self.tell(store);
        Ok(object)
    }

    fn prepare(&self, resource: &Resource, object: &mut Value, scope: Scope) {
        json::set(object, "/apiVersion", resource.api_version().into());
        json::set(object, "/kind", resource.kind.into());
        for field in ["resourceVersion", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
            json::take(object, &format!("/metadata/{field}"));
        }
        if json::name(object).is_empty() && !json::text(object, "/metadata/generateName").is_empty() {
            let name = format!("{}{}", json::text(object, "/metadata/generateName"), self.new_suffix());
            json::set(object, "/metadata/name", name.into());
        }
        json::set(object, "/metadata/uid", self.new_uid().into());
        json::set(object, "/metadata/creationTimestamp", self.pace.stamp().into());
        if resource.traits.generation {
            json::set(object, "/metadata/generation", 1.into());
        }
        if !resource.traits.namespaced {
            json::take(object, "/metadata/namespace");
        }
        if scope != Scope::Whole || object.get("status").is_none() {
            json::take(object, "/status");
            if let Some(status) = defaults::first_status(resource, object) {
                json::set(object, "/status", status);
            }
        }
    }

    /// Asks those who may refuse a new object.
    fn ask_webhooks(&self, key: &Key) -> Result<(), Fault> {
        let refused = locked(&self.faults.refused);
        let found = refused.iter().find(|refusal| refusal.object == *key);
        found.map_or(Ok(()), |refusal| Err(Fault::by_webhook(&refusal.webhook, &refusal.words)))
    }

    fn keep(store: &mut Store, resource: &Resource, object: Value, dry: bool) -> Object {
        if dry { Object::new(object) } else { store.put(resource, object) }
    }

    /// Changes an object by an edit of its present state.
    pub(crate) fn change<F>(&self, resource: &Resource, key: &Key, hand: Hand<'_>, edit: F) -> Result<Object, Fault>
    where
        F: FnOnce(&mut Value) -> Result<(), Fault>,
    {
        let mut store = self.store();
        let old = store.get(resource, key).ok_or_else(|| Fault::not_found(resource, &key.name))?;
        let mut new = (*old).clone();
        edit(&mut new)?;
        match old.pointer("/metadata/managedFields") {
            Some(entries) => json::set(&mut new, "/metadata/managedFields", entries.clone()),
            None => drop(json::take(&mut new, "/metadata/managedFields")),
        }
        let asked = json::text(&new, "/metadata/resourceVersion");
        if !asked.is_empty() && asked != json::text(&old, "/metadata/resourceVersion") {
            return Err(Fault::modified(resource, &key.name));
        }
        settle(resource, &old, &mut new, hand.scope);
        validate::check(resource, &new, Some(&old))?;
        if same(&old, &new) {
            return Ok(old);
        }
        let difference = Difference::between(&old, &new, resource.custom);
        self.enter_change(&mut new, resource, hand, &difference);
        let object = Self::finish(&mut store, resource, key, new, hand.dry);
        self.tell(store);
        Ok(object)
    }

    /// Changes an object as a controller does, without a word when it is gone.
    pub(crate) fn touch(
        &self,
        resource: &Resource,
        object: &Value,
        hand: Hand<'_>,
        edit: impl FnOnce(&mut Value),
    ) -> Option<Object> {
        let uid = json::uid(object).to_owned();
        let changed = self.change(resource, &Key::of(object), hand, |new| {
            if json::uid(new) != uid {
                return Err(Fault::no_resource());
            }
            edit(new);
            Ok(())
        });
        match changed {
            Ok(object) => Some(object),
            Err(fault) => {
                if fault.code != 404 {
                    tracing::debug!(kind = resource.kind, name = json::name(object), fault = %fault.message, "a controller's write was refused");
                }
                None
            }
        }
    }

    fn finish(store: &mut Store, resource: &Resource, key: &Key, new: Value, dry: bool) -> Object {
        if dry {
            return Object::new(new);
        }
        let free = json::list(&new, "/metadata/finalizers").is_empty() && json::list(&new, "/spec/finalizers").is_empty();
        if json::deleting(&new) && free && !resource.is("Pod") {
            let object = store.put(resource, new);
            return store.remove(resource, key).unwrap_or(object);
        }
        store.put(resource, new)
    }

    /// Applies a configuration (server-side apply). Returns the object and whether it is new.
    pub(crate) fn apply(
        &self,
        resource: &Resource,
        mut applied: Value,
        hand: Hand<'_>,
        force: bool,
    ) -> Result<(Object, bool), Fault> {
        let key = Key::of(&applied);
        json::set(&mut applied, "/apiVersion", resource.api_version().into());
        if hand.scope == Scope::Main && resource.traits.status {
            json::take(&mut applied, "/status");
        }
        let fields = Fields::of(&applied, resource.custom, false);
        let mut store = self.store();
        let Some(old) = store.get(resource, &key) else {
            self.prepare(resource, &mut applied, hand.scope);
            admit_namespace(&store, resource, &key)?;
            defaults::fill(resource, &mut applied);
            self.ask_webhooks(&key)?;
            validate::check(resource, &applied, None)?;
            self.enter(&mut applied, resource, hand, "Apply", &fields);
            let object = Self::keep(&mut store, resource, applied, hand.dry);
            self.tell(store);
            return Ok((object, true));
        };
        let mut new = (*old).clone();
        merge::apply(&mut new, &applied, Place::top(resource.custom));
        let taken = Difference::between(&old, &new, resource.custom).changed;
        Self::contest(&mut new, hand, &taken, force)?;
        Self::give_up(&mut new, resource, hand, &fields);
        settle(resource, &old, &mut new, hand.scope);
        validate::check(resource, &new, Some(&old))?;
        self.enter(&mut new, resource, hand, "Apply", &fields);
        if same(&old, &new) && same_managers(&old, &new) {
            return Ok((old, false));
        }
        let object = Self::finish(&mut store, resource, &key, new, hand.dry);
        self.tell(store);
        Ok((object, false))
    }

    /// Finds whose fields an apply would change: refuses, or takes them away.
    fn contest(new: &mut Value, hand: Hand<'_>, taken: &Fields, force: bool) -> Result<(), Fault> {
        let mut conflicts = Vec::new();
        let mut entries = json::list(new, "/metadata/managedFields").to_vec();
        for entry in &mut entries {
            if json::text(entry, "/manager") == hand.manager && json::text(entry, "/operation") == "Apply" {
                continue;
            }
            let mut theirs = entry.get("fieldsV1").map(Fields::from_json).unwrap_or_default();
            let contested = theirs.common(taken);
            if contested.is_empty() {
                continue;
            }
            let mut manager = format!("\"{}\"", json::text(entry, "/manager"));
            if !json::text(entry, "/subresource").is_empty() {
                manager = format!("{manager} with subresource \"{}\"", json::text(entry, "/subresource"));
            }
            if json::text(entry, "/operation") != "Apply" {
                manager = format!("{manager} using {}", json::text(entry, "/apiVersion"));
            }
            conflicts.extend(contested.paths().into_iter().map(|path| (manager.clone(), path)));
            theirs.subtract(&contested);
            entry["fieldsV1"] = theirs.to_json();
        }
        if !conflicts.is_empty() && !force {
            return Err(Fault::owned(&conflicts));
        }
        entries.retain(|entry| entry.pointer("/fieldsV1").is_some_and(|f| f.as_object().is_some_and(|m| !m.is_empty())));
        json::set(new, "/metadata/managedFields", Value::Array(entries));
        Ok(())
    }

    /// Removes what this manager applied before and applies no longer.
    fn give_up(new: &mut Value, resource: &Resource, hand: Hand<'_>, fields: &Fields) {
        let entries = json::list(new, "/metadata/managedFields");
        let (mut gone, mut kept) = (Fields::default(), fields.clone());
        for entry in entries {
            let theirs = entry.get("fieldsV1").map(Fields::from_json).unwrap_or_default();
            if json::text(entry, "/manager") == hand.manager && json::text(entry, "/operation") == "Apply" {
                gone = theirs;
            } else if json::text(entry, "/operation") == "Apply" {
                // Only those who apply hold on to what another gives up.
                kept.add(&theirs);
            }
        }
        gone.subtract(fields);
        let before = new.clone();
        merge::prune(new, &gone, &kept);
        let removed = Difference::between(&before, new, resource.custom).removed;
        disown(new, &removed);
        defaults::fill(resource, new);
    }

    /// Records that a manager changed fields, and that the others no longer own them.
    fn enter_change(&self, new: &mut Value, resource: &Resource, hand: Hand<'_>, difference: &Difference) {
        let mut entries = json::list(new, "/metadata/managedFields").to_vec();
        let subresource = if hand.scope == Scope::Status { "status" } else { "" };
        let mine = |entry: &Value| {
            json::text(entry, "/manager") == hand.manager
                && json::text(entry, "/operation") == "Update"
                && json::text(entry, "/subresource") == subresource
        };
        let mut fields = Fields::default();
        for entry in &mut entries {
            let mut theirs = entry.get("fieldsV1").map(Fields::from_json).unwrap_or_default();
            theirs.subtract(&difference.removed);
            if mine(entry) {
                fields = theirs.clone();
            } else {
                theirs.subtract(&difference.changed);
            }
            entry["fieldsV1"] = theirs.to_json();
        }
        fields.add(&difference.changed);
        entries.retain(|e| !mine(e) && e.pointer("/fieldsV1").is_some_and(|f| f.as_object().is_some_and(|m| !m.is_empty())));
        json::set(new, "/metadata/managedFields", Value::Array(entries));
        self.enter(new, resource, hand, "Update", &fields);
    }

    /// Writes a manager's entry into the record.
    fn enter(&self, object: &mut Value, resource: &Resource, hand: Hand<'_>, operation: &str, fields: &Fields) {
        let mut entries = json::list(object, "/metadata/managedFields").to_vec();
        let subresource = if hand.scope == Scope::Status { "status" } else { "" };
        let mine = |entry: &Value| {
            json::text(entry, "/manager") == hand.manager
                && json::text(entry, "/operation") == operation
                && json::text(entry, "/subresource") == subresource
        };
        let written = fields.to_json();
        if entries.iter().any(|entry| mine(entry) && entry.get("fieldsV1") == Some(&written)) {
            return;
        }
        entries.retain(|entry| !mine(entry));
        if !fields.is_empty() {
            let mut entry = json!({"manager": hand.manager, "operation": operation, "apiVersion": resource.api_version(),
                "time": self.pace.stamp(), "fieldsType": "FieldsV1", "fieldsV1": written});
            if !subresource.is_empty() {
                entry["subresource"] = subresource.into();
            }
            entries.push(entry);
        }
        entries.sort_by_key(|entry| (json::text(entry, "/operation").to_owned(), json::text(entry, "/time").to_owned()));
        json::set(object, "/metadata/managedFields", Value::Array(entries));
    }
}

fn admit_namespace(store: &Store, resource: &Resource, key: &Key) -> Result<(), Fault> {
    if !resource.traits.namespaced {
        return Ok(());
    }
    let namespaces = resource::of("Namespace");
    let Some(namespace) = store.get(namespaces, &Key::new("", &key.namespace)) else {
        return Err(Fault::not_found(namespaces, &key.namespace));
    };
    if json::deleting(&namespace) && !resource.is("Event") {
        let why = format!("unable to create new content in namespace {} because it is being terminated", key.namespace);
        return Err(Fault::forbidden(resource, &key.name, &why));
    }
    Ok(())
}

/// Puts back what a write may not change, and counts the generation.
fn settle(resource: &Resource, old: &Value, new: &mut Value, scope: Scope) {
    json::set(new, "/apiVersion", resource.api_version().into());
    json::set(new, "/kind", resource.kind.into());
    if scope == Scope::Status {
        let status = new.get("status").cloned();
        let entries = new.pointer("/metadata/managedFields").cloned();
        *new = old.clone();
        match status {
            Some(status) => json::set(new, "/status", status),
            None => drop(json::take(new, "/status")),
        }
        if let Some(entries) = entries {
            json::set(new, "/metadata/managedFields", entries);
        }
        return;
    }
    for field in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        let pointer = format!("/metadata/{field}");
        match old.pointer(&pointer) {
            Some(value) => json::set(new, &pointer, value.clone()),
            None => drop(json::take(new, &pointer)),
        }
    }
    if scope == Scope::Main && resource.traits.status {
        match old.get("status") {
            Some(status) => json::set(new, "/status", status.clone()),
            None => drop(json::take(new, "/status")),
        }
    }
    defaults::fill(resource, new);
    let spec = |object: &Value| -> Vec<(String, Value)> {
        let map = object.as_object().into_iter().flatten();
        let mut all: Vec<_> =
            map.filter(|(k, _)| !matches!(k.as_str(), "metadata" | "status")).map(|(k, v)| (k.clone(), v.clone())).collect();
        // The scheduler's choice is no new wish.
        all.iter_mut().filter(|_| resource.is("Pod")).for_each(|(_, spec)| drop(json::take(spec, "/nodeName")));
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    if resource.traits.generation && spec(old) != spec(new) {
        let generation = json::number(old, "/metadata/generation").unwrap_or(1) + 1;
        json::set(new, "/metadata/generation", generation.into());
    }
}

/// Takes fields that are gone out of everybody's record.
fn disown(object: &mut Value, removed: &Fields) {
    if removed.is_empty() {
        return;
    }
    let mut entries = json::list(object, "/metadata/managedFields").to_vec();
    for entry in &mut entries {
        let mut theirs = entry.get("fieldsV1").map(Fields::from_json).unwrap_or_default();
        theirs.subtract(removed);
        entry["fieldsV1"] = theirs.to_json();
    }
    entries.retain(|e| e.pointer("/fieldsV1").is_some_and(|f| f.as_object().is_some_and(|m| !m.is_empty())));
    json::set(object, "/metadata/managedFields", entries.into());
}

fn same(old: &Value, new: &Value) -> bool {
    let bare = |object: &Value| {
        let mut object = object.clone();
        json::take(&mut object, "/metadata/managedFields");
        json::take(&mut object, "/metadata/resourceVersion");
        object
    };
    bare(old) == bare(new)
}

fn same_managers(old: &Value, new: &Value) -> bool {
    let entries = |object: &Value| -> Vec<(String, String, Value)> {
        let all = json::list(object, "/metadata/managedFields").iter();
        all.map(|e| (json::text(e, "/manager").to_owned(), json::text(e, "/operation").to_owned(), e["fieldsV1"].clone()))
            .collect()
    };
    entries(old) == entries(new)
}
