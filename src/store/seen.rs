//! Up to which commit an environment's branch was looked through for what others pushed: one file per environment.
//!
//! It is no operation and so not in the journal; what was found is. When a file is lost, looking begins at what is recorded.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use domain::ident::EnvironmentId;
use domain::revision::CommitId;
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::Error;

/// Holds up to where a branch was looked through. Another branch or path is looked through from its own beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The branch.
    pub branch: String,
    /// The path.
    pub path: String,
    /// The last commit that was looked at.
    pub commit: CommitId,
}

#[derive(Serialize, Deserialize)]
struct Sheet<M> {
    v: u32,
    mark: M,
}

/// Holds the folder of the marks.
#[derive(Debug, Clone)]
pub struct Seen {
    folder: PathBuf,
}

impl Seen {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { folder: dir.join("seen") }
    }

    fn path(&self, environment: &EnvironmentId) -> PathBuf {
        self.folder.join(format!("{}.{}.json", environment.project, environment.name))
    }

    /// Keeps the mark of an environment, in place of the one before. Whoever calls it holds the environment's lease.
    pub fn save(&self, environment: &EnvironmentId, mark: &Mark) -> Result<(), Error> {
        let path = self.path(environment);
        disk::make_dir(&self.folder)?;
        let bytes = serde_json::to_vec(&Sheet { v: 1, mark })?;
        disk::write_whole(&path.with_extension("new"), &path, &bytes).map_err(Error::io("cannot write", &path))
    }

    /// Returns the mark of an environment; none when there is none, or none that can be read.
    pub fn load(&self, environment: &EnvironmentId) -> Result<Option<Mark>, Error> {
        let path = self.path(environment);
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice::<Sheet<Mark>>(&bytes).ok().map(|sheet| sheet.mark)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("cannot read", &path)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use domain::ident::Slug;

    #[test]
    fn marks_come_back_and_a_damaged_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let seen = Seen::new(dir.path());
        let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("dev").unwrap());
        assert_eq!(seen.load(&id).unwrap(), None);
        let commit = CommitId::parse(&"a".repeat(40)).unwrap();
        let mark = Mark { branch: "develop".to_owned(), path: "k8s".to_owned(), commit };
        seen.save(&id, &mark).unwrap();
        assert_eq!(seen.load(&id).unwrap(), Some(mark));
        fs::write(dir.path().join("seen/shop.dev.json"), b"{").unwrap();
        assert_eq!(seen.load(&id).unwrap(), None);
    }
}
