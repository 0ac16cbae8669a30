//! What the API server checks beyond the schema: labels, ports, names that are there twice, mounts without a volume.

use std::collections::HashSet;

use domain::quantity::Quantity;

use crate::schema::Extent;
use crate::schema::names;
use crate::schema::scalars::{filled_in, shown};
use crate::schema::shape::{Hook, Rules};
use crate::schema::walk::Walk;
use crate::yaml::{Data, Val};

/// Checks a value of a definition that more is known of.
pub(super) fn check<'a>(walk: &mut Walk<'a>, hook: Hook, val: &'a Val) {
    match hook {
        Hook::ObjectMeta => {
            labels(walk, val, "labels");
            keys(walk, val, "annotations");
        }
        Hook::LabelSelector => labels(walk, val, "matchLabels"),
        Hook::PodSpec => pod(walk, val),
        Hook::Workload => selector(walk, val),
        Hook::Container => container(walk, val),
        Hook::Resources => resources(walk, val),
        Hook::ClaimSpec => claim(walk, val),
        Hook::ContainerPort => ports(walk, val, &["containerPort", "hostPort"]),
        Hook::ServiceSpec => service(walk, val),
        Hook::ServicePort => ports(walk, val, &["port", "nodePort", "targetPort"]),
        Hook::BackendPort => ports(walk, val, &["number"]),
        Hook::ProbePort => ports(walk, val, &["port"]),
    }
}

fn labels<'a>(walk: &mut Walk<'a>, val: &'a Val, field: &'a str) {
    keys(walk, val, field);
    for (key, value) in val.get(field).and_then(Val::as_map).into_iter().flatten() {
        let Some(text) = value.as_text().filter(|text| !filled_in(text)) else { continue };
        if let Some(why) = names::wrong_value(text) {
            let message = format!("{} cannot be {}: {why}", walk.path_to(&[field, key]), shown(text));
            walk.wrong("label", value, message);
        }
    }
}

fn keys<'a>(walk: &mut Walk<'a>, val: &'a Val, field: &'a str) {
    for (key, value) in val.get(field).and_then(Val::as_map).into_iter().flatten() {
        if filled_in(key) || (walk.extent == Extent::Patch && key.starts_with('$')) {
            continue;
        }
        if let Some(why) = names::wrong_key(key) {
            let message = format!("{} cannot have the key {}: {why}", walk.path_to(&[field]), shown(key));
            walk.wrong_key("label", value, message);
        }
    }
}

fn ports<'a>(walk: &mut Walk<'a>, val: &'a Val, fields: &[&'a str]) {
    for field in fields {
        let Some(value) = val.get(field) else { continue };
        let number = match &value.data {
            Data::Number(number) => number.as_i64(),
            _ => continue,
        };
        // No host port and no node port are written as 0.
        let least = i64::from(!matches!(*field, "hostPort" | "nodePort"));
        if number.is_none_or(|n| n < least || n > 65535) {
            let message = format!("{} is no port: {}", walk.path_to(&[field]), value.scalar().unwrap_or_default());
            walk.wrong("port", value, message);
        }
    }
    // The names of a Service's ports may be longer than those of a container's.
    if let Some(name) = val.get("name").filter(|_| fields.contains(&"nodePort"))
        && let Some(text) = name.as_text().filter(|text| !text.is_empty() && !filled_in(text) && !names::is_label(text))
    {
        let message = format!("{} cannot be {}: it is no DNS label", walk.path_to(&["name"]), shown(text));
        walk.wrong("port", name, message);
    }
    for field in ["name", "targetPort", "port"] {
        let named = field != "name" || fields.contains(&"containerPort");
        let Some(value) = val.get(field).filter(|_| named && (field == "name" || fields.contains(&field))) else { continue };
        let Some(text) = value.as_text().filter(|text| !text.is_empty() && !filled_in(text)) else { continue };
        if let Some(why) = names::wrong_port_name(text) {
            let message = format!("{} cannot be {}: {why}", walk.path_to(&[field]), shown(text));
            walk.wrong("port", value, message);
        }
    }
}

/// Says of each item of a list whose field repeats an earlier one's.
fn repeated<'a>(walk: &mut Walk<'a>, val: &'a Val, (list, field): (&'a str, &str), grave: bool) {
    let mut seen: HashSet<&str> = HashSet::new();
    for item in val.get(list).map(Val::items).unwrap_or_default() {
        let Some(value) = item.get(field) else { continue };
        let Some(text) = value.as_text().filter(|text| !filled_in(text)) else { continue };
        if !seen.insert(text) {
            let message = format!("{} has the {field} {} twice", walk.path_to(&[list]), shown(text));
            if grave {
                walk.wrong("duplicate-name", value, message);
            } else {
                walk.doubtful("duplicate-name", value, message);
            }
        }
    }
}

