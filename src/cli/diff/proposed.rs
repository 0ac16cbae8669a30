//! `diff PROJECT ENVIRONMENT FIELDS`: what a deployment with these fields would change. Nothing is committed.

use clap::Args;
use domain::Trouble;
use domain::change::{Draft, Preview};
use domain::project::Environment;
use domain::query::{Answer, Query};

use crate::cli::fields::{self, Fields};
use crate::cli::{Format, deploy, output};
use crate::launch::Deck;

/// Which side of the change is shown.
#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
pub(crate) struct Side {
    /// With PROJECT ENVIRONMENT and fields: the files as Git reads them; so also when no side is named.
    #[arg(long)]
    git: bool,
    /// With PROJECT ENVIRONMENT and fields: the objects that kustomize build makes, before and after.
    #[arg(long)]
    rendered: bool,
    /// With PROJECT ENVIRONMENT and fields: what the cluster would make of each object, by server-side dry run.
    #[arg(long)]
    live: bool,
}

impl Side {
    /// Tells whether a side was named.
    pub(super) const fn named(self) -> bool {
        self.git || self.rendered || self.live
    }
}

/// Prints what a deployment would change.
pub(super) async fn run(
    deck: &Deck,
    format: Format,
    environment: Environment,
    fields: &Fields,
    side: Side,
) -> Result<(), Trouble> {
    let draft = Draft {
        workload: deploy::workload(deck, &environment, fields).await?,
        edits: fields::edits(fields, "diff")?,
        ..Draft::new(environment.id)
    };
    let Answer::Preview(preview) = deck.ask(Query::Preview(draft.clone())).await? else {
        return Err(Trouble::failed("The engine gave another answer than was asked for", "preview"));
    };
    if let Some(ask) = preview.asks.first() {
        return Err(manifest::Error::Choose(Box::new(ask.clone())).into());
    }
    let trial = if side.live { Some(deploy::trial(deck, draft).await?) } else { None };
    if !matches!(format, Format::Table | Format::Wide) {
        return deploy::print(format, &preview, false, (&[], trial.as_deref()));
    }
    if preview.is_empty() {
        output::note("Git already reads so; nothing would change.");
        return Ok(());
    }
    match &trial {
        Some(trial) => deploy::tried(trial),
        None if side.rendered => rendered(&preview),
        None => output::changed(&preview.files),
    }
    Ok(())
}

/// Prints the rendered objects that change.
fn rendered(preview: &Preview) {
    for change in &preview.rendered {
        let text = |side: &Option<String>| side.clone().unwrap_or_default();
        output::diff(&manifest::unified(&change.object, &text(&change.before), &text(&change.after)));
    }
    if preview.rendered.is_empty() {
        output::note("What is rendered does not change.");
    }
}
