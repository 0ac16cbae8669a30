//! `set`: fields of a local folder's manifests, shown with their places or changed where they live.

use std::path::PathBuf;

use clap::Args;
use domain::Trouble;
use domain::change::FileChange;
use domain::edit::{Ask, Choice, Edit, Field, Found, Offer, WorkloadRef};
use manifest::{Applied, Error, Facts, apply, facts};
use serde::Serialize;

use super::fields::{self, Fields};
use super::units::{has_kustomization, units};
use super::{Format, environment, output};
use crate::local::Local;

/// Changes fields of manifests in a local folder, and nothing else in their files: prints a diff, --write writes.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck set k8s/overlays/production\n  \
    quarterdeck set k8s/overlays/production --tag 1.9.0 --replicas 3\n  \
    quarterdeck set k8s/overlays/production --tag 1.9.0 --write\n  \
    quarterdeck set apps/shop --workload HelmRelease/shop --value ingress.enabled=true | git apply\n\n\
    DIR may hold many folders, such as a whole repository: the one that has the workload is found, unless several have it.\n\
    Without fields it lists what it finds: each field with its value, its place, and why that place decides it.\n\
    A value that comes from a base goes into the folder's own kustomization, unless --at written says otherwise. When a value \
    has several places it asks, with status 2, and --at answers.\n\
    Only what has to change is changed: comments, quoting, order and line ends stay byte for byte.\n\n\
    JSON: without fields a list of field, workload, container, value, file, line, why; else written, workload, changes (field, \
    container, before, after, file, line, why), others (the workloads that change with it) and files (path, before, after).")]
pub(crate) struct Set {
    /// The folder: an overlay, a base, or any folder with manifests.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    fields: Fields,
    /// Writes the files; without it the diff is only printed.
    #[arg(long)]
    write: bool,
    /// Where the repository begins; the nearest folder above with a .git when absent.
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

/// Holds one field and where it lives.
#[derive(Debug, Serialize)]
struct Place {
    field: String,
    workload: String,
    container: Option<String>,
    value: String,
    file: String,
    line: usize,
    why: String,
}

/// Holds what became of one field.
#[derive(Debug, Serialize)]
struct Change {
    field: String,
    container: Option<String>,
    before: Option<String>,
    after: Option<String>,
    file: String,
    line: usize,
    why: String,
}

/// What `set -o json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    written: bool,
    workload: String,
    changes: Vec<Change>,
    /// The other workloads that change with it.
    others: Vec<String>,
    files: &'a [FileChange],
}

pub(crate) fn run(format: Format, set: &Set) -> Result<(), Trouble> {
    let workload = set.fields.workload.as_deref().map(environment::workload).transpose()?;
    let mut edits = fields::maybe(&set.fields)?;
    if edits.is_empty() && set.write {
        return fields::edits(&set.fields, "set --write").map(drop);
    }
    let mut local = Local::open(&set.folder, set.root.as_deref())?;
    if edits.is_empty() {
        return list(format, &mut local, workload.as_ref(), set.fields.container.as_deref());
    }
    for edit in &mut edits {
        if let Some(Choice::At { file, .. }) = &mut edit.choice {
            *file = local.meant(file);
        }
    }
    let (folder, before) = known(&mut local, workload.as_ref(), &edits)?;
    let meant = &before.workload;
    let applied = match local.with(|files| apply(files, &folder, Some(meant), &edits))? {
        Ok(applied) => applied,
        Err(Error::Choose(ask)) => return Err(asked(&local, &ask)),
        Err(error) => return Err(local.told(error)),
    };
    if set.write {
        local.write(&applied.files)?;
    }
    let done = Done {
        written: set.write && !applied.files.is_empty(),
        workload: meant.to_string(),
        changes: changes(&edits, &before, &applied),
        others: applied.others.iter().map(ToString::to_string).collect(),
        files: &applied.files,
    };
    show(format, &local, &done)
}

