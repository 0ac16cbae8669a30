//! Writing what an environment needs into a fleet's repository: planned at the branch's head, committed, pushed, and looked
//! for in the cluster afterwards.

use std::sync::Arc;

use domain::change::FileChange;
use domain::departure;
use domain::journal::Change;
use domain::orders::{Fleet, FleetPlan, FolderChange, SaveThroughFleet};
use domain::project::{Environment, Project};
use domain::revision::CommitId;
use domain::{Trouble, check};
use serde_json::Value;

use super::environment::{self, may_save};
use super::folder;
use crate::objects;
use crate::orders::{Done, Fault};
use crate::plan::closure;
use crate::repos::Repo;
use crate::scribe::Scribe;
use crate::shared::Core;

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
    Ok(FleetPlan { change: FolderChange { fleet, url: home.repository.url.clone(), branch, base, files }, setup })
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
    said.extend(created.as_ref().map(|name| format!("Created: {name}.")));
    let change = &shown.change;
    if !change.files.is_empty() {
        let message = format!("Run {}: GitRepository and Kustomization", environment.id);
        let message = git::trailers(&message, &[("Environment", environment.id.to_string().as_str())]);
        let record = &environment;
        let anew = || async move { plan(core, record, change.fleet.clone()).await.map(|plan| plan.change) };
        let commit = folder::land(core, scribe, (change, &message), anew).await;
        let commit = commit.map_err(|trouble| match &created {
            Some(name) => {
                Fault::after(true, Trouble { why: format!("{}; {name} was created before and stays", trouble.why), ..trouble })
            }
            None => trouble.into(),
        })?;
        said.push(format!("{} is on {} of {}.", commit.short(), change.branch, change.fleet.project));
        said.push(folder::brought(core, &environment.cluster, change, &departure::keys(&environment)).await);
    }
    let wanted = environment.clone();
    Ok(Done::said(said.join(" ")).with(Change::Environment(environment)).when(move |state| may_save(state, &wanted, new)))
}
