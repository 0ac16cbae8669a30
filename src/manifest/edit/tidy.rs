//! What an edit has left without anything to say: an inline patch that only names its object, a container that a patch only
//! names, the guards of an operation that is gone. What was so before the edit stays.

use domain::edit::Edit;

use crate::build::source::Role;
use crate::edit::{Desk, nested, overlay};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{Kind, NodeId, Splice, SpliceFault, Tree, remove_entry, remove_item};

/// The keys whose mappings and lists say nothing in a patch when they are empty; `emptyDir: {}` and the like do.
const STRUCTURE: [&str; 13] = [
    "spec",
    "template",
    "jobTemplate",
    "metadata",
    "labels",
    "annotations",
    "containers",
    "initContainers",
    "env",
    "ports",
    "resources",
    "limits",
    "requests",
];

/// Returns the patches of the environment's own: number and text.
pub(super) fn patches(located: &Located) -> Vec<(u32, String)> {
    let ours = located
        .sources
        .all()
        .filter(|(number, s)| s.role == Role::Patch && s.layer == located.folder && overlay::own(located, *number));
    ours.map(|(number, s)| (number, s.text.clone())).collect()
}

/// Takes something out that an edit has left empty in a patch; tells whether there was something.
pub(super) fn tidy(desk: &mut Desk, located: &Located, before: &[(u32, String)], edit: &Edit) -> Result<bool, Error> {
    let changed = patches(located).into_iter().filter(|(_, text)| !before.iter().any(|(_, old)| old == text));
    for (number, text) in changed {
        let Ok(tree) = Tree::parse(&text) else { continue };
        let host = located.sources.get(number).host;
        if let ([document], Some(host)) = (tree.documents(), host)
            && says_nothing(&tree, document.root)
        {
            nested::change(desk, located, (host.0, &edit.field), |tree| drop_patch(tree, host.1))?;
            return Ok(true);
        }
        let old = before.iter().find(|(n, _)| *n == number).map(|(_, old)| empty(old)).unwrap_or_default();
        if let Some((_, node)) = of(&tree).into_iter().find(|(path, _)| !old.contains(path)) {
            nested::change(desk, located, (number, &edit.field), |tree| take(tree, node))?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes an item of `patches:`, and the list with its last item.
fn drop_patch(tree: &Tree<'_>, patch: NodeId) -> Result<Vec<Splice>, SpliceFault> {
    let unfit = SpliceFault::Unfit("the patch is not in a list");
    let item = tree.node(patch).parent.ok_or(unfit)?;
    let listed = |item: NodeId| tree.node(item).parent.filter(|list| tree.items(*list).iter().any(|(_, n)| *n == item));
    // An inline patch of `patchesStrategicMerge` is the item itself.
    let item = if listed(patch).is_some() { patch } else { item };
    let list = listed(item).ok_or(unfit)?;
    if tree.items(list).len() > 1 { take(tree, item) } else { take(tree, list) }
}

/// Removes the entry or item that a node is.
fn take(tree: &Tree<'_>, node: NodeId) -> Result<Vec<Splice>, SpliceFault> {
    let unfit = SpliceFault::Unfit("it stands alone");
    let parent = tree.node(node).parent.ok_or(unfit)?;
    if let Some(at) = tree.entries(parent).iter().position(|e| e.value == node) {
        return remove_entry(tree, parent, at);
    }
    let at = tree.items(parent).iter().position(|(_, n)| *n == node).ok_or(unfit)?;
    remove_item(tree, parent, at)
}

/// Tells whether a patch names its object and says nothing about it.
fn says_nothing(tree: &Tree<'_>, root: NodeId) -> bool {
    if matches!(tree.node(root).kind, Kind::Sequence { .. }) {
        let op = |item: NodeId| tree.get(item, "op").and_then(|n| tree.scalar(n));
        return tree.items(root).iter().all(|(_, item)| op(*item) == Some("test"));
    }
    tree.get(root, "$patch").is_none()
        && !tree.entries(root).is_empty()
        && tree.entries(root).iter().all(|entry| match tree.scalar(entry.key) {
            Some("apiVersion" | "kind") => true,
            Some("metadata") => tree.entries(entry.value).iter().all(|e| match tree.scalar(e.key) {
                Some("name" | "namespace") => true,
                Some(key) => hollow(tree, key, e.value),
                None => false,
            }),
            Some(key) => hollow(tree, key, entry.value),
            None => false,
        })
}

/// Tells whether what stands under a key of a patch says nothing.
fn hollow(tree: &Tree<'_>, key: &str, node: NodeId) -> bool {
    if !STRUCTURE.contains(&key) || tree.scalar(node).is_some() {
        return false;
    }
    let entries = tree.entries(node).iter().all(|e| tree.scalar(e.key).is_some_and(|key| hollow(tree, key, e.value)));
    entries && tree.items(node).iter().all(|(_, item)| named_only(tree, key, *item))
}

/// Tells whether an item of a list of containers only says its name.
fn named_only(tree: &Tree<'_>, list: &str, item: NodeId) -> bool {
    matches!(list, "containers" | "initContainers")
        && tree.get(item, "name").is_some()
        && tree.entries(item).iter().all(|e| tree.scalar(e.key).is_some_and(|key| key == "name" || hollow(tree, key, e.value)))
}

/// Returns the paths of what says nothing in a text.
fn empty(text: &str) -> Vec<String> {
    Tree::parse(text).map(|tree| of(&tree).into_iter().map(|(path, _)| path).collect()).unwrap_or_default()
}

/// Returns the outermost nodes that say nothing, each with its path.
fn of(tree: &Tree<'_>) -> Vec<(String, NodeId)> {
    let mut out = Vec::new();
    for (at, document) in tree.documents().iter().enumerate() {
        out.extend(guards(tree, document.root).into_iter().map(|(path, node)| (format!("{at}{path}"), node)));
        for entry in tree.entries(document.root) {
            if let Some(key) = tree.scalar(entry.key) {
                search(tree, key, entry.value, &format!("{at}/{key}"), &mut out);
            }
        }
    }
    out
}

/// Returns the guards of a JSON patch behind which no operation on their item comes any more.
fn guards(tree: &Tree<'_>, list: NodeId) -> Vec<(String, NodeId)> {
    let text = |item: NodeId, key: &str| tree.get(item, key).and_then(|n| tree.scalar(n)).unwrap_or_default();
    let operations: Vec<NodeId> = tree.items(list).iter().map(|(_, n)| *n).collect();
    let idle = |(at, guard): (usize, &NodeId)| {
        let path = text(*guard, "path");
        let item = path.rsplit_once('/').map_or("", |(item, _)| item);
        let next = operations[at..].iter().find(|n| text(**n, "op") != "test").map(|n| text(*n, "path"));
        let used = next.and_then(|next| next.strip_prefix(item)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        (text(*guard, "op") == "test" && !used).then(|| (path.to_owned(), *guard))
    };
    operations.iter().enumerate().filter_map(idle).collect()
}

fn search(tree: &Tree<'_>, key: &str, node: NodeId, path: &str, out: &mut Vec<(String, NodeId)>) {
    if hollow(tree, key, node) {
        out.push((path.to_owned(), node));
        return;
    }
    for entry in tree.entries(node) {
        if let Some(key) = tree.scalar(entry.key) {
            search(tree, key, entry.value, &format!("{path}/{key}"), out);
        }
    }
    for (_, item) in tree.items(node) {
        let name = tree.get(*item, "name").and_then(|n| tree.scalar(n)).unwrap_or_default();
        let path = format!("{path}/{name}");
        if named_only(tree, key, *item) {
            out.push((path, *item));
            continue;
        }
        for entry in tree.entries(*item) {
            if let Some(key) = tree.scalar(entry.key) {
                search(tree, key, entry.value, &format!("{path}/{key}"), out);
            }
        }
    }
}
