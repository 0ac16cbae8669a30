//! What objects call each other by: every name that an object expects to find, with the key that it wants there.

use std::collections::BTreeSet;

use crate::check::subject::{Scene, Subject, filled_in, items, name_of};
use crate::yaml::{Data, Val};

/// Holds one name that an object expects to find.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference<'s> {
    /// The kind of what it means.
    pub(crate) kind: &'s str,
    /// The name.
    pub(crate) name: &'s Val,
    /// The keys that must be there, for ConfigMaps and Secrets.
    pub(crate) key: Option<&'s Val>,
    /// The namespace, when the reference says one.
    pub(crate) namespace: Option<&'s Val>,
    /// Whether it may be missing.
    pub(crate) optional: bool,
    /// Whether nothing is said when nothing of the kind is there at all: many are made by the cluster itself.
    pub(crate) quiet: bool,
}

impl<'s> Reference<'s> {
    const fn new(kind: &'s str, name: &'s Val) -> Self {
        Self { kind, name, key: None, namespace: None, optional: false, quiet: false }
    }

    const fn quietly(mut self) -> Self {
        self.quiet = true;
        self
    }
}

/// Returns all references of an object.
pub(crate) fn of(subject: &Subject) -> Vec<Reference<'_>> {
    let mut list = Vec::new();
    if let Some(pod) = subject.pod() {
        pods(pod, &mut list);
    }
    // A claim that the object makes for each of its Pods takes the place of the volume of its name.
    let own: Vec<&str> = items(&subject.val, &["spec", "volumeClaimTemplates"])
        .iter()
        .filter_map(|t| t.at(&["metadata", "name"])?.as_text())
        .collect();
    let made = |r: &Reference<'_>| {
        r.kind == "PersistentVolumeClaim"
            && subject
                .volumes()
                .iter()
                .any(|v| own.contains(&name_of(v)) && v.at(&["persistentVolumeClaim", "claimName"]) == Some(r.name))
    };
    list.retain(|reference| !made(reference));
    let spec = subject.val.get("spec");
    match subject.kind.as_str() {
        "StatefulSet" => named(&mut list, "Service", spec.and_then(|s| s.get("serviceName")), true),
        "HorizontalPodAutoscaler" | "ScaledObject" => target(&mut list, spec.and_then(|s| s.get("scaleTargetRef"))),
        "Ingress" => ingress(subject, &mut list),
        "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute" => route(&subject.val, &mut list),
        "RoleBinding" | "ClusterRoleBinding" => binding(&subject.val, &mut list),
        "HelmRelease" if subject.in_group("toolkit.fluxcd.io") => release(&subject.val, &mut list),
        "Kustomization" if subject.in_group("toolkit.fluxcd.io") => kustomization(&subject.val, &mut list),
        "GitRepository" | "OCIRepository" | "HelmRepository" | "Bucket" if subject.in_group("toolkit.fluxcd.io") => {
            named(&mut list, "Secret", subject.at(&["spec", "secretRef", "name"]), false);
        }
        _ => {}
    }
    list.retain(|r| r.name.as_text().is_some_and(|name| !name.is_empty() && !filled_in(name)));
    list
}

fn named<'s>(list: &mut Vec<Reference<'s>>, kind: &'s str, name: Option<&'s Val>, quiet: bool) {
    if let Some(name) = name {
        list.push(Reference { quiet, ..Reference::new(kind, name) });
    }
}

fn pods<'s>(pod: &'s Val, list: &mut Vec<Reference<'s>>) {
    for container in items(pod, &["initContainers"]).iter().chain(items(pod, &["containers"])) {
        for variable in items(container, &["env"]) {
            for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
                keyed(list, kind, variable.at(&["valueFrom", field]));
            }
        }
        for from in items(container, &["envFrom"]) {
            for (field, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                keyed(list, kind, from.get(field));
            }
        }
    }
    for volume in items(pod, &["volumes"]) {
        mounted(list, volume, "secretName");
        for source in items(volume, &["projected", "sources"]) {
            mounted(list, source, "name");
        }
        named(list, "PersistentVolumeClaim", volume.at(&["persistentVolumeClaim", "claimName"]), false);
    }
    for secret in items(pod, &["imagePullSecrets"]) {
        named(list, "Secret", secret.get("name"), false);
    }
    named(list, "ServiceAccount", pod.get("serviceAccountName"), false);
}

fn keyed<'s>(list: &mut Vec<Reference<'s>>, kind: &'s str, from: Option<&'s Val>) {
    let Some((from, name)) = from.and_then(|from| Some((from, from.get("name")?))) else { return };
    let optional = from.get("optional").is_some_and(Val::is_true);
    list.push(Reference { key: from.get("key"), optional, ..Reference::new(kind, name) });
}

