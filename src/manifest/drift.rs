//! What the cluster has against what is desired: the comparison itself, with everything that Flux honours in it.
//!
//! Three states of an object meet here: what is *desired*, what is *live*, and what a server-side dry run says it *would be*.
//! The difference of the last two is what Flux would change. Who asks the server is not this module's business.

mod desired;
mod hidden;
mod managers;
mod rules;
mod sealed;
mod standing;
#[cfg(test)]
mod tests;

use domain::drift::{FieldDrift, ObjectDrift, Verdict};
use serde_json::{Map, Value};

use crate::build::render_value;
use crate::diff::value_changes;

pub use desired::{Wanted, documents, encode, needs_variables, wanted};
pub use hidden::{Veil, veil_places, veil_values};
pub use rules::Rules;
pub use sealed::{encrypted, encrypted_files, nameless, settle_names};
pub use standing::{Applier, Standing, forced, leftover, standing};

/// What of an object's metadata its author writes.
const WRITTEN: [&str; 4] = ["name", "namespace", "labels", "annotations"];
/// It repeats the whole object, a Secret's values with it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Holds the three states of an object that is there, and how they are to be read.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'v> {
    /// What is desired.
    pub desired: &'v Value,
    /// What the cluster has.
    pub live: &'v Value,
    /// What the server says that it would have.
    pub would: &'v Value,
}

/// Says what is to be honoured in a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'v> {
    /// Who applies.
    pub applier: Applier,
    /// The rules that take fields out of the comparison.
    pub rules: &'v Rules,
    /// The values that nobody may see.
    pub veil: &'v Veil,
}

/// Compares an object that is there with what it would be.
pub fn compare(sides: Sides<'_>, reading: Reading<'_>) -> ObjectDrift {
    let Sides { desired, live, would } = sides;
    let fields = live.pointer("/metadata/managedFields").cloned().unwrap_or_default();
    let mut after = plain(would);
    let mut before = plain(live);
    let takes = reading.applier.takes_over() && !standing::merges(desired, live);
    if takes {
        managers::take_over(&mut after, desired, &fields);
    }
    let ignored = reading.rules.apply(live, &mut before, &mut after);
    hidden::cover(&mut before, &mut after, reading.veil);
    let mut drift = named(live, if before == after { Verdict::Agrees } else { Verdict::Changed });
    drift.ignored = ignored;
    drift.others = managers::others(&fields, desired, (reading.applier, takes));
    if before != after {
        drift.fields = value_changes(&before, &after)
            .into_iter()
            .map(|change| FieldDrift {
                path: change.dotted(),
                owners: managers::owners(&fields, &change.path),
                label: change.label,
                live: change.before,
                desired: change.after,
            })
            .collect();
        drift.live = Some(render_value(&before).into());
        drift.desired = Some(render_value(&after).into());
    }
    drift
}

/// Returns an object that is only on one side: desired and missing, or there and no longer desired.
pub fn alone(object: &Value, verdict: Verdict, veil: &Veil) -> ObjectDrift {
    let (mut shown, mut nothing) = (plain(object), Value::Null);
    hidden::cover(&mut shown, &mut nothing, veil);
    let mut drift = named(object, verdict);
    let text = Some(render_value(&shown).into());
    if verdict == Verdict::Missing {
        drift.desired = text;
    } else {
        drift.live = text;
    }
    drift
}

/// Compares two versions of an object that are both only written down, as of two releases.
pub fn between(before: Option<&Value>, after: Option<&Value>, veil: &Veil) -> Option<ObjectDrift> {
    let (Some(old), Some(new)) = (before, after) else {
        let verdict = if before.is_some() { Verdict::Extra } else { Verdict::Missing };
        return before.or(after).map(|object| alone(object, verdict, veil));
    };
    let (mut old, mut new) = (plain(old), plain(new));
    hidden::cover(&mut old, &mut new, veil);
    let mut drift = named(&new, if old == new { Verdict::Agrees } else { Verdict::Changed });
    if old != new {
        drift.fields = value_changes(&old, &new)
            .into_iter()
            .map(|change| FieldDrift {
                path: change.dotted(),
                label: change.label,
                live: change.before,
                desired: change.after,
                owners: Vec::new(),
            })
            .collect();
        (drift.live, drift.desired) = (Some(render_value(&old).into()), Some(render_value(&new).into()));
    }
    Some(drift)
}

/// Returns an object's names with a verdict.
pub fn named(object: &Value, verdict: Verdict) -> ObjectDrift {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    ObjectDrift::new((text("/apiVersion"), text("/kind")), (text("/metadata/namespace"), text("/metadata/name")), verdict)
}

/// Returns what an author writes of an object: no status and no bookkeeping of the server.
fn plain(object: &Value) -> Value {
    let Some(map) = object.as_object() else { return object.clone() };
    let mut out = Map::new();
    for (key, value) in map.iter().filter(|(key, _)| *key != "status") {
        out.insert(key.clone(), if key == "metadata" { metadata(value) } else { value.clone() });
    }
    Value::Object(out)
}

fn metadata(value: &Value) -> Value {
    let mut out = Map::new();
    for key in WRITTEN {
        let Some(value) = value.get(key) else { continue };
        let mut value = value.clone();
        if let (Some(map), true) = (value.as_object_mut(), key == "annotations") {
            map.shift_remove(LAST_APPLIED);
        }
        if !value.as_object().is_some_and(Map::is_empty) {
            out.insert(key.to_owned(), value);
        }
    }
    Value::Object(out)
}
