//! Watching a cluster: all Flux kinds, and the workloads and Pods of some namespaces, as one index with link states.
//!
//! Lists and watches write straight into the index, so there is no queue that could run full; readers take snapshots when
//! they like and are told by counters which parts changed. Objects that did not change keep their `Arc`.
//! It never gives up: refusals, absent kinds and lost connections are states of a link.

mod backoff;
mod board;
mod heartbeat;
mod kinds;
mod narrow;
mod scope;
mod shelf;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::Time;
use domain::flux::FluxObject;
use domain::link::Link;
use domain::workload::{Pod, Workload};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::connection::Connection;
use board::Board;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// How many first lists run at once; the others wait, so that a start does not open a hundred connections in one instant.
const LISTS_AT_ONCE: usize = 24;

/// Says what to watch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Whether all Flux kinds are watched, in all namespaces.
    pub flux: bool,
    /// The namespaces whose workloads and Pods are watched.
    pub namespaces: BTreeSet<String>,
}

/// Counts the changes of each part of a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Versions {
    /// Flux objects.
    pub flux: u64,
    /// Workloads.
    pub workloads: u64,
    /// Pods.
    pub pods: u64,
    /// Link states.
    pub links: u64,
}

/// Holds what is known of a cluster at one moment. Parts that did not change are the same `Arc` as before.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The Flux objects, sorted by key.
    pub flux: Arc<Vec<Arc<FluxObject>>>,
    /// The workloads, sorted by key.
    pub workloads: Arc<Vec<Arc<Workload>>>,
    /// The Pods, sorted by key.
    pub pods: Arc<Vec<Arc<Pod>>>,
    /// The state of each connection: the cluster first, then its kinds.
    pub links: Arc<Vec<Link>>,
    /// Which state of each part this is.
    pub versions: Versions,
}

/// Starts watches.
#[derive(Debug)]
pub struct Watcher;

impl Watcher {
    /// Begins to watch; returns at once. Must be called within a tokio runtime.
    pub fn start(connection: Connection, scope: Scope, clock: Clock) -> Watch {
        let (versions, _) = watch::channel(Versions::default());
        let (namespaces, wanted) = watch::channel(scope.namespaces);
        let board = Arc::new(Board::new(connection.context().clone(), versions, clock));
        let signals = Signals::default();
        let ground = Ground {
            connection,
            board: Arc::clone(&board),
            signals: signals.clone(),
            lists: Arc::new(Semaphore::new(LISTS_AT_ONCE)),
            namespaces: wanted.clone(),
        };
        let mut tasks = vec![spawn(heartbeat::run(ground.clone())), spawn(scope::run(ground.clone(), wanted))];
        if scope.flux {
            tasks.push(spawn(kinds::run(ground)));
        }
        Watch { board, signals, namespaces, _tasks: tasks }
    }
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

/// Holds a running watch; dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    board: Arc<Board>,
    signals: Signals,
    namespaces: watch::Sender<BTreeSet<String>>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Watch {
    /// Returns what is known now. Cheap: only parts that changed since the last call are gathered anew.
    pub fn snapshot(&self) -> Snapshot {
        self.board.snapshot()
    }

    /// Returns a receiver that wakes when something changed; many changes between two looks are one wake.
    pub fn changed(&self) -> watch::Receiver<Versions> {
        self.board.subscribe()
    }

    /// Changes the namespaces whose workloads and Pods are watched; those that stay are not disturbed.
    pub fn set_namespaces(&self, namespaces: BTreeSet<String>) {
        self.namespaces.send_if_modified(|held| {
            let differs = *held != namespaces;
            *held = namespaces;
            differs
        });
    }

    /// Tries everything that waits at once: refused and absent kinds, lost connections, the heartbeat.
    pub fn retry(&self) {
        self.signals.retry();
    }
}

/// Holds what all tasks of a watch share.
#[derive(Debug, Clone)]
struct Ground {
    connection: Connection,
    board: Arc<Board>,
    signals: Signals,
    lists: Arc<Semaphore>,
    namespaces: watch::Receiver<BTreeSet<String>>,
}

/// Carries two wishes to all tasks: to try again now, and to begin anew with fresh lists.
#[derive(Debug, Clone)]
struct Signals {
    retry: watch::Sender<u64>,
    epoch: watch::Sender<u64>,
}

impl Default for Signals {
    fn default() -> Self {
        Self { retry: watch::Sender::new(0), epoch: watch::Sender::new(0) }
    }
}

impl Signals {
    fn retry(&self) {
        self.retry.send_modify(|n| *n += 1);
    }

    fn restart(&self) {
        self.epoch.send_modify(|n| *n += 1);
    }
}

/// Waits until a signal is given after the receiver last looked; for ever once nobody can give it.
async fn given(signal: &mut watch::Receiver<u64>) {
    if signal.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
