//! Driving one deployment: look at the world, let the voyage step, carry out what it wants, wait for the next change.

use std::sync::Arc;
use std::time::Duration;

use cluster::act::LogQuery;
use domain::deployment::{Deployment, Method, StageName, StageState, Status};
use domain::flux::ObjectKey;
use domain::ident::DeploymentId;
use domain::journal::{Change, Phase};
use domain::project::Environment;
use domain::voyage::{GitSeen, Voyage, Want};
use domain::why::Cause;
use domain::world::World;
use domain::{Time, Trouble};
use store::Lease;
use tokio::sync::watch;
use tokio::time::Instant;

use super::ancestry::Ancestors;
use super::observe::{Known, by_hand, commits, observe, releases, workloads};
use super::propose::Lookout;
use super::{land, manual};
use crate::causes::explained;
use crate::driven::Place;
use crate::pace::Steady;
use crate::scene::Scene;
use crate::scribe::Scribe;
use crate::shared::Core;

/// How many lines of a crashed container's log are read.
const LOG_LINES: u32 = 20;

/// Drives a deployment to its end; waits for its lease when another process has it.
pub(crate) async fn drive(core: Arc<Core>, id: DeploymentId, mut place: Place, lease: Option<Lease>) {
    let lease = match lease {
        Some(lease) => Ok(lease),
        None => core.lease(place.name()).await,
    };
    super::under_lease(&core, &mut place, lease, || sail(&core, &id)).await;
}

/// Holds a voyage under way and what is owed to it.
struct Sailing {
    scene: Scene,
    voyage: Voyage,
    known: Known,
    ancestors: Option<Ancestors>,
    /// What is known of the branches of a change that waits for approval.
    lookout: Lookout,
    /// Whether the source is still to be asked to reconcile, because asking failed.
    owes_source: bool,
    wake: Option<Time>,
    steady: Steady,
    /// Whether to try again soon, because the cluster did not do what was asked.
    soon: bool,
    /// When that is. News from the cluster do not put it off.
    retry: Option<Instant>,
    /// How often in a row that was so.
    tries: u32,
}

async fn sail(core: &Arc<Core>, id: &DeploymentId) -> Result<(), Trouble> {
    core.refresh().await?;
    // What is not over is held whole.
    let Some(deployment) = core.store.state().deployments.get(id).and_then(|d| d.whole().cloned()) else { return Ok(()) };
    if deployment.status.is_over() {
        return Ok(());
    }
    let deployment = (*deployment).clone();
    let scene = match core.scene(&deployment.environment) {
        Ok(scene) => scene,
        Err(trouble) => return give_up(core, deployment, trouble).await,
    };
    let voyage = Voyage::new(deployment, core.patience);
    let mut sailing = Sailing {
        scene,
        voyage,
        known: Known::default(),
        ancestors: None,
        lookout: Lookout::default(),
        owes_source: false,
        wake: None,
        steady: Steady::new(core.now()),
        soon: false,
        retry: None,
        tries: 0,
    };
    sailing.commit(core).await?;
    if sailing.voyage.deployment.method == Method::Manual {
        manual::take_up(core, &sailing.scene, &mut sailing.voyage.deployment).await?;
    }
    let mut worlds = core.world.subscribe();
    loop {
        let world = Arc::clone(&worlds.borrow_and_update());
        if sailing.step(core, &world).await? {
            return Ok(());
        }
        sailing.rest(core, &mut worlds).await;
    }
}

impl Sailing {
    /// Makes sure that it is known what became of the commit.
    async fn commit(&mut self, core: &Arc<Core>) -> Result<(), Trouble> {
        if !self.voyage.deployment.stage(StageName::Commit).is_through() {
            self.known.git = land::take_up(core, &self.scene, &mut self.voyage.deployment).await?;
        }
        self.ancestors = self.voyage.deployment.commit.clone().map(Ancestors::of);
        Ok(())
    }

    /// Steps until nothing more is wanted now; returns whether it is over.
    async fn step(&mut self, core: &Arc<Core>, world: &World) -> Result<bool, Trouble> {
        let environment = world.environment(&self.voyage.deployment.environment).unwrap_or(&self.scene.environment);
        let environment = Arc::clone(environment);
        if matches!(self.known.git, GitSeen::Waits(_)) {
            self.known.git = self.lookout.look(core, &self.scene, &mut self.voyage.deployment).await;
            // What arrived is what is followed, whatever its commit is called.
            self.ancestors = self.voyage.deployment.commit.clone().map(Ancestors::of);
        }
        self.soon = false;
        if let Some(ancestors) = &mut self.ancestors {
            self.known.ancestry =
                ancestors.of_all(&self.scene.repo, &commits(world, &environment, &self.voyage.deployment)).await;
            self.soon = ancestors.lacks();
        }
        if self.owes_source {
            self.reconcile_source(core, &environment).await;
        }
        loop {
            let seen = observe(world, &environment, &self.voyage.deployment, &self.known);
            let now = core.now();
            self.voyage.jumped(self.steady.jump(now));
            let wants = self.voyage.step(now, &seen);
            self.wake = None;
            let mut again = false;
            for want in wants {
                match want {
                    Want::Persist => persist(core, &self.voyage.deployment).await?,
                    Want::ReconcileSource => self.reconcile_source(core, &environment).await,
                    Want::Look => again |= self.look(core, world, &environment).await,
                    Want::Log { pod, container } => {
                        self.known.log = Some(log(core, &environment, &pod, &container).await);
                        again = true;
                    }
                    Want::Why => {
                        self.known.why = Some(causes(core, &environment, &self.voyage.deployment).await);
                        again = true;
                    }
                    Want::WakeAt(at) => self.wake = Some(self.wake.map_or(at, |wake| wake.min(at))),
                    Want::Over => {
                        land::settle_draft(core, &self.voyage.deployment).await;
                        return Ok(true);
                    }
                }
            }
            if !again {
                return Ok(false);
            }
        }
    }

