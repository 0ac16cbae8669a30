//! Deployments: a ReplicaSet per template, rolled over as the strategy says, with the status and conditions of life.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::delete::Deletion;
use crate::api::write::Hand;
use crate::controllers::pods::{self, MANAGER};
use crate::controllers::record::{Note, Tone};
use crate::controllers::{Reconciler, done, living, own, owner};
use crate::json;
use crate::resource;
use crate::state::{Shared, State, locked};
use crate::store::{Change, Key, Object, Verb};

const COMPONENT: &str = "deployment-controller";
const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";

/// Keeps Deployments; remembers when each last made progress, because the deadline runs on the scaled clock.
#[derive(Default)]
pub(crate) struct Deployments {
    progress: Mutex<HashMap<String, Instant>>,
}

impl Reconciler for Deployments {
    fn affected(&self, _: &State, change: &Change) -> Vec<Key> {
        if change.verb == Verb::Deleted && own(resource::of("Deployment"), change).is_some() {
            locked(&self.progress).remove(json::uid(&change.object));
            return Vec::new();
        }
        own(resource::of("Deployment"), change)
            .or_else(|| own(resource::of("ReplicaSet"), change).and_then(|_| owner("Deployment", change)))
            .into_iter()
            .collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let deployments = resource::of("Deployment");
        let Some(deployment) = state.get(deployments, &key.namespace, &key.name) else { return done(None) };
        if json::deleting(&deployment) {
            return done(None);
        }
        let rollout = Rollout::of(&state, &deployment);
        rollout.roll(&state);
        // The sets may have been changed just now.
        let Some(deployment) = state.get(deployments, &key.namespace, &key.name) else { return done(None) };
        done(self.report(&state, &Rollout::of(&state, &deployment)))
    }
}

struct Rollout {
    deployment: Object,
    wanted: i64,
    surge: i64,
    unavailable: i64,
    new: Option<Object>,
    old: Vec<Object>,
}

fn size(set: &Object) -> i64 {
    json::number(set, "/spec/replicas").unwrap_or(0)
}

fn count(set: &Object, field: &str) -> i64 {
    json::number(set, &format!("/status/{field}")).unwrap_or(0)
}

/// Reads a number or percentage of the strategy.
fn share(value: Option<&Value>, of: i64, up: bool) -> i64 {
    let percent = value.and_then(Value::as_str).and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse::<i64>().ok());
    match percent {
        Some(percent) if up => (of * percent + 99) / 100,
        Some(percent) => of * percent / 100,
        None => value.and_then(Value::as_i64).unwrap_or(0),
    }
}

impl Rollout {
    fn of(state: &State, deployment: &Object) -> Self {
        let wanted = json::number(deployment, "/spec/replicas").unwrap_or(1);
        let part = |field: &str, up| share(deployment.pointer(&format!("/spec/strategy/rollingUpdate/{field}")), wanted, up);
        let (surge, mut unavailable) = (part("maxSurge", true), part("maxUnavailable", false));
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        let template = deployment.pointer("/spec/template").cloned().unwrap_or_default();
        let bare = |set: &Object| {
            let mut template = set.pointer("/spec/template").cloned().unwrap_or_default();
            json::take(&mut template, "/metadata/labels/pod-template-hash");
            template
        };
        let (mut new, mut old) = (None, Vec::new());
        for set in living(state, resource::of("ReplicaSet"), deployment) {
            if new.is_none() && bare(&set) == template { new = Some(set) } else { old.push(set) }
        }
        old.sort_by_key(revision_of);
        Self { deployment: Object::clone(deployment), wanted, surge, unavailable, new, old }
    }

    fn recreates(&self) -> bool {
        json::text(&self.deployment, "/spec/strategy/type") == "Recreate"
    }

    fn roll(&self, state: &State) {
        if json::flag(&self.deployment, "/spec/paused") {
            return;
        }
        let Some(new) = &self.new else {
            self.begin(state);
            return;
        };
        self.renumber(state, new);
        if self.recreates() {
            self.recreate(state, new);
        } else {
            self.grow(state, new);
            self.shrink(state, new);
        }
        self.tidy(state);
    }

