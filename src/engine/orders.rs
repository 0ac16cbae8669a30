//! How orders are carried out: one file per order (or pair of orders), each with the name that its data has in the domain.

pub(crate) mod deploy;
mod draft;
mod environment;
mod flux;
mod project;
pub(crate) mod sync;

use std::sync::Arc;

use domain::orders::Order;

use crate::engine::Core;
use crate::gate::{Done, Fault, Scribe};

/// Carries out an order that the gate let through.
pub(crate) async fn carry_out(core: &Arc<Core>, scribe: &Scribe, order: Order) -> Result<Done, Fault> {
    match order {
        Order::SaveProject(order) => Ok(project::save(order)),
        Order::RemoveProject(order) => Ok(project::remove(order)),
        Order::SaveEnvironment(order) => environment::save(core, order).await,
        Order::RemoveEnvironment(order) => Ok(environment::remove(order)),
        Order::Deploy(order) => deploy::deploy(core, scribe, order).await,
        Order::KeepDraft(order) => draft::keep(core, order).await,
        Order::DropDraft(order) => draft::forget(core, order).await,
        Order::Reconcile(order) => flux::reconcile(core, order).await,
        Order::Suspend(order) => flux::suspend(core, order).await,
        Order::Resume(order) => flux::resume(core, order).await,
        Order::ManualSync(order) => sync::sync(core, scribe, order).await,
    }
}
