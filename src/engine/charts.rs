//! The way to what charts render to, and what they rendered to lately. The program that renders is handed in from outside.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use domain::Trouble;
use futures::future::BoxFuture;
use manifest::Release;
use manifest::files::Files;

use crate::tasks::open;

/// Renders the chart of a release out of files: what `helm template` prints.
pub type Helm = Arc<dyn Fn(Files, Release) -> BoxFuture<'static, Result<String, Trouble>> + Send + Sync>;

/// How many renderings are kept; the side before a change stays the same while somebody types.
const KEPT: usize = 12;

/// Holds the way to what charts render to, and what they rendered to lately.
pub(crate) struct Charts {
    pub(crate) helm: Option<Helm>,
    kept: Mutex<VecDeque<(String, Arc<str>)>>,
}

impl Charts {
    pub(crate) fn new(helm: Option<Helm>) -> Self {
        Self { helm, kept: Mutex::default() }
    }

    /// Returns what something rendered to lately.
    pub(crate) fn known(&self, key: &str) -> Option<Arc<str>> {
        let mut kept = open(&self.kept);
        let at = kept.iter().position(|(known, _)| known == key)?;
        let found = kept.remove(at)?;
        let text = Arc::clone(&found.1);
        // The one that was asked for last goes last.
        kept.push_front(found);
        Some(text)
    }

    /// Keeps what something rendered to.
    pub(crate) fn keep(&self, key: String, text: Arc<str>) {
        let mut kept = open(&self.kept);
        kept.push_front((key, text));
        kept.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_again_and_again_stays() {
        let charts = Charts::new(None);
        charts.keep("before".to_owned(), "a".into());
        for typed in 0..KEPT * 2 {
            charts.keep(typed.to_string(), "b".into());
            assert_eq!(charts.known("before").as_deref(), Some("a"), "{typed}");
        }
        assert_eq!(charts.known("0"), None);
    }
}
