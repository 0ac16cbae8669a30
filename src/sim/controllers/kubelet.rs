//! Scheduler and kubelet in one: what becomes of a Pod, by the words in its image.
//!
//! `missing` cannot be pulled, `crash` ends with an error again and again, `slow` takes twenty seconds to be ready;
//! everything else runs after a second or two.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::quantity::Quantity;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::write::Hand;
use crate::controllers::record::{Note, Tone};
use crate::controllers::{Reconciler, done, own, pods};
use crate::json;
use crate::resource;
use crate::state::{Shared, State, locked};
use crate::store::{Change, Key, Object, Verb};

const KUBELET: &str = "kubelet";
const SCHEDULER: &str = "default-scheduler";
const PULL: Duration = Duration::from_millis(900);
const START: Duration = Duration::from_millis(400);
const RUN: Duration = Duration::from_secs(1);
const SLOW: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_millis(800);
const WORK: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Pulling,
    Starting,
    PullFailed,
    Crashing,
    Waiting,
    Slow,
    Working,
    Leaving,
    Settled,
}

/// Keeps Pods; remembers at which phase each is and until when.
#[derive(Default)]
pub(crate) struct Kubelet {
    stages: Mutex<HashMap<String, (Stage, Instant)>>,
    addresses: AtomicU32,
}

impl Reconciler for Kubelet {
    fn affected(&self, _: &State, change: &Change) -> Vec<Key> {
        if change.verb == Verb::Deleted {
            locked(&self.stages).remove(json::uid(&change.object));
            return Vec::new();
        }
        // Its own writes to the status are no news.
        let marked = |object: &Value| (json::deleting(object), json::text(object, "/spec/nodeName").to_owned());
        let news = change.previous.as_ref().is_none_or(|before| marked(before) != marked(&change.object));
        own(resource::of("Pod"), change).filter(|_| news).into_iter().collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let Some(pod) = state.get(resource::of("Pod"), &key.namespace, &key.name) else { return done(None) };
        done(self.step(&state, &pod))
    }
}

/// Holds the ways in which a Pod's images go wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Well,
    Missing,
    Crash,
    Slow,
}

fn fate_of(image: &str) -> Fate {
    let last = image.rsplit('/').next().unwrap_or(image);
    match () {
        () if last.contains("missing") => Fate::Missing,
        () if last.contains("crash") => Fate::Crash,
        () if last.contains("slow") => Fate::Slow,
        () => Fate::Well,
    }
}

fn fate(pod: &Value) -> Fate {
    let containers = json::list(pod, "/spec/containers").iter();
    containers.map(|container| fate_of(json::text(container, "/image"))).find(|fate| *fate != Fate::Well).unwrap_or(Fate::Well)
}

impl Kubelet {
    fn step(&self, state: &State, pod: &Object) -> Option<Duration> {
        let uid = json::uid(pod).to_owned();
        let phase = locked(&self.stages).get(&uid).copied();
        if json::deleting(pod) {
            return self.leave(state, pod, phase);
        }
        if json::text(pod, "/spec/nodeName").is_empty() {
            return schedule(state, pod);
        }
        let Some((phase, until)) = phase else {
            if pods::finished(pod) || json::list(pod, "/status/containerStatuses").iter().any(|c| json::flag(c, "/ready")) {
                return None;
            }
            creating(state, pod);
            return Some(self.enter(state, &uid, Stage::Pulling, PULL));
        };
        let now = Instant::now();
        if until > now {
            return Some(state.pace.life(until - now));
        }
        self.advance(state, pod, phase)
    }

    fn enter(&self, state: &State, uid: &str, phase: Stage, life: Duration) -> Duration {
        locked(&self.stages).insert(uid.to_owned(), (phase, Instant::now() + state.pace.real(life)));
        life
    }

    fn settle(&self, uid: &str) -> Option<Duration> {
        locked(&self.stages).insert(uid.to_owned(), (Stage::Settled, Instant::now()));
        None
    }

