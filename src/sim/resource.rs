//! The table of everything that the simulated API server serves: one line per resource.

use std::sync::LazyLock;

use domain::flux::{KINDS, kinds::Family};

/// Says which features a resource has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent features of a resource, each yes or no")]
pub(crate) struct Traits {
    /// Objects live in namespaces.
    pub(crate) namespaced: bool,
    /// There is a `/status`.
    pub(crate) status: bool,
    /// There is a `/scale`.
    pub(crate) scale: bool,
    /// `metadata.generation` is kept.
    pub(crate) generation: bool,
}

/// Holds what is known of one resource.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Its place in the table.
    pub(crate) index: usize,
    /// The API group, empty for the core.
    pub(crate) group: &'static str,
    /// The served version.
    pub(crate) version: &'static str,
    /// The kind.
    pub(crate) kind: &'static str,
    /// The plural name in URLs.
    pub(crate) plural: &'static str,
    /// Short names.
    pub(crate) short: &'static [&'static str],
    /// Categories.
    pub(crate) categories: &'static [&'static str],
    /// Its features.
    pub(crate) traits: Traits,
    /// Whether it is a custom resource (merge rules, required fields).
    pub(crate) custom: bool,
}

impl Resource {
    /// Returns `group/version`, or the version alone in the core group.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Returns the plural with its group, as messages name it.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Tells whether it is of this kind of the core or apps groups or Flux (kinds are unique in the table but for Event).
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind == kind && self.group != EVENTS
    }

    /// Tells whether objects of it may only be posted, never kept.
    pub(crate) fn review(&self) -> bool {
        self.kind.ends_with("Review")
    }

    /// Tells whether it is the second view of the core events.
    pub(crate) fn mirrors_events(&self) -> bool {
        self.group == EVENTS
    }

    /// Returns the verbs, in the order in which the real server lists them.
    pub(crate) fn verbs(&self) -> &'static [&'static str] {
        match (self.review(), self.custom) {
            (true, _) => &["create"],
            (false, true) => &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
            (false, false) if self.kind == "Namespace" => &["create", "delete", "get", "list", "patch", "update", "watch"],
            (false, false) => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        }
    }
}

const EVENTS: &str = "events.k8s.io";
const ALL: &[&str] = &["all"];
const NONE: &[&str] = &[];

type Line =
    (&'static str, &'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static str);

/// Group, version, kind, plural, short names, categories, features: `n`amespaced, `s`tatus, `c` scale, `g`eneration.
const BUILT_IN: &[Line] = &[
    ("", "v1", "Namespace", "namespaces", &["ns"], NONE, "s"),
    ("", "v1", "Node", "nodes", &["no"], NONE, "s"),
    ("", "v1", "Pod", "pods", &["po"], ALL, "nsg"),
    ("", "v1", "Service", "services", &["svc"], ALL, "ns"),
    ("", "v1", "ConfigMap", "configmaps", &["cm"], NONE, "n"),
    ("", "v1", "Secret", "secrets", NONE, NONE, "n"),
    ("", "v1", "ServiceAccount", "serviceaccounts", &["sa"], NONE, "n"),
    ("", "v1", "Event", "events", &["ev"], NONE, "n"),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", &["pvc"], NONE, "ns"),
    ("", "v1", "ResourceQuota", "resourcequotas", &["quota"], NONE, "ns"),
    ("", "v1", "LimitRange", "limitranges", &["limits"], NONE, "n"),
    ("apps", "v1", "Deployment", "deployments", &["deploy"], ALL, "nscg"),
    ("apps", "v1", "ReplicaSet", "replicasets", &["rs"], ALL, "nscg"),
    ("apps", "v1", "StatefulSet", "statefulsets", &["sts"], ALL, "nscg"),
    ("apps", "v1", "DaemonSet", "daemonsets", &["ds"], ALL, "nsg"),
    ("apps", "v1", "ControllerRevision", "controllerrevisions", NONE, NONE, "n"),
    (EVENTS, "v1", "Event", "events", &["ev"], NONE, "n"),
    ("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", NONE, NONE, ""),
    ("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", NONE, NONE, ""),
    ("authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", NONE, NONE, ""),
    ("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", NONE, NONE, ""),
    ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", &["hpa"], ALL, "ns"),
    ("batch", "v1", "CronJob", "cronjobs", &["cj"], ALL, "nsg"),
    ("batch", "v1", "Job", "jobs", NONE, ALL, "nsg"),
    ("networking.k8s.io", "v1", "Ingress", "ingresses", &["ing"], NONE, "nsg"),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", &["netpol"], NONE, "ng"),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", &["pdb"], NONE, "nsg"),
    ("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", NONE, NONE, ""),
    ("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", NONE, NONE, ""),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles", NONE, NONE, "n"),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", NONE, NONE, "n"),
    (
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        &["crd", "crds"],
        &["api-extensions"],
        "sg",
    ),
];

