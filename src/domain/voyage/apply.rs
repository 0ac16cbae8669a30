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
            "DependencyNotReady" => return voyage.say(STAGE, format!("waits: {message}")),
            "ArtifactFailed" | "BuildFailed" | "ReconciliationFailed" | "PruneFailed" | "InvalidPath"
                if apply.attempted.reached() =>
            {
                return voyage.fail(STAGE, now, voyage.fault_of("Kustomization", reason, message));
            }
            _ => {}
        }
    }
    if voyage.late(STAGE, now, voyage.patience.apply, wants) {
        let trouble = Trouble::timed_out("Flux did not apply the commit in time", voyage.object())
            .why(if message.is_empty() { "it never got to it".to_owned() } else { message.clone() })
            .next("Look at the Kustomization's conditions and at kustomize-controller.");
        return voyage.fail(STAGE, now, trouble);
    }
    match &apply.working {
        Some(working) => voyage.say(STAGE, working.clone()),
        None if apply.revision.is_empty() => voyage.say(STAGE, "waits for its turn"),
        None => voyage.say(STAGE, format!("waits for its turn; applied so far: {}", apply.revision)),
    }
}

fn checks_health(apply: &ApplySeen) -> bool {
    let running = apply.working.as_deref().is_some_and(|m| m.starts_with("Running health checks"));
    running || (apply.ready.0 == "False" && apply.ready.1 == "HealthCheckFailed")
}
