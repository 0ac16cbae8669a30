//! The simulator over HTTP, so that the program and kubectl reach it as they reach a real API server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sim::{Sim, SimConfig, Spoil};
use tokio::runtime::Runtime;

/// How many times faster than life it runs under test.
const SCALE: f64 = 10.0;

/// Holds a simulated cluster and the runtime that it lives on.
pub(crate) struct Simulator {
    sim: Option<Sim>,
    runtime: Option<Runtime>,
    kubeconfig: PathBuf,
    _folder: tempfile::TempDir,
}

impl Simulator {
    /// Starts a simulated cluster on a free loopback port.
    pub(crate) fn start() -> Self {
        Self::with(false)
    }

    /// Starts one on which Flux is not installed.
    pub(crate) fn bare() -> Self {
        Self::with(true)
    }

    fn with(bare: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let mut config = SimConfig::new("deck", Arc::new(domain::Time::now), folder.path().join("mirrors"));
        config.time_scale = SCALE;
        config.bare = bare;
        let (sim, address) = runtime.block_on(async {
            let sim = Sim::start(&config);
            let address = sim.serve(([127, 0, 0, 1], 0).into()).await.expect("a free port");
            (sim, address)
        });
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, sim.kubeconfig(address)).expect("a file of our own");
        Self { sim: Some(sim), runtime: Some(runtime), kubeconfig, _folder: folder }
    }

    fn sim(&self) -> &Sim {
        self.sim.as_ref().expect("it runs until it is dropped")
    }

    /// Returns the kubeconfig file.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Applies manifests.
    pub(crate) fn apply(&self, manifests: &str) {
        self.sim().apply_yaml(manifests).expect("a manifest of our own");
    }

    /// Deletes an object, behind the API's back.
    pub(crate) fn delete(&self, kind: &str, namespace: &str, name: &str) {
        self.sim().delete(kind, namespace, name).expect("an object that is there");
    }

    /// Stops answering.
    pub(crate) fn freeze(&self) {
        self.sim().freeze();
    }

    /// Answers again.
    pub(crate) fn thaw(&self) {
        self.sim().thaw();
    }
}

impl Simulator {
    /// Refuses requests for a kind, a plural or (with a leading slash) a path prefix, with an HTTP status.
    pub(crate) fn deny(&self, what: &str, status: u16) {
        self.sim().deny(what, status);
    }

    /// Has an admission webhook refuse the creation of an object.
    pub(crate) fn refuse(&self, webhook: &str, object: (&str, &str), words: &str) {
        self.sim().refuse(webhook, object, words);
    }

    /// Has the containers of a Pod have written just these bytes.
    pub(crate) fn write_log(&self, namespace: &str, pod: &str, bytes: Vec<u8>) {
        self.sim().write_log(namespace, pod, bytes);
    }

    /// Refuses and spoils nothing any more and answers at once.
    pub(crate) fn allow(&self) {
        self.sim().allow();
        self.sim().spoil(None);
        self.sim().latency(Duration::ZERO);
    }

    /// Spoils every answer.
    pub(crate) fn spoil(&self, spoil: Spoil) {
        self.sim().spoil(Some(spoil));
    }

    /// Lets every request wait.
    pub(crate) fn latency(&self, each: Duration) {
        self.sim().latency(each);
    }

    /// Forgets all changes, so that older resource versions are expired (410).
    pub(crate) fn expire(&self) {
        self.sim().expire();
    }

    /// Ends every watch that is open.
    pub(crate) fn drop_watches(&self) {
        self.sim().drop_watches();
    }

    /// Serves a kind or stops serving it.
    pub(crate) fn offer(&self, kind: &str, served: bool) {
        self.sim().offer(kind, served);
    }

    /// Puts an object in the place of the one of its name, as it stands.
    pub(crate) fn overwrite(&self, object: serde_json::Value) {
        self.sim().overwrite(object).expect("a kind that is served");
    }

    /// Returns every object.
    pub(crate) fn dump(&self) -> Vec<serde_json::Value> {
        self.sim().dump()
    }

    /// Creates an object as the cluster's administrator.
    pub(crate) fn create(&self, object: serde_json::Value) {
        self.sim().create(object).expect("an object that the cluster takes");
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.sim.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
