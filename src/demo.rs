//! The demo: the whole product on a simulated cluster and real local Git repositories, in one process and one folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cluster::Connection;
use domain::change::Draft;
use domain::edit::{Edit, Field, WorkloadRef};
use domain::flux::Health;
use domain::ident::{ContextName, EnvironmentId, Slug};
use domain::orders::{Deploy, SaveEnvironment, SaveProject};
use domain::project::{ApprovalRule, Credential, Environment, EnvironmentType, Project, Provider, Repository};
use domain::{Time, Trouble};
use engine::{Clusters, Engine};
use git::seed::{commit_files, init_bare};
use git::{Author, FileChange};
use sim::{Sim, SimConfig};

use crate::cli::DemoArgs;
use crate::global::Global;
use crate::launch::{self, Settings};
use crate::{console, terminal};

const CONTEXT: &str = "demo";

macro_rules! manifests {
    ($app:literal, $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/", $app, "/", $path)))),*]
    };
}

mod platform;

/// The files of a repository: path and text.
type Manifests = &'static [(&'static str, &'static str)];

const SHOP: Manifests = manifests!(
    "shop",
    "k8s/base/kustomization.yaml",
    "k8s/base/cache.yaml",
    "k8s/base/ingress.yaml",
    "k8s/base/service.yaml",
    "k8s/base/web.yaml",
    "k8s/base/worker.yaml",
    "k8s/overlays/development/kustomization.yaml",
    "k8s/overlays/production/kustomization.yaml",
    "k8s/overlays/production/report.yaml",
    "k8s/overlays/staging/kustomization.yaml",
);

const LEDGER: Manifests = manifests!(
    "ledger",
    "k8s/base/kustomization.yaml",
    "k8s/base/ledger.yaml",
    "k8s/overlays/development/kustomization.yaml",
    "k8s/overlays/production/kustomization.yaml",
);

/// Runs the demo until its operator leaves; a folder that was not asked for is removed afterwards.
pub(crate) async fn run(global: &Global, arguments: &DemoArgs) -> Result<(), Trouble> {
    let own = arguments.folder.is_none();
    let folder =
        arguments.folder.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("quarterdeck-demo-{}", std::process::id())));
    let done = play(global, &folder, arguments.speed).await;
    if own {
        // What cannot be removed lies in the system's folder for such things.
        drop(std::fs::remove_dir_all(&folder));
    }
    done
}

async fn play(global: &Global, folder: &Path, speed: f64) -> Result<(), Trouble> {
    let state = folder.join("state");
    let settings = Settings {
        state: state.clone(),
        kubeconfigs: Vec::new(),
        context: None,
        readonly: global.readonly,
        log: global.log.clone(),
    };
    if let Some(trouble) = launch::start_log(&settings)? {
        crate::cli::remark(&trouble);
    }
    terminal::catch_panics(&state);
    let mut config = SimConfig::new(CONTEXT, Arc::new(launch::now), folder.join("cluster"));
    config.time_scale = speed;
    let sim = Sim::start(&config);
    let context = ContextName::from(CONTEXT);
    let clusters = Clusters::fixed([Connection::from_service(context.clone(), sim.service())]);
    let deck = launch::deck_on(&settings, clusters, vec![context.clone()], Ok(context))?;
    let fleet = Fleet { git: folder.join("git"), engine: deck.engine.clone(), actor: deck.actor.clone() };
    let sailing = if deck.world().projects.is_empty() {
        // The records are there before the first frame, so that it opens on them; what moves comes while somebody looks.
        let production = fleet.found().await?;
        fleet.platform(&sim)?;
        Some(tokio::spawn(async move { fleet.sail(production).await }))
    } else {
        None
    };
    let done = console::show(&deck).await;
    if let Some(sailing) = sailing {
        sailing.abort();
    }
    deck.close().await;
    drop(sim);
    done
}

/// Sets up what there is to see: two applications in five environments, one behind Git, one that crashes.
struct Fleet {
    git: PathBuf,
    engine: Engine,
    actor: domain::actor::Actor,
}

impl Fleet {
    /// Makes repositories, projects and environments; returns the environment that is to fall behind.
    async fn found(&self) -> Result<Environment, Trouble> {
        let hours = |n: i64| at(n * 3600);
        let shop = self.repository("shop", SHOP, hours(26))?;
        let ledger = self.repository("ledger", LEDGER, hours(50))?;
        self.project("shop", "Shop", "The storefront and its worker", &shop).await?;
        self.project("ledger", "Ledger", "Double-entry bookkeeping", &ledger).await?;
        let production = self.environment("shop", EnvironmentType::Production).await?;
        self.environment("shop", EnvironmentType::Staging).await?;
        self.environment("shop", EnvironmentType::Development).await?;
        self.environment("ledger", EnvironmentType::Production).await?;
        self.environment("ledger", EnvironmentType::Development).await?;
        Ok(production)
    }

