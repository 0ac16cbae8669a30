//! The demo: the whole product on a simulated cluster and real local Git repositories, in one process and one folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cluster::Connection;
use domain::Trouble;
use domain::actor::Actor;
use domain::change::Draft;
use domain::edit::{Edit, Field};
use domain::flux::Health;
use domain::ident::ContextName;
use domain::orders::{Deploy, SaveEnvironment};
use domain::project::{Environment, EnvironmentType};
use engine::{Clusters, Engine};
use git::seed::commit_files;
use git::{Author, FileChange};
use sim::{Sim, SimConfig};

use crate::cli::DemoArgs;
use crate::config::Config;
use crate::console::Opening;
use crate::global::Global;
use crate::launch::{self, Settings};
use crate::{console, terminal};

use fleet::{APPLICATIONS, Application};

const CONTEXT: &str = "demo";
/// How many times faster the fleet gets to where it is to be found: what runs and what is broken is there before it is looked for.
const HASTE: f64 = 30.0;

macro_rules! manifests {
    ($app:literal, $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/", $app, "/", $path)))),*]
    };
}

mod course;
mod fleet;
mod history;
mod platform;
#[cfg(test)]
mod walk_tests;

/// The files of a repository: path and text.
type Manifests = &'static [(&'static str, &'static str)];

/// Runs the demo until its operator leaves; a folder that was not asked for is removed afterwards.
pub(crate) async fn run(global: &Global, arguments: &DemoArgs) -> Result<(), Trouble> {
    arguments.at.into_iter().for_each(launch::begin_at);
    let (folder, own) = if let Some(folder) = &arguments.folder {
        (folder.clone(), None)
    } else {
        // Of a name that nobody knows before, and open to nobody else: the folder of all such folders is everybody's.
        let made = tempfile::Builder::new().prefix("quarterdeck-demo-").tempdir();
        let own =
            made.map_err(|why| Trouble::failed("Could not make the demo's folder", std::env::temp_dir().display()).why(why))?;
        (own.path().to_owned(), Some(own))
    };
    let opening = if arguments.no_tour || arguments.at.is_some() { Opening::Plain } else { Opening::Tour };
    let done = play(global, &folder, (arguments.speed, opening)).await;
    // What cannot be removed lies in the system's folder for such things.
    drop(own);
    done
}