/// Adds what a volume or a part of a projected one shows; each item's key is a reference of its own.
fn mounted<'s>(list: &mut Vec<Reference<'s>>, volume: &'s Val, secret_name: &str) {
    for (field, kind, name) in [("configMap", "ConfigMap", "name"), ("secret", "Secret", secret_name)] {
        let Some(from) = volume.get(field) else { continue };
        let Some(name) = from.get(name) else { continue };
        let optional = from.get("optional").is_some_and(Val::is_true);
        let plain = Reference { optional, ..Reference::new(kind, name) };
        let keys = items(from, &["items"]);
        if keys.is_empty() {
            list.push(plain);
        }
        list.extend(keys.iter().map(|item| Reference { key: item.get("key"), ..plain }));
    }
}

fn target<'s>(list: &mut Vec<Reference<'s>>, target: Option<&'s Val>) {
    let Some((target, name)) = target.and_then(|t| Some((t, t.get("name")?))) else { return };
    let kind = target.get("kind").map_or("Deployment", |kind| kind.as_text().unwrap_or_default());
    list.push(Reference::new(kind, name));
}

fn ingress<'s>(subject: &'s Subject, list: &mut Vec<Reference<'s>>) {
    let annotations = subject.at(&["metadata", "annotations"]).and_then(Val::as_map);
    let issued = annotations.is_some_and(|map| map.keys().any(|key| key.contains("cert-manager.io/") || key.contains("acme")));
    if !issued {
        for tls in items(&subject.val, &["spec", "tls"]) {
            named(list, "Secret", tls.get("secretName"), true);
        }
    }
    for (_, name) in backends(subject) {
        named(list, "Service", Some(name), false);
    }
}

/// Returns the backends of an Ingress: what is written of the Service, and its name.
pub(crate) fn backends(subject: &Subject) -> Vec<(&Val, &Val)> {
    let rules = items(&subject.val, &["spec", "rules"]);
    let paths = rules.iter().flat_map(|rule| items(rule, &["http", "paths"])).filter_map(|path| path.at(&["backend", "service"]));
    let all = subject.at(&["spec", "defaultBackend", "service"]).into_iter().chain(paths);
    all.filter_map(|service| Some((service, service.get("name")?))).collect()
}

/// Returns the backends of a Gateway route that are Services.
pub(crate) fn route_backends(val: &Val) -> impl Iterator<Item = &Val> {
    let rules = items(val, &["spec", "rules"]);
    rules.iter().flat_map(|rule| items(rule, &["backendRefs"])).filter(|backend| {
        let is = |key: &str, plain: &str| backend.get(key).is_none_or(|v| v.as_text() == Some(plain));
        is("kind", "Service") && is("group", "")
    })
}

fn route<'s>(val: &'s Val, list: &mut Vec<Reference<'s>>) {
    for backend in route_backends(val) {
        if let Some(name) = backend.get("name") {
            list.push(Reference { namespace: backend.get("namespace"), ..Reference::new("Service", name) });
        }
    }
}

fn binding<'s>(val: &'s Val, list: &mut Vec<Reference<'s>>) {
    const BUILT_IN: [&str; 4] = ["cluster-admin", "admin", "edit", "view"];
    let role = val.get("roleRef");
    if let (Some(kind), Some(name)) = (role.and_then(|r| r.get("kind")).and_then(Val::as_text), role.and_then(|r| r.get("name")))
    {
        let text = name.as_text().unwrap_or_default();
        if !BUILT_IN.contains(&text) && !text.starts_with("system:") {
            list.push(Reference { quiet: kind == "ClusterRole", ..Reference::new(kind, name) });
        }
    }
    for subject in items(val, &["subjects"]) {
        if subject.get("kind").and_then(Val::as_text) == Some("ServiceAccount")
            && let Some(name) = subject.get("name")
        {
            list.push(Reference { namespace: subject.get("namespace"), ..Reference::new("ServiceAccount", name) }.quietly());
        }
    }
}

fn source<'s>(list: &mut Vec<Reference<'s>>, source: Option<&'s Val>) {
    let Some((source, name)) = source.and_then(|s| Some((s, s.get("name")?))) else { return };
    if let Some(kind) = source.get("kind").and_then(Val::as_text) {
        list.push(Reference { namespace: source.get("namespace"), ..Reference::new(kind, name) });
    }
}

