//! A real Kubernetes control plane with kwok as the kubelet and the six Flux controllers, on loopback, in a temporary
//! folder. One serves a whole test process; tests keep apart by namespace. What it is made of: `tests/cluster/README.md`.

mod api;
mod certificates;
mod guard;
mod servers;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::programs::{self, Programs};
use super::{Skip, note, wait};
pub(crate) use api::Api;
use guard::Guard;
use servers::Ports;

/// What Flux works on again and again.
const RECONCILED: [&str; 5] = [
    "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
    "/apis/helm.toolkit.fluxcd.io/v2/helmreleases",
    "/apis/source.toolkit.fluxcd.io/v1/gitrepositories",
    "/apis/source.toolkit.fluxcd.io/v1/helmcharts",
    "/apis/image.toolkit.fluxcd.io/v1/imagerepositories",
];
const SUSPENDED: &str = r#"{"spec":{"suspend":true}}"#;

/// Holds a running test cluster; dropping it ends its servers.
pub(crate) struct Cluster {
    programs: &'static Programs,
    kubeconfig: PathBuf,
    api: Api,
    guard: Guard,
    ports: Ports,
    flux: Flux,
}

/// Says how much of Flux a cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flux {
    None,
    /// Its kinds, and nobody who reconciles them.
    Kinds,
    Running,
}

/// Keeps the API server frozen; dropping it lets the server go on.
#[must_use = "the API server goes on as soon as this is dropped"]
pub(crate) struct Frozen<'a> {
    cluster: &'a Cluster,
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.cluster.thaw_api();
    }
}

impl Cluster {
    /// The only context of the kubeconfig.
    pub(crate) const CONTEXT: &'static str = "deck";

