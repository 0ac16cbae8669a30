//! How long a deployment of an environment usually takes, from those that went well before.

use std::sync::Arc;

use domain::deployment::{Deployment, Status};

/// How many earlier ones are needed to say something, and how many are looked at.
const LEAST: usize = 3;
const MOST: usize = 9;
/// How many deployments are gone through for them: it is worked out for every frame.
const SCAN: usize = 20_000;

/// Returns the median of the last successes before a deployment, in milliseconds. The list is newest first.
pub(super) fn usual(all: &[Arc<Deployment>], of: &Deployment) -> Option<i64> {
    let near = all.iter().skip(all.partition_point(|d| d.id > of.id)).take(SCAN);
    let earlier = near.filter(|d| d.environment == of.environment && d.status == Status::Succeeded && d.requested < of.requested);
    let mut took: Vec<i64> = earlier
        .filter_map(|d| Some(d.finished?.as_millisecond() - d.requested.as_millisecond()))
        .filter(|ms| *ms >= 0)
        .take(MOST)
        .collect();
    if took.len() < LEAST {
        return None;
    }
    took.sort_unstable();
    took.get(took.len() / 2).copied()
}