fn container<'a>(walk: &mut Walk<'a>, val: &'a Val) {
    if walk.extent == Extent::Patch {
        return;
    }
    if let Some(image) = val.get("image").filter(|image| image.as_text().is_some_and(str::is_empty) && walk.extent.complete()) {
        let message = format!("{} is empty", walk.path_to(&["image"]));
        walk.wrong("schema-required", image, message);
    }
    // The last one counts, and a server-side apply may refuse the object.
    repeated(walk, val, ("env", "name"), false);
    repeated(walk, val, ("ports", "name"), true);
    repeated(walk, val, ("volumeMounts", "mountPath"), true);
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for item in val.get("ports").map(Val::items).unwrap_or_default() {
        let Some(port) = item.get("containerPort").and_then(Val::scalar) else { continue };
        let protocol = item.get("protocol").and_then(Val::scalar).unwrap_or_else(|| "TCP".to_owned());
        if !seen.insert((port.clone(), protocol.clone())) {
            let message = format!("{} has the port {port}/{protocol} twice", walk.path_to(&["ports"]));
            walk.doubtful("duplicate-name", item.get("containerPort").unwrap_or(item), message);
        }
    }
}

/// Checks that the labels of a workload's Pods are those that it selects.
fn selector<'a>(walk: &mut Walk<'a>, val: &'a Val) {
    let Some(selector) = val.get("selector").filter(|s| s.as_map().is_some() && walk.extent.complete()) else { return };
    let labels = val.at(&["template", "metadata", "labels"]);
    let wanted = selector.get("matchLabels").and_then(Val::as_map).filter(|map| !map.is_empty());
    let expressions = selector.get("matchExpressions").map(Val::items).unwrap_or_default();
    if wanted.is_none() && expressions.is_empty() {
        let message = format!("{} selects nothing", walk.path_to(&["selector"]));
        return walk.wrong("schema-required", selector, message);
    }
    for (key, value) in wanted.into_iter().flatten() {
        let Some(text) = value.as_text().filter(|text| !filled_in(text) && !filled_in(key)) else { continue };
        let there = labels.and_then(|labels| labels.get(key)).and_then(Val::scalar);
        if there.as_deref().is_some_and(|there| there == text || filled_in(there)) {
            continue;
        }
        let there = there.map_or_else(|| "have no such label".to_owned(), |there| format!("have {}", shown(&there)));
        let message = format!("the selector wants {key}: {text}, but the Pods of the template {there}");
        walk.wrong("label", value, message);
    }
}

/// Checks the names of resources, and that no request is above its limit.
fn resources<'a>(walk: &mut Walk<'a>, val: &'a Val) {
    const KNOWN: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
    for list in ["limits", "requests"] {
        for (key, value) in val.get(list).and_then(Val::as_map).into_iter().flatten() {
            let other = key.contains('/') || key.starts_with("hugepages-") || key.starts_with('$') || filled_in(key);
            if !KNOWN.contains(&key.as_str()) && !other {
                let meant =
                    names::nearest(key, KNOWN.into_iter()).map_or_else(String::new, |near| format!("; did you mean {near}?"));
                let message = format!("there is no resource {}{meant}", walk.path_to(&[list, key]));
                walk.wrong_key("schema-value", value, message);
            }
        }
    }
    for (key, value) in val.get("requests").and_then(Val::as_map).into_iter().flatten() {
        let limit = val.get("limits").and_then(|limits| limits.get(key)).and_then(Val::scalar);
        let (Some(request), Some(limit)) = (value.scalar(), limit) else { continue };
        let (Ok(asked), Ok(most)) = (request.parse::<Quantity>(), limit.parse::<Quantity>()) else { continue };
        if asked > most && walk.extent.complete() {
            let message = format!("{} is {request}, more than the limit of {limit}", walk.path_to(&["requests", key]));
            walk.wrong("schema-value", value, message);
        }
    }
}

fn claim<'a>(walk: &mut Walk<'a>, val: &'a Val) {
    if !walk.extent.complete() {
        return;
    }
    if let Some(modes) = val.get("accessModes").filter(|modes| matches!(&modes.data, Data::List(items) if items.is_empty())) {
        let message = format!("{} is empty; a claim needs an access mode", walk.path_to(&["accessModes"]));
        walk.wrong("schema-required", modes, message);
    }
    if let Some(requests) = val.at(&["resources", "requests"]).filter(|r| r.as_map().is_some() && r.get("storage").is_none()) {
        let message = format!("{} is missing", walk.path_to(&["resources", "requests", "storage"]));
        walk.wrong("schema-required", requests, message);
    }
}