    /// Returns the one cluster of this test process, started on first use and ended with the process.
    pub(crate) fn shared() -> Result<&'static Self, Skip> {
        static SHARED: OnceLock<Result<Cluster, Skip>> = OnceLock::new();
        SHARED.get_or_init(|| Self::launch("log", Flux::Running)).as_ref().map_err(Clone::clone)
    }

    /// Returns the shared cluster, or says once why the tests that need it are skipped.
    pub(crate) fn or_skip() -> Option<&'static Self> {
        Self::shared().map_err(|skip| skip.say()).ok()
    }

    /// Starts a cluster of the caller's own, for a test that does to it what the others must not feel.
    pub(crate) fn start() -> Result<Self, Skip> {
        Self::launch("log-own", Flux::Running)
    }

    /// Starts a cluster of the caller's own on which Flux is not installed.
    pub(crate) fn bare() -> Result<Self, Skip> {
        Self::launch("log-bare", Flux::None)
    }

    /// Starts a cluster of the caller's own that has Flux's kinds but nobody who reconciles them, and forgets old versions of
    /// Deployments when it is told to.
    pub(crate) fn quiet() -> Result<Self, Skip> {
        Self::launch("log-quiet", Flux::Kinds)
    }

    fn launch(logs: &str, flux: Flux) -> Result<Self, Skip> {
        let programs = programs::programs()?;
        let start = Instant::now();
        let folder = tempfile::Builder::new().prefix("quarterdeck-cluster-").tempdir();
        // The guard removes it, after the servers have ended.
        let folder = folder.expect("a temporary folder").keep();
        for part in ["tmp", "sources", "images"] {
            fs::create_dir(folder.join(part)).expect("a folder of our own");
        }
        certificates::write(&folder.join("pki"));
        let ports = Ports::new();
        let kubeconfig = write_kubeconfig(&folder, ports.api);
        let environment: BTreeMap<&str, OsString> = BTreeMap::from([
            ("PATH", env::var_os("PATH").unwrap_or_default()),
            ("HOME", folder.clone().into()),
            ("TMPDIR", folder.join("tmp").into()),
            ("KUBECONFIG", kubeconfig.clone().into()),
            ("RUNTIME_NAMESPACE", "flux-system".into()),
        ]);
        let guard = Guard::start(&folder, &programs::folder().join(logs), &environment);
        let cluster = Self { programs, api: Api::new(&kubeconfig), kubeconfig, guard, ports, flux };
        servers::start(&cluster, &folder);
        note(&format!("the test cluster is ready after {:.1} s", start.elapsed().as_secs_f32()));
        Ok(cluster)
    }

    /// Returns the administrator's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Returns where a program of the test cluster lies: `kustomize`, `control`, `kwok` or a Flux controller.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.path(name)
    }

    /// Runs kubectl with the administrator's rights.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        self.run_kubectl(arguments, "")
    }

    /// Applies manifests, server-side; panics with kubectl's words when it refuses.
    pub(crate) fn apply(&self, manifests: &str) {
        let output = self.run_kubectl(&["apply", "--server-side", "-f", "-"], manifests);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn run_kubectl(&self, arguments: &[&str], input: &str) -> Output {
        let mut kubectl = Command::new(self.program("control"));
        kubectl.arg("kubectl").args(arguments).env("KUBECONFIG", &self.kubeconfig);
        // kubectl keeps what it discovered below the home folder.
        kubectl.env("HOME", self.kubeconfig.parent().expect("a file in a folder"));
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut kubectl = kubectl.spawn().expect("kubectl is built");
        let mut pipe = kubectl.stdin.take().expect("it was asked for");
        // kubectl may refuse its arguments before it reads; its own words then say more than a broken pipe.
        drop(pipe.write_all(input.as_bytes()));
        drop(pipe);
        kubectl.wait_with_output().expect("kubectl ends")
    }

    /// Returns the object or list at a path of the API; nothing where there is none.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        self.api.get(path)
    }

    /// Waits up to a minute until the object or list at a path is as wanted, and returns it.
    pub(crate) fn wait_for(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = None;
        let limit = Duration::from_mins(1);
        let start = Instant::now();
        wait(&format!("{path} is as wanted"), limit + Duration::from_secs(5), || {
            last = self.get(path);
            let found = last.as_ref().filter(|value| wanted(value)).cloned();
            let seen = last.as_ref().unwrap_or(&Value::Null);
            assert!(found.is_some() || start.elapsed() < limit, "{path} is not as wanted: {seen:#}");
            found
        })
    }

    /// Creates a namespace with a name that no other test has, and returns the name.
    pub(crate) fn namespace(&self, prefix: &str) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let name = format!("{prefix}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.create("/api/v1/namespaces", object.to_string().into_bytes(), "application/json");
        name
    }

    /// Suspends what Flux has of an application. What a story leaves behind, and most of all what fails in it, is reconciled else as
    /// long as the cluster lives, and every later story waits for that.
    pub(crate) fn suspend(&self, app: &str) {
        let ours = |name: &Value| {
            let rest = name.as_str().and_then(|name| name.strip_prefix(app));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        for kinds in RECONCILED {
            let list = self.get(kinds).unwrap_or_default();
            for object in list["items"].as_array().into_iter().flatten().map(|item| &item["metadata"]) {
                let (Some(namespace), Some(name)) = (object["namespace"].as_str(), object["name"].as_str()) else { continue };
                if ours(&object["name"]) || ours(&object["namespace"]) {
                    let (root, kind) = kinds.rsplit_once('/').expect("a path");
                    let path = format!("{root}/namespaces/{namespace}/{kind}/{name}");
                    // It may have gone meanwhile, and whoever ends with a panic has said what matters.
                    drop(self.api.call(Method::PATCH, &path, "application/merge-patch+json", SUSPENDED.into()));
                }
            }
        }
    }

    /// Stops the API server in the middle of what it does: it neither answers nor closes connections.
    pub(crate) fn freeze_api(&self) -> Frozen<'_> {
        self.signal_api(Signal::STOP);
        Frozen { cluster: self }
    }

    /// Lets a frozen API server go on.
    pub(crate) fn thaw_api(&self) {
        self.signal_api(Signal::CONT);
    }

    fn signal_api(&self, signal: Signal) {
        self.signal("apiserver", signal);
    }

    fn signal(&self, name: &str, signal: Signal) {
        let id = self.guard.id(name).and_then(Pid::from_raw).expect("it was started");
        kill_process(id, signal).expect("it lives");
    }

    /// Kills the API server, as a machine that loses its power does.
    pub(crate) fn kill_api(&self) {
        self.guard.kill("apiserver");
    }

    /// Starts an API server that was killed, and returns when it is ready.
    pub(crate) fn start_api(&self) {
        servers::api(self);
    }

    /// Stops what the API server stores in: it answers, and can do nothing.
    pub(crate) fn freeze_store(&self) {
        self.signal("etcd", Signal::STOP);
    }

    /// Lets the store go on, and returns when the API server is ready again.
    pub(crate) fn thaw_store(&self) {
        self.signal("etcd", Signal::CONT);
        wait("the API server is ready", Duration::from_mins(1), || {
            self.api.call(Method::GET, "/readyz", "text/plain", Vec::new()).ok()
        });
    }

    /// Lets the store forget every version before that of now.
    pub(crate) fn compact(&self) {
        let list = self.get("/apis/apps/v1/deployments?limit=1").expect("the API server is well");
        let revision = list["metadata"]["resourceVersion"].as_str().expect("a list has a version");
        servers::compact(self.ports.etcd, revision);
    }

    /// Sends one request as the administrator; the error has the server's words.
    pub(crate) fn call(&self, method: Method, path: &str, body: &Value) -> Result<String, kube::Error> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.api.call(method, path, "application/json", body)
    }

    /// Deletes the object at a path of the API, and returns when the API server has done so.
    pub(crate) fn delete(&self, path: &str) {
        if let Err(error) = self.api.call(Method::DELETE, path, "application/json", Vec::new()) {
            panic!("the API server does not delete {path}: {error}");
        }
    }

    fn create(&self, path: &str, object: Vec<u8>, kind: &str) {
        if let Err(error) = self.api.call(Method::POST, path, kind, object) {
            panic!("the API server refuses a new object at {path}: {error}");
        }
    }
}

