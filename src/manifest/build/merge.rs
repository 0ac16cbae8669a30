//! Strategic merge of a patch into an object: lists of the built-in kinds merge by their keys, other lists are replaced.

use indexmap::IndexMap;

use crate::yaml::{Data, Val};

/// Merges a patch into a value. `built_in` says whether the merge keys of Kubernetes' own kinds hold. Returns whether the
/// value is still there afterwards; an error names a directive that is not known.
pub(super) fn merge(into: &mut Val, patch: &Val, built_in: bool) -> Result<bool, String> {
    merge_at(into, patch, &Context { built_in, kind: patch.get("kind").and_then(Val::scalar).unwrap_or_default() }, "")
}

struct Context {
    built_in: bool,
    kind: String,
}

fn directive(patch: &Val) -> Result<Option<&str>, String> {
    let Some(map) = patch.as_map() else { return Ok(None) };
    if let Some(odd) = map.keys().find(|k| k.starts_with('$') && *k != "$patch") {
        return Err(format!("the directive {odd} is not supported"));
    }
    match map.get("$patch").map(|v| v.as_text().unwrap_or_default()) {
        None => Ok(None),
        Some(known @ ("delete" | "replace" | "merge")) => Ok(Some(known)),
        Some(other) => Err(format!("$patch: {other} is not supported")),
    }
}

fn merge_at(into: &mut Val, patch: &Val, context: &Context, field: &str) -> Result<bool, String> {
    match (&mut into.data, &patch.data) {
        (_, Data::Null) => Ok(false),
        (Data::Map(_), Data::Map(_)) => {
            match directive(patch)? {
                Some("delete") => return Ok(false),
                Some("replace") => {
                    *into = cleaned(patch)?;
                    return Ok(true);
                }
                _ => {}
            }
            if let (Data::Map(target), Data::Map(changes)) = (&mut into.data, &patch.data) {
                merge_maps(target, changes, context)?;
            }
            Ok(true)
        }
        (Data::List(items), Data::List(changes)) => {
            if changes.iter().any(|c| directive(c).ok().flatten() == Some("replace") && c.as_map().is_some_and(|m| m.len() == 1))
            {
                *items = changes.iter().filter(|c| c.get("$patch").is_none()).map(cleaned).collect::<Result<_, _>>()?;
                return Ok(true);
            }
            match keys(context, field, items, changes) {
                Some(keys) => merge_lists(items, changes, context, keys)?,
                None if field == "finalizers" => merge_words(items, changes),
                None => *into = cleaned(patch)?,
            }
            Ok(true)
        }
        _ => {
            if directive(patch)? == Some("delete") {
                return Ok(false);
            }
            *into = cleaned(patch)?;
            Ok(true)
        }
    }
}

fn merge_maps(target: &mut IndexMap<String, Val>, changes: &IndexMap<String, Val>, context: &Context) -> Result<(), String> {
    for (key, change) in changes {
        if key == "$patch" {
            continue;
        }
        if let Some(slot) = target.get_mut(key) {
            if !merge_at(slot, change, context, key)? {
                target.shift_remove(key);
            }
        } else if !change.is_null() && directive(change)? != Some("delete") {
            target.insert(key.clone(), cleaned(change)?);
        }
    }
    Ok(())
}

/// Returns a part of a patch as it stands where there was nothing before: directives and nulls dropped.
fn cleaned(patch: &Val) -> Result<Val, String> {
    let data = match &patch.data {
        Data::Map(map) => {
            let _ = directive(patch)?;
            let mut out = IndexMap::new();
            for (key, value) in map {
                if key != "$patch" && !value.is_null() {
                    out.insert(key.clone(), cleaned(value)?);
                }
            }
            Data::Map(out)
        }
        Data::List(items) => {
            let mut out = Vec::new();
            for item in items {
                if directive(item)? != Some("delete") {
                    out.push(cleaned(item)?);
                }
            }
            Data::List(out)
        }
        other => other.clone(),
    };
    Ok(Val { data, from: patch.from, image: None })
}

fn key_of(item: &Val, key: &str) -> String {
    item.get(key).and_then(Val::scalar).unwrap_or_default()
}

/// Merges lists by their keys: what the patch names comes first, in its order, then the rest.
fn merge_lists(items: &mut Vec<Val>, changes: &[Val], context: &Context, keys: &[&str]) -> Result<(), String> {
    let identity = |item: &Val| keys.iter().map(|key| key_of(item, key)).collect::<Vec<_>>();
    let several = keys.len() > 1 && items.iter().chain(changes).any(|i| !key_of(i, keys[1]).is_empty());
    let mut front = Vec::new();
    for change in changes {
        let id = identity(change);
        let at = items.iter().position(|item| identity(item) == id);
        let removed = directive(change)? == Some("delete");
        let Some(at) = at else {
            // With two keys, an item that leaves one out while the other side has it is not merged by kustomize, but lost.
            let loose = several && items.iter().any(|item| loosely(&identity(item), &id));
            if !removed && !loose {
                front.push(cleaned(change)?);
            }
            continue;
        };
        let kept = merge_at(&mut items[at], change, context, "")? && !removed;
        if !kept {
            items.remove(at);
        } else if !several {
            front.push(items.remove(at));
        }
    }
    front.append(items);
    *items = front;
    Ok(())
}

fn loosely(a: &[String], b: &[String]) -> bool {
    a.iter().zip(b).all(|(x, y)| x == y || x.is_empty() || y.is_empty()) && a.iter().zip(b).any(|(x, y)| x == y && !x.is_empty())
}

fn merge_words(items: &mut Vec<Val>, changes: &[Val]) {
    let mut all: Vec<Val> = changes.to_vec();
    all.extend(items.iter().filter(|i| !changes.contains(i)).cloned());
    *items = all;
}

/// Returns the merge keys of a list of a built-in kind, by the name of its field.
fn keys(context: &Context, field: &str, items: &[Val], changes: &[Val]) -> Option<&'static [&'static str]> {
    if !context.built_in || items.iter().chain(changes).any(|i| i.as_map().is_none()) {
        return None;
    }
    let service = context.kind == "Service";
    Some(match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "resourceClaims"
        | "claims"
        | "webhooks" => &["name"],
        "secrets" if context.kind == "ServiceAccount" => &["name"],
        "ports" if service => &["port", "protocol"],
        "ports" => &["containerPort", "protocol"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "hostAliases" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        "ownerReferences" => &["uid"],
        _ => return None,
    })
}
