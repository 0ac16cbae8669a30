//! From an object along what it stands on: conditions, dependencies, source, workloads, Pods.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::pattern::{Values, find};
use super::rule::{Rule, set};
use super::{Cause, Found, Happened, LogTail, Origin, Said, container, flow, read, unknown};
use crate::flux::{Applied, Condition, FluxObject, Health, Inventory, ObjectKey};
use crate::text::Text;
use crate::workload::{Pod, PodFault, Workload};
use crate::world::World;

/// How far a chain is followed.
const DEEP: i32 = 12;
/// How many workloads of an object, and Pods of a workload, are looked at.
const MANY: usize = 50;
/// How many quotes of one cause are kept.
const QUOTES: usize = 4;
/// Conditions that are bad when they are true, and when they are false.
const BAD_TRUE: [&str; 4] = ["Stalled", "FetchFailed", "StorageOperationFailed", "IncludeUnavailable"];
const BAD_FALSE: [&str; 6] = ["Ready", "Healthy", "SourceVerified", "Released", "TestSuccess", "Remediated"];
/// Reasons with which Ready=False says that something that was applied is not well.
const OF_HEALTH: [&str; 5] = ["HealthCheckFailed", "HealthCheckCanceled", "InstallFailed", "UpgradeFailed", "TestFailed"];
/// Events of a Pod that say something of their own.
const POD_EVENTS: [&str; 8] = [
    "FailedMount",
    "FailedAttachVolume",
    "Unhealthy",
    "Evicted",
    "FailedCreatePodSandBox",
    "FailedPostStartHook",
    "FailedScheduling",
    "Failed",
];

/// Holds a walk under way.
pub(super) struct Walk<'a> {
    world: &'a World,
    found: &'a Found,
    path: Vec<ObjectKey>,
    seen: BTreeSet<ObjectKey>,
    causes: Vec<Cause>,
}

impl<'a> Walk<'a> {
    /// Begins.
    pub(super) const fn new(world: &'a World, found: &'a Found) -> Self {
        Self { world, found, path: Vec::new(), seen: BTreeSet::new(), causes: Vec::new() }
    }

    /// Walks from an object and returns the causes, the root first.
    pub(super) fn explain(mut self, key: &ObjectKey) -> Vec<Cause> {
        self.any(key, 0);
        self.causes.sort_by_key(|cause| std::cmp::Reverse(cause.rank));
        self.causes
    }

    fn any(&mut self, key: &ObjectKey, depth: i32) {
        if let Some(object) = self.world.flux_object(key) {
            self.flux(&Arc::clone(object), depth);
        } else if let Some(workload) = self.world.workloads.iter().find(|w| w.key == *key) {
            self.workload(&Arc::clone(workload), depth);
        } else if let Some(pod) = self.world.pods.iter().find(|p| p.key == *key) {
            let pod = Arc::clone(pod);
            let beside = |w: &Workload| w.key.cluster == pod.key.cluster && w.key.namespace == pod.key.namespace;
            let owner = self.world.workloads.iter().find(|w| beside(w) && pod.matches(&w.selector));
            self.pod(&pod, owner.cloned().as_deref(), depth);
        } else {
            // Of what the world does not keep, the events are all that is known.
            self.events(key, depth, |line| line.warning);
        }
    }

    fn flux(&mut self, object: &FluxObject, depth: i32) {
        let key = &object.key;
        if let Some(at) = self.path.iter().position(|on| on == key) {
            let circle: Vec<&str> = self.path[at..].iter().chain([key]).map(|k| k.name.as_ref()).collect();
            let values = vec![("circle", circle.join(" → "))];
            return self.seen_cause(&flow::CYCLE, key, "spec.dependsOn", values, depth);
        }
        if depth > DEEP || !self.seen.insert(key.clone()) {
            return;
        }
        self.path.push(key.clone());
        self.standing(object, depth);
        let ready = object.ready().filter(|c| c.status == "False");
        let before = self.causes.len();
        self.conditions(key, &object.status.conditions, depth);
        if ready.is_some() && self.causes[before..].iter().all(|cause| cause.rank.1 <= super::VAGUE) {
            self.events(key, depth, |line| line.warning);
        }
        if ready.is_some_and(|c| c.reason == "DependencyNotReady") {
            self.dependencies(object, depth);
        }
        self.source(object, depth);
        let of_health = ready.is_none_or(|c| OF_HEALTH.contains(&c.reason.as_str()));
        self.applied(object, if of_health { depth + 1 } else { depth - 1 });
        self.path.pop();
    }

