//! How Flux is doing in a cluster: what it needs, what we may do there, and each controller.

use cluster::act::{self, Deed};
use cluster::{Connection, Error};
use domain::Trouble;
use domain::flux::{KINDS, ObjectKey};
use domain::ident::ContextName;
use domain::query::Manifest;
use domain::rights::{self, Part};
use domain::text::one_line;
use domain::toolkit::{Check, Controller, State, Toolkit, minor_of, oldest_kubernetes, standing};
use futures::future::join_all;
use futures::{StreamExt, stream};
use serde_json::Value;

use super::found::{self, Found};
use crate::shared::Core;

/// How many questions are asked at once.
const AT_ONCE: usize = 16;
/// How many things that are missing are named.
const NAMED: usize = 6;
/// Where a controller tells what it measures.
const METRICS: u16 = 8080;
/// What it calls the length of a queue.
const DEPTH: &str = "workqueue_depth";

/// Says how Flux is doing in a cluster, and whether a manifest can be had when one is named.
pub(crate) async fn toolkit(core: &Core, context: ContextName, manifest: Option<Manifest>) -> Result<Toolkit, Trouble> {
    let connection = core.fleet.connection(&context).await?;
    let server = act::probe(&connection).await?.version;
    let (there, rights, manifest) = tokio::join!(
        found::controllers(&connection),
        join_all(Part::ALL.map(|part| may(&connection, part))),
        join_all(manifest.iter().map(|from| reachable(core, from)))
    );
    let (there, unseen) = match there {
        Ok(there) => (there, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let version = found::version(&there);
    let controllers = join_all(there.iter().map(|found| controller(&connection, found))).await;
    // What is to be installed counts, before what is there.
    let wanted = manifest.iter().find_map(|(_, version)| version.clone()).unwrap_or_else(|| version.clone());
    let mut checks = vec![kubernetes(&server, &wanted)];
    checks.extend(rights);
    checks.extend(manifest.into_iter().map(|(check, _)| check));
    checks.push(standing::components(&controllers, unseen.as_ref().map(why).as_deref()));
    Ok(Toolkit {
        namespace: there.first().map(|found| found.namespace.clone()).unwrap_or_default(),
        owner: found::owner(&there),
        context,
        server,
        version,
        checks,
        controllers,
    })
}

fn kubernetes(server: &str, version: &str) -> Check {
    match (minor_of(server), oldest_kubernetes(version)) {
        (Some(present), Some((major, minor))) if present < (major, minor) => {
            Check::new("kubernetes", State::Bad, format!("Kubernetes {server}; Flux {version} asks for {major}.{minor} or newer"))
                .next("Upgrade Kubernetes, or install an older release of Flux.")
        }
        (Some(_), Some((major, minor))) => {
            Check::new("kubernetes", State::Ok, format!("Kubernetes {server}; Flux {version} asks for {major}.{minor} or newer"))
        }
        (Some(_), None) => Check::new("kubernetes", State::Ok, format!("Kubernetes {server}")),
        (None, _) => Check::new("kubernetes", State::Unknown, format!("Kubernetes {server}, which is no version")),
    }
}

/// Says what of a part we may not do, in all namespaces.
async fn may(connection: &Connection, part: Part) -> Check {
    let deeds = rights::deeds(part);
    let asked = deeds.iter().map(|deed| {
        let ask = Deed { group: deed.group, resource: deed.resource, verb: deed.verb, namespace: "" };
        async move { (deed, act::allowed(connection, ask).await) }
    });
    let asked: Vec<_> = asked.collect();
    let mut answers = stream::iter(asked).buffered(AT_ONCE);
    let mut missing = Vec::new();
    while let Some((deed, answer)) = answers.next().await {
        match answer {
            Ok(true) => {}
            Ok(false) => missing.push(deed),
            Err(error) => {
                let said = format!("What we may do there cannot be asked: {}", why(&error));
                return Check::new(part.word(), State::Unknown, said);
            }
        }
    }
    if missing.is_empty() {
        return Check::new(part.word(), State::Ok, format!("All of the role {} is allowed", part.word()));
    }
    let flux = |resource: &str| KINDS.iter().any(|kind| kind.plural == resource);
    let blind = part == Part::Viewer
        && deeds.iter().filter(|deed| deed.verb == "list" && flux(deed.resource)).all(|deed| missing.contains(&deed));
    let state = if blind { State::Bad } else { State::Warn };
    let named: Vec<String> = missing.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let said = format!("Not allowed in all namespaces, of the role {}: {}{more}", part.word(), named.join(", "));
    Check::new(part.word(), state, said).next(format!("quarterdeck check --role {} prints a role that allows it.", part.word()))
}

/// Says whether a manifest can be had, and the version of its release.
async fn reachable(core: &Core, from: &Manifest) -> (Check, Option<String>) {
    match super::release(core, from).await {
        Ok(release) => {
            let version = if release.version.is_empty() { "of unknown version" } else { &release.version };
            let (origin, digest) = (&release.origin, &release.digest);
            let check = Check::new("manifest", State::Ok, format!("Flux {version} from {origin}, SHA-256 {digest}"));
            (check, Some(release.version))
        }
        Err(trouble) => {
            let next = trouble.next.clone();
            let said = Trouble { next: String::new(), ..trouble }.to_string();
            (Check::new("manifest", State::Bad, said).next(next), None)
        }
    }
}

async fn controller(connection: &Connection, found: &Found) -> Controller {
    let pods = act::labelled(connection, ("v1", "Pod"), &found.namespace, &found.selector()).await;
    let (restarts, queue) = match &pods {
        Ok(pods) => (Some(pods.iter().map(restarts).sum()), queue(connection, found, pods).await),
        Err(error) => (None, Err(why(error))),
    };
    let (ready, wanted) = (found.number("/status/readyReplicas"), found.number("/spec/replicas"));
    let broken = stuck(&found.object) || pods.iter().flatten().any(broken);
    Controller {
        version: found.tag(),
        image: found.image(),
        ready,
        wanted,
        restarts,
        queue_unread: queue.as_ref().err().cloned().unwrap_or_default(),
        queue: queue.ok(),
        health: standing::doing(wanted, found.rolled_out(), broken),
        said: standing::said(ready, wanted),
        name: found.name.clone(),
        namespace: found.namespace.clone(),
    }
}

/// Tells whether a rollout has given up.
fn stuck(object: &Value) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|c| c["type"] == "Progressing" && c["status"] == "False")
}

