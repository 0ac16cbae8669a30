//! Deploying: the draft's edits on the branch's head become a commit, the commit is pushed, and following begins.

use std::sync::Arc;

use domain::Trouble;
use domain::change::{Finding, Severity};
use domain::deployment::{Deployment, Method, Stage, StageName, StageState, Status};
use domain::history::{Brief, Mark};
use domain::ident::DeploymentId;
use domain::journal::Change;
use domain::orders::{Deploy, Outcome};
use domain::project::Environment;
use domain::proposal::WAITS;
use domain::revision::CommitId;

use crate::driven::Place;
use crate::follow;
use crate::follow::land::{self, Landing};
use crate::follow::propose;
use crate::orders::{Done, Fault};
use crate::plan::{self, Plan};
use crate::scene::Scene;
use crate::scribe::Scribe;
use crate::shared::Core;
use crate::steps::before;

pub(super) async fn deploy(core: &Arc<Core>, scribe: &Scribe, order: Deploy) -> Result<Done, Fault> {
    if let Some(how) = order.draft.manual.clone() {
        return super::manual::deploy(core, scribe, order, &how).await;
    }
    let scene = core.scene(&order.draft.environment)?;
    let id = (core.ids)(core.now());
    let mut deployment = blank(core, scribe, &order, &scene, id);
    // One at a time commits to an environment, so that each sees what the one before did.
    let _turn = if order.dry_run { None } else { Some(core.lease(&land::lease_of(&deployment.environment)).await?) };
    let head = scene.repo.fresh_head(&deployment.branch).await?;
    let plan = plan::plan(core, &scene, head, &order.draft, scribe.actor()).await?.settled()?;
    if order.dry_run {
        return Ok(dry(plan));
    }
    may_go(&order, &scene.environment, &plan, &deployment)?;
    propose::begin(&mut deployment, &scene.environment);
    prepare(&mut deployment, &plan, &scene.environment);
    land::commit(&scene, &mut deployment, &plan).await?;
    let Some(mut place) = Place::take(&core.driven, follow::lease_of(&deployment.id)) else {
        return Err(Trouble::failed("The deployment is driven already", &deployment.id).into());
    };
    let lease = core.lease(place.name()).await?;
    place.driving();
    keep(core, &order).await?;
    land::intend(scribe, &deployment).await?;
    let landing = land::push(core, &scene, scribe, &mut deployment).await?;
    finish(core, &scene, deployment, landing, (place, lease)).await
}

/// Keeps the draft of the form: whatever becomes of the push, what was wanted is not lost. Whoever edited texts has them, what is
/// taken back stands in the deployment's record whole, and neither takes the place of a form that somebody has begun.
async fn keep(core: &Arc<Core>, order: &Deploy) -> Result<(), Trouble> {
    if !order.draft.texts.is_empty() || order.draft.restore.is_some() {
        return Ok(());
    }
    let draft = order.draft.clone();
    before("the draft");
    core.on_store("the drafts", move |store| store.drafts().save(&draft)).await?.map_err(Trouble::from)
}

/// Turns what became of the push into the order's outcome; following goes on in the background where there is something to
/// follow.
async fn finish(
    core: &Arc<Core>,
    scene: &Scene,
    mut deployment: Deployment,
    landing: Landing,
    (place, lease): (Place, store::Lease),
) -> Result<Done, Fault> {
    let now = core.now();
    let id = deployment.id.clone();
    match landing {
        Landing::Landed => {
            let commit = deployment.commit.as_ref().map_or_else(String::new, |c| c.short().to_owned());
            let stage = deployment.stage_mut(StageName::Commit);
            stage.state = StageState::Done;
            stage.ended = Some(now);
            stage.detail.clone_from(&commit);
            land::settle_draft(core, &deployment).await;
            scene.repo.poke();
            let said = format!("{commit} is on {} for {}: {}.", deployment.branch, deployment.environment, deployment.summary);
            let outcome = Outcome { deployment: Some(id.clone()), ..Outcome::said(said) };
            core.spawn("following a deployment", later(Arc::clone(core), deployment.clone(), place, lease));
            Ok(Done { outcome, change: Some(Change::Deployment(Box::new(deployment))), check: None })
        }
        Landing::Proposed => {
            propose::waiting(&mut deployment);
            land::settle_draft(core, &deployment).await;
            let said = proposed(&deployment);
            core.spawn("following a deployment", later(Arc::clone(core), deployment.clone(), place, lease));
            let outcome = Outcome { deployment: Some(id.clone()), ..Outcome::said(said) };
            Ok(Done { outcome, change: Some(Change::Deployment(Box::new(deployment))), check: None })
        }
        Landing::Unknown(trouble) => {
            // The record stays as it is: its commit stage is running, and whoever drives it finds out.
            core.spawn("following a deployment", follow::drive(Arc::clone(core), id, place, Some(lease)));
            Err(trouble.into())
        }
        Landing::Refused(trouble) | Landing::Unreached(trouble) => {
            follow::fail(&mut deployment, StageName::Commit, now, trouble.clone());
            Err(Fault::with(trouble, Change::Deployment(Box::new(deployment))))
        }
    }
}

