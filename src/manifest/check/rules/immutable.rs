//! Fields that Kubernetes does not let anybody change once an object exists.

use domain::change::Severity;
use domain::quantity::Quantity;

use crate::check::change::Step;
use crate::check::hits::Hits;
use crate::check::subject::Subject;
use crate::yaml::{Data, Val};

/// What of a StatefulSet's specification may change.
const STATEFUL: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// What of a PersistentVolume's specification may change; the rest is where it lies.
const VOLUME: [&str; 8] = [
    "capacity",
    "accessModes",
    "claimRef",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "mountOptions",
    "nodeAffinity",
    "volumeAttributesClassName",
];

/// Finds changes that Kubernetes refuses; an object that Flux may replace is deleted and made again instead.
pub(super) fn immutable<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    let (Some(before), Some(after)) = (step.before, step.after) else { return };
    let forced = after.annotation("kustomize.toolkit.fluxcd.io/force").is_some_and(|v| v.eq_ignore_ascii_case("enabled"));
    for path in fixed(before, after) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let field = path.join(".");
        let near: Vec<Option<&Val>> = (0..path.len()).map(|cut| after.at(&path[..path.len() - cut])).collect();
        let (end, severity) = if forced {
            ("Flux deletes the object and makes it again", Severity::Warning)
        } else {
            ("Kubernetes will refuse it", Severity::Error)
        };
        let hit = hits.near(after, &near, format!("{field} of {} cannot be changed: {end}", after.told()));
        hit.as_grave_as(severity);
    }
}

/// Returns the paths of all fields that differ and must not.
fn fixed(before: &Subject, after: &Subject) -> Vec<Vec<String>> {
    let own = |path: &[&str]| path.iter().map(|p| (*p).to_owned()).collect::<Vec<String>>();
    let differing = |paths: &[&[&str]]| -> Vec<Vec<String>> {
        paths.iter().filter(|path| differ(before.at(path), after.at(path))).map(|path| own(path)).collect()
    };
    match (after.group.as_str(), after.kind.as_str()) {
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => differing(&[&["spec", "selector"]]),
        ("apps", "StatefulSet") => of_spec(before, after, &STATEFUL),
        ("batch", "Job") => differing(&[&["spec", "selector"], &["spec", "template"], &["spec", "completionMode"]]),
        ("", "Service") => service(before, after),
        ("", "PersistentVolumeClaim") => claim(before, after),
        ("", "PersistentVolume") => of_spec(before, after, &VOLUME),
        ("", "Secret" | "ConfigMap") => {
            let locked = before.at(&["immutable"]).is_some_and(Val::is_true);
            let data: &[&[&str]] = &[&["data"], &["stringData"], &["binaryData"]];
            let mut list = if locked { differing(data) } else { Vec::new() };
            if after.kind == "Secret" {
                let kind = |s: &Subject| s.text(&["type"]).unwrap_or_else(|| "Opaque".to_owned());
                list.extend((kind(before) != kind(after)).then(|| own(&["type"])));
            }
            list
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => differing(&[&["roleRef"]]),
        ("storage.k8s.io", "StorageClass") => {
            differing(&[&["provisioner"], &["parameters"], &["reclaimPolicy"], &["volumeBindingMode"]])
        }
        ("scheduling.k8s.io", "PriorityClass") => differing(&[&["value"], &["preemptionPolicy"]]),
        ("networking.k8s.io", "IngressClass") => differing(&[&["spec", "controller"]]),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            differing(&[&["spec", "group"], &["spec", "scope"], &["spec", "names", "plural"]])
        }
        _ => Vec::new(),
    }
}

/// Tells whether two values differ in what they say; nothing, null and an empty mapping say the same.
fn differ(before: Option<&Val>, after: Option<&Val>) -> bool {
    let empty = |val: Option<&Val>| val.is_none_or(|v| v.is_null() || matches!(&v.data, Data::Map(map) if map.is_empty()));
    match (before, after) {
        (before, after) if empty(before) && empty(after) => false,
        (Some(before), Some(after)) => before != after,
        _ => true,
    }
}

/// Returns the fields of a specification that differ, those that may aside.
fn of_spec(before: &Subject, after: &Subject, free: &[&str]) -> Vec<Vec<String>> {
    let spec = |subject: &Subject| subject.at(&["spec"]).and_then(Val::as_map).cloned().unwrap_or_default();
    let (old, new) = (spec(before), spec(after));
    let mut keys: Vec<&String> = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))).collect();
    keys.retain(|key| !free.contains(&key.as_str()) && differ(old.get(*key), new.get(*key)));
    // What is left out has a value all the same.
    let said = |key: &str| old.contains_key(key) && new.contains_key(key);
    keys.retain(|key| !matches!(key.as_str(), "podManagementPolicy" | "serviceName" | "volumeMode") || said(key));
    keys.into_iter().map(|key| vec!["spec".to_owned(), key.clone()]).collect()
}

fn service(before: &Subject, after: &Subject) -> Vec<Vec<String>> {
    let address = |s: &Subject| s.text(&["spec", "clusterIP"]).filter(|a| !a.is_empty());
    let external = |s: &Subject| s.text(&["spec", "type"]).as_deref() == Some("ExternalName");
    // An address that only one side names is the cluster's own choice on the other.
    let headless = |a: &Option<String>| a.as_deref() == Some("None");
    let (old, new) = (address(before), address(after));
    let clash = match (&old, &new) {
        (Some(old), Some(new)) => old != new,
        _ => headless(&old) != headless(&new),
    };
    if clash && !external(before) && !external(after) {
        vec![vec!["spec".to_owned(), "clusterIP".to_owned()]]
    } else {
        Vec::new()
    }
}

fn claim(before: &Subject, after: &Subject) -> Vec<Vec<String>> {
    let mut list = of_spec(before, after, &["resources", "volumeAttributesClassName", "volumeName", "storageClassName"]);
    for field in ["storageClassName", "volumeName"] {
        let text = |s: &Subject| s.text(&["spec", field]).filter(|t| !t.is_empty());
        if let (Some(old), Some(new)) = (text(before), text(after))
            && old != new
        {
            list.push(vec!["spec".to_owned(), field.to_owned()]);
        }
    }
    let path = ["spec", "resources", "requests", "storage"];
    let size = |s: &Subject| s.text(&path).and_then(|text| text.parse::<Quantity>().ok());
    if let (Some(old), Some(new)) = (size(before), size(after))
        && new < old
    {
        list.push(path.iter().map(|p| (*p).to_owned()).collect());
    }
    list
}
