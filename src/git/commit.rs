//! Making a commit out of changed files, on trees in memory; moves no branch.

use std::collections::BTreeMap;
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{Commit, ErrorCode, FileMode, Oid, Repository, Signature, Tree};

use domain::Time;
use domain::revision::CommitId;

use crate::error::{Error, Result};
use crate::mirror::Mirror;
use crate::path;
use crate::repository::{commit_id, damaged, oid};

/// Holds who makes a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// Holds what becomes of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path in the repository.
    pub path: String,
    /// The whole new content; absent: the file is removed.
    pub content: Option<Vec<u8>>,
}

impl FileChange {
    /// Builds a change that writes a file.
    pub fn write(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: Some(content.into()) }
    }

    /// Builds a change that removes a file.
    pub fn remove(path: impl Into<String>) -> Self {
        Self { path: path.into(), content: None }
    }
}

/// Holds a commit that is to be made. The same content gives the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    /// What it stands on; absent only for the first commit of an empty repository.
    pub parent: Option<CommitId>,
    /// The files that change; the last change of a path counts.
    pub changes: Vec<FileChange>,
    /// The message, trailers included; trailing white space is cleaned away.
    pub message: String,
    /// The author, who is the committer as well.
    pub author: Author,
    /// When; written to the second, in UTC.
    pub time: Time,
}

impl Mirror {
    /// Makes the commit in the mirror and returns its id; nothing points at it until it is pushed.
    ///
    /// A file keeps its mode. Fails with [`Error::Unchanged`] when every file already reads as asked, and with
    /// [`Error::BadPath`] when a path would go through a symlink, a submodule or a file, or replace one.
    pub fn commit(&self, new: &NewCommit) -> Result<CommitId> {
        let loan = self.loan()?;
        make(&loan, loan.dir(), new).map_err(|error| self.note(error))
    }
}

/// Makes a commit in a repository.
pub(crate) fn make(repository: &Repository, dir: &Path, new: &NewCommit) -> Result<CommitId> {
    let parent = new.parent.as_ref().map(|id| find(repository, dir, id)).transpose()?;
    let broken = |error: git2::Error| damaged(dir, &error);
    let before = if let Some(parent) = &parent {
        parent.tree().map_err(broken)?
    } else {
        let empty = repository.treebuilder(None).and_then(|builder| builder.write()).map_err(broken)?;
        repository.find_tree(empty).map_err(broken)?
    };
    let tree = updated(repository, dir, &before, &new.changes)?;
    if tree == before.id() {
        return Err(Error::Unchanged);
    }
    let tree = repository.find_tree(tree).map_err(broken)?;
    let author = signature(&new.author, new.time)?;
    let message =
        git2::message_prettify(new.message.as_str(), None).map_err(|error| Error::git("reading the commit message", &error))?;
    let parents: Vec<&Commit<'_>> = parent.iter().collect();
    let id = repository.commit(None, &author, &author, &message, &tree, &parents).map_err(broken)?;
    commit_id(id)
}

/// Returns a commit by its id.
pub(crate) fn find<'r>(repository: &'r Repository, dir: &Path, id: &CommitId) -> Result<Commit<'r>> {
    repository.find_commit(oid(id)?).map_err(|error| match error.code() {
        ErrorCode::NotFound => Error::NoCommit(id.to_string()),
        _ => damaged(dir, &error),
    })
}

/// Writes the changed files and the trees above them.
fn updated(repository: &Repository, dir: &Path, before: &Tree<'_>, changes: &[FileChange]) -> Result<Oid> {
    let mut wanted = BTreeMap::new();
    for change in changes {
        wanted.insert(path::file(&change.path)?, change.content.as_deref());
    }
    let mut builder = TreeUpdateBuilder::new();
    for (&path, content) in &wanted {
        let mode = present(repository, before, path, &wanted)?;
        match (content, mode) {
            (Some(content), mode) => {
                let blob = repository.blob(content).map_err(|error| damaged(dir, &error))?;
                builder.upsert(path, blob, mode.unwrap_or(FileMode::Blob));
            }
            (None, Some(_)) => drop(builder.remove(path)),
            (None, None) => {}
        }
    }
    builder.create_updated(repository, before).map_err(|error| damaged(dir, &error))
}

/// Returns the mode of the file at a path, absent when there is none; refuses to go through or to replace what is no file.
fn present(
    repository: &Repository,
    root: &Tree<'_>,
    path: &str,
    wanted: &BTreeMap<&str, Option<&[u8]>>,
) -> Result<Option<FileMode>> {
    let bad = |why| Err(Error::BadPath { path: path.to_owned(), why });
    for (at, _) in path.match_indices('/') {
        let folder = path.get(..at).unwrap_or("");
        if wanted.get(folder).is_some_and(Option::is_some) {
            return bad("the same change writes a file where its folder would be");
        }
    }
    let mut tree: Option<Tree<'_>> = None;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let Some(entry) = tree.as_ref().unwrap_or(root).get_name(part).map(|entry| entry.to_owned()) else { return Ok(None) };
        let last = parts.peek().is_none();
        match (entry.filemode(), last) {
            (0o040_000, false) => {
                tree = Some(repository.find_tree(entry.id()).map_err(|error| damaged(repository.path(), &error))?);
            }
            (0o040_000, true) => return bad("a folder is there"),
            (0o120_000, _) => return bad("a symlink is there, and links are not followed"),
            (0o160_000, _) => return bad("a submodule is there"),
            (0o100_755, true) => return Ok(Some(FileMode::BlobExecutable)),
            (_, true) => return Ok(Some(FileMode::Blob)),
            (_, false) => return bad("a file stands where its folder would be"),
        }
    }
    Ok(None)
}

fn signature(author: &Author, time: Time) -> Result<Signature<'static>> {
    let bad = || Error::BadAuthor(format!("{} <{}>", author.name, author.email));
    let odd = |text: &str| text.trim().is_empty() || text.contains(['<', '>', '\n', '\r', '\0']);
    if odd(&author.name) || odd(&author.email) {
        return Err(bad());
    }
    Signature::new(&author.name, &author.email, &git2::Time::new(time.as_second(), 0)).map_err(|_| bad())
}
