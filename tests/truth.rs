//! What is shown is what is: random changes while the way to the API server fails in every way that is known; after each
//! recovery the index equals a fresh list within ten seconds, without ghosts and without gaps.
//!
//! A seed decides everything; it is printed when it fails. `QUARTERDECK_TRUTH_SEEDS=from-to` runs others, and
//! `QUARTERDECK_TRUTH_MINUTES=n` goes on for so long on the real cluster.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::{Connection, Kubeconfigs, Scope, Snapshot, Surroundings, Watch, Watcher};
use domain::link::LinkState;
use http::Method;
use serde_json::{Value, json};

use crate::support::cluster::{Api, Cluster};
use crate::support::proxy::Proxy;
use crate::support::simulator::Simulator;

/// How soon after a recovery everything has to be right.
const RECOVERY: Duration = Duration::from_secs(10);
/// How soon something that does not answer has to look stale.
const STALE: Duration = Duration::from_secs(10);
/// How many seeds run at once.
const AT_ONCE: usize = 40;

const KINDS: [(&str, &str); 3] = [
    ("Kustomization", "/apis/kustomize.toolkit.fluxcd.io/v1"),
    ("GitRepository", "/apis/source.toolkit.fluxcd.io/v1"),
    ("Deployment", "/apis/apps/v1"),
];

/// A small generator of our own (splitmix64): the same numbers everywhere, for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// What a run stands on.
struct Place {
    api: Arc<Api>,
    sim: Option<Simulator>,
    proxy: Proxy,
    watch: Watch,
    namespace: String,
}

/// Which objects there are, with the server's identity and version of each.
type Census = BTreeMap<(String, String), (String, String)>;

impl Place {
    async fn new(kubeconfig: &Path, sim: Option<Simulator>, namespace: &str) -> Self {
        let text = std::fs::read_to_string(kubeconfig).expect("a kubeconfig of our own");
        let at = text.find("127.0.0.1:").expect("a server on loopback");
        let server: String = text[at..].chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
        let address: SocketAddr = server.parse().expect("an address");
        let proxy = Proxy::start(address).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let through = folder.path().join("kubeconfig");
        std::fs::write(&through, text.replace(&server, &proxy.address().to_string())).expect("a file of our own");
        let files = Kubeconfigs::read(&[through], Surroundings::default()).expect("a kubeconfig of our own");
        let connection = Connection::from_context(&files, &"deck".into()).await.expect("a connection");
        let scope = Scope { flux: true, namespaces: [namespace.to_owned()].into() };
        let watch = Watcher::start(connection, scope, Arc::new(domain::Time::now));
        let kubeconfig = kubeconfig.to_owned();
        let api = tokio::task::spawn_blocking(move || Arc::new(Api::new(&kubeconfig))).await.expect("it does not panic");
        Self { api, sim, proxy, watch, namespace: namespace.to_owned() }
    }

    async fn call(&self, method: Method, path: String, body: Option<Value>) -> Result<String, kube::Error> {
        let api = Arc::clone(&self.api);
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        tokio::task::spawn_blocking(move || api.call(method, &path, kind, body)).await.expect("it does not panic")
    }

    fn collection(&self, kind: usize) -> String {
        let (name, root) = KINDS[kind];
        let plural = format!("{}s", name.to_lowercase()).replace("ys", "ies");
        format!("{root}/namespaces/{}/{plural}", self.namespace)
    }

    /// Creates, changes or deletes one object; what is not possible just now (it exists, it does not) is no fault.
    async fn change(&self, dice: &mut Dice) {
        let kind = usize::try_from(dice.roll(3)).expect("it is small");
        let name = format!("thing-{}", dice.roll(12));
        let (collection, number) = (self.collection(kind), dice.roll(1_000_000));
        let done = match dice.roll(3) {
            0 => self.call(Method::POST, collection, Some(object(kind, &name, number))).await,
            1 => {
                let body = json!({ "metadata": { "labels": { "number": number.to_string() } } });
                self.call(Method::PATCH, format!("{collection}/{name}"), Some(body)).await
            }
            _ => self.call(Method::DELETE, format!("{collection}/{name}"), None).await,
        };
        match done {
            Ok(_) => {}
            // The simulator's refusals are everybody's, also ours.
            Err(kube::Error::Api(status)) if matches!(status.code, 401 | 403 | 404 | 409 | 500) => {}
            Err(error) => panic!("the server itself is well: {error}"),
        }
    }

