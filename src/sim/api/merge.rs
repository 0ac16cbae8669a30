//! Merging one object into another: server-side apply's merge and pruning, and the three kinds of patch.

use serde_json::{Map, Value};

use crate::api::fields::Fields;
use crate::api::shape::{Place, Shape, item_key};
use crate::fault::Fault;

/// Merges an applied configuration into the live object.
pub(crate) fn apply(live: &mut Value, applied: &Value, place: Place) {
    let (Value::Object(live), Value::Object(applied)) = (live, applied) else { return };
    for (field, value) in applied.iter().filter(|(_, v)| !v.is_null()) {
        let below = place.below(field);
        match live.get_mut(field).filter(|v| !v.is_null()) {
            Some(here) => apply_value(here, value, below, place.shape(field, value)),
            None => {
                live.insert(field.clone(), value.clone());
            }
        }
    }
}

fn apply_value(here: &mut Value, value: &Value, place: Place, shape: Shape) {
    match (shape, &mut *here, value) {
        (Shape::Map, Value::Object(_), Value::Object(_)) => apply(here, value, place),
        // An empty map wants nothing of what is in the live one.
        (Shape::Atomic, Value::Object(_), Value::Object(map)) if map.is_empty() => {}
        (Shape::Keyed(keys), Value::Array(live), Value::Array(items)) => {
            for item in items {
                let key = item_key(keys, item);
                match live.iter_mut().find(|other| item_key(keys, other) == key) {
                    Some(other) => apply(other, item, place),
                    None => live.push(item.clone()),
                }
            }
        }
        (Shape::Set, Value::Array(live), Value::Array(items)) => {
            for item in items {
                if !live.contains(item) {
                    live.push(item.clone());
                }
            }
        }
        _ => *here = value.clone(),
    }
}

/// Removes fields that their last owner gave up; `kept` are the fields of all others.
pub(crate) fn prune(live: &mut Value, gone: &Fields, kept: &Fields) {
    match live {
        Value::Object(map) => prune_map(map, gone, kept),
        Value::Array(items) => prune_items(items, gone, kept),
        _ => {}
    }
}

fn prune_map(map: &mut Map<String, Value>, gone: &Fields, kept: &Fields) {
    let nothing = Fields::default();
    for (step, below) in gone.steps() {
        let Some(field) = step.strip_prefix("f:") else { continue };
        let others = kept.below(step);
        let Some(value) = map.get_mut(field) else { continue };
        if below.member() && others.is_none() {
            map.shift_remove(field);
            continue;
        }
        prune(value, below, others.unwrap_or(&nothing));
        let emptied = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if emptied && others.is_none() {
            map.shift_remove(field);
        }
    }
}

fn prune_items(items: &mut Vec<Value>, gone: &Fields, kept: &Fields) {
    let nothing = Fields::default();
    for (step, below) in gone.steps() {
        let others = kept.below(step);
        let whole = below.member() && !others.is_some_and(Fields::member);
        if let Some(text) = step.strip_prefix("v:") {
            if whole {
                let value: Value = serde_json::from_str(text).unwrap_or_default();
                items.retain(|item| *item != value);
            }
            continue;
        }
        let Some(key) = step.strip_prefix("k:") else { continue };
        let keys: Value = serde_json::from_str(key).unwrap_or_default();
        let names: Vec<&str> = keys.as_object().map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default();
        if whole {
            items.retain(|item| item_key(&names, item) != key);
        } else if let Some(item) = items.iter_mut().find(|item| item_key(&names, item) == key) {
            prune(item, below, others.unwrap_or(&nothing));
        }
    }
}

/// Applies a JSON merge patch (RFC 7386).
pub(crate) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (field, value) in patch {
        if value.is_null() {
            map.shift_remove(field);
        } else {
            merge_patch(map.entry(field.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Applies a strategic merge patch: lists of known kinds merge by key, `$patch` and `$deleteFromPrimitiveList` are obeyed.
pub(crate) fn strategic(target: &mut Value, patch: &Value, place: Place) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").and_then(Value::as_str) == Some("replace") {
        let rest: Map<String, Value> =
            patch.iter().filter(|(k, _)| !k.starts_with('$')).map(|(k, v)| (k.clone(), v.clone())).collect();
        *target = Value::Object(rest);
        return;
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (field, value) in patch {
        if let Some(list) = field.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Value::Array(items)), Value::Array(gone)) = (map.get_mut(list), value) {
                items.retain(|item| !gone.contains(item));
            }
        } else if value.is_null() {
            map.shift_remove(field);
        } else if !field.starts_with('$') {
            let shape = place.shape(field, value);
            let below = place.below(field);
            strategic_field(map.entry(field.clone()).or_insert(Value::Null), value, below, shape);
        }
    }
}

