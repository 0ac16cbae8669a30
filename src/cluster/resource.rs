//! Where a kind of object is on the server: group, version, plural, and the paths made of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Remembers the kinds of group versions that were read, by their path.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// The kinds of each.
    pub(crate) lists: HashMap<String, Arc<Vec<Resource>>>,
}

/// Names a kind as the server serves it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    /// The API group; empty for the core group.
    pub(crate) group: String,
    /// The version.
    pub(crate) version: String,
    /// The plural name in URLs.
    pub(crate) plural: String,
    /// The kind's name.
    pub(crate) kind: String,
    /// Whether its objects live in namespaces.
    pub(crate) namespaced: bool,
}

impl Resource {
    /// Builds one from its parts.
    pub(crate) fn new(group: &str, version: &str, plural: &str, kind: &str, namespaced: bool) -> Self {
        Self { group: group.into(), version: version.into(), plural: plural.into(), kind: kind.into(), namespaced }
    }

    /// Returns the built-in resource of a kind, for those that are watched or opened without asking the server first.
    pub(crate) fn built_in(kind: &str) -> Option<Self> {
        let (group, version, plural, namespaced) = match kind {
            "Deployment" => ("apps", "v1", "deployments", true),
            "StatefulSet" => ("apps", "v1", "statefulsets", true),
            "DaemonSet" => ("apps", "v1", "daemonsets", true),
            "ReplicaSet" => ("apps", "v1", "replicasets", true),
            "Pod" => ("", "v1", "pods", true),
            "Service" => ("", "v1", "services", true),
            "ConfigMap" => ("", "v1", "configmaps", true),
            "Secret" => ("", "v1", "secrets", true),
            "ServiceAccount" => ("", "v1", "serviceaccounts", true),
            "Event" => ("", "v1", "events", true),
            "Namespace" => ("", "v1", "namespaces", false),
            "Node" => ("", "v1", "nodes", false),
            _ => return None,
        };
        Some(Self::new(group, version, plural, kind, namespaced))
    }

    /// Returns the path of the collection, in one namespace or in all (empty).
    pub(crate) fn collection(&self, namespace: &str) -> String {
        let mut path = root_of(&self.group, &self.version);
        if self.namespaced && !namespace.is_empty() {
            let _ = write!(path, "/namespaces/{}", encode(namespace));
        }
        let _ = write!(path, "/{}", self.plural);
        path
    }

    /// Returns the path of one object.
    pub(crate) fn object(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), encode(name))
    }
}

/// Returns the path under which a group's version lives.
pub(crate) fn root_of(group: &str, version: &str) -> String {
    if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") }
}

/// Returns a text with everything percent-encoded that means something in a path or a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_the_servers_and_nothing_breaks_out_of_them() {
        let kustomization = Resource::new("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization", true);
        assert_eq!(kustomization.collection(""), "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations");
        assert_eq!(kustomization.object("a", "b"), "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/a/kustomizations/b");
        let namespace = Resource::built_in("Namespace").unwrap_or_else(|| kustomization.clone());
        assert_eq!(namespace.object("ignored", "shop"), "/api/v1/namespaces/shop");
        let pod = Resource::built_in("Pod").unwrap_or(kustomization);
        assert_eq!(pod.object("a/../b", "x?y#z"), "/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fy%23z");
    }
}
