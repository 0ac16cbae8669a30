//! Adding, editing and removing an environment, with the objects that it needs in its cluster.

mod token;

use std::sync::Arc;

use cluster::act::Steer;
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::ident::ContextName;
use domain::journal::Change;
use domain::orders::{RemoveEnvironment, SaveEnvironment};
use domain::project::{Environment, Repository};
use serde_json::Value;
use store::State;

use crate::follow::promise::{self, MARK};
use crate::objects;
use crate::orders::{Done, Fault};
use crate::scene::{no_environment, no_project};
use crate::shared::Core;

pub(super) async fn save(core: &Arc<Core>, order: SaveEnvironment) -> Result<Done, Fault> {
    let SaveEnvironment { environment, new, create_objects } = order;
    domain::check::environment(&environment)?;
    core.refresh().await?;
    // Nothing is done in the cluster for a record that would not be taken; the gate looks again under the store's lock.
    may_save(&core.store.state(), &environment, new)?;
    let before = core.store.state().environments.get(&environment.id).cloned();
    let mut said = vec![format!("Environment {} was {}.", environment.id, if new { "added" } else { "edited" })];
    if environment.gitops.enabled && create_objects {
        let project = core.project(&environment.id.project)?;
        let created = create(core, &environment, &project.repository).await?;
        if !created.is_empty() {
            said.push(format!("Created: {}.", created.join(", ")));
        }
    }
    let turned = before.is_some_and(|b| b.gitops.auto_sync != environment.gitops.auto_sync);
    if environment.gitops.enabled && turned {
        said.extend(steer(core, &environment).await?);
    }
    let wanted = environment.clone();
    Ok(Done::said(said.join(" ")).with(Change::Environment(environment)).when(move |state| may_save(state, &wanted, new)))
}

pub(super) fn remove(order: RemoveEnvironment) -> Done {
    let id = order.id.clone();
    Done::said(format!("Environment {id} was removed; what runs in the cluster stays."))
        .with(Change::EnvironmentRemoved(order.id))
        .when(move |state| match (state.environments.contains_key(&id), state.promises.contains_key(&id)) {
            (false, _) => Err(no_environment(&id)),
            (true, true) => Err(Trouble::refused("A sync of the environment is under way", &id).next("Wait for it to end.")),
            (true, false) => Ok(()),
        })
}

fn may_save(state: &State, environment: &Environment, new: bool) -> Result<(), Trouble> {
    let id = &environment.id;
    if !state.projects.contains_key(&id.project) {
        return Err(no_project(&id.project));
    }
    match (new, state.environments.contains_key(id)) {
        (true, true) => Err(Trouble::usage("The environment exists already", id).next("Edit it, or choose another name.")),
        (false, false) => Err(no_environment(id)),
        _ => Ok(()),
    }
}

/// Creates what is missing in the cluster and returns its names. What is there stays as it is.
async fn create(core: &Core, environment: &Environment, repository: &Repository) -> Result<Vec<String>, Trouble> {
    let context = &environment.cluster;
    let source = &environment.gitops.source;
    let token = token::read(repository)?;
    let mut wanted: Vec<(ObjectKey, Value)> = Vec::new();
    let namespace = &environment.namespace;
    wanted.push((ObjectKey::new(context, "Namespace", "", namespace), objects::namespace(namespace)));
    if let Some((user, token)) = &token {
        let key = ObjectKey::new(context, "Secret", &source.namespace, &objects::secret_name(source));
        wanted.push((key, objects::secret(environment, user, token)));
    }
    wanted.push((promise::source(environment), objects::git_repository(environment, repository, token.is_some())));
    wanted.push((promise::kustomization(environment), objects::kustomization(environment)));
    let mut created = Vec::new();
    for (key, object) in wanted {
        created.extend(create_one(core, context, &key, &object).await?);
    }
    Ok(created)
}

async fn create_one(core: &Core, context: &ContextName, key: &ObjectKey, object: &Value) -> Result<Option<String>, Trouble> {
    if core.fleet.object(key).await?.is_some() {
        return Ok(None);
    }
    core.fleet.apply(context, object).await?;
    let name = if key.namespace.is_empty() { format!("{}/{}", key.kind, key.name) } else { key.to_string() };
    Ok(Some(name))
}

/// Makes the Kustomization what the changed setting says; one that does not exist is left alone.
async fn steer(core: &Core, environment: &Environment) -> Result<Option<String>, Trouble> {
    let key = promise::kustomization(environment);
    let Some(object) = core.fleet.flux(&key).await? else { return Ok(None) };
    if object.suspended() != environment.gitops.auto_sync {
        return Ok(None);
    }
    let by_hand = Steer { expect: None, marks: vec![(MARK.to_owned(), None)] };
    if environment.gitops.auto_sync {
        core.fleet.resume(&key, &by_hand).await?;
        return Ok(Some(format!("{key} is resumed.")));
    }
    core.fleet.suspend(&key, &by_hand).await?;
    Ok(Some(format!("{key} is suspended.")))
}
