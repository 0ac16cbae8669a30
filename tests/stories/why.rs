//! Why something is broken: a table of faults, each brought about on both grounds, and what `why` says of it.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::story;
use crate::support::ground::Ground;

/// Holds one fault: what is in the repository, what is applied, and what is said.
struct Fault {
    /// Its name, which names objects too.
    name: &'static str,
    /// The files below the fault's own folder.
    files: &'static [(&'static str, &'static str)],
    /// Fields of the Kustomization's spec, or nothing when the object is `object`.
    spec: &'static str,
    /// What is applied beside it, before.
    beside: &'static str,
    /// The cause, the object that has it, and what is said of it.
    cause: (&'static str, &'static str, &'static [&'static str]),
}

const PLAIN: &[(&str, &str)] = &[("all.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n")];

/// A Deployment of one Pod.
macro_rules! deployment {
    ($name:literal, $image:literal, $more:literal) => {
        concat!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ",
            $name,
            "}\nspec:\n  selector: {matchLabels: {app: ",
            $name,
            "}}\n  template:\n    metadata: {labels: {app: ",
            $name,
            "}}\n    spec:\n      containers:\n      - name: web\n        image: ",
            $image,
            "\n",
            $more
        )
    };
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "branch",
        files: PLAIN,
        spec: "",
        beside: "",
        cause: ("branch-missing", "GitRepository", &["branch no-such-branch does not exist"]),
    },
    Fault {
        name: "path",
        files: PLAIN,
        spec: "path: ./nowhere",
        beside: "",
        cause: ("path-missing", "Kustomization", &["path nowhere does not exist"]),
    },
    Fault {
        name: "yaml",
        files: &[
            ("kustomization.yaml", "resources:\n- broken.yaml\n"),
            ("broken.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  labels: a: b\n"),
        ],
        spec: "",
        beside: "",
        cause: (
            "yaml-error",
            "Kustomization",
            &["broken.yaml is no valid YAML at line 5: mapping values are not allowed in this context"],
        ),
    },
    Fault {
        name: "secret",
        files: PLAIN,
        spec: "",
        beside: "",
        cause: ("secret-missing", "GitRepository", &["Secret no-such-secret does not exist"]),
    },
    Fault {
        name: "waits",
        files: PLAIN,
        spec: "dependsOn: [{name: {app}-path}]",
        beside: "",
        cause: ("path-missing", "Kustomization", &["path nowhere does not exist"]),
    },
    Fault {
        name: "immutable",
        files: &[("all.yaml", deployment!("immutable", "ghcr.io/acme/shop:1.0.0", ""))],
        spec: "",
        beside: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: immutable, namespace: {app}}\nspec:\n  replicas: 0\n  \
                 selector: {matchLabels: {other: label}}\n  template:\n    metadata: {labels: {other: label}}\n    spec:\n      \
                 containers: [{name: web, image: ghcr.io/acme/shop:1.0.0}]\n",
        cause: ("immutable-field", "Deployment", &["spec.selector cannot be changed", "spec.force"]),
    },
    Fault {
        name: "image",
        files: &[("all.yaml", deployment!("image", "ghcr.io/acme/shop:missing-9", ""))],
        spec: "",
        beside: "",
        cause: ("image-missing", "Pod", &["no image ghcr.io/acme/shop:missing-9"]),
    },
    Fault {
        name: "crash",
        files: &[("all.yaml", deployment!("crash", "ghcr.io/acme/shop:crash-9", ""))],
        spec: "",
        beside: "",
        cause: ("crash", "Pod", &["container web crashes: exit code 1", "panic: cannot open configuration /etc/app/config.yaml"]),
    },
    Fault {
        name: "large",
        files: &[(
            "all.yaml",
            deployment!("large", "ghcr.io/acme/shop:1.0.0", "        resources: {requests: {cpu: \"5000\"}}\n"),
        )],
        spec: "",
        beside: "",
        cause: ("unschedulable-room", "Pod", &["Insufficient cpu", "cpu 5"]),
    },
    Fault {
        name: "quota",
        files: &[("all.yaml", deployment!("quota", "ghcr.io/acme/shop:1.0.0", "        resources: {requests: {memory: 3Gi}}\n"))],
        spec: "",
        beside: "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: small, namespace: {app}}\nspec:\n  hard: {requests.memory: 2Gi}\n",
        cause: (
            "quota-exceeded",
            "Deployment",
            &["quota small is used up", "asked for requests.memory=3Gi, used requests.memory=0, limit requests.memory=2Gi"],
        ),
    },
    Fault {
        name: "kind",
        files: &[("all.yaml", "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: w}\n")],
        spec: "",
        beside: "",
        cause: ("crd-missing", "Widget", &["does not know the kind Widget (acme.example/v1)"]),
    },
];

