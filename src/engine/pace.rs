//! What time it is, and how fast the engine works on its own.

use std::sync::Arc;
use std::time::Duration;

use domain::Time;

/// Tells what time it is.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Holds how fast the engine works on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How often a repository is asked when nothing hints at news.
    pub git_poll: Duration,
    /// How long changes are gathered before a world is published.
    pub batch: Duration,
    /// The first pause after a failure; it doubles up to sixteen times itself.
    pub retry: Duration,
    /// How long a namespace stays watched after nobody looks into it any more.
    pub linger: Duration,
}

impl Default for Pace {
    /// Returns 30 s, 60 ms, 1 s and 30 s.
    fn default() -> Self {
        Self {
            git_poll: Duration::from_secs(30),
            batch: Duration::from_millis(60),
            retry: Duration::from_secs(1),
            linger: Duration::from_secs(30),
        }
    }
}

impl Pace {
    /// Returns the pause before the next attempt.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        self.retry * 2_u32.pow(failures.min(4))
    }
}
