//! The clusters: connections made when they are needed, the watches that are open, and acts with their errors in words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cluster::act::{self, Apply, LogQuery, Removal, Steer, Token};
use cluster::{Connection, Kubeconfigs, Snapshot, Surroundings, Versions, Watch};
use domain::flux::{FluxObject, ObjectKey};
use domain::ident::ContextName;
use domain::link::{Link, LinkOf, LinkState};
use domain::{Time, Trouble};
use serde_json::Value;
use tokio::sync::watch;

use crate::pace::Clock;
use crate::steps::before;
use crate::tasks::open;

/// How long a source may take to answer before what depends on it is asked.
const SOURCE_LIMIT: Duration = Duration::from_mins(1);

/// Holds the way to clusters: by kubeconfig, or connections that exist already.
#[derive(Debug, Clone)]
pub struct Clusters(Way);

#[derive(Debug, Clone)]
enum Way {
    Files(Box<Kubeconfigs>),
    Fixed(BTreeMap<ContextName, Connection>),
}

impl Clusters {
    /// Reaches every context of a kubeconfig, when it is needed.
    pub fn of_kubeconfig(files: Kubeconfigs) -> Self {
        Self(Way::Files(Box::new(files)))
    }

    /// Reaches just these, each under its own context name.
    pub fn fixed(connections: impl IntoIterator<Item = Connection>) -> Self {
        Self(Way::Fixed(connections.into_iter().map(|c| (c.context().clone(), c)).collect()))
    }

    /// Returns how hosts outside are reached.
    fn surroundings(&self) -> Surroundings {
        match &self.0 {
            Way::Files(files) => files.surroundings().clone(),
            Way::Fixed(_) => Surroundings::default(),
        }
    }

    /// Makes a connection; a kubeconfig that has changed on disk since is read again when the context is not in it.
    async fn open(&self, context: &ContextName) -> Result<Connection, cluster::Error> {
        match &self.0 {
            Way::Files(files) => match Connection::from_context(files, context).await {
                Err(cluster::Error::UnknownContext { .. }) => Connection::from_context(&files.again()?, context).await,
                other => other,
            },
            Way::Fixed(known) => known.get(context).cloned().ok_or_else(|| cluster::Error::UnknownContext {
                name: context.to_string(),
                known: known.keys().map(ToString::to_string).collect(),
            }),
        }
    }
}

/// Holds every cluster that was ever wanted.
pub(crate) struct Fleet {
    clusters: Clusters,
    clock: Clock,
    members: Mutex<BTreeMap<ContextName, Arc<Member>>>,
    /// The last value of a reconcile request; each has to differ from all before.
    last: Mutex<Option<Time>>,
}

/// Holds one cluster.
pub(crate) struct Member {
    context: ContextName,
    connection: tokio::sync::Mutex<Option<Connection>>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Whether it is to be watched, and then which namespaces.
    wanted: Option<BTreeSet<String>>,
    /// Whether a task was started for it.
    started: bool,
    watch: Option<Watch>,
    trouble: Option<LinkState>,
}

impl Member {
    /// Returns the context.
    pub(crate) const fn context(&self) -> &ContextName {
        &self.context
    }

    /// Notes which namespaces matter; returns whether a task has to be started that watches.
    pub(crate) fn want(&self, namespaces: BTreeSet<String>) -> bool {
        let mut inner = open(&self.inner);
        if let Some(watch) = &inner.watch {
            watch.set_namespaces(namespaces.clone());
        }
        inner.wanted = Some(namespaces);
        !std::mem::replace(&mut inner.started, true)
    }

    /// Returns the namespaces that matter.
    pub(crate) fn namespaces(&self) -> BTreeSet<String> {
        open(&self.inner).wanted.clone().unwrap_or_default()
    }

    /// Notes why it cannot be reached.
    pub(crate) fn tell(&self, state: LinkState) {
        let mut inner = open(&self.inner);
        // The moment since which it is so stays the first one.
        let since = match (&inner.trouble, &state) {
            (Some(LinkState::Unreached { since, .. }), LinkState::Unreached { .. }) => Some(*since),
            _ => None,
        };
        inner.trouble = Some(match (state, since) {
            (LinkState::Unreached { why, .. }, Some(since)) => LinkState::Unreached { since, why },
            (state, _) => state,
        });
    }

    /// Takes a running watch and returns the receiver of its changes; nothing when it is not wanted any more, and then it ends.
    pub(crate) fn begin(&self, watch: Watch) -> Option<watch::Receiver<Versions>> {
        let changes = watch.changed();
        let mut inner = open(&self.inner);
        // What was wanted may have changed while the connection was made.
        let Some(namespaces) = inner.wanted.clone() else {
            inner.started = false;
            return None;
        };
        watch.set_namespaces(namespaces);
        inner.trouble = None;
        inner.watch = Some(watch);
        Some(changes)
    }

