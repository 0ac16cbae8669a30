//! The heart of a simulated cluster: the store under its lock, the clock, the faults, and the names it gives.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Pace;
use crate::resource::{self, RESOURCES, Resource};
use crate::spoil::Spoil;
use crate::store::{Key, Object, Store};

/// The state, shared by the service and the controllers.
pub(crate) type Shared = Arc<State>;

/// Holds what all parts of one simulated cluster share.
pub(crate) struct State {
    /// The cluster's name.
    pub(crate) context: String,
    /// The clock.
    pub(crate) pace: Pace,
    /// Where mirrors of Git repositories are kept.
    pub(crate) git_root: PathBuf,
    /// Ends every task.
    pub(crate) stop: CancellationToken,
    /// What goes wrong on purpose.
    pub(crate) faults: Faults,
    store: Mutex<Store>,
    revised: watch::Sender<u64>,
    names: Mutex<u64>,
}

/// Holds the faults that tests switch on.
pub(crate) struct Faults {
    /// Whether nothing is answered.
    pub(crate) frozen: watch::Sender<bool>,
    /// How often all watches were dropped.
    pub(crate) dropped: watch::Sender<u64>,
    /// What is refused, and with which status.
    pub(crate) denied: Mutex<Vec<(String, u16)>>,
    /// What admission webhooks refuse to let be created.
    pub(crate) refused: Mutex<Vec<Refusal>>,
    /// Kinds that are not served.
    pub(crate) absent: Mutex<HashSet<&'static str>>,
    /// How long each request waits, not scaled.
    pub(crate) latency: Mutex<Duration>,
    /// What is wrong with every answer.
    pub(crate) spoil: Mutex<Option<Spoil>>,
    /// What containers of Pods have written instead of what they would.
    pub(crate) written: Mutex<HashMap<Key, Bytes>>,
}

/// Holds one object that an admission webhook refuses.
pub(crate) struct Refusal {
    /// The webhook's name.
    pub(crate) webhook: String,
    /// The object's namespace and name.
    pub(crate) object: Key,
    /// What the webhook says.
    pub(crate) words: String,
}

/// Takes a lock whose holder cannot have left half a change behind.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Builds an empty cluster.
    pub(crate) fn new(context: &str, pace: Pace, (git_root, bare): (PathBuf, bool)) -> Self {
        let absent = RESOURCES.iter().filter(|r| resource::add_on(r) || (bare && r.custom)).map(|r| r.kind).collect();
        let start = pace.now().as_nanosecond();
        let bytes = context.bytes().chain(start.to_le_bytes());
        let seed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self {
            context: context.to_owned(),
            pace,
            git_root,
            stop: CancellationToken::new(),
            faults: Faults {
                frozen: watch::Sender::new(false),
                dropped: watch::Sender::new(0),
                denied: Mutex::new(Vec::new()),
                refused: Mutex::new(Vec::new()),
                absent: Mutex::new(absent),
                latency: Mutex::new(Duration::ZERO),
                spoil: Mutex::new(None),
                written: Mutex::default(),
            },
            store: Mutex::new(Store::new()),
            revised: watch::Sender::new(1),
            names: Mutex::new(seed),
        }
    }

    /// Takes the store to read or write; call [`State::revised`] after writing.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        locked(&self.store)
    }

    /// Tells everybody who waits that there is something new.
    pub(crate) fn tell(&self, store: MutexGuard<'_, Store>) {
        let revision = store.revision();
        drop(store);
        self.revised.send_if_modified(|last| std::mem::replace(last, revision) != revision);
    }

    /// Returns a receiver of the present revision.
    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.revised.subscribe()
    }

    /// Returns an object.
    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Object> {
        self.store().get(resource, &Key::new(namespace, name))
    }

    /// Returns the objects of a resource, of one namespace or all.
    pub(crate) fn list(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Object> {
        self.store().list(resource, namespace)
    }

    /// Returns the objects of a resource that an owner controls.
    pub(crate) fn owned(&self, resource: &Resource, uid: &str) -> Vec<Object> {
        let all = self.store().owned_by(uid);
        all.into_iter().filter(|(index, _)| *index == resource.index).map(|(_, object)| object).collect()
    }

    /// Tells whether a resource is served now.
    pub(crate) fn serves(&self, resource: &Resource) -> bool {
        !locked(&self.faults.absent).contains(resource.kind)
    }

    /// Returns the resource that an object is of, when it is served.
    pub(crate) fn resource_of(&self, object: &Value) -> Option<&'static Resource> {
        let (version, kind) = (crate::json::text(object, "/apiVersion"), crate::json::text(object, "/kind"));
        resource::by_kind(version, kind).filter(|r| self.serves(r))
    }

    /// Waits until the cluster answers again.
    pub(crate) async fn thawed(&self) {
        let mut frozen = self.faults.frozen.subscribe();
        // An error means that the sender is gone, and with it the fault.
        let _ = frozen.wait_for(|frozen| !frozen).await;
    }

    /// Waits for as long as ordinary life would, scaled.
    pub(crate) async fn pause(&self, life: Duration) {
        tokio::time::sleep(self.pace.real(life)).await;
    }

    fn random(&self) -> u64 {
        let mut state = locked(&self.names);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a new uid.
    pub(crate) fn new_uid(&self) -> String {
        let (a, b) = (self.random(), self.random());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            0x8000 | b >> 48 & 0x3fff,
            b & 0xffff_ffff_ffff
        )
    }

    /// Returns a random ending for a generated name, in the letters that Kubernetes uses.
    pub(crate) fn new_suffix(&self) -> String {
        let mut bits = self.random();
        (0..5)
            .map(|_| {
                let letter = SAFE.get(usize::try_from(bits % 27).unwrap_or(0)).copied().unwrap_or(b'x');
                bits /= 27;
                char::from(letter)
            })
            .collect()
    }

    /// Returns a random number for the name of an event.
    pub(crate) fn new_event_suffix(&self) -> String {
        format!("{:016x}", self.random() >> 3)
    }
}

/// The letters of generated names: no vowels, so that no words come about.
pub(crate) const SAFE: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
