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
    let given = match what.as_str() {
        "sync" => engine.give(&ada(), ManualSync { environment, commit: None }).await,
        _ => {
            let draft = Draft { edits: vec![image(&tag)], ..Draft::new(environment) };
            engine.give(&ada(), Deploy { draft, reviewed: None, dry_run: false }).await
        }
    };
    println!("given {given:?}");
    engine.settle().await;
    std::future::pending::<()>().await;
}

/// Starts the other process and returns when it gives its order.
fn begin(bed: &Bed, order: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["scenarios::kill::other_process", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
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
    for (round, after) in [0, 8, 16, 25, 35, 50, 70, 100, 200].into_iter().enumerate() {
        let tag = format!("3.0.{round}");
        let (child, _out) = begin(&bed, &format!("deploy shop/dev {tag}"));
        tokio::time::sleep(Duration::from_millis(after)).await;
        kill(child);
        let engine = bed.engine();
        let open = engine.now().deployments.first().cloned().filter(|d| d.summary.contains(&tag));
        match open {
            Some(known) => {
                let deployment = engine.wait_over(&known.id, LONG).await.unwrap();
                assert_eq!(deployment.status, Status::Succeeded, "after {after} ms: {}", states(&deployment));
                assert_eq!(bed.with_trailer(known.id.as_str()), 1, "after {after} ms");
            }
            None => assert!(!bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]).contains(&tag)),
        }
        engine.stop().await;
    }
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
    for after in [5, 40, 60, 80, 100, 130, 170, 250] {
        let (child, _out) = begin(&bed, "sync shop/prod -");
        tokio::time::sleep(Duration::from_millis(after)).await;
        kill(child);
        // The engine of this process has been there all the while and keeps what the other one promised.
        bed::until(&engine, "the kept promise", calm).await;
    }
    let id = ManualSync { environment: production.id.clone(), commit: None };
    engine.give(&ada(), id).await.unwrap();
    let applied = bed::until(&engine, "the sync", calm).await;
    let revision = applied.kustomization(&production).unwrap().status.last_applied_revision.clone().unwrap();
    assert_eq!(revision.commit().unwrap().as_str(), bed.git(&["rev-parse", "main"]));
    engine.stop().await;
}
