//! Charts in a preview: what changes in them is shown, and where they are not rendered it is said why.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::change::{ChartState, Draft, Preview};
use domain::edit::{Edit, Field};
use domain::query::{Answer, Query};
use manifest::Release;
use manifest::files::Files;

use super::bed::{self, Bed, ada, development};
use crate::Helm;

const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
  namespace: shop-dev
spec:
  interval: 1m
  chart:
    spec:
      chart: charts/web
      sourceRef: {kind: GitRepository, name: shop-dev, namespace: flux-system}
  values:
    replicaCount: 2
";

/// Prints the replicas and what is in the chart's folder, as a chart would.
fn helm(runs: &Arc<AtomicUsize>) -> Helm {
    let runs = Arc::clone(runs);
    Arc::new(move |files: Files, release: Release| {
        runs.fetch_add(1, Ordering::SeqCst);
        let values: serde_json::Value = serde_json::from_str(&release.values).unwrap();
        let chart = files.text("charts/web/Chart.yaml", None).unwrap().trim().to_owned();
        Box::pin(async move {
            let head = format!("metadata: {{name: {}, namespace: {}}}", release.name, release.namespace);
            Ok(format!(
                "---\napiVersion: apps/v1\nkind: Deployment\n{head}\nspec: {{replicas: {}}}\n---\napiVersion: v1\nkind: Secret\n{head}\n\
                 stringData: {{chart: '{chart}', made-up: '{}'}}\n",
                values["replicaCount"], values["replicaCount"]
            ))
        })
    })
}

async fn previewed(engine: &crate::Engine, replicas: &str) -> Arc<Preview> {
    let mut draft = Draft::new(development().id);
    draft.edits.push(Edit::set(Field::Value("replicaCount".to_owned()), replicas));
    match engine.ask(&ada(), Query::Preview(draft)).await.unwrap() {
        Answer::Preview(preview) => preview,
        other => panic!("{other:?}"),
    }
}

/// Sets the ground with a release whose chart is in the repository, and counts how often that is rendered.
async fn released() -> (Bed, crate::Engine, Arc<AtomicUsize>) {
    let bed = Bed::new();
    bed.commit("develop", "charts/web/Chart.yaml", "name: web\n");
    bed.commit("develop", "k8s/overlays/development/web.yaml", RELEASE);
    bed.commit("develop", "k8s/overlays/development/kustomization.yaml", "resources: [web.yaml]\n");
    let runs = Arc::new(AtomicUsize::new(0));
    let engine = bed.engine_with(Some(helm(&runs)));
    bed.furnish(&engine, &[development()]).await;
    (bed, engine, runs)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chart_renders_to_is_compared_and_the_side_before_is_rendered_once() {
    let (bed, engine, runs) = released().await;
    let preview = previewed(&engine, "3").await;
    assert_eq!(preview.charts.len(), 1);
    assert_eq!(preview.charts[0].state, ChartState::Rendered(1), "{:?}", preview.charts);
    let change = preview.rendered.iter().find(|change| change.object == "shop-dev/Deployment/web").unwrap();
    assert!(change.before.as_ref().unwrap().contains("replicas: 2") && change.after.as_ref().unwrap().contains("replicas: 3"));
    assert!(!preview.rendered.iter().any(|change| change.object.contains("Secret")), "made-up values are no change");
    previewed(&engine, "4").await;
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    engine.stop().await;
    let engine = bed.engine_with(None);
    assert_eq!(previewed(&engine, "3").await.charts[0].state, ChartState::NoHelm);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chart_renders_to_is_tried_on_the_cluster_unless_a_secret_could_be_seen() {
    let (bed, engine, _) = released().await;
    bed::until(&engine, "the release is handled", |_| {
        let number = |object: &serde_json::Value, pointer| object.pointer(pointer).and_then(serde_json::Value::as_i64);
        let live = bed.object("HelmRelease", "shop-dev", "web");
        live.is_some_and(|live| number(&live, "/status/observedGeneration") >= number(&live, "/metadata/generation"))
    })
    .await;
    let trial = tried(&engine).await;
    let name = |object: &domain::drift::ObjectDrift| format!("{}/{}", object.kind, object.name);
    let names: Vec<String> = trial.objects.iter().map(name).collect();
    assert!(names.contains(&"HelmRelease/web".to_owned()) && names.contains(&"Deployment/web".to_owned()), "{trial:#?}");
    assert!(!names.contains(&"Secret/web".to_owned()), "made-up values are no change: {names:?}");
    assert!(trial.notes.iter().any(|note| note.ends_with("makes is tried as helm-controller.")), "{:?}", trial.notes);
    let values = format!("{RELEASE}  valuesFrom: [{{kind: Secret, name: web-values}}]\n");
    bed.commit("develop", "k8s/overlays/development/web.yaml", &values);
    let untried = |note: &String| note.contains("is not tried: some of its values");
    let found = tried_when(&engine, |trial| trial.notes.iter().any(untried)).await;
    assert!(!found.objects.iter().any(|object| object.kind == "Deployment"), "{found:#?}");
    engine.stop().await;
}

async fn tried(engine: &crate::Engine) -> Arc<domain::trial::Trial> {
    let mut draft = Draft::new(development().id);
    draft.edits.push(Edit::set(Field::Value("replicaCount".to_owned()), "3"));
    match engine.ask(&ada(), Query::Trial(draft)).await.unwrap() {
        Answer::Trial(trial) => trial,
        other => panic!("{other:?}"),
    }
}

/// Asks until the branch's new head is known; a preview may be as old as a few seconds.
async fn tried_when(engine: &crate::Engine, wanted: impl Fn(&domain::trial::Trial) -> bool) -> Arc<domain::trial::Trial> {
    let (start, mut worlds) = (std::time::Instant::now(), engine.world());
    loop {
        let trial = tried(engine).await;
        if wanted(&trial) {
            return trial;
        }
        assert!(start.elapsed() < bed::LONG, "{trial:#?}");
        drop(tokio::time::timeout(std::time::Duration::from_secs(1), worlds.changed()).await);
    }
}
