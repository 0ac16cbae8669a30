//! Edits of a workload's fields, made in the files where they belong.
//!
//! A value that is written within the environment's own folder is changed where it is written. A value that comes from a
//! base outside of it, which other environments may share, is overridden in the environment's kustomization: image parts
//! under `images:`, replicas under `replicas:`, everything else in a strategic merge patch for the workload (in a JSON patch
//! for kinds whose lists such a patch would replace whole, and where it would change an order that means something). When there is no such patch yet it is made inline under
//! `patches:` and not as a file: then one file tells all that the overlay changes, no file name can collide, and the diff is
//! one hunk. `Choice::Written` changes the base instead.
//!
//! What would change more than was asked for, or could go to several places, is asked: an anchor that others use, a patch
//! that speaks of several objects, several patches for the object, several containers and none named.
//!
//! After each step the environment is rendered again; an edit counts as made only when the effective value is the one that
//! was asked for. What cannot be reached so is an error, and no file changes.

pub(crate) mod aim;
mod base;
pub(crate) mod container;
pub mod facts;
pub(crate) mod generators;
pub(crate) mod helm;
mod hosts;
pub(crate) mod images;
pub(crate) mod metadata;
mod nested;
pub(crate) mod network;
mod objects;
mod operations;
mod order;
mod overlay;
pub(crate) mod ports;
pub(crate) mod probes;
pub(crate) mod replicas;
mod shared;
mod tidy;
pub(crate) mod variables;

use std::collections::BTreeMap;

use domain::change::FileChange;
use domain::edit::{Choice, Edit, Field, Found, ProbePart, WorkloadRef};

use crate::error::Error;
use crate::files::Files;
use crate::locate::Located;
use crate::yaml::{Splice, SpliceFault, Tree, Val, spliced};

/// How many steps one edit may take: taking a value out of a patch may show the one of the base below it.
const STEPS: usize = 8;

/// Holds what edits come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The files that change, in the order of their paths.
    pub files: Vec<FileChange>,
    /// Where each edited field lives afterwards; removed ones are left out.
    pub places: Vec<Found>,
    /// The other workloads that become something else too, in the order in which they are rendered.
    pub others: Vec<WorkloadRef>,
}

/// Makes edits of a workload under an environment's path (of the first workload when none is named).
///
/// An edit that asks for what is there already changes nothing. All edits are made or none.
pub fn apply(files: &Files, path: &str, workload: Option<&WorkloadRef>, edits: &[Edit]) -> Result<Applied, Error> {
    let mut desk = Desk { files: files.clone(), before: BTreeMap::new() };
    let mut located = Located::new(files, path, workload)?;
    let before = located.other_workloads();
    // The first workload stays the one that is meant, even when an edit changes the order.
    let meant = located.reference();
    for edit in edits {
        if let Some(why) = edit.fault() {
            let value = edit.value.clone().unwrap_or_default();
            return Err(Error::Value { field: edit.field.to_string(), value, why });
        }
    }
    for edit in ordered(edits) {
        let edit = &located.addressed(edit);
        let stale = stale_digest(edit, edits, &located)?;
        for edit in stale.iter().chain([edit]) {
            located = one(&mut desk, path, &meant, (located, edit))?;
        }
    }
    let facts = facts::of(&located);
    let mut places: Vec<Found> = edits.iter().filter_map(|e| facts.find(e.container.as_deref(), &e.field).cloned()).collect();
    if !desk.before.is_empty() {
        base::told(&desk.files, &located, &meant, &mut places);
    }
    let after = located.other_workloads();
    let changed = |(workload, val): &(WorkloadRef, Val)| !before.iter().any(|(was, old)| was == workload && old == val);
    let others = after.into_iter().filter(changed).map(|(workload, _)| workload).collect();
    Ok(Applied { files: desk.changes(), places, others })
}

/// Returns edits in the order in which they can be made, each with what the others say about it.
fn ordered(edits: &[Edit]) -> Vec<Edit> {
    let mut out = edits.to_vec();
    for edit in &mut out {
        // Who removes the reference too wants the plain value in its place.
        if let (Field::Env(name), Some(_), None) = (&edit.field, &edit.value, &edit.choice) {
            let gone = Edit { container: edit.container.clone(), ..Edit::remove(Field::EnvRef(name.clone())) };
            edit.choice = edits.contains(&gone).then_some(Choice::Own);
        }
    }
    // A probe that is new needs a port before anything else. A tag with a digest behind it needs no quotes, whatever it is.
    out.sort_by_key(|edit| match edit.field {
        Field::Probe(_, ProbePart::Port) => 0,
        Field::Probe(_, ProbePart::Path) | Field::ImageDigest => 1,
        _ => 2,
    });
    out
}

/// A digest pins the image, so that a new tag beside it would change nothing: unless a digest is asked for too, it goes.
fn stale_digest(edit: &Edit, edits: &[Edit], located: &Located) -> Result<Option<Edit>, Error> {
    if !matches!(edit.field, Field::ImageTag | Field::ImageName)
        || edits.iter().any(|e| e.field == Field::ImageDigest && e.container == edit.container)
    {
        return Ok(None);
    }
    let (container, choice) = (edit.container.clone(), edit.choice.clone());
    let remove = Edit { container, choice, ..Edit::remove(Field::ImageDigest) };
    Ok((!met(located, edit)? && !met(located, &remove)?).then_some(remove))
}

