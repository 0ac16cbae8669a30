//! kustomize-controller's way of applying: try everything first, then apply, remember it, delete what left.

use std::collections::BTreeSet;

use manifest::drift::Rules;
use serde_json::{Value, json};

use crate::api::delete::Deletion;
use crate::api::write::Hand;
use crate::fault::Fault;
use crate::json;
use crate::resource::{self, Resource};
use crate::state::State;
use crate::store::Key;

/// The field manager of everything that Kustomizations apply.
pub(crate) const MANAGER: &str = "kustomize-controller";

/// Names an applied object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ref {
    /// The API group.
    pub(crate) group: String,
    /// The version.
    pub(crate) version: String,
    /// The kind.
    pub(crate) kind: String,
    /// The namespace, empty for cluster-wide objects.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
}

impl Ref {
    /// Names an object.
    pub(crate) fn of(object: &Value) -> Self {
        let version = json::text(object, "/apiVersion");
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: json::text(object, "/kind").to_owned(),
            namespace: json::namespace(object).to_owned(),
            name: json::name(object).to_owned(),
        }
    }

    /// Reads an entry of an inventory.
    fn read(entry: &Value) -> Option<Self> {
        let inventory = domain::flux::InventoryEntry { id: json::text(entry, "/id"), v: json::text(entry, "/v") };
        let (namespace, name, group, kind) = inventory.parts()?;
        Some(Self {
            group: group.to_owned(),
            version: inventory.v.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.replace("__", ":"),
        })
    }

    /// Writes an entry of an inventory.
    fn entry(&self) -> Value {
        let name = self.name.replace(':', "__");
        json!({"id": format!("{}_{name}_{}_{}", self.namespace, self.group, self.kind), "v": self.version})
    }

    /// Returns what the object is of.
    pub(crate) fn resource(&self) -> Option<&'static Resource> {
        resource::by_group_kind(&self.group, &self.kind)
    }

    /// Returns the key of the object.
    pub(crate) fn key(&self) -> Key {
        Key::new(&self.namespace, &self.name)
    }

    fn same(&self, other: &Self) -> bool {
        (&self.group, &self.kind, &self.namespace, &self.name) == (&other.group, &other.kind, &other.namespace, &other.name)
    }
}

impl std::fmt::Display for Ref {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{}/{}", self.kind, self.name)
        } else {
            write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// Returns the objects of an inventory.
pub(crate) fn inventory(kustomization: &Value) -> Vec<Ref> {
    json::list(kustomization, "/status/inventory/entries").iter().filter_map(Ref::read).collect()
}

/// Returns the inventory of objects.
pub(crate) fn entries(refs: &[Ref]) -> Value {
    let mut seen = BTreeSet::new();
    let all: Vec<Value> = refs.iter().filter(|r| seen.insert((*r).clone())).map(Ref::entry).collect();
    json!({ "entries": all })
}

/// Applies objects in their order, without the fields that `spec.ignore` leaves to others. Returns what became of each that changed,
/// one line each.
pub(crate) fn apply_all(state: &State, objects: &[Value], force: bool, ignore: &Rules) -> Result<Vec<String>, String> {
    let spared: Vec<Value> = objects.iter().map(|object| spared(state, object, ignore)).collect();
    let objects = spared.as_slice();
    let definitions =
        |object: &&Value| matches!(json::text(object, "/kind"), "CustomResourceDefinition" | "Namespace" | "ClusterRole");
    let (first, rest): (Vec<&Value>, Vec<&Value>) = objects.iter().partition(definitions);
    let mut lines = Vec::new();
    for stage in [first, rest] {
        for object in &stage {
            attempt(state, object, force)?;
        }
        for object in &stage {
            if let Some(did) = apply_one(state, object, force)? {
                lines.push(format!("{} {did}", Ref::of(object)));
            }
        }
    }
    Ok(lines)
}

/// Returns an object without the fields that somebody else has set and that are left to them.
fn spared(state: &State, object: &Value, ignore: &Rules) -> Value {
    let mut out = object.clone();
    if !ignore.is_empty()
        && let Ok(resource) = find(state, object)
        && let key = Key::of(object)
        && let Some(live) = state.get(resource, &key.namespace, &key.name)
    {
        ignore.spare(&live, &mut out);
    }
    out
}

fn find(state: &State, object: &Value) -> Result<&'static Resource, String> {
    let name = Ref::of(object);
    let (version, kind) = (json::text(object, "/apiVersion"), json::text(object, "/kind"));
    let resource = state
        .resource_of(object)
        .ok_or_else(|| format!("{name} dry-run failed: no matches for kind \"{kind}\" in version \"{version}\"\n"))?;
    if resource.traits.namespaced && name.namespace.is_empty() {
        return Err(format!("{name} namespace not specified: the server could not find the requested resource\n"));
    }
    Ok(resource)
}

fn attempt(state: &State, object: &Value, force: bool) -> Result<(), String> {
    let resource = find(state, object)?;
    let hand = Hand { dry: true, ..Hand::main(MANAGER) };
    match state.apply(resource, object.clone(), hand, true) {
        Ok(_) => Ok(()),
        Err(fault) if fault.code == 404 => Err(format!("{} not found: {}\n", Ref::of(object), fault.message)),
        Err(fault) if immutable(&fault) && force => Ok(()),
        Err(fault) => Err(format!("{} dry-run failed ({}): {}\n", Ref::of(object), fault.reason, fault.message)),
    }
}

fn immutable(fault: &Fault) -> bool {
    fault.code == 422 && fault.message.contains("field is immutable")
}

fn apply_one(state: &State, object: &Value, force: bool) -> Result<Option<&'static str>, String> {
    let resource = find(state, object)?;
    let key = Key::of(object);
    let before = state.get(resource, &key.namespace, &key.name);
    if let Some(before) = &before
        && json::annotation(before, "kustomize.toolkit.fluxcd.io/reconcile") == Some("disabled")
    {
        return Ok(None);
    }
    let applied = match state.apply(resource, object.clone(), Hand::main(MANAGER), true) {
        Err(fault) if immutable(&fault) && force => {
            drop(state.delete(resource, &key, &Deletion { grace: Some(0), ..Deletion::default() }));
            state.apply(resource, object.clone(), Hand::main(MANAGER), true)
        }
        other => other,
    };
    let (after, new) = applied.map_err(|fault| format!("{} apply failed: {}\n", Ref::of(object), fault.message))?;
    let version = |object: &Value| json::text(object, "/metadata/resourceVersion").to_owned();
    Ok(match before {
        _ if new => Some("created"),
        Some(before) if version(&before) != version(&after) => Some("configured"),
        _ => None,
    })
}

/// Deletes what was applied before and is not applied now, last kinds first. Returns one line for each.
pub(crate) fn prune(state: &State, before: &[Ref], now: &[Ref]) -> Vec<String> {
    let mut lines = Vec::new();
    for gone in before.iter().rev().filter(|old| !now.iter().any(|new| new.same(old))) {
        let Some(resource) = gone.resource() else { continue };
        let key = gone.key();
        let Some(object) = state.get(resource, &key.namespace, &key.name) else { continue };
        let kept = ["kustomize.toolkit.fluxcd.io/prune", "kustomize.toolkit.fluxcd.io/reconcile"];
        if kept.iter().any(|key| json::annotation(&object, key) == Some("disabled")) || json::deleting(&object) {
            continue;
        }
        if state.delete(resource, &key, &Deletion::default()).is_ok() {
            lines.push(format!("{gone} deleted"));
        }
    }
    lines
}