fn strategic_field(here: &mut Value, value: &Value, place: Place, shape: Shape) {
    match (shape, &mut *here, value) {
        (_, _, Value::Object(_)) => strategic(here, value, place),
        (Shape::Keyed(keys), Value::Array(live), Value::Array(items)) => {
            for item in items {
                let key = item_key(keys, item);
                let found = live.iter().position(|other| item_key(keys, other) == key);
                let delete = item.get("$patch").and_then(Value::as_str) == Some("delete");
                match (found, delete) {
                    (Some(at), true) => {
                        live.remove(at);
                    }
                    (Some(at), false) => strategic(&mut live[at], item, place),
                    (None, true) => {}
                    (None, false) => live.push(item.clone()),
                }
            }
        }
        (Shape::Set, Value::Array(live), Value::Array(items)) => {
            for item in items {
                if !live.contains(item) {
                    live.push(item.clone());
                }
            }
        }
        _ => *here = value.clone(),
    }
}

/// Applies a JSON patch (RFC 6902).
pub(crate) fn json_patch(target: &mut Value, patch: &Value) -> Result<(), Fault> {
    let steps = patch.as_array().ok_or_else(|| Fault::bad("error decoding patch: a list of operations is needed"))?;
    for step in steps {
        let word = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (op, to, from) = (word("op"), word("path"), word("from"));
        let value = step.get("value").cloned().unwrap_or_default();
        let missing =
            || Fault::bad(format!("the server rejected our request: {op} operation does not apply: doc is missing path: {to}"));
        match op.as_str() {
            "add" => insert_at(target, &to, value).ok_or_else(missing)?,
            "replace" => {
                remove_at(target, &to).ok_or_else(missing)?;
                insert_at(target, &to, value).ok_or_else(missing)?;
            }
            "remove" => {
                remove_at(target, &to).ok_or_else(missing)?;
            }
            "move" => {
                let moved = remove_at(target, &from).ok_or_else(missing)?;
                insert_at(target, &to, moved).ok_or_else(missing)?;
            }
            "copy" => {
                let copied = target.pointer(&from).cloned().ok_or_else(missing)?;
                insert_at(target, &to, copied).ok_or_else(missing)?;
            }
            "test" if target.pointer(&to) == Some(&value) => {}
            "test" => return Err(Fault::bad(format!("the server rejected our request: testing path {to} failed"))),
            _ => return Err(Fault::bad(format!("error decoding patch: unknown operation \"{op}\""))),
        }
    }
    Ok(())
}

fn insert_at(target: &mut Value, path: &str, value: Value) -> Option<()> {
    let Some((parent, last)) = path.rsplit_once('/') else {
        *target = value;
        return Some(());
    };
    let last = last.replace("~1", "/").replace("~0", "~");
    match target.pointer_mut(parent)? {
        Value::Object(map) => {
            map.insert(last, value);
        }
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => {
            let at: usize = last.parse().ok()?;
            if at > items.len() {
                return None;
            }
            items.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove_at(target: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = path.rsplit_once('/')?;
    let last = last.replace("~1", "/").replace("~0", "~");
    match target.pointer_mut(parent)? {
        Value::Object(map) => map.shift_remove(&last),
        Value::Array(items) => {
            let at: usize = last.parse().ok()?;
            (at < items.len()).then(|| items.remove(at))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patches_do_what_their_kind_says() {
        let pod = json!({"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}});
        let mut merged = pod.clone();
        strategic(&mut merged, &json!({"spec": {"containers": [{"name": "b", "image": "3"}]}}), Place::top(false));
        assert_eq!(merged["spec"]["containers"], json!([{"name": "a", "image": "1"}, {"name": "b", "image": "3"}]));
        strategic(&mut merged, &json!({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}), Place::top(false));
        assert_eq!(merged["spec"]["containers"], json!([{"name": "b", "image": "3"}]));
        let mut replaced = pod.clone();
        merge_patch(&mut replaced, &json!({"spec": {"containers": [], "x": null}}));
        assert_eq!(replaced, json!({"spec": {"containers": []}}));
        let mut stepped = pod;
        let steps = json!([{"op": "replace", "path": "/spec/containers/0/image", "value": "9"},
            {"op": "remove", "path": "/spec/containers/1"}, {"op": "add", "path": "/spec/x", "value": 1}]);
        assert!(json_patch(&mut stepped, &steps).is_ok());
        assert_eq!(stepped, json!({"spec": {"containers": [{"name": "a", "image": "9"}], "x": 1}}));
        assert!(json_patch(&mut stepped, &json!([{"op": "remove", "path": "/spec/nothing"}])).is_err());
    }

    #[test]
    fn pruning_takes_what_nobody_else_holds() {
        let mut live =
            json!({"data": {"a": "1", "b": "2"}, "spec": {"containers": [{"name": "x", "image": "i"}, {"name": "y"}]}});
        let gone = Fields::of(
            &json!({"data": {"a": "1", "b": "2"}, "spec": {"containers": [{"name": "x", "image": "i"}]}}),
            false,
            false,
        );
        let kept = Fields::of(&json!({"data": {"b": "2"}}), false, false);
        prune(&mut live, &gone, &kept);
        assert_eq!(live, json!({"data": {"b": "2"}, "spec": {"containers": [{"name": "y"}]}}));
    }
}
