//! What the deploy form starts from, the draft that was kept, and what a draft would change.

use std::sync::Arc;
use std::time::Duration;

use domain::Trouble;
use domain::actor::Actor;
use domain::change::Draft;
use domain::ident::EnvironmentId;
use domain::query::Answer;

use crate::follow;
use crate::plan::{self, Plan};
use crate::repos::head_of;
use crate::scene::Scene;
use crate::shared::Core;

/// How old the known head may be when a form is opened.
const FORM: Duration = Duration::from_secs(2);
/// How old it may be while somebody types; the submit looks again anyway.
const PREVIEW: Duration = Duration::from_secs(10);

pub(super) async fn form(core: &Arc<Core>, id: &EnvironmentId) -> Result<Answer, Trouble> {
    let scene = core.scene(id)?;
    let head = head(&scene, FORM).await?;
    // A kept draft says which workload the operator chose; one that is gone from the manifests is no reason to show nothing.
    let kept = core
        .on_store("the drafts", {
            let id = id.clone();
            move |store| store.drafts().load(&id)
        })
        .await??;
    let facts = match kept.and_then(|draft| draft.workload) {
        Some(chosen) => match plan::facts(&scene, head.clone(), Some(chosen)).await {
            Ok(facts) => facts,
            Err(_) => plan::facts(&scene, head, None).await?,
        },
        None => plan::facts(&scene, head, None).await?,
    };
    Ok(Answer::Form(Arc::new(facts)))
}

pub(super) async fn draft(core: &Arc<Core>, id: EnvironmentId) -> Result<Answer, Trouble> {
    let draft = core.on_store("the drafts", move |store| store.drafts().load(&id)).await??;
    Ok(Answer::Draft(draft.map(Box::new)))
}

/// Works a draft out on the head of its branch, or on the commit that is applied by hand.
async fn planned(core: &Arc<Core>, actor: &Actor, draft: &Draft) -> Result<(Scene, Plan), Trouble> {
    let scene = core.scene(&draft.environment)?;
    // Texts are asked about once, after the editor; who else wrote meanwhile has to be known then.
    let oldest = if draft.texts.is_empty() { PREVIEW } else { Duration::ZERO };
    let head = match &draft.manual {
        Some(manual) if !manual.from.is_empty() => follow::manual::commit(&scene, manual).await?,
        _ => head(&scene, oldest).await?,
    };
    let plan = plan::plan(core, &scene, head, draft, actor).await?;
    Ok((scene, plan))
}

/// Asks the cluster what it would make of a draft.
pub(super) async fn trial(core: &Arc<Core>, actor: &Actor, draft: &Draft) -> Result<Answer, Trouble> {
    let (scene, plan) = planned(core, actor, draft).await?;
    let trial = crate::drift::trial(core, &scene, &plan, draft.manual.is_some()).await?;
    Ok(Answer::Trial(Arc::new(trial)))
}

pub(super) async fn preview(core: &Arc<Core>, actor: &Actor, draft: &Draft) -> Result<Answer, Trouble> {
    let (scene, plan) = planned(core, actor, draft).await?;
    let mut preview = super::charts::preview(core, &scene, plan).await;
    if !draft.texts.is_empty() && preview.render_trouble.is_none() && !preview.is_empty() {
        preview.findings.extend(crate::drift::tried(core, &scene, &preview).await);
        preview.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
    Ok(Answer::Preview(Arc::new(preview)))
}

async fn head(scene: &Scene, oldest: Duration) -> Result<domain::revision::CommitId, Trouble> {
    let heads = scene.repo.heads(oldest).await?;
    head_of(&heads, &scene.environment.gitops.branch, scene.repo.url())
}
