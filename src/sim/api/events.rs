//! The two views of events: core/v1, which is what is kept, and events.k8s.io/v1.

use serde_json::{Map, Value};

const PAIRS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("source", "deprecatedSource"),
];

/// Returns an event as events.k8s.io/v1 shows it.
pub(crate) fn second_view(event: &Value) -> Value {
    renamed(event, "events.k8s.io/v1", |field| PAIRS.iter().find(|(first, _)| *first == field).map(|(_, second)| *second))
}

/// Returns an event as core/v1 shows it.
pub(crate) fn first_view(event: &Value) -> Value {
    renamed(event, "v1", |field| PAIRS.iter().find(|(_, second)| *second == field).map(|(first, _)| *first))
}

fn renamed(event: &Value, version: &str, name: impl Fn(&str) -> Option<&'static str>) -> Value {
    let mut view = Map::new();
    for (field, value) in event.as_object().into_iter().flatten() {
        let value = if field == "apiVersion" { version.into() } else { value.clone() };
        view.insert(name(field).unwrap_or(field).to_owned(), value);
    }
    Value::Object(view)
}
