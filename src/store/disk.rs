//! Files and folders that only their owner can read, and changes to them that survive a power cut.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::fault;

/// Creates a folder, with those above it, with mode 0700, durably. Nothing happens when it is there.
pub(crate) fn make_dir(path: &Path) -> Result<(), Error> {
    let fresh: Vec<&Path> = path.ancestors().take_while(|folder| !folder.is_dir() && !folder.as_os_str().is_empty()).collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let make = || {
        fault::check()?;
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        fresh.iter().filter_map(|folder| folder.parent()).filter(|above| !above.as_os_str().is_empty()).try_for_each(sync_dir)
    };
    make().map_err(Error::io("cannot create", path))
}

/// Takes other people's permissions from a folder; tells whether they had any.
pub(crate) fn keep_private(path: &Path) -> io::Result<bool> {
    let mode = fs::metadata(path)?.permissions().mode();
    let kept = mode & 0o7700;
    if kept == mode & 0o7777 {
        return Ok(false);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(kept))?;
    Ok(true)
}

/// Opens a file with mode 0600 to read it and to write at its end; creates it when it is missing.
pub(crate) fn open_append(path: &Path) -> io::Result<File> {
    fault::check()?;
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    fault::check()?;
    File::open(path)?.sync_all()
}

/// Writes bytes at the end of a file and makes them durable. After an error any number of them may stand there.
pub(crate) fn append(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    put(file, bytes)?;
    fault::check()?;
    file.sync_data()
}

/// Cuts a file, durably.
pub(crate) fn cut(file: &File, len: u64) -> io::Result<()> {
    fault::check()?;
    file.set_len(len)?;
    fault::check()?;
    file.sync_all()
}

/// Removes a file; one that is not there is an error.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fault::check()?;
    fs::remove_file(path)
}

fn put(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    if let Err(error) = fault::check() {
        // A disk that is full or fails has taken a part, as a rule.
        file.write_all(&bytes[..bytes.len() / 2])?;
        return Err(error);
    }
    file.write_all(bytes)
}

/// Tells whether a path still names the very file that is open.
pub(crate) fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok(open.dev() == named.dev() && open.ino() == named.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a new file with mode 0600 and makes it durable, its name included. A file of that name is replaced whole.
pub(crate) fn write_whole(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(temporary, path, |file| put(file, bytes))
}

/// Does what [`write_whole`] does with what is written into the file; when it fails, nothing is left under the temporary name.
pub(crate) fn replace(temporary: &Path, path: &Path, put_in: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    fault::check()?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(temporary)?;
    let done = put_in(&mut file)
        .and_then(|()| fault::check())
        .and_then(|()| file.sync_all())
        .and_then(|()| fault::check())
        .and_then(|()| fs::rename(temporary, path));
    if let Err(error) = done {
        // It would take room from whatever is written next, and nobody would ever look at it.
        let _ = fs::remove_file(temporary);
        return Err(error);
    }
    path.parent().map_or(Ok(()), sync_dir)
}

/// Returns the first path `<path>.<word>-<n>` that does not exist.
pub(crate) fn free_name(path: &Path, word: &str) -> PathBuf {
    let mut n = 1_u32;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{word}-{n}"));
        let name = PathBuf::from(name);
        if fs::symlink_metadata(&name).is_err() {
            return name;
        }
        n += 1;
    }
}
