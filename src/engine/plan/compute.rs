//! From files and edits to a preview, with nothing but text in hand.

use domain::Trouble;
use domain::actor::Actor;
use domain::change::{Draft, FileChange, FormFacts, ObjectChange, Preview};
use domain::edit::{Ask, Edit, Field, WorkloadRef};
use domain::ident::EnvironmentId;
use domain::project::Environment;
use domain::restore::Restoring;
use domain::revision::CommitId;
use manifest::files::Files;
use manifest::{Applied, Error, Facts, Object, Release, render};
use sha2::{Digest, Sha256};

use super::{Grounds, Plan, answers, back, closure, judge, named, overwriters, texts};

/// A HelmRelease before and after a change.
type Pair = (Option<Release>, Option<Release>);

/// Reads the fields of a workload.
pub(super) fn facts(
    files: &Files,
    environment: &Environment,
    head: &CommitId,
    workload: Option<&WorkloadRef>,
) -> Result<FormFacts, Trouble> {
    let facts = manifest::facts(files, folder(environment), workload)?;
    Ok(form(facts, environment, head))
}

fn form(facts: Facts, environment: &Environment, head: &CommitId) -> FormFacts {
    FormFacts {
        environment: environment.id.clone(),
        head: head.clone(),
        workload: facts.workload,
        workloads: facts.workloads,
        containers: facts.containers,
        init: facts.init,
        found: facts.found,
    }
}

/// Holds what the edits of a draft come to.
struct Made {
    files: Vec<FileChange>,
    asks: Vec<Ask>,
    /// The fields before; where texts are changed there need not be a workload that has any.
    before: Option<Facts>,
}

fn made(files: &Files, path: &str, draft: &Draft, own: Option<&WorkloadRef>) -> Result<Made, Trouble> {
    let wanted = draft.workload.as_ref().or(own);
    let before = manifest::facts(files, path, wanted);
    if !draft.texts.is_empty() {
        let files = draft.texts.iter().filter(|text| text.before != text.after).cloned().collect();
        return Ok(Made { files, asks: Vec::new(), before: before.ok() });
    }
    let before = before?;
    let (applied, asks) = applied(files, path, &before.workload, &draft.edits)?;
    Ok(Made { files: applied.files, asks, before: Some(before) })
}

/// Works out what a draft would do.
pub(super) fn plan(
    files: &Files,
    (environment, grounds): (&Environment, &Grounds),
    head: &CommitId,
    (draft, others): (&Draft, &[EnvironmentId]),
    actor: &Actor,
) -> Result<Plan, Trouble> {
    let path = folder(environment);
    let made = made(files, path, draft, environment.workload.as_ref())?;
    let changed = with(files, &made.files);
    let after = made.before.as_ref().map(|before| facts(&changed, environment, head, Some(&before.workload)));
    // Texts may take the workload away; fields cannot be changed without it.
    let after = if draft.texts.is_empty() { after.transpose()? } else { after.and_then(Result::ok) };
    let mut judged = judge::judge((files, &changed), environment, grounds);
    let rendered = manifest::object_changes(&judged.objects.0, &judged.objects.1);
    let (summary, proposed) = words(environment, draft, &made, &rendered);
    if !draft.texts.is_empty() && judged.trouble.is_none() {
        judged.findings.extend(texts::findings(&made.files, rendered.len(), others));
    }
    let before = made.before.map(|before| form(before, environment, head));
    let change = Change {
        facts: (before, after),
        files: made.files,
        answers: answers::answered(draft),
        restoring: None,
        asks: made.asks,
        manual: draft.manual.is_some(),
        message: written(draft).unwrap_or(proposed),
        summary,
    };
    Ok(assemble((files, &changed), (environment, grounds), (head, actor), (judged, rendered), change))
}

