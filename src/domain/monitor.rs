//! How deliveries are doing over a span of time: success, speed, and the four figures by which teams measure delivery.
//!
//! Pure figures out of deployments and objects. What each of them counts:
//!
//! - *Success rate*: of the deployments that were asked for in the span and ended, those that succeeded. What a later one
//!   overtook did not end.
//! - *Sync success*: of those whose commit Flux took up or refused, those that it applied.
//! - *Commit to healthy*: from the moment at which the commit was on the branch to the one at which the workloads were ready.
//! - *Change frequency*: deployments that succeeded, per day.
//! - *Lead time*: from the moment at which a change was asked for (or, pushed by others, was committed) until it was healthy; the
//!   median.
//! - *Failure rate*: of the deployments that ended, those that failed or were taken back by a rollback or a revert later.
//! - *Time to restore*: from such a failure to the end of the next success in the same environment; the median of those restored
//!   in the span.

mod figures;
mod objects;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;

use crate::Time;
use crate::ident::EnvironmentId;

pub use figures::monitor;
pub use objects::{Tally, tallies};

/// The spans that screens offer, in days.
pub const DAYS: [i64; 4] = [1, 7, 30, 90];

const DAY_MS: i64 = 86_400_000;

/// Holds a span of time and into how many equal parts it is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its begin.
    pub from: Time,
    /// Its end.
    pub to: Time,
    /// How many parts.
    pub parts: usize,
}

impl Span {
    /// Returns the span of so many milliseconds that ends now; at least a minute.
    pub fn last(ms: i64, now: Time) -> Self {
        let ms = ms.max(60_000);
        let from = Time::from_millisecond(now.as_millisecond().saturating_sub(ms)).unwrap_or(Time::MIN);
        let parts = if ms <= DAY_MS {
            24
        } else if ms <= 7 * DAY_MS {
            28
        } else {
            30
        };
        Self { from, to: now, parts }
    }

    /// Returns the span of so many days that ends now.
    pub fn days(days: i64, now: Time) -> Self {
        Self::last(days.saturating_mul(DAY_MS), now)
    }

    /// Returns its length in milliseconds.
    pub fn length(&self) -> i64 {
        (self.to.as_millisecond() - self.from.as_millisecond()).max(1)
    }

    /// Tells whether a moment is in it.
    pub fn holds(&self, time: Time) -> bool {
        self.from <= time && time <= self.to
    }

    /// Returns the part that a moment is in.
    fn part(&self, time: Time) -> usize {
        let into = time.as_millisecond() - self.from.as_millisecond();
        let parts = i64::try_from(self.parts).unwrap_or(1);
        usize::try_from(into.saturating_mul(parts) / self.length()).unwrap_or(0).min(self.parts.saturating_sub(1))
    }

    /// Returns when a part begins.
    fn begin(&self, part: usize) -> Time {
        let parts = i64::try_from(self.parts).unwrap_or(1).max(1);
        let into = self.length().saturating_mul(i64::try_from(part).unwrap_or(0)) / parts;
        Time::from_millisecond(self.from.as_millisecond().saturating_add(into)).unwrap_or(self.to)
    }
}

/// Holds the figures of one environment, or of all. Spans are in milliseconds, rates between 0 and 1; what cannot be said for
/// want of deployments is absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Figures {
    /// The environment; absent for all together.
    pub environment: Option<EnvironmentId>,
    /// How many were asked for in the span.
    pub deployments: usize,
    /// Those that succeeded.
    pub succeeded: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that a later one overtook.
    pub superseded: usize,
    /// Those that are on their way or wait.
    pub open: usize,
    /// The success rate.
    pub success_rate: Option<f64>,
    /// The sync success rate.
    pub sync_rate: Option<f64>,
    /// Commit to healthy, the median.
    pub healthy_p50: Option<i64>,
    /// Commit to healthy, what 95 of 100 stay within.
    pub healthy_p95: Option<i64>,
    /// The change frequency, per day.
    pub per_day: f64,
    /// The lead time.
    pub lead_time: Option<i64>,
    /// The failure rate.
    pub failure_rate: Option<f64>,
    /// The time to restore.
    pub restore_time: Option<i64>,
    /// Since when something is broken that no success has ended yet, of one environment.
    pub broken_since: Option<Time>,
}

/// Holds one part of the span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// When it begins.
    pub from: Time,
    /// Deployments asked for in it that succeeded.
    pub succeeded: usize,
    /// Those that failed.
    pub failed: usize,
    /// The others.
    pub other: usize,
    /// Commit to healthy, the median.
    pub healthy_p50: Option<i64>,
    /// Commit to healthy, what 95 of 100 stay within.
    pub healthy_p95: Option<i64>,
}

/// Holds everything that is said of a span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Monitor {
    /// Its begin.
    pub from: Time,
    /// Its end.
    pub to: Time,
    /// All environments together.
    pub all: Figures,
    /// Each environment that had a deployment in it, the slowest first.
    pub environments: Vec<Figures>,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}
