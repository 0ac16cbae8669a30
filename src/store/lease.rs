//! Leases: a voyage or a promise is driven by exactly one process, and by another as soon as that one dies.
//!
//! A lease is an exclusive lock on a file; the operating system releases it with the process, however that ends.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk;
use crate::error::Error;
use crate::lock::Held;

/// Holds a lease until it is dropped.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    file: Arc<File>,
    // Released after the file's name is gone, see `drop`.
    _held: Held,
}

impl Lease {
    /// Takes a lease if nobody has it.
    pub(crate) fn try_take(dir: &Path, name: &str) -> Result<Option<Self>, Error> {
        take(dir, name, Held::try_exclusive)
    }

    /// Waits for a lease.
    pub(crate) fn wait(dir: &Path, name: &str) -> Result<Self, Error> {
        loop {
            if let Some(lease) = take(dir, name, |file| Held::exclusive(file).map(Some))? {
                return Ok(lease);
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The name goes while the lock is still held; whoever waits on the nameless file notices and opens anew.
        if matches!(disk::is_same(&self.file, &self.path), Ok(true)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn take(dir: &Path, name: &str, lock: impl Fn(&Arc<File>) -> std::io::Result<Option<Held>>) -> Result<Option<Lease>, Error> {
    let folder = dir.join("leases");
    disk::make_dir(&folder)?;
    let path = folder.join(file_name(name));
    loop {
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = Arc::new(file.map_err(Error::io("cannot open", &path))?);
        let Some(held) = lock(&file).map_err(Error::io("cannot lock", &path))? else { return Ok(None) };
        if disk::is_same(&file, &path).map_err(Error::io("cannot read", &path))? {
            return Ok(Some(Lease { path, file, _held: held }));
        }
    }
}

/// Returns the name of a lease's file: letters, digits, `.`, `_` and `-` as they are, everything else as `%xx`.
fn file_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 6);
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'.' if at == 0 => out.push_str("%2e"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => out.push(char::from(byte)),
            other => _ = write!(out, "%{other:02x}"),
        }
    }
    if out.is_empty() { "%".to_owned() } else { out }
}