fn one(desk: &mut Desk, path: &str, meant: &WorkloadRef, (mut located, edit): (Located, &Edit)) -> Result<Located, Error> {
    let patches = tidy::patches(&located);
    for step in 0..STEPS {
        if met(&located, edit)? {
            // What was taken out may have left a patch with nothing to say.
            while step > 0 && tidy::tidy(desk, &located, &patches, edit)? {
                located = Located::new(&desk.files, path, Some(meant))?;
            }
            return Ok(located);
        }
        match Family::of(&located, &edit.field) {
            Family::Image => images::step(desk, &located, edit)?,
            Family::Replicas => replicas::step(desk, &located, edit)?,
            Family::Container => container::step(desk, &located, edit)?,
            Family::Variables => variables::step(desk, &located, edit)?,
            Family::Ports => ports::step(desk, &located, edit)?,
            Family::Probes => probes::step(desk, &located, edit)?,
            Family::Metadata => metadata::step(desk, &located, edit)?,
            Family::Helm => helm::step(desk, &located, edit)?,
            Family::Generators => generators::step(desk, &located, edit)?,
            Family::Network => network::step(desk, &located, edit)?,
        }
        located = Located::new(&desk.files, path, Some(meant))?;
    }
    if met(&located, edit)? {
        return Ok(located);
    }
    let facts = facts::of(&located);
    let file = facts.find(edit.container.as_deref(), &edit.field).map_or_else(|| located.folder.clone(), |f| f.file.clone());
    Err(Error::CannotEdit { field: edit.field.to_string(), file, why: "something else decides it after the change".to_owned() })
}

/// Names what answers for a field: each has `met`, `step` and `found` in a module of its own.
enum Family {
    Image,
    Replicas,
    /// Single values of a container.
    Container,
    Variables,
    Ports,
    Probes,
    /// Labels and annotations.
    Metadata,
    /// Every field of a HelmRelease, and those that only a HelmRelease has.
    Helm,
    /// What a kustomization generates, whatever the workload is.
    Generators,
    /// The Service and the Ingress that lead to the workload's Pods.
    Network,
}

impl Family {
    fn of(located: &Located, field: &Field) -> Self {
        match field {
            Field::Config(..) => Self::Generators,
            Field::ChartVersion | Field::Value(_) => Self::Helm,
            Field::Label(_) | Field::Annotation(_) => Self::Metadata,
            _ if located.workload.kind() == "HelmRelease" => Self::Helm,
            Field::ServiceType | Field::ServicePort(_) | Field::IngressHost => Self::Network,
            Field::ImageName | Field::ImageTag | Field::ImageDigest => Self::Image,
            Field::Replicas => Self::Replicas,
            Field::PullPolicy | Field::Resource(..) => Self::Container,
            Field::Env(_) | Field::EnvRef(_) => Self::Variables,
            Field::Port(_) => Self::Ports,
            Field::Probe(..) => Self::Probes,
            Field::PodLabel(_) | Field::PodAnnotation(_) => Self::Metadata,
        }
    }
}

/// Builds the error for a field that has no place in what is there.
fn unknown(located: &Located, edit: &Edit) -> Error {
    let why = "no place for it is known".to_owned();
    Error::CannotEdit { field: edit.field.to_string(), file: located.folder.clone(), why }
}

/// Tells whether the effective value is the one that an edit asks for.
fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    match Family::of(located, &edit.field) {
        Family::Image => images::met(located, edit),
        Family::Replicas => replicas::met(located, edit),
        Family::Container => container::met(located, edit),
        Family::Variables => variables::met(located, edit),
        Family::Ports => ports::met(located, edit),
        Family::Probes => probes::met(located, edit),
        Family::Metadata => metadata::met(located, edit),
        Family::Helm => helm::met(located, edit),
        Family::Generators => generators::met(located, edit),
        Family::Network => network::met(located, edit),
    }
}

/// Holds the files as they become, and the texts of those that changed as they were.
struct Desk {
    files: Files,
    before: BTreeMap<String, String>,
}

impl Desk {
    /// Changes a file.
    fn write(&mut self, path: &str, field: &Field, splices: &[Splice]) -> Result<(), Error> {
        let real = self.files.resolve(path)?;
        let text = self.files.text(&real, None)?.to_owned();
        let after = spliced(&text, splices);
        if let Err(fault) = Tree::parse(&after) {
            let why = format!("the file would be no YAML any more (line {}: {})", fault.line, fault.why);
            return Err(Error::CannotEdit { field: field.to_string(), file: path.to_owned(), why });
        }
        self.put(real, text, after);
        Ok(())
    }

    /// Puts another text into a file that is no manifest.
    fn replace(&mut self, path: &str, after: String) -> Result<(), Error> {
        let real = self.files.resolve(path)?;
        let text = self.files.text(&real, None)?.to_owned();
        self.put(real, text, after);
        Ok(())
    }

    fn put(&mut self, real: String, before: String, after: String) {
        self.files.insert(real.clone(), after);
        self.before.entry(real).or_insert(before);
    }

    fn changes(&self) -> Vec<FileChange> {
        let after = |path: &str| self.files.text(path, None).ok().map(str::to_owned);
        self.before
            .iter()
            .map(|(path, before)| FileChange { path: path.clone(), before: Some(before.clone()), after: after(path) })
            .filter(|change| change.before != change.after)
            .collect()
    }
}

/// Turns a fault of a splice into an error that names the places.
fn refused(file: &str, tree: &Tree<'_>, lead: usize, field: &Field, fault: SpliceFault) -> Error {
    match fault {
        SpliceFault::Shared { first, second } => Error::Shared {
            field: field.to_string(),
            first: format!("{file}:{}", tree.line(first) + lead),
            second: format!("{file}:{}", tree.line(second) + lead),
        },
        SpliceFault::Unfit(why) => Error::CannotEdit { field: field.to_string(), file: file.to_owned(), why: why.to_owned() },
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
#[path = "edit/style_tests.rs"]
mod style_tests;
