//! What taking deployments back does to files: each deployment's own changes are taken back, the newest first, from the files as
//! they stand at the branch's head. What others did in between and since stays; where they changed the same lines, it is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::Trouble;
use domain::change::FileChange;
use domain::project::Environment;
use domain::restore::{Overlap, Restore, Restoring, SharedFile, Side, Undone};
use domain::revision::CommitId;
use git::{LogQuery, Mirror};
use manifest::diff::threeway::{Part, threeway};
use manifest::files;
use sha2::{Digest, Sha256};

use super::closure;
use crate::kept::Kept;

/// How many commits are named beside an overlap.
const NAMED: usize = 3;

/// What a file is called and says; a side that has no such file has neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct State {
    path: Option<String>,
    text: Option<String>,
}

/// What one deployment, or several in a row with nobody's change between them, made of a file.
#[derive(Debug)]
struct Step {
    before: State,
    after: State,
    /// What the file is called at the head.
    here: Option<String>,
    /// Where it has been since.
    commit: CommitId,
}

/// Holds where it happens.
pub(super) struct Place<'a> {
    pub(super) mirror: &'a Mirror,
    pub(super) kept: &'a Kept,
    pub(super) head: &'a CommitId,
    pub(super) environment: &'a Environment,
    /// The other environments of the same branch.
    pub(super) neighbours: &'a [Arc<Environment>],
}

/// Works out the files that taking deployments back changes, and what has to be asked.
pub(super) fn take_back(place: &Place<'_>, restore: &Restore) -> Result<(Vec<FileChange>, Restoring), Trouble> {
    let mut work = Work { place, restore, now: BTreeMap::new(), names: BTreeMap::new(), overlaps: Vec::new(), left: Vec::new() };
    for step in work.steps()? {
        work.undo(&step)?;
    }
    let mut files = work.files()?;
    let shared = shared(place, &files)?;
    if restore.shared != Some(Side::Restored) {
        files.retain(|file| shared.iter().all(|s| s.file != file.path));
    }
    let Work { overlaps, left, .. } = work;
    Ok((files, Restoring { restore: restore.clone(), overlaps, shared, left }))
}

struct Work<'a> {
    place: &'a Place<'a>,
    restore: &'a Restore,
    /// The files that are no longer as they are at the head.
    now: BTreeMap<String, Option<String>>,
    /// What files of the head are called by now.
    names: BTreeMap<String, String>,
    overlaps: Vec<Overlap>,
    left: Vec<(String, String)>,
}

impl Work<'_> {
    /// Returns what was done to the environment's files, the newest first.
    fn steps(&mut self) -> Result<Vec<Step>, Trouble> {
        let mirror = self.place.mirror;
        let mut steps: Vec<Step> = Vec::new();
        for undone in &self.restore.undoes {
            let Some(since) = since(mirror, undone)? else {
                self.left.push((undone.deployment.to_string(), "its commit is the first one of the repository".to_owned()));
                continue;
            };
            let differences = mirror.compare(&since, &undone.commit)?;
            let mine = Mine::of(self.place, undone, &since)?;
            let moved: BTreeMap<String, String> = mirror
                .compare(&undone.commit, self.place.head)?
                .into_iter()
                .filter(git::Difference::renamed)
                .filter_map(|d| d.old.zip(d.new))
                .collect();
            for difference in differences {
                let here = difference.new.as_ref().map(|path| moved.get(path).unwrap_or(path).clone());
                if !mine.holds(&[difference.old.as_ref(), difference.new.as_ref(), here.as_ref()]) {
                    continue;
                }
                let sides = (state(mirror, &since, difference.old), state(mirror, &undone.commit, difference.new));
                let (before, after) = match sides {
                    (Ok(before), Ok(after)) => (before, after),
                    (Err(left), _) | (_, Err(left)) => {
                        self.left.push(left);
                        continue;
                    }
                };
                let goes_on = |s: &&mut Step| after.path.is_some() && s.before == after;
                match steps.iter_mut().find(goes_on) {
                    Some(step) => step.before = before,
                    None => steps.push(Step { before, after, here, commit: undone.commit.clone() }),
                }
            }
        }
        steps.retain(|step| step.before != step.after);
        Ok(steps)
    }

    /// Takes one step back.
    fn undo(&mut self, step: &Step) -> Result<(), Trouble> {
        let here = step.here.as_ref().or(step.before.path.as_ref());
        let here = here.map(|path| self.names.get(path).unwrap_or(path).clone());
        let Some(here) = here else { return Ok(()) };
        let current = match self.read(&here) {
            Ok(current) => current,
            Err(left) => {
                self.left.push(left);
                return Ok(());
            }
        };
        let (before, after) = (&step.before.text, &step.after.text);
        let text = match (&current, before, after) {
            _ if current == *after || current == *before => before.clone(),
            (Some(current), Some(before), Some(after)) => Some(self.merged((&here, step), (current, before, after))?),
            _ => {
                let overlap = self.overlap((&here, step), None, (current.clone(), before.clone()))?;
                if overlap == Side::Restored { before.clone() } else { current.clone() }
            }
        };
        let renamed = step.before.path.is_some() && step.after.path.is_some() && step.before.path != step.after.path;
        match step.before.path.clone().filter(|_| renamed && text.is_some()) {
            Some(back) => {
                self.names.insert(here.clone(), back.clone());
                self.now.insert(here, None);
                self.now.insert(back, text);
            }
            None => drop(self.now.insert(here, text)),
        }
        Ok(())
    }

    /// Joins what stands there with what stood there; clashes are asked, and stay as they are until they are answered.
    fn merged(&mut self, at: (&str, &Step), (current, before, after): (&str, &str, &str)) -> Result<String, Trouble> {
        let mut text = String::new();
        for part in threeway(after, current, before) {
            match part {
                Part::Agreed(lines) => text.push_str(&lines),
                Part::Clash(clash) => {
                    let sides = (Some(clash.ours.clone()), Some(clash.theirs.clone()));
                    let side = self.overlap(at, Some(clash.line), sides)?;
                    text.push_str(if side == Side::Restored { &clash.theirs } else { &clash.ours });
                }
            }
        }
        Ok(text)
    }

    /// Notes an overlap and returns how it is answered so far.
    fn overlap(
        &mut self,
        (file, step): (&str, &Step),
        line: Option<usize>,
        (theirs, restored): (Option<String>, Option<String>),
    ) -> Result<Side, Trouble> {
        let mark = mark(file, theirs.as_deref(), restored.as_deref());
        let answer = self.restore.answer(&mark);
        let by = by(self.place, file, &step.commit)?;
        self.overlaps.push(Overlap { file: file.to_owned(), line, theirs, restored, by, mark, answer });
        Ok(answer.unwrap_or(Side::Theirs))
    }

    fn read(&self, path: &str) -> Result<Option<String>, (String, String)> {
        match self.now.get(path) {
            Some(text) => Ok(text.clone()),
            None => text(self.place.mirror, self.place.head, path),
        }
    }

    /// Returns the files that are not as they are at the head.
    fn files(&self) -> Result<Vec<FileChange>, Trouble> {
        let mut out = Vec::new();
        for (path, after) in &self.now {
            let before = text(self.place.mirror, self.place.head, path)
                .map_err(|(path, why)| Trouble::failed("A file could not be read", path).why(why))?;
            if before != *after {
                out.push(FileChange { path: path.clone(), before, after: after.clone() });
            }
        }
        Ok(out)
    }
}

