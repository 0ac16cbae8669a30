//! Real processes that are killed: nothing is half done, nothing is done twice, and what was promised is kept.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cluster::{Kubeconfigs, Surroundings};
use domain::change::Draft;
use domain::deployment::{StageName, Status};
use domain::ident::EnvironmentId;
use domain::orders::{Deploy, ManualSync};
use domain::project::{ApprovalRule, Environment, EnvironmentType};
use domain::world::World;

use super::bed::{self, Bed, LONG, ada, development};
use super::deploy::{image, states};
use crate::{Clusters, Engine};

const FOLDER: &str = "QUARTERDECK_SCENARIO_FOLDER";
const ORDER: &str = "QUARTERDECK_SCENARIO_ORDER";

/// Is the other process: starts an engine, says so, gives the order, and waits to be killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is started by the other scenarios here"]
async fn other_process() {
    let (Ok(folder), Ok(order)) = (std::env::var(FOLDER), std::env::var(ORDER)) else { return };
    let files = Kubeconfigs::read(&[Path::new(&folder).join("kubeconfig")], Surroundings::default()).unwrap();
    let engine = Engine::start(bed::parts(Path::new(&folder), Clusters::of_kubeconfig(files)));
    let (what, environment, tag) = match order.split(' ').collect::<Vec<_>>()[..] {
        [what, environment, tag] => (what.to_owned(), environment.parse::<EnvironmentId>().unwrap(), tag.to_owned()),
        _ => panic!("no order: {order}"),
    };
    bed::until(&engine, "the cluster", |w| w.links.iter().all(|link| link.state.is_live())).await;
    println!("giving");
    let given = if what == "sync" {
        engine.give(&ada(), ManualSync { environment, commit: None }).await
    } else {
        let draft = Draft { edits: vec![image(&tag)], ..Draft::new(environment) };
        engine.give(&ada(), Deploy { draft, reviewed: None, dry_run: false }).await
    };
    println!("given {given:?}");
    engine.settle().await;
    std::future::pending::<()>().await;
}

/// Starts the other process and returns when it gives its order.
fn begin(bed: &Bed, order: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["tests::kill::other_process", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, bed.dir())
        .env(ORDER, order)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    wait_line(&mut out, "giving");
    (child, out)
}

fn wait_line(out: &mut impl std::io::BufRead, start: &str) -> String {
    let found = out.lines().map(Result::unwrap).find(|line| line.contains(start));
    found.unwrap_or_else(|| panic!("the other process never said {start}"))
}

/// Kills a process when the journal has grown by so many entries, and a little later where that is wanted.
async fn kill_after(bed: &Bed, child: Child, entries: u64, pause: Duration) {
    let (store, _) = store::Store::open(&bed.dir().join("store")).unwrap();
    let (tell, mut told) = tokio::sync::watch::channel(0);
    let begin = store.state().tail.iter().rev().find(|e| e.record.act == "mark").map_or(0, |e| e.seq);
    store.subscribe(Box::new(move |state| {
        tell.send_replace(state.seq);
    }));
    let there = async {
        // Taking in by hand is quicker than the hint that a file has changed.
        while store.state().seq < begin + entries {
            drop(tokio::time::timeout(Duration::from_millis(1), told.changed()).await);
            store.commit(|_| Ok(Vec::new())).unwrap();
        }
    };
    drop(tokio::time::timeout(Duration::from_secs(3), there).await);
    tokio::time::sleep(pause).await;
    kill(child);
}

