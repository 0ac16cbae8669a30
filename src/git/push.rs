//! Pushing a commit, and finding out what really became of it.
//!
//! What libgit2 returns is not believed: it says `Ok` when a hook refused. The server's report about the branch and a fresh
//! listing must agree before anything is called landed; when they cannot be had, that is said.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::revision::CommitId;

use crate::error::{Error, Result};
use crate::heads;
use crate::history::{at_or_below, must_stand_on};
use crate::mirror::Mirror;
use crate::patience::{Cancel, Pulse, guarded};
use crate::repository::{oid, reference};
use crate::transport::{Answer, Transport, Update};

/// How long is waited before a branch that another push holds is asked for again, in milliseconds; 3.1 s in all.
const HELD: [u64; 5] = [100, 200, 400, 800, 1600];
/// The words that Git has for a branch whose lock somebody else holds: its own report and the server's sentence before it
/// (`builtin/receive-pack.c`, `lockfile.c`). Neither of them says who holds it.
const HELD_WORDS: [&str; 2] = ["failed to update ref", "cannot lock ref"];

/// Says where a branch must be for a push to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// At this head, which the commit stands on.
    Head(CommitId),
    /// Nowhere: the push creates it.
    Absent,
}

/// Says what became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The commit is at, or below, the branch's head: a listing after the push shows it.
    Landed {
        /// The head in that listing: the commit, or a later one that contains it.
        head: CommitId,
    },
    /// The branch was not where it was expected, and does not hold the commit. The mirror knows the new head already.
    Moved {
        /// Where the branch is; absent when it is gone.
        head: Option<CommitId>,
    },
    /// The server refused it.
    Rejected {
        /// Its words, as it sent them.
        words: String,
    },
    /// The connection died, or the server contradicts itself: the commit may have landed, now or later.
    Unknown {
        /// What is known.
        words: String,
    },
}

impl Mirror {
    /// Pushes a commit of the mirror to a branch that must be at `base`; never forces.
    ///
    /// A commit that the branch already holds is [`PushOutcome::Landed`]. Errors mean that nothing was sent, except that an
    /// answer after sending that refuses access is an error as well.
    pub fn push(&self, branch: &str, commit: &CommitId, base: &Base, cancel: &Cancel) -> Result<PushOutcome> {
        self.push_heard(branch, commit, base, cancel).map(|(outcome, _)| outcome)
    }

    /// Pushes as [`Mirror::push`] does, and returns what the server said when it took the commit, as it sent it: Git hosts
    /// print there where a merge request is opened.
    ///
    /// A branch that another push holds at this moment is not refused to us: it is asked for again, a few times.
    pub fn push_heard(&self, branch: &str, commit: &CommitId, base: &Base, cancel: &Cancel) -> Result<(PushOutcome, String)> {
        for pause in HELD {
            let (outcome, heard) = self.push_once(branch, commit, base, cancel)?;
            if !is_held(&outcome) || cancel.called_within(Duration::from_millis(pause)) {
                return Ok((outcome, heard));
            }
        }
        self.push_once(branch, commit, base, cancel)
    }

    fn push_once(&self, branch: &str, commit: &CommitId, base: &Base, cancel: &Cancel) -> Result<(PushOutcome, String)> {
        reference(branch)?;
        let loan = self.loan()?;
        let base = match base {
            Base::Head(base) => {
                must_stand_on(&loan, loan.dir(), commit, base).map_err(|error| self.note(error))?;
                Some(base.clone())
            }
            Base::Absent => None,
        };
        let transport = Transport::of(&self.address, &self.access)?;
        let sent = Arc::new(AtomicBool::new(false));
        let update = Update { branch: branch.to_owned(), commit: commit.clone(), base: base.clone(), sent: Arc::clone(&sent) };
        let answer = guarded(self.access.limits, cancel, &self.address.url, move |pulse| transport.push(&loan, &update, pulse));
        let answer = match answer {
            Err(error @ (Error::TimedOut { .. } | Error::Cancelled(_))) if sent.load(Ordering::SeqCst) => {
                Answer::Unknown(error.to_string())
            }
            other => other.map_err(|error| self.note(error))?,
        };
        let outcome = self.verdict(&answer, branch, commit, base.as_ref());
        let words = if let Answer::Taken(words) = answer { words } else { String::new() };
        Ok((outcome, words))
    }

    /// Looks at the branch after the push and says what became of it.
    fn verdict(&self, answer: &Answer, branch: &str, commit: &CommitId, base: Option<&CommitId>) -> PushOutcome {
        // The order is given; whether its caller still waits or not, the truth about it is wanted.
        let seen = self.look(branch, commit);
        match (answer, seen) {
            (_, Ok((Some(head), true))) => PushOutcome::Landed { head },
            (Answer::Rejected(_) | Answer::Moved, Ok((head, _))) if head.as_ref() != base => PushOutcome::Moved { head },
            (Answer::Rejected(words), _) => PushOutcome::Rejected { words: words.clone() },
            (Answer::Moved, Ok((head, _))) => PushOutcome::Moved { head },
            (Answer::Moved, Err(error)) => {
                PushOutcome::Rejected { words: format!("the branch moved; where to could not be asked: {error}") }
            }
            (Answer::Taken(_), Ok(_)) => {
                let words = "the server reported the branch as updated, but its listing does not show the commit";
                PushOutcome::Unknown { words: words.to_owned() }
            }
            (Answer::Taken(_), Err(error)) => PushOutcome::Unknown {
                words: format!("the server reported the branch as updated, but could not be asked again: {error}"),
            },
            (Answer::Unknown(words), Ok(_)) => PushOutcome::Unknown { words: words.clone() },
            (Answer::Unknown(words), Err(error)) => {
                PushOutcome::Unknown { words: format!("{words}\nasking again failed: {error}") }
            }
        }
    }

    /// Asks the server where the branch is now, and tells whether that is at or above the commit.
    fn look(&self, branch: &str, commit: &CommitId) -> Result<(Option<CommitId>, bool)> {
        let (name, ours) = (branch.to_owned(), oid(commit)?);
        self.under_lock(&Cancel::new(), move |mirror, transport, pulse: &Arc<Pulse>| {
            let loan = mirror.loan()?;
            let heads = transport.fetch(&loan, pulse)?;
            let head = heads.get(&name).cloned();
            if pulse.beat() {
                heads::take_over(&loan, loan.dir(), heads)?;
            }
            let holds = match &head {
                Some(head) => at_or_below(&loan, loan.dir(), ours, oid(head)?).map_err(|error| mirror.note(error))?,
                None => false,
            };
            Ok((head, holds))
        })
    }
}

/// Tells whether the server refused because the branch's lock is held: by a push that goes on, or one that died.
fn is_held(outcome: &PushOutcome) -> bool {
    matches!(outcome, PushOutcome::Rejected { words } if HELD_WORDS.iter().any(|held| words.contains(held)))
}
