//! A whole simulated cluster in one process: a Kubernetes API with Flux's behaviour, for the demo and for tests.
//!
//! The API server is a tower service that a real client or kubectl talks to; the controllers of Kubernetes and Flux that
//! the product meets run beside it, on a scaled clock. Repositories are real; containers, registries and charts are not.
//! Where it differs from a real cluster, it is wrong.

mod api;
mod clock;
mod controllers;
mod error;
mod fault;
mod flux;
mod json;
mod output;
mod release;
mod resource;
mod seed;
mod serve;
mod spoil;
mod state;
mod store;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::DropGuard;

pub use crate::api::{ApiService, Body};
pub use crate::clock::Clock;
pub use crate::error::Error;
pub use crate::release::manifest as release_manifest;
pub use crate::spoil::Spoil;

use crate::api::write::Hand;
use crate::clock::Pace;
use crate::resource::RESOURCES;
use crate::state::{Refusal, Shared, State, locked};
use crate::store::Key;

/// Says how a simulated cluster is to be.
#[derive(Clone)]
pub struct SimConfig {
    /// The cluster's name, which the kubeconfig gives to its context.
    pub context: String,
    /// How many times as fast as life; 1.0 is life.
    pub time_scale: f64,
    /// What time it is.
    pub clock: Clock,
    /// The folder for mirrors of the repositories that sources name.
    pub git_root: PathBuf,
    /// Namespaces that exist from the start, beside Kubernetes' own and `flux-system`.
    pub namespaces: Vec<String>,
    /// How many nodes there are.
    pub nodes: usize,
    /// Whether the Deployments of the Flux controllers are there to be seen.
    pub components: bool,
    /// Whether Flux is not installed: then neither its definitions nor its namespace nor its controllers are there.
    pub bare: bool,
}

impl SimConfig {
    /// Returns a cluster of two nodes with Flux's components, as fast as life.
    pub fn new(context: impl Into<String>, clock: Clock, git_root: impl Into<PathBuf>) -> Self {
        Self {
            context: context.into(),
            time_scale: 1.0,
            clock,
            git_root: git_root.into(),
            namespaces: Vec::new(),
            nodes: 2,
            components: true,
            bare: false,
        }
    }
}

/// A running simulated cluster. It ends when this is dropped.
pub struct Sim {
    state: Shared,
    _ends: DropGuard,
}

impl Sim {
    /// Starts a cluster; needs a running tokio runtime.
    pub fn start(config: &SimConfig) -> Self {
        let pace = Pace::new(config.clock.clone(), config.time_scale);
        let state = Arc::new(State::new(&config.context, pace, (config.git_root.clone(), config.bare)));
        seed::plant(&state, config);
        controllers::start_all(&state);
        flux::start_all(&state);
        let ends = state.stop.clone().drop_guard();
        Self { state, _ends: ends }
    }

    /// Goes on so many times as fast as life; what is waited for already takes as long as it was to.
    pub fn hasten(&self, scale: f64) {
        self.state.pace.set(scale);
    }

    /// Returns the API server as a service; clones share the cluster.
    pub fn service(&self) -> ApiService {
        ApiService::new(Shared::clone(&self.state))
    }

    /// Serves the API over HTTP/1.1 and unencrypted HTTP/2 on a loopback address; port 0 lets the system choose.
    pub async fn serve(&self, address: SocketAddr) -> Result<SocketAddr, Error> {
        serve::listen(&self.state, self.service(), address).await
    }

