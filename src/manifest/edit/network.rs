//! Changes of the Service that selects the workload's Pods, and of the host under which an Ingress or a route of the Gateway
//! API leads to it.
//!
//! What the environment's own files say is changed there. What a base says is overridden: a Service's type by a strategic
//! merge patch; ports, rules and host names by a JSON patch, because a strategic merge finds a port by its number, so that a
//! new number would add a port, and replaces the other lists as a whole. A host and its `tls` entry change together.

use domain::edit::{Ask, Edit, Field, Found};

use crate::build::resource::{Resource, same_namespace};
use crate::build::source::Role;
use crate::edit::aim::{Aim, Leaf, Step};
use crate::edit::objects::{self, cannot, chosen, here};
use crate::edit::{Desk, hosts, operations, unknown};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{Fragment, Place, Val};

/// Tells whether the effective value of a field of a Service or an Ingress is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    match &edit.field {
        Field::ServiceType => {
            let service = service(located, edit)?;
            let written = service.val.at(&["spec", "type"]).and_then(Val::scalar);
            Ok(match &edit.value {
                Some(wanted) => written.as_deref().unwrap_or(DEFAULT) == wanted,
                None => written.is_none(),
            })
        }
        Field::ServicePort(name) => {
            let number = |port: &Val| port.get("port").and_then(Val::scalar);
            match port(located, edit, name)? {
                Some((_, port)) => Ok(edit.value.is_some() && number(port) == edit.value),
                // A port without a name is called by its number, which is another one once it is changed.
                None if edit.value.is_none() || renumbered(located, name, edit.value.as_deref()) => Ok(true),
                None => Err(no_port(located, edit)),
            }
        }
        Field::IngressHost => hosts::met(located, edit),
        _ => Err(unknown(located, edit)),
    }
}

/// Takes one step towards a field of a Service or an Ingress that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    match &edit.field {
        Field::ServiceType => service_type(desk, located, edit),
        Field::ServicePort(name) => service_port(desk, located, edit, name),
        Field::IngressHost => hosts::step(desk, located, edit),
        _ => Err(unknown(located, edit)),
    }
}

/// Adds the fields of the Services that select the Pods, and of what leads to them, with their places.
pub(crate) fn found(located: &Located, found: &mut Vec<Found>) {
    for service in services(located) {
        let written = service.val.at(&["spec", "type"]);
        let place = written.or_else(|| service.val.get("spec")).and_then(|v| v.from);
        let value = written.and_then(Val::scalar).unwrap_or_else(|| DEFAULT.to_owned());
        let mut one = tell(located, service, (Field::ServiceType, value, place));
        if written.is_none() {
            one.why = format!("{}; nothing is written, which means {DEFAULT}", one.why);
        }
        found.push(one);
        for port in ports(service) {
            let number = port.get("port");
            let value = number.and_then(Val::scalar).unwrap_or_default();
            found.push(tell(located, service, (Field::ServicePort(called(port)), value, number.and_then(|n| n.from))));
        }
    }
    hosts::found(located, found);
}

/// What a Service without a type is.
const DEFAULT: &str = "ClusterIP";

/// Builds what is known of a field of an object beside the workload.
pub(super) fn tell(located: &Located, object: &Resource, (field, value, place): (Field, String, Option<Place>)) -> Found {
    let mut one = located.found(field, None, value, place);
    if place.is_some_and(|(number, _)| located.sources.get(number).role == Role::Resource) {
        one.why = objects::whence(located, &one.file, &format!("{} {}", object.kind(), object.written_name()));
    }
    one
}

/// Returns the labels of the Pods that the workload makes.
fn labels(located: &Located) -> Option<&Val> {
    located.pods().val.at(located.template()).and_then(|template| template.at(&["metadata", "labels"]))
}

