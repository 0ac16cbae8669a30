//! What a voyage sees: the part of the world that belongs to one deployment. Pure; asks nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Time;
use domain::deployment::{Deployment, Method, StageName};
use domain::flux::{Applied, FluxObject, Health, Inventory, ObjectKey};
use domain::history::{Brief, Mark};
use domain::ident::DeploymentId;
use domain::link::{LinkOf, LinkState};
use domain::project::Environment;
use domain::revision::{CommitId, Revision};
use domain::voyage::{Ancestry, ApplySeen, GitSeen, Observation, ReleaseSeen, SourceSeen};
use domain::why::Cause;
use domain::workload::{Pod, PodFault, Workload};
use domain::world::World;

/// The kinds whose watches must be live before anything is concluded.
const KINDS: [&str; 6] = ["GitRepository", "Kustomization", "Deployment", "StatefulSet", "DaemonSet", "Pod"];
/// The labels that name the template that a Pod was made of (ReplicaSet; StatefulSet and DaemonSet).
const TEMPLATE_LABELS: [&str; 2] = ["pod-template-hash", "controller-revision-hash"];

/// How many of an environment's newest deployments may supersede one.
const RIVALS: usize = 20;

/// Holds what a voyage knows beside the world.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// What is known of the commit on the server.
    pub(super) git: GitSeen,
    /// How commits that Flux names stand to ours.
    pub(super) ancestry: BTreeMap<CommitId, Ancestry>,
    /// The generations that were read afresh.
    pub(super) looked: Option<Vec<(String, i64)>>,
    /// The generations of HelmReleases that were read afresh.
    pub(super) releases: Vec<(ObjectKey, i64)>,
    /// The log that was read.
    pub(super) log: Option<Vec<String>>,
    /// The causes that were found.
    pub(super) why: Option<Vec<Cause>>,
}

/// Returns the commits whose standing matters: those that Flux names for an environment (of the source's artifact, tried and
/// applied) and those of its other deployments that got past apply.
pub(super) fn commits(world: &World, environment: &Environment, ours: &Deployment) -> Vec<CommitId> {
    let source = world.source(environment).and_then(|s| s.status.artifact.as_ref()).map(|a| &a.revision);
    let apply = world.kustomization(environment);
    let applied = apply.and_then(|k| k.status.last_applied_revision.as_ref());
    let attempted = apply.and_then(|k| k.status.last_attempted_revision.as_ref());
    let named = [source, applied, attempted].into_iter().flatten().filter_map(Revision::commit);
    let mut commits: Vec<_> = named.chain(rivals(world, ours).filter_map(|d| CommitId::parse(d.commit()))).collect();
    commits.sort();
    commits.dedup();
    commits
}

