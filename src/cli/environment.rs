//! `environment`: where projects run.

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use domain::departure::{self, Departure};
use domain::edit::WorkloadRef;
use domain::ident::{ContextName, EnvironmentId, ObjectName, Slug};
use domain::orders::environment::Fate;
use domain::orders::{Fleet, Outcome, RemoveEnvironment, SaveEnvironment, SaveThroughFleet};
use domain::project::{ApprovalRule, Environment, EnvironmentType};
use domain::query::{Answer, Query};
use domain::{Trouble, check};
use serde::Serialize;

use super::{Format, ask, compare, output, shells};
use crate::launch::Deck;

mod settle;

use settle::Settle;

/// What to do with environments.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck environment add shop development --cluster dev-eu --branch main\n  \
    quarterdeck environment edit shop production --approvers 2\n  \
    quarterdeck environment show shop production\n  \
    quarterdeck environment compare shop\n  \
    quarterdeck environment settle shop production --to record\n  \
    quarterdeck environment rm shop testing --objects suspend\n\n\
    JSON of show and list: id (project, name), type, cloud, region, cluster, namespace, approval (required, \
    approvers), proposal_prefix, gitops (enabled, branch, path, interval, auto_sync, source, kustomization), workload, health, reason, \
    git_images, running_images, revision, ready, replicas, agrees, suspended, departures (field, object, record, cluster; null where \
    the cluster is not heard of).\nJSON of add, edit, settle and rm: object, said.")]
pub(crate) enum Verb {
    /// Adds an environment with the defaults of its type.
    Add(Add),
    /// Edits an environment; what is not named stays.
    Edit(Edit),
    /// Shows an environment: the record, what Git says, what runs.
    Show(One),
    /// Prints the environments of a project side by side: what Git says, what runs, where they part.
    Compare(compare::Compare),
    /// Makes record and cluster say the same where they part, as show tells it.
    Settle(Settle),
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
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    project: String,
    /// The environment.
    #[arg(add = ArgValueCompleter::new(shells::environments))]
    environment: String,
}

/// The project meant.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those of this project.
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    project: Option<String>,
}

/// A new environment.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The type decides the defaults: branch, path (k8s/overlays/TYPE), interval, auto sync and approval. \
    Namespace and Flux objects are called PROJECT-ENVIRONMENT.\n\nExamples:\n  \
    quarterdeck environment add shop development --cluster dev-eu --branch main\n  \
    quarterdeck environment add shop production --cluster prod-eu --auto-sync off --approvers 0 --workload Deployment/shop-web\n  \
    quarterdeck environment add shop eu-2 --type production --source flux-system/shop --kustomization flux-system/shop-eu-2 --no-create\n\n\
    What is created in the cluster is named before, with where Flux finds its credentials: a token, or for an ssh URL a key file \
    with known_hosts beside it."
)]
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
    /// Writes the GitRepository and the Kustomization into a folder of a fleet's repository instead of into the cluster.
    #[arg(long, value_name = "PROJECT:PATH")]
    fleet: Option<Fleet>,
    /// Answers the question what is created.
    #[arg(long, short)]
    yes: bool,
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
    /// Writes the GitRepository and the Kustomization into a folder of a fleet's repository instead of into the cluster.
    #[arg(long, value_name = "PROJECT:PATH")]
    fleet: Option<Fleet>,
    /// Answers the question what is created.
    #[arg(long, short)]
    yes: bool,
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
    /// Whether Flux manages it; else it is deployed to with deploy --manual.
    #[arg(long, value_name = "on|off")]
    gitops: Option<String>,
    /// How many people besides the requester must approve, at most 20; 0 for none.
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    approvers: Option<String>,
    /// What the names of branches begin with on which changes wait for approval [default: quarterdeck/].
    #[arg(long, value_name = "PREFIX")]
    branch_prefix: Option<String>,
    /// The GitRepository object, as namespace/name.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    source: Option<String>,
    /// The Kustomization object, as namespace/name.
    #[arg(long, value_name = "NAMESPACE/NAME")]
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
    /// What becomes of its GitRepository and its Kustomization: with delete goes what pruning removes.
    #[arg(long, value_enum, default_value_t = Objects::Leave)]
    objects: Objects,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(deck: &Deck, format: Format, verb: Verb) -> Result<(), Trouble> {
    let (id, outcome) = match verb {
        Verb::Add(add) => self::add(deck, add).await?,
        Verb::Edit(edit) => {
            let mut environment = deck.environment(&edit.one.project, &edit.one.environment)?;
            deck.may_for(&environment.id)?;
            fill(deck, &mut environment, edit.fields)?;
            check::environment(&environment)?;
            let id = environment.id.clone();
            (id, save(deck, environment, (false, edit.create), (edit.fleet, edit.yes)).await?)
        }
        Verb::Show(one) => {
            let environment = deck.environment(&one.project, &one.environment)?;
            deck.settle(std::slice::from_ref(&environment)).await;
            let (views, rows) = look(deck, format, vec![environment]);
            return views.first().map_or(Ok(()), |view| {
                output::show(format, view, &rows)?;
                if matches!(format, Format::Table | Format::Wide) {
                    tell(view);
                }
                Ok(())
            });
        }
        Verb::Compare(asked) => return compare::run(deck, format, &asked).await,
        Verb::Settle(settle) => settle::settle(deck, settle).await?,
        Verb::List(list) => return self::list(deck, format, list.project.as_deref()).await,
        Verb::Rm(rm) => {
            let environment = deck.environment(&rm.one.project, &rm.one.environment)?;
            deck.may_for(&environment.id)?;
            let order = RemoveEnvironment { objects: fate(deck, &environment, rm.objects).await?, id: environment.id.clone() };
            (environment.id, ask::give(deck, order.into(), rm.yes).await?)
        }
    };
    output::Done::new(id, outcome.said).show(format)
}

