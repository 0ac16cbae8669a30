//! Changes of what a kustomization generates: the keys of its `configMapGenerator` and `secretGenerator`.

use domain::edit::{Edit, Found};

use crate::edit::{Desk, unknown};
use crate::error::Error;
use crate::locate::Located;

/// Tells whether the effective value of a generated key is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    Err(unknown(located, edit))
}

/// Takes one step towards a generated key that was asked for.
pub(super) fn step(_desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    Err(unknown(located, edit))
}

/// Adds the keys that are generated with their places.
pub(crate) fn found(_located: &Located, _found: &mut Vec<Found>) {}
