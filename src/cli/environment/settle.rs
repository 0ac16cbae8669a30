//! `environment settle`: where the record and the cluster's objects say different things, makes one as the other.

use clap::{Args, ValueEnum};
use domain::Trouble;
use domain::departure;
use domain::ident::EnvironmentId;
use domain::orders::{Outcome, Side};

use super::One;
use crate::cli::ask;
use crate::launch::Deck;

/// The environment to settle.
#[derive(Debug, Args)]
pub(crate) struct Settle {
    #[command(flatten)]
    one: One,
    /// Which of the two is right: the record (the cluster is changed), or the cluster (the record is).
    #[arg(long, value_enum)]
    to: Right,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

/// Which of the two is right.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Right {
    /// The record.
    Record,
    /// The cluster.
    Cluster,
}

impl From<Right> for Side {
    fn from(right: Right) -> Self {
        match right {
            Right::Record => Self::Record,
            Right::Cluster => Self::Cluster,
        }
    }
}

/// Makes record and cluster say the same.
pub(super) async fn settle(deck: &Deck, settle: Settle) -> Result<(EnvironmentId, Outcome), Trouble> {
    let environment = deck.environment(&settle.one.project, &settle.one.environment)?;
    deck.may_for(&environment.id)?;
    deck.listed(&environment.cluster, &["GitRepository", "Kustomization"]).await?;
    let world = deck.world();
    let found = departure::departures(&world, &environment).unwrap_or_default();
    let id = environment.id;
    if found.is_empty() {
        let said = format!("Record and cluster say the same of {id}; nothing was changed.");
        return Ok((id, Outcome { said, ..Outcome::default() }));
    }
    let order = domain::orders::Settle::of(&world, id.clone(), settle.to.into(), found);
    Ok((id, ask::give(deck, order.into(), settle.yes).await?))
}
