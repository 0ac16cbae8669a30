//! Overrides by JSON patches (RFC 6902), for kinds whose lists a strategic merge patch would replace whole, and where
//! it would change an order that means something.
//!
//! An inline JSON patch of the overlay whose target is the object alone is extended; otherwise a new one is added.

use domain::edit::Field;

use crate::build::resource::Resource;
use crate::build::source::Role;
use crate::edit::aim::{Aim, Leaf, Step, nest};
use crate::edit::{Desk, nested, overlay};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{Fragment, NodeId, Tree, Val, insert_item};

/// Says something of an object in a JSON patch of the overlay.
pub(super) fn patch(desk: &mut Desk, located: &Located, aim: &Aim<'_>, leaf: Leaf<'_>) -> Result<(), Error> {
    append(desk, located, (aim.object, &aim.edit.field), &guarded(aim, leaf))
}

/// Adds operations to the JSON patch of the overlay that has an object as its target, or to a new one.
pub(super) fn append(
    desk: &mut Desk,
    located: &Located,
    (object, field): (&Resource, &Field),
    operations: &[Fragment],
) -> Result<(), Error> {
    let operations: Vec<Fragment> = operations.iter().cloned().map(closed).collect();
    let there = located.sources.all().find_map(|(number, source)| {
        let host = source.host.filter(|_| source.layer == located.folder && overlay::own(located, number))?;
        let outer = Tree::parse(&located.sources.get(host.0).text).ok()?;
        let tree = Tree::parse(&source.text).ok()?;
        let list = tree.documents().first()?.root;
        let first = tree.items(list).first()?.1;
        let ours = tree.get(first, "op").is_some()
            && targets(&outer, host.1, (&object.kind(), &located.address(object)))
            && !followed(located, number, object);
        ours.then_some((number, list))
    });
    if let Some((number, list)) = there {
        return nested::change(desk, located, (number, field), |tree| {
            let new = operations.iter().filter(|operation| !stands(tree, list, operation));
            let each = new.map(|operation| insert_item(tree, list, operation, false));
            each.collect::<Result<Vec<_>, _>>().map(|splices| splices.into_iter().flatten().collect())
        });
    }
    // Without the version: a base that goes on to another would leave the patch without effect, and nothing would say so.
    let (group, _) = object.group_version();
    let mut target = Vec::new();
    for (key, value) in [("group", group), ("kind", object.kind())] {
        if !value.is_empty() {
            target.push((key.to_owned(), Fragment::Text(value)));
        }
    }
    target.push(("name".to_owned(), Fragment::Text(located.address(object))));
    let text = crate::yaml::print_list(&operations);
    let whole = vec![("target".to_owned(), Fragment::Map(target)), ("patch".to_owned(), Fragment::Block(text))];
    overlay::item(desk, located, "patches", &Fragment::Map(whole), field)
}

/// Puts a value that ends with a block scalar before the path: at the end of the patch it would lose its last line break.
fn closed(operation: Fragment) -> Fragment {
    match operation {
        Fragment::Map(mut pairs) if pairs.last().is_some_and(|(_, value)| value.ends_open()) => {
            pairs.rotate_right(1);
            Fragment::Map(pairs)
        }
        other => other,
    }
}

/// Tells whether the patch at a node of a kustomization has an object, and nothing else, as its target.
fn targets(outer: &Tree<'_>, node: NodeId, (kind, name): (&str, &str)) -> bool {
    let target = outer.node(node).parent.and_then(|item| outer.get(item, "target"));
    let text = |key: &str| target.and_then(|t| outer.get(t, key)).and_then(|n| outer.scalar(n));
    text("kind") == Some(kind) && text("name") == Some(name)
}

