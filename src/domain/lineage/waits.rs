//! What holds a Flux object up: the chain of what it waits for, and what is wrong at its end.

use std::sync::Arc;

use super::{Lineage, Node, referred, search};
use crate::flux::{FluxObject, Health, Kind, ObjectKey};

/// Says what is wrong at the end of a chain of waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not exist.
    Missing,
    /// It failed: its own message.
    Failed(String),
    /// It is suspended and not ready.
    Suspended,
    /// It is being worked on: its own message.
    Busy(String),
    /// It waits for one that came before in the chain: nothing in that ring can ever go on.
    Ring,
}

/// Holds what an object waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// What it waits for, then what that waits for, and so on; never empty. The last one is at fault.
    pub chain: Vec<ObjectKey>,
    /// What is wrong with the last one.
    pub fault: Fault,
}

impl Wait {
    /// Returns how bad it is.
    pub const fn health(&self) -> Health {
        match self.fault {
            Fault::Missing | Fault::Failed(_) | Fault::Ring => Health::Bad,
            Fault::Suspended => Health::Off,
            Fault::Busy(_) => Health::Busy,
        }
    }
}

/// Tells whether an object that others depend on lets them go on: ready, in its present generation (the controllers' rule).
fn met(object: &FluxObject) -> bool {
    object.current() && object.ready().is_some_and(|c| c.status == "True")
}

impl Lineage {
    /// Returns what a Flux object waits for: of its dependencies the worst that is not ready, followed to the end; else its
    /// source, when that has nothing to give. Nothing when it is ready, suspended, or its trouble is its own.
    pub fn waits(&self, node: Node) -> Option<Wait> {
        let Node::Flux(start) = node else { return None };
        let object = self.flux.get(start as usize)?;
        if object.suspended() || met(object) {
            return None;
        }
        let mut way = vec![start];
        let mut chain = Vec::new();
        let mut object = Arc::clone(object);
        while let Some((key, at)) = self.worst(&object) {
            chain.push(key);
            let Some(next) = at.and_then(|at| self.flux.get(at as usize)) else {
                return Some(Wait { chain, fault: Fault::Missing });
            };
            let at = at.unwrap_or(u32::MAX);
            if way.contains(&at) {
                return Some(Wait { chain, fault: Fault::Ring });
            }
            way.push(at);
            object = Arc::clone(next);
            if object.suspended() {
                return Some(Wait { chain, fault: Fault::Suspended });
            }
        }
        if let Some(source) = self.dry(way.last().copied().unwrap_or(start)) {
            chain.push(source.key.clone());
            object = Arc::clone(source);
        }
        let fault = match object.health() {
            _ if chain.is_empty() => return None,
            Health::Off => Fault::Suspended,
            Health::Bad | Health::Warn => Fault::Failed(object.message().to_owned()),
            _ => Fault::Busy(object.message().to_owned()),
        };
        Some(Wait { chain, fault })
    }

    /// Returns of the dependencies that are not met the one that is worst: missing, failed, suspended, busy.
    fn worst(&self, object: &FluxObject) -> Option<(ObjectKey, Option<u32>)> {
        let needs = object.spec.depends_on.iter().map(|reference| referred(object, reference, &object.key.kind));
        // Of what is no Flux object nothing is known here: not even that it does not exist.
        let needs = needs.filter(|name| Kind::by_name(name.kind).is_some());
        let needs = needs.map(|name| {
            let at = search(&self.flux, |o| &o.key, &name);
            (name, at)
        });
        let rank = |at: Option<u32>| match at.and_then(|at| self.flux.get(at as usize)) {
            None => Some(0),
            Some(need) if met(need) => None,
            Some(need) if need.health() == Health::Bad => Some(1),
            Some(need) if need.suspended() => Some(2),
            Some(need) if need.spec.depends_on.is_empty() => Some(4),
            // It waits for something itself, which may be worse.
            Some(_) => Some(3),
        };
        let unmet = needs.filter_map(|(name, at)| Some((rank(at)?, name, at)));
        unmet.min_by_key(|(rank, ..)| *rank).map(|(_, name, at)| (name.key(), at))
    }

    /// Returns the source of an object when it has nothing to give, or failed and so gives something old.
    fn dry(&self, at: u32) -> Option<&Arc<FluxObject>> {
        let source = self.flux.get(self.edges.source(at)? as usize)?;
        let gives = source.status.artifact.as_ref().is_some_and(|a| !a.revision.is_empty());
        // A chart source of HelmReleases has an artifact of its own only where it is an index.
        let chart = &*source.key.kind == "HelmRepository";
        ((!gives && !chart) || source.health() == Health::Bad).then_some(source)
    }
}
