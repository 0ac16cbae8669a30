//! The faults of a real API server: killed and started, its store frozen or compacted, rights and tokens taken and given, a kind
//! removed and back. All of them on a cluster that nobody else stands on.
//!
//! What it cannot do: end its watches in order when it is told to (it does so by itself after minutes), and let a token run
//! out within a test (none is given for less than ten minutes); tokens are revoked instead.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cluster::Snapshot;
use domain::link::{LinkOf, LinkState};
use http::Method;
use kube::Error;
use serde_json::{Value, json};

use super::{DEPLOYMENT, Dice, Fault, KINDS, Kinds, Place, RECOVERY, Server, worst};
use crate::support::cluster::{Api, Cluster, token, with_user};
use crate::support::{Skip, wait};

/// How long the server may take to do what it was told; tokens that it found good are good for ten seconds more.
const LIMIT: Duration = Duration::from_mins(1);
/// The account that a console has, in its namespace.
const ACCOUNT: &str = "console";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// As [`KINDS`], for a place that takes a kind away while others need theirs.
const OTHERS: Kinds = [("HelmRepository", "/apis/source.toolkit.fluxcd.io/v1"), KINDS[1], KINDS[2]];

/// What is wrong with the server until it is mended.
pub(super) enum Wound {
    Forbidden,
    Unauthorized,
    Gone(&'static str, &'static str),
    Broken,
    Restarted,
}

impl Wound {
    /// Returns what a fault is at the server; nothing for one that is over at once or happens elsewhere.
    pub(super) const fn of(fault: Fault, (kind, root): (&'static str, &'static str)) -> Option<Self> {
        match fault {
            Fault::Forbidden => Some(Self::Forbidden),
            Fault::Unauthorized => Some(Self::Unauthorized),
            Fault::Gone => Some(Self::Gone(kind, root)),
            Fault::Broken => Some(Self::Broken),
            Fault::Restarted => Some(Self::Restarted),
            _ => None,
        }
    }

    /// Tells whether it is shown as what it is.
    pub(super) fn is_shown(&self, place: &Place, snapshot: &Snapshot) -> bool {
        let whole = snapshot.links.first().map(|link| &link.state);
        let kind = |name: &str, fits: fn(&LinkState) -> bool| {
            let of = |of: &LinkOf| matches!(of, LinkOf::Kind { kind, .. } if kind == name);
            snapshot.links.iter().any(|link| of(&link.of) && fits(&link.state))
        };
        match self {
            Self::Forbidden => place.kinds.iter().all(|(name, _)| kind(name, |s| matches!(s, LinkState::Forbidden { .. }))),
            Self::Unauthorized => matches!(whole, Some(LinkState::Unauthorized { .. })),
            Self::Gone(name, _) => {
                kind(name, |s| *s == LinkState::KindAbsent) && place.shown(snapshot).keys().all(|(shown, _)| shown != name)
            }
            Self::Broken | Self::Restarted => matches!(whole, Some(LinkState::Stale { .. })),
        }
    }
}

/// Holds a cluster of our own.
pub(super) struct Own {
    cluster: Cluster,
    folder: tempfile::TempDir,
    /// The definitions of the kinds that are gone.
    gone: Mutex<BTreeMap<String, Value>>,
}

