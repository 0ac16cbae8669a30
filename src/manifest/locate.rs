//! Where the values of a workload live: the effective value of each field at an environment's path, and the file and line
//! that decide it.
//!
//! The rules are those of `build`: a value that came through bases, patches, `images:` and `replicas:` says itself where it
//! was written. Nothing here changes a file.

pub(crate) mod configs;
pub(crate) mod helm;

use domain::edit::{Ask, Choice, Edit, Field, Found, Offer, WORKLOAD_KINDS, WorkloadRef};

use crate::build;
use crate::build::resource::Resource;
use crate::build::source::{Role, Source, Sources};
use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{ImageTrace, Place, Val};

/// Holds a rendered environment and the workload meant.
pub(crate) struct Located {
    /// The environment's folder.
    pub(crate) folder: String,
    /// Where that is, links followed.
    real: String,
    /// The texts.
    pub(crate) sources: Sources,
    /// The workload.
    pub(crate) workload: Resource,
    /// All other objects that are rendered, in order.
    pub(crate) others: Vec<Resource>,
    /// What its kustomizations generate.
    pub(crate) generators: Vec<configs::Generator>,
    /// What its values say, when it is a HelmRelease.
    pub(crate) release: Option<helm::Release>,
    /// Every workload under the path.
    pub(crate) all: Vec<WorkloadRef>,
}

/// Holds one container of the workload.
#[derive(Clone, Copy)]
pub(crate) struct Container<'l> {
    /// Its name.
    pub(crate) name: &'l str,
    /// What it says.
    pub(crate) val: &'l Val,
    /// The key of the list that holds it: `containers` or `initContainers`.
    pub(crate) list: &'static str,
}

/// The lists of containers, in the order in which facts name them.
pub(crate) const LISTS: [&str; 2] = ["containers", "initContainers"];
/// The annotation of a Pod that says which container is meant when none is named.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// Holds an image with the places of its parts.
pub(crate) struct ImageParts {
    pub(crate) name: String,
    pub(crate) tag: String,
    pub(crate) digest: String,
    pub(crate) trace: ImageTrace,
}

fn reference<'r>(resource: &Resource, all: impl IntoIterator<Item = &'r Resource>) -> WorkloadRef {
    WorkloadRef { kind: resource.kind(), name: title(resource, all) }
}

/// Returns what an object is called: by its name in the manifests, unless others of its kind have that too.
fn title<'r>(resource: &Resource, all: impl IntoIterator<Item = &'r Resource>) -> String {
    let (kind, name) = (resource.kind(), resource.written_name());
    let twin = |r: &&Resource| !std::ptr::eq(*r, resource) && r.kind() == kind && r.written_name() == name;
    let mut all = all.into_iter();
    if all.any(|r| twin(&r)) { resource.id().name } else { name.to_owned() }
}

/// Tells whether an object is a workload that can be edited: kinds that others define too count in their own group only.
fn is_workload(resource: &Resource) -> bool {
    let kind = resource.kind();
    let group = match kind.as_str() {
        "Rollout" => "argoproj.io",
        "HelmRelease" => "helm.toolkit.fluxcd.io",
        other => return WORKLOAD_KINDS.contains(&other),
    };
    resource.group_version().0 == group
}

/// Tells whether a workload runs to an end, so that it is not the one that is meant when none is named.
fn passing(workload: &WorkloadRef) -> bool {
    matches!(workload.kind.as_str(), "CronJob" | "Job")
}

impl Located {
    /// Renders a path and picks the workload.
    pub(crate) fn new(files: &Files, path: &str, workload: Option<&WorkloadRef>) -> Result<Self, Error> {
        let folder = files::join("", path, path)?;
        let (mut others, mut sources) = build::traced(files, path)?;
        let places: Vec<usize> = others.iter().enumerate().filter(|(_, r)| is_workload(r)).map(|(at, _)| at).collect();
        let all: Vec<WorkloadRef> = places.iter().filter_map(|at| others.get(*at)).map(|r| reference(r, &others)).collect();
        let shown = if folder.is_empty() { "the repository's root".to_owned() } else { folder.clone() };
        if all.is_empty() {
            return Err(Error::NoWorkload { path: shown });
        }
        let at = match workload {
            None => all.iter().position(|w| !passing(w)).or(Some(0)),
            Some(wanted) => places
                .iter()
                .filter_map(|at| others.get(*at))
                .position(|r| r.kind() == wanted.kind && r.id().name == wanted.name)
                .or_else(|| all.iter().position(|w| w == wanted)),
        };
        let Some(at) = at.and_then(|at| places.get(at)) else {
            let there = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let wanted = workload.map(ToString::to_string).unwrap_or_default();
            return Err(Error::NoSuchWorkload { path: shown, wanted, there });
        };
        let workload = others.remove(*at);
        let generators = configs::generators(files, &sources)?;
        let release = (workload.kind() == "HelmRelease").then(|| helm::Release::read(&workload, &others, &mut sources, files));
        Ok(Self { real: files.resolve(&folder)?, folder, sources, workload, others, generators, release, all })
    }

