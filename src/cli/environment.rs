//! `environment`: where projects run.

use clap::{Args, Subcommand};
use domain::Trouble;
use domain::edit::WorkloadRef;
use domain::ident::{ContextName, EnvironmentId, ObjectName, Slug};
use domain::orders::{RemoveEnvironment, SaveEnvironment};
use domain::project::{ApprovalRule, Environment, EnvironmentType};
use serde::Serialize;

use super::{Format, ask, output};
use crate::launch::Deck;

/// What to do with environments.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Adds an environment with the defaults of its type.
    Add(Add),
    /// Edits an environment; what is not named stays.
    Edit(Edit),
    /// Shows an environment: the record, what Git says, what runs.
    Show(One),
    /// Lists environments.
    #[command(visible_alias = "ls")]
    List(List),
    /// Removes an environment from the store.
    #[command(visible_alias = "remove")]
    Rm(Rm),
}

/// The environment meant.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The project.
    project: String,
    /// The environment.
    environment: String,
}

/// The project meant.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those of this project.
    project: Option<String>,
}

/// A new environment.
#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    one: One,
    /// development, testing, staging or production; the environment's name when that is one of them.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    #[command(flatten)]
    fields: Fields,
    /// Leaves the cluster alone instead of creating the GitRepository and the Kustomization that are missing.
    #[arg(long)]
    no_create: bool,
}

/// Changed fields.
#[derive(Debug, Args)]
pub(crate) struct Edit {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    fields: Fields,
    /// Creates the GitRepository and the Kustomization that are missing.
    #[arg(long)]
    create: bool,
}

#[derive(Debug, Args)]
struct Fields {
    /// The kubeconfig context of its cluster.
    #[arg(long, value_name = "CONTEXT")]
    cluster: Option<String>,
    /// The namespace that its workloads run in.
    #[arg(long)]
    namespace: Option<String>,
    /// The branch that Flux follows.
    #[arg(long)]
    branch: Option<String>,
    /// The path in the repository.
    #[arg(long)]
    path: Option<String>,
    /// The sync interval, for example 1m.
    #[arg(long)]
    interval: Option<String>,
    /// Whether Flux applies on its own.
    #[arg(long, value_name = "on|off")]
    auto_sync: Option<String>,
    /// How many people besides the requester must approve; 0 for none.
    #[arg(long, value_name = "COUNT")]
    approvers: Option<u32>,
    /// The GitRepository object, as namespace/name.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The Kustomization object, as namespace/name.
    #[arg(long, value_name = "NAME")]
    kustomization: Option<String>,
    /// The workload that deployments change, as Kind/name.
    #[arg(long, value_name = "WORKLOAD")]
    workload: Option<String>,
    /// The cloud: aws, gcp, azure, on-premises.
    #[arg(long)]
    cloud: Option<String>,
    /// The region.
    #[arg(long)]
    region: Option<String>,
}

