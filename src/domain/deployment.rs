//! A deployment: one change on its way to one environment, and its four stages.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::actor::Actor;
use crate::edit::{Edit, WorkloadRef};
use crate::ident::{DeploymentId, EnvironmentId};
use crate::proposal::Proposal;
use crate::restore::Restore;
use crate::revision::CommitId;
use crate::trouble::Trouble;

/// Says how a change came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Applied to the cluster without Git.
    Manual,
    /// From the deploy form.
    GitopsUi,
    /// A commit that somebody pushed.
    GitopsGit,
    /// From a pipeline.
    Pipeline,
}

impl Method {
    /// Returns the word that trailers and exports carry.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::GitopsUi => "gitops-ui",
            Self::GitopsGit => "gitops-git",
            Self::Pipeline => "pipeline",
        }
    }
}

/// Names the four stages, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageName {
    /// The commit is on the branch, on the server.
    Commit,
    /// Flux's source has an artifact at or past it.
    Sync,
    /// Flux has applied a revision at or past it.
    Apply,
    /// The workloads are rolled out and ready.
    Health,
}

impl StageName {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Commit, Self::Sync, Self::Apply, Self::Health];

    /// Returns the word that filters know.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Sync => "sync",
            Self::Apply => "apply",
            Self::Health => "health",
        }
    }

    /// Returns the title that screens show.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Commit => "Git commit",
            Self::Sync => "Flux sync",
            Self::Apply => "Apply",
            Self::Health => "Health",
        }
    }
}

/// Says where a stage is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum StageState {
    /// Not begun.
    Pending,
    /// Under way.
    Running,
    /// Cannot go on until somebody does something: sync, approve.
    Waiting,
    /// Through.
    Done,
    /// Not part of this deployment: a manual one knows no Git and no sync.
    Skipped,
    /// Failed.
    Failed {
        /// Why, and what to do.
        trouble: Trouble,
    },
}

/// Holds one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Where it is.
    pub state: StageState,
    /// When it began.
    pub started: Option<Time>,
    /// When it ended, well or badly.
    pub ended: Option<Time>,
    /// What is going on, in a sentence: `main@9e1c21d`, `1 of 3 updated`.
    pub detail: String,
}

impl Stage {
    /// Returns a stage that has not begun.
    pub const fn pending() -> Self {
        Self { state: StageState::Pending, started: None, ended: None, detail: String::new() }
    }

    /// Returns a stage that a deployment goes without.
    pub const fn skipped() -> Self {
        Self { state: StageState::Skipped, started: None, ended: None, detail: String::new() }
    }

    /// Tells whether it is over, well or badly.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, StageState::Done | StageState::Skipped | StageState::Failed { .. })
    }

    /// Tells whether nothing is left of it to do.
    pub const fn is_through(&self) -> bool {
        matches!(self.state, StageState::Done | StageState::Skipped)
    }
}

/// Says how a deployment as a whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// On its way.
    Running,
    /// Waiting for a person: a manual sync, an approval.
    Waiting,
    /// All four stages are through.
    Succeeded,
    /// A stage failed.
    Failed,
    /// A later deployment of the same environment took its place before it was through.
    Superseded,
}

impl Status {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
        }
    }

    /// Tells whether nothing more will happen to it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Superseded)
    }
}

/// Holds a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Which one.
    pub id: DeploymentId,
    /// Where it goes.
    pub environment: EnvironmentId,
    /// How it came about.
    pub method: Method,
    /// Who asked for it.
    pub actor: Actor,
    /// When it was asked for.
    pub requested: Time,
    /// When it was over.
    pub finished: Option<Time>,
    /// How it is.
    pub status: Status,
    /// What is wanted: the edits of the form.
    pub edits: Vec<Edit>,
    /// The workload they change.
    pub workload: Option<WorkloadRef>,
    /// The commit message with its trailers.
    pub message: String,
    /// The branch.
    pub branch: String,
    /// The files that it touches.
    pub files: Vec<String>,
    /// The head that the commit was made on.
    pub base: Option<CommitId>,
    /// The commit; known before it is pushed.
    pub commit: Option<CommitId>,
    /// The digest of what was reviewed.
    pub reviewed: String,
    /// What it changes, in short: `image 1.8.4 → 1.8.5, replicas 3 → 6`.
    pub summary: String,
    /// The image that should run afterwards, when it changes: container and image.
    pub expect_images: Vec<(String, String)>,
    /// The replicas that should run afterwards, when they change.
    pub expect_replicas: Option<i32>,
    /// The `ImageUpdateAutomation` that made the commit, as `namespace/name`, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automation: Option<String>,
    /// The newest deployment that it takes back, when it is a rollback or a revert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls_back: Option<DeploymentId>,
    /// What it takes back, and how far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Box<Restore>>,
    /// How it waits, or waited, for approval on the Git host, when its environment is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// The objects that a manual deployment applied, each as `namespace/Kind/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<String>,
    /// The four stages, in the order of [`StageName::ALL`].
    pub stages: [Stage; 4],
}

impl Deployment {
    /// Returns the journal's word for asking for it.
    pub const fn act(&self) -> &'static str {
        match &self.restore {
            None => "deploy",
            Some(restore) => restore.act(),
        }
    }

    /// Returns the proposal that it waits for, if it does.
    pub fn awaits(&self) -> Option<&Proposal> {
        self.proposal.as_ref().filter(|p| p.opened.is_some() && p.arrived.is_none() && !self.status.is_over())
    }

    /// Returns a stage.
    pub const fn stage(&self, name: StageName) -> &Stage {
        &self.stages[name as usize]
    }

    /// Returns a stage to change it.
    pub const fn stage_mut(&mut self, name: StageName) -> &mut Stage {
        &mut self.stages[name as usize]
    }

    /// Returns the first stage that is not through.
    pub fn current(&self) -> Option<StageName> {
        StageName::ALL.into_iter().find(|name| !self.stage(*name).is_through())
    }

    /// Returns why it failed, if it did.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.stages.iter().find_map(|stage| match &stage.state {
            StageState::Failed { trouble } => Some(trouble),
            _ => None,
        })
    }
}