    fn total(&self) -> i64 {
        self.old.iter().chain(&self.new).map(size).sum()
    }

    fn begin(&self, state: &State) {
        if self.recreates() && !self.old_pods_gone(state) {
            self.old.iter().filter(|set| size(set) > 0).for_each(|set| self.scale(state, set, 0));
            return;
        }
        let room = (self.wanted + self.surge - self.total()).max(0);
        let size =
            if self.recreates() || self.old.iter().all(|set| size(set) == 0) { self.wanted } else { self.wanted.min(room) };
        let hash = pods::hash(self.deployment.pointer("/spec/template").unwrap_or(&Value::Null));
        let name = format!("{}-{hash}", json::name(&self.deployment));
        let mut set = json!({"metadata": {"name": name, "namespace": json::namespace(&self.deployment)},
            "spec": {"replicas": size, "selector": self.deployment["spec"]["selector"], "template": self.deployment["spec"]["template"]}});
        json::set(&mut set, "/spec/template/metadata/labels/pod-template-hash", hash.clone().into());
        json::set(&mut set, "/spec/selector/matchLabels/pod-template-hash", hash.into());
        let labels = set["spec"]["template"]["metadata"]["labels"].clone();
        json::set(&mut set, "/metadata/labels", labels);
        json::set(&mut set, "/metadata/ownerReferences", pods::owned_by(&self.deployment));
        let revision = self.old.iter().map(revision_of).max().unwrap_or(0) + 1;
        json::set(&mut set, REVISION, revision.to_string().into());
        json::set(&mut set, "/metadata/annotations/deployment.kubernetes.io~1desired-replicas", self.wanted.to_string().into());
        json::set(
            &mut set,
            "/metadata/annotations/deployment.kubernetes.io~1max-replicas",
            (self.wanted + self.surge).to_string().into(),
        );
        match state.create(resource::of("ReplicaSet"), set, Hand::main(MANAGER)) {
            Ok(_) => {
                self.set_revision(state, revision);
                self.say_scaled(state, &name, 0, size);
            }
            Err(fault) => {
                let message = format!("Failed to create new replica set \"{name}\": {}", fault.message);
                state.record(&self.deployment, &Note::new(COMPONENT, Tone::Warning, "ReplicaSetCreateError", &message));
            }
        }
    }

    fn set_revision(&self, state: &State, revision: i64) {
        state.touch(resource::of("Deployment"), &self.deployment, Hand::main(MANAGER), |deployment| {
            json::set(deployment, REVISION, revision.to_string().into());
        });
    }

    /// Gives the wanted set the highest revision, also when an old template came back.
    fn renumber(&self, state: &State, new: &Object) {
        let highest = self.old.iter().map(revision_of).max().unwrap_or(0);
        let mut revision = revision_of(new);
        if revision <= highest {
            revision = highest + 1;
            state.touch(resource::of("ReplicaSet"), new, Hand::main(MANAGER), |set| {
                json::set(set, REVISION, revision.to_string().into());
            });
        }
        if json::text(&self.deployment, REVISION) != revision.to_string() {
            self.set_revision(state, revision);
        }
    }

    fn old_pods_gone(&self, state: &State) -> bool {
        self.old.iter().all(|set| size(set) == 0 && state.owned(resource::of("Pod"), json::uid(set)).is_empty())
    }

    fn recreate(&self, state: &State, new: &Object) {
        self.old.iter().filter(|set| size(set) > 0).for_each(|set| self.scale(state, set, 0));
        if self.old_pods_gone(state) && size(new) != self.wanted {
            self.scale(state, new, self.wanted);
        }
    }

    fn grow(&self, state: &State, new: &Object) {
        let size = size(new);
        if size > self.wanted {
            self.scale(state, new, self.wanted);
        } else if size < self.wanted {
            let room = self.wanted + self.surge - self.total();
            let more = room.min(self.wanted - size);
            if more > 0 {
                self.scale(state, new, size + more);
            }
        }
    }

