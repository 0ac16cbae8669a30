//! What the store has to tell its operator although it goes on: what was repaired, put aside or cannot be done.

use std::path::Path;

use domain::Trouble;

use crate::reader::BadEntry;
use crate::segments;

/// Says what a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// Nothing can be written; everything can be read.
    ReadOnly,
    /// Half a line at the journal's end was put aside.
    TornTail,
    /// An entry of the journal is damaged, or the chain is broken there.
    Damaged,
    /// The journal ends before an entry that the index has already seen.
    Shortened,
    /// The journal can no longer be read while it is followed; what is shown is what was known before.
    Unreadable,
    /// The index was damaged, incomplete or did not fit the journal, and is built again.
    IndexRebuilt,
    /// The index cannot be written; the store goes on without it.
    IndexOff,
    /// A later version of the program wrote into this journal.
    Newer,
    /// The folder could be read by others; it no longer can.
    Permissions,
}

/// Holds one thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// What happened, to which file, why, and what to do.
    pub trouble: Trouble,
}

impl Notice {
    /// Joins a kind and its words.
    pub(crate) const fn new(kind: NoticeKind, trouble: Trouble) -> Self {
        Self { kind, trouble }
    }

    /// Tells about a broken chain.
    pub(crate) fn damaged(dir: &Path, bad: &BadEntry, count: u64) -> Self {
        let more = if count > 1 { format!(" ({} more after it)", count - 1) } else { String::new() };
        let trouble = Trouble::failed("The journal is damaged", segments::folder(dir).join(&bad.file).display())
            .why(format!("entry {} in line {}: {}{more}", bad.seq, bad.line, bad.why))
            .next("Every entry that is whole is used and new ones are added behind; verification will always name this one.");
        Self::new(NoticeKind::Damaged, trouble)
    }
}
