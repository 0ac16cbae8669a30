//! Writing into the journal what one order does.

use std::sync::Arc;

use domain::Trouble;
use domain::actor::Actor;
use domain::journal::{Change, Phase, Record};
use domain::orders::Order;

use crate::ledger::Check;
use crate::shared::Core;

/// Writes into the journal what one order does.
#[derive(Clone)]
pub(crate) struct Scribe {
    core: Arc<Core>,
    actor: Actor,
    pub(crate) act: &'static str,
    pub(crate) object: String,
    pub(crate) recorded: bool,
}

impl Scribe {
    /// Builds the scribe of an order.
    pub(crate) fn of(core: &Arc<Core>, actor: &Actor, order: &Order) -> Self {
        let terms = order.terms();
        let (act, object, recorded) = (terms.act(), terms.object(), terms.recorded());
        Self { core: Arc::clone(core), actor: actor.clone(), act, object, recorded }
    }

    /// Builds the scribe of what the console does on its own.
    pub(crate) fn of_system(core: &Arc<Core>, act: &'static str, object: &impl ToString) -> Self {
        Self { core: Arc::clone(core), actor: Actor::system(), act, object: object.to_string(), recorded: true }
    }

    /// Returns who ordered it.
    pub(crate) const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Writes an entry down; it is on the disk when this returns.
    pub(crate) async fn write(&self, phase: Phase, detail: impl Into<String>, change: Option<Change>) -> Result<(), Trouble> {
        self.write_if(phase, detail, change, None).await
    }

    /// Writes down entries about other objects that changed with this order, all or none of them.
    pub(crate) async fn write_all(
        &self,
        phase: Phase,
        detail: &str,
        changes: Vec<(&'static str, String, Change)>,
        check: Check,
    ) -> Result<(), Trouble> {
        let record = |(act, object, change): (&'static str, String, Change)| Record {
            time: self.core.now(),
            actor: self.actor.clone(),
            act: act.to_owned(),
            object,
            phase,
            detail: detail.to_owned(),
            change: Some(change),
        };
        self.core.write_all(changes.into_iter().map(record).collect(), Some(check)).await
    }

    /// Writes an entry down if what must hold for its change does, under the store's lock.
    pub(crate) async fn write_if(
        &self,
        phase: Phase,
        detail: impl Into<String>,
        change: Option<Change>,
        check: Option<Check>,
    ) -> Result<(), Trouble> {
        let record = Record {
            time: self.core.now(),
            actor: self.actor.clone(),
            act: self.act.to_owned(),
            object: self.object.clone(),
            phase,
            detail: detail.into(),
            change,
        };
        self.core.write(record, check).await
    }
}
