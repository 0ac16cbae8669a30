//! Changes of a container's ports.
//!
//! A port is known by its name, or by its number when it has none. A patch knows it by its number, so that another number
//! for a port of a base is a new port beside which the old one goes.

use domain::edit::{Edit, Field, Found};

use crate::edit::aim::{Aim, Step};
use crate::edit::{Desk, container, overlay};
use crate::error::Error;
use crate::locate::{Container, Located};
use crate::yaml::{Data, Fragment, Place, Tree, Val};

/// Returns what a port is called: its name, or its number.
fn name(port: &Val) -> Option<String> {
    let text = |key: &str| port.get(key).and_then(Val::scalar).filter(|t| !t.is_empty());
    text("name").or_else(|| text("containerPort"))
}

/// Returns a port's number and protocol as an edit writes them.
fn value(port: &Val) -> Option<String> {
    let text = |key: &str| port.get(key).and_then(Val::scalar).filter(|t| !t.is_empty());
    let number = text("containerPort")?;
    Some(match text("protocol").filter(|p| p != "TCP") {
        Some(protocol) => format!("{number}/{protocol}"),
        None => number,
    })
}

fn called<'v>(container: Container<'v>, wanted: &str) -> Vec<&'v Val> {
    let ports = container.val.get("ports").map(Val::items).unwrap_or_default();
    ports.iter().filter(|port| name(port).as_deref() == Some(wanted)).collect()
}

fn unnamed(wanted: &str) -> bool {
    wanted.bytes().all(|b| b.is_ascii_digit())
}

/// Returns the value that an edit means: a port without a protocol is one for TCP.
fn meant(edit: &Edit) -> Option<&str> {
    edit.value.as_deref().map(|v| v.strip_suffix("/TCP").unwrap_or(v))
}

fn asked(edit: &Edit) -> &str {
    if let Field::Port(name) = &edit.field { name } else { "" }
}

/// Tells whether the effective port is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let container = located.meant(edit)?;
    let there = called(container, asked(edit));
    let Some(wanted) = meant(edit) else { return Ok(there.is_empty()) };
    if unnamed(asked(edit)) && there.is_empty() {
        // A port without a name is called by its new number once it has it.
        let number = wanted.split('/').next().unwrap_or_default();
        return Ok(called(container, number).iter().any(|port| value(port).as_deref() == Some(wanted)));
    }
    Ok(there.len() == 1 && there.iter().all(|port| value(port).as_deref() == Some(wanted)))
}

/// Returns the step to a port: what a patch has to call it.
fn step_to(port: &Val) -> Step {
    let plain = |key: &'static str| port.get(key).and_then(Val::scalar).map(|text| (key, Fragment::Plain(text)));
    Step::Item(plain("containerPort").into_iter().chain(plain("protocol")).collect())
}

/// Takes one step towards the port that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let container = located.meant(edit)?;
    let list = container::aim(located, edit)?.below(Step::keys(&["ports"]));
    let there = called(container, asked(edit));
    let Some(wanted) = meant(edit) else {
        return match there.first() {
            Some(port) => list.below(vec![step_to(port)]).remove(desk, located),
            None => Ok(()),
        };
    };
    if there.len() > 1 {
        // The new one is there beside the old one.
        let old = there.iter().find(|port| value(port).as_deref() != Some(wanted)).or(there.last());
        return old.map_or(Ok(()), |port| list.below(vec![step_to(port)]).remove(desk, located));
    }
    let (number, protocol) = wanted.split_once('/').unwrap_or((wanted, "TCP"));
    match there.first() {
        Some(port) => change(desk, located, (&list, port), (number, protocol)),
        None => add(desk, located, (&list, container), (asked(edit), number, protocol)),
    }
}

