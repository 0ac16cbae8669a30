//! Changes of the number of replicas.
//!
//! Where it comes from a base: under `replicas:` of the overlay for the kinds that kustomize scales so, else in a patch.

use domain::edit::{Choice, Edit, Field, Found};

use crate::build::SCALED;
use crate::edit::aim::{Aim, Step};
use crate::edit::{Desk, nested, overlay};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{At, Fragment, Val, insert_entry};

fn count(located: &Located) -> Option<&Val> {
    located.workload.val.at(&["spec", "replicas"]).filter(|v| !v.is_null())
}

/// Tells whether the effective number is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    none(located, edit)?;
    Ok(count(located).and_then(Val::scalar) == edit.value)
}

/// Refuses kinds that have no replicas, with the reason.
fn none(located: &Located, edit: &Edit) -> Result<(), Error> {
    let why = match located.workload.kind().as_str() {
        "DaemonSet" => "a DaemonSet runs one Pod on each node and has no replicas",
        "Job" => "a Job has no replicas; how many of its Pods run at once is its parallelism",
        "CronJob" => "a CronJob has no replicas; it makes a Job at each of its times",
        _ => return Ok(()),
    };
    Err(Error::CannotEdit { field: edit.field.to_string(), file: located.folder.clone(), why: why.to_owned() })
}

/// Takes one step towards the number that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let fault =
        |why: &str| Error::CannotEdit { field: edit.field.to_string(), file: located.folder.clone(), why: why.to_owned() };
    let value = Fragment::Plain(edit.value.clone().ok_or_else(|| fault("it cannot be removed"))?);
    let place = count(located).and_then(|v| v.from);
    let entry = count(located).and_then(Val::scalar).is_some();
    if let Some((number, node)) = place.filter(|(number, _)| overlay::own(located, *number)) {
        let whole = nested::is_mapping(located, (number, node));
        if entry && whole {
            // A `replicas:` entry without a count means none.
            return nested::change(desk, located, (number, &edit.field), |tree| {
                insert_entry(tree, node, ("count", &value), At::Last)
            });
        }
    }
    let home = place.or_else(|| located.workload.val.get("spec").and_then(|v| v.from));
    let ours = home.is_some_and(|(number, _)| overlay::own(located, number));
    if ours || edit.choice == Some(Choice::Written) || !SCALED.contains(&located.workload.kind().as_str()) {
        return Aim::new(&located.workload, Step::keys(&["spec", "replicas"]), 1, edit).set(desk, located, &value);
    }
    let name = located.address(&located.workload);
    let pairs = vec![("name".to_owned(), Fragment::Text(name)), ("count".to_owned(), value)];
    overlay::item(desk, located, "replicas", &Fragment::Map(pairs), &edit.field)
}

/// Adds the number with its place.
pub(crate) fn found(located: &Located, found: &mut Vec<Found>) {
    if let Some(replicas) = count(located)
        && let Some(value) = replicas.scalar()
    {
        found.push(located.found(Field::Replicas, None, value, replicas.from));
    }
}
