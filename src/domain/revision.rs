//! Commits and the revisions that Flux writes about them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::text::Text;

/// Holds a Git commit id: 40 (or 64) lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommitId(String);

impl CommitId {
    /// Takes a commit id if the text is one.
    pub fn parse(text: &str) -> Option<Self> {
        let whole = text.len() == 40 || text.len() == 64;
        (whole && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| Self(text.to_ascii_lowercase()))
    }

    /// Returns all digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first seven digits.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Holds one commit as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CommitLine {
    /// The commit.
    pub id: CommitId,
    /// The author's name.
    pub author: String,
    /// When.
    pub time: Option<Time>,
    /// The subject line.
    pub subject: String,
}

/// Holds a revision as Flux writes it: `main@sha1:<id>`, `1.2.3@sha256:<digest>`, `sha256:<digest>`, a chart version.
///
/// The format is Flux's own since source API v1 ("RFC-0005: artifact revision format and introduction of digest").
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub Text);

impl Revision {
    /// Builds the revision that source-controller writes for a commit on a branch.
    pub fn of_branch(branch: &str, commit: &CommitId) -> Self {
        format!("{branch}@sha1:{commit}").into()
    }

    /// Returns the named part before `@`: a branch, a tag or a version.
    pub fn reference(&self) -> Option<&str> {
        self.0.split_once('@').map(|(name, _)| name).filter(|name| !name.is_empty())
    }

    /// Returns the Git commit, when this is the revision of a Git source.
    pub fn commit(&self) -> Option<CommitId> {
        let tail = self.0.rsplit_once(['@', '/']).map_or(self.0.as_str(), |(_, tail)| tail);
        CommitId::parse(tail.strip_prefix("sha1:").or_else(|| tail.strip_prefix("sha256:")).unwrap_or(tail))
    }

    /// Returns the short form for screens: `main@9e1c21d`, `6.5.4`, `latest@3f2a9c1`.
    pub fn short(&self) -> String {
        let (name, rest) = self.0.split_once('@').map_or(("", self.0.as_str()), |(n, r)| (n, r));
        let digest = rest.split_once(':').map_or(rest, |(_, digest)| digest);
        let hex = digest.len() >= 40 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let digest = if hex { digest.get(..7).unwrap_or(digest) } else { digest };
        if name.is_empty() { digest.to_owned() } else { format!("{name}@{digest}") }
    }

    /// Tells whether there is no revision yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Revision {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_shows_its_short_form_and_its_commit() {
        let id = "9e1c21d0c0ffee9e1c21d0c0ffee9e1c21d0c0ff";
        let table = [
            (format!("main@sha1:{id}"), "main@9e1c21d", true),
            (format!("feature/a@sha1:{id}"), "feature/a@9e1c21d", true),
            (format!("main/{id}"), "main/9e1c21d0c0ffee9e1c21d0c0ffee9e1c21d0c0ff", true),
            ("6.5.4".to_owned(), "6.5.4", false),
            (format!("sha1:{id}"), "9e1c21d", true),
        ];
        for (text, short, commit) in table {
            let revision = Revision(text.as_str().into());
            assert_eq!(revision.short(), short, "{text}");
            assert_eq!(revision.commit().is_some(), commit, "{text}");
        }
    }
}
