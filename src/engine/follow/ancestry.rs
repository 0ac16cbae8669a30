//! How the commits that Flux names stand to ours: by equality, else by history, remembered.

use std::collections::{BTreeMap, BTreeSet};

use domain::revision::CommitId;
use domain::voyage::Ancestry;

use crate::repos::Repo;

/// Remembers how commits stand to one of ours.
#[derive(Debug)]
pub(super) struct Ancestors {
    ours: CommitId,
    known: BTreeMap<CommitId, Ancestry>,
    /// Commits that no fetch brought; they are tried again when something else moves, or after a while.
    missing: BTreeSet<CommitId>,
}

impl Ancestors {
    pub(super) const fn of(ours: CommitId) -> Self {
        Self { ours, known: BTreeMap::new(), missing: BTreeSet::new() }
    }

    /// Returns how each of these stands to ours; what history does not know yet is fetched once.
    pub(super) async fn of_all(&mut self, repo: &Repo, theirs: &[CommitId]) -> BTreeMap<CommitId, Ancestry> {
        self.missing.retain(|commit| theirs.contains(commit));
        for commit in theirs {
            if *commit == self.ours {
                self.known.insert(commit.clone(), Ancestry::Exact);
            }
            if self.known.contains_key(commit) || self.missing.contains(commit) {
                continue;
            }
            match self.ask(repo, commit).await {
                Some(ancestry) => drop(self.known.insert(commit.clone(), ancestry)),
                None => drop(self.missing.insert(commit.clone())),
            }
        }
        theirs.iter().filter_map(|c| self.known.get(c).map(|a| (c.clone(), *a))).collect()
    }

    /// Tells whether there is a commit that no fetch brought yet.
    pub(super) fn lacks(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Lets what no fetch brought be tried again: nothing may ever move on the cluster that would ask for it.
    pub(super) fn again(&mut self) {
        self.missing.clear();
    }

    async fn ask(&self, repo: &Repo, commit: &CommitId) -> Option<Ancestry> {
        let stand = |contains| if contains { Ancestry::Past } else { Ancestry::Behind };
        if let Some(contains) = repo.contains(self.ours.clone(), commit.clone()).await {
            return Some(stand(contains));
        }
        repo.fetch().await.ok()?;
        repo.contains(self.ours.clone(), commit.clone()).await.map(stand)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]

    use std::path::Path;
    use std::sync::Arc;

    use domain::Time;
    use domain::project::{Credential, Provider, Repository};
    use domain::safe::NoSafe;
    use git::{Author, FileChange, seed};

    use super::*;
    use crate::repos::Repos;

    fn commit(remote: &Path, text: &str) -> CommitId {
        let eve = Author { name: "Eve".into(), email: "eve@acme.example".into() };
        seed::commit_files(remote, "main", &[FileChange::write("a", text)], (text, &eve, Time::UNIX_EPOCH)).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_commit_that_was_not_fetched_yet_is_fetched_and_not_taken_as_one_behind() {
        let dir = tempfile::tempdir().unwrap();
        let remote = dir.path().join("origin.git");
        seed::init_bare(&remote, "main").unwrap();
        let ours = commit(&remote, "ours");
        let repository = Repository {
            provider: Provider::default(),
            url: remote.display().to_string(),
            default_branch: "main".into(),
            credential: Credential::None,
        };
        let repos = Repos::new(dir.path().join("mirrors"), Arc::new(NoSafe), Arc::new(|| Time::UNIX_EPOCH), Arc::default());
        let repo = repos.get(&repository);
        repo.fetch().await.unwrap();
        let later = commit(&remote, "later");
        assert_eq!(repo.contains(ours.clone(), later.clone()).await, None, "nobody knows yet");
        let mut ancestors = Ancestors::of(ours.clone());
        let stand = ancestors.of_all(&repo, &[ours.clone(), later.clone()]).await;
        assert_eq!(stand, BTreeMap::from([(ours, Ancestry::Exact), (later, Ancestry::Past)]));
        assert!(!ancestors.lacks());
    }
}
