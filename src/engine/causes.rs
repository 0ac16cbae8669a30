//! Why an object is broken: what the world lacks is read for it, bounded, and then everything is explained together.

use std::collections::BTreeSet;
use std::sync::Arc;

use cluster::act::{self, LogQuery, Look};
use domain::Trouble;
use domain::flux::{Applied, FluxObject, Inventory, ObjectKey};
use domain::why::{Explanation, Found, LogTail, explain};
use domain::workload::{Pod, Workload};
use domain::world::World;

use crate::shared::Core;

/// How many namespaces are looked into for one object.
const NAMESPACES: usize = 4;
/// How many logs are read, and how many lines of each.
const LOGS: usize = 3;
const LINES: u32 = 20;
/// Where Flux's controllers are.
const HOME: &str = "flux-system";

/// Reads what is known of an object and of what it stands on, and explains it.
pub(crate) async fn explained(core: &Arc<Core>, key: ObjectKey) -> Result<Explanation, Trouble> {
    let world = Arc::clone(&core.world.borrow());
    let connection = core.fleet.connection(&key.context()).await?;
    let apps = namespaces(&world, &key);
    let looks = apps.iter().map(|namespace| act::look(&connection, namespace, true));
    let own = (!apps.contains(&key.namespace)).then_some(&*key.namespace).filter(|ns| !ns.is_empty());
    let (mut looks, own, controller_down) = futures::join!(
        futures::future::join_all(looks),
        async {
            match own {
                Some(namespace) => Some(Box::pin(act::look(&connection, namespace, false)).await),
                None => None,
            }
        },
        controller_down(core, &world, &key),
    );
    looks.extend(own);
    let mut unread: Vec<String> =
        looks.iter_mut().flat_map(|look| look.unread.drain(..)).map(|e| Trouble::from(e).to_string()).collect();
    unread.extend(looks.iter_mut().flat_map(|look| look.left_out.drain(..)));
    unread.sort();
    unread.dedup();
    let (world, mut found) = merged(&world, looks);
    if !exists(&world, &key) {
        return Err(Trouble::not_found("There is no such object", &key).next("Look at the list of its kind."));
    }
    found.controller_down = controller_down;
    found.logs = logs(core, &world, &key, &apps).await;
    Ok(Explanation { causes: explain(&world, &key, &found), unread })
}

/// Tells whether an object is there; of kinds that nobody keeps nothing is known.
fn exists(world: &World, key: &ObjectKey) -> bool {
    match &*key.kind {
        "Deployment" | "StatefulSet" | "DaemonSet" => world.workloads.iter().any(|w| w.key == *key),
        "Pod" => world.pods.iter().any(|p| p.key == *key),
        _ => key.flux_kind().is_none() || world.flux_object(key).is_some(),
    }
}

/// Returns the namespaces in which what an object stands on runs.
fn namespaces(world: &World, key: &ObjectKey) -> BTreeSet<Arc<str>> {
    if key.flux_kind().is_none() {
        return BTreeSet::from([Arc::clone(&key.namespace)]);
    }
    // The world alone knows which dependencies and sources are ill.
    let named = explain(world, key, &Found::default());
    let chain = named.iter().map(|cause| &cause.object).chain([key]);
    let objects: BTreeSet<&ObjectKey> = chain.collect();
    let applied = objects.into_iter().filter_map(|key| world.flux_object(key)).flat_map(|object| of_inventory(object));
    let said = named.iter().map(|c| &c.object).filter(|o| o.flux_kind().is_none()).map(|o| Arc::clone(&o.namespace));
    first(applied.chain(said))
}

/// Returns the first namespaces that are looked into, each once.
fn first(namespaces: impl Iterator<Item = Arc<str>>) -> BTreeSet<Arc<str>> {
    let mut out = BTreeSet::new();
    for namespace in namespaces.filter(|namespace| !namespace.is_empty()) {
        if out.len() == NAMESPACES {
            break;
        }
        out.insert(namespace);
    }
    out
}

