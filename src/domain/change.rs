//! What a set of edits would do: to files, to the rendered objects, and what the checks say about it.

use serde::{Deserialize, Serialize};

use crate::edit::{Ask, Edit, Found, WorkloadRef};
use crate::ident::EnvironmentId;
use crate::restore::{Overwriter, Restore, Restoring};
use crate::revision::CommitId;
use crate::trouble::Trouble;

/// Holds one file's text before and after; an absent side means that the file did not or will not exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileChange {
    /// The path, relative to the repository's root.
    pub path: String,
    /// The text at the base commit.
    pub before: Option<String>,
    /// The text after the edits.
    pub after: Option<String>,
}

/// Holds one rendered Kubernetes object before and after, as YAML.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectChange {
    /// `Deployment/shop-web` with its namespace in front when it has one: `shop-dev/Deployment/shop-web`.
    pub object: String,
    /// The object before; absent when it is created.
    pub before: Option<String>,
    /// The object after; absent when it is pruned.
    pub after: Option<String>,
}

/// Says how grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it before you go on.
    Warning,
    /// It will not work, or policy forbids it.
    Error,
}

/// Holds something that a check says about a manifest or a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// How grave it is.
    pub severity: Severity,
    /// A stable short name of the rule: `image-latest`, `no-limits`, `yaml-syntax`.
    pub rule: String,
    /// What it says.
    pub message: String,
    /// The file, when it belongs to one.
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The column, counted from 1, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The object that it speaks of, as `Kind/name`, when it speaks of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

impl Finding {
    /// Builds a finding that speaks of no place yet.
    pub fn new(severity: Severity, rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity, rule: rule.into(), message: message.into(), file: None, line: None, column: None, object: None }
    }

    /// Names the file and the line (counted from 1) that it speaks of.
    pub fn at(mut self, file: impl Into<String>, line: usize) -> Self {
        self.file = Some(file.into());
        self.line = Some(line);
        self
    }

    /// Names the object that it speaks of, as `Kind/name`.
    pub fn of(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }
}

/// Holds how risky a change is, from 0 (nothing to fear) to 100, and what that comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Risk {
    /// The score, 0 to 100.
    pub score: u8,
    /// What adds to it, the gravest first: the points and the reason.
    pub reasons: Vec<(u8, String)>,
}

/// Says that a draft is applied to the cluster by hand, without Git.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Manual {
    /// The branch or the commit that the manifests are taken from; empty: the environment's branch.
    #[serde(default)]
    pub from: String,
}

/// Holds what an operator is about to deploy: kept on disk after each change until it is submitted or dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Draft {
    /// Where it goes.
    pub environment: EnvironmentId,
    /// Which workload it changes; absent for the environment's own or only one.
    pub workload: Option<WorkloadRef>,
    /// The edits, in the order of the form.
    pub edits: Vec<Edit>,
    /// Whole files as they were at `base` and as they are to be; beside these there are no edits. A file that has been changed
    /// since is merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<FileChange>,
    /// The commit message, when the operator wrote one; else it is proposed from the edits.
    pub message: Option<String>,
    /// The commit that the texts were read at, and that the answers speak of which name a line; where the branch has gone on since, the line is looked for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<CommitId>,
    /// What it takes back, when it is a rollback or a revert; then it has no edits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Box<Restore>>,
    /// Whether, and from where, it is applied by hand instead of being committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<Manual>,
}

impl Draft {
    /// Builds an empty draft for an environment.
    pub const fn new(environment: EnvironmentId) -> Self {
        Self {
            environment,
            workload: None,
            edits: Vec::new(),
            texts: Vec::new(),
            message: None,
            base: None,
            restore: None,
            manual: None,
        }
    }

    /// Tells whether it would change nothing.
    pub fn is_empty(&self) -> bool {
        let wants = self.restore.is_some() || self.manual.is_some();
        self.edits.is_empty() && self.texts.is_empty() && self.message.is_none() && !wants
    }
}