/// Returns the Services that select the workload's Pods, in order.
pub(super) fn services(located: &Located) -> Vec<&Resource> {
    let Some(labels) = labels(located) else { return Vec::new() };
    let space = located.workload.id().namespace;
    let selects = |service: &Resource| {
        let selector = service.val.at(&["spec", "selector"]).and_then(Val::as_map).filter(|s| !s.is_empty());
        selector.is_some_and(|s| s.iter().all(|(key, value)| labels.get(key).and_then(Val::scalar) == value.scalar()))
    };
    located
        .others
        .iter()
        .filter(|r| r.kind() == "Service" && r.group_version().0.is_empty() && same_namespace(&r.id().namespace, &space))
        .filter(|r| selects(r))
        .collect()
}

/// Builds the error for a workload that no Service selects.
pub(super) fn no_service(located: &Located, edit: &Edit) -> Error {
    cannot(located, edit, None, format!("no Service selects the Pods of {}", located.reference()))
}

/// Returns the one that is meant of several candidates with their places; a question when that is open.
pub(super) fn pick<T>(
    located: &Located,
    edit: &Edit,
    mut candidates: Vec<(T, Option<Place>, String)>,
    why: &str,
) -> Result<Option<T>, Error> {
    if candidates.len() > 1 && candidates.iter().any(|(_, place, _)| chosen(located, edit, *place)) {
        candidates.retain(|(_, place, _)| chosen(located, edit, *place));
        if let [(_, place, _), _, ..] = candidates.as_slice() {
            let line = located.sources.line(*place);
            let why = format!("several stand on line {line}; give each a line of its own");
            return Err(cannot(located, edit, *place, why));
        }
    }
    if candidates.len() > 1 {
        let offers = candidates.iter().map(|(_, place, what)| objects::offer(located, *place, what.clone())).collect();
        let ask = Ask { container: edit.container.clone(), field: edit.field.clone(), why: why.to_owned(), offers };
        return Err(Error::Choose(Box::new(ask)));
    }
    Ok(candidates.pop().map(|(one, _, _)| one))
}

/// Returns the Service that an edit means.
fn service<'l>(located: &'l Located, edit: &Edit) -> Result<&'l Resource, Error> {
    let all = services(located);
    let why = format!("{} Services select the Pods of {}", all.len(), located.reference());
    let candidates = all.into_iter().map(|s| (s, s.val.from, format!("changes Service {}", s.written_name()))).collect();
    pick(located, edit, candidates, &why)?.ok_or_else(|| no_service(located, edit))
}

fn ports(service: &Resource) -> &[Val] {
    service.val.at(&["spec", "ports"]).map(Val::items).unwrap_or_default()
}

/// Returns how a port is called: by its name, or by its number when it has none.
fn called(port: &Val) -> String {
    ["name", "port"].iter().find_map(|key| port.get(key).and_then(Val::scalar)).unwrap_or_default()
}

/// Returns the port that an edit means: its Service and itself.
fn port<'l>(located: &'l Located, edit: &Edit, name: &str) -> Result<Option<(&'l Resource, &'l Val)>, Error> {
    let all = services(located);
    if all.is_empty() {
        return Err(no_service(located, edit));
    }
    let of = |service: &'l Resource| ports(service).iter().map(move |port| (service, port));
    let candidates: Vec<_> = all
        .into_iter()
        .flat_map(of)
        .filter(|(_, port)| called(port) == name)
        .map(|one| (one, one.0.val.from, format!("changes Service {}", one.0.written_name())))
        .collect();
    let why = format!("{} Services of {} have a port {name}", candidates.len(), located.reference());
    pick(located, edit, candidates, &why)
}

/// Tells whether a port that was called by a number has another one now.
fn renumbered(located: &Located, name: &str, wanted: Option<&str>) -> bool {
    let unnamed = |port: &Val| port.get("name").is_none() && port.get("port").and_then(Val::scalar).as_deref() == wanted;
    name.bytes().all(|b| b.is_ascii_digit()) && services(located).iter().any(|s| ports(s).iter().any(unnamed))
}

fn no_port(located: &Located, edit: &Edit) -> Error {
    let told: Vec<String> = services(located)
        .iter()
        .map(|s| format!("Service {} has {}", s.written_name(), ports(s).iter().map(called).collect::<Vec<_>>().join(", ")))
        .collect();
    cannot(located, edit, None, format!("no Service has this port: {}", told.join("; ")))
}

