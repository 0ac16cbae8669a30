//! Findings: one table for objects, one for changes; which rule, where, how grave, and that no secret is repeated.

use std::collections::BTreeSet;

use super::*;
use crate::schema::Schemas;

/// What no finding may repeat.
const CANARY: &str = "hunter2";

/// A container that nothing is to be said of, for a list of containers.
const SOUND: &str = "{name: c, image: 'c:1', resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}}";

/// Builds a Deployment `web` with labels `app: web` and more of its specification and of its Pods.
fn deployment(spec: &str, pod: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: n}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n{spec}  \
         template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n{pod}"
    )
}

/// Builds a Deployment with one sound container and more of it.
fn container(more: &str) -> String {
    let pod = "      containers:\n      - name: c\n        image: c:1\n        resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}\n";
    deployment("", &format!("{pod}{more}"))
}

/// Returns what is found in a folder as it is, apart from what its schemas say.
fn check(files: &Files, path: &str) -> Vec<Finding> {
    let found = verdict((files, files), path, &Schemas::built_in(), (false, true)).findings;
    found.into_iter().filter(|f| !f.rule.starts_with("schema-")).collect()
}

fn told(findings: &[Finding]) -> Vec<String> {
    assert!(findings.iter().all(|f| !f.message.contains(CANARY)), "{findings:?}");
    let place = |f: &Finding| format!("{}:{}", f.line.unwrap_or(0), f.column.unwrap_or(0));
    findings.iter().map(|f| format!("{} {:?} {}", place(f), f.severity, f.rule).to_lowercase()).collect()
}

/// A rule, a text that breaks it (after a `!`, one that does not), and the place and severity of its finding.
type Row = (&'static str, String, &'static str);

