//! What a story is told on: the simulator, or the real Kubernetes with the real Flux controllers, behind one face.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::cluster::Cluster;
use super::console::Operator;
use super::gitserver::{GitServer, Repo};
use super::simulator::Simulator;
use super::webhook::Webhook;

/// Names the two grounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The simulator, over HTTP.
    Sim,
    /// The real servers.
    Real,
}

enum Servers {
    Sim(Simulator),
    Shared(&'static Cluster),
    Own(Box<Cluster>),
}

/// Holds a cluster, a Git server with one repository, and names that no other story uses.
pub(crate) struct Ground {
    servers: Servers,
    /// The application's slug, unique to the story; namespaces begin with it.
    pub(crate) app: String,
    /// Its repository.
    pub(crate) repo: Repo,
}

fn git_server() -> &'static GitServer {
    static SERVER: OnceLock<GitServer> = OnceLock::new();
    SERVER.get_or_init(GitServer::start)
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Servers::Shared(cluster) = &self.servers {
            cluster.suspend(&self.app);
        }
    }
}

impl Ground {
    /// Prepares the ground for a story; nothing when the real cluster cannot be had here (which was said).
    pub(crate) fn new(kind: Kind, story: &str) -> Option<Self> {
        let servers = match kind {
            Kind::Sim => Servers::Sim(Simulator::start()),
            Kind::Real => Servers::Shared(Cluster::or_skip()?),
        };
        Some(Self::with(servers, story))
    }

    /// Prepares a ground whose API server may be frozen without anybody else feeling it.
    pub(crate) fn own(kind: Kind, story: &str) -> Option<Self> {
        let servers = match kind {
            Kind::Sim => Servers::Sim(Simulator::start()),
            Kind::Real => Servers::Own(Box::new(Cluster::start().map_err(|skip| skip.say()).ok()?)),
        };
        Some(Self::with(servers, story))
    }

    /// Prepares a ground on which Flux is not installed, which nobody else stands on.
    pub(crate) fn bare(kind: Kind, story: &str) -> Option<Self> {
        let servers = match kind {
            Kind::Sim => Servers::Sim(Simulator::bare()),
            Kind::Real => Servers::Own(Box::new(Cluster::bare().map_err(|skip| skip.say()).ok()?)),
        };
        Some(Self::with(servers, story))
    }

    /// Returns the manifest of a release of Flux, under a version.
    pub(crate) fn release(&self, version: &str) -> String {
        match &self.servers {
            Servers::Sim(_) => sim::release_manifest(version),
            Servers::Shared(cluster) => super::release::manifest(&cluster.program("kustomize"), version),
            Servers::Own(cluster) => super::release::manifest(&cluster.program("kustomize"), version),
        }
    }

    /// Makes an operator who has nothing but the token of a new ServiceAccount in `flux-system`.
    pub(crate) fn account(&self, name: &str) -> Operator {
        Operator::new(&super::cluster::account(&self.kubeconfig(), "flux-system", name))
    }

    /// Returns the object at a path of the API; nothing where there is none.
    pub(crate) fn object(&self, path: &str) -> Option<serde_json::Value> {
        super::cluster::object(&self.kubeconfig(), path)
    }

