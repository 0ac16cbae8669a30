//! One line of the journal: how it is written and how it is judged.
//!
//! A line is a JSON object that ends with `,"hash":"<64 digits>"}`. The hash is the SHA-256 of every byte before that
//! end, which includes the sequence number and the hash of the line before. It is taken of the bytes as they stand in
//! the file and never of a second writing of them, so that a later version of the program, which may know more fields,
//! verifies what an earlier one wrote.

use domain::Time;
use domain::actor::Actor;
use domain::journal::{Change, Entry, Phase, Record};
use domain::redact::cleaned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The version of the schema that is written.
pub const VERSION: u32 = 1;

/// The previous hash of the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const BEFORE_HASH: &[u8] = b",\"hash\":\"";
const AFTER_HASH: &[u8] = b"\"}";

#[derive(Serialize)]
struct Body<'a> {
    v: u32,
    seq: u64,
    #[serde(flatten)]
    record: &'a Record,
    prev: &'a str,
}

#[derive(Deserialize)]
struct Whole {
    v: u32,
    seq: u64,
    time: Time,
    actor: Actor,
    act: String,
    object: String,
    phase: Phase,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    change: Option<Change>,
    prev: String,
    hash: String,
}

#[derive(Deserialize)]
struct Outline {
    v: u32,
    seq: u64,
    prev: String,
}

/// Holds what one line turned out to be.
#[derive(Debug)]
pub(crate) enum Judged {
    /// Whole and understood.
    Good(Box<Entry>),
    /// Whole, but written by a later version: its place in the chain is known, its meaning is not.
    Foreign { v: u32, seq: u64, prev: String, hash: String },
    /// Damaged; the words say how.
    Bad(String),
}

/// Writes a record as a line, its newline included. Known secrets are masked in what is said, before it is hashed; what is data
/// and not words (names, edits, paths) stays as it is.
pub(crate) fn write(seq: u64, prev: &str, mut record: Record) -> Result<(Vec<u8>, Entry), serde_json::Error> {
    record.detail = cleaned(record.detail);
    if let Some(Change::Deployment(deployment)) = &mut record.change {
        for stage in &mut deployment.stages {
            stage.detail = cleaned(std::mem::take(&mut stage.detail));
        }
    }
    let mut line = serde_json::to_vec(&Body { v: VERSION, seq, record: &record, prev })?;
    line.pop();
    let hash = hash(&line);
    line.extend_from_slice(BEFORE_HASH);
    line.extend_from_slice(hash.as_bytes());
    line.extend_from_slice(AFTER_HASH);
    line.push(b'\n');
    Ok((line, Entry { v: VERSION, seq, record, prev: prev.to_owned(), hash }))
}

/// Judges a line without its newline, on its own: not yet whether it continues the line before.
pub(crate) fn judge(line: &[u8]) -> Judged {
    let Some((body, said)) = split(line) else {
        return Judged::Bad("it does not end as an entry does".to_owned());
    };
    if hash(body).as_bytes() != said {
        return Judged::Bad("its hash does not match its content".to_owned());
    }
    match serde_json::from_slice::<Whole>(line) {
        Ok(whole) if whole.v <= VERSION => Judged::Good(Box::new(entry(whole))),
        other => match serde_json::from_slice::<Outline>(line) {
            Ok(Outline { v, seq, prev }) => Judged::Foreign { v, seq, prev, hash: String::from_utf8_lossy(said).into_owned() },
            Err(error) => Judged::Bad(other.err().map_or_else(|| error.to_string(), |e| e.to_string())),
        },
    }
}

/// Holds what ties an entry to the one before.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) prev: String,
    pub(crate) hash: String,
}

/// Judges a line as [`judge`] does, but for what it says besides its place in the chain; an error in words says how it is damaged.
pub(crate) fn outline(line: &[u8]) -> Result<Link, String> {
    let (body, said) = split(line).ok_or("it does not end as an entry does")?;
    if hash(body).as_bytes() != said {
        return Err("its hash does not match its content".to_owned());
    }
    let Outline { seq, prev, .. } = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    Ok(Link { seq, prev, hash: String::from_utf8_lossy(said).into_owned() })
}

fn entry(whole: Whole) -> Entry {
    let Whole { v, seq, time, actor, act, object, phase, detail, change, prev, hash } = whole;
    Entry { v, seq, record: Record { time, actor, act, object, phase, detail, change }, prev, hash }
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_suffix(AFTER_HASH)?;
    let (rest, said) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
    let body = rest.strip_suffix(BEFORE_HASH)?;
    said.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).then_some((body, said))
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