/// Works out what taking deployments back would do; `changed` are the files as they would be.
pub(super) fn restored(
    (files, changed): (&Files, &Files),
    (environment, grounds): (&Environment, &Grounds),
    head: &CommitId,
    (draft, actor): (&Draft, &Actor),
    (taken, restoring): (Vec<FileChange>, Restoring),
) -> Plan {
    let wanted = draft.workload.as_ref().or(environment.workload.as_ref());
    // Manifests of which one side cannot be rendered are no reason to show nothing: going back may well mend them.
    let read = |files| facts(files, environment, head, wanted).ok();
    let facts = (read(files), read(changed));
    let sides = (facts.0.as_ref().map(named), facts.1.as_ref().map(named));
    let change = Change {
        message: written(draft).unwrap_or_else(|| back::message(environment, &restoring.restore, &sides)),
        summary: back::summary(&restoring.restore, &sides, taken.len()),
        files: taken,
        restoring: Some(restoring),
        facts,
        answers: Vec::new(),
        asks: Vec::new(),
        manual: false,
    };
    let judged = judge::judge((files, changed), environment, grounds);
    let rendered = manifest::object_changes(&judged.objects.0, &judged.objects.1);
    assemble((files, changed), (environment, grounds), (head, actor), (judged, rendered), change)
}

/// Holds a change of files, however it came about.
struct Change {
    files: Vec<FileChange>,
    /// What is known of the workload before and after.
    facts: (Option<FormFacts>, Option<FormFacts>),
    asks: Vec<Ask>,
    /// Whether it is applied by hand.
    manual: bool,
    answers: Vec<Edit>,
    restoring: Option<Restoring>,
    message: String,
    summary: String,
}

/// Returns the message that the operator wrote.
fn written(draft: &Draft) -> Option<String> {
    draft.message.clone().filter(|text| !text.trim().is_empty())
}

/// Puts everything together that is shown and committed.
fn assemble(
    (files, changed): (&Files, &Files),
    (environment, grounds): (&Environment, &Grounds),
    (head, actor): (&CommitId, &Actor),
    (judged, rendered): (judge::Judged, Vec<ObjectChange>),
    change: Change,
) -> Plan {
    let judge::Judged { objects, trouble: render_trouble, mut findings, risk } = judged;
    let overwriters = overwriters::overwriters(&grounds.automations, &change.files);
    findings.extend(overwriters.iter().map(overwriters::finding));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let yaml = render(&objects.1);
    let open = change.asks.len() + change.restoring.as_ref().map_or(0, Restoring::open);
    let (was, will_be) = (change.facts.0.as_ref().map(named), change.facts.1.as_ref().map(named));
    let (was, will_be) = (was.unwrap_or_default(), will_be.unwrap_or_default());
    let preview = Preview {
        environment: environment.id.clone(),
        base: head.clone(),
        branch: environment.gitops.branch.clone(),
        digest: digest(environment, changed, &yaml),
        summary: manifest::summary(&objects.0, &objects.1),
        origins: objects.1.iter().map(|object| (object.key(), object.file.clone())).collect(),
        findings,
        risk,
        will: will(environment, &change.files, open, change.manual, (&rendered, grounds.prune)),
        rendered,
        answers: change.answers,
        asks: change.asks,
        restoring: change.restoring,
        overwriters,
        yaml,
        message: change.message,
        author: format!("{} <{}>", actor.name, actor.email),
        files: change.files,
        charts: Vec::new(),
        schemas: grounds.version,
        render_trouble,
    };
    Plan {
        releases: releases((files, changed), folder(environment), &objects),
        changes: preview.files.iter().map(git_change).collect(),
        workload: change.facts.0.or(change.facts.1).map(|facts| facts.workload),
        summary: change.summary,
        named: will_be.clone(),
        expect_images: will_be.0.into_iter().filter(|image| !was.0.contains(image)).collect(),
        expect_replicas: will_be.1.filter(|n| was.1 != Some(*n)),
        preview,
    }
}

