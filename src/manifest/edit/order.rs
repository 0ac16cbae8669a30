//! Whether a strategic merge patch would change an order that means something.
//!
//! kustomize puts the items that such a patch names before the others of their list. Init containers run in their order, the
//! first container is the one that tools take when none is named, and a variable may refer to those before it.

use crate::edit::aim::{Aim, Leaf, Step};
use crate::edit::overlay::reach;
use crate::yaml::{Fragment, NodeId, Tree, Val};

/// Tells whether saying something in a patch (that is there, or a new one) would move an item past others that it has to
/// stay behind.
pub(super) fn moves(aim: &Aim<'_>, leaf: Leaf<'_>, patch: Option<(&Tree<'_>, NodeId)>) -> bool {
    let trail = aim.trail();
    (1..aim.path.len()).any(|at| {
        let (Step::Key(key), step @ Step::Item(_)) = (&aim.path[at - 1], &aim.path[at]) else { return false };
        let Some(list) = trail.get(at) else { return false };
        let rest = &aim.path[at + 1..];
        // What goes is not moved.
        if rest.is_empty() && matches!(leaf, Leaf::Gone) {
            return false;
        }
        let front = match patch.map(|(tree, root)| (tree, reach(tree, root, &aim.path[..at]))) {
            Some((tree, (node, steps))) if steps == at => {
                if step.node(tree, node).is_some() {
                    return false;
                }
                tree.items(node).len()
            }
            _ => 0,
        };
        let item = step.from(list);
        let place = item.and_then(|item| list.items().iter().position(|other| std::ptr::eq(item, other)));
        let passed = list.items().get(front..place.unwrap_or(list.items().len())).unwrap_or_default();
        match key.as_str() {
            "containers" | "initContainers" => place.is_some() && !passed.is_empty(),
            "env" => bound(step, text(item, rest, leaf).as_deref(), passed),
            _ => false,
        }
    })
}

/// Returns the value that a variable will have.
fn text(item: Option<&Val>, rest: &[Step], leaf: Leaf<'_>) -> Option<String> {
    match (leaf, rest) {
        (Leaf::Set(Fragment::Map(pairs)), []) => {
            pairs.iter().find(|(key, _)| key == "value").and_then(|(_, value)| value.text()).map(str::to_owned)
        }
        (Leaf::Set(value), [Step::Key(key)]) if key == "value" => value.text().map(str::to_owned),
        _ => item.and_then(|item| item.get("value")).and_then(Val::scalar),
    }
}

/// Tells whether a variable refers to one of those that it would pass, or one of them to it.
fn bound(step: &Step, text: Option<&str>, passed: &[Val]) -> bool {
    let Step::Item(keys) = step else { return false };
    let name = keys.first().and_then(|(_, name)| name.text()).unwrap_or_default();
    let refers = |text: &str, name: &str| text.contains(&format!("$({name})"));
    passed.iter().any(|other| {
        let of = |key: &str| other.get(key).and_then(Val::scalar).unwrap_or_default();
        text.is_some_and(|text| refers(text, &of("name"))) || refers(&of("value"), name)
    })
}
