//! Events and conditions: how controllers say what they did.

use serde_json::{Value, json};

use crate::api::write::Hand;
use crate::json;
use crate::resource;
use crate::state::State;
use crate::store::Key;

/// Says which kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Normal,
    Warning,
}

/// Holds what an event says.
pub(crate) struct Note<'a> {
    /// Whose voice.
    pub(crate) component: &'a str,
    /// The kind.
    pub(crate) tone: Tone,
    /// A word for machines.
    pub(crate) reason: &'a str,
    /// The sentence.
    pub(crate) message: &'a str,
    /// Annotations, or nothing.
    pub(crate) annotations: Value,
}

impl<'a> Note<'a> {
    /// Builds an event without annotations.
    pub(crate) const fn new(component: &'a str, tone: Tone, reason: &'a str, message: &'a str) -> Self {
        Self { component, tone, reason, message, annotations: Value::Null }
    }
}

impl State {
    /// Records an event about an object; the same words again only count.
    pub(crate) fn record(&self, about: &Value, note: &Note<'_>) {
        let events = resource::of("Event");
        let tone = if note.tone == Tone::Normal { "Normal" } else { "Warning" };
        let namespace = match json::namespace(about) {
            "" => "default",
            namespace => namespace,
        };
        let again = self.list(events, Some(namespace)).into_iter().find(|event| {
            json::text(event, "/involvedObject/uid") == json::uid(about)
                && json::text(event, "/reason") == note.reason
                && json::text(event, "/message") == note.message
                && event.pointer("/metadata/annotations").unwrap_or(&Value::Null) == &note.annotations
        });
        let now = self.pace.stamp();
        if let Some(event) = again {
            self.touch(events, &event, Hand::main(note.component), |event| {
                let count = json::number(event, "/count").unwrap_or(1) + 1;
                json::set(event, "/count", count.into());
                json::set(event, "/lastTimestamp", now.into());
            });
            return;
        }
        let name = format!("{}.{}", json::name(about), self.new_event_suffix());
        let mut event = json!({
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {"kind": about["kind"], "namespace": json::namespace(about), "name": json::name(about),
                "uid": json::uid(about), "apiVersion": about["apiVersion"], "resourceVersion": json::text(about, "/metadata/resourceVersion")},
            "reason": note.reason, "message": note.message, "source": {"component": note.component},
            "firstTimestamp": now, "lastTimestamp": now, "count": 1, "type": tone, "eventTime": null,
            "reportingComponent": note.component, "reportingInstance": "",
        });
        if note.annotations.is_object() {
            json::set(&mut event, "/metadata/annotations", note.annotations.clone());
        }
        if let Err(fault) = self.create(events, event, Hand::main(note.component)) {
            tracing::debug!(fault = %fault.message, "an event was refused");
        }
        self.trim_events(namespace);
    }

    /// Keeps the events of a namespace from growing without end, as their time to live does.
    fn trim_events(&self, namespace: &str) {
        let events = resource::of("Event");
        let mut all = self.list(events, Some(namespace));
        if all.len() <= EVENT_LIMIT {
            return;
        }
        all.sort_by_key(|event| json::text(event, "/metadata/resourceVersion").parse::<u64>().unwrap_or(0));
        for event in all.iter().take(EVENT_LIMIT / 5) {
            self.remove(events, &Key::of(event));
        }
    }
}

/// How many events a namespace keeps.
const EVENT_LIMIT: usize = 1000;
