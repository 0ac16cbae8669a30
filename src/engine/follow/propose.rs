//! Protected environments: the commit goes to a branch of its own, and the deployment waits until what was reviewed is on the
//! environment's branch.
//!
//! That is recognized by content alone: every file of the change must read there as it was reviewed, whether it came by merge,
//! squash or rebase. A trailer can be typed by anybody; it only tells that something else came in the name of this deployment.

use std::sync::Arc;

use domain::deployment::{Deployment, StageName, StageState, Status};
use domain::ident::DeploymentId;
use domain::project::Environment;
use domain::proposal::{Arrived, How, Proposal, WAITS, link};
use domain::revision::CommitId;
use domain::text::display;
use domain::voyage::GitSeen;
use domain::{Trouble, TroubleKind};
use git::{Base, Cancel, CommitInfo, Heads, Mirror, PushOutcome, Sought};
use tokio::sync::watch;

use super::land::{self, Landing};
use crate::repos::{GitFault, Nature};
use crate::scene::Scene;
use crate::shared::Core;
use crate::steps::before;

/// How often a commit is sent before that is given up.
const ATTEMPTS: u32 = 5;
/// How many commits of the environment's branch are looked at.
const SCAN: usize = 10_000;

/// Lets a deployment wait for approval, when its environment asks for that.
pub(crate) fn begin(deployment: &mut Deployment, environment: &Environment) {
    if environment.approval.required {
        deployment.proposal = Some(Proposal::of(&deployment.id, environment));
    }
}

/// Returns what is looked for on the environment's branch.
pub(crate) fn sought(deployment: &Deployment) -> Option<Sought> {
    let wanted = deployment.proposal.as_ref()?.commit.clone()?;
    Some(Sought { base: deployment.base.clone()?, wanted, paths: deployment.files.clone() })
}

/// Pushes the commit of a record that is already journaled to a branch of its own; never to one that is there.
pub(super) async fn push(core: &Arc<Core>, scene: &Scene, deployment: &mut Deployment) -> Landing {
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let Some(branch) = deployment.proposal.as_ref().map(|p| p.branch.clone()) else { break };
        let object = format!("{} on {branch}", deployment.environment);
        match push_once(scene, deployment).await {
            Ok((PushOutcome::Landed { .. }, words)) => {
                opened(core, scene, deployment, &words);
                return Landing::Proposed;
            }
            Ok((PushOutcome::Rejected { words }, _)) => return Landing::Refused(land::rejected(&object, &words)),
            Ok((PushOutcome::Moved { head: Some(_) }, _)) => {
                let trouble = Trouble::refused("A branch of that name is there already", &object);
                return Landing::Refused(
                    trouble.next("Delete it if nobody needs it, or choose another prefix, then submit again."),
                );
            }
            Ok((PushOutcome::Moved { head: None }, _)) => "the branch came and went".clone_into(&mut last),
            Ok((PushOutcome::Unknown { words }, _)) => match land::answered(core, || own_head(scene, deployment)).await {
                Some(head) if head.is_some() && head == deployment.proposal.as_ref().and_then(|p| p.commit.clone()) => {
                    opened(core, scene, deployment, &words);
                    return Landing::Proposed;
                }
                Some(_) => last = display(words.trim_end(), true),
                None => return Landing::Unknown(land::unknown(&object, &words)),
            },
            Err(GitFault { trouble, nature: Nature::Passing }) => {
                return Landing::Unreached(trouble.next("Try again; what was wanted is kept."));
            }
            Err(fault) => return Landing::Refused(fault.trouble),
        }
    }
    let trouble = Trouble::failed("The commit did not get onto its branch", &deployment.environment);
    Landing::Refused(trouble.why(last).next("Submit again; what was wanted is kept."))
}

async fn push_once(scene: &Scene, deployment: &Deployment) -> Result<(PushOutcome, String), GitFault> {
    let proposal = deployment.proposal.as_ref();
    let (Some(branch), Some(commit)) = (proposal.map(|p| p.branch.clone()), proposal.and_then(|p| p.commit.clone())) else {
        let trouble = Trouble::refused("The deployment has no commit", &deployment.environment).next("Submit it again.");
        return Err(GitFault { trouble, nature: Nature::Lasting });
    };
    let push = move |mirror: &Mirror, cancel: &Cancel| mirror.push_heard(&branch, &commit, &Base::Absent, cancel);
    before("the push");
    let outcome = scene.repo.attempt("the Git push", push).await;
    scene.repo.outdated();
    outcome
}

