//! How an object is doing, by the rules of kstatus, and waiting until all are well.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::flux::apply::Ref;
use crate::json;
use crate::state::State;

/// Says how an object is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Current,
    InProgress,
    Failed,
    Terminating,
    NotFound,
}

impl Standing {
    const fn word(self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
        }
    }
}

/// Returns how an object is doing.
pub(crate) fn of(object: &Value) -> Standing {
    if json::deleting(object) {
        return Standing::Terminating;
    }
    let generation = json::number(object, "/metadata/generation");
    if let (Some(seen), Some(generation)) = (json::number(object, "/status/observedGeneration"), generation)
        && seen != generation
    {
        return Standing::InProgress;
    }
    let number = |pointer: &str| json::number(object, pointer).unwrap_or(0);
    let has = |kind: &str, status: &str| {
        let all = json::list(object, "/status/conditions");
        all.iter().any(|c| json::text(c, "/type") == kind && json::text(c, "/status") == status)
    };
    let done = |well: bool| if well { Standing::Current } else { Standing::InProgress };
    let wanted = json::number(object, "/spec/replicas").unwrap_or(1);
    match json::text(object, "/kind") {
        "Deployment" => {
            let late =
                json::list(object, "/status/conditions").iter().any(|c| json::text(c, "/reason") == "ProgressDeadlineExceeded");
            if late {
                return Standing::Failed;
            }
            let all = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
            done(has("Available", "True") && all.iter().all(|field| number(&format!("/status/{field}")) == wanted))
        }
        "ReplicaSet" => done(number("/status/availableReplicas") == wanted),
        "StatefulSet" => {
            let all = number("/status/readyReplicas") == wanted && number("/status/updatedReplicas") == wanted;
            done(all && json::text(object, "/status/currentRevision") == json::text(object, "/status/updateRevision"))
        }
        "DaemonSet" => {
            let wanted = number("/status/desiredNumberScheduled");
            let seen = json::number(object, "/status/observedGeneration").is_some();
            done(seen && number("/status/numberReady") == wanted && number("/status/updatedNumberScheduled") == wanted)
        }
        "Job" if has("Failed", "True") => Standing::Failed,
        "Job" => done(has("Complete", "True") || object.pointer("/status/startTime").is_some()),
        "Pod" => done(has("Ready", "True") || json::text(object, "/status/phase") == "Succeeded"),
        _ if has("Stalled", "True") => Standing::Failed,
        _ if has("Reconciling", "True") || has("Ready", "False") || has("Ready", "Unknown") => Standing::InProgress,
        _ => Standing::Current,
    }
}

/// Waits until all objects are well. Returns what Flux says when they are not in time, or one has failed for good.
pub(crate) async fn wait(state: &State, objects: &[Ref], timeout: Duration) -> Result<(), String> {
    let until = Instant::now() + state.pace.real(timeout);
    let mut revisions = state.revisions();
    loop {
        let found: Vec<(&Ref, Standing)> = objects.iter().map(|object| (object, look(state, object))).collect();
        let list = |wanted: &dyn Fn(Standing) -> bool| {
            let said: Vec<String> =
                found.iter().filter(|(_, s)| wanted(*s)).map(|(r, s)| format!("{r} status: '{}'", s.word())).collect();
            said.join(", ")
        };
        if found.iter().all(|(_, standing)| *standing == Standing::Current) {
            return Ok(());
        }
        if found.iter().any(|(_, standing)| *standing == Standing::Failed) {
            return Err(format!("failed early due to stalled resources: [{}]", list(&|s| s == Standing::Failed)));
        }
        tokio::select! {
            changed = revisions.changed() => if changed.is_err() { return Err("context canceled".to_owned()) },
            () = tokio::time::sleep_until(until) => {
                return Err(format!("timeout waiting for: [{}]", list(&|s| s != Standing::Current)));
            }
        }
    }
}

fn look(state: &State, object: &Ref) -> Standing {
    let found = object.resource().and_then(|resource| state.get(resource, &object.namespace, &object.name));
    found.map_or(Standing::NotFound, |object| of(&object))
}
