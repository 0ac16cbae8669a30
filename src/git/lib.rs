//! Git without a checkout: a bare mirror per repository, read at a revision, edited as trees, pushed with the truth about it.
//!
//! Everything here blocks; whoever calls gives it a thread. Nothing here knows what a manifest is.
//!
//! - [`Mirror`] is a bare copy of all branches, published by renaming a finished folder and fetched again when damaged.
//! - Commits are made on trees in memory: no index, no work tree, no symlink followed, no filter, no client hook.
//! - A push is [`PushOutcome::Landed`] when the server reported the branch without a complaint *and* a fresh listing
//!   shows the commit at, or below, the branch's head. Nothing is ever forced.
//! - http, https and (for reading) file go through libgit2; ssh, and pushes to file, through the `git` program.
//! - libgit2 is built without TLS, which would need OpenSSL: for https it speaks to a forwarder of ours, on the loopback
//!   interface and for one operation only, and rustls speaks to the server. The forwarder serves only who knows the
//!   operation's secret, reaches only the repository's own host and port, and adds the token behind TLS.
//!
//! **What of the machine's Git configuration has effect.** Every repository is opened with its own configuration file as the
//! only one: rewritten URLs, proxies, extra headers and redirect rules of system and user configuration are not seen. The
//! `git` program runs with the system and the user's configuration switched off, without hooks and without prompts; ssh
//! keeps the operator's own keys, agent and `~/.ssh/config`. For https, a proxy named in the environment (`https_proxy`,
//! spared by `no_proxy`; http with CONNECT only) is honoured; plain http goes straight. The machine's trusted certificates count, or those of
//! `SSL_CERT_FILE` and `SSL_CERT_DIR`, or of [`Access::ca_file`] alone; certificate settings of Git's configuration do
//! not. Redirects to another host, and for https to another port, are refused. A client hook (a pre-push secret scan) is
//! *not* run.
//!
//! **Time.** libgit2 has no safe way to set a timeout, so network work runs on a thread of its own and is left behind
//! when [`Limits`] are passed or [`Cancel`] is called; what is left behind can no longer move a branch of a mirror.

mod address;
mod arrival;
mod bounds;
mod commit;
mod compare;
mod credential;
mod error;
mod heads;
mod history;
mod identity;
mod listing;
mod lock;
mod mirror;
mod path;
mod patience;
mod push;
mod read;
mod repository;
pub mod seed;
mod trailers;
mod transport;

pub use address::check_url;
pub use arrival::Sought;
pub use commit::{Author, FileChange, NewCommit};
pub use compare::Difference;
pub use credential::Access;
pub use error::{Error, Result};
pub use heads::{Fetched, Heads, Moved};
pub use history::{ChangeKind, ChangedFile, CommitInfo, LogQuery};
pub use identity::identity;
pub use listing::ls_remote;
pub use mirror::Mirror;
pub use patience::{Cancel, Limits};
pub use push::{Base, PushOutcome};
pub use read::{Entry, EntryKind, Files, ReadLimits, Skipped, TreeReader};
pub use trailers::{read_trailers, trailers};
