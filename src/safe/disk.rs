//! Files and folders that are their owner's alone.

use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use domain::Trouble;

/// Makes a folder for its owner alone, with those above it; one that is there must be so.
pub(crate) fn make(folder: &Path) -> Result<(), Trouble> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| failed("The folder cannot be made", folder, &e))?;
    private(folder)
}

/// Refuses what others could read or write, or what is somebody else's.
pub(crate) fn private(path: &Path) -> Result<(), Trouble> {
    let about = fs::symlink_metadata(path).map_err(|e| failed("It cannot be read", path, &e))?;
    let why = if about.file_type().is_symlink() {
        "it is a symbolic link".to_owned()
    } else if about.uid() != rustix::process::geteuid().as_raw() {
        "it is another account's".to_owned()
    } else if about.mode() & 0o077 != 0 {
        format!("its mode is {:04o}: others could read or change it", about.mode() & 0o7777)
    } else {
        return Ok(());
    };
    let mode = if about.is_dir() { "700" } else { "600" };
    Err(Trouble::refused("What keeps secrets is not private, and is not used", path.display())
        .why(why)
        .next(format!("See who had it meanwhile, then: chmod {mode} {}", path.display())))
}

/// Reads a file that must be its owner's alone; nothing when there is none.
pub fn read(path: &Path) -> Result<Option<String>, Trouble> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => private(path)?,
    }
    fs::read_to_string(path).map(Some).map_err(|e| failed("It cannot be read", path, &e))
}

/// Writes a file with mode 0600, whole or not at all, and makes it durable. `fresh`: it must not be there; tells whether it was not.
pub(crate) fn write(path: &Path, text: &str, fresh: bool) -> Result<bool, Trouble> {
    let folder = path.parent().unwrap_or(path);
    let wrong = |e: &std::io::Error| failed("It cannot be written", path, e);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| wrong(&e))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(|e| wrong(&e))?;
    let put = if fresh { file.persist_noclobber(path) } else { file.persist(path) };
    match put {
        Ok(_) => {}
        Err(error) if fresh && error.error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(wrong(&error.error)),
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| wrong(&e))?;
    Ok(true)
}

/// Returns an I/O error in words.
pub(crate) fn failed(what: &str, path: &Path, why: &std::io::Error) -> Trouble {
    Trouble::failed(what, path.display()).why(why).next("Look at the disk and at the permissions there, then try again.")
}
