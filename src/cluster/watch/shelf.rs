//! The objects of one type, by the stream that brings them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::flux::ObjectKey;

use crate::lean::Lean;

/// Names a stream: a kind, and a namespace or (empty) all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StreamId {
    pub(super) kind: Arc<str>,
    pub(super) namespace: Arc<str>,
}

impl StreamId {
    pub(super) fn new(kind: &str, namespace: &str) -> Self {
        Self { kind: kind.into(), namespace: namespace.into() }
    }
}

/// The objects of one stream, by namespace and name.
pub(super) type Rows<T> = BTreeMap<(Arc<str>, Arc<str>), Arc<T>>;

/// Holds the objects of all streams of one type, and counts their changes.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    streams: BTreeMap<StreamId, Rows<T>>,
    version: u64,
    view: Option<Arc<Vec<Arc<T>>>>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { streams: BTreeMap::new(), version: 0, view: None }
    }
}

pub(super) fn place(key: &ObjectKey) -> (Arc<str>, Arc<str>) {
    (Arc::clone(&key.namespace), Arc::clone(&key.name))
}

impl<T: Lean> Shelf<T> {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Returns all objects in the order of their keys.
    pub(super) fn view(&mut self) -> Arc<Vec<Arc<T>>> {
        let streams = &self.streams;
        // Streams sort by kind, then namespace, and rows by namespace, then name: together the order of the keys.
        let gather = || Arc::new(streams.values().flat_map(|rows| rows.values().cloned()).collect());
        Arc::clone(self.view.get_or_insert_with(gather))
    }

    fn touch(&mut self) {
        self.version += 1;
        self.view = None;
    }

    /// Puts objects in; tells whether anything changed.
    pub(super) fn apply(&mut self, id: &StreamId, objects: impl IntoIterator<Item = T>) -> bool {
        let rows = self.streams.entry(id.clone()).or_default();
        let mut changed = false;
        for object in objects {
            let place = place(object.key());
            if rows.get(&place).is_some_and(|held| **held == object) {
                continue;
            }
            rows.insert(place, Arc::new(object));
            changed = true;
        }
        if changed {
            self.touch();
        }
        changed
    }

    /// Takes an object out; tells whether it was there.
    pub(super) fn remove(&mut self, id: &StreamId, key: &ObjectKey) -> bool {
        let gone = self.streams.get_mut(id).is_some_and(|rows| rows.remove(&place(key)).is_some());
        if gone {
            self.touch();
        }
        gone
    }

    /// Puts a whole list in place of what was there: what is not in it is gone, what did not change keeps its `Arc`.
    pub(super) fn replace(&mut self, id: &StreamId, mut fresh: Rows<T>) -> bool {
        let held = self.streams.entry(id.clone()).or_default();
        let mut same = held.len() == fresh.len();
        for (place, object) in &mut fresh {
            match held.get(place) {
                Some(known) if Arc::ptr_eq(known, object) => {}
                Some(known) if **known == **object => *object = Arc::clone(known),
                _ => same = false,
            }
        }
        // Built anew of its sorted rows: one that grew row by row is half empty.
        *held = fresh.into_iter().collect();
        if !same {
            self.touch();
        }
        !same
    }

    /// Shows the part of a first list that is there.
    pub(super) fn show(&mut self, id: &StreamId, rows: &Rows<T>) {
        self.streams.insert(id.clone(), rows.clone());
        self.touch();
    }

    /// Forgets a stream.
    pub(super) fn forget(&mut self, id: &StreamId) -> bool {
        let gone = self.streams.remove(id).is_some_and(|rows| !rows.is_empty());
        if gone {
            self.touch();
        }
        gone
    }

    /// Returns one object of a stream.
    pub(super) fn get(&self, id: &StreamId, key: &ObjectKey) -> Option<Arc<T>> {
        self.streams.get(id)?.get(&place(key)).cloned()
    }

    /// Returns how many objects a stream has.
    pub(super) fn count(&self, id: &StreamId) -> usize {
        self.streams.get(id).map_or(0, BTreeMap::len)
    }
}
