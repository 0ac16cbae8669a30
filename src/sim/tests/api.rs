//! The API server's dialect, spoken by the real client.

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::runtime::watcher::{self, watcher};
use serde_json::{Value, json};

use super::{Bench, PATIENCE, deployment};

fn map(name: &str, data: &Value) -> DynamicObject {
    serde_json::from_value(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})).unwrap()
}

fn maps(bench: &Bench) -> Api<DynamicObject> {
    bench.api("v1", "ConfigMap", "configmaps")
}

fn refusal(error: kube::Error) -> (u16, String, String) {
    let kube::Error::Api(status) = error else { panic!("{error}") };
    (status.code, status.reason.clone(), status.message.clone())
}

#[tokio::test]
async fn pages_of_a_list_show_one_revision() {
    let bench = Bench::start();
    let maps = maps(&bench);
    for number in 0..5 {
        maps.create(&PostParams::default(), &map(&format!("m{number}"), &json!({}))).await.unwrap();
    }
    let first = maps.list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!(first.items.len(), 2);
    assert_eq!(first.metadata.remaining_item_count, Some(3));
    maps.delete("m4", &DeleteParams::default()).await.unwrap();
    maps.create(&PostParams::default(), &map("m3a", &json!({}))).await.unwrap();
    let token = first.metadata.continue_.clone().unwrap();
    let rest = maps.list(&ListParams::default().limit(50).continue_token(&token)).await.unwrap();
    let names: Vec<String> = rest.items.iter().map(|m| m.metadata.name.clone().unwrap()).collect();
    assert_eq!(names, ["m2", "m3", "m4"], "the second page shows what was there at the first");
    bench.sim.expire();
    maps.create(&PostParams::default(), &map("m9", &json!({}))).await.unwrap();
    let stale = maps.list(&ListParams::default().limit(50).continue_token(&token)).await.unwrap_err();
    assert_eq!(refusal(stale).0, 410);
}

#[tokio::test]
async fn watches_tell_changes_and_their_end() {
    let bench = Bench::start();
    let maps = maps(&bench);
    let made = maps.create(&PostParams::default(), &map("a", &json!({"k": "1"}))).await.unwrap();
    let from = made.metadata.resource_version.clone().unwrap();
    let mut events = maps.watch(&WatchParams::default(), &from).await.unwrap().boxed();
    maps.patch("a", &PatchParams::default(), &Patch::Merge(json!({"data": {"k": "2"}}))).await.unwrap();
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    let Some(Ok(WatchEvent::Modified(object))) = events.next().await else { panic!("no change came") };
    assert_eq!(object.data["data"]["k"], "2");
    let Some(Ok(WatchEvent::Deleted(object))) = events.next().await else { panic!("no end came") };
    assert_eq!(object.data["data"]["k"], "2");
    bench.sim.drop_watches();
    assert!(events.next().await.is_none(), "a dropped watch ends");
    bench.sim.expire();
    maps.create(&PostParams::default(), &map("b", &json!({}))).await.unwrap();
    let mut events = maps.watch(&WatchParams::default(), &from).await.unwrap().boxed();
    let Some(Ok(WatchEvent::Error(status))) = events.next().await else { panic!("an old version was taken") };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
}

#[tokio::test]
async fn both_kinds_of_watcher_follow() {
    for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let bench = Bench::start();
        let maps = maps(&bench);
        maps.create(&PostParams::default(), &map("a", &json!({}))).await.unwrap();
        let mut events = watcher(maps.clone(), config).boxed();
        let mut seen = Vec::new();
        loop {
            match tokio::time::timeout(PATIENCE, events.try_next()).await.unwrap().unwrap().unwrap() {
                watcher::Event::InitApply(object) => seen.push(object.metadata.name.unwrap()),
                watcher::Event::InitDone => break,
                _ => {}
            }
        }
        assert_eq!(seen, ["a"]);
        maps.create(&PostParams::default(), &map("b", &json!({}))).await.unwrap();
        let event = tokio::time::timeout(PATIENCE, events.try_next()).await.unwrap().unwrap().unwrap();
        assert!(matches!(event, watcher::Event::Apply(object) if object.metadata.name.as_deref() == Some("b")));
    }
}

