//! One request about objects, by verb.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::api::delete::{Deleted, Deletion};
use crate::api::path::Target;
use crate::api::select::Selector;
use crate::api::shape::Place;
use crate::api::write::{Hand, Scope};
use crate::api::{Call, Reply, json as send, logs, merge, object, proxy, read, review, rights, watch};
use crate::fault::Fault;
use crate::json;
use crate::resource::{self, Resource};
use crate::state::{Shared, State};
use crate::store::Key;

/// Serves a request.
pub(crate) fn serve(state: &Shared, call: &Call, target: &Target) -> Result<Reply, Fault> {
    // The second view of events keeps nothing of its own.
    let resource = if target.resource.mirrors_events() { resource::of("Event") } else { target.resource };
    if resource.review() {
        return Ok(review::answer(state, (resource, &call.caller), &body(call)?));
    }
    if resource.traits.namespaced && target.namespace.is_none() && (target.name.is_some() || call.method == Method::POST) {
        return Err(Fault::no_resource());
    }
    let subresource = target.subresource.as_deref();
    match (subresource, &call.method) {
        (Some("log"), &Method::GET) if resource.is("Pod") => return logs::serve(state, call, target),
        (Some("proxy"), &Method::GET) if resource.is("Pod") => return proxy::serve(state, call, target),
        (Some("token"), &Method::POST) if resource.is("ServiceAccount") => return rights::token(state, target),
        (Some("scale"), _) if resource.traits.scale => return scale(state, call, target),
        (Some("status"), _) if resource.traits.status => {}
        (None, _) => {}
        _ => return Err(Fault::no_resource()),
    }
    match (call.method.as_str(), &target.name) {
        ("GET", Some(name)) => get(state, call, target, name),
        ("GET", None) => {
            let selector = Selector::read(resource, call.options.get("labelSelector"), call.options.get("fieldSelector"))?;
            if call.options.on("watch") {
                watch::serve(state, call, target, selector)
            } else {
                read::list(state, call, target, &selector)
            }
        }
        ("POST", None) => create(state, call, target, resource),
        ("PUT", Some(name)) => update(state, call, target, name),
        ("PATCH", Some(name)) => patch(state, call, target, name),
        ("DELETE", Some(name)) => delete(state, call, target, name),
        ("DELETE", None) if !resource.is("Namespace") => delete_all(state, call, target),
        _ => Err(Fault::no_verb()),
    }
}

fn stored(target: &Target) -> &'static Resource {
    if target.resource.mirrors_events() { resource::of("Event") } else { target.resource }
}

fn key(target: &Target, name: &str) -> Key {
    Key::new(target.namespace.as_deref().unwrap_or_default(), name)
}

fn hand<'a>(manager: &'a str, call: &Call, target: &Target) -> Hand<'a> {
    let scope = if target.subresource.as_deref() == Some("status") { Scope::Status } else { Scope::Main };
    Hand { manager, scope, dry: call.dry() }
}

fn get(state: &Shared, call: &Call, target: &Target, name: &str) -> Result<Reply, Fault> {
    let resource = stored(target);
    let key = key(target, name);
    let found = state.get(resource, &key.namespace, name).ok_or_else(|| Fault::not_found(resource, name))?;
    Ok(read::one(state, call, target.resource, &found))
}

/// Reads the body as JSON or YAML.
fn body(call: &Call) -> Result<Value, Fault> {
    if call.body.is_empty() {
        return Ok(json!({}));
    }
    let content = call.header(header::CONTENT_TYPE);
    if content.contains("protobuf") {
        return Err(Fault::media_type());
    }
    if content.contains("yaml") {
        return serde_yaml::from_slice(&call.body).map_err(|error| Fault::bad(format!("error decoding YAML: {error}")));
    }
    serde_json::from_slice(&call.body).map_err(|error| {
        Fault::bad(format!("the object provided is unrecognized: couldn't get version/kind; json parse error: {error}"))
    })
}

