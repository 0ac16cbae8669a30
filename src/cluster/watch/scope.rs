//! The workloads and Pods of the namespaces that are wanted: one stream for each kind and namespace.

use std::collections::{BTreeMap, BTreeSet};

use domain::workload::{Pod, Workload};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::shelf::StreamId;
use super::stream::{Source, Stream};
use super::{Ground, spawn};
use crate::resource::Resource;

const WORKLOADS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];
const POD: &str = "Pod";

/// Follows the wanted namespaces for ever: starts the streams of those that come, ends those of the ones that go.
pub(super) async fn run(ground: Ground, mut wanted: watch::Receiver<BTreeSet<String>>) {
    let mut running: BTreeMap<String, Vec<AbortOnDropHandle<()>>> = BTreeMap::new();
    loop {
        let namespaces = wanted.borrow_and_update().clone();
        let gone: Vec<String> = running.keys().filter(|held| !namespaces.contains(*held)).cloned().collect();
        for namespace in gone {
            // A task ends at its next wait; it must not write after its rows are forgotten.
            for task in running.remove(&namespace).into_iter().flatten() {
                task.abort();
                let _ended = task.await;
            }
            for kind in WORKLOADS {
                ground.board.forget::<Workload>(&StreamId::new(kind, &namespace));
            }
            ground.board.forget::<Pod>(&StreamId::new(POD, &namespace));
        }
        for namespace in namespaces {
            running.entry(namespace.clone()).or_insert_with(|| start(&ground, &namespace));
        }
        if wanted.changed().await.is_err() {
            return;
        }
    }
}

fn start(ground: &Ground, namespace: &str) -> Vec<AbortOnDropHandle<()>> {
    let source = |kind: &str| Resource::built_in(kind).map(|resource| Source { resource, namespace: namespace.to_owned() });
    let workloads = WORKLOADS.iter().filter_map(|kind| source(kind));
    let workloads = workloads.map(|source| spawn(Stream::<Workload>::new(ground.clone(), source).run()));
    let pods = source(POD).map(|source| spawn(Stream::<Pod>::new(ground.clone(), source).run()));
    workloads.chain(pods).collect()
}
