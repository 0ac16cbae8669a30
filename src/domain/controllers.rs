//! The controllers of Flux as they are seen now, where their Deployments are watched: one answer for every screen that shows them.

use crate::flux::{Health, ObjectKey};
use crate::ident::ContextName;
use crate::toolkit::standing::{COMPONENTS, components, doing, said};
use crate::toolkit::{Check, Controller, State, Toolkit};
use crate::world::World;

/// Returns what was found with the controllers as they are seen now, and with what is said of them.
///
/// Those that are not watched stay as they were when they were asked for.
pub fn now(found: &Toolkit, world: &World) -> Toolkit {
    let mut now = found.clone();
    for controller in &mut now.controllers {
        if let Some(seen) = seen(controller, &found.context, world) {
            *controller = seen;
        }
    }
    let known = |check: &&mut Check| check.id == COMPONENTS && check.state != State::Unknown;
    if now.controllers != found.controllers
        && let Some(check) = now.checks.iter_mut().find(known)
    {
        *check = components(&now.controllers, None);
    }
    now
}

/// Returns a controller as its Deployment and its Pods are seen; nothing where they are not, or not any more.
fn seen(controller: &Controller, context: &ContextName, world: &World) -> Option<Controller> {
    let key = ObjectKey::new(context, "Deployment", &controller.namespace, &controller.name);
    let live = world.workloads.iter().find(|workload| workload.key == key)?;
    if world.is_stale(&key) {
        return None;
    }
    let pods: Vec<_> = world.pods_of(live).collect();
    let broken = live.health() == Health::Bad || pods.iter().any(|pod| pod.fault().is_some());
    let restarts = pods.iter().flat_map(|pod| &pod.containers).map(|container| container.restarts).sum();
    Some(Controller {
        ready: live.ready,
        wanted: live.replicas,
        restarts: if pods.is_empty() { controller.restarts } else { Some(restarts) },
        health: doing(live.replicas, live.rolled_out(), broken),
        said: said(live.ready, live.replicas),
        ..controller.clone()
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::link::{Link, LinkOf, LinkState};
    use crate::workload::Workload;

    fn world(ready: i32, state: LinkState) -> World {
        let key = ObjectKey::new(&"c".into(), "Deployment", "flux-system", "helm-controller");
        let value = json!({
            "key": key, "uid": "u", "resource_version": "1", "labels": [], "generation": 1, "observed_generation": 1,
            "replicas": 1, "total": 1, "updated": 1, "ready": ready, "available": ready, "selector": [], "containers": [],
            "conditions": [], "created": null, "marks": [],
        });
        let workload: Workload = serde_json::from_value(value).unwrap();
        let links = vec![Link { of: LinkOf::Cluster("c".into()), state }];
        World { workloads: Arc::new(vec![Arc::new(workload)]), links: Arc::new(links), ..World::default() }
    }

    #[test]
    fn what_is_seen_comes_before_what_was_found() {
        let controller = Controller {
            name: "helm-controller".to_owned(),
            namespace: "flux-system".to_owned(),
            version: "v1".to_owned(),
            image: String::new(),
            ready: 0,
            wanted: 1,
            restarts: Some(2),
            queue: None,
            queue_unread: String::new(),
            health: Health::Bad,
            said: "0/1 ready".to_owned(),
        };
        let found = Toolkit {
            context: "c".into(),
            server: String::new(),
            version: String::new(),
            namespace: "flux-system".to_owned(),
            checks: vec![components(std::slice::from_ref(&controller), None)],
            controllers: vec![controller],
            owner: None,
        };
        let told = |world: &World| {
            let now = now(&found, world);
            (now.controllers[0].health, now.controllers[0].said.clone(), now.checks[0].said.clone())
        };
        let starting = (Health::Busy, "0/1 ready".into(), "These are starting: helm-controller".into());
        assert_eq!(told(&world(0, LinkState::Live)), starting);
        assert_eq!(told(&world(1, LinkState::Live)), (Health::Ok, "1/1 ready".into(), "All 1 controllers run".into()));
        let stale = LinkState::Stale { since: crate::Time::UNIX_EPOCH, why: String::new() };
        assert_eq!(told(&world(1, stale)).0, Health::Bad, "what is stale says no more than what was asked");
        assert_eq!(told(&World::default()).0, Health::Bad);
    }
}