async fn add(deck: &Deck, add: Add) -> Result<(EnvironmentId, Outcome), Trouble> {
    let id = id(&add.one.project, &add.one.environment)?;
    deck.may(&id)?;
    deck.project(id.project.as_str())?;
    let kind: EnvironmentType = match &add.kind {
        Some(word) => word.parse()?,
        None => id.name.as_str().parse().map_err(|_| {
            let trouble = Trouble::usage("The environment's type is not clear from its name", &id);
            trouble.next("Name it with --type: development, testing, staging or production.")
        })?,
    };
    let cluster = match &add.fields.cluster {
        Some(name) => deck.known_context(&ContextName(name.clone()))?,
        None => deck.context()?,
    };
    let mut environment = Environment::with_defaults(id.clone(), kind, cluster);
    fill(deck, &mut environment, add.fields)?;
    check::environment(&environment)?;
    let create_objects = !add.no_create && environment.gitops.enabled;
    let outcome = save(deck, environment, (true, create_objects), (add.fleet, add.yes)).await?;
    // It may be added before its branch or its path is there; what stands in the way of deploying is told.
    if let Err(trouble) = deck.ask(Query::Form(id.clone())).await {
        output::note("It cannot be deployed to yet:");
        output::remark(&trouble);
    }
    Ok((id, outcome))
}

/// Saves a record, after the question what is created in the cluster with it.
async fn save(
    deck: &Deck,
    environment: Environment,
    (new, create): (bool, bool),
    (fleet, yes): (Option<Fleet>, bool),
) -> Result<Outcome, Trouble> {
    if let Some(fleet) = fleet {
        // Who applies the fleet is known once the lists are complete.
        drop(deck.listed(&environment.cluster, &["GitRepository", "Kustomization"]).await);
        let Answer::FleetPlan(plan) = deck.ask(Query::FleetPlan(Box::new(environment.clone()), fleet)).await? else {
            return Err(Trouble::failed("The engine gave another answer than was asked for", &environment.id));
        };
        output::shown(&plan.change.files);
        return ask::give(deck, SaveThroughFleet { environment, new, plan: *plan }.into(), yes).await;
    }
    let create_objects = create && environment.gitops.enabled;
    let known = deck.world().environment(&environment.id).is_some();
    // Whether it may be saved at all is for the order to say.
    let looked = create_objects && new != known;
    let mut setup = None;
    if looked && let Answer::Setup(found) = deck.ask(Query::Setup(Box::new(environment.clone()))).await? {
        setup = Some(found);
    }
    ask::give(deck, SaveEnvironment { environment, new, create_objects, setup }.into(), yes).await
}

/// What becomes of the objects of an environment.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Objects {
    /// They stay as they are.
    Leave,
    /// The Kustomization is suspended.
    Suspend,
    /// They are deleted.
    Delete,
}

async fn fate(deck: &Deck, environment: &Environment, objects: Objects) -> Result<Fate, Trouble> {
    match objects {
        Objects::Leave => Ok(Fate::Leave),
        Objects::Suspend => Ok(Fate::Suspend),
        Objects::Delete => {
            // Who else takes the source is known once the lists are complete.
            deck.listed(&environment.cluster, &["Kustomization", "HelmRelease"]).await?;
            match deck.ask(Query::EnvironmentRemoval(environment.id.clone())).await? {
                Answer::EnvironmentRemoval(deletes) => Ok(Fate::Delete(deletes)),
                _ => Ok(Fate::Leave),
            }
        }
    }
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
    let (views, rows) = look(deck, format, environments);
    output::show(format, &views, &rows)
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
    departures: Option<Vec<Departure>>,
}

