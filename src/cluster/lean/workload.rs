//! Deployments, StatefulSets and DaemonSets as one lean type.

use std::collections::BTreeMap;

use domain::flux::{Condition, ObjectKey};
use domain::workload::{Container, Workload};
use serde::Deserialize;
use serde_json::Value;

use super::{Lean, Meta, Mold, or_default, owned, safe};

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    replicas: Option<i32>,
    #[serde(deserialize_with = "or_default")]
    selector: Selector,
    #[serde(deserialize_with = "or_default")]
    template: Template,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Selector {
    #[serde(deserialize_with = "or_default")]
    match_labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Template {
    #[serde(deserialize_with = "or_default")]
    spec: PodSpec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodSpec {
    #[serde(deserialize_with = "or_default")]
    pub(super) init_containers: Vec<ContainerSpec>,
    #[serde(deserialize_with = "or_default")]
    pub(super) containers: Vec<ContainerSpec>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ContainerSpec {
    pub(super) name: String,
    pub(super) image: String,
    #[serde(deserialize_with = "or_default")]
    resources: Resources,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resources {
    #[serde(deserialize_with = "or_default")]
    requests: BTreeMap<String, Value>,
    #[serde(deserialize_with = "or_default")]
    limits: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    replicas: i32,
    updated_replicas: i32,
    ready_replicas: i32,
    available_replicas: i32,
    desired_number_scheduled: i32,
    current_number_scheduled: i32,
    updated_number_scheduled: i32,
    number_ready: i32,
    number_available: i32,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
}

impl Lean for Workload {
    fn read(json: &str, mold: &mut Mold) -> Result<Self, String> {
        let Wire { metadata, spec, status } = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let key = mold.key(&metadata)?;
        // A DaemonSet counts nodes, under names of its own.
        let daemon = key.kind.as_ref() == "DaemonSet";
        let of = |workload: i32, daemonset: i32| if daemon { daemonset } else { workload };
        let label = |name: &str| metadata.labels.get(name).map(safe);
        let applied_by = label("kustomize.toolkit.fluxcd.io/namespace").zip(label("kustomize.toolkit.fluxcd.io/name"));
        let released_by = label("helm.toolkit.fluxcd.io/namespace").zip(label("helm.toolkit.fluxcd.io/name"));
        Ok(Self {
            key,
            applied_by,
            released_by,
            uid: owned(metadata.uid),
            resource_version: owned(metadata.resource_version),
            generation: metadata.generation,
            observed_generation: status.observed_generation,
            created: metadata.creation_timestamp,
            replicas: of(spec.replicas.unwrap_or(1), status.desired_number_scheduled),
            updated: of(status.updated_replicas, status.updated_number_scheduled),
            ready: of(status.ready_replicas, status.number_ready),
            available: of(status.available_replicas, status.number_available),
            total: of(status.replicas, status.current_number_scheduled),
            containers: spec.template.spec.containers.into_iter().map(container).collect(),
            selector: spec.selector.match_labels.into_iter().map(|(k, v)| (mold.text(&k), mold.text(&v))).collect(),
            conditions: mold.conditions(status.conditions),
        })
    }

    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn stamp(&self) -> (&str, &str) {
        (&self.uid, &self.resource_version)
    }
}

fn container(spec: ContainerSpec) -> Container {
    let amount = |value: Value| match value {
        Value::String(text) => owned(text),
        other => other.to_string(),
    };
    let named = |what: &'static str, map: BTreeMap<String, Value>| {
        map.into_iter().map(move |(name, value)| (format!("{what}.{}", safe(&name)), amount(value)))
    };
    let Resources { requests, limits } = spec.resources;
    Container {
        name: owned(spec.name),
        image: owned(spec.image),
        resources: named("requests", requests).chain(named("limits", limits)).collect(),
    }
}
