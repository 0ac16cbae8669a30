//! Whole texts of files as a change: taken to another commit by merging, put into words, and the document that an object of a
//! cluster is written in.

use std::ops::Range;
use std::sync::Arc;

use cluster::act::edit::{fields, merge_patch};
use domain::Trouble;
use domain::change::{Draft, FileChange, Finding, Severity};
use domain::detail::trace::same_repository;
use domain::flux::ObjectKey;
use domain::ident::EnvironmentId;
use domain::project::Environment;
use domain::revision::CommitId;
use git::Mirror;
use manifest::files::Files;

use super::closure;
use super::compute::folder;
use crate::scene::Scene;
use crate::shared::Core;

/// What is written into every object on its way and says nothing about who decides a field.
const PASSING: [&str; 3] = ["metadata.namespace", "metadata.labels", "metadata.annotations"];

/// Takes texts to a commit: where a file is another one there than it was, both changes of it are merged.
pub(super) fn follow(mirror: &Mirror, head: &CommitId, texts: &[FileChange]) -> Result<Vec<FileChange>, Trouble> {
    let one = |text: &FileChange| {
        let now = read(mirror, head, &text.path)?;
        if now == text.before || now == text.after {
            return Ok(FileChange { before: now, ..text.clone() });
        }
        let refused = |why: String| {
            Trouble::refused("The file has changed meanwhile", &text.path)
                .why(why)
                .next("Look at it as it is now, and edit it again.")
        };
        match (&text.before, &now, &text.after) {
            (Some(base), Some(theirs), Some(ours)) => match manifest::diff::merge(base, ours, theirs) {
                Ok(merged) => Ok(FileChange { path: text.path.clone(), before: now, after: Some(merged) }),
                Err((from, to)) if from >= to => Err(refused(format!("somebody changed line {from} of it too"))),
                Err((from, to)) => Err(refused(format!("somebody changed lines {from} to {to} of it too"))),
            },
            (_, None, _) => Err(refused("it is gone from the branch".to_owned())),
            _ => Err(refused("it is another one on the branch now".to_owned())),
        }
    };
    texts.iter().map(one).collect()
}

fn read(mirror: &Mirror, commit: &CommitId, path: &str) -> Result<Option<String>, Trouble> {
    let bytes = mirror.file(commit, path)?;
    let text = bytes.map(String::from_utf8).transpose();
    text.map_err(|_| Trouble::failed("The file is not UTF-8 text", path).next("Change it with Git."))
}

/// Returns what a commit made of the files that it touched: texts that can be made again elsewhere.
pub(crate) async fn of_commit(
    scene: &Scene,
    (base, commit): (CommitId, CommitId),
    files: Vec<String>,
) -> Result<Vec<FileChange>, Trouble> {
    let work = move |mirror: &Mirror| {
        let one = |path: &String| {
            Ok(FileChange { path: path.clone(), before: read(mirror, &base, path)?, after: read(mirror, &commit, path)? })
        };
        Ok(files.iter().map(one).collect::<Result<Vec<_>, Trouble>>())
    };
    scene.repo.with("the Git history", move |mirror, _| work(mirror)).await?
}

/// Returns the other environments that have the same repository and branch.
pub(super) fn neighbours(core: &Core, scene: &Scene) -> Vec<Arc<Environment>> {
    let world = Arc::clone(&core.world.borrow());
    let (own, url) = (&scene.environment, scene.repo.url().to_owned());
    let same = |e: &&Arc<Environment>| {
        e.id != own.id
            && e.gitops.branch == own.gitops.branch
            && (e.id.project == own.id.project
                || world.project(&e.id.project).is_some_and(|p| same_repository(&p.repository.url, &url)))
    };
    world.environments.iter().filter(same).cloned().collect()
}

/// Returns those of the environments that take objects out of one of the files.
pub(super) fn users(mirror: &Mirror, head: &CommitId, environments: &[Arc<Environment>], files: &[&str]) -> Vec<EnvironmentId> {
    let uses = |environment: &&Arc<Environment>| {
        let Ok(all) = closure::load(mirror, head, folder(environment)) else { return false };
        let Ok(objects) = manifest::build(&all, folder(environment)) else { return false };
        let real = |path: &str| all.resolve(path).unwrap_or_else(|_| path.to_owned());
        objects.iter().any(|object| files.contains(&real(&object.file).as_str()))
    };
    environments.iter().filter(uses).map(|e| e.id.clone()).collect()
}

