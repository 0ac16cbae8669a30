//! Installing Flux: every object of the release applied in its order, then the controllers waited for.
//!
//! What is cut off in the middle is finished by giving the order again: what is so already stays so.

use std::sync::Arc;
use std::time::Duration;

use cluster::act::{self, Target};
use cluster::{Connection, Error};
use domain::Trouble;
use domain::orders::{Halt, Install, Terms};
use domain::toolkit::{Doing, Installation, MANAGER, Mark, Piece};
use futures::future::join_all;
use serde_json::Value;

use crate::orders::{Done, Fault};
use crate::shared::Core;
use crate::toolkit::{body, rolled_out, target};
use crate::works::Job;

/// How long the definitions may take to be served.
const SERVED: Duration = Duration::from_mins(1);
/// How long the controllers may take to run: images have to come first.
const RUNNING: Duration = Duration::from_mins(5);

pub(super) async fn install(core: &Arc<Core>, order: Install) -> Result<Done, Fault> {
    let plan = &*order.plan;
    let connection = core.fleet.connection(&plan.context).await.map_err(Trouble::from)?;
    let pieces: Vec<&Piece> = plan.release.pieces_for(&plan.components).collect();
    let job = core.works.begin(&plan.context, (order.act(), core.now()), pieces.iter().map(ToString::to_string))?;
    let result = carry_out(&connection, plan, &pieces, &job).await;
    job.over(result.as_ref().map_or_else(|fault| Err(fault.trouble.to_string()), |said| Ok(said.clone())));
    Ok(Done::said(result?))
}

/// Asks what is under way on a cluster to stop.
pub(super) fn halt(core: &Arc<Core>, order: &Halt) -> Result<Done, Trouble> {
    if core.works.halt(&order.context) {
        return Ok(Done::said(format!("{} is stopped after the object that it is at.", order.object())));
    }
    Err(Trouble::refused("Nothing goes on there that could be stopped", order.object()))
}

async fn carry_out(connection: &Connection, plan: &Installation, pieces: &[&Piece], job: &Job) -> Result<String, Fault> {
    let mut defined: Vec<(usize, Target)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let definition = piece.kind == "CustomResourceDefinition";
        if !definition && !defined.is_empty() {
            let served = served(connection, job, &std::mem::take(&mut defined)).await;
            served.map_err(|error| Fault::after(true, failed(error, piece, (at, pieces.len()))))?;
        }
        if job.stopped() {
            return Err(stopped(plan, at, pieces.len()).into());
        }
        job.mark(at, Mark::Busy("is applied".to_owned()));
        if let Err(error) = act::apply_as(connection, &body(piece), MANAGER, false).await {
            let trouble = failed(error, piece, (at, pieces.len()));
            job.mark(at, Mark::Failed(trouble.why.clone()));
            return Err(Fault::after(at > 0, trouble));
        }
        let said = match plan.steps.get(at).map(|step| &step.doing) {
            Some(Doing::Keep) => "unchanged",
            Some(Doing::Create) => "created",
            _ => "applied",
        };
        job.mark(at, Mark::Done(said.to_owned()));
        if definition {
            defined.push((at, target(piece)));
        }
    }
    running(connection, plan, pieces, job).await.map_err(|trouble| Fault::after(true, trouble))
}

/// Waits until the kinds of definitions are served.
async fn served(connection: &Connection, job: &Job, definitions: &[(usize, Target)]) -> Result<(), Error> {
    let waits = definitions.iter().map(|(at, target)| async move {
        let done = act::until_live(connection, target, SERVED, |object| object.is_some_and(established)).await;
        if let Err(error) = &done {
            job.mark(*at, Mark::Failed(error.to_string()));
        }
        done
    });
    let waits: Vec<_> = waits.collect();
    // Whoever stops it now is told so at the next object.
    let Some(results) = job.unless_stopped(join_all(waits)).await else { return Ok(()) };
    results.into_iter().collect()
}

fn established(object: &Value) -> bool {
    has(object, "Established", "True")
}

fn has(object: &Value, kind: &str, status: &str) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|c| c["type"] == kind && c["status"] == status)
}

/// Waits until every controller runs.
async fn running(connection: &Connection, plan: &Installation, pieces: &[&Piece], job: &Job) -> Result<String, Trouble> {
    let controllers = pieces.iter().enumerate().filter(|(_, piece)| piece.kind == "Deployment");
    let waits = controllers.map(|(at, piece)| async move {
        job.mark(at, Mark::Busy("waits for its Pods".to_owned()));
        let over = |object: Option<&Value>| object.is_none_or(|o| rolled_out(o) || has(o, "Progressing", "False"));
        let waited = act::until_live(connection, &target(piece), RUNNING, over).await;
        let object = act::live(connection, &target(piece)).await.ok().flatten();
        if waited.is_ok() && object.as_ref().is_some_and(rolled_out) {
            job.mark(at, Mark::Done("runs".to_owned()));
            return None;
        }
        job.mark(at, Mark::Failed("does not run".to_owned()));
        Some(*piece)
    });
    let waits: Vec<_> = waits.collect();
    let Some(results) = job.unless_stopped(join_all(waits)).await else { return Err(stopped(plan, pieces.len(), pieces.len())) };
    let failing: Vec<&Piece> = results.into_iter().flatten().collect();
    let Some(first) = failing.first() else {
        let names = plan.components.iter().map(|c| c.name).collect::<Vec<_>>().join(", ");
        return Ok(format!("Flux {} runs in {}: {names}.", plan.version(), plan.context));
    };
    let names = failing.iter().map(|piece| piece.name.as_str()).collect::<Vec<_>>().join(", ");
    Err(Trouble::timed_out("Flux is installed, but not every controller runs", &plan.context)
        .why(format!("{names} is not available after {} minutes", RUNNING.as_secs() / 60))
        .next(format!("quarterdeck why deployment/{} -n {} says why.", first.name, first.namespace)))
}

fn stopped(plan: &Installation, done: usize, all: usize) -> Trouble {
    Trouble::failed("The installation of Flux was stopped", &plan.context)
        .why(format!("{done} of {all} objects are applied"))
        .next("Give it again to finish it: what is so already stays so.")
}

/// Says what failed, and how far it had come.
fn failed(error: Error, piece: &Piece, (done, all): (usize, usize)) -> Trouble {
    let trouble = Trouble::from(error);
    let why = if trouble.why.is_empty() { trouble.what.clone() } else { trouble.why.clone() };
    Trouble {
        what: "Flux is not installed completely".to_owned(),
        object: piece.to_string(),
        why: format!("{why}; {done} of {all} objects are applied and stay"),
        next: format!("{} Then give it again: it goes on where it stopped.", trouble.next),
        ..trouble
    }
}
