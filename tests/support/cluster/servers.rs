//! The servers of a test cluster, with their flags, in the order in which they need each other. The next one is started
//! when the one before answers; nobody waits for a while and hopes.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Cluster, Flux};
use crate::support::wait;

/// How long a server may take; the first start reads almost a gigabyte of programs from the disk.
const LIMIT: Duration = Duration::from_mins(2);

/// Holds the ports on which the servers find each other.
pub(super) struct Ports {
    pub(super) api: u16,
    pub(super) etcd: u16,
    peer: u16,
    kubelet: u16,
    artifacts: u16,
    events: u16,
}

impl Ports {
    /// Returns ports on which nobody listens now.
    pub(super) fn new() -> Self {
        Self { api: port(), etcd: port(), peer: port(), kubelet: port(), artifacts: port(), events: port() }
    }
}

/// Returns a free loopback port, never the same one twice. It lies below those that the system gives to clients, since
/// one of those could be taken by a connection before its server listens.
fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let block = u16::try_from(process::id() % 120).expect("below 120");
    loop {
        let port = 20_000 + (block * 100 + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Starts all servers and returns when each of them answers.
pub(super) fn start(cluster: &Cluster, folder: &Path) {
    let ports = &cluster.ports;
    control_plane(cluster, ports);
    node(cluster, folder, ports);
    if cluster.flux != Flux::None {
        define(cluster);
    }
    if cluster.flux == Flux::Running {
        flux(cluster, ports);
    }
    wait("the node is ready", LIMIT, || {
        cluster.guard.expect_alive("kwok");
        condition(&cluster.get("/api/v1/nodes/node-1")?, "Ready").then_some(())
    });
    wait("namespaces get their service account", LIMIT, || {
        cluster.guard.expect_alive("controllers");
        cluster.get("/api/v1/namespaces/default/serviceaccounts/default")
    });
}

/// Makes what the controllers of Flux need before they start.
fn define(cluster: &Cluster) {
    let definitions: Vec<_> = cluster.programs.definitions();
    for file in &definitions {
        let definition = fs::read(file).expect("a readable file");
        cluster.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition, "application/yaml");
    }
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}});
    cluster.create("/api/v1/namespaces", namespace.to_string().into_bytes(), "application/json");
    wait("Flux's resource definitions are established", LIMIT, || {
        let list = cluster.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")?;
        let established = list["items"].as_array()?.iter().filter(|item| condition(item, "Established"));
        (established.count() == definitions.len()).then_some(())
    });
}

/// Returns whether an object's status says that a condition holds.
fn condition(object: &Value, kind: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|one| one["type"] == kind && one["status"] == "True")
}

/// Splits a line of flags into words. Paths in it are relative to the cluster's folder, so none has a blank.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn control_plane(cluster: &Cluster, ports: &Ports) {
    let Ports { etcd, peer, .. } = ports;
    let control = cluster.program("control");
    let run = |name: &str, line: &str| cluster.guard.run(name, &control, &words(&format!("{name} {line}")));
    run(
        "etcd",
        &format!(
            "--data-dir etcd --listen-client-urls http://127.0.0.1:{etcd} --advertise-client-urls http://127.0.0.1:{etcd}
            --listen-peer-urls http://127.0.0.1:{peer} --initial-advertise-peer-urls http://127.0.0.1:{peer}
            --initial-cluster default=http://127.0.0.1:{peer} --unsafe-no-fsync --log-level error"
        ),
    );
    api(cluster);
    let kubeconfigs = "--kubeconfig admin.kubeconfig --authentication-kubeconfig admin.kubeconfig
        --authorization-kubeconfig admin.kubeconfig --leader-elect=false --bind-address 127.0.0.1";
    run(
        "controllers",
        &format!(
            "{kubeconfigs} --service-account-private-key-file pki/sa.key --root-ca-file pki/ca.crt --secure-port {}
            --controllers deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller
            --controllers job-controller,cronjob-controller,namespace-controller,garbage-collector-controller
            --controllers serviceaccount-controller,horizontal-pod-autoscaler-controller,endpointslice-controller
            --controllers resourcequota-controller,clusterrole-aggregation-controller,persistentvolume-binder-controller",
            port()
        ),
    );
    run("scheduler", &format!("{kubeconfigs} --secure-port {}", port()));
}

