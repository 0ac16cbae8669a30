//! Real processes that are killed: nothing is half done, nothing is done twice, and what was promised is kept.
//!
//! Every step of an order that has an effect outside the process is known (`steps`), and the process is ended by SIGKILL before each
//! of them in turn, until one comes through without meeting its end.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use cluster::{Kubeconfigs, Surroundings};
use domain::change::{Draft, Manual};
use domain::deployment::{Deployment, StageName, Status};
use domain::flux::ObjectKey;
use domain::history::Brief;
use domain::orders::{Deploy, ManualSync, Order, Resume};
use domain::project::{ApprovalRule, Environment, EnvironmentType};
use domain::query::{Answer, Query};
use domain::restore::Back;
use domain::world::World;
use serde_json::json;

use super::bed::{self, Bed, LONG, ada, development};
use super::deploy::{draft, image, states, submit};
use crate::{Clusters, Engine, steps};

const FOLDER: &str = "QUARTERDECK_SCENARIO_FOLDER";
const ORDER: &str = "QUARTERDECK_SCENARIO_ORDER";
/// How many effects the process lets pass before it ends; none when it is to live.
const PASSES: &str = "QUARTERDECK_SCENARIO_PASSES";
/// More effects than any order has.
const TOO_MANY: i64 = 60;

/// Is the other process: starts an engine, gives the order, and is ended at the step that was named, or says when all is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is started by the other scenarios here"]
async fn other_process() {
    let (Ok(folder), Ok(order)) = (std::env::var(FOLDER), std::env::var(ORDER)) else { return };
    let files = Kubeconfigs::read(&[Path::new(&folder).join("kubeconfig")], Surroundings::default()).unwrap();
    let engine = Engine::start(bed::parts(Path::new(&folder), Clusters::of_kubeconfig(files)));
    bed::until(&engine, "the cluster", |w| w.links.iter().all(|link| link.state.is_live())).await;
    let order = read(&engine, &order).await;
    steps::arm(std::env::var(PASSES).ok().map_or(i64::MIN, |passes| passes.parse().unwrap()));
    let given = engine.give(&ada(), order).await;
    println!("given {given:?}");
    engine.settle().await;
    bed::until(&engine, "the promise is kept", |w| w.promises.is_empty()).await;
    println!("over");
    std::future::pending::<()>().await;
}

/// Makes an order of `deploy TAG`, `manual TAG`, `back -`, `revert -` or `sync -`.
async fn read(engine: &Engine, order: &str) -> Order {
    let draft = match order.split_once(' ').unwrap() {
        ("sync", _) => return ManualSync { environment: production().id, commit: None }.into(),
        ("deploy", tag) => draft(vec![image(tag)]),
        ("manual", tag) => Draft { manual: Some(Manual { from: String::new() }), ..draft(vec![image(tag)]) },
        ("back", _) => back(engine, Back::Previous).await,
        // What the automation would overwrite is taken back with the automation suspended.
        ("revert", _) => {
            let mut draft = back(engine, Back::Revert(engine.now().deployments.first().unwrap().to_id())).await;
            draft.restore.as_mut().unwrap().suspend = vec![automation()];
            draft
        }
        (other, _) => panic!("no order: {other}"),
    };
    Deploy { draft, reviewed: None, dry_run: false }.into()
}

async fn back(engine: &Engine, back: Back) -> Draft {
    match engine.ask(&ada(), Query::Back(development().id, back)).await.unwrap() {
        Answer::Draft(Some(draft)) => *draft,
        other => panic!("no draft: {other:?}"),
    }
}

fn automation() -> ObjectKey {
    ObjectKey::new(&"harbour".into(), "ImageUpdateAutomation", "flux-system", "shop")
}

fn production() -> Environment {
    Environment { approval: ApprovalRule::default(), ..Bed::environment("prod", EnvironmentType::Production) }
}

