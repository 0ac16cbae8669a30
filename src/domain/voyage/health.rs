//! The fourth stage: the workloads are rolled out as wanted, and their Pods are ready.

use std::sync::Arc;

use super::{Observation, ReleaseSeen, Voyage, Want, release};
use crate::Time;
use crate::deployment::{Method, StageName};
use crate::flux::{Health, ObjectKey};
use crate::trouble::Trouble;
use crate::why::{self, Cause};
use crate::workload::{PodFault, Workload};

const STAGE: StageName = StageName::Health;
/// A cause of this rank says what is to be done.
const TELLING: u8 = 50;
/// How old, in milliseconds, what is said beside the progress may be.
const HINT: i64 = 30_000;

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
        None if voyage.late(STAGE, now, voyage.patience.health, wants) => {
            let trouble = Trouble::not_found("The Kustomization of this environment is gone", voyage.object())
                .why("it was removed before its workloads were ready")
                .next("Create it (environment edit --create), or look at what runs.");
            return voyage.fail(STAGE, now, trouble);
        }
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
    if let Some(fault) = seen.faults.first().filter(|_| open.is_some()) {
        return faulty(voyage, now, fault, seen, wants);
    }
    if let Some(trouble) = release::failed(&seen.releases) {
        return voyage.fail_by((STAGE, now), trouble, |_| false, (seen, wants));
    }
    let Some(open) = open else {
        return match release::open(&seen.releases) {
            Some(release) => waits_for(voyage, now, release, seen, wants),
            None => finish(voyage, now, later, (seen, wants)),
        };
    };
    if let Some(condition) =
        open.conditions.iter().find(|c| open.health() == Health::Bad && c.kind != "Available" && !c.message.is_empty())
    {
        let trouble = Trouble::failed("The rollout failed", format!("{}/{}", open.key.kind, open.key.name))
            .why(format!("{}: {}", condition.reason, condition.message))
            .next("Look at its Pods and events.");
        return voyage.fail_by((STAGE, now), trouble, of_workloads, (seen, wants));
    }
    let progress = progress(open);
    if voyage.late(STAGE, now, voyage.patience.health, wants) {
        let trouble =
            Trouble::timed_out("The workload did not become ready in time", format!("{}/{}", open.key.kind, open.key.name))
                .why(progress)
                .next("Look at its Pods and events, or roll back.");
        return voyage.fail_by((STAGE, now), trouble, of_workloads, (seen, wants));
    }
    hinted(voyage, now, progress, (seen, wants))
}

/// Tells whether a cause lies with what runs, and not with Flux.
fn of_workloads(cause: &Cause) -> bool {
    cause.object.flux_kind().is_none()
}

/// Says how far it is, and what seems to keep it once it takes longer than a start does.
fn hinted(voyage: &mut Voyage, now: Time, progress: String, (seen, wants): (&Observation, &mut Vec<Want>)) -> bool {
    if !voyage.late(STAGE, now, voyage.patience.source_fault, wants) {
        return voyage.say(STAGE, progress);
    }
    if let Ok(at) = Time::from_millisecond(now.as_millisecond() + HINT) {
        wants.push(Want::WakeAt(at));
    }
    let causes = voyage.causes(now, HINT, seen, wants);
    // While evidence is read anew, what was found before still stands.
    let causes = causes.or(seen.why.as_deref()).unwrap_or_default();
    let told = causes.iter().find(|cause| !cause.vague() && of_workloads(cause)).map(Cause::what);
    voyage.say(STAGE, told.map_or(progress.clone(), |what| format!("{progress}. It seems: {what}")))
}

/// Waits for a HelmRelease.
fn waits_for(voyage: &mut Voyage, now: Time, release: &ReleaseSeen, seen: &Observation, wants: &mut Vec<Want>) -> bool {
    let told = release::told(release);
    if release.suspended {
        return voyage.wait(STAGE, told);
    }
    if voyage.late(STAGE, now, voyage.patience.health, wants) {
        let trouble = Trouble::timed_out("The HelmRelease did not become ready in time", &release.key)
            .why(told)
            .next("Look at its conditions and Pods, or roll back.");
        return voyage.fail_by((STAGE, now), trouble, |_| true, (seen, wants));
    }
    voyage.say(STAGE, told)
}

