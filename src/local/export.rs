//! A copy of a repository's files for a program that reads a disk: nothing in it leads out of it.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;

use domain::Trouble;
use manifest::files::{self, Files};
use rustix::fs::OFlags;
use tempfile::TempDir;

use super::{Local, MOST_BYTES, MOST_DEPTH, MOST_FILES};

/// How large a file may be that is copied.
const MOST_SIZE: u64 = 16 << 20;

/// Holds a copy, which goes when this goes.
#[derive(Debug)]
pub(crate) struct Export {
    folder: TempDir,
    /// Links that lead out of the repository, and what is too large or closed to us: they are not in it.
    pub(crate) left_out: Vec<String>,
}

impl Export {
    /// Returns the folder of the copy's root.
    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("files")
    }

    /// Returns an empty folder beside the copy, for a program's home.
    pub(crate) fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("home")
    }
}

impl Export {
    /// Writes files that are held in memory into a fresh folder that only we may enter; a link becomes what it leads to.
    pub(crate) fn of(files: &Files) -> Result<Self, Trouble> {
        let at = |e: io::Error| {
            Trouble::failed("The files could not be copied for another program", "the folder for temporary files")
                .why(e)
                .next("Check the space and the rights of the folder for temporary files.")
        };
        let mut export = Self::fresh().map_err(at)?;
        let mut taken = (0, 0);
        for path in files.paths() {
            let inside = files::join("", path, path).is_ok_and(|normal| normal == path);
            let found = if inside { found(files, path) } else { Vec::new() };
            if found.is_empty() {
                export.left_out.push(path.to_owned());
            }
            for (path, bytes) in found {
                // Many links may lead to one large folder.
                taken = (taken.0 + 1, taken.1 + bytes.len());
                if taken.0 > MOST_FILES || taken.1 > MOST_BYTES {
                    return Err(too_large(&path).next("Let fewer links lead to folders."));
                }
                let to = export.root().join(&path);
                fs::create_dir_all(to.parent().unwrap_or(&to)).and_then(|()| fs::write(&to, bytes)).map_err(at)?;
            }
        }
        Ok(export)
    }

    fn fresh() -> io::Result<Self> {
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("quarterdeck-").permissions(private).tempdir()?;
        let export = Self { folder, left_out: Vec::new() };
        fs::create_dir(export.root())?;
        fs::create_dir(export.home())?;
        Ok(export)
    }
}

fn too_large(what: impl Display) -> Trouble {
    Trouble::refused("The repository is too large to be copied for another program", what)
        .why(format!("it has more than {MOST_FILES} files or {} MiB", MOST_BYTES >> 20))
}

/// Returns the file at a path, or those of the folder that a link leads to; links within that folder are left out.
fn found<'f>(files: &'f Files, path: &str) -> Vec<(String, &'f [u8])> {
    if let Some(bytes) = files.bytes(path) {
        return vec![(path.to_owned(), bytes)];
    }
    let Ok(real) = files.resolve(path) else { return Vec::new() };
    // A link to a folder above it would hold itself.
    if files::within(path, &real) {
        return Vec::new();
    }
    let below = files.below(&real).filter(|file| files.resolve(file).is_ok_and(|end| end == *file));
    below.filter_map(|file| Some((format!("{path}{}", file.strip_prefix(&real)?), files.bytes(file)?))).collect()
}

impl Local {
    /// Copies the whole repository into a fresh folder that only we may enter.
    pub(crate) fn export(&self) -> Result<Export, Trouble> {
        let at = |e: io::Error| {
            Trouble::failed("The repository could not be copied for another program", self.root.display())
                .why(e)
                .next("Check the space and the rights of the folder for temporary files.")
        };
        let mut export = Export::fresh().map_err(at)?;
        let mut open = vec![(String::new(), 0)];
        let (mut count, mut bytes) = (0, 0);
        while let Some((folder, depth)) = open.pop() {
            let entries = match fs::read_dir(self.root.join(&folder)) {
                // Closed to us, or gone meanwhile: whoever needs it says so.
                Err(e) if depth > 0 && matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound) => {
                    export.left_out.push(folder);
                    continue;
                }
                entries => entries.map_err(at)?,
            };
            for entry in entries {
                let entry = entry.map_err(at)?;
                let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                let to = export.root().join(&path);
                if kind.is_dir() && depth < MOST_DEPTH && !self.of_no_use(&path, &name) {
                    fs::create_dir(&to).map_err(at)?;
                    open.push((path, depth + 1));
                } else if kind.is_symlink() {
                    if !link(&self.root, &path, &to).map_err(at)? {
                        export.left_out.push(path);
                    }
                } else if kind.is_file() {
                    match copy(&self.root.join(&path), &to).map_err(at)? {
                        Some(size) => (count, bytes) = (count + 1, bytes + size),
                        None => export.left_out.push(path),
                    }
                }
                if count > MOST_FILES || bytes > MOST_BYTES {
                    return Err(too_large(self.root.display()).next("Name a smaller root with --root."));
                }
            }
        }
        Ok(export)
    }

    fn of_no_use(&self, path: &str, name: &str) -> bool {
        name == ".git" || name == "node_modules" || self.root.join(path).join("CACHEDIR.TAG").exists()
    }
}

/// Makes a link again when its target is written as a path within the repository.
fn link(root: &Path, path: &str, to: &Path) -> io::Result<bool> {
    let target = fs::read_link(root.join(path))?;
    // A target behind a further link is not judged by its letters; where it really ends has to be inside too.
    let inside = target.to_str().is_some_and(|target| files::join(files::parent(path), target, path).is_ok());
    if !inside || !fs::canonicalize(root.join(path)).is_ok_and(|real| real.starts_with(root)) {
        return Ok(false);
    }
    symlink(target, to).map(|()| true)
}

/// Copies a file's bytes; nothing when it is too large. One that is closed to us, or that went meanwhile, is left out as well.
fn copy(from: &Path, to: &Path) -> io::Result<Option<usize>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let from = match OpenOptions::new().read(true).custom_flags(flags).open(from) {
        Ok(file) => file,
        Err(e) if matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound) => return Ok(None),
        Err(e) => return Err(e),
    };
    let about = from.metadata()?;
    if !about.is_file() || about.len() > MOST_SIZE {
        return Ok(None);
    }
    let mut to = File::create(to)?;
    let size = io::copy(&mut from.take(MOST_SIZE), &mut to)?;
    Ok(Some(usize::try_from(size).unwrap_or(usize::MAX)))
}
