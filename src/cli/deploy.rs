//! `deploy`: fields of an environment's workload become a commit, and the commit is followed.

use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::Args;
use domain::Trouble;
use domain::change::{Draft, Preview};
use domain::edit::{Bound, Edit, Field, Resource, WorkloadRef};
use domain::image::Image;
use domain::orders::{Deploy as Order, Question};
use domain::project::Environment;
use domain::quantity::Quantity;
use domain::query::{Answer, Query};

use super::{Format, ask, deployments, environment, output};
use crate::launch::Deck;

/// Changes fields, commits, pushes and follows.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck deploy shop development --image ghcr.io/acme/shop:1.9.0 --replicas 3 --dry-run\n  \
    quarterdeck deploy shop development --tag 1.9.0 --yes --wait 5m\n  \
    quarterdeck deploy shop production --env LOG_LEVEL=debug --env OLD_FLAG- --cpu 100m:500m --memory :256Mi -m \"Louder logs\"\n\n\
    A script that reviews first passes the digest of --dry-run back with --reviewed: what is committed is then what was reviewed, or nothing.\n\
    Without --wait it ends when the commit is pushed; the deployment goes on (quarterdeck follow). A deployment that \
    waits for a manual sync ends with 3.\n\n\
    JSON: the deployment (see history); with --dry-run its preview: environment, base, branch, files, rendered, \
    yaml, findings, message, author, will, digest, render_trouble.")]
pub(crate) struct Deploy {
    /// The project.
    project: String,
    /// The environment.
    environment: String,
    #[command(flatten)]
    fields: Fields,
    /// The commit message; proposed from the change when absent.
    #[arg(short, long)]
    message: Option<String>,
    /// Only says what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
    /// Follows the deployment for at most so long, for example 5m; exit status 1 when it fails, 5 when that is over.
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "15m")]
    wait: Option<String>,
    /// Goes on only when the result is exactly what was reviewed (the digest that --dry-run prints).
    #[arg(long, value_name = "DIGEST")]
    reviewed: Option<String>,
}

/// The fields that can be changed.
#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// The image: registry/path, registry/path:tag, with or without @digest.
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// The image's tag alone.
    #[arg(long, conflicts_with = "image")]
    tag: Option<String>,
    /// The number of replicas.
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    replicas: Option<String>,
    /// Sets an environment variable (NAME=VALUE) or removes it (NAME-).
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// CPU as REQUEST, REQUEST:LIMIT or :LIMIT, for example 100m:500m.
    #[arg(long, value_name = "QUANTITY", allow_negative_numbers = true)]
    cpu: Option<String>,
    /// Memory as REQUEST, REQUEST:LIMIT or :LIMIT, for example 64Mi:256Mi.
    #[arg(long, value_name = "QUANTITY", allow_negative_numbers = true)]
    memory: Option<String>,
    /// When the image is pulled: Always, IfNotPresent, Never.
    #[arg(long, value_name = "POLICY")]
    pull_policy: Option<String>,
    /// The workload meant, as Kind/name; the environment's own when absent.
    #[arg(long, value_name = "WORKLOAD")]
    workload: Option<String>,
    /// The container meant, when there are several.
    #[arg(short, long, value_name = "NAME")]
    container: Option<String>,
}