/// Concludes from rolled-out workloads. Where the Kustomization checks health, or there are no workloads at all, its own verdict
/// has to come too: it may check what is no workload.
fn finish(voyage: &mut Voyage, now: Time, later: bool, (seen, wants): (&Observation, &mut Vec<Want>)) -> bool {
    let ready = seen.apply.as_ref().map(|a| a.ready.clone()).unwrap_or_default();
    let checks = seen.apply.as_ref().is_some_and(|a| a.waits && !a.suspended);
    if (seen.workloads.is_empty() || checks) && ready.0 != "True" && voyage.deployment.method != Method::Manual {
        let late = voyage.late(STAGE, now, voyage.patience.health, wants);
        // The workloads came right after it had given up on them; its next try will see that.
        let over = late || !(1..=seen.workloads.len()).contains(&checked(&ready.2, &seen.workloads));
        if ready.1 == "HealthCheckFailed" && over {
            let trouble =
                Trouble::failed("Flux's health check failed", voyage.object()).why(ready.2).next("Look at the objects it names.");
            return voyage.fail_by((STAGE, now), trouble, of_workloads, (seen, wants));
        }
        if late {
            let trouble = Trouble::timed_out("The Kustomization did not become ready in time", voyage.object())
                .why(ready.2)
                .next("Look at its conditions and at the objects that it applied.");
            return voyage.fail_by((STAGE, now), trouble, |_| true, (seen, wants));
        }
        let working = seen.apply.as_ref().and_then(|a| a.working.clone()).filter(|_| checks);
        return voyage.say(STAGE, working.unwrap_or_else(|| "waits for the Kustomization to be ready".to_owned()));
    }
    let pods: i32 = seen.workloads.iter().map(|w| w.ready).sum();
    let detail = match (later, seen.workloads.len()) {
        (_, 0) => "ready".to_owned(),
        (true, _) => format!("{pods} ready, at a later revision"),
        (false, _) => format!("{pods} ready"),
    };
    voyage.done(STAGE, now, detail)
}

/// Returns how many objects a failed health check names when all of them are workloads that are seen; 0 when any other is named.
fn checked(message: &str, workloads: &[Arc<Workload>]) -> usize {
    let list = message.split_once('[').map_or("", |(_, list)| list.trim_end_matches(']'));
    let named: Vec<&str> = list.split(", ").filter_map(|entry| entry.split(" status:").next()).collect();
    let known = |name: &&str| workloads.iter().any(|w| *name == w.key.to_string());
    if named.iter().all(known) { named.len() } else { 0 }
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
        match workload.total - workload.updated {
            1 => format!("{name}: 1 old Pod is ending"),
            old => format!("{name}: {old} old Pods are ending"),
        }
    } else {
        format!("{name}: {} of {n} available", workload.available)
    }
}

fn faulty(voyage: &mut Voyage, now: Time, fault: &PodFault, seen: &Observation, wants: &mut Vec<Want>) -> bool {
    let log = seen.log.as_deref();
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
            return by_fault(voyage, now, fault, (seen, wants));
        }
        return voyage.say(STAGE, format!("{}: {} {}", fault.pod, fault.reason, fault.message));
    }
    by_fault(voyage, now, fault, (seen, wants))
}

/// Fails by what is wrong with a Pod; where its status alone says little, its events and claims are asked first.
fn by_fault(voyage: &mut Voyage, now: Time, fault: &PodFault, (seen, wants): (&Observation, &mut Vec<Want>)) -> bool {
    let key = ObjectKey { cluster: "".into(), kind: "Pod".into(), namespace: "".into(), name: fault.pod.as_str().into() };
    // Pods are named after what made them.
    let workload = seen.workloads.iter().find(|w| !w.rolled_out() && fault.pod.starts_with(&*w.key.name));
    let cause = why::of_fault(&key, fault, workload.map(|w| &**w));
    let (told, claims) = (cause.rank.1, fault.message.contains("PersistentVolumeClaim"));
    let trouble = trouble_of(&cause.with_log(&key, &fault.container, seen.log.as_deref().unwrap_or_default()), fault);
    if fault.wants_log || (told >= TELLING && !claims) {
        return voyage.fail(STAGE, now, trouble);
    }
    let about = |cause: &Cause| match &*cause.object.kind {
        "Pod" => cause.rank.1 > told && !claims,
        kind => kind == "PersistentVolumeClaim" && claims,
    };
    voyage.fail_by((STAGE, now), trouble, about, (seen, wants))
}

fn trouble_of(cause: &Cause, fault: &PodFault) -> Trouble {
    let object = if fault.container.is_empty() { fault.pod.clone() } else { format!("{}/{}", fault.pod, fault.container) };
    match fault.image.as_str() {
        "" => cause.trouble(object),
        image => cause.trouble(format!("{object} ({image})")),
    }
}
