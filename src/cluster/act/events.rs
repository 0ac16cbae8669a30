//! The events about one object.

use domain::Time;
use domain::flux::ObjectKey;
use serde::Deserialize;

use crate::connection::Connection;
use crate::error::Error;
use crate::lean::{message, owned};
use crate::wire::{self, Call};

/// Holds one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine {
    /// When it was last seen.
    pub time: Option<Time>,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// A word for machines.
    pub reason: String,
    /// A sentence for people; may have several lines.
    pub message: String,
    /// How often it was seen.
    pub count: i32,
    /// Who says it.
    pub source: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Event>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event {
    involved_object: Involved,
    #[serde(rename = "type")]
    kind: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    count: Option<i32>,
    first_timestamp: Option<Time>,
    last_timestamp: Option<Time>,
    #[serde(rename = "eventTime")]
    micro_time: Option<Time>,
    source: Source,
    reporting_component: Option<String>,
    metadata: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Involved {
    kind: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    component: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    creation_timestamp: Option<Time>,
}

/// Returns all events of a namespace, oldest first, each with the kind and name of what it is about.
pub async fn events_in(connection: &Connection, namespace: &str) -> Result<Vec<(String, String, EventLine)>, Error> {
    let namespace = if namespace.is_empty() { "default" } else { namespace };
    let path = format!("/api/v1/namespaces/{}/events", crate::resource::encode(namespace));
    let shown = format!("events of {namespace}");
    let bytes = connection.act(Call::get(path), "Reading", &shown).await?;
    let list: List = wire::parse(&bytes).map_err(|fault| connection.error(fault, "Reading", &shown))?;
    let told = |e: Event| (owned(e.involved_object.kind.clone()), owned(e.involved_object.name.clone()), line(e));
    let mut found: Vec<_> = list.items.into_iter().map(told).collect();
    found.sort_by_key(|(.., line)| line.time);
    Ok(found)
}

/// Returns the events about an object, oldest first.
pub async fn events(connection: &Connection, key: &ObjectKey) -> Result<Vec<EventLine>, Error> {
    let about = format!("involvedObject.kind={},involvedObject.name={}", key.kind, key.name);
    let namespace = if key.namespace.is_empty() { "default" } else { key.namespace.as_ref() };
    let path = format!("/api/v1/namespaces/{}/events", crate::resource::encode(namespace));
    let shown = format!("events of {key}");
    let bytes = connection.act(Call::get(path).with("fieldSelector", &about), "Reading", &shown).await?;
    let list: List = wire::parse(&bytes).map_err(|fault| connection.error(fault, "Reading", &shown))?;
    let ours = list.items.into_iter().filter(|e| e.involved_object.kind == *key.kind && e.involved_object.name == *key.name);
    let mut lines: Vec<EventLine> = ours.map(line).collect();
    lines.sort_by_key(|line| line.time);
    Ok(lines)
}

fn line(event: Event) -> EventLine {
    let component = event.reporting_component.filter(|name| !name.is_empty()).unwrap_or(event.source.component);
    EventLine {
        time: event.last_timestamp.or(event.micro_time).or(event.first_timestamp).or(event.metadata.creation_timestamp),
        kind: owned(event.kind.unwrap_or_default()),
        reason: owned(event.reason.unwrap_or_default()),
        message: message(event.message.unwrap_or_default()),
        count: event.count.unwrap_or(1),
        source: owned(component),
    }
}