    /// Gives up to watch it when it is not wanted any more; tells whether that is so.
    pub(crate) fn is_left(&self) -> bool {
        let mut inner = open(&self.inner);
        let left = inner.wanted.is_none();
        if left {
            (inner.started, inner.trouble) = (false, None);
        }
        left
    }

    fn see(&self) -> Option<(Option<Snapshot>, Link)> {
        let inner = open(&self.inner);
        inner.wanted.as_ref()?;
        let state = inner.trouble.clone().unwrap_or(LinkState::Connecting);
        Some((inner.watch.as_ref().map(Watch::snapshot), Link { of: LinkOf::Cluster(self.context.0.clone()), state }))
    }
}

impl Fleet {
    pub(crate) fn new(clusters: Clusters, clock: Clock) -> Self {
        Self { clusters, clock, members: Mutex::default(), last: Mutex::default() }
    }

    /// Returns how hosts outside are reached.
    pub(crate) fn surroundings(&self) -> Surroundings {
        self.clusters.surroundings()
    }

    /// Returns the cluster of a context, which need not be reachable or even exist.
    pub(crate) fn member(&self, context: &ContextName) -> Arc<Member> {
        let mut members = open(&self.members);
        let member = members.entry(context.clone()).or_insert_with(|| {
            let connection = tokio::sync::Mutex::default();
            Arc::new(Member { context: context.clone(), connection, inner: Mutex::default() })
        });
        Arc::clone(member)
    }

    /// Ends the watches of all clusters but these. Their connections stay, for whoever acts on them.
    pub(crate) fn keep(&self, wanted: &BTreeSet<ContextName>) {
        for (context, member) in open(&self.members).iter() {
            if !wanted.contains(context) {
                let mut inner = open(&member.inner);
                inner.wanted = None;
                // Its task ends with the watch and is started anew when it is wanted again.
                if inner.watch.take().is_some() {
                    inner.started = false;
                }
            }
        }
    }

    /// Returns what every watched cluster shows, in the order of their names; without a watch, only how its link is.
    pub(crate) fn see(&self) -> Vec<(Option<Snapshot>, Link)> {
        open(&self.members).values().filter_map(|member| member.see()).collect()
    }

    /// Returns the connection to a cluster, made now if there is none.
    pub(crate) async fn connection(&self, context: &ContextName) -> Result<Connection, cluster::Error> {
        let member = self.member(context);
        let mut held = member.connection.lock().await;
        if let Some(connection) = held.as_ref() {
            return Ok(connection.clone());
        }
        let connection = self.clusters.open(context).await?;
        *held = Some(connection.clone());
        Ok(connection)
    }

    /// Returns a value for a reconcile request that no request had before.
    pub(crate) fn request(&self) -> String {
        let now = (self.clock)();
        let mut last = open(&self.last);
        let next = match *last {
            Some(before) if before >= now => before.saturating_add(Duration::from_nanos(1)).unwrap_or(now),
            _ => now,
        };
        *last = Some(next);
        next.to_string()
    }

    /// Asks for a reconciliation, of the source first when that is wanted; returns the request's value.
    pub(crate) async fn reconcile(&self, key: &ObjectKey, with_source: bool) -> Result<String, Trouble> {
        before("a change in the cluster");
        let connection = self.connection(&key.context()).await?;
        let at = self.request();
        act::reconcile(&connection, key, with_source.then_some(SOURCE_LIMIT), &at).await?;
        Ok(at)
    }

    /// Asks a HelmRelease for a reconciliation with something besides.
    pub(crate) async fn request_with(&self, key: &ObjectKey, token: Token) -> Result<(), Trouble> {
        before("a change in the cluster");
        let connection = self.connection(&key.context()).await?;
        act::request_with(&connection, key, token, &self.request()).await?;
        Ok(())
    }

    /// Deletes an object and returns the finalizers that it still waits for.
    pub(crate) async fn delete(&self, key: &ObjectKey, removal: &Removal) -> Result<Vec<String>, Trouble> {
        before("a change in the cluster");
        Ok(act::delete(&self.connection(&key.context()).await?, key, removal).await?)
    }

    /// Suspends an object.
    pub(crate) async fn suspend(&self, key: &ObjectKey, steer: &Steer) -> Result<FluxObject, Trouble> {
        before("a change in the cluster");
        Ok(act::suspend(&self.connection(&key.context()).await?, key, steer).await?)
    }

