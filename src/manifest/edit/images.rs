//! Changes of an image's name, tag and digest.
//!
//! An `images:` entry speaks of every workload with that image. One that the environment has already is how its author wants
//! the image said, and nothing in the same kustomization comes after it: it is changed, and who else changes with it is told
//! (`Applied::others`). One that would have to be made new is asked about when other workloads have the image too, since
//! nobody has said yet that they belong together: all by an entry, or this one alone by a patch. Containers of one workload
//! always go together.

use domain::edit::{Choice, Edit, Field, Found, Offer};

use crate::build::source::Role;
use crate::edit::aim::{Step, listed};
use crate::edit::{Desk, container, nested, overlay};
use crate::error::Error;
use crate::locate::{Container, ImageParts, LISTS, Located, image_parts};
use crate::yaml::{At, Fragment, Meant, NodeId, Place, Splice, SpliceFault, Tree, Val, insert_entry, remove_entry, set_scalar};

/// Tells whether the effective part is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let parts = image_parts(located.meant(edit)?.val);
    let now = parts.map(|p| match edit.field {
        Field::ImageName => p.name,
        Field::ImageTag => p.tag,
        _ => p.digest,
    });
    Ok(now.filter(|text| !text.is_empty()) == edit.value)
}

/// Takes one step towards an image part that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let container = located.meant(edit)?;
    let Some(parts) = image_parts(container.val) else {
        let why = format!("container {} has no image", container.name);
        return Err(Error::CannotEdit { field: edit.field.to_string(), file: located.folder.clone(), why });
    };
    if let Some((number, node)) = entry_of_overlay(located, &parts, edit)? {
        return nested::change(desk, located, (number, &edit.field), |tree| in_entry(tree, node, &parts, edit));
    }
    let place = match edit.field {
        Field::ImageName => parts.trace.name,
        Field::ImageTag => parts.trace.tag.filter(|_| !parts.tag.is_empty()).or(parts.trace.name),
        _ => parts.trace.digest.filter(|_| !parts.digest.is_empty()).or(parts.trace.name),
    };
    match place {
        Some(place) if overlay::own(located, place.0) || edit.choice == Some(Choice::Written) => {
            in_place(desk, located, place, &parts, edit)
        }
        _ if edit.choice == Some(Choice::Own) => {
            container::aim(located, edit)?.below(Step::keys(&["image"])).set(desk, located, &changed(&parts, edit))
        }
        _ => {
            shared(located, &parts, edit)?;
            new_entry(desk, located, &parts, edit)
        }
    }
}

/// Asks when a new `images:` entry would change other workloads too, unless that is chosen already.
fn shared(located: &Located, parts: &ImageParts, edit: &Edit) -> Result<(), Error> {
    let Some(number) = overlay::kustomization(located).filter(|_| edit.choice != Some(Choice::Overlay)) else { return Ok(()) };
    let pods = located.pods();
    let others: Vec<String> = located
        .others
        .iter()
        .chain([&located.workload])
        .filter(|object| !std::ptr::eq(*object, pods) && has_image(&object.val, &parts.name))
        .map(|object| located.title(object))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let file = located.sources.get(number).file.clone();
    let (this, others) = (located.title(pods), listed(&others));
    let offer = |choice, what| Offer { choice, file: file.clone(), line: 1, what };
    let offers =
        vec![offer(Choice::Own, format!("changes {this} only")), offer(Choice::Overlay, format!("changes {this} and {others}"))];
    Err(container::aim(located, edit)?.choose(format!("is the image of {this} and {others}"), offers))
}

/// Tells whether an object has a container with an image.
fn has_image(val: &Val, name: &str) -> bool {
    let container = |c: &Val| image_parts(c).is_some_and(|parts| parts.name == name);
    val.items().iter().any(|item| has_image(item, name))
        || val.as_map().is_some_and(|map| {
            map.iter().any(|(key, value)| {
                has_image(value, name) || (LISTS.contains(&key.as_str()) && value.items().iter().any(container))
            })
        })
}

