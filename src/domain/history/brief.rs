//! One deployment as lists know it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::packed::{Packed, Piece};
use crate::Time;
use crate::actor::Actor;
use crate::deployment::{Deployment, Method, StageName, StageState, Status};
use crate::ident::{DeploymentId, EnvironmentId};

/// Says where in the journal a record stands. The first segment is numbered 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stand {
    /// The segment; 0 where there is no journal.
    pub segment: u64,
    /// The offset of its first byte.
    pub offset: u64,
}

/// Says where a stage is, without why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Not begun.
    Pending,
    /// Under way.
    Running,
    /// Cannot go on until somebody does something.
    Waiting,
    /// Through.
    Done,
    /// Not part of it.
    Skipped,
    /// Failed.
    Failed,
}

impl From<&StageState> for Mark {
    fn from(state: &StageState) -> Self {
        match state {
            StageState::Pending => Self::Pending,
            StageState::Running => Self::Running,
            StageState::Waiting => Self::Waiting,
            StageState::Done => Self::Done,
            StageState::Skipped => Self::Skipped,
            StageState::Failed { .. } => Self::Failed,
        }
    }
}

/// Says what was asked for, by the journal's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A change.
    Deploy,
    /// A way back to an earlier state.
    Rollback,
    /// One deployment taken back.
    Revert,
}

impl Act {
    /// Returns the journal's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Rollback => "rollback",
            Self::Revert => "revert",
        }
    }
}

/// Holds what lists, filters and figures need of a deployment; cloning costs nothing. Times are exact to the millisecond.
#[derive(Clone)]
pub struct Brief(Kept);

#[derive(Clone)]
enum Kept {
    Whole(Arc<Held>),
    Packed(Arc<Packed>, u32),
}

struct Held {
    deployment: Arc<Deployment>,
    stand: Stand,
}

impl Brief {
    /// Returns what lists need of a deployment, and the whole of it.
    pub fn new(deployment: Arc<Deployment>, stand: Stand) -> Self {
        Self(Kept::Whole(Arc::new(Held { deployment, stand })))
    }

    pub(super) fn all_of(packed: &Arc<Packed>) -> Vec<Self> {
        let count = u32::try_from(packed.len()).unwrap_or(u32::MAX);
        (0..count).map(|at| Self(Kept::Packed(Arc::clone(packed), at))).collect()
    }

    /// Returns the whole record, where it is held: of the newest, and of those that are not over.
    pub fn whole(&self) -> Option<&Arc<Deployment>> {
        match &self.0 {
            Kept::Whole(held) => Some(&held.deployment),
            Kept::Packed(..) => None,
        }
    }

    /// Returns where its newest record stands in the journal.
    pub fn stand(&self) -> Stand {
        match &self.0 {
            Kept::Whole(held) => held.stand,
            Kept::Packed(packed, at) => packed.rec(*at).map(|rec| rec.stand).unwrap_or_default(),
        }
    }

