//! Upward: from a Pod to the source that its workload came from.

use super::{Lineage, Name, Node};
use crate::flux::{Applied, Inventory, ObjectKey};
use crate::workload::Workload;

/// Tells whether a kind is one of the workloads that are watched.
pub fn is_workload(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet")
}

impl Lineage {
    /// Returns what stands above a thing, the nearest first and the root last; empty when nothing is known.
    ///
    /// Works for Pods, `ReplicaSets`, workloads, Flux objects and anything that an inventory names.
    pub fn parents(&self, key: &ObjectKey) -> Vec<ObjectKey> {
        let mut out: Vec<ObjectKey> = Vec::new();
        let mut at = key.clone();
        // Nothing stands so deep; a circle of owners would.
        while out.len() < 64 {
            let Some(up) = self.parent_of(&at) else { break };
            if up == *key || out.contains(&up) {
                break;
            }
            out.push(up.clone());
            at = up;
        }
        out
    }

    fn parent_of(&self, key: &ObjectKey) -> Option<ObjectKey> {
        let name = Name::of(key);
        match name.kind {
            "Pod" => {
                let Node::Pod(at) = self.find(key)? else { return None };
                let pod = self.pods.get(at as usize)?;
                match &pod.owner {
                    Some((kind, owner)) => Some(Name { kind, name: owner.into(), ..name }.key()),
                    None => self.applier(&name),
                }
            }
            "ReplicaSet" => {
                let pod = self.pods.get(self.set(name)? as usize)?;
                let here = self.workloads.iter().filter(|w| w.key.cluster == key.cluster && w.key.namespace == key.namespace);
                here.filter(|w| pod.matches(&w.selector)).map(|w| w.key.clone()).next()
            }
            _ => match self.find(key) {
                Some(Node::Workload(at)) => self.workloads.get(at as usize).and_then(|w| self.applier_of(w)),
                Some(node @ Node::Flux(_)) => self.above(node).and_then(|up| self.name(up)).map(Name::key),
                _ => self.applier(&name),
            },
        }
    }

    /// Returns who applied a workload: its labels say it, else an inventory that names it.
    fn applier_of(&self, workload: &Workload) -> Option<ObjectKey> {
        let named = [("Kustomization", &workload.applied_by), ("HelmRelease", &workload.released_by)];
        let labelled = named.into_iter().find_map(|(kind, by)| {
            let (namespace, name) = by.as_ref()?;
            let key = Name { cluster: &workload.key.cluster, kind, namespace, name: name.into() }.key();
            self.find(&key).map(|_| key)
        });
        labelled.or_else(|| self.applier(&Name::of(&workload.key)))
    }

    /// Returns whose inventory names a thing.
    fn applier(&self, wanted: &Name) -> Option<ObjectKey> {
        let names = |entry: Applied| entry.is(wanted.namespace, &wanted.name, wanted.kind);
        let here = self.flux.iter().filter(|o| *o.key.cluster == *wanted.cluster);
        here.filter(|o| o.status.inventory.iter().flat_map(Inventory::entries).any(names)).map(|o| o.key.clone()).next()
    }
}
