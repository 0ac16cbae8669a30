//! Under a workload: its Pods, by `ReplicaSet` where there are some.

use super::{Child, Lineage, Name, Node, Way};
use crate::workload::{Pod, Workload};

impl Lineage {
    /// Returns the Pods of a namespace with their positions; the slice is sorted by cluster, kind and namespace.
    fn pods_in<'a>(&'a self, cluster: &str, namespace: &str) -> impl Iterator<Item = (u32, &'a Pod)> + use<'a> {
        let before = |p: &Pod| (&*p.key.cluster, &*p.key.namespace) < (cluster, namespace);
        let within = |p: &Pod| (&*p.key.cluster, &*p.key.namespace) <= (cluster, namespace);
        let from = self.pods.partition_point(|p| before(p));
        let to = self.pods.partition_point(|p| within(p)).max(from);
        (u32::try_from(from).unwrap_or(u32::MAX)..).zip(self.pods[from..to].iter().map(AsRef::as_ref))
    }

    /// Returns the Pods that a workload's selector means.
    pub fn pods_of<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = (u32, &'a Pod)> + 'a {
        self.pods_in(&workload.key.cluster, &workload.key.namespace).filter(|(_, pod)| pod.matches(&workload.selector))
    }

    /// Returns the Pods that an object owns itself.
    pub(super) fn owned<'a>(&'a self, owner: Name<'a>) -> impl Iterator<Item = u32> + 'a {
        let (cluster, namespace) = (owner.cluster, owner.namespace);
        let ours = move |pod: &Pod| pod.owner.as_ref().is_some_and(|(kind, name)| kind == owner.kind && **name == *owner.name);
        self.pods_in(cluster, namespace).filter(move |(_, pod)| ours(pod)).map(|(at, _)| at)
    }

    /// Returns the first Pod of a `ReplicaSet`.
    pub(super) fn set(&self, name: Name) -> Option<u32> {
        self.owned(name).next()
    }

    /// Returns the Pods of the `ReplicaSet` of a Pod.
    pub(super) fn siblings(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        self.name(Node::Set(at)).into_iter().flat_map(|name| self.owned(name))
    }

    /// Returns the Pods of a `ReplicaSet` that are ready, and how many there are.
    pub fn ready_of(&self, node: Node) -> (usize, usize) {
        let Node::Set(at) = node else { return (0, 0) };
        let pods = self.siblings(at).filter_map(|at| self.pods.get(at as usize));
        pods.fold((0, 0), |(ready, all), pod| (ready + usize::from(pod.is_ready()), all + 1))
    }

    /// Returns what stands under a workload; the newest `ReplicaSet` comes first.
    pub(super) fn under_workload(&self, workload: &Workload) -> Vec<Child> {
        let mut sets: Vec<(u32, &Pod)> = Vec::new();
        let mut out = Vec::new();
        for (at, pod) in self.pods_of(workload) {
            match &pod.owner {
                Some((kind, _)) if kind == "ReplicaSet" => {
                    if !sets.iter().any(|(_, known)| known.owner == pod.owner) {
                        sets.push((at, pod));
                    }
                }
                _ => out.push(Child { node: Node::Pod(at), way: Way::Owns }),
            }
        }
        sets.sort_by_key(|(_, pod)| std::cmp::Reverse(pod.created));
        let sets = sets.into_iter().map(|(at, _)| Child { node: Node::Set(at), way: Way::Owns });
        sets.chain(out).collect()
    }
}
