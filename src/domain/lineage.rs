//! Where things come from and what becomes of them: source → Kustomization or HelmRelease → what it applied → workloads →
//! `ReplicaSets` → Pods, and what waits for what.
//!
//! Pure: reads the slices of a [`World`] and knows nothing of screens. What joins Flux objects is worked out once and kept as
//! long as only states change, so that ten thousand objects cost a look at their pointers.
//!
//! Every object stands in one place. An applier stands under the applier that applied it, since that is how it came to be; when
//! that one brought its source too it stands under the source, and without such an applier too. Where it is fed from another
//! place, a pointer stands there ([`Way::Points`]).

mod edges;
mod order;
mod pods;
mod standing;
#[cfg(test)]
mod tests;
mod upward;
mod waits;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::flux::kinds::Family;
use crate::flux::{FluxObject, Kind, ObjectKey, Reference};
use crate::workload::{Pod, Workload};
use crate::world::World;
use edges::Edges;
pub use order::Order;
pub use standing::Standing;
pub use upward::is_workload;
pub use waits::{Fault, Wait};

/// Names a place in a lineage by its position in the slices; good only for the [`Lineage`] that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A Flux object.
    Flux(u32),
    /// A workload.
    Workload(u32),
    /// A `ReplicaSet`, which is known by the first of its Pods.
    Set(u32),
    /// A Pod.
    Pod(u32),
    /// What only an inventory names: the applier and the number of the entry.
    Entry(u32, u32),
}

/// Says how a thing came to stand under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// It takes its content from there.
    Feeds,
    /// It was applied from there.
    Applies,
    /// It is owned by that.
    Owns,
    /// It belongs there too, but stands elsewhere.
    Points,
}

/// Holds what stands under a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Child {
    /// What.
    pub node: Node,
    /// How.
    pub way: Way,
}

/// Names a thing in words, borrowed where they stand together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<'a> {
    /// The cluster.
    pub cluster: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The namespace.
    pub namespace: &'a str,
    /// The name.
    pub name: Cow<'a, str>,
}

impl<'a> Name<'a> {
    /// Borrows a key.
    pub fn of(key: &'a ObjectKey) -> Self {
        Self { cluster: &key.cluster, kind: &key.kind, namespace: &key.namespace, name: (&*key.name).into() }
    }

    /// Returns the key.
    pub fn key(self) -> ObjectKey {
        let Self { cluster, kind, namespace, name } = self;
        ObjectKey { cluster: cluster.into(), kind: kind.into(), namespace: namespace.into(), name: (&*name).into() }
    }
}

/// Holds how the things of a world hang together.
#[derive(Debug, Clone, Default)]
pub struct Lineage {
    flux: Arc<Vec<Arc<FluxObject>>>,
    workloads: Arc<Vec<Arc<Workload>>>,
    pods: Arc<Vec<Arc<Pod>>>,
    edges: Arc<Edges>,
}

impl Lineage {
    /// Works out how the things of a world hang together.
    pub fn new(world: &World) -> Self {
        let mut lineage = Self::default();
        lineage.update(world);
        lineage
    }

    /// Takes a newer world; returns whether anything is different. Positions of before are void then.
    pub fn update(&mut self, world: &World) -> bool {
        let same = Arc::ptr_eq(&self.flux, &world.flux);
        if same && Arc::ptr_eq(&self.workloads, &world.workloads) && Arc::ptr_eq(&self.pods, &world.pods) {
            return false;
        }
        if !same && !edges::same(&self.flux, &world.flux) {
            self.edges = Arc::new(Edges::of(&world.flux));
        }
        self.flux = Arc::clone(&world.flux);
        self.workloads = Arc::clone(&world.workloads);
        self.pods = Arc::clone(&world.pods);
        true
    }

    /// Returns the node of a key: a Flux object, a workload or a Pod that is there.
    pub fn find(&self, key: &ObjectKey) -> Option<Node> {
        let name = Name::of(key);
        match name.kind {
            "Pod" => search(&self.pods, |p| &p.key, &name).map(Node::Pod),
            "ReplicaSet" => self.set(name).map(Node::Set),
            _ if is_workload(name.kind) => search(&self.workloads, |w| &w.key, &name).map(Node::Workload),
            _ => search(&self.flux, |o| &o.key, &name).map(Node::Flux),
        }
    }

    /// Returns the Flux object of a node.
    pub fn flux(&self, node: Node) -> Option<&Arc<FluxObject>> {
        let Node::Flux(at) = node else { return None };
        self.flux.get(at as usize)
    }

    /// Returns the workload of a node.
    pub fn workload(&self, node: Node) -> Option<&Arc<Workload>> {
        let Node::Workload(at) = node else { return None };
        self.workloads.get(at as usize)
    }

    /// Returns the Pod of a node.
    pub fn pod(&self, node: Node) -> Option<&Arc<Pod>> {
        let Node::Pod(at) = node else { return None };
        self.pods.get(at as usize)
    }

