//! Reading objects of any API version: one by name, or all that carry a label.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::connection::{ACTION, Connection, Purpose};
use crate::discovery;
use crate::error::Error;
use crate::resource::Resource;
use crate::wire::{self, Call, Fault, Lines};

/// How long to wait before a server that does not answer just now is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Names an object of any kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Its API version: `apps/v1`, `v1`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace, empty without one.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, namespace, name, .. } = self;
        if namespace.is_empty() { write!(f, "{kind}/{name}") } else { write!(f, "{kind}/{namespace}/{name}") }
    }
}

/// Returns an object whole, as the server has it; nothing when it does not exist.
pub async fn live(connection: &Connection, target: &Target) -> Result<Option<Value>, Error> {
    let resource = discovery::by_version(connection, &target.api_version, &target.kind).await?;
    let path = resource.object(&target.namespace, &target.name);
    let shown = target.to_string();
    match connection.act(Call::get(path), "Reading", &shown).await {
        Ok(bytes) => wire::parse(&bytes).map(Some).map_err(|fault| connection.error(fault, "Reading", &shown)),
        Err(Error::Refused { code: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tells whether objects of a kind live in namespaces.
pub async fn namespaced(connection: &Connection, api_version: &str, kind: &str) -> Result<bool, Error> {
    Ok(discovery::by_version(connection, api_version, kind).await?.namespaced)
}

/// Returns the objects of a kind in a namespace (all when empty) that a label selector picks; without `apiVersion` and `kind`,
/// as the server's lists have them.
pub async fn labelled(
    connection: &Connection,
    (api_version, kind): (&str, &str),
    namespace: &str,
    selector: &str,
) -> Result<Vec<Value>, Error> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default)]
        items: Vec<Value>,
    }
    let resource = discovery::by_version(connection, api_version, kind).await?;
    let call = Call::get(resource.collection(namespace)).with("labelSelector", selector);
    let bytes = connection.act(call, "Listing", kind).await?;
    let list: List = wire::parse(&bytes).map_err(|fault| connection.error(fault, "Listing", kind))?;
    Ok(list.items)
}

/// Asks until there is an answer: while time is left, a server that does not answer just now is asked again. At the end `away` says
/// why there was none, where that is known, else `late`.
pub(super) async fn answered<T, F: Future<Output = Result<T, Error>>>(
    end: Instant,
    away: &mut Option<Error>,
    late: impl Fn() -> Error,
    ask: impl Fn() -> F,
) -> Result<T, Error> {
    loop {
        match timeout_at(end, ask()).await {
            Ok(Err(error)) if error.passes() && Instant::now() < end => *away = Some(error),
            Ok(answer) => return answer,
            Err(_) => return Err(away.take().unwrap_or_else(late)),
        }
        sleep_until(end.min(Instant::now() + AGAIN)).await;
    }
}

/// Waits until an object is as `done` wants it, or gone where that is wanted, by a watch of it alone; an error when that takes
/// longer than the limit.
pub async fn until_live(
    connection: &Connection,
    target: &Target,
    limit: Duration,
    done: impl Fn(Option<&Value>) -> bool,
) -> Result<(), Error> {
    let end = Instant::now() + limit;
    let late = || connection.error(Fault::TimedOut(limit), "Waiting for", &target.to_string());
    let mut away = None;
    loop {
        // Reading it first tells what is so already, also when a watch broke in between.
        let object = answered(end, &mut away, &late, || live(connection, target)).await?;
        if done(object.as_ref()) {
            return Ok(());
        }
        if let Some(version) = object.as_ref().and_then(|o| o.pointer("/metadata/resourceVersion")).and_then(Value::as_str) {
            let resource = discovery::by_version(connection, &target.api_version, &target.kind).await?;
            match timeout_at(end, follow(connection, (&resource, target), version, &done)).await {
                Err(_) => return Err(late()),
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) => {}
                Ok(Err(fault)) => tracing::debug!(?fault, "a watch of one object ended"),
            }
        }
        if timeout_at(end, sleep(Duration::from_millis(300))).await.is_err() {
            return Err(late());
        }
    }
}

async fn follow(
    connection: &Connection,
    (resource, target): (&Resource, &Target),
    version: &str,
    done: &impl Fn(Option<&Value>) -> bool,
) -> Result<bool, Fault> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(rename = "type")]
        event: String,
        object: Value,
    }
    let call = Call::get(resource.collection(&target.namespace))
        .with("watch", "true")
        .with("fieldSelector", &format!("metadata.name={}", target.name))
        .with("resourceVersion", version)
        .with("timeoutSeconds", "60");
    let mut lines = Lines::new(wire::open(&connection.client(Purpose::Act), call, ACTION).await?.into_body());
    while let Some(line) = lines.next().await? {
        let Line { event, object } = wire::parse(&line)?;
        let seen = match event.as_str() {
            "ADDED" | "MODIFIED" => done(Some(&object)),
            "DELETED" => done(None),
            // A status or a bookmark says nothing here; the end of the stream does.
            _ => false,
        };
        if seen {
            return Ok(true);
        }
    }
    Ok(false)
}