    /// Says what is seen of the object as a whole.
    fn standing(&mut self, object: &FluxObject, depth: i32) {
        let key = &object.key;
        if let Some(controller) = self.found.controller_down.clone().filter(|_| depth == 0) {
            self.seen_cause(&flow::CONTROLLER, key, "Deployment", vec![("controller", controller)], depth + 1);
        }
        if object.deleting {
            self.seen_cause(&flow::DELETING, key, "metadata.deletionTimestamp", Values::new(), depth);
        }
        if object.suspended() {
            let values = vec![("object", format!("{}/{}", key.kind, key.name))];
            self.seen_cause(&flow::SUSPENDED, key, "spec.suspend", values, depth);
        } else if !object.current() && object.ready().is_none_or(|c| c.status != "False") {
            let controller = key.flux_kind().map_or("", |kind| kind.controller);
            self.seen_cause(&flow::UNSEEN, key, "status.observedGeneration", vec![("controller", controller.to_owned())], depth);
        }
    }

    fn dependencies(&mut self, object: &FluxObject, depth: i32) {
        for key in object.needs() {
            if let Some(found) = self.world.flux_object(&key).filter(|found| found.health() != Health::Ok) {
                self.flux(&Arc::clone(found), depth + 1);
            }
        }
    }

    fn source(&mut self, object: &FluxObject, depth: i32) {
        let Some(named) = object.source_key() else { return };
        // A release's chart is an object of its own, made by helm-controller beside the source.
        let chart = (&*object.key.kind == "HelmRelease" && object.spec.chart.is_some()).then(|| ObjectKey {
            kind: "HelmChart".into(),
            namespace: Arc::clone(&named.namespace),
            name: format!("{}-{}", object.key.namespace, object.key.name).into(),
            ..object.key.clone()
        });
        let key = chart.filter(|key| self.world.flux_object(key).is_some()).unwrap_or(named);
        let ill = |o: &FluxObject| o.health() == Health::Bad || (o.status.artifact.is_none() && o.health() != Health::Ok);
        if let Some(source) = self.world.flux_object(&key).filter(|source| ill(source)) {
            self.flux(&Arc::clone(source), depth + 1);
        }
    }

