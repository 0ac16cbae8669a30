//! A folder of this machine as manifests: where its repository begins, what of it is read, and what is written back.
//!
//! Only what is needed is read: the folder itself, and whatever its kustomizations lead to, as they ask for it. Links are read
//! as links and followed within the repository only. What a file means is no matter of this module.

mod export;
mod write;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use domain::Trouble;
use manifest::files::{self, FILE_LIMIT, Files};
use manifest::{Error, renders};
use rustix::fs::OFlags;

pub(crate) use export::Export;

/// How many files are read at most.
const MOST_FILES: usize = 50_000;
/// How many bytes are read at most.
const MOST_BYTES: usize = 256 << 20;
/// How deep folders are read.
const MOST_DEPTH: usize = 64;
/// How many links are followed for one path.
const MOST_LINKS: usize = 16;
/// Endings of files that no kustomization reads as a text; one that does so all the same gets it by name.
const BINARY: [&str; 36] = [
    "7z", "a", "avi", "bin", "bz2", "class", "db", "dll", "dylib", "exe", "gif", "gz", "ico", "jar", "jpeg", "jpg", "mov", "mp3",
    "mp4", "o", "otf", "pdf", "png", "pyc", "so", "sqlite", "tar", "tgz", "ttf", "war", "wasm", "webm", "webp", "woff", "woff2",
    "zip",
];

/// Holds a local folder and what was read of its repository.
#[derive(Debug)]
pub(crate) struct Local {
    /// The repository's root, without links.
    root: PathBuf,
    /// The folder, relative to the root, with `/`; empty for the root itself.
    folder: String,
    files: Files,
    /// Folders that were read whole.
    walked: BTreeSet<String>,
    bytes: usize,
    limits: (usize, usize),
}

impl Local {
    /// Opens a folder and reads what is below it. Its repository begins at `root`, else at the nearest folder above that has a
    /// `.git`, else at the folder itself.
    pub(crate) fn open(folder: &Path, root: Option<&Path>) -> Result<Self, Trouble> {
        let mut local = Self::at(folder, root)?;
        local.walk(&local.folder.clone(), true)?;
        Ok(local)
    }

    /// Opens a folder that may not be there yet, and reads what is below it when it is.
    pub(crate) fn around(folder: &Path, root: Option<&Path>) -> Result<Self, Trouble> {
        let there = folder.ancestors().find(|above| above.as_os_str().is_empty() || above.symlink_metadata().is_ok());
        let there = there.filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let rest = folder.strip_prefix(there).unwrap_or(folder);
        if rest.as_os_str().is_empty() {
            return Self::open(folder, root);
        }
        let mut local = Self::at(there, root)?;
        let rest =
            rest.to_str().filter(|_| rest.components().all(|part| matches!(part, Component::Normal(_)))).ok_or_else(|| {
                Trouble::usage("That cannot be made a folder", folder.display())
                    .next("Name one without .. below a folder that is there.")
            })?;
        local.folder = if local.folder.is_empty() { rest.to_owned() } else { format!("{}/{rest}", local.folder) };
        Ok(local)
    }

    /// Opens a folder and reads nothing yet.
    pub(crate) fn at(folder: &Path, root: Option<&Path>) -> Result<Self, Trouble> {
        let there = real(folder)?;
        let root = if let Some(root) = root {
            real(root)?
        } else {
            let above = there.ancestors().find(|above| above.join(".git").symlink_metadata().is_ok());
            above.unwrap_or(&there).to_owned()
        };
        let Ok(below) = there.strip_prefix(&root) else {
            return Err(Trouble::usage("The folder is not in that repository", folder.display())
                .why(format!("it is not below {}", root.display()))
                .next("Name a root with --root that holds the folder."));
        };
        let folder = below.to_str().ok_or_else(|| {
            Trouble::usage("The folder's name is no UTF-8 text", folder.display())
                .next("Give it a name that manifests can write.")
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            root,
            files: Files::new(),
            walked: BTreeSet::new(),
            bytes: 0,
            limits: (MOST_FILES, MOST_BYTES),
        })
    }

    /// Returns the folder, relative to the root.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// Returns what was read.
    pub(crate) const fn files(&self) -> &Files {
        &self.files
    }

