//! The entries of the journal: what was intended, what came of it, and the record that changed with it.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::actor::Actor;
use crate::deployment::Deployment;
use crate::ident::{EnvironmentId, ObjectName, Slug};
use crate::project::{Environment, Project};

/// Says at which end of an act an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before the act: it is about to be done.
    Intent,
    /// After it: it was done.
    Done,
    /// After it: it failed.
    Failed,
    /// Refused before anything was done.
    Refused,
}

impl Phase {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// Says how far the journal that was there at the start has been verified; opening it reads only the newest entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verified {
    /// How many entries.
    pub entries: u64,
    /// Of how many.
    pub of: u64,
    /// The first that is damaged, if one is known to be.
    pub first_bad: Option<u64>,
}

impl Verified {
    /// Tells whether all of it is.
    pub const fn is_through(&self) -> bool {
        self.entries >= self.of
    }

    /// Returns how far it is, of a hundred.
    pub fn hundredths(&self) -> u64 {
        self.entries.saturating_mul(100).checked_div(self.of).unwrap_or(100)
    }
}

/// Holds a promise to suspend a Kustomization again after a manual sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncPromise {
    /// The environment that is synced.
    pub environment: EnvironmentId,
    /// The Kustomization that was resumed.
    pub kustomization: ObjectName,
    /// The commit that is meant to go out.
    pub commit: String,
    /// Who ordered it.
    pub actor: Actor,
    /// When it was given.
    pub since: Time,
    /// A word that marks the resumed object as ours (annotation `quarterdeck.dev/sync`).
    pub token: String,
}

/// Holds the record that an entry changes. Replaying all of them in order yields the store's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "record", content = "value")]
pub enum Change {
    /// A project was added or edited.
    Project(Project),
    /// A project was removed.
    ProjectRemoved(Slug),
    /// An environment was added or edited.
    Environment(Environment),
    /// An environment was removed.
    EnvironmentRemoved(EnvironmentId),
    /// A deployment took a step.
    Deployment(Box<Deployment>),
    /// A promise to suspend again was given.
    Promise(SyncPromise),
    /// The promise for this environment was kept (or taken back, because somebody resumed on purpose).
    PromiseKept(EnvironmentId),
}

/// Holds what is to be written into the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub time: Time,
    /// Who.
    pub actor: Actor,
    /// What: a stable word such as `deploy`, `project.add`, `kustomization.suspend`.
    pub act: String,
    /// To what: `shop/production`, `Kustomization/flux-system/shop`.
    pub object: String,
    /// At which end of the act.
    pub phase: Phase,
    /// More, in a sentence, without secrets.
    #[serde(default)]
    pub detail: String,
    /// The record that changes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// Holds one line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of this schema.
    pub v: u32,
    /// The sequence number, from 1.
    pub seq: u64,
    /// What was written.
    #[serde(flatten)]
    pub record: Record,
    /// The hash of the entry before (64 zeros for the first).
    pub prev: String,
    /// The hash of this entry.
    pub hash: String,
}
