//! How long to wait before the next try: 0.8 s doubled up to 4 s, with jitter, so that many do not knock at once.
//!
//! The bound is low since a list has to be right ten seconds after whatever was wrong is mended; an outage of the whole
//! server is the heartbeat's matter, which asks once for all.

use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _, RandomState};
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
    /// What the jitter comes from; one for each watch, so that many spread.
    seed: u64,
}

impl Backoff {
    /// Begins without failures.
    pub(super) fn new() -> Self {
        Self::seeded(RandomState::new().hash_one(()))
    }

    /// Begins without failures, with the jitter of this seed.
    fn seeded(seed: u64) -> Self {
        Self { failures: 0, well_since: None, seed }
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

    /// Tells whether there was one failure at most since then: nobody has been told of any yet.
    pub(super) fn is_early(&self) -> bool {
        self.failures <= 1 || self.is_first()
    }

    /// Returns a duration between this one and half as much more.
    fn spread(&self, whole: Duration) -> Duration {
        let mut dice = DefaultHasher::new();
        (self.seed, self.failures).hash(&mut dice);
        let dice = dice.finish() % 1000;
        whole + whole.mul_f64(f64::from(u32::try_from(dice).unwrap_or(0)) / 2000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_to_a_bound_and_are_forgotten_after_health() {
        for seed in 0..500 {
            let mut backoff = Backoff::seeded(seed);
            assert!(backoff.is_first());
            assert!(backoff.failed() < Duration::from_millis(200), "the first is tried again at once");
            let waits: Vec<Duration> = (0..10).map(|_| backoff.failed()).collect();
            // Each doubling is more than the jitter of the wait before; at the bound only jitter is left.
            assert!(waits.windows(2).take(2).all(|pair| pair[0] < pair[1]), "seed {seed}: {waits:?}");
            assert!(waits.iter().all(|w| *w >= FIRST && *w <= MOST.mul_f64(1.5)), "seed {seed}: {waits:?}");
            assert!(waits.iter().skip(3).all(|w| *w >= MOST), "seed {seed}: {waits:?}");
            backoff.works();
            tokio::time::advance(Duration::from_secs(5)).await;
            assert!(!backoff.is_first());
            assert!(backoff.failed() >= MOST, "seed {seed}: a short success forgives nothing");
            backoff.works();
            tokio::time::advance(HEALTHY).await;
            assert!(backoff.is_first());
            assert!(backoff.failed() < Duration::from_millis(200));
        }
    }

    #[test]
    fn many_do_not_knock_at_once() {
        let waits: std::collections::HashSet<Duration> = (0..100)
            .map(|seed| {
                let mut backoff = Backoff::seeded(seed);
                backoff.failed();
                backoff.failed()
            })
            .collect();
        assert!(waits.len() > 80, "{} different waits of 100", waits.len());
    }
}
