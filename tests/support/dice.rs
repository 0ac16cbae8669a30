//! Chance by a seed: the same numbers everywhere, for ever, and the seeds that a test is run with.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::ops::Range;

/// A small generator of our own (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    /// Begins a series.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below that many.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// Returns one of several.
    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.roll(u64::try_from(all.len()).unwrap_or(1));
        all[usize::try_from(at).unwrap_or(0)]
    }
}

/// Returns the seeds of a run: those that a variable names (`1-201`, the last one left out), else the fixed ones and as many
/// others as `QUARTERDECK_RANDOM_SEEDS` says. Those are told on the error stream, past the harness.
pub(crate) fn seeds(variable: &str, fixed: Range<u64>) -> Vec<u64> {
    if let Ok(given) = std::env::var(variable) {
        let ends = given.split_once('-').and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
        return ends.unwrap_or_else(|| panic!("{variable} is two numbers, such as 1-201")).collect();
    }
    let more = std::env::var("QUARTERDECK_RANDOM_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    // Small enough to be typed again.
    let random: Vec<u64> = (0..more).map(|_| RandomState::new().hash_one(variable) % 1_000_000_000).collect();
    for seed in &random {
        // Nobody is there to be told when the error stream is closed.
        #[expect(clippy::disallowed_methods, reason = "past the capture of the harness")]
        drop(writeln!(std::io::stderr(), "{variable}={seed}-{}", seed + 1));
    }
    fixed.chain(random).collect()
}

/// Returns the seeds of a run and the first few once more: what is lived through twice has to be the same.
pub(crate) fn seeds_and_again(variable: &str, fixed: Range<u64>, again: usize) -> Vec<u64> {
    let mut seeds = seeds(variable, fixed);
    seeds.extend_from_within(..seeds.len().min(again));
    seeds
}

/// Looks that every history of a seed is the same.
pub(crate) fn assert_same(histories: impl IntoIterator<Item = (u64, Vec<String>)>) {
    let mut first = BTreeMap::new();
    for (seed, history) in histories {
        let before = first.entry(seed).or_insert_with(|| history.clone());
        assert_eq!(*before, history, "seed {seed} does the same twice");
    }
}
