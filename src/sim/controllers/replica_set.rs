//! ReplicaSets: as many Pods as wanted, no more, no fewer.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::api::write::Hand;
use crate::controllers::pods::{self, MANAGER};
use crate::controllers::{Reconciler, done, own, owner};
use crate::json;
use crate::resource;
use crate::state::{Shared, State};
use crate::store::{Change, Key, Object};

const COMPONENT: &str = "replicaset-controller";
/// How soon a refused Pod is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// Keeps ReplicaSets.
pub(crate) struct ReplicaSets;

impl Reconciler for ReplicaSets {
    fn affected(&self, _: &State, change: &Change) -> Vec<Key> {
        own(resource::of("ReplicaSet"), change)
            .or_else(|| own(resource::of("Pod"), change).and_then(|_| owner("ReplicaSet", change)))
            .into_iter()
            .collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let sets = resource::of("ReplicaSet");
        if let Some(set) = state.get(sets, &key.namespace, &key.name).filter(|set| !json::deleting(set)) {
            return done(settle(&state, &set));
        }
        done(None)
    }
}

fn settle(state: &State, set: &Object) -> Option<Duration> {
    let pods = resource::of("Pod");
    let all = state.owned(pods, json::uid(set));
    let mut active: Vec<&Object> = all.iter().filter(|pod| !json::deleting(pod) && !pods::finished(pod)).collect();
    let wanted = usize::try_from(json::number(set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
    let name = format!("{}-", json::name(set));
    // Like the real one it stops at the first refusal.
    let refused = (active.len()..wanted).find_map(|_| state.make_pod(set, pods::from_template(set, &name), COMPONENT));
    if active.len() > wanted {
        // Those that serve least go first: not scheduled, not ready, youngest.
        active.sort_by_key(|pod| (pods::ready(pod), !json::text(pod, "/spec/nodeName").is_empty()));
        for pod in active.iter().take(active.len() - wanted) {
            state.drop_pod(set, pod, COMPONENT);
        }
    }
    let now = state.owned(pods, json::uid(set));
    let leaving = now.iter().filter(|pod| json::deleting(pod)).count();
    let active: Vec<&Object> = now.iter().filter(|pod| !json::deleting(pod) && !pods::finished(pod)).collect();
    let ready = active.iter().filter(|pod| pods::ready(pod)).count();
    let generation = json::number(set, "/metadata/generation").unwrap_or(1);
    let mut status = status(active.len(), ready, leaving, generation);
    if let Some(refused) = &refused {
        status["conditions"] = json!([failure(set, refused, &state.pace.stamp())]);
    }
    state.touch(resource::of("ReplicaSet"), set, Hand::status(MANAGER), |set| json::set(set, "/status", status));
    refused.is_some().then_some(AGAIN)
}

/// Returns the condition that says that Pods are refused; the moment stays when it was so before.
fn failure(set: &Value, why: &str, now: &str) -> Value {
    let before = json::list(set, "/status/conditions").iter().find(|c| json::text(c, "/type") == "ReplicaFailure");
    let since = before.map_or(now, |c| json::text(c, "/lastTransitionTime"));
    json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": why, "lastTransitionTime": since})
}

fn status(replicas: usize, ready: usize, leaving: usize, generation: i64) -> Value {
    let mut status = json!({"replicas": replicas});
    for (field, count) in [("fullyLabeledReplicas", replicas), ("readyReplicas", ready), ("availableReplicas", ready)] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    status["terminatingReplicas"] = leaving.into();
    status["observedGeneration"] = generation.into();
    status
}
