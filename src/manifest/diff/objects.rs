//! Which rendered objects differ: matched by kind and name, and by the name in the manifests where a hash makes the difference.

use std::collections::{HashMap, HashSet};

use domain::change::ObjectChange;

use crate::build::{Object, render_value};

/// Holds an object before and after; one of the sides may be absent.
pub(super) type Both<'o> = (Option<&'o Object>, Option<&'o Object>);

/// Returns the objects that differ, in the order of the new side; what is gone comes last.
///
/// An object whose name alone changed because of a hash of its content (`app-7d2k…`) is matched with the one before.
pub(super) fn differing<'o>(before: &'o [Object], after: &'o [Object]) -> Vec<Both<'o>> {
    let identity = |o: &Object| (o.api_version().to_owned(), o.key());
    let written =
        |o: &Object| (o.api_version().to_owned(), o.kind().to_owned(), o.namespace().to_owned(), o.written_name.clone());
    let old: HashMap<_, _> = before.iter().map(|o| (identity(o), o)).collect();
    let new: HashSet<_> = after.iter().map(identity).collect();
    let mut left: HashMap<_, _> = before.iter().filter(|o| !new.contains(&identity(o))).map(|o| (written(o), o)).collect();
    let mut out = Vec::new();
    for object in after {
        let was = old.get(&identity(object)).copied().or_else(|| left.remove(&written(object)));
        if was.map(|o| &o.value) != Some(&object.value) {
            out.push((was, Some(object)));
        }
    }
    let paired: HashSet<_> = out.iter().filter_map(|(was, _)| was.map(identity)).collect();
    let gone = before.iter().filter(|o| !new.contains(&identity(o)) && !paired.contains(&identity(o)));
    out.extend(gone.map(|o| (Some(o), None)));
    out
}

/// Returns the rendered objects that differ, in the order of the new side; what is gone comes last.
pub fn object_changes(before: &[Object], after: &[Object]) -> Vec<ObjectChange> {
    let changed = differing(before, after).into_iter();
    changed
        .map(|(was, is)| ObjectChange {
            object: is.or(was).map(Object::key).unwrap_or_default(),
            before: was.map(|o| render_value(&o.value)),
            after: is.map(|o| render_value(&o.value)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, written: &str, n: i64) -> Object {
        Object {
            value: serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}, "data": {"n": n}}),
            written_name: written.to_owned(),
            file: String::new(),
            line: 1,
        }
    }

    fn told(before: &[Object], after: &[Object]) -> Vec<(String, bool, bool)> {
        object_changes(before, after).into_iter().map(|c| (c.object, c.before.is_some(), c.after.is_some())).collect()
    }

    #[test]
    fn objects_are_compared_by_kind_and_name() {
        let before = [object("a", "a", 1), object("b", "b", 1), object("c", "c", 1)];
        let after = [object("a", "a", 1), object("b", "b", 2), object("d", "d", 1)];
        let expect = [("n/ConfigMap/b", true, true), ("n/ConfigMap/d", false, true), ("n/ConfigMap/c", true, false)];
        assert_eq!(told(&before, &after), expect.map(|(name, was, is)| (name.to_owned(), was, is)));
    }

    #[test]
    fn a_new_hash_is_a_change_and_not_a_new_object() {
        let (before, after) = ([object("app-111", "app", 1)], [object("app-222", "app", 2)]);
        assert_eq!(told(&before, &after), [("n/ConfigMap/app-222".to_owned(), true, true)]);
    }
}
