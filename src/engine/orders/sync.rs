//! The manual sync: the source holds the very commit, the Kustomization is resumed, applies it and is suspended again.

use std::sync::Arc;
use std::time::Duration;

use domain::Trouble;
use domain::flux::FluxObject;
use domain::journal::{Change, Phase, SyncPromise};
use domain::orders::ManualSync;
use domain::project::Environment;
use domain::revision::CommitId;

use crate::driven::Place;
use crate::follow::promise::{self, Kept};
use crate::orders::{Done, Fault};
use crate::scribe::Scribe;
use crate::shared::Core;

pub(super) async fn sync(core: &Arc<Core>, scribe: &Scribe, order: ManualSync) -> Result<Done, Fault> {
    let scene = core.scene(&order.environment)?;
    let environment = &scene.environment;
    if !environment.gitops.enabled {
        return Err(Trouble::usage("Flux does not manage this environment", &environment.id).into());
    }
    let busy = || Trouble::refused("A sync is under way already", &environment.id).next("Wait for it to end.");
    let mut place = Place::take(&core.driven, promise::lease_of(&environment.id)).ok_or_else(busy)?;
    let _lease = core.try_lease(place.name().to_owned()).await?.ok_or_else(busy)?;
    place.driving();
    core.refresh().await?;
    if core.store.state().promises.contains_key(&environment.id) {
        // It was left behind; giving our place back lets it be kept first.
        return Err(busy().into());
    }
    let commit = match order.commit {
        Some(commit) => commit,
        None => scene.repo.fresh_head(&environment.gitops.branch).await?,
    };
    must_be_suspended(core, environment).await?;
    must_hold(core, environment, &commit).await?;
    let promise = SyncPromise {
        environment: environment.id.clone(),
        kustomization: environment.gitops.kustomization.clone(),
        commit: commit.to_string(),
        actor: scribe.actor().clone(),
        since: core.now(),
        token: (core.ids)(core.now()).to_string(),
    };
    let detail = format!("resumes {} to apply {}", promise.kustomization, commit.short());
    scribe.write(Phase::Intent, detail, Some(Change::Promise(promise.clone()))).await?;
    let applied = promise::apply(core, environment, &promise).await;
    let kept = promise::settle(core, scribe, environment, &promise).await;
    match (applied, kept) {
        (Ok(said), Ok(Kept::Suspended)) => Ok(Done::said(format!("{said}; it is suspended again."))),
        (Ok(said), Ok(Kept::Left(why))) => Ok(Done::said(format!("{said}; it was not suspended again: {why}."))),
        (Err(trouble), Ok(_)) => Err(trouble.into()),
        (applied, Err(trouble)) => {
            let first = applied.unwrap_or_else(|trouble| trouble.to_string());
            Err(Trouble::failed("It is not suspended again yet", &environment.id)
                .why(format!("{first}; {trouble}"))
                .next("It is tried until it succeeds, by this console or the next one.")
                .into())
        }
    }
}

/// Refuses an environment whose Kustomization Flux applies on its own, or that does not exist.
async fn must_be_suspended(core: &Core, environment: &Environment) -> Result<(), Trouble> {
    let key = promise::kustomization(environment);
    let object = core.fleet.flux(&key).await?.ok_or_else(|| {
        Trouble::not_found("The Kustomization does not exist", &key)
            .next("Create it (environment edit --create), or correct its name.")
    })?;
    if object.suspended() {
        return Ok(());
    }
    Err(Trouble::refused("It is not suspended", &key)
        .why("Flux applies what its source holds on its own")
        .next("Reconcile it, or suspend it first if it is meant to be synced by hand."))
}

/// Has the source fetched and makes sure that its artifact is the very commit that is meant to go out.
async fn must_hold(core: &Core, environment: &Environment, commit: &CommitId) -> Result<(), Trouble> {
    let key = promise::source(environment);
    let at = core.fleet.reconcile(&key, false).await?;
    let limit = Duration::from_millis(u64::try_from(core.patience.sync).unwrap_or(0));
    let answered = |o: &FluxObject| o.status.last_handled_reconcile_at.as_deref() == Some(at.as_str());
    let object = core.wait_world(limit, |world| world.source(environment).filter(|o| answered(o)).cloned()).await;
    let object = object.ok_or_else(|| {
        Trouble::timed_out("The source did not answer", &key)
            .next("Look at source-controller and at the connection to the cluster.")
    })?;
    let revision = object.status.artifact.as_ref().map(|a| a.revision.clone()).unwrap_or_default();
    if revision.commit().as_ref() == Some(commit) {
        return Ok(());
    }
    let failed = object.ready().filter(|c| c.status == "False").map(|c| format!("; {}: {}", c.reason, c.message));
    let holds = if revision.is_empty() { "no artifact yet".to_owned() } else { revision.short() };
    Err(Trouble::refused("The source does not hold the wanted commit", &environment.id)
        .why(format!("it holds {holds}, and {} is wanted{}", commit.short(), failed.unwrap_or_default()))
        .next("Nothing was resumed. Sync again to what it holds, if that is what you want."))
}
