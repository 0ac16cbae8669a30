//! What differs between two commits, file by file, with files that were renamed known as the same.

use git2::{Delta, DiffFindOptions, DiffOptions};

use domain::revision::CommitId;

use crate::bounds::comparable;
use crate::commit::find;
use crate::error::Result;
use crate::mirror::Mirror;
use crate::repository::damaged;

/// Holds a file that differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is called at the first; absent when it is not there.
    pub old: Option<String>,
    /// What it is called at the second; absent when it is not there.
    pub new: Option<String>,
}

impl Difference {
    /// Tells whether it goes by another name at the second.
    pub fn renamed(&self) -> bool {
        self.old.is_some() && self.new.is_some() && self.old != self.new
    }
}

impl Mirror {
    /// Returns the files that differ between two commits, by path.
    ///
    /// A file that is gone and one that came, of which half or more reads the same, are one that was renamed. Where a file differs that is
    /// too large to be held in memory, only what reads the same to the last byte counts.
    pub fn compare(&self, from: &CommitId, to: &CommitId) -> Result<Vec<Difference>> {
        let loan = self.loan()?;
        let broken = |error: git2::Error| self.note(damaged(loan.dir(), &error));
        let tree = |id: &CommitId| {
            let commit = find(&loan, loan.dir(), id).map_err(|error| self.note(error))?;
            commit.tree().map_err(broken)
        };
        let (old, new) = (tree(from)?, tree(to)?);
        let small = comparable(&loan, loan.dir(), Some(&old), Some(&new)).map_err(|error| self.note(error))?;
        let mut options = DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true);
        let mut diff = loan.diff_tree_to_tree(Some(&old), Some(&new), Some(&mut options)).map_err(broken)?;
        let mut finding = DiffFindOptions::new();
        finding.renames(true).exact_match_only(!small);
        diff.find_similar(Some(&mut finding)).map_err(broken)?;
        let path = |file: &git2::DiffFile<'_>| file.path_bytes().map(|path| String::from_utf8_lossy(path).into_owned());
        let file = |delta: git2::DiffDelta<'_>| Difference {
            old: path(&delta.old_file()).filter(|_| delta.status() != Delta::Added),
            new: path(&delta.new_file()).filter(|_| delta.status() != Delta::Deleted),
        };
        Ok(diff.deltas().map(file).collect())
    }
}
