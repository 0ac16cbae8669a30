//! What a screen may ask the engine, and what comes back. A query changes nothing and is dropped with its view.

use std::sync::Arc;

use crate::Time;
use crate::change::{Draft, FileChange, FormFacts, Preview};
use crate::deployment::Deployment;
use crate::detail::trace::Trace;
use crate::detail::values::Effective;
use crate::detail::{Happening, Standing, Whole};
use crate::drift::{Against, Drift};
use crate::flux::ObjectKey;
use crate::ident::{ContextName, DeploymentId, EnvironmentId, Slug};
use crate::journal::Entry;
use crate::live::{Edited, LiveReview, LiveText};
use crate::logs::{Batch, Follow};
use crate::monitor::{Monitor, Span};
use crate::orders::environment::Setup;
use crate::orders::{Create, Delete, Fleet, FleetPlan, FolderPlan, Fresh};
use crate::origin::Origin;
use crate::project::{Environment, Repository};
use crate::promotion::{Promote, Promotion};
use crate::restore::Back;
use crate::revision::CommitId;
pub use crate::revision::CommitLine;
use crate::sides::Sides;
use crate::toolkit::{Installation, Removal, Toolkit};
use crate::trial::Trial;
use crate::why::Explanation;
use crate::written::Written;

/// Asks for something that the world does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// What the deploy form of an environment starts from.
    Form(EnvironmentId),
    /// The draft that was kept for an environment.
    Draft(EnvironmentId),
    /// What a draft would change.
    Preview(Draft),
    /// What the cluster would make of that, by a dry run of every object that changes.
    Trial(Draft),
    /// The whole YAML of a live object, secrets masked.
    Yaml(ObjectKey),
    /// The events about an object.
    Events(ObjectKey),
    /// The last lines of a container's log.
    Log(LogOf),
    /// Whether a repository answers, and its branches.
    Connect(Repository),
    /// Recent commits of a project's branch under a path (empty for all).
    Commits {
        /// The project.
        project: Slug,
        /// The branch.
        branch: String,
        /// The path.
        path: String,
        /// At most so many.
        limit: usize,
    },
    /// Entries of the journal.
    Audit(AuditFilter),
    /// The whole record of a deployment.
    Record(DeploymentId),
    /// How deliveries went in so many days until now.
    Monitor(Span),
    /// That the workloads and Pods of these namespaces are watched too, as long as this is asked. It is never answered;
    /// the world fills. At most 40 namespaces are held at once beside those of the environments.
    Hold(Vec<(ContextName, String)>),
    /// What deleting these objects would do, each looked up now.
    Deletion(Vec<ObjectKey>),
    /// A live object as text to edit.
    Edit(ObjectKey),
    /// What an edited text would do: checked here, and by the server in a dry run.
    Review(Box<Edited>),
    /// Where an object comes from.
    Origin(ObjectKey),
    /// The document in Git that an object of a cluster is written in; a trouble that says why not when there is none.
    Written(ObjectKey),
    /// The file in Git that a new object would be written to, in the folder of an environment; a trouble that says why not.
    Unwritten(EnvironmentId, Fresh),
    /// What would be committed for a new object to a folder that belongs to no environment; a trouble that says why not.
    FolderPlan(Fleet, Fresh),

    /// What differs between the desired state of a Kustomization or HelmRelease and something else.
    Drift(ObjectKey, Against),
    /// An object whole: its YAML, its JSON.
    Whole(ObjectKey),
    /// How everything that an object applied is doing.
    Inventory(ObjectKey),
    /// The events about an object and, when told so, about what it applied or owns.
    Happenings(ObjectKey, bool),
    /// The way from an object to the commits that brought it about.
    Trace(ObjectKey),
    /// The values that Helm gets of a HelmRelease.
    Values(ObjectKey),

    /// What the server has against creating these; nothing is kept.
    Rehearse(Create),

    // Why something is broken.
    /// What is wrong with an object and with what it stands on, with events, claims and logs read for it.
    Why(ObjectKey),

    // The toolkit itself.
    /// What Flux needs in a cluster, which controllers there are and how each is; and whether a manifest can be had, when one
    /// is named.
    Toolkit(ContextName, Option<Manifest>),
    /// What installing a release of Flux would do.
    Installation {
        /// The cluster.
        context: ContextName,
        /// Where the manifest is.
        from: Manifest,
        /// The controllers; when empty, those that Flux installs by itself and those that are there.
        components: Vec<String>,
    },
    /// What removing Flux would take away, and whether its namespace is to go too.
    Removal(ContextName, bool),
    /// What is missing in the cluster for an environment, and how Flux would read its repository.
    Setup(Box<Environment>),
    /// What would be committed to a folder of a fleet for an environment.
    FleetPlan(Box<Environment>, Fleet),
    /// What deleting an environment's Flux objects would do.
    EnvironmentRemoval(EnvironmentId),
    // Going back and on: drafts.
    /// The draft that takes an environment back; answered by a draft.
    Back(EnvironmentId, Back),
    /// What runs in one environment as a draft for another.
    Promote(Promote),

    // History and comparison.
    /// The environments of a project side by side.
    Sides(Slug),
    /// What the commit of a deployment changed, file by file.
    Changed(DeploymentId),

    /// A log, line by line: answered in parts as they come, until nothing more comes or it is taken back.
    Follow(Follow),
}

