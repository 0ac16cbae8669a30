//! Creating an object in a folder of a repository that belongs to no environment. What an environment is made of is changed through
//! its deployments alone, so that their review and their approvals hold.

use std::sync::Arc;

use domain::Trouble;
use domain::detail::trace::same_repository;
use domain::flux::ObjectKey;
use domain::ident::EnvironmentId;
use domain::orders::{CreateInGit, Fleet, FolderChange, FolderPlan, Fresh};
use domain::project::{Environment, Repository};
use domain::written::not_through_git;
use serde_json::Value;

use super::folder;
use crate::orders::{Done, Fault};
use crate::plan;
use crate::scribe::Scribe;
use crate::shared::Core;

/// Works out what would be committed for an object.
pub(crate) async fn plan(core: &Core, fleet: Fleet, fresh: &Fresh) -> Result<FolderPlan, Trouble> {
    let key = &fresh.key;
    if let Some(refused) = not_through_git(key) {
        return Err(refused);
    }
    let object: Value = serde_json::from_str(fresh.body.text())
        .map_err(|e| Trouble::usage("The object cannot be read", key).why(e).next("Fill in the form again."))?;
    let home = core.project(&fleet.project)?;
    let repo = core.repos.get(&home.repository);
    let branch = home.repository.default_branch.clone();
    let base = repo.fresh_head(&branch).await?;
    let text = manifest::yaml::text_of(&object);
    let (place, around) = ((fleet.path.clone(), branch.clone()), environments(core, &home.repository, &branch));
    let (files, users) = plan::berth_in(&repo, &base, place, (key.clone(), text), around).await?;
    if let Some(owner) = users.first() {
        return Err(owned(&fleet, owner));
    }
    let change = FolderChange { fleet, url: home.repository.url.clone(), branch, base, files };
    let world = Arc::clone(&core.world.borrow());
    let appliers = folder::appliers(&world, &key.context(), &change);
    let elsewhere = appliers.iter().find_map(|object| {
        let aimed = object.spec.target_namespace.as_deref().filter(|aimed| **aimed != *key.namespace)?;
        Some((&object.key, aimed))
    });
    if let Some((by, aimed)) = elsewhere {
        return Err(Trouble::refused("Git would make another object of it", key)
            .why(format!("{by} puts everything of that folder into {aimed}"))
            .next("Choose that namespace, or another folder."));
    }
    Ok(FolderPlan { by: appliers.iter().map(|object| object.key.clone()).collect(), change })
}

/// Returns the environments that are made of a branch of a repository.
fn environments(core: &Core, repository: &Repository, branch: &str) -> Vec<Arc<Environment>> {
    let state = core.store.state();
    let of = |environment: &&Arc<Environment>| {
        let project = state.projects.get(&environment.id.project);
        let same = project.is_some_and(|project| same_repository(&project.repository.url, &repository.url));
        same && environment.gitops.enabled && environment.gitops.branch == branch
    };
    state.environments.values().filter(of).cloned().collect()
}

fn owned(fleet: &Fleet, owner: &EnvironmentId) -> Trouble {
    Trouble::refused("That folder belongs to an environment", fleet)
        .why(format!("{owner} is made of it, and is changed through its deployments alone"))
        .next(format!("Write it into that environment's folder (--git={owner})."))
}

pub(super) async fn create(core: &Arc<Core>, scribe: &Scribe, order: CreateInGit) -> Result<Done, Fault> {
    core.refresh().await?;
    let (change, key): (&FolderChange, &ObjectKey) = (&order.plan.change, &order.object.key);
    let object = &order.object;
    let anew = || async move { plan(core, change.fleet.clone(), object).await.map(|plan| plan.change) };
    let commit = folder::land(core, scribe, (change, &order.words()), anew).await?;
    let landed = format!("{} is on {} of {}.", commit.short(), change.branch, change.fleet.project);
    let brought = folder::brought(core, &key.context(), change, std::slice::from_ref(key)).await;
    Ok(Done::said(format!("{landed} {brought}")))
}
