//! A folder as a whole: every text below it, every kustomization once, and the objects that no kustomization takes in.
//!
//! A base that an overlay of the folder takes in is not rendered by itself: what is said of it is said of what it becomes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::change::{Finding, Severity};

use crate::build::resource::Resource;
use crate::build::source::{Role, Source, Sources};
use crate::build::{NAMES, traced};
use crate::check::rules::FOLDER;
use crate::check::subject::{Known, Scene};
use crate::check::text::{Text, check_parsed};
use crate::check::{broken, look, ordered, references};
use crate::files::{self, Files};
use crate::schema::{Extent, Schemas, extents, validate_rendered, validate_tree};
use crate::yaml::{Data, Tree, Val, read};

/// Holds what the texts of a folder are.
#[derive(Default)]
struct Scope {
    /// Folders with a kustomization that is no component.
    layers: BTreeSet<String>,
    /// What kustomizations and components take in: files and folders.
    taken: BTreeSet<String>,
    /// Files with objects.
    objects: Vec<String>,
}

/// Checks every YAML text below a folder and everything that it renders to; the gravest come first, then by place.
pub fn lint(files: &Files, path: &str, schemas: &Schemas) -> Vec<Finding> {
    let folder = files::join("", path, path).unwrap_or_default();
    let known_extents = extents(files);
    let mut findings = Vec::new();
    let mut scope = Scope::default();
    let mut read_texts: BTreeSet<String> = BTreeSet::new();
    let charts = charts(files);
    for file in files.below(&folder).filter(|file| meant(file, &charts)) {
        let extent = extent(&known_extents, file);
        text(files, file, (schemas, extent), &mut scope, &mut findings);
        read_texts.insert(file.to_owned());
    }
    let (scenes, outside) = scenes(files, &scope, (schemas, &known_extents), &mut findings);
    for file in outside.iter().filter(|file| !read_texts.contains(*file)) {
        let extent = extent(&known_extents, file);
        text(files, file, (schemas, extent), &mut Scope::default(), &mut findings);
    }
    let mut known = Known::new();
    for (scene, _) in &scenes {
        known.extend(references::names(scene));
    }
    folders(files, &folder, &mut known);
    let all = scenes.into_iter().map(|(scene, said)| [said, look(&scene, &known)].concat()).collect();
    findings.extend(once(all, &findings));
    ordered(&mut findings);
    let mut unchecked = BTreeSet::new();
    findings.retain(|f| f.rule != "schema-kind" || f.severity != Severity::Info || unchecked.insert(f.message.clone()));
    findings
}

/// Returns how much of an object a file holds. A patch that no kustomization speaks of is known by its name; nothing uses it,
/// so nothing is said of its content.
fn extent(known: &BTreeMap<String, Extent>, file: &str) -> Extent {
    known.get(file).copied().unwrap_or_else(|| {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let patch = name.to_ascii_lowercase().contains("patch") || folder.split('/').any(|part| part == "patches");
        if patch { Extent::Data } else { Extent::Whole }
    })
}

/// Returns the folders of Helm charts.
fn charts(files: &Files) -> BTreeSet<&str> {
    files.paths().filter(|path| path.rsplit('/').next() == Some("Chart.yaml")).map(files::parent).collect()
}

/// Tells whether a file is YAML by itself: the templates of a chart are not.
fn meant(file: &str, charts: &BTreeSet<&str>) -> bool {
    let template = charts.iter().any(|chart| {
        let below = if chart.is_empty() { Some(file) } else { file.strip_prefix(chart).and_then(|rest| rest.strip_prefix('/')) };
        below.is_some_and(|below| below.starts_with("templates/"))
    });
    let named = file.rsplit('/').next() == Some("Kustomization");
    (files::is_yaml(file) || named) && !template && !file.starts_with(".git/")
}

/// Checks one text and notes what it is.
fn text(files: &Files, file: &str, (schemas, extent): (&Schemas, Extent), scope: &mut Scope, findings: &mut Vec<Finding>) {
    let text = match files.text(file, None) {
        Ok(text) => text,
        Err(error) => return findings.push(broken(files, &error)),
    };
    let tree = Tree::parse(text);
    findings.extend(check_parsed(Some(file), &Text { text, tree: tree.as_ref() }));
    let Ok(tree) = tree else { return };
    findings.extend(validate_tree(file, &tree, schemas, extent));
    let name = file.rsplit('/').next().unwrap_or(file);
    let mut total = 0;
    if NAMES.contains(&name) {
        for document in tree.documents() {
            let Ok(val) = read(&tree, document.root, 0, &mut total) else { continue };
            let kind = val.get("kind").and_then(Val::as_text).unwrap_or("Kustomization");
            let own = val.get("apiVersion").and_then(Val::as_text).is_none_or(|v| v.starts_with("kustomize.config.k8s.io/"));
            if own && matches!(kind, "Kustomization" | "Component") {
                scope.taken.extend(takes(&val, files::parent(file)));
            }
            if own && kind == "Kustomization" {
                scope.layers.insert(files::parent(file).to_owned());
            }
        }
    }
    let object = |root| ["apiVersion", "kind", "metadata"].iter().all(|key| tree.get(root, key).is_some());
    if tree.documents().iter().any(|document| object(document.root)) {
        scope.objects.push(file.to_owned());
    }
}

