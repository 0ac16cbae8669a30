//! Opening a store: folder, journal, index, and what there is to tell about them.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use domain::Trouble;
use domain::journal::{Entry, Verified};

use crate::disk;
use crate::error::Error;
use crate::follow;
use crate::index::{Begin, Loaded, Snapshot, Worker, copy};
use crate::journal::Journal;
use crate::line::{Judged, judge};
use crate::notice::{Notice, NoticeKind};
use crate::recall::Lines;
use crate::rows::Rows;
use crate::segments;
use crate::state::{State, TAIL};
use crate::store::{Core, Store, Threads};

/// Holds what can be chosen when a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The size in bytes from which the journal goes on in a new segment.
    pub segment_bytes: u64,
    /// Whether to keep an index on disk, and to begin with the copy of another process's where that one keeps it. Without, the whole
    /// journal is read.
    pub index: bool,
    /// How long the last hand on the store waits at least for the index to be written; what is missing then is read from
    /// the journal the next time. It waits as long as reading the journal took besides: else a long one would be read
    /// again at every start.
    pub farewell: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 8 << 20, index: true, farewell: Duration::from_secs(5) }
    }
}

/// Says how an index compares with the journal.
enum Fit {
    /// It goes on from there.
    Fits(Box<Snapshot>),
    /// It must be built again.
    Rebuild(String),
    /// It is empty.
    New,
}

impl Store {
    /// Opens the store in a folder and creates what is missing. Where nothing can be written it opens for reading
    /// only; damage is worked around. Both are told in the notices. An error only where what is there cannot be read.
    pub fn open(dir: &Path) -> Result<(Self, Vec<Notice>), Error> {
        Self::open_with(dir, Options::default())
    }

    /// Opens the store as [`Store::open`] does, with other than the usual options.
    pub fn open_with(dir: &Path, options: Options) -> Result<(Self, Vec<Notice>), Error> {
        let mut notices = Vec::new();
        let mut journal = open_journal(dir, options, &mut notices)?;
        let (wake_index, index_kicks) = sync_channel(1);
        let wanted = options.index && journal.deny.is_none();
        let mut worker = wanted.then(|| Worker::start(dir, index_kicks)).transpose()?;
        let loaded = worker.as_mut().map_or(Loaded::Elsewhere, |w| std::mem::replace(&mut w.loaded, Loaded::Elsewhere));
        notices.extend(worker.iter_mut().flat_map(|w| std::mem::take(&mut w.notices)));
        let mut state = State::default();
        let (mut rebuild, mut taken) = (None, None);
        let here = matches!(loaded, Loaded::Here(_));
        journal.rows = here.then(Rows::default);
        match fit(dir, loaded, options, &mut notices)? {
            Fit::Fits(snapshot) => {
                taken = Some(snapshot.cursor.clone());
                journal.reader.cursor = snapshot.cursor;
                state = snapshot.state;
            }
            Fit::Rebuild(why) if here => rebuild = Some(why),
            Fit::Rebuild(why) => tracing::info!(why, "the copy of the index is not used"),
            Fit::New => {}
        }
        let begun = Instant::now();
        journal.replay(&mut state)?;
        let reading = begun.elapsed();
        finish_reading(dir, &mut journal, &mut state, &mut notices)?;
        let indexed = journal.rows.is_some();
        let entries = journal.reader.cursor.entries;
        let first_bad = journal.reader.cursor.first_bad.as_ref().map(|bad| bad.seq);
        // What was read from the first byte on has been judged entry by entry.
        let verified = Verified { entries: if taken.is_some() { 0 } else { entries }, of: entries, first_bad };
        let (wake_follow, follow_kicks) = sync_channel(1);
        let core = Arc::new(Core {
            dir: dir.to_owned(),
            denied: journal.deny.clone(),
            journal: Mutex::new(journal),
            current: RwLock::new(Arc::new(state)),
            index: Mutex::new(None),
            notices: Mutex::new(notices.clone()),
            wake_follow,
            wake_index,
            listeners: Mutex::new(Vec::new()),
            stop: AtomicBool::new(false),
            reading,
            verified: Mutex::new(verified),
            taken: Mutex::new(taken),
            verifying: Mutex::new(None),
            news: AtomicBool::new(false),
        });
        let index_ended = worker.filter(|_| indexed).map(|worker| {
            // A thread that is gone has said so in a notice.
            let _ = worker.begin.send(Begin { core: Arc::clone(&core), rebuild });
            Mutex::new(worker.ended)
        });
        let follow = Some(follow::start(&core, follow_kicks)?);
        Ok((Self { threads: Arc::new(Threads { core, follow, index_ended, farewell: options.farewell }) }, notices))
    }
}

