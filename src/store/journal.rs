//! Appends to the journal and takes in what other processes appended.
//!
//! Whoever writes holds `journal/lock` exclusively from before it reads the tail until its lines are on the disk; whoever
//! only reads holds it shared. So nobody ever reads a line that is not durable yet, and half a line that is seen under
//! the exclusive lock was left by a process that died.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Trouble;
use domain::journal::{Entry, Record};

use crate::disk;
use crate::error::Error;
use crate::line::{self, Judged};
use crate::lock::Held;
use crate::notice::{Notice, NoticeKind};
use crate::reader::{At, Cursor, Reader};
use crate::rows::{Row, Rows};
use crate::segments;
use crate::state::State;

/// Holds one process's hand on the journal.
#[derive(Debug)]
pub(crate) struct Journal {
    dir: PathBuf,
    lock: Option<Arc<File>>,
    out: Option<(u64, File)>,
    /// The size from which the next line goes into a new segment.
    roll: u64,
    /// Why nothing may be written, if so.
    pub(crate) deny: Option<String>,
    /// How far it has been read.
    pub(crate) reader: Reader,
    /// What the index has not taken yet; absent when there is no index in this process.
    pub(crate) rows: Option<Rows>,
}

impl Journal {
    /// Opens the journal, for reading only when nothing can be created (then `deny` says why). Reads nothing yet.
    pub(crate) fn open(dir: &Path, roll: u64) -> Result<Self, Error> {
        let mut journal = Self {
            dir: dir.to_owned(),
            lock: None,
            out: None,
            roll,
            deny: None,
            reader: Reader::new(dir, Cursor::default()),
            rows: None,
        };
        match open_lock(dir) {
            Ok(lock) => journal.lock = Some(Arc::new(lock)),
            Err(error) if error.forbids_writing() => {
                journal.deny = Some(error.to_string());
                journal.lock = File::open(segments::lock_path(dir)).ok().map(Arc::new);
            }
            Err(error) => return Err(error),
        }
        Ok(journal)
    }

    /// Takes the lock for writing.
    pub(crate) fn hold(&self) -> Result<Held, Error> {
        let path = segments::lock_path(&self.dir);
        let (None, Some(lock)) = (&self.deny, &self.lock) else {
            let why = self.deny.clone().unwrap_or_default();
            return Err(Error::ReadOnly { dir: self.dir.clone(), why });
        };
        let held = Held::exclusive(lock).map_err(Error::io("cannot lock", &path))?;
        if !disk::is_same(lock, &path).map_err(Error::io("cannot read", &path))? {
            return Err(Error::Gone { path });
        }
        Ok(held)
    }

    /// Takes the lock for reading, where there is one.
    pub(crate) fn hold_shared(&self) -> Result<Option<Held>, Error> {
        let held = self.lock.as_ref().map(Held::shared).transpose();
        held.map_err(Error::io("cannot lock", &segments::lock_path(&self.dir)))
    }

    /// Takes in every whole line that was not read yet. A lock is held by the caller.
    pub(crate) fn pull(&mut self, state: &mut State) -> Result<(), Error> {
        while let Some(piece) = self.reader.fetch(false)? {
            let rows = &mut self.rows;
            self.reader.digest(&piece, |entry, at| take(state, rows, entry, at));
        }
        Ok(())
    }

    /// Takes in everything from the cursor on, a segment at a time and without keeping writers out meanwhile.
    pub(crate) fn replay(&mut self, state: &mut State) -> Result<(), Error> {
        loop {
            let held = self.hold_shared()?;
            let piece = self.reader.fetch(true)?;
            drop(held);
            let Some(piece) = piece else { return Ok(()) };
            let rows = &mut self.rows;
            self.reader.digest(&piece, |entry, at| take(state, rows, entry, at));
        }
    }

    /// Puts half a line at the end aside, or completes it when only its newline is missing. The exclusive lock is held,
    /// and everything before it has been read.
    pub(crate) fn mend(&mut self, state: &mut State) -> Result<Option<Notice>, Error> {
        if self.reader.torn == 0 {
            return Ok(None);
        }
        let half = self.reader.half()?;
        let (segment, offset) = (self.reader.cursor.segment, self.reader.cursor.offset);
        let path = segments::path(&self.dir, segment);
        if matches!(line::judge(&half), Judged::Good(_) | Judged::Foreign { .. }) {
            self.put(b"\n", offset + half.len() as u64)?;
            self.pull(state)?;
            return Ok(None);
        }
        let aside = disk::free_name(&path.with_extension("torn"), &offset.to_string());
        disk::write_whole(&aside, &aside, &half).map_err(Error::io("cannot write", &aside))?;
        let file = OpenOptions::new().write(true).open(&path).map_err(Error::io("cannot write", &path))?;
        disk::cut(&file, offset).map_err(Error::io("cannot cut", &path))?;
        self.reader.torn = 0;
        let trouble = Trouble::failed("The journal ended in half a line, which was put aside", path.display())
            .why(format!("{} bytes after entry {} were never finished", half.len(), self.reader.cursor.seq))
            .next(format!("Nothing that was confirmed is lost; the bytes are in {}.", aside.display()));
        Ok(Some(Notice::new(NoticeKind::TornTail, trouble)))
    }

