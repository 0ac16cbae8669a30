//! Overrides by JSON patches (RFC 6902), for kinds whose lists a strategic merge patch would replace whole.
//!
//! An inline JSON patch of the overlay whose target is the object alone is extended; otherwise a new one is added.

use domain::edit::Field;

use crate::build::resource::Resource;
use crate::edit::aim::{Aim, Leaf, Step, nest};
use crate::edit::{Desk, nested, overlay};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{Fragment, NodeId, Tree, Val, insert_item};

/// Says something of an object in a JSON patch of the overlay.
pub(super) fn patch(desk: &mut Desk, located: &Located, aim: &Aim<'_>, leaf: Leaf<'_>) -> Result<(), Error> {
    append(desk, located, (aim.object, &aim.edit.field), &[operation(aim, leaf)])
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
        (tree.get(first, "op").is_some() && targets(&outer, host.1, object)).then_some((number, list))
    });
    if let Some((number, list)) = there {
        return nested::change(desk, located, (number, field), |tree| {
            let each = operations.iter().map(|operation| insert_item(tree, list, operation, false));
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
    target.push(("name".to_owned(), Fragment::Text(object.written_name().to_owned())));
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
fn targets(outer: &Tree<'_>, node: NodeId, object: &Resource) -> bool {
    let target = outer.node(node).parent.and_then(|item| outer.get(item, "target"));
    let text = |key: &str| target.and_then(|t| outer.get(t, key)).and_then(|n| outer.scalar(n));
    text("kind") == Some(object.kind().as_str()) && text("name") == Some(object.written_name())
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
                path.push('/');
                path.push_str(&at.to_string());
            }
            Step::Item(_) => {
                path.push('/');
                path.push_str(&held.and_then(|list| position(list, step)).unwrap_or_default().to_string());
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
