//! Adding, editing and removing an environment, with the objects that it needs in its cluster.

mod login;

use std::sync::Arc;

use cluster::act::Steer;
use domain::flux::ObjectKey;
use domain::ident::EnvironmentId;
use domain::journal::Change;
use domain::orders::environment::{Fate, Login, Setup};
use domain::orders::{RemoveEnvironment, SaveEnvironment};
use domain::project::{Environment, Repository};
use domain::{Trouble, TroubleKind};
use serde_json::{Value, json};
use store::State;

use self::login::Keys;
use crate::follow::promise::{self, MARK};
use crate::objects;
use crate::orders::{Done, Fault};
use crate::scene::{no_environment, no_project};
use crate::shared::Core;

pub(super) async fn save(core: &Arc<Core>, order: SaveEnvironment) -> Result<Done, Fault> {
    let SaveEnvironment { environment, new, create_objects, setup } = order;
    domain::check::environment(&environment)?;
    core.refresh().await?;
    // Nothing is done in the cluster for a record that would not be taken; the gate looks again under the store's lock.
    may_save(&core.store.state(), &environment, new)?;
    let before = core.store.state().environments.get(&environment.id).cloned();
    let mut said = vec![format!("Environment {} was {}.", environment.id, if new { "added" } else { "edited" })];
    if environment.gitops.enabled && create_objects {
        let project = core.project(&environment.id.project)?;
        let created = create(core, &environment, &project.repository, setup.as_ref()).await?;
        if !created.is_empty() {
            said.push(format!("Created: {}.", created.join(", ")));
        }
    }
    let turned = before.is_some_and(|b| b.gitops.auto_sync != environment.gitops.auto_sync);
    if environment.gitops.enabled && turned {
        let made = said.len() > 1;
        said.extend(steer(core, &environment).await.map_err(|trouble| Fault::after(made, trouble))?);
    }
    let wanted = environment.clone();
    Ok(Done::said(said.join(" ")).with(Change::Environment(environment)).when(move |state| may_save(state, &wanted, new)))
}

