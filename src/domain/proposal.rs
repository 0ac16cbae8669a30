//! A change that waits on a branch of its own until others let it onto the environment's branch.
//!
//! Nothing here is an approval, and nothing here can give one: who may merge is the Git host's to decide. What is kept is what
//! was pushed, where it can be looked at, and how its content came onto the environment's branch, as that commit says of itself.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ident::DeploymentId;
use crate::project::Environment;
use crate::revision::CommitId;
use crate::text::hidden;

/// What the first stage says while it waits.
pub const WAITS: &str = "waits for approval on the Git host";

/// Holds a change that waits for approval on the Git host, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The branch of its own.
    pub branch: String,
    /// The commit with the reviewed content, on that branch.
    #[serde(default)]
    pub commit: Option<CommitId>,
    /// Since when the branch is on the server; absent until it is known to be.
    #[serde(default)]
    pub opened: Option<Time>,
    /// Where the server says that a merge request is opened or seen, when it says so of its own host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// How its content came onto the environment's branch, once it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived: Option<Arrived>,
}

/// Holds how the reviewed content came onto the environment's branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// The commit of that branch that brought it.
    pub commit: CommitId,
    /// In which way.
    pub how: How,
    /// Who put it there, as the commit says; nobody has checked that.
    pub by: String,
    /// When it was committed, as the commit says.
    pub at: Time,
}

/// Says in which way a change came onto a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The very commit, without another one.
    FastForward,
    /// By a merge commit.
    Merge,
    /// As a copy of the commit, with its message.
    Rebase,
    /// As another commit with the same content.
    Squash,
}

impl How {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FastForward => "merged by fast-forward",
            Self::Merge => "merged",
            Self::Rebase => "rebased",
            Self::Squash => "squashed",
        }
    }
}

impl Proposal {
    /// Begins a proposal for a deployment of a protected environment.
    pub fn of(id: &DeploymentId, environment: &Environment) -> Self {
        let (project, name) = (&environment.id.project, &environment.id.name);
        let branch = format!("{}{project}-{name}-{}", environment.proposal_prefix, id.short());
        Self { branch, commit: None, opened: None, link: None, arrived: None }
    }
}

/// Finds, in what a Git server said, where a merge request for a pushed branch is opened or seen.
///
/// Only an http or https address on the repository's own host is taken: whatever else a hook may print is not offered. GitHub
/// and Gitea say "pull request", GitLab "merge request", on the line of the address or the one before.
pub fn link(words: &str, repository: &str) -> Option<String> {
    let own = host(repository)?;
    let mut spoken = false;
    for line in words.lines() {
        let lower = line.to_lowercase();
        let speaks = ["merge request", "pull request"].iter().any(|word| lower.contains(word));
        for url in line.split_whitespace().filter_map(address) {
            let shown =
                ["/merge_requests/", "/pull/", "/pulls/", "/compare/", "/pull-requests/"].iter().any(|part| url.contains(part));
            if (speaks || spoken || shown) && host(url).is_some_and(|host| host == own) {
                return Some(url.to_owned());
            }
        }
        // An empty line between the sentence and its address is common.
        spoken = speaks || (spoken && line.trim().is_empty());
    }
    None
}

/// Returns the http or https address that a word is, without what punctuation the sentence put around it.
fn address(word: &str) -> Option<&str> {
    let around = |c: char| "<>()[]{}\"'`,;".contains(c);
    let word = word.trim_start_matches(around).trim_end_matches(|c| around(c) || ".:!".contains(c));
    let fine = (word.starts_with("https://") || word.starts_with("http://"))
        && !word.chars().any(|c| hidden(c) || !c.is_ascii_graphic());
    let authority = word.split_once("://")?.1.split(['/', '?', '#']).next()?;
    (fine && !authority.contains('@') && !word.contains('\\')).then_some(word)
}

/// Returns the host of a repository's address or of a web address, in lower case and without its port.
fn host(url: &str) -> Option<String> {
    let authority = match url.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => return None,
        Some((_, rest)) => rest.split(['/', '?', '#']).next()?,
        // user@host:path, as ssh has it.
        None if url.starts_with('/') => return None,
        None => url.split_once(':')?.0,
    };
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let name = match place.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => place.split(':').next()?,
    };
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: &str = "Resolving deltas: 100% (2/2), done.\n\nCreate a pull request for 'q/x' on GitHub by visiting:\n\
                          \x20    https://github.com/acme/shop/pull/new/q/x\n\n";
    const GITLAB: &str = "\nTo create a merge request for q/x, visit:\n  \
                          https://gitlab.acme.example/a/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=q%2Fx\n\n";
    const GITEA: &str = "\nCreate a new pull request for 'q/x':\n  http://git.acme.example:3000/a/b/compare/main...q/x\n\n";

    #[test]
    fn the_link_of_a_merge_request_is_found_in_each_hosts_words() {
        let table = [
            (GITHUB, "git@github.com:acme/shop.git", Some("https://github.com/acme/shop/pull/new/q/x")),
            (GITHUB, "https://GitHub.com/acme/shop", Some("https://github.com/acme/shop/pull/new/q/x")),
            (
                GITLAB,
                "ssh://git@gitlab.acme.example:2222/a/b.git",
                Some("https://gitlab.acme.example/a/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=q%2Fx"),
            ),
            (GITEA, "http://git.acme.example:3000/a/b.git", Some("http://git.acme.example:3000/a/b/compare/main...q/x")),
            ("View merge request for x:\n https://h/a/-/merge_requests/7", "https://h/a", Some("https://h/a/-/merge_requests/7")),
            ("Visit the existing pull request (https://h/a/pulls/1).", "https://h/a", Some("https://h/a/pulls/1")),
        ];
        for (words, repository, wanted) in table {
            assert_eq!(link(words, repository).as_deref(), wanted, "{words}");
        }
    }

    #[test]
    fn no_other_address_is_offered() {
        let table = [
            (GITHUB, "git@github.com.evil.example:acme/shop.git"),
            ("Open a pull request: https://evil.example/github.com/pull/1", "https://github.com/a/b"),
            ("Open a pull request: https://github.com@evil.example/pull/1", "https://github.com/a/b"),
            ("Open a pull request: javascript://github.com/pull/1", "https://github.com/a/b"),
            ("Open a pull request: https://github.com/pull/\u{202e}1", "https://github.com/a/b"),
            ("Open a pull request: https://github.com\\@evil.example/pull/1", "https://github.com/a/b"),
            ("2 vulnerabilities: https://github.com/a/b/security/dependabot", "https://github.com/a/b"),
            ("Open a pull request: https://github.com/a/b/pull/1", "file:///srv/b.git"),
            ("", "https://github.com/a/b"),
        ];
        for (words, repository) in table {
            assert_eq!(link(words, repository), None, "{words}");
        }
    }
}
