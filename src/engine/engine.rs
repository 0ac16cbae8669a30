//! The engine itself: its parts, its start and its end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Trouble;
use domain::actor::Actor;
use domain::barred::Barred;
use domain::deployment::{Deployment, Status};
use domain::history::Brief;
use domain::ident::{ContextName, DeploymentId};
use domain::orders::{Order, Outcome};
use domain::query::{Answer, Query};
use domain::safe::Safe;
use domain::voyage::Patience;
use domain::world::World;
use store::Store;
use tokio::sync::{Notify, oneshot, watch};

use crate::charts::{Charts, Helm};
use crate::driven::Driven;
use crate::fleet::{Clusters, Fleet};
use crate::holds::Holds;
use crate::ids::Ids;
use crate::mishaps::Mishaps;
use crate::pace::{Clock, Pace};
use crate::repos::Repos;
use crate::served::Shelf;
use crate::shared::Core;
use crate::tasks::{Tasks, guarded};
use crate::works::Works;
use crate::{clusters, follow, gate, publish, queries, views};

/// Holds what an engine is made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Where sealed tokens and keys are.
    pub safe: Arc<dyn Safe>,
    /// The way to clusters.
    pub clusters: Clusters,
    /// The contexts that there are.
    pub contexts: Vec<ContextName>,
    /// Those in which no order is given.
    pub barred: Barred,
    /// The context that is watched even when no environment is in it.
    pub current: Option<ContextName>,
    /// The folder of the Git mirrors.
    pub git_root: PathBuf,
    /// The clock.
    pub clock: Clock,
    /// How patient deployments are.
    pub patience: Patience,
    /// Where identifiers come from.
    pub ids: Ids,
    /// How fast the engine works on its own.
    pub pace: Pace,
    /// Renders charts, where that can be done.
    pub helm: Option<Helm>,
}

/// Runs the engine while any clone of it lives.
#[derive(Clone)]
pub struct Engine {
    pub(crate) core: Arc<Core>,
    _keeper: Arc<Keeper>,
}

/// Stops the tasks with the last clone of the engine.
struct Keeper(Arc<Core>);

