//! Which fields name which kinds.

use crate::build::config::Referrers;
use crate::build::fieldspec::{FieldSpec, grouped, spec};

/// The version that a `v1` of the core group or of any other is asked for by.
const V1: &str = "v1";

/// Where a Pod's specification stands in a kind, and whether the fields there are asked for in `v1` only.
const PODS: &[(&str, &str, bool)] = &[
    ("Pod", "spec", true),
    ("PodTemplate", "template/spec", false),
    ("Deployment", "spec/template/spec", false),
    ("ReplicaSet", "spec/template/spec", false),
    ("DaemonSet", "spec/template/spec", false),
    ("StatefulSet", "spec/template/spec", false),
    ("Job", "spec/template/spec", false),
    ("CronJob", "spec/jobTemplate/spec/template/spec", false),
];
/// The same for accounts, claims and priorities, which kustomize looks for in other kinds.
const RUNNERS: &[(&str, &str, bool)] = &[
    ("Pod", "spec", false),
    ("StatefulSet", "spec/template/spec", false),
    ("Deployment", "spec/template/spec", false),
    ("ReplicationController", "spec/template/spec", false),
    ("CronJob", "spec/jobTemplate/spec/template/spec", false),
    ("Job", "spec/template/spec", false),
    ("DaemonSet", "spec/template/spec", false),
];

const CONFIG_MAP: &[&str] = &[
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
];
const SECRET: &[&str] = &[
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
];
const SCALE: &[FieldSpec] = &[spec("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false)];
const RBAC: &str = "rbac.authorization.k8s.io";
const HOOKS: &str = "admissionregistration.k8s.io";

fn among(places: &[(&'static str, &'static str, bool)], fields: &[&str]) -> Vec<FieldSpec> {
    places
        .iter()
        .flat_map(|(kind, base, versioned)| {
            fields.iter().map(move |field| FieldSpec {
                version: if *versioned { V1.into() } else { "".into() },
                path: format!("{base}/{field}").into(),
                ..spec(kind, "", false)
            })
        })
        .collect()
}

fn config_map() -> Vec<FieldSpec> {
    let mut fields = among(PODS, CONFIG_MAP);
    fields.extend([
        spec("Node", "spec/configSource/configMap", false),
        spec("Role", "rules/resourceNames", false),
        spec("ClusterRole", "rules/resourceNames", false),
        spec("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap", false),
    ]);
    fields
}

fn secret() -> Vec<FieldSpec> {
    let mut fields = among(PODS, SECRET);
    fields.extend([
        spec("Ingress", "spec/tls/secretName", false),
        spec("Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret", false),
        spec("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret", false),
        spec("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret", false),
        spec("ServiceAccount", "imagePullSecrets/name", false),
        spec("StorageClass", "parameters/secretName", false),
        spec("StorageClass", "parameters/adminSecretName", false),
        spec("StorageClass", "parameters/userSecretName", false),
        spec("StorageClass", "parameters/secretRef", false),
        spec("Role", "rules/resourceNames", false),
        spec("ClusterRole", "rules/resourceNames", false),
        FieldSpec {
            version: V1.into(),
            ..grouped("serving.knative.dev", "Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false)
        },
        spec("PersistentVolume", "spec/azureFile/secretName", false),
    ]);
    fields
}

const SERVICE: &[FieldSpec] = &[
    grouped("apps", "StatefulSet", "spec/serviceName", false),
    spec("Ingress", "spec/rules/http/paths/backend/serviceName", false),
    spec("Ingress", "spec/backend/serviceName", false),
    spec("Ingress", "spec/rules/http/paths/backend/service/name", false),
    spec("Ingress", "spec/defaultBackend/service/name", false),
    grouped("apiregistration.k8s.io", "APIService", "spec/service/name", false),
    grouped(HOOKS, "ValidatingWebhookConfiguration", "webhooks/clientConfig/service", false),
    grouped(HOOKS, "MutatingWebhookConfiguration", "webhooks/clientConfig/service", false),
];

fn account() -> Vec<FieldSpec> {
    let mut fields =
        vec![grouped(RBAC, "RoleBinding", "subjects", false), grouped(RBAC, "ClusterRoleBinding", "subjects", false)];
    fields.extend(among(RUNNERS, &["serviceAccountName"]));
    fields
}

fn of(group: &'static str, version: &'static str, kind: &'static str, fields: Vec<FieldSpec>) -> Referrers {
    Referrers { target: FieldSpec { version: version.into(), ..grouped(group, kind, "", false) }, fields }
}

/// Returns what refers to what, in the order in which kustomize goes through it.
pub(super) fn defaults() -> Vec<Referrers> {
    vec![
        of(
            "storage.k8s.io",
            V1,
            "StorageClass",
            vec![
                spec("PersistentVolume", "spec/storageClassName", false),
                spec("PersistentVolumeClaim", "spec/storageClassName", false),
                spec("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName", false),
            ],
        ),
        of("", V1, "ServiceAccount", account()),
        of(RBAC, "", "Role", vec![grouped(RBAC, "RoleBinding", "roleRef/name", false)]),
        of(
            RBAC,
            "",
            "ClusterRole",
            vec![grouped(RBAC, "RoleBinding", "roleRef/name", false), grouped(RBAC, "ClusterRoleBinding", "roleRef/name", false)],
        ),
        of("", V1, "ConfigMap", config_map()),
        of("", V1, "Secret", secret()),
        of("", V1, "Service", SERVICE.to_vec()),
        of("scheduling.k8s.io", V1, "PriorityClass", among(RUNNERS, &["priorityClassName"])),
        of(
            "",
            V1,
            "PersistentVolume",
            vec![spec("PersistentVolumeClaim", "spec/volumeName", false), spec("ClusterRole", "rules/resourceNames", false)],
        ),
        of("", V1, "PersistentVolumeClaim", among(RUNNERS, &["volumes/persistentVolumeClaim/claimName"])),
        of("", "", "Deployment", SCALE.to_vec()),
        of("", "", "StatefulSet", SCALE.to_vec()),
        of(
            HOOKS,
            "",
            "ValidatingAdmissionPolicy",
            vec![grouped(HOOKS, "ValidatingAdmissionPolicyBinding", "spec/policyName", false)],
        ),
        // The group is written so in kustomize, and no object has it.
        of("networking.k8s.io/v1", V1, "IngressClass", vec![spec("Ingress", "spec/ingressClassName", false)]),
        of("", "", "ReplicaSet", SCALE.to_vec()),
        of("", "", "ReplicationController", SCALE.to_vec()),
    ]
}
