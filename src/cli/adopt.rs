//! `adopt`: what Flux already runs becomes projects and environments; what cannot is named with the reason.

use clap::Args;
use domain::Trouble;
use domain::adopt::{Found, Survey, survey};
use domain::ident::{EnvironmentId, Slug};
use domain::orders::{Adopt as AdoptOrder, Many};
use domain::project::{Credential, EnvironmentType};

use super::{Format, ask, output};
use crate::launch::Deck;

/// Adopts what is found.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Every Kustomization of a GitRepository that is no environment yet is proposed as one; repositories become \
    projects. What is guessed is said; --as names it otherwise. Nothing in the cluster changes.\n\nExamples:\n  \
    quarterdeck adopt --dry-run\n  quarterdeck adopt shop --yes\n  \
    quarterdeck adopt --as apps/web=shop/eu-1:staging --credential bot@env:TOKEN\n\n\
    JSON with --dry-run: proposals (project, known, environments (object, source, environment, guesses (field, from)), remarks), \
    left (object, why). JSON else: object, said for each project."
)]
pub(crate) struct Adopt {
    /// Only these: a project, PROJECT/ENVIRONMENT, or a Kustomization's name; all when absent.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Names what a Kustomization becomes: `[NAMESPACE/]NAME=PROJECT/ENVIRONMENT[:TYPE]`.
    #[arg(long = "as", value_name = "OBJECT=PROJECT/ENVIRONMENT[:TYPE]")]
    renames: Vec<String>,
    /// Where the token of new projects' repositories is: none, env:NAME or file:PATH, with USER@ in front.
    #[arg(long)]
    credential: Option<String>,
    /// Only shows what would be adopted.
    #[arg(long)]
    dry_run: bool,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(deck: &Deck, format: Format, adopt: Adopt) -> Result<(), Trouble> {
    let context = deck.context()?;
    deck.listed(&context, &["GitRepository", "Kustomization"]).await?;
    // Without these it is not known whose values a HelmRelease has; that hinders nothing.
    drop(deck.listed(&context, &["HelmRelease"]).await);
    let mut found = survey(&deck.world(), Some(&context));
    for text in &adopt.renames {
        rename(deck, &mut found, text)?;
    }
    narrow(&mut found, &adopt.names)?;
    if let Some(credential) = &adopt.credential {
        let credential = Credential::parse(credential)?;
        for proposal in found.proposals.iter_mut().filter(|proposal| !proposal.known) {
            proposal.project.repository.credential = credential.clone();
        }
    }
    if adopt.dry_run {
        return show(format, &found);
    }
    let Some(order) = Many::of(found.proposals.iter().map(AdoptOrder::of)) else {
        tell_left(&found);
        return Err(Trouble::not_found("There is nothing to adopt", &context)
            .why("every pair of a GitRepository and a Kustomization is an environment already, or cannot become one")
            .next("Add projects and environments by hand."));
    };
    if !adopt.yes {
        propose(&found);
    }
    let (several, name) = (found.proposals.len() > 1, order.terms().object());
    let outcome = ask::give(deck, order, adopt.yes).await?;
    super::flux::told(format, (several, name), outcome)
}

/// Makes of an object what was said that it becomes.
fn rename(deck: &Deck, survey: &mut Survey, text: &str) -> Result<(), Trouble> {
    let wrong = || {
        Trouble::usage("That names nothing to adopt", format!("\u{201c}{text}\u{201d}"))
            .next("Write [NAMESPACE/]NAME=PROJECT/ENVIRONMENT, with :TYPE behind it where that is to be another.")
    };
    let (object, target) = text.split_once('=').ok_or_else(wrong)?;
    let (target, kind) = match target.split_once(':') {
        Some((target, kind)) => (target, Some(kind.parse::<EnvironmentType>()?)),
        None => (target, None),
    };
    let id: EnvironmentId = target.parse()?;
    let at = survey
        .proposals
        .iter()
        .enumerate()
        .find_map(|(at, proposal)| proposal.environments.iter().position(|found| is(found, object)).map(|place| (at, place)));
    let Some((at, place)) = at else { return Err(wrong().why("it is not among what was found")) };
    survey.rename(&deck.world(), (at, place), &id, kind)
}

/// Tells whether a word names the object of a proposal.
fn is(found: &Found, word: &str) -> bool {
    let key = &found.object;
    match word.split_once('/') {
        Some((namespace, name)) => *key.namespace == *namespace && *key.name == *name,
        None => *key.name == *word,
    }
}

/// Leaves only what was named.
fn narrow(survey: &mut Survey, names: &[String]) -> Result<(), Trouble> {
    if names.is_empty() {
        return Ok(());
    }
    let means = |name: &str, found: &Found| {
        let id = &found.environment.id;
        Slug::new(name).is_ok_and(|slug| slug == id.project) || id.to_string() == name || is(found, name)
    };
    if let Some(name) = names.iter().find(|name| !survey.environments().any(|found| means(name, found))) {
        let left = survey.left.iter().find(|left| *left.object.name == **name);
        let trouble = Trouble::not_found("That is not among what can be adopted", name);
        return Err(match left {
            Some(left) => trouble.why(left.why.words()),
            None => trouble.next("See all with: quarterdeck adopt --dry-run"),
        });
    }
    for proposal in &mut survey.proposals {
        proposal.environments.retain(|found| names.iter().any(|name| means(name, found)));
    }
    survey.proposals.retain(|proposal| !proposal.environments.is_empty());
    Ok(())
}

fn rows(survey: &Survey) -> Vec<Vec<String>> {
    let header = ["ENVIRONMENT", "TYPE", "CLUSTER", "NAMESPACE", "BRANCH", "PATH", "SYNC", "KUSTOMIZATION", "GUESSED"];
    let mut rows = vec![output::row(header)];
    rows.extend(survey.environments().map(|found| {
        let (e, g) = (&found.environment, &found.environment.gitops);
        let guesses: Vec<String> = found.guesses.iter().map(domain::adopt::Guess::words).collect();
        vec![
            e.id.to_string(),
            e.kind.to_string(),
            e.cluster.to_string(),
            e.namespace.clone(),
            g.branch.clone(),
            g.path.clone(),
            format!("{} {}", if g.auto_sync { "auto" } else { "manual" }, g.interval),
            g.kustomization.to_string(),
            if guesses.is_empty() { "-".to_owned() } else { guesses.join("; ") },
        ]
    }));
    rows
}

fn show(format: Format, survey: &Survey) -> Result<(), Trouble> {
    output::show(format, survey, &rows(survey))?;
    if matches!(format, Format::Table | Format::Wide) {
        if survey.proposals.is_empty() {
            output::note(
                "Nothing to adopt: Flux runs no pair of a GitRepository and a Kustomization there that is none yet and can be one.",
            );
        }
        tell_remarks(survey);
        tell_left(survey);
    }
    Ok(())
}

/// Shows what will be asked for, on the stream where it is asked.
fn propose(survey: &Survey) {
    for row in rows(survey) {
        output::note(&row.join("   "));
    }
    tell_remarks(survey);
    tell_left(survey);
}

fn tell_remarks(survey: &Survey) {
    for proposal in &survey.proposals {
        for remark in &proposal.remarks {
            output::note(&format!("{}: {}", proposal.project.slug, remark.words()));
        }
    }
}

fn tell_left(survey: &Survey) {
    for left in &survey.left {
        output::note(&format!("Left: {}: {}.", left.object, left.why.words().trim_end_matches('.')));
    }
}