    fn shrink(&self, state: &State, new: &Object) {
        let least = self.wanted - self.unavailable;
        let mut room = self.total() - least - (size(new) - count(new, "availableReplicas"));
        if room <= 0 {
            return;
        }
        let mut sizes: Vec<i64> = self.old.iter().map(size).collect();
        // Those that serve nobody go first.
        for (set, size) in self.old.iter().zip(&mut sizes) {
            let idle = (*size - count(set, "availableReplicas")).clamp(0, room);
            *size -= idle;
            room -= idle;
        }
        let available: i64 = self.old.iter().chain([new]).map(|set| count(set, "availableReplicas")).sum();
        let mut spare = available - least;
        for size in &mut sizes {
            let less = spare.clamp(0, *size);
            *size -= less;
            spare -= less;
        }
        for (set, wanted) in self.old.iter().zip(sizes) {
            if wanted != size(set) {
                self.scale(state, set, wanted);
            }
        }
    }

    fn scale(&self, state: &State, set: &Object, wanted: i64) {
        let before = size(set);
        let most = self.wanted + self.surge;
        let scaled = state.touch(resource::of("ReplicaSet"), set, Hand::main(MANAGER), |set| {
            json::set(set, "/spec/replicas", wanted.into());
            json::set(set, "/metadata/annotations/deployment.kubernetes.io~1desired-replicas", self.wanted.to_string().into());
            json::set(set, "/metadata/annotations/deployment.kubernetes.io~1max-replicas", most.to_string().into());
        });
        if scaled.is_some() {
            self.say_scaled(state, json::name(set), before, wanted);
        }
    }

    fn say_scaled(&self, state: &State, name: &str, before: i64, after: i64) {
        if before == after {
            return;
        }
        let way = if after > before { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {name} from {before} to {after}");
        state.record(&self.deployment, &Note::new(COMPONENT, Tone::Normal, "ScalingReplicaSet", &message));
    }

    /// Deletes the oldest sets beyond the history that is kept.
    fn tidy(&self, state: &State) {
        let limit = usize::try_from(json::number(&self.deployment, "/spec/revisionHistoryLimit").unwrap_or(10)).unwrap_or(10);
        let empty: Vec<&Object> = self.old.iter().filter(|set| size(set) == 0 && count(set, "replicas") == 0).collect();
        for set in empty.iter().take(empty.len().saturating_sub(limit)) {
            drop(state.delete(resource::of("ReplicaSet"), &Key::of(set), &Deletion::default()));
        }
    }
}

fn revision_of(set: &Object) -> i64 {
    json::text(set, REVISION).parse().unwrap_or(0)
}

impl Deployments {
    /// Writes the status; returns when the deadline has to be looked at.
    fn report(&self, state: &State, rollout: &Rollout) -> Option<Duration> {
        let deployment = &rollout.deployment;
        let counts = Counts::of(rollout);
        let before = deployment.get("status").cloned().unwrap_or_default();
        let uid = json::uid(deployment).to_owned();
        let deadline = Duration::from_secs(
            u64::try_from(json::number(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600)).unwrap_or(600),
        );
        let mut next = None;
        let progressing = rollout.new.as_ref().map(|set| {
            let name = json::name(set);
            let fresh = counts.generation != json::number(&before, "/observedGeneration").unwrap_or(0);
            let moved = fresh || counts.moved(&before);
            let mut progress = locked(&self.progress);
            let last = progress.entry(uid.clone()).or_insert_with(Instant::now);
            if moved {
                *last = Instant::now();
            }
            let waited = state.pace.life(last.elapsed());
            if counts.complete(rollout.wanted) {
                return ("True", "NewReplicaSetAvailable", format!("ReplicaSet \"{name}\" has successfully progressed."));
            }
            if waited >= deadline {
                return ("False", "ProgressDeadlineExceeded", format!("ReplicaSet \"{name}\" has timed out progressing."));
            }
            next = Some(deadline.saturating_sub(waited) + Duration::from_millis(10));
            if counts.updated == 0 {
                return ("True", "NewReplicaSetCreated", format!("Created new replica set \"{name}\""));
            }
            ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{name}\" is progressing."))
        });
        let available = if counts.available >= rollout.wanted - rollout.unavailable {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.".to_owned())
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.".to_owned())
        };
        let mut conditions = json::list(&before, "/conditions").to_vec();
        put(&mut conditions, "Available", &available, &state.pace.stamp());
        if let Some(progressing) = &progressing {
            put(&mut conditions, "Progressing", progressing, &state.pace.stamp());
        }
        let mut failures = rollout.new.iter().flat_map(|set| json::list(set, "/status/conditions"));
        match failures.find(|c| json::text(c, "/type") == "ReplicaFailure") {
            Some(failure) => {
                let said = ("True", json::text(failure, "/reason"), json::text(failure, "/message").to_owned());
                put(&mut conditions, "ReplicaFailure", &said, &state.pace.stamp());
            }
            None => conditions.retain(|c| json::text(c, "/type") != "ReplicaFailure"),
        }
        let status = counts.status(&conditions);
        state.touch(resource::of("Deployment"), deployment, Hand::status(MANAGER), |new| json::set(new, "/status", status));
        next
    }
}

