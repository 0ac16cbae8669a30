//! The Flux kinds that a cluster serves: one stream for each; those that are absent are looked for again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::flux::FluxObject;
use domain::flux::kinds::{KINDS, Kind};
use domain::link::LinkState;
use futures::future::join_all;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::backoff::Backoff;
use super::shelf::StreamId;
use super::stream::{Source, Stream};
use super::{Ground, given, spawn};
use crate::connection::Purpose;
use crate::discovery;
use crate::resource::Resource;
use crate::wire::Fault;

/// How often absent kinds are looked for.
const LOOK: Duration = Duration::from_secs(5);

type Running = BTreeMap<&'static str, AbortOnDropHandle<()>>;

/// Looks for ever.
pub(super) async fn run(ground: Ground) {
    let mut retry = ground.signals.retry.subscribe();
    let mut epoch = ground.signals.epoch.subscribe();
    let mut running = Running::new();
    let mut backoff = Backoff::new();
    for kind in KINDS {
        ground.board.connecting(&StreamId::new(kind.name, ""));
    }
    loop {
        let pause = match look(&ground, &mut running).await {
            Ok(()) => {
                backoff.works();
                LOOK
            }
            Err(fault) => {
                unknown(&ground, &running, fault).await;
                backoff.failed()
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = given(&mut retry) => {}
            () = given(&mut epoch) => {}
        }
    }
}

/// Asks what is served and starts streams accordingly. A group that cannot be read keeps its streams.
async fn look(ground: &Ground, running: &mut Running) -> Result<(), Fault> {
    let served = match discovery::groups(&ground.connection, Purpose::Watch).await {
        // Who may not ask what there is may still be let to it: then each kind's own stream finds out.
        Err(fault) if fault.code() == 403 => KINDS.iter().map(|k| (k.group.to_owned(), vec![first(k)])).collect(),
        other => other?,
    };
    // A kind whose stream runs well need not be asked about; its stream notices when the kind goes.
    running.retain(|name, _| !ground.board.is_absent(&StreamId::new(name, "")));
    let wanted = KINDS.iter().filter(|kind| !running.contains_key(kind.name));
    let versions: BTreeSet<(&str, &str)> = wanted
        .clone()
        .flat_map(|kind| served.get(kind.group).into_iter().flatten().map(|version| (kind.group, version.as_str())))
        .collect();
    let asked = versions.into_iter().map(|one| async move {
        let answer = discovery::kinds_of(&ground.connection, Purpose::Watch, one, true).await;
        (one.0, answer.err())
    });
    let mut failed: BTreeMap<&str, Fault> =
        join_all(asked).await.into_iter().filter_map(|(group, fault)| Some((group, fault?))).collect();
    let nowhere = Vec::new();
    for kind in wanted.collect::<Vec<_>>() {
        match failed.get(kind.group) {
            Some(fault) if fault.code() == 403 => start(ground, running, kind, assumed(kind)),
            Some(_) => {}
            None => {
                let versions = served.get(kind.group).unwrap_or(&nowhere);
                match discovery::flux_kind(&ground.connection, Purpose::Watch, (kind, versions), false).await? {
                    Some(resource) => start(ground, running, kind, resource),
                    None => ground.board.absent::<FluxObject>(&StreamId::new(kind.name, "")),
                }
            }
        }
    }
    failed.retain(|_, fault| fault.code() != 403);
    failed.pop_first().map_or(Ok(()), |(_, fault)| Err(fault))
}

fn first(kind: &Kind) -> String {
    kind.versions.first().copied().unwrap_or("v1").to_owned()
}

fn assumed(kind: &Kind) -> Resource {
    Resource::new(kind.group, &first(kind), kind.plural, kind.name, true)
}

fn start(ground: &Ground, running: &mut Running, kind: &'static Kind, resource: Resource) {
    let source = Source { resource, namespace: String::new() };
    let task = spawn(Stream::<FluxObject>::new(ground.clone(), source).run());
    running.insert(kind.name, task);
}

/// Says at the kinds that have no stream why nothing is known of them.
async fn unknown(ground: &Ground, running: &Running, fault: Fault) {
    let code = fault.code();
    let why = ground.connection.error(fault, "Asking what is served", "").why();
    if code == 401
        && let Err(error) = ground.connection.renew().await
    {
        tracing::debug!(%error, "credentials could not be renewed");
    }
    for kind in KINDS.iter().filter(|kind| !running.contains_key(kind.name)) {
        let id = StreamId::new(kind.name, "");
        if ground.board.is_absent(&id) {
            // Last time it was not there; the cluster's own link says how old that is.
            continue;
        }
        match code {
            401 => ground.board.set(&id, LinkState::Unauthorized { why: why.clone() }),
            _ => ground.board.stale(&id, why.clone()),
        }
    }
}
