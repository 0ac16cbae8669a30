//! Long work on a cluster, object by object, as it goes on: installing and removing Flux.

use crate::Time;
use crate::ident::ContextName;

/// Says how far one object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Its turn has not come.
    Todo,
    /// It is under way: what is waited for.
    Busy(String),
    /// It is done: what was done.
    Done(String),
    /// It failed: why.
    Failed(String),
}

/// Holds one object of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which one.
    pub object: String,
    /// How far it is.
    pub mark: Mark,
}

/// Holds work that is under way, or was the last on its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The cluster.
    pub context: ContextName,
    /// The journal's word for it.
    pub act: &'static str,
    /// When it began.
    pub since: Time,
    /// Its objects.
    pub lines: Vec<Line>,
    /// Whether somebody asked to stop it.
    pub stopping: bool,
    /// What came of it, once it is over; an error is why it ended early.
    pub over: Option<Result<String, String>>,
}

impl Work {
    /// Returns how many of its objects are through.
    pub fn done(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.mark, Mark::Done(_))).count()
    }

    /// Returns what it is at.
    pub fn current(&self) -> Option<&Line> {
        self.lines.iter().find(|line| matches!(line.mark, Mark::Busy(_)))
    }
}