/// Fields of a Service that only some types may have.
const BOUND: [(&str, &[&str]); 5] = [
    ("externalTrafficPolicy", &["NodePort", "LoadBalancer"]),
    ("healthCheckNodePort", &["LoadBalancer"]),
    ("loadBalancerClass", &["LoadBalancer"]),
    ("loadBalancerSourceRanges", &["LoadBalancer"]),
    ("allocateLoadBalancerNodePorts", &["LoadBalancer"]),
];

/// Returns why a Service cannot be of a type.
fn type_fault(service: &Resource, wanted: &str) -> Option<String> {
    let spec = |key: &str| service.val.at(&["spec", key]).filter(|v| !v.is_null());
    let outside = matches!(wanted, "NodePort" | "LoadBalancer");
    if outside && spec("clusterIP").and_then(Val::scalar).as_deref() == Some("None") {
        return Some("it is headless (clusterIP: None)".to_owned());
    }
    if wanted == "ExternalName" && spec("externalName").is_none() {
        return Some("it has no externalName".to_owned());
    }
    if !outside && let Some(port) = ports(service).iter().find(|p| p.get("nodePort").is_some()) {
        return Some(format!("its port {} has a nodePort, which {wanted} does not allow", called(port)));
    }
    let odd = BOUND.iter().find(|(key, types)| spec(key).is_some() && !types.contains(&wanted));
    odd.map(|(key, _)| format!("it has {key}, which {wanted} does not allow"))
}

fn service_type(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let service = service(located, edit)?;
    if let Some(why) = type_fault(service, edit.value.as_deref().unwrap_or(DEFAULT)) {
        return Err(cannot(located, edit, service.val.from, why));
    }
    let aim = Aim::new(service, Step::keys(&["spec", "type"]), 1, edit);
    match &edit.value {
        Some(value) => aim.set(desk, located, &Fragment::Text(value.clone())),
        None => aim.remove(desk, located),
    }
}

fn service_port(desk: &mut Desk, located: &Located, edit: &Edit, name: &str) -> Result<(), Error> {
    let Some((service, port)) = port(located, edit, name)? else { return Err(no_port(located, edit)) };
    let all = ports(service);
    let protocol = |port: &Val| port.get("protocol").and_then(Val::scalar).unwrap_or_else(|| "TCP".to_owned());
    let twin = |other: &&Val| {
        !std::ptr::eq(*other, port) && other.get("port").and_then(Val::scalar) == edit.value && protocol(other) == protocol(port)
    };
    if let Some(other) = all.iter().find(twin).filter(|_| edit.value.is_some()) {
        let why = format!("port {} of Service {} has this number already", called(other), service.written_name());
        return Err(cannot(located, edit, service.val.from, why));
    }
    if edit.value.is_none() && all.len() == 1 {
        return Err(cannot(located, edit, service.val.from, "it is the only port of its Service"));
    }
    let keys = ["name", "port"].into_iter().find_map(|key| port.get(key).and_then(Val::scalar).map(|text| (key, text)));
    let item = Step::Item(keys.map(|(key, text)| (key, Fragment::Text(text))).into_iter().collect());
    let way = |more: &[&str]| Step::keys(&["spec", "ports"]).into_iter().chain([item.clone()]).chain(Step::keys(more)).collect();
    let ours = |val: Option<&Val>| val.and_then(|v| v.from).is_some_and(|(number, _)| here(located, edit, number));
    if let Some(value) = &edit.value {
        let (aim, new) = (Aim::new(service, way(&["port"]), 3, edit), Fragment::Plain(value.clone()));
        if ours(port.get("port")) {
            return aim.set(desk, located, &new);
        }
        return operations::patch(desk, located, &aim, Leaf::Set(&new));
    }
    let aim = Aim::new(service, way(&[]), 2, edit);
    if ours(Some(port)) { aim.remove(desk, located) } else { operations::patch(desk, located, &aim, Leaf::Gone) }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
