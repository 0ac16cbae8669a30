//! Checks a whole journal from its first byte, without opening a store and without changing anything.
//!
//! What the chain shows: a changed, missing, repeated or reordered entry. What it cannot show: that whole entries were cut
//! off its end, or that its owner wrote all of it anew; for that, keep a head hash elsewhere and compare.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::lock::Held;
use crate::reader::{BadEntry, Cursor, Reader};
use crate::segments;

/// Holds what a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many good entries there are.
    pub entries: u64,
    /// The number of the last of them; 0 when there is none.
    pub head_seq: u64,
    /// Its hash; 64 zeros when there is none.
    pub head_hash: String,
    /// How many lines are bad.
    pub bad: u64,
    /// The first of them.
    pub first_bad: Option<BadEntry>,
    /// How many bytes of an unfinished line stand at the end: left by a process that died; none of it was confirmed.
    pub unfinished: u64,
}

impl Verification {
    /// Tells whether the chain holds.
    pub const fn holds(&self) -> bool {
        self.first_bad.is_none()
    }
}

/// Checks the journal of the store in a folder.
pub fn verify(dir: &Path) -> Result<Verification, Error> {
    let path = segments::lock_path(dir);
    let lock = File::open(&path).ok().map(Arc::new);
    let mut reader = Reader::new(dir, Cursor::default());
    loop {
        let held = lock.as_ref().map(Held::shared).transpose().map_err(Error::io("cannot lock", &path))?;
        let piece = reader.fetch(true)?;
        drop(held);
        let Some(piece) = piece else { break };
        reader.digest(&piece, |_, _| {});
    }
    let Reader { cursor, torn, .. } = reader;
    Ok(Verification {
        entries: cursor.entries,
        head_seq: cursor.seq,
        head_hash: cursor.hash,
        bad: cursor.bad,
        first_bad: cursor.first_bad,
        unfinished: torn,
    })
}
