//! Queries, and the small orders on Flux objects.

use domain::TroubleKind;
use domain::change::Draft;
use domain::edit::{Choice, Edit, Field};
use domain::flux::ObjectKey;
use domain::ident::ContextName;
use domain::orders::{Reconcile, Suspend};
use domain::query::{Answer, LogOf, Query};
use domain::world::ServedKinds;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_does_not_wait_for_the_kinds_of_the_cluster_and_knows_them_later() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the Kustomization", |w| w.kustomization(&development()).is_some()).await;
    let ask = async || match engine.ask(&ada(), Query::Preview(Draft::new(development().id))).await.unwrap() {
        Answer::Preview(preview) => preview.schemas,
        other => panic!("{other:?}"),
    };
    bed.freeze();
    assert_eq!(ask().await, 0);
    let cluster = development().cluster;
    assert_eq!(bed::until(&engine, "asking", |w| !w.kinds.is_empty()).await.served_kinds(&cluster), ServedKinds::Asking);
    bed.thaw();
    bed::until(&engine, "the kinds", |w| w.served_kinds(&cluster) == ServedKinds::Known { version: 1 }).await;
    assert_eq!(ask().await, 1);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_names_a_line_follows_it_or_is_asked_for_again() {
    const PATH: &str = "k8s/overlays/development/kustomization.yaml";
    let bed = Bed::new();
    let one = "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec:\n  type: ClusterIP\n  selector: {app: web}\n  ports: [{port: 80}]\n";
    let services = |lead: &str| format!("{lead}{}---\n{}", one.replace("NAME", "a"), one.replace("NAME", "b"));
    bed.commit("develop", "k8s/overlays/development/services.yaml", &services(""));
    let overlay = bed.git(&["show", &format!("develop:{PATH}")]);
    bed.commit("develop", PATH, &format!("{}\n", overlay.replace("  - ../../base", "  - ../../base\n  - services.yaml")));
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let ask = async |draft: &Draft| match engine.ask(&ada(), Query::Preview(draft.clone())).await.unwrap() {
        Answer::Preview(preview) => preview,
        other => panic!("{other:?}"),
    };
    let mut draft = Draft { edits: vec![Edit::set(Field::ServiceType, "NodePort")], ..Draft::new(development().id) };
    let asked = ask(&draft).await;
    let offer = asked.asks[0].offers[1].clone();
    draft.edits[0].choice = Some(offer.choice);
    draft.base = Some(asked.base.clone());
    let changed = |preview: &domain::change::Preview| preview.files[0].after.clone().unwrap();
    let answered = ask(&draft).await;
    assert!(answered.asks.is_empty() && changed(&answered).ends_with(&one.replace("NAME", "b").replace("ClusterIP", "NodePort")));
    bed.commit("develop", "k8s/overlays/development/services.yaml", &services("# Two of them.\n"));
    until_head(&engine, &bed).await;
    let moved = ask(&draft).await;
    assert!(moved.asks.is_empty() && changed(&moved).ends_with(&one.replace("NAME", "b").replace("ClusterIP", "NodePort")));
    assert!(matches!(&moved.answers[0].choice, Some(Choice::At { line, .. }) if *line == offer.line + 1), "{:?}", moved.answers);
    bed.commit(
        "develop",
        "k8s/overlays/development/services.yaml",
        &services("# Two.\n").replace("apiVersion: v1", "apiVersion: \"v1\""),
    );
    until_head(&engine, &bed).await;
    let gone = ask(&draft).await;
    assert!(gone.answers.is_empty() && gone.asks.len() == 1, "{:?}", gone.answers);
    engine.stop().await;
}

/// Waits until the engine has seen what was committed last.
async fn until_head(engine: &crate::Engine, bed: &Bed) {
    let head = bed.git(&["rev-parse", "develop"]);
    engine.core.repos.get(&bed.project().repository).fetch().await.unwrap();
    bed::until(engine, "the new head", |w| {
        w.git_view(&development().id).and_then(|g| g.head.as_ref()).is_some_and(|h| h.to_string() == head)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_is_written_between_review_and_apply_is_no_conflict() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let applied = |w: &domain::world::World| w.kustomization(&development()).and_then(|k| k.status.last_applied_revision.clone());
    let before = applied(&*bed::until(&engine, "the first apply", |w| applied(w).is_some()).await);
    let key = promise::kustomization(&development());
    let reviewed = async |from: &str, to: &str| {
        let Answer::Edit(base) = engine.ask(&ada(), Query::Edit(key.clone())).await.unwrap() else { panic!("no text") };
        let text = base.text.text().replace(from, to);
        assert_ne!(text, base.text.text());
        let edited = domain::live::Edited { base, text: domain::live::Private::new(text) };
        let Answer::Review(review) = engine.ask(&ada(), Query::Review(Box::new(edited))).await.unwrap() else {
            panic!("no review")
        };
        review.order.clone().unwrap()
    };
    let order = reviewed("interval: 1m", "interval: 3m").await;
    let late = reviewed("interval: 1m", "interval: 4m").await;
    bed.commit("develop", "README.md", "new\n");
    let source = ObjectKey::new(&key.context(), "GitRepository", "flux-system", "shop-dev");
    engine.give(&ada(), Reconcile { key: source, with_source: false }).await.unwrap();
    bed::until(&engine, "the next apply", |w| applied(w).is_some() && applied(w) != before).await;
    engine.give(&ada(), order).await.unwrap();
    // The other one was reviewed against what stands there no longer.
    assert_eq!(engine.give(&ada(), late).await.unwrap_err().kind, TroubleKind::Failed);
    assert!(bed.object("Kustomization", "flux-system", &key.name).unwrap()["spec"]["interval"] == "3m");
}
