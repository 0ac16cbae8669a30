//! Definitions that come and go, and what roles allow to those who bring a token.

use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::{Bench, PATIENCE};
use crate::release_manifest;

const KUSTOMIZATIONS: &str = "kustomizations.kustomize.toolkit.fluxcd.io";

fn of(client: &kube::Client, version: &str, kind: &str, plural: &str) -> Api<DynamicObject> {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let gvk = kube::core::GroupVersionKind::gvk(group, version, kind);
    Api::all_with(client.clone(), &kube::core::ApiResource::from_gvk_with_plural(&gvk, plural))
}

#[tokio::test]
async fn a_kind_is_served_as_long_as_its_definition_is_there() {
    let bench = Bench::with(|config| config.bare = true);
    let kustomizations = bench.api("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "kustomizations");
    assert!(kustomizations.list(&ListParams::default()).await.is_err(), "Flux is not installed");
    assert!(bench.sim.get("Namespace", "", "flux-system").is_none());
    bench.sim.apply_yaml(&release_manifest("v2.9.0")).unwrap();
    bench.until(("CustomResourceDefinition", "", KUSTOMIZATIONS), "/status/conditions/1/type", json!("Established")).await;
    bench.until(("Deployment", "flux-system", "source-controller"), "/status/readyReplicas", json!(1)).await;
    let spec = json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "a", "finalizers": ["finalizers.fluxcd.io"]},
        "spec": {"interval": "1h", "path": "./", "prune": true, "suspend": true, "sourceRef": {"kind": "GitRepository", "name": "a"}}});
    let object: DynamicObject = serde_json::from_value(spec).unwrap();
    kustomizations.create(&PostParams::default(), &object).await.unwrap();
    let definitions = of(&bench.client, "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions");
    definitions.delete(KUSTOMIZATIONS, &DeleteParams::default()).await.unwrap();
    let gone = bench.sim.wait_for(("Kustomization", "default", "a"), PATIENCE, |object| object.is_none()).await;
    assert!(gone.is_some());
    tokio::time::timeout(PATIENCE, async { while kustomizations.list(&ListParams::default()).await.is_ok() {} }).await.unwrap();
}

#[tokio::test]
async fn a_token_may_what_its_roles_allow_and_is_told_what_not() {
    let bench = Bench::start();
    let allowed = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "r"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "default"}]});
    bench.sim.create(allowed).unwrap();
    bench.sim.create(binding).unwrap();
    let address = bench.sim.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let mut config = kube::Config::new(format!("http://{address}").parse().unwrap());
    config.auth_info.token = Some("simulated:default:default".to_owned().into());
    let client = kube::Client::try_from(config).unwrap();
    let maps = of(&client, "v1", "ConfigMap", "configmaps");
    maps.list(&ListParams::default()).await.unwrap();
    let kube::Error::Api(status) = of(&client, "v1", "Secret", "secrets").list(&ListParams::default()).await.unwrap_err() else {
        panic!("a refusal");
    };
    assert_eq!(status.code, 403);
    let user = "system:serviceaccount:default:default";
    let words = format!("User \"{user}\" cannot list resource \"secrets\" in API group \"\" at the cluster scope");
    assert!(status.message.ends_with(&words), "{}", status.message);
    let reviews = of(&client, "authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews");
    for (verb, allowed) in [("list", true), ("patch", false)] {
        let ask = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {},
            "spec": {"resourceAttributes": {"verb": verb, "resource": "configmaps", "group": ""}}});
        let ask: DynamicObject = serde_json::from_value(ask).unwrap();
        let answer = reviews.create(&PostParams::default(), &ask).await.unwrap();
        assert_eq!(answer.data["status"]["allowed"], Value::Bool(allowed), "{verb}");
    }
    let patch = Patch::Merge(json!({"data": {"a": "1"}}));
    assert!(maps.patch("kube-root-ca.crt", &PatchParams::default(), &patch).await.is_err());
}
