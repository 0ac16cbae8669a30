//! Adopting what Flux already runs: pairs of a GitRepository and a Kustomization in the clusters become proposals for projects
//! and environments, each with what was guessed; what cannot become one is named with the reason.
//!
//! Asks nobody: it reads the world, and says the same of the same world. What HelmReleases install belongs to the Kustomization
//! that applies them, since that is where a deployment can change it.

mod group;
mod guess;
mod reason;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::check;
use crate::detail::trace::same_repository;
use crate::flux::{Applied, Chart, FluxObject, Inventory, ObjectKey, Reference, SourceRef};
use crate::ident::{ContextName, EnvironmentId, ObjectName};
use crate::origin::applied_by;
use crate::project::{Environment, EnvironmentType, Project, plain_path};
use crate::text::Text;
use crate::trouble::Trouble;
use crate::world::World;

pub use guess::slug_of;
pub use reason::{Evidence, Guess, Reason, Remark};

/// The name that Flux gives to what installs and runs itself.
const SYSTEM: &str = "flux-system";
/// Kinds that run something, by which a namespace is recognized.
const RUNS: [&str; 7] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "HelmRelease", "Rollout"];

/// Holds what was found in the clusters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Survey {
    /// What can be adopted, by project.
    pub proposals: Vec<Proposal>,
    /// What cannot, and why.
    pub left: Vec<Left>,
}

/// Proposes a project with environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The project.
    pub project: Project,
    /// Whether the store has it already: then only environments are added.
    pub known: bool,
    /// Its environments, in the order in which a change travels.
    pub environments: Vec<Found>,
    /// What there is to know about it.
    pub remarks: Vec<Remark>,
}

/// Proposes an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The Kustomization that brings it about.
    pub object: ObjectKey,
    /// Its GitRepository.
    pub source: ObjectKey,
    /// The record.
    pub environment: Environment,
    /// Which of its fields are guessed, and from what.
    pub guesses: Vec<Guess>,
}

/// Names an object that cannot be adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Which one.
    pub object: ObjectKey,
    /// Why.
    #[serde(serialize_with = "reason::as_words")]
    pub why: Reason,
}

impl Survey {
    /// Tells whether there is nothing to adopt.
    pub const fn is_empty(&self) -> bool {
        self.proposals.is_empty()
    }

    /// Goes through all environments that are proposed.
    pub fn environments(&self) -> impl Iterator<Item = &Found> {
        self.proposals.iter().flat_map(|proposal| &proposal.environments)
    }
}

/// Holds a pair that can be adopted, before it has a project.
#[derive(Debug, Clone)]
struct Pair<'a> {
    object: &'a FluxObject,
    source: &'a FluxObject,
    url: &'a str,
    branch: String,
    path: String,
}

/// Looks through a cluster, or through all of them, for what can be adopted. What is an environment already is left out.
pub fn survey(world: &World, cluster: Option<&ContextName>) -> Survey {
    let here = |object: &&FluxObject| cluster.is_none_or(|c| *object.key.cluster == *c.0) && !object.deleting;
    let (mut pairs, mut left) = (Vec::new(), Vec::new());
    for object in world.flux.iter().map(AsRef::as_ref).filter(here) {
        let found = match &*object.key.kind {
            "Kustomization" if !recorded(world, object) => pair(world, object).map(Some),
            "HelmRelease" => alone(world, object).map_or(Ok(None), Err),
            _ => Ok(None),
        };
        match found {
            Ok(found) => pairs.extend(found),
            Err(why) => left.push(Left { object: object.key.clone(), why }),
        }
    }
    let mut proposals = group::projects(world, &pairs);
    for proposal in &mut proposals {
        proposal.environments.retain(|found| match check::environment(&found.environment) {
            Ok(()) => true,
            Err(trouble) => {
                left.push(Left { object: found.object.clone(), why: Reason::Unfit { why: trouble.to_string() } });
                false
            }
        });
    }
    proposals.retain(|proposal| !proposal.environments.is_empty());
    left.sort_by(|a, b| a.object.cmp(&b.object));
    Survey { proposals, left }
}

/// Tells whether a Kustomization is one of an environment's.
fn recorded(world: &World, object: &FluxObject) -> bool {
    world.environments.iter().any(|e| {
        let name = &e.gitops.kustomization;
        *e.cluster.0 == *object.key.cluster && *name.namespace == *object.key.namespace && *name.name == *object.key.name
    })
}

/// Finds the source that an object refers to.
fn referred<'a>(world: &'a World, object: &FluxObject, reference: &Reference) -> Option<&'a FluxObject> {
    let namespace = reference.namespace.as_deref().unwrap_or(&object.key.namespace);
    let key = ObjectKey::new(&object.key.context(), &reference.kind, namespace, &reference.name);
    world.flux_object(&key).map(AsRef::as_ref)
}

