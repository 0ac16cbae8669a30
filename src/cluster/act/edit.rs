//! A live object as text for an editor and back: what is left out, what is masked, and the patch that the difference is.
//!
//! The real values of a Secret and credentials in the addresses of Flux objects never become text: a masked value that stands
//! as it was is no difference, so it is in no patch.

use domain::flux::ObjectKey;
use domain::live::MASK;
use domain::private::mask_addresses;
use http::Method;
use serde_json::{Map, Value, json};

use super::yaml::of_flux;
use super::{MANAGER, MERGE};
use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::wire::{self, Call};

/// What of an object's metadata is the server's own.
const BOOKKEEPING: [&str; 7] =
    ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink", "deletionGracePeriodSeconds"];
/// The annotation that repeats the whole object, a Secret's values with it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What names the object and cannot be changed.
const IDENTITY: [&str; 4] = ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"];

/// What follows the mask of a value that another version has not.
const NEW: &str = " (new)";

/// Returns an object without status and bookkeeping, the values of a Secret and credentials in the addresses of a Flux object
/// masked, and how many those are.
///
/// With the object as it was before, a value that differs from it is marked as new.
pub fn editable(object: &Value, before: Option<&Value>) -> (Value, usize) {
    let mut out = object.clone();
    if let Some(whole) = out.as_object_mut() {
        whole.shift_remove("status");
    }
    if let Some(metadata) = out.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in BOOKKEEPING {
            metadata.shift_remove(name);
        }
        let emptied = metadata.get_mut("annotations").and_then(Value::as_object_mut).is_some_and(|annotations| {
            annotations.shift_remove(LAST_APPLIED);
            annotations.is_empty()
        });
        if emptied {
            metadata.shift_remove("annotations");
        }
    }
    let mut masked = if is_secret(object) { mask(&mut out, before) } else { 0 };
    if let Some(spec) = out.get_mut("spec").filter(|_| of_flux(object)) {
        masked += mask_addresses(spec, before.and_then(|before| before.get("spec")), NEW);
    }
    (out, masked)
}

fn is_secret(object: &Value) -> bool {
    object.get("kind").and_then(Value::as_str) == Some("Secret")
}

fn mask(object: &mut Value, before: Option<&Value>) -> usize {
    let mut count = 0;
    for part in ["data", "stringData"] {
        for (name, value) in object.get_mut(part).and_then(Value::as_object_mut).into_iter().flatten() {
            let new = before.is_some_and(|before| before.get(part).and_then(|values| values.get(name)) != Some(&*value));
            *value = Value::from(if new { format!("{MASK}{NEW}") } else { MASK.to_owned() });
            count += 1;
        }
    }
    count
}

/// Writes an object as YAML.
pub fn to_text(object: &Value) -> String {
    // What came as JSON has no value that YAML cannot say.
    serde_yaml::to_string(object).unwrap_or_default()
}

/// Reads the one object of a text; says what is wrong with it otherwise.
pub fn from_text(text: &str) -> Result<Value, String> {
    let value: Value = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
    if value.is_object() { Ok(value) } else { Err("it is no object: a mapping with apiVersion, kind and metadata".to_owned()) }
}

/// Says why an edited object cannot take the place of what was edited; nothing when it can.
pub fn forbidden(base: &Value, edited: &Value) -> Option<String> {
    if let Some(pointer) = IDENTITY.iter().find(|pointer| base.pointer(pointer) != edited.pointer(pointer)) {
        let name = pointer.trim_start_matches('/').replace('/', ".");
        return Some(format!("{name} names the object and cannot be changed by an edit"));
    }
    for part in ["data", "stringData"].into_iter().filter(|_| is_secret(base)) {
        for (name, value) in edited.get(part).and_then(Value::as_object).into_iter().flatten() {
            let kept = base.get(part).and_then(|values| values.get(name)) == Some(value);
            if !kept && value.as_str().is_some_and(|text| text.contains(MASK)) {
                return Some(format!("{part}.{name} is a masked value where none was: the real one is not known here"));
            }
        }
    }
    let patch = if of_flux(base) { merge_patch(base, edited) } else { None }?;
    let hidden = paths(&patch).into_iter().find(|path| path.iter().try_fold(&patch, |at, key| at.get(key)).is_some_and(masks))?;
    Some(format!("{} is masked in part: write it whole, or leave it as it was", dotted(&hidden)))
}

