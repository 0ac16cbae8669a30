//! When a kind may not be read in all namespaces: its streams in the namespaces that are watched anyway.
//!
//! A role that is bound in a few namespaces is the usual one; the refusal for all stays visible at the kind's own link.

use std::collections::BTreeMap;

use tokio_util::task::AbortOnDropHandle;

use super::board::Shelved;
use super::shelf::StreamId;
use super::stream::{Source, Stream};
use super::{Ground, spawn};
use crate::resource::Resource;

/// Holds the streams by namespace.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    running: BTreeMap<String, AbortOnDropHandle<()>>,
}

impl Narrow {
    /// Starts streams for the namespaces that are wanted now and ends the others.
    pub(super) async fn widen<T: Shelved>(&mut self, ground: &Ground, resource: &Resource) {
        let wanted = ground.namespaces.borrow().clone();
        let gone: Vec<String> = self.running.keys().filter(|held| !wanted.contains(*held)).cloned().collect();
        for namespace in gone {
            self.end::<T>(ground, resource, &namespace).await;
        }
        for namespace in wanted {
            let source = Source { resource: resource.clone(), namespace: namespace.clone() };
            self.running.entry(namespace).or_insert_with(|| begin::<T>(ground, source));
        }
    }

    /// Ends all streams and forgets what they brought.
    pub(super) async fn close<T: Shelved>(&mut self, ground: &Ground, resource: &Resource) {
        while let Some(namespace) = self.running.keys().next().cloned() {
            self.end::<T>(ground, resource, &namespace).await;
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.running.is_empty()
    }

    async fn end<T: Shelved>(&mut self, ground: &Ground, resource: &Resource, namespace: &str) {
        if let Some(task) = self.running.remove(namespace) {
            task.abort();
            let _ended = task.await;
        }
        ground.board.forget::<T>(&StreamId::new(&resource.kind, namespace));
    }
}

fn begin<T: Shelved>(ground: &Ground, source: Source) -> AbortOnDropHandle<()> {
    spawn(Stream::<T>::new(ground.clone(), source).run())
}
