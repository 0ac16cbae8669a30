//! The documents of one file, and one rendered object: each against its schema, each problem with its place.

use std::collections::{HashMap, HashSet};

use domain::change::{Finding, Severity};

use crate::build::NAMES;
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::schema::api::{self, Known, Wrong};
use crate::schema::scalars::{filled_in, shown};
use crate::schema::walk::{Problem, Walk};
use crate::schema::{Extent, Schemas, kustomization, names, patch};
use crate::yaml::{Data, Kind, NodeId, Style, Tree, Val, read};

/// Checks the documents of a file as whole objects, a kustomization by its name; a text that is no YAML yields nothing here.
pub fn validate(file: &str, text: &str, schemas: &Schemas) -> Vec<Finding> {
    validate_as(file, text, schemas, Extent::Whole)
}

/// Checks the documents of a file as what they are said to be.
pub fn validate_as(file: &str, text: &str, schemas: &Schemas, extent: Extent) -> Vec<Finding> {
    Tree::parse(text).map(|tree| validate_tree(file, &tree, schemas, extent)).unwrap_or_default()
}

/// Checks the documents of a file that was parsed already.
pub fn validate_tree(file: &str, tree: &Tree<'_>, schemas: &Schemas, extent: Extent) -> Vec<Finding> {
    let mut check = Check { file, schemas, extent, findings: Vec::new(), unchecked: HashSet::new() };
    if extent != Extent::Data {
        check.tree(tree, Spot::Top);
    }
    check.findings
}

/// Checks rendered objects; each problem is placed where its value was written, in a base, a patch or elsewhere.
pub(crate) fn validate_rendered(resources: &[Resource], sources: &Sources, schemas: &Schemas) -> Vec<Finding> {
    // A text is looked at again only when something is said of it, and then once.
    let mut trees: HashMap<u32, Option<Tree<'_>>> = HashMap::new();
    let mut findings = Vec::new();
    for resource in resources {
        let problems = problems(&resource.val, schemas, Extent::Whole).problems;
        if problems.is_empty() {
            continue;
        }
        let object = format!("{}/{}", resource.kind(), resource.id().name);
        for problem in problems {
            let finding = Finding::new(problem.severity, problem.rule, problem.message).of(object.clone());
            let Some((number, node)) = problem.place.or(resource.val.from) else {
                findings.push(finding);
                continue;
            };
            let source = sources.get(number);
            let tree = trees.entry(number).or_insert_with(|| Tree::parse(&source.text).ok());
            let (line, column) = tree.as_ref().map_or((1, 1), |tree| position(tree, node, problem.key));
            let column = source.host.is_none().then_some(column);
            findings.push(Finding { column, ..finding.at(&source.file, line + sources.lead(source)) });
        }
    }
    findings
}

/// What an object is by its kind, and what is wrong with it.
struct Outcome {
    problems: Vec<Problem>,
    /// The kind that there is no schema for.
    unchecked: Option<String>,
}

/// Checks one object.
fn problems(val: &Val, schemas: &Schemas, extent: Extent) -> Outcome {
    let mut walk = Walk::new(schemas, extent);
    let mut unchecked = None;
    if let Some((api_version, kind)) = identity(&mut walk, val) {
        match api::look(schemas, api_version, kind) {
            Known::Shape(found) => {
                walk.object(found, val);
                name(&mut walk, val, (api_version, kind), true);
            }
            Known::Wrong(Wrong { severity, rule, message, field }) => {
                let at = val.get(field).unwrap_or(val);
                walk.add((severity, rule), at, false, message);
            }
            Known::Nothing => {
                name(&mut walk, val, (api_version, kind), false);
                unchecked = Some(format!("{kind} of {api_version}"));
            }
            Known::List => {
                for item in val.get("items").map(Val::items).unwrap_or_default() {
                    let Outcome { problems, unchecked: none } = problems(item, schemas, extent);
                    walk.problems.extend(problems);
                    unchecked = unchecked.or(none);
                }
            }
        }
    }
    Outcome { problems: walk.problems, unchecked }
}

