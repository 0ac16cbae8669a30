//! What there is in one namespace that explains why something does not run: workloads, Pods, events, claims. Bounded.

use domain::flux::ObjectKey;
use domain::why::Happened;
use domain::workload::{Pod, Workload};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::connection::Connection;
use crate::error::Error;
use crate::lean::{Lean, Mold, message, owned, safe};
use crate::resource::Resource;
use crate::wire::{self, Call};

/// How many objects of a kind are read at most.
const MOST: &str = "500";

/// Holds what was seen in a namespace, and what could not be.
#[derive(Debug, Default)]
pub struct Look {
    /// Deployments, StatefulSets and DaemonSets.
    pub workloads: Vec<Workload>,
    /// Pods.
    pub pods: Vec<Pod>,
    /// Warnings, and what is said about claims, oldest first.
    pub events: Vec<Happened>,
    /// Claims that have no volume.
    pub claims: Vec<ObjectKey>,
    /// The kinds that could not be read, and why.
    pub unread: Vec<Error>,
    /// What there is more of than is read, one sentence each.
    pub left_out: Vec<String>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(default)]
    metadata: Page,
    #[serde(borrow, default)]
    items: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Page {
    #[serde(rename = "continue")]
    next: Option<String>,
    remaining_item_count: Option<u64>,
}

/// What was read of a kind, and what is said when there is more of it.
struct Part<T> {
    found: Vec<T>,
    left_out: Option<String>,
}

impl<T> Part<T> {
    fn new(found: Vec<T>, page: &Page, what: &str) -> Self {
        let more = page.next.as_ref().is_some_and(|next| !next.is_empty());
        let left = page.remaining_item_count.map_or_else(|| "there are more".to_owned(), |left| format!("{left} more are there"));
        Self { found, left_out: more.then(|| format!("{what}: the first {MOST} are read, {left}")) }
    }
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
    last_timestamp: Option<String>,
    #[serde(rename = "eventTime")]
    time: Option<String>,
    metadata: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Involved {
    kind: String,
    name: String,
    namespace: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    name: String,
    namespace: String,
    creation_timestamp: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claim {
    metadata: Meta,
    status: Phase,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Phase {
    phase: String,
}

/// Looks at a namespace; with `apps` at its workloads, Pods and claims too, else at events alone.
pub async fn look(connection: &Connection, namespace: &str, apps: bool) -> Look {
    let mut seen = Look::default();
    let warnings = events(connection, namespace, "type=Warning");
    if !apps {
        let warnings = warnings.await;
        seen.keep(warnings, |seen, events| seen.events = events);
        return seen;
    }
    let of_claims = "type=Normal,involvedObject.kind=PersistentVolumeClaim";
    let (warnings, normal, claims, pods, deployments, sets, daemons) = futures::join!(
        warnings,
        events(connection, namespace, of_claims),
        claims(connection, namespace),
        list::<Pod>(connection, "Pod", namespace),
        list::<Workload>(connection, "Deployment", namespace),
        list::<Workload>(connection, "StatefulSet", namespace),
        list::<Workload>(connection, "DaemonSet", namespace),
    );
    for events in [warnings, normal] {
        seen.keep(events, |seen, events| seen.events.extend(events));
    }
    seen.keep(claims, |seen, claims| seen.claims = claims);
    seen.keep(pods, |seen, pods| seen.pods = pods);
    for workloads in [deployments, sets, daemons] {
        seen.keep(workloads, |seen, workloads| seen.workloads.extend(workloads));
    }
    seen
}

impl Look {
    fn keep<T>(&mut self, result: Result<Part<T>, Error>, put: impl FnOnce(&mut Self, Vec<T>)) {
        match result {
            Ok(part) => {
                self.left_out.extend(part.left_out);
                put(self, part.found);
            }
            Err(error) => self.unread.push(error),
        }
    }
}

/// Says what of a namespace is read.
fn named(resource: &Resource, namespace: &str) -> String {
    format!("{} in {namespace}", resource.plural)
}

async fn read(connection: &Connection, resource: &Resource, namespace: &str, fields: &str) -> Result<bytes::Bytes, Error> {
    let mut call = Call::get(resource.collection(namespace)).with("limit", MOST);
    if !fields.is_empty() {
        call = call.with("fieldSelector", fields);
    }
    connection.act(call, "Reading", &named(resource, namespace)).await
}

async fn list<T: Lean>(connection: &Connection, kind: &str, namespace: &str) -> Result<Part<T>, Error> {
    let Some(resource) = Resource::built_in(kind) else { return Ok(Part { found: Vec::new(), left_out: None }) };
    let bytes = read(connection, &resource, namespace, "").await?;
    let list: List<'_> = parse(connection, &bytes, &resource.plural)?;
    let mut mold = Mold::new(&connection.context().0, kind);
    // One that does not read is left out here; its watch says so.
    let found = list.items.into_iter().filter_map(|item| T::read(item.get(), &mut mold).ok()).collect();
    Ok(Part::new(found, &list.metadata, &named(&resource, namespace)))
}

async fn events(connection: &Connection, namespace: &str, fields: &str) -> Result<Part<Happened>, Error> {
    let resource = Resource::new("", "v1", "events", "Event", true);
    let bytes = read(connection, &resource, namespace, fields).await?;
    let list: List<'_> = parse(connection, &bytes, "events")?;
    let events = list.items.into_iter().filter_map(|item| serde_json::from_str::<Event>(item.get()).ok());
    let mut events: Vec<(String, Happened)> = events.map(|event| happened(connection, event)).collect();
    events.sort_by(|a, b| a.0.cmp(&b.0));
    let found = events.into_iter().map(|(_, event)| event).collect();
    Ok(Part::new(found, &list.metadata, &named(&resource, namespace)))
}

fn happened(connection: &Connection, event: Event) -> (String, Happened) {
    let Involved { kind, name, namespace } = event.involved_object;
    let time = event.last_timestamp.or(event.time).or(event.metadata.creation_timestamp).unwrap_or_default();
    let object = ObjectKey::new(connection.context(), &safe(&kind), &safe(&namespace), &safe(&name));
    let happened = Happened {
        object,
        warning: event.kind.as_deref() == Some("Warning"),
        reason: owned(event.reason.unwrap_or_default()),
        message: message(event.message.unwrap_or_default()),
        count: event.count.unwrap_or(1),
    };
    (time, happened)
}

async fn claims(connection: &Connection, namespace: &str) -> Result<Part<ObjectKey>, Error> {
    const KIND: &str = "PersistentVolumeClaim";
    let resource = Resource::new("", "v1", "persistentvolumeclaims", KIND, true);
    let bytes = read(connection, &resource, namespace, "").await?;
    let list: List<'_> = parse(connection, &bytes, "claims")?;
    let claims = list.items.into_iter().filter_map(|item| serde_json::from_str::<Claim>(item.get()).ok());
    let pending = claims.filter(|claim| claim.status.phase != "Bound").map(|claim| claim.metadata);
    let found = pending.map(|m| ObjectKey::new(connection.context(), KIND, &safe(&m.namespace), &safe(&m.name))).collect();
    Ok(Part::new(found, &list.metadata, &named(&resource, namespace)))
}

fn parse<'a, T: Deserialize<'a>>(connection: &Connection, bytes: &'a [u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|e| connection.error(wire::Fault::Garbled(e.to_string()), "Reading", what))
}
