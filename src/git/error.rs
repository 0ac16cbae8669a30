//! What can go wrong with Git, and how a person is told.

use std::path::PathBuf;
use std::time::Duration;

use domain::Trouble;
use domain::text::{display, one_line};

/// A result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Says what went wrong. Words of a server are as it sent them; they are made safe when this becomes a [`Trouble`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL cannot be used.
    #[error("the URL {url} cannot be used: {why}")]
    BadUrl {
        /// The URL, without what looks like a password.
        url: String,
        /// Why.
        why: &'static str,
    },
    /// The branch name is none.
    #[error("{0} is no branch name")]
    BadBranch(String),
    /// The path cannot be read or written in a repository.
    #[error("the path {path} cannot be used: {why}")]
    BadPath {
        /// The path.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// The author's name or e-mail cannot stand in a commit.
    #[error("the author {0} cannot stand in a commit")]
    BadAuthor(String),
    /// The token could not be read.
    #[error("the token in {place} could not be read: {why}")]
    Credential {
        /// Where it should be: a variable or a file.
        place: String,
        /// Why.
        why: String,
    },
    /// The sealed token could not be opened.
    #[error("{0}")]
    Sealed(Trouble),
    /// The server did not let us in.
    #[error("{url} refused access: {words}")]
    Auth {
        /// The repository.
        url: String,
        /// The server's HTTP status, if it gave one.
        status: Option<u16>,
        /// What it said.
        words: String,
    },
    /// The server led to another place than the one that the token is stored for.
    #[error("{url} leads to {elsewhere}, which does not get the token")]
    Elsewhere {
        /// The repository.
        url: String,
        /// Where it led: scheme, host and port, as far as they are known.
        elsewhere: String,
    },
    /// There is no repository at the URL.
    #[error("there is no repository at {url}: {words}")]
    NoRepository {
        /// The repository.
        url: String,
        /// What the server said.
        words: String,
    },
    /// The server's certificate or host key is not trusted.
    #[error("{url} could not prove who it is: {words}")]
    Untrusted {
        /// The repository.
        url: String,
        /// What is wrong with it.
        words: String,
    },
    /// The server cannot be reached, or the connection broke.
    #[error("{url} cannot be reached: {words}")]
    Unreachable {
        /// The repository.
        url: String,
        /// What happened.
        words: String,
    },
    /// The server answered with an error.
    #[error("{url} answered with an error: {words}")]
    Server {
        /// The repository.
        url: String,
        /// The HTTP status, if there is one.
        status: Option<u16>,
        /// What it said.
        words: String,
    },
    /// It did not happen within the limits.
    #[error("{url} did not answer within {}", seconds(.after))]
    TimedOut {
        /// The repository.
        url: String,
        /// How long was waited.
        after: Duration,
    },
    /// Another process worked on the same mirror all the time.
    #[error("another process worked on {url} for {}", seconds(.after))]
    Busy {
        /// The repository.
        url: String,
        /// How long was waited.
        after: Duration,
    },
    /// The caller did not want it any more.
    #[error("{0} was cancelled")]
    Cancelled(String),
    /// The `git` program is needed and is not there.
    #[error("the git program is needed for {0}")]
    NoProgram(String),
    /// Hooks guard a local repository and only the `git` program runs them.
    #[error("{0} has hooks, and the git program that runs them is missing")]
    Hooks(String),
    /// The mirror is damaged; the next fetch replaces it.
    #[error("the local copy in {} is damaged: {words}", .dir.display())]
    Damaged {
        /// The mirror.
        dir: PathBuf,
        /// What was found.
        words: String,
    },
    /// The mirror's folder cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The mirror does not have the commit.
    #[error("the commit {0} is not there")]
    NoCommit(String),
    /// The commit does not stand on the head that was expected.
    #[error("the commit {commit} does not stand on {base}")]
    NotOnBase {
        /// The commit.
        commit: String,
        /// The expected head.
        base: String,
    },
    /// The changes leave everything as it is.
    #[error("the changes leave every file as it is")]
    Unchanged,
    /// More was asked for than the limits allow.
    #[error("{what} is more than {limit}")]
    TooMuch {
        /// What.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// libgit2 reported something else.
    #[error("{doing}: {words}")]
    Git {
        /// What was being done.
        doing: &'static str,
        /// What libgit2 says.
        words: String,
    },
}

fn seconds(time: &Duration) -> String {
    format!("{} s", time.as_secs_f64().ceil())
}

impl Error {
    /// Builds the error for a file or folder.
    pub(crate) fn disk(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Disk { path: path.into(), source }
    }

    /// Builds the error for libgit2's other complaints.
    pub(crate) fn git(doing: &'static str, error: &git2::Error) -> Self {
        Self::Git { doing, words: error.message().to_owned() }
    }

    /// Tells whether trying the same again later can help without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Server { .. } | Self::Damaged { .. })
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let words = |text: &str| display(text.trim_end(), true);
        match error {
            Error::BadUrl { url, why } => Self::usage("The repository's URL cannot be used", one_line(&url))
                .why(why)
                .next("Write https://host/path, ssh://user@host/path, user@host:path or file:///path."),
            Error::BadBranch(name) => Self::usage("That is no branch name", one_line(&name))
                .next("Give a name as git branch accepts it, without refs/heads/."),
            Error::BadPath { path, why } => Self::usage("The path cannot be used in the repository", one_line(&path))
                .why(why)
                .next("Choose a path inside the repository, such as k8s/overlays/production."),
            Error::BadAuthor(author) => Self::usage("The author cannot stand in a commit", one_line(&author))
                .next("Set a name and an e-mail address without angle brackets or line breaks."),
            Error::Credential { place, why } => Self::failed("The repository's token could not be read", one_line(&place))
                .why(words(&why))
                .next("Set the variable or write the file, or change where the token comes from."),
            Error::Sealed(trouble) => trouble,
            Error::TooMuch { what, limit } => Self::failed("The repository holds more than is read here", one_line(&what))
                .why(format!("the limit is {limit}"))
                .next("Name a smaller folder, or move what is large elsewhere."),
            Error::Unchanged => Self::failed("There is nothing to commit", "the changes")
                .why("every file already reads as asked")
                .next("Check that the right environment and branch are meant."),
            Error::NoCommit(id) => Self::not_found("The commit is not in the repository", one_line(&id))
                .next("Fetch; if it stays away, somebody rewrote the branch."),
            Error::NotOnBase { commit, base } => Self::failed("The commit does not stand on the branch's head", commit)
                .why(format!("the head is {base}"))
                .next("Make the change again on the present head."),
            Error::Git { doing, words: said } => Self::failed("Git could not do it", doing).why(words(&said)),
            other => remote(other),
        }
    }
}

