//! Adding, editing and removing an environment.

use super::{Question, Terms};
use crate::actor::Role;
use crate::ident::EnvironmentId;
use crate::project::Environment;

/// Adds an environment, or edits the one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveEnvironment {
    /// The whole record.
    pub environment: Environment,
    /// Whether it must not exist yet (`true`) or must (`false`).
    pub new: bool,
    /// Whether the GitRepository, the Kustomization and the namespace are created in the cluster where they are missing.
    pub create_objects: bool,
}

impl Terms for SaveEnvironment {
    fn permission(&self) -> Role {
        Role::Admin
    }
    fn question(&self) -> Question {
        Question::None
    }
    fn act(&self) -> &'static str {
        if self.new { "environment.add" } else { "environment.edit" }
    }
    fn object(&self) -> String {
        self.environment.id.to_string()
    }
}

/// Removes an environment from the store. Its Flux objects and workloads stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveEnvironment {
    /// Which one.
    pub id: EnvironmentId,
}

impl Terms for RemoveEnvironment {
    fn permission(&self) -> Role {
        Role::Admin
    }
    fn question(&self) -> Question {
        Question::Type {
            text: format!("Remove the environment {} from this console? What runs in the cluster stays.", self.id),
            word: self.id.name.to_string(),
        }
    }
    fn act(&self) -> &'static str {
        "environment.remove"
    }
    fn object(&self) -> String {
        self.id.to_string()
    }
}
