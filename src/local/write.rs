//! Changed manifests written back to the disk: each file whole or not at all, in its own place, as it was found otherwise.

use std::fs::{self, Metadata, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use domain::Trouble;
use domain::change::FileChange;
use manifest::files;
use rustix::fs::{Gid, Uid, fchown};
use tempfile::NamedTempFile;

use super::Local;

/// Holds a file that is written and waits beside its place.
struct Ready<'c> {
    change: &'c FileChange,
    place: PathBuf,
    temporary: NamedTempFile,
}

impl Local {
    /// Writes changes. All are prepared before the first takes its place; a file that is not as it was read, closed to writing,
    /// or reached through a link that leaves the repository is refused, and then none is changed.
    pub(crate) fn write(&self, changes: &[FileChange]) -> Result<(), Trouble> {
        let mut ready = Vec::new();
        for change in changes {
            ready.push(self.prepare(change)?);
        }
        for one in &ready {
            self.unchanged(one.change)?;
        }
        let mut written: Vec<&str> = Vec::new();
        for one in ready {
            let new = one.change.before.is_none();
            let done = if new { one.temporary.persist_noclobber(&one.place) } else { one.temporary.persist(&one.place) };
            if let Err(e) = done {
                let trouble = unwritten(&one.place, &e.error);
                return Err(if written.is_empty() {
                    trouble
                } else {
                    trouble.next(format!("These are written already: {}. Look at them with git diff.", written.join(", ")))
                });
            }
            written.push(&one.change.path);
        }
        for folder in written.iter().map(|path| files::parent(path)).collect::<std::collections::BTreeSet<_>>() {
            // Best effort: the names are in place, and not every file system lets a folder be synced.
            let _ = fs::File::open(self.root.join(folder)).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }

    fn prepare<'c>(&self, change: &'c FileChange) -> Result<Ready<'c>, Trouble> {
        let place = self.root.join(&change.path);
        let Some(after) = &change.after else {
            return Err(Trouble::failed("A file is not removed here", place.display()).next("Remove it by hand."));
        };
        let folder = self.root.join(files::parent(&change.path));
        if change.before.is_none() {
            self.folder_for(&change.path)?;
        }
        // The path was followed to its end when it was read; a link in it now was put there meanwhile.
        if fs::canonicalize(&folder).map_err(|e| unwritten(&place, &e))? != folder {
            return Err(Trouble::refused("The file is not where it was", place.display())
                .why("a link stands in its path")
                .next("Try again; what is there now is read then."));
        }
        let mut temporary = beside(&folder, change.before.is_some()).map_err(|e| unwritten(&place, &e))?;
        let now = if change.before.is_some() { Some(self.unchanged(change)?) } else { None };
        (|| {
            temporary.write_all(after.as_bytes())?;
            if let Some(now) = &now {
                keep(now, &temporary)?;
            }
            temporary.as_file().sync_all()
        })()
        .map_err(|e| unwritten(&place, &e))?;
        Ok(Ready { change, place, temporary })
    }

    /// Makes the folders of a new file, none of them behind a link.
    fn folder_for(&self, path: &str) -> Result<(), Trouble> {
        let folder = self.root.join(files::parent(path));
        let there = folder.ancestors().find(|above| above.symlink_metadata().is_ok()).unwrap_or(&self.root);
        if fs::canonicalize(there).map_err(|e| unwritten(&folder, &e))? != there {
            return Err(Trouble::refused("The file is not made behind a link", self.root.join(path).display())
                .next("Name a folder that is really there."));
        }
        fs::create_dir_all(&folder).map_err(|e| unwritten(&folder, &e))
    }

    /// Checks that a file is what was read, and may be written.
    fn unchanged(&self, change: &FileChange) -> Result<Metadata, Trouble> {
        let place = self.root.join(&change.path);
        let moved = |why: &str| {
            Trouble::refused("The file is not what was read", place.display()).why(why).next("Look at it, then try again.")
        };
        let Some(before) = &change.before else {
            return match place.symlink_metadata() {
                Ok(_) => Err(moved("somebody made it meanwhile")),
                Err(_) => self.root.symlink_metadata().map_err(|e| unwritten(&place, &e)),
            };
        };
        let about = place.symlink_metadata().map_err(|_| moved("it is gone"))?;
        if !about.is_file() {
            return Err(moved("it is no file any more"));
        }
        if about.mode() & 0o222 == 0 || rustix::fs::access(&place, rustix::fs::Access::WRITE_OK).is_err() {
            return Err(
                Trouble::failed("The file is for reading only", place.display()).next("Allow writing to it with chmod u+w.")
            );
        }
        let now = fs::read(&place).map_err(|e| unwritten(&place, &e))?;
        if now != before.as_bytes() {
            return Err(moved("somebody changed it meanwhile"));
        }
        Ok(about)
    }
}

/// Makes a temporary file: for our eyes only where it replaces one, else as any new file is made.
fn beside(folder: &Path, replaces: bool) -> io::Result<NamedTempFile> {
    let mode = if replaces { 0o600 } else { 0o666 };
    tempfile::Builder::new().prefix(".quarterdeck-").permissions(Permissions::from_mode(mode)).tempfile_in(folder)
}

/// Gives a file the mode of the one that it replaces, and its owner where we may.
fn keep(now: &Metadata, temporary: &NamedTempFile) -> io::Result<()> {
    let file = temporary.as_file();
    let ours = file.metadata()?;
    if (ours.uid(), ours.gid()) != (now.uid(), now.gid()) {
        // Only the superuser may give a file away; what others write is theirs afterwards.
        let _ = fchown(file, Some(Uid::from_raw(now.uid())), Some(Gid::from_raw(now.gid())));
    }
    // After the owner: changing that clears the bits that run as somebody else.
    file.set_permissions(now.permissions())
}

fn unwritten(place: &Path, error: &io::Error) -> Trouble {
    let next = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "Free some space, then try again.",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "Check that you may write there.",
        _ => "",
    };
    Trouble::failed("The file could not be written", place.display()).why(error).next(next)
}
