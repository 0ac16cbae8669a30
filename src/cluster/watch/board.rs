//! The index: all objects and all link states, behind one lock that is never held across a wait.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Time;
use domain::flux::{FluxObject, ObjectKey};
use domain::ident::ContextName;
use domain::link::{Link, LinkOf, LinkState};
use domain::workload::{Pod, Workload};
use tokio::sync::watch;

use super::shelf::{Rows, Shelf, StreamId};
use super::{Clock, Snapshot, Versions};
use crate::lean::Lean;

/// Says which shelf a type stands on.
pub(super) trait Shelved: Lean {
    fn shelf(state: &mut State) -> &mut Shelf<Self>;
}

/// Holds everything that is known of a cluster.
#[derive(Debug)]
pub(super) struct State {
    flux: Shelf<FluxObject>,
    workloads: Shelf<Workload>,
    pods: Shelf<Pod>,
    cluster: LinkState,
    streams: BTreeMap<StreamId, Slot>,
    links: u64,
    links_view: Option<Arc<Vec<Link>>>,
}

/// Holds a stream's own state and when it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    state: LinkState,
    heard: Option<Time>,
}

/// Holds the index and tells readers of its changes.
pub(super) struct Board {
    context: ContextName,
    clock: Clock,
    started: Time,
    state: Mutex<State>,
    versions: watch::Sender<Versions>,
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").field("context", &self.context).finish_non_exhaustive()
    }
}

impl Board {
    pub(super) fn new(context: ContextName, versions: watch::Sender<Versions>, clock: Clock) -> Self {
        let state = State {
            flux: Shelf::default(),
            workloads: Shelf::default(),
            pods: Shelf::default(),
            cluster: LinkState::Connecting,
            streams: BTreeMap::new(),
            links: 0,
            links_view: None,
        };
        Self { context, started: clock(), clock, state: Mutex::new(state), versions }
    }

