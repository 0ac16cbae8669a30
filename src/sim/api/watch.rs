//! Watches: a stream of changes from a revision on, with bookmarks, streaming lists and honest expiry.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::api::path::Target;
use crate::api::select::Selector;
use crate::api::{Call, Reply, events, streaming};
use crate::fault::Fault;
use crate::json;
use crate::resource::{self, Resource};
use crate::state::Shared;
use crate::store::{Change, Verb};

/// How long a watch lasts when nobody says.
const LASTS: Duration = Duration::from_mins(30);
/// How often a bookmark comes, in ordinary life.
const BOOKMARK: Duration = Duration::from_mins(1);
/// How many bytes are gathered before they are sent on.
const CHUNK: usize = 64 * 1024;

struct Watch {
    state: Shared,
    /// What was asked for; events may be a second view.
    shown: &'static Resource,
    stored: &'static Resource,
    namespace: Option<String>,
    selector: Selector,
    bookmarks: bool,
    initial: bool,
    cursor: u64,
    lines: mpsc::Sender<Bytes>,
}

/// Opens a watch.
pub(crate) fn serve(state: &Shared, call: &Call, target: &Target, selector: Selector) -> Result<Reply, Fault> {
    let stored = if target.resource.mirrors_events() { resource::of("Event") } else { target.resource };
    let asked = call.options.number("resourceVersion").unwrap_or(0);
    let streaming_list = call.options.on("sendInitialEvents");
    let revision = state.store().revision();
    if asked > revision {
        return Err(Fault::too_large(asked, revision));
    }
    let (lines, mut receiver) = mpsc::channel::<Bytes>(64);
    let watch = Watch {
        state: Shared::clone(state),
        shown: target.resource,
        stored,
        namespace: target.namespace.clone(),
        selector,
        bookmarks: call.options.on("allowWatchBookmarks"),
        initial: streaming_list || asked == 0,
        cursor: asked,
        lines,
    };
    let lasts = call.options.number("timeoutSeconds").map_or(LASTS, Duration::from_secs);
    tokio::spawn(watch.run(lasts, streaming_list));
    let stream = futures::stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|line| line.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes))))
    });
    Ok(streaming(StatusCode::OK, "application/json", StreamBody::new(stream).boxed()))
}

impl Watch {
    async fn run(mut self, lasts: Duration, streaming_list: bool) {
        let stop = self.state.stop.clone();
        let mut dropped = self.state.faults.dropped.subscribe();
        let lines = self.lines.clone();
        tokio::select! {
            () = self.follow(streaming_list) => {}
            () = tokio::time::sleep(lasts) => {}
            () = stop.cancelled() => {}
            () = lines.closed() => {}
            _ = dropped.changed() => {}
        }
    }

    async fn follow(&mut self, streaming_list: bool) {
        let mut revisions = self.state.revisions();
        if self.initial && !self.list(streaming_list).await {
            return;
        }
        let period = self.state.pace.real(BOOKMARK).max(Duration::from_secs(1));
        let mut bookmark = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
        loop {
            if !self.catch_up().await {
                return;
            }
            tokio::select! {
                changed = revisions.changed() => if changed.is_err() { return },
                _ = bookmark.tick(), if self.bookmarks => {
                    if !self.send(self.bookmark(false)).await { return }
                }
            }
        }
    }

    /// Sends what is there now.
    async fn list(&mut self, streaming_list: bool) -> bool {
        let (revision, objects) = {
            let store = self.state.store();
            (store.revision(), store.list(self.stored, self.namespace.as_deref()))
        };
        self.cursor = revision;
        let mut chunk = Vec::new();
        for object in objects.iter().filter(|object| self.selector.picks(object)) {
            self.line(&mut chunk, "ADDED", object);
            if chunk.len() > CHUNK && !self.send(std::mem::take(&mut chunk)).await {
                return false;
            }
        }
        if streaming_list && self.bookmarks {
            chunk.extend(self.bookmark(true));
        }
        chunk.is_empty() || self.send(chunk).await
    }

    /// Sends what changed since the cursor; tells whether the watch goes on.
    async fn catch_up(&mut self) -> bool {
        let (revision, oldest, changes) = {
            let store = self.state.store();
            (store.revision(), store.oldest(), store.since(self.cursor))
        };
        let Some(changes) = changes else {
            let status = Fault::expired(self.cursor, oldest).status();
            let mut line = serde_json::to_vec(&json!({"type": "ERROR", "object": status})).unwrap_or_default();
            line.push(b'\n');
            self.send(line).await;
            return false;
        };
        let mut chunk = Vec::new();
        for change in changes.iter().filter(|change| change.resource == self.stored.index) {
            if let Some((kind, object)) = self.seen(change) {
                self.line(&mut chunk, kind, object);
            }
        }
        self.cursor = revision;
        chunk.is_empty() || self.send(chunk).await
    }

    /// Tells what a change is to somebody who sees only what is selected.
    fn seen<'a>(&self, change: &'a Change) -> Option<(&'static str, &'a Value)> {
        if self.namespace.as_ref().is_some_and(|namespace| *namespace != change.key.namespace) {
            return None;
        }
        let before = change.previous.as_ref().is_some_and(|object| self.selector.picks(object));
        let after = change.verb != Verb::Deleted && self.selector.picks(&change.object);
        match (before, after) {
            (false, true) => Some(("ADDED", &change.object)),
            (true, true) => Some(("MODIFIED", &change.object)),
            (true, false) => Some(("DELETED", &change.object)),
            (false, false) => None,
        }
    }

    fn line(&self, chunk: &mut Vec<u8>, kind: &str, object: &Value) {
        chunk.extend_from_slice(format!("{{\"type\":\"{kind}\",\"object\":").as_bytes());
        let written = if self.shown.mirrors_events() {
            serde_json::to_vec(&events::second_view(object))
        } else {
            serde_json::to_vec(object)
        };
        chunk.extend(written.unwrap_or_default());
        chunk.extend_from_slice(b"}\n");
    }

    fn bookmark(&self, ends_list: bool) -> Vec<u8> {
        let mut object = json!({"kind": self.shown.kind, "apiVersion": self.shown.api_version(),
            "metadata": {"resourceVersion": self.cursor.to_string()}});
        if ends_list {
            json::set(&mut object, "/metadata/annotations/k8s.io~1initial-events-end", "true".into());
        }
        let mut line = serde_json::to_vec(&json!({"type": "BOOKMARK", "object": object})).unwrap_or_default();
        line.push(b'\n');
        line
    }

    async fn send(&self, bytes: Vec<u8>) -> bool {
        self.state.thawed().await;
        self.lines.send(bytes.into()).await.is_ok()
    }
}
