//! Deleting objects: at once, or marked for their finalizers, their kubelet or their namespace's controller.

use serde_json::Value;

use crate::fault::Fault;
use crate::json;
use crate::resource::{self, Resource};
use crate::state::State;
use crate::store::{Key, Object, Store};

/// Holds what a deletion asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deletion {
    /// The uid that the object must have.
    pub(crate) uid: Option<String>,
    /// The resource version that it must have.
    pub(crate) version: Option<String>,
    /// Whether dependents stay.
    pub(crate) orphan: bool,
    /// How long Pods get.
    pub(crate) grace: Option<i64>,
    /// Whether nothing is kept.
    pub(crate) dry: bool,
}

/// Holds what a deletion did.
#[derive(Debug)]
pub(crate) enum Deleted {
    /// The object is gone.
    Gone(Object),
    /// The object is marked and goes when its finalizers or its kubelet let it.
    Marked(Object),
}

impl State {
    /// Deletes an object, or marks it for its finalizers.
    pub(crate) fn delete(&self, resource: &Resource, key: &Key, how: &Deletion) -> Result<Deleted, Fault> {
        let mut store = self.store();
        let old = store.get(resource, key).ok_or_else(|| Fault::not_found(resource, &key.name))?;
        check_preconditions(resource, &old, how)?;
        let waits = !json::list(&old, "/metadata/finalizers").is_empty() || resource.is("Namespace");
        let grace = how.grace.or_else(|| json::number(&old, "/spec/terminationGracePeriodSeconds")).unwrap_or(30);
        let running = resource.is("Pod") && !json::text(&old, "/spec/nodeName").is_empty() && grace > 0;
        if how.dry {
            return Ok(Deleted::Gone(old));
        }
        if !waits && !running {
            let gone = store.remove(resource, key).unwrap_or(old);
            if how.orphan {
                set_free(&mut store, json::uid(&gone));
            }
            self.tell(store);
            return Ok(Deleted::Gone(gone));
        }
        if json::deleting(&old) {
            return Ok(Deleted::Marked(old));
        }
        let mut marked = (*old).clone();
        let seconds = if resource.is("Pod") { grace } else { 0 };
        let at = self.pace.now() + std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        json::set(&mut marked, "/metadata/deletionTimestamp", crate::clock::seconds(at).into());
        json::set(&mut marked, "/metadata/deletionGracePeriodSeconds", seconds.into());
        if resource.is("Namespace") {
            json::set(&mut marked, "/status/phase", "Terminating".into());
        } else if resource.traits.generation {
            let generation = json::number(&marked, "/metadata/generation").unwrap_or(1) + 1;
            json::set(&mut marked, "/metadata/generation", generation.into());
        }
        let marked = store.put(resource, marked);
        self.tell(store);
        Ok(Deleted::Marked(marked))
    }

    /// Removes an object without asking anybody: for the kubelet and the namespace controller.
    pub(crate) fn remove(&self, resource: &Resource, key: &Key) {
        let mut store = self.store();
        store.remove(resource, key);
        self.tell(store);
    }
}

fn check_preconditions(resource: &Resource, old: &Value, how: &Deletion) -> Result<(), Fault> {
    let uid = json::uid(old);
    if let Some(wanted) = how.uid.as_deref().filter(|wanted| *wanted != uid) {
        let why = format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been \
             deleted and then recreated"
        );
        return Err(Fault::conflict(resource, json::name(old), &why));
    }
    let version = json::text(old, "/metadata/resourceVersion");
    if let Some(wanted) = how.version.as_deref().filter(|wanted| *wanted != version) {
        let why =
            format!("Precondition failed: ResourceVersion in precondition: {wanted}, ResourceVersion in object meta: {version}");
        return Err(Fault::conflict(resource, json::name(old), &why));
    }
    Ok(())
}

fn set_free(store: &mut Store, uid: &str) {
    for (index, object) in store.owned_by(uid) {
        let mut free = (*object).clone();
        if let Some(owners) = free.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut) {
            owners.retain(|owner| json::text(owner, "/uid") != uid);
        }
        store.put(&resource::RESOURCES[index], free);
    }
}