/// Holds what the deploy form needs to fill itself from Git.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormFacts {
    /// The environment.
    pub environment: EnvironmentId,
    /// The branch's head that was read.
    pub head: CommitId,
    /// The workload that the fields belong to.
    pub workload: WorkloadRef,
    /// Every workload found under the environment's path.
    pub workloads: Vec<WorkloadRef>,
    /// The containers of the workload, in order; those that run before the others come last.
    pub containers: Vec<String>,
    /// Those of them that run before the others.
    #[serde(default)]
    pub init: Vec<String>,
    /// Where each field lives now and what it says.
    pub found: Vec<Found>,
}

impl FormFacts {
    /// Returns the place of a field of a container (the first container when none is named).
    pub fn find(&self, container: Option<&str>, field: &crate::edit::Field) -> Option<&Found> {
        let meant = container.or_else(|| self.containers.first().map(String::as_str));
        self.found.iter().find(|f| &f.field == field && (f.container.is_none() || f.container.as_deref() == meant))
    }
}

/// Holds what became of the chart of a HelmRelease that a change touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartView {
    /// The HelmRelease, named as in [`ObjectChange`].
    pub release: String,
    /// What became of it.
    pub state: ChartState,
}

/// Says what became of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChartState {
    /// It was rendered before and after the change; so many of its objects differ.
    Rendered(usize),
    /// The helm program is not there, so only the values are compared.
    NoHelm,
    /// Its chart is not here: which and where.
    Elsewhere(String),
    /// It could not be rendered: why.
    Failed(String),
}

/// Holds what will happen when a draft is submitted, pinned by digest: exactly this is committed, or it is asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The environment.
    pub environment: EnvironmentId,
    /// The commit that the edits were applied to.
    pub base: CommitId,
    /// The branch that the commit goes to.
    pub branch: String,
    /// The files that change.
    pub files: Vec<FileChange>,
    /// The rendered objects that change.
    pub rendered: Vec<ObjectChange>,
    /// All rendered objects after the change, one YAML text, documents separated by `---`.
    pub yaml: String,
    /// Which file each rendered object comes from: the object as in [`ObjectChange`], and the path from the repository's root.
    #[serde(default)]
    pub origins: Vec<(String, String)>,
    /// What became of the charts of the HelmReleases that change; what they render to stands in `rendered` too.
    #[serde(default)]
    pub charts: Vec<ChartView>,
    /// What the change means, in words: `image 1.2 → 1.3 in 2 Deployments`.
    #[serde(default)]
    pub summary: Vec<String>,
    /// What the checks say.
    pub findings: Vec<Finding>,
    /// Which version of the cluster's own schemas the checks knew; 0 when they knew the built-in kinds only.
    #[serde(default)]
    pub schemas: u64,
    /// How risky it is.
    #[serde(default)]
    pub risk: Risk,
    /// The edits whose answers name a line, as it is numbered at the base; an answer whose line is gone is not among them.
    #[serde(default)]
    pub answers: Vec<Edit>,
    /// What has to be answered first; nothing can be submitted while there is a question.
    #[serde(default)]
    pub asks: Vec<Ask>,
    /// What is taken back, and what that asks, when it is a rollback or a revert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restoring: Option<Restoring>,
    /// The image automations that would overwrite lines of the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overwriters: Vec<Overwriter>,
    /// The commit message, proposed or written, without trailers.
    pub message: String,
    /// The author as `Name <email>`.
    pub author: String,
    /// Sentences that say what will happen: branch, files, approval, sync.
    pub will: Vec<String>,
    /// Hex SHA-256 over the touched paths and their resulting bytes and the rendered output.
    pub digest: String,
    /// Why the whole environment could not be rendered, when it could not.
    pub render_trouble: Option<Trouble>,
}

impl Preview {
    /// Tells whether submitting would change nothing in Git.
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Tells how many questions have to be answered before it can be submitted.
    pub fn open_questions(&self) -> usize {
        self.asks.len() + self.restoring.as_ref().map_or(0, Restoring::open)
    }
}
