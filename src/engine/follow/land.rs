//! Getting a commit onto its branch: push, and when the branch moved make the same edits on its new head. Never forces, never
//! commits twice, never claims what the server has not shown.

use std::sync::Arc;
use std::time::Duration;

use domain::Trouble;
use domain::change::{Draft, FileChange};
use domain::deployment::{Deployment, StageName};
use domain::ident::EnvironmentId;
use domain::journal::{Change, Phase};
use domain::revision::CommitId;
use domain::text::display;
use domain::voyage::GitSeen;
use git::{Author, Base, NewCommit, PushOutcome};

use super::drive::persist;
use super::propose;
use crate::plan::{self, Plan};
use crate::repos::{GitFault, Nature};
use crate::scene::Scene;
use crate::scribe::Scribe;
use crate::shared::Core;
use crate::steps::before;

/// How often a commit is made anew because the branch moved.
const ATTEMPTS: u32 = 5;
/// How often the server is asked what became of a push before that is called unknown.
const QUESTIONS: u32 = 4;
/// How many commits are searched for one of ours.
const SCAN: usize = 10_000;
/// The trailer that marks our commits.
pub(crate) const TRAILER: &str = "Deployment-Id";

/// Says what became of the commit.
#[derive(Debug)]
pub(crate) enum Landing {
    /// It is on the server's branch.
    Landed,
    /// It is on a branch of its own on the server, and waits there for approval.
    Proposed,
    /// It is not, and will not be.
    Refused(Trouble),
    /// It is not, because the server could not be asked; nothing was sent.
    Unreached(Trouble),
    /// It was sent, and nobody could be asked what became of it.
    Unknown(Trouble),
}

/// Returns the name of the lease under which commits for an environment are made.
pub(crate) fn lease_of(environment: &EnvironmentId) -> String {
    format!("env-{}.{}", environment.project, environment.name)
}

/// Makes the commit in the mirror and notes it in the record; the same content gives the same commit.
pub(crate) async fn commit(scene: &Scene, deployment: &mut Deployment, plan: &Plan) -> Result<(), Trouble> {
    let new = NewCommit {
        parent: Some(plan.preview.base.clone()),
        changes: plan.changes.clone(),
        message: deployment.message.clone(),
        author: Author { name: deployment.actor.name.clone(), email: deployment.actor.email.clone() },
        time: deployment.requested,
    };
    before("the commit in the mirror");
    let id = scene.repo.with("the Git commit", move |mirror, _| mirror.commit(&new)).await?;
    deployment.base = Some(plan.preview.base.clone());
    plan.renumber(&mut deployment.edits);
    if let Some(proposal) = &mut deployment.proposal {
        proposal.commit = Some(id.clone());
    }
    deployment.commit = Some(id);
    deployment.files = plan.preview.files.iter().map(|file| file.path.clone()).collect();
    deployment.summary.clone_from(&plan.summary);
    deployment.expect_images.clone_from(&plan.expect_images);
    deployment.expect_replicas = plan.expect_replicas;
    Ok(())
}

/// Writes down, before it is pushed, which commit is about to be.
pub(crate) async fn intend(scribe: &Scribe, deployment: &Deployment) -> Result<(), Trouble> {
    let commit = deployment.commit.as_ref().map_or("", CommitId::short);
    let branch = deployment.proposal.as_ref().map_or(&deployment.branch, |proposal| &proposal.branch);
    let detail = format!("pushes {commit} to {branch}");
    scribe.write(Phase::Intent, detail, Some(Change::Deployment(Box::new(deployment.clone())))).await
}

