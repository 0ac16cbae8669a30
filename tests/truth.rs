//! What is shown is what is: random changes while the way to the API server fails in every way that is known; after each
//! recovery the index equals a fresh list within ten seconds, without ghosts and without gaps.
//!
//! A seed decides everything; it is printed when it fails. `QUARTERDECK_TRUTH_SEEDS=from-to` runs others, and
//! `QUARTERDECK_TRUTH_MINUTES=n` goes on for so long on the real cluster, with every fault that can be made there.

mod fault;
mod real;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cluster::{Connection, Kubeconfigs, Scope, Snapshot, Surroundings, Watch, Watcher};
use domain::link::{LinkOf, LinkState};
use http::Method;
use serde_json::{Value, json};
use sim::Spoil;

use crate::support::cluster::Api;
use crate::support::dice::{Dice, assert_same, seeds_and_again};
use crate::support::proxy::{Gate, Proxy};
use crate::support::simulator::Simulator;
use fault::{FAULTS, Fault};
use real::{Own, Wound, plural};

/// How soon after a recovery everything has to be right.
const RECOVERY: Duration = Duration::from_secs(10);
/// How soon something that does not answer has to look stale.
const STALE: Duration = Duration::from_secs(10);
/// How large a huge object is, in bytes: what etcd takes.
const HUGE: usize = 3 << 19;
/// How many seeds run at once.
const AT_ONCE: usize = 40;

/// What is changed and watched: two kinds of Flux, and Deployments.
type Kinds = [(&'static str, &'static str); 3];

const KINDS: Kinds = [
    ("Kustomization", "/apis/kustomize.toolkit.fluxcd.io/v1"),
    ("GitRepository", "/apis/source.toolkit.fluxcd.io/v1"),
    ("Deployment", "/apis/apps/v1"),
];
/// Where the kind of the Deployments stands.
const DEPLOYMENT: usize = 2;

enum Server {
    Sim(Simulator),
    Real(Arc<Own>),
}

/// What a run stands on.
struct Place {
    api: Arc<Api>,
    server: Server,
    kinds: Kinds,
    proxy: Proxy,
    watch: Watch,
    namespace: String,
    /// Whether some objects are as large as they can be. All of them in every history would be a test of the machine.
    huge: bool,
    /// Whether the way to the server is one through an HTTP proxy.
    behind: bool,
    /// What was done, in its order: a seed's is always the same.
    told: Mutex<Vec<String>>,
    /// Keeps the kubeconfig, which is read again.
    _folder: tempfile::TempDir,
}

/// Which objects there are, with the server's identity and version of each.
type Census = BTreeMap<(String, String), (String, String)>;

impl Place {
    /// Looks at a server through a proxy with the kubeconfig of this text; changes are made past it with the administrator's.
    ///
    /// Behind an HTTP proxy the console is given the server's own address and that of the proxy.
    async fn new(admin: &Path, text: &str, server: Server, (namespace, kinds, behind): (&str, Kinds, bool)) -> Self {
        let at = text.find("127.0.0.1:").expect("a server on loopback");
        let origin: String = text[at..].chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
        let address: SocketAddr = origin.parse().expect("an address");
        let proxy = Proxy::start(address).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let through = folder.path().join("kubeconfig");
        let seen = if behind { proxied(text, proxy.address()) } else { text.replace(&origin, &proxy.address().to_string()) };
        std::fs::write(&through, seen).expect("a file of our own");
        let files = Kubeconfigs::read(&[through], Surroundings::default()).expect("a kubeconfig of our own");
        let connection = Connection::from_context(&files, &"deck".into()).await.expect("a connection");
        let scope = Scope { flux: true, namespaces: [namespace.to_owned()].into() };
        let watch = Watcher::start(connection, scope, Arc::new(domain::Time::now));
        let admin = admin.to_owned();
        let api = tokio::task::spawn_blocking(move || Arc::new(Api::new(&admin))).await.expect("it does not panic");
        Self {
            api,
            server,
            kinds,
            proxy,
            watch,
            namespace: namespace.to_owned(),
            huge: false,
            behind,
            told: Mutex::default(),
            _folder: folder,
        }
    }

    const fn is_real(&self) -> bool {
        matches!(self.server, Server::Real(_))
    }

    async fn call(&self, method: Method, path: String, body: Option<Value>) -> Result<String, kube::Error> {
        let api = Arc::clone(&self.api);
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        tokio::task::spawn_blocking(move || api.call(method, &path, kind, body)).await.expect("it does not panic")
    }

    fn collection(&self, kind: usize) -> String {
        let (name, root) = self.kinds[kind];
        format!("{root}/namespaces/{}/{}", self.namespace, plural(name))
    }