/// Returns the commit before which a deployment began; nothing when there is none.
fn since(mirror: &Mirror, undone: &Undone) -> Result<Option<CommitId>, Trouble> {
    match &undone.since {
        Some(since) => Ok(Some(since.clone())),
        None => Ok(mirror.commit_info(&undone.commit)?.parents.into_iter().next()),
    }
}

/// Says which files of a deployment's commit are its environment's.
enum Mine {
    /// These.
    Known(BTreeSet<String>),
    /// Those that the environment was, or is, made of, and whatever lies in its folder.
    Made(BTreeSet<String>, String),
}

impl Mine {
    fn of(place: &Place<'_>, undone: &Undone, since: &CommitId) -> Result<Self, Trouble> {
        if !undone.files.is_empty() {
            return Ok(Self::Known(undone.files.iter().cloned().collect()));
        }
        let path = &place.environment.gitops.path;
        let mut all = BTreeSet::new();
        for commit in [since, &undone.commit, place.head] {
            let files = closure::load(place.mirror, commit, path)?;
            all.extend(files.paths().map(str::to_owned));
        }
        Ok(Self::Made(all, path.trim_start_matches("./").trim_matches('/').to_owned()))
    }

    fn holds(&self, paths: &[Option<&String>]) -> bool {
        let mut paths = paths.iter().copied().flatten();
        match self {
            Self::Known(files) => paths.any(|path| files.contains(path)),
            Self::Made(files, folder) => paths.any(|path| files.contains(path) || files::within(path, folder)),
        }
    }
}

fn state(mirror: &Mirror, commit: &CommitId, path: Option<String>) -> Result<State, (String, String)> {
    let Some(path) = path else { return Ok(State::default()) };
    let text = text(mirror, commit, &path)?;
    Ok(State { path: Some(path), text })
}

/// Reads a text; the error names the path and says why it is none.
fn text(mirror: &Mirror, commit: &CommitId, path: &str) -> Result<Option<String>, (String, String)> {
    let bytes = mirror.file(commit, path).map_err(|error| (path.to_owned(), error.to_string()))?;
    let none = |_| (path.to_owned(), "it is no text".to_owned());
    bytes.map(|bytes| String::from_utf8(bytes).map_err(none)).transpose()
}

/// Returns what an overlap is known by as long as both of its sides stay the same.
fn mark(file: &str, theirs: Option<&str>, restored: Option<&str>) -> String {
    let mut hash = Sha256::new();
    for part in [Some(file), theirs, restored] {
        hash.update(part.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        hash.update(part.unwrap_or_default());
    }
    hex::encode(hash.finalize()).chars().take(12).collect()
}

/// Returns who changed a file after a commit, the newest first.
fn by(place: &Place<'_>, file: &str, since: &CommitId) -> Result<Vec<String>, Trouble> {
    let query = LogQuery { paths: vec![file.to_owned()], until: Some(since.clone()), limit: NAMED, ..LogQuery::default() };
    let told = |c: git::CommitInfo| format!("{}: {} ({})", c.author, c.subject, c.id.short());
    Ok(place.mirror.log(place.head, &query)?.into_iter().map(told).collect())
}

/// Returns the files that other environments are made of too.
fn shared(place: &Place<'_>, files: &[FileChange]) -> Result<Vec<SharedFile>, Trouble> {
    let mut shared: Vec<SharedFile> = Vec::new();
    for neighbour in place.neighbours {
        let theirs = closure::kept(place.mirror, place.kept, place.head, &neighbour.gitops.path)?;
        for file in files.iter().filter(|file| theirs.is_file(&file.path)) {
            match shared.iter_mut().find(|s| s.file == file.path) {
                Some(known) => known.environments.push(neighbour.id.clone()),
                None => shared.push(SharedFile { file: file.path.clone(), environments: vec![neighbour.id.clone()] }),
            }
        }
    }
    Ok(shared)
}