fn change(
    desk: &mut Desk,
    located: &Located,
    (list, port): (&Aim<'_>, &Val),
    (number, protocol): (&str, &str),
) -> Result<(), Error> {
    let mut item = list.below(vec![step_to(port)]);
    item.floor = item.path.len();
    let text = |key: &str| port.get(key).and_then(Val::scalar);
    let key = if text("containerPort").as_deref() == Some(number) { "protocol" } else { "containerPort" };
    let new = Fragment::Plain(if key == "protocol" { protocol.to_owned() } else { number.to_owned() });
    let place = port.get(key).and_then(|v| v.from).or(port.from);
    let here = place.is_some_and(|(n, _)| overlay::own(located, n)) || list.edit.choice == Some(domain::edit::Choice::Written);
    if place.is_some_and(|place| takes_away(located, place, number)) {
        // It goes, so that the base's own port with that number can come back.
        return list.below(vec![step_to(port)]).remove(desk, located);
    }
    if here || !list.object.built_in() {
        return item.below(Step::keys(&[key])).set(desk, located, &new);
    }
    let mut pairs: Vec<(String, Fragment)> = Vec::new();
    for (key, val) in port.as_map().into_iter().flatten() {
        let value = match (key.as_str(), &val.data) {
            ("containerPort", _) => Fragment::Plain(number.to_owned()),
            ("protocol", _) => Fragment::Plain(protocol.to_owned()),
            (_, Data::Text(text)) => Fragment::Text(text.clone()),
            _ => Fragment::Plain(val.scalar().unwrap_or_default()),
        };
        pairs.push((key.clone(), value));
    }
    if protocol != "TCP" && !pairs.iter().any(|(key, _)| key == "protocol") {
        pairs.push(("protocol".to_owned(), Fragment::Plain(protocol.to_owned())));
    }
    if port.get("name").is_none() {
        // Without a name the old one has to go first: nothing else tells the two apart.
        return list.below(vec![step_to(port)]).remove(desk, located);
    }
    list.below(vec![identity(&pairs)]).set(desk, located, &Fragment::Map(pairs))
}

/// Tells whether the patch that a port is written in takes another one with a number away.
fn takes_away(located: &Located, (source, node): Place, number: &str) -> bool {
    Tree::parse(&located.sources.get(source).text).is_ok_and(|tree| {
        let list = tree.node(node).parent.and_then(|item| tree.node(item).parent);
        let items = list.map(|list| tree.items(list)).unwrap_or_default();
        items.iter().any(|(_, item)| {
            let text = |key: &str| tree.get(*item, key).and_then(|n| tree.scalar(n));
            text("$patch") == Some("delete") && text("containerPort") == Some(number)
        })
    })
}

fn identity(pairs: &[(String, Fragment)]) -> Step {
    let of = |key: &'static str| pairs.iter().find(|(k, _)| k == key).map(|(_, value)| (key, value.clone()));
    Step::Item(of("containerPort").into_iter().chain(of("protocol")).collect())
}

fn add(
    desk: &mut Desk,
    located: &Located,
    (list, container): (&Aim<'_>, Container<'_>),
    (name, number, protocol): (&str, &str, &str),
) -> Result<(), Error> {
    let mut pairs = Vec::new();
    if !unnamed(name) {
        pairs.push(("name".to_owned(), Fragment::Text(name.to_owned())));
    }
    pairs.push(("containerPort".to_owned(), Fragment::Plain(number.to_owned())));
    // Where the others name their protocol, kustomize drops one that does not.
    let others = container.val.get("ports").map(Val::items).unwrap_or_default();
    if protocol != "TCP" || others.iter().any(|p| p.get("protocol").is_some()) {
        pairs.push(("protocol".to_owned(), Fragment::Plain(protocol.to_owned())));
    }
    list.below(vec![identity(&pairs)]).set(desk, located, &Fragment::Map(pairs))
}

/// Adds a container's ports with their places.
pub(crate) fn found(located: &Located, container: Container<'_>, found: &mut Vec<Found>) {
    for port in container.val.get("ports").map(Val::items).unwrap_or_default() {
        if let (Some(name), Some(value)) = (name(port), value(port)) {
            let place = port.get("containerPort").and_then(|v| v.from);
            found.push(located.found(Field::Port(name), Some(container.name), value, place));
        }
    }
}