/// Returns what a kustomization takes in: files and folders.
fn takes(val: &Val, folder: &str) -> BTreeSet<String> {
    let items = ["resources", "bases", "components"].into_iter().filter_map(|list| val.get(list)).flat_map(Val::items);
    items.filter_map(Val::as_text).filter_map(|path| files::join(folder, path, folder).ok()).collect()
}

/// Renders what is to be rendered; returns the renderings, each with what its schemas say, and every file that they read.
fn scenes(
    files: &Files,
    scope: &Scope,
    (schemas, extents): (&Schemas, &BTreeMap<String, Extent>),
    findings: &mut Vec<Finding>,
) -> (Vec<(Scene, Vec<Finding>)>, BTreeSet<String>) {
    let mut scenes = Vec::new();
    let mut outside = BTreeSet::new();
    for folder in scope.layers.iter().filter(|folder| !scope.taken.contains(*folder)) {
        match traced(files, folder) {
            Ok((resources, sources)) => {
                outside.extend(sources.all().filter(|(_, s)| s.host.is_none()).map(|(_, s)| s.file.clone()));
                let said = validate_rendered(&resources, &sources, schemas);
                scenes.push((Scene::traced(resources, sources), said));
            }
            // What is no YAML was said by its own finding already.
            Err(crate::error::Error::Syntax { file, .. }) if findings.iter().any(|f| f.file.as_ref() == Some(&file)) => {}
            Err(error) => findings.push(broken(files, &error)),
        }
    }
    let part = |file: &str| matches!(extent(extents, file), Extent::Patch | Extent::Data);
    let mut loose: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in scope.objects.iter().filter(|file| !scope.taken.contains(*file) && !outside.contains(*file) && !part(file)) {
        loose.entry(files::parent(file)).or_default().push(file);
    }
    scenes.extend(loose.values().map(|list| (alone(files, list), Vec::new())));
    (scenes, outside)
}

/// Returns the objects of files of one folder that no kustomization takes in.
fn alone(files: &Files, list: &[&str]) -> Scene {
    let mut sources = Sources::default();
    let mut resources = Vec::new();
    for file in list {
        let text = files.text(file, None).unwrap_or_default().to_owned();
        let layer = files::parent(file).to_owned();
        let source = Source { file: (*file).to_owned(), layer, role: Role::Resource, text, targeted: false, host: None };
        let Ok((number, documents)) = sources.add_file(files, source) else { continue };
        for item in documents.into_iter().flat_map(opened) {
            let named = item.get("kind").and_then(Val::as_text).is_some() && item.at(&["metadata", "name"]).is_some();
            if named && item.get("apiVersion").is_some() {
                let line = sources.line(item.from);
                resources.push(Resource::new(item, number, line));
            }
        }
    }
    Scene::traced(resources, sources).loosely()
}

/// Returns the items of a list of objects, or the object itself.
fn opened(document: Val) -> Vec<Val> {
    let list = document.get("kind").and_then(Val::as_text).is_some_and(|kind| kind.ends_with("List"));
    match document.get("items").map(|items| &items.data) {
        Some(Data::List(items)) if list => items.clone(),
        _ => vec![document],
    }
}

/// Notes which folders are there; only below the one that is looked at can one be missed.
fn folders(files: &Files, folder: &str, known: &mut Known) {
    known.insert((FOLDER.to_owned(), format!("{folder}/*")));
    for file in files.below(folder) {
        let mut at = files::parent(file);
        while !at.is_empty() && known.insert((FOLDER.to_owned(), at.to_owned())) {
            at = files::parent(at);
        }
    }
}

/// Where a finding stands, for telling whether it was said before.
type Key = (String, Option<String>, Option<usize>);

/// Joins the findings of several renderings: what two of them say of one place is said once, as gravely as either does.
fn once(renderings: Vec<Vec<Finding>>, before: &[Finding]) -> Vec<Finding> {
    let key = |f: &Finding| -> Key { (f.rule.clone(), f.file.clone(), f.line) };
    let schema: BTreeSet<Key> = before.iter().map(key).collect();
    let mut all: Vec<(usize, Finding)> =
        renderings.into_iter().enumerate().flat_map(|(at, list)| list.into_iter().map(move |finding| (at, finding))).collect();
    all.sort_by(|a, b| b.1.severity.cmp(&a.1.severity).then(a.0.cmp(&b.0)));
    let mut first: HashMap<(Key, Option<usize>), usize> = HashMap::new();
    let mut told = Vec::new();
    for (at, finding) in all {
        if schema.contains(&key(&finding)) {
            continue;
        }
        if finding.line.is_none() || *first.entry((key(&finding), finding.column)).or_insert(at) == at {
            told.push(finding);
        }
    }
    told
}