/// Returns `apiVersion` and kind; says so when one of them is missing from what looks like an object.
fn identity<'a>(walk: &mut Walk<'a>, val: &'a Val) -> Option<(&'a str, &'a str)> {
    let text = |key: &str| val.get(key).and_then(Val::as_text).filter(|text| !text.is_empty());
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if let (Some(api_version), Some(kind)) = (api_version, kind) {
        return (!filled_in(api_version) && !filled_in(kind)).then_some((api_version, kind));
    }
    let named = val.at(&["metadata", "name"]).is_some_and(|name| name.as_text().is_some());
    if named && walk.extent != Extent::Patch && (api_version.is_some() || kind.is_some()) {
        let missing = if kind.is_some() { "apiVersion" } else { "kind" };
        if val.get(missing).is_none_or(Val::is_null) {
            walk.wrong("schema-required", val, format!("{missing} is missing"));
        }
    }
    None
}

fn name<'a>(walk: &mut Walk<'a>, val: &'a Val, (api_version, kind): (&str, &str), known: bool) {
    if walk.extent == Extent::Patch {
        return;
    }
    let metadata = val.get("metadata");
    let field = |key: &str| metadata.and_then(|m| m.get(key)).filter(|v| !v.is_null());
    match field("name") {
        Some(name) => {
            // What has no domain in its group and no schema may be the configuration of a program. A kustomization's namespace
            // replaces the name of a Namespace.
            let replaced = walk.extent != Extent::Whole && kind == "Namespace";
            let object = !replaced && (known || api_version.split('/').next().is_some_and(|group| group.contains('.')));
            if let Some(text) = name.as_text().filter(|text| object && !filled_in(text))
                && let Some(why) = names::wrong_name(api_version, kind, text)
            {
                walk.wrong("name", name, format!("metadata.name cannot be {}: {why}", shown(text)));
            }
        }
        None if known && field("generateName").is_none() && metadata.is_some_and(|m| !m.is_null()) => {
            walk.wrong("schema-required", metadata.unwrap_or(val), "metadata.name is missing");
        }
        None => {}
    }
    if let Some(namespace) = field("namespace").filter(|_| known)
        && let Some(text) = namespace.as_text().filter(|text| !text.is_empty() && !filled_in(text) && !names::is_label(text))
    {
        let message = format!("metadata.namespace cannot be {}: it is no DNS label", shown(text));
        walk.wrong("name", namespace, message);
    }
}

/// Where the text of a tree stands in its file.
#[derive(Debug, Clone, Copy)]
enum Spot {
    /// It is the file.
    Top,
    /// It is a block scalar: the lines before its first line, and how far it is indented.
    Block(usize, usize),
    /// It is another scalar at this line and column.
    Scalar(usize, usize),
}

struct Check<'c> {
    file: &'c str,
    schemas: &'c Schemas,
    extent: Extent,
    findings: Vec<Finding>,
    unchecked: HashSet<String>,
}