/// Tells whether a mask stands anywhere in a value.
pub fn masks(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(MASK),
        Value::Array(items) => items.iter().any(masks),
        Value::Object(fields) => fields.values().any(masks),
        _ => false,
    }
}

/// Returns the JSON merge patch (RFC 7386) that makes the one of the other; nothing when they are the same.
pub fn merge_patch(before: &Value, after: &Value) -> Option<Value> {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        return (before != after).then(|| after.clone());
    };
    let mut patch = Map::new();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, value) in new {
        match old.get(name) {
            // An explicit null would take the field away, which is what it means to the server too.
            None => drop(patch.insert(name.clone(), value.clone())),
            Some(was) => {
                if let Some(inner) = merge_patch(was, value) {
                    patch.insert(name.clone(), inner);
                }
            }
        }
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// Returns what a merge patch makes of an object.
pub fn merged(object: &Value, patch: &Value) -> Value {
    let Some(changes) = patch.as_object() else { return patch.clone() };
    let mut out = object.as_object().cloned().unwrap_or_default();
    for (name, change) in changes {
        if change.is_null() {
            out.shift_remove(name);
        } else {
            let inner = merged(out.get(name).unwrap_or(&Value::Null), change);
            out.insert(name.clone(), inner);
        }
    }
    Value::Object(out)
}

/// Returns the paths that a merge patch changes, key by key.
pub fn paths(patch: &Value) -> Vec<Vec<&str>> {
    fn walk<'v>(value: &'v Value, path: &mut Vec<&'v str>, out: &mut Vec<Vec<&'v str>>) {
        match value.as_object().filter(|map| !map.is_empty()) {
            Some(map) => {
                for (name, inner) in map {
                    path.push(name);
                    walk(inner, path, out);
                    path.pop();
                }
            }
            None => out.push(path.clone()),
        }
    }
    let mut out = Vec::new();
    walk(patch, &mut Vec::new(), &mut out);
    out
}

/// Returns a path as a person reads it: its keys with dots between them.
pub fn dotted(path: &[&str]) -> String {
    domain::text::one_line(&path.join("."))
}

/// Returns the dotted paths that a merge patch changes.
pub fn fields(patch: &Value) -> Vec<String> {
    paths(patch).iter().map(|path| dotted(path)).collect()
}