/// Returns the workloads that an environment's Kustomization has applied, by its inventory, and those that are seen.
pub(super) fn workloads(world: &World, environment: &Environment, deployment: &Deployment) -> Vec<ObjectKey> {
    if deployment.method == Method::Manual {
        return by_hand(environment, deployment);
    }
    let inventory = world.kustomization(environment).and_then(|k| k.status.inventory.as_ref());
    let entries = inventory.into_iter().flat_map(Inventory::entries).filter_map(Applied::parts);
    let workload = |kind: &str, group: &str| group == "apps" && matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet");
    let applied = entries
        // Other namespaces are not watched, so nothing could ever be concluded about what is in them.
        .filter(|(namespace, _, group, kind)| workload(kind, group) && *namespace == environment.namespace)
        .map(|(namespace, name, _, kind)| ObjectKey::new(&environment.cluster, kind, namespace, &name));
    let mut keys: Vec<_> = applied.chain(world.workloads_of(environment).into_iter().map(|w| w.key.clone())).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// Returns the HelmReleases that an environment's Kustomization has applied, by its inventory.
pub(super) fn releases(world: &World, environment: &Environment, deployment: &Deployment) -> Vec<ObjectKey> {
    if deployment.method == Method::Manual {
        return Vec::new();
    }
    let inventory = world.kustomization(environment).and_then(|k| k.status.inventory.as_ref());
    let entries = inventory.into_iter().flat_map(Inventory::entries).filter_map(Applied::parts);
    entries
        .filter(|(_, _, group, kind)| *group == "helm.toolkit.fluxcd.io" && *kind == "HelmRelease")
        .map(|(namespace, name, _, kind)| ObjectKey::new(&environment.cluster, kind, namespace, &name))
        .collect()
}

/// Returns the HelmReleases as they are seen. One that may not be seen is not waited for; one that is not seen yet is.
fn released(world: &World, environment: &Environment, deployment: &Deployment, known: &Known) -> Vec<ReleaseSeen> {
    let hidden = matches!(world.kind_link(&environment.cluster, "HelmRelease"), Some(LinkState::Forbidden { .. }));
    let keys = releases(world, environment, deployment);
    let seen = |key: ObjectKey| {
        let Some(object) = world.flux_object(&key) else {
            let (ready, released, working, stalled) = (None, None, None, None);
            return (!hidden).then_some(ReleaseSeen { key, current: false, suspended: false, ready, released, working, stalled });
        };
        let fresh = known.releases.iter().find(|(of, _)| *of == key).map_or(0, |(_, generation)| *generation);
        let ready = object.ready().cloned();
        let spoken = ready.as_ref().and_then(|c| c.observed_generation).max(object.status.observed_generation).unwrap_or(0);
        let lit = |kind: &str| object.condition(kind).filter(|c| c.status == "True").map(|c| c.message.to_string());
        Some(ReleaseSeen {
            current: object.generation >= fresh && spoken >= object.generation,
            suspended: object.suspended(),
            released: object.condition("Released").cloned(),
            working: lit("Reconciling"),
            stalled: lit("Stalled"),
            ready,
            key,
        })
    };
    keys.into_iter().filter_map(seen).collect()
}

/// Returns the workloads that a manual deployment has applied.
pub(super) fn by_hand(environment: &Environment, deployment: &Deployment) -> Vec<ObjectKey> {
    let read = |object: &String| {
        let mut parts = object.splitn(3, '/');
        let (namespace, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
        let watched = matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet") && namespace == environment.namespace;
        watched.then(|| ObjectKey::new(&environment.cluster, kind, namespace, name))
    };
    deployment.applied.iter().filter_map(read).collect()
}

/// Returns the workloads that a deployment is judged by, as they are seen.
fn judged(world: &World, environment: &Environment, deployment: &Deployment) -> Vec<Arc<Workload>> {
    if deployment.method == Method::Manual {
        let ours = by_hand(environment, deployment);
        return world.workloads.iter().filter(|workload| ours.contains(&workload.key)).cloned().collect();
    }
    let mut judged: Vec<Arc<Workload>> = world.workloads_of(environment).into_iter().cloned().collect();
    let releases = releases(world, environment, deployment);
    let of_release = |w: &&Arc<Workload>| {
        let by = w.released_by.as_ref();
        by.is_some_and(|(ns, name)| {
            releases.iter().any(|r| r.cluster == w.key.cluster && *r.namespace == **ns && *r.name == **name)
        })
    };
    for workload in world.workloads.iter().filter(of_release) {
        if !judged.iter().any(|known| known.key == workload.key) {
            judged.push(Arc::clone(workload));
        }
    }
    judged
}

/// Builds the observation of one deployment.
pub(super) fn observe(world: &World, environment: &Environment, deployment: &Deployment, known: &Known) -> Observation {
    let workloads = judged(world, environment, deployment);
    let faults = faults(world, &workloads, known.looked.as_deref());
    Observation {
        git: known.git.clone(),
        live: live(world, environment, deployment.method),
        source: world.source(environment).map(|s| source(s, known)),
        apply: world.kustomization(environment).map(|k| ApplySeen { behind: behind(world, k), ..apply(k, known) }),
        releases: released(world, environment, deployment, known),
        manual_sync: !environment.gitops.auto_sync,
        // What was read afresh counts when the watch shows all of it; before, a new workload would simply be missed.
        looked: known
            .looked
            .clone()
            .filter(|looked| looked.iter().all(|(name, _)| workloads.iter().any(|w| *w.key.name == **name))),
        workloads,
        faults,
        log: known.log.clone(),
        why: known.why.clone(),
        superseded_by: superseded_by(world, deployment, known),
    }
}

/// Tells whether everything that a deployment is judged by is heard live.
///
/// A kind of workload that we may not see is no reason to wait: it stays unseen, and the Kustomization's verdict has to do.
pub(super) fn live(world: &World, environment: &Environment, method: Method) -> bool {
    let beats = world.cluster_link(&environment.cluster).is_some_and(LinkState::is_live);
    let heard = |kind: &str, state: &LinkState| {
        let hidden = !kind.ends_with("Repository") && kind != "Kustomization" && matches!(state, LinkState::Forbidden { .. });
        state.is_live() || hidden
    };
    let of_kind = |wanted: &'static str| {
        world.links.iter().filter(move |link| match &link.of {
            LinkOf::Kind { cluster, kind, namespace } => {
                let here = namespace.is_empty() || *namespace == environment.namespace;
                *cluster == environment.cluster.0 && kind == wanted && here
            }
            _ => false,
        })
    };
    let of_flux = |kind: &str| matches!(kind, "GitRepository" | "Kustomization");
    let mut kinds = KINDS.into_iter().filter(|kind| method != Method::Manual || !of_flux(kind));
    beats && kinds.all(|kind| of_kind(kind).next().is_some() && of_kind(kind).all(|link| heard(kind, &link.state)))
}

fn stand(known: &Known, revision: Option<&Revision>) -> Ancestry {
    revision.and_then(Revision::commit).and_then(|c| known.ancestry.get(&c).copied()).unwrap_or_default()
}

fn source(object: &FluxObject, known: &Known) -> SourceSeen {
    let revision = object.status.artifact.as_ref().map(|a| &a.revision);
    let fault = object.ready().filter(|c| c.status == "False").map(|c| (c.reason.to_string(), c.message.to_string()));
    SourceSeen {
        artifact: stand(known, revision),
        revision: revision.map(Revision::short).unwrap_or_default(),
        suspended: object.suspended(),
        ready: object.ready().is_some_and(|c| c.status == "True"),
        fault,
    }
}

fn apply(object: &FluxObject, known: &Known) -> ApplySeen {
    let applied = object.status.last_applied_revision.as_ref();
    let ready = object.ready().map(|c| (c.status.to_string(), c.reason.to_string(), c.message.to_string())).unwrap_or_default();
    let working = object.condition("Reconciling").filter(|c| c.status == "True").map(|c| c.message.to_string());
    ApplySeen {
        applied: stand(known, applied),
        attempted: stand(known, object.status.last_attempted_revision.as_ref()),
        revision: applied.map(Revision::short).unwrap_or_default(),
        suspended: object.suspended(),
        ready,
        working,
        waits: object.spec.wait.unwrap_or(false),
        behind: Vec::new(),
    }
}

/// Says which of its dependencies are not ready, each in its own words.
fn behind(world: &World, object: &FluxObject) -> Vec<String> {
    let told = |key: ObjectKey| {
        let name = format!("{}/{}", key.namespace, key.name);
        match world.flux_object(&key) {
            None => Some(format!("{name} (it does not exist)")),
            Some(needed) if needed.health() == Health::Ok => None,
            Some(needed) if needed.suspended() => Some(format!("{name} (it is suspended)")),
            Some(needed) => {
                let failed = needed.ready().filter(|c| c.status == "False" && !c.message.is_empty());
                let said = failed.and_then(|c| c.message.lines().next().map(str::to_owned));
                Some(said.map_or_else(|| name.clone(), |said| format!("{name} ({said})")))
            }
        }
    };
    object.needs().filter_map(told).collect()
}

/// Tells whether a deployment came onto the branch after another. What waited for approval came when it was merged.
fn came_after(one: &Brief, other: &Deployment) -> bool {
    let theirs = other.stage(StageName::Commit).ended;
    if !one.is_proposed() && other.proposal.is_none() {
        return one.id() > other.id.as_str();
    }
    let ms = |time: Option<Time>| time.map(Time::as_millisecond);
    (ms(one.ended(StageName::Commit)), one.id()) > (ms(theirs), other.id.as_str())
}

/// Goes through the newest other deployments of the same environment that got past apply.
fn rivals<'a>(world: &'a World, ours: &'a Deployment) -> impl Iterator<Item = &'a Brief> {
    let past = |d: &Brief| d.mark(StageName::Apply) == Mark::Done;
    let others = world.deployments.of(&ours.environment).filter(|d| d.id() != ours.id.as_str());
    others.take(RIVALS).filter(move |d| past(d))
}

/// Returns the newest deployment of the same environment that contains ours and got past apply. Which was recorded first says
/// nothing: what others pushed is recorded when it is seen. Only by hand nothing contains anything; then the later one counts.
fn superseded_by(world: &World, ours: &Deployment, known: &Known) -> Option<DeploymentId> {
    let by_hand = |method: Method| method == Method::Manual;
    let contains = |d: &Brief| match CommitId::parse(d.commit()) {
        Some(commit) if !by_hand(d.method()) && !by_hand(ours.method) => known.ancestry.get(&commit) == Some(&Ancestry::Past),
        _ => came_after(d, ours),
    };
    rivals(world, ours).filter(|d| contains(d)).map(Brief::to_id).max()
}

/// Returns what is wrong with Pods of the present templates, those of workloads that are not rolled out first.
fn faults(world: &World, workloads: &[Arc<Workload>], looked: Option<&[(String, i64)]>) -> Vec<PodFault> {
    let mut found = Vec::new();
    for workload in workloads.iter().filter(|w| !w.rolled_out()) {
        let fresh = looked.and_then(|l| l.iter().find(|(name, _)| *name == *workload.key.name)).map_or(0, |(_, g)| *g);
        // Before its controller has made the first Pod of the new template, all Pods are of an old one.
        if workload.generation < fresh || workload.observed_generation < workload.generation || workload.updated == 0 {
            continue;
        }
        found.extend(of_present_template(world, workload).into_iter().filter_map(|pod| pod.fault()));
    }
    found
}

fn of_present_template<'a>(world: &'a World, workload: &'a Workload) -> Vec<&'a Arc<Pod>> {
    let same = |pod: &Pod| {
        workload.containers.iter().all(|wanted| {
            pod.containers.iter().find(|c| c.name == wanted.name).is_none_or(|c| same_image(&c.image, &wanted.image))
        })
    };
    let pods: Vec<_> = world.pods_of(workload).filter(|pod| !pod.deleting && same(pod)).collect();
    // An image may stay the same while the template changes; then the youngest Pod is of the present one.
    let newest = pods.iter().max_by_key(|pod| pod.created).and_then(|pod| template_of(pod));
    pods.into_iter().filter(|pod| template_of(pod) == newest).collect()
}

/// Tells whether a Pod's image is the template's; a status may spell out the registry that the template leaves away.
fn same_image(pod: &str, template: &str) -> bool {
    pod == template || pod.strip_suffix(template).is_some_and(|head| head.ends_with('/'))
}

fn template_of(pod: &Pod) -> Option<&str> {
    TEMPLATE_LABELS.iter().find_map(|label| pod.labels.iter().find(|(key, _)| key == label)).map(|(_, value)| value.as_str())
}

#[cfg(test)]
#[path = "observe_tests.rs"]
mod tests;
