//! `reconcile`, `suspend`, `resume`, `force`, `reset`, `sync`: orders to Flux; `restart`: one to a workload that it runs.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use domain::flux::{FluxObject, Kind};
use domain::orders::{
    Force, ManualSync, Many, Order, Outcome, Part, Reconcile as ReconcileOrder, Reset, Restart as RestartOrder, Resume, Suspend,
};
use domain::revision::CommitId;
use domain::{Trouble, TroubleKind};

use super::targets::{One, Targets, running_kind};
use super::{Format, ask, deployments, output, shells};
use crate::launch::Deck;

/// Replaces the Pods of a workload.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Its template is marked as kubectl rollout restart does; Flux leaves that mark alone.\n\nExamples:\n  \
    quarterdeck restart deploy/web -n shop --yes\n\nJSON: object, said."
)]
pub(crate) struct Restart {
    /// The workload: a Deployment, StatefulSet or DaemonSet.
    #[command(flatten)]
    which: One,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

/// Asks Flux to reconcile.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck reconcile ks/shop --with-source\n  \
    quarterdeck reconcile hr podinfo -n apps\n  \
    quarterdeck reconcile --all -n apps --yes\n\n\
    JSON: object, said for each; those that did not follow are told on the error stream.")]
pub(crate) struct Reconcile {
    #[command(flatten)]
    targets: Targets,
    /// Reconciles the source first (and the HelmChart of a HelmRelease).
    #[arg(long)]
    with_source: bool,
}

/// Lets a manually synced environment apply its commit.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Resumes the environment's Kustomization, waits until exactly the wanted commit is applied, and suspends it again.\n\n\
    Examples:\n  \
    quarterdeck sync shop production\n  \
    quarterdeck sync shop production --yes --wait 10m\n  \
    quarterdeck sync shop production --commit 1fb59730d1f0e7a3f2c5b8a9d6e4c3b2a1908f7e --yes\n\n\
    JSON: object, said; with --wait and a deployment that waited, that deployment (see history)."
)]
pub(crate) struct Sync {
    /// The project.
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    project: String,
    /// The environment.
    #[arg(add = ArgValueCompleter::new(shells::environments))]
    environment: String,
    /// The commit that is meant to go out; the branch's head when absent.
    #[arg(long)]
    commit: Option<String>,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
    /// Follows the deployment that waited for it for at most so long.
    #[arg(long, value_name = "DURATION")]
    wait: Option<String>,
}

/// Finds a Flux kind by what a person types.
pub(crate) fn kind(word: &str) -> Result<&'static Kind, Trouble> {
    Kind::by_word(word).ok_or_else(|| {
        let words: Vec<&str> = domain::flux::KINDS.iter().map(|k| k.aliases.first().copied().unwrap_or(k.plural)).collect();
        Trouble::usage("That is no Flux kind", format!("\u{201c}{word}\u{201d}"))
            .next(format!("Choose one of {}.", words.join(", ")))
    })
}

/// Gives one order for each object, after one question, and tells what came of each.
pub(super) async fn each(deck: &Deck, format: Format, orders: Vec<Order>, yes: bool) -> Result<(), Trouble> {
    let several = orders.len() > 1;
    let Some(order) = Many::of(orders) else {
        output::note("Nothing matches; nothing was done.");
        return Ok(());
    };
    let name = order.terms().object();
    let outcome = ask::give(deck, order, yes).await?;
    told(format, (several, name), outcome)
}

/// Prints what came of one order, or of each of several; what failed goes to the error stream and into the status.
pub(super) fn told(format: Format, (several, name): (bool, String), outcome: Outcome) -> Result<(), Trouble> {
    let parts = if several { outcome.parts } else { vec![Part { object: name, result: Ok(outcome.said) }] };
    let people = matches!(format, Format::Table | Format::Wide | Format::Name);
    let (mut done, mut faults) = (Vec::new(), Vec::new());
    for part in parts {
        match part.result {
            Ok(said) => {
                let one = output::Done::new(part.object, said);
                if people {
                    one.show(format)?;
                }
                done.push(one);
            }
            Err(trouble) => {
                output::complain(&trouble);
                faults.push(trouble);
            }
        }
    }
    if !people {
        output::show(format, &done, &[])?;
    }
    let Some(first) = faults.first() else { return Ok(()) };
    // When all of them failed alike the status says how; else that something failed.
    let alike = done.is_empty() && faults.iter().all(|t| t.kind == first.kind);
    let kind = if alike { first.kind } else { TroubleKind::Failed };
    Err(Trouble::new(kind, "Not every object followed", format!("{} of {}", faults.len(), faults.len() + done.len())))
}

