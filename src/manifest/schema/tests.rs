//! Objects and what is said of them: rule, line and column.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

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
        ("labels: {app: web}", "labels: {app: \"a b\"}", vec!["11:21 label", "8:24 label"], "may not have spaces"),
        ("labels: {app: web}", "labels: {app: 1}", vec!["11:21 schema-type", "8:24 label"], "write \"1\""),
        ("labels: {app: web}", "labels: {\"a b\": web}", vec!["11:16 label", "8:24 label"], "key"),
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

#[test]
fn what_the_server_checks_beyond_the_schema() {
    for (from, to, expect) in [
        ("image: web:1", "image: \"\"", vec!["15:18 schema-required"]),
        ("          image: web:1\n", "", vec!["14:11 schema-required"]),
        ("containerPort: 8080", "containerPort: 8080\n              protocol: tcp", vec!["18:25 schema-value"]),
        ("memory: 1Gi", "mem: 1Gi", vec!["19:32 schema-value"]),
        ("limits: {cpu: 0.5,", "requests: {cpu: 1}\n            limits: {cpu: 500m,", vec!["19:29 schema-value"]),
        ("matchLabels: {app: web}", "matchLabels: {app: wep}", vec!["8:24 label"]),
        ("matchLabels: {app: web}", "matchLabels: {}", vec!["8:5 schema-required"]),
        ("imge", "imge", vec![]),
        ("- containerPort: 8080", "- null", vec!["17:15 schema-type"]),
        ("value: \"1\"", "value: null", vec![]),
        ("kind: Deployment\nmetadata:\n  name: web\n", "kind: Deployment\n", vec!["1:1 schema-required"]),
    ] {
        let text = WEB.replacen(from, to, 1);
        assert_eq!(told(&text), expect, "{from} → {to}: {}", words(&text));
    }
}

#[test]
fn services_claims_lists_and_encrypted_secrets() {
    let service = |rest: &str| told(&format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec:\n{rest}"));
    assert_eq!(service("  ports: [{port: 80}]\n"), Vec::<String>::new());
    assert_eq!(service("  clusterIP: None\n"), Vec::<String>::new());
    assert_eq!(service("  type: ClusterIP\n"), ["5:3 schema-required"]);
    assert_eq!(service("  type: Nodeport\n  ports: [{port: 80}]\n"), ["5:9 schema-value"]);
    assert_eq!(service("  ports: [{port: 80}, {port: 81}]\n"), ["5:11 schema-required", "5:23 schema-required"]);
    assert_eq!(service("  ports: [{port: 0, targetPort: web_1}]\n"), ["5:18 port", "5:33 port"]);
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n  data: {a: 1}\n";
    assert_eq!(told(list), ["7:13 schema-type"]);
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: hunter2}\n";
    assert_eq!(told(secret), ["4:11 schema-value"]);
    assert!(!words(secret).contains("hunter2"));
    for text in [secret.replace("hunter2", "4711"), secret.replace("\ndata", "\nstringData").replace("hunter2", "4711")] {
        assert!(told(&text)[0].ends_with("schema-type") && !words(&text).contains("4711"), "{}", words(&text));
    }
    let sops = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: x}\n";
    assert_eq!(told(sops), Vec::<String>::new());
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec: {accessModes: [RWO], resources: {requests: {}}}\n";
    assert_eq!(told(claim), ["4:22 schema-value", "4:50 schema-required"]);
}

#[test]
fn removed_versions_name_what_replaces_them() {
    for (api_version, kind, word) in [
        ("extensions/v1beta1", "Ingress", "since Kubernetes 1.22; write networking.k8s.io/v1"),
        ("networking.k8s.io/v1beta1", "Ingress", "since Kubernetes 1.22; write networking.k8s.io/v1"),
        ("policy/v1beta1", "PodDisruptionBudget", "since Kubernetes 1.25; write policy/v1"),
        ("policy/v1beta1", "PodSecurityPolicy", "Pod Security admission"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "since Kubernetes 1.26; write autoscaling/v2"),
        ("batch/v1beta1", "CronJob", "since Kubernetes 1.25; write batch/v1"),
    ] {
        let text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n");
        assert_eq!(told(&text), ["1:13 api-removed"], "{kind}");
        assert!(words(&text).contains(word), "{}", words(&text));
    }
    assert_eq!(
        told("apiVersion: x.example/v1\nkind: A\nmetadata: {name: a}\n---\napiVersion: x.example/v1\nkind: A\n"),
        ["2:7 schema-kind"]
    );
}

