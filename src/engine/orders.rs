//! How orders are carried out: one file per order (or pair of orders), each with the name that its data has in the domain.

mod adopt;
mod apply;
pub(crate) mod create;
pub(crate) mod create_in_git;
mod credential;
pub(crate) mod delete;
pub(crate) mod deploy;
mod draft;
pub(crate) mod environment;
mod favourites;
pub(crate) mod fleet;
mod flux;
mod folder;
mod install;
mod manual;
pub(crate) mod many;
mod project;
mod release;
mod restart;
mod settle;
pub(crate) mod sync;
mod uninstall;

use std::sync::Arc;

use domain::Trouble;
use domain::journal::Change;
use domain::orders::{Order, Outcome};

use crate::ledger::Check;
use crate::scribe::Scribe;
use crate::shared::Core;

/// Holds what an order came to when it was carried out.
pub(crate) struct Done {
    /// What the caller gets.
    pub(crate) outcome: Outcome,
    /// The record that changes with it.
    pub(crate) change: Option<Change>,
    /// What must hold, under the store's lock, for the change to be made.
    pub(crate) check: Option<Check>,
}

/// Holds what an order came to when it failed.
pub(crate) struct Fault {
    /// Why.
    pub(crate) trouble: Trouble,
    /// The record that changes with it all the same.
    pub(crate) change: Option<Change>,
    /// Whether something was done before it failed: then it was not refused, whoever refused the rest.
    pub(crate) begun: bool,
}

impl Fault {
    /// Builds a failure that came after something was done, unless `done` says that nothing was.
    pub(crate) fn after(done: bool, trouble: Trouble) -> Self {
        Self { begun: done, ..trouble.into() }
    }

    /// Builds a failure that leaves a record behind.
    pub(crate) const fn with(trouble: Trouble, change: Change) -> Self {
        Self { trouble, change: Some(change), begun: true }
    }
}

impl Done {
    /// Builds an outcome of one sentence that changes no record.
    pub(crate) fn said(text: impl Into<String>) -> Self {
        Self { outcome: Outcome::said(text), change: None, check: None }
    }

    /// Adds the record that changes.
    pub(crate) fn with(mut self, change: Change) -> Self {
        self.change = Some(change);
        self
    }

    /// Adds what must hold for that.
    pub(crate) fn when(mut self, check: impl Fn(&store::State) -> Result<(), Trouble> + Send + 'static) -> Self {
        self.check = Some(Box::new(check));
        self
    }
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, change: None, begun: false }
    }
}

/// Carries out an order that the gate let through.
pub(crate) async fn carry_out(core: &Arc<Core>, scribe: &Scribe, order: Order) -> Result<Done, Fault> {
    match order {
        Order::SaveProject(order) => project::save(order).map_err(Fault::from),
        Order::RemoveProject(order) => Ok(project::remove(order)),
        Order::SaveEnvironment(order) => environment::save(core, order).await,
        Order::SaveThroughFleet(order) => fleet::save(core, scribe, order).await,
        Order::RemoveEnvironment(order) => environment::remove(core, order).await,
        Order::Deploy(order) => deploy::deploy(core, scribe, order).await,
        Order::KeepDraft(order) => draft::keep(core, order).await,
        Order::DropDraft(order) => draft::forget(core, order).await,
        Order::KeepFavourites(order) => favourites::keep(core, order).await,
        Order::Reconcile(order) => flux::reconcile(core, order).await,
        Order::Suspend(order) => flux::suspend(core, order).await,
        Order::Resume(order) => flux::resume(core, order).await,
        Order::ManualSync(order) => sync::sync(core, scribe, order).await,
        Order::Force(order) => release::force(core, order).await,
        Order::Reset(order) => release::reset(core, order).await,
        Order::Restart(order) => restart::restart(core, order).await,
        Order::Delete(order) => delete::delete(core, order).await,
        Order::Apply(order) => apply::apply(core, order).await,
        Order::Create(order) => create::create(core, order).await,
        Order::CreateInGit(order) => create_in_git::create(core, scribe, order).await,
        Order::Install(order) => install::install(core, order).await,
        Order::Uninstall(order) => uninstall::uninstall(core, order).await,
        Order::Halt(order) => install::halt(core, &order).map_err(Fault::from),
        Order::Adopt(order) => adopt::adopt(core, scribe, order).await,
        Order::Settle(order) => settle::settle(core, scribe, order).await,
        Order::KeepCredential(order) => credential::keep(core, order).await,
        Order::DropCredential(order) => credential::forget(core, order).await,
        Order::Many(order) => Err(many::nested(&order).into()),
    }
}