/// Pushes the commit of a record that is already journaled. An error means that the journal could not be written.
pub(crate) async fn push(
    core: &Arc<Core>,
    scene: &Scene,
    scribe: &Scribe,
    deployment: &mut Deployment,
) -> Result<Landing, Trouble> {
    if deployment.proposal.is_some() {
        return Ok(propose::push(core, scene, deployment).await);
    }
    let object = format!("{} on {}", deployment.environment, deployment.branch);
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        match push_once(scene, deployment).await {
            Ok(PushOutcome::Landed { .. }) => return Ok(Landing::Landed),
            Ok(PushOutcome::Rejected { words }) => match moved_on(scene, deployment).await {
                None => return Ok(Landing::Refused(rejected(&object, &words))),
                // Two pushes that meet at the server's lock look like a refusal; the branch tells them apart.
                Some(head) => {
                    if let Some(trouble) = rebase((core, scene), scribe, (deployment, attempt), head).await? {
                        return Ok(Landing::Refused(trouble));
                    }
                    last = Some(display(words.trim_end(), true));
                }
            },
            Ok(PushOutcome::Unknown { words }) => match answered(core, || on_branch(scene, deployment)).await {
                Some(Some(found)) => {
                    deployment.commit = Some(found);
                    return Ok(Landing::Landed);
                }
                // It is not there; it is sent again, and lands once even if the first one comes late.
                Some(None) => last = Some(display(words.trim_end(), true)),
                None => return Ok(Landing::Unknown(unknown(&object, &words))),
            },
            Ok(PushOutcome::Moved { head: None }) => {
                return Ok(Landing::Refused(
                    Trouble::failed("The branch is gone", &object)
                        .next("Correct the environment's branch, then submit again; what was wanted is kept."),
                ));
            }
            Ok(PushOutcome::Moved { head: Some(head) }) => {
                if let Some(trouble) = rebase((core, scene), scribe, (deployment, attempt), head).await? {
                    return Ok(Landing::Refused(trouble));
                }
                last = Some("the branch moves all the time".to_owned());
            }
            Err(GitFault { trouble, nature: Nature::Passing }) => {
                return Ok(Landing::Unreached(trouble.next("Try again; what was wanted is kept.")));
            }
            Err(fault) => return Ok(Landing::Refused(fault.trouble)),
        }
    }
    let trouble = Trouble::failed("The commit did not get onto the branch", &object);
    Ok(Landing::Refused(trouble.why(last.unwrap_or_default()).next("Submit again; what was wanted is kept.")))
}

/// Makes the edits on the head that the branch has now, writes that down and pauses; a trouble when they no longer fit.
async fn rebase(
    (core, scene): (&Arc<Core>, &Scene),
    scribe: &Scribe,
    (deployment, attempt): (&mut Deployment, u32),
    head: CommitId,
) -> Result<Option<Trouble>, Trouble> {
    if let Err(trouble) = again(core, scene, deployment, head).await {
        return Ok(Some(trouble));
    }
    intend(scribe, deployment).await?;
    tokio::time::sleep(jitter(deployment, attempt)).await;
    Ok(None)
}

/// Returns the branch's head when it is no longer the one that the commit was made on.
async fn moved_on(scene: &Scene, deployment: &Deployment) -> Option<CommitId> {
    let heads = scene.repo.fetch().await.ok()?;
    heads.get(&deployment.branch).filter(|head| Some(*head) != deployment.base.as_ref()).cloned()
}

async fn push_once(scene: &Scene, deployment: &Deployment) -> Result<PushOutcome, GitFault> {
    let (Some(commit), Some(base)) = (deployment.commit.clone(), deployment.base.clone()) else {
        let trouble = Trouble::refused("The deployment has no commit", &deployment.environment).next("Submit it again.");
        return Err(GitFault { trouble, nature: Nature::Lasting });
    };
    let branch = deployment.branch.clone();
    let push = move |mirror: &git::Mirror, cancel: &git::Cancel| mirror.push(&branch, &commit, &Base::Head(base), cancel);
    before("the push");
    let outcome = scene.repo.attempt("the Git push", push).await;
    scene.repo.outdated();
    outcome
}