/// Returns what changes in short, and the message that is proposed for it.
fn words(environment: &Environment, draft: &Draft, made: &Made, rendered: &[ObjectChange]) -> (String, String) {
    let (project, name) = (environment.id.project.as_str(), environment.id.name.as_str());
    match &made.before {
        Some(before) if draft.texts.is_empty() => {
            let told = summary(before, &draft.edits);
            (told, manifest::proposed_message(project, name, &draft.edits, before))
        }
        _ => {
            let objects: Vec<String> = rendered.iter().map(|change| change.object.clone()).collect();
            let told = texts::summary(&made.files, &objects);
            let told_first = [("edit of", "Edit"), ("addition of", "Add")];
            let begun = told_first.iter().fold(told.clone(), |text, (short, verb)| text.replacen(short, verb, 1));
            let message = format!("{begun} in {project} {name}");
            (told, message)
        }
    }
}

/// Returns the HelmReleases whose rendering may change, before and after.
fn releases((before, after): (&Files, &Files), path: &str, objects: &(Vec<Object>, Vec<Object>)) -> Vec<Pair> {
    let holds = |objects: &[Object]| objects.iter().any(|object| object.kind() == "HelmRelease");
    if objects.0 == objects.1 || !(holds(&objects.0) || holds(&objects.1)) {
        return Vec::new();
    }
    let read = |files| manifest::releases(files, path).unwrap_or_default();
    let (mut old, new) = (read(before), read(after));
    let mut pairs: Vec<Pair> = Vec::new();
    for release in new {
        let was = old.iter().position(|o| o.key == release.key).map(|at| old.swap_remove(at));
        if was.as_ref() != Some(&release) {
            pairs.push((was, Some(release)));
        }
    }
    pairs.extend(old.into_iter().map(|release| (Some(release), None)));
    pairs
}

/// Applies the edits that need no answer, and returns the questions that the others ask.
fn applied(files: &Files, path: &str, workload: &WorkloadRef, edits: &[Edit]) -> Result<(Applied, Vec<Ask>), Trouble> {
    let (mut edits, mut asks) = (edits.to_vec(), Vec::new());
    loop {
        let ask = match manifest::apply(files, path, Some(workload), &edits) {
            Ok(applied) => return Ok((applied, asks)),
            Err(Error::Choose(ask)) => ask,
            Err(error) => return Err(error.into()),
        };
        let others = edits.iter().filter(|e| e.field != ask.field || e.container != ask.container).cloned().collect::<Vec<_>>();
        if others.len() == edits.len() {
            return Err(Error::Choose(ask).into());
        }
        edits = others;
        asks.push(*ask);
    }
}

pub(super) fn folder(environment: &Environment) -> &str {
    environment.gitops.path.trim_start_matches("./").trim_matches('/')
}

/// Returns files with changes made in them.
pub(crate) fn with(files: &Files, changes: &[FileChange]) -> Files {
    let mut files = files.clone();
    closure::put(&mut files, changes);
    files
}

fn git_change(file: &FileChange) -> git::FileChange {
    match &file.after {
        Some(text) => git::FileChange::write(&file.path, text.as_bytes()),
        None => git::FileChange::remove(&file.path),
    }
}

/// Returns the digest of what is reviewed: where it goes, the resulting tree of everything that the environment is made of, and
/// what it renders to.
///
/// The base commit is no part of it: on another head the same tree is the same content. Every part goes in with its length, so
/// that no two different changes can read the same.
fn digest(environment: &Environment, changed: &Files, yaml: &str) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(environment.id.to_string().as_bytes());
    part(environment.gitops.branch.as_bytes());
    for path in changed.paths() {
        part(path.as_bytes());
        part(changed.bytes(path).unwrap_or_default());
    }
    part(yaml.as_bytes());
    hex::encode(hash.finalize())
}