fn look(deck: &Deck, format: Format, environments: Vec<Environment>) -> (Vec<View>, Vec<Vec<String>>) {
    let world = deck.world();
    let wide = format == Format::Wide;
    let mut header = output::row(["ENVIRONMENT", "TYPE", "HEALTH", "BRANCH", "IN GIT", "RUNNING", "READY", "REVISION", "SYNC"]);
    if wide {
        header.extend(output::row(["CLUSTER", "NAMESPACE", "PATH", "KUSTOMIZATION", "APPROVERS"]));
    }
    header.push("REASON".to_owned());
    let mut rows = vec![header];
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
            revision: kustomization.and_then(|k| k.revision()).map(ToString::to_string),
            ready: workloads.iter().map(|w| w.ready).sum(),
            replicas: workloads.iter().map(|w| w.replicas).sum(),
            agrees: world.agreement(&environment),
            suspended: kustomization.map(|k| k.suspended()),
            departures: departure::departures(&world, &environment),
            environment,
        };
        rows.push(row(&view, wide));
        views.push(view);
    }
    (views, rows)
}

/// Says where record and cluster part.
fn tell(view: &View) {
    let id = &view.environment.id;
    let Some(departures) = &view.departures else {
        return output::note("Whether record and cluster say the same is not known: the cluster is not heard of.");
    };
    for departure in departures {
        output::note(&format!("Record and cluster part: {}.", departure.words()));
    }
    if !departures.is_empty() {
        let settle = format!("quarterdeck environment settle {} {}", id.project, id.name);
        output::note(&format!("Settle it with {settle} --to record, or --to cluster."));
    }
}

fn row(view: &View, wide: bool) -> Vec<String> {
    let (environment, gitops) = (&view.environment, &view.environment.gitops);
    let mut row = vec![
        environment.id.to_string(),
        environment.kind.to_string(),
        view.health.clone(),
        gitops.branch.clone(),
        versions(&view.git_images),
        versions(&view.running_images),
        format!("{}/{}", view.ready, view.replicas),
        view.revision.clone().map_or_else(|| "-".to_owned(), |r| domain::revision::Revision::from(r).short()),
        format!("{} {}", if gitops.auto_sync { "auto" } else { "manual" }, gitops.interval),
    ];
    if wide {
        let approvers = if environment.approval.required { environment.approval.approvers.to_string() } else { "-".to_owned() };
        row.extend([environment.cluster.to_string(), environment.namespace.clone(), gitops.path.clone()]);
        row.extend([gitops.kustomization.to_string(), approvers]);
    }
    row.push(view.reason.clone());
    row
}

fn versions(images: &[(String, String)]) -> String {
    let versions =
        images.iter().filter_map(|(_, image)| image.parse::<domain::image::Image>().ok()).map(|i| i.version().to_owned());
    let joined = versions.collect::<Vec<_>>().join(",");
    if joined.is_empty() { "-".to_owned() } else { joined }
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
        (&mut gitops.path, fields.path.map(|p| p.trim_start_matches("./").trim_end_matches('/').to_owned())),
        (&mut gitops.interval, fields.interval),
        (&mut environment.cloud, fields.cloud),
        (&mut environment.region, fields.region),
        (&mut environment.proposal_prefix, fields.branch_prefix),
    ];
    for (to, from) in sets {
        if let Some(from) = from {
            *to = from;
        }
    }
    for (option, to, from) in
        [("--auto-sync", &mut gitops.auto_sync, fields.auto_sync), ("--gitops", &mut gitops.enabled, fields.gitops)]
    {
        if let Some(word) = from {
            *to = ask::switch(option, &word)?;
        }
    }
    if let Some(text) = fields.approvers {
        let approvers: u32 = text.parse().map_err(|_| {
            let trouble = Trouble::usage("That cannot be the number of approvers", format!("\u{201c}{text}\u{201d}"));
            trouble.next(format!("Write a number from 0 to {}.", check::MOST_APPROVERS))
        })?;
        environment.approval = ApprovalRule { required: approvers > 0, approvers };
    }
    for (to, from) in [(&mut gitops.source, fields.source), (&mut gitops.kustomization, fields.kustomization)] {
        if let Some(text) = from {
            let (namespace, name) = text.split_once('/').unwrap_or((to.namespace.as_str(), text.as_str()));
            *to = ObjectName::new(namespace, name);
        }
    }
    if let Some(text) = fields.workload {
        environment.workload = Some(workload(&text)?);
    }
    Ok(())
}

/// Reads a workload's name as a person writes it.
pub(crate) fn workload(text: &str) -> Result<WorkloadRef, Trouble> {
    let (kind, name) = text.split_once('/').ok_or_else(|| {
        Trouble::usage("That names no workload", format!("\u{201c}{text}\u{201d}")).next("Write it as Deployment/name.")
    })?;
    Ok(WorkloadRef { kind: kind.to_owned(), name: name.to_owned() })
}