    /// Returns the other workloads as they are rendered.
    pub(crate) fn other_workloads(&self) -> Vec<(WorkloadRef, Val)> {
        self.others.iter().filter(|r| is_workload(r)).map(|r| (reference(r, self.objects()), r.val.clone())).collect()
    }

    /// Returns the object that holds the Pod template: the workload, or the Deployment that a Rollout refers to.
    pub(crate) fn pods(&self) -> &Resource {
        let referred = self.workload.val.at(&["spec", "workloadRef"]).filter(|v| !v.is_null());
        let Some(of) = referred.filter(|_| self.workload.kind() == "Rollout") else { return &self.workload };
        let text = |key: &str| of.get(key).and_then(Val::scalar).unwrap_or_default();
        let (kind, name) = (text("kind"), text("name"));
        let named = |r: &&Resource| r.kind() == kind && r.ids().iter().any(|id| id.name == name);
        self.others.iter().find(named).unwrap_or(&self.workload)
    }

    /// Returns the keys that lead to the Pod template.
    pub(crate) fn template(&self) -> &'static [&'static str] {
        match self.workload.kind().as_str() {
            "CronJob" => &["spec", "jobTemplate", "spec", "template"],
            _ => &["spec", "template"],
        }
    }

    /// Returns the labels that select the workload's Pods; none where Kubernetes makes the selector itself.
    pub(crate) fn selector(&self) -> Option<&Val> {
        let made = matches!(self.workload.kind().as_str(), "Job" | "CronJob");
        self.pods().val.at(&["spec", "selector", "matchLabels"]).filter(|_| !made)
    }

    /// Returns the containers in order, those that run before the others last.
    pub(crate) fn containers(&self) -> Vec<Container<'_>> {
        let pod = self.pods().val.at(self.template()).and_then(|t| t.get("spec"));
        let of = |list: &'static str| {
            let items = pod.and_then(|pod| pod.get(list)).map(Val::items).unwrap_or_default();
            items.iter().filter_map(move |val| Some(Container { name: val.get("name")?.as_text()?, val, list }))
        };
        LISTS.into_iter().flat_map(of).collect()
    }

    /// Returns the container that an edit means.
    ///
    /// That is the one that it names. When it names none: the only one (those that run before the others do not count), or of
    /// several the one that the Pod's annotation `kubectl.kubernetes.io/default-container` names; else it is asked, and the
    /// answer says where the container starts.
    pub(crate) fn meant(&self, edit: &Edit) -> Result<Container<'_>, Error> {
        let all = self.containers();
        let missing = |wanted: &str| Error::NoSuchContainer {
            workload: self.reference().to_string(),
            wanted: wanted.to_owned(),
            there: if all.is_empty() { "none".to_owned() } else { all.iter().map(|c| c.name).collect::<Vec<_>>().join(", ") },
        };
        if let Some(name) = edit.container.as_deref() {
            return all.iter().find(|c| c.name == name).copied().ok_or_else(|| missing(name));
        }
        if let Some(one) = self.chosen(edit) {
            return Ok(one);
        }
        let main: Vec<Container<'_>> = all.iter().filter(|c| c.list == LISTS[0]).copied().collect();
        let annotations = self.pods().val.at(self.template()).and_then(|t| t.at(&["metadata", "annotations"]));
        let preferred = annotations.and_then(|a| a.get(DEFAULT_CONTAINER)).and_then(Val::as_text);
        match main.as_slice() {
            [] => all.first().copied().ok_or_else(|| missing("at all")),
            [one] => Ok(*one),
            several => several.iter().find(|c| Some(c.name) == preferred).copied().ok_or_else(|| {
                let offer = |c: &Container<'_>| {
                    let (file, line) = self.start(c);
                    let what = format!("changes container {}", c.name);
                    Offer { choice: Choice::At { file: file.clone(), line }, file, line, what }
                };
                let why = format!("could be meant of {} containers", several.len());
                let offers = all.iter().map(offer).collect();
                Error::Choose(Box::new(Ask { container: None, field: edit.field.clone(), why, offers }))
            }),
        }
    }

    /// Returns an edit with the container by name that its choice points at: a later question is free to ask for another.
    pub(crate) fn addressed(&self, edit: Edit) -> Edit {
        if edit.container.is_some() || !edit.field.is_of_container() || !matches!(edit.choice, Some(Choice::At { .. })) {
            return edit;
        }
        match self.chosen(&edit).map(|c| c.name.to_owned()) {
            Some(name) => Edit { container: Some(name), choice: None, ..edit },
            None => edit,
        }
    }

    /// Returns the container that starts where an edit's choice says.
    fn chosen(&self, edit: &Edit) -> Option<Container<'_>> {
        let Some(Choice::At { file, line }) = &edit.choice else { return None };
        self.containers().into_iter().find(|c| self.start(c) == (file.clone(), *line))
    }

    /// Returns where a container starts: file and line.
    fn start(&self, container: &Container<'_>) -> (String, usize) {
        (self.sources.file(container.val.from).to_owned(), self.sources.line(container.val.from))
    }

    /// Returns the other objects that have a value from a place, by kind and name.
    pub(crate) fn users(&self, place: Place, but: &Resource) -> Vec<String> {
        let all = self.others.iter().chain([&self.workload]).filter(|r| !std::ptr::eq(*r, but));
        all.filter(|r| uses(&r.val, place)).map(|r| self.title(r)).collect()
    }

    /// Tells whether an object, and no other, has values from a text.
    pub(crate) fn alone_in(&self, number: u32, object: &Resource) -> bool {
        let has = |r: &Resource| reads(&r.val, number);
        has(object) && !self.others.iter().chain([&self.workload]).any(|r| !std::ptr::eq(r, object) && has(r))
    }

    /// Tells whether a file belongs to the environment alone: it lies within the environment's own folder.
    pub(crate) fn own(&self, file: &str) -> bool {
        files::within(file, &self.real)
    }

    /// Tells whether a source is the environment's own kustomization.
    pub(crate) fn outermost(&self, source: &Source) -> bool {
        source.role == Role::Kustomization && source.layer == self.folder
    }

    /// Returns the workload as it is named in the manifests.
    pub(crate) fn reference(&self) -> WorkloadRef {
        reference(&self.workload, &self.others)
    }

    /// Returns all objects that are rendered.
    fn objects(&self) -> impl Iterator<Item = &Resource> {
        self.others.iter().chain([&self.workload])
    }

    /// Returns what an object is called in a sentence.
    pub(crate) fn title(&self, object: &Resource) -> String {
        format!("{} {}", object.kind(), title(object, self.objects()))
    }

    /// Returns the name by which the environment's kustomization can mean an object: the one in the manifests, unless others
    /// of its kind are or were called so too, else the first of its later ones that it has alone.
    pub(crate) fn address(&self, object: &Resource) -> String {
        let kind = object.kind();
        let others: Vec<_> =
            self.objects().filter(|r| !std::ptr::eq(*r, object) && r.kind() == kind).map(Resource::ids).collect();
        let alone = |name: &str| !others.iter().flatten().any(|id| id.name == name);
        let own = object.ids().into_iter().map(|id| id.name).find(|name| alone(name));
        own.unwrap_or_else(|| object.written_name().to_owned())
    }

    /// Builds what is known of one field: its value, its place, and in words why that place decides it.
    pub(crate) fn found(&self, field: Field, container: Option<&str>, value: String, place: Option<Place>) -> Found {
        Found {
            why: self.why(&field, container, place),
            field,
            container: container.map(str::to_owned),
            value,
            file: self.sources.file(place).to_owned(),
            line: self.sources.line(place),
        }
    }

    /// Says in words why a place decides a field.
    fn why(&self, field: &Field, container: Option<&str>, place: Option<Place>) -> String {
        let Some((number, _)) = place else { return "it is computed while rendering".to_owned() };
        let source = self.sources.get(number);
        let object = if container.is_some() { self.pods() } else { &self.workload };
        let workload = self.title(object);
        let holder = container.map_or_else(|| workload.clone(), |c| format!("container {c} of {workload}"));
        match source.role {
            Role::Kustomization => {
                let list = if *field == Field::Replicas { "replicas" } else { "images" };
                format!("{list}: entry of {}", self.layer(&source.layer))
            }
            Role::Patch if source.host.is_some() => format!("inline patch of {}", self.layer(&source.layer)),
            Role::Patch => {
                let name = source.file.strip_prefix(&format!("{}/", source.layer)).unwrap_or(&source.file);
                format!("patch {name} of {}", self.layer(&source.layer))
            }
            Role::Resource if self.own(&source.file) => holder,
            Role::Resource => format!("{holder}, in the base {}", files::parent(&source.file)),
        }
    }

    /// Names a kustomization by its folder.
    pub(crate) fn layer(&self, layer: &str) -> String {
        if layer == self.folder { "the overlay".to_owned() } else { format!("the base {layer}") }
    }
}

/// Returns a container's image in parts.
pub(crate) fn image_parts(container: &Val) -> Option<ImageParts> {
    let image = container.get("image")?;
    let text = image.as_text()?;
    let (name, tag, digest) = build::split_image(text);
    let trace = image.image.as_ref().map_or_else(|| ImageTrace::of(image.from), |t| (**t).clone());
    Some(ImageParts { name: name.to_owned(), tag: tag.to_owned(), digest: digest.to_owned(), trace })
}

/// Tells whether a value, or a part of it, was written in a text.
fn reads(val: &Val, number: u32) -> bool {
    val.from.is_some_and(|(n, _)| n == number)
        || val.items().iter().any(|item| reads(item, number))
        || val.as_map().is_some_and(|map| map.values().any(|value| reads(value, number)))
}

/// Tells whether a value, or a part of it, was written at a place.
fn uses(val: &Val, place: Place) -> bool {
    val.from == Some(place)
        || val.items().iter().any(|item| uses(item, place))
        || val.as_map().is_some_and(|map| map.values().any(|value| uses(value, place)))
}
