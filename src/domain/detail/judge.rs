//! How any object is doing, from its JSON alone: the rules of `kstatus`, which Flux waits by, and Flux's own for Jobs.
//!
//! The sentences are English and short; the screen says them in the operator's language.

use serde_json::Value;

use super::{flag, list, moment, number, text};
use crate::flux::Kind;

use super::State;

/// Returns how an object is and a sentence about it; empty when there is nothing to add.
pub fn judge(object: &Value) -> (State, String) {
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        let held = list(object, "/metadata/finalizers");
        let names: Vec<&str> = held.iter().filter_map(Value::as_str).collect();
        let said = if names.is_empty() { String::new() } else { format!("waits for {}", names.join(", ")) };
        return (State::Terminating, said);
    }
    // While it is suspended its controller sees no new spec; that is no work under way.
    if flag(object, "/spec/suspend") && flux(object).is_some_and(|k| k.suspends) {
        return (State::Suspended, String::new());
    }
    // A Flux object that fails and is tried again says that it reconciles, and has seen no generation until it first succeeds.
    // Lists call it failed, and so does this.
    if let Some(ready) = failing(object) {
        return (State::Failed, said(ready));
    }
    let generation = number(object, "/metadata/generation");
    if let (Some(wanted), Some(seen)) = (generation, number(object, "/status/observedGeneration"))
        && wanted != seen
    {
        return (State::InProgress, format!("its controller has seen generation {seen} of {wanted}"));
    }
    let group = text(object, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
    match (group, text(object, "/kind")) {
        ("apps", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "ReplicaSet") => replica_set(object),
        ("", "Pod") => pod(object),
        ("", "PersistentVolumeClaim") => claim(object),
        ("", "Service") => service(object),
        ("", "Namespace") => namespace(object),
        ("batch", "Job") => job(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        ("policy", "PodDisruptionBudget") => budget(object),
        ("apiregistration.k8s.io", "APIService") => match condition(object, "Available") {
            Some(c) if text(c, "/status") != "True" => (State::InProgress, said(c)),
            _ => current(),
        },
        _ => conditions(object),
    }
}

fn flux(object: &Value) -> Option<&'static Kind> {
    Kind::of_version(text(object, "/kind"), text(object, "/apiVersion"))
}

const fn current() -> (State, String) {
    (State::Current, String::new())
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(object, "/status/conditions").iter().find(|c| text(c, "/type") == kind)
}

fn is(object: &Value, kind: &str, status: &str) -> bool {
    condition(object, kind).is_some_and(|c| text(c, "/status") == status)
}

