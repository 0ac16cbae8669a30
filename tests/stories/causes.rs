//! What goes wrong with a deployment, and what is said of it: one table of cases, each an environment of its own on one branch.
//!
//! Somebody pushes each fault; the console sees the commit, follows it through its stages, and the record names the cause. What
//! neither ground can bring about by itself, since neither has a kubelet, is written into the Pod's status by the story: running
//! out of memory and failing probes. An apply conflict cannot happen to Flux: kustomize-controller and helm-controller take every
//! field over that they apply. By hand it can (`manual`).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::story;
use crate::support::console::Operator;
use crate::support::ground::{Ground, Kind};
use crate::support::{programs, wait};

/// Holds one case. `APP` stands for the application's slug, `TAG` for an image's tag before and after.
struct Case {
    /// Its name, and its environment's.
    name: &'static str,
    /// What stands in the environment's folder before.
    before: &'static str,
    /// What somebody pushes.
    after: &'static [(&'static str, &'static str)],
    /// What is applied beside it.
    beside: &'static str,
    /// Whether its source asks for a name and a password.
    guarded: bool,
    /// A field of the source's spec, and one of the Kustomization's.
    spec: (&'static str, &'static str),
    /// How it ends: the status, the stage, and what is said there.
    end: (&'static str, usize, &'static [&'static str]),
}

const PLAIN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n";
const OTHER: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n";
const SYNC: usize = 1;
const APPLY: usize = 2;
const HEALTH: usize = 3;
/// A case with what most have.
const CASE: Case =
    Case { name: "", before: PLAIN, after: &[], beside: "", guarded: false, spec: ("", ""), end: ("failed", HEALTH, &[]) };

/// A Deployment of one Pod: its image, and what else its container, its Pod and its spec have.
macro_rules! deployment {
    ($image:literal, $container:literal, $pod:literal, $spec:literal) => {
        concat!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n",
            $spec,
            "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n",
            $pod,
            "      containers:\n      - name: web\n        image: ghcr.io/acme/shop:",
            $image,
            "\n",
            $container
        )
    };
}

const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: shop}
spec:
  interval: 10m
  timeout: 20s
  chart:
    spec:
      chart: ./charts/shop
      sourceRef: {kind: GitRepository, name: APP-release, namespace: flux-system}
  upgrade:
    remediation: {retries: 0, remediateLastFailure: true}
  values: {image: 'ghcr.io/acme/shop:TAG'}
";
/// A hook of the chart that must succeed before each upgrade.
const HOOK: &str = "apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: before-hook-creation}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: '{{ .Values.image }}'}]
";
/// A policy that is asked before anything is stored.
const POLICY: &str = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: APP-names}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}
  validations:
  - {expression: \"object.metadata.name != 'other'\", message: name it otherwise}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: APP-names}
spec:
  policyName: APP-names
  validationActions: [Deny]
  matchResources:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: APP-policy}}
";

