//! Making real local repositories for the demo and for tests, with branches that are moved directly.

use std::path::Path;

use domain::Time;
use domain::revision::CommitId;

use crate::commit::{self, Author, FileChange, NewCommit};
use crate::error::{Error, Result};
use crate::repository::{self, damaged};

/// Makes an empty bare repository whose default branch is `branch`; an existing one is left as it is.
pub fn init_bare(path: &Path, branch: &str) -> Result<()> {
    repository::reference(branch)?;
    if path.join("HEAD").exists() {
        return repository::open(path).map(drop);
    }
    repository::create(path, branch).map(drop)
}

/// Commits file changes onto a branch and moves it there; a branch that does not exist begins with this commit.
pub fn commit_files(path: &Path, branch: &str, changes: &[FileChange], by: (&str, &Author, Time)) -> Result<CommitId> {
    let name = repository::reference(branch)?;
    let repository = repository::open(path)?;
    let parent = repository.refname_to_id(&name).ok().map(repository::commit_id).transpose()?;
    let (message, author, time) = by;
    let new = NewCommit {
        parent: parent.clone(),
        changes: changes.to_vec(),
        message: message.to_owned(),
        author: author.clone(),
        time,
    };
    let id = commit::make(&repository, path, &new)?;
    let to = repository::oid(&id)?;
    let moved = match parent {
        // The old head is a condition: somebody may push at the same time.
        Some(parent) => repository.reference_matching(&name, to, true, repository::oid(&parent)?, "commit"),
        None => repository.reference(&name, to, false, "commit"),
    };
    moved.map_err(|error| Error::git("moving the branch", &error))?;
    Ok(id)
}

/// Makes a branch at a commit that is there, or moves it there.
pub fn set_branch(path: &Path, branch: &str, commit: &CommitId) -> Result<()> {
    let name = repository::reference(branch)?;
    let repository = repository::open(path)?;
    let moved = repository.reference(&name, repository::oid(commit)?, true, "branch").map(drop);
    moved.map_err(|error| damaged(path, &error))
}

/// Returns the head of a branch; absent when there is none.
pub fn head(path: &Path, branch: &str) -> Result<Option<CommitId>> {
    let name = repository::reference(branch)?;
    let repository = repository::open(path)?;
    repository.refname_to_id(&name).ok().map(repository::commit_id).transpose()
}
