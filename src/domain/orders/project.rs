//! Adding, editing and removing a project.

use super::{Question, Terms};
use crate::actor::Role;
use crate::ident::Slug;
use crate::project::Project;

/// Adds a project, or edits the one of the same slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveProject {
    /// The whole record.
    pub project: Project,
    /// Whether it must not exist yet (`true`) or must (`false`).
    pub new: bool,
}

impl Terms for SaveProject {
    fn permission(&self) -> Role {
        Role::Admin
    }
    fn question(&self) -> Question {
        Question::None
    }
    fn act(&self) -> &'static str {
        if self.new { "project.add" } else { "project.edit" }
    }
    fn object(&self) -> String {
        self.project.slug.to_string()
    }
}

/// Removes a project and its environments from the store. Cluster and repository stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveProject {
    /// Which one.
    pub slug: Slug,
}

impl Terms for RemoveProject {
    fn permission(&self) -> Role {
        Role::Admin
    }
    fn question(&self) -> Question {
        Question::Type {
            text: format!(
                "Remove the project {} and its environments from this console? Repository and cluster stay as they are.",
                self.slug
            ),
            word: self.slug.to_string(),
        }
    }
    fn act(&self) -> &'static str {
        "project.remove"
    }
    fn object(&self) -> String {
        self.slug.to_string()
    }
}
