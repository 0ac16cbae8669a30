//! The world as the engine last saw it: immutable, shared, one slice per kind of thing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::barred::Barred;
use crate::flux::{FluxObject, Health, ObjectKey};
use crate::history::{Brief, History};
use crate::ident::{ContextName, DeploymentId, EnvironmentId, Slug};
use crate::journal::{Entry, SyncPromise, Verified};
use crate::link::{Link, LinkOf, LinkState};
use crate::project::{Environment, Project};
use crate::revision::{CommitId, Revision};
use crate::toolkit::Work;
use crate::trouble::Trouble;
use crate::workload::{Pod, Workload};

/// Holds what Git says about an environment at its branch's head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitView {
    /// The environment.
    pub environment: EnvironmentId,
    /// The branch's head.
    pub head: Option<CommitId>,
    /// The head's subject line.
    pub subject: String,
    /// The head's author.
    pub author: String,
    /// When the head was committed.
    pub time: Option<Time>,
    /// The images that the manifests name: container and image.
    pub images: Vec<(String, String)>,
    /// The replicas that they ask for.
    pub replicas: Option<i32>,
    /// Why it could not be read, if so.
    pub trouble: Option<Trouble>,
}

/// Holds something that went wrong outside any order, with its moment; none overwrites another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mishap {
    /// When.
    pub time: Time,
    /// What.
    pub trouble: Trouble,
}

/// Says how far the schemas of the kinds that a cluster serves besides the built-in ones are known to the checks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServedKinds {
    /// Nobody has asked for them.
    #[default]
    Unasked,
    /// They are being read.
    Asking,
    /// They are known.
    Known {
        /// Grows with each reading that brought others.
        version: u64,
    },
    /// They could not be read: why. Checks go on with the built-in kinds, or with what was read before.
    Failed {
        /// The server's words, or why it was not reached.
        why: String,
    },
}

/// Holds everything that screens show. Each slice changes its `Arc` only when its content changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// Grows by one with each published version.
    pub seq: u64,
    /// The contexts that the kubeconfig names.
    pub contexts: Arc<Vec<ContextName>>,
    /// Those of them in which no order is given.
    pub barred: Arc<Barred>,
    /// The projects, by slug.
    pub projects: Arc<Vec<Arc<Project>>>,
    /// The environments, by project and then in the order in which a change travels.
    pub environments: Arc<Vec<Arc<Environment>>>,
    /// The deployments, newest first.
    pub deployments: History,
    /// The Flux objects of all clusters, by key.
    pub flux: Arc<Vec<Arc<FluxObject>>>,
    /// The workloads of the environments' namespaces and of those that are held ([`crate::query::Query::Hold`]), by key.
    pub workloads: Arc<Vec<Arc<Workload>>>,
    /// Their Pods, by key.
    pub pods: Arc<Vec<Arc<Pod>>>,
    /// What Git says, one per environment.
    pub git: Arc<Vec<Arc<GitView>>>,
    /// The newest entries of the journal, newest first.
    pub audit: Arc<Vec<Arc<Entry>>>,
    /// How far the journal is verified.
    pub chain: Verified,
    /// Promises to suspend again that are still open.
    pub promises: Arc<Vec<SyncPromise>>,
    /// The objects that the operator keeps on top of the lists.
    pub favourites: Arc<Vec<ObjectKey>>,
    /// Every connection and its state.
    pub links: Arc<Vec<Link>>,
    /// What went wrong outside any order, newest first.
    pub mishaps: Arc<Vec<Mishap>>,
    /// How far the schemas of clusters are known, for those that were asked for.
    pub kinds: Arc<Vec<(ContextName, ServedKinds)>>,
    /// Long work on clusters, under way or the last of each.
    pub works: Arc<Vec<Arc<Work>>>,
}

impl World {
    /// Returns a project by slug.
    pub fn project(&self, slug: &Slug) -> Option<&Arc<Project>> {
        self.projects.iter().find(|p| &p.slug == slug)
    }

    /// Returns an environment.
    pub fn environment(&self, id: &EnvironmentId) -> Option<&Arc<Environment>> {
        self.environments.iter().find(|e| &e.id == id)
    }

    /// Returns what Git says about an environment.
    pub fn git_view(&self, id: &EnvironmentId) -> Option<&Arc<GitView>> {
        self.git.iter().find(|g| &g.environment == id)
    }

    /// Returns a deployment.
    pub fn deployment(&self, id: &DeploymentId) -> Option<&Brief> {
        self.deployments.get(id)
    }

    /// Returns a Flux object.
    pub fn flux_object(&self, key: &ObjectKey) -> Option<&Arc<FluxObject>> {
        self.flux.binary_search_by(|o| o.key.cmp(key)).ok().and_then(|at| self.flux.get(at))
    }

