//! Reading and setting parts of a JSON object by pointer, without a word when they are absent.

use serde_json::{Map, Value};

/// Returns the text at a pointer, or nothing's text.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the whole number at a pointer.
pub(crate) fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// Tells whether `true` stands at a pointer.
pub(crate) fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// Returns the items at a pointer.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Sets a value at a pointer, making the maps on the way.
pub(crate) fn set(value: &mut Value, pointer: &str, new: Value) {
    let mut here = value;
    for step in pointer.split('/').skip(1) {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Value::Object(map) = here else { return };
        here = map.entry(step.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null);
    }
    *here = new;
}

/// Sets a value at a pointer unless something is there.
pub(crate) fn default(value: &mut Value, pointer: &str, new: Value) {
    if value.pointer(pointer).is_none_or(Value::is_null) {
        set(value, pointer, new);
    }
}

/// Removes and returns what is at a pointer.
pub(crate) fn take(value: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, last) = pointer.rsplit_once('/')?;
    let parent = if parent.is_empty() { value } else { value.pointer_mut(parent)? };
    parent.as_object_mut()?.shift_remove(&last.replace("~1", "/").replace("~0", "~"))
}

/// Returns an annotation.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/annotations").and_then(|all| all.get(key)).and_then(Value::as_str)
}

/// Returns a label.
pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/labels").and_then(|all| all.get(key)).and_then(Value::as_str)
}

/// Returns the object's name.
pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// Returns the object's namespace, empty when it has none.
pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// Returns the object's uid.
pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// Tells whether the object is being deleted.
pub(crate) fn deleting(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// Tells whether every pair of a selector's map is among the labels.
pub(crate) fn has_labels(object: &Value, wanted: Option<&Value>) -> bool {
    let Some(wanted) = wanted.and_then(Value::as_object) else { return false };
    !wanted.is_empty() && wanted.iter().all(|(key, value)| label(object, key) == value.as_str())
}
