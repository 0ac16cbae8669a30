//! Enabling GitOps for an environment through Git: what it needs is written into a fleet's repository, not into the cluster. A
//! Secret is not: its values stay where they are, and it is made in the cluster.

use std::fmt;
use std::str::FromStr;

use super::environment::Setup;
use super::{Question, Sentence, Terms};
use crate::actor::Role;
use crate::change::FileChange;
use crate::ident::Slug;
use crate::project::{Environment, plain_path};
use crate::revision::CommitId;
use crate::trouble::Trouble;

/// Names a folder of a fleet: a project whose repository Flux applies to the cluster, and a path in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet {
    /// The project.
    pub project: Slug,
    /// The folder.
    pub path: String,
}

impl FromStr for Fleet {
    type Err = Trouble;
    fn from_str(text: &str) -> Result<Self, Trouble> {
        let (project, path) = text.split_once(':').ok_or_else(|| {
            Trouble::usage("That names no folder of a fleet", format!("\u{201c}{text}\u{201d}"))
                .next("Write PROJECT:PATH, for example platform:clusters/prod.")
        })?;
        if let Some(why) = crate::check::path_fault(path) {
            return Err(Trouble::usage("That is no folder in a repository", format!("\u{201c}{path}\u{201d}")).why(why));
        }
        Ok(Self { project: Slug::new(project)?, path: plain_path(path) })
    }
}

impl fmt::Display for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.project, self.path)
    }
}

/// Holds what would be committed to a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderChange {
    /// Where to.
    pub fleet: Fleet,
    /// The repository's URL.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// The commit that it stands on.
    pub base: CommitId,
    /// The files.
    pub files: Vec<FileChange>,
}

impl FolderChange {
    /// Returns the paths of the files, as one text.
    pub fn paths(&self) -> String {
        self.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Holds what would be committed for an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetPlan {
    /// What and where to.
    pub change: FolderChange,
    /// The Secret that is missing in the cluster, and how Flux reads the repository.
    pub setup: Setup,
}

/// Saves an environment and commits what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveThroughFleet {
    /// The whole record.
    pub environment: Environment,
    /// Whether it must not exist yet (`true`) or must (`false`).
    pub new: bool,
    /// What is committed, as it was shown; if it would be something else by then, nothing is done.
    pub plan: FleetPlan,
}

impl Terms for SaveThroughFleet {
    fn permission(&self) -> Role {
        Role::Admin
    }

    fn question(&self) -> Question {
        let (plan, id) = (&self.plan, &self.environment.id);
        let change = &plan.change;
        let mut text = if change.files.is_empty() {
            format!("Save {id}? {} already has what it needs.", change.fleet)
        } else {
            format!("Save {id} and commit {} to {} of {}?", change.paths(), change.branch, change.url)
        };
        if !plan.setup.missing.is_empty() {
            text.extend([" ", &plan.setup.names(), " is made in the cluster; its values do not go into Git."]);
        }
        Question::Confirm { text }
    }

    fn sentences(&self) -> Vec<Sentence> {
        let FleetPlan { change, setup } = &self.plan;
        let object = ("object", self.object());
        let mut out = vec![if change.files.is_empty() {
            Sentence::new("fleet.same", [object, ("fleet", change.fleet.to_string())])
        } else {
            let values = [object, ("files", change.paths()), ("branch", change.branch.clone()), ("url", change.url.clone())];
            Sentence::new("fleet.commit", values)
        }];
        if !setup.missing.is_empty() {
            out.push(Sentence::new("fleet.secret", [("names", setup.names())]));
        }
        out
    }

    fn act(&self) -> &'static str {
        if self.new { "environment.add" } else { "environment.edit" }
    }

    fn object(&self) -> String {
        self.environment.id.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn a_folder_of_a_fleet_is_written_with_its_project() {
        let fleet: Fleet = "platform:./clusters/prod/".parse().unwrap();
        assert_eq!((fleet.to_string().as_str(), fleet.path.as_str()), ("platform:clusters/prod", "clusters/prod"));
        for wrong in ["platform", "Platform:x", "platform:../x", "platform:/x"] {
            assert!(wrong.parse::<Fleet>().is_err(), "{wrong}");
        }
    }
}
