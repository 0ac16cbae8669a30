//! Causes that Flux and the workloads' controllers name when objects do not become healthy.

use super::Said;
use super::pattern::Values;
use super::rule::{Rule, set, value};

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "health-timeout",
        "These objects did not become healthy in time: {objects}",
        "Look at why each of them is not ready; spec.timeout says how long is waited.",
    )
    .says(&["timeout waiting for: [{objects*}"])
    .refine(objects)
    .rank(20),
    Rule::new("health-failed", "These objects have failed: {objects}", "Look at why each of them failed.")
        .says(&["failed early due to stalled resources: [{objects*}"])
        .refine(objects)
        .rank(20),
    Rule::new(
        "health-canceled",
        "The health checks were broken off because something new came",
        "Nothing; the next reconciliation checks again.",
    )
    .on(&["HealthCheckCanceled"])
    .rank(6),
    Rule::new("health-check-failed", "Flux's health check failed", "Look at the objects it names.")
        .on(&["HealthCheckFailed"])
        .rank(8),
    Rule::new(
        "progress-deadline",
        "The rollout made no progress within its deadline",
        "Look at its Pods; progressDeadlineSeconds says how long is waited.",
    )
    .on(&["ProgressDeadlineExceeded"])
    .rank(15),
    Rule::new("pods-not-created", "No Pods can be created", "Look at what the API server says.")
        .on(&["FailedCreate", "ReplicaSetCreateError"])
        .rank(30),
    Rule::new("job-failed", "The Job failed as often as it may", "Read the log of its Pods.").on(&["BackoffLimitExceeded"]),
    Rule::new("job-late", "The Job took longer than it may", "Raise activeDeadlineSeconds, or find out why it is slow.")
        .on(&["DeadlineExceeded"]),
];

/// Takes the list's end off.
fn objects(_: &Said, values: &mut Values) -> bool {
    if let Some(list) = value(values, "objects") {
        let list = list.trim_end_matches(']').to_owned();
        set(values, "objects", list);
    }
    true
}