    fn tell(&self, what: String) {
        self.told.lock().expect("no one panics while holding it").push(what);
    }

    /// Creates, changes or deletes one object; what is not possible just now (it exists, it does not) is no fault.
    async fn change(&self, dice: &mut Dice) {
        let kind = usize::try_from(dice.roll(3)).expect("it is small");
        let name = format!("thing-{}", dice.roll(12));
        let (collection, number) = (self.collection(kind), dice.roll(1_000_000));
        let act = dice.roll(3);
        self.tell(format!("{act} {kind} {name} {number}"));
        let done = match act {
            0 => {
                let mut object = object(self.kinds[kind], &name, number);
                if self.huge && dice.roll(20) == 0 {
                    fatten(&mut object);
                }
                self.call(Method::POST, collection, Some(object)).await
            }
            1 => {
                let body = json!({ "metadata": { "labels": { "number": number.to_string() } } });
                self.call(Method::PATCH, format!("{collection}/{name}"), Some(body)).await
            }
            _ => self.call(Method::DELETE, format!("{collection}/{name}"), None).await,
        };
        match done {
            Ok(_) => {}
            // The simulator's refusals are everybody's, also ours; a kind that goes or comes says so with the last two.
            Err(kube::Error::Api(status)) if matches!(status.code, 401 | 403 | 404 | 409 | 500 | 502 | 405 | 429) => {}
            Err(error) => panic!("the server itself is well: {error}"),
        }
    }

    /// Throws for a fault; the second number is for the kind that it concerns.
    fn throw(&self, dice: &mut Dice) -> (Fault, usize) {
        let kind = usize::try_from(dice.roll(2)).expect("it is small");
        let faults: Vec<Fault> = FAULTS.into_iter().filter(|fault| fault.befits(self.is_real(), self.behind)).collect();
        let fault = dice.pick(&faults);
        self.tell(format!("{fault:?} {kind}"));
        (fault, kind)
    }

    /// Makes something fail.
    async fn inflict(&self, fault: Fault, kind: usize, dice: &mut Dice) {
        let name = self.kinds[kind].0;
        match (fault, &self.server) {
            (Fault::Cut, _) => self.proxy.cut(false),
            (Fault::Torn, _) => self.proxy.cut(true),
            (Fault::Stalled, _) => self.proxy.set(|w| w.stalled = true),
            (Fault::Refused, _) => {
                self.proxy.set(|w| w.refusing = true);
                self.proxy.cut(true);
            }
            (Fault::Delayed, _) => self.proxy.set(|w| w.delay = Duration::from_millis(20 + 5 * dice.roll(40))),
            (Fault::Uneven, _) => {
                let delay = Duration::from_millis(5 + dice.roll(60));
                self.proxy.set(|w| (w.delay, w.uneven) = (delay, 10));
            }
            (Fault::Stranger | Fault::Lost | Fault::Mute, _) => {
                let gate = match fault {
                    Fault::Stranger => Gate::Refuses(407),
                    Fault::Lost => Gate::Refuses(502),
                    _ => Gate::Torn,
                };
                self.proxy.set(|w| w.gate = gate);
                self.proxy.cut(true);
            }
            (Fault::Restarted, Server::Sim(_)) | (Fault::Ended, Server::Real(_)) => unreachable!("{fault:?} is thrown elsewhere"),
            (fault, Server::Real(own)) => self.wound(own, fault, kind).await,
            (Fault::Expired, Server::Sim(sim)) => {
                sim.expire();
                self.proxy.cut(false);
            }
            (fault, Server::Sim(sim)) => {
                match fault {
                    Fault::Forbidden => sim.deny(name, 403),
                    Fault::Unauthorized => sim.deny("/", 401),
                    Fault::Gone => sim.offer(name, false),
                    Fault::Broken => sim.deny("/", 500),
                    Fault::Limited => sim.deny("/", 429),
                    Fault::Gateway => sim.spoil(Spoil::Gateway),
                    Fault::Portal => sim.spoil(Spoil::Portal),
                    Fault::Half => sim.spoil(Spoil::Half),
                    Fault::Slow => sim.latency(Duration::from_millis(100 + 20 * dice.roll(40))),
                    _ => {}
                }
                // What was changed is felt at once.
                sim.drop_watches();
            }
        }
    }

    async fn recover(&self, fault: Fault, kind: usize) {
        match &self.server {
            Server::Sim(sim) => {
                sim.allow();
                for (kind, _) in self.kinds {
                    sim.offer(kind, true);
                }
            }
            Server::Real(own) => {
                if let Some(wound) = Wound::of(fault, self.kinds[kind]) {
                    self.at(own, move |own, namespace| own.mend(&wound, namespace)).await;
                }
            }
        }
        self.proxy.clear();
    }

