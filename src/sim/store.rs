//! What the simulated API server keeps: the objects, and the log of changes from which watches and old lists are answered.
//!
//! One revision counter serves all resources, as etcd's does. The log is bounded; what fell off it is expired.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::json;
use crate::resource::{RESOURCES, Resource};

/// An object as it was at one revision; never changed in place.
pub(crate) type Object = Arc<Value>;

/// How many changes are remembered.
const LOG_LIMIT: usize = 50_000;

/// Names an object within its resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The namespace, empty for cluster-wide objects.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
}

impl Key {
    /// Joins namespace and name.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Reads the key of an object.
    pub(crate) fn of(object: &Value) -> Self {
        Self::new(json::namespace(object), json::name(object))
    }
}

/// Says what a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Added,
    Modified,
    Deleted,
}

/// Holds one change.
#[derive(Debug)]
pub(crate) struct Change {
    /// The revision that it made.
    pub(crate) revision: u64,
    /// The place of its resource in the table.
    pub(crate) resource: usize,
    /// Which object.
    pub(crate) key: Key,
    /// What it did.
    pub(crate) verb: Verb,
    /// The object afterwards, or its last state.
    pub(crate) object: Object,
    /// The object before.
    pub(crate) previous: Option<Object>,
}

/// Holds everything.
pub(crate) struct Store {
    tables: Vec<BTreeMap<Key, Object>>,
    owned: HashMap<String, BTreeSet<(usize, Key)>>,
    log: VecDeque<Arc<Change>>,
    revision: u64,
    oldest: u64,
}

impl Store {
    /// Builds an empty store.
    pub(crate) fn new() -> Self {
        let tables = RESOURCES.iter().map(|_| BTreeMap::new()).collect();
        Self { tables, owned: HashMap::new(), log: VecDeque::new(), revision: 1, oldest: 1 }
    }

    /// Returns the present revision.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the oldest revision from which changes are known.
    pub(crate) fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Forgets all changes up to now.
    pub(crate) fn forget(&mut self) {
        self.log.clear();
        self.oldest = self.revision;
    }

    /// Returns an object.
    pub(crate) fn get(&self, resource: &Resource, key: &Key) -> Option<Object> {
        self.tables.get(resource.index)?.get(key).cloned()
    }

    /// Returns the objects of a resource, of one namespace or all, in key order.
    pub(crate) fn list(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Object> {
        let Some(table) = self.tables.get(resource.index) else { return Vec::new() };
        let wanted = |key: &Key| namespace.is_none_or(|ns| key.namespace == ns);
        match namespace {
            Some(ns) => table.range(Key::new(ns, "")..).take_while(|(key, _)| wanted(key)).map(|(_, o)| Arc::clone(o)).collect(),
            None => table.values().cloned().collect(),
        }
    }

    /// Returns the objects of a resource as they were at a revision, or nothing when that is forgotten.
    pub(crate) fn list_at(&self, resource: &Resource, revision: u64) -> Option<BTreeMap<Key, Object>> {
        if revision < self.oldest {
            return None;
        }
        let mut table = self.tables.get(resource.index).cloned().unwrap_or_default();
        for change in self.log.iter().rev().take_while(|c| c.revision > revision) {
            if change.resource == resource.index {
                match &change.previous {
                    Some(previous) => table.insert(change.key.clone(), Arc::clone(previous)),
                    None => table.remove(&change.key),
                };
            }
        }
        Some(table)
    }

    /// Returns the objects that name an owner by uid, with the places of their resources.
    pub(crate) fn owned_by(&self, uid: &str) -> Vec<(usize, Object)> {
        let Some(keys) = self.owned.get(uid) else { return Vec::new() };
        keys.iter().filter_map(|(index, key)| Some((*index, Arc::clone(self.tables.get(*index)?.get(key)?)))).collect()
    }

    /// Returns the changes after a revision, or nothing when some of them are forgotten.
    pub(crate) fn since(&self, revision: u64) -> Option<Vec<Arc<Change>>> {
        if revision < self.oldest {
            return None;
        }
        let from = self.log.partition_point(|change| change.revision <= revision);
        Some(self.log.range(from..).cloned().collect())
    }

    /// Writes an object: gives it the next revision and remembers the change.
    pub(crate) fn put(&mut self, resource: &Resource, mut object: Value) -> Object {
        self.revision += 1;
        json::set(&mut object, "/metadata/resourceVersion", self.revision.to_string().into());
        let key = Key::of(&object);
        let object = Arc::new(object);
        let Some(table) = self.tables.get_mut(resource.index) else { return object };
        let previous = table.insert(key.clone(), Arc::clone(&object));
        self.index(resource, &key, previous.as_ref(), Some(&object));
        let verb = if previous.is_some() { Verb::Modified } else { Verb::Added };
        self.remember(Change {
            revision: self.revision,
            resource: resource.index,
            key,
            verb,
            object: Arc::clone(&object),
            previous,
        });
        object
    }

    /// Removes an object; its last state carries the revision of its removal.
    pub(crate) fn remove(&mut self, resource: &Resource, key: &Key) -> Option<Object> {
        let previous = self.tables.get_mut(resource.index)?.remove(key)?;
        self.revision += 1;
        let mut last = (*previous).clone();
        json::set(&mut last, "/metadata/resourceVersion", self.revision.to_string().into());
        let object = Arc::new(last);
        self.index(resource, key, Some(&previous), None);
        self.remember(Change {
            revision: self.revision,
            resource: resource.index,
            key: key.clone(),
            verb: Verb::Deleted,
            object: Arc::clone(&object),
            previous: Some(previous),
        });
        Some(object)
    }

    fn index(&mut self, resource: &Resource, key: &Key, before: Option<&Object>, after: Option<&Object>) {
        let owners = |object: Option<&Object>| -> BTreeSet<String> {
            let all = object.map_or(&[][..], |o| json::list(o, "/metadata/ownerReferences"));
            all.iter().map(|owner| json::text(owner, "/uid").to_owned()).collect()
        };
        let (before, after) = (owners(before), owners(after));
        for gone in before.difference(&after) {
            if let Some(keys) = self.owned.get_mut(gone) {
                keys.remove(&(resource.index, key.clone()));
                if keys.is_empty() {
                    self.owned.remove(gone);
                }
            }
        }
        for new in after.difference(&before) {
            self.owned.entry(new.clone()).or_default().insert((resource.index, key.clone()));
        }
    }

    fn remember(&mut self, change: Change) {
        self.log.push_back(Arc::new(change));
        if self.log.len() > LOG_LIMIT
            && let Some(lost) = self.log.pop_front()
        {
            self.oldest = lost.revision;
        }
    }
}
