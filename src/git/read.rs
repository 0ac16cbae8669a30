//! Reading files at a revision, straight from the trees: only what is asked for, no link followed, limits kept.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use git2::{ObjectType, Oid};

use domain::revision::CommitId;

use crate::commit::find;
use crate::error::{Error, Result};
use crate::mirror::Mirror;
use crate::path;
use crate::repository::{Loan, damaged};

/// Holds how much may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// The largest file, in bytes; a larger one is skipped, or an error when it is asked for by name.
    pub file: usize,
    /// The most bytes in one [`Mirror::read`].
    pub total: usize,
    /// The most files in one [`Mirror::read`]; ten times as many folders and things that are left out.
    pub files: usize,
}

/// The largest folder that is read, in bytes: half a million names. Whoever pushes may make one of any size.
const LARGEST_FOLDER: usize = 16 << 20;

impl Default for ReadLimits {
    /// Returns 1 MiB a file, 64 MiB and 20,000 files in all.
    fn default() -> Self {
        Self { file: 1 << 20, total: 64 << 20, files: 20_000 }
    }
}

/// Says what an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A folder.
    Folder,
    /// A symlink; it is never followed.
    Symlink,
    /// Another repository; it is never entered.
    Submodule,
}

/// Holds one entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the folder, as it is in the repository.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    id: Oid,
    /// Whether the name is one part of a path that may be read and written.
    plain: bool,
}

/// Says what was left out and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// A symlink, with its target as it is written.
    Symlink {
        /// Where it is.
        path: String,
        /// Where it points.
        target: String,
    },
    /// A submodule.
    Submodule {
        /// Where it is.
        path: String,
    },
    /// A file above the limit.
    TooLarge {
        /// Where it is.
        path: String,
        /// Its size in bytes.
        size: usize,
    },
    /// Something that no honest program writes: `..`, Git's own folder under any of its names, a slash, no UTF-8.
    BadName {
        /// Where it is, as far as it can be written.
        path: String,
    },
}

/// Holds the files that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Every file by its path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

/// Reads files of one revision as they are asked for; keeps the folders that it has seen.
///
/// May be sent to another thread; each thread takes its own.
pub struct TreeReader {
    loan: Loan,
    mirror: Mirror,
    root: Oid,
    limits: ReadLimits,
    folders: RefCell<HashMap<String, Option<Arc<Vec<Entry>>>>>,
}

impl std::fmt::Debug for TreeReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TreeReader").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Mirror {
    /// Returns a reader of the files at a commit.
    pub fn tree_reader(&self, commit: &CommitId, limits: ReadLimits) -> Result<TreeReader> {
        let loan = self.loan()?;
        let root = find(&loan, loan.dir(), commit).map_err(|error| self.note(error))?.tree_id();
        Ok(TreeReader { loan, mirror: self.clone(), root, limits, folders: RefCell::default() })
    }

    /// Returns one file at a commit; absent when there is none.
    pub fn file(&self, commit: &CommitId, path: &str) -> Result<Option<Vec<u8>>> {
        self.tree_reader(commit, ReadLimits::default())?.get(path)
    }

    /// Returns all files at a commit that are one of the paths or below one; an empty path means everything.
    pub fn read(&self, commit: &CommitId, paths: &[&str], limits: ReadLimits) -> Result<Files> {
        let reader = self.tree_reader(commit, limits)?;
        let mut taken = Taken::default();
        for path in paths {
            let path = path::plain(path)?;
            if let Some(entry) = reader.entry(path)? {
                reader.gather(path.to_owned(), entry, &mut taken)?;
            }
        }
        Ok(taken.found)
    }
}

/// Holds what was read so far, and what counts against the limits.
#[derive(Default)]
struct Taken {
    found: Files,
    /// How many bytes, names included.
    bytes: usize,
    /// How many entries were looked at.
    entries: usize,
}

impl TreeReader {
    /// Returns the content of a file; absent when there is nothing at the path or a folder.
    ///
    /// A symlink, a submodule and a file above the limit are errors: they are there, and are not read.
    pub fn get(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let path = path::plain(path)?;
        let bad = |why| Err(Error::BadPath { path: path.to_owned(), why });
        let Some(entry) = self.entry(path)? else { return Ok(None) };
        match entry.kind {
            EntryKind::Folder => return Ok(None),
            EntryKind::Symlink => return bad("it is a symlink, and links are not followed"),
            EntryKind::Submodule => return bad("it is a submodule, and those are not entered"),
            EntryKind::File | EntryKind::Executable => {}
        }
        let size = self.size(entry.id)?;
        if size > self.limits.file {
            return Err(Error::TooMuch {
                what: format!("{path} ({size} bytes)"),
                limit: format!("{} bytes a file", self.limits.file),
            });
        }
        self.content(entry.id).map(Some)
    }

    /// Returns what is at a path; absent when nothing is.
    pub fn kind(&self, path: &str) -> Result<Option<EntryKind>> {
        Ok(self.entry(path::plain(path)?)?.map(|entry| entry.kind))
    }