impl Own {
    fn start() -> Result<Self, Skip> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Ok(Self { cluster: Cluster::quiet()?, folder, gone: Mutex::default() })
    }

    /// Makes a namespace with an account and its rights, and looks at it through a proxy, which may be one that is asked for it.
    async fn place(self: &Arc<Self>, kinds: Kinds, behind: bool) -> Place {
        let own = Arc::clone(self);
        let made = tokio::task::spawn_blocking(move || {
            let namespace = own.cluster.namespace("truth");
            own.let_in(&namespace);
            own.allow(&namespace);
            let text = with_user(own.cluster.kubeconfig(), &json!({ "tokenFile": own.token_file(&namespace) }));
            (namespace, own.cluster.kubeconfig().to_owned(), text)
        });
        let (namespace, admin, text) = made.await.expect("it does not panic");
        Place::new(&admin, &text, Server::Real(Arc::clone(self)), (&namespace, kinds, behind)).await
    }

    fn token_file(&self, namespace: &str) -> PathBuf {
        self.folder.path().join(format!("{namespace}.token"))
    }

    /// Returns with which status the server answers the account, asked without a detour.
    fn answers(&self, namespace: &str) -> impl Fn() -> u16 {
        let direct = self.folder.path().join(format!("{namespace}.kubeconfig"));
        let token = fs::read_to_string(self.token_file(namespace)).expect("a file of our own");
        let text = with_user(self.cluster.kubeconfig(), &json!({ "token": token }));
        fs::write(&direct, text).expect("a file of our own");
        let api = Api::new(&direct);
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
        move || code(&api.call(Method::GET, &path, "application/json", Vec::new()))
    }

    fn until(&self, namespace: &str, status: u16) {
        let answers = self.answers(namespace);
        wait(&format!("the account is answered {status}"), LIMIT, || (answers() == status).then_some(()));
    }

    fn let_in(&self, namespace: &str) {
        let (file, next) = (self.token_file(namespace), self.folder.path().join(format!("{namespace}.next")));
        fs::write(&next, token(self.cluster.kubeconfig(), namespace, ACCOUNT)).expect("a file of our own");
        fs::rename(next, file).expect("a file of our own");
    }

    fn allow(&self, namespace: &str) {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": namespace },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
            "subjects": [{ "kind": "ServiceAccount", "namespace": namespace, "name": ACCOUNT }],
        });
        self.send(Method::POST, BINDINGS, &binding);
        self.until(namespace, 200);
    }

    fn send(&self, method: Method, path: &str, body: &Value) {
        let done = self.cluster.call(method, path, body);
        assert!(done.is_ok(), "the API server refuses {path}: {done:?}");
    }

    /// Makes the server fail, and returns when it does.
    fn hurt(&self, wound: &Wound, namespace: &str) {
        match wound {
            Wound::Forbidden => {
                self.send(Method::DELETE, &format!("{BINDINGS}/{namespace}"), &Value::Null);
                self.until(namespace, 403);
            }
            Wound::Unauthorized => {
                let answers = self.answers(namespace);
                self.cluster.delete(&format!("/api/v1/namespaces/{namespace}/serviceaccounts/{ACCOUNT}"));
                wait("the token is refused", LIMIT, || (answers() == 401).then_some(()));
            }
            Wound::Gone(kind, root) => {
                let path = definition(kind, root);
                let mut found = self.cluster.get(&path).expect("the kind is defined");
                found["metadata"] = json!({ "name": found["metadata"]["name"], "annotations": found["metadata"]["annotations"] });
                found["status"] = Value::Null;
                self.gone.lock().expect("no one panics while holding it").insert(path.clone(), found);
                self.cluster.delete(&path);
                let collection = format!("{root}/{}", plural(kind));
                let gone = || code(&self.cluster.call(Method::GET, &collection, &Value::Null)) == 404;
                wait("the kind is gone", LIMIT, || (self.cluster.get(&path).is_none() && gone()).then_some(()));
            }
            Wound::Broken => self.cluster.freeze_store(),
            Wound::Restarted => self.cluster.kill_api(),
        }
    }

    /// Mends it, and returns when the server is well again.
    pub(super) fn mend(&self, wound: &Wound, namespace: &str) {
        match wound {
            Wound::Forbidden => self.allow(namespace),
            Wound::Unauthorized => {
                self.let_in(namespace);
                self.until(namespace, 200);
            }
            Wound::Gone(kind, root) => {
                let found = self.gone.lock().expect("no one panics while holding it").remove(&definition(kind, root));
                self.send(Method::POST, DEFINITIONS, &found.expect("it was taken away"));
                let collection = format!("{root}/{}", plural(kind));
                let there = || code(&self.cluster.call(Method::GET, &collection, &Value::Null)) == 200;
                wait("the kind is served again", LIMIT, || there().then_some(()));
            }
            Wound::Broken => self.cluster.thaw_store(),
            Wound::Restarted => self.cluster.start_api(),
        }
    }
}

impl Place {
    /// Does something that takes its time with the cluster and the namespace of this place.
    pub(super) async fn at<T: Send + 'static>(&self, own: &Arc<Own>, act: impl FnOnce(&Own, &str) -> T + Send + 'static) -> T {
        let (own, namespace) = (Arc::clone(own), self.namespace.clone());
        tokio::task::spawn_blocking(move || act(&own, &namespace)).await.expect("it does not panic")
    }

    /// Makes the server fail.
    pub(super) async fn wound(&self, own: &Arc<Own>, fault: Fault, kind: usize) {
        match Wound::of(fault, self.kinds[kind]) {
            Some(wound) => self.at(own, move |own, namespace| own.hurt(&wound, namespace)).await,
            None => self.expire(own).await,
        }
        if fault == Fault::Forbidden {
            // The server asks for rights only when something begins.
            self.proxy.cut(false);
        }
    }

    /// Changes a Deployment behind the console's back and lets the store forget what was before.
    async fn expire(&self, own: &Arc<Own>) {
        self.proxy.set(|w| w.refusing = true);
        self.proxy.cut(true);
        let collection = self.collection(DEPLOYMENT);
        let list = self.call(Method::GET, collection.clone(), None).await.expect("the server is well");
        let list: Value = serde_json::from_str(&list).expect("JSON");
        let version = list["metadata"]["resourceVersion"].as_str().expect("a list has a version").to_owned();
        let closing = super::object(self.kinds[DEPLOYMENT], "last", 0);
        // The first one may be there from the last time. Two changes: a version is kept until what comes after the next is written.
        drop(self.call(Method::POST, collection.clone(), Some(closing.clone())).await);
        for (method, path, body) in
            [(Method::DELETE, format!("{collection}/last"), None), (Method::POST, collection.clone(), Some(closing))]
        {
            let done = self.call(method, path, body).await;
            assert!(done.is_ok(), "{done:?}");
        }
        self.at(own, |own, _| own.cluster.compact()).await;
        let watch = format!("{collection}?watch=true&timeoutSeconds=1&resourceVersion={version}");
        let said = match self.call(Method::GET, watch, None).await {
            Ok(text) => text,
            Err(error) => format!("\"code\":{}", code(&Err(error))),
        };
        assert!(said.contains("\"code\":410"), "the server still keeps version {version}: {said:.200}");
        self.proxy.clear();
    }
}

