//! `delete`: what goes along is looked up first, said in the question, and only then anything is deleted.

use clap::{Args, ValueEnum};
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::orders::{Delete as DeleteOrder, Order, Propagation};
use domain::query::{Answer, Query};

use super::targets::{any_kind, named};
use super::{Format, flux};
use crate::launch::Deck;

/// Deletes objects.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The question says what goes along: what a Kustomization's pruning removes, the release that a HelmRelease \
    uninstalls, finalizers that are waited for. Where something goes along, or in production, its name has to be typed.\n\n\
    JSON: object, said for each."
)]
pub(crate) struct Delete {
    /// Objects of any kind as KIND/NAME, or a kind and names.
    #[arg(required = true, value_name = "KIND/NAME")]
    objects: Vec<String>,
    /// Their namespace.
    #[arg(short, long, default_value = "flux-system")]
    namespace: String,
    /// What becomes of the objects that they own.
    #[arg(long, value_enum, default_value_t = Cascade::Background)]
    cascade: Cascade,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

/// What becomes of what an object owns.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Cascade {
    /// It goes afterwards.
    Background,
    /// It goes first.
    Foreground,
    /// It stays.
    Orphan,
}

impl From<Cascade> for Propagation {
    fn from(cascade: Cascade) -> Self {
        match cascade {
            Cascade::Background => Self::Background,
            Cascade::Foreground => Self::Foreground,
            Cascade::Orphan => Self::Orphan,
        }
    }
}

/// Deletes objects, after the question that says what goes along.
pub(crate) async fn run(deck: &Deck, format: Format, delete: Delete) -> Result<(), Trouble> {
    let context = deck.context()?;
    let words = named(&delete.objects, any_kind)?;
    deck.may(delete.objects.join(" "))?;
    // Who takes content from it, and whose production it is, is known once the lists are complete.
    drop(deck.listed(&context, &["Kustomization", "HelmRelease"]).await);
    let keys = words.iter().map(|(kind, name)| ObjectKey::new(&context, kind, &delete.namespace, name)).collect();
    let Answer::Deletion(found) = deck.ask(Query::Deletion(keys)).await? else { return Ok(()) };
    let propagation = Propagation::from(delete.cascade);
    let orders: Vec<Order> = found.into_iter().map(|found| DeleteOrder { propagation, ..found }.into()).collect();
    flux::each(deck, format, orders, delete.yes).await
}