/// Returns what has to be known about texts beside what the checks say.
pub(super) fn findings(texts: &[FileChange], rendered: usize, others: &[EnvironmentId]) -> Vec<Finding> {
    let mut out = Vec::new();
    let file = texts.first().map(|text| text.path.clone());
    if rendered == 0 && !texts.is_empty() {
        let words =
            "nothing that is rendered changes: it is a comment, or something else decides the value after this file is read";
        out.push(Finding { file: file.clone(), ..Finding::new(Severity::Warning, "no-effect", words) });
    }
    if !others.is_empty() {
        let names = others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let words = format!("the file belongs to {names} as well: the change reaches there too");
        out.push(Finding { file, ..Finding::new(Severity::Warning, "shared-file", words) });
    }
    out
}

/// Returns what texts change, in short, by the objects that become something else; values are not repeated.
pub(super) fn summary(texts: &[FileChange], objects: &[String]) -> String {
    const NAMED: usize = 3;
    let mut names: Vec<&str> = objects.iter().map(String::as_str).collect();
    if names.is_empty() {
        names = texts.iter().map(|text| text.path.as_str()).collect();
    }
    let more = names.len().saturating_sub(NAMED);
    let told = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    let act = if texts.iter().any(|text| text.before.is_none()) { "addition" } else { "edit" };
    if more == 0 { format!("{act} of {told}") } else { format!("{act} of {told} and {more} more") }
}

/// Holds the document that an object is written in.
pub(crate) struct Document {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) whole: String,
    pub(crate) span: Range<usize>,
    pub(crate) decided: Vec<String>,
    pub(crate) others: Vec<EnvironmentId>,
}

/// Finds the document that an object of a cluster is written in, at a commit and in the environment's folder.
pub(crate) async fn document(core: &Core, scene: &Scene, head: &CommitId, key: &ObjectKey) -> Result<Document, Trouble> {
    let (environment, head, key) = (Arc::clone(&scene.environment), head.clone(), key.clone());
    let around = neighbours(core, scene);
    let work = move |mirror: &Mirror| {
        let found = closure::load(mirror, &head, folder(&environment)).and_then(|files| found(&files, &environment, &key));
        Ok(found.map(|mut found| {
            found.others = users(mirror, &head, &around, &[found.file.as_str()]);
            found
        }))
    };
    scene.repo.with("reading manifests", move |mirror, _| work(mirror)).await?
}

fn found(files: &Files, environment: &Environment, key: &ObjectKey) -> Result<Document, Trouble> {
    let path = folder(environment);
    let objects = manifest::build(files, path)?;
    let Some(object) = super::called(&objects, key) else {
        return Err(Trouble::not_found("The manifests do not write it by this name", key)
            .why(format!(
                "{path} on {} has no such object; a variable or a generator may make its name",
                environment.gitops.branch
            ))
            .next("Look for it in the repository, or edit it in the cluster only."));
    };
    let own = || {
        Trouble::refused("It has no document of its own in Git", key)
            .why(format!("{}:{} makes it: a generator, a list or a template", object.file, object.line))
            .next("Change that file, or a field of it with deploy; or edit the object in the cluster only.")
    };
    let file = files.resolve(&object.file).map_err(|_| own())?;
    let whole = files.text(&file, None).map_err(|_| own())?.to_owned();
    let span = manifest::document(&whole, object.line, (object.kind(), &object.written_name)).ok_or_else(own)?;
    let text = &whole[span.clone()];
    let value = manifest::yaml::value_of(text).unwrap_or_default();
    let passing = |field: &str| PASSING.iter().any(|p| field == *p || field.strip_prefix(p).is_some_and(|r| r.starts_with('.')));
    let decided = merge_patch(&value, &object.value).map(|patch| fields(&patch)).unwrap_or_default();
    Ok(Document {
        line: whole[..span.start].matches('\n').count() + 1,
        decided: decided.into_iter().filter(|field| !passing(field)).collect(),
        others: Vec::new(),
        file,
        span,
        whole,
    })
}

/// Returns a draft with its texts taken to a commit.
pub(super) fn taken(mirror: &Mirror, head: &CommitId, draft: Draft) -> Result<Draft, Trouble> {
    Ok(Draft { texts: follow(mirror, head, &draft.texts)?, ..draft })
}
