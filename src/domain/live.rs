//! A live object as text that is edited: what an editor gets, what it gives back, and what that would do.

use std::sync::Arc;

use crate::change::Finding;
use crate::flux::ObjectKey;
use crate::orders::Apply;
use crate::origin::Origin;
pub use crate::private::{MASK, Private};
use crate::trouble::Trouble;

/// Holds a live object as text, without status and bookkeeping, the values of a Secret masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveText {
    /// Which one.
    pub key: ObjectKey,
    /// The server's identity for it.
    pub uid: String,
    /// The version that was read.
    pub version: String,
    /// The text.
    pub text: Private,
    /// How many values are masked.
    pub masked: usize,
    /// Where it comes from, when Flux applied it.
    pub origin: Option<Origin>,
}

impl LiveText {
    /// Returns the text with what an editor of it should know, as comments on top of it.
    pub fn draft(&self, notes: &[String]) -> String {
        let mut out = format!(
            "# {} in {}. Save and leave to go on; nothing is applied before you have seen what changes.\n",
            self.key, self.key.cluster
        );
        if self.masked > 0 {
            let values = self.masked.to_string();
            let keep = " to keep one, write another in its place to replace it.\n";
            out.extend(["# ", &values, " values are secret: leave ", MASK, keep]);
        }
        if let Some(origin) = &self.origin {
            out.extend(["# From ", &origin.line(), ".\n# ", &origin.warning(), "\n"]);
        }
        for line in notes.iter().flat_map(|note| note.lines()) {
            out.extend(["# ! ", line, "\n"]);
        }
        out.push_str(self.text.text());
        out
    }
}

/// Holds what came back from an editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// What was edited.
    pub base: Arc<LiveText>,
    /// The text afterwards.
    pub text: Private,
}

/// Holds what somebody else changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The fields that they changed, as dotted paths.
    pub theirs: Vec<String>,
    /// Those of them that this edit changes too; then it has to be looked at again.
    pub both: Vec<String>,
    /// The newest state with this edit on top of it, to go on from.
    pub again: Arc<LiveText>,
    /// That state without this edit.
    pub newest: Arc<LiveText>,
}

/// Holds what an edit would do.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveReview {
    /// Which object.
    pub key: ObjectKey,
    /// What the checks say: syntax with line, schema.
    pub findings: Vec<Finding>,
    /// What the server says against it, when it was asked.
    pub refused: Option<Trouble>,
    /// The object now, masked.
    pub before: Arc<str>,
    /// The object afterwards as the server would store it, masked.
    pub after: Arc<str>,
    /// What somebody else changed meanwhile.
    pub moved: Option<Moved>,
    /// The order that does it; absent when nothing changes or something is wrong.
    pub order: Option<Apply>,
}

impl LiveReview {
    /// Tells whether the text is what the cluster has already.
    pub fn is_empty(&self) -> bool {
        self.order.is_none() && !self.is_wrong()
    }

    /// Tells whether something has to be mended first.
    pub fn is_wrong(&self) -> bool {
        let error = |f: &Finding| f.severity == crate::change::Severity::Error;
        self.refused.is_some() || self.findings.iter().any(error) || self.moved.as_ref().is_some_and(|m| !m.both.is_empty())
    }

    /// Returns what is wrong, a sentence each.
    pub fn faults(&self) -> Vec<String> {
        let mut out: Vec<String> =
            self.findings.iter().filter(|f| f.severity == crate::change::Severity::Error).map(told).collect();
        out.extend(self.refused.as_ref().map(ToString::to_string));
        if let Some(moved) = self.moved.as_ref().filter(|moved| !moved.both.is_empty()) {
            out.push(format!("Somebody changed this too meanwhile: {}. Look at it again.", moved.both.join(", ")));
        }
        out
    }
}

/// Returns a finding with its line.
pub fn told(finding: &Finding) -> String {
    match finding.line {
        Some(line) if !finding.message.starts_with("line ") => format!("line {line}: {}", finding.message),
        _ => finding.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_never_printed_by_accident() {
        let text = Private::new("hunter2");
        assert_eq!((format!("{text:?}"), text.text()), ("Private(7 bytes)".to_owned(), "hunter2"));
    }
}
