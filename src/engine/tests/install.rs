//! Installing and removing Flux: stopped in the middle, refused in the middle, and finished by giving it again.

use std::sync::Arc;
use std::time::Duration;

use domain::TroubleKind;
use domain::journal::Phase;
use domain::orders::{Halt, Install, Order, Uninstall};
use domain::query::{Answer, Manifest, Query};
use domain::toolkit::{Mark, Work};
use domain::world::World;

use super::bed::{self, Bed, ada};
use crate::Engine;

const CLUSTER: &str = "harbour";

async fn plan(engine: &Engine, components: &[&str]) -> Result<Order, domain::Trouble> {
    let from = Manifest::Text("install.yaml".to_owned(), sim::release_manifest("v2.9.0").into());
    let components = components.iter().map(|&c| c.to_owned()).collect();
    match engine.ask(&ada(), Query::Installation { context: CLUSTER.into(), from, components }).await? {
        Answer::Installation(plan) => Ok(Install { plan }.into()),
        other => panic!("{other:?}"),
    }
}

async fn removal(engine: &Engine) -> Order {
    match engine.ask(&ada(), Query::Removal(CLUSTER.into(), true)).await.unwrap() {
        Answer::Removal(removal) => Uninstall { removal }.into(),
        other => panic!("{other:?}"),
    }
}

fn work(world: &World) -> Option<&Arc<Work>> {
    world.works.first()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_in_the_middle_is_finished_by_giving_it_again() {
    let bed = Bed::bare();
    let engine = bed.engine();
    let order = plan(&engine, &["source", "kustomize"]).await.unwrap();
    bed.deny("Service");
    let trouble = engine.give(&ada(), order.clone()).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Refused, "{trouble}");
    assert!(trouble.why.contains("cannot patch resource \"services\"") && trouble.next.contains("--role installer"), "{trouble}");
    // Not refused: much of it was done before.
    let told = |w: &World| w.audit.iter().any(|e| e.record.act == "flux.install" && e.record.phase == Phase::Failed);
    bed::until(&engine, "the entry of the failure", told).await;
    let world = bed::until(&engine, "the end of it", |w| work(w).is_some_and(|work| work.over.is_some())).await;
    let lines = &work(&world).unwrap().lines;
    assert!(lines.iter().any(|l| matches!(l.mark, Mark::Failed(_))) && lines.iter().any(|l| l.mark == Mark::Todo));
    assert!(bed.object("ServiceAccount", "flux-system", "source-controller").is_some(), "what was applied stays");
    bed.allow();
    let outcome = engine.give(&ada(), order).await.unwrap();
    assert!(outcome.said.starts_with("Flux v2.9.0 runs in harbour"), "{}", outcome.said);
    assert!(bed.object("Service", "flux-system", "source-controller").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stops_when_it_is_told_to_and_one_goes_on_at_a_time() {
    let bed = Bed::bare();
    let engine = bed.engine();
    let order = plan(&engine, &[]).await.unwrap();
    // Its controllers never run as long as no node takes their Pods.
    bed.remove("Node", "", "node-1");
    bed.remove("Node", "", "node-2");
    let given = {
        let (engine, order) = (engine.clone(), order.clone());
        tokio::spawn(async move { engine.give(&ada(), order).await })
    };
    let waits = |w: &World| work(w).and_then(|work| work.current()).is_some_and(|line| line.object.starts_with("Deployment/"));
    bed::until(&engine, "the controllers waited for", waits).await;
    let trouble = engine.give(&ada(), order).await.unwrap_err();
    assert!(trouble.what.contains("already"), "{trouble}");
    engine.give(&ada(), Halt { context: CLUSTER.into() }).await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(20), given).await.unwrap().unwrap().unwrap_err();
    assert!(stopped.what.contains("was stopped"), "{stopped}");
    let nothing = engine.give(&ada(), Halt { context: CLUSTER.into() }).await.unwrap_err();
    assert_eq!(nothing.kind, TroubleKind::Refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_releases_everything_and_is_finished_after_a_refusal() {
    let bed = Bed::with_components();
    let engine = bed.engine();
    for number in 0..120 {
        bed.put(&serde_json::json!({ "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": { "name": format!("k{number}"), "namespace": "flux-system", "finalizers": ["finalizers.fluxcd.io"] },
            "spec": { "interval": "1h", "path": "./", "prune": true, "sourceRef": { "kind": "GitRepository", "name": "none" } } }));
    }
    let order = removal(&engine).await;
    let Order::Uninstall(uninstall) = &order else { panic!("{order:?}") };
    assert_eq!(uninstall.removal.objects(), (120, true));
    bed.deny("customresourcedefinitions");
    let trouble = engine.give(&ada(), order).await.unwrap_err();
    assert!(trouble.why.contains("customresourcedefinitions") && trouble.next.contains("goes on where it stopped"), "{trouble}");
    assert!(bed.object("Deployment", "flux-system", "source-controller").is_none(), "the controllers are gone first");
    bed.allow();
    let again = removal(&engine).await;
    let outcome = engine.give(&ada(), again).await.unwrap();
    assert!(outcome.said.contains("120 custom resources"), "{}", outcome.said);
    assert!(bed.object("Kustomization", "flux-system", "k7").is_none());
    assert!(bed.object("CustomResourceDefinition", "", "kustomizations.kustomize.toolkit.fluxcd.io").is_none());
}