    fn with(servers: Servers, story: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let app = format!("{story}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let repo = git_server().create(&app);
        Self { servers, app, repo }
    }

    /// Returns which ground it is.
    pub(crate) const fn kind(&self) -> Kind {
        match self.servers {
            Servers::Sim(_) => Kind::Sim,
            Servers::Shared(_) | Servers::Own(_) => Kind::Real,
        }
    }

    /// Returns the kubeconfig file.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        match &self.servers {
            Servers::Sim(sim) => sim.kubeconfig().to_owned(),
            Servers::Shared(cluster) => cluster.kubeconfig().to_owned(),
            Servers::Own(cluster) => cluster.kubeconfig().to_owned(),
        }
    }

    /// Tells whether the servers are real.
    pub(crate) const fn is_real(&self) -> bool {
        !matches!(self.servers, Servers::Sim(_))
    }

    /// Returns the simulator; for what only it can be told to do.
    pub(crate) fn simulator(&self) -> &Simulator {
        match &self.servers {
            Servers::Sim(sim) => sim,
            Servers::Shared(_) | Servers::Own(_) => panic!("this ground is real"),
        }
    }

    /// Makes an operator with a state folder of their own.
    pub(crate) fn operator(&self) -> Operator {
        Operator::new(&self.kubeconfig())
    }

    /// Makes the API server stop answering; connections stay open.
    pub(crate) fn freeze(&self) {
        match &self.servers {
            Servers::Sim(sim) => sim.freeze(),
            Servers::Shared(_) => panic!("the shared cluster is not frozen; others stand on it"),
            Servers::Own(cluster) => std::mem::forget(cluster.freeze_api()),
        }
    }

    /// Makes a GitRepository in `flux-system` that Flux leaves alone.
    pub(crate) fn plant(&self, name: &str) {
        let text = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: {name}\n  namespace: flux-system\n\
             spec:\n  url: {}\n  interval: 10m\n  suspend: true\n",
            self.repo.url
        );
        self.apply(&text);
    }

    /// Applies manifests as the cluster's administrator.
    pub(crate) fn apply(&self, manifests: &str) {
        match &self.servers {
            Servers::Sim(sim) => sim.apply(manifests),
            Servers::Shared(cluster) => cluster.apply(manifests),
            Servers::Own(cluster) => cluster.apply(manifests),
        }
    }

    /// Has an admission webhook of this name refuse the creation of a ConfigMap, in these words, while what is returned lives.
    pub(crate) fn refuse(&self, webhook: &str, (namespace, name): (&str, &str), words: &str) -> Option<Webhook> {
        if let Servers::Sim(sim) = &self.servers {
            sim.refuse(webhook, (namespace, name), words);
            return None;
        }
        let server = Webhook::start(name, words);
        self.apply(&server.configuration(webhook, namespace));
        Some(server)
    }

    /// Changes an object at a path of the API by a strategic merge patch, as a field manager of that name.
    pub(crate) fn patch(&self, path: &str, manager: &str, change: &str) {
        super::cluster::patch(&self.kubeconfig(), path, manager, change);
    }

    /// Merges something into the status of the object at a path of the API, as its controller would.
    pub(crate) fn set_status(&self, path: &str, status: &serde_json::Value) {
        super::cluster::set_status(&self.kubeconfig(), path, status);
    }

    /// Deletes an object of the core group by hand.
    pub(crate) fn remove(&self, kind: &str, namespace: &str, name: &str) {
        let path = format!("/api/v1/namespaces/{namespace}/{}s/{name}", kind.to_lowercase());
        match &self.servers {
            Servers::Sim(sim) => sim.delete(kind, namespace, name),
            Servers::Shared(cluster) => cluster.delete(&path),
            Servers::Own(cluster) => cluster.delete(&path),
        }
    }

    /// Lets a frozen API server go on, and deletes such a GitRepository so that nobody is told: the simulator deletes it
    /// before it goes on; at the real server the order to do so is the first that waits for it.
    pub(crate) fn uproot_and_thaw(&self, name: &str) {
        let path = format!("/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/{name}");
        match &self.servers {
            Servers::Sim(sim) => {
                sim.delete("GitRepository", "flux-system", name);
                sim.thaw();
            }
            Servers::Shared(_) => panic!("the shared cluster is not frozen; others stand on it"),
            Servers::Own(cluster) => thread::scope(|scope| {
                let deleting = scope.spawn(|| cluster.delete(&path));
                // The order lies in the connection's buffer as soon as it is sent; nothing tells when that is.
                thread::sleep(Duration::from_millis(300));
                cluster.thaw_api();
                deleting.join().expect("it was deleted");
            }),
        }
    }

    /// Returns how long a rollout may take here.
    pub(crate) const fn patience(&self) -> Duration {
        match self.servers {
            Servers::Sim(_) => Duration::from_mins(1),
            Servers::Shared(_) | Servers::Own(_) => Duration::from_secs(90),
        }
    }

    /// Returns the name of the namespace of an environment.
    pub(crate) fn namespace(&self, environment: &str) -> String {
        format!("{}-{environment}", self.app)
    }

    /// Fills the repository: a base and overlays for development and production, all on branch main.
    pub(crate) fn seed(&self) -> String {
        let overlay = |environment: &str, tag: &str| {
            format!(
                "# The {environment} overlay.\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
                 namespace: {}\nresources:\n- ../../base\nimages:\n- name: ghcr.io/acme/shop\n  newTag: {tag}  # keep in step with api\n\
                 replicas:\n- name: shop-web\n  count: 1\n",
                self.namespace(environment)
            )
        };
        self.repo.commit(
            "main",
            &[
                ("k8s/base/kustomization.yaml", "resources:\n- web.yaml\n"),
                ("k8s/base/web.yaml", WEB),
                ("k8s/overlays/development/kustomization.yaml", &overlay("development", "1.0.0")),
                ("k8s/overlays/production/kustomization.yaml", &overlay("production", "0.9.0")),
                ("README.md", "# Shop\n"),
            ],
            "Begin",
        )
    }

    /// Adds project and environments by subcommands: development in step with Git, production by hand and without approval.
    pub(crate) fn add(&self, operator: &Operator, environments: &[&str]) {
        let app = self.app.as_str();
        operator.run(&["project", "add", app, "--repo", &self.repo.url]).ok();
        for environment in environments {
            let mut arguments = vec!["environment", "add", app, environment, "--branch", "main", "--approvers", "0", "--yes"];
            if *environment == "production" {
                arguments.extend(["--auto-sync", "off"]);
            }
            operator.run(&arguments).ok();
        }
    }
}

const WEB: &str = "\
# The storefront.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-web
spec:
  replicas: 1
  selector:
    matchLabels: {app: shop-web}
  template:
    metadata:
      labels: {app: shop-web}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: ghcr.io/acme/shop:1.0.0
        env:
        - name: LOG_LEVEL
          value: \"info\"   # debug is loud
        resources:
          requests: {cpu: 10m, memory: 16Mi}
          limits: {cpu: 100m, memory: 64Mi}
";