/// Holds the numbers of a Deployment's status.
struct Counts {
    generation: i64,
    replicas: i64,
    updated: i64,
    ready: i64,
    available: i64,
    unavailable: i64,
    leaving: i64,
}

impl Counts {
    fn of(rollout: &Rollout) -> Self {
        let all = || rollout.old.iter().chain(&rollout.new);
        let available = all().map(|set| count(set, "availableReplicas")).sum();
        Self {
            generation: json::number(&rollout.deployment, "/metadata/generation").unwrap_or(1),
            replicas: all().map(|set| count(set, "replicas")).sum(),
            updated: rollout.new.as_ref().map_or(0, |set| count(set, "replicas")),
            ready: all().map(|set| count(set, "readyReplicas")).sum(),
            available,
            unavailable: (rollout.total().max(rollout.wanted) - available).max(0),
            leaving: all().map(|set| count(set, "terminatingReplicas")).sum(),
        }
    }

    fn complete(&self, wanted: i64) -> bool {
        self.updated == wanted && self.replicas == wanted && self.available == wanted
    }

    fn moved(&self, before: &Value) -> bool {
        let old = |field: &str| json::number(before, field).unwrap_or(0);
        self.updated > old("/updatedReplicas")
            || self.replicas - self.updated < old("/replicas") - old("/updatedReplicas")
            || self.ready > old("/readyReplicas")
            || self.available > old("/availableReplicas")
    }

    fn status(&self, conditions: &[Value]) -> Value {
        let mut status = json!({"observedGeneration": self.generation});
        for (field, count) in [
            ("replicas", self.replicas),
            ("updatedReplicas", self.updated),
            ("readyReplicas", self.ready),
            ("availableReplicas", self.available),
            ("unavailableReplicas", self.unavailable),
        ] {
            if count > 0 {
                status[field] = count.into();
            }
        }
        status["terminatingReplicas"] = self.leaving.into();
        status["conditions"] = conditions.into();
        status
    }
}

/// Sets a condition of the older kind, which also says when it was last updated.
fn put(conditions: &mut Vec<Value>, kind: &str, said: &(&str, &str, String), now: &str) {
    let (status, reason, message) = said;
    let at = conditions.iter().position(|c| json::text(c, "/type") == kind);
    let old = at.and_then(|at| conditions.get(at)).cloned();
    let same = |field: &str, value: &str| old.as_ref().is_some_and(|old| json::text(old, field) == value);
    if same("/status", status) && same("/reason", reason) && same("/message", message) {
        return;
    }
    let since = old.as_ref().filter(|_| same("/status", status)).map_or(now, |old| json::text(old, "/lastTransitionTime"));
    let new = json!({"type": kind, "status": status, "lastUpdateTime": now, "lastTransitionTime": since, "reason": reason, "message": message});
    match at.and_then(|at| conditions.get_mut(at)) {
        Some(place) => *place = new,
        None => conditions.push(new),
    }
}
