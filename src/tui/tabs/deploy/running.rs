//! What runs in the cluster of what the form shows.

use domain::change::FormFacts;
use domain::edit::{Bound, Field, Resource, WorkloadRef};
use domain::image::Image;
use domain::workload::{Container, Workload};
use domain::world::World;

/// Returns the workload that runs for one of the manifests: an overlay may have put something before or behind its name.
pub(crate) fn workload<'w>(world: &'w World, facts: &FormFacts, wanted: &WorkloadRef) -> Option<&'w Workload> {
    let environment = world.environment(&facts.environment)?;
    let kind: Vec<&Workload> =
        world.workloads_of(environment).into_iter().map(AsRef::as_ref).filter(|w| *w.key.kind == *wanted.kind).collect();
    let exact = kind.iter().find(|w| *w.key.name == *wanted.name);
    exact.or_else(|| kind.iter().find(|w| w.key.name.contains(wanted.name.as_str()))).copied()
}

/// Returns what a field of a container says in the cluster; nothing when it is not known.
pub(crate) fn value(workload: &Workload, container: &str, field: &Field) -> Option<String> {
    let container = workload.containers.iter().find(|c| c.name == container)?;
    match field {
        Field::ImageName => image(container).map(|i| i.name),
        Field::ImageTag => image(container)?.tag,
        Field::ImageDigest => image(container)?.digest,
        Field::Replicas => Some(workload.replicas.to_string()),
        Field::Resource(bound, resource) => figure(container, *bound, *resource),
        _ => None,
    }
}

fn image(container: &Container) -> Option<Image> {
    container.image.parse().ok()
}

fn figure(container: &Container, bound: Bound, resource: Resource) -> Option<String> {
    let key = format!("{}.{}", bound.key(), resource.key());
    container.resources.iter().find(|(k, _)| *k == key).map(|(_, v)| v.clone())
}
