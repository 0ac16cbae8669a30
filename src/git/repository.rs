//! Opening repositories so that only their own configuration counts, and keeping opened ones warm.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use git2::{Config, ErrorClass, ErrorCode, Oid, Repository, RepositoryInitOptions, RepositoryOpenFlags};

use domain::revision::CommitId;

use crate::error::{Error, Result};
use crate::patience;

/// What a mirror's own configuration says beyond Git's defaults.
///
/// Paths that would be `.git` on other file systems are refused on every system; a redirect to another host is followed
/// nowhere, because the token would follow; reflogs of a mirror tell nothing.
const CONFIGURATION: [(&str, bool); 5] = [
    ("core.protectHFS", true),
    ("core.protectNTFS", true),
    ("http.followRedirects", false),
    ("core.logAllRefUpdates", false),
    ("receive.autogc", false),
];

/// Makes an empty bare repository without templates and with our configuration.
pub(crate) fn create(path: &Path, branch: &str) -> Result<Repository> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).mkpath(true).external_template(false).initial_head(branch);
    let made = Repository::init_opts(path, &options).map_err(|error| Error::git("making a repository", &error))?;
    drop(made);
    let mut config = Config::open(&path.join("config")).map_err(|error| Error::git("configuring a repository", &error))?;
    for (name, value) in CONFIGURATION {
        config.set_bool(name, value).map_err(|error| Error::git("configuring a repository", &error))?;
    }
    open(path)
}

/// Opens a bare repository; its own configuration file is the only one that counts.
pub(crate) fn open(path: &Path) -> Result<Repository> {
    let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::BARE;
    let none: [&Path; 0] = [];
    let repository = Repository::open_ext(path, flags, none).map_err(|error| damaged(path, &error))?;
    let config = Config::open(&repository.path().join("config")).map_err(|error| damaged(path, &error))?;
    repository.set_config(&config).map_err(|error| damaged(path, &error))?;
    Ok(repository)
}

/// Builds the error for something in a mirror that is not as it was written.
pub(crate) fn damaged(dir: &Path, error: &git2::Error) -> Error {
    if error.class() == ErrorClass::Os && error.code() != ErrorCode::NotFound {
        return Error::disk(dir, std::io::Error::other(error.message().to_owned()));
    }
    Error::Damaged { dir: dir.to_owned(), words: error.message().to_owned() }
}

/// Returns libgit2's form of a commit id.
pub(crate) fn oid(commit: &CommitId) -> Result<Oid> {
    Oid::from_str(commit.as_str()).map_err(|_| Error::NoCommit(commit.to_string()))
}

/// Returns our form of a commit id.
pub(crate) fn commit_id(oid: Oid) -> Result<CommitId> {
    CommitId::parse(&oid.to_string()).ok_or_else(|| Error::NoCommit(oid.to_string()))
}

/// Returns the full name of a branch's reference; refuses what is no branch name.
pub(crate) fn reference(branch: &str) -> Result<String> {
    let full = format!("refs/heads/{branch}");
    let fine = !branch.starts_with('-') && git2::Reference::is_valid_name(&full);
    if fine { Ok(full) } else { Err(Error::BadBranch(branch.to_owned())) }
}

/// Keeps opened repositories of one folder, so that each operation finds packs mapped and caches warm.
#[derive(Default)]
pub(crate) struct Pool {
    dir: PathBuf,
    generation: AtomicU64,
    idle: Mutex<Vec<(u64, Repository)>>,
}

impl Pool {
    pub(crate) fn new(dir: PathBuf) -> Arc<Self> {
        Arc::new(Self { dir, ..Self::default() })
    }

    /// Lends an opened repository.
    pub(crate) fn lend(self: &Arc<Self>) -> Result<Loan> {
        let generation = self.generation.load(Ordering::SeqCst);
        let known = patience::open(&self.idle).pop();
        let repository = match known {
            Some((of, repository)) if of == generation => repository,
            _ => open(&self.dir)?,
        };
        Ok(Loan { pool: Arc::clone(self), generation, repository: Some(repository) })
    }

    /// Forgets what is open, because the folder was replaced.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        patience::open(&self.idle).clear();
    }
}

/// Holds a lent repository; gives it back when dropped.
pub(crate) struct Loan {
    pool: Arc<Pool>,
    generation: u64,
    repository: Option<Repository>,
}

impl Loan {
    /// Returns the folder of the repository.
    pub(crate) fn dir(&self) -> &Path {
        &self.pool.dir
    }
}

impl Deref for Loan {
    type Target = Repository;

    #[expect(clippy::expect_used, reason = "it is taken in drop only")]
    fn deref(&self) -> &Repository {
        self.repository.as_ref().expect("a loan holds its repository until it is dropped")
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let current = self.generation == self.pool.generation.load(Ordering::SeqCst);
        if let (true, Some(repository)) = (current, self.repository.take()) {
            patience::open(&self.pool.idle).push((self.generation, repository));
        }
    }
}
