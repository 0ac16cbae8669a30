//! The branches of a repository: what a listing shows, and taking it over into the mirror.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{ErrorCode, Oid, Repository};

use domain::revision::CommitId;

use crate::error::Result;
use crate::repository::{self, commit_id, damaged};

/// Holds the branches of a repository as one listing showed them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads {
    /// Every branch by its name, with its head.
    pub branches: BTreeMap<String, CommitId>,
    /// The branch that the repository itself calls its default.
    pub default: Option<String>,
}

impl Heads {
    /// Returns the head of a branch.
    pub fn get(&self, branch: &str) -> Option<&CommitId> {
        self.branches.get(branch)
    }
}

/// Says how a branch changed between two fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The branch.
    pub branch: String,
    /// Its head before; absent when it is new.
    pub from: Option<CommitId>,
    /// Its head now; absent when it is gone.
    pub to: Option<CommitId>,
}

/// Holds what a fetch found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    /// All branches as they are now.
    pub heads: Heads,
    /// What is different from the mirror's state before.
    pub moved: Vec<Moved>,
}

/// Returns the branches that the mirror knows.
pub(crate) fn local(repository: &Repository, dir: &Path) -> Result<BTreeMap<String, Oid>> {
    let mut heads = BTreeMap::new();
    for reference in repository.references_glob("refs/heads/*").map_err(|error| damaged(dir, &error))? {
        let reference = reference.map_err(|error| damaged(dir, &error))?;
        let name = reference.name().ok().and_then(|name| name.strip_prefix("refs/heads/"));
        if let (Some(name), Some(id)) = (name, reference.target()) {
            heads.insert(name.to_owned(), id);
        }
    }
    Ok(heads)
}

/// Makes the mirror's branches those of the listing; the caller holds the mirror.
pub(crate) fn take_over(repository: &Repository, dir: &Path, heads: Heads) -> Result<Fetched> {
    let before = local(repository, dir)?;
    let mut moved = Vec::new();
    // What is gone goes first: `a` may have made room for `a/b`.
    for (branch, id) in before.iter().filter(|(branch, _)| !heads.branches.contains_key(*branch)) {
        change(repository, dir, branch, None)?;
        moved.push(Moved { branch: branch.clone(), from: Some(commit_id(*id)?), to: None });
    }
    for (branch, head) in &heads.branches {
        let from = before.get(branch).copied();
        let to = repository::oid(head)?;
        if from != Some(to) {
            change(repository, dir, branch, Some(to))?;
            moved.push(Moved { branch: branch.clone(), from: from.map(commit_id).transpose()?, to: Some(head.clone()) });
        }
    }
    Ok(Fetched { heads, moved })
}

/// Moves or removes one branch; a lock file that a dead process left is taken away, since we hold the mirror.
fn change(repository: &Repository, dir: &Path, branch: &str, to: Option<Oid>) -> Result<()> {
    let name = format!("refs/heads/{branch}");
    let attempt = || match to {
        Some(id) => repository.reference(&name, id, true, "fetch").map(drop),
        None => repository.find_reference(&name).and_then(|mut reference| reference.delete()),
    };
    let first = attempt();
    let result = match first {
        Err(error) if error.code() == ErrorCode::Locked => {
            for lock in [format!("{name}.lock"), "packed-refs.lock".to_owned()] {
                drop(std::fs::remove_file(dir.join(lock)));
            }
            attempt()
        }
        other => other,
    };
    result.map_err(|error| damaged(dir, &error))
}
