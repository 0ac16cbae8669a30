//! Many Kustomizations with a status and an inventory, and changes of them at an even pace.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::Method;
use serde_json::{Value, json};

use crate::support::cluster::Api;
use crate::support::many::{NAMESPACES, object, place, status};

const GROUP: &str = "/apis/kustomize.toolkit.fluxcd.io/v1";
/// Where the list of all of them is.
pub(super) const LIST: &str = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations";
/// How many connections are filled through, and changed through: a server that is at other work too answers each one slowly.
const WRITERS: usize = 16;

/// Returns how many there are.
pub(super) fn count(api: &Api) -> usize {
    let Some(page) = api.get(&format!("{LIST}?limit=1")) else { return 0 };
    let more = page["metadata"]["remainingItemCount"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    page["items"].as_array().map_or(0, Vec::len) + more
}

/// Creates suspended Kustomizations of these numbers, of 25 inventory entries each, in 50 namespaces; every 17th is not ready.
pub(super) fn fill(kubeconfig: &Path, numbers: Range<usize>) {
    let api = Api::new(kubeconfig);
    for n in (0..NAMESPACES).filter(|_| numbers.start == 0) {
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": place(n).0 } });
        write(&api, Method::POST, "/api/v1/namespaces", &object);
    }
    let next = AtomicUsize::new(numbers.start);
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let api = Api::new(kubeconfig);
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= numbers.end {
                        return;
                    }
                    add(&api, n);
                }
            });
        }
    });
}

/// Creates the one of a number.
pub(super) fn add(api: &Api, n: usize) {
    let (namespace, name) = place(n);
    let all = format!("{GROUP}/namespaces/{namespace}/kustomizations");
    write(api, Method::POST, &all, &object(n));
    write(api, Method::PATCH, &format!("{all}/{name}/status"), &json!({ "status": status(n, 0, 25) }));
}

/// Deletes the one of a number.
pub(super) fn remove(api: &Api, n: usize) {
    let (namespace, name) = place(n);
    write(api, Method::DELETE, &format!("{GROUP}/namespaces/{namespace}/kustomizations/{name}"), &json!({}));
}

fn write(api: &Api, method: Method, path: &str, object: &Value) {
    let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
    if let Err(error) = api.call(method, path, kind, object.to_string().into_bytes()) {
        panic!("the API server refuses {path}: {error}");
    }
}

/// Changes objects until it is dropped.
pub(super) struct Changes {
    over: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    start: Instant,
    writers: Vec<JoinHandle<()>>,
}

impl Changes {
    /// Begins to change so many a second, each another one.
    pub(super) fn start(kubeconfig: &Path, objects: usize, a_second: u32) -> Self {
        let (over, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let next = Arc::new(AtomicUsize::new(0));
        // A write of what is there already changes nothing, and others have written before.
        let round = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let start = Instant::now();
        let writers = (0..WRITERS).map(|_| {
            let (over, done, next) = (Arc::clone(&over), Arc::clone(&done), Arc::clone(&next));
            let kubeconfig: PathBuf = kubeconfig.to_owned();
            thread::spawn(move || {
                let api = Api::new(&kubeconfig);
                while !over.load(Ordering::Relaxed) {
                    let count = next.fetch_add(1, Ordering::Relaxed);
                    let due = start + Duration::from_secs(1) * u32::try_from(count).unwrap_or(0) / a_second;
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    // Prime to the count of objects, so that neighbours in time are none in the list.
                    let n = count * 7919 % objects;
                    let (namespace, name) = place(n);
                    let revision = format!("main@sha1:{round:016x}{:024x}", n * 7919 + count);
                    let change = json!({ "status": { "lastAttemptedRevision": revision, "lastAppliedRevision": revision } });
                    let path = format!("{GROUP}/namespaces/{namespace}/kustomizations/{name}/status");
                    write(&api, Method::PATCH, &path, &change);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let writers = writers.collect();
        Self { over, done, start, writers }
    }

    /// Returns how many a second were changed.
    pub(super) fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.done.load(Ordering::Relaxed)).unwrap_or(0)) / self.start.elapsed().as_secs_f64()
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for writer in self.writers.drain(..) {
            drop(writer.join());
        }
    }
}