    pub(super) fn now(&self) -> Time {
        (self.clock)()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Versions> {
        self.versions.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells the readers if it did.
    fn change<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = act(&mut state);
        let now = state.versions();
        drop(state);
        self.versions.send_if_modified(|held| {
            // Another change may have overtaken this one on its way here; counters only grow.
            let newer = Versions {
                flux: held.flux.max(now.flux),
                workloads: held.workloads.max(now.workloads),
                pods: held.pods.max(now.pods),
                links: held.links.max(now.links),
            };
            let differs = newer != *held;
            *held = newer;
            differs
        });
        result
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let mut state = self.lock();
        let links = state.links_view.take().unwrap_or_else(|| Arc::new(self.links(&state)));
        state.links_view = Some(Arc::clone(&links));
        Snapshot {
            flux: state.flux.view(),
            workloads: state.workloads.view(),
            pods: state.pods.view(),
            links,
            versions: state.versions(),
        }
    }

    fn links(&self, state: &State) -> Vec<Link> {
        let cluster = self.context.0.clone();
        let whole = Link { of: LinkOf::Cluster(cluster.clone()), state: state.cluster.clone() };
        let kinds = state.streams.iter().map(|(id, slot)| Link {
            of: LinkOf::Kind { cluster: cluster.clone(), kind: id.kind.to_string(), namespace: id.namespace.to_string() },
            state: state.shown(&slot.state),
        });
        std::iter::once(whole).chain(kinds).collect()
    }

    pub(super) fn apply<T: Shelved>(&self, id: &StreamId, objects: Vec<T>) {
        self.change(|state| T::shelf(state).apply(id, objects));
    }

    pub(super) fn remove<T: Shelved>(&self, id: &StreamId, key: &ObjectKey) {
        self.change(|state| T::shelf(state).remove(id, key));
    }

    /// Shows the part of a first list that is there.
    pub(super) fn show<T: Shelved>(&self, id: &StreamId, rows: &Rows<T>) {
        self.change(|state| T::shelf(state).show(id, rows));
    }

    /// Puts a finished list in place and shows the stream as live, in one step.
    pub(super) fn replace<T: Shelved>(&self, id: &StreamId, rows: Rows<T>) {
        let now = self.now();
        self.change(|state| {
            T::shelf(state).replace(id, rows);
            state.set(id, LinkState::Live, Some(now));
        });
    }

    /// Forgets a stream's objects and its link.
    pub(super) fn forget<T: Shelved>(&self, id: &StreamId) {
        self.change(|state| {
            T::shelf(state).forget(id);
            if state.streams.remove(id).is_some() {
                state.relink();
            }
        });
    }

    /// Forgets a stream's objects; its link stays.
    pub(super) fn empty<T: Shelved>(&self, id: &StreamId) {
        self.change(|state| T::shelf(state).forget(id));
    }

    /// Forgets a stream's objects and says that its kind is not there.
    pub(super) fn absent<T: Shelved>(&self, id: &StreamId) {
        self.change(|state| {
            T::shelf(state).forget(id);
            state.set(id, LinkState::KindAbsent, None);
        });
    }

    /// Returns the object that is held already when this one is the same, else this one.
    pub(super) fn known<T: Shelved>(&self, id: &StreamId, fresh: T) -> Arc<T> {
        let held = T::shelf(&mut self.lock()).get(id, fresh.key());
        held.filter(|held| held.stamp() == fresh.stamp() && !fresh.stamp().1.is_empty()).unwrap_or_else(|| Arc::new(fresh))
    }

    /// Tells whether a stream was ever live.
    pub(super) fn was_heard(&self, id: &StreamId) -> bool {
        self.lock().streams.get(id).is_some_and(|slot| slot.heard.is_some())
    }

    /// Tells whether a stream found its kind gone.
    pub(super) fn is_absent(&self, id: &StreamId) -> bool {
        self.lock().streams.get(id).is_some_and(|slot| slot.state == LinkState::KindAbsent)
    }

    pub(super) fn count<T: Shelved>(&self, id: &StreamId) -> usize {
        T::shelf(&mut self.lock()).count(id)
    }

    /// Adds a stream that was not heard of yet.
    pub(super) fn connecting(&self, id: &StreamId) {
        self.change(|state| {
            if !state.streams.contains_key(id) {
                state.set(id, LinkState::Connecting, None);
            }
        });
    }

    /// Shows the progress of a first list; a list that replaces rows that are shown stays what it was.
    pub(super) fn listing(&self, id: &StreamId, got: usize) {
        self.change(|state| {
            let first = state.streams.get(id).is_none_or(|slot| slot.heard.is_none());
            if first {
                state.set(id, LinkState::Listing { got }, None);
            }
        });
    }

    /// Notes that the server holds a stream open for us: what is shown is what is.
    pub(super) fn live(&self, id: &StreamId) {
        let now = self.now();
        self.change(|state| state.set(id, LinkState::Live, Some(now)));
    }

    /// Notes that a stream was heard of, without a change of its state.
    pub(super) fn heard(&self, id: &StreamId) {
        let now = self.now();
        if let Some(slot) = self.lock().streams.get_mut(id) {
            slot.heard = Some(now);
        }
    }

    /// Shows a stream as stale since it was last heard of, or as not reached when it never was.
    pub(super) fn stale(&self, id: &StreamId, why: String) {
        self.change(|state| {
            let slot = state.streams.get(id);
            let heard = match slot.map(|s| &s.state) {
                Some(LinkState::Stale { since, .. }) => Some(*since),
                _ => slot.and_then(|s| s.heard),
            };
            state.set(id, LinkState::silent(heard, self.started, why), None);
        });
    }

    /// Shows a stream in a state that it was told.
    pub(super) fn set(&self, id: &StreamId, link: LinkState) {
        self.change(|state| state.set(id, link, None));
    }

    /// Shows the cluster as answering; tells whether it was not before.
    pub(super) fn cluster_live(&self) -> bool {
        self.change(|state| {
            let recovered = !matches!(state.cluster, LinkState::Live | LinkState::Connecting);
            state.set_cluster(LinkState::Live);
            recovered
        })
    }

    /// Shows the cluster as not answering, and with it every kind that looked well.
    pub(super) fn cluster_stale(&self, last_good: Option<Time>, why: String) {
        self.change(|state| {
            // Who watches may have heard a server that has not answered a beat yet.
            let heard = last_good.or_else(|| state.streams.values().filter_map(|slot| slot.heard).max());
            let heard = if let LinkState::Stale { since, .. } = state.cluster { Some(since) } else { heard };
            // The kinds keep this state until their own new list is complete, also after the heartbeat is back.
            for slot in state.streams.values_mut() {
                if matches!(slot.state, LinkState::Live | LinkState::Listing { .. }) {
                    slot.state = LinkState::silent(heard, self.started, why.clone());
                }
            }
            state.set_cluster(LinkState::silent(heard, self.started, why));
        });
    }

    /// Shows the cluster in a state that it was told.
    pub(super) fn set_cluster(&self, link: LinkState) {
        self.change(|state| state.set_cluster(link));
    }
}

impl State {
    fn versions(&self) -> Versions {
        Versions { flux: self.flux.version(), workloads: self.workloads.version(), pods: self.pods.version(), links: self.links }
    }

    fn relink(&mut self) {
        self.links += 1;
        self.links_view = None;
    }

    fn set(&mut self, id: &StreamId, link: LinkState, heard: Option<Time>) {
        let before = self.streams.get(id);
        let changed = before.is_none_or(|slot| slot.state != link);
        let heard = heard.or_else(|| before.and_then(|slot| slot.heard));
        self.streams.insert(id.clone(), Slot { state: link, heard });
        if changed {
            self.relink();
        }
    }

    fn set_cluster(&mut self, link: LinkState) {
        if self.cluster != link {
            self.cluster = link;
            self.relink();
        }
    }

    /// Returns what a stream's link shows: nothing looks live while the cluster does not answer.
    fn shown(&self, own: &LinkState) -> LinkState {
        match (&self.cluster, own) {
            (
                LinkState::Stale { .. } | LinkState::Unreached { .. } | LinkState::Unauthorized { .. },
                LinkState::Live | LinkState::Listing { .. } | LinkState::Connecting | LinkState::KindAbsent,
            ) => self.cluster.clone(),
            _ => own.clone(),
        }
    }
}

impl Shelved for FluxObject {
    fn shelf(state: &mut State) -> &mut Shelf<Self> {
        &mut state.flux
    }
}

impl Shelved for Workload {
    fn shelf(state: &mut State) -> &mut Shelf<Self> {
        &mut state.workloads
    }
}

impl Shelved for Pod {
    fn shelf(state: &mut State) -> &mut Shelf<Self> {
        &mut state.pods
    }
}
