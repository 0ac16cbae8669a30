//! Names that objects call each other by: when an object's name changed, those that refer to it follow.

use crate::build::fieldspec::walk;
use crate::build::resource::Resource;
use crate::yaml::{Data, Val};

/// Where a Pod's specification stands in a kind.
const PODS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// Holds what refers to one kind: fields of Pod specifications, and fields of other kinds.
struct References {
    kind: &'static str,
    pods: &'static [&'static str],
    fields: &'static [(&'static str, &'static str)],
}

const REFERENCES: &[References] = &[
    References { kind: "Deployment", pods: &[], fields: &[("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")] },
    References { kind: "ReplicationController", pods: &[], fields: &[("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")] },
    References { kind: "ReplicaSet", pods: &[], fields: &[("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")] },
    References { kind: "StatefulSet", pods: &[], fields: &[("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")] },
    References {
        kind: "ConfigMap",
        pods: &[
            "volumes/configMap/name",
            "containers/env/valueFrom/configMapKeyRef/name",
            "initContainers/env/valueFrom/configMapKeyRef/name",
            "containers/envFrom/configMapRef/name",
            "initContainers/envFrom/configMapRef/name",
            "volumes/projected/sources/configMap/name",
        ],
        fields: &[("Role", "rules/resourceNames"), ("ClusterRole", "rules/resourceNames")],
    },
    References {
        kind: "Secret",
        pods: &[
            "volumes/secret/secretName",
            "containers/env/valueFrom/secretKeyRef/name",
            "initContainers/env/valueFrom/secretKeyRef/name",
            "containers/envFrom/secretRef/name",
            "initContainers/envFrom/secretRef/name",
            "imagePullSecrets/name",
            "volumes/projected/sources/secret/name",
        ],
        fields: &[
            ("Ingress", "spec/tls/secretName"),
            ("ServiceAccount", "imagePullSecrets/name"),
            ("StorageClass", "parameters/secretName"),
            ("StorageClass", "parameters/adminSecretName"),
            ("StorageClass", "parameters/userSecretName"),
            ("StorageClass", "parameters/secretRef"),
            ("Role", "rules/resourceNames"),
            ("ClusterRole", "rules/resourceNames"),
            ("PersistentVolume", "spec/azureFile/secretName"),
        ],
    },
    References {
        kind: "Service",
        pods: &[],
        fields: &[
            ("StatefulSet", "spec/serviceName"),
            ("Ingress", "spec/rules/http/paths/backend/serviceName"),
            ("Ingress", "spec/backend/serviceName"),
            ("Ingress", "spec/rules/http/paths/backend/service/name"),
            ("Ingress", "spec/defaultBackend/service/name"),
            ("APIService", "spec/service/name"),
            ("ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
            ("MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
        ],
    },
    References { kind: "Role", pods: &[], fields: &[("RoleBinding", "roleRef/name")] },
    References {
        kind: "ClusterRole",
        pods: &[],
        fields: &[("RoleBinding", "roleRef/name"), ("ClusterRoleBinding", "roleRef/name")],
    },
    References {
        kind: "ServiceAccount",
        pods: &["serviceAccountName"],
        fields: &[("RoleBinding", "subjects"), ("ClusterRoleBinding", "subjects")],
    },
    References { kind: "PersistentVolumeClaim", pods: &["volumes/persistentVolumeClaim/claimName"], fields: &[] },
    References {
        kind: "PersistentVolume",
        pods: &[],
        fields: &[("PersistentVolumeClaim", "spec/volumeName"), ("ClusterRole", "rules/resourceNames")],
    },
    References {
        kind: "StorageClass",
        pods: &[],
        fields: &[
            ("PersistentVolume", "spec/storageClassName"),
            ("PersistentVolumeClaim", "spec/storageClassName"),
            ("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
        ],
    },
    References { kind: "PriorityClass", pods: &["priorityClassName"], fields: &[] },
    References { kind: "IngressClass", pods: &[], fields: &[("Ingress", "spec/ingressClassName")] },
];

/// What the others see of an object.
#[derive(Clone)]
struct Known {
    kind: String,
    former: Vec<String>,
    name: String,
    namespace: String,
    scoped: bool,
    around: Vec<(String, String)>,
}

/// Rewrites every reference whose target has a new name.
pub(super) fn fix(resources: &mut [Resource]) {
    let known: Vec<Known> = resources
        .iter()
        .map(|r| {
            let id = r.id();
            Known {
                kind: r.kind(),
                former: r.before.iter().map(|b| b.name.clone()).collect(),
                name: id.name,
                namespace: id.namespace,
                scoped: !r.cluster_scoped(),
                around: r.around.iter().filter(|(p, s)| !p.is_empty() || !s.is_empty()).cloned().collect(),
            }
        })
        .collect();
    for (at, resource) in resources.iter_mut().enumerate() {
        let Some(me) = known.get(at) else { continue };
        let kind = me.kind.clone();
        let role = resource.val.at(&["roleRef", "kind"]).and_then(Val::scalar);
        for target in REFERENCES {
            let candidates: Vec<&Known> =
                known.iter().filter(|k| k.kind == target.kind && !k.former.is_empty() && reachable(me, k)).collect();
            if candidates.is_empty() {
                continue;
            }
            let pods = PODS
                .iter()
                .filter(|(k, _)| *k == kind)
                .flat_map(|(_, base)| target.pods.iter().map(move |p| format!("{base}/{p}")));
            let fields = target.fields.iter().filter(|(k, _)| *k == kind).map(|(_, p)| (*p).to_owned());
            for path in pods.chain(fields) {
                if path == "roleRef/name" && role.as_deref() != Some(target.kind) {
                    continue;
                }
                let path: Vec<&str> = path.split('/').collect();
                walk(&mut resource.val, &path, false, &mut |slot| follow(slot, me, &candidates));
            }
        }
    }
}

fn reachable(me: &Known, other: &Known) -> bool {
    !me.scoped || !other.scoped || other.kind == "ServiceAccount" || me.namespace == other.namespace
}

fn follow(slot: &mut Val, me: &Known, candidates: &[&Known]) {
    match &mut slot.data {
        Data::List(items) => items.iter_mut().for_each(|item| follow(item, me, candidates)),
        Data::Text(name) => {
            if let Some(found) = choose(name, me, candidates) {
                name.clone_from(&found.name);
            }
        }
        Data::Map(map) => {
            let named = map.get("name").and_then(Val::scalar).unwrap_or_default();
            let namespace = map.get("namespace").and_then(Val::scalar);
            let there: Vec<&Known> =
                candidates.iter().filter(|k| namespace.as_ref().is_none_or(|ns| *ns == k.namespace)).copied().collect();
            let there = if there.is_empty() { candidates.to_vec() } else { there };
            if let Some(found) = choose(&named, me, &there) {
                slot.set("name", Val::text(found.name.clone()));
                if !found.namespace.is_empty() {
                    slot.set("namespace", Val::text(found.namespace.clone()));
                }
            }
        }
        _ => {}
    }
}

/// Returns the object that a name means: the only one that had it, else the one with the same prefixes and suffixes.
fn choose<'k>(name: &str, me: &Known, candidates: &[&'k Known]) -> Option<&'k Known> {
    let named: Vec<&'k Known> = candidates.iter().filter(|k| k.former.iter().any(|f| f == name)).copied().collect();
    match named.as_slice() {
        [] => None,
        [one] => Some(*one),
        several => several
            .iter()
            .find(|k| k.around == me.around)
            .or_else(|| {
                let same = several.iter().all(|k| k.name == several[0].name);
                several.first().filter(|_| same)
            })
            .copied(),
    }
}
