//! Going back: what a rollback or a revert takes back, what has to be answered first, and what would bring it all forth again.
//!
//! A rollback is no copy of old files: it takes back what deployments did, the newest first, so that what others did in the same
//! files stays. It is worked out anew on every head, like the edits of a form.

use serde::{Deserialize, Serialize};

use crate::flux::ObjectKey;
use crate::ident::{DeploymentId, EnvironmentId};
use crate::revision::CommitId;

/// Says how far to go back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Back {
    /// To the last deployment that was healthy before the present one.
    Previous,
    /// To the state that this deployment made.
    To(DeploymentId),
    /// Only what this deployment did is taken back, as `git revert` does.
    Revert(DeploymentId),
}

/// Holds what is taken back, and how the operator has answered what it asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Restore {
    /// The deployment whose state is returned to; absent when a single one is reverted.
    pub to: Option<DeploymentId>,
    /// What is taken back, the newest first.
    pub undoes: Vec<Undone>,
    /// What becomes of every overlap that has no answer of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlaps: Option<Side>,
    /// The answers to single overlaps, by their marks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<(String, Side)>,
    /// What becomes of files that other environments use too; asked when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Side>,
    /// The image automations that are suspended first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspend: Vec<ObjectKey>,
}

impl Restore {
    /// Returns the journal's word for it.
    pub const fn act(&self) -> &'static str {
        if self.to.is_some() { "rollback" } else { "revert" }
    }

    /// Returns what other people did that is taken back, the newest first: `8fk2qa by Eve (replicas 3 → 6)`.
    pub fn of_others(&self) -> Vec<String> {
        let told = |undone: &Undone| {
            let by = undone.by.as_ref()?;
            let summary = if undone.summary.is_empty() { String::new() } else { format!(" ({})", undone.summary) };
            Some(format!("{} by {by}{summary}", undone.deployment.short()))
        };
        self.undoes.iter().filter_map(told).collect()
    }

    /// Returns how an overlap is answered.
    pub fn answer(&self, mark: &str) -> Option<Side> {
        self.answers.iter().find(|(of, _)| of == mark).map(|(_, side)| *side).or(self.overlaps)
    }

    /// Answers one overlap.
    pub fn settle(&mut self, mark: &str, side: Side) {
        self.answers.retain(|(of, _)| of != mark);
        self.answers.push((mark.to_owned(), side));
    }
}

/// Names a deployment that is taken back, and the two states between which it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Undone {
    /// Which one.
    pub deployment: DeploymentId,
    /// What it changed, in short.
    #[serde(default)]
    pub summary: String,
    /// Who made it, when that was somebody else than the one who takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Its commit.
    pub commit: CommitId,
    /// The commit before which it began, when several were pushed at once; its commit's first parent when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<CommitId>,
    /// The files that it is known to have changed for its environment; when empty, those that the environment is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// Says which of two states lines or a file get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// They stay as somebody else has made them since.
    Theirs,
    /// They become what they were.
    Restored,
}

/// Holds what a rollback comes to besides its files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Restoring {
    /// What is taken back, and how far.
    pub restore: Restore,
    /// Where somebody else has changed the very lines that would go back.
    pub overlaps: Vec<Overlap>,
    /// Files that other environments use too.
    pub shared: Vec<SharedFile>,
    /// The paths that could not be restored, and why not.
    #[serde(default)]
    pub left: Vec<(String, String)>,
}

impl Restoring {
    /// Tells how many questions are open.
    pub fn open(&self) -> usize {
        let shared = usize::from(self.restore.shared.is_none() && !self.shared.is_empty());
        self.overlaps.iter().filter(|overlap| overlap.answer.is_none()).count() + shared
    }
}

/// Holds lines, or a whole file, that others changed after a deployment that is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// The file, as it is called at the branch's head.
    pub file: String,
    /// The first of the lines at the head, from 1; absent when the whole file is meant.
    pub line: Option<usize>,
    /// What stands there now; absent when the file is gone.
    pub theirs: Option<String>,
    /// What stood there; absent when there was no such file.
    pub restored: Option<String>,
    /// Who changed the file since: `Eve: Scale (a41f09c)`, the newest first.
    pub by: Vec<String>,
    /// What it is known by while both sides stay the same.
    pub mark: String,
    /// How it was answered.
    pub answer: Option<Side>,
}

/// Holds a file that changes and that other environments use too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFile {
    /// The file.
    pub file: String,
    /// Those environments.
    pub environments: Vec<EnvironmentId>,
}

/// Holds an image automation that would overwrite what a change writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwriter {
    /// The ImageUpdateAutomation.
    pub automation: ObjectKey,
    /// The ImagePolicy that the line names.
    pub policy: String,
    /// The file.
    pub file: String,
    /// The line in it after the change, from 1.
    pub line: usize,
    /// What it would write there; absent when that is not known.
    pub latest: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_did_is_named() {
        let undone = |id: &str, by: Option<&str>, summary: &str| Undone {
            deployment: DeploymentId::new(id),
            summary: summary.to_owned(),
            by: by.map(str::to_owned),
            commit: CommitId::parse(&"a".repeat(40)).unwrap_or_else(|| unreachable!("it is one")),
            since: None,
            files: Vec::new(),
        };
        let undoes =
            vec![undone("01jd6k00000000000000000009", Some("Eve"), "replicas 3"), undone("01jd6k00000000000000000008", None, "")];
        let restore = Restore { undoes, ..Restore::default() };
        assert_eq!(restore.of_others(), ["000009 by Eve (replicas 3)"]);
    }

    #[test]
    fn an_answer_of_its_own_goes_over_the_one_for_all() {
        let mut restore = Restore { overlaps: Some(Side::Theirs), ..Restore::default() };
        assert_eq!(restore.answer("a"), Some(Side::Theirs));
        restore.settle("a", Side::Restored);
        restore.settle("a", Side::Restored);
        assert_eq!(
            (restore.answer("a"), restore.answer("b"), restore.answers.len()),
            (Some(Side::Restored), Some(Side::Theirs), 1)
        );
    }
}
