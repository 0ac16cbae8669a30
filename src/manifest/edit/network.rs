//! Changes of the Service that selects the workload's Pods, and of the Ingress that leads to it.

use domain::edit::{Edit, Found};

use crate::edit::{Desk, unknown};
use crate::error::Error;
use crate::locate::Located;

/// Tells whether the effective value of a field of a Service or an Ingress is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    Err(unknown(located, edit))
}

/// Takes one step towards a field of a Service or an Ingress that was asked for.
pub(super) fn step(_desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    Err(unknown(located, edit))
}

/// Adds the fields of the Service and the Ingress with their places.
pub(crate) fn found(_located: &Located, _found: &mut Vec<Found>) {}
