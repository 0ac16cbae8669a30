//! How each connection to the world outside is doing, so that no list looks fresher than it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::flux::Health;

/// Says how one connection is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum LinkState {
    /// Not heard of yet.
    Connecting,
    /// The first list is being read.
    Listing {
        /// How many objects came so far.
        got: usize,
    },
    /// What is shown is what is.
    Live,
    /// Nothing was heard since; what is shown is as old as that.
    Stale {
        /// The last moment at which it was known to be live.
        since: Time,
        /// Why, in the words of whoever failed.
        why: String,
    },
    /// Nothing was ever heard, for as long as it is tried: no row says anything of how things are.
    Unreached {
        /// Since when it is tried.
        since: Time,
        /// Why, in the words of whoever failed.
        why: String,
    },
    /// The server does not know who we are (401).
    Unauthorized {
        /// The server's words.
        why: String,
    },
    /// The server does not let us (403).
    Forbidden {
        /// The server's words.
        why: String,
    },
    /// The kind is not installed there.
    KindAbsent,
}

impl LinkState {
    /// Returns the state of a connection that fails: stale when something was heard, else not reached since it is tried.
    pub const fn silent(heard: Option<Time>, tried: Time, why: String) -> Self {
        match heard {
            Some(since) => Self::Stale { since, why },
            None => Self::Unreached { since: tried, why },
        }
    }

    /// Returns its colour and glyph.
    pub const fn health(&self) -> Health {
        match self {
            Self::Connecting | Self::Listing { .. } => Health::Busy,
            Self::Live => Health::Ok,
            Self::Stale { .. } | Self::Unreached { .. } => Health::Unknown,
            Self::Unauthorized { .. } | Self::Forbidden { .. } => Health::Bad,
            Self::KindAbsent => Health::Off,
        }
    }

    /// Tells whether rows under it are as old as the last word that was heard: nothing new comes.
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Stale { .. } | Self::Unreached { .. } | Self::Unauthorized { .. })
    }

    /// Tells whether rows under it may be taken as they are.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live | Self::KindAbsent)
    }
}

/// Names what a connection is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkOf {
    /// A cluster as a whole: the heartbeat.
    Cluster(String),
    /// One kind in one cluster (and one namespace, for workloads and Pods).
    Kind {
        /// The context.
        cluster: String,
        /// The kind's name.
        kind: String,
        /// The namespace, or empty for all.
        namespace: String,
    },
    /// A repository, by URL.
    Repository(String),
}

impl fmt::Display for LinkOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(context) => f.write_str(context),
            Self::Kind { cluster, kind, namespace } if namespace.is_empty() => write!(f, "{kind} in {cluster}"),
            Self::Kind { cluster, kind, namespace } => write!(f, "{kind} in {cluster}/{namespace}"),
            Self::Repository(url) => f.write_str(url),
        }
    }
}

/// Holds one connection and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it is for.
    pub of: LinkOf,
    /// How it is.
    pub state: LinkState,
}