/// Changes an object by a merge patch if it still has a version, or asks what that would give; returns what the server has.
pub async fn patch(
    connection: &Connection,
    key: &ObjectKey,
    patch: &Value,
    version: &str,
    dry_run: bool,
) -> Result<Value, Error> {
    let resource = discovery::by_kind(connection, &key.kind).await?;
    let guarded = merged(patch, &json!({ "metadata": { "resourceVersion": version } }));
    let place = resource.object(&key.namespace, &key.name);
    let mut call = Call::send(Method::PATCH, place, MERGE, guarded.to_string().into_bytes())
        .with("fieldManager", MANAGER)
        .with("fieldValidation", "Strict");
    if dry_run {
        call = call.with("dryRun", "All");
    }
    let doing = if dry_run { "Trying the change of" } else { "Changing" };
    let bytes = connection.act(call, doing, &key.to_string()).await?;
    wire::parse(&bytes).map_err(|fault| connection.error(fault, doing, &key.to_string()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn a_patch_and_its_merge_are_each_others_inverse() {
        let before = json!({ "a": 1, "b": { "c": [1, 2], "d": "x" }, "e": { "f": true } });
        for after in [
            json!({ "a": 2, "b": { "c": [1, 2], "d": "x" }, "e": { "f": true } }),
            json!({ "b": { "c": [2] }, "e": {}, "g": { "h": "new" } }),
            json!({ "a": { "now": "a map" }, "b": "a text", "e": { "f": true } }),
        ] {
            let patch = merge_patch(&before, &after).unwrap();
            assert_eq!(merged(&before, &patch), after, "{patch}");
        }
        assert_eq!(merge_patch(&before, &before), None);
        let patch = merge_patch(&before, &json!({ "a": 1, "b": { "c": [3], "d": "x" } })).unwrap();
        assert_eq!(fields(&patch), ["e", "b.c"]);
    }

    #[test]
    fn secret_values_never_become_text_and_never_go_back() {
        let secret = json!({ "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "t", "namespace": "n", "uid": "u", "resourceVersion": "7",
                "annotations": { LAST_APPLIED: "{\"data\":{\"password\":\"aHVudGVyMg==\"}}" } },
            "data": { "password": "aHVudGVyMg==", "user": "YW5h" } });
        let (shown, masked) = editable(&secret, None);
        let text = to_text(&shown);
        assert!(!text.contains("aHVudGVyMg") && !text.contains("YW5h") && !text.contains("uid"), "{text}");
        assert_eq!((masked, from_text(&text).unwrap()), (2, shown.clone()));

        // One is replaced: only that one goes out.
        let edited = from_text(&text.replace("user: •••", "user: Ym9i")).unwrap();
        assert_eq!(forbidden(&shown, &edited), None);
        assert_eq!(merge_patch(&shown, &edited).unwrap(), json!({ "data": { "user": "Ym9i" } }));

        // A mask under another name, or a piece of one, would be written as a value.
        for wrong in ["  login: •••", "  user: x•••"] {
            let edited = from_text(&text.replace("  user: •••", wrong)).unwrap();
            assert!(forbidden(&shown, &edited).unwrap().contains("masked"), "{wrong}");
        }
        // What changed is told without being shown.
        let mut after = secret.clone();
        after["data"]["user"] = json!("Ym9i");
        let text = to_text(&editable(&after, Some(&secret)).0);
        assert!(text.contains("user: ••• (new)") && text.contains("password: •••\n") && !text.contains("Ym9i"), "{text}");
    }

    #[test]
    fn credentials_in_an_address_never_become_text_and_never_go_back() {
        let url = |user: &str| format!("https://{user}@git.example/a");
        let source = json!({ "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": { "name": "a", "namespace": "n" }, "spec": { "url": url("ann:hunter2"), "interval": "1m" } });
        let (shown, masked) = editable(&source, None);
        let text = to_text(&shown);
        assert!(masked == 1 && text.contains("url: https://•••@git.example/a") && !text.contains("hunter2"), "{text}");

        let edit = |from: &str, to: &str| from_text(&text.replace(from, to)).unwrap();
        let edited = edit("interval: 1m", "interval: 5m");
        assert_eq!(forbidden(&shown, &edited), None);
        assert_eq!(merge_patch(&shown, &edited).unwrap(), json!({ "spec": { "interval": "5m" } }));
        // Where the credentials would go to, nobody who cannot see them can judge.
        let moved = edit("git.example", "elsewhere.example");
        assert!(forbidden(&shown, &moved).unwrap().starts_with("spec.url is masked in part"));
        let whole = edit("•••", "ann:hunter3");
        assert_eq!(forbidden(&shown, &whole), None);

        let mut after = source.clone();
        after["spec"]["url"] = url("ann:hunter3").into();
        let text = to_text(&editable(&after, Some(&source)).0);
        assert!(text.contains("https://••• (new)@git.example/a"), "{text}");
    }

    #[test]
    fn what_names_the_object_stays() {
        let base = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a", "namespace": "n" } });
        let mut edited = base.clone();
        edited["metadata"]["name"] = json!("b");
        assert!(forbidden(&base, &edited).unwrap().starts_with("metadata.name"));
        assert!(from_text("- a\n- b\n").unwrap_err().contains("no object"));
    }
}