/// Makes the same edits on another head; a trouble when what comes out is not what was reviewed.
async fn again(core: &Arc<Core>, scene: &Scene, deployment: &mut Deployment, head: CommitId) -> Result<(), Trouble> {
    let draft = Draft {
        environment: deployment.environment.clone(),
        workload: deployment.workload.clone(),
        edits: deployment.edits.clone(),
        texts: texts(scene, deployment).await?,
        // The message was settled with the first commit and already carries its trailers.
        message: Some(deployment.message.clone()),
        base: deployment.base.clone(),
        restore: deployment.restore.clone(),
        manual: None,
    };
    let plan = plan::plan(core, scene, head, &draft, &deployment.actor).await?.settled()?;
    if plan.preview.is_empty() {
        return Err(Trouble::refused("Nothing is left to change", &deployment.environment)
            .why("the branch moved, and what is on it now already reads as asked")
            .next("See who did it in the branch's commits."));
    }
    if !deployment.reviewed.is_empty() && plan.preview.digest != deployment.reviewed {
        return Err(changed(deployment));
    }
    commit(scene, deployment, &plan).await
}

/// Returns the texts that a deployment without edits is made of: what its commit made of the files.
async fn texts(scene: &Scene, deployment: &Deployment) -> Result<Vec<FileChange>, Trouble> {
    let (Some(base), Some(commit), true) = (&deployment.base, &deployment.commit, deployment.edits.is_empty()) else {
        return Ok(Vec::new());
    };
    if deployment.restore.is_some() {
        return Ok(Vec::new());
    }
    let found = plan::of_commit(scene, (base.clone(), commit.clone()), deployment.files.clone()).await;
    found.map_err(|trouble| {
        Trouble::refused("The edited text is not here any more", &deployment.environment)
            .why(format!("only the copy of the repository that made the commit has it: {trouble}"))
            .next("Edit the object again.")
    })
}

/// Returns the trouble of a review that no longer holds.
pub(crate) fn changed(deployment: &Deployment) -> Trouble {
    Trouble::refused("What was reviewed has changed", &deployment.environment)
        .why(format!("somebody changed the same files on {} meanwhile", deployment.branch))
        .next("Review the diff again and submit; what was wanted is kept.")
}

pub(super) fn rejected(object: &str, words: &str) -> Trouble {
    Trouble::failed("The server refused the push", object)
        .why(display(words.trim_end(), true))
        .next("Nothing was changed and what was wanted is kept; do what the server says, then submit again.")
}

pub(super) fn unknown(object: &str, words: &str) -> Trouble {
    Trouble::failed("It is not known whether the commit landed", object).why(display(words.trim_end(), true)).next(
        "The server is asked again until it answers; what was wanted is kept. Look at the deployment before you submit again.",
    )
}

