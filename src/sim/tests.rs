//! Tests of the whole simulation: the real client over the service, real repositories, time run fast.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what failed by failing")]

mod api;
mod flux;
mod rights;
mod rollout;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::revision::CommitId;
use kube::api::{Api, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Sim, SimConfig};

/// How long a test waits for what should take milliseconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A cluster with a folder of its own and a client.
pub(crate) struct Bench {
    pub(crate) sim: Sim,
    pub(crate) client: kube::Client,
    pub(crate) folder: TempDir,
}

impl Bench {
    /// Starts a cluster a hundred times as fast as life, without Flux's own Deployments.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut SimConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: domain::Time = "2026-03-01T12:00:00Z".parse().unwrap();
        let mut config = SimConfig::new("bench", Arc::new(move || now), folder.path().join("mirrors"));
        config.time_scale = 100.0;
        config.components = false;
        change(&mut config);
        let sim = Sim::start(&config);
        let client = kube::Client::new(sim.service(), "default");
        Self { sim, client, folder }
    }

    pub(crate) fn api(&self, version: &str, kind: &str, plural: &str) -> Api<DynamicObject> {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural);
        Api::namespaced_with(self.client.clone(), "default", &resource)
    }

    /// Waits until an object holds a value at a pointer.
    pub(crate) async fn until(&self, what: (&str, &str, &str), pointer: &str, value: Value) -> Value {
        let mut last = Value::Null;
        let found = self.sim.wait_for(what, PATIENCE, |object| {
            last = object.cloned().unwrap_or_default();
            last.pointer(pointer) == Some(&value)
        });
        let found = found.await;
        found.unwrap_or_else(|| panic!("{what:?} never had {value} at {pointer}: {last:#}"))
    }

    /// Waits until a condition of an object has a reason.
    pub(crate) async fn until_condition(&self, what: (&str, &str, &str), kind: &str, reason: &str) -> Value {
        let mut last = Value::Null;
        let found = self.sim.wait_for(what, PATIENCE, |object| {
            last = object.cloned().unwrap_or_default();
            condition(&last, kind).is_some_and(|c| c["reason"] == reason)
        });
        let found = found.await;
        found.unwrap_or_else(|| panic!("{what:?} never had {kind} with {reason}: {last:#}"))
    }

    /// Waits until an object is gone.
    pub(crate) async fn until_gone(&self, what: (&str, &str, &str)) {
        let gone = self.sim.wait_for(what, PATIENCE, |object| object.is_none()).await;
        assert!(gone.is_some(), "{what:?} is still there: {:#}", self.sim.dump().len());
    }
}

/// Returns a condition.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object.pointer("/status/conditions")?.as_array()?.iter().find(|c| c["type"] == kind)
}

/// Returns a Deployment.
pub(crate) fn deployment(name: &str, image: &str, replicas: u32) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name, "image": image}]}}}})
}

/// Commits files to a bare repository; content of nothing removes.
pub(crate) fn commit(repository: &Path, subject: &str, files: &[(&str, Option<&str>)]) -> CommitId {
    let changes: Vec<git::FileChange> = files
        .iter()
        .map(|(path, content)| match content {
            Some(content) => git::FileChange::write(*path, *content),
            None => git::FileChange::remove(*path),
        })
        .collect();
    let author = git::Author { name: "Ada".to_owned(), email: "ada@example.org".to_owned() };
    git::seed::commit_files(repository, "main", &changes, (subject, &author, "2026-03-01T11:00:00Z".parse().unwrap())).unwrap()
}