const CASES: &[Case] = &[
    Case {
        name: "yaml",
        after: &[("all.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\n  labels: a: b\n")],
        end: ("failed", APPLY, &["all.yaml is no valid YAML at line 5", "push"]),
        ..CASE
    },
    Case {
        name: "build",
        after: &[("kustomization.yaml", "namespace: APP-build\nresources: [all.yaml, nowhere.yaml]\n")],
        end: ("failed", APPLY, &["nowhere.yaml"]),
        ..CASE
    },
    Case {
        name: "secret",
        after: &[("all.yaml", OTHER)],
        spec: ("secretRef: {name: no-such-secret}", ""),
        end: ("failed", SYNC, &["The Secret no-such-secret does not exist", "Create it"]),
        ..CASE
    },
    Case {
        name: "token",
        after: &[("all.yaml", OTHER)],
        beside: "apiVersion: v1\nkind: Secret\nmetadata: {name: APP-token, namespace: flux-system}\n\
                 stringData: {username: bot, password: of-last-year}\n",
        guarded: true,
        spec: ("secretRef: {name: APP-token}", ""),
        end: ("failed", SYNC, &["The server wants other credentials (401)", "token may have expired"]),
        ..CASE
    },
    Case {
        name: "depends",
        after: &[("all.yaml", OTHER)],
        spec: ("", "dependsOn: [{name: APP-yaml}]"),
        end: ("running", APPLY, &["waits behind dependsOn flux-system/APP-yaml (kustomize build failed"]),
        ..CASE
    },
    Case {
        name: "immutable",
        before: deployment!("1.0.0", "", "", ""),
        after: &[(
            "all.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {other: label}}\n  template:\n    \
             metadata: {labels: {other: label}}\n    spec:\n      containers: [{name: web, image: 'ghcr.io/acme/shop:1.0.0'}]\n",
        )],
        end: ("failed", APPLY, &["spec.selector cannot be changed", "spec.force"]),
        ..CASE
    },
    Case {
        name: "webhook",
        after: &[("all.yaml", OTHER)],
        end: ("failed", APPLY, &["The admission webhook names.acme.example refuses it: name it otherwise"]),
        ..CASE
    },
    Case {
        name: "quota",
        after: &[("all.yaml", deployment!("1.0.0", "        resources: {requests: {memory: 3Gi}}\n", "", ""))],
        beside: "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: small, namespace: APP-quota}\nspec:\n  hard: {requests.memory: 2Gi}\n",
        end: ("failed", HEALTH, &["The quota small is used up", "limit requests.memory=2Gi"]),
        ..CASE
    },
    Case {
        name: "image",
        after: &[("all.yaml", deployment!("missing-9", "", "", ""))],
        end: ("failed", HEALTH, &["no image ghcr.io/acme/shop:missing-9", "code = NotFound", "roll back"]),
        ..CASE
    },
    Case {
        name: "crash",
        after: &[("all.yaml", deployment!("crash-9", "", "", ""))],
        end: ("failed", HEALTH, &["exit code 1", "panic: cannot open configuration /etc/app/config.yaml"]),
        ..CASE
    },
    Case {
        name: "memory",
        after: &[(
            "all.yaml",
            deployment!("1.0.0", "        resources: {limits: {memory: 64Mi}}\n", "      schedulerName: story\n", ""),
        )],
        end: ("failed", HEALTH, &["needed more memory than its limit of 64Mi", "Raise its memory limit"]),
        ..CASE
    },
    Case {
        name: "probe",
        after: &[("all.yaml", deployment!("1.0.0", "", "      schedulerName: story\n", "  progressDeadlineSeconds: 15\n"))],
        end: ("failed", HEALTH, &["The Readiness probe gets the status 503"]),
        ..CASE
    },
    Case {
        name: "room",
        after: &[("all.yaml", deployment!("1.0.0", "        resources: {requests: {cpu: \"5000\"}}\n", "", ""))],
        end: ("failed", HEALTH, &["Insufficient cpu", "Ask for less"]),
        ..CASE
    },
    Case {
        name: "claim",
        before: "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec:\n  accessModes: [ReadWriteOnce]\n  \
                 resources: {requests: {storage: 1Gi}}\n",
        after: &[
            ("kustomization.yaml", "namespace: APP-claim\nresources: [all.yaml, web.yaml]\n"),
            (
                "web.yaml",
                deployment!("1.0.0", "", "      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n", ""),
            ),
        ],
        end: ("failed", HEALTH, &["No volume fits the claim data", "storage class"]),
        ..CASE
    },
    Case {
        name: "deadline",
        after: &[("all.yaml", deployment!("1.0.0", "", "      schedulerName: nobody\n", "  progressDeadlineSeconds: 10\n"))],
        end: ("failed", HEALTH, &["The rollout made no progress within its deadline"]),
        ..CASE
    },
    Case {
        name: "release",
        before: RELEASE,
        after: &[("all.yaml", RELEASE)],
        end: ("failed", HEALTH, &["The release was rolled back: what was deployed does not run", "Helm upgrade failed"]),
        ..CASE
    },
];

/// What only the real server does.
const OF_THE_SERVER: &[Case] = &[Case {
    name: "policy",
    after: &[("all.yaml", OTHER)],
    beside: POLICY,
    end: ("failed", APPLY, &["The admission policy APP-names refuses it: name it otherwise"]),
    ..CASE
}];

/// How long all cases together may take.
const LIMIT: Duration = Duration::from_mins(5);

