//! What went wrong outside any order: the newest first, none overwriting another, the same one not twice in a row.

use std::sync::{Arc, Mutex};

use domain::Trouble;
use domain::world::Mishap;
use tokio::sync::Notify;

use crate::pace::Clock;
use crate::tasks::open;

/// How many are kept.
const KEPT: usize = 200;

/// Holds the mishaps of one engine.
pub(crate) struct Mishaps {
    clock: Clock,
    told: Mutex<Arc<Vec<Mishap>>>,
    changed: Arc<Notify>,
}

impl Mishaps {
    /// Builds an empty list that rings when it grows.
    pub(crate) fn new(clock: Clock, changed: Arc<Notify>) -> Self {
        Self { clock, told: Mutex::default(), changed }
    }

    /// Adds one, unless the newest says the same.
    pub(crate) fn add(&self, trouble: Trouble) {
        {
            let mut told = open(&self.told);
            if told.first().is_some_and(|newest| newest.trouble == trouble) {
                return;
            }
            tracing::warn!(%trouble, "mishap");
            let told = Arc::make_mut(&mut told);
            told.insert(0, Mishap { time: (self.clock)(), trouble });
            told.truncate(KEPT);
        }
        self.changed.notify_one();
    }

    /// Returns all of them.
    pub(crate) fn all(&self) -> Arc<Vec<Mishap>> {
        Arc::clone(&open(&self.told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_overwrites_another_and_the_same_is_told_once() {
        let mishaps = Mishaps::new(Arc::new(|| domain::Time::UNIX_EPOCH), Arc::default());
        for what in ["a", "a", "b", "a"] {
            mishaps.add(Trouble::failed(what, "x"));
        }
        let told: Vec<_> = mishaps.all().iter().map(|m| m.trouble.what.clone()).collect();
        assert_eq!(told, ["a", "b", "a"]);
    }
}