fn object_cases() -> Vec<Row> {
    let rows: Vec<(&'static str, String, &'static str)> = vec![
        ("image-latest", deployment("", "      containers:\n      - {name: c, image: web}\n"), "10:26 warning"),
        ("image-latest", deployment("", "      containers:\n      - {name: c, image: 'web:latest'}\n"), "10:26 warning"),
        ("image-latest", deployment("", "      initContainers:\n      - {name: c, image: web}\n"), "10:26 warning"),
        ("image-latest", deployment("", "      containers:\n      - {name: c, image: 'web:latest@sha256:ab'}\n"), ""),
        ("image-latest", deployment("", "      containers:\n      - {name: c, image: '${IMAGE}'}\n"), ""),
        ("image-latest", release("image: {repository: a/b, tag: latest}"), "6:38 warning"),
        ("image-latest", release("image: {repository: a/b, tag: latest, digest: 'sha256:ab'}"), ""),
        ("no-limits", deployment("", "      containers:\n      - {name: c, image: 'c:1'}\n"), "10:9 warning"),
        ("no-limits", deployment("", "      containers:\n      - name: c\n        resources:\n          limits: {cpu: 1}\n"), "12:19 warning"),
        ("no-limits", deployment("", "      initContainers:\n      - {name: c, image: 'c:1'}\n"), ""),
        ("no-limits", container(""), ""),
        ("no-requests", deployment("", "      containers:\n      - {name: c, image: 'c:1'}\n"), "10:9 info"),
        ("no-requests", container(""), ""),
        ("privileged", container("        securityContext: {privileged: true}\n"), "13:39 warning"),
        ("privileged", container("        securityContext: {privileged: false}\n"), ""),
        ("capabilities", container("        securityContext: {capabilities: {add: [NET_ADMIN, SYS_ADMIN]}}\n"), "13:59 warning"),
        ("runs-as-root", container("        securityContext: {runAsUser: 0}\n"), "13:38 warning"),
        ("runs-as-root", deployment("", &format!("      securityContext: {{runAsUser: 0}}\n      initContainers: [{SOUND}]\n")), "9:36 info"),
        ("root-refused", container("        securityContext: {runAsUser: 0, runAsNonRoot: true}\n"), "13:38 error"),
        ("host-path", container("        volumeMounts: [{name: v, mountPath: /v}]\n      volumes:\n      - {name: v, hostPath: {path: /data}}\n"), "15:36 warning"),
        ("host-path", container("        volumeMounts: [{name: v, mountPath: /v, readOnly: true}]\n      volumes:\n      - {name: v, hostPath: {path: /data}}\n"), "15:36 info"),
        ("host-path", container("        volumeMounts: [{name: v, mountPath: /v, readOnly: true}]\n      volumes:\n      - {name: v, hostPath: {path: /var/run/docker.sock}}\n"), "15:36 warning"),
        ("host-namespace", container("      hostPID: true\n"), "13:16 warning"),
        ("no-probes", container("        ports: [{containerPort: 80}]\n"), "10:9 info"),
        ("no-probes", container("        ports: [{containerPort: 80}]\n        readinessProbe: {tcpSocket: {port: 80}}\n"), ""),
        ("replicas-zero", deployment("  replicas: 0\n", "      containers: []\n"), "6:13 info"),
        ("plain-secret", secret("stringData: {password: hunter2}"), "4:24 warning"),
        ("plain-secret", secret("data: {password: aHVudGVyMg==}"), "4:18 warning"),
        ("plain-secret", secret("data: {password: JHtQQVNTV09SRH0=}"), ""),
        ("plain-secret", secret("stringData: {password: '${PASSWORD}'}"), ""),
        ("plain-secret", secret("stringData: {password: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: x}"), ""),
        ("plain-secret", secret("stringData: {password: hunter2}\nsops: {mac: x}"), "4:24 warning"),
        ("plain-secret", secret("stringData: {username: me, type: git}"), "4:24 info"),
        ("plain-secret", secret("type: kubernetes.io/service-account-token"), ""),
        ("plain-secret", "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec: {encryptedData: {password: hunter2}}\n".to_owned(), ""),
        ("secret-in-config", container("        env: [{name: DB_PASSWORD, value: hunter2}]\n"), "13:42 warning"),
        ("secret-in-config", container("        env: [{name: DSN, value: 'postgres://u:hunter2@db/x'}]\n"), "13:34 warning"),
        ("secret-in-config", container("        env: [{name: PASSWORD_FILE, value: hunter2}]\n"), ""),
        ("secret-in-config", container("        env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: a, key: b}}}]\n"), ""),
        ("secret-in-config", config("a.env: |\n    USER=me\n    PASSWORD=hunter2\n"), "7:5 info"),
        ("secret-in-config", config("a.yaml: |\n    user: me\n    url: https://me:hunter2@host/x\n"), "7:5 warning"),
        ("secret-in-config", config("PASSWORD: hunter2\n"), "5:13 warning"),
        ("secret-in-config", release("auth: {password: hunter2}"), "6:25 warning"),
        ("secret-in-config", release("auth: {existingSecret: hunter2, passwordKey: hunter2}"), ""),
        ("secret-in-config", release("env: [{name: API_TOKEN, value: hunter2hunter2}]"), "6:39 warning"),
        ("wide-rights", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules:\n- {apiGroups: ['*'], resources: ['*'], verbs: ['*']}\n".to_owned(), "5:3 info"),
        ("chart-unpinned", flux_release("chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: r}}}"), "4:22 warning"),
        ("chart-unpinned", flux_release("chart: {spec: {chart: a, version: 1.2.3, sourceRef: {kind: HelmRepository, name: r}}}"), ""),
        ("chart-unpinned", flux_release("chart: {spec: {chart: ./a, sourceRef: {kind: GitRepository, name: r}}}"), ""),
        ("no-prune", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {prune: false}\n".to_owned(), "4:15 info"),
    ];
    rows
}

fn rendering_cases() -> Vec<Row> {
    let service =
        |spec: &str| format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: n}}\nspec: {{{spec}}}\n");
    let config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-config, namespace: n}\ndata: {colour: red}\n";
    let wants = |from: &str| container(&format!("        env: [{{name: A, valueFrom: {{{from}}}}}]\n"));
    let web = || container("        ports: [{name: http, containerPort: 80}]\n");
    let ingress = |backend: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: n}}\nspec: {{defaultBackend: {{service: {{{backend}}}}}}}\n"
        )
    };
    let budget = |spec: &str| {
        format!(
            "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: b, namespace: n}}\nspec: {{selector: {{matchLabels: {{app: web}}}}, {spec}}}\n"
        )
    };
    let scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h, namespace: n}\nspec: {maxReplicas: 5, scaleTargetRef: {kind: Deployment, name: web}}\n";
    let numbered = |replicas: &str| deployment(replicas, &format!("      containers: [{SOUND}]\n"));
    let policy = |app: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: n}}\nspec: {{podSelector: {{matchLabels: {{app: {app}}}}}}}\n"
        )
    };
    vec![
        ("reference-missing", wants("configMapKeyRef: {name: web-confg, key: colour}") + config, "13:61 warning"),
        ("reference-missing", wants("configMapKeyRef: {name: web-config, key: colour}") + config, ""),
        ("reference-missing", wants("configMapKeyRef: {name: other, key: colour}") + config, ""),
        ("reference-outside", wants("configMapKeyRef: {name: other, key: colour}") + config, "13:61 info"),
        ("reference-outside", wants("configMapKeyRef: {name: other, key: colour, optional: true}") + config, ""),
        ("reference-outside", wants("configMapKeyRef: {name: kube-root-ca.crt, key: colour}"), ""),
        ("reference-outside", wants("secretKeyRef: {name: s, key: a}") + "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e, namespace: n}\nspec: {target: {name: s}}\n", ""),
        ("reference-outside", wants("secretKeyRef: {name: s, key: a}") + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: m}\n", "13:58 info"),
        ("reference-key", wants("configMapKeyRef: {name: web-config, key: color}") + config, "13:78 warning"),
        ("reference-key", wants("configMapKeyRef: {name: web-config, key: color, optional: true}") + config, ""),
        ("service-selector", web() + &service("selector: {app: wep}"), "18:18 warning"),
        ("service-selector", web() + &service("selector: {app: web}"), ""),
        ("service-selector", service("selector: {app: web}"), ""),
        ("service-selector", web() + &service("type: ExternalName, selector: {app: wep}"), ""),
        ("service-selector", web() + "---\n" + &release("a: 1") + &service("selector: {app: wep}"), ""),
        ("service-port", web() + &service("selector: {app: web}, ports: [{port: 80, targetPort: htpp}]"), "18:61 warning"),
        ("service-port", web() + &service("selector: {app: web}, ports: [{port: 80, targetPort: http}]"), ""),
        ("service-port", web() + &service("selector: {app: web}, ports: [{port: 80, targetPort: 8080}]"), ""),
        ("backend-port", service("ports: [{name: http, port: 80}]") + &ingress("name: web, port: {number: 81}"), "10:61 warning"),
        ("backend-port", service("ports: [{name: http, port: 80}]") + &ingress("name: web, port: {name: http}"), ""),
        ("reference-missing", service("ports: [{port: 80}]").replace("name: web", "name: web-shop") + &ingress("name: web-shpo, port: {number: 80}"), "10:41 warning"),
        ("policy-selector", web() + &policy("wep"), "18:35 info"),
        ("policy-selector", web() + &policy("web"), ""),
        ("eviction-blocked", web() + &budget("minAvailable: 1"), "18:59 warning"),
        ("eviction-blocked", numbered("  replicas: 2\n") + &budget("minAvailable: 1"), ""),
        ("eviction-blocked", numbered("  replicas: 2\n") + &budget("maxUnavailable: 0"), "15:61 warning"),
        ("eviction-blocked", numbered("") + scaler + &budget("minAvailable: 1"), ""),
        ("replicas-fought-over", numbered("  replicas: 2\n") + scaler, "6:13 warning"),
        ("replicas-fought-over", numbered("") + scaler, ""),
        ("duplicate-object", format!("{config}{config}"), "9:18 error"),
        ("duplicate-object", format!("{config}{}", config.replace("namespace: n", "namespace: m")), ""),
        ("flux-path", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: ./k/none, sourceRef: {kind: GitRepository, name: flux-system}}\n".to_owned(), "4:14 warning"),
        ("flux-path", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: ./apps, sourceRef: {kind: GitRepository, name: flux-system}}\n".to_owned(), ""),
    ]
}