    /// Returns the entries of a folder in Git's order; absent when there is no folder at the path.
    pub fn list(&self, folder: &str) -> Result<Option<Arc<Vec<Entry>>>> {
        self.folder(path::plain(folder)?)
    }

    fn entry(&self, path: &str) -> Result<Option<Entry>> {
        if path.is_empty() {
            return Ok(Some(Entry { name: String::new(), kind: EntryKind::Folder, id: self.root, plain: true }));
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(entries) = self.folder(folder)? else { return Ok(None) };
        Ok(entries.iter().find(|entry| entry.plain && entry.name == name).cloned())
    }

    fn folder(&self, path: &str) -> Result<Option<Arc<Vec<Entry>>>> {
        if let Some(known) = self.folders.borrow().get(path) {
            return Ok(known.clone());
        }
        let entries = match self.entry(path)? {
            Some(Entry { kind: EntryKind::Folder, id, .. }) => Some(Arc::new(self.entries(id)?)),
            _ => None,
        };
        self.folders.borrow_mut().insert(path.to_owned(), entries.clone());
        Ok(entries)
    }

    fn entries(&self, id: Oid) -> Result<Vec<Entry>> {
        let size = self.size(id)?;
        if size > LARGEST_FOLDER {
            let what = format!("a folder whose names take {size} bytes");
            return Err(Error::TooMuch { what, limit: format!("{LARGEST_FOLDER} bytes a folder") });
        }
        let tree = self.loan.find_tree(id).map_err(|error| self.broken(&error))?;
        let entry = |entry: git2::TreeEntry<'_>| {
            let kind = match (entry.filemode(), entry.kind()) {
                (0o120_000, _) => EntryKind::Symlink,
                (0o160_000, _) => EntryKind::Submodule,
                (_, Some(ObjectType::Tree)) => EntryKind::Folder,
                (0o100_755, _) => EntryKind::Executable,
                _ => EntryKind::File,
            };
            let name = String::from_utf8_lossy(entry.name_bytes());
            let plain = matches!(name, Cow::Borrowed(name) if path::is_part(name));
            Entry { name: name.into_owned(), kind, id: entry.id(), plain }
        };
        Ok(tree.iter().map(entry).collect())
    }

    /// Takes what is at and below a path, in Git's order. It calls itself nowhere: how deep folders go is up to whoever pushed them.
    fn gather(&self, path: String, entry: Entry, taken: &mut Taken) -> Result<()> {
        let mut open = vec![(path, entry)];
        while let Some((path, entry)) = open.pop() {
            taken.entries += 1;
            taken.bytes += path.len();
            let most = self.limits.files.saturating_mul(10);
            if taken.entries.saturating_add(open.len()) > most || taken.bytes > self.limits.total {
                return Err(self.too_much());
            }
            if !entry.plain {
                taken.found.skipped.push(Skipped::BadName { path });
            } else if entry.kind == EntryKind::Folder {
                let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
                open.extend(self.entries(entry.id)?.into_iter().rev().map(|child| (below(&child.name), child)));
            } else {
                self.take(path, &entry, taken)?;
            }
        }
        Ok(())
    }

    /// Takes one thing that is no folder.
    fn take(&self, path: String, entry: &Entry, Taken { found, bytes, .. }: &mut Taken) -> Result<()> {
        match entry.kind {
            EntryKind::Folder => {}
            EntryKind::Symlink => {
                let target = if self.size(entry.id)? > 4096 { Vec::new() } else { self.content(entry.id)? };
                found.skipped.push(Skipped::Symlink { path, target: String::from_utf8_lossy(&target).into_owned() });
            }
            EntryKind::Submodule => found.skipped.push(Skipped::Submodule { path }),
            EntryKind::File | EntryKind::Executable => {
                let size = self.size(entry.id)?;
                if size > self.limits.file {
                    found.skipped.push(Skipped::TooLarge { path, size });
                    return Ok(());
                }
                *bytes += size;
                if *bytes > self.limits.total || found.files.len() >= self.limits.files {
                    return Err(self.too_much());
                }
                found.files.insert(path, self.content(entry.id)?);
            }
        }
        Ok(())
    }

    fn too_much(&self) -> Error {
        let limit = format!("{} files and {} bytes, names included", self.limits.files, self.limits.total);
        Error::TooMuch { what: "what is to be read".to_owned(), limit }
    }

    fn size(&self, id: Oid) -> Result<usize> {
        let header = self.loan.odb().and_then(|odb| odb.read_header(id));
        header.map(|(size, _)| size).map_err(|error| self.broken(&error))
    }

    fn content(&self, id: Oid) -> Result<Vec<u8>> {
        self.loan.find_blob(id).map(|blob| blob.content().to_vec()).map_err(|error| self.broken(&error))
    }

    fn broken(&self, error: &git2::Error) -> Error {
        self.mirror.note(damaged(self.loan.dir(), error))
    }
}
