//! What all tasks of an engine share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::Time;
use domain::barred::Barred;
use domain::flux::ObjectKey;
use domain::ident::{ContextName, EnvironmentId};
use domain::safe::Safe;
use domain::voyage::Patience;
use domain::world::{GitView, World};
use store::Store;
use tokio::sync::{Notify, watch};

use crate::charts::Charts;
use crate::driven::Driven;
use crate::fleet::Fleet;
use crate::holds::Holds;
use crate::ids::Ids;
use crate::mishaps::Mishaps;
use crate::pace::{Clock, Pace};
use crate::repos::Repos;
use crate::served::Shelf;
use crate::tasks::{Tasks, guarded};
use crate::works::Works;

/// Holds what all tasks of an engine share.
pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) safe: Arc<dyn Safe>,
    pub(crate) fleet: Fleet,
    pub(crate) holds: Arc<Holds>,
    pub(crate) repos: Repos,
    pub(crate) contexts: Arc<Vec<ContextName>>,
    pub(crate) barred: Arc<Barred>,
    pub(crate) favourites: Mutex<Arc<Vec<ObjectKey>>>,
    pub(crate) current: Option<ContextName>,
    pub(crate) clock: Clock,
    pub(crate) patience: Patience,
    pub(crate) ids: Ids,
    pub(crate) pace: Pace,
    pub(crate) charts: Charts,
    pub(crate) served: Shelf,
    pub(crate) tasks: Tasks,
    pub(crate) mishaps: Mishaps,
    pub(crate) works: Arc<Works>,
    /// Rings when something outside the store may have changed the world.
    pub(crate) nudge: Arc<Notify>,
    pub(crate) world: watch::Sender<Arc<World>>,
    pub(crate) views: Mutex<BTreeMap<EnvironmentId, Arc<GitView>>>,
    pub(crate) driven: Arc<Driven>,
}

impl Core {
    /// Returns the present moment.
    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }

    /// Runs a task on its own; a panic in it becomes a mishap.
    pub(crate) fn spawn(self: &Arc<Self>, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let core = Arc::downgrade(self);
        self.tasks.spawn(async move {
            if let Err(trouble) = guarded(name, task).await
                && let Some(core) = core.upgrade()
            {
                core.mishaps.add(trouble);
            }
        });
    }
}