/// Asks Flux to reconcile objects.
pub(crate) async fn reconcile(deck: &Deck, format: Format, reconcile: Reconcile) -> Result<(), Trouble> {
    let with_source = reconcile.with_source;
    let can = |o: &FluxObject| o.key.flux_kind().is_some_and(|k| k.has_status) && !o.suspended();
    let keys = reconcile.targets.keys(deck, can).await?;
    let orders = keys.into_iter().map(|key| ReconcileOrder { key, with_source }.into()).collect();
    each(deck, format, orders, reconcile.targets.yes).await
}

/// Suspends objects.
pub(crate) async fn suspend(deck: &Deck, format: Format, targets: Targets) -> Result<(), Trouble> {
    let keys = targets.keys(deck, |o| suspends(o) && !o.suspended()).await?;
    each(deck, format, keys.into_iter().map(|key| Suspend { key }.into()).collect(), targets.yes).await
}

/// Resumes objects.
pub(crate) async fn resume(deck: &Deck, format: Format, targets: Targets) -> Result<(), Trouble> {
    let keys = targets.keys(deck, |o| suspends(o) && o.suspended()).await?;
    each(deck, format, keys.into_iter().map(|key| Resume { key }.into()).collect(), targets.yes).await
}

/// Has Helm release once more.
pub(crate) async fn force(deck: &Deck, format: Format, targets: Targets) -> Result<(), Trouble> {
    let keys = targets.keys(deck, releases).await?;
    each(deck, format, keys.into_iter().map(|key| Force { key }.into()).collect(), targets.yes).await
}

/// Sets failure counters to zero.
pub(crate) async fn reset(deck: &Deck, format: Format, targets: Targets) -> Result<(), Trouble> {
    let keys = targets.keys(deck, releases).await?;
    each(deck, format, keys.into_iter().map(|key| Reset { key }.into()).collect(), targets.yes).await
}

/// Replaces the Pods of a workload.
pub(crate) async fn restart(deck: &Deck, format: Format, restart: Restart) -> Result<(), Trouble> {
    let key = restart.which.key(deck, running_kind).await?;
    let outcome = ask::give(deck, RestartOrder { key: key.clone() }.into(), restart.yes).await?;
    output::Done::new(key, outcome.said).show(format)
}

fn suspends(object: &FluxObject) -> bool {
    object.key.flux_kind().is_some_and(|k| k.suspends)
}

fn releases(object: &FluxObject) -> bool {
    &*object.key.kind == domain::orders::release::KIND && !object.suspended()
}

/// Lets a manually synced environment apply its commit.
pub(crate) async fn sync(deck: &Deck, format: Format, sync: Sync) -> Result<(), Trouble> {
    let environment = deck.environment(&sync.project, &sync.environment)?;
    let wait = sync.wait.as_deref().map(deployments::duration).transpose()?;
    let commit = match &sync.commit {
        Some(text) => Some(CommitId::parse(text).ok_or_else(|| {
            Trouble::usage("That is no commit", format!("\u{201c}{text}\u{201d}")).next("Write all 40 digits.")
        })?),
        None => None,
    };
    let waiting = deck.world().deployments.open().filter(|d| d.environment == environment.id).last().map(|d| d.id.clone());
    let name = environment.id.clone();
    let outcome = ask::give(deck, ManualSync { environment: environment.id, commit }.into(), sync.yes).await?;
    match (waiting, wait) {
        (Some(id), Some(limit)) => {
            output::note(&outcome.said);
            deployments::watch(deck, format, &id, deployments::Patience { limit, waits: true }).await
        }
        _ => output::Done::new(name, outcome.said).show(format),
    }
}
