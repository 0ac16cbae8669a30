//! Changes of what stands in a container: pull policy, environment variables, resources.

use domain::edit::{Edit, Field};

use crate::edit::{Desk, nested, overlay};
use crate::error::Error;
use crate::locate::{Container, Located};
use crate::yaml::{
    At, Fragment, Meant, NodeId, Place, Splice, SpliceFault, Tree, Val, insert_entry, remove_entry, remove_item, set_scalar,
};

/// Takes one step towards a container's field that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let container = located.container(edit.container.as_deref())?;
    match &edit.field {
        Field::Env(name) => env(desk, located, container, (name, edit)),
        Field::Resource(bound, resource) => leaf(desk, located, container, (&["resources", bound.key(), resource.key()], edit)),
        _ => leaf(desk, located, container, (&["imagePullPolicy"], edit)),
    }
}

fn fragment(edit: &Edit) -> Fragment {
    match (&edit.field, &edit.value) {
        (_, None) => Fragment::Plain("null".to_owned()),
        (Field::Resource(..), Some(value)) => Fragment::Quantity(value.clone()),
        (_, Some(value)) => Fragment::Text(value.clone()),
    }
}

fn meant<'a>(edit: &Edit, value: &'a str) -> Meant<'a> {
    if matches!(edit.field, Field::Resource(..)) { Meant::Quantity(value) } else { Meant::Text(value) }
}

/// Changes a single value under a path of keys of a container.
fn leaf(desk: &mut Desk, located: &Located, container: Container<'_>, (path, edit): (&[&str], &Edit)) -> Result<(), Error> {
    let now = container.val.at(path).and_then(|v| v.from);
    let home = container.val.from;
    if let Some((number, node)) = now.filter(|(number, _)| overlay::own(located, *number)) {
        return nested::change(desk, located, (number, &edit.field), |tree| {
            let Some(value) = &edit.value else { return remove_leaf(tree, node) };
            match (set_scalar(tree, node, meant(edit, value)), local(tree, home, number, path)) {
                // The value is merged in from an anchor that others use: an entry of the container's own goes before it.
                (Err(SpliceFault::Shared { .. }), Some(mapping)) => overlay::into(tree, mapping, path, &fragment(edit)),
                (other, _) => other,
            }
        });
    }
    match home.filter(|(number, _)| now.is_none() && overlay::own(located, *number)) {
        Some((number, node)) => {
            nested::change(desk, located, (number, &edit.field), |tree| overlay::into(tree, node, path, &fragment(edit)))
        }
        None => overlay::patch(desk, located, container.name, (path, &fragment(edit)), &edit.field),
    }
}

/// Returns the container's own mapping when a field is not written in it but merged into it.
fn local(tree: &Tree<'_>, home: Option<Place>, number: u32, path: &[&str]) -> Option<NodeId> {
    let (there, node) = home?;
    let mut at = node;
    for key in path {
        if matches!(tree.node(at).kind, crate::yaml::Kind::Alias(_)) {
            return None;
        }
        match tree.get(at, key) {
            Some(next) => at = next,
            None => return (there == number).then_some(node),
        }
    }
    None
}

/// Removes the entry that holds a value, and the mappings above it that it leaves empty, up to the container's own fields.
fn remove_leaf(tree: &Tree<'_>, node: NodeId) -> Result<Vec<Splice>, SpliceFault> {
    let mut child = node;
    loop {
        let parent = tree.node(child).parent.ok_or(SpliceFault::Unfit("it stands alone"))?;
        let at = tree.entries(parent).iter().position(|e| e.value == child).ok_or(SpliceFault::Unfit("it stands in a list"))?;
        let key = tree.entries(parent).get(at).and_then(|e| tree.scalar(e.key)).unwrap_or_default();
        let top = matches!(key, "resources" | "env" | "imagePullPolicy");
        if tree.entries(parent).len() > 1 || top {
            return remove_entry(tree, parent, at);
        }
        child = parent;
    }
}

fn env(desk: &mut Desk, located: &Located, container: Container<'_>, (name, edit): (&str, &Edit)) -> Result<(), Error> {
    let list = container.val.get("env");
    let now =
        list.map(Val::items).unwrap_or_default().iter().find(|e| e.get("name").and_then(Val::scalar).as_deref() == Some(name));
    if let Some(variable) = now {
        let value = variable.get("value").and_then(|v| v.from);
        let place = value.or(variable.from);
        if let Some((number, _)) = place.filter(|(number, _)| overlay::own(located, *number)) {
            return nested::change(desk, located, (number, &edit.field), |tree| match (&edit.value, value, variable.from) {
                (None, Some((_, node)), _) => remove_variable(tree, tree.node(node).parent),
                (None, None, Some((_, node))) => remove_variable(tree, Some(node)),
                (Some(text), Some((_, node)), _) => retype(tree, node, text),
                (Some(text), None, Some((_, node))) => {
                    insert_entry(tree, node, ("value", &Fragment::Text(text.clone())), At::After("name"))
                }
                _ => Err(SpliceFault::Unfit("the variable is not there")),
            });
        }
    }
    let mut pairs = vec![("name".to_owned(), Fragment::Text(name.to_owned()))];
    pairs.push(match &edit.value {
        Some(value) => ("value".to_owned(), Fragment::Text(value.clone())),
        None => ("$patch".to_owned(), Fragment::Plain("delete".to_owned())),
    });
    let item = Fragment::List(vec![Fragment::Map(pairs)]);
    // A new variable goes to the others when they are the environment's own, else to where the container is written.
    let home = list.and_then(|l| l.from).filter(|(number, _)| overlay::own(located, *number)).or(container.val.from);
    match home.filter(|(number, _)| now.is_none() && overlay::own(located, *number)) {
        Some((number, node)) => nested::change(desk, located, (number, &edit.field), |tree| {
            let listed = tree.node(tree.target(node));
            match (&listed.kind, &item) {
                (crate::yaml::Kind::Sequence { .. }, Fragment::List(items)) => match items.first() {
                    Some(one) => crate::yaml::insert_item(tree, node, one, false),
                    None => Err(SpliceFault::Unfit("there is no variable")),
                },
                _ => overlay::into(tree, node, &["env"], &item),
            }
        }),
        None => overlay::patch(desk, located, container.name, (&["env"], &item), &edit.field),
    }
}

/// Sets a variable's value; a number without quotes, which Kubernetes refuses, gets them.
fn retype(tree: &Tree<'_>, node: NodeId, text: &str) -> Result<Vec<Splice>, SpliceFault> {
    let splices = set_scalar(tree, node, Meant::Text(text))?;
    let place = tree.node(tree.target(node));
    if splices.is_empty() && place.tag.is_none() {
        let quoted = crate::yaml::quote(text);
        return Ok(vec![Splice::new(place.span.clone(), quoted)]);
    }
    Ok(splices)
}

fn remove_variable(tree: &Tree<'_>, item: Option<NodeId>) -> Result<Vec<Splice>, SpliceFault> {
    let item = item.ok_or(SpliceFault::Unfit("the variable is not there"))?;
    let list = tree.node(item).parent.ok_or(SpliceFault::Unfit("the variable is in no list"))?;
    let items = tree.items(list);
    let at = items.iter().position(|(_, n)| *n == item).ok_or(SpliceFault::Unfit("the variable is in no list"))?;
    if items.len() == 1 { remove_leaf(tree, list) } else { remove_item(tree, list, at) }
}
