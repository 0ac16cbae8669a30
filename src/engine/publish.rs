//! Publishing: changes of the store, the clusters and the repositories are gathered for a moment and become one world. The first
//! after a rest is seen at once, those that follow it together.
//!
//! A slice is replaced only when its content changed; nothing is published when nothing did.

use std::sync::Arc;
use std::time::Duration;

use domain::ident::EnvironmentId;
use domain::link::Link;
use domain::world::{Mishap, World};
use store::State;
use tokio::time::Instant;

use crate::ledger::listen;
use crate::shared::Core;
use crate::tasks::open;

/// How long the first change after a rest waits for those that come with it.
const TOGETHER: Duration = Duration::from_millis(4);

/// Publishes what the store holds, before anything outside was heard.
pub(crate) fn first(core: &Arc<Core>) {
    listen(&core.store, &core.nudge);
    let mut notices = 0;
    let mut before = None;
    publish(core, &mut before, &mut notices);
    // Whatever the store learned between its first state and our listening is looked at in the first round.
    core.nudge.notify_one();
}

/// Publishes for ever, at most one world in a short while.
pub(crate) async fn run(core: Arc<Core>) {
    let mut before = None;
    // Those of the opening were told with the first world.
    let mut notices = core.store.notices().len();
    let mut next = Instant::now();
    loop {
        core.nudge.notified().await;
        tokio::time::sleep_until(next.max(Instant::now() + TOGETHER)).await;
        publish(&core, &mut before, &mut notices);
        next = Instant::now() + core.pace.batch;
    }
}

fn publish(core: &Core, before: &mut Option<Arc<State>>, notices: &mut usize) {
    let told = core.store.notices();
    for notice in told.iter().skip(*notices) {
        core.mishaps.add(notice.trouble.clone());
    }
    *notices = told.len();
    let state = core.store.state();
    let old = Arc::clone(&core.world.borrow());
    let mut new = (*old).clone();
    of_store(&mut new, &state, before.as_deref());
    new.chain = core.store.verified();
    of_clusters(&mut new, core);
    of_git(&mut new, core);
    take(&mut new.contexts, &core.contexts);
    take(&mut new.barred, &core.barred);
    take(&mut new.favourites, &Arc::clone(&open(&core.favourites)));
    put(&mut new.kinds, core.served.see());
    put(&mut new.works, core.works.see());
    let mishaps: Arc<Vec<Mishap>> = core.mishaps.all();
    take(&mut new.mishaps, &mishaps);
    *before = Some(state);
    if new != *old {
        new.seq = old.seq + 1;
        core.world.send_replace(Arc::new(new));
    }
}

/// Puts a slice in place of the old one if its content differs.
fn take<T: PartialEq>(slot: &mut Arc<T>, new: &Arc<T>) {
    if !Arc::ptr_eq(slot, new) && **slot != **new {
        *slot = Arc::clone(new);
    }
}

fn put<T: PartialEq>(slot: &mut Arc<T>, new: T) {
    if **slot != new {
        *slot = Arc::new(new);
    }
}

fn of_store(world: &mut World, state: &State, before: Option<&State>) {
    let moved = |same: fn(&State, &State) -> bool| before.is_none_or(|before| !same(before, state));
    if moved(|a, b| Arc::ptr_eq(&a.projects, &b.projects)) {
        put(&mut world.projects, state.projects.values().cloned().collect());
    }
    if moved(|a, b| Arc::ptr_eq(&a.environments, &b.environments)) {
        let mut all: Vec<_> = state.environments.values().cloned().collect();
        all.sort_by(|a, b| (&a.id.project, a.kind, &a.id.name).cmp(&(&b.id.project, b.kind, &b.id.name)));
        put(&mut world.environments, all);
    }
    if moved(|a, b| Arc::ptr_eq(&a.promises, &b.promises)) {
        put(&mut world.promises, state.promises.values().map(|p| (**p).clone()).collect());
    }
    // An entry that is about something else leaves the deployments alone, however many there are.
    if moved(|a, b| a.deployments.is_same(&b.deployments)) {
        world.deployments = state.deployments.clone();
    }
    if moved(|a, b| a.seq == b.seq) {
        put(&mut world.audit, state.newest_entries().cloned().collect());
    }
}

fn of_clusters(world: &mut World, core: &Core) {
    let seen = core.fleet.see();
    let mut links: Vec<Link> = Vec::new();
    let (mut flux, mut workloads, mut pods) = (Vec::new(), Vec::new(), Vec::new());
    for (snapshot, link) in seen {
        match snapshot {
            Some(snapshot) => {
                links.extend(snapshot.links.iter().cloned());
                flux.push(snapshot.flux);
                workloads.push(snapshot.workloads);
                pods.push(snapshot.pods);
            }
            None => links.push(link),
        }
    }
    links.extend(core.repos.links(world.projects.iter().map(|project| &project.repository)));
    put(&mut world.links, links);
    join(&mut world.flux, &flux);
    join(&mut world.workloads, &workloads);
    join(&mut world.pods, &pods);
}

/// Joins the slices of several clusters. Each is sorted by key, and so is the whole: the cluster's name comes first in it.
fn join<T: PartialEq>(slot: &mut Arc<Vec<Arc<T>>>, parts: &[Arc<Vec<Arc<T>>>]) {
    match parts {
        [one] => take(slot, one),
        many => put(slot, many.iter().flat_map(|part| part.iter().cloned()).collect()),
    }
}

fn of_git(world: &mut World, core: &Core) {
    let views = open(&core.views);
    let view = |id: &EnvironmentId| views.get(id).cloned();
    put(&mut world.git, world.environments.iter().filter_map(|e| view(&e.id)).collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_keeps_its_arc_when_its_content_stays() {
        let mut slot = Arc::new(vec![1, 2]);
        let kept = Arc::clone(&slot);
        take(&mut slot, &Arc::new(vec![1, 2]));
        put(&mut slot, vec![1, 2]);
        assert!(Arc::ptr_eq(&slot, &kept));
        put(&mut slot, vec![1]);
        assert!(!Arc::ptr_eq(&slot, &kept));
    }

    #[test]
    fn the_parts_of_several_clusters_become_one() {
        let part = |items: &[u8]| Arc::new(items.iter().map(|i| Arc::new(*i)).collect::<Vec<_>>());
        let mut slot = part(&[]);
        let one = part(&[1, 2]);
        join(&mut slot, &[Arc::clone(&one)]);
        assert!(Arc::ptr_eq(&slot, &one), "a single cluster's slice is taken as it is");
        join(&mut slot, &[one, part(&[3])]);
        assert_eq!(slot, part(&[1, 2, 3]));
        join(&mut slot, &[]);
        assert!(slot.is_empty());
    }
}
