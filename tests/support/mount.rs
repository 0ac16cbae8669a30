//! File systems that are mounted for a test: small ones, and ones that are closed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::note;

/// Holds a mounted file system; dropping it takes it off again.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// Mounts, or says why that test is skipped.
    pub(crate) fn new(arguments: &[&str], at: &Path) -> Option<Self> {
        fs::create_dir_all(at).expect("a folder of our own");
        let done = Command::new("mount").args(arguments).arg(at).output();
        if done.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        let why = done.map_or_else(|e| e.to_string(), |output| String::from_utf8_lossy(&output.stderr).trim().to_owned());
        note(&format!("a disk story is skipped, nothing can be mounted here: {why}"));
        None
    }

    /// Returns where it is mounted.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a process that is just ending may still hold it.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
