//! How Flux is doing in a cluster: what it needs, which controllers there are, and how each of them is.

use serde::Serialize;

use crate::flux::Health;
use crate::ident::ContextName;

/// Says how a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It fails.
    Bad,
    /// It works and could be better.
    Warn,
    /// It could not be found out.
    Unknown,
    /// It is fine.
    Ok,
}

impl State {
    /// Returns its colour and glyph.
    pub const fn health(self) -> Health {
        match self {
            Self::Bad => Health::Bad,
            Self::Warn => Health::Warn,
            Self::Unknown => Health::Unknown,
            Self::Ok => Health::Ok,
        }
    }
}

/// Holds one thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name: `kubernetes`, `viewer`, `operator`, `installer`, `manifest`, `components`.
    pub id: &'static str,
    /// How it ended.
    pub state: State,
    /// What was found.
    pub said: String,
    /// What to do about it; empty when nothing has to be done.
    pub next: String,
}

impl Check {
    /// Builds one that needs nothing done.
    pub fn new(id: &'static str, state: State, said: impl Into<String>) -> Self {
        Self { id, state, said: said.into(), next: String::new() }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }
}

/// Holds one controller as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Controller {
    /// The Deployment's name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The tag of its image.
    pub version: String,
    /// The image.
    pub image: String,
    /// How many Pods are ready.
    pub ready: i32,
    /// How many are wanted.
    pub wanted: i32,
    /// How often its containers were restarted; absent when its Pods may not be seen.
    pub restarts: Option<i32>,
    /// How many objects wait in its queues; absent when nobody could say.
    pub queue: Option<u64>,
    /// Why the queue is not known.
    pub queue_unread: String,
    /// How it is doing.
    #[serde(skip)]
    pub health: Health,
    /// That in a few words.
    pub said: String,
}

/// Holds how Flux is doing in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Toolkit {
    /// The cluster.
    #[serde(rename = "cluster")]
    pub context: ContextName,
    /// The server's version; empty when it did not tell.
    pub server: String,
    /// The release's version by its labels; empty when nothing tells it.
    pub version: String,
    /// The namespace of the controllers; empty when there are none.
    pub namespace: String,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// The controllers.
    pub controllers: Vec<Controller>,
    /// Who put Flux there and keeps it so: a Kustomization or a FluxInstance.
    pub owner: Option<String>,
}

impl Toolkit {
    /// Tells whether something fails.
    pub fn fails(&self) -> bool {
        self.checks.iter().any(|check| check.state == State::Bad)
    }
}
