//! The promise of a manual sync: what was resumed is suspended again, also after a crash, unless somebody else took it over.
//!
//! The promise stands in the journal before the first patch and as a mark on the object in the very patch that resumes it.

use std::sync::Arc;
use std::time::Duration;

use cluster::act::Steer;
use domain::flux::{FluxObject, ObjectKey};
use domain::ident::EnvironmentId;
use domain::journal::{Change, Phase, SyncPromise};
use domain::project::Environment;
use domain::revision::{CommitId, Revision};
use domain::world::World;
use domain::{Time, Trouble};

use crate::driven::Place;
use crate::scribe::Scribe;
use crate::shared::Core;

/// The name of the mark on an object that was resumed for a manual sync; a hand on the object takes it away.
pub(crate) const MARK: &str = "sync";
/// How often a suspension is tried when the object changes under our hands.
const CONFLICTS: u32 = 20;

/// Returns the name of the lease under which an environment is synced.
pub(crate) fn lease_of(id: &EnvironmentId) -> String {
    format!("promise-{}.{}", id.project, id.name)
}

/// Returns the key of an environment's Kustomization.
pub(crate) fn kustomization(environment: &Environment) -> ObjectKey {
    let name = &environment.gitops.kustomization;
    ObjectKey::new(&environment.cluster, "Kustomization", &name.namespace, &name.name)
}

