//! What installing a release would do to a cluster, as the server said it in a dry run.

use std::sync::Arc;

use super::{Component, Release};
use crate::ident::ContextName;

/// Says what applying an object would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// It does not exist yet.
    Create,
    /// It differs.
    Change,
    /// It is so already.
    Keep,
    /// The server has something against it, or may not be asked: its words.
    Refused(String),
}

impl Doing {
    /// Returns its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Keep => "unchanged",
            Self::Refused(_) => "refused",
        }
    }
}

/// Holds what becomes of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which one, as `Kind/namespace/name`.
    pub object: String,
    /// The controller that it belongs to.
    pub component: Option<&'static Component>,
    /// What applying it would do.
    pub doing: Doing,
}

/// Holds what installing a release into a cluster would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The cluster.
    pub context: ContextName,
    /// The release.
    pub release: Arc<Release>,
    /// The controllers that are wanted.
    pub components: Vec<&'static Component>,
    /// The version that is there now; empty when none is.
    pub before: String,
    /// What becomes of each object, in the order in which they are applied.
    pub steps: Vec<Step>,
    /// Controllers that are there and are not wanted: they stay as they are.
    pub stays: Vec<String>,
    /// Who applied what is there and will undo a change of it: `Kustomization/flux-system/flux-system`, a FluxInstance.
    pub owner: Option<String>,
    /// The server's version when it is older than the release supports.
    pub too_old: Option<String>,
}

impl Installation {
    /// Returns how many objects would be created, changed, left as they are, refused.
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for step in &self.steps {
            let at = match step.doing {
                Doing::Create => 0,
                Doing::Change => 1,
                Doing::Keep => 2,
                Doing::Refused(_) => 3,
            };
            counts[at] += 1;
        }
        counts
    }

    /// Returns the release's version, or a word for one that tells none.
    pub fn version(&self) -> &str {
        if self.release.version.is_empty() { "of unknown version" } else { &self.release.version }
    }

    /// Tells whether the version that is there is newer than the release.
    pub fn goes_back(&self) -> bool {
        let parts = |version: &str| -> Vec<u64> {
            let version = version.strip_prefix('v').unwrap_or(version);
            version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
        };
        !self.before.is_empty() && parts(&self.before) > parts(&self.release.version)
    }
}
