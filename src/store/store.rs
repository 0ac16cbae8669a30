//! The store as others use it: a state to read, records to commit, and word of what other processes did.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use domain::Trouble;
use domain::journal::{Entry, Record, Verified};

use crate::drafts::Drafts;
use crate::error::Error;
use crate::favourites::Favourites;
use crate::journal::Journal;
use crate::lease::Lease;
use crate::lock::enter;
use crate::notice::{Notice, NoticeKind};
use crate::reader::Cursor;
use crate::rows::Rows;
use crate::seen::Seen;
use crate::state::State;

/// Hears of every new state. Called on the store's own thread, one call at a time, with states that only go forward.
pub type Subscriber = Box<dyn Fn(&Arc<State>) + Send + Sync>;

type Listener = Arc<dyn Fn(&Arc<State>) + Send + Sync>;

/// What the store's threads share.
pub(crate) struct Core {
    pub(crate) dir: PathBuf,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) current: RwLock<Arc<State>>,
    /// A hand on the index for questions, while this process has it.
    pub(crate) index: Mutex<Option<sled::Db>>,
    pub(crate) notices: Mutex<Vec<Notice>>,
    pub(crate) wake_follow: SyncSender<()>,
    pub(crate) wake_index: SyncSender<()>,
    pub(crate) listeners: Mutex<Vec<Listener>>,
    pub(crate) stop: AtomicBool,
    pub(crate) denied: Option<String>,
    /// How long reading the journal took.
    pub(crate) reading: Duration,
    /// Up to where opening took the index's word, until that is verified.
    pub(crate) taken: Mutex<Option<Cursor>>,
    /// How far that has been verified, and the thread that does it.
    pub(crate) verified: Mutex<Verified>,
    pub(crate) verifying: Mutex<Option<JoinHandle<()>>>,
    /// Whether listeners are to be told although the state is the same.
    pub(crate) news: AtomicBool,
}

/// Ends the threads when the last hand on the store is gone.
pub(crate) struct Threads {
    pub(crate) core: Arc<Core>,
    pub(crate) follow: Option<JoinHandle<()>>,
    pub(crate) index_ended: Option<Mutex<Receiver<()>>>,
    pub(crate) farewell: Duration,
}

/// Holds a hand on an open store; clones share it. The last one to go writes the index and ends the threads.
#[derive(Clone)]
pub struct Store {
    pub(crate) threads: Arc<Threads>,
}

impl Store {
    /// Returns the newest state known to this process.
    pub fn state(&self) -> Arc<State> {
        self.core().state()
    }

    /// Decides on the newest state of all processes and writes what was decided, all under one lock; returns when it is on
    /// the disk. No other process can write in between, so keep the decision short and do nothing else in it. When it
    /// is an error, or yields no record, nothing is written. After a power cut some first ones of several records may stand
    /// without the others.
    pub fn commit(&self, decide: impl FnOnce(&State) -> Result<Vec<Record>, Trouble>) -> Result<Vec<Arc<Entry>>, Trouble> {
        self.core().commit(decide)
    }

    /// Writes one record, whatever the state is.
    pub fn append(&self, record: Record) -> Result<Arc<Entry>, Trouble> {
        let entries = self.commit(|_| Ok(vec![record]))?;
        entries.into_iter().next().ok_or_else(|| Trouble::failed("Nothing was recorded", "journal"))
    }

    /// Tells a listener of every state from now on, until the store is closed. States that follow quickly on each other
    /// may be told as one. Subscribe first and read the state then, so that nothing is missed.
    pub fn subscribe(&self, subscriber: Subscriber) {
        enter(&self.core().listeners).push(Arc::from(subscriber));
    }

    /// Returns everything there was to tell since the store was opened, the notices of opening included.
    pub fn notices(&self) -> Vec<Notice> {
        enter(&self.core().notices).clone()
    }

    /// Returns why nothing can be written, when the store was opened for reading only.
    pub fn read_only(&self) -> Option<&str> {
        self.core().denied.as_deref()
    }

    /// Returns the drafts.
    pub fn drafts(&self) -> Drafts {
        Drafts::new(&self.core().dir)
    }

    /// Returns the favourites.
    pub fn favourites(&self) -> Favourites {
        Favourites::new(&self.core().dir)
    }

