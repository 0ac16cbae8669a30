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

/// Holds the objects of one stream in the order of namespace and name: a word for each, since there may be very many.
#[derive(Debug)]
pub(super) struct Rows<T>(Vec<Arc<T>>);

impl<T> Clone for Rows<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Lean> Rows<T> {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &ObjectKey) -> Option<&Arc<T>> {
        self.find(key).ok().and_then(|at| self.0.get(at))
    }

    /// Puts an object in, in the place of the one with its name.
    pub(super) fn insert(&mut self, object: Arc<T>) {
        match self.find(object.key()) {
            Ok(at) => self.0[at] = object,
            Err(at) => self.0.insert(at, object),
        }
    }

    /// Takes an object out; tells whether it was there.
    pub(super) fn remove(&mut self, key: &ObjectKey) -> bool {
        let found = self.find(key);
        found.map(|at| self.0.remove(at)).is_ok()
    }

    fn find(&self, key: &ObjectKey) -> Result<usize, usize> {
        // Lists come in this order, so what is new mostly belongs at the end.
        if self.0.last().is_none_or(|last| place(last.key()) < place(key)) {
            return Err(self.0.len());
        }
        self.0.binary_search_by(|row| place(row.key()).cmp(&place(key)))
    }
}

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

fn place(key: &ObjectKey) -> (&str, &str) {
    (&key.namespace, &key.name)
}

impl<T: Lean> Shelf<T> {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Returns all objects in the order of their keys.
    pub(super) fn view(&mut self) -> Arc<Vec<Arc<T>>> {
        let streams = &self.streams;
        // Streams sort by kind, then namespace, and rows by namespace, then name: together the order of the keys.
        let gather = || Arc::new(streams.values().flat_map(|rows| rows.0.iter().cloned()).collect());
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
            if rows.get(object.key()).is_some_and(|held| **held == object) {
                continue;
            }
            rows.insert(Arc::new(object));
            changed = true;
        }
        if changed {
            self.touch();
        }
        changed
    }

    /// Takes an object out; tells whether it was there.
    pub(super) fn remove(&mut self, id: &StreamId, key: &ObjectKey) -> bool {
        let gone = self.streams.get_mut(id).is_some_and(|rows| rows.remove(key));
        if gone {
            self.touch();
        }
        gone
    }

    /// Puts a whole list in place of what was there: what is not in it is gone, what did not change keeps its `Arc`.
    pub(super) fn replace(&mut self, id: &StreamId, mut fresh: Rows<T>) -> bool {
        let held = self.streams.entry(id.clone()).or_default();
        let mut same = held.len() == fresh.len();
        for object in &mut fresh.0 {
            match held.get(object.key()) {
                Some(known) if Arc::ptr_eq(known, object) => {}
                Some(known) if **known == **object => *object = Arc::clone(known),
                _ => same = false,
            }
        }
        // One that grew row by row is half empty.
        fresh.0.shrink_to_fit();
        *held = fresh;
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
        let gone = self.streams.remove(id).is_some_and(|rows| rows.len() > 0);
        if gone {
            self.touch();
        }
        gone
    }

    /// Returns one object of a stream.
    pub(super) fn get(&self, id: &StreamId, key: &ObjectKey) -> Option<Arc<T>> {
        self.streams.get(id)?.get(key).cloned()
    }

    /// Returns how many objects a stream has.
    pub(super) fn count(&self, id: &StreamId) -> usize {
        self.streams.get(id).map_or(0, Rows::len)
    }
}
