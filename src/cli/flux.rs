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
                Trouble::usage("That names no object", format!("\u{201c}{text}\u{201d}"))
                    .next("Write it as KIND/NAME, for example ks/shop.")
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
        Trouble::usage("That is no Flux kind", format!("\u{201c}{word}\u{201d}"))
            .next(format!("Choose one of {}.", words.join(", ")))
    })
}

async fn each(deck: &Deck, format: Format, targets: &Targets, order: impl Fn(ObjectKey) -> Order) -> Result<(), Trouble> {
    let mut last = Ok(());
    let mut done = Vec::new();
    let people = matches!(format, Format::Table | Format::Wide | Format::Name);
    for key in keys(deck, targets)? {
        let name = key.to_string();
        match ask::give(deck, order(key), targets.yes).await {
            Ok(outcome) => {
                let one = output::Done::new(name, outcome.said);
                if people {
                    one.show(format)?;
                }
                done.push(one);
            }
            Err(trouble) if targets.objects.len() == 1 => return Err(trouble),
            Err(trouble) => {
                output::complain(&trouble);
                last = Err(Trouble::new(trouble.kind, "Not every object followed", targets.objects.join(" ")));
            }
        }
    }
    if !people {
        output::show(format, &done, &[])?;
    }
    last
}

/// Asks Flux to reconcile objects.
pub(crate) async fn reconcile(deck: &Deck, format: Format, reconcile: Reconcile) -> Result<(), Trouble> {
    let with_source = reconcile.with_source;
    each(deck, format, &reconcile.targets, |key| ReconcileOrder { key, with_source }.into()).await
}

/// Suspends objects.
pub(crate) async fn suspend(deck: &Deck, format: Format, targets: Targets) -> Result<(), Trouble> {
    each(deck, format, &targets, |key| Suspend { key }.into()).await
}

/// Resumes objects.
pub(crate) async fn resume(deck: &Deck, format: Format, targets: Targets) -> Result<(), Trouble> {
    each(deck, format, &targets, |key| Resume { key }.into()).await
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
    let waiting =
        deck.world().deployments.iter().find(|d| d.environment == environment.id && !d.status.is_over()).map(|d| d.id.clone());
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