/// Notes in the record that the branch is on the server, and where the server says that it can be looked at.
pub(super) fn opened(core: &Core, scene: &Scene, deployment: &mut Deployment, words: &str) {
    if let Some(proposal) = &mut deployment.proposal {
        proposal.opened = Some(core.now());
        proposal.link = link(words, scene.repo.url());
    }
}

/// Returns the head that the branch of its own has on the server.
async fn own_head(scene: &Scene, deployment: &Deployment) -> Result<Option<CommitId>, Trouble> {
    let heads = scene.repo.fetch().await?;
    Ok(deployment.proposal.as_ref().and_then(|p| heads.get(&p.branch)).cloned())
}

/// Notes in the record that it waits.
pub(crate) fn waiting(deployment: &mut Deployment) {
    let stage = deployment.stage_mut(StageName::Commit);
    stage.state = StageState::Waiting;
    WAITS.clone_into(&mut stage.detail);
    deployment.status = Status::Waiting;
}

/// Remembers which heads were looked at, and what that said.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    heads: Option<(Option<CommitId>, Option<CommitId>)>,
    said: GitSeen,
    fetches: Option<watch::Receiver<u64>>,
}

impl Lookout {
    /// Waits until the repository was read again; for ever while nothing was looked for.
    pub(super) async fn news(&self) {
        let Some(mut fetches) = self.fetches.clone() else { return std::future::pending().await };
        if fetches.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Looks at the branches as they are on the server, at most as old as a poll; takes what arrived into the record.
    pub(super) async fn look(&mut self, core: &Core, scene: &Scene, deployment: &mut Deployment) -> GitSeen {
        let Some(proposal) = deployment.proposal.clone() else { return GitSeen::Unknown };
        self.fetches.get_or_insert_with(|| scene.repo.fetches()).mark_unchanged();
        if self.said == GitSeen::Unknown {
            self.said = GitSeen::Waits(deployment.stage(StageName::Commit).detail.clone());
        }
        // A server that does not answer is shown by its link; nothing is concluded from that.
        let both = |heads: &Heads| (heads.get(&deployment.branch).cloned(), heads.get(&proposal.branch).cloned());
        let Ok(mut pair) = scene.repo.heads(core.pace.git_poll).await.map(|heads| both(&heads)) else { return self.said.clone() };
        if self.heads.as_ref() == Some(&pair) {
            return self.said.clone();
        }
        if pair.1.is_none() {
            // The listing may be older than the push.
            let Ok(fresh) = scene.repo.fetch().await else { return self.said.clone() };
            self.fetches.iter_mut().for_each(watch::Receiver::mark_unchanged);
            pair = both(&fresh);
        }
        if let Ok(said) = judge(scene, deployment, &proposal, &pair).await {
            self.heads = Some(pair);
            self.said = said;
        }
        self.said.clone()
    }
}

/// Looks at the server and says in which state a deployment waits for approval; nothing when it does not wait any more.
pub(crate) async fn awaits(core: &Core, id: &DeploymentId) -> Result<Option<String>, Trouble> {
    core.refresh().await?;
    // What is not over is held whole.
    let Some(deployment) = core.store.state().deployments.get(id).and_then(|d| d.whole().cloned()) else { return Ok(None) };
    if deployment.awaits().is_none() {
        return Ok(None);
    }
    let scene = core.scene(&deployment.environment)?;
    scene.repo.fetch().await?;
    // The record is for whoever drives it to change.
    match Lookout::default().look(core, &scene, &mut (*deployment).clone()).await {
        GitSeen::Waits(detail) => Ok(Some(detail)),
        _ => Ok(None),
    }
}

/// Says what the two branches mean for a deployment that waits.
async fn judge(
    scene: &Scene,
    deployment: &mut Deployment,
    proposal: &Proposal,
    (head, own): &(Option<CommitId>, Option<CommitId>),
) -> Result<GitSeen, Trouble> {
    let (Some(sought), branch) = (sought(deployment), deployment.branch.clone()) else { return Ok(GitSeen::Unknown) };
    let Some(head) = head.clone() else { return Ok(GitSeen::Waits(format!("{WAITS}; the branch {branch} is gone"))) };
    let id = deployment.id.to_string();
    let (own, wanted) = (own.clone(), sought.wanted.clone());
    let read = move |mirror: &Mirror| Found::read(mirror, &head, own.as_ref(), &sought, &id);
    let found = scene.repo.with("the Git history", move |mirror, _| read(mirror)).await?;
    let own_branch = &proposal.branch;
    Ok(match found {
        Found::Arrived(arrived, before) => {
            // What it changed is what this commit changed, whatever others did between its making and now.
            deployment.base = before.or(deployment.base.take());
            deployment.commit = Some(arrived.commit.clone());
            if let Some(proposal) = &mut deployment.proposal {
                proposal.arrived = Some(arrived);
            }
            GitSeen::Landed
        }
        Found::Other(commit, paths) => GitSeen::Refused(
            Trouble::refused("Something else than what was reviewed was merged", &deployment.environment)
                .why(format!(
                    "{} by {} made something else of {paths} on {branch}: {}",
                    commit.id.short(),
                    commit.author,
                    commit.subject
                ))
                .next(
                    "Look at that commit; it is followed as a deployment of its own. Submit again if the change is still wanted.",
                ),
        ),
        Found::Deleted => GitSeen::Refused(
            Trouble::new(TroubleKind::Failed, "Its branch was deleted without a merge", &deployment.environment)
                .why(format!("{own_branch} is gone, and what was reviewed is not on {branch}"))
                .next("Ask whoever closed it; deploy again to open it anew."),
        ),
        Found::Diverted(commit, paths) => GitSeen::Waits(format!(
            "{WAITS}; meanwhile {} made something else of {paths} on {branch} ({}: {})",
            commit.author,
            commit.id.short(),
            commit.subject
        )),
        Found::Added(commit) => GitSeen::Waits(format!(
            "{WAITS}; {} put another commit on {own_branch} ({}: {}), and only what was reviewed ({}) counts",
            commit.author,
            commit.id.short(),
            commit.subject,
            wanted.short()
        )),
        Found::Nothing => GitSeen::Waits(WAITS.to_owned()),
    })
}

/// What is found on the two branches.
enum Found {
    /// How, and what the branch had before.
    Arrived(Arrived, Option<CommitId>),
    /// It was merged, but not as it was reviewed: by which commit, and which files.
    Other(CommitInfo, String),
    Deleted,
    Diverted(CommitInfo, String),
    Added(CommitInfo),
    Nothing,
}

impl Found {
    fn read(mirror: &Mirror, head: &CommitId, own: Option<&CommitId>, sought: &Sought, id: &str) -> git::Result<Self> {
        if let Some(commit) = mirror.arrival(head, sought, SCAN)? {
            let before = mirror.commit_info(&commit)?.parents.into_iter().next();
            return Ok(Self::Arrived(arrived(mirror, commit, &sought.wanted)?, before));
        }
        let diverted = mirror.diversion(head, sought, SCAN)?;
        let merged = mirror.is_ancestor(&sought.wanted, head)? || mirror.find_trailer(head, land::TRAILER, id, SCAN)?.is_some();
        if merged {
            let (commit, paths) = match diverted {
                Some((commit, paths)) => (commit, paths.join(", ")),
                None => (head.clone(), sought.paths.join(", ")),
            };
            return Ok(Self::Other(mirror.commit_info(&commit)?, paths));
        }
        let Some(own) = own else { return Ok(Self::Deleted) };
        if let Some((commit, paths)) = diverted {
            return Ok(Self::Diverted(mirror.commit_info(&commit)?, paths.join(", ")));
        }
        if own != &sought.wanted {
            return Ok(Self::Added(mirror.commit_info(own)?));
        }
        Ok(Self::Nothing)
    }
}

/// Says how a commit brought the reviewed content.
fn arrived(mirror: &Mirror, commit: CommitId, wanted: &CommitId) -> git::Result<Arrived> {
    let (info, ours) = (mirror.commit_info(&commit)?, mirror.commit_info(wanted)?);
    let how = if commit == *wanted {
        How::FastForward
    } else if info.parents.len() > 1 {
        How::Merge
    } else if (&info.subject, &info.body, &info.email) == (&ours.subject, &ours.body, &ours.email) {
        How::Rebase
    } else {
        How::Squash
    };
    let committer = mirror.committer(&commit)?;
    let author = format!("{} <{}>", info.author, info.email);
    // A host that merges by itself commits in its own name and lets the person be the author; of a copy that is the requester.
    let by = if how == How::Merge && author != committer { format!("{committer}, author {author}") } else { committer };
    Ok(Arrived { commit, how, by, at: info.time })
}