    /// Returns the Kustomization that brings an environment about.
    pub fn kustomization(&self, environment: &Environment) -> Option<&Arc<FluxObject>> {
        let name = &environment.gitops.kustomization;
        self.flux_object(&ObjectKey::new(&environment.cluster, "Kustomization", &name.namespace, &name.name))
    }

    /// Returns how far the schemas of a cluster are known.
    pub fn served_kinds(&self, context: &ContextName) -> ServedKinds {
        self.kinds.iter().find(|(of, _)| of == context).map(|(_, kinds)| kinds.clone()).unwrap_or_default()
    }

    /// Tells whether Flux deletes from the cluster what leaves an environment's manifests; where its Kustomization is not
    /// known, the answer is the one to be careful with: yes.
    pub fn prunes(&self, environment: &Environment) -> bool {
        self.kustomization(environment).is_none_or(|object| object.spec.prune.unwrap_or(false))
    }

    /// Returns the GitRepository that feeds an environment.
    pub fn source(&self, environment: &Environment) -> Option<&Arc<FluxObject>> {
        let name = &environment.gitops.source;
        self.flux_object(&ObjectKey::new(&environment.cluster, "GitRepository", &name.namespace, &name.name))
    }

    /// Returns the workloads of an environment: those that its Kustomization applied, else all of its namespace.
    pub fn workloads_of(&self, environment: &Environment) -> Vec<&Arc<Workload>> {
        let name = &environment.gitops.kustomization;
        let applied = |w: &Workload| w.applied_by.as_ref().is_some_and(|(ns, n)| *ns == name.namespace && *n == name.name);
        let here: Vec<_> = self.workloads.iter().filter(|w| *w.key.cluster == *environment.cluster.0).collect();
        let ours: Vec<_> = here.iter().copied().filter(|w| applied(w)).collect();
        if !ours.is_empty() {
            return ours;
        }
        here.into_iter().filter(|w| *w.key.namespace == *environment.namespace && w.applied_by.is_none()).collect()
    }

