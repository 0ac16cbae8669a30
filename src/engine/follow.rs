//! Following: every deployment and every promise that is not over is driven to its end, by exactly one process.
//!
//! What a deployment does next is decided by `domain::voyage`; here is only who does it and when.

mod ancestry;
mod drive;
pub(crate) mod land;
mod observe;
pub(crate) mod promise;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use domain::ident::DeploymentId;
use tokio::sync::{Notify, watch};

use crate::engine::Core;
use crate::tasks::open;

pub(crate) use drive::{drive, fail};

/// Remembers what this process drives or waits to take over.
pub(crate) struct Driven {
    taken: Mutex<BTreeSet<String>>,
    driving: watch::Sender<usize>,
    /// Rings when a place is given back.
    freed: Notify,
}

impl Default for Driven {
    fn default() -> Self {
        Self { taken: Mutex::default(), driving: watch::Sender::new(0), freed: Notify::new() }
    }
}

/// Holds a place among what is driven; gives it back when dropped.
pub(crate) struct Place {
    core: Arc<Core>,
    name: String,
    driving: bool,
}

impl Driven {
    /// Waits until nothing is driven here.
    pub(crate) async fn settled(&self) {
        let mut driving = self.driving.subscribe();
        // The sender lives as long as we do.
        drop(driving.wait_for(|count| *count == 0).await);
    }
}

impl Place {
    /// Takes the place of that name, unless somebody in this process has it.
    pub(crate) fn take(core: &Arc<Core>, name: String) -> Option<Self> {
        open(&core.driven.taken).insert(name.clone()).then(|| Self { core: Arc::clone(core), name, driving: false })
    }

    /// Returns the name, which is the name of the lease too.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Notes that it is really driven here from now on.
    pub(crate) fn driving(&mut self) {
        if !std::mem::replace(&mut self.driving, true) {
            self.core.driven.driving.send_modify(|count| *count += 1);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        open(&self.core.driven.taken).remove(&self.name);
        if self.driving {
            self.core.driven.driving.send_modify(|count| *count = count.saturating_sub(1));
        }
        self.core.driven.freed.notify_one();
    }
}

/// Returns the name of the lease for driving a deployment.
pub(crate) fn lease_of(id: &DeploymentId) -> String {
    format!("deployment-{id}")
}

/// Takes up whatever is not over, now and whenever something new appears or somebody gave it back unfinished.
pub(crate) async fn run(core: Arc<Core>) {
    let mut worlds = core.world.subscribe();
    loop {
        let world = Arc::clone(&worlds.borrow_and_update());
        // The world lags a moment behind the store; what is over there needs nobody.
        let state = core.store.state();
        let open = |id: &DeploymentId| state.deployments.get(id).is_some_and(|d| !d.status.is_over());
        for deployment in world.deployments.iter().filter(|d| !d.status.is_over() && open(&d.id)) {
            if let Some(place) = Place::take(&core, lease_of(&deployment.id)) {
                core.spawn("following a deployment", drive(Arc::clone(&core), deployment.id.clone(), place, None));
            }
        }
        for id in state.promises.keys() {
            if let Some(place) = Place::take(&core, promise::lease_of(id)) {
                core.spawn("keeping a promise", promise::keep(Arc::clone(&core), id.clone(), place));
            }
        }
        tokio::select! {
            changed = worlds.changed() => if changed.is_err() { return },
            () = core.driven.freed.notified() => {}
        }
    }
}
