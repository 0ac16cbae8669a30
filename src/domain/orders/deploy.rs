//! Committing a draft, pushing it and following it until the new Pods are healthy.

use super::{Question, Terms};
use crate::actor::Role;
use crate::change::Draft;

/// Deploys a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// What to change and where.
    pub draft: Draft,
    /// The digest of the preview that was reviewed; absent when nobody looked (a script), then whatever results goes out.
    pub reviewed: Option<String>,
    /// Whether only to say what would happen.
    pub dry_run: bool,
}

impl Terms for Deploy {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        Question::Confirm { text: format!("Commit and push this change to {}?", self.draft.environment) }
    }
    fn act(&self) -> &'static str {
        "deploy"
    }
    fn object(&self) -> String {
        self.draft.environment.to_string()
    }
    fn recorded(&self) -> bool {
        !self.dry_run
    }
}