pub(super) fn plural(kind: &str) -> String {
    format!("{}s", kind.to_lowercase()).replace("ys", "ies")
}

fn definition(kind: &str, root: &str) -> String {
    let group = root.trim_start_matches("/apis/").split('/').next().expect("a group");
    format!("{DEFINITIONS}/{}.{group}", plural(kind))
}

/// Returns the status of an answer; 0 when there was none.
fn code(answer: &Result<String, Error>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(Error::Api(status)) => status.code,
        Err(_) => 0,
    }
}

#[test]
fn after_every_fault_the_real_clusters_list_is_shown_as_it_is() {
    let own = match Own::start() {
        Ok(own) => Arc::new(own),
        Err(skip) => return skip.say(),
    };
    let minutes: Option<u64> = std::env::var("QUARTERDECK_TRUTH_MINUTES").ok().and_then(|m| m.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match minutes {
            Some(minutes) => for_long(&own, Duration::from_mins(minutes)).await,
            None => for_short(&own).await,
        }
    });
}

/// Lives through one history after another, with every fault that is thrown.
async fn for_long(own: &Arc<Own>, limit: Duration) {
    let places = [own.place(KINDS, false).await, own.place(KINDS, true).await];
    let (began, mut seed) = (Instant::now(), 0);
    let mut told: BTreeMap<Fault, (usize, Duration)> = BTreeMap::new();
    while began.elapsed() < limit {
        seed += 1;
        let place = &places[usize::from(seed % 2 == 0)];
        for (fault, took) in place.live_through(seed).await {
            let (count, worst) = told.entry(fault).or_default();
            (*count, *worst) = (*count + 1, took.max(*worst));
        }
    }
    println!("seeds 1 to {seed} in {:?}; each fault, how often, the slowest recovery:", began.elapsed());
    for (fault, (count, worst)) in told {
        println!("{fault:?} {count} {worst:?}");
    }
}

/// Lives through each fault of the server once, several consoles at a time; in the end the server is killed under all of them.
async fn for_short(own: &Arc<Own>) {
    let began = Instant::now();
    let faults = [Fault::Unauthorized, Fault::Forbidden, Fault::Gone, Fault::Expired];
    let places = faults.map(|fault| async move {
        let place = own.place(if fault == Fault::Gone { OTHERS } else { KINDS }, fault == Fault::Unauthorized).await;
        let mut dice = Dice::new(1);
        place.settled(LIMIT, &format!("{fault:?}, at the start")).await;
        let took = place.round(&mut dice, "one round", (fault, 0)).await;
        println!("{fault:?}: right again after {took:?}");
        (place, fault, took)
    });
    let places = futures::future::join_all(places).await;
    println!("each alone in {:?}; the slowest recovery took {:?}", began.elapsed(), worst(&told(&places)));
    // The last one does not hear what changes before the end, so that what it knows is too old for the new server.
    let (deaf, ..) = places.last().expect("there are some");
    deaf.proxy.set(|w| w.stalled = true);
    let mut dice = Dice::new(2);
    for _ in 0..12 {
        deaf.change(&mut dice).await;
    }
    let wound = || Wound::Restarted;
    deaf.at(own, move |own, namespace| own.hurt(&wound(), namespace)).await;
    let stale = places.iter().map(|(place, fault, _)| async move { place.stale(&format!("{fault:?}, killed")).await });
    futures::future::join_all(stale).await;
    deaf.proxy.clear();
    deaf.at(own, move |own, namespace| own.mend(&wound(), namespace)).await;
    let settled =
        places.iter().map(|(place, fault, _)| async move { place.settled(RECOVERY, &format!("{fault:?}, started again")).await });
    let took = futures::future::join_all(settled).await.into_iter().max();
    println!("killed and started: right again after {took:?}; all in {:?}", began.elapsed());
}

fn told(places: &[(Place, Fault, Duration)]) -> Vec<(Fault, Duration)> {
    places.iter().map(|(_, fault, took)| (*fault, *took)).collect()
}
