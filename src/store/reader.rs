//! Reads the journal forwards from a place in it and follows the chain.
//!
//! Every line is judged on its own and by whether it continues the one before. A damaged line is passed over and its
//! place kept; the lines after it count, since each carries a whole record and its own hash. Nothing here locks.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use domain::journal::Entry;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::line::{GENESIS, Judged, Link, judge, outline};
use crate::segments;

/// Holds where an entry stands in the journal.
pub(crate) use domain::history::Stand as At;

/// Holds where the chain is broken and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadEntry {
    /// The sequence number that the entry has or should have.
    pub seq: u64,
    /// The name of the segment within the journal's folder.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// Holds how far the journal has been read and how the chain stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The segment.
    pub(crate) segment: u64,
    /// The byte in it after the last line that was read.
    pub(crate) offset: u64,
    /// How many lines of it have been read.
    pub(crate) line: u64,
    /// The number of the last good entry.
    pub(crate) seq: u64,
    /// Its hash.
    pub(crate) hash: String,
    /// How many damaged lines came after it.
    pub(crate) skipped: u64,
    /// How many good entries have been read.
    pub(crate) entries: u64,
    /// How many lines were bad.
    pub(crate) bad: u64,
    /// The first of them.
    pub(crate) first_bad: Option<BadEntry>,
    /// The first entry that a later version wrote: its number and its schema version.
    pub(crate) foreign: Option<(u64, u32)>,
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            segment: 1,
            offset: 0,
            line: 0,
            seq: 0,
            hash: GENESIS.to_owned(),
            skipped: 0,
            entries: 0,
            bad: 0,
            first_bad: None,
            foreign: None,
        }
    }
}

impl Cursor {
    /// Returns the number of the next entry. A damaged line keeps the number it had.
    pub(crate) const fn next_seq(&self) -> u64 {
        self.seq + self.skipped + 1
    }

    /// Takes an entry that was just written at the end of the segment.
    pub(crate) fn advance(&mut self, entry: &Entry, len: u64) {
        self.offset += len;
        self.line += 1;
        self.entries += 1;
        self.seq = entry.seq;
        self.hash.clone_from(&entry.hash);
        self.skipped = 0;
    }

    /// Goes on to the beginning of another segment.
    pub(crate) const fn turn(&mut self, segment: u64) {
        self.segment = segment;
        self.offset = 0;
        self.line = 0;
    }

    fn name_bad(&mut self, seq: u64, why: String) {
        self.bad += 1;
        if self.first_bad.is_none() {
            self.first_bad = Some(BadEntry { seq, file: format!("{:06}.jsonl", self.segment), line: self.line, why });
        }
    }

    /// Takes the next line; returns its entry when it is whole and later than all before it.
    fn admit(&mut self, line: &[u8]) -> Option<Box<Entry>> {
        self.offset += line.len() as u64 + 1;
        self.line += 1;
        match judge(line) {
            Judged::Bad(why) => {
                self.name_bad(self.next_seq(), why);
                self.skipped += 1;
                None
            }
            Judged::Foreign { v, seq, prev, hash } => {
                if self.link(seq, &prev, hash) && self.foreign.is_none() {
                    self.foreign = Some((seq, v));
                }
                None
            }
            Judged::Good(entry) => self.link(entry.seq, &entry.prev, entry.hash.clone()).then_some(entry),
        }
    }

    /// Takes the next line as [`Cursor::admit`] does, without reading what it says.
    fn pass(&mut self, line: &[u8]) {
        self.offset += line.len() as u64 + 1;
        self.line += 1;
        match outline(line) {
            Err(why) => {
                self.name_bad(self.next_seq(), why);
                self.skipped += 1;
            }
            Ok(Link { seq, prev, hash }) => {
                self.link(seq, &prev, hash);
            }
        }
    }

    /// Joins an entry to the chain; tells whether it is later than all before it. After a damaged line nobody can know
    /// what its hash was: that break has been named already, and the entry is taken on its own hash.
    fn link(&mut self, seq: u64, prev: &str, hash: String) -> bool {
        let broken = if self.skipped > 0 { false } else { seq != self.seq + 1 || prev != self.hash };
        let late = seq > self.seq;
        if broken || !late {
            let why = format!("it does not continue entry {} before it", self.seq);
            self.name_bad(seq, why);
        }
        if late {
            self.seq = seq;
            self.hash = hash;
            self.skipped = 0;
            self.entries += 1;
        }
        late
    }
}

/// Holds lines that were read and not judged yet.
pub(crate) struct Piece {
    bytes: Vec<u8>,
}

/// Reads forwards from a cursor.
#[derive(Debug)]
pub(crate) struct Reader {
    dir: PathBuf,
    /// How far it is.
    pub(crate) cursor: Cursor,
    /// How many bytes of half a line stand at the journal's end, as of the last reading.
    pub(crate) torn: u64,
    file: Option<(u64, File)>,
}