/// Turns fields into edits, each checked.
pub(crate) fn edits(fields: &Fields) -> Result<Vec<Edit>, Trouble> {
    let mut edits = Vec::new();
    if let Some(text) = &fields.image {
        let image: Image = text.parse()?;
        edits.push(Edit::set(Field::ImageName, image.name));
        if let Some(tag) = &image.tag {
            edits.push(Edit::set(Field::ImageTag, tag.as_str()));
        }
        match &image.digest {
            Some(digest) => edits.push(Edit::set(Field::ImageDigest, digest.as_str())),
            None if image.tag.is_some() => edits.push(Edit::remove(Field::ImageDigest)),
            None => {}
        }
    }
    if let Some(tag) = &fields.tag {
        edits.push(Edit::set(Field::ImageTag, tag.as_str()));
    }
    if let Some(policy) = &fields.pull_policy {
        edits.push(Edit::set(Field::PullPolicy, policy.as_str()));
    }
    if let Some(count) = &fields.replicas {
        edits.push(Edit::set(Field::Replicas, count.as_str()));
    }
    for text in &fields.env {
        edits.push(match (text.split_once('='), text.strip_suffix('-')) {
            (Some((name, value)), _) => Edit::set(Field::Env(name.to_owned()), value),
            (None, Some(name)) => Edit::remove(Field::Env(name.to_owned())),
            _ => {
                let trouble = Trouble::usage("That sets no environment variable", format!("\u{201c}{text}\u{201d}"));
                return Err(trouble.next("Write NAME=VALUE to set it, NAME- to remove it."));
            }
        });
    }
    for (resource, text) in [(Resource::Cpu, &fields.cpu), (Resource::Memory, &fields.memory)] {
        let Some(text) = text else { continue };
        let (request, limit) = text.split_once(':').unwrap_or((text, ""));
        below(resource, request, limit)?;
        for (bound, value) in [(Bound::Request, request), (Bound::Limit, limit)] {
            if !value.is_empty() {
                edits.push(Edit::set(Field::Resource(bound, resource), value));
            }
        }
    }
    for edit in &mut edits {
        if edit.field != Field::Replicas {
            edit.container.clone_from(&fields.container);
        }
        if let Some(why) = edit.fault() {
            return Err(wrong(edit, why));
        }
    }
    if edits.is_empty() {
        return Err(Trouble::usage("Nothing to change", "deploy")
            .next("Name a field: --image, --tag, --replicas, --env, --cpu, --memory."));
    }
    Ok(edits)
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

/// Refuses a request above its own limit, which no Pod could have.
fn below(resource: Resource, request: &str, limit: &str) -> Result<(), Trouble> {
    let (Ok(low), Ok(high)) = (request.parse::<Quantity>(), limit.parse::<Quantity>()) else { return Ok(()) };
    if low.millis() <= high.millis() {
        return Ok(());
    }
    Err(Trouble::usage(
        format!("The {} request is above its limit", resource.key()),
        format!("\u{201c}{request}:{limit}\u{201d}"),
    )
    .next("Write it as REQUEST:LIMIT, the smaller one first."))
}

fn wrong(edit: &Edit, why: String) -> Trouble {
    let quoted = |text: &str| format!("\u{201c}{text}\u{201d}");
    let value = quoted(edit.value.as_deref().unwrap_or_default());
    let (what, object, next) = match &edit.field {
        Field::Env(name) => (
            "That cannot name an environment variable".to_owned(),
            quoted(name),
            "Write NAME=VALUE, for example LOG_LEVEL=debug.",
        ),
        Field::Replicas => ("That cannot be the number of replicas".to_owned(), value, "Write a whole number from 0 to 10000."),
        Field::Resource(_, Resource::Cpu) => (format!("That cannot be the {}", edit.field), value, "Write it as 250m or 2."),
        Field::Resource(_, Resource::Memory) => {
            (format!("That cannot be the {}", edit.field), value, "Write it as 128Mi or 2Gi.")
        }
        Field::PullPolicy => (format!("That cannot be the {}", edit.field), value, ""),
        field => {
            (format!("That cannot be the {field}"), value, "Letters, digits, dots, hyphens and underscores, for example 1.9.0.")
        }
    };
    Trouble::usage(what, object).why(why).next(next)
}

pub(crate) async fn run(deck: &Deck, format: Format, deploy: Deploy) -> Result<(), Trouble> {
    let environment = deck.environment(&deploy.project, &deploy.environment)?;
    let wait = deploy.wait.as_deref().map(deployments::duration).transpose()?;
    let draft = Draft {
        workload: match &deploy.fields.workload {
            Some(text) => Some(environment::workload(text)?),
            None => own(deck, &environment).await?,
        },
        edits: edits(&deploy.fields)?,
        message: deploy.message,
        environment: environment.id,
    };
    if !deploy.dry_run {
        deck.may(&draft.environment)?;
    }
    let mut reviewed = deploy.reviewed;
    if deploy.dry_run || (!deploy.yes && io::stdin().is_terminal()) {
        let Answer::Preview(preview) = deck.ask(Query::Preview(draft.clone())).await? else {
            return Err(Trouble::failed("The engine gave another answer than was asked for", "preview"));
        };
        if deploy.dry_run {
            return print(format, &preview);
        }
        print(Format::Table, &preview)?;
        reviewed = reviewed.or_else(|| Some(preview.digest.clone()));
    }
    let order = Order { draft, reviewed, dry_run: false };
    let question = Question::Confirm { text: format!("Commit and push this change to {}?", order.draft.environment) };
    ask::confirm(&question, deploy.yes)?;
    let outcome = deck.give(order.into()).await?;
    output::note(&outcome.said);
    let Some(id) = outcome.deployment else {
        return Ok(());
    };
    match wait {
        Some(limit) => deployments::watch(deck, format, &id, deployments::Patience { limit, waits: false }).await,
        None => deployments::show_one(deck, format, &id).await,
    }
}

fn print(format: Format, preview: &Preview) -> Result<(), Trouble> {
    if preview.is_empty() {
        let trouble = Trouble::usage("Nothing would change", &preview.environment);
        return Err(trouble
            .why("Git already reads as asked")
            .next("Change a field, or sync the environment if it is behind Git."));
    }
    if !matches!(format, Format::Table | Format::Wide) {
        return output::show(format, preview, &[output::row(["DIGEST"]), vec![preview.digest.clone()]]);
    }
    for file in &preview.files {
        let text = manifest::diff::unified(&file.path, file.before.as_deref().unwrap_or(""), file.after.as_deref().unwrap_or(""));
        output::line(text.trim_end());
    }
    for will in &preview.will {
        output::line(&format!("# {will}"));
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

/// The longest a duration may be.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);