    /// Makes something fail; returns what, and whether what is shown has to look stale when it lasts.
    fn fault(&self, dice: &mut Dice) -> (&'static str, bool) {
        let kind = KINDS[usize::try_from(dice.roll(2)).expect("it is small")].0;
        match (dice.roll(11), &self.sim) {
            (0, _) => {
                self.proxy.cut(false);
                ("cut", false)
            }
            (2, _) => {
                self.proxy.set(|w| w.stalled = true);
                ("stalled", true)
            }
            (3, _) => {
                self.proxy.set(|w| w.refusing = true);
                self.proxy.cut(true);
                ("refused", true)
            }
            (4, _) => {
                self.proxy.set(|w| w.delay = Duration::from_millis(20 + 5 * dice.roll(40)));
                ("delayed", false)
            }
            (5, Some(sim)) => {
                sim.expire();
                self.proxy.cut(false);
                ("expired (410)", false)
            }
            (6, Some(sim)) => ended(sim, "watches ended"),
            (7, Some(sim)) => {
                sim.deny(kind, 403);
                ended(sim, "forbidden (403)")
            }
            (8, Some(sim)) => {
                sim.deny("/", 401);
                ended(sim, "unauthorized (401)")
            }
            (9, Some(sim)) => {
                sim.offer(kind, false);
                ended(sim, "the kind is gone (404)")
            }
            (10, Some(sim)) => {
                sim.deny("/", 500);
                ended(sim, "broken (500)")
            }
            // The real server's connections are cut more often instead.
            _ => {
                self.proxy.cut(true);
                ("cut in the middle", false)
            }
        }
    }

    fn recover(&self) {
        self.proxy.clear();
        if let Some(sim) = &self.sim {
            sim.allow();
            for (kind, _) in KINDS {
                sim.offer(kind, true);
            }
        }
    }

