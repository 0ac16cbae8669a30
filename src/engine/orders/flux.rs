//! Steering Flux objects: reconcile, suspend, resume.

use std::sync::Arc;

use cluster::act::Steer;
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::orders::{Reconcile, Resume, Suspend};

use crate::follow::promise::MARK;
use crate::orders::{Done, Fault};
use crate::shared::Core;

pub(super) async fn reconcile(core: &Arc<Core>, order: Reconcile) -> Result<Done, Fault> {
    core.fleet.reconcile(&order.key, order.with_source).await?;
    let first = if order.with_source { " after its source" } else { "" };
    Ok(Done::said(format!("{} was asked to reconcile{first}.", order.key)))
}

pub(super) async fn suspend(core: &Arc<Core>, order: Suspend) -> Result<Done, Fault> {
    may_suspend(&order.key)?;
    core.fleet.suspend(&order.key, &by_hand()).await?;
    Ok(Done::said(format!("{} is suspended.", order.key)))
}

pub(super) async fn resume(core: &Arc<Core>, order: Resume) -> Result<Done, Fault> {
    may_suspend(&order.key)?;
    core.fleet.resume(&order.key, &by_hand()).await?;
    Ok(Done::said(format!("{} is resumed.", order.key)))
}

/// A hand on the object takes the mark of a running manual sync away: then that leaves it as the hand put it.
fn by_hand() -> Steer {
    Steer { expect: None, marks: vec![(MARK.to_owned(), None)] }
}

fn may_suspend(key: &ObjectKey) -> Result<(), Trouble> {
    match key.flux_kind() {
        Some(kind) if kind.suspends => Ok(()),
        _ => Err(Trouble::usage("That cannot be suspended", key).why(format!("{} has no spec.suspend", key.kind))),
    }
}
