//! The files of the journal: what they are called and which there are.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Returns the folder of the segments.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("journal")
}

/// Returns the path of the lock that guards the journal.
pub(crate) fn lock_path(dir: &Path) -> PathBuf {
    folder(dir).join("lock")
}

/// Returns the path of a segment.
pub(crate) fn path(dir: &Path, number: u64) -> PathBuf {
    folder(dir).join(format!("{number:06}.jsonl"))
}

/// Returns the numbers of all segments that are there; none when there is no journal yet.
pub(crate) fn list(dir: &Path) -> Result<BTreeSet<u64>, Error> {
    let folder = folder(dir);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(Error::io("cannot read", &folder)(error)),
    };
    let mut numbers = BTreeSet::new();
    for entry in entries {
        let name = entry.map_err(Error::io("cannot read", &folder))?.file_name();
        if let Some(number) = name.to_str().and_then(number) {
            numbers.insert(number);
        }
    }
    Ok(numbers)
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".jsonl")?;
    (digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Reads a whole segment; one that vanished meanwhile is empty.
pub(crate) fn read(dir: &Path, number: u64) -> Result<Vec<u8>, Error> {
    let path = path(dir, number);
    match fs::read(&path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("cannot read", &path)(error)),
    }
}

/// Returns the whole lines of a piece of a segment, without their newlines; half a line at its end is left out.
pub(crate) fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let end = bytes.iter().rposition(|b| *b == b'\n');
    let whole = end.and_then(|end| bytes.get(..end));
    whole.into_iter().flat_map(|whole| whole.split(|b| *b == b'\n'))
}

/// Goes through the whole lines before a place in the journal, newest first, with the segment and the offset of each,
/// until the visitor breaks off.
pub(crate) fn backwards(
    dir: &Path,
    before: (u64, u64),
    mut visit: impl FnMut(u64, u64, &[u8]) -> ControlFlow<()>,
) -> Result<(), Error> {
    for number in list(dir)?.into_iter().rev().filter(|n| *n <= before.0) {
        let mut bytes = read(dir, number)?;
        if number == before.0 {
            bytes.truncate(usize::try_from(before.1).unwrap_or(usize::MAX));
        }
        let mut end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at as u64 + 1);
        for line in lines(&bytes).rev() {
            end -= line.len() as u64 + 1;
            if visit(number, end, line).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}
