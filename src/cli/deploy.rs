//! `deploy`: fields of an environment's workload become a commit, and the commit is followed.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use domain::Trouble;
use domain::change::{Draft, Manual, ObjectChange, Preview};
use domain::drift::Verdict;
use domain::edit::WorkloadRef;
use domain::orders::{Deploy as Order, Outcome, Terms};
use domain::project::Environment;
use domain::query::{Answer, Query};
use domain::trial::Trial;
use serde::Serialize;

use super::fields::{self, Fields};
use super::{Format, ask, deployments, environment, output, shells};
use crate::launch::Deck;

/// Changes fields, commits, pushes and follows.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck deploy shop development --image ghcr.io/acme/shop:1.9.0 --replicas 3 --dry-run\n  \
    quarterdeck deploy shop development --tag 1.9.0 --yes --wait 5m\n  \
    quarterdeck deploy shop sandbox --manual --from feature/login --yes --wait\n  \
    quarterdeck deploy shop production --env LOG_LEVEL=debug --env OLD_FLAG- --cpu 100m:500m --memory :256Mi -m \"Louder logs\"\n\n\
    A script that reviews first passes the digest of --dry-run back with --reviewed: what is committed is then what was reviewed, or nothing.\n\
    Without --wait it ends when the commit is pushed; the deployment goes on (quarterdeck follow). A deployment that \
    waits for approval or for a manual sync ends with 3.\n\
    Where the environment asks for approval, the commit goes to a branch of its own, and the link to open a merge request is printed, \
    when the Git host says it; the deployment goes on when the content of that commit is on the environment's branch.\n\n\
    JSON: the deployment (see history); with --dry-run its preview: environment, base, branch, files, rendered, \
    yaml, findings, message, author, will, digest, render_trouble; with --live also live: base, digest, manager, \
    objects (verdict, why, fields, …), beyond, notes.")]
pub(crate) struct Deploy {
    /// The project.
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    project: String,
    /// The environment.
    #[arg(add = ArgValueCompleter::new(shells::environments))]
    environment: String,
    #[command(flatten)]
    fields: Fields,
    /// Applies it to the cluster by hand, without Git: refused where Flux would undo it. Needs no field.
    #[arg(long)]
    manual: bool,
    /// With --manual: the branch or commit that the manifests are taken from; the environment's branch when absent.
    #[arg(long, value_name = "REVISION", requires = "manual")]
    from: Option<String>,
    /// With --dry-run: asks the cluster what it would make of each object that changes, as Flux would apply it.
    #[arg(long, requires = "dry_run")]
    live: bool,
    #[command(flatten)]
    going: deployments::Going,
}

/// Returns the environment's own workload, which is the only one where it names none; among several it must be chosen.
async fn own(deck: &Deck, environment: &Environment) -> Result<Option<WorkloadRef>, Trouble> {
    if environment.workload.is_some() {
        return Ok(environment.workload.clone());
    }
    let Answer::Form(facts) = deck.ask(Query::Form(environment.id.clone())).await? else {
        return Err(Trouble::failed("The engine gave another answer than was asked for", "form"));
    };
    if facts.workloads.len() < 2 {
        return Ok(None);
    }
    let names: Vec<String> = facts.workloads.iter().map(ToString::to_string).collect();
    let (project, name) = (&environment.id.project, &environment.id.name);
    Err(Trouble::usage("There are several workloads", &environment.id).why(names.join(", ")).next(format!(
        "Choose one with --workload; for good with: quarterdeck environment edit {project} {name} --workload {}",
        names[0]
    )))
}

pub(crate) async fn run(deck: &Deck, format: Format, deploy: Deploy) -> Result<(), Trouble> {
    let environment = deck.environment(&deploy.project, &deploy.environment)?;
    let wait = deploy.going.wait.as_deref().map(deployments::duration).transpose()?;
    let draft = Draft {
        workload: workload(deck, &environment, &deploy.fields).await?,
        edits: if deploy.manual { fields::maybe(&deploy.fields)? } else { fields::edits(&deploy.fields, "deploy")? },
        message: deploy.going.message.text()?,
        manual: deploy.manual.then(|| Manual { from: deploy.from.unwrap_or_default() }),
        ..Draft::new(environment.id)
    };
    if !deploy.going.dry_run {
        deck.may_for(&draft.environment)?;
    }
    let mut reviewed = deploy.going.reviewed;
    if deploy.going.dry_run || (!deploy.going.yes && io::stdin().is_terminal()) {
        let Answer::Preview(preview) = deck.ask(Query::Preview(draft.clone())).await? else {
            return Err(Trouble::failed("The engine gave another answer than was asked for", "preview"));
        };
        let by_hand = draft.manual.is_some();
        if let Some(ask) = preview.asks.first() {
            return Err(manifest::Error::Choose(Box::new(ask.clone())).into());
        }
        if deploy.going.dry_run {
            if by_hand {
                // The server tries all of it, and Flux is asked whether it would leave it alone.
                deck.give(Order { draft: draft.clone(), reviewed, dry_run: true }.into()).await?;
            }
            let trial = if deploy.live { Some(trial(deck, draft).await?) } else { None };
            return print(format, &preview, by_hand, (&[], trial.as_deref()));
        }
        print(Format::Table, &preview, by_hand, (&[], None))?;
        reviewed = reviewed.or_else(|| Some(preview.digest.clone()));
    }
    let order = Order { draft, reviewed, dry_run: false };
    let question = order.question();
    ask::confirm(&question, deploy.going.yes)?;
    let outcome = deck.give(order.into()).await?;
    landed(deck, format, outcome, wait).await
}

