//! What the API server refuses, as far as people run into it: names, quantities, selectors, fields that Flux requires.

use serde_json::Value;

use crate::fault::{Cause, Fault};
use crate::json;
use crate::resource::Resource;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
                         start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
                     with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
                     '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const ENV: &str = "a valid environment variable name must consist only of printable ASCII characters other than '='";
const QUANTITY: &str = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const DURATION: &str = "in body should match '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$'";

/// Checks an object as it would be stored; `old` is what is stored now.
pub(crate) fn check(resource: &Resource, object: &Value, old: Option<&Value>) -> Result<(), Fault> {
    let mut causes = Vec::new();
    if old.is_none() {
        name(resource, object, &mut causes);
    }
    if resource.custom {
        flux(resource.kind, object, &mut causes);
    } else {
        quantities(resource, object)?;
        workload(resource.kind, object, old, &mut causes);
    }
    if causes.is_empty() { Ok(()) } else { Err(Fault::invalid(resource, json::name(object), &causes)) }
}

fn name(resource: &Resource, object: &Value, causes: &mut Vec<Cause>) {
    let name = json::name(object);
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
        return;
    }
    let label = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
    };
    let value = Value::from(name);
    if resource.group.starts_with("rbac.") {
        return;
    }
    if matches!(resource.kind, "Namespace" | "Service") {
        if !label(name) || name.len() > 63 {
            causes.push(Cause::invalid("metadata.name", &value, LABEL));
        }
    } else if !name.split('.').all(label) || name.len() > 253 {
        causes.push(Cause::invalid("metadata.name", &value, SUBDOMAIN));
    }
}

fn quantities(resource: &Resource, object: &Value) -> Result<(), Fault> {
    let Some((_, spec)) = pod_spec(resource.kind, object) else { return Ok(()) };
    for list in ["/containers", "/initContainers"] {
        for container in json::list(spec, list) {
            for part in ["/resources/requests", "/resources/limits"] {
                let amounts = container.pointer(part).and_then(Value::as_object);
                for amount in amounts.into_iter().flat_map(serde_json::Map::values) {
                    let text = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
                    if text.parse::<domain::quantity::Quantity>().is_err() {
                        return Err(Fault::bad(format!(
                            "{kind} in version \"{version}\" cannot be handled as a {kind}: {QUANTITY}",
                            kind = resource.kind,
                            version = resource.version
                        )));
                    }
                }
            }
        }
    }
    Ok(())
}

fn pod_spec<'a>(kind: &str, object: &'a Value) -> Option<(&'static str, &'a Value)> {
    match kind {
        "Pod" => Some(("spec", object.pointer("/spec")?)),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => {
            Some(("spec.template.spec", object.pointer("/spec/template/spec")?))
        }
        "CronJob" => Some(("spec.jobTemplate.spec.template.spec", object.pointer("/spec/jobTemplate/spec/template/spec")?)),
        _ => None,
    }
}

fn workload(kind: &str, object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    if matches!(kind, "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") {
        selector(object, old, causes);
        if let Some(replicas) = json::number(object, "/spec/replicas").filter(|n| *n < 0) {
            causes.push(Cause::invalid("spec.replicas", &replicas.into(), "must be greater than or equal to 0"));
        }
    }
    if let Some((at, spec)) = pod_spec(kind, object) {
        containers(at, spec, causes);
    }
    if kind == "Pod" && json::list(object, "/spec/containers").is_empty() {
        causes.push(Cause::required("spec.containers", ""));
    }
}

fn selector(object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let wanted = object.pointer("/spec/selector/matchLabels");
    if object.pointer("/spec/selector").is_none() {
        causes.push(Cause::required("spec.selector", ""));
    }
    let template = object.pointer("/spec/template").cloned().unwrap_or_default();
    if wanted.is_some() && !json::has_labels(&template, wanted) {
        let labels = template.pointer("/metadata/labels").cloned().unwrap_or_default();
        causes.push(Cause::invalid("spec.template.metadata.labels", &labels, "`selector` does not match template `labels`"));
    }
    let before = old.and_then(|old| old.pointer("/spec/selector"));
    if let (Some(before), Some(now)) = (before, object.pointer("/spec/selector"))
        && before != now
    {
        causes.push(Cause::invalid("spec.selector", now, "field is immutable"));
    }
}

fn containers(at: &str, spec: &Value, causes: &mut Vec<Cause>) {
    for (index, container) in json::list(spec, "/containers").iter().enumerate() {
        let here = format!("{at}.containers[{index}]");
        if json::text(container, "/name").is_empty() {
            causes.push(Cause::required(format!("{here}.name"), ""));
        }
        if json::text(container, "/image").trim().is_empty() {
            causes.push(Cause::required(format!("{here}.image"), ""));
        }
        for (nth, variable) in json::list(container, "/env").iter().enumerate() {
            let name = json::text(variable, "/name");
            if name.is_empty() {
                causes.push(Cause::required(format!("{here}.env[{nth}].name"), ""));
            } else if !name.bytes().all(|b| b.is_ascii_graphic() && b != b'=' || b == b' ') {
                causes.push(Cause::invalid(format!("{here}.env[{nth}].name"), &name.into(), ENV));
            }
        }
    }
}

fn flux(kind: &str, object: &Value, causes: &mut Vec<Cause>) {
    for field in ["interval", "timeout", "retryInterval"] {
        if let Some(value) = object.pointer(&format!("/spec/{field}"))
            && value.as_str().and_then(crate::clock::parse_go).is_none()
        {
            causes.push(Cause::invalid(format!("spec.{field}"), value, &format!("spec.{field} {DURATION}")));
        }
    }
    let required: &[&str] = match kind {
        "Bucket" => &["bucketName", "endpoint", "interval"],
        "GitRepository" | "OCIRepository" => &["interval", "url"],
        "HelmChart" => &["chart", "interval", "sourceRef"],
        "HelmRepository" => &["url"],
        "Kustomization" => &["interval", "prune", "sourceRef"],
        "HelmRelease" => &["interval"],
        "Alert" => &["eventSources", "providerRef"],
        "Provider" => &["type"],
        "Receiver" => &["resources", "type"],
        "ImagePolicy" => &["imageRepositoryRef", "policy"],
        "ImageRepository" => &["image", "interval"],
        "ImageUpdateAutomation" => &["interval", "sourceRef"],
        _ => &[],
    };
    for field in required {
        if object.pointer(&format!("/spec/{field}")).is_none() {
            causes.push(Cause::required(format!("spec.{field}"), ""));
        }
    }
}
