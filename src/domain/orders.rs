//! Orders: everything that changes something. One file per order holds its data, who may give it, the question that is
//! asked before, and what the journal says; the engine has a file of the same name that carries it out.

pub mod adopt;
pub mod apply;
mod contexts;
pub mod create;
pub mod create_in_git;
pub mod credential;
pub mod delete;
pub mod deploy;
pub mod draft;
pub mod environment;
pub mod favourites;
pub mod fleet;
pub mod flux;
pub mod install;
pub mod many;
pub mod project;
pub mod release;
pub mod restart;
pub mod settle;
pub mod sync;

use crate::actor::Role;
use crate::change::Preview;
use crate::ident::DeploymentId;

pub use crate::sentence::Sentence;

pub use adopt::Adopt;
pub use apply::Apply;
pub use create::{Create, Fresh};
pub use create_in_git::{CreateInGit, FolderPlan};
pub use credential::{DropCredential, KeepCredential};
pub use delete::{Consequences, Delete, Propagation, Pruning};
pub use deploy::Deploy;
pub use draft::{DropDraft, KeepDraft};
pub use environment::{RemoveEnvironment, SaveEnvironment};
pub use favourites::KeepFavourites;
pub use fleet::{Fleet, FleetPlan, FolderChange, SaveThroughFleet};
pub use flux::{Reconcile, Resume, Suspend};
pub use install::{Halt, Install, Uninstall};
pub use many::{Many, Part};
pub use project::{RemoveProject, SaveProject};
pub use release::{Force, Reset};
pub use restart::Restart;
pub use settle::{Settle, Side};
pub use sync::ManualSync;

/// Holds what is asked before an order is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Nothing; it is harmless.
    None,
    /// A question that `y` answers.
    Confirm {
        /// The question, naming the object.
        text: String,
    },
    /// A question that is answered by typing a word.
    Type {
        /// The question, naming the object and what happens.
        text: String,
        /// What has to be typed.
        word: String,
    },
}

/// What every order says about itself.
pub trait Terms {
    /// Returns the least role that may give it.
    fn permission(&self) -> Role;
    /// Returns what is asked before.
    fn question(&self) -> Question;
    /// Returns the question's sentences, under `question` in the language files, for whoever asks it in another language.
    fn sentences(&self) -> Vec<Sentence> {
        vec![Sentence::new(self.act(), [("object", self.object())])]
    }
    /// Returns the journal's word for it.
    fn act(&self) -> &'static str;
    /// Returns what it is done to.
    fn object(&self) -> String;
    /// Tells whether it is an operation that the journal records (keeping a draft is not).
    fn recorded(&self) -> bool {
        true
    }
}

macro_rules! orders {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Any order.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Order {
            $($(#[$doc])* $name($name)),*
        }
        impl Order {
            /// Returns what the order says about itself.
            pub fn terms(&self) -> &dyn Terms {
                match self { $(Self::$name(order) => order),* }
            }
        }
        $(impl From<$name> for Order {
            fn from(order: $name) -> Self {
                Self::$name(order)
            }
        })*
    };
}

orders! {
    /// Adds or edits a project.
    SaveProject,
    /// Removes a project.
    RemoveProject,
    /// Adds or edits an environment.
    SaveEnvironment,
    /// Adds or edits an environment whose objects go into a fleet's repository.
    SaveThroughFleet,
    /// Removes an environment.
    RemoveEnvironment,
    /// Commits and pushes a draft and follows it.
    Deploy,
    /// Keeps a draft on disk.
    KeepDraft,
    /// Forgets a draft.
    DropDraft,
    /// Keeps the operator's favourites.
    KeepFavourites,
    /// Asks Flux to reconcile an object.
    Reconcile,
    /// Suspends an object.
    Suspend,
    /// Resumes an object.
    Resume,
    /// Lets a manually synced environment apply its commit.
    ManualSync,
    /// Has Helm release once more.
    Force,
    /// Sets the failure counters of a HelmRelease to zero.
    Reset,
    /// Replaces the Pods of a workload.
    Restart,
    /// Deletes an object.
    Delete,
    /// Changes a live object as it was edited.
    Apply,
    /// Creates objects.
    Create,
    /// Commits an object to a folder of a repository.
    CreateInGit,
    /// Installs or upgrades Flux.
    Install,
    /// Removes Flux.
    Uninstall,
    /// Stops an installation or a removal on its way.
    Halt,
    /// Adopts a project and environments that a cluster has already.
    Adopt,
    /// Makes record and cluster say the same of an environment.
    Settle,
    /// Seals a token or a key.
    KeepCredential,
    /// Forgets a sealed token or key.
    DropCredential,
    /// Gives several orders after one question.
    Many,
}

/// Holds what came of an order that was carried out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// A sentence that says what was done.
    pub said: String,
    /// The deployment that began with it.
    pub deployment: Option<DeploymentId>,
    /// What it would do, when it was only asked for (a dry run), or what it would do now, when the reviewed content changed.
    pub preview: Option<Box<Preview>>,
    /// What came of each, when several orders were given at once.
    pub parts: Vec<Part>,
}

impl Outcome {
    /// Builds an outcome of one sentence.
    pub fn said(text: impl Into<String>) -> Self {
        Self { said: text.into(), ..Self::default() }
    }

    /// Returns what went wrong with some of several.
    pub fn faults(&self) -> impl Iterator<Item = &crate::Trouble> {
        self.parts.iter().filter_map(|part| part.result.as_ref().err())
    }
}
