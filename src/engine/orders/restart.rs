//! Restarting a workload: a mark on the template of its Pods, the same that `kubectl rollout restart` sets; Flux leaves it alone.

use std::sync::Arc;

use domain::Trouble;
use domain::orders::Restart;
use domain::orders::restart::KINDS;
use serde_json::{Value, json};

use crate::orders::{Done, Fault};
use crate::shared::Core;

/// The annotation on a template; whoever changes it has the Pods replaced.
const MARK: &str = "kubectl.kubernetes.io/restartedAt";
/// How often it is looked again because the workload changed meanwhile.
const ATTEMPTS: u32 = 5;

pub(super) async fn restart(core: &Arc<Core>, order: Restart) -> Result<Done, Fault> {
    let key = &order.key;
    if !Restart::suits(key) {
        return Err(Trouble::usage("That has no Pods to replace", key)
            .why(format!("only a {} is restarted", KINDS.join(", a ")))
            .next("Name the workload that it belongs to.")
            .into());
    }
    let patch = json!({ "spec": { "template": { "metadata": { "annotations": { MARK: core.now().to_string() } } } } });
    for _ in 0..ATTEMPTS {
        let object = core.fleet.object(key).await?.ok_or_else(|| {
            Trouble::not_found("It does not exist there", key).next("Refresh and check the name and the namespace.")
        })?;
        let paused = object.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false);
        if paused {
            return Err(Trouble::refused("Its rollout is paused", key)
                .why("spec.paused is true")
                .next("Resume the rollout first.")
                .into());
        }
        let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default();
        // Its controller writes its status all the time.
        if core.fleet.patch_if_same(key, &patch, version).await? {
            return Ok(Done::said(format!("{key} is restarted: its Pods are replaced.")));
        }
    }
    Err(Trouble::failed("It changes all the time", key)
        .why(format!("it was another one at each of {ATTEMPTS} attempts"))
        .next("Look at who changes it, and try again.")
        .into())
}