/// Says what happened between us and the server, or on our own disk.
fn remote(error: Error) -> Trouble {
    let words = |text: &str| display(text.trim_end(), true);
    match error {
        Error::Auth { url, status: Some(407), words: said } => {
            Trouble::failed("The proxy on the way to the Git server refused access", one_line(&url)).why(words(&said)).next(
                "Name it with a user and a password (https_proxy=http://USER:PASSWORD@HOST:PORT), or spare the host (no_proxy).",
            )
        }
        Error::Auth { url, status, words: said } => {
            let code = status.map_or(String::new(), |status| format!("status {status}: "));
            Trouble::failed("The Git server refused access", one_line(&url))
                .why(format!("{code}{}", words(&said)))
                .next("Check the repository's credential: the token's user, its rights and whether it has expired.")
        }
        Error::Elsewhere { url, elsewhere } => Trouble::refused("The Git server sent us elsewhere", one_line(&url))
            .why(format!("it leads to {}", one_line(&elsewhere)))
            .next("If the repository moved, change its URL; the token goes only where it is stored for."),
        Error::NoRepository { url, words: said } => Trouble::not_found("There is no repository", one_line(&url))
            .why(words(&said))
            .next("Check the URL, and that the credential may see the repository."),
        Error::Untrusted { url, words: said } => Trouble::refused("The Git server could not prove who it is", one_line(&url))
            .why(words(&said))
            .next("Check the certificate or the host key with whoever runs the server before you trust it."),
        Error::Unreachable { url, words: said } => Trouble::failed("The Git server cannot be reached", one_line(&url))
            .why(words(&said))
            .next("Check the network and the URL, then try again."),
        Error::Server { url, words: said, .. } => Trouble::failed("The Git server answered with an error", one_line(&url))
            .why(words(&said))
            .next("Try again later, or ask whoever runs the server."),
        Error::TimedOut { url, after } => Trouble::timed_out("The Git server did not answer", one_line(&url))
            .why(format!("nothing came for {}", seconds(&after)))
            .next("Check the network, then try again."),
        Error::Busy { url, after } => Trouble::timed_out("Another process works on the same repository", one_line(&url))
            .why(format!("its fetch was waited for {}", seconds(&after)))
            .next("Wait for the first fetch of a large repository to end, then try again."),
        Error::Cancelled(url) => Trouble::failed("It was cancelled", one_line(&url)),
        Error::NoProgram(url) => Trouble::failed("The git program is missing", one_line(&url))
            .why("ssh repositories are reached through it, with your own keys")
            .next("Install git, or use an https URL."),
        Error::Hooks(url) => Trouble::refused("The push would bypass the repository's hooks", one_line(&url))
            .why("hooks of a local repository are run by the git program, which is missing")
            .next("Install git."),
        Error::Damaged { dir, words: said } => Trouble::failed("The local copy of the repository is damaged", dir.display())
            .why(words(&said))
            .next("It is replaced at the next fetch; nothing is lost."),
        Error::Disk { path, source } => Trouble::failed("The local copy of the repository cannot be used", path.display())
            .why(source)
            .next("Check that the folder can be written and that the disk is not full."),
        other => Trouble::failed("Git could not do it", "").why(words(&other.to_string())),
    }
}
