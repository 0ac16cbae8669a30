//! Changes of labels and annotations: of the workload itself, and of the Pods that it makes.

use domain::edit::{Edit, Field, Found};

use crate::build::source::Role;
use crate::edit::Desk;
use crate::edit::aim::{Aim, Step};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{Fragment, Val};

/// Returns the aim at a label or annotation and its key.
fn aim<'a>(located: &'a Located, edit: &'a Edit) -> (Aim<'a>, &'a str) {
    let (pods, map, key) = match &edit.field {
        Field::Label(key) => (false, "labels", key.as_str()),
        Field::Annotation(key) => (false, "annotations", key.as_str()),
        Field::PodLabel(key) => (true, "labels", key.as_str()),
        Field::PodAnnotation(key) => (true, "annotations", key.as_str()),
        _ => (false, "labels", ""),
    };
    let object = if pods { located.pods() } else { &located.workload };
    let mut path = Step::keys(if pods { located.template() } else { &[] });
    path.push(Step::Key("metadata".to_owned()));
    let floor = if pods { path.len() - 1 } else { path.len() };
    path.extend(Step::keys(&[map, key]));
    (Aim::new(object, path, floor, edit), key)
}

/// Tells whether the effective value is the one that an edit asks for.
#[expect(clippy::unnecessary_wraps, reason = "every family of fields answers in the same form")]
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let (aim, _) = aim(located, edit);
    let now = aim.value();
    // A number without quotes is no valid value, although it reads the same.
    Ok(now.map_or(edit.value.is_none(), |v| edit.value.is_some() && v.as_text() == edit.value.as_deref()))
}

/// Takes one step towards the value that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let (aim, key) = aim(located, edit);
    let selector = located.selector().and_then(|s| s.get(key));
    if let Some(selected) = selector {
        let shared = aim.value().is_some_and(|v| v.from.is_some() && v.from == selected.from);
        if matches!(edit.field, Field::PodLabel(_)) || (shared && matches!(edit.field, Field::Label(_))) {
            let why = "the workload selects its Pods by it, and a selector cannot change once the workload exists";
            return Err(aim.refused(located, why));
        }
    }
    match &edit.value {
        None => aim.remove(desk, located),
        Some(value) => aim.set(desk, located, &Fragment::Text(value.clone())),
    }
}

/// Adds the labels and annotations with their places.
pub(crate) fn found(located: &Located, found: &mut Vec<Found>) {
    let pod = located.pods().val.at(located.template());
    let holders = [(Some(&located.workload.val), false), (pod, true)];
    for (holder, pods) in holders {
        for (map, field) in [
            ("labels", if pods { Field::PodLabel } else { Field::Label }),
            ("annotations", if pods { Field::PodAnnotation } else { Field::Annotation }),
        ] {
            let entries = holder.and_then(|h| h.at(&["metadata", map])).and_then(Val::as_map);
            for (key, val) in entries.into_iter().flatten() {
                let Some(value) = val.scalar() else { continue };
                let mut one = located.found(field(key.clone()), None, value, val.from);
                if val.from.is_some_and(|(n, _)| located.sources.get(n).role == Role::Kustomization) {
                    one.why = one.why.replacen("images:", &format!("{map}:"), 1);
                }
                found.push(one);
            }
        }
    }
}
