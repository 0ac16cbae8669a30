//! Holding namespaces open.

use domain::ident::ContextName;
use domain::link::LinkOf;
use domain::query::Query;
use domain::world::World;
use serde_json::json;

use super::bed::{self, Bed, ada};

fn links(world: &World, wanted: &str) -> usize {
    world.links.iter().filter(|l| matches!(&l.of, LinkOf::Kind { namespace, .. } if namespace == wanted)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_workloads_of_a_namespace_are_there_as_long_as_it_is_held() {
    let bed = Bed::new();
    bed.put(&json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "default" },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "registry.example/acme/web:1" }] },
            },
        },
    }));
    let engine = bed.engine();
    bed::until(&engine, "the cluster", |w| w.cluster_link(&"harbour".into()).is_some_and(domain::link::LinkState::is_live)).await;
    assert!(engine.now().workloads.is_empty());
    let hold = || {
        let (engine, wanted) = (engine.clone(), vec![(ContextName::from("harbour"), "default".to_owned())]);
        tokio::spawn(async move { engine.ask(&ada(), Query::Hold(wanted)).await })
    };
    let (one, two) = (hold(), hold());
    bed::until(&engine, "workload and Pods", |w| w.workloads.len() == 1 && w.pods.len() == 2 && links(w, "default") == 4).await;
    assert!(!one.is_finished(), "it is never answered");
    one.abort();
    assert!(one.await.unwrap_err().is_cancelled());
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(engine.now().pods.len(), 2, "the other one holds it still");
    two.abort();
    bed::until(&engine, "nothing", |w| w.workloads.is_empty() && w.pods.is_empty() && links(w, "default") == 0).await;
    engine.stop().await;
}
