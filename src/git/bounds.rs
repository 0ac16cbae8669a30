//! How much two trees may differ before nobody compares them: what was pushed may be small and unfold without end, or hold one
//! file that no memory takes.

use std::collections::HashMap;
use std::path::Path;

use git2::{Oid, Repository, Tree};

use crate::error::{Error, Result};
use crate::repository::damaged;

/// The most things in which two trees may differ, folders included.
const MOST: usize = 100_000;
/// The deepest folder that is looked into.
const DEEPEST: usize = 1_000;
/// The largest file, in bytes, whose text is compared with others to find it again under another name.
const COMPARED: usize = 16 << 20;

const FOLDER: i32 = 0o040_000;
const SUBMODULE: i32 = 0o160_000;

/// Holds two folders of which one may be absent, and how deep they are.
type Pair = (Option<Oid>, Option<Oid>, usize);

/// Fails when two trees differ in more than can be told; tells whether all files that differ are small enough to be compared.
pub(crate) fn comparable(repository: &Repository, dir: &Path, old: Option<&Tree<'_>>, new: Option<&Tree<'_>>) -> Result<bool> {
    let mut open: Vec<Pair> = vec![(old.map(Tree::id), new.map(Tree::id), 0)];
    let (mut seen, mut small) = (0, true);
    while let Some((old, new, depth)) = open.pop() {
        let (old, new) = (entries(repository, dir, old)?, entries(repository, dir, new)?);
        let changed = |(name, side): (&Vec<u8>, &(Oid, i32)), other: &HashMap<Vec<u8>, (Oid, i32)>| other.get(name) != Some(side);
        let gone = old.iter().filter(|entry| changed(*entry, &new)).map(|(name, side)| (Some(*side), new.get(name).copied()));
        let come = new.iter().filter(|(name, _)| !old.contains_key(*name)).map(|(_, side)| (None, Some(*side)));
        for (was, is) in gone.chain(come) {
            seen += 1;
            if seen > MOST || depth > DEEPEST {
                let limit = format!("{MOST} things and {DEEPEST} folders deep");
                return Err(Error::TooMuch { what: "what the commits differ in".to_owned(), limit });
            }
            let folder = |side: Option<(Oid, i32)>| side.filter(|(_, mode)| *mode == FOLDER).map(|(id, _)| id);
            if folder(was).is_some() || folder(is).is_some() {
                open.push((folder(was), folder(is), depth + 1));
            }
            let files = [was, is].into_iter().flatten().filter(|(_, mode)| *mode != FOLDER && *mode != SUBMODULE);
            for (id, _) in files {
                let header = repository.odb().and_then(|odb| odb.read_header(id));
                small &= header.map_err(|error| damaged(dir, &error))?.0 <= COMPARED;
            }
        }
    }
    Ok(small)
}

/// Returns what is in a folder by name, with its id and mode; nothing in an absent one.
fn entries(repository: &Repository, dir: &Path, folder: Option<Oid>) -> Result<HashMap<Vec<u8>, (Oid, i32)>> {
    let Some(folder) = folder else { return Ok(HashMap::new()) };
    let tree = repository.find_tree(folder).map_err(|error| damaged(dir, &error))?;
    Ok(tree.iter().map(|entry| (entry.name_bytes().to_vec(), (entry.id(), entry.filemode()))).collect())
}
