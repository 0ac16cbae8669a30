//! Findings: which, where, and that they do not repeat secrets.

use super::*;

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  template:
    spec:
      initContainers:
      - {name: i, image: busybox:latest}
      containers:
      - name: web
        image: web
        securityContext: {privileged: true}
        resources:
          limits: {cpu: 1}
        env:
        - {name: DB_PASSWORD, value: hunter2}
        - {name: PASSWORD_FILE, value: /run/x}
        - {name: DSN, value: 'postgres://u:hunter2@db/x'}
        - {name: TOKEN, valueFrom: {secretKeyRef: {name: a, key: b}}}
";

fn told(files: &[(&str, &str)], path: &str) -> Vec<String> {
    let findings = check(&files.iter().copied().collect(), path);
    assert!(findings.iter().all(|f| !f.message.contains("hunter2")), "{findings:?}");
    findings.iter().map(|f| format!("{}:{} {}", f.file.as_deref().unwrap_or("-"), f.line.unwrap_or(0), f.rule)).collect()
}

#[test]
fn each_rule_speaks_of_its_line() {
    assert_eq!(
        told(&[("k/web.yaml", WEB)], "k"),
        [
            "k/web.yaml:5 replicas-zero",
            "k/web.yaml:9 image-latest",
            "k/web.yaml:12 image-latest",
            "k/web.yaml:13 privileged",
            "k/web.yaml:15 no-limits",
            "k/web.yaml:17 plain-secret",
            "k/web.yaml:19 plain-secret",
        ]
    );
}

#[test]
fn an_overlay_that_mends_it_is_not_blamed() {
    let overlay = "resources: [../b]\nreplicas: [{name: web, count: 2}]\nimages:\n- {name: web, newTag: v1}\n- {name: busybox, newTag: latest}\n";
    let list = [("b/kustomization.yaml", "resources: [web.yaml]\n"), ("b/web.yaml", WEB), ("o/kustomization.yaml", overlay)];
    let told = told(&list, "o");
    assert!(!told.iter().any(|t| t.ends_with("replicas-zero")), "{told:?}");
    assert_eq!(told.iter().filter(|t| t.ends_with("image-latest")).collect::<Vec<_>>(), ["o/kustomization.yaml:5 image-latest"]);
}

#[test]
fn texts_that_cannot_be_read_are_findings_with_line_and_column() {
    let findings = check(&[("k/a.yaml", "a: [1,\nb: 2\n")].into_iter().collect(), "k");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].rule.as_str(), findings[0].severity), ("yaml-syntax", Severity::Error));
    assert!(findings[0].message.starts_with("line "), "{}", findings[0].message);
    assert_eq!(told(&[("k/a.yaml", "kind: A\nmetadata: {name: a}\nx: 1\nx: 2\n")], "k")[0], "k/a.yaml:4 duplicate-key");
    assert_eq!(
        told(&[("k/a.yaml", "kind: A\nmetadata: {name: a}\nx: 'pay\u{202e}load'\n")], "k"),
        ["k/a.yaml:3 hidden-character"]
    );
    assert_eq!(
        told(&[("k/kustomization.yaml", "resources: []\nhelmCharts: [{name: x}]\n")], "k"),
        ["k/kustomization.yaml:2 build"]
    );
    assert_eq!(
        told(&[("k/s.yaml", "kind: Secret\nmetadata: {name: s}\nstringData: {a: hunter2}\n")], "k"),
        ["k/s.yaml:1 plain-secret"]
    );
    assert!(told(&[("k/s.yaml", "kind: Secret\nmetadata: {name: s}\ndata: {a: x}\nsops: {mac: x}\n")], "k").is_empty());
}

#[test]
fn every_rule_has_its_name_once() {
    let mut names: Vec<&str> = RULES.iter().map(|r| r.id).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
    assert!(RULES.iter().all(|r| r.about.ends_with('.')));
}