/// Makes a pair of a Kustomization and its source, or says why it is none.
fn pair<'a>(world: &'a World, object: &'a FluxObject) -> Result<Pair<'a>, Reason> {
    let Some(reference) = &object.spec.source_ref else { return Err(Reason::NoSource { name: String::new() }) };
    if reference.kind != "GitRepository" {
        return Err(Reason::NotGit { kind: reference.kind.to_string() });
    }
    if object.spec.remote {
        return Err(Reason::Remote);
    }
    if let Some(why) = system(object) {
        return Err(why);
    }
    let named = || {
        let namespace = reference.namespace.as_deref().unwrap_or(&object.key.namespace);
        format!("GitRepository/{namespace}/{}", reference.name)
    };
    let source = referred(world, object, reference).ok_or_else(|| Reason::NoSource { name: named() })?;
    let url = source.spec.url.as_deref().filter(|url| !url.is_empty()).ok_or_else(|| Reason::NoSource { name: named() })?;
    let branch = branch_of(source.spec.reference.as_deref())?;
    let path = plain_path(object.spec.path.as_deref().unwrap_or_default());
    if path.is_empty() {
        return Err(Reason::Root);
    }
    Ok(Pair { object, source, url, branch, path })
}

/// Says why a Kustomization is none of an application: it is Flux's own, or the root of a fleet.
fn system(object: &FluxObject) -> Option<Reason> {
    let entries = object.status.inventory.iter().flat_map(Inventory::entries);
    let groups: Vec<(Cow<'_, str>, &str, &str)> =
        entries.filter_map(Applied::parts).map(|(_, name, group, kind)| (name, group, kind)).collect();
    let controllers =
        groups.iter().any(|(name, _, kind)| *kind == "CustomResourceDefinition" && name.ends_with(".toolkit.fluxcd.io"));
    if controllers || (&*object.key.name == SYSTEM && &*object.key.namespace == SYSTEM) {
        return Some(Reason::System);
    }
    let applies = groups.iter().filter(|(_, group, kind)| *group == "kustomize.toolkit.fluxcd.io" && *kind == "Kustomization");
    let count = applies.count();
    (count > 0).then_some(Reason::Fleet { count })
}

/// Returns the branch that a source follows, or says what else it follows.
pub(crate) fn branch_of(reference: Option<&SourceRef>) -> Result<String, Reason> {
    // What source-controller takes when nothing is said.
    let Some(reference) = reference else { return Ok("master".to_owned()) };
    let pinned = |word: &'static str, value: &Option<Text>| {
        let value = value.as_ref().filter(|value| !value.is_empty())?;
        Some(Reason::Pinned { word, value: value.to_string() })
    };
    // In the order in which source-controller looks at them.
    let other = pinned("commit", &reference.commit);
    if let Some(why) = other {
        return Err(why);
    }
    if let Some(name) = reference.name.as_ref().filter(|name| !name.is_empty()) {
        let branch = name.strip_prefix("refs/heads/").map(str::to_owned);
        return branch.ok_or_else(|| Reason::Pinned { word: "name", value: name.to_string() });
    }
    if let Some(why) = pinned("semver", &reference.semver).or_else(|| pinned("tag", &reference.tag)) {
        return Err(why);
    }
    let branch = reference.branch.as_deref().filter(|branch| !branch.is_empty());
    Ok(branch.unwrap_or("master").to_owned())
}

/// Says why a HelmRelease belongs to no Kustomization that is an environment or may become one; nothing when it does.
fn alone(world: &World, object: &FluxObject) -> Option<Reason> {
    let label = |name: &str| object.labels.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if let Some(("Kustomization", namespace, name)) = applied_by(label) {
        // Whatever is to be said, is said of that one.
        let key = ObjectKey::new(&object.key.context(), "Kustomization", namespace, name);
        return world.flux_object(&key).is_none().then(|| Reason::NoSource { name: key.to_string() });
    }
    let Some(source) = object.source().filter(|source| source.kind == "GitRepository") else {
        let kind = object.source().map(|source| source.kind.to_string()).unwrap_or_default();
        return Some(Reason::NotGit { kind });
    };
    let chart = match object.spec.chart.as_deref() {
        Some(Chart::Template { spec }) => spec.chart.to_string(),
        _ => String::new(),
    };
    let namespace = source.namespace.as_deref().unwrap_or(&object.key.namespace);
    Some(Reason::ByHand { chart: plain_path(&chart), source: format!("{}/{namespace}/{}", source.kind, source.name) })
}