fn service<'a>(walk: &mut Walk<'a>, val: &'a Val) {
    labels(walk, val, "selector");
    if walk.extent == Extent::Patch {
        return;
    }
    repeated(walk, val, ("ports", "name"), true);
    let text = |key: &str| val.get(key).and_then(Val::as_text).unwrap_or_default();
    let portless = text("type") == "ExternalName" || text("clusterIP") == "None" || filled_in(text("type"));
    if walk.extent.complete()
        && !portless
        && val.get("ports").is_none_or(|p| !matches!(&p.data, Data::List(items) if !items.is_empty()))
    {
        let message = format!("{} is missing", walk.path_to(&["ports"]));
        walk.wrong("schema-required", val, message);
    }
    let items = val.get("ports").map(Val::items).unwrap_or_default();
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for item in items {
        if items.len() > 1 && item.get("name").is_none() && walk.extent.complete() {
            let message = format!("each of the {} ports of a Service needs a name", items.len());
            walk.wrong("schema-required", item, message);
        }
        let Some(port) = item.get("port").and_then(Val::scalar) else { continue };
        let protocol = item.get("protocol").and_then(Val::scalar).unwrap_or_else(|| "TCP".to_owned());
        if !seen.insert((port.clone(), protocol.clone())) {
            let message = format!("{} has the port {port}/{protocol} twice", walk.path_to(&["ports"]));
            walk.wrong("duplicate-name", item.get("port").unwrap_or(item), message);
        }
    }
}

fn pod<'a>(walk: &mut Walk<'a>, val: &'a Val) {
    labels(walk, val, "nodeSelector");
    if walk.extent == Extent::Patch {
        return;
    }
    repeated(walk, val, ("volumes", "name"), true);
    if let Some(none) =
        val.get("containers").filter(|c| walk.extent.complete() && matches!(&c.data, Data::List(items) if items.is_empty()))
    {
        let message = format!("{} is empty; a Pod needs a container", walk.path_to(&["containers"]));
        walk.wrong("schema-required", none, message);
    }
    let mut seen: HashSet<&str> = HashSet::new();
    for list in ["initContainers", "containers"] {
        for container in val.get(list).map(Val::items).unwrap_or_default() {
            let Some(name) = container.get("name") else { continue };
            let Some(text) = name.as_text().filter(|text| !filled_in(text)) else { continue };
            if !seen.insert(text) {
                let message = format!("{} has two containers with the name {}", walk.path(), shown(text));
                walk.wrong("duplicate-name", name, message);
            }
            if !names::is_label(text) {
                let message = format!(
                    "{} cannot be {}: a container's name is lower case letters, digits and -, at most 63",
                    walk.path_to(&[list, "name"]),
                    shown(text)
                );
                walk.wrong("name", name, message);
            }
        }
    }
    mounts(walk, val);
}

fn mounts<'a>(walk: &mut Walk<'a>, pod: &'a Val) {
    if !walk.extent.complete() {
        return;
    }
    let volumes = pod.get("volumes").map(Val::items).unwrap_or_default();
    let mut known: Vec<&str> = volumes.iter().filter_map(|v| v.get("name")).filter_map(Val::as_text).collect();
    known.extend(walk.claims.iter().copied());
    if known.iter().any(|name| filled_in(name)) {
        return;
    }
    for list in ["initContainers", "containers"] {
        for container in pod.get(list).map(Val::items).unwrap_or_default() {
            for mount in container.get("volumeMounts").map(Val::items).unwrap_or_default() {
                let Some(name) = mount.get("name") else { continue };
                let Some(text) = name.as_text().filter(|text| !filled_in(text) && !known.contains(text)) else { continue };
                let meant = names::nearest(text, known.iter().copied());
                let meant = meant.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                let owner = container.get("name").and_then(Val::as_text).unwrap_or_default();
                let message = format!("container {owner} mounts the volume {}, which is not there{meant}", shown(text));
                walk.wrong("volume", name, message);
            }
        }
    }
}

/// Checks that the items of a list differ in the fields that tell them apart.
pub(super) fn unique<'a>(walk: &mut Walk<'a>, rules: &Rules, val: &'a Val) {
    let items = val.items();
    if !rules.keys.is_empty() {
        let mut seen: HashSet<Vec<Option<String>>> = HashSet::new();
        for item in items {
            let keys: Vec<Option<String>> = rules.keys.iter().map(|key| item.get(key).and_then(Val::scalar)).collect();
            let known = keys.iter().any(Option::is_some) && !keys.iter().flatten().any(|text| filled_in(text));
            if known && !seen.insert(keys) {
                let message = format!("{} has two items with the same {}", walk.path(), rules.keys.join(" and "));
                walk.wrong("duplicate-name", item, message);
            }
        }
    } else if rules.unique {
        let mut seen: HashSet<String> = HashSet::new();
        for item in items {
            let Some(text) = item.scalar().filter(|text| !filled_in(text)) else { continue };
            if !seen.insert(text.clone()) {
                let message = format!("{} has {} twice", walk.path(), shown(&text));
                walk.wrong("duplicate-name", item, message);
            }
        }
    }
}
