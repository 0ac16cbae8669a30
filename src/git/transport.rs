//! The two ways to a server: libgit2 for http, https and local folders, the `git` program for ssh and local pushes.
//!
//! libgit2 has no TLS here; for https it speaks to a forwarder of ours that does.

mod forwarder;
mod program;
mod proxy;
mod wire;

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use git2::Repository;

use domain::revision::CommitId;

use crate::address::{Address, Way};
use crate::credential::{self, Access};
use crate::error::{Error, Result};
use crate::heads::Heads;
use crate::patience::Pulse;
use program::Program;
use wire::Wire;

/// Holds what a push asks of the server.
pub(crate) struct Update {
    pub(crate) branch: String,
    pub(crate) commit: CommitId,
    /// Where the branch must be; absent: it must not exist.
    pub(crate) base: Option<CommitId>,
    /// Set once the server may have got it.
    pub(crate) sent: Arc<AtomicBool>,
}

/// Says what the server answered; the truth is in the listing that follows.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It reported the branch as updated, and said this along with it.
    Taken(String),
    /// The branch is not where it was expected; nothing was sent.
    Moved,
    /// It refused, in these words.
    Rejected(String),
    /// It said nothing that can be relied on.
    Unknown(String),
}

/// Speaks to one server.
pub(crate) enum Transport {
    Wire(Wire),
    Program(Program),
    /// Reads through libgit2, pushes through the program, so that the repository's hooks run.
    Local {
        wire: Wire,
        program: Program,
    },
}

impl Transport {
    /// Chooses the way for an address; reads the token.
    pub(crate) fn of(address: &Address, access: &Access) -> Result<Self> {
        let program = || Program::new(address.url.clone(), access);
        Ok(match &address.way {
            Way::Http(origin) => {
                let login = credential::login(access)?.map(Arc::new);
                Self::Wire(Wire::http(address.url.clone(), origin.clone(), login, access))
            }
            Way::Ssh => Self::Program(program()),
            Way::File(_) => Self::Local { wire: Wire::local(address.url.clone()), program: program() },
        })
    }

    /// Lists the branches.
    pub(crate) fn list(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        match self {
            Self::Wire(wire) | Self::Local { wire, .. } => wire.list(repository, pulse),
            Self::Program(program) => program.list(repository, pulse),
        }
        .map_err(|error| at_home(error, repository))
    }

    /// Lists the branches and brings the objects that the repository lacks; moves no branch.
    pub(crate) fn fetch(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        match self {
            Self::Wire(wire) | Self::Local { wire, .. } => wire.fetch(repository, pulse),
            Self::Program(program) => program.fetch(repository, pulse),
        }
        .map_err(|error| at_home(error, repository))
    }

    /// Asks the server to move a branch from where it must be to our commit, which stands on it.
    pub(crate) fn push(&self, repository: &Repository, update: &Update, pulse: &Arc<Pulse>) -> Result<Answer> {
        match self {
            Self::Wire(wire) => wire.push(repository, update, pulse),
            Self::Program(program) => program.push(repository, update, pulse),
            Self::Local { wire, program } => match program.push(repository, update, pulse) {
                Err(Error::NoProgram(url)) if wire.has_hooks() => Err(Error::Hooks(url)),
                Err(Error::NoProgram(_)) => wire.push(repository, update, pulse),
                answer => answer,
            },
        }
        .map_err(|error| at_home(error, repository))
    }
}

/// Tells what happened on this machine from what happened at the server: damage is in our copy, and a disk of ours that takes no more
/// speaks in the system's words at the end of a line.
fn at_home(error: Error, repository: &Repository) -> Error {
    const FULL: [(&str, ErrorKind); 3] = [
        ("No space left on device", ErrorKind::StorageFull),
        ("Disk quota exceeded", ErrorKind::QuotaExceeded),
        ("Read-only file system", ErrorKind::ReadOnlyFilesystem),
    ];
    let (Error::NoRepository { words, .. }
    | Error::Unreachable { words, .. }
    | Error::Server { status: None, words, .. }
    | Error::Damaged { words, .. }
    | Error::Git { words, .. }) = &error
    else {
        return error;
    };
    // The server's own disk is told by the server: "remote: fatal: …", "remote error: …".
    let ours = words.lines().filter(|line| !line.trim_start().starts_with("remote"));
    let full = ours.flat_map(|line| FULL.map(|(said, kind)| (line, said, kind))).find(|(line, said, _)| line.ends_with(said));
    let full = full.map(|(line, _, kind)| io::Error::new(kind, line.trim().to_owned()));
    match (full, error) {
        (Some(full), _) => Error::disk(repository.path(), full),
        (None, Error::Damaged { words, .. }) => Error::Damaged { dir: repository.path().to_owned(), words },
        (None, error) => error,
    }
}

/// Tells whether the repository has every commit of a listing, and with a commit all that it stands on.
///
/// Packs appear whole, and our own commits are made of what is there, so a commit never comes without its history.
fn has_all(repository: &Repository, heads: &Heads) -> bool {
    heads.branches.values().all(|id| has(repository, id))
}

fn has(repository: &Repository, id: &CommitId) -> bool {
    let Ok(odb) = repository.odb() else { return false };
    git2::Oid::from_str(id.as_str()).is_ok_and(|id| odb.exists(id))
}

/// Tells whether a repository on this machine has hooks that a push must run.
fn hooks_in(path: &Path) -> bool {
    let any = |dir: &Path| {
        std::fs::read_dir(dir).is_ok_and(|entries| {
            entries.flatten().any(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                ["pre-receive", "update", "post-receive", "post-update", "reference-transaction", "proc-receive"]
                    .contains(&name.as_ref())
            })
        })
    };
    any(&path.join("hooks")) || any(&path.join(".git/hooks"))
}