fn secret(more: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{more}\n")
}

fn config(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web-config}}\ndata:\n  {data}")
}

fn flux_release(spec: &str) -> String {
    format!("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: r}}\nspec: {{{spec}}}\n")
}

fn release(values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: r}}\nspec:\n  values:\n       {values}\n"
    )
}

#[test]
fn each_rule_speaks_of_its_place() {
    let schemas = Schemas::built_in();
    let mut faults = Vec::new();
    for (rule, text, expect) in object_cases().into_iter().chain(rendering_cases()) {
        let files: Files = [("k/a.yaml", text.as_str())].into_iter().collect();
        let findings = lint(&files, "k", &schemas);
        let of: Vec<Finding> = findings.into_iter().filter(|f| f.rule == rule).collect();
        let expect: Vec<String> = if expect.is_empty() { Vec::new() } else { vec![format!("{expect} {rule}")] };
        if told(&of) != expect {
            faults.push(format!("{rule}: {:?} instead of {expect:?}: {:?}\n{text}", told(&of), of.first().map(|f| &f.message)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A rule, an object before and after, and the severity and message of its finding.
type ChangeRow = (&'static str, String, String, &'static str);

fn change_cases() -> Vec<ChangeRow> {
    let replicas = |n: &str| deployment(&format!("  replicas: {n}\n"), "      containers: []\n");
    let image = |image: &str| deployment("", &format!("      containers:\n      - {{name: c, image: '{image}'}}\n"));
    let chart = |version: &str| flux_release(&format!("chart: {{spec: {{chart: a, version: {version}}}}}"));
    let with = |more: &str| container(more);
    let service = |spec: &str| format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{{spec}}}\n");
    let claim = |size: &str, mode: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: p}}\nspec: {{accessModes: [{mode}], resources: {{requests: {{storage: {size}}}}}}}\n"
        )
    };
    let stateful = |service: &str, replicas: u8| {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec: {{serviceName: {service}, replicas: {replicas}}}\n"
        )
    };
    let named = |kind: &str| format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: gone}}\n");
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gone}\nspec: {names: {kind: Gone}}\n".to_owned();
    let kept =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone, annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}}\n"
            .to_owned();
    let job = |image: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j}}\nspec: {{template: {{spec: {{containers: [{{name: c, image: '{image}'}}]}}}}}}\n"
        )
    };
    vec![
        ("replicas-to-zero", replicas("3"), replicas("0"), "warning Deployment web goes from 3 replicas to 0"),
        ("replicas-to-zero", replicas("0"), replicas("0"), ""),
        ("replicas-cut", replicas("6"), replicas("3"), "warning Deployment web goes from 6 replicas to 3"),
        ("replicas-cut", replicas("6"), replicas("4"), ""),
        ("replicas-cut", replicas("3"), replicas("0"), ""),
        ("replicas-to-zero", release("replicaCount: 2"), release("replicaCount: 0"), "warning HelmRelease r goes from 2 replicas to 0"),
        ("tag-back", image("c:1.10.0"), image("c:1.9.0"), "warning the image of container c of Deployment web goes back from 1.10.0 to 1.9.0"),
        ("tag-back", image("c:1.9.0"), image("c:1.10.0"), ""),
        ("tag-back", image("c:1.10.0"), image("d:1.9.0"), ""),
        ("tag-back", chart("1.10.0"), chart("1.9.9"), "warning the chart of HelmRelease r goes back from 1.10.0 to 1.9.9"),
        (
            "tag-back",
            release("image: {repository: a, tag: v2}"),
            release("image: {repository: a, tag: v1}"),
            "warning the image image in the values of HelmRelease r goes back from v2 to v1",
        ),
        ("tag-loosened", image("c:1.9.0"), image("c"), "warning the image of container c of Deployment web goes from 1.9.0 to no tag"),
        ("tag-loosened", image("c:1.9.0"), image("c:latest"), "warning the image of container c of Deployment web goes from 1.9.0 to latest"),
        ("tag-loosened", image("c"), image("c:latest"), ""),
        ("image-changed", image("c:1"), image("evil/c:1"), "info the image of container c of Deployment web is evil/c instead of c"),
        (
            "volume-removed",
            with("      volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n"),
            with(""),
            "warning Deployment web loses the volume v (the claim data)",
        ),
        (
            "volume-removed",
            with("        volumeMounts: [{name: v, mountPath: /v}]\n      volumes: [{name: v, emptyDir: {}}]\n"),
            with("      volumes: [{name: v, emptyDir: {}}]\n"),
            "warning container c of Deployment web has nothing at /v any more",
        ),
        (
            "probe-removed",
            with("        livenessProbe: {tcpSocket: {port: 80}}\n"),
            with(""),
            "warning container c of Deployment web loses its liveness probe",
        ),
        ("limit-removed", with(""), with("").replace(", limits: {memory: 1Gi}", ""), "warning container c of Deployment web loses its limit for memory, which was 1Gi"),
        ("privilege-added", with(""), with("        securityContext: {privileged: true}\n"), "warning container c of Deployment web becomes privileged"),
        ("privilege-added", with("        securityContext: {privileged: true}\n"), with("        securityContext: {privileged: true}\n        tty: true\n"), ""),
        ("privilege-added", with(""), with("      hostPID: true\n"), "warning Deployment web gets hostPID: it sees all processes of its node"),
        ("privilege-added", with(""), with("      volumes: [{name: v, hostPath: {path: /data}}]\n"), "warning Deployment web takes /data of its node"),
        (
            "rights-added",
            String::new(),
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: User, name: me}]\n".to_owned(),
            "warning ClusterRoleBinding b makes User me administrator of the cluster",
        ),
        ("exposed", service("type: ClusterIP"), service("type: LoadBalancer"), "warning Service s can be reached from outside: its type is LoadBalancer"),
        ("exposed", service("type: NodePort"), service("type: LoadBalancer"), ""),
        ("immutable-field", with(""), with("").replace("matchLabels: {app: web}", "matchLabels: {app: wep}"), "error spec.selector of Deployment web cannot be changed: Kubernetes will refuse it"),
        (
            "immutable-field",
            with(""),
            with("").replace("matchLabels: {app: web}", "matchLabels: {app: wep}").replace("namespace: n", "namespace: n, annotations: {kustomize.toolkit.fluxcd.io/force: enabled}"),
            "warning spec.selector of Deployment web cannot be changed: Flux deletes the object and makes it again",
        ),
        ("immutable-field", service("clusterIP: None"), service("type: ClusterIP"), "error spec.clusterIP of Service s cannot be changed: Kubernetes will refuse it"),
        ("immutable-field", service("clusterIP: 10.0.0.1"), service("type: ClusterIP"), ""),
        ("immutable-field", stateful("a", 1), stateful("b", 1), "error spec.serviceName of StatefulSet db cannot be changed: Kubernetes will refuse it"),
        ("immutable-field", stateful("a", 1), stateful("a", 2), ""),
        ("immutable-field", claim("2Gi", "ReadWriteOnce"), claim("1Gi", "ReadWriteOnce"), "error spec.resources.requests.storage of PersistentVolumeClaim p cannot be changed: Kubernetes will refuse it"),
        ("immutable-field", claim("1Gi", "ReadWriteOnce"), claim("2Gi", "ReadWriteOnce"), ""),
        ("immutable-field", claim("1Gi", "ReadWriteOnce"), claim("1Gi", "ReadWriteMany"), "error spec.accessModes of PersistentVolumeClaim p cannot be changed: Kubernetes will refuse it"),
        ("immutable-field", job("a:1"), job("a:2"), "error spec.template of Job j cannot be changed: Kubernetes will refuse it"),
        ("namespace-deleted", named("Namespace"), String::new(), "warning Namespace gone is deleted, and everything in it"),
        ("crd-deleted", crd, String::new(), "warning CustomResourceDefinition gone is deleted, and every Gone of the cluster with it"),
        ("data-deleted", claim("1Gi", "ReadWriteOnce"), String::new(), "warning PersistentVolumeClaim p is deleted, and with it what it stores unless its volume is retained"),
        ("workload-deleted", with(""), String::new(), "warning Deployment web is deleted: its Pods stop"),
        ("pruned", named("ConfigMap"), String::new(), "info ConfigMap gone is deleted by Flux"),
        ("pruned", kept.clone(), String::new(), ""),
        ("orphaned", kept, String::new(), "info ConfigMap gone stays in the cluster, and nobody changes it any more"),
    ]
}

