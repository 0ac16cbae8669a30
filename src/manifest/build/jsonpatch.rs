//! JSON patches (RFC 6902) on values that keep their places, with the liberties that kustomize's library takes: an index may
//! count from the end, and `replace` may set a key that was not there.

use crate::build::source::fits_below;
use crate::yaml::{Data, Val};

/// Does one operation; an error says why it cannot be done. What is put in is shown to `spend` before.
pub(super) fn operate(root: &mut Val, operation: &Val, spend: &dyn Fn(&Val) -> Result<(), String>) -> Result<(), String> {
    spend(operation)?;
    let text = |key: &str| operation.get(key).and_then(Val::scalar);
    let op = text("op").ok_or("an operation without op")?;
    let path = text("path").ok_or("an operation without path")?;
    let value = || operation.get("value").cloned().unwrap_or_else(Val::null);
    let from = || text("from").ok_or_else(|| format!("{op} {path} without from"));
    match op.as_str() {
        "add" => add(root, &path, value()),
        "replace" => replace(root, &path, value()),
        "remove" => take(root, &path, "remove").map(|_| ()),
        "move" => {
            let moved = take(root, &from()?, "move")?;
            spend(&moved)?;
            add(root, &path, moved)
        }
        "copy" => {
            let copied = match get(root, &from()?, "copy")? {
                Some(found) => {
                    spend(found)?;
                    found.clone()
                }
                None => Val::null(),
            };
            add(root, &path, copied)
        }
        "test" => {
            let wanted = value();
            let found = if path.is_empty() { Some(&*root) } else { get(root, &path, "test")? };
            let same = found.map_or(wanted.is_null(), |found| found.to_json() == wanted.to_json());
            if same { Ok(()) } else { Err(format!("test {path}: it is something else")) }
        }
        other => Err(format!("{other} is no operation of a JSON patch")),
    }
}

/// Forgets how nulls are written: in JSON, every null is one.
pub(super) fn as_json(val: &mut Val) {
    match &mut val.data {
        Data::Null => val.from = None,
        Data::List(items) => items.iter_mut().for_each(as_json),
        Data::Map(map) => map.values_mut().for_each(as_json),
        _ => {}
    }
}

fn decoded(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

fn index(segment: &str, len: usize) -> Option<usize> {
    let number: i64 = segment.parse().ok()?;
    let len = i64::try_from(len).ok()?;
    usize::try_from(if number < 0 { len + number } else { number }).ok()
}

/// Returns the keys on the way to a field, and its own.
fn way(path: &str) -> Result<(Vec<String>, String), String> {
    // What stands before the first slash is nothing, or is passed over.
    let mut parts = path.split('/').skip(1).map(decoded).collect::<Vec<_>>();
    let last = parts.pop().ok_or_else(|| format!("\u{201c}{path}\u{201d} is no path to a field"))?;
    Ok((parts, last))
}

/// Returns what holds a field, and the field's key.
fn holder<'v>(root: &'v mut Val, path: &str, op: &str) -> Result<(&'v mut Val, String), String> {
    let (parts, last) = way(path)?;
    let mut at = root;
    for part in parts {
        let next = match &mut at.data {
            Data::Map(map) => map.get_mut(&part),
            Data::List(items) => index(&part, items.len()).and_then(|at| items.get_mut(at)),
            _ => None,
        };
        at = next.filter(|val| !val.is_null()).ok_or_else(|| format!("{op} {path}: there is no {part} on the way"))?;
    }
    match at.data {
        Data::Map(_) | Data::List(_) => Ok((at, last)),
        _ => Err(format!("{op} {path}: there is neither a list nor a mapping")),
    }
}

fn get<'v>(root: &'v mut Val, path: &str, op: &str) -> Result<Option<&'v Val>, String> {
    let (slot, last) = holder(root, path, op)?;
    match &slot.data {
        Data::List(items) => {
            let found = index(&last, items.len()).and_then(|at| items.get(at));
            found.map(Some).ok_or_else(|| format!("{op} {path}: the list has {} items", items.len()))
        }
        _ => Ok(slot.get(&last)),
    }
}

fn replace(root: &mut Val, path: &str, value: Val) -> Result<(), String> {
    if path.is_empty() {
        if !matches!(value.data, Data::Map(_)) {
            return Err("an object can only be replaced by an object".to_owned());
        }
        *root = value;
        return Ok(());
    }
    put(root, path, "replace", value)
}

fn add(root: &mut Val, path: &str, value: Val) -> Result<(), String> {
    put(root, path, "add", value)
}

/// Sets a key, which is the same for both operations, or an item of a list, which `add` puts before the one that is there.
fn put(root: &mut Val, path: &str, op: &str, value: Val) -> Result<(), String> {
    fits_below(path.matches('/').count(), Some(&value))?;
    let (slot, last) = holder(root, path, op)?;
    match &mut slot.data {
        Data::Map(map) => drop(map.insert(last, value)),
        Data::List(items) => {
            let (len, adds) = (items.len(), op == "add");
            let at = if adds && last == "-" { Some(len) } else { index(&last, len + usize::from(adds)) };
            let at = at.filter(|at| *at < len + usize::from(adds));
            let at = at.ok_or_else(|| format!("{op} {path}: the list has {len} items"))?;
            if adds { items.insert(at, value) } else { items[at] = value }
        }
        _ => return Err(format!("{op} {path}: there is neither a list nor a mapping")),
    }
    Ok(())
}

fn take(root: &mut Val, path: &str, op: &str) -> Result<Val, String> {
    let (slot, last) = holder(root, path, op)?;
    let taken = match &mut slot.data {
        Data::Map(map) => map.shift_remove(&last),
        Data::List(items) => index(&last, items.len()).filter(|&at| at < items.len()).map(|at| items.remove(at)),
        _ => None,
    };
    taken.ok_or_else(|| format!("{op} {path}: there is nothing"))
}
