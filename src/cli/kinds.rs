//! What people type for kinds: short names, plurals, any case.

use domain::flux::Kind;

/// What people type for kinds that are not Flux's.
const WORDS: &[(&str, &[&str])] = &[
    ("Deployment", &["deployments", "deploy"]),
    ("StatefulSet", &["statefulsets", "sts"]),
    ("DaemonSet", &["daemonsets", "ds"]),
    ("ReplicaSet", &["replicasets", "rs"]),
    ("Pod", &["pods", "po"]),
    ("Service", &["services", "svc"]),
    ("ConfigMap", &["configmaps", "cm"]),
    ("Secret", &["secrets"]),
    ("ServiceAccount", &["serviceaccounts", "sa"]),
    ("Namespace", &["namespaces", "ns"]),
    ("Job", &["jobs"]),
    ("CronJob", &["cronjobs", "cj"]),
    ("Ingress", &["ingresses", "ing"]),
    ("PersistentVolumeClaim", &["persistentvolumeclaims", "pvc"]),
    ("HorizontalPodAutoscaler", &["horizontalpodautoscalers", "hpa"]),
    ("PodDisruptionBudget", &["poddisruptionbudgets", "pdb"]),
    ("NetworkPolicy", &["networkpolicies", "netpol"]),
    ("Role", &["roles"]),
    ("RoleBinding", &["rolebindings"]),
    ("ClusterRole", &["clusterroles"]),
    ("ClusterRoleBinding", &["clusterrolebindings"]),
    ("StorageClass", &["storageclasses", "sc"]),
    ("CustomResourceDefinition", &["customresourcedefinitions", "crd", "crds"]),
];

/// Returns the kind that a word means.
pub(super) fn by_word(word: &str) -> Option<&'static str> {
    if let Some(flux) = Kind::by_word(word) {
        return Some(flux.name);
    }
    let lower = word.to_ascii_lowercase();
    let found = WORDS.iter().find(|(kind, words)| kind.eq_ignore_ascii_case(word) || words.contains(&lower.as_str()));
    found.map(|(kind, _)| *kind)
}

/// Tells whether objects of a kind are in no namespace.
pub(super) fn is_global(kind: &str) -> bool {
    const GLOBAL: [&str; 5] = ["Namespace", "ClusterRole", "ClusterRoleBinding", "StorageClass", "CustomResourceDefinition"];
    GLOBAL.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_a_kind() {
        for (word, want) in [
            ("ks", Some("Kustomization")),
            ("deploy", Some("Deployment")),
            ("Pod", Some("Pod")),
            ("PODS", Some("Pod")),
            ("Widget", None),
        ] {
            assert_eq!(by_word(word), want, "{word}");
        }
    }
}