    /// Returns a kubeconfig whose only context leads to an address that is served.
    pub fn kubeconfig(&self, address: SocketAddr) -> String {
        let name = &self.state.context;
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    server: http://{address}\nusers:\n- name: {name}\n  \
             user: {{}}\ncontexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: {name}\ncurrent-context: {name}\n"
        )
    }

    /// Creates an object as the cluster's administrator; a status that it carries is kept.
    pub fn create(&self, object: Value) -> Result<Value, Error> {
        let resource = self.resource(&object)?;
        let hand = if object.get("status").is_some() { Hand::whole(ADMIN) } else { Hand::main(ADMIN) };
        let name = json::name(&object).to_owned();
        let made = self.state.create(resource, object, hand);
        made.map(|object| (*object).clone()).map_err(|fault| Error::refused(format!("{} {name}", resource.kind), &fault))
    }

    /// Applies every document of a YAML text (server-side apply, by force). Returns the objects.
    pub fn apply_yaml(&self, text: &str) -> Result<Vec<Value>, Error> {
        let mut applied = Vec::new();
        for document in serde_yaml::Deserializer::from_str(text) {
            let object = <Value as serde::Deserialize>::deserialize(document)
                .map_err(|error| Error::Manifest { object: "a document".to_owned(), why: error.to_string() })?;
            if object.is_null() {
                continue;
            }
            let resource = self.resource(&object)?;
            let name = format!("{} {}", resource.kind, json::name(&object));
            let (object, _) =
                self.state.apply(resource, object, Hand::main(ADMIN), true).map_err(|fault| Error::refused(name, &fault))?;
            applied.push((*object).clone());
        }
        Ok(applied)
    }

    /// Puts an object in the place of the one of its name as it stands: nothing is checked or filled in, which makes it quick.
    pub fn overwrite(&self, object: Value) -> Result<(), Error> {
        let resource = self.resource(&object)?;
        let mut store = self.state.store();
        store.put(resource, object);
        self.state.tell(store);
        Ok(())
    }

    fn resource(&self, object: &Value) -> Result<&'static resource::Resource, Error> {
        self.state.resource_of(object).ok_or_else(|| {
            let (version, kind) = (json::text(object, "/apiVersion"), json::text(object, "/kind"));
            Error::Manifest {
                object: json::name(object).to_owned(),
                why: format!("no matches for kind \"{kind}\" in version \"{version}\""),
            }
        })
    }

    /// Returns an object by kind, namespace (empty for cluster-wide) and name.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let resource = RESOURCES.iter().find(|r| r.is(kind))?;
        self.state.get(resource, namespace, name).map(|object| (*object).clone())
    }

    /// Deletes an object as the cluster's administrator, or marks it for its finalizers; it does so while frozen as well.
    pub fn delete(&self, kind: &str, namespace: &str, name: &str) -> Result<(), Error> {
        let refused = |fault: &fault::Fault| Error::refused(format!("{kind} {name}"), fault);
        let resource = RESOURCES
            .iter()
            .find(|r| r.is(kind))
            .ok_or_else(|| Error::Manifest { object: name.to_owned(), why: format!("no matches for kind \"{kind}\"") })?;
        let deleted = self.state.delete(resource, &Key::new(namespace, name), &api::delete::Deletion::default());
        deleted.map(drop).map_err(|fault| refused(&fault))
    }

    /// Waits until an object is as a condition wants it, or until a time (not scaled) has passed; then returns nothing.
    pub async fn wait_for<F>(&self, (kind, namespace, name): (&str, &str, &str), within: Duration, mut holds: F) -> Option<Value>
    where
        F: FnMut(Option<&Value>) -> bool,
    {
        let mut revisions = self.state.revisions();
        let look = async {
            loop {
                let found = self.get(kind, namespace, name);
                if holds(found.as_ref()) {
                    return Some(found.unwrap_or_default());
                }
                if revisions.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(within, look).await.ok().flatten()
    }

    /// Returns every object, kind by kind.
    pub fn dump(&self) -> Vec<Value> {
        let store = self.state.store();
        RESOURCES.iter().flat_map(|r| store.list(r, None)).map(|object| (*object).clone()).collect()
    }

    /// Takes requests but answers none, and lets watches go silent.
    pub fn freeze(&self) {
        self.state.faults.frozen.send_replace(true);
    }

    /// Answers again.
    pub fn thaw(&self) {
        self.state.faults.frozen.send_replace(false);
    }

    /// Ends every watch that is open.
    pub fn drop_watches(&self) {
        self.state.faults.dropped.send_modify(|times| *times += 1);
    }

    /// Forgets all changes, so that older resource versions are expired (410).
    pub fn expire(&self) {
        self.state.store().forget();
    }

    /// Refuses requests for a kind, a plural name or (with a leading slash) a path prefix, with an HTTP status.
    pub fn deny(&self, what: &str, status: u16) {
        locked(&self.state.faults.denied).push((what.to_owned(), status));
    }

    /// Has an admission webhook refuse the creation of objects of this namespace and name, in these words.
    pub fn refuse(&self, webhook: &str, (namespace, name): (&str, &str), words: &str) {
        let refusal = Refusal { webhook: webhook.to_owned(), object: Key::new(namespace, name), words: words.to_owned() };
        locked(&self.state.faults.refused).push(refusal);
    }

    /// Has the containers of a Pod have written just these bytes, whatever they are.
    pub fn write_log(&self, namespace: &str, pod: &str, bytes: Vec<u8>) {
        locked(&self.state.faults.written).insert(Key::new(namespace, pod), bytes.into());
    }

    /// Refuses nothing any more.
    pub fn allow(&self) {
        locked(&self.state.faults.denied).clear();
        locked(&self.state.faults.refused).clear();
    }

    /// Serves a kind or stops serving it, as if its definition came or went.
    pub fn offer(&self, kind: &str, served: bool) {
        let mut absent = locked(&self.state.faults.absent);
        for resource in RESOURCES.iter().filter(|r| r.kind == kind) {
            if served {
                absent.remove(resource.kind)
            } else {
                absent.insert(resource.kind)
            };
        }
    }

    /// Lets every request wait (not scaled).
    pub fn latency(&self, each: Duration) {
        *locked(&self.state.faults.latency) = each;
    }

    /// Spoils every answer from now on, also what comes of watches that begin; nothing: none.
    pub fn spoil(&self, spoil: Option<Spoil>) {
        *locked(&self.state.faults.spoil) = spoil;
    }
}

/// The field manager of what the program itself sets up.
const ADMIN: &str = "admin";
