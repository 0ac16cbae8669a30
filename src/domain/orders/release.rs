//! What only a HelmRelease takes: a release by force, and a new start after failures.

use super::{Question, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;

/// The kind that these orders are for.
pub const KIND: &str = "HelmRelease";

/// Has Helm install or upgrade once, whether or not anything changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Force {
    /// Which HelmRelease.
    pub key: ObjectKey,
}

/// Sets the failure counters of a HelmRelease to zero, so that it is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// Which HelmRelease.
    pub key: ObjectKey,
}

impl Terms for Force {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        let text = format!(
            "Force a release of {}? Helm installs or upgrades once more, even if nothing changed, and runs the chart's hooks.",
            self.key
        );
        Question::Confirm { text }
    }
    fn act(&self) -> &'static str {
        "flux.force"
    }
    fn object(&self) -> String {
        self.key.to_string()
    }
}

impl Terms for Reset {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        let text = format!("Reset the failure counters of {}? It is installed or upgraded again.", self.key);
        Question::Confirm { text }
    }
    fn act(&self) -> &'static str {
        "flux.reset"
    }
    fn object(&self) -> String {
        self.key.to_string()
    }
}