impl Drop for Keeper {
    fn drop(&mut self) {
        // Tasks first: one that saw its work cancelled would take that for a failure and write it down.
        self.0.tasks.stop();
        self.0.repos.stop();
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("seq", &self.core.world.borrow().seq).finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts an engine: watches clusters and repositories, takes up every deployment and promise that is not over.
    ///
    /// Must be called within a tokio runtime. The first world, with all that the store holds, is there at once.
    pub fn start(parts: Parts) -> Self {
        let nudge = Arc::new(Notify::new());
        let core = Arc::new(Core {
            holds: Arc::new(Holds::new(parts.pace.linger)),
            fleet: Fleet::new(parts.clusters, Arc::clone(&parts.clock)),
            repos: Repos::new(parts.git_root, Arc::clone(&parts.safe), Arc::clone(&parts.clock), Arc::clone(&nudge)),
            safe: parts.safe,
            contexts: Arc::new(parts.contexts),
            barred: Arc::new(parts.barred),
            // Lists that lack their favourites are no reason not to begin.
            favourites: Mutex::new(Arc::new(parts.store.favourites().load().unwrap_or_default())),
            current: parts.current,
            patience: parts.patience,
            ids: parts.ids,
            pace: parts.pace,
            charts: Charts::new(parts.helm),
            served: Shelf::default(),
            tasks: Tasks::new(),
            mishaps: Mishaps::new(Arc::clone(&parts.clock), Arc::clone(&nudge)),
            works: Arc::new(Works::new(Arc::clone(&nudge))),
            nudge,
            world: watch::Sender::new(Arc::default()),
            views: Mutex::default(),
            driven: Arc::new(Driven::default()),
            clock: parts.clock,
            store: parts.store,
        });
        publish::first(&core);
        core.spawn("the publisher", publish::run(Arc::clone(&core)));
        core.spawn("the cluster watcher", clusters::run(Arc::clone(&core)));
        core.spawn("the repository watcher", views::run(Arc::clone(&core)));
        core.spawn("the follower", follow::run(Arc::clone(&core)));
        Self { _keeper: Arc::new(Keeper(Arc::clone(&core))), core }
    }

    /// Returns the worlds as they are published.
    pub fn world(&self) -> watch::Receiver<Arc<World>> {
        self.core.world.subscribe()
    }

    /// Returns the newest world.
    pub fn now(&self) -> Arc<World> {
        Arc::clone(&self.core.world.borrow())
    }

    /// Answers a query. Dropping the future drops the question.
    pub async fn ask(&self, actor: &Actor, query: Query) -> Result<Answer, Trouble> {
        self.ask_with(actor, query, &|_| {}).await
    }

    /// Answers a query as [`Engine::ask`] does, and passes on what is found before the answer is complete.
    pub async fn ask_with(&self, actor: &Actor, query: Query, more: &(dyn Fn(Answer) + Send + Sync)) -> Result<Answer, Trouble> {
        Box::pin(guarded("a query", queries::answer(&self.core, actor, query, more))).await?
    }

    /// Carries out an order and returns what came of it. It goes on when the future is dropped.
    pub async fn give(&self, actor: &Actor, order: impl Into<Order>) -> Result<Outcome, Trouble> {
        let (tell, told) = oneshot::channel();
        let (core, actor, order) = (Arc::clone(&self.core), actor.clone(), order.into());
        let lost = Trouble::failed("The order was stopped", order.terms().object())
            .next("Look at the audit list; what was begun is taken up at the next start.");
        self.core.tasks.spawn(async move {
            let result = guarded("an order", Box::pin(gate::give(&core, actor, order))).await;
            let result = result.unwrap_or_else(|trouble| {
                core.mishaps.add(trouble.clone());
                Err(trouble)
            });
            // Nobody may be listening any more; the journal knows the outcome.
            drop(tell.send(result));
        });
        told.await.unwrap_or(Err(lost))
    }

    /// Waits until a deployment is over and returns it as it ended; after the time allowed a trouble says where it is.
    pub async fn wait_over(&self, id: &DeploymentId, allowed: Duration) -> Result<Arc<Deployment>, Trouble> {
        self.wait_until(id, allowed, Brief::is_over).await
    }

    /// Waits until a deployment is over or waits for a person (a manual sync), and returns it.
    pub async fn wait_settled(&self, id: &DeploymentId, allowed: Duration) -> Result<Arc<Deployment>, Trouble> {
        self.wait_until(id, allowed, |d| d.is_over() || d.status() == Status::Waiting).await
    }

    /// Returns the whole record of a deployment; that of an old one is read from the journal.
    pub async fn recall(&self, brief: &Brief) -> Result<Arc<Deployment>, Trouble> {
        self.core.recall(brief).await
    }

    /// Does what [`Engine::recall`] does for many of them, in their order.
    pub async fn recall_all(&self, briefs: Vec<Brief>) -> Result<Vec<Arc<Deployment>>, Trouble> {
        Ok(self.core.on_store("the journal", move |store| store.recall_all(&briefs)).await??)
    }

    /// Has the journal verified that opening took on the index's word; the world says how far that is.
    pub fn verify_behind(&self) -> Result<(), Trouble> {
        Ok(self.core.store.verify_behind()?)
    }

    /// Waits until a published world shows a deployment as wanted.
    pub async fn wait_until(
        &self,
        id: &DeploymentId,
        allowed: Duration,
        wanted: impl Fn(&Brief) -> bool,
    ) -> Result<Arc<Deployment>, Trouble> {
        let mut worlds = self.world();
        let seen = worlds.wait_for(|world| world.deployment(id).is_some_and(&wanted));
        let seen = tokio::time::timeout(allowed, seen).await.ok().and_then(Result::ok);
        if let Some(deployment) = seen.and_then(|world| world.deployment(id).cloned()) {
            return self.recall(&deployment).await;
        }
        let Some(deployment) = self.now().deployment(id).cloned() else {
            return Err(Trouble::not_found("There is no such deployment", id).next("See them all with history."));
        };
        let deployment = self.recall(&deployment).await?;
        let at = deployment.current().map_or("its end", domain::deployment::StageName::title);
        let detail = deployment.current().map_or("", |stage| deployment.stage(stage).detail.as_str());
        Err(Trouble::timed_out("The deployment is not through yet", id.short())
            .why(format!("it is at {at}: {detail}"))
            .next("It goes on; follow it."))
    }

    /// Looks at the Git host, now, and says in which state a deployment waits there for approval; nothing when it does not wait
    /// there, or not any more.
    pub async fn awaits(&self, id: &DeploymentId) -> Result<Option<String>, Trouble> {
        follow::propose::awaits(&self.core, id).await
    }

    /// Waits until this engine drives nothing more: every deployment is over, or another process has it.
    pub async fn settle(&self) {
        self.core.driven.settled().await;
    }

    /// Stops everything where it stands, as the end of the process would, and waits until it is quiet.
    pub async fn stop(&self) {
        self.core.tasks.stopped().await;
        self.core.repos.stop();
    }
}
