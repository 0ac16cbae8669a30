//! About one object in a cluster: its whole YAML, its events, the log of a container.

use std::sync::Arc;

use cluster::act::{self, LogQuery};
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::query::{Answer, EventLine, LogOf};
use domain::world::World;

use crate::shared::Core;

pub(super) async fn yaml(core: &Arc<Core>, key: &ObjectKey) -> Result<Answer, Trouble> {
    let connection = core.fleet.connection(&key.context()).await?;
    let text = act::yaml(&connection, key).await?;
    Ok(Answer::Yaml(text.into()))
}

pub(super) async fn events(core: &Arc<Core>, key: &ObjectKey) -> Result<Answer, Trouble> {
    let connection = core.fleet.connection(&key.context()).await?;
    let lines = act::events(&connection, key).await?.into_iter().map(|line| EventLine {
        time: line.time,
        kind: line.kind,
        reason: line.reason,
        message: line.message,
        count: line.count,
        from: line.source,
    });
    Ok(Answer::Events(lines.collect()))
}

pub(super) async fn log(core: &Arc<Core>, of: LogOf) -> Result<Answer, Trouble> {
    let container = match of.container.as_str() {
        "" => first_container(&core.world.borrow(), &of.pod),
        name => Some(name.to_owned()),
    };
    let query = LogQuery { pod: of.pod, container, previous: of.previous, tail: of.lines };
    Ok(Answer::Log(core.fleet.logs(&query).await?))
}

/// Returns the first container of a Pod that is one of its workload's: its init containers stand before it.
fn first_container(world: &World, key: &ObjectKey) -> Option<String> {
    let pod = world.pods.iter().find(|pod| pod.key == *key)?;
    let templates = world
        .workloads
        .iter()
        .filter(|w| (&w.key.cluster, &w.key.namespace) == (&key.cluster, &key.namespace) && pod.matches(&w.selector));
    let named: Vec<&str> = templates.flat_map(|w| w.containers.iter().map(|c| c.name.as_str())).collect();
    pod.containers.iter().map(|c| c.name.as_str()).find(|name| named.contains(name)).map(str::to_owned)
}
