//! Pods: how each container is, and why.

use domain::flux::{Condition, ObjectKey};
use domain::workload::{ContainerState, Pod};
use serde::Deserialize;

use super::workload::{ContainerSpec, PodSpec};
use super::{Lean, Meta, Mold, message, or_default, owned};

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default, deserialize_with = "or_default")]
    spec: PodSpec,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    phase: String,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "or_default")]
    init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "or_default")]
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatus {
    name: String,
    ready: bool,
    restart_count: i32,
    #[serde(deserialize_with = "or_default")]
    state: State,
    #[serde(deserialize_with = "or_default")]
    last_state: State,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    waiting: Option<Waiting>,
    terminated: Option<Terminated>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Waiting {
    reason: String,
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Terminated {
    exit_code: i32,
    reason: String,
    message: String,
}

impl Lean for Pod {
    fn read(json: &str, mold: &mut Mold) -> Result<Self, String> {
        let Wire { metadata, spec, status } = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let key = mold.key(&metadata)?;
        let init = states(spec.init_containers, status.init_container_statuses);
        let main = states(spec.containers, status.container_statuses);
        Ok(Self {
            key,
            owner: metadata.owner(),
            labels: metadata.labels(mold),
            uid: owned(metadata.uid),
            resource_version: owned(metadata.resource_version),
            created: metadata.creation_timestamp,
            phase: owned(status.phase),
            deleting: metadata.deletion_timestamp.is_some(),
            conditions: mold.conditions(status.conditions),
            containers: init.into_iter().chain(main).collect(),
        })
    }

    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn stamp(&self) -> (&str, &str) {
        (&self.uid, &self.resource_version)
    }
}

fn states(specs: Vec<ContainerSpec>, mut statuses: Vec<ContainerStatus>) -> Vec<ContainerState> {
    let state = |spec: ContainerSpec| {
        let at = statuses.iter().position(|s| s.name == spec.name);
        let status = at.map(|at| statuses.swap_remove(at)).unwrap_or_default();
        let ended = status.state.terminated.or(status.last_state.terminated);
        let said = status.state.waiting.as_ref().map(|w| w.message.clone());
        let said = said.filter(|m| !m.is_empty()).or_else(|| ended.as_ref().map(|e| e.message.clone()));
        ContainerState {
            name: owned(spec.name),
            image: owned(spec.image),
            ready: status.ready,
            restarts: status.restart_count,
            waiting: status.state.waiting.map(|w| owned(w.reason)).filter(|r| !r.is_empty()),
            message: message(said.unwrap_or_default()),
            last_exit: ended.map(|e| (e.exit_code, if e.reason.is_empty() { "Error".to_owned() } else { owned(e.reason) })),
        }
    };
    specs.into_iter().map(state).collect()
}
