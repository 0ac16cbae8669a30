//! Where the values of a workload live: the effective value of each field at an environment's path, and the file and line
//! that decide it.
//!
//! The rules are those of `build`: a value that came through bases, patches, `images:` and `replicas:` says itself where it
//! was written. Nothing here changes a file.

mod helm;

use domain::edit::{Bound, Field, Found, Resource as Compute, WORKLOAD_KINDS, WorkloadRef};

use crate::build;
use crate::build::resource::Resource;
use crate::build::source::{Role, Source, Sources};
use crate::edit::{generators, helm as releases, network};
use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{ImageTrace, Place, Val};

/// Holds what is known of a workload at an environment's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The workload that the fields belong to.
    pub workload: WorkloadRef,
    /// Every workload under the path.
    pub workloads: Vec<WorkloadRef>,
    /// The containers of the workload, in order.
    pub containers: Vec<String>,
    /// Where each field lives and what it says.
    pub found: Vec<Found>,
}

impl Facts {
    /// Returns the place of a field of a container (the first container when none is named).
    pub fn find(&self, container: Option<&str>, field: &Field) -> Option<&Found> {
        let meant = container.or_else(|| self.containers.first().map(String::as_str));
        self.found.iter().find(|f| &f.field == field && (f.container.is_none() || f.container.as_deref() == meant))
    }
}

/// Finds a workload under an environment's path (the first one when none is named) and where its fields live.
pub fn facts(files: &Files, path: &str, workload: Option<&WorkloadRef>) -> Result<Facts, Error> {
    let located = Located::new(files, path, workload)?;
    Ok(located.facts())
}

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
    all: Vec<WorkloadRef>,
}

/// Holds one container of the workload.
#[derive(Clone, Copy)]
pub(crate) struct Container<'l> {
    /// Its name.
    pub(crate) name: &'l str,
    /// What it says.
    pub(crate) val: &'l Val,
}

/// Holds an image with the places of its parts.
pub(crate) struct ImageParts {
    pub(crate) name: String,
    pub(crate) tag: String,
    pub(crate) digest: String,
    pub(crate) trace: ImageTrace,
}

fn reference(resource: &Resource) -> WorkloadRef {
    WorkloadRef { kind: resource.kind(), name: resource.written_name().to_owned() }
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
        let (mut others, sources) = build::traced(files, path)?;
        let places: Vec<usize> = others.iter().enumerate().filter(|(_, r)| is_workload(r)).map(|(at, _)| at).collect();
        let all: Vec<WorkloadRef> = places.iter().filter_map(|at| others.get(*at)).map(reference).collect();
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
        Ok(Self { real: files.resolve(&folder)?, folder, sources, workload, others, all })
    }

    /// Returns the containers in order.
    pub(crate) fn containers(&self) -> Vec<Container<'_>> {
        let list = self.workload.val.at(&["spec", "template", "spec", "containers"]).map(Val::items).unwrap_or_default();
        list.iter().filter_map(|val| Some(Container { name: val.get("name")?.as_text()?, val })).collect()
    }

    /// Returns a container by name, or the first.
    pub(crate) fn container(&self, name: Option<&str>) -> Result<Container<'_>, Error> {
        let all = self.containers();
        let found = match name {
            None => all.first(),
            Some(name) => all.iter().find(|c| c.name == name),
        };
        found.copied().ok_or_else(|| Error::NoSuchContainer {
            workload: reference(&self.workload).to_string(),
            wanted: name.unwrap_or("at all").to_owned(),
            there: all.iter().map(|c| c.name).collect::<Vec<_>>().join(", "),
        })
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
        reference(&self.workload)
    }

    /// Returns everything that is known.
    pub(crate) fn facts(&self) -> Facts {
        let mut found = Vec::new();
        let release = self.workload.kind() == "HelmRelease";
        if release {
            releases::found(self, &mut found);
        } else {
            self.pod_facts(&mut found);
            network::found(self, &mut found);
        }
        generators::found(self, &mut found);
        let names = || self.containers().iter().map(|c| c.name.to_owned()).collect();
        Facts {
            workload: self.reference(),
            workloads: self.all.clone(),
            containers: if release { helm::containers(self) } else { names() },
            found,
        }
    }

    fn pod_facts(&self, found: &mut Vec<Found>) {
        if let Some(replicas) = self.workload.val.at(&["spec", "replicas"])
            && let Some(value) = replicas.scalar()
        {
            found.push(self.found(Field::Replicas, None, value, replicas.from));
        }
        for container in self.containers() {
            self.container_facts(container, found);
        }
    }

    fn container_facts(&self, container: Container<'_>, found: &mut Vec<Found>) {
        let name = Some(container.name);
        if let Some(parts) = image_parts(container.val) {
            found.push(self.found(Field::ImageName, name, parts.name, parts.trace.name));
            for (field, value, place) in
                [(Field::ImageTag, parts.tag, parts.trace.tag), (Field::ImageDigest, parts.digest, parts.trace.digest)]
            {
                if !value.is_empty() {
                    found.push(self.found(field, name, value, place));
                }
            }
        }
        if let Some(policy) = container.val.get("imagePullPolicy")
            && let Some(value) = policy.scalar()
        {
            found.push(self.found(Field::PullPolicy, name, value, policy.from));
        }
        for bound in [Bound::Request, Bound::Limit] {
            for resource in [Compute::Cpu, Compute::Memory] {
                if let Some(val) = container.val.at(&["resources", bound.key(), resource.key()])
                    && let Some(value) = val.scalar()
                {
                    found.push(self.found(Field::Resource(bound, resource), name, value, val.from));
                }
            }
        }
        for env in container.val.get("env").map(Val::items).unwrap_or_default() {
            let Some(variable) = env.get("name").and_then(Val::scalar) else { continue };
            let mut one = match env.get("value").filter(|v| !v.is_null()) {
                Some(value) => self.found(Field::Env(variable), name, value.scalar().unwrap_or_default(), value.from),
                None => self.found(Field::Env(variable), name, String::new(), env.from),
            };
            if let Some(source) = indirect(env) {
                one.why = format!("{source}, {}", one.why);
            }
            found.push(one);
        }
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
        let workload = format!("{} {}", self.workload.kind(), self.workload.written_name());
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

    fn layer(&self, layer: &str) -> String {
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

/// Says where a variable's value comes from when it is not written out.
pub(crate) fn indirect(env: &Val) -> Option<String> {
    let from = env.get("valueFrom").filter(|v| !v.is_null())?;
    let text = |path: &[&str]| from.at(path).and_then(Val::scalar).unwrap_or_default();
    Some(if from.get("secretKeyRef").is_some() {
        format!("comes from Secret {}, key {}", text(&["secretKeyRef", "name"]), text(&["secretKeyRef", "key"]))
    } else if from.get("configMapKeyRef").is_some() {
        format!("comes from ConfigMap {}, key {}", text(&["configMapKeyRef", "name"]), text(&["configMapKeyRef", "key"]))
    } else if from.get("fieldRef").is_some() {
        format!("comes from the Pod's field {}", text(&["fieldRef", "fieldPath"]))
    } else if from.get("resourceFieldRef").is_some() {
        format!("comes from the container's {}", text(&["resourceFieldRef", "resource"]))
    } else {
        "comes from elsewhere (valueFrom)".to_owned()
    })
}