/// Returns what the edits change, in short: `image tag 1.8.4 → 1.8.5, replicas 3 → 6`.
fn summary(before: &Facts, edits: &[Edit]) -> String {
    let several = before.containers.len() > 1;
    let told = edits.iter().filter_map(|edit| {
        let old = before.find(edit.container.as_deref(), &edit.field).map(|found| found.value.as_str());
        if old == edit.value.as_deref() {
            return None;
        }
        let name = match &edit.field {
            Field::ImageTag => "image".to_owned(),
            field => field.to_string(),
        };
        let name = match &edit.container {
            Some(container) if several && edit.field != Field::Replicas => format!("{container} {name}"),
            _ => name,
        };
        // Values that applications read may be secrets, and this goes into lists and the journal.
        Some(match (&edit.field, old, edit.value.as_deref()) {
            (Field::Env(_) | Field::Value(_) | Field::Config(..), Some(_), Some(_)) => format!("{name} changed"),
            (Field::Env(_) | Field::Value(_) | Field::Config(..), None, Some(_)) => format!("{name} added"),
            (_, _, None) => format!("{name} removed"),
            (_, Some(old), Some(new)) => format!("{name} {old} \u{2192} {new}"),
            (_, None, Some(new)) => format!("{name} {new}"),
        })
    });
    told.collect::<Vec<_>>().join(", ")
}

/// How many objects a sentence names.
const NAMED: usize = 8;

/// Says by count and name which objects are created, changed and deleted, or left behind where nothing is pruned.
fn objects(rendered: &[ObjectChange], prune: bool) -> Vec<String> {
    let of = |lead: &str, fits: &dyn Fn(&ObjectChange) -> bool| {
        let names: Vec<&str> = rendered.iter().filter(|change| fits(change)).map(|change| change.object.as_str()).collect();
        let more = if names.len() > NAMED { ", …" } else { "" };
        let told = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| format!("{lead} ({}): {told}{more}.", names.len()))
    };
    let gone = if prune { "Objects deleted" } else { "Objects left behind in the cluster, since Flux prunes nothing there" };
    [
        of("Objects created", &|change| change.before.is_none()),
        of("Objects changed", &|change| change.before.is_some() && change.after.is_some()),
        of(gone, &|change| change.after.is_none()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the sentences that say what will happen.
fn will(
    environment: &Environment,
    files: &[FileChange],
    open: usize,
    manual: bool,
    (rendered, prune): (&[ObjectChange], bool),
) -> Vec<String> {
    let mut will = Vec::new();
    let branch = &environment.gitops.branch;
    if open > 0 {
        return vec!["Nothing is committed before every question is answered.".to_owned()];
    }
    let proposed = environment.approval.required && !files.is_empty();
    if manual {
        return vec![
            format!(
                "It is applied to {} in {} by hand, without Git, after the server has tried all of it.",
                environment.namespace, environment.cluster
            ),
            "Nothing is committed and nothing is deleted; the next sync from Git undoes it.".to_owned(),
        ];
    }
    let names = files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", ");
    will.push(if files.is_empty() {
        format!("Nothing is committed: {branch} already reads as asked.")
    } else if proposed {
        format!("One commit goes to a branch of its own beside {branch} and changes {names}.")
    } else {
        format!("One commit goes to {branch} and changes {names}.")
    });
    if proposed {
        let count = environment.approval.approvers;
        will.push(format!(
            "It waits until it is merged into {branch}; the Git host decides who may, and whether {count} approve."
        ));
    }
    will.push(if environment.gitops.auto_sync {
        format!("Flux applies it to {} in {}.", environment.namespace, environment.cluster)
    } else {
        format!("Flux applies it to {} in {} after a manual sync.", environment.namespace, environment.cluster)
    });
    if !files.is_empty() {
        will.extend(objects(rendered, prune));
    }
    will
}

#[cfg(test)]
#[path = "compute_tests.rs"]
mod tests;
