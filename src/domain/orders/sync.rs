//! The manual sync: resume, apply exactly the wanted commit, suspend again.

use super::{Question, Terms};
use crate::actor::Role;
use crate::ident::EnvironmentId;
use crate::revision::CommitId;

/// Lets a manually synced environment apply a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualSync {
    /// Which environment.
    pub environment: EnvironmentId,
    /// The commit that is meant to go out; the branch's head when absent.
    pub commit: Option<CommitId>,
}

impl Terms for ManualSync {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        let what = self.commit.as_ref().map_or_else(|| "its branch's head".to_owned(), |c| c.short().to_owned());
        Question::Confirm { text: format!("Sync {} to {what}?", self.environment) }
    }
    fn act(&self) -> &'static str {
        "sync"
    }
    fn object(&self) -> String {
        self.environment.to_string()
    }
}
