//! What time it is, and how fast the engine works on its own.

use std::sync::Arc;
use std::time::Duration;

use domain::Time;
use tokio::time::Instant;

/// Tells what time it is.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Holds how fast the engine works on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How often a repository is asked when nothing hints at news.
    pub git_poll: Duration,
    /// How long a published world stays before the next one; changes meanwhile are gathered.
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

/// By how much the clock may go wrong against the time that passes before that is a jump.
const JUMP: i64 = 5_000;

/// Notices when the clock jumps: the machine slept, or somebody set it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steady {
    clock: Time,
    passed: Instant,
}

impl Steady {
    pub(crate) fn new(now: Time) -> Self {
        Self { clock: now, passed: Instant::now() }
    }

    /// Returns by how many milliseconds the clock jumped since it was looked at last; 0 when it did not.
    pub(crate) fn jump(&mut self, now: Time) -> i64 {
        let passed = i64::try_from(self.passed.elapsed().as_millis()).unwrap_or(i64::MAX);
        let off = (now.as_millisecond() - self.clock.as_millisecond()).saturating_sub(passed);
        if off.abs() < JUMP {
            return 0;
        }
        *self = Self::new(now);
        off
    }
}