/// The environment to remove.
#[derive(Debug, Args)]
pub(crate) struct Rm {
    #[command(flatten)]
    one: One,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(deck: &Deck, format: Format, verb: Verb) -> Result<(), Trouble> {
    let outcome = match verb {
        Verb::Add(add) => {
            let id = id(&add.one.project, &add.one.environment)?;
            deck.project(id.project.as_str())?;
            let kind: EnvironmentType = add.kind.as_deref().unwrap_or(id.name.as_str()).parse()?;
            let mut environment = Environment::with_defaults(id, kind, deck.context()?);
            fill(deck, &mut environment, add.fields)?;
            deck.give(SaveEnvironment { environment, new: true, create_objects: !add.no_create }.into()).await?
        }
        Verb::Edit(edit) => {
            let mut environment = deck.environment(&edit.one.project, &edit.one.environment)?;
            fill(deck, &mut environment, edit.fields)?;
            deck.give(SaveEnvironment { environment, new: false, create_objects: edit.create }.into()).await?
        }
        Verb::Show(one) => {
            let environment = deck.environment(&one.project, &one.environment)?;
            deck.settle(std::slice::from_ref(&environment)).await;
            return print(deck, format, vec![environment]);
        }
        Verb::List(list) => return self::list(deck, format, list.project.as_deref()).await,
        Verb::Rm(rm) => {
            let environment = deck.environment(&rm.one.project, &rm.one.environment)?;
            ask::give(deck, RemoveEnvironment { id: environment.id }.into(), rm.yes).await?
        }
    };
    output::line(&outcome.said);
    Ok(())
}

/// Prints environments beside what Git says and what runs.
pub(crate) async fn list(deck: &Deck, format: Format, project: Option<&str>) -> Result<(), Trouble> {
    if let Some(project) = project {
        deck.project(project)?;
    }
    let environments: Vec<Environment> = deck
        .world()
        .environments
        .iter()
        .filter(|e| project.is_none_or(|p| e.id.project.as_str() == p))
        .map(|e| (**e).clone())
        .collect();
    deck.settle(&environments).await;
    print(deck, format, environments)
}

/// What `get environments -o json` prints for each.
#[derive(Debug, Serialize)]
struct View {
    #[serde(flatten)]
    environment: Environment,
    health: String,
    reason: String,
    git_images: Vec<(String, String)>,
    running_images: Vec<(String, String)>,
    revision: Option<String>,
    ready: i32,
    replicas: i32,
    agrees: Option<bool>,
    suspended: Option<bool>,
}

fn print(deck: &Deck, format: Format, environments: Vec<Environment>) -> Result<(), Trouble> {
    let world = deck.world();
    let mut rows =
        vec![output::row(["ENVIRONMENT", "TYPE", "HEALTH", "BRANCH", "IN GIT", "RUNNING", "READY", "REVISION", "SYNC", "REASON"])];
    let mut views = Vec::new();
    for environment in environments {
        let (health, reason) = world.environment_health(&environment);
        let workloads = world.workloads_of(&environment);
        let kustomization = world.kustomization(&environment);
        let containers = workloads.iter().flat_map(|w| &w.containers);
        let view = View {
            health: health.word().to_owned(),
            reason,
            git_images: world.git_view(&environment.id).map(|g| g.images.clone()).unwrap_or_default(),
            running_images: containers.map(|c| (c.name.clone(), c.image.clone())).collect(),
            revision: kustomization.and_then(|k| k.revision()).map(|r| r.0.clone()),
            ready: workloads.iter().map(|w| w.ready).sum(),
            replicas: workloads.iter().map(|w| w.replicas).sum(),
            agrees: world.agreement(&environment),
            suspended: kustomization.map(|k| k.suspended()),
            environment,
        };
        let tags = |images: &[(String, String)]| {
            let versions = images.iter().filter_map(|(_, image)| image.parse::<domain::image::Image>().ok()).map(|i| i.version().to_owned());
            let joined = versions.collect::<Vec<_>>().join(",");
            if joined.is_empty() { "-".to_owned() } else { joined }
        };
        let gitops = &view.environment.gitops;
        rows.push(vec![
            view.environment.id.to_string(),
            view.environment.kind.to_string(),
            view.health.clone(),
            gitops.branch.clone(),
            tags(&view.git_images),
            tags(&view.running_images),
            format!("{}/{}", view.ready, view.replicas),
            view.revision.clone().map_or_else(|| "-".to_owned(), |r| domain::revision::Revision(r).short()),
            format!("{} {}", if gitops.auto_sync { "auto" } else { "manual" }, gitops.interval),
            view.reason.clone(),
        ]);
        views.push(view);
    }
    output::show(format, &views, &rows)
}

fn id(project: &str, environment: &str) -> Result<EnvironmentId, Trouble> {
    Ok(EnvironmentId::new(Slug::new(project)?, Slug::new(environment)?))
}

fn fill(deck: &Deck, environment: &mut Environment, fields: Fields) -> Result<(), Trouble> {
    if let Some(context) = fields.cluster {
        environment.cluster = deck.known_context(&ContextName(context))?;
    }
    let gitops = &mut environment.gitops;
    let sets = [
        (&mut environment.namespace, fields.namespace),
        (&mut gitops.branch, fields.branch),
        (&mut gitops.path, fields.path.map(|p| p.trim_start_matches("./").trim_matches('/').to_owned())),
        (&mut gitops.interval, fields.interval),
        (&mut environment.cloud, fields.cloud),
        (&mut environment.region, fields.region),
    ];
    for (to, from) in sets {
        if let Some(from) = from {
            *to = from;
        }
    }
    if let Some(word) = fields.auto_sync {
        gitops.auto_sync = match word.as_str() {
            "on" | "true" | "yes" => true,
            "off" | "false" | "no" => false,
            _ => return Err(Trouble::usage("--auto-sync is on or off", format!("\u{201c}{word}\u{201d}"))),
        };
    }
    if let Some(approvers) = fields.approvers {
        environment.approval = ApprovalRule { required: approvers > 0, approvers };
    }
    for (to, from) in [(&mut gitops.source, fields.source), (&mut gitops.kustomization, fields.kustomization)] {
        if let Some(text) = from {
            let (namespace, name) = text.split_once('/').unwrap_or((to.namespace.as_str(), text.as_str()));
            *to = ObjectName::new(namespace, name);
        }
    }
    if let Some(text) = fields.workload {
        let (kind, name) = text.split_once('/').ok_or_else(|| {
            Trouble::usage("That names no workload", format!("\u{201c}{text}\u{201d}")).next("Write it as Deployment/name.")
        })?;
        environment.workload = Some(WorkloadRef { kind: kind.to_owned(), name: name.to_owned() });
    }
    Ok(())
}
