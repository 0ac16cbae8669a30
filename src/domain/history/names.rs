//! Texts that many deployments share, each kept once.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::actor::Actor;
use crate::ident::EnvironmentId;

/// Holds every environment, actor and text that packed deployments name.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    environments: HashSet<Arc<EnvironmentId>>,
    actors: HashSet<Arc<Actor>>,
    texts: HashSet<Arc<str>>,
}

impl Names {
    pub(super) fn environment(&mut self, id: &EnvironmentId) -> Arc<EnvironmentId> {
        kept(&mut self.environments, id, || Arc::new(id.clone()))
    }

    pub(super) fn actor(&mut self, actor: &Actor) -> Arc<Actor> {
        kept(&mut self.actors, actor, || Arc::new(actor.clone()))
    }

    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        kept(&mut self.texts, text, || Arc::from(text))
    }
}

fn kept<T: Eq + Hash + ?Sized>(set: &mut HashSet<Arc<T>>, value: &T, new: impl FnOnce() -> Arc<T>) -> Arc<T> {
    if let Some(known) = set.get(value) {
        return Arc::clone(known);
    }
    let new = new();
    set.insert(Arc::clone(&new));
    new
}
