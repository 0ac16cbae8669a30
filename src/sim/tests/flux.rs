//! Flux over a real repository: from a commit to healthy Pods, and back.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Bench, commit, condition};

const SOURCE: (&str, &str, &str) = ("GitRepository", "flux-system", "app");
const APP: (&str, &str, &str) = ("Kustomization", "flux-system", "app");
const WEB: (&str, &str, &str) = ("Deployment", "dev", "web");

const BASE: &str = "resources: [deployment.yaml]\n";
const OVERLAY: &str =
    "namespace: dev\nresources: [../../base, namespace.yaml, settings.yaml]\nimages:\n- name: web\n  newTag: \"1\"\n";
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: dev\n";
const SETTINGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  level: ${level:=info}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n      - name: web\n        image: web:0\n";

fn repository(bench: &Bench) -> PathBuf {
    let path = bench.folder.path().join("app.git");
    git::seed::init_bare(&path, "main").unwrap();
    commit(
        &path,
        "first",
        &[
            ("k8s/base/kustomization.yaml", Some(BASE)),
            ("k8s/base/deployment.yaml", Some(DEPLOYMENT)),
            ("k8s/overlays/dev/kustomization.yaml", Some(OVERLAY)),
            ("k8s/overlays/dev/namespace.yaml", Some(NAMESPACE)),
            ("k8s/overlays/dev/settings.yaml", Some(SETTINGS)),
        ],
    );
    path
}

fn source(bench: &Bench, path: &std::path::Path) {
    bench
        .sim
        .create(json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "app", "namespace": "flux-system"},
            "spec": {"interval": "1m", "url": format!("file://{}", path.display()), "ref": {"branch": "main"}}}))
        .unwrap();
}

fn kustomization(bench: &Bench, name: &str, spec: &Value) {
    let mut object = json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {"interval": "10m", "path": "./k8s/overlays/dev", "prune": true, "timeout": "2m",
            "sourceRef": {"kind": "GitRepository", "name": "app"}}});
    for (field, value) in spec.as_object().unwrap() {
        object["spec"][field.as_str()] = value.clone();
    }
    bench.sim.create(object).unwrap();
}

fn request(bench: &Bench, (kind, namespace, name): (&str, &str, &str), token: &str) {
    let version = if kind == "GitRepository" { "source.toolkit.fluxcd.io/v1" } else { "kustomize.toolkit.fluxcd.io/v1" };
    let text = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace,
        "annotations": {"reconcile.fluxcd.io/requestedAt": token}}});
    bench.sim.apply_yaml(&text.to_string()).unwrap();
}

fn overlay(tag: &str) -> String {
    OVERLAY.replace("\"1\"", &format!("\"{tag}\""))
}