/// Checks that a body is of the resource and in the namespace of the path, and completes it.
fn fit(target: &Target, object: &mut Value) -> Result<(), Fault> {
    let resource = target.resource;
    let kind = json::text(object, "/kind");
    if !kind.is_empty() && kind != resource.kind {
        return Err(Fault::bad(format!(
            "{kind} in version \"{}\" cannot be handled as a {}: converting (v1.{kind}) to (core.{}): unknown conversion",
            resource.version, resource.kind, resource.kind
        )));
    }
    let namespace = target.namespace.as_deref().unwrap_or_default();
    let said = json::namespace(object);
    if !said.is_empty() && said != namespace {
        return Err(Fault::bad("the namespace of the provided object does not match the namespace sent on the request"));
    }
    if !object.is_object() {
        return Err(Fault::bad("the object provided is unrecognized"));
    }
    if resource.traits.namespaced {
        json::set(object, "/metadata/namespace", namespace.into());
    }
    Ok(())
}

fn fit_name(object: &mut Value, name: &str) -> Result<(), Fault> {
    let said = json::name(object);
    if said.is_empty() {
        json::set(object, "/metadata/name", name.into());
    } else if said != name {
        return Err(Fault::bad(format!("the name of the object ({said}) does not match the name on the URL ({name})")));
    }
    Ok(())
}

fn create(state: &State, call: &Call, target: &Target, resource: &'static Resource) -> Result<Reply, Fault> {
    let mut new = body(call)?;
    fit(target, &mut new)?;
    if target.resource.mirrors_events() {
        new = crate::api::events::first_view(&new);
    }
    let made = state.create(resource, new, hand(&call.manager(), call, target))?;
    Ok(object(StatusCode::CREATED, target.resource, &made))
}

fn update(state: &State, call: &Call, target: &Target, name: &str) -> Result<Reply, Fault> {
    let resource = stored(target);
    let mut new = body(call)?;
    fit(target, &mut new)?;
    fit_name(&mut new, name)?;
    if resource.custom && json::text(&new, "/metadata/resourceVersion").is_empty() {
        let cause = crate::fault::Cause::invalid("metadata.resourceVersion", &"0x0".into(), "must be specified for an update");
        return Err(Fault::invalid(resource, name, &[cause]));
    }
    let manager = call.manager();
    let changed = state.change(resource, &key(target, name), hand(&manager, call, target), |old| {
        *old = new;
        Ok(())
    })?;
    Ok(object(StatusCode::OK, target.resource, &changed))
}

