//! Containers that answer on a port and that nobody asks whether they can.

use crate::check::hits::Hits;
use crate::check::subject::{Subject, items};
use crate::yaml::Val;

/// Finds containers with ports and without a readiness probe.
pub(super) fn missing<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    if !matches!(subject.kind.as_str(), "Deployment" | "StatefulSet" | "Rollout") {
        return;
    }
    for container in subject.containers().into_iter().filter(|c| !c.init) {
        let answers = !items(container.val, &["ports"]).is_empty();
        let asked = container.val.get("readinessProbe").is_some_and(|probe| !Val::is_null(probe));
        if answers && !asked {
            hits.at(subject, container.val, format!("{} has ports and no readiness probe", subject.whose(container)));
        }
    }
}
