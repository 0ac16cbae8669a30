//! What kustomize knows of Kubernetes' own kinds: which stand in no namespace, and which of their lists merge by which keys.
//!
//! kustomize carries the schema of Kubernetes 1.21; newer kinds and versions are strangers to it, and so they are here, or
//! the result would be another.

/// The namespace of what has none.
pub(super) const NOWHERE: &str = "_non_namespaceable_";

/// Holds the kinds of one API version: those in a namespace, those without.
struct Known(&'static str, &'static [&'static str], &'static [&'static str]);

const HOOKS: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
const ROLES: &[&str] = &["Role", "RoleBinding"];
const CLUSTER_ROLES: &[&str] = &["ClusterRole", "ClusterRoleBinding"];

const KNOWN: &[Known] = &[
    Known("admissionregistration.k8s.io/v1", &[], HOOKS),
    Known("admissionregistration.k8s.io/v1beta1", &[], HOOKS),
    Known("apiextensions.k8s.io/v1", &[], &["CustomResourceDefinition"]),
    Known("apiextensions.k8s.io/v1beta1", &[], &["CustomResourceDefinition"]),
    Known("apiregistration.k8s.io/v1", &[], &["APIService"]),
    Known("apiregistration.k8s.io/v1beta1", &[], &["APIService"]),
    Known("apps/v1", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], &[]),
    Known("autoscaling/v1", &["HorizontalPodAutoscaler", "Scale"], &[]),
    Known("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], &[]),
    Known("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], &[]),
    Known("batch/v1", &["CronJob", "Job"], &[]),
    Known("batch/v1beta1", &["CronJob"], &[]),
    Known("certificates.k8s.io/v1", &[], &["CertificateSigningRequest"]),
    Known("certificates.k8s.io/v1beta1", &[], &["CertificateSigningRequest"]),
    Known("coordination.k8s.io/v1", &["Lease"], &[]),
    Known("coordination.k8s.io/v1beta1", &["Lease"], &[]),
    Known("discovery.k8s.io/v1", &["EndpointSlice"], &[]),
    Known("discovery.k8s.io/v1beta1", &["EndpointSlice"], &[]),
    Known("events.k8s.io/v1", &["Event"], &[]),
    Known("events.k8s.io/v1beta1", &["Event"], &[]),
    Known("extensions/v1beta1", &["Ingress"], &[]),
    Known("flowcontrol.apiserver.k8s.io/v1beta1", &[], &["FlowSchema", "PriorityLevelConfiguration"]),
    Known("networking.k8s.io/v1", &["Ingress", "NetworkPolicy"], &["IngressClass"]),
    Known("networking.k8s.io/v1beta1", &["Ingress"], &["IngressClass"]),
    Known("node.k8s.io/v1", &[], &["RuntimeClass"]),
    Known("node.k8s.io/v1beta1", &[], &["RuntimeClass"]),
    Known("policy/v1", &["PodDisruptionBudget"], &[]),
    Known("policy/v1beta1", &["PodDisruptionBudget"], &["PodSecurityPolicy"]),
    Known("rbac.authorization.k8s.io/v1", ROLES, CLUSTER_ROLES),
    Known("rbac.authorization.k8s.io/v1beta1", ROLES, CLUSTER_ROLES),
    Known("scheduling.k8s.io/v1", &[], &["PriorityClass"]),
    Known("scheduling.k8s.io/v1beta1", &[], &["PriorityClass"]),
    Known("storage.k8s.io/v1", &[], &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"]),
    Known("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"]),
    Known(
        "v1",
        &[
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
        &["ComponentStatus", "Namespace", "Node", "PersistentVolume"],
    ),
];

fn known(api_version: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.0 == api_version)
}

/// Tells whether a kind is known to stand in no namespace.
pub(super) fn cluster_scoped(api_version: &str, kind: &str) -> bool {
    known(api_version).is_some_and(|known| known.2.contains(&kind))
}

/// Names a shape of which the merge keys are known: a kind, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A kind with nothing but metadata and perhaps conditions.
    Plain,
    /// `metadata`.
    Meta,
    /// `status` and whatever else has `conditions`.
    Conditions,
    /// A Pod, or a template of one.
    Pod,
    PodStatus,
    PodSpec,
    /// PodTemplate, and what else has a `template`.
    Templated,
    /// Deployment, `StatefulSet`, `DaemonSet`, `ReplicaSet`, `ReplicationController`, Job.
    Workload,
    CronJob,
    CronJobSpec,
    Container,
    /// A container that is only attached; its ports are not merged.
    Attached,
    Volume,
    VolumeClaim,
    Service,
    ServiceSpec,
    ServiceAccount,
    Hooks,
    Node,
    NodeSpec,
    NodeStatus,
    Storage,
    StorageSpec,
    /// A part of which nothing more is known.
    Leaf,
}

/// Returns the shape of an object; nothing for kinds that are not known.
pub(super) fn shape(api_version: &str, kind: &str) -> Option<Shape> {
    let known = known(api_version)?;
    if !known.1.contains(&kind) && !known.2.contains(&kind) {
        return None;
    }
    Some(match kind {
        "Pod" => Shape::Pod,
        "PodTemplate" => Shape::Templated,
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => Shape::Workload,
        "CronJob" => Shape::CronJob,
        "Service" => Shape::Service,
        "ServiceAccount" => Shape::ServiceAccount,
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => Shape::Hooks,
        "Node" => Shape::Node,
        "CSINode" => Shape::Storage,
        "ComponentStatus" => Shape::Conditions,
        _ => Shape::Plain,
    })
}

/// Holds how a list of known shape merges: the keys of its items, none for a list of words.
pub(super) type Keys = &'static [&'static str];

/// Returns the shape of a field (of its items, for a list) and, for a list that merges, its keys.
pub(super) fn field(shape: Shape, name: &str) -> Option<(Shape, Option<Keys>)> {
    use Shape as S;
    let within = |shape| Some((shape, None));
    let merged = |shape, keys| Some((shape, Some(keys)));
    match (shape, name) {
        (S::Meta, "ownerReferences") => merged(S::Leaf, &["uid"][..]),
        (S::Meta, "finalizers") | (S::NodeSpec, "podCIDRs") => merged(S::Leaf, &[]),
        (S::Conditions | S::PodStatus | S::NodeStatus, "conditions") | (S::NodeStatus, "addresses") => merged(S::Leaf, &["type"]),
        (S::PodStatus, "podIPs") | (S::PodSpec, "hostAliases") => merged(S::Leaf, &["ip"]),
        (S::PodSpec, "containers" | "initContainers") => merged(S::Container, &["name"]),
        (S::PodSpec, "ephemeralContainers") => merged(S::Attached, &["name"]),
        (S::PodSpec, "volumes") => merged(S::Volume, &["name"]),
        (S::PodSpec, "topologySpreadConstraints") => merged(S::Leaf, &["topologyKey", "whenUnsatisfiable"]),
        (S::PodSpec, "imagePullSecrets")
        | (S::Container | S::Attached, "env")
        | (S::ServiceAccount, "secrets")
        | (S::Hooks, "webhooks")
        | (S::StorageSpec, "drivers") => merged(S::Leaf, &["name"]),
        (S::Container, "ports") => merged(S::Leaf, &["containerPort", "protocol"]),
        (S::Container | S::Attached, "volumeMounts") => merged(S::Leaf, &["mountPath"]),
        (S::Container | S::Attached, "volumeDevices") => merged(S::Leaf, &["devicePath"]),
        (S::ServiceSpec, "ports") => merged(S::Leaf, &["port", "protocol"]),
        (S::Pod, "spec") => within(S::PodSpec),
        (S::Pod, "status") => within(S::PodStatus),
        (S::Workload, "spec") => within(S::Templated),
        (S::Templated, "template") => within(S::Pod),
        (S::Templated, "volumeClaimTemplates") | (S::VolumeClaim, "volumeClaimTemplate") => within(S::Plain),
        (S::Volume, "ephemeral") => within(S::VolumeClaim),
        (S::CronJob, "spec") => within(S::CronJobSpec),
        (S::CronJobSpec, "jobTemplate") => within(S::Workload),
        (S::Service, "spec") => within(S::ServiceSpec),
        (S::Node, "spec") => within(S::NodeSpec),
        (S::Node, "status") => within(S::NodeStatus),
        (S::Storage, "spec") => within(S::StorageSpec),
        (S::Plain | S::Workload | S::Service, "status") => within(S::Conditions),
        (S::Leaf | S::Meta | S::Container | S::Attached | S::Volume | S::PodSpec | S::PodStatus, _) => None,
        (_, "metadata") => within(S::Meta),
        _ => None,
    }
}