async fn play(global: &Global, folder: &Path, (speed, opening): (f64, Opening<'_>)) -> Result<(), Trouble> {
    let state = folder.join("state");
    let settings = Settings {
        state: state.clone(),
        kubeconfigs: Vec::new(),
        context: None,
        readonly: global.readonly,
        log: global.log.clone(),
        config: Config::gather(global)?,
    };
    if let Some(trouble) = launch::start_log(&settings)? {
        crate::cli::remark(&trouble);
    }
    terminal::catch_panics(&state);
    let (deck, sim, fleet, fresh) = stage(&settings, folder, speed)?;
    let cluster = Arc::clone(&sim);
    let sailing = tokio::spawn(async move { fleet.sail(&cluster, fresh).await });
    let done = console::show(&deck, opening).await.map(drop);
    sailing.abort();
    deck.close().await;
    drop(sim);
    done
}

/// Sets up everything that the demo runs on; what moves is still to be set going, and whether it is the first time.
fn stage(settings: &Settings, folder: &Path, speed: f64) -> Result<(launch::Deck, Arc<Sim>, Fleet, bool), Trouble> {
    let mut config = SimConfig::new(CONTEXT, Arc::new(launch::now), folder.join("cluster"));
    config.time_scale = speed * HASTE;
    let sim = Arc::new(Sim::start(&config));
    let context = ContextName::from(CONTEXT);
    let clusters = Clusters::fixed([Connection::from_service(context.clone(), sim.service())]);
    let (store, notices) = launch::open_store(&settings.state)?;
    let fresh = store.state().projects.is_empty();
    if fresh {
        // The past is there before the first frame, so that it opens on it; what moves comes while somebody looks.
        let records = history::past(&folder.join("git"), launch::now())?;
        store.commit(|_| Ok(records))?;
    }
    let deck = launch::deck_on(settings, (store, notices), clusters, vec![context.clone()], Ok(context));
    let fleet = Fleet { git: folder.join("git"), engine: deck.engine.clone(), actor: deck.actor.clone(), speed };
    Ok((deck, sim, fleet, fresh))
}

/// Sets up what there is to see today: applications under way in their environments, one behind Git, one that crashes.
struct Fleet {
    git: PathBuf,
    engine: Engine,
    actor: Actor,
    speed: f64,
}

impl Fleet {
    async fn sail(self, sim: &Sim, fresh: bool) {
        if let Err(trouble) = self.try_sail(sim, fresh).await {
            tracing::error!(%trouble, "the demo could not be set up");
        }
    }

    async fn try_sail(&self, sim: &Sim, fresh: bool) -> Result<(), Trouble> {
        // The cluster is a new one each time.
        for environment in self.engine.now().environments.iter() {
            let mut environment = (**environment).clone();
            environment.gitops.auto_sync = true;
            self.save(environment, true).await?;
        }
        self.platform(sim, fresh)?;
        let done = if fresh { self.broken().await } else { Ok(()) };
        sim.hasten(self.speed);
        done?;
        if fresh { self.today().await } else { Ok(()) }
    }

    /// Lets two deployments go wrong, and waits until it shows.
    async fn broken(&self) -> Result<(), Trouble> {
        let [shop, ledger, _] = &APPLICATIONS;
        let production = ledger.environment(EnvironmentType::Production)?;
        self.until(&production, &[Health::Ok]).await;
        self.deploy(ledger, EnvironmentType::Production, "5.5.0-crash", &history::person(0)).await?;
        self.until(&shop.environment(EnvironmentType::Testing)?, &[Health::Ok]).await;
        self.deploy(shop, EnvironmentType::Testing, "1.9.0-rc2-missing", &history::person(3)).await?;
        self.until(&production, &[Health::Bad]).await;
        Ok(())
    }

    /// Lets things happen: one environment falls behind Git, rollouts begin, and others commit as well.
    async fn today(&self) -> Result<(), Trouble> {
        let [shop, _, beacon] = &APPLICATIONS;
        self.commit(beacon, EnvironmentType::Development, "3.3.2", ("Update beacon to 3.3.2\n", &automation()))?;
        let mut production = shop.environment(EnvironmentType::Production)?;
        self.until(&production, &[Health::Ok, Health::Bad]).await;
        // Auto sync is off from here, so that what Git says from now on waits for a person.
        production.gitops.auto_sync = false;
        self.save(production, false).await?;
        let mira = history::author(&history::person(1));
        self.commit(shop, EnvironmentType::Production, "1.8.4", ("Deploy shop 1.8.4 to production\n", &mira))?;
        self.deploy(shop, EnvironmentType::Development, "1.9.0-rc3", &self.actor).await?;
        self.deploy(shop, EnvironmentType::Staging, "1.9.0-rc2-slow", &history::person(2)).await
    }

    async fn save(&self, environment: Environment, create_objects: bool) -> Result<(), Trouble> {
        let order = SaveEnvironment { environment, new: false, create_objects, setup: None };
        self.engine.give(&self.actor, order).await.map(drop)
    }

    /// Commits another tag beside the console, as somebody else would.
    fn commit(
        &self,
        application: &Application,
        kind: EnvironmentType,
        tag: &str,
        (message, by): (&str, &Author),
    ) -> Result<(), Trouble> {
        let file = fleet::overlay(kind);
        let text = history::tagged(application.text(&file), tag);
        let path = self.git.join(format!("{}.git", application.slug));
        let change = FileChange::write(file, text);
        commit_files(&path, kind.branch(), &[change], (message, by, launch::now()))?;
        Ok(())
    }

    /// Waits until an environment with a workload is in one of these states; the demo goes on without it after a while.
    async fn until(&self, environment: &Environment, states: &[Health]) {
        let mut worlds = self.engine.world();
        let runs = worlds.wait_for(|world| {
            !world.workloads_of(environment).is_empty() && states.contains(&world.environment_health(environment).0)
        });
        drop(tokio::time::timeout(Duration::from_secs(30), runs).await);
    }

    async fn deploy(&self, application: &Application, kind: EnvironmentType, tag: &str, by: &Actor) -> Result<(), Trouble> {
        let mut draft = Draft::new(application.environment(kind)?.id);
        draft.workload = Some(application.workload());
        draft.edits.push(Edit::set(Field::ImageTag, tag));
        self.engine.give(by, Deploy { draft, reviewed: None, dry_run: false }).await.map(drop)
    }
}

fn automation() -> Author {
    let (name, email) = history::AUTOMATION;
    Author { name: name.to_owned(), email: email.to_owned() }
}