    fn advance(&self, state: &State, pod: &Object, phase: Stage) -> Option<Duration> {
        let uid = json::uid(pod);
        match (phase, fate(pod)) {
            (Stage::Pulling, Fate::Missing) => {
                pull_failed(state, pod);
                Some(self.enter(state, uid, Stage::PullFailed, RUN))
            }
            (Stage::PullFailed, _) => {
                backing_off(state, pod);
                self.settle(uid)
            }
            (Stage::Pulling, _) => {
                pulled(state, pod);
                Some(self.enter(state, uid, Stage::Starting, START))
            }
            (Stage::Starting | Stage::Waiting, Fate::Crash) => {
                self.run(state, pod, false);
                Some(self.enter(state, uid, Stage::Crashing, RUN))
            }
            (Stage::Crashing, _) if json::text(pod, "/spec/restartPolicy") == "Never" => {
                ended(state, pod, "Failed", 1);
                self.settle(uid)
            }
            (Stage::Crashing, _) => {
                let wait = crashed(state, pod);
                Some(self.enter(state, uid, Stage::Waiting, wait))
            }
            (Stage::Starting, Fate::Slow) => {
                self.run(state, pod, false);
                Some(self.enter(state, uid, Stage::Slow, SLOW))
            }
            (Stage::Starting | Stage::Slow, _) => {
                self.run(state, pod, true);
                if matches!(json::text(pod, "/spec/restartPolicy"), "Never" | "OnFailure") {
                    return Some(self.enter(state, uid, Stage::Working, WORK));
                }
                self.settle(uid)
            }
            (Stage::Working, _) => {
                ended(state, pod, "Succeeded", 0);
                self.settle(uid)
            }
            (Stage::Waiting | Stage::Leaving | Stage::Settled, _) => None,
        }
    }

    fn leave(&self, state: &State, pod: &Object, phase: Option<(Stage, Instant)>) -> Option<Duration> {
        let uid = json::uid(pod).to_owned();
        match phase {
            Some((Stage::Leaving, until)) if until <= Instant::now() => {
                if json::list(pod, "/metadata/finalizers").is_empty() {
                    state.remove(resource::of("Pod"), &Key::of(pod));
                }
                None
            }
            Some((Stage::Leaving, until)) => Some(state.pace.life(until - Instant::now())),
            _ => {
                for container in
                    json::list(pod, "/status/containerStatuses").iter().filter(|c| c.pointer("/state/running").is_some())
                {
                    let message = format!("Stopping container {}", json::text(container, "/name"));
                    state.record(pod, &Note::new(KUBELET, Tone::Normal, "Killing", &message));
                }
                Some(self.enter(state, &uid, Stage::Leaving, STOP))
            }
        }
    }

    fn run(&self, state: &State, pod: &Object, ready: bool) {
        let now = state.pace.stamp();
        let again = json::list(pod, "/status/containerStatuses").iter().any(|c| c.pointer("/state/running").is_some());
        let number = self.addresses.fetch_add(u32::from(!again), Ordering::Relaxed) + 1;
        let address = format!("10.244.{}.{}", number >> 8 & 255, (number & 255).max(1));
        if !again {
            for container in json::list(pod, "/spec/containers") {
                let name = json::text(container, "/name");
                state.record(pod, &Note::new(KUBELET, Tone::Normal, "Created", &format!("Container created: {name}")));
                state.record(pod, &Note::new(KUBELET, Tone::Normal, "Started", &format!("Container started: {name}")));
            }
        }
        write(state, pod, |status, container, old| {
            let started =
                Some(json::text(old, "/state/running/startedAt")).filter(|text| !text.is_empty()).unwrap_or(&now).to_owned();
            let up = ready || fate_of(json::text(container, "/image")) == Fate::Well;
            json::set(status, "/phase", "Running".into());
            json::default(status, "/podIP", address.as_str().into());
            json::default(status, "/podIPs", json!([{ "ip": address }]));
            json!({"state": {"running": {"startedAt": started}}, "ready": up, "started": true})
        });
        if !ready && fate(pod) == Fate::Slow {
            let message = "Readiness probe failed: the application is still starting";
            state.record(pod, &Note::new(KUBELET, Tone::Warning, "Unhealthy", message));
        }
    }
}

