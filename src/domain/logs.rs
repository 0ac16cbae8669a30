//! Logs: whose, how much of them, and their lines as they come.

use std::fmt;
use std::sync::Arc;

use crate::Time;
use crate::flux::ObjectKey;

mod controller;
mod level;
mod paint;

pub use controller::{Told, about};
pub use level::{Level, level_of};
pub use paint::{Hue, Painted, bounded, paint};

/// How many lines from the end are asked for when nobody says.
pub const TAIL: u32 = 1_000;

/// Says whose log is wanted, and how much of it.
///
/// Of a Pod its own, of anything with a selector those of its Pods together, of a Flux object what its controller says about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Follow {
    /// Whose.
    pub key: ObjectKey,
    /// Of which containers.
    pub containers: Containers,
    /// Whether the containers' previous run is meant.
    pub previous: bool,
    /// Only lines of the last so many seconds.
    pub since: Option<u32>,
    /// How many lines from the end of each container to begin with.
    pub tail: u32,
    /// Whether to go on with what comes; else it ends with what is there.
    pub follow: bool,
}

impl Follow {
    /// Asks for the main container's log, followed.
    pub const fn new(key: ObjectKey) -> Self {
        Self { key, containers: Containers::Main, previous: false, since: None, tail: TAIL, follow: true }
    }
}

/// Says which containers of a Pod are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Containers {
    /// The one that the Pod names as its default, else its first.
    #[default]
    Main,
    /// All, init and ephemeral ones too.
    All,
    /// This one.
    Named(String),
}

/// Says where a line comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct From {
    /// The Pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
}

/// Holds one line, safe to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Where it comes from; nothing when it is about all.
    pub from: Option<Arc<From>>,
    /// When the container wrote it, as the node saw it; of most marks, when it was noticed.
    pub time: Option<Time>,
    /// What it is.
    pub what: What,
}

/// Says what a line is.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// What the container wrote.
    Said(Painted, Option<Level>),
    /// Something about the log itself.
    Mark(Mark),
}

impl Line {
    /// Returns its text; of a mark, its words.
    pub fn text(&self) -> String {
        match &self.what {
            What::Said(painted, _) => painted.text.clone(),
            What::Mark(mark) => mark.to_string(),
        }
    }
}

/// Says what happened to a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The container does not run yet, in the server's words.
    Waiting(String),
    /// The container ended: exit code and reason.
    Ended(i32, String),
    /// It runs again, for the so-manyeth time after its first.
    Began(i32),
    /// A Pod came.
    Came,
    /// The Pod is gone.
    Gone,
    /// The connection broke, in somebody's words.
    Broken(String),
    /// It goes on after a break.
    Resumed,
    /// It cannot be read, in the server's words.
    Refused(String),
    /// So many more containers are not followed.
    Crowd(usize),
}

impl Mark {
    /// Returns the key of its sentence in the language files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "waiting",
            Self::Ended(..) => "ended",
            Self::Began(_) => "began",
            Self::Came => "came",
            Self::Gone => "gone",
            Self::Broken(_) => "broken",
            Self::Resumed => "resumed",
            Self::Refused(_) => "refused",
            Self::Crowd(_) => "crowd",
        }
    }

    /// Tells whether something is wrong.
    pub const fn is_bad(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Refused(_)) || matches!(self, Self::Ended(code, _) if *code != 0)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting(why) => write!(f, "not running yet: {why}"),
            Self::Ended(code, reason) if reason.is_empty() => write!(f, "the container ended with exit code {code}"),
            Self::Ended(code, reason) => write!(f, "the container ended with exit code {code} ({reason})"),
            Self::Began(restarts) => write!(f, "the container runs again, restart {restarts}"),
            Self::Came => f.write_str("the Pod came"),
            Self::Gone => f.write_str("the Pod is gone"),
            Self::Broken(why) => write!(f, "the log broke off: {why}"),
            Self::Resumed => f.write_str("the log goes on"),
            Self::Refused(why) => write!(f, "not readable: {why}"),
            Self::Crowd(count) => write!(f, "{count} more containers are not followed"),
        }
    }
}

/// Holds lines that came together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// How many lines of this question came before; a gap means that lines were lost on the way.
    pub before: u64,
    /// The lines, oldest first.
    pub lines: Vec<Line>,
    /// The names of all containers that could be chosen, in the order of the Pods' specs.
    pub containers: Arc<Vec<String>>,
    /// Which of them are read now; several Pods may have different ones.
    pub reading: Arc<Vec<Arc<From>>>,
    /// Whether nothing more comes.
    pub over: bool,
}
