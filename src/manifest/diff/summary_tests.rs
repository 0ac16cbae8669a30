//! What changes are called: one table from manifests before and after to sentences.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use super::*;
use crate::files::Files;

fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 3\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      containers:\n      - name: app\n        image: {image}\n        env:\n        - name: LOG_LEVEL\n          value: info\n        readinessProbe:\n          httpGet: {{path: /ready, port: 8080}}\n        resources:\n          limits: {{cpu: 500m}}\n          requests: {{cpu: 100m}}\n"
    )
}

fn built(parts: &[&str]) -> Vec<Object> {
    let mut files = Files::new();
    for (at, text) in parts.iter().enumerate() {
        files.insert(format!("k/{at}.yaml"), *text);
    }
    crate::build(&files, "k").unwrap()
}

#[track_caller]
fn check(before: &[&str], after: &[&str], expect: &[&str]) {
    assert_eq!(summary(&built(before), &built(after)), expect);
}

#[test]
fn a_change_is_told_in_the_words_of_the_form() {
    let web = deployment("web", "ghcr.io/acme/shop:1.8.4");
    for (from, to, told) in [
        ("shop:1.8.4", "shop:1.8.5", "image 1.8.4 → 1.8.5 in Deployment web"),
        ("acme/shop:1.8.4", "acme/store:1", "image ghcr.io/acme/shop:1.8.4 → ghcr.io/acme/store:1 in Deployment web"),
        ("shop:1.8.4", "shop", "image 1.8.4 → without a tag in Deployment web"),
        ("replicas: 3", "replicas: 6", "replicas 3 → 6 in Deployment web"),
        ("value: info", "value: debug", "env LOG_LEVEL info → debug in Deployment web"),
        ("value: info", "value: \"\"", "env LOG_LEVEL info → \"\" in Deployment web"),
        ("value: info", "valueFrom: {secretKeyRef: {name: login, key: level}}", "− env LOG_LEVEL info in Deployment web"),
        ("limits: {cpu: 500m}\n", "limits: {}\n", "− cpu limit 500m in Deployment web"),
        ("requests: {cpu: 100m}", "requests: {cpu: 100m, memory: 1Gi}", "+ memory request 1Gi in Deployment web"),
        ("path: /ready", "path: /healthz", "readiness path /ready → /healthz in Deployment web"),
        ("{app: web}", "{app: web, tier: front}", "+ pod label tier front in Deployment web"),
    ] {
        let after = web.replace(from, to);
        let told_now = summary(&built(&[&web]), &built(&[&after]));
        assert!(told_now.iter().any(|t| t == told), "{told_now:?} has no {told}");
    }
    check(&[&web], &[&web], &[]);
}

#[test]
fn equal_changes_are_told_once_for_all_objects() {
    let all = |tag: &str| ["web", "api", "job", "cron"].map(|name| deployment(name, &format!("shop:{tag}")));
    let (before, after) = (all("1.2"), all("1.3"));
    let texts = |list: &'_ [String; 4], n: usize| list.iter().take(n).cloned().collect::<Vec<_>>();
    let told = |n: usize| {
        let (a, b) = (texts(&before, n), texts(&after, n));
        summary(
            &built(&a.iter().map(String::as_str).collect::<Vec<_>>()),
            &built(&b.iter().map(String::as_str).collect::<Vec<_>>()),
        )
    };
    assert_eq!(told(2), ["image 1.2 → 1.3 in 2 Deployments (api, web)"]);
    assert_eq!(told(4).len(), 1);
    assert!(told(4)[0].starts_with("image 1.2 → 1.3 in 4 Deployments (") && told(4)[0].ends_with(", …)"), "{:?}", told(4));
}

#[test]
fn objects_come_and_go() {
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: b}}\n");
    let (a, b, c) = (map("a"), map("b"), map("c"));
    check(&[&a], &[&b, &c], &["creates 2 ConfigMaps (b, c)", "deletes ConfigMap a"]);
}

#[test]
fn a_new_hash_is_told_by_what_made_it() {
    let mut sides = ["info", "debug"].map(|level| {
        let mut files = Files::new();
        files.insert(
            "k/kustomization.yaml",
            format!("resources: [web.yaml]\nconfigMapGenerator:\n- name: app\n  literals: [LEVEL={level}]\n"),
        );
        files.insert("k/web.yaml", deployment("web", "shop:1") + "        envFrom:\n        - configMapRef: {name: app}\n");
        crate::build(&files, "k").unwrap()
    });
    let after = sides[1].split_off(0);
    let told = summary(&sides[0], &after);
    assert!(told.contains(&"key LEVEL info → debug in ConfigMap app".to_owned()), "{told:?}");
    assert!(!told.iter().any(|t| t.contains("configMapRef")), "{told:?}");
}

#[test]
fn secrets_are_never_told() {
    let secret =
        |value: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: login}}\nstringData: {{password: {value}}}\n");
    check(&[&secret("hunter2")], &[&secret("correct-horse")], &["key password changed in Secret login"]);
}
