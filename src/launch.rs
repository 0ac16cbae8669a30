//! Puts the program together: reads the configuration and the environment, opens the store, and builds clusters, Git and engine.
//!
//! The only place that knows all rooms, and the only one that reads the environment and the clock.

use std::collections::BTreeSet;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cluster::{Connection, Kubeconfigs, Surroundings};
use domain::actor::{Actor, Authentication, Role};
use domain::history::Brief;
use domain::ident::{ContextName, EnvironmentId, Slug};
use domain::link::LinkState;
use domain::orders::{Order, Outcome};
use domain::project::{Environment, Project};
use domain::query::{Answer, Query};
use domain::voyage::Patience;
use domain::world::World;
use domain::{Time, Trouble};
use engine::{Clusters, Engine, Parts};
use safe::SafeFolder;
use store::Store;
use tokio::sync::watch;
use tracing_subscriber::filter::LevelFilter;

use crate::config::Config;
use crate::global::Global;
use crate::sealing;
use crate::sieve::Sieve;

/// How long the engine may take to come to rest.
const CLOSING: Duration = Duration::from_secs(5);
/// How long a subcommand waits for a cluster's first answer.
const FIRST_ANSWER: Duration = Duration::from_secs(15);

/// Holds what was said on the command line and in the environment.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The folder of store, mirrors and log.
    pub(crate) state: PathBuf,
    /// The kubeconfig files, in order.
    pub(crate) kubeconfigs: Vec<PathBuf>,
    /// The context that was asked for.
    pub(crate) context: Option<ContextName>,
    /// Whether every order is refused, by a flag.
    pub(crate) readonly: bool,
    /// How much is logged.
    pub(crate) log: String,
    /// What the configuration file says.
    pub(crate) config: Config,
}

impl Settings {
    /// Reads configuration and environment for what the command line leaves open.
    pub(crate) fn gather(global: &Global) -> Result<Self, Trouble> {
        Self::without(global, Config::gather(global)?)
    }

    /// Reads the environment for what command line and configuration leave open.
    pub(crate) fn without(global: &Global, config: Config) -> Result<Self, Trouble> {
        let state = match &global.state {
            Some(folder) => folder.clone(),
            None => directories::ProjectDirs::from("dev", "quarterdeck", "quarterdeck")
                .map(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned())
                .ok_or_else(|| {
                    Trouble::usage("There is no home folder to keep state in", "HOME")
                        .next("Set HOME, or name a folder with --state.")
                })?,
        };
        let kubeconfigs = match (&global.kubeconfig, std::env::var_os("KUBECONFIG").filter(|v| !v.is_empty())) {
            (Some(file), _) => {
                if !file.exists() {
                    return Err(Trouble::not_found("There is no such kubeconfig", file.display())
                        .next("Name a file that exists with --kubeconfig."));
                }
                vec![file.clone()]
            }
            (None, Some(list)) => std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect(),
            (None, None) => directories::BaseDirs::new().map(|d| d.home_dir().join(".kube/config")).into_iter().collect(),
        };
        let context = global.context.clone().or_else(|| config.context.clone()).map(ContextName);
        Ok(Self { state, kubeconfigs, context, readonly: global.readonly, log: global.log.clone(), config })
    }
}

/// How far the clock is from the machine's, in milliseconds; only the demo moves it.
static SHIFT: AtomicI64 = AtomicI64::new(0);

/// Returns the present moment.
pub(crate) fn now() -> Time {
    let machine = Time::now();
    Time::from_millisecond(machine.as_millisecond() + SHIFT.load(Ordering::Relaxed)).unwrap_or(machine)
}

/// Lets it be another moment from now on; the clock goes on from there.
pub(crate) fn begin_at(moment: Time) {
    SHIFT.store(moment.as_millisecond() - Time::now().as_millisecond(), Ordering::Relaxed);
}