impl Check<'_> {
    fn tree(&mut self, tree: &Tree<'_>, spot: Spot) {
        let mut total = 0;
        for document in tree.documents() {
            // Keys that are there twice are another rule's finding.
            let Ok(val) = read(tree, document.root, 0, &mut total) else { continue };
            match &val.data {
                Data::Map(_) => self.object(tree, spot, &val),
                Data::List(_) if self.extent == Extent::Patch => {
                    self.tell(tree, spot, &val, patch::operations(self.schemas, &val));
                }

                _ => {}
            }
        }
    }

    fn object(&mut self, tree: &Tree<'_>, spot: Spot, val: &Val) {
        let text = |key: &str| val.get(key).and_then(Val::as_text).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let name = self.file.rsplit('/').next().unwrap_or(self.file);
        let foreign = !api_version.is_empty() && !api_version.starts_with("kustomize.config.k8s.io/");
        let kustomization = !foreign && (NAMES.contains(&name) || !api_version.is_empty());
        if kustomization && matches!(kind, "" | "Kustomization" | "Component") && matches!(spot, Spot::Top) {
            let mut walk = Walk::new(self.schemas, self.extent);
            kustomization::check(&mut walk, val);
            self.tell(tree, spot, val, walk.problems);
        } else if !kustomization {
            let Outcome { problems, unchecked } = problems(val, self.schemas, self.extent);
            self.tell(tree, spot, val, problems);
            if let Some(kind) = unchecked.filter(|kind| self.extent != Extent::Patch && self.unchecked.insert(kind.clone())) {
                let message = format!("there is no schema for {kind}: its fields are not checked");
                let (line, column) =
                    placed(spot, position(tree, val.get("kind").and_then(|v| v.from).map_or(NodeId(0), |p| p.1), false));
                let finding = Finding::new(Severity::Info, "schema-kind", message).at(self.file, line);
                self.findings.push(Finding { column: Some(column), ..finding });
            }
        }
        if matches!(spot, Spot::Top) {
            for inline in patch::inline(val, kustomization) {
                self.inline(tree, inline);
            }
        }
    }

    /// Checks a patch that is written into a text of the object.
    fn inline(&mut self, tree: &Tree<'_>, patch: &Val) {
        let (Some((_, node)), Some(text)) = (patch.from, patch.as_text()) else { return };
        let node = tree.target(node);
        let (line, column) = position(tree, node, false);
        let spot = match &tree.node(node).kind {
            Kind::Scalar { style: Style::Literal, .. } => {
                let body = tree.text.get(tree.node(node).span.clone()).unwrap_or_default();
                let lines = || body.lines().skip(1).filter(|line| !line.trim().is_empty());
                let own = text.lines().find(|line| !line.trim().is_empty()).map_or(0, |l| l.len() - l.trim_start().len());
                let indent = lines().next().map_or(0, |l| l.len() - l.trim_start().len());
                Spot::Block(line, indent.saturating_sub(own))
            }
            _ => Spot::Scalar(line, column),
        };
        let Ok(inner) = Tree::parse(text) else { return };
        let outer = std::mem::replace(&mut self.extent, Extent::Patch);
        self.tree(&inner, spot);
        self.extent = outer;
    }

    fn tell(&mut self, tree: &Tree<'_>, spot: Spot, val: &Val, problems: Vec<Problem>) {
        let text = |path: &[&str]| val.at(path).and_then(Val::as_text).map(domain::text::one_line);
        let object = match (text(&["kind"]), text(&["metadata", "name"])) {
            (Some(kind), Some(name)) => Some(format!("{kind}/{name}")),
            _ => None,
        };
        for problem in problems {
            let node = problem.place.or(val.from).map_or(NodeId(0), |(_, node)| node);
            let (line, column) = placed(spot, position(tree, node, problem.key));
            let finding = Finding::new(problem.severity, problem.rule, problem.message).at(self.file, line);
            self.findings.push(Finding { column: Some(column), object: object.clone(), ..finding });
        }
    }
}

/// Returns the line and column of a value or of its key.
fn position(tree: &Tree<'_>, id: NodeId, key: bool) -> (usize, usize) {
    let parent = tree.node(id).parent.filter(|_| key);
    let entry = parent.and_then(|parent| tree.entries(parent).iter().find(|entry| entry.value == id));
    tree.place(tree.node(entry.map_or(id, |entry| entry.key)).span.start)
}

fn placed(spot: Spot, (line, column): (usize, usize)) -> (usize, usize) {
    match spot {
        Spot::Top => (line, column),
        Spot::Block(lead, indent) => (line + lead, column + indent),
        Spot::Scalar(line, column) => (line, column),
    }
}