/// Returns reason and message of a condition.
fn said(condition: &Value) -> String {
    match (text(condition, "/reason"), text(condition, "/message")) {
        (reason, "") => reason.to_owned(),
        ("", message) => message.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

/// Returns the Ready condition of a Flux object that failed, by the rule of `FluxObject::health`: everything but waiting for
/// another object is a failure of its own.
fn failing(object: &Value) -> Option<&Value> {
    flux(object)?;
    condition(object, "Ready").filter(|c| text(c, "/status") == "False" && text(c, "/reason") != "DependencyNotReady")
}

/// Judges by the conditions that kinds of all sorts agree on.
fn conditions(object: &Value) -> (State, String) {
    let known = flux(object);
    if let Some(stalled) = condition(object, "Stalled").filter(|c| text(c, "/status") == "True") {
        return (State::Failed, said(stalled));
    }
    if let Some(working) = condition(object, "Reconciling").filter(|c| text(c, "/status") == "True") {
        return (State::InProgress, said(working));
    }
    match condition(object, "Ready") {
        Some(ready) => match text(ready, "/status") {
            "True" => current(),
            _ => (State::InProgress, said(ready)),
        },
        None if known.is_some_and(|k| k.has_status) && list(object, "/status/conditions").is_empty() => {
            (State::InProgress, "its controller has said nothing yet".to_owned())
        }
        None => current(),
    }
}

/// Compares counts one after another; the first that is short is what is waited for.
fn counts(wanted: i64, found: &[(i64, &str)]) -> (State, String) {
    match found.iter().find(|(have, _)| *have < wanted) {
        Some((have, what)) => (State::InProgress, format!("{what}: {have}/{wanted}")),
        None => current(),
    }
}

fn deployment(object: &Value) -> (State, String) {
    if let Some(late) = condition(object, "Progressing").filter(|c| text(c, "/reason") == "ProgressDeadlineExceeded") {
        return (State::Failed, said(late));
    }
    if let Some(refused) = condition(object, "ReplicaFailure").filter(|c| text(c, "/status") == "True") {
        return (State::Failed, said(refused));
    }
    let count = |name: &str| number(object, &format!("/status/{name}")).unwrap_or(0);
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let (total, updated) = (count("replicas"), count("updatedReplicas"));
    if updated >= wanted && total > updated {
        return (State::InProgress, format!("old Pods still to go: {}", total - updated));
    }
    let found = [(total, "Pods made"), (updated, "updated"), (count("availableReplicas"), "available")];
    let (state, said) = counts(wanted, &found);
    if state == State::Current && wanted > 0 && is(object, "Available", "False") {
        return (State::InProgress, "not available".to_owned());
    }
    (state, said)
}

fn stateful_set(object: &Value) -> (State, String) {
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return (State::Current, "its Pods change when they are deleted".to_owned());
    }
    let count = |name: &str| number(object, &format!("/status/{name}")).unwrap_or(0);
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let (state, said) = counts(wanted, &[(count("replicas"), "Pods made"), (count("readyReplicas"), "ready")]);
    if state != State::Current {
        return (state, said);
    }
    if count("replicas") > wanted {
        return (State::InProgress, format!("Pods still to go: {}", count("replicas") - wanted));
    }
    let kept = number(object, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    if kept > 0 {
        return counts((wanted - kept).max(0), &[(count("updatedReplicas"), "updated")]);
    }
    let (now, next) = (text(object, "/status/currentRevision"), text(object, "/status/updateRevision"));
    if now != next && !next.is_empty() {
        let updated = count("updatedReplicas");
        return (State::InProgress, format!("updated: {updated}/{wanted}"));
    }
    current()
}

fn daemon_set(object: &Value) -> (State, String) {
    let count = |name: &str| number(object, &format!("/status/{name}")).unwrap_or(0);
    if number(object, "/status/desiredNumberScheduled").is_none() {
        return (State::InProgress, "its controller has said nothing yet".to_owned());
    }
    let wanted = count("desiredNumberScheduled");
    let found = [
        (count("currentNumberScheduled"), "Pods made"),
        (count("updatedNumberScheduled"), "updated"),
        (count("numberAvailable"), "available"),
        (count("numberReady"), "ready"),
    ];
    counts(wanted, &found)
}

fn replica_set(object: &Value) -> (State, String) {
    if let Some(refused) = condition(object, "ReplicaFailure").filter(|c| text(c, "/status") == "True") {
        return (State::InProgress, said(refused));
    }
    let count = |name: &str| number(object, &format!("/status/{name}")).unwrap_or(0);
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let found = [(count("fullyLabeledReplicas"), "Pods made"), (count("availableReplicas"), "available")];
    match counts(wanted, &found) {
        (State::Current, _) if count("replicas") > wanted => {
            (State::InProgress, format!("Pods still to go: {}", count("replicas") - wanted))
        }
        other => other,
    }
}

fn pod(object: &Value) -> (State, String) {
    let crashed = list(object, "/status/containerStatuses").iter().find_map(|c| {
        let reason = text(c, "/state/waiting/reason");
        (reason == "CrashLoopBackOff").then(|| format!("{}: {reason}", text(c, "/name")))
    });
    match text(object, "/status/phase") {
        "Succeeded" => current(),
        "Failed" => (State::Failed, said(object.pointer("/status").unwrap_or(&Value::Null))),
        "Running" if is(object, "Ready", "True") => current(),
        "Running" => crashed.map_or_else(|| (State::InProgress, "not ready".to_owned()), |why| (State::Failed, why)),
        _ => match condition(object, "PodScheduled").filter(|c| text(c, "/status") == "False") {
            // The scheduler needs a moment; kstatus allows it a quarter of a minute, we show its words at once.
            Some(unplaced) => (State::InProgress, said(unplaced)),
            None => (State::InProgress, "starting".to_owned()),
        },
    }
}

fn claim(object: &Value) -> (State, String) {
    match text(object, "/status/phase") {
        "Bound" => current(),
        "Lost" => (State::Failed, "Lost".to_owned()),
        phase => (State::InProgress, phase.to_owned()),
    }
}

fn service(object: &Value) -> (State, String) {
    if text(object, "/spec/type") != "LoadBalancer" {
        return current();
    }
    if text(object, "/spec/clusterIP").is_empty() {
        return (State::InProgress, "no cluster address yet".to_owned());
    }
    // Flux does not wait for the balancer; whoever looks should still know.
    let none = list(object, "/status/loadBalancer/ingress").is_empty();
    (State::Current, if none { "no address of a load balancer yet".to_owned() } else { String::new() })
}

fn namespace(object: &Value) -> (State, String) {
    match text(object, "/status/phase") {
        "Active" => current(),
        phase => (State::InProgress, phase.to_owned()),
    }
}

fn job(object: &Value) -> (State, String) {
    if let Some(failed) = condition(object, "Failed").filter(|c| text(c, "/status") == "True") {
        return (State::Failed, said(failed));
    }
    if is(object, "Complete", "True") {
        return current();
    }
    if flag(object, "/spec/suspend") {
        return (State::Suspended, String::new());
    }
    if moment(object, "/status/startTime").is_none() {
        return (State::InProgress, "not started".to_owned());
    }
    let count = |name: &str| number(object, &format!("/status/{name}")).unwrap_or(0);
    let said = format!("active {}, succeeded {}, failed {}", count("active"), count("succeeded"), count("failed"));
    (State::InProgress, said)
}

fn definition(object: &Value) -> (State, String) {
    if let Some(clash) = condition(object, "NamesAccepted").filter(|c| text(c, "/status") == "False") {
        return (State::Failed, said(clash));
    }
    match condition(object, "Established") {
        Some(c) if text(c, "/status") == "True" => current(),
        // The server writes the reason `Installing` while it is on its way, another one when it cannot be.
        Some(c) if text(c, "/reason") != "Installing" => (State::Failed, said(c)),
        _ => (State::InProgress, "not established".to_owned()),
    }
}

fn budget(object: &Value) -> (State, String) {
    let blocked = number(object, "/status/disruptionsAllowed") == Some(0);
    (State::Current, if blocked { "allows no disruption now".to_owned() } else { String::new() })
}

#[cfg(test)]
mod tests;
