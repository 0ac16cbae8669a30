//! Reading from Git what an environment's path comes to: its folder, and whatever its kustomization leads to.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::Trouble;
use domain::change::FileChange;
use domain::revision::CommitId;
use git::{Mirror, ReadLimits, Skipped};
use manifest::Overlay;
use manifest::error::Error;
use manifest::files::{self, Files};

use crate::kept::Kept;

/// How many folders outside of the path are followed.
const ROUNDS: usize = 200;
/// How much is read at once; a file may be as large as the manifests' library takes it.
const LIMITS: ReadLimits = ReadLimits { file: files::FILE_LIMIT, total: 64 << 20, files: 20_000 };

/// Returns the files of a path at a commit, which may have been read before.
pub(crate) fn kept(mirror: &Mirror, kept: &Kept, commit: &CommitId, path: &str) -> Result<Arc<Files>, Trouble> {
    kept.get(commit, path, || load(mirror, commit, path))
}

/// Reads the files; what is missing after all is told by whoever renders them.
pub(super) fn load(mirror: &Mirror, commit: &CommitId, path: &str) -> Result<Files, Trouble> {
    load_for(mirror, commit, path, None)
}

/// Reads the files that a Flux Kustomization's folder leads to, with what its `spec` adds.
pub(crate) fn load_for(mirror: &Mirror, commit: &CommitId, path: &str, overlay: Option<&Overlay>) -> Result<Files, Trouble> {
    gather(mirror, commit, path, overlay, &[])
}

/// Reads the files that a folder leads to once some of them are changed.
pub(super) fn load_changed(mirror: &Mirror, commit: &CommitId, path: &str, changes: &[FileChange]) -> Result<Files, Trouble> {
    gather(mirror, commit, path, None, changes)
}

fn gather(
    mirror: &Mirror,
    commit: &CommitId,
    path: &str,
    overlay: Option<&Overlay>,
    changes: &[FileChange],
) -> Result<Files, Trouble> {
    let path = path.trim_start_matches("./").trim_matches('/');
    let mut files = Files::new();
    let mut read = BTreeSet::new();
    take(mirror, commit, path, &mut files)?;
    read.insert(path.to_owned());
    for _ in 0..ROUNDS {
        put(&mut files, changes);
        let built = match overlay {
            Some(overlay) => manifest::build_with(&files, path, overlay).map(drop),
            None => manifest::renders(&files, path),
        };
        let Err(Error::Missing { path: missing, .. }) = built else { break };
        // A link may lead to a place that the error does not name; then the whole top folder is read. Without one, what is missing
        // in a folder that was read is not there, and what lies beside that folder is no part of it.
        let linked = files.is_empty() || files.has_links();
        let top = linked.then(|| path.split('/').next().unwrap_or_default().to_owned());
        let known = |wanted: &str| read.iter().any(|folder| files::within(wanted, folder));
        let Some(next) = [Some(missing), top].into_iter().flatten().find(|wanted| !known(wanted)) else { break };
        take(mirror, commit, &next, &mut files)?;
        read.insert(next);
    }
    put(&mut files, changes);
    Ok(files)
}

/// Puts changed files in the place of those that were read.
pub(super) fn put(files: &mut Files, changes: &[FileChange]) {
    for change in changes {
        match &change.after {
            Some(text) => files.insert(change.path.clone(), text.clone()),
            None => files.remove(&change.path),
        }
    }
}

/// Reads files and folders as they are.
pub(crate) fn read(mirror: &Mirror, commit: &CommitId, wanted: &[String]) -> Result<Files, Trouble> {
    let mut files = Files::new();
    for path in wanted {
        take(mirror, commit, path, &mut files)?;
    }
    Ok(files)
}

fn take(mirror: &Mirror, commit: &CommitId, path: &str, files: &mut Files) -> Result<(), Trouble> {
    let found = mirror.read(commit, &[path], LIMITS)?;
    for (path, content) in found.files {
        files.insert(path, content);
    }
    for skipped in found.skipped {
        match skipped {
            Skipped::Symlink { path, target } => files.insert_link(path, target),
            Skipped::TooLarge { path, size } => files.insert_large(path, size),
            Skipped::Submodule { .. } | Skipped::BadName { .. } => {}
        }
    }
    Ok(())
}
