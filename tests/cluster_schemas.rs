//! The schemas that are compiled in, held against a real API server: the words that fields may be, and verdicts on objects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use domain::change::Severity;
use manifest::schema::{Schemas, validate};
use serde_json::{Map, Value};

use crate::support::cluster::Cluster;

/// More words than these are no choice that somebody mistypes.
const MOST: usize = 40;

fn short(name: &str) -> String {
    let name = name.trim_start_matches("io.k8s.");
    ["apimachinery.pkg.", "kube-aggregator.pkg.", "apiextensions-apiserver.pkg."]
        .iter()
        .fold(name.to_owned(), |n, p| n.replace(p, ""))
}

/// Returns the words that the fields of the built-in definitions may be, as the server's OpenAPI documents have them.
fn words(cluster: &Cluster) -> BTreeMap<String, Map<String, Value>> {
    let index = cluster.get("/openapi/v3").expect("the index of the OpenAPI documents");
    let mut words: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for (path, entry) in index["paths"].as_object().expect("paths") {
        // The documents of custom kinds come and go while their definitions are taken in.
        let group = path.strip_prefix("apis/").and_then(|rest| rest.split_once('/')).map(|(group, _)| group);
        if path != "api/v1" && group.is_none_or(|group| group.contains('.') && !group.ends_with(".k8s.io")) {
            continue;
        }
        let document = cluster.get(entry["serverRelativeURL"].as_str().expect("an address")).expect("a document");
        for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
            let definition = short(name);
            if !name.starts_with("io.k8s.") || definition.ends_with("Status") {
                continue;
            }
            for (field, property) in schema["properties"].as_object().into_iter().flatten() {
                let list = property.get("enum").or_else(|| property["items"].get("enum"));
                if let Some(list) = list.filter(|l| l.as_array().is_some_and(|l| l.len() <= MOST)) {
                    words.entry(definition.clone()).or_default().insert(field.clone(), list.clone());
                }
            }
        }
    }
    words
}

fn asset() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema/words.json")
}

/// `QUARTERDECK_WRITE_SCHEMAS=1 cargo test --test tests the_words_of_fields` writes the asset anew.
#[test]
fn the_words_of_fields_are_those_of_the_api_server() {
    let Some(cluster) = Cluster::or_skip() else { return };
    let lines: Vec<String> =
        words(cluster).into_iter().map(|(name, fields)| format!("{}:{}", Value::String(name), Value::Object(fields))).collect();
    let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
    if env::var_os("QUARTERDECK_WRITE_SCHEMAS").is_some() {
        fs::write(asset(), &text).expect("the asset can be written");
    }
    let there = fs::read_to_string(asset()).unwrap_or_default();
    assert!(there == text, "the words differ from the API server's; write them anew as this test's comment says");
}

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        imagePullPolicy: Always
        ports: [{containerPort: 80, name: http, protocol: TCP}]
        env: [{name: A, value: \"1\"}]
        resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 100m}}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: ClusterIP
  selector: {app: web}
  ports: [{port: 80, targetPort: http, name: http}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: default}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";

/// Changes to the objects, and whether the server still takes them.
const CHANGES: &[(&str, &str, bool)] = &[
    ("", "", true),
    ("replicas: 2", "replicas: null", true),
    ("replicas: 2", "replicas: two", false),
    ("replicas: 2", "replica: 2", false),
    ("image: web:1", "image: 1", false),
    ("image: web:1", "image: \"\"", false),
    ("image: web:1\n", "\n", false),
    ("Always", "always", false),
    ("protocol: TCP", "protocol: tcp", false),
    ("containerPort: 80,", "containerPort: 80800,", false),
    ("name: http, protocol", "name: HTTP, protocol", false),
    ("name: http, protocol", "name: a-very-long-port, protocol", false),
    ("value: \"1\"", "value: 1", false),
    ("memory: 1Gi", "memory: 1GB", false),
    ("memory: 1Gi", "memory: 0.5Gi", true),
    ("memory: 1Gi", "mem: 1Gi", false),
    ("cpu: 100m", "cpu: 2", false),
    ("cpu: 100m", "cpu: 1000m", true),
    ("name: data, mountPath", "name: dta, mountPath", false),
    ("matchLabels: {app: web}", "matchLabels: {app: wep}", false),
    ("matchLabels: {app: web}", "matchLabels: {}", false),
    ("labels: {app: web}", "labels: {app: web, b: \"a b\"}", false),
    ("labels: {app: web}", "labels: {app: web, a/b/c: d}", false),
    ("metadata: {name: web,", "metadata: {name: Web,", false),
    ("type: ClusterIP", "type: Cluster", false),
    ("port: 80, targetPort", "port: 0, targetPort", false),
    ("targetPort: http", "targetPort: 8080", true),
    ("targetPort: http", "targetPort: \"8080\"", false),
    ("[ReadWriteOnce]", "[]", false),
    ("[ReadWriteOnce]", "[ReadWrite]", false),
    ("requests: {storage: 1Gi}", "requests: {}", false),
    ("emptyDir: {}", "emptyDir: {sizeLimit: 1Gi}", true),
    ("emptyDir: {}", "emptyDir: {size: 1Gi}", false),
    ("emptyDir: {}}", "emptyDir: {}}, {name: data, emptyDir: {}}", false),
    ("apps/v1", "apps/v1beta1", false),
    ("kind: Service", "kind: Servce", false),
];

#[test]
fn what_is_called_an_error_is_what_the_api_server_refuses() {
    let Some(cluster) = Cluster::or_skip() else { return };
    let schemas = Schemas::built_in();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("objects.yaml");
    for (from, to, good) in CHANGES {
        assert!(WEB.contains(from), "{from}");
        let text = if from.is_empty() { WEB.to_owned() } else { WEB.replacen(from, to, 1) };
        fs::write(&file, &text).expect("a file");
        let server = cluster.kubectl(&["create", "--dry-run=server", "--validate=strict", "-f", &file.to_string_lossy()]);
        let said = String::from_utf8_lossy(&server.stderr);
        assert_eq!(server.status.success(), *good, "the server on {from} → {to}: {said}");
        let found = validate("objects.yaml", &text, &schemas);
        assert_eq!(!found.iter().any(|f| f.severity == Severity::Error), *good, "{from} → {to}: {found:?}");
    }
}
