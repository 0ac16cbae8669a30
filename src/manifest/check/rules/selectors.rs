//! Selectors: Services and policies, and the Pods that they mean.

use crate::check::hits::Hits;
use crate::check::subject::{Known, Scene, Subject, filled_in, items};
use crate::yaml::Val;

/// Returns the selector of a Service that has one.
fn selector(service: &Subject) -> Option<&Val> {
    let external = service.text(&["spec", "type"]).as_deref() == Some("ExternalName");
    service.at(&["spec", "selector"]).filter(|s| !external && s.as_map().is_some_and(|map| !map.is_empty()))
}

fn is_service(subject: &Subject) -> bool {
    subject.group.is_empty()
}

/// Finds Services that select none of the Pods of the rendering.
pub(super) fn services<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    if scene.makes_unseen_pods() {
        return;
    }
    for service in scene.of_kind("Service").filter(|s| is_service(s)) {
        let Some(wanted) = selector(service) else { continue };
        if scene.selected(wanted, &service.namespace).next().is_some() {
            continue;
        }
        let makers: Vec<&Subject> =
            scene.subjects.iter().filter(|s| s.template().is_some() && s.beside(&service.namespace)).collect();
        if makers.is_empty() {
            continue;
        }
        let near = makers.iter().filter_map(|maker| Some((differs(wanted, maker)?, maker))).min_by_key(|((count, _), _)| *count);
        let why = near.map_or_else(String::new, |((_, label), maker)| format!("; {} has {label}", maker.told()));
        hits.at(service, wanted, format!("{} selects no Pod of this folder{why}", service.told()));
    }
}

/// Returns how many labels of a workload's Pods differ from a selector, and the first that does.
fn differs(wanted: &Val, maker: &Subject) -> Option<(usize, String)> {
    let labels = maker.template()?.at(&["metadata", "labels"]);
    let mut count = 0;
    let mut first = None;
    for (key, value) in wanted.as_map()? {
        let there = labels.and_then(|labels| labels.get(key)).and_then(Val::scalar);
        if there == value.scalar() {
            continue;
        }
        count += 1;
        first.get_or_insert_with(|| there.map_or_else(|| format!("no label {key}"), |there| format!("{key}: {there}")));
    }
    first.map(|label| (count, label))
}

/// Finds ports of Services that are named and that no container of the selected Pods has.
pub(super) fn ports<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    for service in scene.of_kind("Service").filter(|s| is_service(s)) {
        let Some(wanted) = selector(service) else { continue };
        let makers: Vec<&Subject> = scene.selected(wanted, &service.namespace).collect();
        if makers.is_empty() {
            continue;
        }
        for port in items(&service.val, &["spec", "ports"]) {
            let Some(target) = port.get("targetPort") else { continue };
            let Some(name) = target.as_text().filter(|name| !filled_in(name) && name.parse::<u16>().is_err()) else { continue };
            let named: Vec<&str> = makers.iter().flat_map(|maker| port_names(maker)).collect();
            if named.contains(&name) || named.iter().any(|name| filled_in(name)) {
                continue;
            }
            let has = if named.is_empty() { "no named ports".to_owned() } else { named.join(", ") };
            let whom = makers.iter().map(|maker| maker.told()).collect::<Vec<_>>().join(", ");
            hits.at(service, target, format!("{} leads to the port {name}, but {whom} has {has}", service.told()));
        }
    }
}

fn port_names(maker: &Subject) -> Vec<&str> {
    let ports = maker.containers().into_iter().flat_map(|container| items(container.val, &["ports"]));
    ports.filter_map(|port| port.get("name").and_then(Val::as_text)).collect()
}

/// Finds NetworkPolicies that select none of the Pods of the rendering.
pub(super) fn policies<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    if scene.makes_unseen_pods() || scene.subjects.iter().all(|s| s.template().is_none()) {
        return;
    }
    for policy in scene.of_kind("NetworkPolicy").filter(|p| p.in_group("networking.k8s.io")) {
        let Some(labels) =
            policy.at(&["spec", "podSelector", "matchLabels"]).filter(|l| l.as_map().is_some_and(|m| !m.is_empty()))
        else {
            continue;
        };
        if scene.selected(labels, &policy.namespace).next().is_none() {
            hits.at(policy, labels, format!("{} selects no Pod of this folder", policy.told()));
        }
    }
}
