//! Writing what an environment needs into a fleet's repository: planned at the branch's head, committed, pushed, and looked
//! for in the cluster afterwards.

use std::sync::Arc;
use std::time::Duration;

use domain::change::FileChange;
use domain::departure;
use domain::detail::trace::same_repository;
use domain::flux::{FluxObject, ObjectKey};
use domain::journal::{Change, Phase};
use domain::orders::{Fleet, FleetPlan, SaveThroughFleet};
use domain::project::{Environment, Project, plain_path};
use domain::revision::CommitId;
use domain::text::display;
use domain::world::World;
use domain::{Trouble, check};
use git::{Author, Base, NewCommit, PushOutcome};
use serde_json::Value;

use super::environment::{self, may_save};
use crate::objects;
use crate::orders::{Done, Fault};
use crate::plan::closure;
use crate::repos::Repo;
use crate::scribe::Scribe;
use crate::shared::Core;

/// How often a commit is made anew because the branch moved.
const ATTEMPTS: u32 = 5;
/// How long the objects are waited for after the push; Flux brings them whether anybody waits or not.
const PATIENCE: Duration = Duration::from_secs(20);

/// Works out what would be committed for an environment.
pub(crate) async fn plan(core: &Core, environment: &Environment, fleet: Fleet) -> Result<FleetPlan, Trouble> {
    check::environment(environment)?;
    let project = core.project(&environment.id.project)?;
    let home = core.project(&fleet.project)?;
    let repo = core.repos.get(&home.repository);
    let branch = home.repository.default_branch.clone();
    let base = repo.fresh_head(&branch).await?;
    let mut setup = environment::setup(core, environment).await?;
    let fresh = setup.missing.iter().any(|key| &*key.kind == "Namespace" && *key.name == *environment.namespace);
    setup.missing.retain(|key| &*key.kind == "Secret");
    let secret = environment::with_secret(&setup);
    let files = files(&repo, &fleet, base.clone(), manifests(environment, &project, fresh, secret), environment).await?;
    Ok(FleetPlan { fleet, url: home.repository.url.clone(), branch, base, files, setup })
}

/// Returns the objects that go into Git.
fn manifests(environment: &Environment, project: &Project, namespace: bool, secret: bool) -> Vec<Value> {
    let mut out = Vec::new();
    out.extend(namespace.then(|| objects::namespace(&environment.namespace)));
    out.push(objects::git_repository(environment, &project.repository, secret));
    out.push(objects::kustomization(environment));
    out
}

/// Returns the files that change at a commit: the manifests of the environment, and the kustomization that names them.
async fn files(
    repo: &Arc<Repo>,
    fleet: &Fleet,
    base: CommitId,
    manifests: Vec<Value>,
    environment: &Environment,
) -> Result<Vec<FileChange>, Trouble> {
    let folder = fleet.path.clone();
    let name = format!("{}.yaml", environment.gitops.kustomization.name);
    let namespace = format!("name: {}\n", environment.namespace);
    let work = move |mirror: &git::Mirror| {
        Ok(closure::read(mirror, &base, std::slice::from_ref(&folder)).and_then(|files| {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let before = files.is_file(&path).then(|| files.text(&path, None).map(str::to_owned)).transpose()?;
            // A namespace that came with the file stays in it, or it would be pruned.
            let kept = before.as_ref().is_some_and(|text| text.contains("kind: Namespace\n") && text.contains(&namespace));
            let anew = kept && manifests.first().is_some_and(|first| first["kind"] != "Namespace");
            let again = anew.then(|| objects::namespace(namespace.trim_start_matches("name: ").trim_end()));
            let texts: Vec<String> = again.iter().chain(&manifests).map(manifest::yaml::text_of).collect();
            let after = texts.iter().map(|text| text.trim_end()).collect::<Vec<_>>().join("\n---\n") + "\n";
            let mut out = Vec::new();
            if before.as_ref() != Some(&after) {
                out.push(FileChange { path, before, after: Some(after) });
            }
            if let Some((path, before, after)) = manifest::listing::named_in(&files, &folder, &name)? {
                out.push(FileChange { path, before: Some(before), after: Some(after) });
            }
            Ok(out)
        }))
    };
    repo.with("reading the fleet's files", move |mirror, _| work(mirror)).await?
}

pub(super) async fn save(core: &Arc<Core>, scribe: &Scribe, order: SaveThroughFleet) -> Result<Done, Fault> {
    let SaveThroughFleet { environment, new, plan: shown } = order;
    check::environment(&environment)?;
    core.refresh().await?;
    may_save(&core.store.state(), &environment, new)?;
    if !environment.gitops.enabled {
        return Err(Trouble::usage("Flux does not manage this environment", &environment.id).next("Switch GitOps on.").into());
    }
    let project = core.project(&environment.id.project)?;
    let mut said = vec![format!("Environment {} was {}.", environment.id, if new { "added" } else { "edited" })];
    let created = environment::create_secret(core, &environment, &project.repository, &shown.setup).await?;
    said.extend(created.map(|name| format!("Created: {name}.")));
    if !shown.files.is_empty() {
        let commit = land(core, scribe, &environment, &shown).await?;
        said.push(format!("{} is on {} of {}.", commit.short(), shown.branch, shown.fleet.project));
        said.push(brought(core, &environment, &shown).await);
    }
    let wanted = environment.clone();
    Ok(Done::said(said.join(" ")).with(Change::Environment(environment)).when(move |state| may_save(state, &wanted, new)))
}

