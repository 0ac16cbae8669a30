//! One object while it is being rendered: its value, the names it has had, and what is still to be done to it.

use crate::yaml::Val;

/// Holds a name that an object had at some step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id {
    /// The name.
    pub(crate) name: String,
    /// The namespace, empty when there is none.
    pub(crate) namespace: String,
}

/// Holds an object on its way.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// The object.
    pub(crate) val: Val,
    /// The names before the present one, oldest first.
    pub(crate) before: Vec<Id>,
    /// The prefixes and suffixes that were put around its name.
    pub(crate) around: Vec<(String, String)>,
    /// Whether its name gets a hash of its content.
    pub(crate) hashed: bool,
    /// The number of the source that it comes from.
    pub(crate) source: u32,
    /// The line in that source's file.
    pub(crate) line: usize,
}

impl Resource {
    /// Builds a resource out of what a file says.
    pub(crate) fn new(val: Val, source: u32, line: usize) -> Self {
        Self { val, before: Vec::new(), around: Vec::new(), hashed: false, source, line }
    }

    fn text(&self, path: &[&str]) -> String {
        self.val.at(path).and_then(Val::scalar).unwrap_or_default()
    }

    /// Returns the kind.
    pub(crate) fn kind(&self) -> String {
        self.text(&["kind"])
    }

    /// Returns group and version.
    pub(crate) fn group_version(&self) -> (String, String) {
        let text = self.text(&["apiVersion"]);
        match text.split_once('/') {
            Some((group, version)) => (group.to_owned(), version.to_owned()),
            None => (String::new(), text),
        }
    }

    /// Returns the present name and namespace.
    pub(crate) fn id(&self) -> Id {
        Id { name: self.text(&["metadata", "name"]), namespace: self.text(&["metadata", "namespace"]) }
    }

    /// Returns the name in the manifests.
    pub(crate) fn written_name(&self) -> &str {
        match self.before.first() {
            Some(id) => &id.name,
            None => self.val.at(&["metadata", "name"]).and_then(Val::as_text).unwrap_or_default(),
        }
    }

    /// Returns all names, oldest first, the present one last.
    pub(crate) fn ids(&self) -> Vec<Id> {
        let mut ids = self.before.clone();
        ids.push(self.id());
        ids
    }

    /// Keeps the present name as a former one; a change of name or namespace follows.
    pub(crate) fn remember(&mut self) {
        let id = self.id();
        if self.before.last() != Some(&id) {
            self.before.push(id);
        }
    }

    /// Gives it a new name.
    pub(crate) fn rename(&mut self, name: String) {
        let from = self.val.at(&["metadata", "name"]).and_then(|v| v.from);
        self.val.with(&["metadata", "name"], |slot| {
            *slot = Val::text(name);
            slot.from = from;
        });
    }

    /// Tells whether it stands in no namespace.
    pub(crate) fn cluster_scoped(&self) -> bool {
        CLUSTER_SCOPED.contains(&self.kind().as_str())
    }

    /// Tells whether its API group is one of Kubernetes' own, whose lists have known merge keys.
    pub(crate) fn built_in(&self) -> bool {
        let (group, _) = self.group_version();
        !group.contains('.') || group.ends_with(".k8s.io")
    }
}

/// Tells whether two namespaces are the same, where none means `default`.
pub(crate) fn same_namespace(a: &str, b: &str) -> bool {
    let effective = |ns: &str| if ns.is_empty() { "default".to_owned() } else { ns.to_owned() };
    effective(a) == effective(b)
}

/// The built-in kinds without a namespace.
const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "SelfSubjectAccessReview",
    "SelfSubjectReview",
    "SelfSubjectRulesReview",
    "ServiceCIDR",
    "StorageClass",
    "StorageVersion",
    "SubjectAccessReview",
    "TokenReview",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
];
