//! Watching the clusters that matter: those of all environments, the current one, and those that screens look into.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cluster::{Scope, Watcher};
use domain::Trouble;
use domain::ident::ContextName;
use domain::link::LinkState;
use domain::project::Environment;
use tokio::time::Instant;

use crate::fleet::Member;
use crate::holds::Place;
use crate::shared::Core;

/// Watches the clusters of all environments, the current one and what is held; begins and ends watches as they come and go.
pub(crate) async fn run(core: Arc<Core>) {
    let mut worlds = core.world.subscribe();
    let mut held = core.holds.changed();
    let mut before = None;
    loop {
        let environments = Arc::clone(&worlds.borrow_and_update().environments);
        held.mark_unchanged();
        let (holds, next) = core.holds.now();
        if before.as_ref().is_none_or(|(seen, held)| !Arc::ptr_eq(seen, &environments) || *held != holds) {
            let wanted = wanted(&environments, core.current.as_ref(), &holds);
            for (context, namespaces) in &wanted {
                let member = core.fleet.member(context);
                if member.want(namespaces.clone()) {
                    core.spawn("watching a cluster", watch(Arc::clone(&core), member));
                }
            }
            core.fleet.keep(&wanted.into_keys().collect());
            core.nudge.notify_one();
            before = Some((environments, holds));
        }
        tokio::select! {
            changed = worlds.changed() => if changed.is_err() { return },
            changed = held.changed() => if changed.is_err() { return },
            () = until(next) => {}
        }
    }
}

/// Waits until a moment; for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Returns the contexts to watch, each with the namespaces whose workloads matter.
fn wanted(
    environments: &[Arc<Environment>],
    current: Option<&ContextName>,
    held: &[Place],
) -> BTreeMap<ContextName, BTreeSet<String>> {
    let mut wanted: BTreeMap<ContextName, BTreeSet<String>> = BTreeMap::new();
    if let Some(context) = current {
        wanted.entry(context.clone()).or_default();
    }
    for environment in environments {
        wanted.entry(environment.cluster.clone()).or_default().insert(environment.namespace.clone());
    }
    for (context, namespace) in held {
        wanted.entry(context.clone()).or_default().insert(namespace.clone());
    }
    wanted
}

/// Opens one cluster, however long that takes, and then passes on every change of its watch.
async fn watch(core: Arc<Core>, member: Arc<Member>) {
    let mut failures = 0;
    let connection = loop {
        match core.fleet.connection(member.context()).await {
            Ok(connection) => break connection,
            Err(_) if member.is_left() => return,
            Err(error) => {
                member.tell(state_of(&error, core.now()));
                core.nudge.notify_one();
                tokio::time::sleep(core.pace.pause(failures)).await;
                failures += 1;
            }
        }
    };
    let scope = Scope { flux: true, namespaces: member.namespaces() };
    let Some(mut changes) = member.begin(Watcher::start(connection, scope, Arc::clone(&core.clock))) else { return };
    core.nudge.notify_one();
    while changes.changed().await.is_ok() {
        changes.borrow_and_update();
        core.nudge.notify_one();
    }
}

/// Returns the link state of a cluster to which no connection could be made.
fn state_of(error: &cluster::Error, since: domain::Time) -> LinkState {
    let trouble = Trouble::from(error.clone());
    let why = trouble.to_string();
    match error {
        cluster::Error::Helper { .. } => LinkState::Unauthorized { why },
        _ => LinkState::Unreached { since, why },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use domain::ident::{EnvironmentId, Slug};
    use domain::project::EnvironmentType;

    #[test]
    fn the_clusters_of_environments_are_watched_and_the_current_one_and_what_is_held() {
        let environment = |name: &str, context: &str| {
            let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new(name).unwrap());
            Arc::new(Environment::with_defaults(id, EnvironmentType::Testing, ContextName::from(context)))
        };
        let held = [(ContextName::from("one"), "x".to_owned()), (ContextName::from("three"), "y".to_owned())];
        let wanted = wanted(&[environment("a", "one"), environment("b", "one")], Some(&ContextName::from("two")), &held);
        let told: Vec<_> =
            wanted.iter().map(|(c, n)| format!("{c}:{}", n.iter().cloned().collect::<Vec<_>>().join(","))).collect();
        assert_eq!(told, ["one:shop-a,shop-b,x", "three:y", "two:"]);
    }
}
