//! Logs as they come: followed, over cuts and restarts, of several Pods, and what a controller says.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use domain::flux::ObjectKey;
use domain::ident::ContextName;
use domain::logs::{Batch, Containers, Follow, Line, Mark, What};
use domain::query::{Answer, Query};
use domain::{Trouble, TroubleKind};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bed::{self, Bed, LONG, ada, development};
use crate::Engine;
use crate::follow::promise;

fn key(kind: &str, name: &str) -> ObjectKey {
    ObjectKey::new(&ContextName::from("harbour"), kind, "default", name)
}

fn deployment(image: &str, replicas: u8) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "default" },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": image }, { "name": "side", "image": "registry.example/acme/side:1" }] },
            },
        },
    })
}

/// Holds what a followed log told so far.
struct Heard {
    lines: watch::Receiver<Vec<Line>>,
    last: Arc<Mutex<Batch>>,
    task: JoinHandle<Result<Answer, Trouble>>,
}

impl Heard {
    fn begin(engine: &Engine, follow: Follow) -> Self {
        let (tell, lines) = watch::channel(Vec::new());
        let last = Arc::new(Mutex::new(Batch::default()));
        let (engine, seen) = (engine.clone(), Arc::clone(&last));
        let task = tokio::spawn(async move {
            let more = |answer| {
                let Answer::Lines(batch) = answer else { return };
                *seen.lock().unwrap() = (*batch).clone();
                tell.send_modify(|all: &mut Vec<Line>| {
                    assert_eq!(batch.before, all.len() as u64, "no batch is lost on the way");
                    all.extend(batch.lines.iter().cloned());
                });
            };
            engine.ask_with(&ada(), Query::Follow(follow), &more).await
        });
        Self { lines, last, task }
    }

    async fn until(&mut self, what: &str, wanted: impl Fn(&[Line]) -> bool) -> Vec<Line> {
        match tokio::time::timeout(LONG, self.lines.wait_for(|lines| wanted(lines))).await {
            Ok(Ok(lines)) => return lines.clone(),
            late => drop(late),
        }
        let lines: Vec<String> = self.lines.borrow().iter().map(Line::text).collect();
        panic!("waited in vain for {what}: {lines:#?}");
    }
}

fn marks(lines: &[Line]) -> Vec<&'static str> {
    lines.iter().filter_map(|l| if let What::Mark(mark) = &l.what { Some(mark.word()) } else { None }).collect()
}

fn said(lines: &[Line]) -> Vec<(String, Option<domain::Time>, String)> {
    let said = lines.iter().filter(|l| matches!(l.what, What::Said(..)));
    said.map(|l| (l.from.as_ref().map(|f| f.pod.clone()).unwrap_or_default(), l.time, l.text())).collect()
}

