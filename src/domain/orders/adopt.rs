//! Adopting what Flux runs already: a project and environments come into the store; nothing in the cluster changes.

use super::{Question, Sentence, Terms};
use crate::actor::Role;
use crate::adopt::Proposal;
use crate::project::{Environment, Project};

/// Adds environments that a cluster has already, with their project where it is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopt {
    /// The project.
    pub project: Project,
    /// Whether it is added too.
    pub new: bool,
    /// The environments, all of this project and none of them in the store.
    pub environments: Vec<Environment>,
}

impl Adopt {
    /// Takes a proposal as it is.
    pub fn of(proposal: &Proposal) -> Self {
        Self {
            project: proposal.project.clone(),
            new: !proposal.known,
            environments: proposal.environments.iter().map(|found| found.environment.clone()).collect(),
        }
    }

    fn names(&self) -> String {
        self.environments.iter().map(|e| e.id.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl Terms for Adopt {
    fn permission(&self) -> Role {
        Role::Admin
    }

    fn question(&self) -> Question {
        let (slug, names, url) = (&self.project.slug, self.names(), &self.project.repository.url);
        let text = if self.new {
            format!("Adopt the project {slug} ({url}) with {names}? Nothing in the cluster changes.")
        } else {
            format!("Adopt {names} into the project {slug}? Nothing in the cluster changes.")
        };
        Question::Confirm { text }
    }

    fn sentences(&self) -> Vec<Sentence> {
        let values = [("object", self.object()), ("names", self.names()), ("url", self.project.repository.url.clone())];
        vec![Sentence::new(if self.new { "adopt.new" } else { "adopt.more" }, values)]
    }

    fn act(&self) -> &'static str {
        "project.adopt"
    }

    fn object(&self) -> String {
        self.project.slug.to_string()
    }
}