/// Finds a node with room, or says why there is none. A Pod that names another scheduler is left to that one.
fn schedule(state: &State, pod: &Object) -> Option<Duration> {
    if !matches!(json::text(pod, "/spec/schedulerName"), "" | SCHEDULER) {
        return None;
    }
    let nodes = state.list(resource::of("Node"), None);
    if let Some(why) = unbound(state, pod) {
        let count = nodes.len();
        return Some(unplaced(state, pod, &format!("0/{count} nodes are available: {why}.")));
    }
    let wanted = |which: &str| -> i128 {
        let containers = json::list(pod, "/spec/containers").iter();
        let amounts = containers.filter_map(|c| c.pointer(&format!("/resources/requests/{which}")));
        amounts
            .filter_map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned).parse::<Quantity>().ok())
            .map(|q| q.millis())
            .sum()
    };
    let has = |node: &Object, which: &str| {
        json::text(node, &format!("/status/allocatable/{which}")).parse::<Quantity>().map_or(0, |q| q.millis())
    };
    let short = |node: &Object| ["cpu", "memory"].into_iter().find(|which| wanted(which) > has(node, which));
    if let Some(node) = nodes.iter().find(|node| short(node).is_none()) {
        let (name, now) = (json::name(node).to_owned(), state.pace.stamp());
        let message = format!("Successfully assigned {}/{} to {name}", json::namespace(pod), json::name(pod));
        state.touch(resource::of("Pod"), pod, Hand::whole(SCHEDULER), |pod| {
            json::set(pod, "/spec/nodeName", name.into());
            json::set(pod, "/status/conditions", json!([condition("PodScheduled", true, &now)]));
        });
        state.record(pod, &Note::new(SCHEDULER, Tone::Normal, "Scheduled", &message));
        return None;
    }
    let what = nodes.first().and_then(short).unwrap_or("nodes");
    let count = nodes.len();
    let message = format!(
        "0/{count} nodes are available: {count} Insufficient {what}. no new claims to deallocate, preemption: 0/{count} nodes \
         are available: {count} Preemption is not helpful for scheduling."
    );
    Some(unplaced(state, pod, &message))
}

/// Says of the claims of a Pod's volumes what keeps it from a node: one that is not there, or that has no volume. No volume is ever
/// made here, as in a cluster without a storage class.
fn unbound(state: &State, pod: &Object) -> Option<String> {
    json::list(pod, "/spec/volumes").iter().find_map(|volume| {
        let name = Some(json::text(volume, "/persistentVolumeClaim/claimName")).filter(|name| !name.is_empty())?;
        let Some(claim) = state.get(resource::of("PersistentVolumeClaim"), json::namespace(pod), name) else {
            return Some(format!("persistentvolumeclaim \"{name}\" not found"));
        };
        if json::text(&claim, "/status/phase") == "Bound" {
            return None;
        }
        let message = "no persistent volumes available for this claim and no storage class is set";
        state.record(&claim, &Note::new("persistentvolume-controller", Tone::Normal, "FailedBinding", message));
        Some("pod has unbound immediate PersistentVolumeClaims".to_owned())
    })
}

/// Notes that a Pod finds no node; it is tried again later.
fn unplaced(state: &State, pod: &Object, message: &str) -> Duration {
    let mut refused = condition("PodScheduled", false, &state.pace.stamp());
    refused["reason"] = "Unschedulable".into();
    refused["message"] = message.into();
    state.touch(resource::of("Pod"), pod, Hand::status(SCHEDULER), |pod| json::set(pod, "/status/conditions", json!([refused])));
    state.record(pod, &Note::new(SCHEDULER, Tone::Warning, "FailedScheduling", message));
    Duration::from_mins(5)
}