story!(every_failure_names_its_cause);
fn every_failure_names_its_cause(ground: &Ground) {
    let operator = ground.operator();
    let app = ground.app.as_str();
    let more = if ground.kind() == Kind::Real { OF_THE_SERVER } else { &[] };
    let cases: Vec<&Case> = CASES.iter().chain(more).collect();
    begin(ground, &operator, &cases);
    the_chart_is_tried(ground, &operator);
    let namespace = ground.namespace("webhook");
    let _webhook = ground.refuse("names.acme.example", (&namespace, "other"), "name it otherwise");

    let mut console = operator.console(160, 40);
    console.see("● live");
    let push = |case: &Case| {
        let text = |text: &str| text.replace("APP", app).replace("TAG", "1.0.0-crash");
        let after = case.after.iter().map(|(file, after)| (format!("k8s/{}/{file}", case.name), text(after)));
        commit(ground, &after.collect::<Vec<_>>(), &format!("Break {}", case.name));
    };
    // What depends on another waits only once that one has failed.
    let (mut later, now): (Vec<&Case>, Vec<&Case>) = cases.iter().copied().partition(|case| !case.spec.1.is_empty());
    now.into_iter().for_each(&push);
    operator.run(&["reconcile", &format!("gitrepo/{app}-yaml")]).ok();
    let mut open = cases;
    let mut last = Value::Null;
    let start = Instant::now();
    while !open.is_empty() {
        let names: Vec<&str> = open.iter().map(|case| case.name).collect();
        assert!(start.elapsed() < LIMIT, "{names:?} are still open: {last:#}");
        kubelet(ground);
        if !names.contains(&"yaml") {
            later.drain(..).for_each(&push);
        }
        last = operator.run(&["history", app, "-l", "50", "-o", "json"]).json();
        open.retain(|case| {
            let record = last.as_array().into_iter().flatten().find(|d| d["environment"]["name"] == case.name);
            !record.is_some_and(|record| ended(case, record, app))
        });
        std::thread::sleep(Duration::from_millis(500));
    }
    console.keys("q");
}

/// Commits what is well, adds the environments, and waits until all of it is applied.
fn begin(ground: &Ground, operator: &Operator, cases: &[&Case]) {
    let app = ground.app.as_str();
    let mut files: Vec<(String, String)> = vec![
        ("charts/shop/Chart.yaml".to_owned(), "apiVersion: v2\nname: shop\nversion: 1.0.0\n".to_owned()),
        ("charts/shop/templates/migrate.yaml".to_owned(), HOOK.to_owned()),
        ("charts/shop/templates/plain.yaml".to_owned(), format!("{PLAIN}data: {{image: '{{{{ .Values.image }}}}'}}\n")),
    ];
    for case in cases {
        let folder = format!("k8s/{}", case.name);
        let list = format!("namespace: {app}-{}\nresources: [all.yaml]\n", case.name);
        files.push((format!("{folder}/kustomization.yaml"), list));
        files.push((format!("{folder}/all.yaml"), case.before.replace("APP", app).replace("TAG", "1.0.0")));
    }
    commit(ground, &files, "Begin");
    operator.run(&["project", "add", app, "--repo", &ground.repo.url]).ok();
    let guarded = ground.repo.guarded("bot", "of-this-year");
    for case in cases {
        let url = if case.guarded { &guarded.url } else { &ground.repo.url };
        ground.apply(&manifests(ground, case, url).replace("APP", app));
        let name = format!("flux-system/{app}-{}", case.name);
        let (path, namespace) = (format!("k8s/{}", case.name), ground.namespace(case.name));
        let mut ask = vec!["environment", "add", app, case.name, "--type", "development", "--branch", "main"];
        ask.extend(["--path", &path, "--namespace", &namespace, "--source", &name, "--kustomization", &name]);
        ask.extend(["--approvers", "0", "--yes"]);
        operator.run(&ask).ok();
    }
    for case in cases.iter().filter(|case| case.spec.0.is_empty()) {
        let kustomizations = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations";
        wait(case.name, ground.patience(), || {
            let object = ground.object(&format!("{kustomizations}/{app}-{}", case.name))?;
            object["status"]["lastAppliedRevision"].as_str().map(|_| ())
        });
    }
    let release = format!("/apis/helm.toolkit.fluxcd.io/v2/namespaces/{}/helmreleases/shop", ground.namespace("release"));
    wait("the release is installed", ground.patience(), || {
        let object = ground.object(&release)?;
        let ready = object["status"]["conditions"].as_array()?.iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
        ready.then_some(())
    });
}

/// What a release's chart would make of a change is asked of the cluster, where the helm program is.
fn the_chart_is_tried(ground: &Ground, operator: &Operator) {
    let path = std::env::var("PATH").unwrap_or_default();
    let bin = programs().ok().map(|programs| programs.path("helm")).filter(|helm| helm.exists());
    let Some(bin) = bin.as_deref().and_then(std::path::Path::parent) else { return };
    let ask = ["deploy", &ground.app, "release", "--value", "image=ghcr.io/acme/shop:1.0.1", "--dry-run", "--live"];
    let said = operator.run_with(&ask, &[("PATH", &format!("{}:{path}", bin.display()))]).ok();
    let object = format!("# live: ConfigMap/{}/plain ", ground.namespace("release"));
    assert!(said.contains(&object) && said.contains("makes is tried as helm-controller"), "{said}");
}

fn commit(ground: &Ground, files: &[(String, String)], subject: &str) {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    ground.repo.commit("main", &files, subject);
}