    /// Lists what there is, past the proxy.
    async fn census(&self) -> Census {
        let mut found = Census::new();
        for (at, (kind, _)) in self.kinds.iter().enumerate() {
            let text = self.call(Method::GET, self.collection(at), None).await.expect("the server itself is well");
            let list: Value = serde_json::from_str(&text).expect("JSON");
            for item in list["items"].as_array().into_iter().flatten() {
                let text = |name: &str| item["metadata"][name].as_str().unwrap_or_default().to_owned();
                found.insert(((*kind).to_owned(), text("name")), (text("uid"), text("resourceVersion")));
            }
        }
        found
    }

    fn shown(&self, snapshot: &Snapshot) -> Census {
        let flux = snapshot.flux.iter().map(|o| (&o.key, &o.uid, &o.resource_version));
        let workloads = snapshot.workloads.iter().map(|w| (&w.key, &w.uid, &w.resource_version));
        let ours = flux.chain(workloads).filter(|(key, ..)| *key.namespace == *self.namespace);
        let ours = ours.filter(|(key, ..)| self.kinds.iter().any(|(kind, _)| **kind == *key.kind));
        ours.map(|(key, uid, version)| ((key.kind.to_string(), key.name.to_string()), (uid.clone(), version.clone()))).collect()
    }

