//! Changes of a container's ports.
//!
//! A port is known by its name, or by its number when it has none. What a base says is overridden by a JSON patch: in a
//! strategic merge patch a port is known by number and protocol, and kustomize neither merges nor deletes where one of two
//! sides leaves the protocol out.

use domain::edit::{Edit, Field, Found};

use crate::edit::aim::{Aim, Step};
use crate::edit::{Desk, container};
use crate::error::Error;
use crate::locate::{Container, Located};
use crate::yaml::{Fragment, Val};

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
    let mut list = container::aim(located, edit)?.below(Step::keys(&["ports"]));
    list.operations = true;
    let there = called(container, asked(edit));
    let Some(wanted) = meant(edit) else {
        return match there.first() {
            Some(port) => list.below(vec![step_to(port)]).remove(desk, located),
            None => Ok(()),
        };
    };
    let (number, protocol) = wanted.split_once('/').unwrap_or((wanted, "TCP"));
    match there.first() {
        Some(port) => {
            let now = port.get("containerPort").and_then(Val::scalar);
            let (key, value) = if now.as_deref() == Some(number) { ("protocol", protocol) } else { ("containerPort", number) };
            let mut item = list.below(vec![step_to(port)]);
            item.floor = item.path.len();
            item.below(Step::keys(&[key])).set(desk, located, &Fragment::Plain(value.to_owned()))
        }
        None => add(desk, located, &list, (asked(edit), number, protocol)),
    }
}

fn add(desk: &mut Desk, located: &Located, list: &Aim<'_>, (name, number, protocol): (&str, &str, &str)) -> Result<(), Error> {
    let mut pairs = Vec::new();
    if !unnamed(name) {
        pairs.push(("name", Fragment::Text(name.to_owned())));
    }
    pairs.push(("containerPort", Fragment::Plain(number.to_owned())));
    if protocol != "TCP" {
        pairs.push(("protocol", Fragment::Plain(protocol.to_owned())));
    }
    let whole = Fragment::Map(pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect());
    list.below(vec![Step::Item(pairs)]).set(desk, located, &whole)
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