fn messages(bench: &Bench, name: &str) -> Vec<String> {
    let events = bench.sim.dump().into_iter().filter(|o| o["kind"] == "Event" && o["involvedObject"]["name"] == name);
    events.map(|e| format!("{}: {}", e["reason"].as_str().unwrap(), e["message"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_commit_becomes_healthy_pods() {
    let bench = Bench::start();
    let path = repository(&bench);
    source(&bench, &path);
    kustomization(&bench, "app", &json!({"wait": true, "postBuild": {"substitute": {"level": "debug"}}}));
    let ready = bench.until_condition(APP, "Ready", "ReconciliationSucceeded").await;
    let ready =
        bench.until(APP, "/status/observedGeneration", json!(1)).await.as_object().map_or(ready, |o| Value::Object(o.clone()));
    let head = git::seed::head(&path, "main").unwrap().unwrap();
    let revision = format!("main@sha1:{head}");
    assert_eq!(condition(&ready, "Ready").unwrap()["message"], format!("Applied revision: {revision}"));
    assert_eq!(ready["status"]["lastAppliedRevision"], revision);
    assert_eq!(ready["status"]["history"][0]["lastReconciledStatus"], "ReconciliationSucceeded");
    assert!(condition(&ready, "Healthy").unwrap()["message"].as_str().unwrap().starts_with("Health check passed in "));
    let ids: Vec<&str> =
        ready["status"]["inventory"]["entries"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["_dev__Namespace", "dev_settings__ConfigMap", "dev_web_apps_Deployment"]);
    let web = bench.sim.get("Deployment", "dev", "web").unwrap();
    assert_eq!(web["status"]["availableReplicas"], 2);
    assert_eq!(web["spec"]["template"]["spec"]["containers"][0]["image"], "web:1");
    assert_eq!(web["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"], "app");
    assert_eq!(web["metadata"]["managedFields"][0]["manager"], "kustomize-controller");
    assert_eq!(bench.sim.get("ConfigMap", "dev", "settings").unwrap()["data"]["level"], "debug");
    let source = bench.sim.get("GitRepository", "flux-system", "app").unwrap();
    assert_eq!(condition(&source, "Ready").unwrap()["message"], format!("stored artifact for revision '{revision}'"));
    assert!(messages(&bench, "app").contains(&"NewArtifact: stored artifact for commit 'first'".to_owned()));
    assert!(
        messages(&bench, "app").contains(
            &"Progressing: Namespace/dev created\nConfigMap/dev/settings created\nDeployment/dev/web created".to_owned()
        )
    );
}

#[tokio::test]
async fn a_new_commit_is_applied_and_what_left_is_pruned() {
    let bench = Bench::start();
    let path = repository(&bench);
    source(&bench, &path);
    kustomization(&bench, "app", &json!({}));
    bench.until_condition(APP, "Ready", "ReconciliationSucceeded").await;
    let without = overlay("2").replace(", settings.yaml", "");
    let id = commit(
        &path,
        "second",
        &[("k8s/overlays/dev/kustomization.yaml", Some(&without)), ("k8s/overlays/dev/settings.yaml", None)],
    );
    request(&bench, SOURCE, "now");
    bench.until(SOURCE, "/status/lastHandledReconcileAt", json!("now")).await;
    bench.until(APP, "/status/lastAppliedRevision", json!(format!("main@sha1:{id}"))).await;
    bench.until(WEB, "/spec/template/spec/containers/0/image", json!("web:2")).await;
    bench.until_gone(("ConfigMap", "dev", "settings")).await;
    assert!(messages(&bench, "app").contains(&"Progressing: Deployment/dev/web configured".to_owned()));
    assert!(messages(&bench, "app").contains(&"Progressing: ConfigMap/dev/settings deleted".to_owned()));
}

#[tokio::test]
async fn suspended_means_nothing_happens() {
    let bench = Bench::start();
    let path = repository(&bench);
    source(&bench, &path);
    kustomization(&bench, "app", &json!({"suspend": true}));
    bench.until_condition(SOURCE, "Ready", "Succeeded").await;
    request(&bench, APP, "one");
    // The next reconciliation of the source is the proof that there was time enough.
    request(&bench, SOURCE, "one");
    bench.until(SOURCE, "/status/lastHandledReconcileAt", json!("one")).await;
    let still = bench.sim.get("Kustomization", "flux-system", "app").unwrap();
    assert_eq!(still["status"], json!({"observedGeneration": -1}));
    assert!(bench.sim.get("Deployment", "dev", "web").is_none());
    let resume = json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "app", "namespace": "flux-system"}, "spec": {"suspend": false}});
    bench.sim.apply_yaml(&resume.to_string()).unwrap();
    bench.until_condition(APP, "Ready", "ReconciliationSucceeded").await;
}

#[tokio::test]
async fn dependencies_are_waited_for() {
    let bench = Bench::start();
    let path = repository(&bench);
    source(&bench, &path);
    let after = json!({"dependsOn": [{"name": "app"}], "targetNamespace": "default", "path": "./k8s/base"});
    kustomization(&bench, "after", &after);
    let waits = bench.until_condition(("Kustomization", "flux-system", "after"), "Ready", "DependencyNotReady").await;
    let said = condition(&waits, "Ready").unwrap()["message"].as_str().unwrap().to_owned();
    assert_eq!(said, "dependency 'flux-system/app' not found: kustomizations.kustomize.toolkit.fluxcd.io \"app\" not found");
    kustomization(&bench, "app", &json!({}));
    bench.until_condition(("Kustomization", "flux-system", "after"), "Ready", "ReconciliationSucceeded").await;
    assert!(bench.sim.get("Deployment", "default", "web").is_some(), "the target namespace took effect");
}

#[tokio::test]
async fn failures_speak_as_flux_does() {
    let bench = Bench::start();
    let path = repository(&bench);
    commit(
        &path,
        "bad",
        &[
            ("broken/kustomization.yaml", Some("resources: [nothing.yaml]\n")),
            ("homeless/map.yaml", Some("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  namespace: nowhere\n")),
            (
                "sick/web.yaml",
                Some(
                    &DEPLOYMENT
                        .replace("web:0", "web:missing")
                        .replace("name: web\nspec", "name: web\n  namespace: default\nspec"),
                ),
            ),
        ],
    );
    source(&bench, &path);
    for (name, spec) in [
        ("gone", json!({"path": "./nothing"})),
        ("broken", json!({"path": "./broken"})),
        ("homeless", json!({"path": "./homeless"})),
        ("sick", json!({"path": "./sick", "wait": true, "timeout": "30s"})),
        ("lost", json!({"sourceRef": {"kind": "GitRepository", "name": "zilch"}})),
    ] {
        kustomization(&bench, name, &spec);
    }
    for (name, reason, words) in [
        ("gone", "ArtifactFailed", "kustomization path not found: stat nothing: no such file or directory"),
        ("broken", "BuildFailed", "kustomize build failed: "),
        ("homeless", "ReconciliationFailed", "ConfigMap/nowhere/x not found: namespaces \"nowhere\" not found"),
        ("sick", "HealthCheckFailed", "timeout waiting for: [Deployment/default/web status: 'InProgress']"),
        ("lost", "ArtifactFailed", "GitRepository.source.toolkit.fluxcd.io \"zilch\" not found"),
    ] {
        let mut said = String::new();
        let found = bench.sim.wait_for(("Kustomization", "flux-system", name), super::PATIENCE, |object| {
            said = object.and_then(|o| condition(o, "Ready")).map(Value::to_string).unwrap_or_default();
            object
                .and_then(|o| condition(o, "Ready"))
                .is_some_and(|c| c["reason"] == reason && c["message"].as_str().unwrap().contains(words))
        });
        assert!(found.await.is_some(), "{name}: {said}");
    }
    let mut wrong = json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "wrong", "namespace": "flux-system"},
        "spec": {"interval": "1m", "url": format!("file://{}", path.display()), "ref": {"branch": "nope"}}});
    bench.sim.create(wrong.clone()).unwrap();
    let failed = bench.until_condition(("GitRepository", "flux-system", "wrong"), "Ready", "GitOperationFailed").await;
    let said = condition(&failed, "Ready").unwrap()["message"].as_str().unwrap().to_owned();
    assert!(said.ends_with("couldn't find remote ref \"refs/heads/nope\""), "{said}");
    wrong["metadata"]["name"] = json!("secret");
    wrong["spec"]["secretRef"] = json!({"name": "none"});
    bench.sim.create(wrong).unwrap();
    bench.until_condition(("GitRepository", "flux-system", "secret"), "FetchFailed", "AuthenticationFailed").await;
}

