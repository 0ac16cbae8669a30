//! How many objects of each kind there are, and how they are.

use serde::Serialize;

use crate::flux::{Health, KINDS};
use crate::world::World;

/// Counts the objects of one kind by how they are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// The kind.
    pub kind: String,
    /// How many there are.
    pub total: usize,
    /// Those that are fine.
    pub ok: usize,
    /// Those at work.
    pub busy: usize,
    /// Those that are behind or degraded.
    pub warn: usize,
    /// Those that failed.
    pub bad: usize,
    /// Those that are suspended.
    pub off: usize,
    /// Those of which nobody knows.
    pub unknown: usize,
}

impl Tally {
    fn count(&mut self, health: Health) {
        self.total += 1;
        *match health {
            Health::Ok => &mut self.ok,
            Health::Busy => &mut self.busy,
            Health::Warn => &mut self.warn,
            Health::Bad => &mut self.bad,
            Health::Off => &mut self.off,
            Health::Unknown => &mut self.unknown,
        } += 1;
    }

    /// Returns how many are so.
    pub const fn of(&self, health: Health) -> usize {
        match health {
            Health::Ok => self.ok,
            Health::Busy => self.busy,
            Health::Warn => self.warn,
            Health::Bad => self.bad,
            Health::Off => self.off,
            Health::Unknown => self.unknown,
        }
    }
}

/// Counts the Flux objects by kind, in the order of kinds, and after them the workloads and the Pods that are watched. Kinds
/// without an object are left out. What was brought by a link that is silent counts as unknown.
pub fn tallies(world: &World) -> Vec<Tally> {
    let mut out: Vec<Tally> =
        KINDS.iter().map(|kind| kind.name).chain(["Deployment", "StatefulSet", "DaemonSet", "Pod"]).map(empty).collect();
    let flux = world.flux.iter().map(|o| (&o.key, o.health()));
    let workloads = world.workloads.iter().map(|w| (&w.key, w.health()));
    let pods = world.pods.iter().map(|p| (&p.key, p.health()));
    let silent = world.links.iter().any(|link| link.state.is_stale());
    for (key, health) in flux.chain(workloads).chain(pods) {
        let health = if silent && world.is_stale(key) { Health::Unknown } else { health };
        if let Some(tally) = out.iter_mut().find(|tally| *tally.kind == *key.kind) {
            tally.count(health);
        }
    }
    out.retain(|tally| tally.total > 0);
    out
}

fn empty(kind: &str) -> Tally {
    Tally { kind: kind.to_owned(), ..Tally::default() }
}
