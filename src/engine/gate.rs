//! The one gate that every order goes through: permission, intent in the journal, act, outcome in the journal.

use std::sync::Arc;

use domain::actor::Actor;
use domain::change::Draft;
use domain::journal::Phase;
use domain::orders::{Deploy, Order, Outcome, Suspend};
use domain::{Trouble, TroubleKind};

use crate::orders::{self, Fault, many};
use crate::scribe::Scribe;
use crate::shared::Core;

/// Takes an order through the gate.
pub(crate) async fn give(core: &Arc<Core>, actor: Actor, order: Order) -> Result<Outcome, Trouble> {
    match order {
        // Each of several goes through by itself.
        Order::Many(several) => Ok(Box::pin(many::give(several, |order| one(core, actor.clone(), order))).await),
        Order::Deploy(deploy) if !deploy.dry_run && deploy.draft.restore.as_ref().is_some_and(|r| !r.suspend.is_empty()) => {
            after_suspending(core, actor, deploy).await
        }
        order => one(core, actor, order).await,
    }
}

/// Suspends the automations that would overwrite what goes back, each by an order of its own, and then goes on.
async fn after_suspending(core: &Arc<Core>, actor: Actor, deploy: Deploy) -> Result<Outcome, Trouble> {
    let keys = deploy.draft.restore.as_ref().map(|restore| restore.suspend.clone()).unwrap_or_default();
    let mut suspended: Vec<String> = Vec::new();
    for key in keys {
        let name = key.to_string();
        match one(core, actor.clone(), Suspend { key }.into()).await {
            Ok(_) => suspended.push(name),
            Err(trouble) => return Err(after(&suspended, trouble)),
        }
    }
    match one(core, actor, deploy.into()).await {
        Ok(outcome) => Ok(Outcome { said: format!("{} {} is suspended.", outcome.said, suspended.join(", ")), ..outcome }),
        Err(trouble) => Err(after(&suspended, trouble)),
    }
}

/// Says in a trouble what was suspended before it.
fn after(suspended: &[String], trouble: Trouble) -> Trouble {
    if suspended.is_empty() {
        return trouble;
    }
    let next = format!("{} {} is suspended, and stays so until it is resumed.", trouble.next, suspended.join(", "));
    trouble.next(next.trim())
}

/// Takes one order through the gate.
async fn one(core: &Arc<Core>, actor: Actor, order: Order) -> Result<Outcome, Trouble> {
    let scribe = Scribe::of(core, &actor, &order);
    if actor.role < order.terms().permission() {
        let trouble = Trouble::refused("That is not permitted", &scribe.object)
            .why(format!(
                "{actor} has the role {}; {} takes the role {}",
                word(actor.role),
                scribe.act,
                word(order.terms().permission())
            ))
            .next("Ask somebody who may.");
        if scribe.recorded {
            scribe.write(Phase::Refused, trouble.to_string(), None).await?;
        }
        return Err(trouble);
    }
    if let Err(trouble) = within(core, &order, &scribe.object) {
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

/// Refuses what touches a context that is only looked at.
fn within(core: &Core, order: &Order, object: &str) -> Result<(), Trouble> {
    let state = core.store.state();
    let environments: Vec<_> = state.environments.values().map(|environment| &**environment).collect();
    core.barred.check(object, &order.contexts(&environments))
}

/// Journals a failure and returns its trouble; a journal that cannot be written becomes a mishap beside it.
async fn failed(core: &Core, scribe: &Scribe, fault: Fault) -> Trouble {
    // What was begun was not refused before anything was done.
    let phase = match fault.trouble.kind {
        _ if fault.begun => Phase::Failed,
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
        Order::Deploy(Deploy { draft: Draft { restore: Some(restore), .. }, .. }) => {
            let undone = restore.undoes.iter().map(|undone| undone.deployment.short()).collect::<Vec<_>>().join(", ");
            format!("takes back {undone}")
        }
        Order::Deploy(deploy) => deploy.draft.edits.iter().map(told).collect::<Vec<_>>().join(", "),
        Order::ManualSync(sync) => sync.commit.as_ref().map_or_else(String::new, |c| format!("to {}", c.short())),
        // The names of fields only: a value may be a secret.
        Order::Apply(apply) => format!("changes {}", apply.fields.join(", ")),
        Order::Settle(settle) => settle.departures.iter().map(|d| d.field).collect::<Vec<_>>().join(", "),
        Order::SaveThroughFleet(save) => format!("commits to {}", save.plan.change.fleet),
        Order::CreateInGit(create) => format!("commits to {}", create.plan.change.fleet),
        Order::Adopt(adopt) => {
            format!("adopts {}", adopt.environments.iter().map(|e| e.id.to_string()).collect::<Vec<_>>().join(", "))
        }
        Order::Create(create) => {
            format!("creates {}", create.objects.iter().map(|o| o.key.to_string()).collect::<Vec<_>>().join(", "))
        }
        Order::Install(install) => {
            let (release, [create, change, ..]) = (&install.plan.release, install.plan.counts());
            format!("{} from {}, SHA-256 {}: {create} created, {change} changed", release.version, release.origin, release.digest)
        }
        Order::Uninstall(uninstall) => {
            let removal = &uninstall.removal;
            let (objects, _) = removal.objects();
            let (controllers, definitions) = (removal.controllers.len(), removal.definitions.len());
            format!("{controllers} controllers, {definitions} definitions, {objects} custom resources")
        }
        _ => String::new(),
    }
}

/// Returns an edit in words; the value of a variable stays out of the journal, it may be a secret.
fn told(edit: &domain::edit::Edit) -> String {
    match (&edit.field, &edit.value) {
        (field, Some(_)) if field.is_private() => format!("{} set", edit.field),
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
