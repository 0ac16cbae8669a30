//! What happened on a branch: order of commits, log, trailers, changed files.
//!
//! Texts that people read (author, subject, body, trailers) are made safe to draw; paths and ids stay as they are.

use std::path::Path;

use git2::{Commit, Delta, DiffOptions, Oid, Repository, Sort};

use domain::Time;
use domain::revision::CommitId;
use domain::text::{display, one_line};

use crate::bounds::comparable;
use crate::commit::find;
use crate::error::{Error, Result};
use crate::mirror::Mirror;
use crate::path;
use crate::repository::{commit_id, damaged, oid};
use crate::trailers::read_trailers;

/// Says what to tell of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// Only commits that changed something at or below one of these; empty: all.
    pub paths: Vec<String>,
    /// Commits at or below this one are left out.
    pub until: Option<CommitId>,
    /// The most commits told.
    pub limit: usize,
    /// The most commits looked at.
    pub scan: usize,
    /// Whether the changed files are told as well.
    pub files: bool,
}

impl Default for LogQuery {
    /// Returns the last 50 commits, without files, looking at 20,000 at most.
    fn default() -> Self {
        Self { paths: Vec::new(), until: None, limit: 50, scan: 20_000, files: false }
    }
}

/// Holds what a commit says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub id: CommitId,
    /// What it stands on.
    pub parents: Vec<CommitId>,
    /// The author's name.
    pub author: String,
    /// The author's e-mail address.
    pub email: String,
    /// When it was committed.
    pub time: Time,
    /// The first line of its message.
    pub subject: String,
    /// The rest of its message, trailers included.
    pub body: String,
    /// Its trailers, in their order.
    pub trailers: Vec<(String, String)>,
    /// The files that it changed, when they were asked for.
    pub files: Vec<ChangedFile>,
}

/// Says what became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content or mode is another.
    Modified,
    /// It is gone.
    Deleted,
}

/// Holds a file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path.
    pub path: String,
    /// What became of it.
    pub kind: ChangeKind,
}

impl Mirror {
    /// Tells whether the mirror has a commit.
    pub fn knows(&self, commit: &CommitId) -> Result<bool> {
        let loan = self.loan()?;
        Ok(has(&loan, oid(commit)?))
    }

    /// Tells whether `ancestor` is `commit` itself or below it; false when the mirror does not have one of them, so that only
    /// who knows that it has both ([`Mirror::knows`]) may keep a no.
    pub fn is_ancestor(&self, ancestor: &CommitId, commit: &CommitId) -> Result<bool> {
        if ancestor == commit {
            return Ok(true);
        }
        let loan = self.loan()?;
        at_or_below(&loan, loan.dir(), oid(ancestor)?, oid(commit)?).map_err(|error| self.note(error))
    }

    /// Tells whether a commit is at or below a branch's head, as the last fetch left it.
    pub fn landed(&self, branch: &str, commit: &CommitId) -> Result<bool> {
        match self.head(branch)? {
            Some(head) => self.is_ancestor(commit, &head),
            None => Ok(false),
        }
    }

    /// Returns what one commit says about itself.
    pub fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo> {
        let loan = self.loan()?;
        let found = find(&loan, loan.dir(), commit);
        found.and_then(|found| info(&loan, loan.dir(), &found, false)).map_err(|error| self.note(error))
    }

    /// Returns the commit whose id begins with a text of at least seven digits; nothing when there is none, or more than one.
    pub fn commit_named(&self, text: &str) -> Result<Option<CommitId>> {
        if text.len() < 7 || text.len() > 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let loan = self.loan()?;
        let found = loan.find_commit_by_prefix(text).ok().map(|commit| commit_id(commit.id()));
        found.transpose()
    }

    /// Returns the commits at and below one, the newest first.
    pub fn log(&self, from: &CommitId, query: &LogQuery) -> Result<Vec<CommitInfo>> {
        let loan = self.loan()?;
        let paths = query.paths.iter().map(|path| path::plain(path)).collect::<Result<Vec<_>>>()?;
        let mut told = Vec::new();
        let range = Range { from, until: query.until.as_ref(), scan: query.scan };
        let walked = walk(&loan, loan.dir(), &range, |commit| {
            if touches(&loan, loan.dir(), commit, &paths)? {
                told.push(info(&loan, loan.dir(), commit, query.files)?);
            }
            Ok(told.len() < query.limit)
        });
        walked.map_err(|error| self.note(error))?;
        Ok(told)
    }

    /// Returns the newest commit at or below one that carries the trailer, looking at `scan` commits at most.
    pub fn find_trailer(&self, from: &CommitId, key: &str, value: &str, scan: usize) -> Result<Option<CommitId>> {
        let loan = self.loan()?;
        let mut found = None;
        let range = Range { from, until: None, scan };
        let walked = walk(&loan, loan.dir(), &range, |commit| {
            let message = String::from_utf8_lossy(commit.message_raw_bytes());
            // Most messages do not even hold the value: reading their trailers would be the larger part of the walk.
            let has =
                message.contains(value) && read_trailers(&message).iter().any(|(k, v)| k.eq_ignore_ascii_case(key) && v == value);
            if has {
                found = Some(commit_id(commit.id())?);
            }
            Ok(found.is_none())
        });
        walked.map_err(|error| self.note(error))?;
        Ok(found)
    }

