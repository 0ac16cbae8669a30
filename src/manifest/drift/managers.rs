//! Who owns the fields of an object, as `metadata.managedFields` has it.

use domain::Time;
use domain::drift::Owner;
use serde_json::{Map, Value};

use super::Applier;

/// Managers whose fields kustomize-controller makes its own before it applies, by the beginning of their name, and the
/// operation of theirs that counts; what they added and nobody desires goes away.
const TAKEN_OVER: [(&str, &str); 4] =
    [("kubectl", "Apply"), ("kubectl", "Update"), ("before-first-apply", "Update"), ("kustomize-controller", "Update")];
/// What every entry owns or nobody does.
const UNSPOKEN: [&str; 3] = ["f:apiVersion", "f:kind", "f:status"];

fn entries(fields: &Value) -> impl Iterator<Item = &Value> {
    fields.as_array().into_iter().flatten()
}

fn text<'v>(entry: &'v Value, key: &str) -> &'v str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn owner(entry: &Value) -> Owner {
    let shown = |key: &str| domain::text::one_line(text(entry, key));
    Owner {
        manager: shown("manager"),
        operation: shown("operation"),
        subresource: shown("subresource"),
        time: text(entry, "time").parse::<Time>().ok(),
    }
}

/// Returns the owners of the field at a path, or of what is below it.
pub(super) fn owners(fields: &Value, path: &[String]) -> Vec<Owner> {
    let owning = entries(fields).filter(|entry| entry.get("fieldsV1").is_some_and(|set| owns(set, path)));
    let mut out: Vec<Owner> = owning.map(owner).collect();
    out.dedup();
    out
}

/// Tells whether a set of fields reaches a path: it ends above it (then it owns all below), at it, or goes on below it.
fn owns(set: &Value, path: &[String]) -> bool {
    let Some(map) = set.as_object() else { return false };
    let Some((step, rest)) = path.split_first() else { return true };
    if map.is_empty() {
        return true;
    }
    match map.get(&format!("f:{step}")) {
        Some(below) => owns(below, rest),
        None => map.iter().any(|(key, below)| item(key).is_some_and(|item| names(&item, step)) && owns(below, rest)),
    }
}

/// Returns the keys by which a step such as `k:{"name":"web"}` names an item of a list.
fn item(step: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(step.strip_prefix("k:")?) {
        Ok(Value::Object(keys)) => Some(keys),
        _ => None,
    }
}

/// Tells whether a step of a path, `[web]`, is the item with these keys.
fn names(keys: &Map<String, Value>, step: &str) -> bool {
    let Some(name) = step.strip_prefix('[').and_then(|s| s.strip_suffix(']')) else { return false };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    keys.values().any(|value| shown(value) == name)
}

/// Tells whether an item has these keys; a protocol that nobody wrote is TCP.
fn is_item(value: &Value, keys: &Map<String, Value>) -> bool {
    keys.iter().all(|(key, wanted)| match value.get(key) {
        Some(have) => have == wanted,
        None => key == "protocol" && wanted == "TCP",
    })
}

/// Tells whether Flux takes over what an entry owns.
fn is_taken(entry: &Value) -> bool {
    let (manager, operation) = (text(entry, "manager"), text(entry, "operation"));
    text(entry, "subresource").is_empty() && TAKEN_OVER.iter().any(|(name, op)| manager.starts_with(name) && operation == *op)
}

/// Takes out of an object what Flux would take over from others and, since nobody desires it, remove.
pub(super) fn take_over(after: &mut Value, desired: &Value, fields: &Value) {
    let taken = |entry: &&Value| is_taken(entry);
    let ours = |entry: &&Value| text(entry, "manager") == "kustomize-controller";
    let sets: Vec<&Value> = entries(fields).filter(|e| !taken(e) && !ours(e)).filter_map(|e| e.get("fieldsV1")).collect();
    for set in entries(fields).filter(taken).filter_map(|entry| entry.get("fieldsV1")) {
        remove(after, Some(desired), set, &sets);
    }
}

/// Removes from a value what a set of fields owns, and neither the desired value nor another set has.
fn remove(value: &mut Value, desired: Option<&Value>, set: &Value, others: &[&Value]) {
    for (step, below) in set.as_object().into_iter().flatten() {
        let kept: Vec<&Value> = others.iter().filter_map(|other| other.get(step)).collect();
        let leaf = below.as_object().is_none_or(Map::is_empty);
        if let Some(name) = step.strip_prefix("f:").filter(|_| !UNSPOKEN.contains(&step.as_str())) {
            let wanted = desired.and_then(|d| d.get(name));
            let Some(map) = value.as_object_mut() else { continue };
            if let (Some(inner), false) = (map.get_mut(name), leaf) {
                remove(inner, wanted, below, &kept);
            }
            let empty = map
                .get(name)
                .is_some_and(|v| v.as_object().is_some_and(Map::is_empty) || v.as_array().is_some_and(Vec::is_empty));
            if wanted.is_none() && kept.is_empty() && (leaf || empty) {
                map.shift_remove(name);
            }
        } else if let Some(keys) = item(step) {
            let wanted = desired.and_then(Value::as_array).and_then(|items| items.iter().find(|i| is_item(i, &keys)));
            let Some(items) = value.as_array_mut() else { continue };
            if wanted.is_none() && kept.is_empty() {
                items.retain(|i| !is_item(i, &keys));
            } else if let Some(inner) = items.iter_mut().find(|i| is_item(i, &keys)) {
                remove(inner, wanted, below, &kept);
            }
        } else if let Some(member) = step.strip_prefix("v:").and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            let wanted = desired.and_then(Value::as_array).is_some_and(|items| items.contains(&member));
            if let (Some(items), false, true) = (value.as_array_mut(), wanted, kept.is_empty()) {
                items.retain(|i| *i != member);
            }
        }
    }
}

/// Returns who else owns fields that the desired object does not speak of, and how many; the status does not count, nor does
/// what would be taken over when `takes` says so: those fields are differences.
pub(super) fn others(fields: &Value, desired: &Value, (applier, takes): (Applier, bool)) -> Vec<(Owner, usize)> {
    let foreign = entries(fields)
        .filter(|e| text(e, "manager") != applier.manager() && text(e, "subresource") != "status" && !(takes && is_taken(e)));
    let counted = foreign.map(|entry| (owner(entry), entry.get("fieldsV1").map_or(0, |set| beyond(set, Some(desired)))));
    counted.filter(|(_, count)| *count > 0).collect()
}

/// Counts the fields of a set that a value does not have.
fn beyond(set: &Value, desired: Option<&Value>) -> usize {
    let Some(map) = set.as_object() else { return 0 };
    if map.is_empty() {
        return usize::from(desired.is_none());
    }
    let below = |(step, below): (&String, &Value)| {
        if step == "." || UNSPOKEN.contains(&step.as_str()) {
            return 0;
        }
        let inner = match (step.strip_prefix("f:"), item(step)) {
            (Some(name), _) => desired.and_then(|d| d.get(name)),
            (None, Some(keys)) => desired.and_then(Value::as_array).and_then(|all| all.iter().find(|i| is_item(i, &keys))),
            (None, None) => {
                let member = step.strip_prefix("v:").and_then(|text| serde_json::from_str::<Value>(text).ok());
                desired.and_then(Value::as_array).and_then(|all| all.iter().find(|i| Some(*i) == member.as_ref()))
            }
        };
        beyond(below, inner)
    };
    map.iter().map(below).sum()
}
