//! StatefulSets: Pods with numbers, one after the other, from the first up and from the last down.

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

const COMPONENT: &str = "statefulset-controller";
const HASH: &str = "controller-revision-hash";

/// Keeps StatefulSets.
pub(crate) struct StatefulSets;

impl Reconciler for StatefulSets {
    fn affected(&self, _: &State, change: &Change) -> Vec<Key> {
        own(resource::of("StatefulSet"), change)
            .or_else(|| own(resource::of("Pod"), change).and_then(|_| owner("StatefulSet", change)))
            .into_iter()
            .collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let sets = resource::of("StatefulSet");
        if let Some(set) = state.get(sets, &key.namespace, &key.name).filter(|set| !json::deleting(set)) {
            settle(&state, &set);
        }
        done(None)
    }
}

fn ordinal(pod: &Object) -> i64 {
    json::name(pod).rsplit('-').next().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn settle(state: &State, set: &Object) {
    let wanted = json::number(set, "/spec/replicas").unwrap_or(1);
    let revision =
        format!("{}-{}", json::name(set), pods::hash(set.pointer("/spec/template").unwrap_or(&serde_json::Value::Null)));
    let mut all = state.owned(resource::of("Pod"), json::uid(set));
    all.sort_by_key(ordinal);
    step(state, set, &all, (wanted, &revision));
    let all = state.owned(resource::of("Pod"), json::uid(set));
    report(state, set, &all, (wanted, &revision));
}

/// Does one thing at most, as the ordered policy wants.
fn step(state: &State, set: &Object, all: &[Object], (wanted, revision): (i64, &str)) {
    let parallel = json::text(set, "/spec/podManagementPolicy") == "Parallel";
    for number in 0..wanted {
        match all.iter().find(|pod| ordinal(pod) == number) {
            None => {
                let mut pod = pods::from_template(set, &format!("{}-{number}", json::name(set)));
                json::set(&mut pod, &format!("/metadata/labels/{HASH}"), revision.into());
                json::set(
                    &mut pod,
                    "/metadata/labels/statefulset.kubernetes.io~1pod-name",
                    format!("{}-{number}", json::name(set)).into(),
                );
                json::set(&mut pod, "/metadata/labels/apps.kubernetes.io~1pod-index", number.to_string().into());
                let _ = state.make_pod(set, pod, COMPONENT);
                if !parallel {
                    return;
                }
            }
            // A Pod that never came up is replaced when the template changed; else everybody waits for it.
            Some(pod) if !parallel && (!pods::ready(pod) || json::deleting(pod)) => {
                if !json::deleting(pod) && json::label(pod, HASH) != Some(revision) {
                    state.drop_pod(set, pod, COMPONENT);
                }
                return;
            }
            Some(_) => {}
        }
    }
    let surplus = all.iter().rev().find(|pod| ordinal(pod) >= wanted && !json::deleting(pod));
    let outdated = all.iter().rev().find(|pod| !json::deleting(pod) && json::label(pod, HASH) != Some(revision));
    let replaces = json::text(set, "/spec/updateStrategy/type") != "OnDelete";
    if let Some(pod) = surplus.or(outdated.filter(|_| replaces)) {
        state.drop_pod(set, pod, COMPONENT);
    }
}

fn report(state: &State, set: &Object, all: &[Object], (wanted, revision): (i64, &str)) {
    let active: Vec<&Object> = all.iter().filter(|pod| !json::deleting(pod)).collect();
    let ready = active.iter().filter(|pod| pods::ready(pod)).count();
    let updated = active.iter().filter(|pod| json::label(pod, HASH) == Some(revision)).count();
    let rolled = i64::try_from(updated).is_ok_and(|updated| updated == wanted) && updated == ready;
    let before = json::text(set, "/status/currentRevision");
    let current = if rolled || before.is_empty() { revision } else { before };
    let here = active.iter().filter(|pod| json::label(pod, HASH) == Some(current)).count();
    let mut status = json!({"observedGeneration": json::number(set, "/metadata/generation").unwrap_or(1), "replicas": active.len(),
        "availableReplicas": ready, "currentRevision": current, "updateRevision": revision, "collisionCount": 0});
    for (field, count) in [("readyReplicas", ready), ("currentReplicas", here), ("updatedReplicas", updated)] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    state.touch(resource::of("StatefulSet"), set, Hand::status(MANAGER), |set| json::set(set, "/status", status));
}
