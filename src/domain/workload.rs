//! Workloads and their Pods, lean, and what their state means.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::flux::{Condition, Health, ObjectKey};
use crate::text::Text;

/// Holds a container of a template: what runs and what it may use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Container {
    /// The name.
    pub name: String,
    /// The image as written.
    pub image: String,
    /// Requests and limits as (`requests.cpu`, `100m`).
    pub resources: Vec<(String, String)>,
}

/// Holds a Deployment, StatefulSet or DaemonSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// Which one.
    pub key: ObjectKey,
    /// The server's identity for it.
    pub uid: String,
    /// The server's version of it.
    pub resource_version: String,
    /// The generation of its spec.
    pub generation: i64,
    /// The generation that its controller has seen.
    pub observed_generation: i64,
    /// When it was created.
    pub created: Option<Time>,
    /// How many Pods are wanted.
    pub replicas: i32,
    /// How many Pods have the present template.
    pub updated: i32,
    /// How many Pods are ready.
    pub ready: i32,
    /// How many Pods have been ready long enough.
    pub available: i32,
    /// How many Pods exist, of any template.
    pub total: i32,
    /// The template's containers.
    pub containers: Vec<Container>,
    /// The selector's `matchLabels`.
    pub selector: Vec<(Text, Text)>,
    /// The conditions (Available, Progressing, ReplicaFailure).
    pub conditions: Vec<Condition>,
    /// The Kustomization that applied it, from the labels that kustomize-controller sets: namespace, name.
    pub applied_by: Option<(String, String)>,
    /// The HelmRelease that applied it, from the labels that helm-controller sets: namespace, name.
    #[serde(default)]
    pub released_by: Option<(String, String)>,
}

impl Workload {
    /// Tells whether every wanted Pod has the present template and is available, and no other is left
    /// (the rule of `kubectl rollout status`).
    pub const fn rolled_out(&self) -> bool {
        self.observed_generation >= self.generation
            && self.updated >= self.replicas
            && self.available >= self.replicas
            && self.total <= self.updated
    }

    /// Returns how it is doing.
    pub fn health(&self) -> Health {
        let failed = self
            .conditions
            .iter()
            .any(|c| (c.kind == "Progressing" && c.status == "False") || (c.kind == "ReplicaFailure" && c.status == "True"));
        if failed {
            Health::Bad
        } else if self.rolled_out() {
            Health::Ok
        } else {
            Health::Busy
        }
    }
}

/// Says how one container of a Pod is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContainerState {
    /// The container's name.
    pub name: String,
    /// The image as written.
    pub image: String,
    /// Whether it is ready.
    pub ready: bool,
    /// How often it was restarted.
    pub restarts: i32,
    /// Why it waits: `ImagePullBackOff`, `CrashLoopBackOff`, …
    pub waiting: Option<String>,
    /// The sentence beside that reason.
    pub message: String,
    /// How its last run ended: exit code and reason (`Error`, `OOMKilled`).
    pub last_exit: Option<(i32, String)>,
}

/// Holds a Pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// Which one.
    pub key: ObjectKey,
    /// The server's identity for it.
    pub uid: String,
    /// The server's version of it.
    pub resource_version: String,
    /// When it was created.
    pub created: Option<Time>,
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: String,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Its labels.
    pub labels: Vec<(Text, Text)>,
    /// Its owner: kind and name.
    pub owner: Option<(String, String)>,
    /// The conditions (PodScheduled, Ready, …).
    pub conditions: Vec<Condition>,
    /// Its containers, init containers first.
    pub containers: Vec<ContainerState>,
}

impl Pod {
    /// Tells whether the Pod is ready.
    pub fn is_ready(&self) -> bool {
        self.conditions.iter().any(|c| c.kind == "Ready" && c.status == "True")
    }

    /// Returns how it is doing.
    pub fn health(&self) -> Health {
        match self.phase.as_str() {
            _ if self.fault().is_some() => Health::Bad,
            "Failed" => Health::Bad,
            "Succeeded" if !self.deleting => Health::Ok,
            "Unknown" => Health::Unknown,
            _ if self.is_ready() && !self.deleting => Health::Ok,
            _ => Health::Busy,
        }
    }

    /// Tells whether a selector's labels all stand on it.
    pub fn matches(&self, selector: &[(Text, Text)]) -> bool {
        !selector.is_empty() && selector.iter().all(|wanted| self.labels.contains(wanted))
    }

    /// Returns what keeps it from running, if something does.
    pub fn fault(&self) -> Option<PodFault> {
        if self.deleting {
            return None;
        }
        self.containers.iter().find_map(|c| self.of_container(c)).or_else(|| self.unplaced())
    }

    /// Returns everything that keeps it from running.
    pub fn faults(&self) -> Vec<PodFault> {
        if self.deleting {
            return Vec::new();
        }
        self.containers.iter().filter_map(|c| self.of_container(c)).chain(self.unplaced()).collect()
    }

    fn of_container(&self, container: &ContainerState) -> Option<PodFault> {
        container_fault(container).map(|fault| PodFault { pod: self.key.name.to_string(), ..fault })
    }

    fn unplaced(&self) -> Option<PodFault> {
        let unschedulable = self.conditions.iter().find(|c| c.kind == "PodScheduled" && c.status == "False")?;
        Some(PodFault {
            pod: self.key.name.to_string(),
            container: String::new(),
            image: String::new(),
            reason: "Unschedulable".to_owned(),
            message: unschedulable.message.to_string(),
            wants_log: false,
        })
    }
}

/// Says what is wrong with a Pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodFault {
    /// The Pod's name.
    pub pod: String,
    /// The container's name; empty when the Pod as a whole is meant.
    pub container: String,
    /// The image of that container.
    pub image: String,
    /// The reason in Kubernetes' word.
    pub reason: String,
    /// The sentence beside it.
    pub message: String,
    /// Whether the last lines of its log would say more.
    pub wants_log: bool,
}

fn container_fault(container: &ContainerState) -> Option<PodFault> {
    let fault = |reason: &str, message: String, wants_log| {
        Some(PodFault {
            pod: String::new(),
            container: container.name.clone(),
            image: container.image.clone(),
            reason: reason.to_owned(),
            message,
            wants_log,
        })
    };
    match container.waiting.as_deref() {
        Some(
            reason @ ("ImagePullBackOff"
            | "ErrImagePull"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "CreateContainerConfigError"
            | "CreateContainerError"
            | "RunContainerError"),
        ) => fault(reason, container.message.clone(), false),
        Some(reason @ "CrashLoopBackOff") => {
            let message = container.last_exit.as_ref().map_or_else(
                || container.message.clone(),
                |(code, why)| format!("exit code {code} ({why}), restarted {} times", container.restarts),
            );
            fault(reason, message, true)
        }
        _ => match &container.last_exit {
            Some((code, why)) if !container.ready && *code != 0 && container.restarts > 0 => {
                fault(why, format!("exit code {code}, restarted {} times", container.restarts), true)
            }
            _ => None,
        },
    }
}