    /// Returns the Pods of a workload.
    pub fn pods_of<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = &'a Arc<Pod>> {
        let place = (&workload.key.cluster, &workload.key.namespace);
        let of = |pod: &'a Arc<Pod>| (&pod.key.cluster, &pod.key.namespace);
        let from = self.pods.partition_point(|pod| (&pod.key.cluster, &pod.key.namespace) < place);
        let here = self.pods.iter().skip(from).take_while(move |pod| of(pod) == place);
        here.filter(|pod| pod.matches(&workload.selector))
    }

    /// Returns the state of a cluster's heartbeat.
    pub fn cluster_link(&self, context: &ContextName) -> Option<&LinkState> {
        self.links.iter().find(|l| matches!(&l.of, LinkOf::Cluster(c) if *c == context.0)).map(|l| &l.state)
    }

    /// Returns the state of the watch of one kind in one cluster (the worst over its namespaces).
    pub fn kind_link(&self, context: &ContextName, wanted: &str) -> Option<&LinkState> {
        self.links
            .iter()
            .filter(|l| matches!(&l.of, LinkOf::Kind { cluster, kind, .. } if *cluster == context.0 && kind == wanted))
            .map(|l| &l.state)
            .min_by_key(|s| s.health())
    }

    /// Tells whether what is known of an object is as old as the last word of its cluster, or of the watch of its kind.
    pub fn is_stale(&self, key: &ObjectKey) -> bool {
        let brings = |of: &LinkOf| match of {
            LinkOf::Cluster(cluster) => **cluster == *key.cluster,
            LinkOf::Kind { cluster, kind, namespace } => {
                **cluster == *key.cluster && **kind == *key.kind && (namespace.is_empty() || **namespace == *key.namespace)
            }
            LinkOf::Repository(_) => false,
        };
        self.links.iter().any(|link| link.state.is_stale() && brings(&link.of))
    }

    /// Tells whether anything that says how an environment is doing is stale: its Kustomization, its workloads or their Pods.
    pub fn is_environment_stale(&self, environment: &Environment) -> bool {
        if !self.links.iter().any(|link| link.state.is_stale()) {
            return false;
        }
        let name = &environment.gitops.kustomization;
        let kustomization = ObjectKey::new(&environment.cluster, "Kustomization", &name.namespace, &name.name);
        let pods = |w: &Workload| ObjectKey::new(&environment.cluster, "Pod", &w.key.namespace, "");
        self.is_stale(&kustomization)
            || self.workloads_of(environment).iter().any(|w| self.is_stale(&w.key) || self.is_stale(&pods(w)))
    }

    /// Returns how an environment is doing, with the reason in a few words.
    pub fn environment_health(&self, environment: &Environment) -> (Health, String) {
        let cluster = &environment.cluster;
        if !matches!(self.cluster_link(cluster), Some(LinkState::Live)) {
            return unseen(self.cluster_link(cluster));
        }
        if self.is_environment_stale(environment) {
            return (Health::Unknown, "stale".to_owned());
        }
        let workloads = self.workloads_of(environment);
        for workload in &workloads {
            if let Some(fault) = self.pods_of(workload).find_map(|p| p.fault()) {
                return (Health::Bad, fault.reason);
            }
        }
        let Some(kustomization) = self.kustomization(environment) else {
            // Only who sees all of them can say that there is none.
            let link = self.kind_link(cluster, "Kustomization").filter(|link| !link.is_live());
            return link.map_or_else(|| (Health::Unknown, "no Kustomization".to_owned()), |link| unseen(Some(link)));
        };
        match kustomization.health() {
            Health::Bad if self.awaits_source(environment, kustomization) => return (Health::Busy, "not applied yet".to_owned()),
            Health::Bad => return (Health::Bad, kustomization.ready().map_or_else(String::new, |c| c.reason.to_string())),
            Health::Busy => return (Health::Busy, "reconciling".to_owned()),
            _ => {}
        }
        if let Some(busy) = workloads.iter().find(|w| !w.rolled_out()) {
            let health = busy.health();
            return (health, format!("{}/{} ready", busy.ready, busy.replicas));
        }
        if workloads.is_empty() && kustomization.revision().is_none() {
            let how = if kustomization.suspended() { (Health::Off, "not synced yet") } else { (Health::Busy, "not applied yet") };
            return (how.0, how.1.to_owned());
        }
        match self.agreement(environment) {
            Some(false) => (Health::Warn, "behind Git".to_owned()),
            _ if kustomization.suspended() && environment.gitops.auto_sync => (Health::Off, "suspended".to_owned()),
            _ => (Health::Ok, "ready".to_owned()),
        }
    }

    /// Tells whether a Kustomization has tried nothing yet, because its source, which is well, has only just brought its first
    /// artifact or still fetches it.
    fn awaits_source(&self, environment: &Environment, kustomization: &FluxObject) -> bool {
        let waits = kustomization.ready().is_some_and(|c| c.reason == "ArtifactFailed");
        let untried = kustomization.status.last_attempted_revision.as_ref().is_none_or(Revision::is_empty);
        let well =
            self.source(environment).is_some_and(|source| matches!(source.health(), Health::Ok | Health::Busy | Health::Unknown));
        waits && untried && well
    }

    /// Tells whether what runs is what Git says, by images; nothing when either side is not known.
    pub fn agreement(&self, environment: &Environment) -> Option<bool> {
        let git = self.git_view(&environment.id)?;
        let workloads = self.workloads_of(environment);
        if git.images.is_empty() || workloads.is_empty() {
            return None;
        }
        let running: Vec<_> = workloads.iter().flat_map(|w| w.containers.iter()).collect();
        Some(git.images.iter().all(|(container, image)| running.iter().any(|c| &c.name == container && &c.image == image)))
    }
}

