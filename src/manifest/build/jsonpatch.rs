//! JSON patches (RFC 6902) on values that keep their places.

use crate::yaml::{Data, Val};

/// Does one operation; an error says why it cannot be done.
pub(super) fn operate(root: &mut Val, operation: &Val) -> Result<(), String> {
    let text = |key: &str| operation.get(key).and_then(Val::scalar);
    let op = text("op").ok_or("an operation without op")?;
    let path = text("path").ok_or("an operation without path")?;
    let value = || operation.get("value").cloned().ok_or_else(|| format!("{op} {path} without value"));
    let from = || text("from").ok_or_else(|| format!("{op} {path} without from"));
    match op.as_str() {
        "add" => add(root, &path, value()?),
        "replace" => {
            let new = value()?;
            let slot = find(root, &path).ok_or_else(|| format!("replace {path}: there is nothing"))?;
            *slot = new;
            Ok(())
        }
        "remove" => take(root, &path).map(|_| ()),
        "move" => {
            let moved = take(root, &from()?)?;
            add(root, &path, moved)
        }
        "copy" => {
            let from = from()?;
            let copied = find(root, &from).cloned().ok_or_else(|| format!("copy {from}: there is nothing"))?;
            add(root, &path, copied)
        }
        "test" => {
            let wanted = value()?;
            let same = find(root, &path).is_some_and(|found| found.to_json() == wanted.to_json());
            if same { Ok(()) } else { Err(format!("test {path}: it is something else")) }
        }
        other => Err(format!("{other} is no operation of a JSON patch")),
    }
}

fn segments(path: &str) -> Result<Vec<String>, String> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let rest = path.strip_prefix('/').ok_or_else(|| format!("the path {path} does not start with /"))?;
    Ok(rest.split('/').map(|s| s.replace("~1", "/").replace("~0", "~")).collect())
}

fn index(segment: &str, len: usize) -> Option<usize> {
    if let Some(back) = segment.strip_prefix('-').filter(|b| !b.is_empty()) {
        return back.parse::<usize>().ok().and_then(|n| len.checked_sub(n));
    }
    segment.parse().ok()
}

fn find<'v>(root: &'v mut Val, path: &str) -> Option<&'v mut Val> {
    let mut at = root;
    for segment in segments(path).ok()? {
        at = match &mut at.data {
            Data::Map(map) => map.get_mut(&segment)?,
            Data::List(items) => {
                let index = index(&segment, items.len())?;
                items.get_mut(index)?
            }
            _ => return None,
        };
    }
    Some(at)
}

fn parent<'v>(root: &'v mut Val, path: &str) -> Result<(&'v mut Val, String), String> {
    let mut all = segments(path)?;
    let last = all.pop().ok_or("the whole object cannot be replaced")?;
    let above = &path[..path.rfind('/').unwrap_or(0)];
    let slot = find(root, above).ok_or_else(|| format!("{path}: there is no {above}"))?;
    Ok((slot, last))
}

fn add(root: &mut Val, path: &str, value: Val) -> Result<(), String> {
    let (slot, last) = parent(root, path)?;
    match &mut slot.data {
        Data::Map(map) => {
            map.insert(last, value);
            Ok(())
        }
        Data::List(items) => {
            let at = if last == "-" { Some(items.len()) } else { index(&last, items.len()) };
            match at.filter(|&at| at <= items.len()) {
                Some(at) => {
                    items.insert(at, value);
                    Ok(())
                }
                None => Err(format!("add {path}: the list has {} items", items.len())),
            }
        }
        _ => Err(format!("add {path}: there is neither a list nor a mapping")),
    }
}

fn take(root: &mut Val, path: &str) -> Result<Val, String> {
    let (slot, last) = parent(root, path)?;
    let taken = match &mut slot.data {
        Data::Map(map) => map.shift_remove(&last),
        Data::List(items) => index(&last, items.len()).filter(|&at| at < items.len()).map(|at| items.remove(at)),
        _ => None,
    };
    taken.ok_or_else(|| format!("remove {path}: there is nothing"))
}