story!(says_why_from_evidence);
fn says_why_from_evidence(ground: &Ground) {
    let operator = ground.operator();
    for fault in FAULTS {
        let files: Vec<(String, &str)> =
            fault.files.iter().map(|(name, text)| (format!("{}/{name}", fault.name), *text)).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        ground.repo.commit("main", &files, "Begin");
    }
    for fault in FAULTS {
        ground.apply(&manifests(ground, fault));
    }
    for fault in FAULTS {
        let (id, kind, said) = fault.cause;
        let object = format!("ks/{}-{}", ground.app, fault.name);
        let ask = || operator.run(&["why", &object, "-n", "flux-system", "-o", "json"]);
        let fits = |seen: &Value| {
            let text = seen["causes"][0].to_string();
            seen["causes"][0]["id"] == id && said.iter().all(|part| text.contains(part))
        };
        let seen = until(ground.patience(), || ask().json(), fits);
        assert!(fits(&seen), "{id} of {object}: {seen:#}");
        assert_eq!(seen["causes"][0]["object"]["kind"], kind, "{seen:#}");
        assert!(!seen["causes"][0]["evidence"].as_array().expect("a list").is_empty(), "{seen:#}");
    }
    // People read the same.
    // Its controller may be at it again in this moment, and then says nothing yet.
    let parts = ["✗ The path nowhere does not exist", "→ Correct spec.path", "✗ It waits for flux-system/"];
    let ask = || Value::String(operator.run(&["why", &format!("ks/{}-waits", ground.app)]).ok());
    let fits = |told: &Value| parts.iter().all(|part| told.as_str().is_some_and(|told| told.contains(part)));
    let told = until(ground.patience(), ask, fits);
    assert!(fits(&told), "{told}");
    let none = operator.run(&["why", "ks/nobody"]).failed(4);
    assert!(none.contains("no such object"), "{none}");
}

/// Asks again until an answer fits or the time is over, and returns the last one.
fn until(limit: Duration, ask: impl Fn() -> Value, fits: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let seen = ask();
        if fits(&seen) || start.elapsed() > limit {
            return seen;
        }
        thread::sleep(Duration::from_millis(300));
    }
}

/// Returns what is applied for a fault: a namespace of its own, what stands beside, its source and its Kustomization.
fn manifests(ground: &Ground, fault: &Fault) -> String {
    let app = ground.app.as_str();
    let name = format!("{app}-{}", fault.name);
    let branch = if fault.name == "branch" { "no-such-branch" } else { "main" };
    let secret = if fault.name == "secret" { "\n  secretRef: {name: no-such-secret}" } else { "" };
    let path = if fault.spec.contains("path:") { String::new() } else { format!("\n  path: ./{}", fault.name) };
    let spec = if fault.spec.is_empty() { String::new() } else { format!("\n  {}", fault.spec) };
    let beside = if fault.beside.is_empty() { String::new() } else { format!("---\n{}", fault.beside) };
    let beside = beside.replace("namespace: {app}", &format!("namespace: {name}"));
    let text = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n{beside}\
         ---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec:\n  url: {}\n  interval: 1m\n  ref: {{branch: {branch}}}{secret}\n\
         ---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata: {{name: {name}, namespace: flux-system}}\n\
         spec:\n  interval: 1m\n  retryInterval: 2s\n  prune: true\n  targetNamespace: {name}\n  \
         sourceRef: {{kind: GitRepository, name: {name}}}{path}{spec}\n",
        ground.repo.url
    );
    text.replace("{app}", app)
}