    /// Looks at what an object has applied: workloads, and other Flux objects that its health checks name.
    fn applied(&mut self, object: &FluxObject, depth: i32) {
        let key = &object.key;
        let entries = object.status.inventory.iter().flat_map(Inventory::entries).filter_map(Applied::parts);
        let entries: BTreeSet<(&str, &str, Cow<'_, str>)> =
            entries.map(|(namespace, name, _, kind)| (kind, namespace, name)).collect();
        let ours = |w: &Workload| {
            let by = if &*key.kind == "HelmRelease" { &w.released_by } else { &w.applied_by };
            w.key.cluster == key.cluster
                && (by.as_ref().is_some_and(|(ns, name)| **ns == *key.namespace && **name == *key.name)
                    || entries.contains(&(&*w.key.kind, &*w.key.namespace, Cow::Borrowed(&*w.key.name))))
        };
        let workloads: Vec<_> = self.world.workloads.iter().filter(|w| ours(w)).take(MANY).cloned().collect();
        for workload in workloads {
            self.workload(&workload, depth);
        }
        let said = object.ready().map_or("", |c| c.message.as_str());
        let list = ["timeout waiting for: [{objects*}", "failed early due to stalled resources: [{objects*}"];
        let named = list.iter().find_map(|pattern| find(pattern, said)).unwrap_or_default();
        for word in named.iter().flat_map(|(_, list)| list.split(", ")).take(MANY) {
            let parts: Vec<&str> = word.split(" status:").next().unwrap_or_default().split('/').collect();
            if let [kind, namespace, name] = parts.as_slice() {
                let named =
                    ObjectKey { kind: (*kind).into(), namespace: (*namespace).into(), name: (*name).into(), ..key.clone() };
                if named != *key && !self.seen.contains(&named) {
                    self.any(&named, depth);
                }
            }
        }
    }

    fn workload(&mut self, workload: &Workload, depth: i32) {
        let pods: Vec<_> = self.world.pods_of(workload).filter(|p| !p.deleting).cloned().collect();
        let ill: Vec<_> =
            pods.iter().filter(|p| p.fault().is_some() || (!p.is_ready() && p.phase != "Succeeded")).take(MANY).collect();
        if !self.seen.insert(workload.key.clone()) || (workload.rolled_out() && ill.iter().all(|p| p.fault().is_none())) {
            return;
        }
        let bad = |c: &&Condition| {
            matches!((c.kind.as_str(), c.status.as_str()), ("Progressing", "False") | ("ReplicaFailure", "True"))
        };
        for condition in workload.conditions.iter().filter(bad) {
            self.note(&of_condition(&workload.key, condition, Values::new()), depth, true);
        }
        // A Deployment says in a condition that its Pods are refused; the others in events alone.
        if workload.total < workload.replicas && &*workload.key.kind != "Deployment" {
            self.events(&workload.key, depth, |line| line.reason == "FailedCreate");
        }
        for pod in ill {
            self.pod(pod, Some(workload), depth + 1);
        }
    }

    fn pod(&mut self, pod: &Pod, workload: Option<&Workload>, depth: i32) {
        let faults = pod.faults();
        for fault in &faults {
            let given = given(pod, workload, &fault.container);
            let said = of_fault(&pod.key, fault, given);
            let tail = self.found.logs.iter().find(|log| is_of(log, pod, &fault.container));
            if let Some(cause) = read(&said, depth).or_else(|| Some(unknown(&said, depth))) {
                self.add(match tail {
                    Some(tail) => cause.with_log(&pod.key, &fault.container, &tail.lines),
                    None => cause,
                });
            }
        }
        let placed = pod.conditions.iter().any(|c| c.kind == "PodScheduled" && c.status == "True");
        let names = container::uninitialized(&message_of(pod, "Initialized"));
        let given = given(pod, workload, names.first().map_or("", String::as_str));
        let about = self.about(&pod.key);
        for line in
            about.iter().filter(|l| POD_EVENTS.contains(&l.reason.as_str()) && !(placed && l.reason == "FailedScheduling"))
        {
            self.note(&of_event(&pod.key, line, given.clone()), depth, false);
        }
        if faults.iter().any(|fault| fault.message.contains("PersistentVolumeClaim")) {
            self.claims(pod, depth + 1);
        }
        if faults.is_empty() && !pod.is_ready() && pod.phase == "Running" {
            let unready = pod.conditions.iter().find(|c| c.kind == "ContainersReady" || c.kind == "Ready");
            if let Some(condition) = unready.filter(|c| c.status == "False") {
                self.note(&of_condition(&pod.key, condition, Values::new()), depth, false);
            }
        }
    }

    /// Looks at the claims of a Pod's namespace that have no volume.
    fn claims(&mut self, pod: &Pod, depth: i32) {
        for claim in self.found.claims.iter().filter(|c| c.namespace == pod.key.namespace) {
            let given = vec![("claim", claim.name.to_string())];
            let before = self.causes.len();
            for line in self.about(claim) {
                self.note(&of_event(claim, &line, given.clone()), depth, false);
            }
            if before == self.causes.len() {
                let said = Said {
                    object: claim.clone(),
                    origin: Origin::Field { path: "status.phase".to_owned() },
                    reason: "ClaimPending".to_owned(),
                    text: "Pending".to_owned(),
                    given,
                };
                self.note(&said, depth, false);
            }
        }
    }

    fn conditions(&mut self, key: &ObjectKey, conditions: &[Condition], depth: i32) {
        let bad = |c: &&Condition| {
            (c.status == "True" && BAD_TRUE.contains(&c.kind.as_str()))
                || (c.status == "False" && BAD_FALSE.contains(&c.kind.as_str()))
        };
        // Ready first: the others often repeat its words.
        let mut bad: Vec<&Condition> = conditions.iter().filter(bad).collect();
        bad.sort_by_key(|c| (c.kind != "Ready", c.kind != "Stalled"));
        for condition in bad {
            self.note(
                &of_condition(key, condition, Values::new()),
                depth,
                condition.kind == "Ready" || condition.kind == "Stalled",
            );
        }
    }

    fn about(&self, key: &ObjectKey) -> Vec<Happened> {
        // Newest last; a Pod that fails for hours repeats itself.
        let all: Vec<_> = self.found.events.iter().filter(|line| line.object == *key).cloned().collect();
        all.into_iter().rev().take(8).rev().collect()
    }

    fn events(&mut self, key: &ObjectKey, depth: i32, wanted: impl Fn(&Happened) -> bool) {
        for line in self.about(key).iter().filter(|line| wanted(line)) {
            self.note(&of_event(key, line, Values::new()), depth, false);
        }
    }

    /// Reads a statement; what nobody understands is kept as it is where that is wanted.
    fn note(&mut self, said: &Said, depth: i32, keep: bool) {
        if let Some(cause) = read(said, depth).or_else(|| keep.then(|| unknown(said, depth))) {
            self.add(cause);
        }
    }

    fn seen_cause(&mut self, rule: &'static Rule, key: &ObjectKey, field: &str, values: Values, depth: i32) {
        let said = Said {
            object: key.clone(),
            origin: Origin::Field { path: field.to_owned() },
            reason: String::new(),
            text: String::new(),
            given: Values::new(),
        };
        self.add(Cause::of(rule, values, &said, depth));
    }

    /// Adds a cause, or its evidence to the same one that is there.
    fn add(&mut self, cause: Cause) {
        // Other Pods of a workload say the same of themselves.
        let pods = |c: &Cause| &*c.object.kind == "Pod" && c.object.namespace == cause.object.namespace;
        let same = |c: &&mut Cause| {
            c.id == cause.id && (c.object == cause.object || (alike(&c.values, &cause.values) && pods(c) && pods(&cause)))
        };
        match self.causes.iter_mut().find(same) {
            Some(known) => {
                for quote in cause.evidence {
                    let fresh = !known.evidence.iter().any(|q| q.text == quote.text);
                    if fresh && known.evidence.len() < QUOTES {
                        known.evidence.push(quote);
                    }
                }
                known.rank = known.rank.max(cause.rank);
            }
            None => self.causes.push(cause),
        }
    }
}

/// Tells whether two Pods say the same, however often.
fn alike(one: &Values, other: &Values) -> bool {
    let told = |values: &Values| values.iter().filter(|(name, _)| *name != "count").cloned().collect::<Values>();
    told(one) == told(other)
}

fn is_of(log: &LogTail, pod: &Pod, container: &str) -> bool {
    *log.pod.0 == *pod.key.namespace && *log.pod.1 == *pod.key.name && log.container == container
}

fn message_of(pod: &Pod, kind: &str) -> String {
    pod.conditions.iter().find(|c| c.kind == kind && c.status == "False").map(|c| c.message.to_string()).unwrap_or_default()
}

/// Returns what is known of a container beside what is said of it.
fn given(pod: &Pod, workload: Option<&Workload>, name: &str) -> Values {
    let mut values = Values::new();
    if !name.is_empty() {
        set(&mut values, "container", name);
    }
    if container::uninitialized(&message_of(pod, "Initialized")).iter().any(|c| c == name) {
        set(&mut values, "init", "yes");
    }
    values.extend(amounts(workload, name));
    values
}

/// Returns what a template grants a container and asks for.
pub(super) fn amounts(workload: Option<&Workload>, name: &str) -> Values {
    let mut values = Values::new();
    let containers = workload.map_or(&[][..], |w| w.containers.as_slice());
    if let Some(container) = containers.iter().find(|c| c.name == name)
        && let Some((_, limit)) = container.resources.iter().find(|(what, _)| what == "limits.memory")
    {
        set(&mut values, "limit", limit.clone());
    }
    let requests = containers
        .iter()
        .flat_map(|c| &c.resources)
        .filter_map(|(what, amount)| what.strip_prefix("requests.").map(|resource| format!("{resource} {amount}")));
    let requests: Vec<String> = requests.collect();
    if !requests.is_empty() {
        set(&mut values, "requests", requests.join(", "));
    }
    values
}

/// Builds a statement of a Pod's fault.
pub(super) fn of_fault(key: &ObjectKey, fault: &PodFault, mut given: Values) -> Said {
    if !fault.container.is_empty() {
        set(&mut given, "container", fault.container.clone());
    }
    if !fault.image.is_empty() {
        set(&mut given, "image", fault.image.clone());
    }
    let origin = Origin::Container { name: fault.container.clone(), reason: fault.reason.clone() };
    Said { object: key.clone(), origin, reason: fault.reason.clone(), text: fault.message.clone(), given }
}

/// Builds a statement of a condition.
pub(super) fn of_condition(key: &ObjectKey, condition: &Condition, given: Values) -> Said {
    let said = |text: &Text| text.to_string();
    let origin =
        Origin::Condition { name: said(&condition.kind), status: said(&condition.status), reason: said(&condition.reason) };
    Said { object: key.clone(), origin, reason: said(&condition.reason), text: said(&condition.message), given }
}

fn of_event(key: &ObjectKey, line: &Happened, given: Values) -> Said {
    let origin = Origin::Event { reason: line.reason.clone(), count: line.count };
    Said { object: key.clone(), origin, reason: line.reason.clone(), text: line.message.clone(), given }
}
