//! What a change makes vanish: with prune, Flux deletes it from the cluster.

use crate::check::change::Changes;
use crate::check::hits::Hits;
use crate::check::subject::Subject;

/// How grave the loss of an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    Namespace,
    Definition,
    Data,
    Workload,
    Other,
}

fn loss(subject: &Subject) -> Loss {
    match subject.kind.as_str() {
        "Namespace" if subject.group.is_empty() => Loss::Namespace,
        "CustomResourceDefinition" => Loss::Definition,
        "PersistentVolumeClaim" | "PersistentVolume" | "StatefulSet" => Loss::Data,
        // Databases of the operators that are met most.
        "Cluster" | "Postgresql" | "PerconaServerMongoDB" | "MongoDBCommunity" | "Kafka" | "Redis" | "CephCluster" | "Tenant"
            if subject.group.contains('.') =>
        {
            Loss::Data
        }
        "Deployment" | "DaemonSet" | "CronJob" | "Rollout" | "HelmRelease" | "Kustomization" => Loss::Workload,
        _ => Loss::Other,
    }
}

/// Tells whether Flux leaves an object in the cluster that is not in Git any more.
fn kept(subject: &Subject) -> bool {
    let says = |key: &str, word: &str| subject.annotation(key).is_some_and(|v| v.eq_ignore_ascii_case(word));
    says("kustomize.toolkit.fluxcd.io/prune", "disabled")
        || says("kustomize.toolkit.fluxcd.io/reconcile", "disabled")
        || says("helm.sh/resource-policy", "keep")
}

fn deleted<'s>(changes: &Changes<'s>, of: Loss) -> impl Iterator<Item = &'s Subject> {
    let prune = changes.context.prune;
    changes.gone().filter(move |s| prune && !kept(s) && loss(s) == of)
}

/// Finds Namespaces that are deleted.
pub(super) fn namespaces<'s>(changes: &Changes<'s>, hits: &mut Hits<'s>) {
    for subject in deleted(changes, Loss::Namespace) {
        let there = changes.before.subjects.iter().filter(|s| s.namespace == subject.name).count();
        let known = if there == 0 { String::new() } else { format!(", {there} objects of this folder among it") };
        hits.push(subject, None, format!("{} is deleted, and everything in it{known}", subject.told()));
    }
}

/// Finds CustomResourceDefinitions that are deleted.
pub(super) fn definitions<'s>(changes: &Changes<'s>, hits: &mut Hits<'s>) {
    for subject in deleted(changes, Loss::Definition) {
        let kind = subject.text(&["spec", "names", "kind"]).unwrap_or_else(|| subject.name.clone());
        hits.push(subject, None, format!("{} is deleted, and every {kind} of the cluster with it", subject.told()));
    }
}

/// Finds claims, volumes and databases that are deleted.
pub(super) fn data<'s>(changes: &Changes<'s>, hits: &mut Hits<'s>) {
    for subject in deleted(changes, Loss::Data) {
        let what = match subject.kind.as_str() {
            "StatefulSet" => "is deleted; what its claims hold is kept or lost by their policy",
            "PersistentVolumeClaim" => "is deleted, and with it what it stores unless its volume is retained",
            _ => "is deleted, and what it stores may go with it",
        };
        hits.push(subject, None, format!("{} {what}", subject.told()));
    }
}

/// Finds workloads that are deleted.
pub(super) fn workloads<'s>(changes: &Changes<'s>, hits: &mut Hits<'s>) {
    for subject in deleted(changes, Loss::Workload) {
        let what = match subject.kind.as_str() {
            "HelmRelease" => "is deleted: its release is uninstalled",
            "Kustomization" => "is deleted, and what it applied with it when it prunes",
            _ => "is deleted: its Pods stop",
        };
        hits.push(subject, None, format!("{} {what}", subject.told()));
    }
}

/// Lists all else that Flux deletes.
pub(super) fn pruned<'s>(changes: &Changes<'s>, hits: &mut Hits<'s>) {
    for subject in deleted(changes, Loss::Other) {
        hits.push(subject, None, format!("{} is deleted by Flux", subject.told()));
    }
}

/// Lists what stays in the cluster though it is not in Git any more.
pub(super) fn orphaned<'s>(changes: &Changes<'s>, hits: &mut Hits<'s>) {
    for subject in changes.gone().filter(|s| !changes.context.prune || kept(s)) {
        hits.push(subject, None, format!("{} stays in the cluster, and nobody changes it any more", subject.told()));
    }
}
