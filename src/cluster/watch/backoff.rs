//! How long to wait before the next try: 0.8 s doubled up to 4 s, with jitter, so that many do not knock at once.
//!
//! The bound is low since a list has to be right ten seconds after whatever was wrong is mended; an outage of the whole
//! server is the heartbeat's matter, which asks once for all.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(800);
const MOST: Duration = Duration::from_secs(4);
/// How long things must have gone well for the failures before to be forgotten.
const HEALTHY: Duration = Duration::from_mins(1);

/// Counts failures and says how long to wait after each.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    well_since: Option<Instant>,
    seed: RandomState,
}

impl Backoff {
    /// Begins without failures.
    pub(super) fn new() -> Self {
        Self { failures: 0, well_since: None, seed: RandomState::new() }
    }

    /// Notes that it works now.
    pub(super) fn works(&mut self) {
        self.well_since.get_or_insert_with(Instant::now);
    }

    /// Notes a failure and returns how long to wait; the first after a healthy time is tried again at once.
    pub(super) fn failed(&mut self) -> Duration {
        if self.well_since.take().is_some_and(|since| since.elapsed() >= HEALTHY) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 {
            return self.spread(Duration::from_millis(100));
        }
        let doubled = FIRST.saturating_mul(1 << (self.failures - 2).min(8));
        self.spread(doubled.min(MOST))
    }

    /// Tells whether there was no failure since things last went well for long.
    pub(super) fn is_first(&self) -> bool {
        self.failures == 0 || self.well_since.is_some_and(|since| since.elapsed() >= HEALTHY)
    }

    /// Returns a duration between this one and half as much more.
    fn spread(&self, whole: Duration) -> Duration {
        let dice = self.seed.hash_one(self.failures) % 1000;
        whole + whole.mul_f64(f64::from(u32::try_from(dice).unwrap_or(0)) / 2000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_to_a_bound_and_are_forgotten_after_health() {
        let mut backoff = Backoff::new();
        assert!(backoff.is_first());
        assert!(backoff.failed() < Duration::from_millis(200), "the first is tried again at once");
        let waits: Vec<Duration> = (0..10).map(|_| backoff.failed()).collect();
        assert!(waits.iter().zip(waits.iter().skip(1)).take(3).all(|(a, b)| b > a), "{waits:?}");
        assert!(waits.iter().all(|w| *w >= FIRST && *w <= MOST.mul_f64(1.5)), "{waits:?}");
        backoff.works();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(!backoff.is_first());
        assert!(backoff.failed() >= MOST, "a short success forgives nothing");
        backoff.works();
        tokio::time::advance(HEALTHY).await;
        assert!(backoff.is_first());
        assert!(backoff.failed() < Duration::from_millis(200));
    }
}
