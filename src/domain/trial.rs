//! What a cluster says to a change before anything is committed: object by object, by a server-side dry run as Flux would apply it.

use serde::Serialize;

use crate::Time;
use crate::drift::{ObjectDrift, Verdict};
use crate::revision::CommitId;

/// Holds what the server answered for every object that a change touches.
///
/// The objects stand as in a [`Drift`](crate::drift::Drift): what is missing would be created, what is extra would be pruned, and
/// what is unknown was refused or could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The commit that the change was worked out on.
    pub base: CommitId,
    /// The digest of the preview that was tried.
    pub digest: String,
    /// The field manager that it was tried as.
    pub manager: &'static str,
    /// When.
    pub checked: Time,
    /// The objects, what would be created first.
    pub objects: Vec<ObjectDrift>,
    /// How many more objects change that were not tried.
    pub beyond: usize,
    /// What is to be known beside it, a sentence each.
    pub notes: Vec<String>,
}

impl Trial {
    /// Returns how many objects stand so.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.objects.iter().filter(|o| o.verdict == verdict).count()
    }

    /// Returns the objects that the server refuses, or could not be asked about, with its words.
    pub fn refused(&self) -> impl Iterator<Item = &ObjectDrift> {
        self.objects.iter().filter(|o| o.verdict == Verdict::Unknown)
    }
}
