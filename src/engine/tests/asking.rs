//! Queries, and the small orders on Flux objects.

use domain::TroubleKind;
use domain::flux::ObjectKey;
use domain::ident::ContextName;
use domain::orders::{Reconcile, Suspend};
use domain::query::{Answer, LogOf, Query};

use super::bed::{self, Bed, ada, development, shop};
use crate::follow::promise;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_world_does_not_hold_can_be_asked() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let ready = |w: &domain::world::World| w.pods.iter().filter(|p| p.is_ready()).count() == 2;
    let world = bed::until(&engine, "the Pods", ready).await;
    let ask = async |query| engine.ask(&ada(), query).await;

    let key = promise::kustomization(&development());
    let Answer::Yaml(yaml) = ask(Query::Yaml(key.clone())).await.unwrap() else { panic!("no YAML") };
    assert!(yaml.contains("path: ./k8s/overlays/development"), "{yaml}");
    let Answer::Events(events) = ask(Query::Events(key)).await.unwrap() else { panic!("no events") };
    assert!(events.iter().any(|e| e.reason == "ReconciliationSucceeded" && e.from == "kustomize-controller"), "{events:?}");
    let log = LogOf { pod: world.pods[0].key.clone(), container: String::new(), previous: false, lines: 5 };
    let Answer::Log(lines) = ask(Query::Log(log)).await.unwrap() else { panic!("no log") };
    assert!(!lines.is_empty() && lines.len() <= 5, "{lines:?}");

    let Answer::Connected(connected) = ask(Query::Connect(bed.project().repository)).await.unwrap() else {
        panic!("no branches")
    };
    assert_eq!(connected.branches.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["develop", "main"]);
    let mut nowhere = bed.project().repository;
    nowhere.url.push_str("-nowhere");
    assert_eq!(ask(Query::Connect(nowhere)).await.unwrap_err().kind, TroubleKind::NotFound);

    bed.commit("develop", "docs/a.md", "a\n");
    let commits = |path: &str| Query::Commits { project: shop(), branch: "develop".into(), path: path.into(), limit: 10 };
    for (path, count) in [("", 2), ("docs", 1), ("k8s", 1)] {
        let Answer::Commits(lines) = ask(commits(path)).await.unwrap() else { panic!("no commits") };
        assert_eq!(lines.len(), count, "{path}");
    }
    let absent = ObjectKey::new(&ContextName::from("nowhere"), "Kustomization", "a", "b");
    assert!(ask(Query::Yaml(absent)).await.unwrap_err().to_string().contains("nowhere"));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flux_objects_are_reconciled_and_suspended() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let applied = |w: &domain::world::World| w.kustomization(&development()).and_then(|k| k.status.last_applied_revision.clone());
    bed::until(&engine, "the first apply", |w| applied(w).is_some()).await;
    let head = bed.commit("develop", "README.md", "new\n");
    let key = promise::kustomization(&development());
    engine.give(&ada(), Reconcile { key: key.clone(), with_source: true }).await.unwrap();
    bed::until(&engine, "the new commit", |w| applied(w).and_then(|r| r.commit()).as_ref() == Some(&head)).await;
    engine.give(&ada(), Suspend { key: key.clone() }).await.unwrap();
    bed::until(&engine, "suspended", |w| w.kustomization(&development()).is_some_and(|k| k.suspended())).await;
    let trouble = engine.give(&ada(), Reconcile { key: key.clone(), with_source: false }).await.unwrap_err();
    assert!(trouble.to_string().contains("suspended"), "{trouble}");
    let pod = ObjectKey::new(&key.context(), "Pod", "shop-dev", "web");
    assert_eq!(engine.give(&ada(), Suspend { key: pod }).await.unwrap_err().kind, TroubleKind::Usage);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_goes_into_a_secret_and_nowhere_else() {
    let bed = Bed::new();
    let engine = bed.engine();
    let canary = "t0ken-that-nobody-must-see";
    bed.furnish_with_token(&engine, &development(), canary).await;
    let secret = bed.object("Secret", "flux-system", "shop-dev-git").unwrap();
    assert!(secret.to_string().contains("password"), "{secret}");
    let source = bed.object("GitRepository", "flux-system", "shop-dev").unwrap();
    assert_eq!(source["spec"]["secretRef"]["name"], "shop-dev-git");
    let key = ObjectKey::new(&development().cluster, "Secret", "flux-system", "shop-dev-git");
    let Answer::Yaml(yaml) = engine.ask(&ada(), Query::Yaml(key)).await.unwrap() else { panic!("no YAML") };
    engine.stop().await;
    assert!(!yaml.contains(canary) && !bed.store_holds(canary));
    assert!(bed.store_holds("environment.add"), "the search itself must find what is there");
}
