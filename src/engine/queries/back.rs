//! The draft that takes an environment back: which deployments it undoes is read from the records, and from the branch which of
//! them are on it.

use std::sync::Arc;

use domain::Trouble;
use domain::actor::Actor;
use domain::change::Draft;
use domain::deployment::{Deployment, Method, Status};
use domain::history::Brief;
use domain::ident::{DeploymentId, EnvironmentId};
use domain::query::Answer;
use domain::restore::{Back, Restore, Undone};
use domain::revision::CommitId;

use crate::scene::Scene;
use crate::shared::Core;

/// How many deployments are looked at.
const SCAN: usize = 2_000;

pub(super) async fn back(core: &Arc<Core>, actor: &Actor, id: &EnvironmentId, back: &Back) -> Result<Answer, Trouble> {
    let scene = core.scene(id)?;
    core.refresh().await?;
    let head = scene.repo.fresh_head(&scene.environment.gitops.branch).await?;
    let briefs: Vec<Brief> = core.store.state().deployments.of(id).take(SCAN).cloned().collect();
    let wanted = match back {
        Back::To(id) | Back::Revert(id) => Some(id),
        Back::Previous => None,
    };
    if let Some(wanted) = wanted.filter(|wanted| briefs.iter().all(|d| d.id() != wanted.as_str())) {
        return Err(Trouble::not_found("The environment has no such deployment", wanted)
            .why(format!("{id} has {} deployments on record", briefs.len()))
            .next("See them with history."));
    }
    let known = core.on_store("the journal", move |store| store.recall_all(&briefs)).await??;
    let landed = landed(&scene, known, head).await?;
    let restore = match back {
        Back::Previous => to(actor, &landed, previous(id, &landed)?),
        Back::To(to_id) => to(actor, &landed, place(&scene, &landed, to_id)?),
        Back::Revert(of) => {
            let at = place(&scene, &landed, of)?;
            Restore { undoes: landed.get(at).map(|landed| undone(actor, landed)).into_iter().collect(), ..Restore::default() }
        }
    };
    let draft = Draft { restore: Some(Box::new(restore)), ..Draft::new(id.clone()) };
    Ok(Answer::Draft(Some(Box::new(draft))))
}

/// A deployment whose commit is on the branch, with the commit before which it began when it is more than one commit.
struct Landed {
    deployment: Arc<Deployment>,
    commit: CommitId,
    since: Option<CommitId>,
}

/// Returns the deployments whose commits are on the branch, as they follow each other there, the newest first. They are on record as
/// they were noticed, and what somebody else pushed may have been noticed after a later one of ours.
async fn landed(scene: &Scene, known: Vec<Arc<Deployment>>, head: CommitId) -> Result<Vec<Landed>, Trouble> {
    let find = move |mirror: &git::Mirror| {
        let mut landed = Vec::new();
        for deployment in known {
            let Some(commit) = deployment.commit.clone() else { continue };
            if !mirror.is_ancestor(&commit, &head)? {
                continue;
            }
            // A push of somebody else may have been several commits; ours are one each.
            let since = deployment.base.clone().filter(|_| deployment.method == Method::GitopsGit);
            let since = match since {
                Some(base) if base != commit && mirror.is_ancestor(&base, &commit)? => Some(base),
                _ => None,
            };
            landed.push(Landed { deployment, commit, since });
        }
        newest_first(landed, |a, b| Ok(a.commit != b.commit && mirror.is_ancestor(&a.commit, &b.commit)?))
    };
    scene.repo.with("the Git history", move |mirror, _| find(mirror)).await
}

/// Puts what is almost in order so that nothing comes before what it is an ancestor of.
fn newest_first<T, E>(known: Vec<T>, is_before: impl Fn(&T, &T) -> Result<bool, E>) -> Result<Vec<T>, E> {
    let mut sorted: Vec<T> = Vec::with_capacity(known.len());
    for one in known {
        let mut at = sorted.len();
        while let Some(newer) = at.checked_sub(1).and_then(|above| sorted.get(above)) {
            if !is_before(newer, &one)? {
                break;
            }
            at -= 1;
        }
        sorted.insert(at, one);
    }
    Ok(sorted)
}