#[tokio::test]
async fn applying_is_contested_forced_and_given_up_field_by_field() {
    let bench = Bench::start();
    let maps = maps(&bench);
    let by = |manager: &str| PatchParams::apply(manager);
    maps.patch("a", &by("one"), &Patch::Apply(map("a", &json!({"k": "1", "own": "1"})))).await.unwrap();
    let refused = maps.patch("a", &by("two"), &Patch::Apply(map("a", &json!({"k": "2"})))).await.unwrap_err();
    let (code, reason, message) = refusal(refused);
    assert_eq!((code, reason.as_str()), (409, "Conflict"));
    assert_eq!(message, "Apply failed with 1 conflict: conflict with \"one\": .data.k");
    let forced = maps.patch("a", &by("two").force(), &Patch::Apply(map("a", &json!({"k": "2"})))).await.unwrap();
    assert_eq!(forced.data["data"], json!({"k": "2", "own": "1"}));
    let dry = PatchParams { dry_run: true, ..by("one") };
    let tried = maps.patch("a", &dry, &Patch::Apply(map("a", &json!({"new": "1"})))).await.unwrap();
    assert_eq!(tried.data["data"], json!({"k": "2", "new": "1"}));
    assert_eq!(tried.metadata.resource_version, forced.metadata.resource_version);
    let given_up = maps.patch("a", &by("one"), &Patch::Apply(map("a", &Value::Null))).await.unwrap();
    assert_eq!(given_up.data["data"], json!({"k": "2"}), "the dry run left nothing behind, and what one gave up is gone");
    let owners = given_up.metadata.managed_fields.unwrap();
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0].manager.as_deref(), Some("two"));
    assert_eq!(owners[0].fields_v1.as_ref().unwrap().0, json!({"f:data": {"f:k": {}}}));
}

#[tokio::test]
async fn an_update_takes_fields_from_those_who_applied_them() {
    let bench = Bench::start();
    let deployments = bench.api("apps/v1", "Deployment", "deployments");
    let wanted: DynamicObject = serde_json::from_value(deployment("web", "web:1", 1)).unwrap();
    deployments.patch("web", &PatchParams::apply("kustomize-controller").force(), &Patch::Apply(&wanted)).await.unwrap();
    let scale = json!({"spec": {"replicas": 3}});
    let by = PatchParams { field_manager: Some("someone".to_owned()), ..PatchParams::default() };
    deployments.patch("web", &by, &Patch::Merge(&scale)).await.unwrap();
    let other: DynamicObject = serde_json::from_value(deployment("web", "web:2", 5)).unwrap();
    let refused = deployments.patch("web", &PatchParams::apply("third"), &Patch::Apply(&other)).await.unwrap_err();
    let (_, _, message) = refusal(refused);
    assert!(message.starts_with("Apply failed with 2 conflicts: "), "{message}");
    assert!(
        message.contains("conflicts with \"kustomize-controller\":\n- .spec.template.spec.containers[name=\"web\"].image"),
        "{message}"
    );
    assert!(message.contains("conflicts with \"someone\" using apps/v1:\n- .spec.replicas"), "{message}");
}

#[tokio::test]
async fn what_an_applier_gives_up_goes_though_somebody_edited_it() {
    let bench = Bench::start();
    let deployments = bench.api("apps/v1", "Deployment", "deployments");
    let with = |env: Value| {
        let mut object = deployment("web", "web:1", 0);
        object["spec"]["template"]["spec"]["containers"][0]["env"] = env;
        serde_json::from_value::<DynamicObject>(object).unwrap()
    };
    let by = PatchParams::apply("kustomize-controller").force();
    let first = with(json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]));
    deployments.patch("web", &by, &Patch::Apply(&first)).await.unwrap();
    let edit = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "web", "env": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]}]}}}});
    let someone = PatchParams { field_manager: Some("someone".to_owned()), ..PatchParams::default() };
    deployments.patch("web", &someone, &Patch::Strategic(&edit)).await.unwrap();
    let bare: DynamicObject = serde_json::from_value(deployment("web", "web:1", 0)).unwrap();
    let left = deployments.patch("web", &by, &Patch::Apply(&bare)).await.unwrap();
    assert_eq!(left.data["spec"]["template"]["spec"]["containers"][0]["env"], json!([{"name": "C", "value": "4"}]));
}