    /// Suspends an object if it still has the version that `steer` expects; returns whether it had.
    pub(crate) async fn suspend_if_same(&self, key: &ObjectKey, steer: &Steer) -> Result<bool, Trouble> {
        before("a change in the cluster");
        match act::suspend(&self.connection(&key.context()).await?, key, steer).await {
            Ok(_) => Ok(true),
            Err(cluster::Error::Refused { code: 409, .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Resumes an object.
    pub(crate) async fn resume(&self, key: &ObjectKey, steer: &Steer) -> Result<FluxObject, Trouble> {
        before("a change in the cluster");
        Ok(act::resume(&self.connection(&key.context()).await?, key, steer).await?)
    }

    /// Reads a Flux object afresh; nothing when it does not exist.
    pub(crate) async fn flux(&self, key: &ObjectKey) -> Result<Option<FluxObject>, Trouble> {
        absent(act::get_flux(&self.connection(&key.context()).await?, key).await)
    }

    /// Reads an object whole; nothing when it does not exist.
    pub(crate) async fn object(&self, key: &ObjectKey) -> Result<Option<Value>, Trouble> {
        absent(act::get(&self.connection(&key.context()).await?, key).await)
    }

    /// Changes an object by a merge patch, or asks what that would give.
    pub(crate) async fn patch(&self, key: &ObjectKey, patch: &Value, version: &str, dry_run: bool) -> Result<Value, Trouble> {
        if !dry_run {
            before("a change in the cluster");
        }
        Ok(act::edit::patch(&self.connection(&key.context()).await?, key, patch, version, dry_run).await?)
    }

    /// Changes an object by a merge patch if it still has a version; returns whether it had.
    pub(crate) async fn patch_if_same(&self, key: &ObjectKey, patch: &Value, version: &str) -> Result<bool, Trouble> {
        before("a change in the cluster");
        match act::edit::patch(&self.connection(&key.context()).await?, key, patch, version, false).await {
            Ok(_) => Ok(true),
            Err(cluster::Error::Refused { code: 409, .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates an object, or asks whether it would be taken.
    pub(crate) async fn create(&self, key: &ObjectKey, object: &Value, dry_run: bool) -> Result<(), Trouble> {
        if !dry_run {
            before("a change in the cluster");
        }
        match act::create(&self.connection(&key.context()).await?, key, object, dry_run).await {
            Err(cluster::Error::Refused { code: 409, message, .. }) => {
                Err(Trouble::refused("It exists already", key).why(message).next("Edit it, or choose another name."))
            }
            done => Ok(done?),
        }
    }

    /// Applies an object, or asks whether it would be taken.
    pub(crate) async fn apply(&self, context: &ContextName, object: &Value, dry_run: bool) -> Result<(), Trouble> {
        if !dry_run {
            before("a change in the cluster");
        }
        let connection = self.connection(context).await?;
        act::apply(&connection, object, Apply { dry_run, ..Apply::default() }).await?;
        Ok(())
    }

    /// Reads the generations of workloads afresh; what does not exist or may not be seen is left out.
    pub(crate) async fn generations(&self, keys: &[ObjectKey]) -> Result<Vec<(String, i64)>, Trouble> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let connection = self.connection(&key.context()).await?;
            match act::get_workload(&connection, key).await {
                Ok(workload) => found.push((key.name.to_string(), workload.generation)),
                Err(cluster::Error::Refused { code: 403 | 404, .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// Reads the generations of HelmReleases; those that are gone, or may not be read, are left out.
    pub(crate) async fn release_generations(&self, keys: &[ObjectKey]) -> Result<Vec<(ObjectKey, i64)>, Trouble> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            match act::get(&self.connection(&key.context()).await?, key).await {
                Ok(object) => {
                    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
                    found.push((key.clone(), generation.unwrap_or_default()));
                }
                Err(cluster::Error::Refused { code: 403 | 404, .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// Reads the last lines of a log.
    pub(crate) async fn logs(&self, query: &LogQuery) -> Result<Vec<String>, Trouble> {
        Ok(act::logs(&self.connection(&query.pod.context()).await?, query).await?)
    }
}

/// Takes an object that does not exist for nothing.
fn absent<T>(result: Result<T, cluster::Error>) -> Result<Option<T>, Trouble> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(cluster::Error::Refused { code: 404, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_is_left_before_it_is_reached_is_taken_up_anew() {
        let fleet = Fleet::new(Clusters::fixed([]), Arc::new(|| Time::UNIX_EPOCH));
        let member = fleet.member(&"c".into());
        assert!(member.want(BTreeSet::new()) && !member.want(BTreeSet::new()), "one task for it");
        assert!(!member.is_left());
        fleet.keep(&BTreeSet::new());
        assert!(member.is_left(), "its task has nothing to wait for any more");
        assert!(member.want(BTreeSet::new()), "another one is needed");
    }
}