fn undone(actor: &Actor, landed: &Landed) -> Undone {
    let deployment = &landed.deployment;
    Undone {
        deployment: deployment.id.clone(),
        summary: deployment.summary.clone(),
        by: other(actor, deployment),
        commit: landed.commit.clone(),
        since: landed.since.clone(),
        files: if deployment.method == Method::GitopsGit { Vec::new() } else { deployment.files.clone() },
    }
}

/// Returns who made a deployment when that was another person; what an image automation pushed is nobody's work.
fn other(actor: &Actor, deployment: &Deployment) -> Option<String> {
    let by = &deployment.actor;
    let same = if by.email.is_empty() { by.login == actor.login } else { by.email.eq_ignore_ascii_case(&actor.email) };
    (!same && deployment.automation.is_none()).then(|| if by.name.is_empty() { by.login.clone() } else { by.name.clone() })
}

/// Takes back what came after a deployment: the one right after it, whoever made it, and all that went out from here.
///
/// What other people pushed later is their own work in the same files, and stays.
fn to(actor: &Actor, landed: &[Landed], at: usize) -> Restore {
    let target = landed.get(at).map(|landed| landed.deployment.id.clone());
    let stays = |(place, landed): &(usize, &Landed)| place + 1 < at && is_of_others(&landed.deployment);
    let later = landed.iter().take(at).enumerate();
    let undoes = later.filter(|landed| !stays(landed)).map(|(_, landed)| undone(actor, landed)).collect();
    Restore { to: target, undoes, ..Restore::default() }
}

/// Tells whether a person pushed it without this program; what an image automation pushed is nobody's work.
fn is_of_others(deployment: &Deployment) -> bool {
    deployment.method == Method::GitopsGit && deployment.automation.is_none()
}

/// Returns the place of a deployment among those that are on the branch.
fn place(scene: &Scene, landed: &[Landed], id: &DeploymentId) -> Result<usize, Trouble> {
    landed.iter().position(|l| l.deployment.id == *id).ok_or_else(|| {
        let branch = &scene.environment.gitops.branch;
        Trouble::refused("There is nothing to go back to", id)
            .why(format!("its commit is not on {branch}"))
            .next("Choose a deployment whose commit stage is done; see them with history.")
    })
}

/// Returns the place of the last healthy deployment before the present one.
fn previous(id: &EnvironmentId, landed: &[Landed]) -> Result<usize, Trouble> {
    let healthy = landed.iter().enumerate().skip(1).find(|(_, l)| l.deployment.status == Status::Succeeded);
    healthy.map(|(at, _)| at).ok_or_else(|| {
        Trouble::not_found("There is no earlier deployment to go back to", id)
            .why(match landed.len() {
                0 => "no deployment of this environment is on its branch".to_owned(),
                _ => "none before the present one was healthy".to_owned(),
            })
            .next("Name one with --to, or take the last one back with revert; see them with history.")
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]

    use super::newest_first;

    #[test]
    fn what_was_noticed_late_stands_where_it_is_on_the_branch() {
        let order = |known: &[u32]| newest_first(known.to_vec(), |a, b| Ok::<_, ()>(a < b)).unwrap();
        assert_eq!(order(&[4, 3, 2, 1]), [4, 3, 2, 1]);
        assert_eq!(order(&[1, 4, 2, 3]), [4, 3, 2, 1]);
        assert_eq!(order(&[]), [0; 0]);
        // Those of which neither is below the other stay as they were.
        assert_eq!(newest_first(vec!['a', 'b'], |_, _| Ok::<_, ()>(false)).unwrap(), ['a', 'b']);
    }
}
