//! What the engine has on the heap while it shows 10,000 objects: with the first list of them, and during and after another one. It
//! is allocations that are counted, so that the figures are nearly the same on every machine: 11.6 MB, 12.8 MB at most, 12.0 MB
//! after. The bounds are well above them.
//!
//! The cluster is a process of its own, this program once more: nothing of it is counted. `QUARTERDECK_HEAP_SITES=20` also tells the
//! places in our code that hold the most, at the worst moment and at the end.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a failed step is the failure; a command tells what it measured")]

#[path = "../../../../tests/support/many.rs"]
mod many;
mod sites;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cluster::{Connection, Kubeconfigs, Surroundings};
use dhat::{HeapStats, Profiler};
use domain::Time;
use domain::voyage::Patience;
use domain::world::World;
use engine::{Clusters, Engine, Pace, Parts};
use serde_json::{Value, json};

#[global_allocator]
static COUNTED: dhat::Alloc = dhat::Alloc;

const NAME: &str = "ten_thousand_objects_and_another_list_of_them_stay_within_bounds";
const OBJECTS: usize = 10_000;
/// What the process that is the cluster is told by.
const CLUSTER: &str = "be-the-cluster";
/// How long each step may take on a machine that is at other work.
const LIMIT: Duration = Duration::from_mins(3);

/// The bounds in bytes: of what lives with the first list, of what another one needs beside it, and of what it leaves.
const FIRST: usize = 16 << 20;
const PEAK: usize = 8 << 20;
const AGAIN: usize = 2 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == CLUSTER) {
        return be_the_cluster();
    }
    // As the tests' own harness does, which is given a part of a name.
    let mut wanted = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
    if wanted.peek().is_none() || wanted.any(|part| NAME.contains(part.as_str())) {
        measure();
    }
}

/// Returns an object as the server has it, in a round.
fn whole(n: usize, round: usize) -> Value {
    let mut whole = many::object(n);
    whole["metadata"]["uid"] = format!("00000000-0000-4000-8000-{n:012}").into();
    whole["metadata"]["generation"] = 1.into();
    whole["metadata"]["creationTimestamp"] = "2026-01-20T09:00:00Z".into();
    whole["metadata"]["finalizers"] = json!(["finalizers.fluxcd.io"]);
    whole["status"] = many::status(n, round, 25);
    whole
}

/// Is a cluster until the input ends. Each line has it forget the version that is known, so that only another list helps, and change
/// the first object to that round.
fn be_the_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = sim::SimConfig::new("deck", Arc::new(Time::now), folder.path().to_owned());
    let (sim, address) = runtime.block_on(async {
        let sim = sim::Sim::start(&config);
        let address = sim.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        (sim, address)
    });
    for n in 0..many::NAMESPACES {
        let name = many::place(n).0;
        sim.overwrite(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })).unwrap();
    }
    (0..OBJECTS).for_each(|n| sim.overwrite(whole(n, 0)).unwrap());
    println!("{}", serde_json::to_string(&sim.kubeconfig(address)).unwrap());
    for round in std::io::stdin().lines() {
        sim.freeze();
        sim.overwrite(whole(0, round.unwrap().parse().unwrap())).unwrap();
        sim.expire();
        sim.drop_watches();
        sim.thaw();
    }
}

/// The process that is the cluster; it ends when this is dropped.
struct Cluster(Child);

impl Cluster {
    /// Starts it; returns the text of a kubeconfig, too.
    fn start() -> (Self, String) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.arg(CLUSTER).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (Self(child), serde_json::from_str(&line).unwrap())
    }

    fn list_again(&mut self, round: usize) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{round}").unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn parts(dir: &std::path::Path, connection: Connection) -> Parts {
    let context = connection.context().clone();
    Parts {
        // The index keeps 21 MB of figures that nobody ever touches: they are no memory, and would hide what is.
        store: store::Store::open_with(&dir.join("store"), store::Options { index: false, ..Default::default() }).unwrap().0,
        safe: Arc::new(domain::safe::NoSafe),
        clusters: Clusters::fixed([connection]),
        contexts: vec![context.clone()],
        barred: domain::barred::Barred::default(),
        current: Some(context),
        git_root: dir.join("mirrors"),
        clock: Arc::new(Time::now),
        patience: Patience::default(),
        ids: engine::ulids(),
        helm: None,
        pace: Pace::default(),
    }
}

/// Waits until the first object is seen in a round, with all the others and everything live.
async fn seen(engine: &Engine, round: usize) {
    let revision = whole(0, round)["status"]["lastAppliedRevision"].as_str().unwrap().to_owned();
    let is_seen = |world: &World| {
        let first = many::place(0).1;
        let first = world.flux.iter().find(|object| *object.key.name == *first);
        let listed = world.flux.iter().filter(|object| &*object.key.kind == "Kustomization").count() == OBJECTS;
        let live = world.links.iter().all(|link| link.state.is_live());
        listed
            && live
            && first.is_some_and(|object| object.status.last_applied_revision.as_ref().is_some_and(|r| r.to_string() == revision))
    };
    let mut worlds = engine.world();
    tokio::time::timeout(LIMIT, worlds.wait_for(|world| is_seen(world))).await.unwrap().unwrap();
}

/// Returns what lives once that does not change any more, and what lived at most.
async fn settled() -> (usize, usize) {
    let (mut before, mut same) = (HeapStats::get(), 0);
    let end = tokio::time::Instant::now() + LIMIT;
    while same < 4 && tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = HeapStats::get();
        same = if now.curr_bytes.abs_diff(before.curr_bytes) <= 64 << 10 { same + 1 } else { 0 };
        before = now;
    }
    (before.curr_bytes, before.max_bytes)
}

fn measure() {
    let sites = std::env::var("QUARTERDECK_HEAP_SITES").ok().map(|count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (mut cluster, kubeconfig) = Cluster::start();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, kubeconfig).unwrap();
    let profile = folder.path().join("profile");
    let profiler = Profiler::builder().file_name(&profile);
    // Who wants to know the places wants the whole way to them.
    let profiler = if sites.is_some() { profiler.trim_backtraces(Some(60)) } else { profiler.testing().trim_backtraces(Some(1)) };
    let profiler = profiler.build();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ((first, _), (again, most)) = runtime.block_on(async {
        let files = Kubeconfigs::read(&[file], Surroundings::default()).unwrap();
        let connection = Connection::from_context(&files, &"deck".into()).await.unwrap();
        let engine = Engine::start(parts(folder.path(), connection));
        seen(&engine, 0).await;
        let first = settled().await;
        cluster.list_again(1);
        seen(&engine, 1).await;
        let again = settled().await;
        if let Some(most) = sites {
            drop(profiler);
            sites::tell(&std::fs::read_to_string(&profile).unwrap(), most);
        }
        engine.stop().await;
        (first, again)
    });
    println!("{first} bytes with {OBJECTS} objects, {most} at most, {again} after another list of them");
    assert!(first <= FIRST, "{first} bytes with the first list");
    assert!(most <= first + PEAK, "{most} bytes at most, {first} with the first list");
    assert!(again <= first + AGAIN, "{again} bytes after another list, {first} before it");
}