fn patch(state: &State, call: &Call, target: &Target, name: &str) -> Result<Reply, Fault> {
    let resource = stored(target);
    let content = call.header(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    let manager = call.manager();
    let hand = hand(&manager, call, target);
    if content.starts_with("application/apply-patch") {
        if call.options.get("fieldManager").is_none() {
            return Err(Fault::no_manager());
        }
        let mut applied: Value =
            serde_yaml::from_slice(&call.body).map_err(|error| Fault::bad(format!("error decoding YAML: {error}")))?;
        fit(target, &mut applied)?;
        fit_name(&mut applied, name)?;
        if !json::list(&applied, "/metadata/managedFields").is_empty() {
            return Err(Fault::bad("metadata.managedFields must be nil"));
        }
        let (applied, new) = state.apply(resource, applied, hand, call.options.on("force"))?;
        return Ok(object(if new { StatusCode::CREATED } else { StatusCode::OK }, target.resource, &applied));
    }
    let patch: Value =
        serde_json::from_slice(&call.body).map_err(|error| Fault::bad(format!("error decoding patch: {error}")))?;
    let changed = state.change(resource, &key(target, name), hand, |old| edit(content, resource, old, &patch))?;
    Ok(object(StatusCode::OK, target.resource, &changed))
}

fn edit(content: &str, resource: &Resource, old: &mut Value, patch: &Value) -> Result<(), Fault> {
    let version = json::text(old, "/metadata/resourceVersion").to_owned();
    match content {
        "application/json-patch+json" => merge::json_patch(old, patch)?,
        "application/merge-patch+json" => merge::merge_patch(old, patch),
        "application/strategic-merge-patch+json" if !resource.custom => merge::strategic(old, patch, Place::top(false)),
        _ if resource.custom => return Err(Fault::custom_media_type()),
        _ => return Err(Fault::media_type()),
    }
    // A patch without a version is about whatever is there.
    json::default(old, "/metadata/resourceVersion", version.into());
    Ok(())
}

fn deletion(call: &Call) -> Result<Deletion, Fault> {
    let options = body(call)?;
    let pick = |pointer: &str| Some(json::text(&options, pointer).to_owned()).filter(|text| !text.is_empty());
    let policy = pick("/propagationPolicy").or_else(|| call.options.get("propagationPolicy").map(str::to_owned));
    let grace = json::number(&options, "/gracePeriodSeconds");
    Ok(Deletion {
        uid: pick("/preconditions/uid"),
        version: pick("/preconditions/resourceVersion"),
        orphan: policy.as_deref() == Some("Orphan") || json::flag(&options, "/orphanDependents"),
        grace: grace.or_else(|| call.options.number("gracePeriodSeconds").and_then(|n| i64::try_from(n).ok())),
        dry: call.dry() || json::list(&options, "/dryRun").iter().any(|d| d == "All"),
    })
}

fn delete(state: &State, call: &Call, target: &Target, name: &str) -> Result<Reply, Fault> {
    let resource = stored(target);
    match state.delete(resource, &key(target, name), &deletion(call)?)? {
        Deleted::Marked(marked) => Ok(object(StatusCode::OK, target.resource, &marked)),
        Deleted::Gone(gone) if matches!(resource.kind, "Pod" | "Service" | "ServiceAccount") => {
            Ok(object(StatusCode::OK, target.resource, &gone))
        }
        Deleted::Gone(gone) => {
            let mut details = json!({"name": name});
            if !resource.group.is_empty() {
                details["group"] = resource.group.into();
            }
            details["kind"] = resource.plural.into();
            details["uid"] = json::uid(&gone).into();
            let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
            Ok(send(StatusCode::OK, &status))
        }
    }
}

fn delete_all(state: &State, call: &Call, target: &Target) -> Result<Reply, Fault> {
    let resource = stored(target);
    let selector = Selector::read(resource, call.options.get("labelSelector"), call.options.get("fieldSelector"))?;
    let how = deletion(call)?;
    let doomed = state.list(resource, target.namespace.as_deref());
    for object in doomed.iter().filter(|object| selector.picks(object)) {
        // Somebody else may have been faster.
        drop(state.delete(resource, &Key::of(object), &how));
    }
    read::list(state, call, target, &selector)
}

fn scale(state: &State, call: &Call, target: &Target) -> Result<Reply, Fault> {
    let name = target.name.as_deref().unwrap_or_default();
    let (resource, key) = (target.resource, key(target, name));
    let view = |object: &Value| {
        let labels = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object).cloned().unwrap_or_default();
        let selector: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
        json!({"kind": "Scale", "apiVersion": "autoscaling/v1",
            "metadata": {"name": name, "namespace": key.namespace, "uid": json::uid(object),
                "resourceVersion": json::text(object, "/metadata/resourceVersion"),
                "creationTimestamp": json::text(object, "/metadata/creationTimestamp")},
            "spec": {"replicas": json::number(object, "/spec/replicas").unwrap_or(0)},
            "status": {"replicas": json::number(object, "/status/replicas").unwrap_or(0), "selector": selector.join(",")}})
    };
    let found = state.get(resource, &key.namespace, name).ok_or_else(|| Fault::not_found(resource, name))?;
    let mut wanted = view(&found);
    match call.method.as_str() {
        "GET" => return Ok(send(StatusCode::OK, &wanted)),
        "PUT" => wanted = body(call)?,
        "PATCH" => merge::merge_patch(&mut wanted, &body(call)?),
        _ => return Err(Fault::no_verb()),
    }
    let replicas = json::number(&wanted, "/spec/replicas").unwrap_or(0);
    let manager = call.manager();
    let hand = Hand { manager: &manager, scope: Scope::Main, dry: call.dry() };
    let changed = state.change(resource, &key, hand, |old| {
        json::set(old, "/spec/replicas", replicas.into());
        Ok(())
    })?;
    Ok(send(StatusCode::OK, &view(&changed)))
}
