//! Changes of single values of a container: pull policy and resources.

use domain::edit::{Bound, Edit, Field, Found, Resource as Compute};
use domain::quantity::Quantity;

use crate::edit::Desk;
use crate::edit::aim::{Aim, Step};
use crate::error::Error;
use crate::locate::{Container, Located};
use crate::yaml::{Fragment, Val};

/// Returns the aim at the container that an edit means, which is what stays when its fields go.
pub(super) fn aim<'a>(located: &'a Located, edit: &'a Edit) -> Result<Aim<'a>, Error> {
    let container = located.meant(edit)?;
    let mut path = Step::keys(located.template());
    path.extend(Step::keys(&["spec", container.list]));
    path.push(Step::named(container.name));
    let floor = path.len();
    Ok(Aim::new(located.pods(), path, floor, edit))
}

fn keys(field: &Field) -> Vec<&'static str> {
    match field {
        Field::Resource(bound, resource) => vec!["resources", bound.key(), resource.key()],
        _ => vec!["imagePullPolicy"],
    }
}

/// Tells whether the effective value is the one that an edit asks for; equal quantities are one value.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let now = located.meant(edit)?.val.at(&keys(&edit.field)).and_then(Val::scalar);
    let quantity = |text: Option<&String>| text.and_then(|t| t.parse::<Quantity>().ok());
    if let (Field::Resource(..), Some(a), Some(b)) = (&edit.field, quantity(now.as_ref()), quantity(edit.value.as_ref())) {
        return Ok(a == b);
    }
    Ok(now == edit.value)
}

/// Takes one step towards the value that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let aim = aim(located, edit)?.below(Step::keys(&keys(&edit.field)));
    match (&edit.value, &edit.field) {
        (None, _) => aim.remove(desk, located),
        (Some(value), Field::Resource(..)) => aim.set(desk, located, &Fragment::Quantity(value.clone())),
        (Some(value), _) => aim.set(desk, located, &Fragment::Text(value.clone())),
    }
}

/// Adds the values of a container with their places.
pub(crate) fn found(located: &Located, container: Container<'_>, found: &mut Vec<Found>) {
    let mut fields = vec![Field::PullPolicy];
    for bound in [Bound::Request, Bound::Limit] {
        fields.extend([Compute::Cpu, Compute::Memory].map(|resource| Field::Resource(bound, resource)));
    }
    for field in fields {
        if let Some(val) = container.val.at(&keys(&field))
            && let Some(value) = val.scalar()
        {
            found.push(located.found(field, Some(container.name), value, val.from));
        }
    }
}
