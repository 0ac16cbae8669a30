//! The one gate that every order goes through: permission, intent in the journal, act, outcome in the journal.

use std::sync::Arc;

use domain::actor::Actor;
use domain::journal::{Change, Phase, Record};
use domain::orders::{Order, Outcome};
use domain::{Trouble, TroubleKind};

use crate::engine::Core;
use crate::ledger::Check;
use crate::orders;

/// Writes into the journal what one order does.
#[derive(Clone)]
pub(crate) struct Scribe {
    core: Arc<Core>,
    actor: Actor,
    act: &'static str,
    object: String,
    recorded: bool,
}

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
        Self { trouble, change: None }
    }
}

impl Scribe {
    /// Builds the scribe of an order.
    fn of(core: &Arc<Core>, actor: &Actor, order: &Order) -> Self {
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

    async fn write_if(
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

/// Takes an order through the gate.
pub(crate) async fn give(core: &Arc<Core>, actor: Actor, order: Order) -> Result<Outcome, Trouble> {
    let scribe = Scribe::of(core, &actor, &order);
    if actor.role < order.terms().permission() {
        let trouble = Trouble::refused("That is not permitted", &scribe.object)
            .why(format!("{actor} is a {}, and {} takes a {}", word(actor.role), scribe.act, word(order.terms().permission())))
            .next("Ask somebody who may.");
        if scribe.recorded {
            scribe.write(Phase::Refused, trouble.to_string(), None).await?;
        }
        return Err(trouble);
    }
    if !scribe.recorded {
        return orders::carry_out(core, &scribe, order).await.map(|done| done.outcome).map_err(|fault| fault.trouble);
    }
    scribe.write(Phase::Intent, intent(&order), None).await?;
    match orders::carry_out(core, &scribe, order).await {
        Ok(done) => {
            let said = done.outcome.said.clone();
            match scribe.write_if(Phase::Done, said, done.change, done.check).await {
                Ok(()) => Ok(done.outcome),
                Err(trouble) => Err(failed(core, &scribe, trouble.into()).await),
            }
        }
        Err(fault) => Err(failed(core, &scribe, fault).await),
    }
}

/// Journals a failure and returns its trouble; a journal that cannot be written becomes a mishap beside it.
async fn failed(core: &Core, scribe: &Scribe, fault: Fault) -> Trouble {
    // What has left a record behind was begun, so it was not refused before anything was done.
    let phase = match fault.trouble.kind {
        _ if fault.change.is_some() => Phase::Failed,
        TroubleKind::Failed | TroubleKind::TimedOut => Phase::Failed,
        TroubleKind::Refused | TroubleKind::Usage | TroubleKind::NotFound => Phase::Refused,
    };
    if let Err(trouble) = scribe.write(phase, fault.trouble.to_string(), fault.change).await {
        core.mishaps.add(trouble);
    }
    fault.trouble
}

fn intent(order: &Order) -> String {
    match order {
        Order::Deploy(deploy) => deploy.draft.edits.iter().map(told).collect::<Vec<_>>().join(", "),
        Order::ManualSync(sync) => sync.commit.as_ref().map_or_else(String::new, |c| format!("to {}", c.short())),
        _ => String::new(),
    }
}

/// Returns an edit in words; the value of a variable stays out of the journal, it may be a secret.
fn told(edit: &domain::edit::Edit) -> String {
    match (&edit.field, &edit.value) {
        (domain::edit::Field::Env(_), Some(_)) => format!("{} set", edit.field),
        (field, Some(value)) => format!("{field} {value}"),
        (field, None) => format!("{field} removed"),
    }
}

const fn word(role: domain::actor::Role) -> &'static str {
    match role {
        domain::actor::Role::Viewer => "viewer",
        domain::actor::Role::Operator => "operator",
        domain::actor::Role::Admin => "admin",
    }
}