fn of_inventory(object: &FluxObject) -> Vec<Arc<str>> {
    let entries = object.status.inventory.iter().flat_map(Inventory::entries).filter_map(Applied::sort);
    let runs = entries.filter(|(_, _, kind)| matches!(*kind, "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "Pod"));
    let mut all: Vec<Arc<str>> = runs.map(|(namespace, ..)| Arc::from(namespace)).collect();
    // What a release has applied is not always in its status.
    if &*object.key.kind == "HelmRelease" {
        all.push(object.spec.target_namespace.as_deref().map_or_else(|| Arc::clone(&object.key.namespace), Arc::from));
    }
    all.sort();
    all.dedup();
    all
}

/// Puts what was read in the place of what the world has of these namespaces.
fn merged(world: &World, looks: Vec<Look>) -> (World, Found) {
    let mut world = world.clone();
    let mut found = Found::default();
    let (mut workloads, mut pods) = (Vec::new(), Vec::new());
    for look in looks {
        workloads.extend(look.workloads.into_iter().map(Arc::new));
        pods.extend(look.pods.into_iter().map(Arc::new));
        found.events.extend(look.events);
        found.claims.extend(look.claims);
    }
    // What was not read, or could not be, stays as the watch has it: in each namespace by itself.
    let place = |key: &ObjectKey| (Arc::clone(&key.cluster), Arc::clone(&key.kind), Arc::clone(&key.namespace));
    let read: BTreeSet<_> = workloads.iter().map(|w: &Arc<Workload>| place(&w.key)).collect();
    workloads.extend(world.workloads.iter().filter(|w| !read.contains(&place(&w.key))).cloned());
    let read: BTreeSet<_> = pods.iter().map(|p: &Arc<Pod>| place(&p.key)).collect();
    pods.extend(world.pods.iter().filter(|p| !read.contains(&place(&p.key))).cloned());
    workloads.sort_by(|a, b| a.key.cmp(&b.key));
    pods.sort_by(|a, b| a.key.cmp(&b.key));
    world.workloads = Arc::new(workloads);
    world.pods = Arc::new(pods);
    (world, found)
}

/// Reads the end of the logs of crashed containers: of the run before, else of the present one.
async fn logs(core: &Core, world: &World, key: &ObjectKey, apps: &BTreeSet<Arc<str>>) -> Vec<LogTail> {
    let here = |pod: &&Arc<Pod>| pod.key.cluster == key.cluster && apps.contains(&pod.key.namespace);
    let faults = world.pods.iter().filter(here).flat_map(|pod| pod.faults().into_iter().map(move |fault| (pod, fault)));
    let mut tails: Vec<LogTail> = Vec::new();
    for (pod, fault) in faults.filter(|(_, fault)| fault.wants_log) {
        if tails.len() >= LOGS {
            break;
        }
        // The other Pods of a workload crash as this one does.
        if tails.iter().any(|tail| tail.container == fault.container && tail.pod.0 == *pod.key.namespace) {
            continue;
        }
        for previous in [true, false] {
            let container = Some(fault.container.clone());
            let query = LogQuery { pod: pod.key.clone(), container, previous, tail: LINES };
            if let Ok(lines) = core.fleet.logs(&query).await
                && !lines.is_empty()
            {
                let pod = (pod.key.namespace.to_string(), pod.key.name.to_string());
                tails.push(LogTail { pod, container: fault.container.clone(), lines });
                break;
            }
        }
    }
    tails
}

/// Returns the controller of an object's kind when the object waits for it and its Deployment has no Pod that is available.
async fn controller_down(core: &Core, world: &World, key: &ObjectKey) -> Option<String> {
    let object = world.flux_object(key)?;
    let asked = object.requested_at.as_ref().is_some_and(|at| Some(at) != object.status.last_handled_reconcile_at.as_ref());
    if object.current() && !asked && object.ready().is_some() {
        return None;
    }
    let controller = key.flux_kind()?.controller;
    let connection = core.fleet.connection(&key.context()).await.ok()?;
    let deployment = ObjectKey::new(&key.context(), "Deployment", HOME, controller);
    let found = act::get_workload(&connection, &deployment).await.ok()?;
    (found.available == 0).then(|| controller.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(cluster: &str, namespace: &str, name: &str) -> Pod {
        Pod {
            key: ObjectKey::new(&cluster.into(), "Pod", namespace, name),
            uid: String::new(),
            resource_version: String::new(),
            created: None,
            phase: "Running".into(),
            deleting: false,
            labels: Vec::new(),
            owner: None,
            conditions: Vec::new(),
            containers: Vec::new(),
        }
    }

    #[test]
    fn what_was_not_read_of_a_namespace_stays_as_the_watch_has_it() {
        let watched = [pod("a", "shop", "old"), pod("a", "web", "seen"), pod("b", "shop", "other")];
        let world = World { pods: Arc::new(watched.into_iter().map(Arc::new).collect()), ..World::default() };
        // One namespace could be read, the other could not.
        let looks = vec![Look { pods: vec![pod("a", "shop", "new")], ..Look::default() }, Look::default()];
        let (now, _) = merged(&world, looks);
        let names: Vec<_> = now.pods.iter().map(|pod| &*pod.key.name).collect();
        assert_eq!(names, ["new", "seen", "other"]);
    }

    #[test]
    fn a_namespace_that_is_named_again_takes_no_place_of_another() {
        let all = ["a", "b", "a", "", "c", "a", "d", "e"].into_iter().map(Arc::from);
        assert_eq!(first(all).iter().map(|n| &**n).collect::<String>(), "abcd");
    }
}
