//! `delete`: what goes along is looked up first, said in the question, and only then anything is deleted.

use clap::{Args, ValueEnum};
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::orders::{Delete as DeleteOrder, Order, Propagation};
use domain::query::{Answer, Query};

use super::targets::{HOME, any_kind, some};
use super::{Format, flux};
use crate::launch::Deck;

/// Deletes objects.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The question says what goes along: what a Kustomization's pruning removes, the release that a HelmRelease \
    uninstalls, finalizers that are waited for. Where something goes along, or in production, its name has to be typed.\n\n\
    Examples:\n  \
    quarterdeck delete hr/podinfo -n apps\n  \
    quarterdeck delete po/shop-web-7477d48-x2x8z -n shop --yes\n\n\
    JSON: object, said for each."
)]
pub(crate) struct Delete {
    /// Objects of any kind as KIND/NAME, or a kind and names.
    #[arg(required = true, value_name = "KIND/NAME")]
    objects: Vec<String>,
    /// Their namespace; flux-system when absent, or where the only one of a name is.
    #[arg(short, long)]
    namespace: Option<String>,
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
    deck.may_in(delete.objects.join(" "), &context)?;
    let keys = some(deck, &delete.objects, delete.namespace.as_deref(), any_kind).await?;
    let elsewhere = |key: &&ObjectKey| ![HOME, ""].contains(&&*key.namespace);
    if let Some(key) = keys.iter().find(elsewhere).filter(|_| delete.yes && delete.namespace.is_none()) {
        return Err(Trouble::usage("Nothing is deleted by --yes in a namespace that nobody named", key)
            .why(format!("there is none in {HOME}"))
            .next(format!("Add -n {}.", key.namespace)));
    }
    // Who takes content from it, and whose production it is, is known once the lists are complete.
    drop(deck.listed(&context, &["Kustomization", "HelmRelease"]).await);
    let Answer::Deletion(found) = deck.ask(Query::Deletion(keys)).await? else { return Ok(()) };
    let propagation = Propagation::from(delete.cascade);
    let orders: Vec<Order> = found.into_iter().map(|found| DeleteOrder { propagation, ..found }.into()).collect();
    flux::each(deck, format, orders, delete.yes).await
}
