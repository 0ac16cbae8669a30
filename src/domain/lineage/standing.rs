//! How a thing stands: what is known of it, and whether that is fresh.

use super::{Lineage, Node, is_workload};
use crate::flux::{FluxObject, Health, Kind};
use crate::link::{LinkOf, LinkState};
use crate::workload::{Pod, Workload};
use crate::world::World;

/// Says what is known of a thing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing<'a> {
    /// All that a list of Flux objects shows.
    Flux(&'a FluxObject),
    /// A workload.
    Workload(&'a Workload),
    /// A `ReplicaSet`: how many of its Pods are ready, and how many there are.
    Set(usize, usize),
    /// A Pod.
    Pod(&'a Pod),
    /// It was applied, and is not watched.
    Named,
    /// It was applied, is watched, and is not there.
    Missing,
    /// Its namespace is not watched now, or not yet: the link's state, if there is a link.
    Unseen(Option<&'a LinkState>),
}

impl Standing<'_> {
    /// Returns how it is doing, where that can be said.
    pub fn health(&self) -> Option<Health> {
        match self {
            Self::Flux(object) => Some(object.health()),
            Self::Workload(workload) => Some(workload.health()),
            Self::Set(ready, all) => Some(if ready == all { Health::Ok } else { Health::Busy }),
            Self::Pod(pod) => Some(pod.health()),
            Self::Named | Self::Unseen(None) => None,
            Self::Missing => Some(Health::Bad),
            Self::Unseen(Some(link)) => Some(link.health()),
        }
    }
}

impl Lineage {
    /// Returns what is known of a node.
    pub fn standing<'a>(&'a self, node: Node, world: &'a World) -> Standing<'a> {
        match node {
            Node::Flux(_) => self.flux(node).map_or(Standing::Named, |o| Standing::Flux(o)),
            Node::Workload(_) => self.workload(node).map_or(Standing::Named, |w| Standing::Workload(w)),
            Node::Pod(_) => self.pod(node).map_or(Standing::Named, |p| Standing::Pod(p)),
            Node::Set(_) => {
                let (ready, all) = self.ready_of(node);
                Standing::Set(ready, all)
            }
            Node::Entry(..) => {
                let (Some(name), Some(group)) = (self.name(node), self.group(node)) else { return Standing::Named };
                let watched = is_workload(name.kind) && group == "apps";
                if !watched && Kind::of_group(name.kind, group).is_none() {
                    return Standing::Named;
                }
                let namespace = if watched { name.namespace } else { "" };
                match link(world, name.cluster, name.kind, namespace) {
                    Some(LinkState::Live) => Standing::Missing,
                    other => Standing::Unseen(other),
                }
            }
        }
    }

    /// Returns the state of the link that brings a node, when it is anything but live.
    pub fn not_fresh<'a>(&self, node: Node, world: &'a World) -> Option<&'a LinkState> {
        let name = self.name(node)?;
        let stale = |state: &&LinkState| state.is_stale();
        let whole = world.cluster_link(&crate::ident::ContextName(name.cluster.to_owned())).filter(stale);
        let own = match node {
            Node::Entry(..) => None,
            Node::Flux(_) => link(world, name.cluster, name.kind, ""),
            Node::Workload(_) => link(world, name.cluster, name.kind, name.namespace),
            Node::Set(_) | Node::Pod(_) => link(world, name.cluster, "Pod", name.namespace),
        };
        whole.or_else(|| own.filter(stale))
    }
}

fn link<'a>(world: &'a World, in_cluster: &str, of_kind: &str, of_namespace: &str) -> Option<&'a LinkState> {
    let ours = |of: &LinkOf| match of {
        LinkOf::Kind { cluster, kind, namespace } => cluster == in_cluster && kind == of_kind && namespace == of_namespace,
        _ => false,
    };
    world.links.iter().find(|l| ours(&l.of)).map(|l| &l.state)
}
