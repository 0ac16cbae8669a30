//! The thread that owns the index: opens it, hands over what it holds, and then writes behind the journal.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use domain::Trouble;

use crate::disk;
use crate::error::Error;
use crate::index::copy::Copy;
use crate::index::guard::{Fault, guarded};
use crate::index::shelf::{Shelf, Snapshot};
use crate::lock::{Held, enter};
use crate::notice::{Notice, NoticeKind};
use crate::store::Core;

/// How long opening may wait for a damaged database that never answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the journal must have been quiet before the index is written.
const QUIET: Duration = Duration::from_millis(200);
/// How many quiet spells' worth of waiting a busy journal may cost before it is written nevertheless.
const AT_MOST: u32 = 10;
/// How many damaged databases are kept.
const KEPT: usize = 3;

/// Says what became of opening the index.
pub(crate) enum Loaded {
    /// This process has it; it held this.
    Here(Option<Box<Snapshot>>),
    /// Another process has it, or it cannot be had.
    Elsewhere,
}

/// Tells the thread how to go on after its snapshot was compared with the journal.
pub(crate) struct Begin {
    pub(crate) core: Arc<Core>,
    /// Why the index must be built again, if it must.
    pub(crate) rebuild: Option<String>,
}

/// Holds the other end of the thread while the store is being opened.
pub(crate) struct Worker {
    /// What the index held.
    pub(crate) loaded: Loaded,
    /// What there is to tell.
    pub(crate) notices: Vec<Notice>,
    /// Starts the writing; dropping it ends the thread.
    pub(crate) begin: SyncSender<Begin>,
    /// Disconnects when the thread has ended and the database is closed.
    pub(crate) ended: Receiver<()>,
}

impl Worker {
    /// Opens the index on a thread of its own and waits for what it holds. `kicks` wakes the thread later.
    pub(crate) fn start(dir: &Path, kicks: Receiver<()>) -> Result<Self, Error> {
        let (say, heard) = sync_channel(1);
        let (begin, start) = sync_channel::<Begin>(1);
        let (end, ended) = sync_channel::<()>(1);
        let place = dir.to_owned();
        let run = move || {
            let _end = end;
            run(&place, &say, &start, &kicks);
        };
        let thread = thread::Builder::new().name("store-index".to_owned()).spawn(run);
        thread.map_err(Error::io("cannot start a thread for", dir))?;
        let (loaded, notices) = match heard.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            Err(_) => (Loaded::Elsewhere, vec![off(dir, "it did not answer; the store goes on without it")]),
        };
        Ok(Self { loaded, notices, begin, ended })
    }
}

fn run(dir: &Path, say: &SyncSender<(Loaded, Vec<Notice>)>, begun: &Receiver<Begin>, kicks: &Receiver<()>) {
    let held = lock(dir);
    let Ok(Some(_held)) = held else {
        let notices = held.err().map(|e| off(dir, &e.to_string())).into_iter().collect();
        let _ = say.send((Loaded::Elsewhere, notices));
        return;
    };
    let path = dir.join("index");
    let mut notices = Vec::new();
    let Some((shelf, snapshot)) = open(&path, &mut notices) else {
        let _ = say.send((Loaded::Elsewhere, notices));
        return;
    };
    if say.send((Loaded::Here(snapshot.map(Box::new)), notices)).is_err() {
        return;
    }
    let Ok(Begin { core, rebuild }) = begun.recv() else { return };
    let shelf = match rebuild {
        None => shelf,
        Some(why) => {
            let _ = guarded(move || {
                drop(shelf);
                Ok(())
            });
            core.tell(put_aside(&path, &why));
            Copy::forget(dir);
            let fresh = guarded(|| Shelf::open(&path));
            match fresh {
                Ok(shelf) => shelf,
                Err(fault) => return give_up(&core, dir, &fault),
            }
        }
    };
    write_behind(&core, dir, shelf, kicks);
}

/// Opens the database; whatever is wrong with it, it is put aside and a new one begun.
fn open(path: &Path, notices: &mut Vec<Notice>) -> Option<(Shelf, Option<Snapshot>)> {
    if let Err(error) = disk::make_dir(path) {
        notices.push(off(path, &error.to_string()));
        return None;
    }
    // A snapshot that was half written when its process died keeps the database from opening.
    for stray in partial_snapshots(path) {
        tracing::info!(file = %stray.display(), "removing a half-written snapshot of the index");
        let _ = fs::remove_file(stray);
    }
    match load(path) {
        Ok(both) => return Some(both),
        Err(fault) if fault.full => {
            notices.push(off(path, &fault.why));
            return None;
        }
        Err(fault) => notices.push(put_aside(path, &fault.why)),
    }
    if let Err(error) = disk::make_dir(path) {
        notices.push(off(path, &error.to_string()));
        return None;
    }
    match load(path) {
        Ok(both) => Some(both),
        Err(fault) => {
            notices.push(off(path, &fault.why));
            None
        }
    }
}

