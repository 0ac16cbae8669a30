//! `reconcile`, `suspend`, `resume`, `sync`: orders to Flux.

use clap::Args;
use domain::Trouble;
use domain::flux::{Kind, ObjectKey};
use domain::orders::{ManualSync, Order, Reconcile as ReconcileOrder, Resume, Suspend};
use domain::revision::CommitId;

use super::{Format, ask, deployments, output};
use crate::launch::Deck;

/// The objects meant.
#[derive(Debug, Args)]
pub(crate) struct Targets {
    /// Objects as KIND/NAME, for example ks/shop.
    #[arg(required = true, value_name = "KIND/NAME")]
    objects: Vec<String>,
    /// Their namespace.
    #[arg(short, long, default_value = "flux-system")]
    namespace: String,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

/// Asks Flux to reconcile.
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    targets: Targets,
    /// Reconciles the source first.
    #[arg(long)]
    with_source: bool,
}

/// Lets a manually synced environment apply its commit.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The project.
    project: String,
    /// The environment.
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

fn keys(deck: &Deck, targets: &Targets) -> Result<Vec<ObjectKey>, Trouble> {
    let context = deck.context()?;
    targets
        .objects
        .iter()
        .map(|text| {
            let (word, name) = text.split_once('/').ok_or_else(|| {
                Trouble::usage("That names no object", format!("\u{201c}{text}\u{201d}")).next("Write it as KIND/NAME, for example ks/shop.")
            })?;
            let kind = kind(word)?;
            Ok(ObjectKey::new(&context, kind.name, &targets.namespace, name))
        })
        .collect()
}

/// Finds a Flux kind by what a person types.
pub(crate) fn kind(word: &str) -> Result<&'static Kind, Trouble> {
    Kind::by_word(word).ok_or_else(|| {
        let words: Vec<&str> = domain::flux::KINDS.iter().map(|k| k.aliases.first().copied().unwrap_or(k.plural)).collect();
        Trouble::usage("That is no Flux kind", format!("\u{201c}{word}\u{201d}")).next(format!("Choose one of {}.", words.join(", ")))
    })
}

async fn each(deck: &Deck, targets: &Targets, order: impl Fn(ObjectKey) -> Order) -> Result<(), Trouble> {
    let mut last = Ok(());
    for key in keys(deck, targets)? {
        match ask::give(deck, order(key), targets.yes).await {
            Ok(outcome) => output::line(&outcome.said),
            Err(trouble) if targets.objects.len() == 1 => return Err(trouble),
            Err(trouble) => {
                output::complain(&trouble);
                last = Err(Trouble::new(trouble.kind, "Not every object followed", targets.objects.join(" ")));
            }
        }
    }
    last
}

/// Asks Flux to reconcile objects.
pub(crate) async fn reconcile(deck: &Deck, reconcile: Reconcile) -> Result<(), Trouble> {
    let with_source = reconcile.with_source;
    each(deck, &reconcile.targets, |key| ReconcileOrder { key, with_source }.into()).await
}

/// Suspends objects.
pub(crate) async fn suspend(deck: &Deck, targets: Targets) -> Result<(), Trouble> {
    each(deck, &targets, |key| Suspend { key }.into()).await
}

/// Resumes objects.
pub(crate) async fn resume(deck: &Deck, targets: Targets) -> Result<(), Trouble> {
    each(deck, &targets, |key| Resume { key }.into()).await
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
    let waiting = deck.world().deployments.iter().find(|d| d.environment == environment.id && !d.status.is_over()).map(|d| d.id.clone());
    let outcome = ask::give(deck, ManualSync { environment: environment.id, commit }.into(), sync.yes).await?;
    output::line(&outcome.said);
    match (waiting, wait) {
        (Some(id), Some(limit)) => deployments::watch(deck, format, &id, deployments::Patience { limit, waits: true }).await,
        _ => Ok(()),
    }
}