    async fn sail(self, production: Environment) {
        if let Err(trouble) = self.try_sail(production).await {
            tracing::error!(%trouble, "the demo could not be set up");
        }
    }

    /// Lets one environment fall behind Git and starts two rollouts.
    async fn try_sail(&self, production: Environment) -> Result<(), Trouble> {
        self.ready(&production).await;
        self.hold_back(production).await?;
        let path = self.git.join("shop.git");
        let overlay = "k8s/overlays/production/kustomization.yaml";
        let text = SHOP.iter().find(|(p, _)| *p == overlay).map_or("", |(_, t)| t).replace("1.8.3", "1.8.4");
        let by = author("Mira Lind", "mira@acme.example");
        let message = "Deploy shop 1.8.4 to production\n";
        commit_files(&path, "main", &[FileChange::write(overlay, text)], (message, &by, at(2 * 3600)))?;
        self.deploy("shop/development", Edit::set(Field::ImageTag, "1.9.0-rc3")).await?;
        self.deploy("shop/staging", Edit::set(Field::ImageTag, "1.9.0-rc2-slow")).await
    }

    fn repository(&self, name: &str, files: Manifests, time: Time) -> Result<String, Trouble> {
        let path = self.git.join(format!("{name}.git"));
        std::fs::create_dir_all(&self.git)
            .map_err(|e| Trouble::failed("Could not make the demo's folder", self.git.display()).why(e))?;
        init_bare(&path, "main")?;
        let changes: Vec<FileChange> = files.iter().map(|(path, text)| FileChange::write(*path, *text)).collect();
        let by = author("Jonas Frei", "jonas@acme.example");
        for branch in ["main", "staging", "develop"] {
            commit_files(&path, branch, &changes, ("Begin\n", &by, time))?;
        }
        Ok(format!("file://{}", path.display()))
    }

    async fn project(&self, slug: &str, name: &str, description: &str, url: &str) -> Result<(), Trouble> {
        let project = Project {
            slug: Slug::new(slug)?,
            name: name.to_owned(),
            description: description.to_owned(),
            organization: "acme".to_owned(),
            repository: Repository {
                provider: Provider::Git,
                url: url.to_owned(),
                default_branch: "main".to_owned(),
                credential: Credential::None,
            },
        };
        self.engine.give(&self.actor, SaveProject { project, new: true }).await.map(drop)
    }

    async fn environment(&self, project: &str, kind: EnvironmentType) -> Result<Environment, Trouble> {
        let id = EnvironmentId::new(Slug::new(project)?, Slug::new(kind.word())?);
        let mut environment = Environment::with_defaults(id, kind, ContextName::from(CONTEXT));
        environment.approval = ApprovalRule::default();
        environment.gitops.auto_sync = true;
        environment.workload = (project == "shop").then(storefront);
        "on-premises".clone_into(&mut environment.cloud);
        let order = SaveEnvironment { environment: environment.clone(), new: true, create_objects: true, setup: None };
        self.engine.give(&self.actor, order).await?;
        Ok(environment)
    }

    /// Waits until an environment runs; the demo goes on without it after a while.
    async fn ready(&self, environment: &Environment) {
        let mut worlds = self.engine.world();
        let runs = worlds.wait_for(|world| {
            !world.workloads_of(environment).is_empty()
                && matches!(world.environment_health(environment).0, Health::Ok | Health::Bad)
        });
        drop(tokio::time::timeout(Duration::from_secs(30), runs).await);
    }

    /// Switches auto sync off, so that what Git says from now on waits for a person.
    async fn hold_back(&self, mut environment: Environment) -> Result<(), Trouble> {
        environment.gitops.auto_sync = false;
        self.engine
            .give(&self.actor, SaveEnvironment { environment, new: false, create_objects: false, setup: None })
            .await
            .map(drop)
    }

    async fn deploy(&self, environment: &str, edit: Edit) -> Result<(), Trouble> {
        let mut draft = Draft::new(environment.parse()?);
        draft.workload = Some(storefront());
        draft.edits.push(edit);
        self.engine.give(&self.actor, Deploy { draft, reviewed: None, dry_run: false }).await.map(drop)
    }
}

/// Returns the workload of the shop that is deployed most.
fn storefront() -> WorkloadRef {
    WorkloadRef { kind: "Deployment".to_owned(), name: "shop-web".to_owned() }
}

fn author(name: &str, email: &str) -> Author {
    Author { name: name.to_owned(), email: email.to_owned() }
}

/// Returns the moment so many seconds ago.
fn at(ago: i64) -> Time {
    let now = launch::now();
    Time::from_second(now.as_second() - ago).unwrap_or(now)
}