/// Finds out who works here: the login from the system, name and address from Git's own configuration.
pub(crate) fn operator(readonly: bool) -> Actor {
    let login = ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|n| !n.is_empty())
        .unwrap_or_else(|| "operator".to_owned());
    let (name, email) = git::identity().unwrap_or_else(|| (login.clone(), format!("{login}@localhost")));
    let role = if readonly { Role::Viewer } else { Role::Admin };
    Actor { login, name, email, by: Authentication::Process, role }
}

/// Holds a running engine and who works with it.
pub(crate) struct Deck {
    /// The engine.
    pub(crate) engine: Engine,
    safe: Arc<SafeFolder>,
    /// The operator.
    pub(crate) actor: Actor,
    /// What the store had to say when it was opened.
    pub(crate) notices: Vec<String>,
    /// What the configuration file says.
    pub(crate) config: Config,
    /// Who refuses every order, in words; nobody when absent.
    readonly: Option<(String, &'static str)>,
    context: Result<ContextName, Trouble>,
}

/// Opens the store and starts an engine on the clusters of the kubeconfig.
pub(crate) fn deck(settings: &Settings) -> Result<Deck, Trouble> {
    let (store, notices) = open_store(&settings.state)?;
    let found = Kubeconfigs::read(&settings.kubeconfigs, surroundings());
    let (clusters, contexts, context) = match found {
        Ok(files) => {
            let contexts = files.contexts();
            let context = choose(settings.context.as_ref(), files.current().as_ref(), &contexts)?;
            (Clusters::of_kubeconfig(files), contexts, context)
        }
        Err(cluster::Error::NoKubeconfig { looked }) if settings.context.is_none() => {
            let trouble = Trouble::from(cluster::Error::NoKubeconfig { looked });
            (Clusters::fixed([]), Vec::new(), Err(trouble))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(deck_on(settings, (store, notices), clusters, contexts, context))
}

/// Reaches one cluster, without a store or an engine.
pub(crate) async fn connect(global: &Global, context: &str) -> Result<Connection, Trouble> {
    let settings = Settings::gather(global)?;
    let files = Kubeconfigs::read(&settings.kubeconfigs, surroundings())?;
    let context = choose(Some(&ContextName(context.to_owned())), None, &files.contexts())??;
    Ok(Connection::from_context(&files, &context).await?)
}

fn surroundings() -> Surroundings {
    Surroundings {
        proxies: domain::proxy::Proxies::read(|name| std::env::var(name).ok()),
        in_cluster: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some(),
    }
}

/// Starts an engine over an open store on clusters that are given.
pub(crate) fn deck_on(
    settings: &Settings,
    (store, notices): (Store, Vec<String>),
    clusters: Clusters,
    contexts: Vec<ContextName>,
    context: Result<ContextName, Trouble>,
) -> Deck {
    let safe = sealing::safe(&settings.state);
    let mut notices = notices;
    notices.extend(
        sealing::unlock(&safe, store.state().projects.values().map(|project| &**project)).iter().map(ToString::to_string),
    );
    let parts = Parts {
        store,
        safe: Arc::clone(&safe) as Arc<dyn domain::safe::Safe>,
        clusters,
        contexts,
        barred: settings.config.barred(),
        current: context.as_ref().ok().cloned(),
        git_root: settings.state.join("mirrors"),
        clock: Arc::new(now),
        patience: Patience::default(),
        ids: engine::ulids(),
        pace: engine::Pace::default(),
        helm: crate::helm::for_engine(search_path()),
    };
    let readonly = refuses(settings);
    let (actor, config) = (operator(readonly.is_some()), settings.config.clone());
    Deck { engine: Engine::start(parts), safe, actor, notices, config, readonly, context }
}

/// Says who refuses every order, wherever, and what to do about it; nothing where orders are taken.
fn refuses(settings: &Settings) -> Option<(String, &'static str)> {
    if settings.readonly {
        return Some(("--readonly forbids every one".to_owned(), "Leave --readonly out to give it."));
    }
    let config = &settings.config;
    config.readonly.then(|| (format!("{} forbids every one", config.named()), "Change the configuration to give it."))
}

/// Returns the contexts of the kubeconfig; none where it cannot be read.
pub(crate) fn contexts(settings: &Settings) -> Vec<ContextName> {
    Kubeconfigs::read(&settings.kubeconfigs, surroundings()).map(|files| files.contexts()).unwrap_or_default()
}

/// Reads the kubeconfig; says its contexts and which is meant.
pub(crate) fn kubeconfig(settings: &Settings) -> Result<(Vec<ContextName>, Result<ContextName, Trouble>), Trouble> {
    let files = Kubeconfigs::read(&settings.kubeconfigs, surroundings())?;
    let contexts = files.contexts();
    let context = choose(settings.context.as_ref(), files.current().as_ref(), &contexts)?;
    Ok((contexts, context))
}

/// Returns the PATH that programs are looked for on.
pub(crate) fn search_path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// Returns an environment variable that says something, in upper or lower case.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).or_else(|_| std::env::var(name.to_lowercase())).ok().filter(|v| !v.is_empty())
}

/// Opens the store and returns what it has to say.
pub(crate) fn open_store(state: &Path) -> Result<(Store, Vec<String>), Trouble> {
    let (store, notices) = Store::open(state)?;
    Ok((store, notices.iter().map(|n| n.trouble.to_string()).collect()))
}

fn choose(
    asked: Option<&ContextName>,
    current: Option<&ContextName>,
    contexts: &[ContextName],
) -> Result<Result<ContextName, Trouble>, Trouble> {
    let unknown = |name: &ContextName, how: &str| {
        let names: Vec<&str> = contexts.iter().map(|c| c.0.as_str()).collect();
        let next = if names.is_empty() {
            "There are no contexts: name the kubeconfig that has it with --kubeconfig.".to_owned()
        } else {
            format!("Choose one with --context: {}.", names.join(", "))
        };
        Trouble::not_found("There is no such context", format!("\u{201c}{name}\u{201d}")).why(how).next(next)
    };
    match (asked, current) {
        (Some(name), _) | (None, Some(name)) if contexts.contains(name) => Ok(Ok(name.clone())),
        (Some(name), _) => Err(unknown(name, "the kubeconfig does not know it")),
        (None, Some(name)) => Ok(Err(unknown(name, "the kubeconfig says it is the current one, but does not have it"))),
        (None, None) => {
            let names: Vec<&str> = contexts.iter().map(|c| c.0.as_str()).collect();
            let next = if names.is_empty() {
                "Name a kubeconfig that has one with --kubeconfig.".to_owned()
            } else {
                format!("Choose one with --context: {}.", names.join(", "))
            };
            Ok(Err(Trouble::usage("No context is chosen", "the kubeconfig names no current one").next(next)))
        }
    }
}

impl Deck {
    /// Returns the newest world.
    pub(crate) fn world(&self) -> Arc<World> {
        self.engine.now()
    }

    /// Returns the safe.
    pub(crate) fn safe(&self) -> &SafeFolder {
        &self.safe
    }

    /// Returns the worlds as they are published.
    pub(crate) fn worlds(&self) -> watch::Receiver<Arc<World>> {
        self.engine.world()
    }

    /// Answers a query.
    pub(crate) async fn ask(&self, query: Query) -> Result<Answer, Trouble> {
        self.engine.ask(&self.actor, query).await
    }

    /// Answers a query, and passes on what is found before the answer is complete.
    pub(crate) async fn ask_with(&self, query: Query, more: &(dyn Fn(Answer) + Send + Sync)) -> Result<Answer, Trouble> {
        self.engine.ask_with(&self.actor, query, more).await
    }

    /// Gives an order.
    pub(crate) async fn give(&self, order: Order) -> Result<Outcome, Trouble> {
        self.may_give(&order)?;
        self.engine.give(&self.actor, order).await
    }

    /// Refuses an order that would be refused anyhow, before anything is asked or written down.
    pub(crate) fn may_give(&self, order: &Order) -> Result<(), Trouble> {
        let object = order.terms().object();
        self.may(&object)?;
        self.world().barred.check(object, &self.contexts(order))
    }

    /// Returns the contexts in which an order changes something.
    pub(crate) fn contexts(&self, order: &Order) -> BTreeSet<ContextName> {
        let world = self.world();
        let environments: Vec<&Environment> = world.environments.iter().map(|environment| &**environment).collect();
        order.contexts(&environments)
    }

    /// Refuses where nothing may be ordered in a context, before anything is asked or written down.
    pub(crate) fn may_in(&self, object: impl std::fmt::Display, context: &ContextName) -> Result<(), Trouble> {
        self.may(&object)?;
        self.world().barred.check(object, [context])
    }

    /// Refuses where nothing may be ordered for an environment, before anything is asked or written down.
    pub(crate) fn may_for(&self, id: &EnvironmentId) -> Result<(), Trouble> {
        let known = self.world().environment(id).map(|environment| environment.cluster.clone());
        known.map_or_else(|| self.may(id), |context| self.may_in(id, &context))
    }

    /// Refuses where nothing may be ordered anywhere, before anything is asked or written down.
    pub(crate) fn may(&self, object: impl std::fmt::Display) -> Result<(), Trouble> {
        match &self.readonly {
            None => Ok(()),
            Some((why, next)) => Err(Trouble::refused("No order is given", object).why(why).next(*next)),
        }
    }

    /// Returns the context that commands go to.
    pub(crate) fn context(&self) -> Result<ContextName, Trouble> {
        self.context.clone()
    }

    /// Checks that a context exists.
    pub(crate) fn known_context(&self, name: &ContextName) -> Result<ContextName, Trouble> {
        choose(Some(name), None, &self.world().contexts)?
    }

    /// Returns a project by its slug.
    pub(crate) fn project(&self, slug: &str) -> Result<Project, Trouble> {
        let world = self.world();
        let found = world.projects.iter().find(|p| p.slug.as_str() == slug);
        found
            .map(|p| (**p).clone())
            .ok_or_else(|| Trouble::not_found("There is no such project", slug).next("List them with: quarterdeck get projects"))
    }

    /// Returns an environment by its names.
    pub(crate) fn environment(&self, project: &str, name: &str) -> Result<Environment, Trouble> {
        self.project(project)?;
        let id = EnvironmentId::new(Slug::new(project)?, Slug::new(name)?);
        self.world().environment(&id).map(|e| (**e).clone()).ok_or_else(|| {
            Trouble::not_found("There is no such environment", &id).next("List them with: quarterdeck get environments")
        })
    }

    /// Returns the one deployment whose id ends so.
    pub(crate) fn deployment(&self, text: &str) -> Result<Brief, Trouble> {
        let world = self.world();
        let found: Vec<_> = world.deployments.matching(text).collect();
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(Trouble::not_found("There is no such deployment", text).next("List them with: quarterdeck history")),
            several => Err(Trouble::usage("Several deployments end so", text)
                .why(format!("{} of them", several.len()))
                .next("Write more of the id.")),
        }
    }

    /// Waits until the lists of these kinds are complete.
    pub(crate) async fn listed(&self, context: &ContextName, kinds: &[&str]) -> Result<(), Trouble> {
        let mut worlds = self.worlds();
        let ready = worlds.wait_for(|world| {
            let cluster_fails = world.cluster_link(context).is_some_and(fails);
            cluster_fails || kinds.iter().all(|kind| world.kind_link(context, kind).is_some_and(settled))
        });
        let outcome = tokio::time::timeout(FIRST_ANSWER, ready).await.is_ok();
        let world = self.world();
        let mut links = kinds.iter().filter_map(|kind| world.kind_link(context, kind)).chain(world.cluster_link(context));
        match links.find_map(|state| complaint(context, state)) {
            Some(trouble) => Err(trouble),
            None if outcome => Ok(()),
            None => Err(Trouble::timed_out("The cluster did not answer in time", context)
                .next("Check that it can be reached, then try again.")),
        }
    }

    /// Waits, not for ever, until what is shown about environments has been heard of.
    pub(crate) async fn settle(&self, environments: &[Environment]) {
        const KINDS: [&str; 6] = ["Kustomization", "GitRepository", "Deployment", "StatefulSet", "DaemonSet", "Pod"];
        let mut worlds = self.worlds();
        let heard = worlds.wait_for(|world| {
            environments.iter().all(|e| {
                let gone = world.cluster_link(&e.cluster).is_some_and(fails);
                let cluster = gone || KINDS.iter().all(|kind| world.kind_link(&e.cluster, kind).is_some_and(settled));
                cluster && world.git_view(&e.id).is_some()
            })
        });
        drop(tokio::time::timeout(FIRST_ANSWER, heard).await);
    }

    /// Ends the engine where it stands; what is not over is taken up at the next start.
    pub(crate) async fn close(self) {
        // Nothing that has to last waits for this; a part that does not stop must not hold up the end.
        drop(tokio::time::timeout(CLOSING, self.engine.stop()).await);
    }
}

/// Tells whether nothing comes from a cluster until something is mended.
const fn fails(state: &LinkState) -> bool {
    state.is_stale() || matches!(state, LinkState::Forbidden { .. })
}

const fn settled(state: &LinkState) -> bool {
    !matches!(state, LinkState::Connecting | LinkState::Listing { .. })
}

fn complaint(context: &ContextName, state: &LinkState) -> Option<Trouble> {
    // What the watch says may already end in what to do.
    let advise = |trouble: Trouble, next: &str| if trouble.why.ends_with('.') { trouble } else { trouble.next(next) };
    match state {
        LinkState::Stale { why, .. } | LinkState::Unreached { why, .. } => {
            let trouble = Trouble::failed("The cluster cannot be read", context).why(why);
            Some(advise(trouble, "Check that it runs and can be reached, and the context's entry in the kubeconfig."))
        }
        LinkState::Unauthorized { why } => {
            let trouble = Trouble::refused("The cluster does not accept the credentials", context).why(why);
            Some(advise(trouble, "Log in again, or mend the context's user in the kubeconfig."))
        }
        LinkState::Forbidden { why } => {
            let trouble = Trouble::refused("The cluster does not show this to you", context).why(why);
            let role = domain::rights::advice(why);
            let next = role.as_deref().unwrap_or("Ask for a role that may list it, or choose another context with --context.");
            Some(advise(trouble, next))
        }
        _ => None,
    }
}

/// Makes the state folder and starts the log in it, never on the screen. A log that cannot be written is done without; returns why.
pub(crate) fn start_log(settings: &Settings) -> Result<Option<Trouble>, Trouble> {
    let level: LevelFilter = settings.log.parse().map_err(|_| {
        Trouble::usage("That is no log level", format!("\u{201c}{}\u{201d}", settings.log))
            .next("Choose error, warn, info, debug or trace.")
    })?;
    make_state_folder(&settings.state)?;
    let path = settings.state.join("quarterdeck.log");
    match std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path) {
        Ok(file) => {
            let started = tracing_subscriber::fmt()
                .with_max_level(level)
                .with_ansi(false)
                .with_writer(std::sync::Mutex::new(Sieve::new(file)))
                .try_init();
            drop(started);
            Ok(None)
        }
        Err(e) => Ok(Some(Trouble::failed("No log is written", path.display()).why(e).next("All else goes on."))),
    }
}

fn make_state_folder(state: &Path) -> Result<(), Trouble> {
    let failed = |why: &dyn std::fmt::Display| {
        Trouble::failed("The state folder cannot be used", state.display())
            .why(why)
            .next("Make it a folder that you may write, or name another with --state.")
    };
    match std::fs::metadata(state) {
        Ok(what) if what.is_dir() => Ok(()),
        Ok(_) => Err(failed(&"it is a file")),
        Err(_) => std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(|e| failed(&e)),
    }
}