fn condition(kind: &str, holds: bool, now: &str) -> Value {
    json!({"type": kind, "status": if holds { "True" } else { "False" }, "lastProbeTime": null, "lastTransitionTime": now})
}

/// Writes the status of a Pod; the closure returns what is new of each container: its state, and what else.
fn write(state: &State, pod: &Object, mut each: impl FnMut(&mut Value, &Value, &Value) -> Value) {
    let now = state.pace.stamp();
    state.touch(resource::of("Pod"), pod, Hand::status(KUBELET), |pod| {
        let containers = json::list(pod, "/spec/containers").to_vec();
        let mut status = pod.get("status").cloned().unwrap_or_else(|| json!({}));
        let before = json::list(&status, "/containerStatuses").to_vec();
        let mut statuses = Vec::new();
        for container in &containers {
            let name = json::text(container, "/name");
            let old = before.iter().find(|s| json::text(s, "/name") == name).cloned().unwrap_or_default();
            let mut new = json!({"name": name, "state": {}, "lastState": old.get("lastState").cloned().unwrap_or_else(|| json!({})),
                "ready": false, "restartCount": json::number(&old, "/restartCount").unwrap_or(0),
                "image": json::text(container, "/image"), "imageID": "", "started": false});
            for (field, value) in each(&mut status, container, &old).as_object().into_iter().flatten() {
                new[field.as_str()] = value.clone();
            }
            statuses.push(new);
        }
        let ready = statuses.iter().all(|s| json::flag(s, "/ready"));
        json::set(&mut status, "/containerStatuses", statuses.into());
        json::default(&mut status, "/startTime", now.as_str().into());
        json::default(&mut status, "/hostIP", "127.0.0.1".into());
        json::default(&mut status, "/hostIPs", json!([{"ip": "127.0.0.1"}]));
        conditions(&mut status, ready, &now);
        pod["status"] = status;
    });
}

fn conditions(status: &mut Value, ready: bool, now: &str) {
    let names: Vec<String> = json::list(status, "/containerStatuses")
        .iter()
        .filter(|s| !json::flag(s, "/ready"))
        .map(|s| json::text(s, "/name").to_owned())
        .collect();
    let old = json::list(status, "/conditions").to_vec();
    let all: Vec<Value> = [("Initialized", true), ("Ready", ready), ("ContainersReady", ready), ("PodScheduled", true)]
        .into_iter()
        .map(|(kind, holds)| {
            let mut new = condition(kind, holds, now);
            if !holds {
                new["reason"] = "ContainersNotReady".into();
                new["message"] = format!("containers with unready status: [{}]", names.join(" ")).into();
            }
            let before = old.iter().find(|c| json::text(c, "/type") == kind && c["status"] == new["status"]);
            if let Some(before) = before {
                new["lastTransitionTime"] = before["lastTransitionTime"].clone();
            }
            new
        })
        .collect();
    json::set(status, "/conditions", all.into());
}

fn creating(state: &State, pod: &Object) {
    for container in json::list(pod, "/spec/containers") {
        let message = format!("Pulling image \"{}\"", json::text(container, "/image"));
        state.record(pod, &Note::new(KUBELET, Tone::Normal, "Pulling", &message));
    }
    write(state, pod, |_, _, _| json!({"state": {"waiting": {"reason": "ContainerCreating"}}}));
}

fn pulled(state: &State, pod: &Object) {
    for container in json::list(pod, "/spec/containers") {
        let image = json::text(container, "/image");
        let message =
            format!("Successfully pulled image \"{image}\" in 900ms (900ms including waiting). Image size: 31457280 bytes.");
        state.record(pod, &Note::new(KUBELET, Tone::Normal, "Pulled", &message));
    }
}

