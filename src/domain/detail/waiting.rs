//! What a Flux object waits for, as far as the world shows it.

use super::words::{Clause, clause};
use crate::flux::{FluxObject, Health, ObjectKey};
use crate::world::World;

/// The place of a clause that holds the word of a health.
pub const STATE: &str = "state";
/// Says what the source of an object lacks.
const SOURCE: &str = "waiting.source";

/// Returns what an object waits for, the most telling first; empty when it waits for nothing that is known.
pub fn waiting(world: &World, object: &FluxObject) -> Vec<Clause> {
    let mut out = Vec::new();
    if object.deleting {
        out.push(clause("waiting.finalizers"));
    }
    if object.suspended() {
        out.push(clause("waiting.resume"));
    }
    if !object.current() && !object.suspended() {
        let controller = object.key.flux_kind().map_or("", |k| k.controller);
        out.push(clause("waiting.controller").with("controller", controller));
    }
    let asked = object.requested_at.as_deref();
    if asked.is_some() && asked != object.status.last_handled_reconcile_at.as_deref() && !object.suspended() {
        out.push(clause("waiting.request"));
    }
    for key in object.needs() {
        out.extend(other(world, &key, "waiting.dependency"));
    }
    if let Some(key) = object.source_key() {
        out.extend(other(world, &key, SOURCE));
        let offered = world.flux_object(&key).and_then(|s| s.status.artifact.as_ref()).map(|a| &a.revision);
        let newer = offered.filter(|r| object.status.last_applied_revision.as_ref().is_some_and(|applied| applied != *r));
        out.extend(newer.map(|r| clause("waiting.newer").with("revision", &r.short())));
    }
    out
}

/// Says what another object lacks; nothing when it is ready, or when its kind is not watched.
fn other(world: &World, key: &ObjectKey, lead: &'static str) -> Option<Clause> {
    match world.flux_object(key) {
        None => {
            let listed = world.kind_link(&key.context(), &key.kind).is_some_and(crate::link::LinkState::is_live);
            let missing = if lead == SOURCE { "waiting.source-missing" } else { "waiting.dependency-missing" };
            listed.then(|| clause(missing).with("object", &name(key)))
        }
        Some(found) => match found.health() {
            Health::Ok => None,
            // A source that is suspended still offers what it has.
            Health::Off if lead == SOURCE && found.status.artifact.is_some() => None,
            health => Some(clause(lead).with("object", &name(key)).with(STATE, health.word()).with("why", found.message())),
        },
    }
}

fn name(key: &ObjectKey) -> String {
    format!("{} {}/{}", key.kind, key.namespace, key.name)
}
