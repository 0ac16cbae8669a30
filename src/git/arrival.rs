//! Whether the content of a commit came onto a branch by another way than the commit itself: merged, squashed or rebased.
//!
//! Only what stands in the named files counts. Messages and trailers, which anybody can write, are not looked at.

use std::path::Path;

use git2::{Commit, Oid, Repository, Sort};

use domain::revision::CommitId;
use domain::text::one_line;

use crate::commit::find;
use crate::error::Result;
use crate::mirror::Mirror;
use crate::path;
use crate::repository::{commit_id, damaged, oid};

/// Says which content is looked for, and above which commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The commit that the change stands on.
    pub base: CommitId,
    /// The commit that has the content.
    pub wanted: CommitId,
    /// The files that the change touches.
    pub paths: Vec<String>,
}

/// What stands at each path: kind and content; nothing where there is no file.
type Standing = Vec<Option<(i32, Oid)>>;

impl Mirror {
    /// Returns the first commit of a branch's own line (the first parents) at which every path reads as wanted, going up from
    /// where the change began; nothing when there is none among `scan` commits.
    pub fn arrival(&self, head: &CommitId, sought: &Sought, scan: usize) -> Result<Option<CommitId>> {
        let loan = self.loan()?;
        let look = || {
            let reader = Reader::new(&loan, loan.dir(), &sought.paths)?;
            let wanted = reader.of(&sought.wanted)?;
            let mut first = None;
            reader.line(head, &sought.base, scan, |commit| {
                if reader.at(commit)? == wanted {
                    first = Some(commit.id());
                }
                Ok(true)
            })?;
            first.map(commit_id).transpose()
        };
        look().map_err(|error| self.note(error))
    }

    /// Returns the newest commit of a branch's own line that made something else of the paths than what stood there before the
    /// change and what is wanted, with those paths; nothing when the head has nothing else.
    pub fn diversion(&self, head: &CommitId, sought: &Sought, scan: usize) -> Result<Option<(CommitId, Vec<String>)>> {
        let loan = self.loan()?;
        let look = || {
            let reader = Reader::new(&loan, loan.dir(), &sought.paths)?;
            let (before, wanted, now) = (reader.of(&sought.base)?, reader.of(&sought.wanted)?, reader.of(head)?);
            let other: Vec<usize> = (0..now.len()).filter(|at| now[*at] != before[*at] && now[*at] != wanted[*at]).collect();
            if other.is_empty() {
                return Ok(None);
            }
            let mut by = None;
            reader.line(head, &sought.base, scan, |commit| {
                let was = match commit.parent(0) {
                    Ok(parent) => reader.at(&parent)?,
                    Err(_) => vec![None; now.len()],
                };
                let is = reader.at(commit)?;
                by = other.iter().any(|at| was[*at] != is[*at]).then(|| commit.id());
                Ok(by.is_none())
            })?;
            let paths = other.into_iter().filter_map(|at| sought.paths.get(at)).map(|path| one_line(path)).collect();
            Ok(by.map(commit_id).transpose()?.map(|by| (by, paths)))
        };
        look().map_err(|error| self.note(error))
    }

    /// Tells whether every path reads as wanted at a commit and did not before it.
    pub fn arrives_with(&self, commit: &CommitId, sought: &Sought) -> Result<bool> {
        let loan = self.loan()?;
        let look = || {
            let reader = Reader::new(&loan, loan.dir(), &sought.paths)?;
            let wanted = reader.of(&sought.wanted)?;
            let found = find(&loan, loan.dir(), commit)?;
            if reader.at(&found)? != wanted {
                return Ok(false);
            }
            match found.parent(0) {
                Ok(parent) => Ok(reader.at(&parent)? != wanted),
                Err(_) => Ok(true),
            }
        };
        look().map_err(|error| self.note(error))
    }

    /// Returns who put a commit where it is, as the commit says: `Name <email>`, safe to draw.
    pub fn committer(&self, commit: &CommitId) -> Result<String> {
        let loan = self.loan()?;
        let found = find(&loan, loan.dir(), commit).map_err(|error| self.note(error))?;
        let who = found.committer();
        let text = |bytes: &[u8]| one_line(&String::from_utf8_lossy(bytes));
        Ok(format!("{} <{}>", text(who.name_bytes()), text(who.email_bytes())))
    }
}

/// Reads what stands at paths.
struct Reader<'r> {
    repository: &'r Repository,
    dir: &'r Path,
    paths: Vec<&'r Path>,
}

impl<'r> Reader<'r> {
    fn new(repository: &'r Repository, dir: &'r Path, paths: &'r [String]) -> Result<Self> {
        let paths = paths.iter().map(|path| path::file(path).map(Path::new)).collect::<Result<_>>()?;
        Ok(Self { repository, dir, paths })
    }

    fn of(&self, commit: &CommitId) -> Result<Standing> {
        self.at(&find(self.repository, self.dir, commit)?)
    }

    fn at(&self, commit: &Commit<'_>) -> Result<Standing> {
        let tree = commit.tree().map_err(|error| damaged(self.dir, &error))?;
        Ok(self.paths.iter().map(|path| tree.get_path(path).ok().map(|entry| (entry.filemode(), entry.id()))).collect())
    }

    /// Walks a branch's own line down to where the change began, until told to stop.
    fn line(
        &self,
        head: &CommitId,
        base: &CommitId,
        scan: usize,
        mut each: impl FnMut(&Commit<'_>) -> Result<bool>,
    ) -> Result<()> {
        let broken = |error: git2::Error| damaged(self.dir, &error);
        let head = oid(head)?;
        // A branch that was written anew does not hold the base: what both have in common is where it ends.
        let Ok(fork) = self.repository.merge_base(oid(base)?, head) else { return Ok(()) };
        let mut walk = self.repository.revwalk().map_err(broken)?;
        walk.set_sorting(Sort::TOPOLOGICAL).map_err(broken)?;
        walk.simplify_first_parent().map_err(broken)?;
        walk.push(head).map_err(broken)?;
        walk.hide(fork).map_err(broken)?;
        for id in walk.take(scan) {
            let commit = id.and_then(|id| self.repository.find_commit(id)).map_err(broken)?;
            if !each(&commit)? {
                break;
            }
        }
        Ok(())
    }
}