    /// Tells whether both are the very same; cheap, and false where that is not known.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kept::Whole(a), Kept::Whole(b)) => Arc::ptr_eq(&a.deployment, &b.deployment),
            (Kept::Packed(a, at), Kept::Packed(b, bt)) => Arc::ptr_eq(a, b) && at == bt,
            _ => false,
        }
    }

    /// Returns its id, as text.
    pub fn id(&self) -> &str {
        match &self.0 {
            Kept::Whole(held) => held.deployment.id.as_str(),
            Kept::Packed(packed, at) => packed.piece(*at, Piece::Id),
        }
    }

    /// Returns its id.
    pub fn to_id(&self) -> DeploymentId {
        match &self.0 {
            Kept::Whole(held) => held.deployment.id.clone(),
            Kept::Packed(packed, at) => DeploymentId::verbatim(packed.piece(*at, Piece::Id)),
        }
    }

    /// Returns the last six characters of its id.
    pub fn short(&self) -> &str {
        let id = self.id();
        id.get(id.len().saturating_sub(6)..).unwrap_or(id)
    }

    /// Tells whether a text that a person typed (a whole id, or its end) means this deployment.
    pub fn matches(&self, text: &str) -> bool {
        !text.is_empty() && self.id().ends_with(&text.to_ascii_lowercase())
    }

    /// Returns where it goes.
    pub fn environment(&self) -> &EnvironmentId {
        match &self.0 {
            Kept::Whole(held) => &held.deployment.environment,
            Kept::Packed(packed, at) => packed.environment(*at),
        }
    }

    /// Returns who asked for it.
    pub fn actor(&self) -> &Actor {
        match &self.0 {
            Kept::Whole(held) => &held.deployment.actor,
            Kept::Packed(packed, at) => packed.actor(*at),
        }
    }

    /// Returns how it came about.
    pub fn method(&self) -> Method {
        match &self.0 {
            Kept::Whole(held) => held.deployment.method,
            Kept::Packed(packed, at) => packed.rec(*at).map_or(Method::Manual, |rec| rec.method),
        }
    }

    /// Returns how it is.
    pub fn status(&self) -> Status {
        match &self.0 {
            Kept::Whole(held) => held.deployment.status,
            Kept::Packed(packed, at) => packed.rec(*at).map_or(Status::Failed, |rec| rec.status),
        }
    }

    /// Tells whether nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        self.status().is_over()
    }

    /// Returns what was asked for.
    pub fn act(&self) -> Act {
        match &self.0 {
            Kept::Whole(held) => match held.deployment.restore.as_ref().map(|restore| restore.act()) {
                None => Act::Deploy,
                Some("revert") => Act::Revert,
                Some(_) => Act::Rollback,
            },
            Kept::Packed(packed, at) => packed.rec(*at).map_or(Act::Deploy, |rec| rec.act),
        }
    }

    /// Returns when it was asked for.
    pub fn requested(&self) -> Time {
        match &self.0 {
            Kept::Whole(held) => held.deployment.requested,
            Kept::Packed(packed, at) => packed.time(*at, |rec| rec.requested).unwrap_or(Time::UNIX_EPOCH),
        }
    }

    /// Returns when it was over.
    pub fn finished(&self) -> Option<Time> {
        match &self.0 {
            Kept::Whole(held) => held.deployment.finished,
            Kept::Packed(packed, at) => packed.time(*at, |rec| rec.finished),
        }
    }

    /// Returns when a stage ended, of the first and the last: the commit on the branch, and healthy workloads.
    pub fn ended(&self, name: StageName) -> Option<Time> {
        match (&self.0, name) {
            (Kept::Whole(held), name) => held.deployment.stage(name).ended,
            (Kept::Packed(packed, at), StageName::Commit) => packed.time(*at, |rec| rec.committed),
            (Kept::Packed(packed, at), StageName::Health) => packed.time(*at, |rec| rec.healthy),
            _ => None,
        }
    }

    /// Returns where a stage is.
    pub fn mark(&self, name: StageName) -> Mark {
        match &self.0 {
            Kept::Whole(held) => Mark::from(&held.deployment.stage(name).state),
            Kept::Packed(packed, at) => packed.rec(*at).map_or(Mark::Pending, |rec| rec.marks[name as usize]),
        }
    }

    /// Returns the first stage that is not through.
    pub fn current(&self) -> Option<StageName> {
        StageName::ALL.into_iter().find(|name| !matches!(self.mark(*name), Mark::Done | Mark::Skipped))
    }

    /// Tells whether it is on its branch, so that one can go back to it, or take it back.
    pub fn landed(&self) -> bool {
        !self.commit().is_empty() && self.mark(StageName::Commit) == Mark::Done
    }

    /// Returns the branch.
    pub fn branch(&self) -> &str {
        match &self.0 {
            Kept::Whole(held) => &held.deployment.branch,
            Kept::Packed(packed, at) => packed.text(*at, |rec| rec.branch),
        }
    }

    /// Returns the files that it touches, with blanks between.
    pub fn files(&self) -> Cow<'_, str> {
        match &self.0 {
            Kept::Whole(held) => held.deployment.files.join(" ").into(),
            Kept::Packed(packed, at) => packed.text(*at, |rec| rec.files).into(),
        }
    }

    /// Returns the `ImageUpdateAutomation` that made the commit; empty when none did.
    pub fn automation(&self) -> &str {
        match &self.0 {
            Kept::Whole(held) => held.deployment.automation.as_deref().unwrap_or_default(),
            Kept::Packed(packed, at) => packed.text(*at, |rec| rec.automation),
        }
    }

    /// Returns what it changes, in short; may be empty.
    pub fn summary(&self) -> &str {
        match &self.0 {
            Kept::Whole(held) => &held.deployment.summary,
            Kept::Packed(packed, at) => packed.piece(*at, Piece::Summary),
        }
    }

    /// Returns what it changes, in short: its summary, else the first line of its message.
    pub fn change(&self) -> &str {
        match &self.0 {
            _ if !self.summary().is_empty() => self.summary(),
            Kept::Whole(held) => held.deployment.message.lines().next().unwrap_or_default(),
            Kept::Packed(packed, at) => packed.piece(*at, Piece::Subject),
        }
    }

    /// Returns the commit's digits; empty when there is none.
    pub fn commit(&self) -> &str {
        match &self.0 {
            Kept::Whole(held) => held.deployment.commit.as_ref().map_or("", |commit| commit.as_str()),
            Kept::Packed(packed, at) => packed.piece(*at, Piece::Commit),
        }
    }

    /// Tells whether it went, or goes, by a branch of its own that others approve.
    pub fn is_proposed(&self) -> bool {
        match &self.0 {
            Kept::Whole(held) => held.deployment.proposal.is_some(),
            Kept::Packed(packed, at) => packed.rec(*at).is_some_and(|rec| rec.proposed),
        }
    }

    /// Returns the commit on that branch; empty when there is none.
    pub fn proposed(&self) -> &str {
        match &self.0 {
            Kept::Whole(held) => {
                held.deployment.proposal.as_ref().and_then(|p| p.commit.as_ref()).map_or("", |commit| commit.as_str())
            }
            Kept::Packed(packed, at) => packed.piece(*at, Piece::Proposed),
        }
    }

    /// Returns the newest deployment that it takes back; empty when it takes none back.
    pub fn rolls_back(&self) -> &str {
        match &self.0 {
            Kept::Whole(held) => held.deployment.rolls_back.as_ref().map_or("", |id| id.as_str()),
            Kept::Packed(packed, at) => packed.piece(*at, Piece::RollsBack),
        }
    }

    /// Returns the ids of all that it takes back, with blanks between.
    pub fn undoes(&self) -> Cow<'_, str> {
        match &self.0 {
            Kept::Whole(held) => match &held.deployment.restore {
                None => "".into(),
                Some(restore) => {
                    let ids: Vec<&str> = restore.undoes.iter().map(|undone| undone.deployment.as_str()).collect();
                    ids.join(" ").into()
                }
            },
            Kept::Packed(packed, at) => packed.piece(*at, Piece::Undoes).into(),
        }
    }

    /// Returns how long it took from the wish to its end, in milliseconds; nothing while it is not over.
    pub fn took_ms(&self) -> Option<i64> {
        Some((self.finished()?.as_millisecond() - self.requested().as_millisecond()).max(0))
    }

    /// Returns how long it took from the commit on the branch to healthy workloads, in milliseconds.
    pub fn commit_to_healthy(&self) -> Option<i64> {
        if self.mark(StageName::Health) != Mark::Done || self.mark(StageName::Commit) != Mark::Done {
            return None;
        }
        let (commit, health) = (self.ended(StageName::Commit)?, self.ended(StageName::Health)?);
        Some((health.as_millisecond() - commit.as_millisecond()).max(0))
    }
}

