//! The controllers' common engine: changes in, keys out, each key worked on by one at a time, waits on the scaled clock.

pub(crate) mod daemon_set;
pub(crate) mod definition;
pub(crate) mod deployment;
pub(crate) mod garbage;
pub(crate) mod job;
pub(crate) mod kubelet;
pub(crate) mod pods;
pub(crate) mod quota;
pub(crate) mod record;
pub(crate) mod replica_set;
pub(crate) mod stateful_set;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use crate::resource::Resource;
use crate::state::{Shared, State};
use crate::store::{Change, Key, Object, Verb};

/// Brings one kind of object from what is to what is wanted.
pub(crate) trait Reconciler: Send + Sync + 'static {
    /// Returns the keys to look at because of a change.
    fn affected(&self, state: &State, change: &Change) -> Vec<Key>;

    /// Looks at one object. Returns after how long, in ordinary life, to look again.
    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>>;
}

/// Starts a controller; it ends with the cluster.
pub(crate) fn start<R: Reconciler>(state: &Shared, reconciler: R) {
    tokio::spawn(Engine::new(Shared::clone(state), Arc::new(reconciler)).run());
}

/// Starts all controllers of Kubernetes.
pub(crate) fn start_all(state: &Shared) {
    start(state, deployment::Deployments::default());
    start(state, replica_set::ReplicaSets);
    start(state, stateful_set::StatefulSets);
    start(state, daemon_set::DaemonSets);
    start(state, job::Jobs);
    start(state, kubelet::Kubelet::default());
    start(state, garbage::Garbage);
    start(state, garbage::Namespaces);
    start(state, definition::Definitions);
}

struct Engine<R> {
    state: Shared,
    reconciler: Arc<R>,
    cursor: u64,
    timers: BTreeSet<(Instant, Key)>,
    when: HashMap<Key, Instant>,
    busy: HashSet<Key>,
    again: HashSet<Key>,
    running: FuturesUnordered<BoxFuture<'static, (Key, Option<Duration>)>>,
}

impl<R: Reconciler> Engine<R> {
    fn new(state: Shared, reconciler: Arc<R>) -> Self {
        Self {
            state,
            reconciler,
            cursor: 0,
            timers: BTreeSet::new(),
            when: HashMap::new(),
            busy: HashSet::new(),
            again: HashSet::new(),
            running: FuturesUnordered::new(),
        }
    }

    async fn run(mut self) {
        let mut revisions = self.state.revisions();
        let stop = self.state.stop.clone();
        loop {
            self.catch_up();
            self.begin();
            let next = self.timers.first().map(|(at, _)| *at);
            tokio::select! {
                () = stop.cancelled() => return,
                changed = revisions.changed() => if changed.is_err() { return },
                Some((key, after)) = self.running.next(), if !self.running.is_empty() => self.end(key, after),
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }

    fn catch_up(&mut self) {
        let (revision, changes) = {
            let store = self.state.store();
            // What was forgotten is made up for by looking at everything.
            let changes = store.since(self.cursor).unwrap_or_else(|| everything(&store));
            (store.revision(), changes)
        };
        self.cursor = revision;
        let now = Instant::now();
        for change in changes {
            for key in self.reconciler.affected(&self.state, &change) {
                self.schedule(key, now);
            }
        }
    }

    fn schedule(&mut self, key: Key, at: Instant) {
        if self.busy.contains(&key) {
            self.again.insert(key);
            return;
        }
        if let Some(before) = self.when.insert(key.clone(), at) {
            self.timers.remove(&(before, key.clone()));
        }
        self.timers.insert((at, key));
    }

    fn begin(&mut self) {
        let now = Instant::now();
        while let Some((at, key)) = self.timers.first().cloned() {
            if at > now {
                return;
            }
            self.timers.remove(&(at, key.clone()));
            self.when.remove(&key);
            self.busy.insert(key.clone());
            let work = Arc::clone(&self.reconciler).reconcile(Shared::clone(&self.state), key.clone());
            self.running.push(Box::pin(async move { (key, work.await) }));
        }
    }

    fn end(&mut self, key: Key, after: Option<Duration>) {
        self.busy.remove(&key);
        if self.again.remove(&key) {
            self.schedule(key, Instant::now());
        } else if let Some(after) = after {
            let at = Instant::now() + self.state.pace.real(after);
            self.schedule(key, at);
        }
    }
}

fn everything(store: &crate::store::Store) -> Vec<Arc<Change>> {
    let all = crate::resource::RESOURCES.iter().flat_map(|r| store.list(r, None).into_iter().map(move |o| (r.index, o)));
    all.map(|(resource, object)| {
        let (key, revision) = (Key::of(&object), store.revision());
        Arc::new(Change { revision, resource, key, verb: Verb::Added, object, previous: None })
    })
    .collect()
}

/// Returns the key of a changed object of a resource, if it is one.
pub(crate) fn own(resource: &Resource, change: &Change) -> Option<Key> {
    (change.resource == resource.index).then(|| change.key.clone())
}

/// Returns the key of the owner of a kind that controls the changed object.
pub(crate) fn owner(kind: &str, change: &Change) -> Option<Key> {
    let owners = crate::json::list(&change.object, "/metadata/ownerReferences").iter();
    let owner = owners.into_iter().find(|o| crate::json::flag(o, "/controller") && crate::json::text(o, "/kind") == kind)?;
    Some(Key::new(&change.key.namespace, crate::json::text(owner, "/name")))
}

/// Returns a finished piece of work.
pub(crate) fn done(after: Option<Duration>) -> BoxFuture<'static, Option<Duration>> {
    Box::pin(std::future::ready(after))
}

/// Returns the objects of a resource that an object controls and that are not being deleted.
pub(crate) fn living(state: &State, resource: &Resource, owner: &Object) -> Vec<Object> {
    let mut all = state.owned(resource, crate::json::uid(owner));
    all.retain(|object| !crate::json::deleting(object));
    all
}
