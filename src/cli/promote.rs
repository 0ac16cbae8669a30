//! `promote`: what runs in one environment goes to another, with the commits that lie between them told.

use std::io::{self, IsTerminal};

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use domain::Trouble;
use domain::orders::{Deploy as Order, Question};
use domain::promotion::{Promote as Wanted, PromotePart, Promotion};
use domain::query::{Answer, Query};

use super::{Format, ask, deploy, deployments, output, shells};
use crate::launch::Deck;

/// Deploys to one environment what runs in another.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck promote shop staging production --dry-run\n  \
    quarterdeck promote shop staging production --fields image,replicas --yes --wait 5m\n\n\
    What is taken over is read from Git at the commit that Flux has applied in the first environment: the image with its tag \
    and digest, and what --fields names besides. The commits between the two that touched the manifests are told.\n\n\
    JSON: the deployment (see history); with --dry-run the promotion (from, from_commit, to_commit, images, commits, more, \
    notes, draft) and under preview what deploy --dry-run prints.")]
pub(crate) struct Promote {
    /// The project.
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    project: String,
    /// The environment that has it.
    #[arg(add = ArgValueCompleter::new(shells::environments))]
    from: String,
    /// The environment that gets it.
    #[arg(add = ArgValueCompleter::new(shells::environments))]
    to: String,
    /// What is taken over.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', default_value = "image")]
    fields: Vec<Part>,
    #[command(flatten)]
    going: deployments::Going,
}

/// What is taken over.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    /// The image: name, tag and digest; of a HelmRelease also the chart's version.
    Image,
    /// The number of replicas.
    Replicas,
    /// Environment variables.
    Env,
    /// Requests and limits.
    Resources,
    /// Probes.
    Probes,
    /// The values of a HelmRelease.
    Values,
}

impl From<Part> for PromotePart {
    fn from(part: Part) -> Self {
        match part {
            Part::Image => Self::Image,
            Part::Replicas => Self::Replicas,
            Part::Env => Self::Env,
            Part::Resources => Self::Resources,
            Part::Probes => Self::Probes,
            Part::Values => Self::Values,
        }
    }
}

/// A promotion and what it would do, as scripts read it.
#[derive(serde::Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    promotion: &'a Promotion,
    preview: &'a domain::change::Preview,
}

pub(crate) async fn run(deck: &Deck, format: Format, promote: Promote) -> Result<(), Trouble> {
    let from = deck.environment(&promote.project, &promote.from)?;
    let to = deck.environment(&promote.project, &promote.to)?;
    let wait = promote.going.wait.as_deref().map(deployments::duration).transpose()?;
    if !promote.going.dry_run {
        deck.may_for(&to.id)?;
    }
    deck.settle(&[from.clone(), to.clone()]).await;
    let parts = promote.fields.into_iter().map(PromotePart::from).collect();
    let query = Query::Promote(Wanted { from: from.id, to: to.id.clone(), parts });
    let Answer::Promotion(promotion) = deck.ask(query).await? else { return Err(other("promotion")) };
    let mut draft = promotion.draft.clone();
    draft.message = promote.going.message.text()?.or(draft.message);
    if draft.edits.is_empty() {
        return Err(Trouble::usage("Nothing would change", &to.id)
            .why(format!("it has what runs in {} already", promotion.from))
            .next("Take more over with --fields, or sync the environment if it is behind Git."));
    }
    let asks = !promote.going.yes && io::stdin().is_terminal();
    let mut reviewed = promote.going.reviewed;
    let plain = matches!(format, Format::Table | Format::Wide);
    if plain && (promote.going.dry_run || asks) {
        told(&promotion);
    } else {
        promotion.notes.iter().for_each(|note| output::note(note));
    }
    if promote.going.dry_run || asks {
        let Answer::Preview(preview) = deck.ask(Query::Preview(draft.clone())).await? else { return Err(other("preview")) };
        if let Some(ask) = preview.asks.first() {
            return Err(manifest::Error::Choose(Box::new(ask.clone())).into());
        }
        if promote.going.dry_run && !plain {
            let told = Told { promotion: &promotion, preview: &preview };
            return output::show(format, &told, &[output::row(["DIGEST"]), vec![preview.digest.clone()]]);
        }
        deploy::print(Format::Table, &preview, false, (&[], None))?;
        if promote.going.dry_run {
            return Ok(());
        }
        reviewed = reviewed.or_else(|| Some(preview.digest.clone()));
    }
    let question = Question::Confirm { text: format!("Promote what runs in {} to {}?", promotion.from, to.id) };
    ask::confirm(&question, promote.going.yes)?;
    let outcome = deck.give(Order { draft, reviewed, dry_run: false }.into()).await?;
    deploy::landed(deck, format, outcome, wait).await
}

fn other(what: &str) -> Trouble {
    Trouble::failed("The engine gave another answer than was asked for", what)
}

/// Prints what runs there and the commits in between.
fn told(promotion: &Promotion) {
    let short = |commit: &domain::revision::CommitId| commit.short().to_owned();
    let since = promotion.to_commit.as_ref().map_or_else(|| "nothing".to_owned(), short);
    for (container, image) in &promotion.images {
        output::line(&format!("# {container} runs {image} in {} ({})", promotion.from, promotion.from_commit.short()));
    }
    let more = if promotion.more { " and more" } else { "" };
    output::line(&match promotion.commits.len() {
        0 => format!("# {} is as new as {since}: there are no commits in between", promotion.from),
        count => format!("# {count}{more} commits since {since}:"),
    });
    for commit in &promotion.commits {
        output::line(&format!("#   {} {}: {}", commit.id.short(), commit.author, commit.subject));
    }
    promotion.notes.iter().for_each(|note| output::line(&format!("# {note}")));
}