/// Tells whether a patch of the overlay comes after another one and may speak of the object: what it does to a list is not
/// done yet where the other one counts.
fn followed(located: &Located, number: u32, object: &Resource) -> bool {
    let later = located.sources.all().filter(|(n, s)| *n > number && s.role == Role::Patch && s.layer == located.folder);
    later.into_iter().any(|(_, source)| match (Tree::parse(&source.text), source.host) {
        (Ok(tree), _) if !source.targeted => overlay::document(object, &tree).is_some(),
        (_, Some((host, node))) => Tree::parse(&located.sources.get(host).text).map_or(true, |outer| {
            let target = outer.node(node).parent.and_then(|item| outer.get(item, "target"));
            let other = |key: &str, ours: &str| {
                target
                    .and_then(|t| outer.get(t, key))
                    .and_then(|n| outer.scalar(n))
                    .is_some_and(|text| text != ours && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
            };
            !other("kind", &object.kind()) && !other("name", &located.address(object))
        }),
        _ => true,
    })
}

/// Tells whether a guard stands in a patch already, with nothing after it that takes away or adds what it speaks of.
fn stands(tree: &Tree<'_>, list: NodeId, operation: &Fragment) -> bool {
    let Fragment::Map(pairs) = operation else { return false };
    let ours = |key: &str| pairs.iter().find(|(k, _)| k == key).and_then(|(_, value)| value.text()).unwrap_or_default();
    let text = |item: NodeId, key: &str| tree.get(item, key).and_then(|n| tree.scalar(n)).unwrap_or_default();
    let same = |item: NodeId| ["op", "path", "value"].iter().all(|key| text(item, key) == ours(key));
    let item = ours("path").rsplit_once('/').map_or("", |(item, _)| item);
    let mut behind = tree
        .items(list)
        .iter()
        .rev()
        .map(|(_, n)| *n)
        .skip_while(|n| text(*n, "path").strip_prefix(item).is_some_and(|rest| rest.starts_with('/')) && !same(*n));
    ours("op") == "test" && behind.next().is_some_and(same)
}

/// Returns the operation that makes the change, behind those that see to it that the items of lists are the ones that are
/// meant: a base may get others, and then the patch is refused and does not change the wrong one.
fn guarded(aim: &Aim<'_>, leaf: Leaf<'_>) -> Vec<Fragment> {
    let (trail, mut path, mut out) = (aim.trail(), String::new(), Vec::new());
    for (at, step) in aim.path.iter().enumerate() {
        let held = trail.get(at).copied();
        match (step, held.and_then(|list| position(list, step))) {
            (Step::Key(key), _) => path.push_str(&segment(key)),
            (Step::Index(at), _) => path.push_str(&segment(&at.to_string())),
            (Step::Item(keys), Some(at)) => {
                path.push_str(&segment(&at.to_string()));
                if let Some((key, value)) = keys.first() {
                    let pairs = [
                        ("op", Fragment::Plain("test".to_owned())),
                        ("path", Fragment::Text(format!("{path}{}", segment(key)))),
                        ("value", value.clone()),
                    ];
                    out.push(Fragment::Map(pairs.map(|(key, value)| (key.to_owned(), value)).into()));
                }
            }
            (Step::Item(_), None) => break,
        }
    }
    out.push(operation(aim, leaf));
    out
}

/// Returns the operation that makes the change.
fn operation(aim: &Aim<'_>, leaf: Leaf<'_>) -> Fragment {
    let trail = aim.trail();
    let mut path = String::new();
    for (at, step) in aim.path.iter().enumerate().take(trail.len() - 1) {
        let held = trail.get(at).copied();
        match step {
            Step::Key(key) => path.push_str(&segment(key)),
            Step::Index(at) => {
                path.push_str(&segment(&at.to_string()));
            }
            Step::Item(_) => {
                path.push_str(&segment(&held.and_then(|list| position(list, step)).unwrap_or_default().to_string()));
            }
        }
    }
    let plain = |text: &str| Fragment::Plain(text.to_owned());
    let missing = aim.path.get(trail.len() - 1..).unwrap_or_default();
    let (op, value) = match (missing.split_first(), leaf) {
        (None, Leaf::Gone) => ("remove", None),
        (None, Leaf::Set(value)) => ("replace", Some(value.clone())),
        (Some((Step::Key(key), rest)), leaf) => {
            path.push_str(&segment(key));
            ("add", Some(nest(rest, leaf)))
        }
        (Some((Step::Item(_) | Step::Index(_), _)), leaf) => {
            path.push_str("/-");
            let item = match nest(missing, leaf) {
                Fragment::List(mut items) => items.pop(),
                other => Some(other),
            };
            ("add", item)
        }
    };
    let mut pairs = vec![("op".to_owned(), plain(op)), ("path".to_owned(), Fragment::Text(path))];
    pairs.extend(value.map(|value| ("value".to_owned(), value)));
    Fragment::Map(pairs)
}

fn segment(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn position(list: &Val, step: &Step) -> Option<usize> {
    let found = step.from(list)?;
    list.items().iter().position(|item| std::ptr::eq(item, found))
}