fn write_kubeconfig(folder: &Path, port: u16) -> PathBuf {
    let data = |name: &str| STANDARD.encode(fs::read(folder.join("pki").join(name)).expect("just written"));
    let context = Cluster::CONTEXT;
    let text = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority-data": data("ca.crt"),
        }}],
        "users": [{"name": "admin", "user": {
            "client-certificate-data": data("admin.crt"),
            "client-key-data": data("admin.key"),
        }}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": "admin"}}],
        "current-context": context,
    });
    let path = folder.join("admin.kubeconfig");
    fs::write(&path, serde_yaml::to_string(&text).expect("plain data")).expect("a folder of our own");
    path
}

/// Changes an object of the cluster of a kubeconfig by a merge patch, as a field manager of that name; what Kubernetes brings itself
/// by a strategic one, which merges lists.
pub(crate) fn patch(kubeconfig: &Path, path: &str, manager: &str, change: &str) {
    let place = format!("{path}?fieldManager={manager}");
    let own = path.starts_with("/api/") || path.starts_with("/apis/apps/");
    let sort = if own { "application/strategic-merge-patch+json" } else { "application/merge-patch+json" };
    let done = Api::new(kubeconfig).call(Method::PATCH, &place, sort, change.into());
    assert!(done.is_ok(), "the API server does not change {path}: {done:?}");
}

/// Merges something into the status of an object of the cluster of a kubeconfig, as its controller would.
pub(crate) fn set_status(kubeconfig: &Path, path: &str, status: &Value) {
    let (place, body) = (format!("{path}/status"), json!({ "status": status }).to_string().into_bytes());
    let done = Api::new(kubeconfig).call(Method::PATCH, &place, "application/merge-patch+json", body);
    assert!(done.is_ok(), "the API server does not change {place}: {done:?}");
}

/// Returns the object at a path of the cluster of a kubeconfig; nothing where there is none.
pub(crate) fn object(kubeconfig: &Path, path: &str) -> Option<Value> {
    Api::new(kubeconfig).get(path)
}

/// Makes a ServiceAccount in a namespace and writes a kubeconfig beside that of the administrator with nothing but its token.
pub(crate) fn account(kubeconfig: &Path, namespace: &str, name: &str) -> PathBuf {
    let token = token(kubeconfig, namespace, name);
    let text = with_user(kubeconfig, &json!({ "token": token }));
    let path = kubeconfig.with_file_name(format!("{name}.kubeconfig"));
    fs::write(&path, text).expect("a folder of our own");
    path
}

/// Makes a ServiceAccount in a namespace and returns a token of it.
pub(crate) fn token(kubeconfig: &Path, namespace: &str, name: &str) -> String {
    let api = Api::new(kubeconfig);
    let send = |path: &str, body: &Value| {
        let said = api.call(Method::POST, path, "application/json", body.to_string().into_bytes());
        said.unwrap_or_else(|error| panic!("the API server refuses {path}: {error}"))
    };
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    send(&accounts, &json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}));
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let answer: Value = serde_json::from_str(&send(&format!("{accounts}/{name}/token"), &request)).expect("JSON");
    answer["status"]["token"].as_str().expect("a token").to_owned()
}

/// Returns the text of a kubeconfig with another user in the place of its own.
pub(crate) fn with_user(kubeconfig: &Path, user: &Value) -> String {
    let text = fs::read_to_string(kubeconfig).expect("a kubeconfig of our own");
    let mut config: Value = serde_yaml::from_str(&text).expect("a kubeconfig of our own");
    config["users"][0]["user"] = user.clone();
    serde_yaml::to_string(&config).expect("plain data")
}
