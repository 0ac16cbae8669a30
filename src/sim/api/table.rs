//! The tables that kubectl asks for: rows instead of objects.

use domain::Time;
use serde_json::{Value, json};

use crate::json;
use crate::resource::Resource;
use crate::store::Object;

/// Tells whether an Accept header prefers tables.
pub(crate) fn wanted(accept: &str) -> bool {
    accept.split(',').next().is_some_and(|first| first.contains("as=Table"))
}

/// Returns the rows of objects.
pub(crate) fn rows(resource: &Resource, objects: &[Object], now: Time) -> Vec<Value> {
    objects
        .iter()
        .map(|object| {
            let mut cells = vec![Value::from(json::name(object))];
            cells.extend(columns(resource).iter().map(|column| cell(resource, object, column)));
            cells.push(age(object, now).into());
            json!({"cells": cells, "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]}})
        })
        .collect()
}

/// Returns the whole table.
pub(crate) fn document(resource: &Resource, rows: &[Value], metadata: &Value) -> Value {
    let column = |name: &str| json!({"name": name, "type": "string", "format": if name == "Name" { "name" } else { "" }, "description": "", "priority": 0});
    let names = std::iter::once("Name").chain(columns(resource).iter().copied()).chain(["Age"]);
    let definitions: Vec<Value> = names.map(column).collect();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions, "rows": rows})
}

fn columns(resource: &Resource) -> &'static [&'static str] {
    match resource.kind {
        "Pod" => &["Ready", "Status", "Restarts"],
        "Deployment" => &["Ready", "Up-to-date", "Available"],
        "ReplicaSet" => &["Desired", "Current", "Ready"],
        "StatefulSet" => &["Ready"],
        "Namespace" | "Node" => &["Status"],
        "Service" => &["Type", "Cluster-IP"],
        "Event" => &["Type", "Reason", "Object", "Message"],
        _ if resource.custom && resource.traits.status => &["Ready", "Message"],
        _ => &[],
    }
}

fn cell(resource: &Resource, object: &Value, column: &str) -> Value {
    let number = |pointer: &str| json::number(object, pointer).unwrap_or(0);
    let ready = || {
        json::list(object, "/status/conditions").iter().find(|c| json::text(c, "/type") == "Ready").cloned().unwrap_or_default()
    };
    match (resource.kind, column) {
        ("Pod", "Ready") => {
            let all = json::list(object, "/status/containerStatuses");
            let up = all.iter().filter(|c| json::flag(c, "/ready")).count();
            format!("{up}/{}", json::list(object, "/spec/containers").len()).into()
        }
        ("Pod", "Status") => pod_status(object).into(),
        ("Pod", "Restarts") => {
            let all = json::list(object, "/status/containerStatuses").iter();
            all.filter_map(|c| json::number(c, "/restartCount")).sum::<i64>().into()
        }
        ("Deployment" | "StatefulSet", "Ready") => {
            format!("{}/{}", number("/status/readyReplicas"), number("/spec/replicas")).into()
        }
        ("Deployment", "Up-to-date") => number("/status/updatedReplicas").into(),
        ("Deployment", "Available") => number("/status/availableReplicas").into(),
        ("ReplicaSet", "Desired") => number("/spec/replicas").into(),
        ("ReplicaSet", "Current") => number("/status/replicas").into(),
        ("ReplicaSet", "Ready") => number("/status/readyReplicas").into(),
        ("Namespace", _) => json::text(object, "/status/phase").into(),
        ("Node", _) => if json::text(&ready(), "/status") == "True" { "Ready" } else { "NotReady" }.into(),
        ("Service", "Type") => json::text(object, "/spec/type").into(),
        ("Service", _) => json::text(object, "/spec/clusterIP").into(),
        ("Event", "Object") => {
            let kind = json::text(object, "/involvedObject/kind").to_lowercase();
            format!("{kind}/{}", json::text(object, "/involvedObject/name")).into()
        }
        ("Event", column) => json::text(object, &format!("/{}", column.to_lowercase())).into(),
        (_, "Ready") => json::text(&ready(), "/status").into(),
        (_, _) => json::text(&ready(), "/message").into(),
    }
}

fn pod_status(pod: &Value) -> String {
    if json::deleting(pod) {
        return "Terminating".to_owned();
    }
    let containers = json::list(pod, "/status/containerStatuses").iter();
    let waits = containers.map(|c| json::text(c, "/state/waiting/reason")).find(|reason| !reason.is_empty());
    waits.unwrap_or_else(|| json::text(pod, "/status/phase")).to_owned()
}

fn age(object: &Value, now: Time) -> String {
    let created: Option<Time> = json::text(object, "/metadata/creationTimestamp").parse().ok();
    let Some(created) = created else { return "<unknown>".to_owned() };
    let seconds = now.as_second().saturating_sub(created.as_second()).max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}