/// Starts the API server and returns when it answers.
pub(super) fn api(cluster: &Cluster) {
    let Ports { api, etcd, .. } = &cluster.ports;
    let control = cluster.program("control");
    let run = |name: &str, line: &str| cluster.guard.run(name, &control, &words(&format!("{name} {line}")));
    // Without its cache, an old version of a Deployment is gone as soon as etcd has compacted it.
    let uncached = if cluster.flux == Flux::Kinds { "--watch-cache-sizes deployments.apps#0" } else { "" };
    run(
        "apiserver",
        &format!(
            "--etcd-servers http://127.0.0.1:{etcd} --secure-port {api} --bind-address 127.0.0.1
            --advertise-address 127.0.0.1 --tls-cert-file pki/server.crt --tls-private-key-file pki/server.key
            --client-ca-file pki/ca.crt --service-account-key-file pki/sa.pub --service-account-signing-key-file pki/sa.key
            --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.96.0.0/16
            --authorization-mode RBAC --disable-admission-plugins ServiceAccount,TaintNodesByCondition
            --endpoint-reconciler-type none --kubelet-client-certificate pki/admin.crt
            --kubelet-client-key pki/admin.key --kubelet-certificate-authority pki/ca.crt
            --kubelet-preferred-address-types InternalIP {uncached}"
        ),
    );
    wait("the API server is ready", LIMIT, || {
        cluster.guard.expect_alive("etcd");
        cluster.guard.expect_alive("apiserver");
        cluster.api.call(http::Method::GET, "/readyz", "text/plain", Vec::new()).ok()
    });
}

/// Starts what stands for a node: kwok for its Pods' states, and the server of their logs.
fn node(cluster: &Cluster, folder: &Path, ports: &Ports) {
    let Ports { api, kubelet, .. } = ports;
    fs::copy(cluster.programs.stages(), folder.join("stages.yaml")).expect("a folder of our own");
    let kwok = format!(
        "--kubeconfig admin.kubeconfig --config stages.yaml --manage-all-nodes --node-ip 127.0.0.1 --cidr 10.244.0.0/16
        --node-port {kubelet} --server-address 127.0.0.1:{}",
        port()
    );
    cluster.guard.run("kwok", &cluster.program("kwok"), &words(&kwok));
    let logs = format!(
        "127.0.0.1:{kubelet} https://127.0.0.1:{api} pki/ca.crt pki/admin.crt pki/admin.key pki/server.crt pki/server.key"
    );
    cluster.guard.run("logs", &cluster.program("logs"), &words(&logs));
    let room = json!({"cpu": "64", "memory": "256Gi", "pods": "5000"});
    let node = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node-1", "labels": {"kubernetes.io/hostname": "node-1", "type": "kwok"}},
        "status": {"allocatable": room, "capacity": room},
    });
    cluster.create("/api/v1/nodes", node.to_string().into_bytes(), "application/json");
}

fn flux(cluster: &Cluster, ports: &Ports) {
    let Ports { artifacts, events, .. } = ports;
    let to_events = format!("--events-addr=http://127.0.0.1:{events}/");
    let controllers = [
        (
            "source-controller",
            format!(
                "{to_events} --storage-path=sources --storage-addr=127.0.0.1:{artifacts}
                --storage-adv-addr=127.0.0.1:{artifacts}"
            ),
        ),
        // What waits for another is looked at again after 30 seconds else; no story gets better by that.
        ("kustomize-controller", format!("{to_events} --requeue-dependency=5s")),
        ("helm-controller", format!("{to_events} --requeue-dependency=5s")),
        ("notification-controller", format!("--events-addr=127.0.0.1:{events} --receiverAddr=127.0.0.1:{}", port())),
        ("image-reflector-controller", format!("{to_events} --storage-path=images")),
        ("image-automation-controller", to_events.clone()),
    ];
    let started = controllers.map(|(name, line)| {
        let health = port();
        let line = format!(
            "--enable-leader-election=false --watch-all-namespaces=true --metrics-addr=127.0.0.1:{}
            --health-addr=127.0.0.1:{health} {line}",
            port()
        );
        cluster.guard.run(name, &cluster.program(name), &words(&line));
        (name, health)
    });
    for (name, health) in started {
        wait(&format!("{name} is ready"), LIMIT, || {
            cluster.guard.expect_alive(name);
            answers(health, "/readyz")
        });
    }
}

/// Returns something if a loopback server answers that path with success.
fn answers(port: u16, path: &str) -> Option<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).ok()?;
    answer.ends_with(b"200").then_some(())
}

/// Asks etcd to forget every version before one.
pub(super) fn compact(etcd: u16, revision: &str) {
    let body = format!("{{\"revision\":\"{revision}\",\"physical\":true}}");
    let mut stream = TcpStream::connect(("127.0.0.1", etcd)).expect("etcd listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time of our own");
    let head = format!("POST /v3/kv/compaction HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).expect("etcd reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("etcd answers");
    assert!(answer.split_whitespace().nth(1) == Some("200"), "etcd does not compact: {answer}");
}