#[test]
fn what_says_that_there_is_nothing_and_what_is_no_object_of_kubernetes_is_no_fault() {
    let taken_out = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: db}\nspec:\n  updateStrategy: {$patch: delete}\n  \
        volumeClaimTemplates:\n  serviceName: ~\n  podManagementPolicy: Parallel\n";
    let found = validate_as("p.yaml", taken_out, &Schemas::built_in(), Extent::Patch);
    let lines: Vec<_> = found.iter().map(|f| (f.line, f.rule.as_str())).collect();
    assert_eq!(lines, [(Some(8), "schema-unknown-field")], "{found:?}");
    let whole = validate_as("d.yaml", &taken_out.replace(" {$patch: delete}", ""), &Schemas::built_in(), Extent::Base);
    assert_eq!(whole.len(), 4, "{whole:?}");

    // Its metadata has labels only, and generators write more into it.
    let mut schemas = Schemas::built_in();
    let closed = serde_json::json!({ "type": "object", "properties": {
        "metadata": { "type": "object", "properties": { "labels": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } }
    } });
    schemas.add_crd(&serde_json::json!({ "spec": { "group": "acme.example", "names": { "kind": "Roll" }, "versions": [
        { "name": "v1", "served": true, "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": closed } } } }
    ] } }));
    let roll = |field: &str| {
        let text = format!("apiVersion: acme.example/v1\nkind: Roll\nmetadata: {{name: a}}\nspec:\n  metadata: {{{field}}}\n");
        validate("r.yaml", &text, &schemas).iter().map(|f| f.rule.clone()).collect::<Vec<_>>()
    };
    assert_eq!(roll("creationTimestamp: null"), Vec::<String>::new());
    assert_eq!(roll("creationTimestamp: 2026-01-01"), ["schema-unknown-field"]);
    assert_eq!(roll("name: null"), ["schema-unknown-field"]);

    assert_eq!(told("apiVersion: v1alpha1\nkind: WatchdogTimerConfig\ndevice: /dev/watchdog0\n"), ["2:7 schema-kind"]);
    let said = validate("w.yaml", "apiVersion: v1alpha1\nkind: WatchdogTimerConfig\n", &Schemas::built_in());
    assert_eq!(said[0].severity, domain::change::Severity::Info);
    assert_eq!(told("apiVersion: v1beta1\nkind: Pod\nmetadata: {name: a}\n"), ["1:13 api-removed"]);
    assert_eq!(told("apiVersion: v1\nkind: Watchdog\nmetadata: {name: a}\n"), ["2:7 schema-kind"]);
}

fn crd() -> Value {
    let schema = serde_json::json!({ "type": "object", "required": ["spec"], "properties": {
        "apiVersion": { "type": "string" }, "kind": { "type": "string" }, "metadata": { "type": "object" },
        "spec": { "type": "object", "required": ["size"], "oneOf": [{ "required": ["a"] }, { "required": ["b"] }], "properties": {
            "size": { "type": "integer", "minimum": 1, "maximum": 5 },
            "mode": { "type": "string", "enum": ["fast", "slow"] },
            "host": { "type": "string", "pattern": "^[a-z]+$", "maxLength": 5 },
            "port": { "anyOf": [{ "type": "integer" }, { "type": "string" }], "x-kubernetes-int-or-string": true },
            "a": { "type": "string", "nullable": true }, "b": { "type": "boolean" },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
            "empty": { "type": "object" },
            "values": { "x-kubernetes-preserve-unknown-fields": true },
            "template": { "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
            "rows": { "type": "array", "maxItems": 2, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                "items": { "type": "object", "properties": { "id": { "type": "string" } } } },
            "set": { "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" } } } } } });
    serde_json::json!({ "spec": { "group": "x.example", "names": { "kind": "Ship" }, "versions": [
        { "name": "v1", "served": true, "schema": { "openAPIV3Schema": schema } },
        { "name": "v1beta1", "served": false, "schema": { "openAPIV3Schema": { "type": "object" } } } ] } })
}

