//! Namespace, name prefix and suffix, labels and annotations.

use crate::build::accumulate::Layer;
use crate::build::fieldspec::{FieldSpec, grouped, spec};
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::error::Error;
use crate::yaml::{Data, Val};

/// Puts resources into the kustomization's namespace.
pub(super) fn namespace(layer: &Layer, resources: &mut [Resource]) {
    let namespace = layer.text("namespace");
    if namespace.is_empty() {
        return;
    }
    let from = layer.val.get("namespace").and_then(|v| v.from);
    let value = || Val { data: Data::Text(namespace.clone()), from, image: None };
    for resource in resources {
        resource.remember();
        let kind = resource.kind();
        if kind == "Namespace" && resource.group_version() == (String::new(), "v1".to_owned()) {
            resource.val.with(&["metadata", "name"], |slot| *slot = value());
        }
        if !resource.cluster_scoped() {
            resource.val.with(&["metadata", "namespace"], |slot| *slot = value());
        }
        if matches!(kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            for subject in resource.val.get_mut("subjects").map(Val::items_mut).unwrap_or_default() {
                if subject.get("name").and_then(Val::as_text) == Some("default") {
                    subject.set("namespace", value());
                }
            }
        }
        for field in [
            grouped("apiregistration.k8s.io", "APIService", "spec/service/namespace", true),
            grouped(
                "apiextensions.k8s.io",
                "CustomResourceDefinition",
                "spec/conversion/webhook/clientConfig/service/namespace",
                false,
            ),
        ] {
            field.visit(resource, &mut |slot| *slot = value());
        }
    }
}

/// Puts the kustomization's prefix and suffix around names.
pub(super) fn affixes(layer: &Layer, resources: &mut [Resource]) {
    let (prefix, suffix) = (layer.text("namePrefix"), layer.text("nameSuffix"));
    for resource in resources {
        let (group, _) = resource.group_version();
        let kind = resource.kind();
        if matches!(kind.as_str(), "CustomResourceDefinition" | "Namespace")
            || (kind == "APIService" && group == "apiregistration.k8s.io")
        {
            continue;
        }
        resource.around.push((prefix.clone(), suffix.clone()));
        if prefix.is_empty() && suffix.is_empty() {
            continue;
        }
        resource.remember();
        let name = resource.id().name;
        resource.rename(format!("{prefix}{name}{suffix}"));
    }
}

fn pairs(layer: &Layer, sources: &Sources, val: Option<&Val>) -> Result<Vec<(String, Val)>, Error> {
    let Some(val) = val.filter(|v| !v.is_null()) else { return Ok(Vec::new()) };
    let Some(map) = val.as_map() else { return Err(layer.meaning(sources, val, "this is no mapping of texts")) };
    map.iter()
        .map(|(key, value)| {
            let text = value.scalar().ok_or_else(|| layer.meaning(sources, value, format!("{key} is no text")))?;
            Ok((key.clone(), Val { data: Data::Text(text), from: value.from, image: None }))
        })
        .collect()
}

fn put(fields: &[FieldSpec], resource: &mut Resource, pairs: &[(String, Val)]) {
    let mut done: Vec<&str> = Vec::new();
    for field in fields {
        if !field.covers(resource) || done.contains(&field.path) {
            continue;
        }
        done.push(field.path);
        field.visit(resource, &mut |slot| {
            for (key, value) in pairs {
                slot.set(key, value.clone());
            }
        });
    }
}

/// Adds `labels` and `commonLabels`.
pub(super) fn labels(sources: &Sources, layer: &Layer, resources: &mut [Resource]) -> Result<(), Error> {
    let everywhere: Vec<FieldSpec> = SELECTORS.iter().chain(TEMPLATES).copied().collect();
    for item in layer.list(sources, "labels")? {
        if let Some(fields) = item.get("fields") {
            let line = sources.line(fields.from);
            return Err(Error::UnknownField { file: layer.file.clone(), line, field: "labels.fields".to_owned() });
        }
        let pairs = pairs(layer, sources, item.get("pairs"))?;
        let fields: &[FieldSpec] = if item.get("includeSelectors").is_some_and(Val::is_true) {
            &everywhere
        } else if item.get("includeTemplates").is_some_and(Val::is_true) {
            TEMPLATES
        } else {
            &TEMPLATES[..1]
        };
        for resource in &mut *resources {
            put(fields, resource, &pairs);
        }
    }
    let common = pairs(layer, sources, layer.val.get("commonLabels"))?;
    if !common.is_empty() {
        for resource in resources {
            put(&everywhere, resource, &common);
        }
    }
    Ok(())
}

/// Adds `commonAnnotations`.
pub(super) fn annotations(layer: &Layer, resources: &mut [Resource]) {
    let Some(map) = layer.val.get("commonAnnotations").and_then(Val::as_map) else { return };
    let pairs: Vec<(String, Val)> = map
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), Val { data: Data::Text(value.scalar()?), from: value.from, image: None })))
        .collect();
    if pairs.is_empty() {
        return;
    }
    for resource in resources {
        put(ANNOTATIONS, resource, &pairs);
    }
}

/// Where labels stand besides selectors; the first is the object's own.
const TEMPLATES: &[FieldSpec] = &[
    spec("", "metadata/labels", true),
    FieldSpec { group: "", version: "v1", kind: "ReplicationController", path: "spec/template/metadata/labels", create: true },
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
const SELECTORS: &[FieldSpec] = &[
    FieldSpec { group: "", version: "v1", kind: "Service", path: "spec/selector", create: true },
    FieldSpec { group: "", version: "v1", kind: "ReplicationController", path: "spec/selector", create: true },
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
const ANNOTATIONS: &[FieldSpec] = &[
    spec("", "metadata/annotations", true),
    FieldSpec {
        group: "",
        version: "v1",
        kind: "ReplicationController",
        path: "spec/template/metadata/annotations",
        create: true,
    },
    spec("Deployment", "spec/template/metadata/annotations", true),
    spec("ReplicaSet", "spec/template/metadata/annotations", true),
    spec("DaemonSet", "spec/template/metadata/annotations", true),
    spec("StatefulSet", "spec/template/metadata/annotations", true),
    grouped("batch", "Job", "spec/template/metadata/annotations", true),
    grouped("batch", "CronJob", "spec/jobTemplate/metadata/annotations", true),
    grouped("batch", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
];
