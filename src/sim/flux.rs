//! Flux: source-controller, kustomize-controller, and honest stand-ins for the other controllers.

mod apply;
mod conditions;
mod health;
mod kustomization;
mod plan;
mod source;
mod standing;
mod substitute;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::revision::CommitId;
use serde_json::Value;

use crate::controllers;
use crate::json;
use crate::state::{Shared, locked};
use crate::store::{Change, Key};

/// Asks for a reconciliation at once.
pub(crate) const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";
/// Keeps an object until its controller has cleared up after it.
pub(crate) const FINALIZER: &str = "finalizers.fluxcd.io";

/// Holds what source-controller has stored, for kustomize-controller to read.
#[derive(Default)]
pub(crate) struct Artifacts(Mutex<HashMap<Key, Arc<Held>>>);

/// Holds one artifact: a commit in a mirror, and its files once somebody has read them.
pub(crate) struct Held {
    /// The mirror.
    pub(crate) mirror: git::Mirror,
    /// The commit.
    pub(crate) commit: CommitId,
    files: Mutex<Option<Arc<manifest::files::Files>>>,
}

impl Held {
    /// Builds an artifact of a commit.
    pub(crate) fn new(mirror: git::Mirror, commit: CommitId) -> Self {
        Self { mirror, commit, files: Mutex::new(None) }
    }

    /// Reads all files; blocks.
    pub(crate) fn files(&self) -> Result<Arc<manifest::files::Files>, git::Error> {
        let mut known = locked(&self.files);
        if let Some(files) = &*known {
            return Ok(Arc::clone(files));
        }
        let found = self.mirror.read(&self.commit, &[""], git::ReadLimits::default())?;
        let mut files = manifest::files::Files::new();
        for (path, content) in found.files {
            files.insert(path, content);
        }
        let files = Arc::new(files);
        *known = Some(Arc::clone(&files));
        Ok(files)
    }
}

impl Artifacts {
    /// Stores the artifact of a source.
    pub(crate) fn put(&self, key: &Key, held: Held) {
        locked(&self.0).insert(key.clone(), Arc::new(held));
    }

    /// Returns the artifact of a source.
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Held>> {
        locked(&self.0).get(key).cloned()
    }

    /// Forgets the artifact of a source.
    pub(crate) fn forget(&self, key: &Key) {
        locked(&self.0).remove(key);
    }
}

/// Starts all controllers of Flux.
pub(crate) fn start_all(state: &Shared) {
    let artifacts = Arc::new(Artifacts::default());
    controllers::start(state, source::Sources::new(Arc::clone(&artifacts)));
    controllers::start(state, kustomization::Kustomizations::new(artifacts));
    for resource in standing::kinds() {
        controllers::start(state, standing::Standing::new(resource));
    }
}

/// Tells whether a change of an object asks its controller to work: it is new, its spec changed, somebody asked, or it goes.
pub(crate) fn asks(change: &Change) -> bool {
    let marks = |object: &Value| {
        let generation = json::number(object, "/metadata/generation");
        (generation, json::annotation(object, REQUESTED).map(str::to_owned), json::deleting(object))
    };
    change.previous.as_ref().is_none_or(|before| marks(before) != marks(&change.object))
}