/// Returns the image text with the part that an edit asks for.
fn changed(parts: &ImageParts, edit: &Edit) -> Fragment {
    let value = edit.value.as_deref().unwrap_or_default();
    whole(match edit.field {
        Field::ImageName => (value, &parts.tag, &parts.digest),
        Field::ImageTag => (&parts.name, value, &parts.digest),
        _ => (&parts.name, &parts.tag, value),
    })
}

/// Returns an image text out of its parts.
fn whole((name, tag, digest): (&str, &str, &str)) -> Fragment {
    let mut whole = name.to_owned();
    for (mark, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            whole.push(mark);
            whole.push_str(part);
        }
    }
    Fragment::Text(whole)
}

/// Changes the `images:` entry of the environment's own kustomization that speaks of a container's image; tells whether there
/// is one.
pub(super) fn in_overlay(desk: &mut Desk, located: &Located, container: &Val, edit: &Edit) -> Result<bool, Error> {
    let Some(parts) = image_parts(container) else { return Ok(false) };
    let Some((number, node)) = entry_of_overlay(located, &parts, edit)? else { return Ok(false) };
    nested::change(desk, located, (number, &edit.field), |tree| in_entry(tree, node, &parts, edit))?;
    Ok(true)
}

/// Returns the `images:` entry of the environment's own kustomization that decides the part: the one that it is written in,
/// else the one that speaks of the image. When several do, which of them is asked.
fn entry_of_overlay(located: &Located, parts: &ImageParts, edit: &Edit) -> Result<Option<Place>, Error> {
    let Some((number, last)) = parts.trace.entry.filter(|(n, _)| located.outermost(located.sources.get(*n))) else {
        return Ok(None);
    };
    let source = located.sources.get(number);
    let tree = nested::parse(&source.file, &source.text)?;
    let (tag, digest) = (parts.trace.tag, parts.trace.digest);
    let written = match edit.field {
        Field::ImageName => parts.trace.name,
        Field::ImageTag => tag.or(digest),
        _ => digest.or(tag),
    };
    let holder = written.filter(|(n, _)| *n == number).and_then(|(_, node)| tree.node(node).parent);
    if let Some(holder) = holder {
        return Ok(Some((number, holder)));
    }
    let name = |entry: NodeId| tree.get(entry, "name").and_then(|n| tree.scalar(n)).map(str::to_owned);
    let entries = tree.node(last).parent.map(|list| tree.items(list)).unwrap_or_default();
    let twins: Vec<NodeId> = entries.iter().map(|(_, n)| *n).filter(|n| name(*n) == name(last)).collect();
    if twins.len() < 2 {
        return Ok(Some((number, last)));
    }
    if let Some(Choice::At { file, line: at }) = &edit.choice
        && *file == source.file
        && let Some(one) = twins.iter().find(|n| tree.line_of(**n) == *at)
    {
        return Ok(Some((number, *one)));
    }
    let offer = |entry: &NodeId| {
        let (file, line) = (source.file.clone(), tree.line_of(*entry));
        Offer { choice: Choice::At { file: file.clone(), line }, file, line, what: "extends this images: entry".to_owned() }
    };
    let why = format!("could go to {} images: entries", twins.len());
    Err(container::aim(located, edit)?.choose(why, twins.iter().map(offer).collect()))
}

fn key(field: &Field) -> &'static str {
    match field {
        Field::ImageName => "newName",
        Field::ImageTag => "newTag",
        _ => "digest",
    }
}

