//! Objects and what is said of them: rule, line and column.

use super::*;
use domain::change::Finding;

/// Returns the findings as `line:column rule`.
fn told(text: &str) -> Vec<String> {
    short(&validate("a.yaml", text, &Schemas::built_in()))
}

fn short(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|f| format!("{}:{} {}", f.line.unwrap_or(0), f.column.unwrap_or(0), f.rule)).collect()
}

fn words(text: &str) -> String {
    validate("a.yaml", text, &Schemas::built_in()).iter().map(|f| f.message.clone()).collect::<Vec<_>>().join("\n")
}

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: web:1
          ports:
            - containerPort: 8080
          resources:
            limits: {cpu: 0.5, memory: 1Gi}
          env:
            - name: A
              value: \"1\"
          volumeMounts:
            - {name: data, mountPath: /data}
      volumes:
        - name: data
          emptyDir: {}
";

#[test]
fn a_good_object_has_no_findings() {
    assert_eq!(told(WEB), Vec::<String>::new());
}

#[test]
fn each_fault_is_told_where_it_is() {
    for (from, to, expect, word) in [
        ("image: web:1", "imge: web:1", vec!["15:11 schema-unknown-field"], "did you mean image?"),
        ("replicas: 2", "replicas: two", vec!["6:13 schema-type"], "whole number"),
        ("replicas: 2", "replicas: \"2\"", vec!["6:13 schema-type"], "write 2 without quotes"),
        ("replicas: 2", "replicas: 2.5", vec!["6:13 schema-type"], "number 2.5"),
        ("replicas: 2", "replicas: ${REPLICAS}", vec![], ""),
        ("replicas: 2", "replicas: null", vec![], ""),
        ("value: \"1\"", "value: 1", vec!["22:22 schema-type"], "write \"1\""),
        ("value: \"1\"", "value: true", vec!["22:22 schema-type"], "write \"true\""),
        ("cpu: 0.5", "cpu: half", vec!["19:27 schema-value"], "no quantity"),
        ("memory: 1Gi", "memory: 1GB", vec!["19:40 schema-value"], "write 1G"),
        ("name: web\nspec", "name: Web\nspec", vec!["4:9 name"], "capital"),
        ("name: web\nspec", "labels: {}\nspec", vec!["4:3 schema-required"], "metadata.name is missing"),
        ("  selector:\n    matchLabels: {app: web}\n", "", vec!["6:3 schema-required"], "spec.selector is missing"),
        ("labels: {app: web}", "labels: {app: \"a b\"}", vec!["11:21 label"], "character"),
        ("labels: {app: web}", "labels: {app: 1}", vec!["11:21 schema-type"], "write \"1\""),
        ("labels: {app: web}", "labels: {\"a b\": web}", vec!["11:16 label"], "key"),
        ("containerPort: 8080", "containerPort: 80800", vec!["17:30 port"], "no port"),
        ("containerPort: 8080", "containerPort: 80\n              name: HTTP", vec!["18:21 port"], "lower case"),
        ("- name: A\n", "- name: A\n            - name: A\n", vec!["22:21 duplicate-name"], "twice"),
        ("{name: data, mountPath: /data}", "{name: dta, mountPath: /data}", vec!["24:22 volume"], "did you mean data?"),
        (
            "          image: web:1\n",
            "          image: web:1\n          image_: x\n",
            vec!["16:11 schema-unknown-field"],
            "image?",
        ),
        ("emptyDir: {}", "emptyDir: []", vec!["27:21 schema-type"], "a mapping"),
        ("emptyDir: {}", "emptyDir: {}\n        - name: data", vec!["28:17 duplicate-name"], "twice"),
        ("kind: Deployment", "kind: Deploymnt", vec!["2:7 schema-kind"], "did you mean Deployment?"),
        ("apps/v1", "apps/v1beta1", vec!["1:13 api-removed"], "since Kubernetes 1.16; write apps/v1"),
        ("apps/v1", "extensions/v1beta1", vec!["1:13 api-removed"], "write apps/v1"),
        ("apiVersion: apps/v1\n", "", vec!["1:1 schema-required"], "apiVersion is missing"),
        ("kind: Deployment", "kind: Ingress", vec!["1:13 schema-kind"], "write networking.k8s.io/v1"),
    ] {
        assert!(WEB.contains(from), "{from}");
        let text = WEB.replacen(from, to, 1);
        assert_eq!(told(&text), expect, "{from} → {to}: {}", words(&text));
        assert!(words(&text).contains(word), "{from} → {to}: {}", words(&text));
    }
}
