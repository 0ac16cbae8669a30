//! Replacing the Pods of a workload one after another, with nothing else changed.

use super::{Question, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;

/// The kinds whose Pods are replaced that way.
pub const KINDS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// Restarts a workload, as `kubectl rollout restart` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// Which workload.
    pub key: ObjectKey,
}

impl Restart {
    /// Tells whether an object can be restarted.
    pub fn suits(key: &ObjectKey) -> bool {
        KINDS.contains(&&*key.kind)
    }
}

impl Terms for Restart {
    fn permission(&self) -> Role {
        Role::Operator
    }

    fn question(&self) -> Question {
        Question::Confirm { text: format!("Restart {}? Its Pods are replaced as its strategy says.", self.key) }
    }

    fn act(&self) -> &'static str {
        "workload.restart"
    }

    fn object(&self) -> String {
        self.key.to_string()
    }
}
