//! Jobs: one Pod at a time until enough have succeeded, or too many failed.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;

use crate::api::write::Hand;
use crate::controllers::pods::{self, MANAGER};
use crate::controllers::record::{Note, Tone};
use crate::controllers::{Reconciler, done, own, owner};
use crate::json;
use crate::resource;
use crate::state::{Shared, State};
use crate::store::{Change, Key, Object};

const COMPONENT: &str = "job-controller";

/// Keeps Jobs.
pub(crate) struct Jobs;

impl Reconciler for Jobs {
    fn affected(&self, _: &State, change: &Change) -> Vec<Key> {
        own(resource::of("Job"), change)
            .or_else(|| own(resource::of("Pod"), change).and_then(|_| owner("Job", change)))
            .into_iter()
            .collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let jobs = resource::of("Job");
        let job = state.get(jobs, &key.namespace, &key.name);
        if let Some(job) = job.filter(|job| !json::deleting(job) && json::list(job, "/status/conditions").is_empty()) {
            settle(&state, &job);
        }
        done(None)
    }
}

fn settle(state: &State, job: &Object) {
    let all = state.owned(resource::of("Pod"), json::uid(job));
    let ended = |phase: &str| all.iter().filter(|pod| json::text(pod, "/status/phase") == phase).count();
    let (succeeded, failed) = (ended("Succeeded"), ended("Failed"));
    let number = |pointer: &str, default: i64| usize::try_from(json::number(job, pointer).unwrap_or(default)).unwrap_or(1);
    let (wanted, limit) = (number("/spec/completions", 1), number("/spec/backoffLimit", 6));
    let mut active = all.iter().filter(|pod| !pods::finished(pod)).count();
    let now = state.pace.stamp();
    let started = Some(json::text(job, "/status/startTime")).filter(|text| !text.is_empty()).unwrap_or(&now).to_owned();
    let mut status = json!({ "startTime": started });
    let end = |kind: &str, reason: &str, message: &str| json!([{"type": kind, "status": "True", "lastProbeTime": now, "lastTransitionTime": now, "reason": reason, "message": message}]);
    if succeeded >= wanted {
        status["conditions"] = end("Complete", "CompletionsReached", "Reached expected number of succeeded pods");
        status["completionTime"] = now.as_str().into();
        state.record(job, &Note::new(COMPONENT, Tone::Normal, "Completed", "Job completed"));
    } else if failed > limit {
        status["conditions"] = end("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        state.record(
            job,
            &Note::new(COMPONENT, Tone::Warning, "BackoffLimitExceeded", "Job has reached the specified backoff limit"),
        );
    } else if active == 0 && !json::flag(job, "/spec/suspend") {
        let _ = state.make_pod(job, pods::from_template(job, &format!("{}-", json::name(job))), COMPONENT);
        active = 1;
    }
    for (field, count) in [("active", active), ("succeeded", succeeded), ("failed", failed)] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    state.touch(resource::of("Job"), job, Hand::status(MANAGER), |job| json::set(job, "/status", status));
}