fn open_journal(dir: &Path, options: Options, notices: &mut Vec<Notice>) -> Result<Journal, Error> {
    match disk::make_dir(dir).and_then(|()| disk::keep_private(dir).map_err(Error::io("cannot change", dir))) {
        Ok(false) => {}
        Ok(true) => {
            let trouble = Trouble::failed("Others could look into the store's folder", dir.display())
                .next("That permission was taken away; it needs no others.");
            notices.push(Notice::new(NoticeKind::Permissions, trouble));
        }
        Err(error) if error.forbids_writing() => {}
        Err(error) => return Err(error),
    }
    let journal = Journal::open(dir, options.segment_bytes)?;
    if let Some(why) = &journal.deny {
        let trouble = Trouble::failed("The store is open for reading only", dir.display())
            .why(why)
            .next("Orders cannot be recorded and are refused until the cause is gone and the console is started again.");
        notices.push(Notice::new(NoticeKind::ReadOnly, trouble));
    }
    Ok(journal)
}

/// Compares the index, or else the copy of another process's, with the journal.
fn fit(dir: &Path, loaded: Loaded, options: Options, notices: &mut Vec<Notice>) -> Result<Fit, Error> {
    match loaded {
        Loaded::Here(snapshot) => compare(dir, snapshot, notices),
        // What there is to say of a copy is said of the index itself, by whoever has it.
        Loaded::Elsewhere => compare(dir, options.index.then(|| copy::read(dir)).flatten(), &mut Vec::new()),
    }
}

/// Compares what an index holds with the journal and completes it with the newest entries before its end.
fn compare(dir: &Path, snapshot: Option<Box<Snapshot>>, notices: &mut Vec<Notice>) -> Result<Fit, Error> {
    let Some(mut snapshot) = snapshot else { return Ok(Fit::New) };
    let (segment, offset) = (snapshot.cursor.segment, snapshot.cursor.offset);
    let len = std::fs::metadata(segments::path(dir, segment)).map_or(0, |m| m.len());
    if len < offset {
        let trouble = Trouble::failed("The journal is shorter than it was", segments::path(dir, segment).display())
            .why(format!("the index has seen entry {} and {offset} bytes; now there are {len}", snapshot.cursor.seq))
            .next("If somebody put back an older copy, put the newest one in its place and start again.");
        notices.push(Notice::new(NoticeKind::Shortened, trouble));
        return Ok(Fit::Rebuild("the journal ends before what it has seen".to_owned()));
    }
    let mut newest: Vec<Arc<Entry>> = Vec::new();
    let mut fits = snapshot.cursor.skipped == 0;
    segments::backwards(dir, (segment, offset), |_, _, line| {
        if let Judged::Good(entry) = judge(line) {
            if newest.is_empty() && entry.hash != snapshot.cursor.hash {
                fits = false;
            }
            newest.push(Arc::from(entry));
        } else if newest.is_empty() || snapshot.cursor.first_bad.is_none() {
            // Damaged since it was indexed: reading all of it anew finds out how much, and says so.
            fits = false;
        }
        if fits && newest.len() < TAIL { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if !fits || (newest.is_empty() && snapshot.cursor.seq > 0) {
        return Ok(Fit::Rebuild("it does not fit the journal".to_owned()));
    }
    for entry in newest.iter().rev() {
        snapshot.state.remember(entry);
    }
    // Those that are not over are held whole; they are few.
    let mut lines = Lines::new(dir);
    for brief in std::mem::take(&mut snapshot.open) {
        match lines.recall(&brief) {
            Ok(deployment) => snapshot.state.deployments.put(deployment, brief.stand()),
            Err(error) => return Ok(Fit::Rebuild(error.to_string())),
        }
    }
    Ok(Fit::Fits(snapshot))
}

/// Reads what came last under the lock, mends the journal's end and tells of its damage.
fn finish_reading(dir: &Path, journal: &mut Journal, state: &mut State, notices: &mut Vec<Notice>) -> Result<(), Error> {
    if journal.deny.is_none() {
        let _held = journal.hold()?;
        journal.pull(state)?;
        match journal.mend(state) {
            Ok(notice) => notices.extend(notice),
            // Appending will say so again; until then everything can be read.
            Err(error) if error.forbids_writing() => {
                notices.push(Notice::new(NoticeKind::ReadOnly, Trouble::from(error)));
            }
            Err(error) => return Err(error),
        }
    }
    let cursor = &journal.reader.cursor;
    if let Some(bad) = &cursor.first_bad {
        notices.push(Notice::damaged(dir, bad, cursor.bad));
    }
    if let Some((seq, version)) = cursor.foreign {
        let trouble = Trouble::from(Error::Newer { dir: dir.to_owned(), seq, version });
        notices.push(Notice::new(NoticeKind::Newer, trouble));
    }
    Ok(())
}