/// The short names that the Flux definitions really give.
const FLUX_SHORT: &[(&str, &[&str])] = &[
    ("GitRepository", &["gitrepo"]),
    ("OCIRepository", &["ocirepo"]),
    ("HelmRepository", &["helmrepo"]),
    ("HelmChart", &["hc"]),
    ("ExternalArtifact", &["ea"]),
    ("ArtifactGenerator", &["ag"]),
    ("Kustomization", &["ks"]),
    ("HelmRelease", &["hr"]),
    ("ImageRepository", &["imgrepo", "imagerepo"]),
    ("ImagePolicy", &["imgpol", "imagepol"]),
    ("ImageUpdateAutomation", &["iua", "imgupd", "imgauto"]),
    ("ResourceSet", &["rset"]),
    ("ResourceSetInputProvider", &["rsip"]),
];

/// Every resource.
pub(crate) static RESOURCES: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    let built_in = BUILT_IN.iter().map(|&(group, version, kind, plural, short, categories, features)| {
        let has = |c: char| features.contains(c);
        let traits = Traits { namespaced: has('n'), status: has('s'), scale: has('c'), generation: has('g') };
        Resource { index: 0, group, version, kind, plural, short, categories, traits, custom: false }
    });
    let flux = KINDS.iter().map(|kind| Resource {
        index: 0,
        group: kind.group,
        version: kind.versions.first().copied().unwrap_or("v1"),
        kind: kind.name,
        plural: kind.plural,
        short: FLUX_SHORT.iter().find(|(name, _)| *name == kind.name).map_or(NONE, |(_, short)| short),
        categories: match kind.family {
            Family::Source => &["all", "fluxcd", "fluxcd-sources"],
            Family::Apply => &["all", "fluxcd", "fluxcd-appliers"],
            Family::Image => &["all", "fluxcd", "fluxcd-images"],
            Family::Notify => &["all", "fluxcd", "fluxcd-notifications"],
            Family::Operator => NONE,
        },
        traits: Traits { namespaced: true, status: kind.has_status, scale: false, generation: true },
        custom: true,
    });
    built_in.chain(flux).enumerate().map(|(index, resource)| Resource { index, ..resource }).collect()
});

/// Finds a resource by its place in URLs.
pub(crate) fn by_path(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|r| r.group == group && r.version == version && r.plural == plural)
}

/// Finds a resource by API version and kind.
pub(crate) fn by_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    RESOURCES.iter().find(|r| r.group == group && r.version == version && r.kind == kind)
}

/// Finds a resource by group and kind, whatever its version.
pub(crate) fn by_group_kind(group: &str, kind: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|r| r.group == group && r.kind == kind)
}

/// Finds a resource of this crate's own table by a kind that is known to be in it.
pub(crate) fn of(kind: &str) -> &'static Resource {
    RESOURCES.iter().find(|r| r.is(kind)).unwrap_or(&RESOURCES[0])
}

/// Tells whether a kind belongs to an add-on that a plain Flux distribution does not install.
pub(crate) fn add_on(resource: &Resource) -> bool {
    resource.kind == "ArtifactGenerator" || resource.group == "fluxcd.controlplane.io"
}