fn depends<'s>(list: &mut Vec<Reference<'s>>, val: &'s Val, kind: &'s str) {
    for item in items(val, &["spec", "dependsOn"]) {
        if let Some(name) = item.get("name") {
            list.push(Reference { namespace: item.get("namespace"), ..Reference::new(kind, name) });
        }
    }
}

fn release<'s>(val: &'s Val, list: &mut Vec<Reference<'s>>) {
    source(list, val.at(&["spec", "chart", "spec", "sourceRef"]));
    source(list, val.at(&["spec", "chartRef"]));
    depends(list, val, "HelmRelease");
    for from in items(val, &["spec", "valuesFrom"]) {
        let (Some(kind), Some(name)) = (from.get("kind").and_then(Val::as_text), from.get("name")) else { continue };
        let optional = from.get("optional").is_some_and(Val::is_true);
        list.push(Reference { key: from.get("valuesKey"), optional, ..Reference::new(kind, name) });
    }
}

fn kustomization<'s>(val: &'s Val, list: &mut Vec<Reference<'s>>) {
    source(list, val.at(&["spec", "sourceRef"]));
    depends(list, val, "Kustomization");
    for from in items(val, &["spec", "postBuild", "substituteFrom"]) {
        let (Some(kind), Some(name)) = (from.get("kind").and_then(Val::as_text), from.get("name")) else { continue };
        let optional = from.get("optional").is_some_and(Val::is_true);
        list.push(Reference { optional, ..Reference::new(kind, name) });
    }
    named(list, "Secret", val.at(&["spec", "decryption", "secretRef", "name"]), false);
}

/// Adds the objects that an object makes once it is in the cluster: kind and name.
pub(crate) fn made_by(subject: &Subject, made: &mut BTreeSet<(String, String)>) {
    let mut add = |kind: &str, name: Option<String>| {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            made.insert((kind.to_owned(), name));
        }
    };
    let own = || Some(subject.name.clone());
    match subject.kind.as_str() {
        "ExternalSecret" | "ClusterExternalSecret" | "PushSecret" => {
            let spec: &[&str] = if subject.kind == "ClusterExternalSecret" { &["spec", "externalSecretSpec"] } else { &["spec"] };
            let target = subject.at(spec).and_then(|s| s.at(&["target", "name"])).and_then(Val::scalar);
            add("Secret", target.or_else(own));
        }
        "SealedSecret" => add("Secret", subject.text(&["spec", "template", "metadata", "name"]).or_else(own)),
        "Certificate" => add("Secret", subject.text(&["spec", "secretName"])),
        "VaultStaticSecret" | "VaultDynamicSecret" | "VaultPKISecret" => {
            add("Secret", subject.text(&["spec", "destination", "name"]));
        }
        "OnePasswordItem" | "BitwardenSecret" | "VaultSecret" => add("Secret", own()),
        "InfisicalSecret" => add("Secret", subject.text(&["spec", "managedSecretReference", "secretName"])),
        "SopsSecret" => items(&subject.val, &["spec", "secretTemplates"])
            .iter()
            .for_each(|t| add("Secret", t.get("name").and_then(Val::scalar))),
        "Cluster" if subject.in_group("cnpg.io") => {
            for tail in ["app", "superuser", "ca", "server", "replication"] {
                add("Secret", Some(format!("{}-{tail}", subject.name)));
            }
            for tail in ["rw", "ro", "r"] {
                add("Service", Some(format!("{}-{tail}", subject.name)));
            }
        }
        "ArtifactGenerator" => {
            for artifact in items(&subject.val, &["spec", "artifacts"]) {
                add("ExternalArtifact", artifact.get("name").and_then(Val::scalar));
            }
        }
        "HelmChart" | "Bundle" => add("ConfigMap", own()),
        _ => {}
    }
    add("Secret", subject.text(&["spec", "writeConnectionSecretToRef", "name"]));
    if let Some(Val { data: Data::List(templates), .. }) = subject.at(&["spec", "volumeClaimTemplates"]) {
        for template in templates {
            let claim = template.at(&["metadata", "name"]).and_then(Val::scalar).unwrap_or_default();
            for at in 0..subject.replicas().unwrap_or(1).min(64) {
                add("PersistentVolumeClaim", Some(format!("{claim}-{}-{at}", subject.name)));
            }
        }
    }
}

/// Returns the names of everything that is there or will be made in a rendering.
pub(crate) fn names(scene: &Scene) -> BTreeSet<(String, String)> {
    let mut names = BTreeSet::new();
    for subject in &scene.subjects {
        names.insert((subject.kind.clone(), subject.name.clone()));
        made_by(subject, &mut names);
    }
    names
}
