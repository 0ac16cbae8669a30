//! The files of the paths of a repository that were read last. What stands at a commit never changes, and a form, its previews
//! and its submit ask for the same files again and again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use domain::revision::CommitId;
use manifest::files::Files;

use crate::tasks::open;

/// How many sets of files are kept for a repository.
const MOST: usize = 4;

/// Holds files by commit and path, the last ones first.
#[derive(Default)]
pub(crate) struct Kept(Mutex<VecDeque<(CommitId, String, Arc<Files>)>>);

impl Kept {
    /// Returns the files of a path at a commit, read now if they are not here.
    pub(crate) fn get<E>(&self, commit: &CommitId, path: &str, read: impl FnOnce() -> Result<Files, E>) -> Result<Arc<Files>, E> {
        let mut kept = open(&self.0);
        if let Some(at) = kept.iter().position(|(c, p, _)| c == commit && p == path)
            && let Some(found) = kept.remove(at)
        {
            let files = Arc::clone(&found.2);
            kept.push_front(found);
            return Ok(files);
        }
        drop(kept);
        let files = Arc::new(read()?);
        let mut kept = open(&self.0);
        kept.push_front((commit.clone(), path.to_owned(), Arc::clone(&files)));
        kept.truncate(MOST);
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn files_are_read_once_and_the_oldest_go() {
        let kept = Kept::default();
        let commit = |c: char| CommitId::parse(&c.to_string().repeat(40)).unwrap();
        let mut reads = 0;
        let mut get = |c: char| {
            kept.get(&commit(c), "k8s", || {
                reads += 1;
                Ok::<_, ()>(Files::new())
            })
            .unwrap();
            reads
        };
        assert_eq!(['a', 'a', 'b', 'c', 'a', 'd', 'e', 'a', 'b'].map(&mut get), [1, 1, 2, 3, 3, 4, 5, 5, 6]);
        assert_eq!(kept.get(&commit('f'), "k8s", || Err(())), Err(()));
    }
}