    /// Does some work on the files, and again with more of them as long as it misses one that is there.
    pub(crate) fn with<T>(&mut self, work: impl Fn(&Files) -> Result<T, Error>) -> Result<Result<T, Error>, Trouble> {
        loop {
            let done = work(&self.files);
            match &done {
                Err(Error::Missing { path, .. }) if self.take(path)? => {}
                Err(Error::Limit { file, .. }) if self.files.is_large(file) => return Err(too_large(file)),
                _ => return Ok(done),
            }
        }
    }

    /// Reads whatever rendering a folder needs; what is missing after all is told by whoever renders it.
    pub(crate) fn complete(&mut self, folder: &str) -> Result<(), Trouble> {
        self.with(|files| renders(files, folder)).map(drop)
    }

    /// Returns a file's path as a person here would write it: from the working folder.
    pub(crate) fn shown(&self, file: &str) -> String {
        let path = self.root.join(file);
        let here = std::env::current_dir().and_then(fs::canonicalize);
        here.map_or_else(|_| path.clone(), |here| between(&here, &path)).display().to_string()
    }

    /// Returns the file that a person here means by a path: from the working folder, else from the root.
    pub(crate) fn meant(&self, shown: &str) -> String {
        let from_here =
            fs::canonicalize(shown).ok().and_then(|path| Some(path.strip_prefix(&self.root).ok()?.to_str()?.to_owned()));
        from_here.unwrap_or_else(|| shown.to_owned())
    }

    /// Turns an error into words for somebody who works on a folder here.
    pub(crate) fn told(&self, error: Error) -> Trouble {
        let next = match &error {
            Error::Syntax { .. } | Error::Meaning { .. } => "Mend the file, then try again.".to_owned(),
            Error::Missing { by: Some(by), .. } => format!("Put it there, or take it out of {}.", self.shown(by)),
            Error::Missing { .. } | Error::NoWorkload { .. } => "Name the folder that has the manifests.".to_owned(),
            Error::Outside { .. } if self.root.join(".git").symlink_metadata().is_err() => {
                format!("The repository is taken to begin at {}; name its root with --root.", self.root.display())
            }
            _ => return error.into(),
        };
        Trouble::from(error).next(next)
    }

    /// Reads a file or folder that something names; tells whether there is more than before.
    fn take(&mut self, wanted: &str) -> Result<bool, Trouble> {
        let before = self.files.len();
        let Some(path) = self.follow(wanted)? else { return Ok(self.files.len() > before) };
        let found = self.root.join(&path).symlink_metadata().ok();
        if found.as_ref().is_some_and(fs::Metadata::is_dir) {
            self.walk(&path, true)?;
        } else {
            // What stands beside it is likely to be asked for next.
            let folder = files::parent(&path);
            if self.root.join(folder).is_dir() {
                self.walk(folder, false)?;
            }
            if found.is_some_and(|found| found.is_file()) && !self.files.is_file(&path) {
                self.read(&path, true)?;
            }
        }
        Ok(self.files.len() > before)
    }

