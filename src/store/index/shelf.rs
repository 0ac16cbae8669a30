//! What stands in the index, key by key.
//!
//! One byte says which space a key belongs to: `p` projects, `e` environments, `d` deployments as lists know them (a shelf of many,
//! by the first of them), `s` promises, `b` the audit rows in blocks (by the number of the last row), `m` how far the journal is
//! indexed and the digest of the first four spaces, `u` that it is being filled. Values are JSON but for shelves and blocks. A block carries a check of its own and the number of the row before
//! it, since reading all of them at opening would cost what the index saves.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use domain::history::Brief;
use domain::journal::SyncPromise;
use domain::project::{Environment, Project};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::index::guard::Fault;
use crate::reader::Cursor;
use crate::rows::{Block, Found, Part, ROWS, Rows, View, pack};
use crate::state::State;

/// The version of the layout. An index of another one is built again.
const LAYOUT: u32 = 3;
const META: &[u8] = b"m";
/// Stands in the database while it is being filled in several batches.
const UNFINISHED: &[u8] = b"u";
/// The memory that the database may use for pages. Its own default is a gigabyte. Shelves and blocks are large and each is read once
/// in a while, so keeping them saves nothing: they are in the operating system's memory anyway.
const CACHE_BYTES: u64 = 1 << 20;
/// Above this many bytes changes are written in several batches, with the index marked incomplete meanwhile.
const ONE_BATCH: usize = 4 << 20;
/// How many bytes are written at once then.
const AT_ONCE: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
struct Meta {
    v: u32,
    cursor: Cursor,
    count: u64,
    digest: String,
}

/// Holds what an index held when it was opened: the state without its tail, and how far in the journal it goes.
pub(crate) struct Snapshot {
    pub(crate) state: State,
    /// The deployments that are not over; their records stand in the journal.
    pub(crate) open: Vec<Brief>,
    pub(crate) cursor: Cursor,
}

impl Snapshot {
    /// Begins one that goes so far.
    pub(crate) fn at(cursor: Cursor) -> Self {
        let state = State { seq: cursor.seq, hash: cursor.hash.clone(), ..State::default() };
        Self { state, open: Vec::new(), cursor }
    }

    /// Takes in a value of one of the first four spaces, in the order of their keys.
    pub(crate) fn take(&mut self, space: u8, value: &[u8]) -> Result<(), Fault> {
        let state = &mut self.state;
        match space {
            b'p' => {
                let project: Project = json(value)?;
                Arc::make_mut(&mut state.projects).insert(project.slug.clone(), Arc::new(project));
            }
            b'e' => {
                let environment: Environment = json(value)?;
                Arc::make_mut(&mut state.environments).insert(environment.id.clone(), Arc::new(environment));
            }
            b's' => {
                let promise: SyncPromise = json(value)?;
                Arc::make_mut(&mut state.promises).insert(promise.environment.clone(), Arc::new(promise));
            }
            b'd' => self.open.extend(state.deployments.take_in(value)?),
            other => return Err(format!("it holds something unknown ({other})").into()),
        }
        Ok(())
    }
}

/// Holds the open database and what it is known to hold.
pub(crate) struct Shelf {
    db: sled::Db,
    written: State,
    /// How far in the journal what is written goes.
    upto: Option<Cursor>,
    count: u64,
    digest: [u8; 32],
}

