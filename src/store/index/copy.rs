//! The folded state as one file, for a process that opens the store while another one has the index.
//!
//! Without it each of them would fold the whole journal anew. Whoever has the index replaces the file now and then. Whoever reads it
//! compares it with the journal as it would an index, and reads on from there. It is never the truth: one that is damaged, missing, of
//! another layout or of another journal costs time and nothing else.
//!
//! It is made of parts: one byte that says what it is (`m` how far in the journal it goes, the index's `p`, `e`, `s` and `d`, and `h` at
//! the end, the SHA-256 of all before it), four bytes for its length, lowest first, and its content.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read as _, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::disk;
use crate::error::Error;
use crate::index::guard::Fault;
use crate::index::shelf::Snapshot;
use crate::reader::Cursor;
use crate::state::State;

/// The version of the layout. A file of another one is not used.
const LAYOUT: u32 = 1;
/// After how many new entries it is written again. As many are read from the journal in some hundredths of a second.
const EVERY: u64 = 5000;

#[derive(Serialize, Deserialize)]
struct Head {
    v: u32,
    cursor: Cursor,
}

fn path(dir: &Path) -> PathBuf {
    dir.join("index.copy")
}

/// Holds how many entries of the journal the file covers.
#[derive(Debug, Default)]
pub(crate) struct Copy(u64);

impl Copy {
    /// Looks at the file that is there.
    pub(crate) fn of(dir: &Path) -> Self {
        let entries = Parts::open(&path(dir)).and_then(|mut parts| parts.head());
        Self(entries.map_or(0, |head| head.cursor.entries))
    }

    /// Removes the file, because it says something else than the journal does.
    pub(crate) fn forget(dir: &Path) {
        if let Err(error) = disk::remove(&path(dir))
            && error.kind() != ErrorKind::NotFound
        {
            tracing::info!(%error, "the copy of the index stays, though it fits no journal");
        }
    }

    /// Writes it again when enough happened since, or when the journal is another one.
    pub(crate) fn follow(&mut self, dir: &Path, state: &State, cursor: &Cursor) {
        let (there, now) = (self.0, cursor.entries);
        if now >= there && now - there < EVERY {
            return;
        }
        // Also when it cannot be written: nobody tries again at every entry.
        self.0 = now;
        if let Err(error) = write(&path(dir), state, cursor) {
            tracing::info!(%error, "the copy of the index is not written; other processes take longer to start");
        }
    }
}

/// Returns what the file holds; nothing where there is none that can be used.
pub(crate) fn read(dir: &Path) -> Option<Box<Snapshot>> {
    match snapshot(&path(dir)) {
        Ok(found) => Some(Box::new(found)),
        Err(fault) => {
            tracing::info!(why = fault.why, "no copy of the index is used; the journal is read instead");
            None
        }
    }
}

fn write(path: &Path, state: &State, cursor: &Cursor) -> Result<(), Error> {
    let written = disk::replace(&path.with_extension("copy-new"), path, |file| {
        let mut out = Written { to: BufWriter::new(file), hash: Sha256::new() };
        out.part(b'm', &serde_json::to_vec(&Head { v: LAYOUT, cursor: cursor.clone() })?)?;
        for project in state.projects.values() {
            out.part(b'p', &serde_json::to_vec(project)?)?;
        }
        for environment in state.environments.values() {
            out.part(b'e', &serde_json::to_vec(environment)?)?;
        }
        for promise in state.promises.values() {
            out.part(b's', &serde_json::to_vec(promise)?)?;
        }
        for shelf in state.deployments.shelves() {
            out.part(b'd', &shelf)?;
        }
        let hash = out.hash.clone().finalize();
        out.part(b'h', &hash)?;
        out.to.flush()
    });
    written.map_err(Error::io("cannot write", path))
}

struct Written<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Written<W> {
    fn part(&mut self, what: u8, content: &[u8]) -> io::Result<()> {
        let len = u32::try_from(content.len()).map_err(|_| io::Error::from(ErrorKind::FileTooLarge))?;
        for piece in [&[what][..], &len.to_le_bytes()[..], content] {
            self.hash.update(piece);
            self.to.write_all(piece)?;
        }
        Ok(())
    }
}

struct Parts {
    from: BufReader<File>,
    hash: Sha256,
}

impl Parts {
    fn open(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        Ok(Self { from: BufReader::new(file), hash: Sha256::new() })
    }

    /// Returns the next part; the hash is that of all parts before the last.
    fn next(&mut self) -> Result<(u8, Vec<u8>), Fault> {
        let short = |error: io::Error| error.to_string();
        let mut head = [0; 5];
        self.from.read_exact(&mut head).map_err(short)?;
        let [what, len @ ..] = head;
        let len = u64::from(u32::from_le_bytes(len));
        let mut content = Vec::new();
        // The length may be damaged: no more is taken than there is.
        self.from.by_ref().take(len).read_to_end(&mut content).map_err(short)?;
        if content.len() as u64 != len {
            return Err("it ends too early".into());
        }
        if what != b'h' {
            self.hash.update(head);
            self.hash.update(&content);
        }
        Ok((what, content))
    }

    fn head(&mut self) -> Result<Head, Fault> {
        let (b'm', head) = self.next()? else { return Err("it does not begin as it should".into()) };
        let head: Head = serde_json::from_slice(&head)?;
        if head.v == LAYOUT { Ok(head) } else { Err(format!("its layout is version {}", head.v).into()) }
    }
}

fn snapshot(path: &Path) -> Result<Snapshot, Fault> {
    let mut parts = Parts::open(path)?;
    let mut snapshot = Snapshot::at(parts.head()?.cursor);
    loop {
        match parts.next()? {
            (b'h', hash) if hash == parts.hash.clone().finalize()[..] => return Ok(snapshot),
            (b'h', _) => return Err("it is not as it was written".into()),
            (space, value) => snapshot.take(space, &value)?,
        }
    }
}
