//! What is left behind is cleared away: objects whose owner is gone, and all that is in a namespace being deleted.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::api::delete::Deletion;
use crate::controllers::{Reconciler, done, own};
use crate::json;
use crate::resource::{self, RESOURCES};
use crate::state::{Shared, State};
use crate::store::{Change, Key, Verb};

/// Deletes what lost its owner. Its keys are uids.
pub(crate) struct Garbage;

impl Reconciler for Garbage {
    fn affected(&self, state: &State, change: &Change) -> Vec<Key> {
        let gone = |uid: &str| Key::new("", uid);
        if change.verb == Verb::Deleted {
            return vec![gone(json::uid(&change.object))];
        }
        if change.previous.is_some() {
            return Vec::new();
        }
        // Somebody may have named an owner that is gone already.
        let owners = json::list(&change.object, "/metadata/ownerReferences").iter();
        owners
            .filter(|owner| {
                let kind = resource::by_kind(json::text(owner, "/apiVersion"), json::text(owner, "/kind"));
                let owner_key = |namespaced: bool| if namespaced { change.key.namespace.as_str() } else { "" };
                kind.is_some_and(|kind| {
                    let found = state.get(kind, owner_key(kind.traits.namespaced), json::text(owner, "/name"));
                    found.is_none_or(|found| json::uid(&found) != json::text(owner, "/uid"))
                })
            })
            .map(|owner| gone(json::text(owner, "/uid")))
            .collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let left = state.store().owned_by(&key.name);
        for (index, object) in left {
            if let Some(resource) = RESOURCES.get(index).filter(|_| !json::deleting(&object)) {
                drop(state.delete(resource, &Key::of(&object), &Deletion::default()));
            }
        }
        done(None)
    }
}

/// Empties namespaces that are being deleted, then lets them go.
pub(crate) struct Namespaces;

impl Reconciler for Namespaces {
    fn affected(&self, state: &State, change: &Change) -> Vec<Key> {
        let namespaces = resource::of("Namespace");
        if let Some(key) = own(namespaces, change) {
            return if json::deleting(&change.object) { vec![key] } else { Vec::new() };
        }
        if change.verb != Verb::Deleted || change.key.namespace.is_empty() {
            return Vec::new();
        }
        let found = state.get(namespaces, "", &change.key.namespace);
        found.filter(|namespace| json::deleting(namespace)).map(|_| Key::new("", &change.key.namespace)).into_iter().collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let namespaces = resource::of("Namespace");
        let Some(namespace) = state.get(namespaces, "", &key.name).filter(|ns| json::deleting(ns)) else { return done(None) };
        let mut left = 0;
        for resource in RESOURCES.iter().filter(|r| r.traits.namespaced && !r.mirrors_events()) {
            for object in state.list(resource, Some(&key.name)) {
                if !json::deleting(&object) {
                    drop(state.delete(resource, &Key::of(&object), &Deletion::default()));
                }
                left += usize::from(state.get(resource, &key.name, json::name(&object)).is_some());
            }
        }
        if left == 0 && json::list(&namespace, "/metadata/finalizers").is_empty() {
            state.remove(namespaces, &key);
        }
        done(None)
    }
}
