//! Causes in containers that do not start, crash or fail their probes.

use super::Said;
use super::pattern::{Values, find};
use super::rule::{Rule, value};

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "init-crash",
        "The init container {container} fails with exit code {code}, so the Pod does not start",
        "Read its log; what it waits for or prepares is missing.",
    )
    .refine(init)
    .says(&["exit code {code} ({why}), restarted {count} times", "exit code {code}, restarted {count} times"]),
    Rule::new(
        "oom-killed",
        "The container {container} needed more memory than its limit of {limit} and was killed",
        "Raise its memory limit, or find what uses the memory.",
    )
    .refine(out_of_memory)
    .says(EXIT),
    Rule::new(
        "oom-killed-node",
        "The container {container} was killed because memory ran out",
        "Give it a memory request and limit that fit, or find what uses the memory.",
    )
    .refine(killed_for_memory)
    .says(EXIT),
    Rule::new(
        "crash-killed",
        "The container {container} was killed (exit code 137: SIGKILL)",
        "Look for a failed liveness probe, a full node or a shutdown that took too long in the Pod's events.",
    )
    .refine(|_, v| code(v, &["137"]))
    .says(EXIT)
    .inferred(),
    Rule::new(
        "crash-segfault",
        "The container {container} crashed on invalid memory (exit code 139: SIGSEGV)",
        "It is a fault in the program or a library for another system; deploy a version that starts, or roll back.",
    )
    .refine(|_, v| code(v, &["139"]))
    .says(EXIT),
    Rule::new(
        "crash-terminated",
        "The container {container} ended because it was told to (exit code 143: SIGTERM)",
        "Look for who stops it: a failed liveness probe, or an entry process that ends.",
    )
    .refine(|_, v| code(v, &["143"]))
    .says(EXIT)
    .inferred(),
    Rule::new(
        "crash-abort",
        "The container {container} gave up by itself (exit code 134: SIGABRT)",
        "Read its last log lines; the program found itself in a state that must not be.",
    )
    .refine(|_, v| code(v, &["134"]))
    .says(EXIT),
    Rule::new(
        "crash-not-executable",
        "The command of the container {container} cannot be executed (exit code 126)",
        "Check the file's permissions and that it is made for the node's architecture.",
    )
    .refine(|_, v| code(v, &["126"]))
    .says(EXIT),
    Rule::new(
        "crash-no-command",
        "The command of the container {container} was not found (exit code 127)",
        "Correct command and args, or the image.",
    )
    .refine(|_, v| code(v, &["127"]))
    .says(EXIT),
    Rule::new(
        "crash",
        "The container {container} crashes: exit code {code}, restarts: {count}",
        "Read its last log lines, then deploy a version that starts or roll back.",
    )
    .says(EXIT),
    Rule::new(
        "crash-loop",
        "The container {container} crashes again and again",
        "Read its log, then deploy a version that starts or roll back.",
    )
    .on(&["CrashLoopBackOff"])
    .rank(45),
    Rule::new("key-missing", "The key {key} is missing in the {kind} {holder}", "Add the key, or mark it as optional.")
        .says(&["couldn't find key {key} in {kind} {holder}"]),
    Rule::new(
        "mount-key-missing",
        "A volume names keys that its Secret or ConfigMap does not have",
        "Add the keys, or correct the volume's items.",
    )
    .says(&["references non-existent secret key", "references non-existent config key"]),
    Rule::new(
        "configmap-missing",
        "The ConfigMap {name} does not exist",
        "Create it in that namespace, or correct the reference to it.",
    )
    .says(&[
        "configmaps \"{name}\" not found",
        "configmap \"{name}\" not found",
        "could not find ConfigMap '{name}'",
        "ConfigMap '{name}' not found",
    ]),
    Rule::new(
        "secret-missing",
        "The Secret {name} does not exist",
        "Create it in that namespace, or correct the reference to it.",
    )
    .says(&[
        "failed to get secret '{_}': secrets \"{name}\" not found",
        "secrets \"{name}\" not found",
        "secret \"{name}\" not found",
        "secret '{name}' not found",
        "could not find Secret '{name}'",
        "Secret '{name}' not found",
    ]),
    Rule::new(
        "command-missing",
        "The container's command {command} is not in the image",
        "Correct command and args, or the image.",
    )
    .says(&["exec: \"{command}\": executable file not found", "exec: \"{command}\": stat {_}: no such file or directory"]),
    Rule::new(
        "command-forbidden",
        "The container's command {command} may not be executed",
        "Check the file's permissions in the image.",
    )
    .says(&["exec: \"{command}\": permission denied"]),
    Rule::new(
        "runs-as-root",
        "The image runs as root, and the Pod forbids that",
        "Set runAsUser to another user, or build the image with one.",
    )
    .says(&[
        "container has runAsNonRoot and image will run as root",
        "container has runAsNonRoot and image has non-numeric user",
    ]),
    Rule::new(
        "create-config",
        "The container {container} cannot be configured",
        "Correct what the kubelet names: a Secret, a ConfigMap or the security context.",
    )
    .on(&["CreateContainerConfigError"])
    .rank(40),
    Rule::new(
        "create-failed",
        "The container {container} cannot be started",
        "Look at what the container runtime says: command, mounts, security context.",
    )
    .on(&["CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun"])
    .rank(40),
    Rule::new(
        "probe-status",
        "The {probe} probe gets the status {status}",
        "Look at what the application answers there; correct path and port of the probe, or the application.",
    )
    .on(&["Unhealthy"])
    .says(&["{probe} probe failed: HTTP probe failed with statuscode: {status}"])
    .rank(46),
    Rule::new(
        "probe-refused",
        "The {probe} probe finds nothing listening at {address}",
        "Correct the probe's port, or let the application listen there in time (startupProbe).",
    )
    .on(&["Unhealthy"])
    .says(&["{probe} probe failed: {_}dial tcp {address}: connect: connection refused"])
    .rank(46),
    Rule::new(
        "probe-timeout",
        "The {probe} probe gets no answer in time",
        "Raise timeoutSeconds, or find out why the application is slow.",
    )
    .on(&["Unhealthy"])
    .says(&[
        "{probe} probe failed: {_}context deadline exceeded",
        "{probe} probe failed: {_}i/o timeout",
        "{probe} probe failed: command timed out",
        "{probe} probe failed: timeout",
    ])
    .rank(46),
    Rule::new("probe-failed", "The {probe} probe fails: {why}", "Correct the probe, or what it finds.")
        .on(&["Unhealthy"])
        .says(&["{probe} probe failed: {why*}", "{probe} probe errored: {why*}", "{probe} probe errored and resulted in {why*}"])
        .rank(46),
    Rule::new(
        "evicted",
        "The node was short of {resource} and evicted the Pod",
        "Set requests that fit what it uses, or make room on the node.",
    )
    .says(&["The node was low on resource: {resource}."]),
    Rule::new("sandbox-failed", "The node cannot set up the Pod's network", "Look at the network plugin on that node.")
        .on(&["FailedCreatePodSandBox"]),
    Rule::new("post-start-failed", "The container's postStart hook failed", "Correct the hook, or read the container's log.")
        .on(&["FailedPostStartHook"]),
    Rule::new("not-ready", "These containers run but are not ready: {containers}", "Look at their readiness probes and logs.")
        .on(&["ContainersNotReady"])
        .says(&["containers with unready status: [{containers}]"])
        .rank(4),
];

/// How the end of a run is written down (see `PodFault`).
const EXIT: &[&str] = &["exit code {code} ({why}), restarted {count} times", "exit code {code}, restarted {count} times"];

fn init(said: &Said, _: &mut Values) -> bool {
    said.given.iter().any(|(name, _)| *name == "init")
}

fn code(values: &Values, codes: &[&str]) -> bool {
    value(values, "code").is_some_and(|code| codes.contains(&code))
}

fn killed_for_memory(said: &Said, _: &mut Values) -> bool {
    said.reason == "OOMKilled" || said.text.contains("(OOMKilled)")
}

fn out_of_memory(said: &Said, values: &mut Values) -> bool {
    killed_for_memory(said, values) && value(values, "limit").is_some_and(|limit| !limit.is_empty())
}

/// Reads which init containers a Pod still waits for.
pub(super) fn uninitialized(message: &str) -> Vec<String> {
    let found = find("containers with incomplete status: [{names}]", message).unwrap_or_default();
    value(&found, "names").unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}