fn in_entry(tree: &Tree<'_>, entry: NodeId, parts: &ImageParts, edit: &Edit) -> Result<Vec<Splice>, SpliceFault> {
    let key = key(&edit.field);
    let mut splices = match (&edit.value, tree.position(entry, key)) {
        (Some(value), Some(_)) => {
            let node = tree.get(entry, key).ok_or(SpliceFault::Unfit("the entry is not there"))?;
            set_scalar(tree, node, Meant::Text(value))?
        }
        (Some(value), None) => {
            let after = if key == "digest" && tree.get(entry, "newTag").is_some() {
                "newTag"
            } else if tree.get(entry, "newName").is_some() {
                "newName"
            } else {
                "name"
            };
            insert_entry(tree, entry, (key, &Fragment::Text(value.clone())), At::After(after))?
        }
        (None, Some(at)) => remove_entry(tree, entry, at)?,
        (None, None) => Vec::new(),
    };
    // A digest alone drops the tag, and no tag brings back the digest of the base: the tag that holds now is written too.
    let keeps_tag = edit.field == Field::ImageDigest && tree.get(entry, "newTag").is_none();
    if keeps_tag && !parts.tag.is_empty() {
        let tag = Fragment::Text(parts.tag.clone());
        let extra = insert_entry(
            tree,
            entry,
            ("newTag", &tag),
            At::After(if tree.get(entry, "newName").is_some() { "newName" } else { "name" }),
        )?;
        splices.splice(0..0, extra);
    }
    Ok(splices)
}

/// Writes the image anew where its text stands, or the part in the `images:` entry of an inner kustomization.
fn in_place(desk: &mut Desk, located: &Located, place: Place, parts: &ImageParts, edit: &Edit) -> Result<(), Error> {
    let (number, node) = place;
    let source = located.sources.get(number);
    let tree = nested::parse(&source.file, &source.text)?;
    if source.role == Role::Kustomization
        && let Some(entry) = tree.node(node).parent
    {
        return nested::change(desk, located, (number, &edit.field), |tree| in_entry(tree, entry, parts, edit));
    }
    let text = tree.scalar(node).unwrap_or_default();
    let (name, tag, digest) = crate::build::split_image(text);
    let value = edit.value.as_deref().unwrap_or_default();
    let (name, tag, digest) = match edit.field {
        Field::ImageName => (value, tag, digest),
        Field::ImageTag => (name, value, digest),
        _ => (name, tag, value),
    };
    container::aim(located, edit)?.below(Step::keys(&["image"])).set(desk, located, &whole((name, tag, digest)))
}

fn new_entry(desk: &mut Desk, located: &Located, parts: &ImageParts, edit: &Edit) -> Result<(), Error> {
    let mut pairs = vec![("name".to_owned(), Fragment::Text(parts.name.clone()))];
    let mut put = |key: &str, value: &str| {
        if !value.is_empty() {
            pairs.push((key.to_owned(), Fragment::Text(value.to_owned())));
        }
    };
    match (&edit.field, &edit.value) {
        (Field::ImageDigest, value) => {
            put("newTag", &parts.tag);
            put("digest", value.as_deref().unwrap_or_default());
        }
        (field, Some(value)) => put(key(field), value),
        (_, None) => {}
    }
    if pairs.len() == 1 {
        let why = if edit.field == Field::ImageDigest {
            "a base pins the image by a digest, which an overlay can replace but not take away; set a tag or a digest too"
        } else {
            "an overlay can replace a tag but not take it away"
        };
        let why = why.to_owned();
        return Err(Error::CannotEdit { field: edit.field.to_string(), file: located.folder.clone(), why });
    }
    overlay::item(desk, located, "images", &Fragment::Map(pairs), &edit.field)
}

/// Adds the parts of a container's image with their places.
pub(crate) fn found(located: &Located, container: Container<'_>, found: &mut Vec<Found>) {
    let Some(parts) = image_parts(container.val) else { return };
    let name = Some(container.name);
    found.push(located.found(Field::ImageName, name, parts.name, parts.trace.name));
    for (field, value, place) in
        [(Field::ImageTag, parts.tag, parts.trace.tag), (Field::ImageDigest, parts.digest, parts.trace.digest)]
    {
        if !value.is_empty() {
            found.push(located.found(field, name, value, place));
        }
    }
}
