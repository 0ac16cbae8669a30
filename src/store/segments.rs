//! The files of the journal: what they are called and which there are.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// How many bytes of a segment are read at once from its end.
const WINDOW: u64 = 256 << 10;

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
        let limit = if number == before.0 { before.1 } else { u64::MAX };
        if segment_backwards(&path(dir, number), limit, &mut |offset, line| visit(number, offset, line))?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Goes through the whole lines of one segment that end before a byte, newest first. It is read in windows: most who look backwards
/// want little, and a segment is large.
fn segment_backwards(
    path: &Path,
    limit: u64,
    visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ControlFlow::Continue(())),
        Err(error) => return Err(Error::io("cannot read", path)(error)),
    };
    let mut begin = file.metadata().map_err(Error::io("cannot read", path))?.len().min(limit);
    // What stands before the first newline of a window; its line begins in the next.
    let mut rest: Vec<u8> = Vec::new();
    while begin > 0 {
        let size = begin.min(WINDOW);
        begin -= size;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, begin).map_err(Error::io("cannot read", path))?;
        bytes.append(&mut rest);
        let first = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
        let cut = if begin == 0 { 0 } else { first };
        let (before, whole) = bytes.split_at(cut);
        let mut end = begin + cut as u64 + whole.iter().rposition(|b| *b == b'\n').map_or(0, |at| at as u64 + 1);
        for line in lines(whole).rev() {
            end -= line.len() as u64 + 1;
            if visit(end, line).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        rest = before.to_vec();
    }
    Ok(ControlFlow::Continue(()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn lines_come_backwards_whatever_their_lengths() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(folder(dir.path())).unwrap();
        let size = usize::try_from(WINDOW).unwrap();
        let many = vec![90; 9000];
        let table: [&[usize]; 7] =
            [&[], &[0], &[3, 0, 5], &[size, 1, size - 1, 7], &[3 * size], &[1, size - 2, size - 1, size], &many];
        for (half, lens) in [false, true].into_iter().flat_map(|half| table.iter().map(move |lens| (half, lens))) {
            let (mut bytes, mut expected) = (Vec::new(), Vec::new());
            for len in *lens {
                expected.push((bytes.len() as u64, *len));
                bytes.extend(std::iter::repeat_n(b'x', *len));
                bytes.push(b'\n');
            }
            let whole = bytes.len() as u64;
            bytes.extend(std::iter::repeat_n(b'h', if half { size + 9 } else { 0 }));
            fs::write(path(dir.path(), 1), &bytes).unwrap();
            let found = |upto: u64| {
                let mut out = Vec::new();
                let visit = |_, at, line: &[u8]| {
                    assert!(line.iter().all(|b| *b == b'x'));
                    out.push((at, line.len()));
                    ControlFlow::Continue(())
                };
                backwards(dir.path(), (1, upto), visit).unwrap();
                out.reverse();
                out
            };
            assert_eq!(found(u64::MAX), expected, "{lens:?}");
            assert_eq!(found(whole), expected, "{lens:?}");
            let last = expected.pop().map_or(0, |(at, _)| at);
            assert_eq!(found(last), expected, "{lens:?}");
        }
    }
}
