//! What scenarios run on: a simulated cluster, a bare repository with a base and two overlays, a store's folder.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use domain::Time;
use domain::actor::{Actor, Authentication, Role};
use domain::history::Brief;
use domain::ident::{ContextName, DeploymentId, EnvironmentId, Slug};
use domain::orders::{SaveEnvironment, SaveProject};
use domain::project::{Credential, Environment, EnvironmentType, Project, Provider, Repository};
use domain::revision::CommitId;
use domain::voyage::Patience;
use domain::world::World;
use git::{Author, FileChange, seed};
use tempfile::TempDir;

use crate::{Clusters, Engine, Pace, Parts, ulids};

/// Longer than anything takes that comes out right.
pub(super) const LONG: Duration = Duration::from_mins(1);
/// A while in which nothing happens once all has settled.
pub(super) const QUIET: Duration = Duration::from_millis(1500);

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: registry.example/acme/shop # the shop itself
          ports:
            - containerPort: 8080
";
const BASE: &str = "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - deployment.yaml
";
const OVERLAY: &str = "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../../base
images:
  - name: registry.example/acme/shop
    newTag: 1.8.4 # the last good one
replicas:
  - name: web
    count: 2
";

pub(super) fn ada() -> Actor {
    let (login, name, email) = ("ada".into(), "Ada".into(), "ada@acme.example".into());
    Actor { login, name, email, by: Authentication::Process, role: Role::Admin }
}

pub(super) fn shop() -> Slug {
    Slug::new("shop").unwrap()
}

pub(super) fn development() -> Environment {
    Bed::environment("dev", EnvironmentType::Development)
}

/// Returns the parts of an engine that works in a folder.
pub(super) fn parts(dir: &Path, clusters: Clusters) -> Parts {
    let (store, notices) = store::Store::open(&dir.join("store")).unwrap();
    // Half a line that was never confirmed is what a disk or a process leaves that fails in the middle.
    assert!(notices.iter().all(|notice| notice.kind == store::NoticeKind::TornTail), "{notices:?}");
    let context = ContextName::from("harbour");
    Parts {
        store,
        safe: Arc::new(domain::safe::NoSafe),
        clusters,
        contexts: vec![context.clone()],
        barred: domain::barred::Barred::default(),
        current: Some(context),
        git_root: dir.join("mirrors"),
        clock: Arc::new(Time::now),
        patience: Patience { source_fault: 5_000, sync: 30_000, apply: 30_000, retries: 5_000, health: 30_000 },
        ids: ulids(),
        helm: None,
        pace: Pace {
            git_poll: Duration::from_secs(5),
            batch: Duration::from_millis(10),
            retry: Duration::from_millis(50),
            linger: Duration::from_millis(700),
        },
    }
}

/// Holds the ground of one scenario.
pub(super) struct Bed {
    dir: TempDir,
    sim: sim::Sim,
}

impl Bed {
    /// Waits until it is written down up to where an environment's branch was looked through: who is stopped before that begins anew.
    pub(super) async fn marked(&self, environment: &Environment) {
        let seen = store::Store::open_with(&self.dir.path().join("store"), store::Options { index: false, ..Default::default() });
        let seen = seen.unwrap().0.seen();
        let id = environment.id.clone();
        let wait = async move {
            while seen.load(&id).unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONG, wait).await.unwrap();
    }

    pub(super) fn new() -> Self {
        Self::on(|config| config.components = false)
    }

    /// Sets the ground on which the cluster's clock is so many hours ahead of ours.
    pub(super) fn skewed(hours: i64) -> Self {
        let clock = Arc::new(move || shifted(hours));
        Self::on(|config| (config.components, config.clock) = (false, clock))
    }

    /// Sets the ground on which Flux is not installed.
    pub(super) fn bare() -> Self {
        Self::on(|config| config.bare = true)
    }

