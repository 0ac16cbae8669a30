//! What a change takes away from a workload: volumes, probes, limits.

use crate::check::change::Step;
use crate::check::hits::Hits;
use crate::check::subject::{Container, Subject, items, name_of};
use crate::yaml::Val;

/// Returns the containers that are on both sides.
fn both<'s>(step: &Step<'s>) -> Vec<(&'s Subject, Container<'s>, Container<'s>)> {
    let (Some(before), Some(after)) = (step.before, step.after) else { return Vec::new() };
    let old = before.containers();
    let pair = |new: Container<'s>| Some((after, old.iter().find(|o| o.name == new.name).copied()?, new));
    after.containers().into_iter().filter_map(pair).collect()
}

fn has(val: &Val, path: &[&str]) -> bool {
    val.at(path).is_some_and(|v| !v.is_null())
}

/// Finds volumes, claims and mounts that are gone.
pub(super) fn volumes<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    let (Some(before), Some(after)) = (step.before, step.after) else { return };
    let there: Vec<&str> = after.volumes().iter().map(name_of).collect();
    let mut gone: Vec<&str> = Vec::new();
    for volume in before.volumes().iter().filter(|v| !there.contains(&name_of(v))) {
        let name = name_of(volume);
        gone.push(name);
        let near = [after.pod().and_then(|pod| pod.get("volumes")), after.pod()];
        hits.near(after, &near, format!("{} loses the volume {name}{}", after.told(), content(volume)));
    }
    for (after, old, new) in both(step) {
        let mounted: Vec<&str> = items(new.val, &["volumeMounts"]).iter().filter_map(|m| m.get("mountPath")?.as_text()).collect();
        for mount in items(old.val, &["volumeMounts"]) {
            let path = mount.get("mountPath").and_then(Val::as_text).unwrap_or_default();
            if !mounted.contains(&path) && !gone.contains(&name_of(mount)) {
                let near = [new.val.get("volumeMounts"), Some(new.val)];
                hits.near(after, &near, format!("{} has nothing at {path} any more", after.whose(new)));
            }
        }
    }
}

/// Returns what a volume held, as it stands behind its name.
fn content(volume: &Val) -> String {
    for (field, key, what) in [
        ("persistentVolumeClaim", "claimName", "the claim"),
        ("configMap", "name", "the ConfigMap"),
        ("secret", "secretName", "the Secret"),
        ("hostPath", "path", "the node's"),
    ] {
        if let Some(name) = volume.at(&[field, key]).and_then(Val::as_text) {
            return format!(" ({what} {name})");
        }
    }
    String::new()
}

/// Finds probes that are gone.
pub(super) fn probes<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    for (after, old, new) in both(step) {
        for (probe, word) in [("livenessProbe", "liveness"), ("readinessProbe", "readiness"), ("startupProbe", "startup")] {
            if has(old.val, &[probe]) && !has(new.val, &[probe]) {
                hits.at(after, new.val, format!("{} loses its {word} probe", after.whose(new)));
            }
        }
    }
}

/// Finds limits and requests that are gone.
pub(super) fn limits<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    for (after, old, new) in both(step) {
        for (list, word) in [("limits", "limit"), ("requests", "request")] {
            for resource in ["memory", "cpu"] {
                let path = ["resources", list, resource];
                // Many leave out the limit for the CPU on purpose.
                if (list, resource) != ("limits", "cpu") && has(old.val, &path) && !has(new.val, &path) {
                    let was = old.val.at(&path).and_then(Val::scalar).unwrap_or_default();
                    let near = [new.val.at(&["resources", list]), new.val.get("resources"), Some(new.val)];
                    hits.near(after, &near, format!("{} loses its {word} for {resource}, which was {was}", after.whose(new)));
                }
            }
        }
    }
}