#[tokio::test]
async fn deleting_a_kustomization_takes_its_objects_along() {
    let bench = Bench::start();
    let path = repository(&bench);
    source(&bench, &path);
    kustomization(&bench, "app", &json!({"wait": true}));
    bench.until_condition(APP, "Ready", "ReconciliationSucceeded").await;
    let api = bench.api("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "kustomizations");
    drop(api);
    let resource = kube::core::ApiResource::from_gvk_with_plural(
        &kube::core::GroupVersionKind::gvk("kustomize.toolkit.fluxcd.io", "v1", "Kustomization"),
        "kustomizations",
    );
    let api: kube::Api<kube::api::DynamicObject> = kube::Api::namespaced_with(bench.client.clone(), "flux-system", &resource);
    api.delete("app", &kube::api::DeleteParams::default()).await.unwrap();
    bench.until_gone(APP).await;
    bench.until_gone(("Namespace", "", "dev")).await;
    assert!(!bench.sim.dump().iter().any(|o| o["kind"] == "Pod"), "nothing of it is left");
}

#[tokio::test]
async fn the_standing_kinds_become_ready_in_their_own_words() {
    let bench = Bench::start();
    let text = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: flux-system}\nspec: {interval: 1h, url: 'https://charts.example'}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: cache, namespace: flux-system}\nspec: {interval: 1h, chart: {spec: {chart: redis, version: '>=6.5.4', sourceRef: {kind: HelmRepository, name: charts}}}}\n";
    bench.sim.apply_yaml(text).unwrap();
    let ready = bench.until_condition(("HelmRelease", "flux-system", "cache"), "Ready", "InstallSucceeded").await;
    assert_eq!(
        condition(&ready, "Ready").unwrap()["message"],
        "Helm install succeeded for release flux-system/cache.v1 with chart redis@6.5.4"
    );
    assert_eq!(ready["status"]["history"][0]["status"], "deployed");
    bench.until_condition(("HelmRepository", "flux-system", "charts"), "Ready", "Succeeded").await;
    // What comes before that which it needs waits for it, of whatever kind that is.
    let path = repository(&bench);
    let text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: flux-system}\nspec: {interval: 1h, chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: app}}}}\n---\napiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name: web, namespace: flux-system}\nspec: {imageRepositoryRef: {name: web}, policy: {semver: {range: 1.x}}}\n";
    bench.sim.apply_yaml(text).unwrap();
    bench.until_condition(("HelmRelease", "flux-system", "web"), "Ready", "SourceNotReady").await;
    bench.until_condition(("ImagePolicy", "flux-system", "web"), "Ready", "DependencyNotReady").await;
    source(&bench, &path);
    bench.sim.apply_yaml("apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\nmetadata: {name: web, namespace: flux-system}\nspec: {interval: 1h, image: ghcr.io/acme/web}\n").unwrap();
    bench.until_condition(("HelmRelease", "flux-system", "web"), "Ready", "InstallSucceeded").await;
    bench.until_condition(("ImagePolicy", "flux-system", "web"), "Ready", "Succeeded").await;
}