    /// Returns up to where branches were looked through.
    pub fn seen(&self) -> Seen {
        Seen::new(&self.core().dir)
    }

    /// Takes a lease if no process, and no other part of this one, has it.
    pub fn lease(&self, name: &str) -> Result<Option<Lease>, Error> {
        Lease::try_take(&self.core().dir, name)
    }

    /// Waits until a lease is free and takes it. It blocks its thread until then, if need be for ever.
    pub fn wait_lease(&self, name: &str) -> Result<Lease, Error> {
        Lease::wait(&self.core().dir, name)
    }

    /// Returns the store's folder.
    pub fn dir(&self) -> &Path {
        &self.core().dir
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.threads.core
    }
}

impl Core {
    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Has the listeners told of something besides the state.
    pub(crate) fn ring(&self) {
        self.news.store(true, Ordering::Release);
        let _ = self.wake_follow.try_send(());
    }

    /// Remembers something to tell.
    pub(crate) fn tell(&self, notice: Notice) {
        tracing::warn!(notice = %notice.trouble, "store");
        let mut notices = enter(&self.notices);
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// Takes in what other processes wrote, if they wrote anything. Costs two looks at the files when they did not.
    pub(crate) fn catch_up(&self) -> Result<(), Error> {
        let mut journal = enter(&self.journal);
        if !journal.reader.is_behind()? {
            return Ok(());
        }
        let _held = journal.hold_shared()?;
        let mut next = (*self.state()).clone();
        let pulled = journal.pull(&mut next);
        self.publish(&journal, next);
        pulled
    }

    /// Returns the state, how far it goes, and the rows that the index has not seen; they are handed out once.
    pub(crate) fn unindexed(&self) -> (Arc<State>, Cursor, Rows) {
        let mut journal = enter(&self.journal);
        let rows = journal.rows.as_mut().map(std::mem::take).unwrap_or_default();
        (self.state(), journal.reader.cursor.clone(), rows)
    }

    /// Goes on without an index.
    pub(crate) fn without_index(&self) {
        if let Some(db) = enter(&self.index).take() {
            // See the worker: closing a database whose disk fails may never end.
            std::mem::forget(db);
        }
        enter(&self.journal).rows = None;
    }

    fn commit(&self, decide: impl FnOnce(&State) -> Result<Vec<Record>, Trouble>) -> Result<Vec<Arc<Entry>>, Trouble> {
        let mut journal = enter(&self.journal);
        let _held = journal.hold()?;
        let mut next = (*self.state()).clone();
        let pulled = journal.pull(&mut next).and_then(|()| journal.mend(&mut next));
        self.publish(&journal, next);
        if let Some(notice) = pulled? {
            self.tell(notice);
        }
        let now = self.state();
        let records = decide(&now)?;
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let mut next = (*now).clone();
        let entries = journal.write(records, &mut next)?;
        self.publish(&journal, next);
        Ok(entries)
    }

    /// Makes a state the current one and wakes whoever waits for it.
    fn publish(&self, journal: &Journal, next: State) {
        if let Some(bad) = &journal.reader.cursor.first_bad {
            let known = enter(&self.notices).iter().any(|n| n.kind == NoticeKind::Damaged);
            if !known {
                self.tell(Notice::damaged(&self.dir, bad, journal.reader.cursor.bad));
            }
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if next.seq == current.seq {
            return;
        }
        *current = Arc::new(next);
        drop(current);
        // A full channel means that the thread has been woken already and not looked yet.
        let _ = self.wake_follow.try_send(());
        if journal.rows.is_some() {
            let _ = self.wake_index.try_send(());
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.core.stop.store(true, Ordering::Release);
        let _ = self.core.wake_follow.try_send(());
        let _ = self.core.wake_index.try_send(());
        if let Some(ended) = self.index_ended.take() {
            let _ = enter(&ended).recv_timeout(self.farewell + self.core.reading);
        }
        let verifying = enter(&self.core.verifying).take();
        if let Some(verifying) = verifying {
            let _ = verifying.join();
        }
        if let Some(follow) = self.follow.take()
            // The last hand may go inside a subscriber, on that very thread.
            && follow.thread().id() != thread::current().id()
        {
            let _ = follow.join();
        }
    }
}