/// Says where a change waits for approval.
fn proposed(deployment: &Deployment) -> String {
    let (branch, link) = deployment.proposal.as_ref().map_or(("", None), |p| (p.branch.as_str(), p.link.as_deref()));
    let commit = deployment.commit.as_ref().map_or("", CommitId::short);
    let what = format!("{commit} is on {branch} and {WAITS}: {}.", deployment.summary);
    match link {
        Some(link) => format!("{what} Merge request into {}: {link}", deployment.branch),
        None => format!("{what} The server printed no link; open a merge request into {}.", deployment.branch),
    }
}

/// Follows a deployment as soon as the gate has journaled that its commit landed.
pub(super) async fn later(core: Arc<Core>, deployment: Deployment, place: Place, lease: store::Lease) {
    let mut worlds = core.world.subscribe();
    let through = |d: &Brief| match d.method() {
        Method::Manual => matches!(d.mark(StageName::Apply), Mark::Done | Mark::Skipped),
        _ => matches!(d.mark(StageName::Commit), Mark::Done | Mark::Waiting),
    };
    let journaled = worlds.wait_for(|world| world.deployment(&deployment.id).is_some_and(through));
    // If the journal cannot be written, the driver finds the commit on the branch by itself.
    drop(tokio::time::timeout(core.pace.pause(4), journaled).await.map(drop));
    follow::drive(core, deployment.id, place, Some(lease)).await;
}

/// Tells whether the plan may be carried out as it stands.
fn may_go(order: &Deploy, environment: &Environment, plan: &Plan, deployment: &Deployment) -> Result<(), Trouble> {
    let object = &environment.id;
    if !environment.gitops.enabled {
        return Err(Trouble::usage("Flux does not manage this environment", object)
            .why("its GitOps settings are switched off, so nothing would apply the commit")
            .next("Enable GitOps for the environment first, or apply it by hand (deploy --manual)."));
    }
    if order.reviewed.as_ref().is_some_and(|digest| *digest != plan.preview.digest) {
        return Err(land::changed(deployment));
    }
    if plan.preview.is_empty() {
        return Err(nothing(order, deployment, plan));
    }
    if let Some(trouble) = plan.preview.render_trouble.as_ref().filter(|_| !order.draft.texts.is_empty()) {
        return Err(Trouble::refused("It cannot be rendered", object).why(trouble).next("Correct what it names."));
    }
    let errors: Vec<&Finding> = plan.preview.findings.iter().filter(|f| f.severity == Severity::Error).collect();
    if !errors.is_empty() {
        let told: Vec<_> = errors.iter().map(|f| format!("{}: {}", f.rule, f.message)).collect();
        return Err(Trouble::refused("The checks forbid it", object).why(told.join("; ")).next("Correct what they name."));
    }
    Ok(())
}

fn nothing(order: &Deploy, deployment: &Deployment, plan: &Plan) -> Trouble {
    let trouble = Trouble::usage("Nothing would change", &deployment.environment);
    let (branch, head) = (&deployment.branch, plan.preview.base.short());
    if order.draft.restore.is_some() {
        return trouble
            .why(format!("{branch} at {head} reads as it did then, as far as this environment goes"))
            .next("Choose an earlier deployment, or sync the environment if it is behind Git.");
    }
    trouble
        .why(format!("{branch} at {head} already reads as asked"))
        .next("Change a field, or sync the environment if it is behind Git.")
}

pub(super) fn blank(core: &Core, scribe: &Scribe, order: &Deploy, scene: &Scene, id: DeploymentId) -> Deployment {
    let now = core.now();
    let mut stages: [Stage; 4] = std::array::from_fn(|_| Stage::pending());
    let commit = &mut stages[StageName::Commit as usize];
    commit.state = StageState::Running;
    commit.started = Some(now);
    Deployment {
        id,
        environment: scene.environment.id.clone(),
        method: Method::GitopsUi,
        actor: scribe.actor().clone(),
        requested: now,
        finished: None,
        status: Status::Running,
        edits: order.draft.edits.clone(),
        workload: order.draft.workload.clone(),
        message: String::new(),
        branch: scene.environment.gitops.branch.clone(),
        files: Vec::new(),
        base: None,
        commit: None,
        reviewed: order.reviewed.clone().unwrap_or_default(),
        summary: String::new(),
        expect_images: Vec::new(),
        expect_replicas: None,
        automation: None,
        rolls_back: order.draft.restore.as_ref().and_then(|r| r.undoes.first()).map(|undone| undone.deployment.clone()),
        restore: order.draft.restore.clone(),
        proposal: None,
        applied: Vec::new(),
        stages,
    }
}

/// Writes down what the plan has settled: the workload and the message with its trailers.
fn prepare(deployment: &mut Deployment, plan: &Plan, environment: &Environment) {
    deployment.workload.clone_from(&plan.workload);
    let (id, name) = (deployment.id.to_string(), environment.id.to_string());
    let mut add = vec![(land::TRAILER, id.as_str()), ("Environment", &name), ("Deployment-Method", deployment.method.word())];
    if let Some(restore) = &deployment.restore {
        add.extend(restore.undoes.iter().map(|undone| ("Rolls-Back", undone.deployment.as_str())));
        add.extend(restore.to.iter().map(|to| ("Rolls-Back-To", to.as_str())));
    }
    deployment.message = git::trailers(&plan.preview.message, &add);
}

pub(super) fn dry(plan: Plan) -> Done {
    let said =
        if plan.preview.is_empty() { "Nothing would change.".to_owned() } else { format!("It would change: {}.", plan.summary) };
    Done { outcome: Outcome { preview: Some(Box::new(plan.preview)), ..Outcome::said(said) }, change: None, check: None }
}