/// Reads what is there, of the only workload or of the one that was named; and the folder that it is in.
fn known(local: &mut Local, workload: Option<&WorkloadRef>, edits: &[Edit]) -> Result<(String, Facts), Trouble> {
    let mut found = everywhere(local, workload)?;
    if found.len() > 1 {
        let folders: Vec<String> = found.iter().map(|(folder, _)| local.shown(folder)).collect();
        let what = workload
            .map_or_else(|| "There are workloads in several folders".to_owned(), |w| format!("{w} is in several folders"));
        return Err(Trouble::usage(what, local.shown(local.folder())).why(folders.join(", ")).next("Name one of them."));
    }
    let (folder, facts) = found.remove(0);
    // What a kustomization generates belongs to no workload.
    let needed = edits.iter().any(|edit| !matches!(edit.field, Field::Config(..)));
    if workload.is_none() && needed && facts.workloads.len() > 1 {
        let names: Vec<String> = facts.workloads.iter().map(ToString::to_string).collect();
        return Err(Trouble::usage("There are several workloads", local.shown(&folder))
            .why(names.join(", "))
            .next(format!("Choose one: --workload {}", names[0])));
    }
    Ok((folder, facts))
}

/// Reads what is there: in the folder itself, or else in each folder below it that is rendered by itself. Never empty.
fn everywhere(local: &mut Local, workload: Option<&WorkloadRef>) -> Result<Vec<(String, Facts)>, Trouble> {
    let folder = local.folder().to_owned();
    let whole = local.with(|files| facts(files, &folder, workload))?;
    match &whole {
        // A workload that is in it twice is in several folders, each of which is rendered by itself: none of them is meant more.
        Ok(facts) if twice(facts, workload) && !has_kustomization(local.files(), &folder) => {}
        Ok(_) => return Ok(whole.map(|facts| vec![(folder, facts)]).unwrap_or_default()),
        // A folder with a kustomization says itself what belongs to it, unless that is nothing that could be changed.
        Err(error) => {
            let absent = matches!(error, Error::NoWorkload { .. } | Error::NoSuchWorkload { .. });
            if !absent && has_kustomization(local.files(), &folder) {
                return whole.map(|_| Vec::new()).map_err(|error| local.told(error));
            }
        }
    }
    let mut found = Vec::new();
    for unit in units(local.files(), &folder).into_iter().filter(|unit| *unit != folder) {
        // One that cannot be rendered may be any; the folder's own error says enough when none can.
        if let Ok(facts) = local.with(|files| facts(files, &unit, workload))? {
            found.push((unit, facts));
        }
    }
    match whole {
        _ if !found.is_empty() => Ok(found),
        Ok(facts) => Ok(vec![(folder, facts)]),
        Err(error) => Err(local.told(error)),
    }
}

/// Tells whether the workload that is meant, or any when none is named, is there more than once.
fn twice(facts: &Facts, workload: Option<&WorkloadRef>) -> bool {
    let mut seen = Vec::new();
    facts.workloads.iter().filter(|found| workload.is_none_or(|wanted| wanted == *found)).any(|found| {
        let before = seen.contains(&found);
        seen.push(found);
        before
    })
}

/// Turns a question into a refusal that holds its answers.
fn asked(local: &Local, ask: &Ask) -> Trouble {
    let answer = |offer: &Offer| {
        let place = format!("{}:{}", local.shown(&offer.file), offer.line);
        let at = match &offer.choice {
            Choice::At { file, line } => format!("{}:{line}", local.shown(file)),
            choice => fields::at(choice),
        };
        (format!("--at {at}"), place)
    };
    let answers: Vec<(String, String)> = ask.offers.iter().map(answer).collect();
    let (first, second) =
        answers.iter().fold((0, 0), |(a, b), (at, place)| (a.max(at.chars().count()), b.max(place.chars().count())));
    let lines = answers.iter().zip(&ask.offers).enumerate().map(|(number, ((at, place), offer))| {
        let place = if at.ends_with(place.as_str()) { String::new() } else { format!("{place:second$}  ") };
        format!("\n  {}. {at:first$}  {place}{}", number + 1, offer.what)
    });
    let who = ask.container.as_ref().map(|c| format!(" of container {c}")).unwrap_or_default();
    Trouble::usage("There is more than one place for it", format!("{}{who}", ask.field))
        .why(&ask.why)
        .next(format!("Choose one of them:{}", lines.collect::<String>()))
}