/// Says where the manifest of a release is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    /// At an address that the operator named.
    Address(String),
    /// Read already: where from, and its text.
    Text(String, Arc<str>),
    /// In a file on this machine.
    File(String),
}

/// Names a container's log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogOf {
    /// The Pod.
    pub pod: ObjectKey,
    /// The container; the first when empty.
    pub container: String,
    /// Whether the container's previous run is meant.
    pub previous: bool,
    /// How many lines from the end.
    pub lines: u32,
}

/// Narrows the journal. Absent parts match everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct AuditFilter {
    /// The actor's login.
    pub actor: Option<String>,
    /// The start of the act's word.
    pub act: Option<String>,
    /// A part of the object's name.
    pub object: Option<String>,
    /// Not before.
    pub from: Option<Time>,
    /// Not after.
    pub to: Option<Time>,
    /// What an entry has to fit besides, in the language of every list's filter: `by=ada action=deploy* age<7d`.
    pub fits: String,
    /// At most so many, newest first; 0 for all.
    pub limit: usize,
}

/// Holds one Kubernetes event as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EventLine {
    /// When it was last seen.
    pub time: Option<Time>,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// The reason.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// How often.
    pub count: i32,
    /// Who said it.
    pub from: String,
}

/// Holds what a repository said when it was tried.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Connected {
    /// Branches and their heads.
    pub branches: Vec<(String, CommitId)>,
}

/// Answers a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To [`Query::Form`].
    Form(Arc<FormFacts>),
    /// To [`Query::Draft`] and [`Query::Back`].
    Draft(Option<Box<Draft>>),
    /// To [`Query::Preview`].
    Preview(Arc<Preview>),
    /// To [`Query::Trial`].
    Trial(Arc<Trial>),
    /// To [`Query::Yaml`].
    Yaml(Arc<str>),
    /// To [`Query::Events`].
    Events(Vec<EventLine>),
    /// To [`Query::Log`].
    Log(Vec<String>),
    /// To [`Query::Connect`].
    Connected(Connected),
    /// To [`Query::Commits`].
    Commits(Vec<CommitLine>),
    /// To [`Query::Audit`].
    Audit(Vec<Arc<Entry>>),
    /// To [`Query::Record`].
    Record(Arc<Deployment>),
    /// To [`Query::Monitor`].
    Monitor(Arc<Monitor>),
    /// To [`Query::Deletion`], in the same order.
    Deletion(Vec<Delete>),
    /// To [`Query::Edit`].
    Edit(Arc<LiveText>),
    /// To [`Query::Review`].
    Review(Arc<LiveReview>),
    /// To [`Query::Origin`]; nothing when Flux did not apply it.
    Origin(Option<Box<Origin>>),
    /// To [`Query::Written`] and [`Query::Unwritten`].
    Written(Arc<Written>),

    /// To [`Query::Drift`]; while it works, also what it found so far.
    Drift(Arc<Drift>),
    /// To [`Query::Whole`].
    Whole(Arc<Whole>),
    /// To [`Query::Inventory`].
    Inventory(Arc<Vec<Standing>>),
    /// To [`Query::Happenings`].
    Happenings(Arc<Vec<Happening>>),
    /// To [`Query::Trace`].
    Trace(Arc<Trace>),
    /// To [`Query::Values`].
    Values(Arc<Effective>),
    /// To [`Query::Rehearse`]: nothing.
    Rehearsed,
    /// To [`Query::Why`].
    Why(Arc<Explanation>),

    /// To [`Query::Toolkit`].
    Toolkit(Arc<Toolkit>),
    /// To [`Query::Installation`].
    Installation(Arc<Installation>),
    /// To [`Query::Removal`].
    Removal(Arc<Removal>),
    /// To [`Query::Setup`].
    Setup(Setup),
    /// To [`Query::FleetPlan`].
    FleetPlan(Box<FleetPlan>),
    /// To [`Query::FolderPlan`].
    FolderPlan(Box<FolderPlan>),
    /// To [`Query::EnvironmentRemoval`].
    EnvironmentRemoval(Vec<Delete>),
    /// To [`Query::Promote`].
    Promotion(Arc<Promotion>),

    /// To [`Query::Sides`].
    Sides(Arc<Sides>),
    /// To [`Query::Changed`].
    Changed(Arc<Vec<FileChange>>),

    /// To [`Query::Follow`], again and again.
    Lines(Arc<Batch>),
}
