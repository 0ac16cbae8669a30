//! The repositories that the engine works with: one mirror each, fetched one at a time, their links.
//!
//! Blocking work has threads of its own. What stands in the files is read elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::link::{Link, LinkOf, LinkState};
use domain::project::Repository;
use domain::revision::CommitId;
use domain::safe::Safe;
use domain::{Time, Trouble};
use git::{Access, Cancel, Heads, Mirror};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::kept::Kept;
use crate::pace::Clock;
use crate::tasks::{blocking, open};

/// Holds the repositories by URL and credential.
pub(crate) struct Repos {
    root: PathBuf,
    safe: Arc<dyn Safe>,
    cancel: Cancel,
    clock: Clock,
    nudge: Arc<Notify>,
    known: Mutex<BTreeMap<(String, String), Arc<Repo>>>,
}

/// Holds one repository.
pub(crate) struct Repo {
    url: String,
    access: Access,
    root: PathBuf,
    cancel: Cancel,
    clock: Clock,
    /// Rings when the link's state may have changed.
    nudge: Arc<Notify>,
    mirror: Mutex<Option<Mirror>>,
    turn: tokio::sync::Mutex<()>,
    begun: AtomicU64,
    last: Mutex<Last>,
    poked: Notify,
    /// Changes with every fetch that ends.
    fetched: watch::Sender<u64>,
    /// The files that were read last.
    pub(crate) files: Kept,
}

/// Says what kind of failure of Git it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// It may be different the next time.
    Passing,
    /// The server, or we, did not accept who the other is.
    Denied,
    /// It will be the same the next time.
    Lasting,
}

/// Holds a failure of Git in words, and what kind it was.
#[derive(Debug)]
pub(crate) struct GitFault {
    pub(crate) trouble: Trouble,
    pub(crate) nature: Nature,
}

impl From<git::Error> for GitFault {
    fn from(error: git::Error) -> Self {
        use git::Error as E;
        let nature = match &error {
            E::Auth { .. } | E::Elsewhere { .. } | E::Untrusted { .. } | E::Credential { .. } | E::Sealed(_) => Nature::Denied,
            E::Unreachable { .. }
            | E::Server { .. }
            | E::TimedOut { .. }
            | E::Cancelled(_)
            | E::Damaged { .. }
            | E::Disk { .. } => Nature::Passing,
            _ => Nature::Lasting,
        };
        Self { trouble: error.into(), nature }
    }
}

impl From<Trouble> for GitFault {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, nature: Nature::Passing }
    }
}

impl From<GitFault> for Trouble {
    fn from(fault: GitFault) -> Self {
        fault.trouble
    }
}

#[derive(Default)]
struct Last {
    /// The number of the fetch that ended last, and what came of it.
    ended: u64,
    result: Option<Result<Arc<Heads>, Trouble>>,
    when: Option<Instant>,
    link: Option<LinkState>,
    live: Option<Time>,
    /// When it was tried first in vain.
    tried: Option<Time>,
}

impl Repos {
    pub(crate) fn new(root: PathBuf, safe: Arc<dyn Safe>, clock: Clock, nudge: Arc<Notify>) -> Self {
        Self { root, safe, cancel: Cancel::new(), clock, nudge, known: Mutex::default() }
    }

    /// Returns a repository; the same one for the same URL and credential.
    pub(crate) fn get(&self, repository: &Repository) -> Arc<Repo> {
        let mut known = open(&self.known);
        let repo = known.entry(key(repository)).or_insert_with(|| {
            Arc::new(Repo {
                url: repository.url.clone(),
                access: Access::new(repository.credential.clone()).with_safe(Arc::clone(&self.safe)),
                root: self.root.clone(),
                cancel: self.cancel.clone(),
                clock: Arc::clone(&self.clock),
                nudge: Arc::clone(&self.nudge),
                mirror: Mutex::default(),
                turn: tokio::sync::Mutex::default(),
                begun: AtomicU64::new(0),
                last: Mutex::default(),
                poked: Notify::new(),
                fetched: watch::Sender::new(0),
                files: Kept::default(),
            })
        });
        Arc::clone(repo)
    }

    /// Returns the word that stops network work.
    pub(crate) fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Cancels all network work, now and for ever.
    pub(crate) fn stop(&self) {
        self.cancel.cancel();
    }

    /// Returns the state of those of the repositories that were tried; what was tried with another credential says nothing of them.
    pub(crate) fn links<'r>(&self, repositories: impl Iterator<Item = &'r Repository>) -> Vec<Link> {
        let known = open(&self.known);
        let keys: BTreeSet<_> = repositories.map(key).collect();
        let link = |key: &(String, String)| {
            let repo = known.get(key)?;
            let state = open(&repo.last).link.clone()?;
            Some(Link { of: LinkOf::Repository(repo.url.clone()), state })
        };
        keys.iter().filter_map(link).collect()
    }
}

impl Repo {
    /// Returns the URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks for a fetch soon; several of these are one.
    pub(crate) fn poke(&self) {
        self.poked.notify_one();
    }

    /// Waits until somebody pokes.
    pub(crate) async fn poked(&self) {
        self.poked.notified().await;
    }

    /// Returns what changes whenever a fetch ends, whoever wanted it.
    pub(crate) fn fetches(&self) -> watch::Receiver<u64> {
        self.fetched.subscribe()
    }

