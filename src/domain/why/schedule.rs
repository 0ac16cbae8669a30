//! Causes that keep a Pod from a node, and a claim from a volume.

use super::Said;
use super::pattern::Values;
use super::rule::{Rule, set};

const PLACE: &[&str] = &["Unschedulable", "FailedScheduling", "SchedulerError"];

pub(super) const RULES: &[Rule] = &[
    Rule::new("claim-missing", "The PersistentVolumeClaim {claim} does not exist", "Create it, or correct the Pod's volume.")
        .says(&["persistentvolumeclaim \"{claim}\" not found"]),
    Rule::new(
        "claim-no-class",
        "No volume fits the claim {claim}, and it names no storage class",
        "Name a storage class that provisions volumes, or create a volume that fits.",
    )
    .says(&["no persistent volumes available for this claim and no storage class is set"]),
    Rule::new("class-missing", "The storage class {class} does not exist", "Create it, or name another one in the claim.")
        .says(&["storageclass.storage.k8s.io \"{class}\" not found", "storageclasses.storage.k8s.io \"{class}\" not found"]),
    Rule::new(
        "provisioning-failed",
        "No volume is made for the claim {claim}: {why}",
        "Look at the storage class's provisioner.",
    )
    .on(&["ProvisioningFailed"])
    .says(&["failed to provision volume with StorageClass \"{_}\": {why*}", "{why*}"]),
    Rule::new("claim-waits", "The claim {claim} waits for its provisioner {provisioner}", "Check that the provisioner runs.")
        .on(&["ExternalProvisioning", "Provisioning"])
        .says(&["external provisioner '{provisioner}'", "provisioner \"{provisioner}\""])
        .rank(40),
    Rule::new(
        "claim-unbound",
        "The Pod waits for a PersistentVolumeClaim that has no volume",
        "Look at the claim's events: storage class, size, access mode.",
    )
    .on(PLACE)
    .says(&["unbound immediate PersistentVolumeClaims"])
    .refine(placing)
    .rank(44),
    Rule::new("claim-pending", "The claim {claim} is pending", "Look at its events: storage class, size, access mode.")
        .on(&["ClaimPending"])
        .rank(42),
    Rule::new(
        "attach-failed",
        "The volume {volume} is still attached to another node",
        "Wait until the other Pod is gone, or use the strategy Recreate for a volume that one node alone may have.",
    )
    .says(&["Multi-Attach error for volume \"{volume}\""]),
    Rule::new("mount-failed", "The volume {volume} cannot be mounted: {why}", "Correct what it names.")
        .on(&["FailedMount", "FailedAttachVolume"])
        .says(&["failed for volume \"{volume}\" : {why*}"])
        .rank(44),
    Rule::new("no-nodes", "The cluster has no node that takes Pods", "Add a node, or see why none is registered.")
        .on(PLACE)
        .says(&["no nodes available to schedule pods"]),
    Rule::new("unschedulable-room", "No node has room: {reasons}", "Ask for less ({requests} now), or make room in the cluster.")
        .on(PLACE)
        .says(&["Insufficient ", "Too many pods"])
        .refine(placing),
    Rule::new("unschedulable-taints", "No node takes the Pod: {reasons}", "Add tolerations, or choose other nodes.")
        .on(PLACE)
        .says(&["untolerated taint", "had taints that the pod didn't tolerate"])
        .refine(placing),
    Rule::new(
        "unschedulable-affinity",
        "No node fits the Pod's selectors and affinity: {reasons}",
        "Correct nodeSelector and affinity, or label the nodes.",
    )
    .on(PLACE)
    .says(&[
        "didn't match Pod's node affinity/selector",
        "affinity rules",
        "topology spread constraints",
        "didn't match the requested node name",
    ])
    .refine(placing),
    Rule::new(
        "unschedulable-volume",
        "No node reaches the Pod's volume: {reasons}",
        "Look at the volume's zone and node affinity.",
    )
    .on(PLACE)
    .says(&[
        "volume node affinity conflict",
        "no available volume zone",
        "max volume count",
        "enough free storage",
        "ReadWriteOncePod",
    ])
    .refine(placing),
    Rule::new("unschedulable-ports", "No node has the Pod's host port free: {reasons}", "Choose another hostPort, or none.")
        .on(PLACE)
        .says(&["free ports for the requested pod ports"])
        .refine(placing),
    Rule::new("unschedulable-cordoned", "No node is open to new Pods: {reasons}", "Uncordon a node.")
        .on(PLACE)
        .says(&["node(s) were unschedulable"])
        .refine(placing),
    Rule::new("unschedulable", "The Pod finds no node", "Ask for less, or make room in the cluster.").on(PLACE).rank(40),
];

/// Breaks the scheduler's sentence into what it says of how many nodes.
fn placing(said: &Said, values: &mut Values) -> bool {
    let text = said.text.split(" preemption: ").next().unwrap_or_default();
    let reasons = text.split_once("nodes are available: ").map_or(text, |(_, after)| after);
    let reasons = reasons.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let all = text.split_once('/').map_or("", |(_, after)| after.split(' ').next().unwrap_or_default());
    let words: Vec<String> = reasons.split(", ").map(|reason| of_nodes(reason, all)).collect();
    set(values, "reasons", words.join("; "));
    if !values.iter().any(|(name, _)| *name == "requests") {
        set(values, "requests", "nothing is known of its requests");
    }
    true
}

/// Turns `2 Insufficient cpu` into `2/3 Insufficient cpu`.
fn of_nodes(reason: &str, all: &str) -> String {
    match reason.split_once(' ') {
        Some((count, what)) if !all.is_empty() && count.chars().all(|c| c.is_ascii_digit()) => format!("{count}/{all} {what}"),
        _ => reason.to_owned(),
    }
}
