//! Verifies, behind the work, what opening took on the index's word: every entry but the newest.
//!
//! Opening reads the tail only; that is why it is quick. Whoever stays for a while has the rest read once, from the first byte on to
//! the place that the index named, and hears what it is: the same chain, or damage that nobody had met yet.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use domain::Trouble;
use domain::journal::Verified;

use crate::error::Error;
use crate::lock::enter;
use crate::notice::{Notice, NoticeKind};
use crate::reader::{Cursor, Reader};
use crate::store::{Core, Store};

/// How many bytes of a segment are read at once.
const AT_ONCE: usize = 1 << 20;

impl Store {
    /// Begins to verify what opening took on the index's word, on a thread of its own. Subscribers hear of each step.
    /// It ends with the store. Where opening read everything there is nothing left to do.
    pub fn verify_behind(&self) -> Result<(), Error> {
        let core = self.core();
        let Some(upto) = enter(&core.taken).take() else { return Ok(()) };
        *enter(&core.verified) = Verified { entries: 0, of: upto.entries, first_bad: None };
        let shared = Arc::clone(core);
        let thread = thread::Builder::new().name("store-verify".to_owned()).spawn(move || run(&shared, &upto));
        let thread = thread.map_err(Error::io("cannot start a thread for", &core.dir))?;
        *enter(&core.verifying) = Some(thread);
        Ok(())
    }

    /// Returns how far the journal that was there at opening has been verified.
    pub fn verified(&self) -> Verified {
        enter(&self.core().verified).clone()
    }
}

fn run(core: &Core, upto: &Cursor) {
    let mut reader = Reader::new(&core.dir, Cursor::default());
    match read(core, &mut reader, upto) {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            core.tell(Notice::new(NoticeKind::Unreadable, Trouble::from(error)));
            return;
        }
    }
    let Reader { cursor, .. } = reader;
    if let Some(bad) = &cursor.first_bad {
        // What was known when it was indexed has been told.
        if upto.first_bad.is_none() {
            core.tell(Notice::damaged(&core.dir, bad, cursor.bad));
        }
    } else if (cursor.seq, &cursor.hash) != (upto.seq, &upto.hash) {
        core.tell(other_chain(&core.dir, upto));
    }
    step(core, &cursor, upto, true);
}

/// Reads up to the place; false when the store was closed meanwhile.
fn read(core: &Core, reader: &mut Reader, upto: &Cursor) -> Result<bool, Error> {
    while (reader.cursor.segment, reader.cursor.offset) < (upto.segment, upto.offset) {
        if core.stopping() {
            return Ok(false);
        }
        let room = if reader.cursor.segment == upto.segment { upto.offset - reader.cursor.offset } else { u64::MAX };
        let most = AT_ONCE.min(usize::try_from(room).unwrap_or(AT_ONCE));
        let Some(piece) = reader.fetch_some(most)? else { return Ok(true) };
        reader.outline(&piece);
        step(core, &reader.cursor, upto, false);
    }
    Ok(true)
}

fn step(core: &Core, cursor: &Cursor, upto: &Cursor, through: bool) {
    let first_bad = cursor.first_bad.as_ref().or(upto.first_bad.as_ref()).map(|bad| bad.seq);
    let entries = if through { upto.entries } else { cursor.entries.min(upto.entries.saturating_sub(1)) };
    let now = Verified { entries, of: upto.entries, first_bad };
    let mut verified = enter(&core.verified);
    // Whole hundredths are enough for whoever looks on.
    let told = verified.hundredths() != now.hundredths() || verified.first_bad != now.first_bad || through;
    *verified = now;
    drop(verified);
    if told {
        core.ring();
    }
}

fn other_chain(dir: &Path, upto: &Cursor) -> Notice {
    let trouble = Trouble::failed("The journal is not the one that the index was made of", dir.display())
        .why(format!("read from its first byte it has another entry {} than the index has seen", upto.seq))
        .next("If somebody put another copy in its place, put the right one back; audit verify says how it stands.");
    Notice::new(NoticeKind::Damaged, trouble)
}
