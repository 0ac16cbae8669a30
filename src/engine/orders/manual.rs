//! Deploying by hand: what a commit and a draft render to is applied to the cluster without Git, and its rollout followed.

use std::sync::Arc;

use domain::Trouble;
use domain::change::Manual;
use domain::deployment::{Deployment, Method, Stage, StageName, StageState};
use domain::journal::{Change, Phase};
use domain::orders::{Deploy, Outcome};

use super::deploy::{blank, dry, later};
use crate::driven::Place;
use crate::follow;
use crate::follow::{land, manual};
use crate::orders::{Done, Fault};
use crate::plan;
use crate::scribe::Scribe;
use crate::shared::Core;

pub(super) async fn deploy(core: &Arc<Core>, scribe: &Scribe, order: Deploy, how: &Manual) -> Result<Done, Fault> {
    let scene = core.scene(&order.draft.environment)?;
    let mut deployment = blank(core, scribe, &order, &scene, (core.ids)(core.now()));
    // One at a time changes an environment.
    let _turn = if order.dry_run { None } else { Some(core.lease(&land::lease_of(&deployment.environment)).await?) };
    let commit = manual::commit(&scene, how).await?;
    let plan = plan::plan(core, &scene, commit.clone(), &order.draft, scribe.actor()).await?.settled()?;
    if order.reviewed.as_ref().is_some_and(|digest| *digest != plan.preview.digest) {
        return Err(land::changed(&deployment).into());
    }
    manual::may_go(&scene.environment, &plan)?;
    let load = manual::rehearse(core, &scene, &commit, &plan).await?;
    if order.dry_run {
        return Ok(dry(plan));
    }
    prepare(&mut deployment, how, core.now());
    (deployment.base, deployment.commit) = (Some(commit.clone()), Some(commit.clone()));
    deployment.applied = load.names();
    deployment.workload.clone_from(&plan.workload);
    deployment.message.clone_from(&plan.preview.message);
    deployment.reviewed.clone_from(&plan.preview.digest);
    plan.renumber(&mut deployment.edits);
    (deployment.expect_images, deployment.expect_replicas) = plan.named.clone();
    deployment.summary =
        if plan.summary.is_empty() { format!("{} as it is in Git", commit.short()) } else { plan.summary.clone() };
    let Some(mut place) = Place::take(&core.driven, follow::lease_of(&deployment.id)) else {
        return Err(Trouble::failed("The deployment is driven already", &deployment.id).into());
    };
    let lease = core.lease(place.name()).await?;
    place.driving();
    let detail = format!("applies by hand from {}: {}", commit.short(), deployment.applied.join(", "));
    scribe.write(Phase::Intent, detail, Some(Change::Deployment(Box::new(deployment.clone())))).await?;
    if let Err(trouble) = manual::apply(core, &scene, &mut deployment, &load).await {
        return Err(Fault::with(trouble, Change::Deployment(Box::new(deployment))));
    }
    land::settle_draft(core, &deployment).await;
    let said = format!(
        "Applied to {} by hand, without Git: {} ({}).",
        deployment.environment,
        deployment.summary,
        deployment.applied.join(", ")
    );
    let outcome = Outcome { deployment: Some(deployment.id.clone()), ..Outcome::said(said) };
    core.spawn("following a deployment", later(Arc::clone(core), deployment.clone(), place, lease));
    Ok(Done { outcome, change: Some(Change::Deployment(Box::new(deployment))), check: None })
}

/// Lets a record be one of a deployment that knows no Git and no sync.
fn prepare(deployment: &mut Deployment, how: &Manual, now: domain::Time) {
    deployment.method = Method::Manual;
    if !how.from.trim().is_empty() {
        how.from.trim().clone_into(&mut deployment.branch);
    }
    *deployment.stage_mut(StageName::Commit) = Stage::skipped();
    *deployment.stage_mut(StageName::Sync) = Stage::skipped();
    let apply = deployment.stage_mut(StageName::Apply);
    (apply.state, apply.started) = (StageState::Running, Some(now));
}
