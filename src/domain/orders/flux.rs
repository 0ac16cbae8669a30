//! Steering a Flux object: reconcile, suspend, resume.

use super::{Question, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;

/// Asks Flux to reconcile an object now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconcile {
    /// Which one.
    pub key: ObjectKey,
    /// Whether its source comes first.
    pub with_source: bool,
}

/// Suspends an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspend {
    /// Which one.
    pub key: ObjectKey,
}

/// Resumes an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// Which one.
    pub key: ObjectKey,
}

impl Terms for Reconcile {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        Question::None
    }
    fn act(&self) -> &'static str {
        if self.with_source { "flux.reconcile-with-source" } else { "flux.reconcile" }
    }
    fn object(&self) -> String {
        self.key.to_string()
    }
}

impl Terms for Suspend {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        Question::Confirm { text: format!("Suspend {}? Flux will not reconcile it until it is resumed.", self.key) }
    }
    fn act(&self) -> &'static str {
        "flux.suspend"
    }
    fn object(&self) -> String {
        self.key.to_string()
    }
}

impl Terms for Resume {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        Question::Confirm { text: format!("Resume {}? Flux applies whatever its source holds now.", self.key) }
    }
    fn act(&self) -> &'static str {
        "flux.resume"
    }
    fn object(&self) -> String {
        self.key.to_string()
    }
}
