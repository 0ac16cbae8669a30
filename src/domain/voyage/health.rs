//! The fourth stage: the workloads are rolled out as wanted, and their Pods are ready.

use std::sync::Arc;

use super::{Observation, Voyage, Want};
use crate::Time;
use crate::deployment::{Method, StageName};
use crate::flux::{Health, ObjectKey};
use crate::trouble::Trouble;
use crate::why;
use crate::workload::{PodFault, Workload};

const STAGE: StageName = StageName::Health;

pub(super) fn step(voyage: &mut Voyage, now: Time, seen: &Observation, wants: &mut Vec<Want>) -> bool {
    if !seen.live {
        return voyage.say(STAGE, "the cluster does not answer; waiting for it");
    }
    let Some(looked) = &seen.looked else {
        wants.push(Want::Look);
        return false;
    };
    let later = match &seen.apply {
        // Flux has no part in it.
        _ if voyage.deployment.method == Method::Manual => false,
        Some(apply) => apply.applied == super::Ancestry::Past,
        None => return voyage.say(STAGE, "the Kustomization is gone"),
    };
    let mut open = None;
    for workload in &seen.workloads {
        let name = workload.key.name.as_ref();
        let seen_generation = looked.iter().find(|(n, _)| n == name).map_or(0, |(_, g)| *g);
        if workload.generation < seen_generation || !(later || as_wanted(voyage, workload)) || !workload.rolled_out() {
            open = Some(workload);
            break;
        }
    }
    let Some(open) = open else {
        return finish(voyage, now, seen, later);
    };
    if let Some(fault) = seen.faults.first() {
        return faulty(voyage, now, fault, seen.log.as_deref(), wants);
    }
    if let Some(condition) =
        open.conditions.iter().find(|c| open.health() == Health::Bad && c.kind != "Available" && !c.message.is_empty())
    {
        let trouble = Trouble::failed("The rollout failed", format!("{}/{}", open.key.kind, open.key.name))
            .why(format!("{}: {}", condition.reason, condition.message))
            .next("Look at its Pods and events.");
        return voyage.fail(STAGE, now, trouble);
    }
    let progress = progress(open);
    if voyage.late(STAGE, now, voyage.patience.health, wants) {
        let trouble =
            Trouble::timed_out("The workload did not become ready in time", format!("{}/{}", open.key.kind, open.key.name))
                .why(progress)
                .next("Look at its Pods and events, or roll back.");
        return voyage.fail(STAGE, now, trouble);
    }
    voyage.say(STAGE, progress)
}

/// Concludes from rolled-out workloads; with none at all the Kustomization's own verdict has to do.
fn finish(voyage: &mut Voyage, now: Time, seen: &Observation, later: bool) -> bool {
    let ready = seen.apply.as_ref().map(|a| a.ready.clone()).unwrap_or_default();
    if seen.workloads.is_empty() && ready.0 != "True" && voyage.deployment.method != Method::Manual {
        if ready.1 == "HealthCheckFailed" {
            let trouble =
                Trouble::failed("Flux's health check failed", voyage.object()).why(ready.2).next("Look at the objects it names.");
            return voyage.fail(STAGE, now, trouble);
        }
        return voyage.say(STAGE, "waits for the Kustomization to be ready");
    }
    let pods: i32 = seen.workloads.iter().map(|w| w.ready).sum();
    let detail = match (later, seen.workloads.len()) {
        (_, 0) => "ready".to_owned(),
        (true, _) => format!("{pods} ready, at a later revision"),
        (false, _) => format!("{pods} ready"),
    };
    voyage.done(STAGE, now, detail)
}

fn as_wanted(voyage: &Voyage, workload: &Arc<Workload>) -> bool {
    let deployment = &voyage.deployment;
    let ours = deployment.workload.as_ref().is_none_or(|w| {
        // An overlay may add a prefix or a suffix to the name.
        w.kind == *workload.key.kind && workload.key.name.contains(w.name.as_str())
    });
    if !ours {
        return true;
    }
    let images = deployment
        .expect_images
        .iter()
        .all(|(container, image)| workload.containers.iter().find(|c| &c.name == container).is_none_or(|c| &c.image == image));
    images && deployment.expect_replicas.is_none_or(|n| n == workload.replicas)
}

fn progress(workload: &Workload) -> String {
    let name = format!("{} {}", workload.key.kind, workload.key.name);
    let n = workload.replicas;
    if workload.observed_generation < workload.generation {
        format!("{name}: waits for its controller")
    } else if workload.updated < n {
        format!("{name}: {} of {n} updated", workload.updated)
    } else if workload.total > workload.updated {
        format!("{name}: {} old Pods are ending", workload.total - workload.updated)
    } else {
        format!("{name}: {} of {n} available", workload.available)
    }
}

fn faulty(voyage: &mut Voyage, now: Time, fault: &PodFault, log: Option<&[String]>, wants: &mut Vec<Want>) -> bool {
    if fault.wants_log && log.is_none() {
        if !voyage.asked_log {
            voyage.asked_log = true;
            wants.push(Want::Log { pod: fault.pod.clone(), container: fault.container.clone() });
        }
        return voyage.say(STAGE, format!("{}: {}", fault.pod, fault.reason));
    }
    // A first failed pull and a Pod that finds no room may still come right; the kubelet and the scheduler try again.
    if matches!(fault.reason.as_str(), "ErrImagePull" | "Unschedulable") {
        if voyage.late(STAGE, now, voyage.patience.source_fault, wants) {
            let trouble = trouble_of(fault, log);
            return voyage.fail(STAGE, now, trouble);
        }
        return voyage.say(STAGE, format!("{}: {} {}", fault.pod, fault.reason, fault.message));
    }
    let trouble = trouble_of(fault, log);
    voyage.fail(STAGE, now, trouble)
}

fn trouble_of(fault: &PodFault, log: Option<&[String]>) -> Trouble {
    let key = ObjectKey { cluster: "".into(), kind: "Pod".into(), namespace: "".into(), name: fault.pod.as_str().into() };
    let cause = why::of_fault(&key, fault).with_log(&key, &fault.container, log.unwrap_or_default());
    let object = if fault.container.is_empty() { fault.pod.clone() } else { format!("{}/{}", fault.pod, fault.container) };
    match fault.image.as_str() {
        "" => cause.trouble(object),
        image => cause.trouble(format!("{object} ({image})")),
    }
}