/// Asks the server what became of a push, a few times; nothing when it never answers.
pub(crate) async fn answered<T, F>(core: &Core, ask: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T, Trouble>>,
{
    for question in 0..QUESTIONS {
        match ask().await {
            Ok(answer) => return Some(answer),
            Err(_) => tokio::time::sleep(core.pace.pause(question)).await,
        }
    }
    None
}

/// Returns our commit on the server's branch: the very one, or one with our trailer.
async fn on_branch(scene: &Scene, deployment: &Deployment) -> Result<Option<CommitId>, Trouble> {
    let heads = scene.repo.fetch().await?;
    let branch = deployment.proposal.as_ref().map_or(&deployment.branch, |proposal| &proposal.branch);
    let Some(head) = heads.get(branch).cloned() else { return Ok(None) };
    let (ours, id) = (deployment.commit.clone(), deployment.id.to_string());
    let find = move |mirror: &git::Mirror| match ours {
        Some(ours) if mirror.is_ancestor(&ours, &head)? => Ok(Some(ours)),
        _ => mirror.find_trailer(&head, TRAILER, &id, SCAN),
    };
    scene.repo.with("the Git history", move |mirror, _| find(mirror)).await
}

/// Returns a pause of up to 50 ms for each attempt so far, different for each deployment.
fn jitter(deployment: &Deployment, attempt: u32) -> Duration {
    let spread = deployment.id.as_str().bytes().fold(7_u64, |a, b| a.wrapping_mul(31).wrapping_add(u64::from(b)));
    Duration::from_millis(spread.wrapping_mul(u64::from(attempt) + 1) % (50 * (u64::from(attempt) + 1)))
}

/// Finishes a commit stage that somebody began and did not end, or that waits for approval.
///
/// A server that does not answer is asked again for as long as it takes: whether the commit landed can only be learned there.
pub(super) async fn take_up(core: &Arc<Core>, scene: &Scene, deployment: &mut Deployment) -> Result<GitSeen, Trouble> {
    let mut failures = 0;
    loop {
        let trouble = match attempt(core, scene, deployment).await? {
            Landing::Landed => {
                scene.repo.poke();
                return Ok(GitSeen::Landed);
            }
            Landing::Proposed => return Ok(GitSeen::Waits(deployment.stage(StageName::Commit).detail.clone())),
            Landing::Refused(trouble) => return Ok(GitSeen::Refused(trouble)),
            Landing::Unreached(trouble) | Landing::Unknown(trouble) => trouble,
        };
        let detail = trouble.to_string();
        if deployment.stage(StageName::Commit).detail != detail {
            deployment.stage_mut(StageName::Commit).detail = detail;
            persist(core, deployment).await?;
        }
        tokio::time::sleep(core.pace.pause(failures)).await;
        failures += 1;
    }
}

async fn attempt(core: &Arc<Core>, scene: &Scene, deployment: &mut Deployment) -> Result<Landing, Trouble> {
    let _lease = core.lease(&lease_of(&deployment.environment)).await?;
    if deployment.proposal.as_ref().is_some_and(|proposal| proposal.opened.is_some()) {
        return Ok(Landing::Proposed);
    }
    match on_branch(scene, deployment).await {
        // Whatever the reason: as long as nobody can look, it may have landed, and nothing else may be claimed.
        Err(trouble) => return Ok(Landing::Unreached(trouble)),
        Ok(Some(_)) if deployment.proposal.is_some() => {
            // What the server said when it took it, nobody heard.
            propose::opened(core, scene, deployment, "");
            return proposed(core, deployment).await;
        }
        Ok(Some(found)) => {
            deployment.commit = Some(found);
            return Ok(Landing::Landed);
        }
        Ok(None) => {}
    }
    let scribe = Scribe::of_system(core, deployment.act(), &deployment.environment);
    if !is_here(scene, deployment).await {
        // Another machine's mirror had it, or ours was replaced: the same edits are made again, on the head of now.
        let head = match scene.repo.fresh_head(&deployment.branch).await {
            Ok(head) => head,
            Err(trouble) => return Ok(Landing::Refused(trouble)),
        };
        if let Err(trouble) = again(core, scene, deployment, head).await {
            return Ok(Landing::Refused(trouble));
        }
        intend(&scribe, deployment).await?;
    }
    match push(core, scene, &scribe, deployment).await? {
        Landing::Proposed => proposed(core, deployment).await,
        landing => Ok(landing),
    }
}

/// Writes down that a deployment waits for approval.
async fn proposed(core: &Arc<Core>, deployment: &mut Deployment) -> Result<Landing, Trouble> {
    propose::waiting(deployment);
    persist(core, deployment).await?;
    settle_draft(core, deployment).await;
    Ok(Landing::Proposed)
}

/// Tells whether the mirror has the commit that is to be pushed.
async fn is_here(scene: &Scene, deployment: &Deployment) -> bool {
    let Some(commit) = deployment.commit.clone() else { return false };
    scene.repo.with("the Git history", move |mirror, _| mirror.commit_info(&commit)).await.is_ok()
}

/// Removes the draft that a landed deployment was made of, unless somebody has changed it since.
pub(crate) async fn settle_draft(core: &Core, deployment: &Deployment) {
    let waits = deployment.proposal.as_ref().is_some_and(|proposal| proposal.opened.is_some());
    let settled = waits || deployment.stage(StageName::Commit).is_through();
    if !settled || deployment.edits.is_empty() {
        return;
    }
    let (environment, edits) = (deployment.environment.clone(), deployment.edits.clone());
    before("the draft");
    let removed = core.on_store("the drafts", move |store| match store.drafts().load(&environment) {
        Ok(Some(draft)) if draft.edits == edits => store.drafts().remove(&environment),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    });
    if let Err(trouble) = removed.await.and_then(|result| result.map_err(Trouble::from)) {
        core.mishaps.add(trouble);
    }
}
