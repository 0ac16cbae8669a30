//! What can go wrong in the store, and how it is told to a person.

use std::io;
use std::path::{Path, PathBuf};

use domain::Trouble;
use domain::ident::DeploymentId;

/// Holds an error of the store, with the file it is about.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done, such as `cannot read`.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The store was opened for reading only.
    #[error("the store {dir} is open for reading only: {why}")]
    ReadOnly {
        /// The store's folder.
        dir: PathBuf,
        /// Why.
        why: String,
    },
    /// A later version of the program wrote into this journal.
    #[error("a later version wrote entry {seq} of the journal (schema {version})")]
    Newer {
        /// The store's folder.
        dir: PathBuf,
        /// The entry.
        seq: u64,
        /// Its schema version.
        version: u32,
    },
    /// The file that was being written is no longer where it was.
    #[error("{path} was moved, removed or replaced while the store was open")]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The journal is shorter than it was.
    #[error("{path} is shorter than it was when it was read last")]
    Shrunk {
        /// The segment.
        path: PathBuf,
    },
    /// The whole record of a deployment cannot be read from the journal.
    #[error("the record of deployment {id} in {path} cannot be read: {why}")]
    Record {
        /// The segment.
        path: PathBuf,
        /// The deployment.
        id: DeploymentId,
        /// Why it cannot be read.
        why: String,
    },
    /// A record cannot be written as JSON.
    #[error("the record cannot be written as JSON: {0}")]
    Encode(#[from] serde_json::Error),
    /// A draft cannot be read; it was put aside.
    #[error("the draft {path} cannot be read: {why}")]
    Draft {
        /// Where it was.
        path: PathBuf,
        /// Where it is now.
        kept: PathBuf,
        /// Why it cannot be read.
        why: String,
    },
}

impl Error {
    /// Returns a function that wraps an I/O error with what was being done, and to what.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// Tells whether the cause is that nothing can be written here: a full disk, a read-only file system, no permission, a disk that
    /// fails. What cannot be read is something else.
    pub(crate) fn forbids_writing(&self) -> bool {
        let Self::Io { doing, source, .. } = self else { return false };
        *doing != "cannot read"
            && (source.raw_os_error() == Some(EIO)
                || matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull
                        | io::ErrorKind::QuotaExceeded
                        | io::ErrorKind::FileTooLarge
                        | io::ErrorKind::ReadOnlyFilesystem
                        | io::ErrorKind::PermissionDenied
                ))
    }
}

/// The operating system's number for a disk that fails.
const EIO: i32 = 5;

/// Returns what an operator can do about an I/O error.
pub(crate) fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull => "Free some space on that disk and try again; nothing that was recorded is lost.",
        io::ErrorKind::QuotaExceeded => "Your quota on that disk is used up: free some space and try again.",
        io::ErrorKind::FileTooLarge => "A limit on the size of files forbids it: raise it (ulimit -f) and try again.",
        io::ErrorKind::ReadOnlyFilesystem => "That file system is mounted read-only: mount it for writing and try again.",
        io::ErrorKind::PermissionDenied => "Give yourself permission to write there (folder 0700, files 0600) and try again.",
        _ => "Look at the disk and at the system's log, then try again.",
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match &error {
            Error::Io { doing, path, source } => {
                Self::failed(format!("The store {doing} a file"), path.display()).why(source).next(advice(source))
            }
            Error::ReadOnly { dir, why } => Self::failed("Nothing can be recorded, so nothing was done", dir.display())
                .why(format!("the store is open for reading only: {why}"))
                .next("Remove the cause and start again."),
            Error::Newer { dir, seq, version } => Self::refused("Nothing can be recorded, so nothing was done", dir.display())
                .why(format!("a later version of this program wrote entry {seq} (schema {version})"))
                .next("Use that version, or a later one."),
            Error::Gone { path } => Self::failed("The journal is no longer where it was", path.display())
                .why("it was moved, removed or replaced while it was in use")
                .next("Put it back, then start again."),
            Error::Shrunk { path } => Self::failed("The journal is shorter than it was", path.display())
                .why("somebody cut it or put an older copy in its place")
                .next("Put the whole file back, then start again."),
            Error::Record { path, id, why } => Self::failed("The record of a deployment cannot be read", id)
                .why(format!("{why} ({})", path.display()))
                .next("What lists show of it is known; audit verify names what is damaged. Put back a whole copy of that file."),
            Error::Encode(source) => Self::failed("The record cannot be written", "journal").why(source),
            Error::Draft { path, kept, why } => Self::failed("The draft cannot be read", path.display())
                .why(why)
                .next(format!("It was kept as {}; begin a new one.", kept.display())),
        }
    }
}