/// Returns what a registry says about an image that it does not have.
fn registry_says(image: &str) -> String {
    format!("failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found")
}

fn pull_failed(state: &State, pod: &Object) {
    let missing = |container: &&Value| fate_of(json::text(container, "/image")) == Fate::Missing;
    for container in json::list(pod, "/spec/containers").iter().filter(missing) {
        let image = json::text(container, "/image");
        let message = format!("Failed to pull image \"{image}\": rpc error: code = NotFound desc = {}", registry_says(image));
        state.record(pod, &Note::new(KUBELET, Tone::Warning, "Failed", &message));
        state.record(pod, &Note::new(KUBELET, Tone::Warning, "Failed", "Error: ErrImagePull"));
    }
    write(state, pod, |_, container, _| {
        let image = json::text(container, "/image");
        match fate_of(image) {
            Fate::Missing => json!({"state": {"waiting": {"reason": "ErrImagePull",
                "message": format!("rpc error: code = NotFound desc = {}", registry_says(image))}}}),
            _ => json!({"state": {"waiting": {"reason": "ContainerCreating"}}}),
        }
    });
}

fn backing_off(state: &State, pod: &Object) {
    let missing = |container: &&Value| fate_of(json::text(container, "/image")) == Fate::Missing;
    for container in json::list(pod, "/spec/containers").iter().filter(missing) {
        let message = format!("Back-off pulling image \"{}\"", json::text(container, "/image"));
        state.record(pod, &Note::new(KUBELET, Tone::Normal, "BackOff", &message));
        state.record(pod, &Note::new(KUBELET, Tone::Warning, "Failed", "Error: ImagePullBackOff"));
    }
    write(state, pod, |_, container, _| {
        let image = json::text(container, "/image");
        match fate_of(image) {
            Fate::Missing => json!({"state": {"waiting": {"reason": "ImagePullBackOff", "message":
                format!("Back-off pulling image \"{image}\": ErrImagePull: rpc error: code = NotFound desc = {}", registry_says(image))}}}),
            _ => json!({"state": {"waiting": {"reason": "ContainerCreating"}}}),
        }
    });
}

/// Notes the end of a run; returns how long until the next.
fn crashed(state: &State, pod: &Object) -> Duration {
    let now = state.pace.stamp();
    let mut wait = Duration::from_secs(10);
    let (full, uid) = (format!("{}_{}", json::name(pod), json::namespace(pod)), json::uid(pod).to_owned());
    let mut said = String::new();
    write(state, pod, |_, container, old| {
        if fate_of(json::text(container, "/image")) != Fate::Crash {
            return json!({"state": old["state"], "ready": true, "started": true});
        }
        let restarts = json::number(old, "/restartCount").unwrap_or(0);
        wait = Duration::from_secs(10 << restarts.clamp(0, 5)).min(Duration::from_mins(5));
        let name = json::text(container, "/name");
        said = format!("Back-off restarting failed container {name} in pod {full}({uid})");
        let message = format!("back-off {} restarting failed container={name} pod={full}({uid})", crate::clock::write_go(wait));
        json!({"state": {"waiting": {"reason": "CrashLoopBackOff", "message": message}},
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": json::text(old, "/state/running/startedAt"), "finishedAt": now}},
            "restartCount": restarts + 1})
    });
    state.record(pod, &Note::new(KUBELET, Tone::Warning, "BackOff", &said));
    wait
}

fn ended(state: &State, pod: &Object, phase: &str, code: i64) {
    let now = state.pace.stamp();
    let reason = if code == 0 { "Completed" } else { "Error" };
    write(state, pod, |status, _, old| {
        json::set(status, "/phase", phase.into());
        json!({"state": {"terminated": {"exitCode": code, "reason": reason,
            "startedAt": json::text(old, "/state/running/startedAt"), "finishedAt": now}}})
    });
}
