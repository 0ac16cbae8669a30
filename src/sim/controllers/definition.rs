//! Definitions of kinds: a kind is served as soon as its definition is there, and goes with it, its objects too.
//!
//! The simulation knows Flux's kinds only; a definition of another one is kept and serves nothing.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;

use crate::api::write::Hand;
use crate::controllers::{Reconciler, done, own};
use crate::json;
use crate::resource::{self, RESOURCES};
use crate::state::{Shared, State, locked};
use crate::store::{Change, Key};

/// Serves what is defined.
pub(crate) struct Definitions;

impl Reconciler for Definitions {
    fn affected(&self, _: &State, change: &Change) -> Vec<Key> {
        own(resource::of("CustomResourceDefinition"), change).into_iter().collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let definitions = resource::of("CustomResourceDefinition");
        let Some(kind) = RESOURCES.iter().find(|r| r.custom && r.qualified() == key.name) else { return done(None) };
        let Some(definition) = state.get(definitions, "", &key.name) else {
            for object in state.list(kind, None) {
                state.remove(kind, &Key::of(&object));
            }
            locked(&state.faults.absent).insert(kind.kind);
            return done(None);
        };
        let established = json::list(&definition, "/status/conditions").iter().any(|c| json::text(c, "/type") == "Established");
        if established {
            return done(None);
        }
        locked(&state.faults.absent).remove(kind.kind);
        let now = state.pace.stamp();
        let yes = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": now});
        let status = json!({"acceptedNames": definition["spec"]["names"], "storedVersions": [kind.version],
            "conditions": [yes("NamesAccepted", "NoConflicts"), yes("Established", "InitialNamesAccepted")]});
        drop(state.change(definitions, &key, Hand::status("kube-apiserver"), |object| {
            json::set(object, "/status", status);
            Ok(())
        }));
        done(None)
    }
}