#[test]
fn custom_kinds_are_checked_by_their_definition() {
    let mut schemas = Schemas::built_in();
    assert_eq!(schemas.add_crd(&crd()), 1);
    for (spec, expect) in [
        ("{size: 1, a: x}", vec![]),
        ("{size: 1, a: x, port: 80, values: [1], free: {x: 1}, labels: {x: y}}", vec![]),
        ("{size: 1, a: x, port: http}", vec![]),
        ("{a: x}", vec!["4:7 schema-required"]),
        ("{size: 0, a: x}", vec!["4:14 schema-value"]),
        ("{size: 6, a: x}", vec!["4:14 schema-value"]),
        ("{size: 1, a: x, mode: fasst}", vec!["4:29 schema-value"]),
        ("{size: 1, a: x, host: A1}", vec!["4:29 schema-value"]),
        ("{size: 1, a: x, host: abcdef}", vec!["4:29 schema-value"]),
        ("{size: 1, a: x, host: '${HOST}'}", vec![]),
        ("{size: 1, a: x, port: 1.5}", vec!["4:29 schema-type"]),
        ("{size: 1, a: x, labels: {x: 1}}", vec!["4:35 schema-type"]),
        ("{size: 1, a: x, empty: {x: 1}}", vec!["4:31 schema-unknown-field"]),
        ("{size: 1, a: x, sise: 1}", vec!["4:23 schema-unknown-field"]),
        ("{size: 1}", vec!["4:7 schema-value"]),
        ("{size: 1, a: x, b: true}", vec!["4:7 schema-value"]),
        ("{size: 1, a: x, rows: [{id: p}, {id: p}]}", vec!["4:39 duplicate-name"]),
        ("{size: 1, a: x, rows: [{id: p}, {id: q}, {id: r}]}", vec!["4:29 schema-value"]),
        ("{size: 1, a: x, set: [p, p]}", vec!["4:32 duplicate-name"]),
        ("{size: 1, a: x, template: {kind: Pod, metadata: {lables: {}}, x: 1}}", vec!["4:56 schema-unknown-field"]),
    ] {
        let text = format!("apiVersion: x.example/v1\nkind: Ship\nmetadata: {{name: a}}\nspec: {spec}\n");
        let found = validate("a.yaml", &text, &schemas);
        assert_eq!(short(&found), expect, "{spec}: {found:?}");
    }
    let old = validate("a.yaml", "apiVersion: x.example/v1beta1\nkind: Ship\nmetadata: {name: a}\n", &schemas);
    assert_eq!(short(&old), ["1:13 api-removed"]);
    assert!(old[0].message.ends_with("write x.example/v1"), "{old:?}");
}

