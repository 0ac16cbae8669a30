//! Changes of a HelmRelease: its chart's version and its values, those that stand for image, replicas and the like included.

use domain::edit::{Edit, Found};

use crate::edit::{Desk, unknown};
use crate::error::Error;
use crate::locate::Located;

/// Tells whether the effective value of a HelmRelease's field is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    Err(unknown(located, edit))
}

/// Takes one step towards a HelmRelease's field that was asked for.
pub(super) fn step(_desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    Err(unknown(located, edit))
}

/// Adds the release's fields with their places.
pub(crate) fn found(_located: &Located, _found: &mut Vec<Found>) {}