impl From<Arc<Deployment>> for Brief {
    fn from(deployment: Arc<Deployment>) -> Self {
        Self::new(deployment, Stand::default())
    }
}

impl PartialEq for Brief {
    fn eq(&self, other: &Self) -> bool {
        let ms = |time: Option<Time>| time.map(Time::as_millisecond);
        let texts = |d: &Self| [d.files(), d.undoes()].map(Cow::into_owned);
        let plain = |d: &Self| (d.method(), d.status(), d.act(), d.is_proposed(), StageName::ALL.map(|name| d.mark(name)));
        let times = |d: &Self| {
            let ended = [d.ended(StageName::Commit), d.ended(StageName::Health)];
            [Some(d.requested()), d.finished(), ended[0], ended[1]].map(ms)
        };
        let same = match (self.whole(), other.whole()) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => self.is_same(other) || (plain(self) == plain(other) && times(self) == times(other)),
        };
        same && self.id() == other.id()
            && self.environment() == other.environment()
            && self.actor() == other.actor()
            && [
                self.branch(),
                self.automation(),
                self.change(),
                self.summary(),
                self.commit(),
                self.proposed(),
                self.rolls_back(),
            ] == [
                other.branch(),
                other.automation(),
                other.change(),
                other.summary(),
                other.commit(),
                other.proposed(),
                other.rolls_back(),
            ]
            && texts(self) == texts(other)
    }
}

impl Eq for Brief {}

impl fmt::Debug for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {:?}", self.id(), self.environment(), self.status().word(), self.summary())
    }
}