/// Returns the workload that is meant: the one that was named, else the environment's own.
pub(super) async fn workload(deck: &Deck, environment: &Environment, fields: &Fields) -> Result<Option<WorkloadRef>, Trouble> {
    match &fields.workload {
        Some(text) => environment::workload(text).map(Some),
        None => own(deck, environment).await,
    }
}

/// Asks the cluster what it would make of a draft.
pub(super) async fn trial(deck: &Deck, draft: Draft) -> Result<Arc<Trial>, Trouble> {
    match deck.ask(Query::Trial(draft)).await? {
        Answer::Trial(trial) => Ok(trial),
        _ => Err(Trouble::failed("The engine gave another answer than was asked for", "trial")),
    }
}

/// Says what became of the commit, and follows the deployment that began with it when that is asked for.
pub(super) async fn landed(deck: &Deck, format: Format, outcome: Outcome, wait: Option<Duration>) -> Result<(), Trouble> {
    output::note(&outcome.said);
    let Some(id) = outcome.deployment else {
        return Ok(());
    };
    match wait {
        Some(limit) => deployments::watch(deck, format, &id, deployments::Patience { limit, waits: false }).await,
        None => deployments::show_one(deck, format, &id).await,
    }
}

/// Prints what a change would do, what these objects would become, and what the cluster said to it; what is applied by hand may
/// change nothing in Git.
pub(super) fn print(
    format: Format,
    preview: &Preview,
    by_hand: bool,
    (rendered, trial): (&[ObjectChange], Option<&Trial>),
) -> Result<(), Trouble> {
    if preview.is_empty() && !by_hand {
        let trouble = Trouble::usage("Nothing would change", &preview.environment);
        return Err(trouble
            .why("Git already reads as asked")
            .next("Change a field, or sync the environment if it is behind Git."));
    }
    if !matches!(format, Format::Table | Format::Wide) {
        let rows = [output::row(["DIGEST"]), vec![preview.digest.clone()]];
        return match trial {
            Some(trial) => output::show(format, &Tried { preview, live: trial }, &rows),
            None => output::show(format, preview, &rows),
        };
    }
    output::changed(&preview.files);
    for will in &preview.will {
        output::line(&format!("# {will}"));
    }
    for change in rendered {
        let text = |side: &Option<String>| side.clone().unwrap_or_default();
        output::diff(&manifest::unified(&change.object, &text(&change.before), &text(&change.after)));
    }
    if let Some(trial) = trial {
        tried(trial);
    }
    for finding in &preview.findings {
        output::line(&format!("# {:?}: {}", finding.severity, finding.message));
    }
    for line in preview.message.lines() {
        output::line(&format!("#   {line}"));
    }
    output::line(&format!("# digest {}", preview.digest));
    Ok(())
}

/// Holds a preview with what the cluster said to it.
#[derive(Serialize)]
struct Tried<'a> {
    #[serde(flatten)]
    preview: &'a Preview,
    live: &'a Trial,
}

/// Prints what the cluster would make of a change, object by object.
pub(super) fn tried(trial: &Trial) {
    for object in &trial.objects {
        let why = if object.why.is_empty() { String::new() } else { format!(": {}", object.why) };
        let would = match object.verdict {
            Verdict::Missing => "created",
            Verdict::Changed => "changed",
            Verdict::Extra => "deleted",
            Verdict::Orphaned => "left behind",
            Verdict::Unknown => "refused or unknown",
            Verdict::Skipped => "left out",
            Verdict::Agrees => "already so",
        };
        output::line(&format!("# live: {} {would}{why}", object.title()));
        for field in &object.fields {
            output::line(&format!("#   {field}"));
        }
    }
    for note in &trial.notes {
        output::line(&format!("# live: {note}"));
    }
    if trial.beyond > 0 {
        output::line(&format!("# live: {} more objects change and were not tried", trial.beyond));
    }
}

/// The longest a duration may be.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);