    /// Fetches. One fetch runs, one is next: whoever asks while one runs shares the one after it.
    pub(crate) async fn fetch(&self) -> Result<Arc<Heads>, Trouble> {
        let seen = self.begun.load(Ordering::SeqCst);
        let _turn = self.turn.lock().await;
        {
            let last = open(&self.last);
            if let Some(result) = last.result.as_ref().filter(|_| last.ended > seen) {
                return result.clone();
            }
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let result = self.attempt("the Git fetch", |mirror, cancel| mirror.fetch(cancel).map(|f| Arc::new(f.heads))).await;
        let denied = result.as_ref().is_err_and(|fault| fault.nature == Nature::Denied);
        let result = result.map_err(Trouble::from);
        self.note(number, &result, denied);
        self.nudge.notify_one();
        result
    }

    /// Returns the branches, fetched when they are older than that.
    pub(crate) async fn heads(&self, oldest: Duration) -> Result<Arc<Heads>, Trouble> {
        let fresh = {
            let last = open(&self.last);
            let young = last.when.is_some_and(|when| when.elapsed() <= oldest);
            last.result.as_ref().filter(|_| young).and_then(|result| result.as_ref().ok().cloned())
        };
        match fresh {
            Some(heads) => Ok(heads),
            None => self.fetch().await,
        }
    }

    /// Returns the head of a branch, as a fetch of just now shows it.
    pub(crate) async fn fresh_head(&self, branch: &str) -> Result<CommitId, Trouble> {
        head_of(&*self.fetch().await?, branch, self.url())
    }

    /// Notes that branches may have moved since the last fetch.
    pub(crate) fn outdated(&self) {
        open(&self.last).when = None;
    }

    /// Runs blocking work on the mirror, which is cloned first if there is none.
    pub(crate) async fn with<T, F>(&self, name: &'static str, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: FnOnce(&Mirror, &Cancel) -> git::Result<T> + Send + 'static,
    {
        Ok(self.attempt(name, work).await?)
    }

    /// Does what [`Repo::with`] does, and says of what kind a failure was.
    pub(crate) async fn attempt<T, F>(&self, name: &'static str, work: F) -> Result<T, GitFault>
    where
        T: Send + 'static,
        F: FnOnce(&Mirror, &Cancel) -> git::Result<T> + Send + 'static,
    {
        let known = open(&self.mirror).clone();
        let (root, url, access, cancel) = (self.root.clone(), self.url.clone(), self.access.clone(), self.cancel.clone());
        let (mirror, result) = blocking(name, move || {
            let mirror = match known {
                Some(mirror) => mirror,
                None => Mirror::open_or_clone(&root, &url, &access, &cancel)?,
            };
            let result = work(&mirror, &cancel);
            Ok::<_, git::Error>((mirror, result))
        })
        .await??;
        *open(&self.mirror) = Some(mirror);
        Ok(result?)
    }

    /// Tells whether `ours` is contained in `theirs`; nothing when the mirror does not know one of them.
    pub(crate) async fn contains(&self, ours: CommitId, theirs: CommitId) -> Option<bool> {
        let stand = move |mirror: &Mirror, _: &Cancel| {
            let both = mirror.knows(&ours)? && mirror.knows(&theirs)?;
            both.then(|| mirror.is_ancestor(&ours, &theirs)).transpose()
        };
        self.with("the Git history", stand).await.ok().flatten()
    }

    fn note(&self, number: u64, result: &Result<Arc<Heads>, Trouble>, denied: bool) {
        let mut last = open(&self.last);
        last.ended = number;
        match result {
            Ok(_) => {
                last.live = Some((self.clock)());
                last.when = Some(Instant::now());
                last.link = Some(LinkState::Live);
            }
            Err(trouble) => {
                let why = trouble.to_string();
                let tried = *last.tried.get_or_insert_with(|| (self.clock)());
                last.link = Some(match last.live {
                    _ if denied => LinkState::Unauthorized { why },
                    heard => LinkState::silent(heard, tried, why),
                });
            }
        }
        last.result = Some(result.clone());
        drop(last);
        self.fetched.send_replace(number);
    }
}

/// Returns what tells repositories apart: where it is, and what it is read with.
fn key(repository: &Repository) -> (String, String) {
    (repository.url.clone(), repository.credential.to_string())
}

/// Returns the repository's head of a branch, or a trouble that says that there is no such branch.
pub(crate) fn head_of(heads: &Heads, branch: &str, url: &str) -> Result<CommitId, Trouble> {
    heads.get(branch).cloned().ok_or_else(|| {
        let known: Vec<_> = heads.branches.keys().map(String::as_str).take(12).collect();
        Trouble::not_found("The branch does not exist", branch)
            .why(format!("{url} has {}", if known.is_empty() { "no branches".to_owned() } else { known.join(", ") }))
            .next("Correct the environment's branch, or create it in Git.")
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use domain::project::{Credential, Provider};
    use domain::safe::NoSafe;

    use super::*;

    #[tokio::test]
    async fn what_was_tried_with_another_credential_says_nothing_of_a_repository() {
        let folder = tempfile::tempdir().unwrap();
        let repos = Repos::new(folder.path().to_owned(), Arc::new(NoSafe), Arc::new(|| Time::UNIX_EPOCH), Arc::default());
        let with = |credential| Repository {
            provider: Provider::default(),
            url: "file:///nowhere/at/all.git".into(),
            default_branch: "main".into(),
            credential,
        };
        let (old, new) = (with(Credential::Env { user: "bot".into(), name: "OLD".into() }), with(Credential::None));
        assert!(repos.get(&old).fetch().await.is_err());
        assert_eq!(repos.links([&old].into_iter()).len(), 1);
        assert_eq!(repos.links([&new, &new].into_iter()), [], "it was not tried yet");
    }
}