impl Shelf {
    /// Opens the database in a folder; creates it when it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = config.open()?;
        Ok(Self { db, written: State::default(), upto: None, count: 0, digest: [0; 32] })
    }

    /// Returns another hand on the database, for questions.
    pub(crate) fn db(&self) -> sled::Db {
        self.db.clone()
    }

    /// Reads the state, without its tail, and how far it goes. Nothing in an empty database; an error when what is there
    /// is not exactly what was written.
    pub(crate) fn load(&mut self) -> Result<Option<Snapshot>, Fault> {
        if self.db.contains_key(UNFINISHED)? {
            self.db.clear()?;
            return Ok(None);
        }
        let Some(meta) = self.db.get(META)? else {
            return if self.db.is_empty() { Ok(None) } else { Err("it is incomplete".into()) };
        };
        let meta: Meta = json(&meta)?;
        if meta.v < LAYOUT {
            self.db.clear()?;
            return Ok(None);
        }
        if meta.v > LAYOUT {
            return Err(format!("its layout is version {}", meta.v).into());
        }
        let mut snapshot = Snapshot::at(meta.cursor.clone());
        for space in [b'p', b'e', b's', b'd'] {
            for item in self.db.scan_prefix([space]) {
                let (key, value) = item?;
                self.count += 1;
                mix(&mut self.digest, &key, &value);
                snapshot.take(space, &value)?;
            }
        }
        if self.count != meta.count || hex::encode(self.digest) != meta.digest {
            let why = format!("it holds {} records and should hold {}, or one of them is not as written", self.count, meta.count);
            return Err(why.into());
        }
        self.written = snapshot.state.clone();
        self.upto = Some(meta.cursor);
        Ok(Some(snapshot))
    }

    /// Tells whether everything up to this place is written.
    pub(crate) fn reaches(&self, cursor: &Cursor) -> bool {
        self.upto.as_ref() == Some(cursor)
    }

    /// Writes what changed since the last writing, and the rows of the new entries.
    pub(crate) fn write(&mut self, state: &State, cursor: &Cursor, rows: Rows) -> Result<(), Fault> {
        let changes = changes(&self.written, state)?;
        let blocks = self.merged(rows)?;
        let size = |(key, value): &Change| key.len() + value.as_ref().map_or(0, Vec::len);
        let several = changes.iter().chain(&blocks).map(size).sum::<usize>() > ONE_BATCH;
        if several {
            let mut mark = sled::Batch::default();
            mark.remove(META);
            mark.insert(UNFINISHED, b"");
            self.db.apply_batch(mark)?;
        }
        for (key, value) in &changes {
            self.count_change(key, value.as_deref())?;
        }
        let mut batch = sled::Batch::default();
        let mut waiting = 0;
        for change in changes.into_iter().chain(blocks) {
            waiting += size(&change);
            match change {
                (key, Some(value)) => batch.insert(key, value),
                (key, None) => batch.remove(key),
            }
            if several && waiting >= AT_ONCE {
                self.db.apply_batch(std::mem::take(&mut batch))?;
                waiting = 0;
            }
        }
        let meta = Meta { v: LAYOUT, cursor: cursor.clone(), count: self.count, digest: hex::encode(self.digest) };
        batch.insert(META, encode(&meta)?);
        batch.remove(UNFINISHED);
        self.db.apply_batch(batch)?;
        self.written = state.clone();
        self.upto = Some(meta.cursor);
        Ok(())
    }

    /// Waits until everything written is on the disk.
    pub(crate) fn flush(&self) -> Result<(), Fault> {
        self.db.flush()?;
        Ok(())
    }

    /// Goes through the audit rows before a sequence number of which every part fits, newest first, until the visitor returns
    /// false. An error when a block is missing or damaged.
    pub(crate) fn rows_before(
        db: &sled::Db,
        before: u64,
        fits: &dyn Fn(Part<'_>) -> bool,
        mut visit: impl FnMut(Found) -> bool,
    ) -> Result<(), Fault> {
        let newest = db.range(block_key(before.saturating_sub(1))..block_key(u64::MAX)).next().transpose()?;
        let (newest, _) = newest.ok_or("it does not go as far yet")?;
        let mut expected = None;
        for item in db.range(block_key(0)..=newest.as_ref().try_into().map_err(|_| "a key has another length")?).rev() {
            let (key, value) = item?;
            if expected.is_some_and(|last| key.as_ref() != block_key(last)) {
                return Err(format!("its rows up to {} are missing", expected.unwrap_or_default()).into());
            }
            let (after, body) = opened(&value)?;
            let mut rows = View::new(body)?.fitting(fits)?;
            rows.retain(|row| row.seq < before);
            if !rows.iter().rev().all(|row| visit(*row)) {
                return Ok(());
            }
            expected = Some(after);
        }
        if expected.unwrap_or_default() == 0 { Ok(()) } else { Err("its rows do not begin at the first".into()) }
    }

    /// Returns what must be written so that these rows follow those that are there. Small blocks at the end grow together, each
    /// time to twice their size, so that there are few of them and none is written again and again.
    fn merged(&self, rows: Rows) -> Result<Changes, Fault> {
        let mut out = Changes::new();
        if rows.is_empty() {
            return Ok(out);
        }
        let mut fresh: Vec<Block> = rows.blocks().collect();
        let mut after = 0;
        for item in self.db.range(block_key(0)..block_key(u64::MAX)).rev() {
            let (key, value) = item?;
            let (before, body) = opened(&value)?;
            let view = View::new(body)?;
            let first = fresh.first_mut().filter(|first| view.count < 2 * first.count && view.count + first.count <= ROWS);
            let Some(first) = first else {
                after = last_of(&key)?;
                break;
            };
            let mut all = view.unpack()?;
            all.extend(View::new(&first.body)?.unpack()?);
            *first = pack(&all).ok_or("a block without rows")?;
            out.push((key.to_vec(), None));
            after = before;
        }
        for block in fresh {
            out.push((block_key(block.last).to_vec(), Some(closed(after, &block.body))));
            after = block.last;
        }
        Ok(out)
    }

    fn count_change(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Fault> {
        if let Some(old) = self.db.get(key)? {
            self.count -= 1;
            mix(&mut self.digest, key, &old);
        }
        if let Some(value) = value {
            self.count += 1;
            mix(&mut self.digest, key, value);
        }
        Ok(())
    }
}

type Change = (Vec<u8>, Option<Vec<u8>>);
type Changes = Vec<Change>;

/// Returns what must be written so that a database that holds the one state holds the other.
fn changes(before: &State, after: &State) -> Result<Changes, Fault> {
    let mut out = Changes::new();
    map_changes(&mut out, 'p', &before.projects, &after.projects)?;
    map_changes(&mut out, 'e', &before.environments, &after.environments)?;
    map_changes(&mut out, 's', &before.promises, &after.promises)?;
    let moved = after.deployments.moved_since(&before.deployments);
    out.extend(moved.gone.into_iter().map(|first| (format!("d{first}").into_bytes(), None)));
    out.extend(moved.written.into_iter().map(|(first, shelf)| (format!("d{first}").into_bytes(), Some(shelf))));
    Ok(out)
}

fn map_changes<K: Ord + ToString, V: Serialize>(
    out: &mut Changes,
    space: char,
    before: &Arc<BTreeMap<K, Arc<V>>>,
    after: &Arc<BTreeMap<K, Arc<V>>>,
) -> Result<(), Fault> {
    if Arc::ptr_eq(before, after) {
        return Ok(());
    }
    let key = |k: &K| format!("{space}{}", k.to_string()).into_bytes();
    out.extend(before.keys().filter(|k| !after.contains_key(k)).map(|k| (key(k), None)));
    for (k, value) in after.iter() {
        if before.get(k).is_none_or(|old| !Arc::ptr_eq(old, value)) {
            out.push((key(k), Some(encode(value)?)));
        }
    }
    Ok(())
}

fn block_key(last: u64) -> [u8; 9] {
    let mut key = [b'b'; 9];
    key[1..].copy_from_slice(&last.to_be_bytes());
    key
}

fn last_of(key: &[u8]) -> Result<u64, Fault> {
    let number = key.get(1..).and_then(|bytes| bytes.try_into().ok()).ok_or("a key has another length")?;
    Ok(u64::from_be_bytes(number))
}

/// Returns a block as it is kept: its check, the number of the row before it, its rows.
fn closed(after: u64, body: &[u8]) -> Vec<u8> {
    let after = after.to_be_bytes();
    let mut value = check(after, body).to_vec();
    value.extend_from_slice(&after);
    value.extend_from_slice(body);
    value
}

/// Takes apart what [`closed`] put together.
fn opened(value: &[u8]) -> Result<(u64, &[u8]), Fault> {
    let (said, rest) = value.split_first_chunk::<8>().ok_or("a block is too short")?;
    let (after, body) = rest.split_first_chunk::<8>().ok_or("a block is too short")?;
    if check(*after, body) != *said {
        return Err("a block of its rows is damaged".into());
    }
    Ok((u64::from_be_bytes(*after), body))
}

fn check(after: [u8; 8], body: &[u8]) -> [u8; 8] {
    let hash = Sha256::new().chain_update(after).chain_update(body).finalize();
    let mut check = [0; 8];
    check.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    check
}

/// Adds a record to the digest, or takes it out again: an exclusive or of hashes does not depend on the order.
fn mix(digest: &mut [u8; 32], key: &[u8], value: &[u8]) {
    let hash = Sha256::new().chain_update(key).chain_update([0]).chain_update(value).finalize();
    for (byte, other) in digest.iter_mut().zip(hash) {
        *byte ^= other;
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    Ok(serde_json::to_vec(value)?)
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    Ok(serde_json::from_slice(bytes)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use crate::reader::At;
    use crate::rows::Row;
    use domain::Time;
    use domain::journal::Phase;

    fn row(seq: u64) -> Row {
        let (actor, act, object) = ("ada".to_owned(), "deploy".to_owned(), format!("shop/{}", seq % 100));
        let time = Time::from_second(i64::try_from(seq).unwrap()).unwrap();
        Row { seq, time, actor, act, object, phase: Phase::Done, at: At { segment: seq / 500, offset: seq % 500 * 90 } }
    }

    fn filled(dir: &Path, parts: &[u64]) -> (Shelf, u64) {
        let mut shelf = Shelf::open(dir).unwrap();
        shelf.load().unwrap();
        let mut seq = 0;
        for part in parts {
            let mut rows = Rows::default();
            for _ in 0..*part {
                // A damaged line keeps the number that it had.
                seq += if seq % 700 == 699 { 2 } else { 1 };
                rows.push(row(seq));
            }
            shelf.write(&State::default(), &Cursor { seq, ..Cursor::default() }, rows).unwrap();
        }
        (shelf, seq)
    }

    fn found(shelf: &Shelf, before: u64) -> Result<Vec<u64>, Fault> {
        let mut out = Vec::new();
        Shelf::rows_before(&shelf.db, before, &|_| true, |row| {
            out.push(row.seq);
            true
        })?;
        Ok(out)
    }

    #[test]
    fn rows_are_found_however_they_came_and_stand_in_few_blocks() {
        let dir = tempfile::tempdir().unwrap();
        let parts: Vec<u64> = (0..900).map(|n| n % 4 + 1).chain([5000, 1, 1, 2100]).collect();
        let (shelf, last) = filled(dir.path(), &parts);
        let all: Vec<u64> = (1..=last).filter(|seq| *seq == 1 || seq % 700 != 0).rev().collect();
        assert_eq!(found(&shelf, last + 1).unwrap(), all);
        let upto: Vec<u64> = all.iter().copied().filter(|seq| *seq < 4000).collect();
        assert_eq!(found(&shelf, 4000).unwrap(), upto);
        assert!(found(&shelf, last + 2).unwrap_err().why.contains("not go as far"));
        let blocks = shelf.db.range(block_key(0)..block_key(u64::MAX)).count();
        assert!(blocks < 30, "{blocks} blocks");
    }

    #[test]
    fn a_block_that_is_missing_or_changed_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let (shelf, last) = filled(dir.path(), &[3000, 3000]);
        let keys: Vec<_> = shelf.db.range(block_key(0)..block_key(u64::MAX)).keys().map(Result::unwrap).collect();
        for key in &keys {
            let value = shelf.db.remove(key).unwrap().unwrap();
            assert!(found(&shelf, last + 1).is_err(), "a hole");
            let mut changed = value.to_vec();
            *changed.last_mut().unwrap() ^= 1;
            shelf.db.insert(key, changed).unwrap();
            assert!(found(&shelf, last + 1).unwrap_err().why.contains("damaged"));
            shelf.db.insert(key, value).unwrap();
        }
        assert_eq!(found(&shelf, last + 1).unwrap().len(), 6000);
    }
}
