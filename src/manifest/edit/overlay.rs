//! Overrides in the environment's own kustomization: `images:`, `replicas:` and patches.

use domain::edit::{Edit, Field};

use crate::build::source::Role;
use crate::edit::{Desk, nested};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{At, Fragment, Meant, NodeId, Splice, SpliceFault, Tree, insert_entry, insert_item, set_scalar};

/// Adds an item to a list of the environment's kustomization; the list is made when it is not there.
pub(super) fn item(desk: &mut Desk, located: &Located, list: &str, fragment: &Fragment, field: &Field) -> Result<(), Error> {
    let Some(number) = located.sources.all().find(|(_, s)| located.outermost(s)).map(|(number, _)| number) else {
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

/// Takes one step towards the number of replicas that was asked for.
pub(super) fn replicas(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let fault =
        |why: &str| Error::CannotEdit { field: edit.field.to_string(), file: located.folder.clone(), why: why.to_owned() };
    let count = edit.value.as_deref().ok_or_else(|| fault("it cannot be removed"))?;
    if located.workload.kind() == "DaemonSet" {
        return Err(fault("a DaemonSet runs one Pod on each node and has no replicas"));
    }
    let place = located.workload.val.at(&["spec", "replicas"]).and_then(|v| v.from);
    if let Some((number, node)) = place.filter(|(number, _)| own(located, *number)) {
        return nested::change(desk, located, (number, &edit.field), |tree| match tree.scalar(node) {
            Some(_) => set_scalar(tree, node, Meant::Plain(count)),
            // A `replicas:` entry without a count means none.
            None => insert_entry(tree, node, ("count", &Fragment::Plain(count.to_owned())), At::Last),
        });
    }
    let spec = located.workload.val.get("spec").and_then(|v| v.from);
    if let Some((number, node)) = spec.filter(|(number, _)| place.is_none() && own(located, *number)) {
        let value = Fragment::Plain(count.to_owned());
        return nested::change(desk, located, (number, &edit.field), |tree| {
            insert_entry(tree, node, ("replicas", &value), At::First)
        });
    }
    let name = located.workload.written_name().to_owned();
    let pairs = vec![("name".to_owned(), Fragment::Text(name)), ("count".to_owned(), Fragment::Plain(count.to_owned()))];
    item(desk, located, "replicas", &Fragment::Map(pairs), &edit.field)
}

/// Tells whether a text is the environment's own to change.
pub(super) fn own(located: &Located, number: u32) -> bool {
    located.own(&located.sources.get(number).file)
}

/// Puts a value under a path of a container of the workload into a patch: one that is there, or a new inline one.
pub(super) fn patch(
    desk: &mut Desk,
    located: &Located,
    container: &str,
    (path, value): (&[&str], &Fragment),
    field: &Field,
) -> Result<(), Error> {
    let there = located.sources.all().find_map(|(number, source)| {
        let fits = source.role == Role::Patch && source.layer == located.folder && !source.targeted && own(located, number);
        fits.then(|| patch_document(located, &source.text)).flatten().map(|_| number)
    });
    if let Some(number) = there {
        let text = &located.sources.get(number).text;
        return nested::change(desk, located, (number, field), |tree| {
            let root = patch_document(located, text).ok_or(SpliceFault::Unfit("the patch is not there"))?;
            into_patch(tree, root, container, path, value)
        });
    }
    let whole = Fragment::Block(new_patch(located, container, path, value));
    item(desk, located, "patches", &Fragment::entry("patch", whole), field)
}

/// Returns the document of a text that patches the workload.
fn patch_document(located: &Located, text: &str) -> Option<NodeId> {
    let tree = Tree::parse(text).ok()?;
    let ids = located.workload.ids();
    tree.documents().iter().map(|d| d.root).find(|root| {
        let name = tree.at(*root, &["metadata", "name"]).and_then(|n| tree.scalar(n));
        let kind = tree.get(*root, "kind").and_then(|n| tree.scalar(n));
        kind == Some(located.workload.kind().as_str())
            && ids.iter().any(|id| Some(id.name.as_str()) == name)
            && tree.get(*root, "$patch").is_none()
    })
}

const CONTAINERS: [&str; 4] = ["spec", "template", "spec", "containers"];

fn into_patch(
    tree: &Tree<'_>,
    root: NodeId,
    container: &str,
    path: &[&str],
    value: &Fragment,
) -> Result<Vec<Splice>, SpliceFault> {
    let mut at = root;
    for (depth, key) in CONTAINERS.iter().enumerate() {
        let Some(next) = tree.get(at, key).filter(|n| !tree.is_null(*n)) else {
            let item = Fragment::List(vec![container_fragment(container, path, value)]);
            let rest = CONTAINERS[depth + 1..].iter().rev().fold(item, |inner, key| Fragment::entry(*key, inner));
            return put(tree, at, key, &rest);
        };
        at = next;
    }
    let named =
        tree.items(at).iter().map(|(_, n)| *n).find(|n| tree.get(*n, "name").and_then(|v| tree.scalar(v)) == Some(container));
    match named {
        Some(node) => into(tree, node, path, value),
        None => insert_item(tree, at, &container_fragment(container, path, value), false),
    }
}

fn container_fragment(container: &str, path: &[&str], value: &Fragment) -> Fragment {
    let Fragment::Map(mut pairs) = Fragment::entry("name", Fragment::Text(container.to_owned())) else { return value.clone() };
    if let Some((first, rest)) = path.split_first() {
        pairs.push(((*first).to_owned(), rest.iter().rev().fold(value.clone(), |inner, key| Fragment::entry(*key, inner))));
    }
    Fragment::Map(pairs)
}

/// Sets or adds an entry; a null that stands there is replaced.
fn put(tree: &Tree<'_>, mapping: NodeId, key: &str, value: &Fragment) -> Result<Vec<Splice>, SpliceFault> {
    let Some(node) = tree.get(mapping, key) else {
        let at = if key == "imagePullPolicy" && tree.get(mapping, "image").is_some() { At::After("image") } else { At::Last };
        return insert_entry(tree, mapping, (key, value), at);
    };
    match value {
        Fragment::Text(text) | Fragment::Block(text) => set_scalar(tree, node, Meant::Text(text)),
        Fragment::Quantity(text) => set_scalar(tree, node, Meant::Quantity(text)),
        Fragment::Plain(text) => set_scalar(tree, node, Meant::Plain(text)),
        Fragment::Map(pairs) => match pairs.as_slice() {
            [(key, value)] => insert_entry(tree, node, (key, value), At::Last),
            _ => Err(SpliceFault::Unfit("several fields at once")),
        },
        Fragment::List(items) => match items.as_slice() {
            [item] => insert_item(tree, node, item, false),
            _ => Err(SpliceFault::Unfit("several items at once")),
        },
    }
}

/// Puts a value under a path of keys below a mapping; what is missing on the way is made. An item goes into a list.
pub(super) fn into(tree: &Tree<'_>, mapping: NodeId, path: &[&str], value: &Fragment) -> Result<Vec<Splice>, SpliceFault> {
    let Some((first, rest)) = path.split_first() else { return Err(SpliceFault::Unfit("no field is named")) };
    match tree.get(mapping, first).filter(|n| !tree.is_null(*n)) {
        Some(next) if !rest.is_empty() => into(tree, next, rest, value),
        _ => {
            let whole = rest.iter().rev().fold(value.clone(), |inner, key| Fragment::entry(*key, inner));
            put(tree, mapping, first, &whole)
        }
    }
}

fn new_patch(located: &Located, container: &str, path: &[&str], value: &Fragment) -> String {
    let (group, version) = located.workload.group_version();
    let api = if group.is_empty() { version } else { format!("{group}/{version}") };
    let ids = located.workload.ids();
    let namespace = ids.first().map(|id| id.namespace.clone()).unwrap_or_default();
    let mut metadata = vec![("name".to_owned(), Fragment::Text(located.workload.written_name().to_owned()))];
    if !namespace.is_empty() {
        metadata.push(("namespace".to_owned(), Fragment::Text(namespace)));
    }
    let item = Fragment::List(vec![container_fragment(container, path, value)]);
    let spec = CONTAINERS[1..].iter().rev().fold(item, |inner, key| Fragment::entry(*key, inner));
    let whole = vec![
        ("apiVersion".to_owned(), Fragment::Text(api)),
        ("kind".to_owned(), Fragment::Text(located.workload.kind())),
        ("metadata".to_owned(), Fragment::Map(metadata)),
        ("spec".to_owned(), spec),
    ];
    crate::yaml::print(&whole)
}
