//! Overrides in the environment's own kustomization: `images:`, `replicas:` and strategic merge patches.
//!
//! A patch that speaks of the object already is extended: the one that says most of the path, and when several say the same
//! of it, which of them is asked. Otherwise a new inline patch is added.

use domain::edit::{Choice, Field, Offer};

use crate::build::resource::Resource;
use crate::build::source::Role;
use crate::edit::aim::{Aim, Leaf, Step, into, nest, remove};
use crate::edit::{Desk, nested, operations, order};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{At, Fragment, NodeId, SpliceFault, Tree, insert_entry, insert_item};

/// Returns the number of the environment's own kustomization.
pub(super) fn kustomization(located: &Located) -> Option<u32> {
    located.sources.all().find(|(_, s)| located.outermost(s)).map(|(number, _)| number)
}

/// Adds an item to a list of the environment's kustomization; the list is made when it is not there.
pub(super) fn item(desk: &mut Desk, located: &Located, list: &str, fragment: &Fragment, field: &Field) -> Result<(), Error> {
    let Some(number) = kustomization(located) else {
        let why =
            "the value comes from outside of the environment's folder, which has no kustomization to override it in".to_owned();
        return Err(Error::CannotEdit { field: field.to_string(), file: located.folder.clone(), why });
    };
    nested::change(desk, located, (number, field), |tree| {
        let root =
            tree.documents().iter().map(|d| d.root).find(|r| !tree.is_null(*r)).ok_or(SpliceFault::Unfit("it is empty"))?;
        match tree.get(root, list) {
            Some(node) => insert_item(tree, node, fragment, false),
            None => insert_entry(tree, root, (list, &Fragment::List(vec![fragment.clone()])), At::Last),
        }
    })
}

/// Tells whether a text is the environment's own to change.
pub(super) fn own(located: &Located, number: u32) -> bool {
    located.own(&located.sources.get(number).file)
}

/// Holds a patch that could say more of an object.
struct Candidate {
    number: u32,
    root: NodeId,
    /// How many steps of the path it says already.
    depth: usize,
    line: usize,
}

/// Says something of an object in a patch of the overlay: one that is there (after the text `after`), or a new inline one.
pub(super) fn patch(desk: &mut Desk, located: &Located, aim: &Aim<'_>, leaf: Leaf<'_>, after: u32) -> Result<(), Error> {
    // A strategic merge patch replaces the lists of kinds whose merge keys nobody knows.
    let lists = aim.path.iter().any(|step| matches!(step, Step::Item(_) | Step::Index(_)));
    if aim.operations || (lists && !aim.object.built_in()) {
        return operations::patch(desk, located, aim, leaf);
    }
    let mut candidates = candidates(located, aim, after);
    // A patch that would change an order that means something is not extended, unless it is the one that was chosen.
    if !matches!(aim.edit.choice, Some(Choice::At { .. })) {
        let was = candidates.len();
        candidates.retain(|c| !moves(located, aim, leaf, c));
        if if was == 0 { order::moves(aim, leaf, None) } else { candidates.is_empty() } {
            return operations::patch(desk, located, aim, leaf);
        }
    }
    if let Some(one) = chosen(located, aim, &candidates)? {
        return nested::change(desk, located, (one.number, &aim.edit.field), |tree| {
            // What the patch takes away comes back before it is changed.
            if let Some((node, steps)) = taken(tree, one.root, &aim.path)
                && matches!(leaf, Leaf::Set(_))
            {
                return remove(tree, node, steps.saturating_sub(aim.floor + 1));
            }
            let (node, steps) = reach(tree, one.root, &aim.path);
            // The patch may speak of the whole already, without deciding it.
            let steps = steps.min(aim.path.len().saturating_sub(1));
            let node = if steps + 1 == aim.path.len() { reach(tree, one.root, &aim.path[..steps]).0 } else { node };
            into(tree, node, &aim.path[steps..], leaf)
        });
    }
    let whole = Fragment::Block(new_patch(located, aim, leaf));
    item(desk, located, "patches", &Fragment::entry("patch", whole), &aim.edit.field)
}

fn moves(located: &Located, aim: &Aim<'_>, leaf: Leaf<'_>, patch: &Candidate) -> bool {
    Tree::parse(&located.sources.get(patch.number).text).is_ok_and(|tree| order::moves(aim, leaf, Some((&tree, patch.root))))
}

