//! How many Pods a workload has, and what a change makes of it.

use crate::check::change::Step;
use crate::check::hits::Hits;
use crate::check::subject::Subject;
use crate::yaml::Val;

/// The fields of a Helm release's values that say how many Pods there are.
const VALUES: [&[&str]; 2] = [&["spec", "values", "replicaCount"], &["spec", "values", "replicas"]];

/// Returns where the number of Pods is written, and the number that is meant.
fn written(subject: &Subject) -> Option<(Option<&Val>, u64)> {
    if subject.is("toolkit.fluxcd.io", "HelmRelease") {
        let val = VALUES.iter().find_map(|path| subject.at(path))?;
        return Some((Some(val), val.scalar()?.parse().ok()?));
    }
    Some((subject.at(&["spec", "replicas"]), subject.replicas()?))
}

/// Finds workloads without replicas.
pub(super) fn zero<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    if let Some((Some(val), 0)) = written(subject) {
        hits.at(subject, val, format!("{} has 0 replicas", subject.told()));
    }
}

/// Returns an object that had Pods, with their number before and after.
fn fewer<'s>(step: &Step<'s>) -> Option<(&'s Subject, Option<&'s Val>, u64, u64)> {
    let (before, after) = (step.before?, step.after?);
    let ((_, was), (val, is)) = (written(before)?, written(after)?);
    (is < was).then_some((after, val, was, is))
}

/// Finds workloads that a change stops.
pub(super) fn to_zero<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    if let Some((after, val, was, 0)) = fewer(step) {
        hits.near(after, &[val], format!("{} goes from {was} replicas to 0", after.told()));
    }
}

/// Finds workloads that lose half of their replicas or more.
pub(super) fn cut<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    if let Some((after, val, was, is)) = fewer(step).filter(|(_, _, was, is)| *is > 0 && *is <= *was / 2) {
        hits.near(after, &[val], format!("{} goes from {was} replicas to {is}", after.told()));
    }
}