/// Writes an entry from which others are counted.
fn mark(bed: &Bed) {
    let (store, _) = store::Store::open(&bed.dir().join("store")).unwrap();
    let (time, act, object) = (domain::Time::now(), "mark".to_owned(), "the journal".to_owned());
    let (phase, detail) = (domain::journal::Phase::Done, String::new());
    store.append(domain::journal::Record { time, actor: ada(), act, object, phase, detail, change: None }).unwrap();
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_moment_of_a_deployment_leaves_one_commit() {
    let bed = Bed::new();
    bed.serve().await;
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;
    engine.stop().await;
    drop(engine);
    let mut found = Vec::new();
    for entries in 1..=8 {
        let tag = format!("3.0.{entries}");
        mark(&bed);
        let (child, _out) = begin(&bed, &format!("deploy shop/dev {tag}"));
        kill_after(&bed, child, entries, Duration::ZERO).await;
        let engine = bed.engine();
        let open = engine.now().deployments.first().cloned().filter(|d| d.summary.contains(&tag));
        found.extend(open.as_ref().and_then(|d| d.current()));
        match open {
            Some(known) => {
                let deployment = engine.wait_over(&known.id, LONG).await.unwrap();
                assert_eq!(deployment.status, Status::Succeeded, "after {entries} entries: {}", states(&deployment));
                assert_eq!(bed.with_trailer(known.id.as_str()), 1, "after {entries} entries");
            }
            None => assert!(!bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]).contains(&tag)),
        }
        engine.stop().await;
    }
    found.dedup();
    assert!(found.contains(&StageName::Commit) && found.len() >= 3, "it must have been killed at several stages: {found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_hands_its_deployment_to_one_that_runs() {
    let bed = Bed::new();
    bed.serve().await;
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;
    let (child, mut out) = begin(&bed, "deploy shop/dev slow");
    let line = wait_line(&mut out, "given");
    assert!(line.contains("Ok("), "{line}");
    let seen = |w: &World| w.deployments.first().is_some_and(|d| d.current() == Some(StageName::Health));
    let id = bed::until(&engine, "the other's deployment", seen).await.deployments[0].id.clone();
    kill(child);
    let deployment = engine.wait_over(&id, LONG).await.unwrap();
    assert_eq!(deployment.status, Status::Succeeded, "{}", states(&deployment));
    assert_eq!(bed.with_trailer(id.as_str()), 1);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_moment_of_a_sync_leaves_it_suspended() {
    let bed = Bed::new();
    bed.serve().await;
    let production = Environment { approval: ApprovalRule::default(), ..Bed::environment("prod", EnvironmentType::Production) };
    let engine = bed.engine();
    bed.furnish(&engine, std::slice::from_ref(&production)).await;
    let calm =
        |w: &World| w.promises.is_empty() && w.kustomization(&production).is_some_and(|k| k.suspended() && k.marks.is_empty());
    bed::until(&engine, "the suspended object", calm).await;
    let mut cut_off = 0;
    for (entries, after) in [(1, 0), (2, 0), (2, 3), (2, 6), (2, 10), (2, 20), (2, 40), (3, 0), (4, 0)] {
        mark(&bed);
        let (child, _out) = begin(&bed, "sync shop/prod -");
        kill_after(&bed, child, entries, Duration::from_millis(after)).await;
        // The engine of this process has been there all the while and keeps what the other one promised.
        engine.core.refresh().await.unwrap();
        let promised = !engine.core.store.state().promises.is_empty();
        let kept = async || {
            let mut worlds = engine.world();
            while !engine.core.store.state().promises.is_empty() {
                worlds.changed().await.unwrap();
            }
        };
        tokio::time::timeout(LONG, kept()).await.unwrap();
        let object = bed.object("Kustomization", "flux-system", "shop-prod").unwrap();
        assert_eq!(object["spec"]["suspend"], true, "after {entries} entries and {after} ms");
        assert_eq!(
            object["metadata"]["annotations"].get("quarterdeck.dev/sync"),
            None,
            "after {entries} entries and {after} ms: {object}"
        );
        cut_off += usize::from(promised);
    }
    assert!(cut_off >= 2, "it must have been killed with a promise open: {cut_off}");
    let id = ManualSync { environment: production.id.clone(), commit: None };
    engine.give(&ada(), id).await.unwrap();
    let applied = bed::until(&engine, "the sync", calm).await;
    let revision = applied.kustomization(&production).unwrap().status.last_applied_revision.clone().unwrap();
    assert_eq!(revision.commit().unwrap().as_str(), bed.git(&["rev-parse", "main"]));
    engine.stop().await;
}