fn load(path: &Path) -> Result<(Shelf, Option<Snapshot>), Fault> {
    guarded(|| {
        let mut shelf = Shelf::open(path)?;
        let snapshot = shelf.load()?;
        Ok((shelf, snapshot))
    })
}

fn write_behind(core: &Arc<Core>, dir: &Path, mut shelf: Shelf, kicks: &Receiver<()>) {
    *enter(&core.index) = Some(shelf.db());
    let mut copy = Copy::of(dir);
    loop {
        let (state, cursor, rows) = core.unindexed();
        if !shelf.reaches(&cursor) && cursor.seq != 0 {
            let done = guarded(|| {
                shelf.write(&state, &cursor, rows)?;
                shelf.flush()
            });
            if let Err(fault) = done {
                // Dropping a database in this state may wait for ever for a write that cannot succeed.
                std::mem::forget(shelf);
                return give_up(core, dir, &fault);
            }
        }
        copy.follow(dir, &state, &cursor);
        if core.stopping() || kicks.recv().is_err() {
            break;
        }
        settle(core, kicks);
    }
    *enter(&core.index) = None;
    let closed = guarded(move || {
        drop(shelf);
        Ok(())
    });
    let path = dir.join("index");
    if let Err(fault) = closed {
        tracing::warn!(why = fault.why, "the index could not be closed");
        let _ = put_aside(&path, &fault.why);
    } else if let Ok(file) = File::open(path.join("db")) {
        // The database's own threads hold its lock a little longer than the handle lives; a store that is opened
        // again in this process must not find it taken.
        let _ = Held::exclusive(&Arc::new(file));
    }
}

/// Waits until the journal has been quiet for a moment, so that a burst of entries is written at once.
fn settle(core: &Core, kicks: &Receiver<()>) {
    for _ in 0..AT_MOST {
        if core.stopping() || matches!(kicks.recv_timeout(QUIET), Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
}

/// Goes on without the index. One that failed for another reason than a full disk must not be met again.
fn give_up(core: &Core, dir: &Path, fault: &Fault) {
    core.without_index();
    if !fault.full {
        let _ = put_aside(&dir.join("index"), &fault.why);
    }
    core.tell(off(dir, &fault.why));
}

fn lock(dir: &Path) -> Result<Option<Held>, Error> {
    let path = dir.join("index.lock");
    let file: File = disk::open_append(&path).map_err(Error::io("cannot open", &path))?;
    Held::try_exclusive(&Arc::new(file)).map_err(Error::io("cannot lock", &path))
}

fn partial_snapshots(path: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|file| file.extension().is_some_and(|e| e == "generating")).collect()
}

/// Renames a damaged database and returns what to tell. Of older ones only the newest few are kept.
fn put_aside(path: &Path, why: &str) -> Notice {
    let folder = path.parent().unwrap_or(path);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let number = |name: &str| name.strip_prefix("index.damaged-").and_then(|n| n.parse::<u64>().ok());
    let mut numbers: Vec<u64> = entries.filter_map(|e| e.file_name().to_str().and_then(number)).collect();
    numbers.sort_unstable();
    let aside = folder.join(format!("index.damaged-{}", numbers.last().map_or(1, |n| n + 1)));
    let next = match fs::rename(path, &aside) {
        Ok(()) => format!("It is being built again from the journal; nothing is lost. The old one is {}.", aside.display()),
        Err(error) => format!("It could not be put aside either: {error}."),
    };
    for old in numbers.iter().rev().skip(KEPT - 1) {
        let _ = fs::remove_dir_all(folder.join(format!("index.damaged-{old}")));
    }
    let trouble = Trouble::failed("The index cannot be used", path.display()).why(why).next(next);
    Notice::new(NoticeKind::IndexRebuilt, trouble)
}

fn off(dir: &Path, why: &str) -> Notice {
    let trouble = Trouble::failed("The index is switched off until the next start", dir.display())
        .why(why)
        .next("Nothing is lost: the journal has everything; starting takes a little longer.");
    Notice::new(NoticeKind::IndexOff, trouble)
}
