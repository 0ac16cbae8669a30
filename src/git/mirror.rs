//! The mirror: a bare copy of all branches, published whole, replaced when damaged.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ErrorCode, ObjectType, Oid, Repository};

use domain::revision::CommitId;

use crate::address::Address;
use crate::credential::Access;
use crate::error::{Error, Result};
use crate::heads::{self, Fetched, Heads};
use crate::lock::Hold;
use crate::patience::{Cancel, Pulse, guarded};
use crate::repository::{self, Loan, Pool, damaged};
use crate::transport::Transport;

/// Holds a bare copy of a repository. Clones share it; all may be used at once, from several threads and processes.
#[derive(Clone)]
pub struct Mirror {
    pub(crate) address: Address,
    pub(crate) access: Access,
    pub(crate) pool: Arc<Pool>,
    dir: PathBuf,
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror").field("url", &self.address.url).field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Mirror {
    /// Opens the mirror of a URL under `root`, or fetches it when there is none or it is damaged.
    ///
    /// An existing mirror is opened without asking the server.
    pub fn open_or_clone(root: &Path, url: &str, access: &Access, cancel: &Cancel) -> Result<Self> {
        let mirror = Self::at(root, url, access)?;
        if !mirror.is_sound() {
            mirror.under_lock(cancel, move |mirror, transport, pulse| {
                // Another process may have been quicker while we waited.
                if mirror.is_sound() { Ok(()) } else { mirror.replace(transport, pulse).map(drop) }
            })?;
        }
        Ok(mirror)
    }

    /// Opens the mirror of a URL under `root` if there is one; never asks the server.
    pub fn open(root: &Path, url: &str, access: &Access) -> Result<Option<Self>> {
        let mirror = Self::at(root, url, access)?;
        Ok(mirror.is_sound().then_some(mirror))
    }

    fn at(root: &Path, url: &str, access: &Access) -> Result<Self> {
        let address = Address::parse(url)?;
        let name = Oid::hash_object(ObjectType::Blob, address.url.as_bytes());
        let name = name.map_err(|error| Error::git("naming the mirror", &error))?;
        let dir = root.join(name.to_string());
        Ok(Self { address, access: access.clone(), pool: Pool::new(dir.clone()), dir })
    }

    /// Returns the URL, which carries no password.
    pub fn url(&self) -> &str {
        &self.address.url
    }

    /// Returns the folder of the mirror.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the same mirror reached in another way (a changed credential, other limits).
    pub fn with_access(&self, access: Access) -> Self {
        Self { access, ..self.clone() }
    }

    /// Asks the server for all branches and takes them over; a damaged mirror is replaced.
    ///
    /// One round trip when nothing moved.
    pub fn fetch(&self, cancel: &Cancel) -> Result<Fetched> {
        self.under_lock(cancel, |mirror, transport, pulse| {
            if !mirror.is_there() {
                return mirror.replace(transport, pulse).map(|heads| Fetched { heads, moved: Vec::new() });
            }
            let attempt = mirror.loan().and_then(|loan| {
                let heads = transport.fetch(&loan, pulse)?;
                if !pulse.beat() {
                    return Err(Error::Cancelled(mirror.address.url.clone()));
                }
                heads::take_over(&loan, &mirror.dir, heads)
            });
            match attempt {
                Err(Error::Damaged { .. }) => mirror.replace(transport, pulse).map(|heads| Fetched { heads, moved: Vec::new() }),
                other => other,
            }
        })
    }

    /// Returns the branches as the last fetch left them; asks nobody.
    pub fn branches(&self) -> Result<Heads> {
        let loan = self.loan()?;
        let mut heads = Heads::default();
        for (branch, id) in heads::local(&loan, &self.dir)? {
            heads.branches.insert(branch, repository::commit_id(id)?);
        }
        let head = loan.find_reference("HEAD").ok();
        let target = head.and_then(|head| head.symbolic_target().ok().flatten().map(str::to_owned));
        heads.default = target.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
        Ok(heads)
    }

    /// Returns the head of a branch as the last fetch left it.
    pub fn head(&self, branch: &str) -> Result<Option<CommitId>> {
        let name = repository::reference(branch)?;
        let loan = self.loan()?;
        match loan.refname_to_id(&name) {
            Ok(id) => repository::commit_id(id).map(Some),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(damaged(&self.dir, &error)),
        }
    }

    pub(crate) fn loan(&self) -> Result<Loan> {
        self.pool.lend()
    }

