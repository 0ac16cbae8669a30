//! What a release of Flux holds, read from its manifest and checked: nothing that is no part of Flux is ever applied for it.

use std::fmt;

use serde_json::Value;

use super::{COMPONENT, Component, VERSION};
use crate::flux::Kind;
use crate::private::Private;
use crate::text::one_line;
use crate::trouble::Trouble;

/// The most that a manifest may weigh, in bytes; an official one has about 700 kB.
pub const HEAVIEST: usize = 8 << 20;

/// What a release may hold, in the order in which it is applied.
const KINDS_IN_ORDER: &[(&str, &str)] = &[
    ("v1", "Namespace"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("v1", "ResourceQuota"),
    ("v1", "ServiceAccount"),
    ("v1", "ConfigMap"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("v1", "Service"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("apps/v1", "Deployment"),
];

/// Holds one object of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its API version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty without one.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The controller that it belongs to; what belongs to none is always installed.
    pub component: Option<&'static Component>,
    /// Its JSON.
    pub body: Private,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name, .. } = self;
        if namespace.is_empty() { write!(f, "{kind}/{name}") } else { write!(f, "{kind}/{namespace}/{name}") }
    }
}

/// Holds a release of Flux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Where its manifest came from: an address or a file.
    pub origin: String,
    /// The manifest's SHA-256, in hexadecimal digits.
    pub digest: String,
    /// The manifest's size in bytes.
    pub size: usize,
    /// The version that its labels tell; empty when they tell none.
    pub version: String,
    /// The namespace that the controllers go into.
    pub namespace: String,
    /// What it holds, in the order in which it is applied.
    pub pieces: Vec<Piece>,
}

impl Release {
    /// Reads a release from the documents of a manifest, and says what is wrong with one that is none.
    pub fn of(origin: &str, (digest, size): (String, usize), documents: &[Value]) -> Result<Self, Trouble> {
        let refused = |why: String| {
            Trouble::refused("The manifest is no release of Flux", one_line(origin))
                .why(why)
                .next("Take install.yaml of an official release.")
        };
        let mut version = String::new();
        let mut pieces = Vec::with_capacity(documents.len());
        for document in documents {
            let piece = piece(document).map_err(&refused)?;
            if version.is_empty() && piece.0.kind == "Deployment" {
                version = piece.1;
            }
            pieces.push(piece.0);
        }
        pieces.sort_by_key(|piece| (rank(piece), piece.component.map(|c| c.name), piece.name.clone()));
        let twice = pieces.windows(2).find(|two| matches!(two, [a, b] if a.to_string() == b.to_string()));
        if let Some([piece, _]) = twice {
            return Err(refused(format!("it holds {piece} twice")));
        }
        let controllers: Vec<&Piece> = pieces.iter().filter(|p| p.kind == "Deployment").collect();
        for needed in ["source-controller", "kustomize-controller"] {
            if !controllers.iter().any(|p| p.name == needed) {
                return Err(refused(format!("it holds no Deployment {needed}")));
            }
        }
        for needed in ["gitrepositories.source.toolkit.fluxcd.io", "kustomizations.kustomize.toolkit.fluxcd.io"] {
            if !pieces.iter().any(|p| p.kind == "CustomResourceDefinition" && p.name == needed) {
                return Err(refused(format!("it holds no CustomResourceDefinition {needed}")));
            }
        }
        if let Some(stranger) = controllers.iter().find(|p| p.component.is_none()) {
            return Err(refused(format!("{stranger} is no controller of Flux that is known here")));
        }
        let namespace = controllers.first().map(|p| p.namespace.clone()).unwrap_or_default();
        if let Some(other) = pieces.iter().find(|p| !p.namespace.is_empty() && p.namespace != namespace) {
            return Err(refused(format!("{other} is outside the namespace {namespace}")));
        }
        Ok(Self { origin: one_line(origin), digest, size, version, namespace, pieces })
    }

    /// Returns the controllers that it holds.
    pub fn components(&self) -> Vec<&'static Component> {
        let mut found: Vec<_> = self.pieces.iter().filter(|p| p.kind == "Deployment").filter_map(|p| p.component).collect();
        found.sort_by_key(|component| super::COMPONENTS.iter().position(|c| c == *component));
        found
    }

    /// Returns what is applied for some of its controllers.
    pub fn pieces_for<'a>(&'a self, chosen: &'a [&'static Component]) -> impl Iterator<Item = &'a Piece> {
        self.pieces.iter().filter(move |piece| piece.component.is_none_or(|component| chosen.contains(&component)))
    }
}

/// Reads one document, and the version that its labels tell.
fn piece(document: &Value) -> Result<(Piece, String), String> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind) = (text("/apiVersion"), text("/kind"));
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    if api_version.is_empty() || kind.is_empty() || name.is_empty() {
        return Err("it holds a document without apiVersion, kind or metadata.name".to_owned());
    }
    let shown = one_line(&format!("{kind} {name}"));
    if !KINDS_IN_ORDER.iter().any(|(version, known)| *version == api_version && *known == kind) {
        return Err(format!("it holds {shown} ({}), which is no part of Flux", one_line(&api_version)));
    }
    if kind == "CustomResourceDefinition" && !is_flux_group(&text("/spec/group")) {
        return Err(format!("it holds {shown}, which is no kind of Flux"));
    }
    let version = document.pointer("/metadata/labels").and_then(|labels| labels.get(VERSION)).and_then(Value::as_str);
    let version = version.map(one_line).unwrap_or_default();
    let component = component_of(document, &kind, &name);
    let body = Private::new(document.to_string());
    Ok((Piece { api_version, kind, namespace, name, component, body }, version))
}