    /// Sets the ground on which Flux's controllers are Pods, too.
    pub(super) fn with_components() -> Self {
        Self::on(|config| config.components = true)
    }

    fn on(change: impl FnOnce(&mut sim::SimConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let remote = dir.path().join("shop.git");
        seed::init_bare(&remote, "main").unwrap();
        let files = [
            ("k8s/base/deployment.yaml", DEPLOYMENT),
            ("k8s/base/kustomization.yaml", BASE),
            ("k8s/overlays/development/kustomization.yaml", OVERLAY),
            ("k8s/overlays/production/kustomization.yaml", OVERLAY),
        ];
        let files: Vec<_> = files.map(|(path, text)| FileChange::write(path, text)).into();
        let head = seed::commit_files(&remote, "main", &files, ("Begin", &eve(), Time::now())).unwrap();
        seed::set_branch(&remote, "develop", &head).unwrap();
        let sim = start_sim(&dir, change);
        Self { dir, sim }
    }

    /// Returns the server's repository.
    pub(super) fn remote(&self) -> PathBuf {
        self.dir.path().join("shop.git")
    }

    /// Starts an engine on the store, as a process would.
    pub(super) fn engine(&self) -> Engine {
        self.engine_with(None)
    }

    /// Starts an engine that renders charts so.
    pub(super) fn engine_with(&self, helm: Option<crate::Helm>) -> Engine {
        Engine::start(Parts { helm, ..self.parts() })
    }

    /// Starts an engine that reads a clock.
    pub(super) fn engine_at(&self, clock: crate::Clock) -> Engine {
        Engine::start(Parts { clock, ..self.parts() })
    }

    fn parts(&self) -> Parts {
        let connection = cluster::Connection::from_service(ContextName::from("harbour"), self.sim.service());
        parts(self.dir.path(), Clusters::fixed([connection]))
    }

    /// Returns the cluster, for what goes wrong with it.
    pub(super) fn sim(&self) -> &sim::Sim {
        &self.sim
    }

    /// Starts an engine that gives no order in a context.
    pub(super) fn engine_that_bars(&self, context: &str) -> Engine {
        let connection = cluster::Connection::from_service(ContextName::from("harbour"), self.sim.service());
        let barred = domain::barred::Barred::new([(context.into(), "the test".to_owned())]);
        Engine::start(Parts { barred, ..parts(self.dir.path(), Clusters::fixed([connection])) })
    }

    /// Returns the folder that everything lives in.
    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Serves the cluster to other processes and writes the kubeconfig that leads there.
    pub(super) async fn serve(&self) {
        let address = self.sim.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        std::fs::write(self.dir.path().join("kubeconfig"), self.sim.kubeconfig(address)).unwrap();
    }

    pub(super) fn project(&self) -> Project {
        let repository = Repository {
            provider: Provider::Git,
            url: format!("file://{}", self.remote().display()),
            default_branch: "main".into(),
            credential: Credential::None,
        };
        Project { slug: shop(), name: "Shop".into(), description: String::new(), organization: "default".into(), repository }
    }

    pub(super) fn environment(name: &str, kind: EnvironmentType) -> Environment {
        let id = EnvironmentId::new(shop(), Slug::new(name).unwrap());
        Environment::with_defaults(id, kind, ContextName::from("harbour"))
    }

    /// Adds the project and environments with their objects.
    pub(super) async fn furnish(&self, engine: &Engine, environments: &[Environment]) {
        engine.give(&ada(), SaveProject { project: self.project(), new: true }).await.unwrap();
        for environment in environments {
            let order = SaveEnvironment { environment: environment.clone(), new: true, create_objects: true, setup: None };
            engine.give(&ada(), order).await.unwrap();
        }
    }

    /// Adds the project, its repository's token in a file, and an environment with its objects.
    pub(super) async fn furnish_with_token(&self, engine: &Engine, environment: &Environment, token: &str) {
        let path = self.dir.path().join("token");
        std::fs::write(&path, token).unwrap();
        let mut project = self.project();
        project.repository.credential = Credential::File { user: "bot".into(), path: path.display().to_string() };
        engine.give(&ada(), SaveProject { project, new: true }).await.unwrap();
        let order = SaveEnvironment { environment: environment.clone(), new: true, create_objects: true, setup: None };
        engine.give(&ada(), order).await.unwrap();
    }

    /// Returns an object as the cluster has it.
    pub(super) fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<serde_json::Value> {
        self.sim.get(kind, namespace, name)
    }

    /// Puts an object into the cluster.
    pub(super) fn put(&self, object: &serde_json::Value) {
        self.sim.create(object.clone()).unwrap();
    }

    /// Tells whether some file of the store's folder holds a text.
    pub(super) fn store_holds(&self, text: &str) -> bool {
        fn search(folder: &Path, text: &[u8]) -> bool {
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
                if path.is_dir() {
                    search(&path, text)
                } else {
                    std::fs::read(&path).unwrap().windows(text.len()).any(|w| w == text)
                }
            })
        }
        search(&self.dir.path().join("store"), text.as_bytes())
    }

    /// Commits somebody else's change onto a branch.
    pub(super) fn commit(&self, branch: &str, path: &str, text: &str) -> CommitId {
        let change = FileChange::write(path, text);
        seed::commit_files(&self.remote(), branch, &[change], ("Something else", &eve(), Time::now())).unwrap()
    }

    /// Commits several changes of somebody else onto a branch.
    pub(super) fn commit_all(&self, branch: &str, changes: &[FileChange], message: &str) -> CommitId {
        seed::commit_files(&self.remote(), branch, changes, (message, &eve(), Time::now())).unwrap()
    }

    /// Asks the git program about the remote repository.
    pub(super) fn git(&self, args: &[&str]) -> String {
        let out = Command::new("git").arg("--git-dir").arg(self.remote()).args(args).output().unwrap();
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    /// Returns our commits on a branch.
    pub(super) fn ours(&self, branch: &str) -> Vec<String> {
        self.git(&["log", "--format=%H", "--grep=^Deployment-Id: ", branch]).lines().map(str::to_owned).collect()
    }

    /// Counts the commits of one deployment on the development branch.
    pub(super) fn with_trailer(&self, id: &str) -> usize {
        self.git(&["log", "--format=%H", &format!("--grep=^Deployment-Id: {id}"), "develop"]).lines().count()
    }

    pub(super) fn hook(&self, name: &str, script: &str) {
        let hooks = self.remote().join("hooks");
        std::fs::create_dir_all(&hooks).unwrap();
        let path = hooks.join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(super) fn unhook(&self, name: &str) {
        std::fs::remove_file(self.remote().join("hooks").join(name)).unwrap();
    }

    /// Returns a hook by which the server takes somebody else's commit in the middle of the first push.
    pub(super) fn script_that_commits_once(&self, branch: &str, path: &str) -> String {
        let mark = self.dir.path().join("once");
        format!(
            "#!/bin/sh
[ -e '{mark}' ] && exit 0
: > '{mark}'
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
blob=$(echo theirs | git hash-object -w --stdin)
tree=$( (git ls-tree {branch}; printf '100644 blob %s\\t{path}\\n' \"$blob\") | git mktree)
commit=$(git -c user.name=Eve -c user.email=eve@acme.example commit-tree \"$tree\" -p {branch} -m theirs)
git update-ref refs/heads/{branch} \"$commit\"
",
            mark = mark.display(),
        )
    }

    /// Returns a hook that kills the server's side of the connection the first time it runs.
    pub(super) fn script_that_kills_once(&self, mark: &str) -> String {
        let mark = self.dir.path().join(format!("killed-{mark}"));
        format!("#!/bin/sh\n[ -e '{mark}' ] && exit 0\n: > '{mark}'\nkill -9 $PPID\n", mark = mark.display())
    }

    /// Returns a hook that waits for [`Bed::release`].
    pub(super) fn script_that_waits(&self) -> String {
        let mark = self.dir.path().join("release");
        format!("#!/bin/sh\nwhile [ ! -e '{}' ]; do sleep 0.05; done\n", mark.display())
    }

    pub(super) fn release(&self) {
        std::fs::write(self.dir.path().join("release"), "").unwrap();
    }

    /// Removes an object.
    pub(super) fn remove(&self, kind: &str, namespace: &str, name: &str) {
        self.sim.delete(kind, namespace, name).unwrap();
    }

    /// Returns the deployment that the journal knows by a word of its summary.
    pub(super) fn begun(&self, word: &str) -> Option<DeploymentId> {
        let options = store::Options { index: false, ..Default::default() };
        let (store, _) = store::Store::open_with(&self.dir.path().join("store"), options).unwrap();
        store.state().deployments.iter().find(|d| d.summary().contains(word)).map(Brief::to_id)
    }

    /// Refuses requests for a kind.
    pub(super) fn deny(&self, what: &str) {
        self.sim.deny(what, 403);
    }

    /// Refuses nothing any more.
    pub(super) fn allow(&self) {
        self.sim.allow();
    }

    /// Cuts every stream.
    pub(super) fn cut(&self) {
        self.sim.drop_watches();
    }

    /// Stops the API server as SIGSTOP would: sockets stay open, nothing answers.
    pub(super) fn freeze(&self) {
        self.sim.freeze();
    }

    pub(super) fn thaw(&self) {
        self.sim.thaw();
    }
}

/// Returns the moment so many hours from now.
pub(super) fn shifted(hours: i64) -> Time {
    Time::from_millisecond(Time::now().as_millisecond() + hours * 3_600_000).unwrap()
}

fn eve() -> Author {
    Author { name: "Eve".into(), email: "eve@acme.example".into() }
}

/// Waits until a published world shows something.
pub(super) async fn until(engine: &Engine, what: &str, wanted: impl Fn(&World) -> bool) -> Arc<World> {
    until_within(engine, LONG, what, wanted).await
}

pub(super) async fn until_within(engine: &Engine, limit: Duration, what: &str, wanted: impl Fn(&World) -> bool) -> Arc<World> {
    let mut worlds = engine.world();
    match tokio::time::timeout(limit, worlds.wait_for(|world| wanted(world))).await {
        Ok(world) => Arc::clone(&world.unwrap()),
        Err(late) => panic!("waited in vain for {what}, {late}: {:#?}", brief(&engine.now())),
    }
}

/// Returns what a failed wait should tell.
fn brief(world: &World) -> Vec<String> {
    let flux = world.flux.iter().map(|o| format!("{} suspended={} {:?} {}", o.key, o.suspended(), o.health(), o.message()));
    let work = world.workloads.iter().map(|w| format!("{} {}/{} {:?}", w.key, w.ready, w.replicas, w.containers));
    let pods = world.pods.iter().map(|p| format!("{} {} {:?}", p.key, p.phase, p.fault()));
    let links = world.links.iter().filter(|l| !l.state.is_live()).map(|l| format!("{} {:?}", l.of, l.state));
    let mishaps = world.mishaps.iter().map(|m| m.trouble.to_string());
    let git = world.git.iter().map(|g| format!("{g:?}"));
    let journal = world.audit.iter().take(12).map(|e| format!("{} {} {}", e.record.act, e.record.phase.word(), e.record.detail));
    flux.chain(work).chain(pods).chain(links).chain(mishaps).chain(git).chain(journal).collect()
}

fn start_sim(dir: &TempDir, change: impl FnOnce(&mut sim::SimConfig)) -> sim::Sim {
    let mut config = sim::SimConfig::new("harbour", Arc::new(Time::now), dir.path().join("sources"));
    config.time_scale = 30.0;
    change(&mut config);
    sim::Sim::start(&config)
}