#[test]
fn documents_of_a_server_are_read_like_the_built_in_one() {
    let mut schemas = Schemas::built_in();
    let document = serde_json::json!({ "components": { "schemas": {
        "example.x.v1.Boat": { "type": "object", "x-kubernetes-group-version-kind": [{ "group": "x.example", "version": "v1", "kind": "Boat" }],
            "properties": { "apiVersion": { "type": "string" }, "kind": { "type": "string" },
                "metadata": { "allOf": [{ "$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }] },
                "spec": { "allOf": [{ "$ref": "#/components/schemas/example.x.v1.BoatSpec" }], "default": {} } } },
        "example.x.v1.BoatSpec": { "type": "object", "properties": { "oars": { "type": "integer" } } },
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": { "type": "object", "properties": { "name": { "type": "string" },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } } } } } } });
    assert_eq!(schemas.add_openapi(&document), 1);
    let text = "apiVersion: x.example/v1\nkind: Boat\nmetadata: {name: a, labels: {a: 'b c'}}\nspec: {oars: two, sail: 1}\n";
    let found = short(&validate("a.yaml", text, &schemas));
    assert_eq!(found, ["3:33 label", "4:14 schema-type", "4:19 schema-unknown-field"]);
}

#[test]
fn patches_and_kustomizations_are_not_whole_objects() {
    let schemas = Schemas::built_in();
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: null\n  template:\n    spec:\n      containers:\n      - name: b\n        $patch: delete\n      - {name: c, imge: x}\n";
    let found = validate_as("p.yaml", patch, &schemas, Extent::Patch);
    assert_eq!(short(&found), ["11:19 schema-unknown-field"]);
    let operations = "- op: replce\n  path: /spec\n- {op: add, path: spec, value: 1}\n- {op: remove}\n";
    let found = validate_as("p.yaml", operations, &schemas, Extent::Patch);
    assert_eq!(short(&found), ["1:7 schema-value", "3:19 schema-value", "4:3 schema-required"]);
    let kustomization = "resources: [a.yaml]\nimagse: []\nimages:\n- {name: a, newtag: b, tag: c}\npatches:\n- target: {kind: Deployment, nam: a}\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: a}\n    spec:\n      replica: 3\n- patch: '[{op: ad, path: /a}]'\n";
    let found = validate("k/kustomization.yaml", kustomization, &schemas);
    assert_eq!(
        short(&found),
        [
            "2:1 schema-unknown-field",
            "4:24 schema-unknown-field",
            "6:30 schema-unknown-field",
            "12:7 schema-unknown-field",
            "13:10 schema-value"
        ]
    );
    assert_eq!(found[0].message, "a kustomization has no field imagse; did you mean images?");
}

#[test]
fn what_a_kustomization_takes_in_is_known() {
    let files: Files = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", "kind: A\n"),
        (
            "over/kustomization.yaml",
            "resources: [../base]\npatches: [{path: p.yaml}]\nconfigMapGenerator: [{name: a, files: [x.yaml=data.yaml]}]\n",
        ),
        ("over/p.yaml", "kind: A\n"),
        ("plain/kustomization.yaml", "resources: [own.yaml]\n"),
        ("plain/own.yaml", "kind: A\n"),
        (
            "flux.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {path: ./late, patches: [{patch: x}]}\n",
        ),
        ("late/kustomization.yaml", "resources: [z.yaml]\n"),
        ("late/z.yaml", "kind: A\n"),
    ]
    .into_iter()
    .collect();
    let known = extents(&files);
    let of = |path: &str| known.get(path).copied();
    assert_eq!(of("base/web.yaml"), Some(Extent::Base));
    assert_eq!(of("over/p.yaml"), Some(Extent::Patch));
    assert_eq!(of("over/data.yaml"), Some(Extent::Data));
    assert_eq!(of("plain/own.yaml"), Some(Extent::Taken));
    assert_eq!(of("late/z.yaml"), Some(Extent::Base));
    assert_eq!(of("flux.yaml"), None);
    let bare = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replica: 1}\n";
    assert_eq!(short(&validate_as("a", bare, &Schemas::built_in(), Extent::Base)), ["4:8 schema-unknown-field"]);
    assert_eq!(validate_as("a", bare, &Schemas::built_in(), Extent::Data), Vec::new());
}

#[test]
fn a_rendered_object_is_placed_where_its_values_were_written() {
    let files: Files = [
        ("b/kustomization.yaml", "resources: [web.yaml]\n"),
        ("b/web.yaml", WEB),
        ("o/kustomization.yaml", "resources: [../b]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec:\n      replicas: many\n"),
    ]
    .into_iter()
    .collect();
    let (resources, sources) = crate::build::traced(&files, "o").unwrap();
    let found = validate_rendered(&resources, &sources, &Schemas::built_in());
    let places: Vec<_> = found.iter().map(|f| (f.file.as_deref(), f.line, f.column, f.object.as_deref())).collect();
    assert_eq!(places, [(Some("o/kustomization.yaml"), Some(8), None, Some("Deployment/web"))], "{found:?}");
}

#[test]
fn no_text_makes_it_fail() {
    let schemas = Schemas::built_in();
    for text in [
        "",
        "a",
        "[]",
        "kind: 1",
        "apiVersion: v1\nkind: Pod",
        "apiVersion: v1\nkind: Pod\nspec: 1",
        "{",
        "a: &a [*a]",
        "apiVersion: v1\nkind: List\nitems: 1",
    ] {
        validate_as("a.yaml", text, &schemas, Extent::Whole);
        validate_as("kustomization.yaml", text, &schemas, Extent::Patch);
    }
    let deep = format!("apiVersion: v1\nkind: List\nitems: {}", "[".repeat(90) + &"]".repeat(90));
    validate("a.yaml", &deep, &schemas);
}
