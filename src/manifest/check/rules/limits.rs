//! Containers that do not say what they need and what they may take at most.

use crate::check::hits::Hits;
use crate::check::subject::{Known, Scene, Subject, items};
use crate::yaml::Val;

/// Tells whether something is written for a resource.
fn has(container: &Val, list: &str, resource: &str) -> bool {
    container.at(&["resources", list, resource]).is_some_and(|v| !v.is_null())
}

/// Tells whether a LimitRange of the namespace fills in what is missing.
fn filled<'s>(scene: &'s Scene, subject: &Subject, field: &str, resource: &str) -> bool {
    let of = |range: &'s Subject| items(&range.val, &["spec", "limits"]);
    scene.of_kind("LimitRange").filter(|range| range.beside(&subject.namespace)).any(|range| {
        of(range)
            .iter()
            .any(|limit| limit.get("type").and_then(Val::as_text) == Some("Container") && limit.at(&[field, resource]).is_some())
    })
}

/// Finds containers without a limit for memory. A limit for the CPU is left out on purpose by many.
pub(super) fn memory<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    for subject in &scene.subjects {
        for container in subject.containers().into_iter().filter(|c| !c.init) {
            if has(container.val, "limits", "memory") || filled(scene, subject, "default", "memory") {
                continue;
            }
            let vals = [container.val.at(&["resources", "limits"]), container.val.get("resources"), Some(container.val)];
            hits.near(subject, &vals, format!("{} has no limit for memory", subject.whose(container)));
        }
    }
}

/// Finds containers without a request; a limit is a request, too.
pub(super) fn requests<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    for subject in &scene.subjects {
        for container in subject.containers().into_iter().filter(|c| !c.init) {
            let missing = |resource: &&str| {
                let written = has(container.val, "requests", resource) || has(container.val, "limits", resource);
                !written && !filled(scene, subject, "defaultRequest", resource)
            };
            let missing: Vec<&str> = ["cpu", "memory"].into_iter().filter(missing).collect();
            if !missing.is_empty() {
                let vals = [container.val.at(&["resources", "requests"]), container.val.get("resources"), Some(container.val)];
                let message = format!("{} has no request for {}", subject.whose(container), missing.join(" and "));
                hits.near(subject, &vals, message);
            }
        }
    }
}