/// Commits and pushes; when the branch moved, again on its new head, as long as the same comes out.
async fn land(core: &Arc<Core>, scribe: &Scribe, environment: &Environment, shown: &FleetPlan) -> Result<CommitId, Trouble> {
    let home = core.project(&shown.fleet.project)?;
    let repo = core.repos.get(&home.repository);
    let object = format!("{} on {}", shown.fleet, shown.branch);
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let now = plan(core, environment, shown.fleet.clone()).await?;
        if now.files != shown.files {
            return Err(Trouble::refused("What was shown has changed", &object)
                .why("somebody changed the same files meanwhile")
                .next("Look again and decide anew."));
        }
        let commit = commit(core, scribe, &repo, (environment, &now)).await?;
        scribe.write(Phase::Intent, format!("pushes {} to {}", commit.short(), now.branch), None).await?;
        let (branch, base, ours) = (now.branch.clone(), Base::Head(now.base.clone()), commit.clone());
        let push = move |mirror: &git::Mirror, cancel: &git::Cancel| mirror.push(&branch, &ours, &base, cancel);
        let outcome = repo.attempt("the Git push", push).await.map_err(Trouble::from)?;
        repo.outdated();
        match outcome {
            PushOutcome::Landed { .. } => {
                repo.poke();
                return Ok(commit);
            }
            PushOutcome::Moved { .. } => "the branch moves all the time".clone_into(&mut last),
            PushOutcome::Rejected { words } => {
                return Err(Trouble::failed("The server refused the push", &object)
                    .why(display(words.trim_end(), true))
                    .next("Nothing was changed in Git; do what the server says, then try again."));
            }
            PushOutcome::Unknown { words } => match there(&repo, &now.branch, &commit).await {
                Some(true) => return Ok(commit),
                // It is sent again on the same base, and lands once.
                Some(false) => last = display(words.trim_end(), true),
                None => {
                    return Err(Trouble::failed("It is not known whether the commit landed", &object)
                        .why(display(words.trim_end(), true))
                        .next(format!("Look for {} on the branch before you try again.", commit.short())));
                }
            },
        }
    }
    Err(Trouble::failed("The commit did not get onto the branch", &object).why(last).next("Try again."))
}

async fn commit(
    core: &Core,
    scribe: &Scribe,
    repo: &Arc<Repo>,
    (environment, plan): (&Environment, &FleetPlan),
) -> Result<CommitId, Trouble> {
    let write = |file: &FileChange| git::FileChange::write(file.path.clone(), file.after.clone().unwrap_or_default());
    let message = format!("Run {}: GitRepository and Kustomization", environment.id);
    let new = NewCommit {
        parent: Some(plan.base.clone()),
        changes: plan.files.iter().map(write).collect(),
        message: git::trailers(&message, &[("Environment", environment.id.to_string().as_str())]),
        author: Author { name: scribe.actor().name.clone(), email: scribe.actor().email.clone() },
        time: core.now(),
    };
    repo.with("the Git commit", move |mirror, _| mirror.commit(&new)).await
}

/// Tells whether a commit is on the server's branch; nothing when nobody can be asked.
async fn there(repo: &Arc<Repo>, branch: &str, commit: &CommitId) -> Option<bool> {
    let heads = repo.fetch().await.ok()?;
    match heads.get(branch).cloned() {
        Some(head) => repo.contains(commit.clone(), head).await,
        None => Some(false),
    }
}

/// Asks Flux to apply the fleet's folder and waits a while for the objects; says what came of it.
async fn brought(core: &Arc<Core>, environment: &Environment, plan: &FleetPlan) -> String {
    let world = Arc::clone(&core.world.borrow());
    let keys = appliers(&world, environment, plan);
    if keys.is_empty() {
        return format!("No Kustomization in {} applies {}: nothing brings it about yet.", environment.cluster, plan.fleet);
    }
    for key in &keys {
        if let Err(trouble) = core.fleet.reconcile(key, true).await {
            core.mishaps.add(trouble);
        }
    }
    let wanted = departure::keys(environment);
    let all = |world: &World| wanted.iter().all(|key| world.flux_object(key).is_some()).then_some(());
    let names = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match core.wait_world(PATIENCE, all).await {
        Some(()) => format!("{names} has applied it."),
        None => format!("{names} was asked to apply it and has not yet."),
    }
}

/// Returns the Kustomizations that apply a fleet's folder.
fn appliers(world: &World, environment: &Environment, plan: &FleetPlan) -> Vec<ObjectKey> {
    let applies = |object: &&Arc<FluxObject>| {
        let path = plain_path(object.spec.path.as_deref().unwrap_or_default());
        let within = path.is_empty() || plan.fleet.path == path || plan.fleet.path.starts_with(&format!("{path}/"));
        let source = cluster::act::source_of(object).and_then(|key| world.flux_object(&key).cloned());
        let fed = source.is_some_and(|source| {
            let branch = source.spec.reference.as_ref().and_then(|r| r.branch.as_ref());
            let url = source.spec.url.as_deref().unwrap_or_default();
            same_repository(url, &plan.url) && branch.is_none_or(|branch| *branch == plan.branch)
        });
        *object.key.cluster == *environment.cluster.0 && &*object.key.kind == "Kustomization" && within && fed
    };
    world.flux.iter().filter(applies).map(|object| object.key.clone()).collect()
}