    /// Returns the files that a commit changed against its first parent.
    pub fn changed_files(&self, commit: &CommitId) -> Result<Vec<ChangedFile>> {
        let loan = self.loan()?;
        let found = find(&loan, loan.dir(), commit);
        found.and_then(|found| changed(&loan, loan.dir(), &found)).map_err(|error| self.note(error))
    }
}

/// Tells whether one commit is the other or below it.
pub(crate) fn at_or_below(repository: &Repository, dir: &Path, ancestor: Oid, commit: Oid) -> Result<bool> {
    if ancestor == commit {
        return Ok(true);
    }
    if !has(repository, ancestor) || !has(repository, commit) {
        return Ok(false);
    }
    repository.graph_descendant_of(commit, ancestor).map_err(|error| damaged(dir, &error))
}

fn has(repository: &Repository, commit: Oid) -> bool {
    repository.odb().is_ok_and(|odb| odb.exists(commit))
}

/// Says which commits to look at.
struct Range<'a> {
    from: &'a CommitId,
    until: Option<&'a CommitId>,
    scan: usize,
}

/// Walks the commits at and below one, the newest first, until told to stop or enough were seen.
fn walk(repository: &Repository, dir: &Path, range: &Range<'_>, mut each: impl FnMut(&Commit<'_>) -> Result<bool>) -> Result<()> {
    let broken = |error: git2::Error| damaged(dir, &error);
    find(repository, dir, range.from)?;
    let mut walk = repository.revwalk().map_err(broken)?;
    walk.set_sorting(Sort::TIME).map_err(broken)?;
    walk.push(oid(range.from)?).map_err(broken)?;
    if let Some(until) = range.until.map(oid).transpose()?
        && repository.find_commit(until).is_ok()
    {
        walk.hide(until).map_err(broken)?;
    }
    for id in walk.take(range.scan) {
        let commit = id.and_then(|id| repository.find_commit(id)).map_err(broken)?;
        if !each(&commit)? {
            break;
        }
    }
    Ok(())
}

/// Tells whether a commit differs from all of its parents at one of the paths.
fn touches(repository: &Repository, dir: &Path, commit: &Commit<'_>, paths: &[&str]) -> Result<bool> {
    if paths.is_empty() || paths.contains(&"") {
        return Ok(true);
    }
    let at = |commit: &Commit<'_>| -> Result<Vec<Option<Oid>>> {
        let tree = commit.tree().map_err(|error| damaged(dir, &error))?;
        Ok(paths.iter().map(|path| tree.get_path(Path::new(path)).ok().map(|entry| entry.id())).collect())
    };
    let own = at(commit)?;
    if commit.parent_count() == 0 {
        return Ok(own.iter().any(Option::is_some));
    }
    for parent in commit.parent_ids() {
        let parent = repository.find_commit(parent).map_err(|error| damaged(dir, &error))?;
        if at(&parent)? == own {
            return Ok(false);
        }
    }
    Ok(true)
}

fn info(repository: &Repository, dir: &Path, commit: &Commit<'_>, files: bool) -> Result<CommitInfo> {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    let (subject, body) = message.trim().split_once('\n').unwrap_or((message.trim(), ""));
    let author = commit.author();
    let safe = |bytes: &[u8]| one_line(&String::from_utf8_lossy(bytes));
    Ok(CommitInfo {
        id: commit_id(commit.id())?,
        parents: commit.parent_ids().map(commit_id).collect::<Result<_>>()?,
        author: safe(author.name_bytes()),
        email: safe(author.email_bytes()),
        time: Time::from_second(commit.time().seconds()).unwrap_or(Time::UNIX_EPOCH),
        subject: one_line(subject),
        body: display(body.trim(), true),
        trailers: read_trailers(&message).into_iter().map(|(key, value)| (one_line(&key), one_line(&value))).collect(),
        files: if files { changed(repository, dir, commit)? } else { Vec::new() },
    })
}

fn changed(repository: &Repository, dir: &Path, commit: &Commit<'_>) -> Result<Vec<ChangedFile>> {
    let broken = |error: git2::Error| damaged(dir, &error);
    let after = commit.tree().map_err(broken)?;
    let before = match commit.parent_count() {
        0 => None,
        _ => Some(commit.parent(0).and_then(|parent| parent.tree()).map_err(broken)?),
    };
    comparable(repository, dir, before.as_ref(), Some(&after))?;
    let mut options = DiffOptions::new();
    options.include_typechange(true).skip_binary_check(true);
    let diff = repository.diff_tree_to_tree(before.as_ref(), Some(&after), Some(&mut options)).map_err(broken)?;
    let file = |delta: git2::DiffDelta<'_>| {
        let (kind, side) = match delta.status() {
            Delta::Added => (ChangeKind::Added, delta.new_file()),
            Delta::Deleted => (ChangeKind::Deleted, delta.old_file()),
            _ => (ChangeKind::Modified, delta.new_file()),
        };
        let path = String::from_utf8_lossy(side.path_bytes().unwrap_or_default()).into_owned();
        ChangedFile { path, kind }
    };
    Ok(diff.deltas().map(file).collect())
}

/// Fails unless a commit stands on a base.
pub(crate) fn must_stand_on(repository: &Repository, dir: &Path, commit: &CommitId, base: &CommitId) -> Result<()> {
    let direct = find(repository, dir, commit)?.parent_ids().any(|parent| parent.to_string() == base.as_str());
    if direct || at_or_below(repository, dir, oid(base)?, oid(commit)?)? {
        return Ok(());
    }
    Err(Error::NotOnBase { commit: commit.short().to_owned(), base: base.short().to_owned() })
}