/// Says how what cannot be seen is doing, by the connection that would show it.
fn unseen(link: Option<&LinkState>) -> (Health, String) {
    match link {
        Some(LinkState::Stale { since, .. }) => (Health::Unknown, format!("stale since {since:.0}")),
        Some(LinkState::Unreached { .. }) => (Health::Unknown, "never reached".to_owned()),
        Some(LinkState::Unauthorized { .. }) => (Health::Bad, "unauthorized".to_owned()),
        Some(LinkState::Forbidden { .. }) => (Health::Bad, "forbidden".to_owned()),
        _ => (Health::Unknown, "not connected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use serde_json::{Value, json};

    use super::*;
    use crate::ident::ObjectName;
    use crate::project::EnvironmentType;

    #[test]
    fn what_a_silent_link_brought_is_stale() {
        let key = |cluster: &str, kind: &str, namespace: &str| ObjectKey::new(&cluster.into(), kind, namespace, "a");
        let kind = |cluster: &str, kind: &str, namespace: &str| LinkOf::Kind {
            cluster: cluster.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
        };
        let silent = || LinkState::Stale { since: Time::UNIX_EPOCH, why: "silence".to_owned() };
        let links = [
            (LinkOf::Cluster("gone".to_owned()), silent()),
            (LinkOf::Cluster("out".to_owned()), LinkState::Unauthorized { why: "expired".to_owned() }),
            (LinkOf::Cluster("here".to_owned()), LinkState::Live),
            (kind("here", "HelmRelease", ""), LinkState::Unauthorized { why: "expired".to_owned() }),
            (kind("here", "Pod", "shop"), silent()),
        ];
        let links = links.map(|(of, state)| Link { of, state }).to_vec();
        let world = World { links: Arc::new(links), ..World::default() };
        for (key, stale) in [
            (key("gone", "Kustomization", "a"), true),
            (key("out", "Kustomization", "a"), true),
            (key("here", "Kustomization", "a"), false),
            (key("here", "HelmRelease", "a"), true),
            (key("here", "Pod", "shop"), true),
            (key("here", "Pod", "blog"), false),
        ] {
            assert_eq!(world.is_stale(&key), stale, "{key} in {}", key.cluster);
        }
    }

    #[test]
    fn an_environment_is_told_by_what_is_seen_of_its_kustomization() {
        let id = "shop/dev".parse().unwrap();
        let environment = Environment::with_defaults(id, EnvironmentType::Development, "c".into());
        let name = &environment.gitops.kustomization;
        let ready = serde_json::json!({ "type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "message": "" });
        let object: FluxObject = serde_json::from_value(serde_json::json!({
            "key": ObjectKey::new(&"c".into(), "Kustomization", &name.namespace, &name.name), "uid": "u", "resource_version": "1",
            "generation": 1, "created": null, "deleting": false, "requested_at": null, "labels": [], "marks": [], "spec": {},
            "status": { "conditions": [ready], "lastAppliedRevision": "main@sha1:1" },
        }))
        .unwrap();
        let silent = LinkState::Stale { since: Time::UNIX_EPOCH, why: String::new() };
        let told = |kind: LinkState, there: bool| {
            let of = LinkOf::Kind { cluster: "c".into(), kind: "Kustomization".into(), namespace: String::new() };
            let heart = Link { of: LinkOf::Cluster("c".into()), state: LinkState::Live };
            let links = Arc::new(vec![heart, Link { of, state: kind }]);
            let flux = if there { vec![Arc::new(object.clone())] } else { Vec::new() };
            World { links, flux: Arc::new(flux), ..World::default() }.environment_health(&environment)
        };
        let is = |health: Health, why: &str| (health, why.to_owned());
        assert_eq!(told(LinkState::Live, true), is(Health::Ok, "ready"));
        assert_eq!(told(silent.clone(), true), is(Health::Unknown, "stale"));
        assert_eq!(told(LinkState::Live, false), is(Health::Unknown, "no Kustomization"));
        assert_eq!(told(LinkState::Listing { got: 0 }, false), is(Health::Unknown, "not connected"));
        assert_eq!(told(LinkState::Forbidden { why: String::new() }, false), is(Health::Bad, "forbidden"));
    }

    #[test]
    fn an_environment_that_waits_for_its_first_artifact_is_at_work_and_not_broken() {
        let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("dev").unwrap());
        let environment = Environment::with_defaults(id, EnvironmentType::Development, "c".into());
        let gitops = &environment.gitops;
        let object = |kind: &str, name: &ObjectName, status: &Value| {
            let key = ObjectKey::new(&"c".into(), kind, &name.namespace, &name.name);
            let value = json!({
                "key": key, "uid": "u", "resource_version": "1", "generation": 1, "created": null, "deleting": false,
                "requested_at": null, "labels": [], "marks": [], "spec": {}, "status": status,
            });
            Arc::new(serde_json::from_value::<FluxObject>(value).unwrap())
        };
        let ready =
            |status: &str, reason: &str| json!({ "conditions": [{ "type": "Ready", "status": status, "reason": reason }] });
        let mut tried = ready("False", "ArtifactFailed");
        tried["lastAttemptedRevision"] = json!("main@sha1:c0ffee");
        for (source, applies, expect) in [
            (ready("True", "Succeeded"), ready("False", "ArtifactFailed"), Health::Busy),
            (json!({}), ready("False", "ArtifactFailed"), Health::Busy),
            (ready("False", "GitOperationFailed"), ready("False", "ArtifactFailed"), Health::Bad),
            (ready("True", "Succeeded"), tried, Health::Bad),
            (ready("True", "Succeeded"), ready("False", "BuildFailed"), Health::Bad),
        ] {
            let flux =
                vec![object("GitRepository", &gitops.source, &source), object("Kustomization", &gitops.kustomization, &applies)];
            let links = vec![Link { of: LinkOf::Cluster("c".to_owned()), state: LinkState::Live }];
            let world = World { flux: Arc::new(flux), links: Arc::new(links), ..World::default() };
            assert_eq!(world.environment_health(&environment).0, expect, "{source} {applies}");
        }
    }
}