    /// Waits until what is shown is what is and every kind that we change looks live.
    async fn settled(&self, within: Duration, what: &str) -> Duration {
        let began = Instant::now();
        loop {
            let snapshot = self.watch.snapshot();
            let (shown, live) = (self.shown(&snapshot), self.live(&snapshot));
            let census = self.census().await;
            if live && shown == census && self.shown(&self.watch.snapshot()) == census {
                return began.elapsed();
            }
            if began.elapsed() > within {
                let only = |a: &Census, b: &Census| -> Vec<_> {
                    a.iter().filter(|(k, v)| b.get(*k) != Some(*v)).map(|(k, v)| format!("{k:?} {v:?}")).collect()
                };
                let links: Vec<_> = snapshot.links.iter().filter(|l| l.state != LinkState::Live).collect();
                panic!(
                    "{what}: not right after {within:?}; only shown {:?}; only there {:?}; links {links:?}",
                    only(&shown, &census),
                    only(&census, &shown)
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until what is wrong is shown.
    async fn shows(&self, what: &str, looks: impl Fn(&Snapshot) -> bool) {
        let mut changed = self.watch.changed();
        let shown = async {
            while !looks(&self.watch.snapshot()) {
                changed.changed().await.expect("the watch runs");
            }
        };
        let shown = tokio::time::timeout(STALE, shown).await;
        assert!(shown.is_ok(), "{what}: it is not shown after {STALE:?}: {:?}", self.watch.snapshot().links);
    }

    /// Waits until the cluster looks stale.
    async fn stale(&self, what: &str) {
        self.shows(what, |s| s.links.first().is_some_and(|l| matches!(l.state, LinkState::Stale { .. }))).await;
    }

    fn live(&self, snapshot: &Snapshot) -> bool {
        let state = |of: &LinkOf, state: &LinkState| match of {
            LinkOf::Kind { kind, .. } if self.kinds.iter().any(|(name, _)| name == kind) => *state == LinkState::Live,
            LinkOf::Cluster(_) => *state == LinkState::Live,
            _ => true,
        };
        snapshot.links.iter().all(|l| state(&l.of, &l.state))
    }

    /// Changes, a fault, changes, a recovery; returns how long that took to be right.
    async fn round(&self, dice: &mut Dice, what: &str, (fault, kind): (Fault, usize)) -> Duration {
        for _ in 0..dice.roll(8) {
            self.change(dice).await;
        }
        let what = format!("{what}, {fault:?} {}", self.kinds[kind].0);
        self.inflict(fault, kind, dice).await;
        // A number of them and no stretch of time: how fast this machine is changes nothing of what comes later.
        for _ in 0..2 * dice.roll(15) {
            if fault.takes_changes(self.is_real()) {
                self.change(dice).await;
            }
            tokio::time::sleep(Duration::from_millis(dice.roll(80))).await;
        }
        if let (Some(wound), Server::Real(_)) = (Wound::of(fault, self.kinds[kind]), &self.server) {
            self.shows(&what, |snapshot| wound.is_shown(self, snapshot)).await;
        } else if fault.stales() && dice.roll(3) == 0 {
            self.stale(&what).await;
        }
        self.recover(fault, kind).await;
        for _ in 0..dice.roll(4) {
            self.change(dice).await;
        }
        let took = self.settled(RECOVERY, &what).await;
        if took > RECOVERY / 2 {
            println!("{what}: right again after {took:?}");
        }
        took
    }

    /// One history of three rounds, with what the dice say.
    async fn live_through(&self, seed: u64) -> Vec<(Fault, Duration)> {
        let mut dice = Dice::new(seed);
        self.settled(Duration::from_mins(1), &format!("seed {seed}, at the start")).await;
        let mut told = Vec::new();
        for round in 0..3 {
            let fault = self.throw(&mut dice);
            let took = self.round(&mut dice, &format!("seed {seed}, round {}", round + 1), fault).await;
            told.push((fault.0, took));
        }
        told
    }
}

/// Returns a kubeconfig by which every server is reached through an HTTP proxy. One without TLS is called by a name that only the
/// proxy knows.
fn proxied(text: &str, proxy: SocketAddr) -> String {
    let mut all: Value = serde_yaml::from_str(text).expect("a kubeconfig of our own");
    for one in all["clusters"].as_array_mut().expect("a list") {
        one["cluster"]["proxy-url"] = format!("http://{proxy}").into();
        let server = one["cluster"]["server"].as_str().expect("a server").replace("http://127.0.0.1", "http://cluster.invalid");
        one["cluster"]["server"] = server.into();
    }
    all.to_string()
}

fn object((kind_name, root): (&str, &str), name: &str, number: u64) -> Value {
    let spec = match kind_name {
        "Kustomization" => json!({
            "suspend": true, "interval": "10m", "prune": true, "path": format!("./{number}"),
            "sourceRef": { "kind": "GitRepository", "name": "nothing" },
        }),
        "GitRepository" | "HelmRepository" => json!({ "suspend": true, "interval": "10m", "url": "https://git.invalid/nothing" }),
        _ => json!({
            "replicas": 0, "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } }, "spec": { "containers": [{ "name": "app", "image": "app:1" }] } },
        }),
    };
    json!({ "apiVersion": root.trim_start_matches("/apis/"), "kind": kind_name, "metadata": { "name": name }, "spec": spec })
}

/// Makes an object as large as one can be, in a field that is not shown.
fn fatten(object: &mut Value) {
    let text = Value::from("x".repeat(HUGE));
    match object["kind"].as_str() {
        Some("Kustomization") => object["spec"]["postBuild"] = json!({ "substitute": { "huge": text } }),
        Some("GitRepository") => object["spec"]["ignore"] = text,
        _ => object["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{ "name": "HUGE", "value": text }]),
    }
}

#[test]
fn after_every_fault_the_simulators_list_is_shown_as_it_is() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let (began, seeds) = (Instant::now(), seeds_and_again("QUARTERDECK_TRUTH_SEEDS", 1..201, 4));
    let slowest = runtime.block_on(async {
        let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut runs = tokio::task::JoinSet::new();
        for seed in seeds.iter().copied() {
            let gate = Arc::clone(&gate);
            runs.spawn(async move {
                let _slot = gate.acquire_owned().await.expect("it is never closed");
                on_the_simulator(seed).await
            });
        }
        let (mut slowest, mut histories) = (Duration::ZERO, Vec::new());
        while let Some(run) = runs.join_next().await {
            let (seed, worst, told) = run.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            slowest = slowest.max(worst);
            histories.push((seed, told));
        }
        assert_same(histories);
        slowest
    });
    println!("{} seeds in {:?}; the slowest recovery took {slowest:?}", seeds.len(), began.elapsed());
}

/// Lives through a seed's history on a simulator of its own, every fourth behind an HTTP proxy. Returns the slowest recovery and what
/// was done.
async fn on_the_simulator(seed: u64) -> (u64, Duration, Vec<String>) {
    let sim = tokio::task::spawn_blocking(Simulator::start).await.expect("it starts");
    sim.create(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "truth" } }));
    let kubeconfig = sim.kubeconfig().to_owned();
    let text = std::fs::read_to_string(&kubeconfig).expect("a kubeconfig of our own");
    let behind = seed % 4 == 3;
    let mut place = Place::new(&kubeconfig, &text, Server::Sim(sim), ("truth", KINDS, behind)).await;
    place.huge = seed.is_multiple_of(25);
    let worst = worst(&place.live_through(seed).await);
    let told = std::mem::take(&mut *place.told.lock().expect("no one panics while holding it"));
    tokio::task::spawn_blocking(move || drop(place)).await.expect("it ends");
    (seed, worst, told)
}

/// Returns the longest of the times that recoveries took.
fn worst(told: &[(Fault, Duration)]) -> Duration {
    told.iter().map(|(_, took)| *took).max().unwrap_or_default()
}