/// Makes an environment of a pair, for a project.
fn environment(pair: &Pair<'_>, id: EnvironmentId, (kind, evidence): (EnvironmentType, Guess), world: &World) -> Found {
    let object = pair.object;
    let mut environment = Environment::with_defaults(id, kind, object.key.context());
    let mut guesses = vec![evidence];
    let (namespace, sure) = namespace(world, object);
    if !sure {
        guesses.push(Guess { field: "namespace", from: Evidence::Nothing });
    }
    if environment.approval.required {
        guesses.push(Guess { field: "approval", from: Evidence::Type });
    }
    environment.namespace = namespace;
    let gitops = &mut environment.gitops;
    gitops.branch.clone_from(&pair.branch);
    gitops.path.clone_from(&pair.path);
    if let Some(interval) = &object.spec.interval {
        gitops.interval = interval.to_string();
    }
    gitops.auto_sync = !object.suspended();
    gitops.source = name_of(pair.source);
    gitops.kustomization = name_of(object);
    Found { object: object.key.clone(), source: pair.source.key.clone(), environment, guesses }
}

fn name_of(object: &FluxObject) -> ObjectName {
    ObjectName::new(&*object.key.namespace, &*object.key.name)
}

/// Returns the namespace that a Kustomization applies to, and whether that is certain.
fn namespace(world: &World, object: &FluxObject) -> (String, bool) {
    if let Some(target) = object.spec.target_namespace.as_ref().filter(|target| !target.is_empty()) {
        return (target.to_string(), true);
    }
    let entries = object.status.inventory.iter().flat_map(Inventory::entries);
    let mut runs: BTreeMap<String, usize> = BTreeMap::new();
    let mut holds: BTreeMap<String, usize> = BTreeMap::new();
    for (namespace, name, _, kind) in entries.filter_map(Applied::parts).filter(|parts| !parts.0.is_empty()) {
        *holds.entry(namespace.to_owned()).or_default() += 1;
        if RUNS.contains(&kind) {
            let key = ObjectKey::new(&object.key.context(), "HelmRelease", namespace, &name);
            let release = (kind == "HelmRelease").then(|| world.flux_object(&key)).flatten();
            let target = release.and_then(|release| release.spec.target_namespace.as_deref());
            *runs.entry(target.unwrap_or(namespace).to_owned()).or_default() += 1;
        }
    }
    let found = if runs.is_empty() { holds } else { runs };
    // The most; of as many the first by name.
    let most = found.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0))).map(|(name, _)| name.clone());
    let sure = found.len() == 1;
    most.map_or_else(|| ("default".to_owned(), false), |most| (most, sure))
}

impl Survey {
    /// Makes of a proposed environment, by the places of its project and of itself, one of another name, project or type.
    pub fn rename(
        &mut self,
        world: &World,
        (at, place): (usize, usize),
        id: &EnvironmentId,
        kind: Option<EnvironmentType>,
    ) -> Result<(), Trouble> {
        let from = self.proposals.get(at).and_then(|from| Some((&from.project, from.environments.get(place)?)));
        let Some((own, renamed)) = from else { return Ok(()) };
        let taken = self.environments().any(|other| other.environment.id == *id && !std::ptr::eq(other, renamed));
        if taken || world.environment(id).is_some() {
            return Err(Trouble::usage("The environment exists already", id).next("Choose another name."));
        }
        let known = world.project(&id.project);
        let mut there = self.proposals.iter().map(|to| &to.project).chain(known.map(|known| &**known));
        let there = there.find(|there| there.slug == id.project && there.slug != own.slug);
        if let Some(there) = there.filter(|there| !same_repository(&there.repository.url, &own.repository.url)) {
            return Err(Trouble::usage("That project has another repository", &there.slug).why(&there.repository.url));
        }
        // From here on nothing stands in the way.
        let (mut project, mut found) = (own.clone(), renamed.clone());
        if let Some(from) = self.proposals.get_mut(at) {
            from.environments.remove(place);
        }
        found.environment.id = id.clone();
        found.guesses.retain(|guess| guess.field != "name");
        if let Some(kind) = kind {
            found.retype(kind);
        }
        if let Some(to) = self.proposals.iter_mut().find(|to| to.project.slug == id.project) {
            to.environments.push(found);
        } else {
            project.name = id.project.to_string();
            project.slug = id.project.clone();
            let project = known.map_or(project, |known| (**known).clone());
            let known = known.is_some();
            self.proposals.push(Proposal { project, known, environments: vec![found], remarks: Vec::new() });
        }
        self.proposals.retain(|proposal| !proposal.environments.is_empty());
        self.proposals.sort_by(|a, b| a.project.slug.cmp(&b.project.slug));
        Ok(())
    }
}

impl Found {
    /// Makes it an environment of another type, as somebody said who knows.
    pub fn retype(&mut self, kind: EnvironmentType) {
        self.environment.kind = kind;
        self.environment.approval = kind.approval();
        self.guesses.retain(|guess| !matches!(guess.field, "type" | "approval"));
        if self.environment.approval.required {
            self.guesses.push(Guess { field: "approval", from: Evidence::Type });
        }
    }
}
