//! The third stage: the Kustomization has applied a revision at or past our commit.
//!
//! With `spec.wait` or health checks kustomize-controller writes `lastAppliedRevision` only when those are through, so a
//! failed health check at our revision means that the apply itself is through (its reason is `HealthCheckFailed`), and the
//! running one too (its message begins with `Running health checks`).

use super::{ApplySeen, Observation, Voyage, Want};
use crate::Time;
use crate::deployment::StageName;
use crate::trouble::Trouble;

const STAGE: StageName = StageName::Apply;
/// Causes that may pass by themselves while Flux tries again.
const PASSING: [&str; 8] = [
    "webhook-down",
    "server-busy",
    "connection-refused",
    "connection-timeout",
    "dns-failed",
    "namespace-terminating",
    "crd-missing",
    "namespace-missing",
];

pub(super) fn step(voyage: &mut Voyage, now: Time, seen: &Observation, wants: &mut Vec<Want>) -> bool {
    if !seen.live {
        return voyage.say(STAGE, "the cluster does not answer; waiting for it");
    }
    let Some(apply) = &seen.apply else {
        if voyage.late(STAGE, now, voyage.patience.source_fault, wants) {
            let trouble = Trouble::not_found("Flux has no Kustomization for this environment", voyage.object())
                .why("it does not exist in the cluster")
                .next("Create it (environment edit --create), or correct its name in the environment.");
            return voyage.fail(STAGE, now, trouble);
        }
        return voyage.say(STAGE, "no Kustomization yet");
    };
    if apply.applied.reached() {
        return voyage.done(STAGE, now, apply.revision.clone());
    }
    if apply.attempted.reached() && checks_health(apply) {
        return voyage.done(STAGE, now, "applied; Flux checks health");
    }
    if apply.suspended {
        let how = if seen.manual_sync { "sync is manual: s syncs" } else { "the Kustomization is suspended; resume it" };
        return voyage.wait(STAGE, how);
    }
    let (status, reason, message) = &apply.ready;
    if status == "False" {
        match reason.as_str() {
            "DependencyNotReady" if !voyage.late(STAGE, now, voyage.patience.apply, wants) => {
                let told = dependency(apply, message);
                // While a dependency tries again it says nothing of its own; what it said last still stands.
                let known = &voyage.deployment.stage(STAGE).detail;
                let told = if known.starts_with(&told) { known.clone() } else { told };
                return voyage.say(STAGE, told);
            }
            "ArtifactFailed" | "BuildFailed" | "ReconciliationFailed" | "PruneFailed" | "InvalidPath"
                if apply.attempted.reached() =>
            {
                return refused(voyage, now, (reason, message), wants);
            }
            _ => {}
        }
    }
    if voyage.late(STAGE, now, voyage.patience.apply, wants) {
        let trouble = Trouble::timed_out("Flux did not apply the commit in time", voyage.object())
            .why(if message.is_empty() { "it never got to it".to_owned() } else { message.clone() })
            .next("Look at the Kustomization's conditions and at kustomize-controller.");
        return voyage.fail_by((STAGE, now), trouble, |_| true, (seen, wants));
    }
    match &apply.working {
        Some(working) if apply.attempted.reached() => voyage.say(STAGE, working.clone()),
        Some(working) => voyage.say(STAGE, format!("waits behind the reconciliation that is under way: {working}")),
        None if apply.revision.is_empty() => voyage.say(STAGE, "waits behind other reconciliations"),
        None => voyage.say(STAGE, format!("waits behind other reconciliations; applied so far: {}", apply.revision)),
    }
}

/// Says what it waits behind: the dependencies that are not ready, in their own words, else in the Kustomization's.
fn dependency(apply: &ApplySeen, message: &str) -> String {
    if !apply.behind.is_empty() {
        return format!("waits behind dependsOn {}", apply.behind.join(", "));
    }
    match message.split('\'').nth(1) {
        Some(name) => format!("waits behind dependsOn {name}: {message}"),
        None => format!("waits behind dependsOn: {message}"),
    }
}

/// Fails, unless the cause may pass by itself: then Flux's next tries are waited for, for a while.
fn refused(voyage: &mut Voyage, now: Time, (reason, message): (&str, &str), wants: &mut Vec<Want>) -> bool {
    let cause = voyage.cause_of("Kustomization", reason, message);
    if PASSING.contains(&cause.id) {
        let since = *voyage.fault_since.get_or_insert(now);
        let until = since.as_millisecond() + voyage.patience.retries;
        if now.as_millisecond() < until {
            if let Ok(at) = Time::from_millisecond(until) {
                wants.push(Want::WakeAt(at));
            }
            return voyage.say(STAGE, format!("Flux tries again: {}", cause.what()));
        }
    }
    let trouble = voyage.trouble_of(&cause);
    voyage.fail(STAGE, now, trouble)
}

fn checks_health(apply: &ApplySeen) -> bool {
    let running = apply.working.as_deref().is_some_and(|m| m.starts_with("Running health checks"));
    running || (apply.ready.0 == "False" && apply.ready.1 == "HealthCheckFailed")
}