    /// Lists what there is, past the proxy.
    async fn census(&self) -> Census {
        let mut found = Census::new();
        for (at, (kind, _)) in KINDS.iter().enumerate() {
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
        let ours = ours.filter(|(key, ..)| KINDS.iter().any(|(kind, _)| **kind == *key.kind));
        ours.map(|(key, uid, version)| ((key.kind.to_string(), key.name.to_string()), (uid.clone(), version.clone()))).collect()
    }

    /// Waits until what is shown is what is and every kind that we change looks live.
    async fn settled(&self, within: Duration, what: &str) -> Duration {
        let began = Instant::now();
        loop {
            let snapshot = self.watch.snapshot();
            let (shown, live) = (self.shown(&snapshot), live(&snapshot));
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

    /// Waits until the cluster looks stale.
    async fn stale(&self, what: &str) {
        let mut changed = self.watch.changed();
        let looks = async {
            loop {
                let links = Arc::clone(&self.watch.snapshot().links);
                if links.first().is_some_and(|l| matches!(l.state, LinkState::Stale { .. })) {
                    return;
                }
                changed.changed().await.expect("the watch runs");
            }
        };
        assert!(tokio::time::timeout(STALE, looks).await.is_ok(), "{what}: nothing looks stale after {STALE:?}");
    }

    /// One history: changes, a fault, changes, a recovery, several times over.
    async fn live_through(&self, seed: u64) -> Duration {
        let mut dice = Dice(seed);
        let mut worst = Duration::ZERO;
        self.settled(Duration::from_mins(1), &format!("seed {seed}, at the start")).await;
        for round in 1..=3 {
            for _ in 0..dice.roll(8) {
                self.change(&mut dice).await;
            }
            let (fault, dead) = self.fault(&mut dice);
            let what = format!("seed {seed}, round {round}, {fault}");
            let until = Instant::now() + Duration::from_millis(100 * dice.roll(25));
            while Instant::now() < until {
                self.change(&mut dice).await;
                tokio::time::sleep(Duration::from_millis(dice.roll(80))).await;
            }
            if dead && dice.roll(3) == 0 {
                self.stale(&what).await;
            }
            self.recover();
            for _ in 0..dice.roll(4) {
                self.change(&mut dice).await;
            }
            let took = self.settled(RECOVERY, &what).await;
            if took > RECOVERY / 2 {
                println!("{what}: right again after {took:?}");
            }
            worst = worst.max(took);
        }
        worst
    }
}

/// Ends all watches, so that what was changed is felt at once.
fn ended(sim: &Simulator, what: &'static str) -> (&'static str, bool) {
    sim.drop_watches();
    (what, false)
}

fn live(snapshot: &Snapshot) -> bool {
    let state = |of: &domain::link::LinkOf, state: &LinkState| match of {
        domain::link::LinkOf::Kind { kind, .. } if KINDS.iter().any(|(name, _)| name == kind) => *state == LinkState::Live,
        domain::link::LinkOf::Cluster(_) => *state == LinkState::Live,
        _ => true,
    };
    snapshot.links.iter().all(|l| state(&l.of, &l.state))
}

fn object(kind: usize, name: &str, number: u64) -> Value {
    let (kind_name, root) = KINDS[kind];
    let spec = match kind_name {
        "Kustomization" => json!({
            "suspend": true, "interval": "10m", "prune": true, "path": format!("./{number}"),
            "sourceRef": { "kind": "GitRepository", "name": "nothing" },
        }),
        "GitRepository" => json!({ "suspend": true, "interval": "10m", "url": "https://git.invalid/nothing" }),
        _ => json!({
            "replicas": 0, "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } }, "spec": { "containers": [{ "name": "app", "image": "app:1" }] } },
        }),
    };
    json!({ "apiVersion": root.trim_start_matches("/apis/"), "kind": kind_name, "metadata": { "name": name }, "spec": spec })
}

fn seeds() -> std::ops::Range<u64> {
    let given = std::env::var("QUARTERDECK_TRUTH_SEEDS").ok();
    let parse = |text: &str| {
        let (from, to) = text.split_once('-')?;
        Some(from.parse().ok()?..to.parse().ok()?)
    };
    given.as_deref().map_or(1..201, |text| parse(text).expect("QUARTERDECK_TRUTH_SEEDS is two numbers: 1-201"))
}

#[test]
fn after_every_fault_the_simulators_list_is_shown_as_it_is() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let began = Instant::now();
    let worst = runtime.block_on(async {
        let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut runs = tokio::task::JoinSet::new();
        for seed in seeds() {
            let gate = Arc::clone(&gate);
            runs.spawn(async move {
                let _slot = gate.acquire_owned().await.expect("it is never closed");
                let sim = tokio::task::spawn_blocking(Simulator::start).await.expect("it starts");
                sim.create(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "truth" } }));
                let kubeconfig = sim.kubeconfig().to_owned();
                let place = Place::new(&kubeconfig, Some(sim), "truth").await;
                let worst = place.live_through(seed).await;
                tokio::task::spawn_blocking(move || drop(place)).await.expect("it ends");
                worst
            });
        }
        let mut worst = Duration::ZERO;
        while let Some(run) = runs.join_next().await {
            worst = worst.max(run.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())));
        }
        worst
    });
    println!("{} seeds in {:?}; the slowest recovery took {worst:?}", seeds().count(), began.elapsed());
}

#[test]
fn after_every_fault_the_real_clusters_list_is_shown_as_it_is() {
    let Some(cluster) = Cluster::or_skip() else { return };
    let minutes: u64 = std::env::var("QUARTERDECK_TRUTH_MINUTES").ok().and_then(|m| m.parse().ok()).unwrap_or(0);
    let namespace = cluster.namespace("truth");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let place = Place::new(cluster.kubeconfig(), None, &namespace).await;
        let (began, mut seed, mut worst) = (Instant::now(), 1, Duration::ZERO);
        while seed == 1 || began.elapsed() < Duration::from_secs(60 * minutes) {
            worst = worst.max(place.live_through(seed).await);
            seed += 1;
        }
        println!("{} seeds in {:?}; the slowest recovery took {worst:?}", seed - 1, began.elapsed());
    });
}
