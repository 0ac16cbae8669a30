//! What a Pod takes from its node: folders, and the namespaces of processes and network.

use domain::change::Severity;

use crate::check::hits::Hits;
use crate::check::subject::{Subject, filled_in, items, name_of};
use crate::yaml::Val;

/// Ways to start anything on the node, whether the file can be written or not.
const SOCKETS: [&str; 5] = ["docker.sock", "containerd.sock", "crio.sock", "podman.sock", "cri-dockerd.sock"];
/// Folders that are the node.
const NODE: [&str; 6] = ["/", "/etc", "/root", "/var/lib/kubelet", "/run/containerd", "/var/run/containerd"];
/// Files and folders that are read to see what is there, and that nothing comes from.
const QUIET: [&str; 8] =
    ["/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/dev", "/etc/machine-id", "/lib/modules", "/sys", "/proc"];

/// Finds folders of the node: a warning when they can be written or hold the node's own secrets.
pub(super) fn path<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for volume in subject.volumes() {
        let Some(path) = volume.at(&["hostPath", "path"]) else { continue };
        let Some(text) = path.as_text().filter(|text| !filled_in(text)) else { continue };
        let quiet = QUIET.iter().any(|q| text == *q || text.strip_prefix(q).is_some_and(|rest| rest.starts_with('/')));
        let writable = written(subject, name_of(volume));
        let how = if writable { "and may write to it" } else { "read-only" };
        let hit = hits.at(subject, path, format!("{} takes {text} of its node, {how}", subject.told()));
        let socket = SOCKETS.iter().any(|socket| text.ends_with(socket));
        let node = NODE.contains(&text) && (writable || !subject.is_agent());
        let grave = socket || node || (writable && !quiet && !subject.is_agent());
        if !grave {
            hit.as_grave_as(Severity::Info);
        }
    }
}

/// Tells whether some container mounts a volume so that it can write to it.
fn written(subject: &Subject, volume: &str) -> bool {
    subject.containers().iter().any(|container| {
        let mounts = items(container.val, &["volumeMounts"]).iter().filter(|mount| name_of(mount) == volume);
        mounts.into_iter().any(|mount| !mount.get("readOnly").is_some_and(Val::is_true))
    })
}

/// Finds Pods in the namespaces of their node. Those that look after their nodes are there for that.
pub(super) fn namespaces<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for (field, flag) in shared(subject) {
        let hit = hits.at(subject, flag, format!("{} has {field}: {}", subject.told(), what(field)));
        if subject.is_agent() {
            hit.as_grave_as(Severity::Info);
        }
    }
}

fn shared(subject: &Subject) -> impl Iterator<Item = (&'static str, &Val)> {
    ["hostNetwork", "hostPID", "hostIPC"]
        .into_iter()
        .filter_map(|field| Some((field, subject.pod()?.get(field).filter(|flag| flag.is_true())?)))
}

fn what(field: &str) -> &'static str {
    match field {
        "hostNetwork" => "it uses the network of its node, past all network policies",
        "hostPID" => "it sees all processes of its node",
        _ => "it shares memory with the processes of its node",
    }
}

/// Finds what a Pod takes from its node that it did not take before.
pub(super) fn added<'s>(before: Option<&Subject>, after: &'s Subject, hits: &mut Hits<'s>) {
    for (field, flag) in shared(after) {
        if !before.is_some_and(|before| shared(before).any(|(old, _)| old == field)) {
            hits.at(after, flag, format!("{} gets {field}: {}", after.told(), what(field)));
        }
    }
    let paths = |subject: &'s Subject| subject.volumes().iter().filter_map(|v| v.at(&["hostPath", "path"]));
    for path in paths(after) {
        let known =
            before.is_some_and(|before| before.volumes().iter().filter_map(|v| v.at(&["hostPath", "path"])).any(|p| p == path));
        if !known {
            let text = path.as_text().unwrap_or_default();
            hits.at(after, path, format!("{} takes {text} of its node", after.told()));
        }
    }
}