/// Tells whether a group of kinds is the toolkit's own.
pub fn is_flux_group(group: &str) -> bool {
    group.ends_with(".toolkit.fluxcd.io") || group == "source.extensions.fluxcd.io"
}

/// Returns the controller that an object belongs to: by its label, or else by what it is.
fn component_of(object: &Value, kind: &str, name: &str) -> Option<&'static Component> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let labelled = object.pointer("/metadata/labels").and_then(|labels| labels.get(COMPONENT)).and_then(Value::as_str);
    if let Some(found) = labelled.and_then(Component::by_name) {
        return Some(found);
    }
    match kind {
        "Deployment" | "ServiceAccount" => Component::by_name(name),
        "Service" => Component::by_name(text("/spec/selector/app")),
        "CustomResourceDefinition" => {
            let (group, defined) = (text("/spec/group"), text("/spec/names/kind"));
            // An ExternalArtifact is served for others to fill: it comes with the source-controller.
            let of = Kind::of_group(defined, group)?;
            let controller = if defined == "ExternalArtifact" { "source-controller" } else { of.controller };
            Component::by_name(controller)
        }
        _ => None,
    }
}

fn rank(piece: &Piece) -> usize {
    KINDS_IN_ORDER.iter().position(|(_, kind)| *kind == piece.kind).unwrap_or(KINDS_IN_ORDER.len())
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use serde_json::json;

    /// Returns the documents of a small release.
    pub(crate) fn documents() -> Vec<Value> {
        let labels = |component: &str| json!({ COMPONENT: component, VERSION: "v2.8.0", "app.kubernetes.io/part-of": "flux" });
        let controller = |name: &str| {
            json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "namespace": "flux-system", "labels": labels(name) } })
        };
        let definition = |plural: &str, group: &str, kind: &str| {
            json!({ "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition", "metadata": { "name": format!("{plural}.{group}") },
            "spec": { "group": group, "names": { "kind": kind } } })
        };
        vec![
            controller("kustomize-controller"),
            controller("source-controller"),
            controller("image-reflector-controller"),
            definition("gitrepositories", "source.toolkit.fluxcd.io", "GitRepository"),
            definition("kustomizations", "kustomize.toolkit.fluxcd.io", "Kustomization"),
            definition("imagepolicies", "image.toolkit.fluxcd.io", "ImagePolicy"),
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "source-controller", "namespace": "flux-system" },
                "spec": { "selector": { "app": "source-controller" } } }),
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "flux-system" } }),
        ]
    }

    fn read(documents: &[Value]) -> Result<Release, Trouble> {
        Release::of("install.yaml", ("00".to_owned(), 1), documents)
    }

    #[test]
    fn namespace_and_definitions_come_first_and_controllers_last() {
        let release = read(&documents()).unwrap();
        let kinds: Vec<&str> = release.pieces.iter().map(|p| p.kind.as_str()).collect();
        let definition = "CustomResourceDefinition";
        let deployment = "Deployment";
        assert_eq!(kinds, ["Namespace", definition, definition, definition, "Service", deployment, deployment, deployment]);
        assert_eq!((release.version.as_str(), release.namespace.as_str()), ("v2.8.0", "flux-system"));
    }

    #[test]
    fn what_belongs_to_a_controller_that_is_not_chosen_is_left_out() {
        let release = read(&documents()).unwrap();
        let chosen = super::super::components(&["source".to_owned(), "kustomize".to_owned()]).unwrap();
        let names: Vec<String> = release.pieces_for(&chosen).map(ToString::to_string).collect();
        assert!(!names.iter().any(|name| name.contains("image")), "{names:?}");
        assert_eq!(names.len(), 6);
    }

    #[test]
    fn what_is_no_release_is_refused_with_the_reason() {
        let with = |more: Value| documents().into_iter().chain([more]).collect::<Vec<_>>();
        let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "namespace": "flux-system" } });
        let elsewhere =
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "s", "namespace": "kube-system" } });
        let foreign = json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "x.y.z" }, "spec": { "group": "y.z", "names": { "kind": "X" } } });
        let stranger =
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "miner", "namespace": "flux-system" } });
        let no_controller = documents().into_iter().filter(|d| d["metadata"]["name"] != "source-controller").collect();
        for (documents, why) in [
            (with(secret), "Secret s (v1), which is no part of Flux"),
            (with(elsewhere), "outside the namespace flux-system"),
            (with(foreign), "no kind of Flux"),
            (with(stranger), "miner is no controller"),
            (with(json!({ "kind": "x" })), "without apiVersion"),
            (with(documents().remove(0)), "twice"),
            (no_controller, "no Deployment source-controller"),
            (Vec::new(), "no Deployment source-controller"),
        ] {
            let trouble = read(&documents).unwrap_err();
            assert!(trouble.why.contains(why), "{trouble}");
        }
    }
}