/// Tells whether a record has come to its case's end; one that ended otherwise is a failure.
fn ended(case: &Case, record: &Value, app: &str) -> bool {
    let (status, stage, words) = case.end;
    let at = &record["stages"][stage];
    let texts = at["state"]["trouble"].as_object().into_iter().flat_map(|trouble| trouble.values()).filter_map(Value::as_str);
    let said = texts.chain(at["detail"].as_str()).collect::<Vec<_>>().join("\n");
    let files = record["files"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let own = format!("k8s/{}/", case.name);
    assert!(files.clone().count() > 0 && files.clone().all(|file| file.starts_with(&own)), "{}: {record:#}", case.name);
    let fits = record["status"] == status && words.iter().all(|part| said.contains(&part.replace("APP", app)));
    let over = matches!(record["status"].as_str(), Some("failed" | "succeeded" | "superseded"));
    assert!(fits || !over, "{}: {words:?} at stage {stage} in {record:#}", case.name);
    fits
}

/// Plays the kubelet for Pods that the scheduler `story` is to place: one runs out of memory, the other fails its probe.
fn kubelet(ground: &Ground) {
    for case in ["memory", "probe"] {
        let namespace = ground.namespace(case);
        let pods = ground.object(&format!("/api/v1/namespaces/{namespace}/pods")).unwrap_or_default();
        for pod in pods["items"].as_array().into_iter().flatten().filter(|pod| pod["status"]["containerStatuses"].is_null()) {
            let name = pod["metadata"]["name"].as_str().expect("a name");
            if case == "probe" {
                ground.apply(&unhealthy(&namespace, name, &pod["metadata"]["uid"]));
            }
            let unready = |kind: &str| {
                let message = "containers with unready status: [web]";
                json!({"type": kind, "status": "False", "reason": "ContainersNotReady", "message": message, "lastTransitionTime": NOW})
            };
            let status = json!({"status": {"phase": "Running", "conditions": [unready("Ready"), unready("ContainersReady")],
                "containerStatuses": [container(case == "memory")]}});
            ground.patch(&format!("/api/v1/namespaces/{namespace}/pods/{name}/status"), "kubelet", &status.to_string());
        }
    }
}

const NOW: &str = "2026-01-02T03:04:05Z";

/// Returns the status of a container that ran out of memory, or of one that runs and is not ready.
fn container(memory: bool) -> Value {
    let mut container = if memory {
        let ended = json!({"exitCode": 137, "reason": "OOMKilled", "startedAt": NOW, "finishedAt": NOW});
        let waiting = json!({"reason": "CrashLoopBackOff", "message": "back-off 20s restarting failed container=web"});
        json!({"state": {"waiting": waiting}, "lastState": {"terminated": ended}, "restartCount": 3})
    } else {
        json!({"state": {"running": {"startedAt": NOW}}, "restartCount": 0, "started": true})
    };
    for (key, value) in [("name", "web"), ("image", "ghcr.io/acme/shop:1.0.0"), ("imageID", "")] {
        container[key] = value.into();
    }
    container["ready"] = false.into();
    container
}

/// Returns what a kubelet says of a probe that fails.
fn unhealthy(namespace: &str, pod: &str, uid: &Value) -> String {
    format!(
        "apiVersion: v1\nkind: Event\nmetadata: {{name: {pod}.probe, namespace: {namespace}}}\ntype: Warning\nreason: Unhealthy\n\
         message: 'Readiness probe failed: HTTP probe failed with statuscode: 503'\ncount: 3\nfirstTimestamp: {NOW}\nlastTimestamp: {NOW}\n\
         involvedObject: {{apiVersion: v1, kind: Pod, name: {pod}, namespace: {namespace}, uid: {uid}}}\n"
    )
}

/// Returns what is applied for a case: a namespace of its own, what stands beside, its source and its Kustomization.
fn manifests(ground: &Ground, case: &Case, url: &str) -> String {
    let name = format!("{}-{}", ground.app, case.name);
    let line = |text: &str| if text.is_empty() { String::new() } else { format!("  {text}\n") };
    let beside = if case.beside.is_empty() { String::new() } else { format!("---\n{}", case.beside) };
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n{beside}\
         ---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec:\n  url: {url}\n  interval: 1m\n  ref: {{branch: main}}\n{}\
         ---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata: {{name: {name}, namespace: flux-system}}\n\
         spec:\n  interval: 1m\n  retryInterval: 2s\n  prune: true\n  path: ./k8s/{}\n  \
         sourceRef: {{kind: GitRepository, name: {name}}}\n{}",
        line(case.spec.0),
        case.name,
        line(case.spec.1),
    )
}