fn changes(edits: &[Edit], before: &Facts, applied: &Applied) -> Vec<Change> {
    let change = |edit: &Edit| {
        let old = before.find(edit.container.as_deref(), &edit.field);
        let first = before.containers.first();
        let new = applied.places.iter().find(|place| {
            let meant = edit.container.as_ref().or(first);
            place.field == edit.field && (place.container.is_none() || place.container.as_ref() == meant)
        });
        let value = |found: Option<&Found>| found.map(|found| found.value.clone());
        let place = new.or(old)?;
        (value(old) != value(new)).then(|| Change {
            field: fields::word(&edit.field),
            container: place.container.clone(),
            before: value(old),
            after: value(new),
            file: place.file.clone(),
            line: place.line,
            why: place.why.clone(),
        })
    };
    edits.iter().filter_map(change).collect()
}

fn show(format: Format, local: &Local, done: &Done<'_>) -> Result<(), Trouble> {
    match format {
        Format::Table | Format::Wide => output::changed(done.files),
        Format::Name => done.files.iter().for_each(|file| output::line(&local.shown(&file.path))),
        Format::Json | Format::Yaml => output::show(format, done, &[])?,
    }
    if !done.others.is_empty() {
        output::note(&format!("This changes {} too.", done.others.join(", ")));
    }
    let names: Vec<String> = done.files.iter().map(|file| local.shown(&file.path)).collect();
    output::note(&match (names.is_empty(), done.written) {
        (true, _) => format!("Nothing to change: {} reads so already.", done.workload),
        (_, true) => format!("Written: {}.", names.join(", ")),
        (_, false) => output::UNWRITTEN.to_owned(),
    });
    Ok(())
}

/// Lists every field that is found, of one workload or of all.
fn list(format: Format, local: &mut Local, workload: Option<&WorkloadRef>, container: Option<&str>) -> Result<(), Trouble> {
    let mut places: Vec<Place> = Vec::new();
    let mut containers: Vec<String> = Vec::new();
    for (folder, first) in everywhere(local, workload)? {
        let others: Vec<WorkloadRef> = match workload {
            Some(_) => Vec::new(),
            None => first.workloads.iter().filter(|w| **w != first.workload).cloned().collect(),
        };
        let own = first.workload.clone();
        let mut all = vec![first];
        for other in &others {
            all.push(local.with(|files| facts(files, &folder, Some(other)))?.map_err(|e| local.told(e))?);
        }
        for facts in &all {
            containers.extend_from_slice(&facts.containers);
            let here = |f: &&Found| container.is_none_or(|wanted| f.container.as_deref().is_none_or(|name| name == wanted));
            // What a kustomization generates is found with every workload.
            let new = |f: &&Found| facts.workload == own || !matches!(f.field, Field::Config(..));
            places.extend(facts.found.iter().filter(here).filter(new).map(|found| place(&facts.workload, found)));
        }
    }
    if let Some(wanted) = container.filter(|wanted| !containers.iter().any(|c| c == wanted)) {
        let workload = workload.map_or_else(|| "what is there".to_owned(), ToString::to_string);
        return Err(Error::NoSuchContainer { workload, wanted: wanted.to_owned(), there: containers.join(", ") }.into());
    }
    let mut rows = vec![output::row(["FIELD", "WORKLOAD", "CONTAINER", "VALUE", "PLACE", "WHY"])];
    rows.extend(places.iter().map(|p| {
        let container = p.container.clone().unwrap_or_else(|| "-".to_owned());
        let at = format!("{}:{}", local.shown(&p.file), p.line);
        vec![p.field.clone(), p.workload.clone(), container, p.value.clone(), at, p.why.clone()]
    }));
    output::show(format, &places, &rows)
}

fn place(workload: &WorkloadRef, found: &Found) -> Place {
    Place {
        field: fields::word(&found.field),
        workload: workload.to_string(),
        container: found.container.clone(),
        value: found.value.clone(),
        file: found.file.clone(),
        line: found.line,
        why: found.why.clone(),
    }
}