/// Starts the other process.
fn begin(bed: &Bed, order: &str, passes: Option<i64>) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["tests::kill::other_process", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, bed.dir()).env(ORDER, order);
    if let Some(passes) = passes {
        command.env(PASSES, passes.to_string());
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn wait_line(out: &mut impl std::io::BufRead, starts: &[&str]) -> String {
    let found = out.lines().map(Result::unwrap).find(|line| starts.iter().any(|start| line.contains(start)));
    found.unwrap_or_else(|| panic!("the other process never said any of {starts:?}"))
}

/// Lets the other process give an order and ends it after so many effects; returns before which one that was, nothing when the
/// order came to its end first.
fn cut(bed: &Bed, order: &str, passes: i64) -> Option<String> {
    let (child, mut out) = begin(bed, order, Some(passes));
    let said = wait_line(&mut out, &["ended before", "over"]);
    kill(child);
    let check = store::verify(&bed.dir().join("store")).unwrap();
    assert!(check.holds(), "{order}, {said}: {check:?}");
    said.split_once("ended before ").map(|(_, effect)| effect.to_owned())
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Counts the commits of one deployment on any branch.
fn commits(bed: &Bed, deployment: &Deployment) -> usize {
    bed.git(&["log", "--all", "--format=%H", &format!("--grep=^Deployment-Id: {}", deployment.id)]).lines().count()
}

async fn ground(environment: &Environment) -> Bed {
    let bed = Bed::new();
    bed.serve().await;
    let engine = bed.engine();
    bed.furnish(&engine, std::slice::from_ref(environment)).await;
    if environment.gitops.auto_sync {
        bed::until(&engine, "the first rollout", |w| w.agreement(environment) == Some(true)).await;
    } else {
        bed::until(&engine, "the suspended object", |w| calm(w, environment)).await;
    }
    engine.stop().await;
    bed
}

fn calm(w: &World, environment: &Environment) -> bool {
    w.promises.is_empty() && w.kustomization(environment).is_some_and(|k| k.suspended() && k.marks.is_empty())
}

/// Returns the deployment that the process had begun which was just ended: the newest one, unless it is known from before.
fn begun(engine: &Engine, known: &BTreeSet<String>) -> Option<Brief> {
    engine.now().deployments.iter().find(|d| !known.contains(d.id())).cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_before_any_step_of_a_deployment_leaves_one_commit() {
    let bed = ground(&development()).await;
    let (mut known, mut met) = (BTreeSet::new(), Vec::new());
    for passes in 0..TOO_MANY {
        let tag = format!("3.0.{passes}");
        let effect = cut(&bed, &format!("deploy {tag}"), passes);
        let at = format!("{tag} ended before {effect:?}");
        let engine = bed.engine();
        let open = begun(&engine, &known);
        match &open {
            Some(open) => {
                let deployment = engine.wait_over(&open.to_id(), LONG).await.unwrap();
                assert_eq!(deployment.status, Status::Succeeded, "{at}: {}", states(&deployment));
                assert_eq!(commits(&bed, &deployment), 1, "{at}");
                known.insert(open.id().to_owned());
            }
            // It died before the intent was written; then nothing went out either.
            None => assert!(!bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]).contains(&tag), "{at}"),
        }
        engine.stop().await;
        let Some(effect) = effect else { break };
        met.push((effect, open.and_then(|d| d.current())));
    }
    assert!(met.len() < usize::try_from(TOO_MANY).unwrap(), "it never came through");
    for effect in ["an entry in the journal", "the commit in the mirror", "the push", "the draft"] {
        assert!(met.iter().any(|(met, _)| met == effect), "{effect}: {met:?}");
    }
    let stages: BTreeSet<_> = met.iter().filter_map(|(_, stage)| stage.map(|s| s as u8)).collect();
    assert!(stages.len() >= 3, "it must have been killed at several stages: {met:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_before_any_step_of_a_rollback_goes_back_once() {
    let bed = ground(&development()).await;
    let (mut known, mut met) = (BTreeSet::new(), Vec::new());
    let engine = bed.engine();
    for tag in ["1.8.5", "1.8.6"] {
        let id = submit(&engine, draft(vec![image(tag)])).await.unwrap().deployment.unwrap();
        assert_eq!(engine.wait_over(&id, LONG).await.unwrap().status, Status::Succeeded);
        known.insert(id.to_string());
    }
    engine.stop().await;
    let overlay = |bed: &Bed| bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]);
    for passes in 0..TOO_MANY {
        // The one before the last is what is gone back to, so each round goes to the other of two tags.
        let before = overlay(&bed);
        let effect = cut(&bed, "back -", passes);
        let at = format!("ended before {effect:?}");
        let engine = bed.engine();
        if let Some(open) = begun(&engine, &known) {
            let deployment = engine.wait_over(&open.to_id(), LONG).await.unwrap();
            assert_eq!(deployment.status, Status::Succeeded, "{at}: {}", states(&deployment));
            assert_eq!(commits(&bed, &deployment), 1, "{at}");
            assert!(deployment.restore.is_some() && overlay(&bed) != before, "{at}");
            known.insert(open.id().to_owned());
        } else {
            assert_eq!(overlay(&bed), before, "{at}");
        }
        engine.stop().await;
        let Some(effect) = effect else { break };
        met.push(effect);
    }
    assert!(met.len() < usize::try_from(TOO_MANY).unwrap(), "it never came through");
    for effect in ["an entry in the journal", "the commit in the mirror", "the push"] {
        assert!(met.iter().any(|met| met == effect), "{effect}: {met:?}");
    }
    assert_eq!(bed.git(&["rev-list", "--merges", "--count", "develop"]), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_before_any_step_of_a_revert_takes_it_back_once_and_not_without_suspending() {
    let bed = ground(&development()).await;
    let spec = json!({"interval": "1h", "sourceRef": {"kind": "GitRepository", "name": "shop-dev"}});
    let meta = json!({"name": "shop", "namespace": "flux-system"});
    let kind = "ImageUpdateAutomation";
    bed.put(&json!({"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": kind, "metadata": meta, "spec": spec}));
    let suspended = || bed.object(kind, "flux-system", "shop").unwrap()["spec"]["suspend"] == true;
    let overlay = || bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]);
    let (mut known, mut met) = (BTreeSet::new(), Vec::new());
    let mut engine = bed.engine();
    for tag in ["1.8.5", "1.8.6"] {
        let id = submit(&engine, draft(vec![image(tag)])).await.unwrap().deployment.unwrap();
        assert_eq!(engine.wait_over(&id, LONG).await.unwrap().status, Status::Succeeded);
        known.insert(id.to_string());
    }
    for passes in 0..TOO_MANY {
        engine.stop().await;
        // The newest is taken back, which is itself taken back by the next round.
        let before = overlay();
        let effect = cut(&bed, "revert -", passes);
        let at = format!("ended before {effect:?}");
        engine = bed.engine();
        if let Some(open) = begun(&engine, &known) {
            let deployment = engine.wait_over(&open.to_id(), LONG).await.unwrap();
            assert_eq!(deployment.status, Status::Succeeded, "{at}: {}", states(&deployment));
            assert!(commits(&bed, &deployment) == 1 && overlay() != before && suspended(), "{at}");
            known.insert(open.id().to_owned());
        } else {
            assert_eq!(overlay(), before, "{at}");
        }
        if suspended() {
            engine.give(&ada(), Resume { key: automation() }).await.unwrap();
        }
        let Some(effect) = effect else { break };
        met.push(effect);
    }
    engine.stop().await;
    assert!(met.len() < usize::try_from(TOO_MANY).unwrap(), "it never came through");
    for effect in ["an entry in the journal", "a change in the cluster", "the commit in the mirror", "the push"] {
        assert!(met.iter().any(|met| met == effect), "{effect}: {met:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_before_any_step_by_hand_applies_it_or_nothing() {
    let bed = Bed::new();
    bed.serve().await;
    let mut environment = development();
    environment.gitops.enabled = false;
    bed.put(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": environment.namespace}}));
    let mut engine = bed.engine();
    bed.furnish(&engine, std::slice::from_ref(&environment)).await;
    let head = bed.git(&["rev-parse", "--all"]);
    let running = || {
        let found = bed.object("Deployment", &environment.namespace, "web").unwrap_or_default();
        found.pointer("/spec/template/spec/containers/0/image").map(ToString::to_string).unwrap_or_default()
    };
    let (mut known, mut met) = (BTreeSet::new(), Vec::new());
    for passes in 0..TOO_MANY {
        engine.stop().await;
        let tag = format!("6.0.{passes}");
        let effect = cut(&bed, &format!("manual {tag}"), passes);
        let at = format!("{tag} ended before {effect:?}");
        engine = bed.engine();
        if let Some(open) = begun(&engine, &known) {
            let deployment = engine.wait_over(&open.to_id(), LONG).await.unwrap();
            assert_eq!(deployment.status, Status::Succeeded, "{at}: {}", states(&deployment));
            assert!(running().contains(&tag), "{at}: {}", running());
            known.insert(open.id().to_owned());
        } else {
            assert!(!running().contains(&tag), "{at}: nothing is applied that was not written down");
        }
        assert_eq!(bed.git(&["rev-parse", "--all"]), head, "{at}: nothing is pushed");
        let Some(effect) = effect else { break };
        met.push((effect, !running().contains(&tag)));
    }
    engine.stop().await;
    assert!(met.len() < usize::try_from(TOO_MANY).unwrap(), "it never came through");
    assert!(met.iter().any(|(met, _)| met == "a change in the cluster") && met.iter().any(|(_, kept)| *kept), "{met:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_before_any_step_of_a_proposal_leaves_one_branch() {
    let environment = Environment { approval: ApprovalRule { required: true, approvers: 1 }, ..development() };
    let bed = ground(&environment).await;
    let (mut known, mut met) = (BTreeSet::new(), Vec::new());
    for passes in 0..TOO_MANY {
        let tag = format!("4.0.{passes}");
        let (head, branches) = (bed.git(&["rev-parse", "develop"]), bed.git(&["branch", "--list"]).lines().count());
        let effect = cut_waiting(&bed, &format!("deploy {tag}"), passes);
        let at = format!("{tag} ended before {effect:?}");
        assert_eq!(bed.git(&["rev-parse", "develop"]), head, "{at}: nothing goes past the approval");
        let engine = bed.engine();
        if let Some(open) = begun(&engine, &known) {
            let opened = |d: &Deployment| d.proposal.as_ref().is_some_and(|p| p.opened.is_some());
            let waits = |d: &Brief| d.whole().is_some_and(|d| opened(d));
            let waiting = engine.wait_until(&open.to_id(), LONG, waits).await.unwrap();
            assert_eq!(commits(&bed, &waiting), 1, "{at}");
            assert_eq!(bed.git(&["branch", "--list"]).lines().count(), branches + 1, "{at}");
            let commit = waiting.commit.clone().unwrap();
            bed.git(&["update-ref", "refs/heads/develop", commit.as_str(), &head]);
            let deployment = engine.wait_over(&open.to_id(), LONG).await.unwrap();
            assert_eq!(deployment.status, Status::Succeeded, "{at}: {}", states(&deployment));
            known.insert(open.id().to_owned());
        }
        engine.stop().await;
        let Some(effect) = effect else { break };
        met.push(effect);
    }
    assert!(met.len() < usize::try_from(TOO_MANY).unwrap(), "it never came through");
    assert!(met.iter().any(|met| met == "the push"), "{met:?}");
}

/// Does what [`cut`] does for an order whose deployment waits for others in the end.
fn cut_waiting(bed: &Bed, order: &str, passes: i64) -> Option<String> {
    let (child, mut out) = begin(bed, order, Some(passes));
    let said = wait_line(&mut out, &["ended before", "given"]);
    kill(child);
    let check = store::verify(&bed.dir().join("store")).unwrap();
    assert!(check.holds(), "{order}, {said}: {check:?}");
    said.split_once("ended before ").map(|(_, effect)| effect.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_before_any_step_of_a_sync_leaves_it_suspended() {
    let production = production();
    let bed = ground(&production).await;
    let (mut met, mut promised) = (Vec::new(), 0);
    for passes in 0..TOO_MANY {
        let effect = cut(&bed, "sync -", passes);
        let at = format!("ended before {effect:?}");
        let engine = bed.engine();
        promised += usize::from(!engine.now().promises.is_empty());
        let live = |w: &World| w.links.iter().all(|link| link.state.is_live()) && calm(w, &production);
        bed::until(&engine, &format!("it is suspended again, {at}"), live).await;
        let object = bed.object("Kustomization", "flux-system", "shop-prod").unwrap();
        assert_eq!(object["spec"]["suspend"], true, "{at}");
        assert_eq!(object["metadata"]["annotations"].get("quarterdeck.dev/sync"), None, "{at}: {object}");
        engine.stop().await;
        let Some(effect) = effect else { break };
        met.push(effect);
    }
    assert!(met.len() < usize::try_from(TOO_MANY).unwrap(), "it never came through");
    assert!(promised >= 2, "it must have been killed with a promise open: {promised} of {met:?}");
    assert!(met.iter().filter(|met| *met == "a change in the cluster").count() >= 2, "{met:?}");
    let engine = bed.engine();
    let applied = bed::until(&engine, "the sync", |w| calm(w, &production)).await;
    let revision = applied.kustomization(&production).unwrap().status.last_applied_revision.clone().unwrap();
    assert_eq!(revision.commit().unwrap().as_str(), bed.git(&["rev-parse", "main"]));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_hands_its_deployment_to_one_that_runs() {
    let bed = Bed::new();
    bed.serve().await;
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;
    let (child, mut out) = begin(&bed, "deploy slow", None);
    let line = wait_line(&mut out, &["given"]);
    assert!(line.contains("Ok("), "{line}");
    let seen = |w: &World| w.deployments.first().is_some_and(|d| d.current() == Some(StageName::Health));
    let id = bed::until(&engine, "the other's deployment", seen).await.deployments.first().unwrap().to_id();
    kill(child);
    let deployment = engine.wait_over(&id, LONG).await.unwrap();
    assert_eq!(deployment.status, Status::Succeeded, "{}", states(&deployment));
    assert_eq!(bed.with_trailer(id.as_str()), 1);
    engine.stop().await;
}