/// What of a volume cannot be changed.
fn volume_cases() -> Vec<ChangeRow> {
    let volume = |size: &str, source: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: v}}\nspec: {{capacity: {{storage: {size}}}, {source}}}\n"
        )
    };
    vec![
        (
            "immutable-field",
            volume("1Gi", "nfs: {server: a, path: /}"),
            volume("2Gi", "nfs: {server: b, path: /}"),
            "error spec.nfs of PersistentVolume v cannot be changed: Kubernetes will refuse it",
        ),
        (
            "immutable-field",
            volume("1Gi", "hostPath: {path: /a}"),
            volume("1Gi", "hostPath: {path: /b}"),
            "error spec.hostPath of PersistentVolume v cannot be changed: Kubernetes will refuse it",
        ),
        (
            "immutable-field",
            volume("1Gi", "hostPath: {path: /a}"),
            volume("2Gi", "hostPath: {path: /a}, volumeMode: Filesystem"),
            "",
        ),
    ]
}

fn folder(text: &str) -> Files {
    let rest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rest}\n";
    [("k/a.yaml", text), ("k/rest.yaml", rest)].into_iter().collect()
}

#[test]
fn each_rule_about_a_change_says_what_it_means() {
    let mut faults = Vec::new();
    for (rule, before, after, expect) in change_cases().into_iter().chain(volume_cases()) {
        let (before, after) = (folder(&before), folder(&after));
        let said = |findings: Vec<Finding>| -> Vec<String> {
            let of = findings.into_iter().filter(|f| f.rule == rule);
            of.map(|f| format!("{} {}", format!("{:?}", f.severity).to_lowercase(), f.message)).collect()
        };
        let expect: Vec<String> = if expect.is_empty() { Vec::new() } else { vec![expect.to_owned()] };
        let placed = verdict((&before, &after), "k", &Schemas::built_in(), (false, true)).of_change;
        assert!(placed.iter().all(|f| f.file.as_deref() == Some("k/a.yaml") && f.line.is_some()), "{placed:?}");
        if said(placed.clone()) != expect {
            faults.push(format!("{rule}: {:?} instead of {expect:?}", said(placed)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_rule_is_in_a_table_and_has_its_name_once() {
    let mut names: Vec<&str> = RULES.iter().map(|r| r.id).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
    let rows = object_cases().into_iter().chain(rendering_cases()).map(|row| (row.0, !row.2.is_empty()));
    let told: BTreeSet<&str> =
        rows.chain(change_cases().into_iter().map(|row| (row.0, !row.3.is_empty()))).filter(|r| r.1).map(|r| r.0).collect();
    for rule in RULES {
        assert!(rule.about.ends_with('.'), "{}", rule.id);
        let elsewhere = matches!(rule.look, Look::Reading | Look::Text(_));
        assert!(elsewhere || told.contains(rule.id), "{} has no case", rule.id);
    }
}

#[test]
fn an_overlay_that_mends_it_is_not_blamed_and_a_base_is_told_of_once() {
    let base =
        deployment("  replicas: 0\n", "      containers:\n      - {name: c, image: web}\n      - {name: d, image: 'x:1'}\n");
    let overlay = "resources: [../b]\nreplicas: [{name: web, count: 2}]\nimages:\n- {name: web, newTag: v1}\n";
    let loose = "resources: [../b]\nimages:\n- {name: x, newTag: latest}\n- {name: web, newTag: v1}\n";
    let patched = "resources: [../b]\npatches:\n- patch: |-\n    kind: Deployment\n    apiVersion: apps/v1\n    metadata: {name: web, namespace: n}\n    spec:\n      template:\n        spec:\n          containers:\n          - name: c\n            image: web:latest\n";
    let files: Files = [
        ("k/b/kustomization.yaml", "resources: [web.yaml]\n"),
        ("k/b/web.yaml", base.as_str()),
        ("k/o/kustomization.yaml", overlay),
        ("k/p/kustomization.yaml", loose),
        ("k/q/kustomization.yaml", patched),
    ]
    .into_iter()
    .collect();
    let found = |rule: &str| -> Vec<String> {
        let findings = lint(&files, "k", &Schemas::built_in());
        let of = findings.iter().filter(|f| f.rule == rule);
        of.map(|f| format!("{}:{}:{}", f.file.clone().unwrap_or_default(), f.line.unwrap_or(0), f.column.unwrap_or(0))).collect()
    };
    assert_eq!(found("replicas-zero"), ["k/b/web.yaml:6:13"]);
    assert_eq!(found("image-latest"), ["k/p/kustomization.yaml:3:21", "k/q/kustomization.yaml:12:20"]);
    // Three overlays say the same two containers of one base.
    assert_eq!(found("no-limits"), ["k/b/web.yaml:11:9", "k/b/web.yaml:12:9"]);
}

#[test]
fn texts_that_cannot_be_read_are_findings_with_line_and_column() {
    let one = |text: &str| check(&[("k/a.yaml", text)].into_iter().collect(), "k");
    let findings = one("a: [1,\nb: 2\n");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].rule.as_str(), findings[0].severity), ("yaml-syntax", Severity::Error));
    assert!(findings[0].message.starts_with("line "), "{}", findings[0].message);
    assert_eq!(told(&one("kind: A\nmetadata: {name: a}\nx: 1\nx: 2\n")), ["4:1 error duplicate-key"]);
    let wrong = container("        ports: [{containerPort: eighty}]\n");
    let files: Files = [("k/a.yaml", wrong.as_str())].into_iter().collect();
    let findings = verdict((&files, &files), "k", &Schemas::built_in(), (false, true)).findings;
    assert_eq!(told(&findings)[0], "13:33 error schema-type");
    let files: Files = [("k/kustomization.yaml", "resources: [none.yaml]\n")].into_iter().collect();
    assert_eq!(told(&check(&files, "k")), ["1:13 error build"]);
    let files: Files = [("k/kustomization.yaml", "resources: ['https://host/base?ref=v1']\n")].into_iter().collect();
    assert_eq!(
        check(&files, "k").iter().map(|f| (f.rule.as_str(), f.severity)).collect::<Vec<_>>(),
        [("not-rendered", Severity::Info)]
    );
}

#[test]
fn many_faults_of_one_large_text_are_told_in_one_reading_of_it() {
    // Were the text read again for each of them, this would take minutes.
    let one = |n: usize| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\ndata:\n  说: '{}'\nodd{n}: 1\n", "x".repeat(200))
    };
    let text = (0..900).map(one).collect::<Vec<_>>().join("---\n");
    let mut files: Files =
        [("base/all.yaml", text.as_str()), ("base/kustomization.yaml", "resources: [all.yaml]\n")].into_iter().collect();
    for overlay in ["a", "b"] {
        files.insert(format!("{overlay}/kustomization.yaml"), "resources: [../base]\n");
    }
    let findings = lint(&files, "", &Schemas::built_in());
    let told: Vec<&Finding> = findings.iter().filter(|f| f.rule == "schema-unknown-field").collect();
    assert_eq!(told.len(), 900);
    assert_eq!(told[899].line.zip(told[899].column), Some((900 * 7 - 1, 1)), "{:?}", told[899]);
}

#[test]
fn what_is_no_object_makes_no_noise() {
    let files: Files = [
        ("chart/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("chart/values.yaml", "image: {repository: a, tag: latest}\npassword: ''\n"),
        ("chart/templates/web.yaml", "{{- if .Values.web }}\nkind: Deployment\n{{ end }}\n"),
        (".sops.yaml", "creation_rules:\n- path_regex: .*\n"),
        ("ci.yaml", "on: [push]\njobs: {a: {steps: [{run: 'echo ${{ secrets.TOKEN }}'}]}}\n"),
        (
            "k/kustomization.yaml",
            "configMapGenerator: [{name: c, files: [app.yaml]}]\nsecretGenerator: [{name: s, literals: ['user=${USER}']}]\n",
        ),
        ("k/app.yaml", "kind: Setting\nserver: {port: 80}\n"),
    ]
    .into_iter()
    .collect();
    let findings = lint(&files, "", &Schemas::built_in());
    assert_eq!(findings, [], "{findings:?}");
}

#[test]
fn patches_are_read_as_patches_whether_somebody_takes_them_or_not() {
    let gone = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {serviceName: null, updateStrategy: {$patch: delete}}\n";
    let files: Files = [
        ("k/kustomization.yaml", "resources: [web.yaml]\npatches: [{path: patches/web.yaml}]\n"),
        ("k/web.yaml", &container("").replace(", namespace: n", "")),
        ("k/patches/web.yaml", gone),
        ("k/patches/db/spare.yaml", gone),
        ("k/web_patch.yaml", gone),
    ]
    .into_iter()
    .collect();
    assert_eq!(lint(&files, "k", &Schemas::built_in()), []);
}

#[test]
fn names_of_other_folders_are_known_and_no_message_steers_a_terminal() {
    let wants = container("        envFrom: [{configMapRef: {name: shared}}]\n");
    let shared = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\n";
    let files: Files = [("k/a/web.yaml", wants.as_str()), ("k/b/shared.yaml", shared)].into_iter().collect();
    assert_eq!(lint(&files, "k", &Schemas::built_in()), []);
    assert_eq!(told(&lint(&files, "k/a", &Schemas::built_in())), ["13:41 info reference-outside"]);
    let odd = deployment("", "      containers:\n      - {name: \"a\\e[31m\", image: web}\n");
    let findings = check(&[("k/a.yaml", odd)].into_iter().collect(), "k");
    assert!(!findings.is_empty() && findings.iter().all(|f| !f.message.contains('\u{1b}')), "{findings:?}");
}
