//! What stands in the index, key by key.
//!
//! One byte says which space a key belongs to: `p` projects, `e` environments, `d` deployments, `s` promises, `a` the
//! audit rows (by sequence number), `m` how far the journal is indexed and the digest of the first four spaces, `u` that it is being filled. Values
//! are JSON. An audit row carries a check of its own, since reading all of them at opening would cost what the index saves.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use domain::Time;
use domain::deployment::Deployment;
use domain::journal::SyncPromise;
use domain::project::{Environment, Project};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::index::guard::Fault;
use crate::journal::Row;
use crate::reader::{At, Cursor};
use crate::state::State;

const META: &[u8] = b"m";
/// Stands in the database while it is being filled in several batches.
const UNFINISHED: &[u8] = b"u";
/// The memory that the database may use for pages. Its own default is a gigabyte.
const CACHE_BYTES: u64 = 8 << 20;
/// Above this many changes they are written in several batches, with the index marked incomplete meanwhile.
const ONE_BATCH: usize = 2000;

#[derive(Serialize, Deserialize)]
struct Meta {
    v: u32,
    cursor: Cursor,
    count: u64,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct Facets {
    time: Time,
    actor: String,
    act: String,
    object: String,
    segment: u64,
    offset: u64,
}

/// Holds what an index held when it was opened: the state without its tail, and how far in the journal it goes.
pub(crate) struct Snapshot {
    pub(crate) state: State,
    pub(crate) cursor: Cursor,
}

/// Holds one audit row that was found.
pub(crate) struct Found {
    pub(crate) seq: u64,
    pub(crate) time: Time,
    pub(crate) actor: String,
    pub(crate) act: String,
    pub(crate) object: String,
    pub(crate) at: At,
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
        if meta.v != 1 {
            return Err(format!("its layout is version {}", meta.v).into());
        }
        let mut state = State { seq: meta.cursor.seq, hash: meta.cursor.hash.clone(), ..State::default() };
        let (mut projects, mut environments, mut promises) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        self.each(b"p", |project: Project| _ = projects.insert(project.slug.clone(), Arc::new(project)))?;
        self.each(b"e", |environment: Environment| _ = environments.insert(environment.id.clone(), Arc::new(environment)))?;
        self.each(b"s", |promise: SyncPromise| _ = promises.insert(promise.environment.clone(), Arc::new(promise)))?;
        self.each(b"d", |deployment: Deployment| state.deployments.put(Arc::new(deployment)))?;
        if self.count != meta.count || hex::encode(self.digest) != meta.digest {
            let why = format!("it holds {} records and should hold {}, or one of them is not as written", self.count, meta.count);
            return Err(why.into());
        }
        state.projects = Arc::new(projects);
        state.environments = Arc::new(environments);
        state.promises = Arc::new(promises);
        self.written = state.clone();
        self.upto = Some(meta.cursor.clone());
        Ok(Some(Snapshot { state, cursor: meta.cursor }))
    }

    /// Tells whether everything up to this place is written.
    pub(crate) fn reaches(&self, cursor: &Cursor) -> bool {
        self.upto.as_ref() == Some(cursor)
    }

    /// Writes what changed since the last writing, and the rows of the new entries.
    pub(crate) fn write(&mut self, state: &State, cursor: &Cursor, rows: &[Row]) -> Result<(), Fault> {
        let changes = changes(&self.written, state)?;
        let several = changes.len() + rows.len() > ONE_BATCH;
        if several {
            let mut mark = sled::Batch::default();
            mark.remove(META);
            mark.insert(UNFINISHED, b"");
            self.db.apply_batch(mark)?;
        }
        let mut batch = sled::Batch::default();
        let mut waiting = 0;
        for (key, value) in changes {
            self.count_change(&key, value.as_deref())?;
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
            waiting += 1;
            if several && waiting % ONE_BATCH == 0 {
                self.db.apply_batch(std::mem::take(&mut batch))?;
            }
        }
        for row in rows {
            batch.insert(&row_key(row.seq), row_value(row)?);
            waiting += 1;
            if several && waiting % ONE_BATCH == 0 {
                self.db.apply_batch(std::mem::take(&mut batch))?;
            }
        }
        let meta = Meta { v: 1, cursor: cursor.clone(), count: self.count, digest: hex::encode(self.digest) };
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

    /// Goes through the audit rows before a sequence number, newest first, until the visitor returns false. An error when
    /// a row is missing or damaged.
    pub(crate) fn rows_before(db: &sled::Db, before: u64, mut visit: impl FnMut(Found) -> bool) -> Result<(), Fault> {
        let mut expected = before;
        for row in db.range(row_key(0)..row_key(before)).rev() {
            let (key, value) = row?;
            expected = expected.saturating_sub(1);
            if key.as_ref() != row_key(expected) {
                return Err(format!("its row {expected} is missing").into());
            }
            let (check, value) = value.split_at_checked(4).ok_or("a row is too short")?;
            if Sha256::digest(value).get(..4) != Some(check) {
                return Err(format!("its row {expected} is damaged").into());
            }
            let Facets { time, actor, act, object, segment, offset } = json(value)?;
            if !visit(Found { seq: expected, time, actor, act, object, at: At { segment, offset } }) {
                return Ok(());
            }
        }
        if expected == 1 { Ok(()) } else { Err(format!("its rows begin at {expected}").into()) }
    }

    fn each<T: DeserializeOwned>(&mut self, space: &[u8], mut put: impl FnMut(T)) -> Result<(), Fault> {
        for item in self.db.scan_prefix(space) {
            let (key, value) = item?;
            self.count += 1;
            mix(&mut self.digest, &key, &value);
            put(json(&value)?);
        }
        Ok(())
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

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Returns what must be written so that a database that holds the one state holds the other.
fn changes(before: &State, after: &State) -> Result<Changes, Fault> {
    let mut out = Changes::new();
    map_changes(&mut out, 'p', &before.projects, &after.projects)?;
    map_changes(&mut out, 'e', &before.environments, &after.environments)?;
    map_changes(&mut out, 's', &before.promises, &after.promises)?;
    for deployment in after.deployments.changed_since(&before.deployments) {
        out.push((format!("d{}", deployment.id).into_bytes(), Some(encode(deployment)?)));
    }
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

fn row_key(seq: u64) -> [u8; 9] {
    let mut key = [b'a'; 9];
    key[1..].copy_from_slice(&seq.to_be_bytes());
    key
}

fn row_value(row: &Row) -> Result<Vec<u8>, Fault> {
    let Row { time, actor, act, object, at, .. } = row.clone();
    let facets = encode(&Facets { time, actor, act, object, segment: at.segment, offset: at.offset })?;
    let mut value = Sha256::digest(&facets).get(..4).unwrap_or_default().to_vec();
    value.extend_from_slice(&facets);
    Ok(value)
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
