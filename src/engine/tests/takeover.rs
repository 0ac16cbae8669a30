//! Interruptions: an engine that dies at any moment, two engines on one store, a cluster that stops answering.

use std::time::Duration;

use domain::deployment::{StageName, Status};
use domain::history::Brief;
use domain::link::LinkState;

use super::bed::{self, Bed, LONG, ada, development};
use super::deploy::{draft, image, states, submit};

/// Stops an engine after ever longer whiles; whatever the moment was, the next one knows the deployment, finishes it and
/// commits it once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_dies_at_any_moment_is_followed_by_one_that_finishes() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;
    engine.stop().await;
    drop(engine);
    for (round, after) in [0, 10, 25, 45, 70, 100, 150, 250, 400].into_iter().enumerate() {
        let engine = bed.engine();
        let tag = format!("2.0.{round}");
        let (giver, wanted) = (engine.clone(), draft(vec![image(&tag)]));
        let running = tokio::spawn(async move { submit(&giver, wanted).await });
        tokio::time::sleep(Duration::from_millis(after)).await;
        engine.stop().await;
        drop(running.await);
        drop(engine);

        let engine = bed.engine();
        let open = engine.now().deployments.first().cloned().filter(|d| d.summary().contains(&tag));
        match open {
            Some(known) => {
                let deployment = engine.wait_over(&known.to_id(), LONG).await.unwrap();
                assert_eq!(deployment.status, Status::Succeeded, "after {after} ms: {}", states(&deployment));
                assert_eq!(bed.with_trailer(known.id()), 1, "after {after} ms: committed once");
            }
            // It died before the intent was written; then nothing went out either.
            None => assert!(!bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]).contains(&tag)),
        }
        engine.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_journaled_and_never_pushed_is_pushed_once() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    // The server holds the push until the engine is gone.
    bed.hook("pre-receive", &bed.script_that_waits());
    let (giver, wanted) = (engine.clone(), draft(vec![image("1.8.5")]));
    let running = tokio::spawn(async move { submit(&giver, wanted).await });
    let world = bed::until(&engine, "the intent", |w| w.deployments.first().is_some_and(|d| !d.commit().is_empty())).await;
    let id = world.deployments.first().unwrap().to_id();
    engine.stop().await;
    drop(running.await);
    bed.unhook("pre-receive");
    bed.release();
    bed.commit("develop", "between.txt", "somebody was quicker\n");
    let engine = bed.engine();
    let deployment = engine.wait_over(&id, LONG).await.unwrap();
    assert_eq!(deployment.status, Status::Succeeded, "{}", states(&deployment));
    assert_eq!(bed.with_trailer(id.as_str()), 1);
    assert_eq!(bed.git(&["show", "develop:between.txt"]), "somebody was quicker");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_on_one_store_see_each_other_and_one_takes_over() {
    let bed = Bed::new();
    let (one, two) = (bed.engine(), bed.engine());
    bed.furnish(&one, &[development()]).await;
    bed::until(&two, "the environment", |w| w.environment(&development().id).is_some()).await;
    let id = submit(&one, draft(vec![image("slow")])).await.unwrap().deployment.unwrap();
    two.wait_until(&id, LONG, |d| d.current() == Some(StageName::Health)).await.unwrap();
    one.stop().await;
    let deployment = two.wait_over(&id, LONG).await.unwrap();
    assert_eq!(deployment.status, Status::Succeeded, "{}", states(&deployment));
    assert_eq!(bed.with_trailer(id.as_str()), 1);
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_deploying_at_once_lose_nothing() {
    let bed = Bed::new();
    let (one, two) = (bed.engine(), bed.engine());
    bed.furnish(&one, &[development()]).await;
    bed::until(&two, "the environment", |w| w.environment(&development().id).is_some()).await;
    let replicas = draft(vec![domain::edit::Edit::set(domain::edit::Field::Replicas, "4")]);
    let (a, b) = tokio::join!(submit(&one, draft(vec![image("1.8.5")])), submit(&two, replicas));
    a.unwrap();
    b.unwrap();
    let overlay = bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]);
    assert!(overlay.contains("1.8.5") && overlay.contains("count: 4"), "{overlay}");
    assert_eq!(bed.git(&["rev-list", "--merges", "--count", "develop"]), "0");
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_stops_answering_is_stale_and_recovers_by_itself() {
    let bed = Bed::new();
    let engine = bed.engine();
    let environment = development();
    bed.furnish(&engine, std::slice::from_ref(&environment)).await;
    bed::until(&engine, "the cluster", |w| w.cluster_link(&environment.cluster) == Some(&LinkState::Live)).await;
    bed.freeze();
    let stale = |w: &domain::world::World| matches!(w.cluster_link(&environment.cluster), Some(LinkState::Stale { .. }));
    bed::until_within(&engine, Duration::from_secs(12), "stale", stale).await;
    let id = submit(&engine, draft(vec![image("1.8.5")])).await.unwrap().deployment.unwrap();
    let waits = |d: &Brief| d.whole().is_some_and(|d| d.stage(StageName::Sync).detail.contains("does not answer"));
    engine.wait_until(&id, LONG, waits).await.unwrap();
    bed.thaw();
    let deployment = engine.wait_over(&id, LONG).await.unwrap();
    assert_eq!(deployment.status, Status::Succeeded, "{}", states(&deployment));
    let _ = ada();
    engine.stop().await;
}