/// Says what became of the suspension that was promised.
pub(crate) enum Kept {
    /// It is suspended again.
    Suspended,
    /// It was left as it is, for that reason.
    Left(&'static str),
}

/// Resumes, has the commit applied, waits for the outcome. The promise must be in the journal; it is not kept here.
pub(crate) async fn apply(core: &Core, environment: &Environment, promise: &SyncPromise) -> Result<String, Trouble> {
    let key = kustomization(environment);
    let steer = Steer { expect: None, marks: vec![(MARK.to_owned(), Some(promise.token.clone()))] };
    core.fleet.resume(&key, &steer).await?;
    outcome(core, environment, promise).await
}

/// Asks the resumed Kustomization to reconcile and waits until the commit is applied or has failed.
async fn outcome(core: &Core, environment: &Environment, promise: &SyncPromise) -> Result<String, Trouble> {
    let key = kustomization(environment);
    let at = core.fleet.reconcile(&key, false).await?;
    let limit = Duration::from_millis(u64::try_from(core.patience.apply).unwrap_or(0));
    let seen = core.wait_world(limit, |world| ended(world, environment, promise, &at)).await;
    let object = seen.ok_or_else(|| {
        Trouble::timed_out("Flux did not apply the commit in time", &environment.id)
            .why(said(core, environment))
            .next("It is suspended again; look at the Kustomization's conditions.")
    })?;
    verdict(&object, environment, promise)
}

/// Returns the Kustomization when the request has been answered for good.
fn ended(world: &World, environment: &Environment, promise: &SyncPromise, at: &str) -> Option<Arc<FluxObject>> {
    let object = world.kustomization(environment)?;
    let handled = object.status.last_handled_reconcile_at.as_deref() == Some(at);
    let decided = object.ready().is_some_and(|c| c.status == "True" || (c.status == "False" && c.reason != "DependencyNotReady"));
    let commit = |revision: Option<&Revision>| revision.and_then(Revision::commit).map(|c| c.to_string());
    let ours = commit(object.status.last_attempted_revision.as_ref()).as_ref() == Some(&promise.commit);
    let artifact = world.source(environment).and_then(|s| s.status.artifact.as_ref());
    // The controller may have looked at the source a moment before the wanted artifact was there; then it comes again. If the
    // source has moved on, it never will.
    let moved_on = commit(artifact.map(|a| &a.revision)).is_some_and(|holds| holds != promise.commit);
    (handled && decided && (ours || moved_on)).then(|| Arc::clone(object))
}

fn verdict(object: &FluxObject, environment: &Environment, promise: &SyncPromise) -> Result<String, Trouble> {
    let applied = object.status.last_applied_revision.clone().unwrap_or_default();
    let ready = object.ready();
    let wanted = CommitId::parse(&promise.commit);
    let exact = wanted.is_some() && applied.commit() == wanted;
    if ready.is_some_and(|c| c.status == "True") {
        if exact {
            return Ok(format!("{} was applied to {}", applied.short(), environment.id));
        }
        return Err(Trouble::failed("Another commit than the wanted one was applied", &environment.id)
            .why(format!(
                "{} was applied instead of {}: the branch moved on while it synced",
                applied.short(),
                short(&promise.commit)
            ))
            .next("Look at what the branch holds now; sync again when it is what you want."));
    }
    let why = ready.map_or_else(|| "it says nothing".to_owned(), |c| format!("{}: {}", c.reason, c.message));
    Err(Trouble::failed("Flux could not apply the commit", &environment.id)
        .why(why)
        .next("Correct what it names and sync again; it is suspended again."))
}

fn said(core: &Core, environment: &Environment) -> String {
    let world = Arc::clone(&core.world.borrow());
    world.kustomization(environment).map_or_else(|| "the Kustomization is not there".to_owned(), |k| k.message().to_owned())
}

fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// Suspends what was resumed, if it still carries the promise's mark and nobody resumed it on purpose.
pub(crate) async fn suspend_again(core: &Core, environment: &Environment, promise: &SyncPromise) -> Result<Kept, Trouble> {
    let key = kustomization(environment);
    for _ in 0..CONFLICTS {
        let Some(object) = core.fleet.flux(&key).await? else { return Ok(Kept::Left("the Kustomization is gone")) };
        let ours = object.marks.iter().any(|(name, value)| name == MARK && *value == promise.token);
        if !ours {
            return Ok(if object.suspended() { Kept::Suspended } else { Kept::Left("somebody else has resumed it") });
        }
        let steer = Steer { expect: Some(object.resource_version.clone()), marks: vec![(MARK.to_owned(), None)] };
        if core.fleet.suspend_if_same(&key, &steer).await? {
            return Ok(Kept::Suspended);
        }
    }
    Err(Trouble::failed("The Kustomization could not be suspended again", &key).why("it changes all the time"))
}

/// Keeps a promise and says so in the journal; returns how.
pub(crate) async fn settle(
    core: &Core,
    scribe: &Scribe,
    environment: &Environment,
    promise: &SyncPromise,
) -> Result<Kept, Trouble> {
    let kept = suspend_again(core, environment, promise).await?;
    let detail = match kept {
        Kept::Suspended => "suspended again".to_owned(),
        Kept::Left(why) => format!("not suspended again: {why}"),
    };
    scribe.write(Phase::Done, detail, Some(Change::PromiseKept(promise.environment.clone()))).await?;
    Ok(kept)
}

/// Finishes a promise that a process left behind; waits for its lease while that process lives.
pub(super) async fn keep(core: Arc<Core>, id: EnvironmentId, mut place: Place) {
    let lease = core.lease(place.name()).await;
    super::under_lease(&core, &mut place, lease, || take_up(&core, &id)).await;
}

async fn take_up(core: &Arc<Core>, id: &EnvironmentId) -> Result<(), Trouble> {
    core.refresh().await?;
    let Some(promise) = core.store.state().promises.get(id).cloned() else { return Ok(()) };
    let scribe = Scribe::of_system(core, "sync", id);
    let Some(environment) = core.store.state().environments.get(id).cloned() else {
        let detail = "the environment was removed; look at its Kustomization";
        return scribe.write(Phase::Failed, detail, Some(Change::PromiseKept(id.clone()))).await;
    };
    let key = kustomization(&environment);
    let Some(object) = core.fleet.flux(&key).await? else {
        return settle(core, &scribe, &environment, &promise).await.map(drop);
    };
    let resumed = !object.suspended() && object.marks.iter().any(|(name, value)| name == MARK && *value == promise.token);
    let source = core.fleet.flux(&source(&environment)).await?;
    let artifact = source.and_then(|s| s.status.artifact).and_then(|a| a.revision.commit());
    let still = artifact.is_some_and(|commit| commit.as_str() == promise.commit);
    // The source may hold another commit by now; then the sooner it is suspended, the less goes out that nobody meant.
    if resumed && still {
        // Whoever was interrupted may have asked already, and Flux has done it: then nothing is left to wait for.
        let said = if answered(&object, &promise) {
            verdict(&object, &environment, &promise)
        } else {
            outcome(core, &environment, &promise).await
        };
        match said {
            Ok(said) => scribe.write(Phase::Done, format!("{said}, after an interruption"), None).await?,
            Err(trouble) => scribe.write(Phase::Failed, trouble.to_string(), None).await?,
        }
    }
    settle(core, &scribe, &environment, &promise).await.map(drop)
}

/// Tells whether Flux has applied the promised commit on a request that was made since the promise was given.
fn answered(object: &FluxObject, promise: &SyncPromise) -> bool {
    let asked = object.status.last_handled_reconcile_at.as_deref().and_then(|at| at.parse::<Time>().ok());
    let applied = object.status.last_applied_revision.as_ref().and_then(Revision::commit);
    asked.is_some_and(|at| at >= promise.since)
        && applied.is_some_and(|commit| commit.as_str() == promise.commit)
        && object.ready().is_some_and(|c| c.status == "True")
}

/// Returns the key of an environment's GitRepository.
pub(crate) fn source(environment: &Environment) -> ObjectKey {
    let name = &environment.gitops.source;
    ObjectKey::new(&environment.cluster, "GitRepository", &name.namespace, &name.name)
}

impl Core {
    /// Waits until a published world shows what is looked for, at most so long.
    pub(crate) async fn wait_world<T>(&self, limit: Duration, look: impl Fn(&World) -> Option<T>) -> Option<T> {
        let mut worlds = self.world.subscribe();
        let search = async {
            loop {
                if let Some(found) = look(&worlds.borrow_and_update()) {
                    return Some(found);
                }
                worlds.changed().await.ok()?;
            }
        };
        tokio::time::timeout(limit, search).await.ok().flatten()
    }
}
