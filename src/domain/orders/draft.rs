//! Keeping and dropping a draft: on disk after each change, not an operation.

use super::{Question, Terms};
use crate::actor::Role;
use crate::change::Draft;
use crate::ident::EnvironmentId;

/// Keeps a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepDraft {
    /// The draft.
    pub draft: Draft,
}

impl Terms for KeepDraft {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        Question::None
    }
    fn act(&self) -> &'static str {
        "draft.keep"
    }
    fn object(&self) -> String {
        self.draft.environment.to_string()
    }
    fn recorded(&self) -> bool {
        false
    }
}

/// Forgets the draft of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropDraft {
    /// The environment.
    pub environment: EnvironmentId,
}

impl Terms for DropDraft {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        Question::Confirm { text: format!("Drop the draft for {}?", self.environment) }
    }
    fn act(&self) -> &'static str {
        "draft.drop"
    }
    fn object(&self) -> String {
        self.environment.to_string()
    }
    fn recorded(&self) -> bool {
        false
    }
}
