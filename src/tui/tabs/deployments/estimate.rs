//! How long a deployment of an environment usually takes, from those that went well before.

use domain::deployment::Status;
use domain::history::{Brief, History};

/// How many earlier ones are needed to say something, and how many are looked at.
const LEAST: usize = 3;
const MOST: usize = 9;
/// How many deployments are gone through for them: it is worked out for every frame.
const SCAN: usize = 20_000;

/// Returns the median of the last successes before a deployment, in milliseconds.
pub(super) fn usual(all: &History, of: &Brief) -> Option<i64> {
    let (environment, requested) = (of.environment(), of.requested());
    let succeeded = |d: &&Brief| d.status() == Status::Succeeded && d.environment() == environment && d.requested() < requested;
    let mut took: Vec<i64> = all
        .older(of.id())
        .take(SCAN)
        .filter(succeeded)
        .filter_map(|d| Some(d.finished()?.as_millisecond() - d.requested().as_millisecond()))
        .filter(|ms| *ms >= 0)
        .take(MOST)
        .collect();
    if took.len() < LEAST {
        return None;
    }
    took.sort_unstable();
    took.get(took.len() / 2).copied()
}