fn candidates(located: &Located, aim: &Aim<'_>, after: u32) -> Vec<Candidate> {
    let fits = |number: u32| {
        let source = located.sources.get(number);
        source.role == Role::Patch
            && source.layer == located.folder
            && (!source.targeted || located.alone_in(number, aim.object))
            && own(located, number)
            && number >= after
    };
    let numbers = located.sources.all().map(|(number, _)| number).filter(|number| fits(*number));
    numbers
        .filter_map(|number| {
            let source = located.sources.get(number);
            let tree = Tree::parse(&source.text).ok()?;
            // A target says which object is meant, whatever the patch calls it.
            let targeted =
                tree.documents().first().map(|d| d.root).filter(|root| source.targeted && tree.items(*root).is_empty());
            let root = targeted.or_else(|| document(aim.object, &tree))?;
            let (_, depth) = reach(&tree, root, &aim.path);
            Some(Candidate { number, root, depth, line: tree.line_of(root) + located.sources.lead(source) })
        })
        .collect()
}

fn chosen<'c>(located: &Located, aim: &Aim<'_>, candidates: &'c [Candidate]) -> Result<Option<&'c Candidate>, Error> {
    let file = |c: &Candidate| located.sources.get(c.number).file.clone();
    if let Some(Choice::At { file: wanted, line }) = &aim.edit.choice
        && let Some(one) = candidates.iter().find(|c| file(c) == *wanted && c.line == *line)
    {
        return Ok(Some(one));
    }
    let most = candidates.iter().map(|c| c.depth).max().unwrap_or_default();
    let best: Vec<&Candidate> = candidates.iter().filter(|c| c.depth == most).collect();
    if best.len() < 2 {
        return Ok(best.first().copied());
    }
    let offer = |c: &&Candidate| {
        let inline = located.sources.get(c.number).host.is_some();
        let what = if inline { "extends this inline patch" } else { "extends this patch" };
        Offer { choice: Choice::At { file: file(c), line: c.line }, file: file(c), line: c.line, what: what.to_owned() }
    };
    let why = format!("could go to {} patches for {}", best.len(), located.title(aim.object));
    Err(aim.choose(why, best.iter().map(offer).collect()))
}

/// Returns the document of a text that patches an object.
pub(super) fn document(object: &Resource, tree: &Tree<'_>) -> Option<NodeId> {
    let (ids, kind) = (object.ids(), object.kind());
    tree.documents().iter().map(|d| d.root).find(|root| {
        let name = tree.at(*root, &["metadata", "name"]).and_then(|n| tree.scalar(n));
        tree.get(*root, "kind").and_then(|n| tree.scalar(n)) == Some(kind.as_str())
            && ids.iter().any(|id| Some(id.name.as_str()) == name)
            && tree.get(*root, "$patch").is_none()
    })
}

/// Follows a path as far as a text says it: the node there and the number of steps.
pub(super) fn reach(tree: &Tree<'_>, root: NodeId, path: &[Step]) -> (NodeId, usize) {
    let mut at = root;
    for (depth, step) in path.iter().enumerate() {
        match step.node(tree, at).filter(|n| !tree.is_null(*n)) {
            Some(next) => at = next,
            None => return (at, depth),
        }
    }
    (at, path.len())
}

/// Returns the item on a path that a patch takes away, with the number of steps to it.
fn taken(tree: &Tree<'_>, root: NodeId, path: &[Step]) -> Option<(NodeId, usize)> {
    (1..=path.len()).find_map(|steps| {
        let (node, reached) = reach(tree, root, &path[..steps]);
        let gone = tree.get(node, "$patch").and_then(|n| tree.scalar(n)) == Some("delete");
        (gone && reached == steps).then_some((node, steps))
    })
}

fn new_patch(located: &Located, aim: &Aim<'_>, leaf: Leaf<'_>) -> String {
    let (group, version) = aim.object.group_version();
    let api = if group.is_empty() { version } else { format!("{group}/{version}") };
    let namespace = aim.object.ids().first().map(|id| id.namespace.clone()).unwrap_or_default();
    let mut metadata = vec![("name".to_owned(), Fragment::Text(located.address(aim.object)))];
    if !namespace.is_empty() {
        metadata.push(("namespace".to_owned(), Fragment::Text(namespace)));
    }
    let mut whole = vec![("apiVersion".to_owned(), Fragment::Text(api)), ("kind".to_owned(), Fragment::Text(aim.object.kind()))];
    match nest(&aim.path, leaf) {
        Fragment::Map(mut pairs) => match pairs.pop() {
            Some((key, Fragment::Map(more))) if key == "metadata" => {
                metadata.extend(more);
                whole.push(("metadata".to_owned(), Fragment::Map(metadata)));
            }
            last => {
                // A block scalar at the end of an inline patch would lose its last line break.
                let at = whole.len() + usize::from(last.as_ref().is_some_and(|(_, value)| !value.ends_open()));
                whole.push(("metadata".to_owned(), Fragment::Map(metadata)));
                if let Some(last) = last {
                    whole.insert(at, last);
                }
            }
        },
        _ => whole.push(("metadata".to_owned(), Fragment::Map(metadata))),
    }
    crate::yaml::print(&whole)
}