/// Says what is missing in the cluster for an environment, and how Flux will read its repository.
pub(crate) async fn setup(core: &Core, environment: &Environment) -> Result<Setup, Trouble> {
    let project = core.project(&environment.id.project)?;
    let login = login::kind(&project.repository);
    let mut missing = Vec::new();
    for key in needed(environment, matches!(login, Login::Token { .. } | Login::Key { .. })) {
        match core.fleet.object(&key).await {
            Ok(Some(_)) => {}
            Ok(None) => missing.push(key),
            // Who may not look at namespaces is told by the server when one is missing after all; a Secret that nobody may
            // look at is applied, and one that others made is a conflict then.
            Err(trouble) if trouble.kind == TroubleKind::Refused && &*key.kind == "Namespace" => {}
            Err(trouble) if trouble.kind == TroubleKind::Refused && &*key.kind == "Secret" => missing.push(key),
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(Setup { missing, login })
}

pub(super) async fn remove(core: &Arc<Core>, order: RemoveEnvironment) -> Result<Done, Fault> {
    let id = order.id.clone();
    core.refresh().await?;
    let state = core.store.state();
    let environment = state.environments.get(&id).cloned().ok_or_else(|| no_environment(&id))?;
    may_remove(&state, &id)?;
    let mut said = vec![format!("Environment {id} was removed.")];
    match order.objects {
        Fate::Leave => said = vec![format!("Environment {id} was removed; what runs in the cluster stays.")],
        Fate::Suspend => {
            let key = promise::kustomization(&environment);
            core.fleet.suspend(&key, &Steer::default()).await?;
            said.push(format!("{key} is suspended."));
        }
        Fate::Delete(deletes) => {
            for delete in deletes {
                match super::delete::delete(core, delete).await {
                    Ok(done) => said.push(done.outcome.said),
                    Err(fault) => return Err(cut_short(&said[1..], fault.trouble)),
                }
            }
        }
    }
    Ok(Done::said(said.join(" ")).with(Change::EnvironmentRemoved(order.id)).when(move |state| may_remove(state, &id)))
}

/// Says that what was to be deleted is not all gone, and that the record stays.
fn cut_short(gone: &[String], trouble: Trouble) -> Fault {
    if gone.is_empty() {
        return trouble.into();
    }
    let why = format!("{}; before that: {} The environment stays on record.", trouble.why, gone.join(" "));
    Fault::after(true, Trouble { why, ..trouble })
}

fn may_remove(state: &State, id: &EnvironmentId) -> Result<(), Trouble> {
    match (state.environments.contains_key(id), state.promises.contains_key(id)) {
        (false, _) => Err(no_environment(id)),
        (true, true) => Err(Trouble::refused("A sync of the environment is under way", id).next("Wait for it to end.")),
        (true, false) => Ok(()),
    }
}

pub(super) fn may_save(state: &State, environment: &Environment, new: bool) -> Result<(), Trouble> {
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

/// Returns what an environment needs in its cluster, in the order in which it is created.
fn needed(environment: &Environment, secret: bool) -> Vec<ObjectKey> {
    let (context, source) = (&environment.cluster, &environment.gitops.source);
    let namespaces = [&environment.namespace, &source.namespace, &environment.gitops.kustomization.namespace];
    let mut out: Vec<ObjectKey> = Vec::new();
    for namespace in namespaces {
        let key = ObjectKey::new(context, "Namespace", "", namespace);
        if !out.contains(&key) {
            out.push(key);
        }
    }
    out.extend(secret.then(|| ObjectKey::new(context, "Secret", &source.namespace, &objects::secret_name(source))));
    out.extend([promise::source(environment), promise::kustomization(environment)]);
    out
}

/// Creates what is missing in the cluster and returns its names; the server tries all before the first is made. What is there
/// stays as it is, and nothing is made that was not told of before.
pub(super) async fn create(
    core: &Core,
    environment: &Environment,
    repository: &Repository,
    told: Option<&Setup>,
) -> Result<Vec<String>, Fault> {
    let now = setup(core, environment).await?;
    if let Some(other) = told.and_then(|told| now.missing.iter().find(|key| !told.missing.contains(key))) {
        let trouble = Trouble::refused("More is missing in the cluster than was shown", other);
        return Err(trouble.next("Look again and decide anew.").into());
    }
    let keys = if now.missing.iter().any(|key| &*key.kind == "Secret") { login::read(repository, &*core.safe)? } else { None };
    let secret = with_secret(&now);
    let object = |key: &ObjectKey| match (&*key.kind, &keys) {
        ("Namespace", _) => Some(objects::namespace(&key.name)),
        ("Secret", Some(keys)) => Some(objects::secret(environment, &values(keys))),
        ("GitRepository", _) => Some(objects::git_repository(environment, repository, secret)),
        ("Kustomization", _) => Some(objects::kustomization(environment)),
        _ => None,
    };
    let wanted: Vec<(&ObjectKey, Value)> = now.missing.iter().filter_map(|key| Some((key, object(key)?))).collect();
    // What goes into a namespace that is made along with it cannot be tried before that.
    let made = |key: &ObjectKey| now.missing.iter().any(|other| &*other.kind == "Namespace" && other.name == key.namespace);
    for (_, object) in wanted.iter().filter(|(key, _)| !made(key)) {
        core.fleet.apply(&environment.cluster, object, true).await?;
    }
    let mut created: Vec<String> = Vec::new();
    for (key, object) in &wanted {
        if let Err(trouble) = core.fleet.apply(&environment.cluster, object, false).await {
            let left =
                (!created.is_empty()).then(|| format!("{}; {} was created before and stays", trouble.why, created.join(", ")));
            return Err(Fault::after(!created.is_empty(), Trouble { why: left.unwrap_or(trouble.why.clone()), ..trouble }));
        }
        created.push(if key.namespace.is_empty() { format!("{}/{}", key.kind, key.name) } else { key.to_string() });
    }
    Ok(created)
}

/// Returns what stands in a Secret.
fn values(keys: &Keys) -> Value {
    match keys {
        Keys::Token(user, token) => json!({ "username": user, "password": token }),
        Keys::Ssh(key, hosts) => json!({ "identity": key, "known_hosts": hosts }),
    }
}

/// Tells whether Flux reads the repository with a Secret.
pub(super) const fn with_secret(setup: &Setup) -> bool {
    matches!(setup.login, Login::Token { .. } | Login::Key { .. })
}

/// Creates the Secret alone, where it is missing; returns its name then.
pub(super) async fn create_secret(
    core: &Core,
    environment: &Environment,
    repository: &Repository,
    setup: &Setup,
) -> Result<Option<String>, Trouble> {
    let Some(key) = setup.missing.iter().find(|key| &*key.kind == "Secret") else { return Ok(None) };
    let Some(keys) = login::read(repository, &*core.safe)? else { return Ok(None) };
    let object = objects::secret(environment, &values(&keys));
    core.fleet.apply(&environment.cluster, &object, true).await?;
    core.fleet.apply(&environment.cluster, &object, false).await?;
    Ok(Some(key.to_string()))
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