    /// Writes records and waits until they are on the disk. The exclusive lock is held, and everything has been read.
    pub(crate) fn write(&mut self, records: Vec<Record>, state: &mut State) -> Result<Vec<Arc<Entry>>, Error> {
        if let Some((seq, version)) = self.reader.cursor.foreign {
            return Err(Error::Newer { dir: self.dir.clone(), seq, version });
        }
        if self.reader.cursor.offset >= self.roll {
            self.reader.cursor.turn(self.reader.cursor.segment + 1);
        }
        let mut prev = self.reader.cursor.hash.clone();
        let mut bytes = Vec::new();
        let mut lines = Vec::with_capacity(records.len());
        for (seq, record) in (self.reader.cursor.next_seq()..).zip(records) {
            let (line, entry) = line::write(seq, &prev, record)?;
            prev.clone_from(&entry.hash);
            lines.push((entry, line.len() as u64));
            bytes.extend_from_slice(&line);
        }
        self.put(&bytes, self.reader.cursor.offset)?;
        let mut entries = Vec::with_capacity(lines.len());
        for (entry, len) in lines {
            let at = At { segment: self.reader.cursor.segment, offset: self.reader.cursor.offset };
            self.reader.cursor.advance(&entry, len);
            let entry = Arc::new(entry);
            note(&mut self.rows, &entry, at);
            state.take(&entry, at);
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Writes bytes at the end of the current segment, which is where it was read to, all of them or none.
    fn put(&mut self, bytes: &[u8], end: u64) -> Result<(), Error> {
        let number = self.reader.cursor.segment;
        let path = segments::path(&self.dir, number);
        if self.out.as_ref().is_none_or(|(open, _)| *open != number) {
            let file = disk::open_append(&path).map_err(Error::io("cannot write", &path))?;
            // One that was made a moment ago, here or by a process that died: its name may not be durable yet.
            if end == 0 {
                let folder = segments::folder(&self.dir);
                disk::sync_dir(&folder).map_err(Error::io("cannot write", &folder))?;
            }
            self.out = Some((number, file));
        }
        let Some((_, file)) = &mut self.out else { return Ok(()) };
        if !disk::is_same(file, &path).map_err(Error::io("cannot read", &path))? {
            return Err(Error::Gone { path });
        }
        let before = file.metadata().map_err(Error::io("cannot read", &path))?.len();
        if before != end {
            // Another file than the one that was read: an entry behind it would not continue it.
            return Err(Error::Gone { path });
        }
        disk::append(file, bytes).map_err(|error| {
            // What could not be written whole must not stay: the next writer would take it for a torn tail, or worse,
            // for an entry that was confirmed.
            if let Err(cut) = disk::cut(file, before) {
                tracing::warn!(%cut, "the journal could not be cut back after a failed write");
            }
            Error::io("cannot write", &path)(error)
        })
    }
}

fn take(state: &mut State, rows: &mut Option<Rows>, entry: Box<Entry>, at: At) {
    let entry: Arc<Entry> = Arc::from(entry);
    note(rows, &entry, at);
    state.take(&entry, at);
}

fn note(rows: &mut Option<Rows>, entry: &Entry, at: At) {
    let Some(rows) = rows else { return };
    let record = &entry.record;
    rows.push(Row {
        seq: entry.seq,
        time: record.time,
        actor: record.actor.login.clone(),
        act: record.act.clone(),
        object: record.object.clone(),
        phase: record.phase,
        at,
    });
}

fn open_lock(dir: &Path) -> Result<File, Error> {
    disk::make_dir(&segments::folder(dir))?;
    let path = segments::lock_path(dir);
    let file = disk::open_append(&path).map_err(Error::io("cannot open", &path))?;
    // The newest segment tells whether this folder can be written, which an existing lock file does not.
    if let Some(last) = segments::list(dir)?.last() {
        let path = segments::path(dir, *last);
        match OpenOptions::new().append(true).open(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("cannot write", &path)(error)),
            _ => {}
        }
    }
    Ok(file)
}
