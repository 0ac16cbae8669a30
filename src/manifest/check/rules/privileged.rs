//! Containers with power over their node.

use domain::change::Severity;

use crate::check::change::Step;
use crate::check::hits::Hits;
use crate::check::rules::host;
use crate::check::subject::{Container, Subject};
use crate::yaml::Val;

/// Capabilities with which a container takes over its node.
const MIGHTY: [&str; 6] = ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH"];

/// Finds privileged containers.
pub(super) fn privileged<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for container in subject.containers() {
        if let Some(flag) = flag(container) {
            hits.at(subject, flag, format!("{} is privileged", subject.whose(container)));
        }
    }
}

fn flag(container: Container<'_>) -> Option<&Val> {
    container.val.at(&["securityContext", "privileged"]).filter(|flag| flag.is_true())
}

/// Finds capabilities that are as good as being root on the node.
pub(super) fn capabilities<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for container in subject.containers() {
        for added in mighty(container) {
            let name = added.as_text().unwrap_or_default();
            let hit = hits.at(subject, added, format!("{} has the capability {name}", subject.whose(container)));
            if subject.is_agent() {
                hit.as_grave_as(Severity::Info);
            }
        }
    }
}

fn mighty(container: Container<'_>) -> impl Iterator<Item = &Val> {
    let added = container.val.at(&["securityContext", "capabilities", "add"]).map(Val::items).unwrap_or_default();
    added.iter().filter(|c| c.as_text().is_some_and(|c| MIGHTY.contains(&c.strip_prefix("CAP_").unwrap_or(c))))
}

/// Returns what is written of the user of a container, the Pod's own where the container says nothing.
fn context<'s>(subject: &'s Subject, container: Container<'s>, field: &str) -> Option<&'s Val> {
    let own = container.val.at(&["securityContext", field]).filter(|v| !v.is_null());
    own.or_else(|| subject.pod()?.at(&["securityContext", field]).filter(|v| !v.is_null()))
}

fn user_zero<'s>(subject: &'s Subject, container: Container<'s>) -> Option<&'s Val> {
    context(subject, container, "runAsUser").filter(|user| user.scalar().as_deref() == Some("0"))
}

/// Finds containers that are said to run as root. Those that only prepare things are good to know of.
pub(super) fn root<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for container in subject.containers() {
        let refused = context(subject, container, "runAsNonRoot").is_some_and(Val::is_true);
        if let Some(user) = user_zero(subject, container).filter(|_| !refused && flag(container).is_none()) {
            let hit = hits.at(subject, user, format!("{} runs as root", subject.whose(container)));
            if container.init || subject.is_agent() {
                hit.as_grave_as(Severity::Info);
            }
        }
    }
}

/// Finds containers that must not be root and are.
pub(super) fn refused<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for container in subject.containers() {
        let must_not = context(subject, container, "runAsNonRoot").is_some_and(Val::is_true);
        if let Some(user) = user_zero(subject, container).filter(|_| must_not) {
            let message = format!("{} has runAsNonRoot and runs as user 0: it is not started", subject.whose(container));
            hits.at(subject, user, message);
        }
    }
}

/// Finds power that a change gives: privileges, capabilities, folders and namespaces of the node.
pub(super) fn added<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    let Some(after) = step.after else { return };
    for container in after.containers() {
        let old = step.before.and_then(|before| before.containers().into_iter().find(|c| c.name == container.name));
        if let Some(now) = flag(container).filter(|_| old.and_then(flag).is_none()) {
            hits.at(after, now, format!("{} becomes privileged", after.whose(container)));
        }
        for capability in mighty(container) {
            if !old.is_some_and(|old| mighty(old).any(|c| c == capability)) {
                let name = capability.as_text().unwrap_or_default();
                hits.at(after, capability, format!("{} gets the capability {name}", after.whose(container)));
            }
        }
    }
    host::added(step.before, after, hits);
}
