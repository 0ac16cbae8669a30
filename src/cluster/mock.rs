//! A tiny Kubernetes API for tests: lists in pages, watches, and every way in which they fail.
//!
//! It knows no kinds and no controllers; the simulator does. Here each misbehaviour can be had by a switch.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use serde_json::{Value, json};

use crate::connection::RequestBody;

pub(crate) type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

#[derive(Clone, Default)]
pub(crate) struct Mock(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    /// Collections by path (`/apis/g/v/plural`): objects by namespace and name.
    pub(crate) collections: BTreeMap<String, BTreeMap<(String, String), Value>>,
    /// Group versions that are served, with (plural, kind).
    pub(crate) served: BTreeMap<String, Vec<(String, String)>>,
    /// Documents by path.
    pub(crate) documents: BTreeMap<String, Value>,
    /// Answers a request whose path contains the text with this status.
    pub(crate) refuse: BTreeMap<String, u16>,
    /// Never answers a request whose path contains the text.
    pub(crate) mute: BTreeSet<String>,
    /// Nothing answers and nothing is sent.
    pub(crate) frozen: bool,
    /// Whether lists as streams are offered.
    pub(crate) streaming: bool,
    /// Watches from below this version are answered with 410: as HTTP status, or in the stream.
    pub(crate) compacted: u64,
    pub(crate) http_410: bool,
    /// Every request: method, path with query.
    pub(crate) requests: Vec<String>,
    pub(crate) bodies: Vec<Value>,
    version: u64,
    log: Vec<(u64, String, Value)>,
    watchers: Vec<Watching>,
}

struct Watching {
    path: String,
    sender: UnboundedSender<Bytes>,
    deaf: bool,
}

impl Mock {
    /// Builds a server that serves Kustomizations and GitRepositories.
    pub(crate) fn new() -> Self {
        let mock = Self::default();
        {
            let mut state = mock.state();
            state.version = 100;
            state.streaming = true;
            state.serve("kustomize.toolkit.fluxcd.io/v1", "kustomizations", "Kustomization");
            state.serve("source.toolkit.fluxcd.io/v1", "gitrepositories", "GitRepository");
        }
        mock
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates or changes an object.
    #[expect(clippy::needless_pass_by_value, reason = "tests write the value in place")]
    pub(crate) fn put(&self, collection: &str, namespace: &str, name: &str, rest: Value) {
        self.state().put(collection, namespace, name, &rest);
    }

    /// Deletes an object.
    pub(crate) fn delete(&self, collection: &str, namespace: &str, name: &str) {
        let mut state = self.state();
        let gone = state.collections.get_mut(collection).and_then(|c| c.remove(&(namespace.into(), name.into())));
        if let Some(mut object) = gone {
            state.version += 1;
            object["metadata"]["resourceVersion"] = json!(state.version.to_string());
            state.tell("DELETED", collection, &object);
        }
    }

    /// Sends a raw line to all watches of a collection.
    pub(crate) fn line(&self, collection: &str, line: &str) {
        self.piece(collection, &format!("{line}\n"));
    }

    /// Sends what is no whole line to all watches of a collection.
    pub(crate) fn piece(&self, collection: &str, text: &str) {
        let text = Bytes::from(text.to_owned());
        self.state().watchers.iter().filter(|w| w.path == collection).for_each(|w| drop(w.sender.unbounded_send(text.clone())));
    }

    /// Ends all watches in order.
    pub(crate) fn hang_up(&self) {
        self.state().watchers.clear();
    }

    /// Stops answering; what is connected stays connected and hears nothing any more, even after the thaw.
    pub(crate) fn freeze(&self) {
        let mut state = self.state();
        state.frozen = true;
        state.watchers.iter_mut().for_each(|w| w.deaf = true);
    }

    pub(crate) fn thaw(&self) {
        self.state().frozen = false;
    }

    /// Counts the requests whose line contains a text.
    pub(crate) fn asked(&self, what: &str) -> usize {
        self.state().requests.iter().filter(|r| r.contains(what)).count()
    }

    async fn answer(self, request: Request<RequestBody>) -> Answer {
        let line = format!("{} {}", request.method(), request.uri());
        let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let frozen = {
            let mut state = self.state();
            state.requests.push(line.clone());
            if let Ok(json) = serde_json::from_slice(&body) {
                state.bodies.push(json);
            }
            state.frozen || state.mute.iter().any(|part| line.contains(part.as_str()))
        };
        if frozen {
            std::future::pending::<()>().await;
        }
        self.state().respond(&line, &body)
    }
}

impl State {
    pub(crate) fn serve(&mut self, group_version: &str, plural: &str, kind: &str) {
        self.served.entry(group_version.to_owned()).or_default().push((plural.to_owned(), kind.to_owned()));
    }

