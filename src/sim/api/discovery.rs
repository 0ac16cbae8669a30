//! What the API server says about itself: versions, groups, resources, in the old and the aggregated form.

use serde_json::{Value, json};

use crate::resource::{RESOURCES, Resource};
use crate::state::State;

/// Returns the version that the simulator behaves like.
pub(crate) fn version() -> Value {
    json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64"})
}

/// Returns `/api`.
pub(crate) fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": ""}]})
}

fn served(state: &State) -> Vec<&'static Resource> {
    let mut all: Vec<&Resource> = RESOURCES.iter().filter(|r| state.serves(r)).collect();
    all.sort_by_key(|r| (r.group, r.version, r.plural));
    all
}

/// Returns the groups in the order of the table, with their version.
fn groups(state: &State) -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for resource in served(state).into_iter().filter(|r| !r.group.is_empty()) {
        if !found.contains(&(resource.group, resource.version)) {
            found.push((resource.group, resource.version));
        }
    }
    found
}

fn group_of(state: &State, name: &str) -> Option<Value> {
    let versions: Vec<Value> = groups(state)
        .into_iter()
        .filter(|(group, _)| *group == name)
        .map(|(group, version)| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    let preferred = versions.first()?.clone();
    Some(json!({"name": name, "versions": versions, "preferredVersion": preferred}))
}

/// Returns `/apis`.
pub(crate) fn group_list(state: &State) -> Value {
    let mut names: Vec<&str> = groups(state).into_iter().map(|(group, _)| group).collect();
    names.dedup();
    let mut seen = Vec::new();
    names.retain(|name| {
        let new = !seen.contains(name);
        seen.push(*name);
        new
    });
    let groups: Vec<Value> = names.into_iter().filter_map(|name| group_of(state, name)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// Returns `/apis/<group>`.
pub(crate) fn group(state: &State, name: &str) -> Option<Value> {
    let mut group = group_of(state, name)?;
    group["kind"] = "APIGroup".into();
    group["apiVersion"] = "v1".into();
    Some(group)
}

/// Returns `/api/v1` or `/apis/<group>/<version>`.
pub(crate) fn resource_list(state: &State, group: &str, version: &str) -> Option<Value> {
    let mut resources = Vec::new();
    for resource in served(state).into_iter().filter(|r| r.group == group && r.version == version) {
        let mut entry = json!({"name": resource.plural, "singularName": singular(resource), "namespaced": resource.traits.namespaced,
            "kind": resource.kind, "verbs": resource.verbs()});
        if !resource.short.is_empty() {
            entry["shortNames"] = json!(resource.short);
        }
        if !resource.categories.is_empty() {
            entry["categories"] = json!(resource.categories);
        }
        resources.push(entry);
        for (name, kind, verbs) in subresources(resource) {
            let mut entry = json!({"name": format!("{}/{name}", resource.plural), "singularName": "",
                "namespaced": resource.traits.namespaced, "kind": kind, "verbs": verbs});
            if kind == "Scale" {
                entry["group"] = "autoscaling".into();
                entry["version"] = "v1".into();
            }
            resources.push(entry);
        }
    }
    if resources.is_empty() {
        return None;
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}))
}

fn singular(resource: &Resource) -> String {
    resource.kind.to_lowercase()
}

fn subresources(resource: &Resource) -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let mut found = Vec::new();
    if resource.is("Pod") {
        found.push(("log", "Pod", vec!["get"]));
    }
    if resource.traits.scale {
        found.push(("scale", "Scale", vec!["get", "patch", "update"]));
    }
    if resource.traits.status {
        found.push(("status", resource.kind, vec!["get", "patch", "update"]));
    }
    found
}

/// Returns the aggregated discovery of the core or of all other groups.
pub(crate) fn aggregated(state: &State, core: bool) -> Value {
    let mut items: Vec<Value> = Vec::new();
    let groups = if core { vec![("", "v1")] } else { groups(state) };
    for (group, version) in groups {
        let resources: Vec<Value> =
            served(state).into_iter().filter(|r| r.group == group && r.version == version).map(aggregated_resource).collect();
        let entry = json!({"version": version, "resources": resources, "freshness": "Current"});
        match items.iter_mut().find(|item| item["metadata"]["name"] == group) {
            Some(item) => item["versions"].as_array_mut().into_iter().for_each(|versions| versions.push(entry.clone())),
            None if core => items.push(json!({"metadata": {}, "versions": [entry]})),
            None => items.push(json!({"metadata": {"name": group}, "versions": [entry]})),
        }
    }
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn aggregated_resource(resource: &Resource) -> Value {
    let custom = |group: &str, version: &str| {
        if resource.custom { (group.to_owned(), version.to_owned()) } else { (String::new(), String::new()) }
    };
    let (group, version) = custom(resource.group, resource.version);
    let mut entry = json!({"resource": resource.plural,
        "responseKind": {"group": group, "version": version, "kind": resource.kind},
        "scope": if resource.traits.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": singular(resource), "verbs": resource.verbs()});
    if !resource.short.is_empty() {
        entry["shortNames"] = json!(resource.short);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
    let below: Vec<Value> = subresources(resource)
        .into_iter()
        .map(|(name, kind, verbs)| {
            let (group, version) = if kind == "Scale" {
                ("autoscaling".to_owned(), "v1".to_owned())
            } else {
                custom(resource.group, resource.version)
            };
            json!({"subresource": name, "responseKind": {"group": group, "version": version, "kind": kind}, "verbs": verbs})
        })
        .collect();
    if !below.is_empty() {
        entry["subresources"] = Value::Array(below);
    }
    entry
}

/// Returns the index of schema documents: one per group and version.
pub(crate) fn schema_index(state: &State) -> Value {
    let mut paths = serde_json::Map::new();
    let core = [("", "v1")];
    for (group, version) in core.into_iter().chain(groups(state)) {
        let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        let address = format!("/openapi/v3/{path}");
        paths.insert(path, json!({ "serverRelativeURL": address }));
    }
    json!({ "paths": paths })
}

/// Returns the schema document of one group and version: only what tells a client that fields are checked by the server.
pub(crate) fn schema(state: &State, group: &str, version: &str) -> Value {
    let mut paths = serde_json::Map::new();
    for resource in served(state).into_iter().filter(|r| r.group == group && r.version == version) {
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let space = if resource.traits.namespaced { "/namespaces/{namespace}" } else { "" };
        let kind = json!({"group": group, "version": version, "kind": resource.kind});
        let options: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation", "force"]
            .iter()
            .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}}))
            .collect();
        paths.insert(
            format!("{root}{space}/{}/{{name}}", resource.plural),
            json!({"patch": {"x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind, "parameters": options,
                "responses": {"200": {"description": "OK"}}}}),
        );
    }
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.3"}, "paths": paths, "components": {"schemas": {}}})
}
