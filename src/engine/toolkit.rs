//! Flux itself in a cluster: reading a release, what installing or removing it would do, and how it is doing. Changes nothing.

mod fetch;
mod found;
mod plan;
mod removal;
mod standing;

pub(crate) use fetch::release;
pub(crate) use found::rolled_out;
pub(crate) use plan::{body, installation, target};
pub(crate) use removal::removal;
pub(crate) use standing::toolkit;