    /// Follows links within the repository, taking each of them; nothing when they lead out of it or in a circle.
    fn follow(&mut self, wanted: &str) -> Result<Option<String>, Trouble> {
        let mut path = wanted.to_owned();
        for _ in 0..MOST_LINKS {
            let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            let link = ends.find(|end| self.root.join(&path[..*end]).symlink_metadata().is_ok_and(|m| m.is_symlink()));
            let Some(end) = link else { return Ok(Some(path)) };
            self.link(&path[..end])?;
            match self.files.resolve(&path) {
                Ok(next) if next != path => path = next,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    fn link(&mut self, path: &str) -> Result<(), Trouble> {
        let target = fs::read_link(self.root.join(path)).map_err(|e| self.unreadable(path, &e))?;
        // A target that is no text names nothing that manifests could name.
        if let Some(target) = target.to_str() {
            self.files.insert_link(path, target);
        }
        Ok(())
    }

    /// Reads a folder, and what is below it when it is meant whole. Hidden YAML files are the settings of tools.
    fn walk(&mut self, folder: &str, whole: bool) -> Result<(), Trouble> {
        if self.walked.contains(folder) {
            return Ok(());
        }
        let mut open = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = open.pop() {
            if whole && !self.walked.insert(folder.clone()) {
                continue;
            }
            let entries = match fs::read_dir(self.root.join(&folder)) {
                Ok(entries) => entries,
                // One that is named gets its own message; here it is one of many.
                Err(e) if depth > 0 && e.kind() == ErrorKind::PermissionDenied => continue,
                Err(e) => return Err(self.unreadable(&folder, &e)),
            };
            for entry in entries {
                let entry = entry.map_err(|e| self.unreadable(&folder, &e))?;
                let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                if kind.is_symlink() {
                    self.link(&path)?;
                } else if kind.is_file() && !binary(&name) && !(name.starts_with('.') && files::is_yaml(&name)) {
                    self.read(&path, false)?;
                } else if kind.is_dir() && whole && depth < MOST_DEPTH && !self.skipped(&path, &name) {
                    open.push((path, depth + 1));
                }
            }
        }
        Ok(())
    }

    /// Tells whether a folder holds no manifests unless one is named: hidden folders, packages, and what builds leave behind.
    fn skipped(&self, path: &str, name: &str) -> bool {
        name.starts_with('.') || name == "node_modules" || self.root.join(path).join("CACHEDIR.TAG").exists()
    }

    /// Reads a file. Unless it is `named`, one that is closed to us is left out, and of one that is too large its name is kept.
    fn read(&mut self, path: &str, named: bool) -> Result<(), Trouble> {
        if self.files.is_file(path) {
            return Ok(());
        }
        if self.files.len() >= self.limits.0 || self.bytes >= self.limits.1 {
            let (files, bytes) = self.limits;
            return Err(Trouble::refused("The folder holds too much", self.root.join(&self.folder).display())
                .why(format!("it has more than {files} files or {} MiB", bytes >> 20))
                .next("Name a smaller folder."));
        }
        match read(&self.root.join(path)) {
            Ok(Found::Content(content)) => {
                self.bytes += content.len();
                self.files.insert(path, content);
                Ok(())
            }
            Ok(Found::Large(size)) if !named => {
                self.files.insert_large(path, size);
                Ok(())
            }
            Ok(_) if named => Err(too_large(path)),
            // Gone since its folder was read: editors make and remove files all the time.
            Err(e) if named || !matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound) => {
                Err(self.unreadable(path, &e))
            }
            _ => Ok(()),
        }
    }

    fn unreadable(&self, path: &str, error: &io::Error) -> Trouble {
        Trouble::failed("This could not be read", self.root.join(path).display()).why(error).next("Check that you may read it.")
    }
}

/// Says what is at a path.
enum Found {
    Content(Vec<u8>),
    /// A file that is too large, with its size.
    Large(usize),
    /// No file.
    Other,
}

fn too_large(path: &str) -> Trouble {
    Trouble::refused("The file is too large", path)
        .why(format!("it has more than {FILE_LIMIT} bytes"))
        .next("Split it, or take it out of the kustomization.")
}

/// Reads a regular file. A link is not followed, a pipe not waited for.
fn read(path: &Path) -> io::Result<Found> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    let size = usize::try_from(about.len()).unwrap_or(usize::MAX);
    if !about.is_file() {
        return Ok(Found::Other);
    }
    if size > FILE_LIMIT {
        return Ok(Found::Large(size));
    }
    let mut content = Vec::with_capacity(size + 1);
    // It may grow while it is read.
    file.take(FILE_LIMIT as u64 + 1).read_to_end(&mut content)?;
    Ok(if content.len() <= FILE_LIMIT { Found::Content(content) } else { Found::Large(content.len()) })
}

fn binary(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| BINARY.contains(&end.to_ascii_lowercase().as_str()))
}

/// Returns where a folder really is.
fn real(folder: &Path) -> Result<PathBuf, Trouble> {
    let shown = folder.display();
    let there = fs::canonicalize(folder).map_err(|e| match e.kind() {
        ErrorKind::NotFound => Trouble::not_found("There is no such folder", shown.to_string()).next("Name one that is there."),
        _ => Trouble::failed("This could not be read", shown.to_string()).why(&e).next("Check that you may read it."),
    })?;
    if !there.is_dir() {
        let above = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return Err(Trouble::usage("This is not a folder", shown.to_string())
            .next(format!("Name the folder that it is in: {}", above.display())));
    }
    Ok(there)
}

/// Returns a path as seen from a folder; both are absolute.
fn between(from: &Path, to: &Path) -> PathBuf {
    let (mut from, mut to) = (from.components().peekable(), to.components().peekable());
    while let (Some(a), Some(b)) = (from.peek(), to.peek()) {
        if a != b {
            break;
        }
        from.next();
        to.next();
    }
    let path: PathBuf = from.map(|_| Component::ParentDir).chain(to).collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

#[cfg(test)]
#[path = "local/tests.rs"]
mod tests;
