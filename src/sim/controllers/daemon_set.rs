//! DaemonSets: one Pod per node.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;

use crate::api::write::Hand;
use crate::controllers::pods::{self, MANAGER};
use crate::controllers::{Reconciler, done, own, owner};
use crate::json;
use crate::resource;
use crate::state::{Shared, State};
use crate::store::{Change, Key, Object};

const COMPONENT: &str = "daemonset-controller";
const HASH: &str = "controller-revision-hash";

/// Keeps DaemonSets.
pub(crate) struct DaemonSets;

impl Reconciler for DaemonSets {
    fn affected(&self, state: &State, change: &Change) -> Vec<Key> {
        if own(resource::of("Node"), change).is_some() && change.previous.is_none() {
            return state.list(resource::of("DaemonSet"), None).iter().map(|set| Key::of(set)).collect();
        }
        own(resource::of("DaemonSet"), change)
            .or_else(|| own(resource::of("Pod"), change).and_then(|_| owner("DaemonSet", change)))
            .into_iter()
            .collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let sets = resource::of("DaemonSet");
        if let Some(set) = state.get(sets, &key.namespace, &key.name).filter(|set| !json::deleting(set)) {
            settle(&state, &set);
        }
        done(None)
    }
}

fn settle(state: &State, set: &Object) {
    let hash = pods::hash(set.pointer("/spec/template").unwrap_or(&serde_json::Value::Null));
    let nodes = state.list(resource::of("Node"), None);
    let all = state.owned(resource::of("Pod"), json::uid(set));
    for node in &nodes {
        if all.iter().all(|pod| json::text(pod, "/spec/nodeName") != json::name(node)) {
            let mut pod = pods::from_template(set, &format!("{}-", json::name(set)));
            json::set(&mut pod, &format!("/metadata/labels/{HASH}"), hash.as_str().into());
            json::set(&mut pod, "/spec/nodeName", json::name(node).into());
            let _ = state.make_pod(set, pod, COMPONENT);
        }
    }
    let outdated = |pod: &&Object| !json::deleting(pod) && json::label(pod, HASH) != Some(hash.as_str());
    // One Pod at a time may be missing.
    if all.iter().filter(outdated).count() > 0 && all.iter().all(|pod| !json::deleting(pod)) {
        let waiting = all.iter().any(|pod| !outdated(&pod) && !pods::ready(pod));
        if let Some(pod) = all.iter().find(|pod| outdated(pod) && (!waiting || !pods::ready(pod))) {
            state.drop_pod(set, pod, COMPONENT);
        }
    }
    let active: Vec<Object> = crate::controllers::living(state, resource::of("Pod"), set);
    let ready = active.iter().filter(|pod| pods::ready(pod)).count();
    let updated = active.iter().filter(|pod| json::label(pod, HASH) == Some(hash.as_str())).count();
    let mut status = json!({"currentNumberScheduled": active.len(), "numberMisscheduled": 0, "desiredNumberScheduled": nodes.len(),
        "numberReady": ready, "observedGeneration": json::number(set, "/metadata/generation").unwrap_or(1)});
    let missing = nodes.len().saturating_sub(ready);
    for (field, count) in [("updatedNumberScheduled", updated), ("numberAvailable", ready), ("numberUnavailable", missing)] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    state.touch(resource::of("DaemonSet"), set, Hand::status(MANAGER), |set| json::set(set, "/status", status));
}
