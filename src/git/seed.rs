//! Making real local repositories for the demo and for tests, with branches that are moved directly.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use domain::Time;
use domain::revision::CommitId;
use git2::{Buf, Repository};

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

/// Holds a repository that grows in memory.
pub struct Growth<'r> {
    repository: &'r Repository,
    path: &'r Path,
    heads: BTreeMap<String, CommitId>,
}

impl std::fmt::Debug for Growth<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Growth").field("path", &self.path).field("heads", &self.heads).finish_non_exhaustive()
    }
}

impl Growth<'_> {
    /// Commits file changes onto a branch; one that has no commit yet begins with this one.
    pub fn commit(&mut self, branch: &str, changes: &[FileChange], by: (&str, &Author, Time)) -> Result<CommitId> {
        let (message, author, time) = by;
        let new = NewCommit {
            parent: self.head(branch).cloned(),
            changes: changes.to_vec(),
            message: message.to_owned(),
            author: author.clone(),
            time,
        };
        let id = commit::make(self.repository, self.path, &new)?;
        self.heads.insert(branch.to_owned(), id.clone());
        Ok(id)
    }

    /// Returns the head of a branch that grew here.
    pub fn head(&self, branch: &str) -> Option<&CommitId> {
        self.heads.get(branch)
    }
}

/// Lets an empty repository grow by many commits, of which nothing is on the disk until all are made: then they are written as one
/// pack, and the branches begin where they ended. Some hundred times fewer files than commit by commit.
pub fn grow<T, E: From<Error>>(
    path: &Path,
    tell: impl FnOnce(&mut Growth<'_>) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let broken = |error: git2::Error| E::from(damaged(path, &error));
    let repository = repository::open(path)?;
    let odb = repository.odb().map_err(broken)?;
    let memory = odb.add_new_mempack_backend(1000).map_err(broken)?;
    let mut growth = Growth { repository: &repository, path, heads: BTreeMap::new() };
    let told = tell(&mut growth)?;
    let heads = growth.heads;
    let mut pack = Buf::new();
    memory.dump(&repository, &mut pack).map_err(broken)?;
    let mut writer = odb.packwriter().map_err(broken)?;
    writer.write_all(&pack).map_err(|error| Error::disk(path, error))?;
    writer.commit().map_err(broken)?;
    memory.reset().map_err(broken)?;
    for (branch, head) in heads {
        let name = repository::reference(&branch)?;
        repository.reference(&name, repository::oid(&head)?, false, "commit").map_err(broken)?;
    }
    Ok(told)
}