async fn pod(bed: &Bed, engine: &Engine) -> ObjectKey {
    // Held so that the world shows them.
    let hold = Query::Hold(vec![(ContextName::from("harbour"), "default".to_owned())]);
    let asking = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.ask(&ada(), hold).await })
    };
    let world = bed::until(engine, "a Pod that runs", |w| w.pods.iter().any(|p| p.phase == "Running")).await;
    asking.abort();
    let found = world.pods.iter().find(|p| p.phase == "Running").unwrap().key.clone();
    assert!(bed.object("Pod", "default", &found.name).is_some());
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_followed_over_a_cut_without_a_line_lost_or_doubled() {
    let bed = Bed::new();
    bed.put(&deployment("registry.example/acme/web:1", 1));
    let engine = bed.engine();
    let pod = pod(&bed, &engine).await;
    let mut heard = Heard::begin(&engine, Follow::new(pod.clone()));
    heard.until("living lines", |lines| lines.len() > 12).await;
    assert_eq!(*heard.last.lock().unwrap().containers, ["web", "side"]);
    bed.cut();
    let lines = heard.until("more after the cut", |lines| {
        lines.iter().rposition(|l| l.what == What::Mark(Mark::Resumed)).is_some_and(|at| lines.len() > at + 12)
    });
    let lines = lines.await;
    assert_eq!(marks(&lines), ["broken", "resumed"]);
    heard.task.abort();
    assert!(heard.task.await.unwrap_err().is_cancelled());
    // What was heard is a part of what there is, in its order, whole.
    let whole = Follow { follow: false, tail: 100_000, ..Follow::new(pod) };
    let Answer::Lines(all) = engine.ask(&ada(), Query::Follow(whole)).await.unwrap() else { panic!("no lines") };
    assert!(all.over);
    let (heard, all) = (said(&lines), said(&all.lines));
    let start = all.iter().position(|line| *line == heard[0]).unwrap();
    assert_eq!(heard, all[start..start + heard.len()]);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logs_of_a_workload_are_those_of_its_pods_as_they_come_and_go() {
    let bed = Bed::new();
    bed.put(&deployment("registry.example/acme/web:1", 2));
    let engine = bed.engine();
    let first = pod(&bed, &engine).await;
    let mut heard = Heard::begin(&engine, Follow { containers: Containers::All, ..Follow::new(key("Deployment", "web")) });
    let from = |lines: &[Line]| -> HashSet<(String, String)> {
        let said = lines.iter().filter(|l| matches!(l.what, What::Said(..))).filter_map(|l| l.from.clone());
        said.map(|f| (f.pod.clone(), f.container.clone())).collect()
    };
    heard.until("both containers of both Pods", |lines| from(lines).len() == 4).await;
    bed.remove("Pod", "default", &first.name);
    let lines = heard.until("a third Pod", |lines| from(lines).len() == 6).await;
    assert!(marks(&lines).contains(&"gone") && marks(&lines).contains(&"came"), "{:?}", marks(&lines));
    heard.task.abort();
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_is_said_and_the_next_run_follows() {
    let bed = Bed::new();
    bed.put(&deployment("registry.example/acme/web:crash", 1));
    let engine = bed.engine();
    let mut heard = Heard::begin(&engine, Follow::new(key("Deployment", "web")));
    let lines = heard.until("two runs", |lines| {
        let panics = lines.iter().filter(|l| l.text().starts_with("panic: ")).count();
        panics >= 2 && marks(lines).iter().filter(|m| **m == "ended").count() >= 2
    });
    let lines = lines.await;
    assert!(marks(&lines).ends_with(&["ended", "began", "ended"]), "{:?}", marks(&lines));
    let ended = lines.iter().find(|l| matches!(&l.what, What::Mark(Mark::Ended(1, reason)) if reason == "Error"));
    assert!(ended.is_some(), "{:?}", marks(&lines));
    heard.task.abort();
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_falls_silent_is_said_and_the_log_goes_on_afterwards() {
    let bed = Bed::new();
    bed.put(&deployment("registry.example/acme/web:1", 1));
    let engine = bed.engine();
    let pod = pod(&bed, &engine).await;
    let mut heard = Heard::begin(&engine, Follow::new(pod));
    heard.until("living lines", |lines| lines.len() > 5).await;
    bed.freeze();
    heard.until("that it broke off", |lines| marks(lines) == ["broken"]).await;
    bed.thaw();
    let lines = heard.until("that it goes on", |lines| marks(lines) == ["broken", "resumed"]).await;
    let all = said(&lines);
    let once: HashSet<_> = all.iter().collect();
    assert_eq!(once.len(), all.len(), "no line twice");
    heard.task.abort();
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_said() {
    let bed = Bed::new();
    bed.put(&deployment("registry.example/acme/web:1", 1));
    let engine = bed.engine();
    let pod = pod(&bed, &engine).await;
    let refused = async |follow| engine.ask(&ada(), Query::Follow(follow)).await.unwrap_err();
    let absent = refused(Follow::new(key("Pod", "nobody"))).await;
    assert_eq!(absent.kind, TroubleKind::NotFound, "{absent}");
    let named = Follow { containers: Containers::Named("nothing".into()), ..Follow::new(pod.clone()) };
    assert!(refused(named).await.to_string().contains("it has web, side"));
    let before = refused(Follow { previous: true, ..Follow::new(pod) }).await;
    assert!(before.to_string().contains("previous terminated container"), "{before}");
    let kind = refused(Follow::new(key("ConfigMap", "kube-root-ca.crt"))).await;
    assert!(matches!(kind.kind, TroubleKind::NotFound | TroubleKind::Usage), "{kind}");
    let flux = refused(Follow::new(promise::kustomization(&development()))).await;
    assert_eq!(flux.kind, TroubleKind::NotFound);
    let words = flux.to_string();
    assert!(words.contains("kustomize-controller") && words.contains("app=kustomize-controller in flux-system"), "{words}");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_says_what_it_did_to_an_object_and_goes_on() {
    let bed = Bed::with_components();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let applied = |w: &domain::world::World| w.kustomization(&development()).and_then(|k| k.status.last_applied_revision.clone());
    bed::until(&engine, "the first apply", |w| applied(w).is_some()).await;
    let mut heard = Heard::begin(&engine, Follow::new(promise::kustomization(&development())));
    let lines = heard.until("what it said", |lines| !lines.is_empty()).await;
    let from = lines[0].from.clone().unwrap();
    assert!(from.pod.starts_with("kustomize-controller-"), "{from:?}");
    let before = lines.len();
    bed.commit("develop", "README.md", "new\n");
    let order = domain::orders::Reconcile { key: promise::kustomization(&development()), with_source: true };
    engine.give(&ada(), order).await.unwrap();
    heard.until("what it said about the new commit", |lines| lines.len() > before).await;
    heard.task.abort();
    engine.stop().await;
}