    fn put(&mut self, collection: &str, namespace: &str, name: &str, rest: &Value) {
        self.version += 1;
        let kind = self.served.values().flatten().find(|(plural, _)| collection.ends_with(plural.as_str()));
        let mut object = json!({ "kind": kind.map(|k| k.1.clone()), "metadata": {
            "name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"), "generation": 1,
            "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{ "manager": "x" }] } });
        merge(&mut object, rest);
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let held = self.collections.entry(collection.to_owned()).or_default();
        let what = if held.insert((namespace.into(), name.into()), object.clone()).is_some() { "MODIFIED" } else { "ADDED" };
        self.tell(what, collection, &object);
    }

    fn tell(&mut self, what: &str, collection: &str, object: &Value) {
        let event = json!({ "type": what, "object": object });
        let text = Bytes::from(format!("{event}\n"));
        self.watchers.retain(|w| !w.sender.is_closed());
        self.watchers
            .iter()
            .filter(|w| w.path == collection && !w.deaf)
            .for_each(|w| drop(w.sender.unbounded_send(text.clone())));
        self.log.push((self.version, collection.to_owned(), event));
    }

    fn respond(&mut self, line: &str, body: &Bytes) -> Answer {
        let (method, uri) = line.split_once(' ').unwrap_or(("GET", line));
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let refused = self.refuse.iter().find(|(part, _)| uri.contains(part.as_str())).map(|(_, code)| *code);
        if let Some(code) = refused {
            return status(code, "refused as the test wants");
        }
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        if let Some(document) = self.documents.get(path) {
            return whole(200, &document.to_string());
        }
        match path {
            "/readyz" => return whole(200, "ok"),
            "/version" => return whole(200, &json!({ "gitVersion": "v1.36.3" }).to_string()),
            "/apis" => return self.groups(),
            _ => {}
        }
        if let Some(kinds) = path.strip_prefix("/apis/").and_then(|gv| self.served.get(gv)) {
            let list: Vec<Value> =
                kinds.iter().map(|(plural, kind)| json!({ "name": plural, "kind": kind, "namespaced": true })).collect();
            return whole(200, &json!({ "resources": list }).to_string());
        }
        if method == "PATCH" {
            return self.change(path, body);
        }
        let known = self.served.iter().any(|(gv, kinds)| kinds.iter().any(|(plural, _)| path == format!("/apis/{gv}/{plural}")));
        let core =
            ["/pods", "/events", "/deployments", "/statefulsets", "/daemonsets", "/shop/kustomizations", "/blog/kustomizations"]
                .iter()
                .any(|end| path.ends_with(end));
        if known || core {
            return if query.contains_key("watch") { self.watch(path, &query) } else { self.list(path, &query) };
        }
        self.one(path).map_or_else(|| status(404, "not found"), |(_, object)| whole(200, &object.to_string()))
    }

    fn groups(&self) -> Answer {
        let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (group, version) in self.served.keys().filter_map(|gv| gv.split_once('/')) {
            groups.entry(group).or_default().insert(version);
        }
        let versions = |set: BTreeSet<&str>| set.into_iter().map(|v| json!({ "version": v })).collect::<Vec<_>>();
        let groups: Vec<Value> = groups.into_iter().map(|(g, v)| json!({ "name": g, "versions": versions(v) })).collect();
        whole(200, &json!({ "groups": groups }).to_string())
    }

    /// Finds `/apis/g/v/namespaces/ns/plural/name`.
    fn one(&self, path: &str) -> Option<(String, Value)> {
        let (root, rest) = path.split_once("/namespaces/")?;
        let mut parts = rest.split('/');
        let (namespace, plural, name) = (parts.next()?, parts.next()?, parts.next()?);
        let collection = format!("{root}/{plural}");
        let object = self.collections.get(&collection)?.get(&(namespace.to_owned(), name.to_owned()))?.clone();
        Some((collection, object))
    }

    fn change(&mut self, path: &str, body: &Bytes) -> Answer {
        let Some((collection, mut object)) = self.one(path) else { return status(404, "not found") };
        let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
        let expected = wanted.pointer("/metadata/resourceVersion");
        if expected.is_some_and(|v| Some(v) != object.pointer("/metadata/resourceVersion")) {
            return status(409, "the object has been modified");
        }
        merge(&mut object, &wanted);
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        self.put(&collection, &namespace, &name, &object);
        let stored = self.collections.get(&collection).and_then(|c| c.get(&(namespace, name)));
        whole(200, &stored.map(Value::to_string).unwrap_or_default())
    }

    fn list(&self, path: &str, query: &BTreeMap<&str, &str>) -> Answer {
        let all: Vec<&Value> = self.collections.get(path).map(|c| c.values().collect()).unwrap_or_default();
        let limit = query.get("limit").and_then(|l| l.parse().ok()).unwrap_or(usize::MAX);
        let from: usize = query.get("continue").and_then(|c| c.parse().ok()).unwrap_or(0);
        let items: Vec<&Value> = all.iter().skip(from).take(limit).copied().collect();
        let next = from + items.len();
        let more = if next < all.len() { next.to_string() } else { String::new() };
        let list = json!({ "metadata": { "resourceVersion": self.version.to_string(), "continue": more }, "items": items });
        whole(200, &list.to_string())
    }

    fn watch(&mut self, path: &str, query: &BTreeMap<&str, &str>) -> Answer {
        let (sender, receiver) = unbounded::<Bytes>();
        let send = |event: &Value| drop(sender.unbounded_send(Bytes::from(format!("{event}\n"))));
        if query.contains_key("sendInitialEvents") {
            if !self.streaming {
                return status(422, "sendInitialEvents is forbidden for watch");
            }
            for object in self.collections.get(path).into_iter().flat_map(BTreeMap::values) {
                send(&json!({ "type": "ADDED", "object": object }));
            }
            send(&json!({ "type": "BOOKMARK", "object": { "metadata": { "resourceVersion": self.version.to_string(),
                "annotations": { "k8s.io/initial-events-end": "true" } } } }));
        } else {
            let from: u64 = query.get("resourceVersion").and_then(|v| v.parse().ok()).unwrap_or(0);
            if from < self.compacted {
                if self.http_410 {
                    return status(410, "too old resource version");
                }
                let gone = json!({ "kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version" });
                send(&json!({ "type": "ERROR", "object": gone }));
            }
            self.log.iter().filter(|(version, of, _)| *version > from && of == path).for_each(|(_, _, event)| send(event));
        }
        self.watchers.push(Watching { path: path.to_owned(), sender, deaf: false });
        let frames = receiver.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes)));
        Response::new(StreamBody::new(frames).boxed_unsync())
    }
}

fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    into.shift_remove(key);
                } else {
                    merge(into.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
        }
        (into, patch) => {
            *into = match patch {
                Value::Object(map) => {
                    Value::Object(map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect())
                }
                other => other.clone(),
            }
        }
    }
}

fn whole(code: u16, body: &str) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body.to_owned())).boxed_unsync());
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    response
}

fn status(code: u16, message: &str) -> Answer {
    whole(code, &json!({ "kind": "Status", "code": code, "reason": "Test", "message": message }).to_string())
}

impl tower::Service<Request<RequestBody>> for Mock {
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let mock = self.clone();
        Box::pin(async move { Ok(mock.answer(request).await) })
    }
}