#[tokio::test]
async fn refusals_are_in_the_servers_words() {
    let bench = Bench::start();
    let maps = maps(&bench);
    let missing = maps.get("nope").await.unwrap_err();
    assert_eq!(refusal(missing), (404, "NotFound".to_owned(), "configmaps \"nope\" not found".to_owned()));
    let made = maps.create(&PostParams::default(), &map("a", &json!({}))).await.unwrap();
    let again = maps.create(&PostParams::default(), &map("a", &json!({}))).await.unwrap_err();
    assert_eq!(refusal(again).2, "configmaps \"a\" already exists");
    maps.patch("a", &PatchParams::default(), &Patch::Merge(json!({"data": {"k": "1"}}))).await.unwrap();
    let late = maps.replace("a", &PostParams::default(), &made).await.unwrap_err();
    assert!(refusal(late).2.contains("the object has been modified; please apply your changes to the latest version"));
    let elsewhere: Api<DynamicObject> = Api::namespaced_with(
        bench.client.clone(),
        "nowhere",
        &kube::core::ApiResource::from_gvk_with_plural(&kube::core::GroupVersionKind::gvk("", "v1", "ConfigMap"), "configmaps"),
    );
    let homeless = elsewhere.create(&PostParams::default(), &map("a", &json!({}))).await.unwrap_err();
    assert_eq!(refusal(homeless).2, "namespaces \"nowhere\" not found");
    let deployments = bench.api("apps/v1", "Deployment", "deployments");
    let mut wrong = deployment("web", "", 1);
    wrong["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let wrong: DynamicObject = serde_json::from_value(wrong).unwrap();
    let (code, _, message) = refusal(deployments.create(&PostParams::default(), &wrong).await.unwrap_err());
    assert_eq!(code, 422);
    assert_eq!(
        message,
        "Deployment.apps \"web\" is invalid: [spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` \
         does not match template `labels`, spec.template.spec.containers[0].image: Required value]"
    );
    bench.sim.deny("configmaps", 403);
    let (code, _, message) = refusal(maps.list(&ListParams::default()).await.unwrap_err());
    assert_eq!(code, 403);
    assert_eq!(
        message,
        "configmaps is forbidden: User \"admin\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\""
    );
    bench.sim.allow();
    bench.sim.offer("ImagePolicy", false);
    let policies = bench.api("image.toolkit.fluxcd.io/v1", "ImagePolicy", "imagepolicies");
    assert_eq!(refusal(policies.list(&ListParams::default()).await.unwrap_err()).0, 404);
}

#[tokio::test]
async fn discovery_names_what_is_served() {
    let bench = Bench::start();
    let found = kube::discovery::Discovery::new(bench.client.clone()).run_aggregated().await.unwrap();
    let kinds: Vec<String> = found.groups().flat_map(|g| g.resources_by_stability().into_iter().map(|(r, _)| r.kind)).collect();
    for kind in ["Kustomization", "GitRepository", "HelmRelease", "Deployment", "Alert"] {
        assert!(kinds.iter().any(|k| k == kind), "{kind} is not served");
    }
    assert!(!kinds.iter().any(|k| k == "FluxInstance"), "add-ons are not there by themselves");
    let found = kube::discovery::Discovery::new(bench.client.clone()).run().await.unwrap();
    assert!(found.groups().any(|g| g.name() == "kustomize.toolkit.fluxcd.io"));
    assert_eq!(bench.client.apiserver_version().await.unwrap().minor, "36");
}

#[tokio::test]
async fn a_frozen_cluster_is_silent_and_then_goes_on() {
    let bench = Bench::start();
    let maps = maps(&bench);
    let made = maps.create(&PostParams::default(), &map("a", &json!({}))).await.unwrap();
    let from = made.metadata.resource_version.clone().unwrap();
    let mut events = maps.watch(&WatchParams::default(), &from).await.unwrap().boxed();
    bench.sim.freeze();
    let asked = tokio::spawn({
        let maps = maps.clone();
        async move { maps.get("a").await }
    });
    bench
        .sim
        .create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "default"}}))
        .unwrap();
    let quiet = tokio::time::timeout(std::time::Duration::from_millis(50), events.next()).await;
    assert!(quiet.is_err(), "a frozen watch said something");
    assert!(!asked.is_finished(), "a frozen server answered");
    bench.sim.thaw();
    assert!(asked.await.unwrap().is_ok());
    let event = tokio::time::timeout(PATIENCE, events.next()).await.unwrap();
    assert!(matches!(event, Some(Ok(WatchEvent::Added(object))) if object.metadata.name.as_deref() == Some("b")));
}

#[tokio::test]
async fn finalizers_hold_and_namespaces_take_everything_with_them() {
    let bench = Bench::start();
    bench.sim.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})).unwrap();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop", "finalizers": ["x.example/y"]}});
    bench.sim.create(object).unwrap();
    let spaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(bench.client.clone());
    spaces.delete("shop", &DeleteParams::default()).await.unwrap();
    bench.until(("Namespace", "", "shop"), "/status/phase", json!("Terminating")).await;
    let marked = bench.until(("ConfigMap", "shop", "a"), "/metadata/deletionGracePeriodSeconds", json!(0)).await;
    assert!(marked.pointer("/metadata/deletionTimestamp").is_some());
    let new = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "shop"}});
    let refused = bench.sim.create(new).unwrap_err().to_string();
    assert!(refused.contains("unable to create new content in namespace shop because it is being terminated"), "{refused}");
    let maps: Api<k8s_openapi::api::core::v1::ConfigMap> = Api::namespaced(bench.client.clone(), "shop");
    let free = json!({"metadata": {"finalizers": null}});
    maps.patch("a", &PatchParams::default(), &Patch::Merge(free)).await.unwrap();
    bench.until_gone(("Namespace", "", "shop")).await;
    assert!(bench.sim.get("ConfigMap", "shop", "a").is_none());
}

#[tokio::test]
async fn the_same_service_answers_on_a_socket() {
    let bench = Bench::start();
    let address = bench.sim.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let config = kube::config::Kubeconfig::from_yaml(&bench.sim.kubeconfig(address)).unwrap();
    let config = kube::Config::from_custom_kubeconfig(config, &kube::config::KubeConfigOptions::default()).await.unwrap();
    let client = kube::Client::try_from(config).unwrap();
    let spaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(client);
    let found = spaces.list(&ListParams::default()).await.unwrap();
    assert!(found.items.iter().any(|n| n.metadata.name.as_deref() == Some("flux-system")));
    assert!(bench.sim.serve("0.0.0.0:0".parse().unwrap()).await.is_err(), "only loopback is served");
}
