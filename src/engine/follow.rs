//! Following: every deployment and every promise that is not over is driven to its end, by exactly one process.
//!
//! What a deployment does next is decided by `domain::voyage`; here is only who does it and when.

mod ancestry;
mod drive;
pub(crate) mod land;
pub(crate) mod manual;
mod observe;
pub(crate) mod promise;
pub(crate) mod propose;

use std::sync::Arc;

use domain::Trouble;
use domain::ident::DeploymentId;
use store::Lease;

use crate::driven::Place;
use crate::shared::Core;

pub(crate) use drive::{drive, fail};

/// Returns the name of the lease for driving a deployment.
pub(crate) fn lease_of(id: &DeploymentId) -> String {
    format!("deployment-{id}")
}

/// Does work again until it succeeds, while its lease is held; each failure is told. Without the lease there is a pause, and
/// whoever looks next tries again.
async fn under_lease<Work>(core: &Core, place: &mut Place, lease: Result<Lease, Trouble>, work: impl Fn() -> Work)
where
    Work: Future<Output = Result<(), Trouble>>,
{
    let _lease = match lease {
        Ok(lease) => lease,
        Err(trouble) => {
            core.mishaps.add(trouble);
            return tokio::time::sleep(core.pace.pause(4)).await;
        }
    };
    place.driving();
    let mut failures = 0;
    while let Err(trouble) = work().await {
        core.mishaps.add(trouble);
        tokio::time::sleep(core.pace.pause(failures)).await;
        failures += 1;
    }
}

/// Takes up whatever is not over, now and whenever something new appears or somebody gave it back unfinished.
pub(crate) async fn run(core: Arc<Core>) {
    let mut worlds = core.world.subscribe();
    loop {
        // What is started while everything is being stopped is dropped at once and gives its place back, which rings here:
        // without this the loop would take and lose the same place for ever, and nobody could end it.
        if core.tasks.is_stopped() {
            return;
        }
        let world = Arc::clone(&worlds.borrow_and_update());
        // The world lags a moment behind the store; what is over there needs nobody.
        let state = core.store.state();
        let open = |id: &DeploymentId| state.deployments.get(id).is_some_and(|d| !d.is_over());
        for deployment in world.deployments.open().filter(|d| open(&d.id)) {
            if let Some(place) = Place::take(&core.driven, lease_of(&deployment.id)) {
                core.spawn("following a deployment", drive(Arc::clone(&core), deployment.id.clone(), place, None));
            }
        }
        for id in state.promises.keys() {
            if let Some(place) = Place::take(&core.driven, promise::lease_of(id)) {
                core.spawn("keeping a promise", promise::keep(Arc::clone(&core), id.clone(), place));
            }
        }
        tokio::select! {
            changed = worlds.changed() => if changed.is_err() { return },
            () = core.driven.freed.notified() => {}
        }
        // Whoever stops us must get a turn, also when places are given back as fast as they are taken.
        tokio::task::yield_now().await;
    }
}