    /// Returns the API group of what only an inventory names.
    pub fn group(&self, node: Node) -> Option<&str> {
        let Node::Entry(owner, number) = node else { return None };
        self.entry(owner, number).map(|(_, _, group, _)| group)
    }

    /// Returns what a node is called.
    pub fn name(&self, node: Node) -> Option<Name<'_>> {
        match node {
            Node::Flux(at) => self.flux.get(at as usize).map(|o| Name::of(&o.key)),
            Node::Workload(at) => self.workloads.get(at as usize).map(|w| Name::of(&w.key)),
            Node::Pod(at) => self.pods.get(at as usize).map(|p| Name::of(&p.key)),
            Node::Set(at) => {
                let pod = self.pods.get(at as usize)?;
                let (kind, name) = pod.owner.as_ref()?;
                Some(Name { kind, name: name.into(), ..Name::of(&pod.key) })
            }
            Node::Entry(owner, number) => {
                let cluster = &self.flux.get(owner as usize)?.key.cluster;
                let (namespace, name, _, kind) = self.entry(owner, number)?;
                Some(Name { cluster, kind, namespace, name })
            }
        }
    }

    fn entry(&self, owner: u32, number: u32) -> Option<(&str, Cow<'_, str>, &str, &str)> {
        let inventory = self.flux.get(owner as usize)?.status.inventory.as_ref()?;
        inventory.entry(number as usize)?.parts()
    }

    /// Returns what stands under nothing: sources first, then what applies, in the order of their keys.
    pub fn roots(&self) -> Vec<Node> {
        let mut roots: Vec<(bool, u32)> = self
            .edges
            .roots()
            .filter_map(|at| {
                let family = self.flux.get(at as usize)?.key.flux_kind()?.family;
                let related = matches!(family, Family::Source | Family::Apply | Family::Operator) || !self.leaf(Node::Flux(at));
                related.then_some((family != Family::Source, at))
            })
            .collect();
        roots.sort_unstable();
        roots.into_iter().map(|(_, at)| Node::Flux(at)).collect()
    }

    /// Returns the root above a node of a Flux object; the node itself when nothing is above it.
    pub fn root_of(&self, node: Node) -> Node {
        let Node::Flux(mut at) = node else { return node };
        while let Some(up) = self.edges.parent(at) {
            at = up;
        }
        Node::Flux(at)
    }

    /// Returns what stands right above a Flux object.
    pub fn above(&self, node: Node) -> Option<Node> {
        let Node::Flux(at) = node else { return None };
        self.edges.parent(at).map(Node::Flux)
    }

    /// Tells, at little cost, that nothing can stand under a node.
    pub fn leaf(&self, node: Node) -> bool {
        match node {
            Node::Pod(_) => true,
            Node::Set(_) => false,
            Node::Workload(at) => self.workloads.get(at as usize).is_none_or(|w| self.pods_of(w).next().is_none()),
            Node::Entry(..) => self.name(node).is_none_or(|n| n.kind != "Job" || self.owned(n).next().is_none()),
            Node::Flux(at) => {
                let Some(object) = self.flux.get(at as usize) else { return true };
                self.edges.below(at).is_empty()
                    && self.edges.fed(at).is_empty()
                    && object.status.inventory.as_ref().is_none_or(crate::flux::Inventory::is_empty)
                    && self.released(object).next().is_none()
            }
        }
    }

    /// Returns what stands under a node.
    pub fn children(&self, node: Node) -> Vec<Child> {
        let child = |node, way| Child { node, way };
        match node {
            Node::Flux(at) => self.of_flux(at),
            Node::Workload(at) => self.workloads.get(at as usize).map_or_else(Vec::new, |workload| self.under_workload(workload)),
            Node::Set(at) => self.siblings(at).map(|pod| child(Node::Pod(pod), Way::Owns)).collect(),
            Node::Entry(..) => self.name(node).map_or_else(Vec::new, |name| {
                let job = name.kind == "Job";
                self.owned(name).filter(|_| job).map(|pod| child(Node::Pod(pod), Way::Owns)).collect()
            }),
            Node::Pod(_) => Vec::new(),
        }
    }

    fn of_flux(&self, at: u32) -> Vec<Child> {
        let Some(object) = self.flux.get(at as usize) else { return Vec::new() };
        let way = |child: u32| if self.edges.source(child) == Some(at) { Way::Feeds } else { Way::Applies };
        let below = self.edges.below(at).iter().map(|child| Child { node: Node::Flux(*child), way: way(*child) });
        let mut out: Vec<Child> = below.collect();
        let applied = self.applied(at, object);
        if applied.is_empty() {
            out.extend(self.released(object).map(|w| Child { node: Node::Workload(w), way: Way::Applies }));
        }
        out.extend(applied);
        let elsewhere = self.edges.fed(at).iter().filter(|fed| !self.edges.is_above(at, **fed));
        out.extend(elsewhere.map(|fed| Child { node: Node::Flux(*fed), way: Way::Points }));
        out
    }

    /// Returns what the inventory of an applier names: workloads first, then the rest in the controller's order.
    fn applied(&self, at: u32, object: &FluxObject) -> Vec<Child> {
        let cluster = &*object.key.cluster;
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        let entries = object.status.inventory.iter().flat_map(crate::flux::Inventory::entries);
        for (number, entry) in (0u32..).zip(entries) {
            let Some((namespace, name, group, kind)) = entry.parts() else { continue };
            let name = Name { cluster, kind, namespace, name };
            if is_workload(kind) && group == "apps" {
                let found = search(&self.workloads, |w| &w.key, &name).map_or(Node::Entry(at, number), Node::Workload);
                first.push(Child { node: found, way: Way::Applies });
                continue;
            }
            let found = Kind::of_group(kind, group).and_then(|_| search(&self.flux, |o| &o.key, &name));
            match found {
                // It stands below already, or this stands below it.
                Some(found) if self.edges.is_above(at, found) || self.edges.is_above(found, at) || found == at => {}
                Some(found) => rest.push(Child { node: Node::Flux(found), way: Way::Points }),
                None => rest.push(Child { node: Node::Entry(at, number), way: Way::Applies }),
            }
        }
        first.extend(rest);
        first
    }

    /// Returns the workloads whose labels say that this object applied them.
    fn released<'a>(&'a self, object: &'a FluxObject) -> impl Iterator<Item = u32> + 'a {
        let key = &object.key;
        let helm = &*key.kind == "HelmRelease";
        let ours = move |w: &Workload| {
            let by = if helm { &w.released_by } else { &w.applied_by };
            w.key.cluster == key.cluster && by.as_ref().is_some_and(|(ns, name)| **ns == *key.namespace && **name == *key.name)
        };
        let applies = helm || &*key.kind == "Kustomization";
        (0u32..).zip(self.workloads.iter()).filter(move |(_, w)| applies && ours(w)).map(|(at, _)| at)
    }

    /// Returns the namespaces in which what a Flux object applied runs, as far as its inventory or its spec says.
    pub fn namespaces(&self, node: Node) -> Vec<&str> {
        let Some(object) = self.flux(node) else { return Vec::new() };
        let mut out: Vec<&str> = Vec::new();
        let inventory = object.status.inventory.as_ref().filter(|i| !i.is_empty());
        if let Some(inventory) = inventory {
            let runs = |kind: &str| is_workload(kind) || matches!(kind, "Pod" | "Job" | "CronJob");
            let parts = inventory.entries().filter_map(crate::flux::Applied::sort);
            out.extend(parts.filter(|(.., kind)| runs(kind)).map(|(namespace, ..)| namespace));
        } else if &*object.key.kind == "HelmRelease" {
            out.push(object.spec.target_namespace.as_deref().unwrap_or(&object.key.namespace));
        }
        out.sort_unstable();
        out.dedup();
        out.retain(|namespace| !namespace.is_empty());
        out
    }

    /// Returns what must be ready before a Flux object, as far as it is there.
    pub fn needs(&self, node: Node) -> Vec<Node> {
        let Node::Flux(at) = node else { return Vec::new() };
        self.edges.needs(at).iter().copied().map(Node::Flux).collect()
    }

    /// Returns what waits for a Flux object to be ready.
    pub fn needed_by(&self, node: Node) -> Vec<Node> {
        let Node::Flux(at) = node else { return Vec::new() };
        self.edges.needed_by(at).iter().copied().map(Node::Flux).collect()
    }

    /// Returns every ring of objects that wait for each other, each in the order in which they wait.
    pub fn rings(&self) -> Vec<Vec<Node>> {
        self.edges.rings().map(|ring| ring.iter().copied().map(Node::Flux).collect()).collect()
    }

    /// Returns every Flux object that needs another one or is needed by one.
    pub fn ordered(&self) -> impl Iterator<Item = Node> + '_ {
        let all = 0..u32::try_from(self.flux.len()).unwrap_or(u32::MAX);
        let related = |at: &u32| {
            !self.edges.needed_by(*at).is_empty() || self.flux.get(*at as usize).is_some_and(|o| !o.spec.depends_on.is_empty())
        };
        all.filter(related).map(Node::Flux)
    }
}

/// Finds a thing in a slice that is sorted by key.
fn search<T>(slice: &[Arc<T>], key: fn(&T) -> &ObjectKey, wanted: &Name) -> Option<u32> {
    let order = |thing: &Arc<T>| -> Ordering { Name::of(key(thing)).cmp(wanted) };
    slice.binary_search_by(order).ok().and_then(|at| u32::try_from(at).ok())
}

/// Resolves a reference of an object; without a namespace the object's own is meant.
fn referred<'a>(object: &'a FluxObject, reference: &'a Reference, kind: &'a str) -> Name<'a> {
    let (kind, namespace, name) = object.refers(reference, kind);
    Name { cluster: &object.key.cluster, kind, namespace, name: name.into() }
}