    async fn reconcile_source(&mut self, core: &Core, environment: &Environment) {
        let name = &environment.gitops.source;
        let key = ObjectKey::new(&environment.cluster, "GitRepository", &name.namespace, &name.name);
        let asked = core.fleet.reconcile(&key, false).await;
        let owed = std::mem::replace(&mut self.owes_source, asked.is_err());
        self.soon |= self.owes_source;
        // It is not fatal, the source comes by itself at its interval; but somebody should know.
        if let Err(trouble) = asked
            && !owed
        {
            core.mishaps.add(trouble);
        }
    }

    /// Reads the workloads afresh; returns whether something new is known.
    async fn look(&mut self, core: &Core, world: &World, environment: &Environment) -> bool {
        if self.known.looked.is_some() {
            // It was looked already; the watch does not show all of it yet.
            return false;
        }
        let releases = releases(world, environment, &self.voyage.deployment);
        let Ok(fresh) = core.fleet.release_generations(&releases).await else {
            self.soon = true;
            return false;
        };
        let Ok(generations) = core.fleet.generations(&workloads(world, environment, &self.voyage.deployment)).await else {
            self.soon = true;
            return false;
        };
        (self.known.looked, self.known.releases) = (Some(generations), fresh);
        true
    }

    /// Waits for another world, for the moment that the voyage named, or a little when something did not come about.
    async fn rest(&mut self, core: &Core, worlds: &mut watch::Receiver<Arc<World>>) {
        let until = self.wake.map(|at| {
            let left = at.as_millisecond() - core.now().as_millisecond();
            // A clock that stands still must not make this loop spin.
            Duration::from_millis(u64::try_from(left).unwrap_or(0).max(10))
        });
        if self.soon {
            self.retry = self.retry.or_else(|| Some(Instant::now() + core.pace.pause(self.tries)));
        } else {
            (self.retry, self.tries) = (None, 0);
        }
        // Nobody tells when something happens to the branch of its own.
        let poll = matches!(self.known.git, GitSeen::Waits(_)).then_some(core.pace.git_poll);
        let until = until.into_iter().chain(poll).min().map(|left| Instant::now() + left);
        let until = until.into_iter().chain(self.retry).min();
        let timer = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = worlds.changed() => {}
            () = self.lookout.news() => {}
            () = timer => {}
        }
        if self.retry.is_some_and(|at| at <= Instant::now()) {
            (self.retry, self.tries) = (None, self.tries + 1);
            if let Some(ancestors) = &mut self.ancestors {
                ancestors.again();
            }
        }
    }
}

/// Writes the deployment's record down.
pub(super) async fn persist(core: &Arc<Core>, deployment: &Deployment) -> Result<(), Trouble> {
    let detail = match (deployment.current(), deployment.status) {
        (_, Status::Superseded) => "superseded".to_owned(),
        (None, _) => "succeeded".to_owned(),
        (Some(name), _) => match &deployment.stage(name).state {
            StageState::Failed { trouble } => format!("{}: {trouble}", name.title()),
            _ if deployment.stage(name).detail.is_empty() => format!("{} begins", name.title()),
            _ => format!("{}: {}", name.title(), deployment.stage(name).detail),
        },
    };
    let scribe = Scribe::of_system(core, "deployment.step", &deployment.environment);
    scribe.write(Phase::Done, detail, Some(Change::Deployment(Box::new(deployment.clone())))).await
}

/// Ends a deployment whose environment or project is gone.
async fn give_up(core: &Arc<Core>, mut deployment: Deployment, trouble: Trouble) -> Result<(), Trouble> {
    let now = core.now();
    if let Some(name) = deployment.current() {
        fail(&mut deployment, name, now, trouble);
    }
    persist(core, &deployment).await
}

/// Fails a stage and with it the deployment.
pub(crate) fn fail(deployment: &mut Deployment, name: StageName, now: Time, trouble: Trouble) {
    let stage = deployment.stage_mut(name);
    stage.started = stage.started.or(Some(now));
    stage.ended = Some(now);
    stage.state = StageState::Failed { trouble };
    deployment.status = Status::Failed;
    deployment.finished = Some(now);
}

/// Looks for what keeps a deployment: along its Kustomization, or its workloads where it was applied by hand. What could not be
/// read leaves it without causes, and the stage speaks for itself.
async fn causes(core: &Arc<Core>, environment: &Environment, deployment: &Deployment) -> Vec<Cause> {
    let name = &environment.gitops.kustomization;
    let keys = match deployment.method {
        Method::Manual => by_hand(environment, deployment),
        _ => vec![ObjectKey::new(&environment.cluster, "Kustomization", &name.namespace, &name.name)],
    };
    let mut all = Vec::new();
    for key in keys {
        all.extend(Box::pin(explained(core, key)).await.map(|found| found.causes).unwrap_or_default());
    }
    all
}

/// Reads the last lines of a crashed container: of its previous run, else of the present one.
async fn log(core: &Core, environment: &Environment, pod: &str, container: &str) -> Vec<String> {
    let key = ObjectKey::new(&environment.cluster, "Pod", &environment.namespace, pod);
    for previous in [true, false] {
        let container = Some(container.to_owned()).filter(|name| !name.is_empty());
        let query = LogQuery { pod: key.clone(), container, previous, tail: LOG_LINES };
        if let Ok(lines) = core.fleet.logs(&query).await
            && !lines.is_empty()
        {
            return lines;
        }
    }
    Vec::new()
}
