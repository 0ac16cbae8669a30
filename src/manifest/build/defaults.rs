//! The fields that kustomize's transformations touch when nothing else is configured.

use crate::build::fieldspec::{FieldSpec, first, grouped, spec};

/// Where namespaces stand besides the object's own.
pub(super) const NAMESPACE: &[FieldSpec] = &[
    spec("Namespace", "metadata/name", true),
    grouped("apiregistration.k8s.io", "APIService", "spec/service/namespace", true),
    grouped("apiextensions.k8s.io", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace", false),
];

/// Where names stand that get a prefix or suffix.
pub(super) const NAMES: &[FieldSpec] = &[spec("", "metadata/name", false)];

/// What never gets a prefix or suffix.
pub(super) const UNTOUCHED: &[FieldSpec] = &[
    spec("CustomResourceDefinition", "", false),
    grouped("apiregistration.k8s.io", "APIService", "", false),
    spec("Namespace", "", false),
];

/// Where labels stand besides selectors; the first is the object's own.
pub(super) const TEMPLATES: &[FieldSpec] = &[
    spec("", "metadata/labels", true),
    first("ReplicationController", "spec/template/metadata/labels", true),
    spec("Deployment", "spec/template/metadata/labels", true),
    spec("ReplicaSet", "spec/template/metadata/labels", true),
    spec("DaemonSet", "spec/template/metadata/labels", true),
    grouped("apps", "StatefulSet", "spec/template/metadata/labels", true),
    grouped("apps", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
    grouped("batch", "Job", "spec/template/metadata/labels", true),
    grouped("batch", "CronJob", "spec/jobTemplate/metadata/labels", true),
    grouped("batch", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
];

/// Where selectors stand.
pub(super) const SELECTORS: &[FieldSpec] = &[
    first("Service", "spec/selector", true),
    first("ReplicationController", "spec/selector", true),
    spec("Deployment", "spec/selector/matchLabels", true),
    spec("ReplicaSet", "spec/selector/matchLabels", true),
    spec("DaemonSet", "spec/selector/matchLabels", true),
    grouped("apps", "StatefulSet", "spec/selector/matchLabels", true),
    grouped("apps", "Deployment", PREFERRED_NEAR, false),
    grouped("apps", "Deployment", REQUIRED_NEAR, false),
    grouped("apps", "Deployment", PREFERRED_FAR, false),
    grouped("apps", "Deployment", REQUIRED_FAR, false),
    grouped("apps", "Deployment", SPREAD, false),
    grouped("apps", "StatefulSet", PREFERRED_NEAR, false),
    grouped("apps", "StatefulSet", REQUIRED_NEAR, false),
    grouped("apps", "StatefulSet", PREFERRED_FAR, false),
    grouped("apps", "StatefulSet", REQUIRED_FAR, false),
    grouped("apps", "StatefulSet", SPREAD, false),
    grouped("batch", "Job", "spec/selector/matchLabels", false),
    grouped("batch", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    grouped("policy", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    grouped("networking.k8s.io", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    grouped("networking.k8s.io", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    grouped("networking.k8s.io", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

const PREFERRED_NEAR: &str = "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels";
const REQUIRED_NEAR: &str =
    "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels";
const PREFERRED_FAR: &str = "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels";
const REQUIRED_FAR: &str =
    "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels";
const SPREAD: &str = "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels";

/// Where annotations stand.
pub(super) const ANNOTATIONS: &[FieldSpec] = &[
    spec("", "metadata/annotations", true),
    first("ReplicationController", "spec/template/metadata/annotations", true),
    spec("Deployment", "spec/template/metadata/annotations", true),
    spec("ReplicaSet", "spec/template/metadata/annotations", true),
    spec("DaemonSet", "spec/template/metadata/annotations", true),
    spec("StatefulSet", "spec/template/metadata/annotations", true),
    grouped("batch", "Job", "spec/template/metadata/annotations", true),
    grouped("batch", "CronJob", "spec/jobTemplate/metadata/annotations", true),
    grouped("batch", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
];

/// Where images stand besides the containers that are found everywhere.
pub(super) const IMAGES: &[FieldSpec] = &[
    spec("", "spec/containers[]/image", true),
    spec("", "spec/initContainers[]/image", true),
    spec("", "spec/volumes[]/image/reference", true),
    spec("", "spec/template/spec/containers[]/image", true),
    spec("", "spec/template/spec/initContainers[]/image", true),
    spec("", "spec/template/spec/volumes[]/image/reference", true),
];

/// Where `replicas:` writes.
pub(super) const REPLICAS: &[FieldSpec] = &[
    spec("Deployment", "spec/replicas", true),
    spec("ReplicationController", "spec/replicas", true),
    spec("ReplicaSet", "spec/replicas", true),
    spec("StatefulSet", "spec/replicas", true),
];
