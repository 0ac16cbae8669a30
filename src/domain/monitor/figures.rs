//! The figures of a span, worked out of deployments in one pass over them.

use std::collections::{BTreeMap, HashSet};

use super::{Figures, Monitor, Part, Span};
use crate::Time;
use crate::deployment::{StageName, Status};
use crate::history::{Brief, Mark};
use crate::ident::EnvironmentId;

/// Gathers what the figures of one environment, or of all, are made of.
#[derive(Default)]
struct Gathered {
    succeeded: usize,
    failed: usize,
    superseded: usize,
    open: usize,
    taken_back: usize,
    applied: usize,
    refused: usize,
    healthy: Vec<i64>,
    lead: Vec<i64>,
    restored: Vec<i64>,
}

impl Gathered {
    fn take(&mut self, deployment: &Brief, taken_back: bool) {
        match deployment.status() {
            Status::Succeeded => {
                self.succeeded += 1;
                self.taken_back += usize::from(taken_back);
                self.lead.extend(deployment.took_ms());
            }
            Status::Failed => self.failed += 1,
            Status::Superseded => self.superseded += 1,
            Status::Running | Status::Waiting => self.open += 1,
        }
        let flux = [StageName::Sync, StageName::Apply].map(|name| deployment.mark(name));
        self.refused += usize::from(flux.contains(&Mark::Failed));
        self.applied += usize::from(flux[1] == Mark::Done);
        self.healthy.extend(deployment.commit_to_healthy());
    }

    fn figures(mut self, environment: Option<EnvironmentId>, span: &Span, broken_since: Option<Time>) -> Figures {
        let ended = self.succeeded + self.failed;
        self.healthy.sort_unstable();
        Figures {
            environment,
            deployments: ended + self.superseded + self.open,
            succeeded: self.succeeded,
            failed: self.failed,
            superseded: self.superseded,
            open: self.open,
            success_rate: ratio(self.succeeded, ended),
            sync_rate: ratio(self.applied, self.applied + self.refused),
            healthy_p50: percentile(&self.healthy, 50),
            healthy_p95: percentile(&self.healthy, 95),
            per_day: number(self.succeeded) * 86_400_000.0 / float(span.length()),
            lead_time: median(self.lead),
            failure_rate: ratio(self.failed + self.taken_back, ended),
            restore_time: median(self.restored),
            broken_since,
        }
    }
}

/// Works out the figures of a span. Failures are followed back as far again as the span is long, so that what was restored in it is
/// known to have been broken.
pub fn monitor<'a>(deployments: impl IntoIterator<Item = &'a Brief>, span: &Span) -> Monitor {
    let reach = Time::from_millisecond(span.from.as_millisecond().saturating_sub(span.length())).unwrap_or(Time::MIN);
    let near: Vec<&Brief> = deployments.into_iter().filter(|d| (reach..=span.to).contains(&d.requested())).collect();
    let landed = near.iter().filter(|d| d.status() != Status::Failed);
    // Every deployment that a rollback took back was one too many, not only the newest of them.
    let mut taken_back: HashSet<String> = HashSet::new();
    for deployment in landed {
        let undone = deployment.undoes();
        taken_back.extend(undone.split(' ').chain([deployment.rolls_back()]).filter(|id| !id.is_empty()).map(str::to_owned));
    }
    let mut environments: BTreeMap<&EnvironmentId, Gathered> = BTreeMap::new();
    let mut all = Gathered::default();
    let mut parts: Vec<Gathered> = (0..span.parts).map(|_| Gathered::default()).collect();
    for deployment in near.iter().filter(|d| d.requested() >= span.from) {
        let back = taken_back.contains(deployment.id());
        all.take(deployment, back);
        environments.entry(deployment.environment()).or_default().take(deployment, back);
        if let Some(part) = parts.get_mut(span.part(deployment.requested())) {
            part.take(deployment, back);
        }
    }
    let broken = restored(&near, &taken_back, |environment, at, took| {
        if span.holds(at) {
            all.restored.push(took);
            environments.entry(environment).or_default().restored.push(took);
        }
    });
    let mut environments: Vec<Figures> = environments
        .into_iter()
        .map(|(id, gathered)| gathered.figures(Some(id.clone()), span, broken.get(id).copied()))
        .collect();
    environments.sort_by(|a, b| b.healthy_p95.cmp(&a.healthy_p95).then_with(|| a.environment.cmp(&b.environment)));
    let parts = parts.into_iter().enumerate().map(|(at, gathered)| part(gathered, span, at)).collect();
    Monitor { from: span.from, to: span.to, all: all.figures(None, span, None), environments, parts }
}

fn part(gathered: Gathered, span: &Span, at: usize) -> Part {
    let figures = gathered.figures(None, span, None);
    Part {
        from: span.begin(at),
        succeeded: figures.succeeded,
        failed: figures.failed,
        other: figures.superseded + figures.open,
        healthy_p50: figures.healthy_p50,
        healthy_p95: figures.healthy_p95,
    }
}

/// Tells of every restoration: the environment, when, and how long it was broken; returns what is still broken, and since when.
fn restored<'a>(
    near: &[&'a Brief],
    taken_back: &HashSet<String>,
    mut tell: impl FnMut(&'a EnvironmentId, Time, i64),
) -> BTreeMap<&'a EnvironmentId, Time> {
    let ended = |d: &&&'a Brief| matches!(d.status(), Status::Succeeded | Status::Failed);
    let mut ends: Vec<(Time, &'a Brief)> = near.iter().filter(ended).filter_map(|d| Some((d.finished()?, *d))).collect();
    ends.sort_unstable_by(|(at, a), (bt, b)| at.cmp(bt).then_with(|| a.id().cmp(b.id())));
    let mut broken: BTreeMap<&EnvironmentId, Time> = BTreeMap::new();
    for (at, deployment) in ends {
        let bad = deployment.status() == Status::Failed || taken_back.contains(deployment.id());
        if bad {
            broken.entry(deployment.environment()).or_insert(at);
        } else if let Some(since) = broken.remove(deployment.environment()) {
            tell(deployment.environment(), at, at.as_millisecond() - since.as_millisecond());
        }
    }
    broken
}

/// Returns the value that so many of a hundred stay within; the values come sorted.
fn percentile(sorted: &[i64], of_hundred: usize) -> Option<i64> {
    let rank = (sorted.len() * of_hundred).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    percentile(&values, 50)
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| number(part) / number(whole))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "a span in milliseconds is far below what a float holds exactly")]
const fn float(ms: i64) -> f64 {
    ms as f64
}