impl Reader {
    /// Begins at a cursor.
    pub(crate) fn new(dir: &Path, cursor: Cursor) -> Self {
        Self { dir: dir.to_owned(), cursor, torn: 0, file: None }
    }

    /// Tells whether the files say more than was read, without reading them.
    pub(crate) fn is_behind(&mut self) -> Result<bool, Error> {
        let len = self.len()?.unwrap_or(0);
        Ok(len != self.cursor.offset || segments::path(&self.dir, self.cursor.segment + 1).exists())
    }

    /// Reads the next lines, without judging them. `thorough` also finds the next segment when some between are missing.
    pub(crate) fn fetch(&mut self, thorough: bool) -> Result<Option<Piece>, Error> {
        loop {
            let mut bytes = self.rest()?;
            let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            if whole > 0 {
                bytes.truncate(whole);
                return Ok(Some(Piece { bytes }));
            }
            match self.next(thorough)? {
                Some(_) if !bytes.is_empty() => return Ok(Some(Piece { bytes })),
                Some(number) => self.cursor.turn(number),
                None => {
                    self.torn = bytes.len() as u64;
                    return Ok(None);
                }
            }
        }
    }

    /// Judges the lines of a piece and hands on the good entries.
    pub(crate) fn digest(&mut self, piece: &Piece, mut sink: impl FnMut(Box<Entry>, At)) {
        let segment = self.cursor.segment;
        let mut rest = piece.bytes.as_slice();
        while !rest.is_empty() {
            let end = rest.iter().position(|b| *b == b'\n');
            let (line, after) = end.map_or((rest, &[][..]), |end| (&rest[..end], &rest[end + 1..]));
            let offset = self.cursor.offset;
            if let Some(entry) = self.cursor.admit(line) {
                sink(entry, At { segment, offset });
            }
            if end.is_none() {
                // Half a line that another segment follows has no newline to count.
                self.cursor.offset -= 1;
            }
            rest = after;
        }
    }

    /// Reads some of the next lines, at most so many bytes unless one line is longer; nothing at the journal's end.
    pub(crate) fn fetch_some(&mut self, most: usize) -> Result<Option<Piece>, Error> {
        let mut most = most;
        loop {
            let mut bytes = self.some(Some(most))?;
            let (read, whole) = (bytes.len(), bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
            if whole > 0 {
                bytes.truncate(whole);
                return Ok(Some(Piece { bytes }));
            }
            if read == most {
                most = most.saturating_mul(2);
                continue;
            }
            match self.next(true)? {
                Some(_) if !bytes.is_empty() => return Ok(Some(Piece { bytes })),
                Some(number) => self.cursor.turn(number),
                None => return Ok(None),
            }
        }
    }

    /// Follows the chain through a piece without reading what its lines say.
    pub(crate) fn outline(&mut self, piece: &Piece) {
        for line in piece.bytes.split_inclusive(|b| *b == b'\n') {
            let whole = line.strip_suffix(b"\n");
            self.cursor.pass(whole.unwrap_or(line));
            if whole.is_none() {
                self.cursor.offset -= 1;
            }
        }
    }

    /// Returns the half line at the journal's end.
    pub(crate) fn half(&mut self) -> Result<Vec<u8>, Error> {
        self.rest()
    }

    fn rest(&mut self) -> Result<Vec<u8>, Error> {
        self.some(None)
    }

    /// Reads on from the cursor: so many bytes, or to the segment's end.
    fn some(&mut self, most: Option<usize>) -> Result<Vec<u8>, Error> {
        let (offset, path) = (self.cursor.offset, segments::path(&self.dir, self.cursor.segment));
        let Some(len) = self.len()? else {
            return if offset == 0 { Ok(Vec::new()) } else { Err(Error::Gone { path }) };
        };
        let Some(more) = len.checked_sub(offset) else { return Err(Error::Shrunk { path }) };
        let more = usize::try_from(more).unwrap_or(usize::MAX);
        let mut bytes = vec![0; most.map_or(more, |most| more.min(most))];
        if let Some((_, file)) = &self.file {
            file.read_exact_at(&mut bytes, offset).map_err(Error::io("cannot read", &path))?;
        }
        Ok(bytes)
    }

    fn len(&mut self) -> Result<Option<u64>, Error> {
        let number = self.cursor.segment;
        let path = segments::path(&self.dir, number);
        if self.file.as_ref().is_none_or(|(open, _)| *open != number) {
            self.file = match File::open(&path) {
                Ok(file) => Some((number, file)),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(Error::io("cannot read", &path)(error)),
            };
        }
        let len: Option<io::Result<u64>> = self.file.as_ref().map(|(_, file)| file.metadata().map(|m| m.len()));
        len.transpose().map_err(Error::io("cannot read", &path))
    }

    fn next(&self, thorough: bool) -> Result<Option<u64>, Error> {
        let next = self.cursor.segment + 1;
        if segments::path(&self.dir, next).exists() {
            return Ok(Some(next));
        }
        if thorough { Ok(segments::list(&self.dir)?.range(next..).next().copied()) } else { Ok(None) }
    }
}