/// Tells whether a container of a Pod waits for something other than its turn.
fn broken(pod: &Value) -> bool {
    let of = |field: &str| pod.pointer(&format!("/status/{field}")).and_then(Value::as_array).into_iter().flatten();
    let mut reasons = of("containerStatuses")
        .chain(of("initContainerStatuses"))
        .filter_map(|c| c.pointer("/state/waiting/reason").and_then(Value::as_str));
    reasons.any(|reason| !matches!(reason, "ContainerCreating" | "PodInitializing"))
}

fn restarts(pod: &Value) -> i32 {
    let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    let counts = containers.into_iter().flatten().filter_map(|c| c.get("restartCount").and_then(Value::as_i64));
    i32::try_from(counts.sum::<i64>()).unwrap_or(i32::MAX)
}

/// Returns how many objects wait in a controller's queues, over all of its Pods.
async fn queue(connection: &Connection, found: &Found, pods: &[Value]) -> Result<u64, String> {
    let names = pods.iter().filter_map(|pod| pod.pointer("/metadata/name").and_then(Value::as_str));
    let mut total = None;
    for name in names {
        let key = ObjectKey::new(connection.context(), "Pod", &found.namespace, name);
        let text = act::metrics(connection, &key, METRICS).await.map_err(|error| why(&error))?;
        let depth = depth(&text).ok_or_else(|| format!("{name} does not tell {DEPTH}"))?;
        total = Some(total.unwrap_or(0) + depth);
    }
    total.ok_or_else(|| "it has no Pods".to_owned())
}

/// Adds up the lengths of all queues in a controller's metrics; nothing when it tells none.
fn depth(metrics: &str) -> Option<u64> {
    let lines = metrics.lines().filter(|line| line.strip_prefix(DEPTH).is_some_and(|rest| rest.starts_with(['{', ' '])));
    let mut total = None;
    for line in lines {
        // The last word, whatever stands in the labels.
        let value: f64 = line.rsplit(' ').next()?.parse().ok()?;
        if !(0.0..1e15).contains(&value) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range that was just checked")]
        let value = value as u64;
        total = Some(total.unwrap_or(0) + value);
    }
    total
}

/// Returns the server's words.
fn why(error: &Error) -> String {
    match error {
        Error::Refused { message, .. } => one_line(message),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lengths_of_all_queues_add_up_and_nothing_is_guessed() {
        let metrics = "# HELP workqueue_depth Current depth of workqueue\n# TYPE workqueue_depth gauge\n\
            workqueue_depth{controller=\"gitrepository\",name=\"gitrepository\",priority=\"\"} 3\n\
            workqueue_depth{name=\"bucket\"} 4\nworkqueue_depth_total 9\nworkqueue_adds_total{name=\"bucket\"} 12\n";
        assert_eq!(depth(metrics), Some(7));
        assert_eq!(depth("go_goroutines 12\n"), None);
        assert_eq!(depth("workqueue_depth{name=\"a\"} NaN\n"), None);
    }

    #[test]
    fn an_old_server_fails_and_an_unknown_release_asks_for_nothing() {
        assert_eq!(kubernetes("v1.32.0", "v2.8.0").state, State::Bad);
        assert_eq!(kubernetes("v1.33.0+k3s1", "v2.8.0").state, State::Ok);
        assert_eq!(kubernetes("v1.20.0", "").state, State::Ok);
        assert_eq!(kubernetes("dev", "v2.8.0").state, State::Unknown);
    }
}
