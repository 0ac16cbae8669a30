//! A plain way for tests to ask the API server of the test cluster: paths in, JSON out. It can be used from any thread,
//! also inside an asynchronous test, because the requests run on threads of their own.

use std::future::Future;
use std::path::Path;
use std::sync::mpsc;

use http::{Method, Request};
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// Holds a client of the API server with the rights of the administrator.
pub(crate) struct Api {
    runtime: Option<Runtime>,
    client: Client,
}

impl Drop for Api {
    fn drop(&mut self) {
        // Waiting for it is not allowed where an asynchronous test drops it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Api {
    /// Returns a client for the current context of a kubeconfig; it does not connect yet.
    pub(crate) fn new(kubeconfig: &Path) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime of our own");
        let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig of our own");
        let client = complete(&runtime, async move {
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
            Client::try_from(config.expect("a kubeconfig of our own")).expect("a client for it")
        });
        Self { runtime: Some(runtime), client }
    }

    /// Sends one request and returns the answer's text.
    pub(crate) fn call(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Result<String, kube::Error> {
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        let request = request.header("accept", "application/json").body(body).expect("a path of the API server");
        let client = self.client.clone();
        complete(self.runtime.as_ref().expect("it runs until it is dropped"), async move { client.request_text(request).await })
    }

    /// Returns the object or list at a path; nothing where the server knows none or does not answer well.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        let text = self.call(Method::GET, path, "application/json", Vec::new()).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// Runs a future on the runtime's own thread and waits for it; blocking there directly would panic in async tests.
fn complete<T: Send + 'static>(runtime: &Runtime, future: impl Future<Output = T> + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    runtime.spawn(async move { drop(send.send(future.await)) });
    receive.recv().expect("the future ends without a panic")
}