    /// Runs network work on its own thread while this process, and nobody else in it, holds the mirror.
    pub(crate) fn under_lock<T: Send + 'static>(
        &self,
        cancel: &Cancel,
        work: impl FnOnce(&Self, &Transport, &Arc<Pulse>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let transport = Transport::of(&self.address, &self.access)?;
        let path = self.dir.with_extension("lock");
        let root = self.dir.parent().unwrap_or(&self.dir);
        // Somebody may have cleared it away while we run.
        std::fs::create_dir_all(root).map_err(|error| Error::disk(root, error))?;
        let hold = Hold::open(&path)?;
        let (mirror, lock) = (self.clone(), hold.clone());
        let result = guarded(self.access.limits, cancel, &self.address.url, move |pulse| {
            lock.take(&path, pulse)?;
            if !pulse.beat() {
                return Err(Error::Cancelled(mirror.address.url.clone()));
            }
            work(&mirror, &transport, pulse)
        });
        // Work that was left behind still owns its clone; others must not wait for it.
        hold.let_go();
        result
    }

    /// Tells whether there is a mirror that nobody found damaged.
    fn is_there(&self) -> bool {
        let part = |name| self.dir.join(name).exists();
        part("HEAD") && part("objects") && part("refs") && !part("damaged")
    }

    /// Tells whether there is a mirror whose branches lead to commits and trees that can be read.
    fn is_sound(&self) -> bool {
        if !self.is_there() {
            return false;
        }
        let Ok(loan) = self.loan() else { return false };
        let Ok(heads) = heads::local(&loan, &self.dir) else { return false };
        heads.values().all(|id| loan.find_commit(*id).and_then(|commit| commit.tree()).is_ok())
    }

    /// Notes that the mirror was found damaged, so that the next fetch replaces it, and passes the error on.
    pub(crate) fn note(&self, error: Error) -> Error {
        if matches!(error, Error::Damaged { .. }) {
            // If even this cannot be written, the next read finds the damage again.
            drop(std::fs::write(self.dir.join("damaged"), b""));
        }
        error
    }

    /// Fetches the whole repository beside the old mirror and puts it in its place; the caller holds the mirror.
    fn replace(&self, transport: &Transport, pulse: &Arc<Pulse>) -> Result<Heads> {
        let root = self.dir.parent().unwrap_or(&self.dir);
        let name = self.dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        sweep(root, &name);
        let fresh = tempfile::Builder::new().prefix(&format!("{name}.new-")).tempdir_in(root);
        let fresh = fresh.map_err(|error| Error::disk(root, error))?;
        let heads = {
            let repository = repository::create(fresh.path(), "main")?;
            let heads = transport.fetch(&repository, pulse).map_err(|error| match error {
                // Nothing of ours can be damaged yet: what came was.
                Error::Damaged { words, .. } => Error::Server { url: self.address.url.clone(), status: None, words },
                other => other,
            })?;
            point_head(&repository, fresh.path(), &heads)?;
            heads::take_over(&repository, fresh.path(), heads)?.heads
        };
        if !pulse.beat() {
            return Err(Error::Cancelled(self.address.url.clone()));
        }
        if self.dir.exists() {
            let old = tempfile::Builder::new().prefix(&format!("{name}.old-")).tempdir_in(root);
            let old = old.map_err(|error| Error::disk(root, error))?;
            std::fs::rename(&self.dir, old.path().join("mirror")).map_err(|error| Error::disk(&self.dir, error))?;
        }
        std::fs::rename(fresh.path(), &self.dir).map_err(|error| Error::disk(&self.dir, error))?;
        // It has moved; there is nothing left to remove under the temporary name.
        let _moved = fresh.keep();
        self.pool.forget();
        Ok(heads)
    }
}

/// Makes HEAD name the branch that the server calls its default.
fn point_head(repository: &Repository, dir: &Path, heads: &Heads) -> Result<()> {
    let Some(default) = &heads.default else { return Ok(()) };
    let name = repository::reference(default)?;
    repository.set_head(&name).map_err(|error| damaged(dir, &error))
}

/// Removes what earlier attempts left when their process died.
fn sweep(root: &Path, name: &str) {
    let Ok(entries) = std::fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        if found.strip_prefix(name).is_some_and(|rest| rest.starts_with(".new-") || rest.starts_with(".old-")) {
            // Whatever cannot be removed now is tried again at the next replacement.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}
