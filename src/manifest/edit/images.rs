//! Changes of an image's name, tag and digest.

use domain::edit::{Edit, Field};

use crate::edit::{Desk, nested, overlay};
use crate::error::Error;
use crate::locate::{ImageParts, Located, image_parts};
use crate::yaml::{At, Fragment, Meant, NodeId, Place, Splice, SpliceFault, Tree, insert_entry, remove_entry, set_scalar};

/// Takes one step towards an image part that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let container = located.container(edit.container.as_deref())?;
    let Some(parts) = image_parts(container.val) else {
        let why = format!("container {} has no image", container.name);
        return Err(Error::CannotEdit { field: edit.field.to_string(), file: located.folder.clone(), why });
    };
    if let Some((number, node)) = entry_of_overlay(located, &parts) {
        return nested::change(desk, located, (number, &edit.field), |tree| in_entry(tree, node, &parts, edit));
    }
    let place = match edit.field {
        Field::ImageName => parts.trace.name,
        Field::ImageTag => parts.trace.tag.filter(|_| !parts.tag.is_empty()).or(parts.trace.name),
        _ => parts.trace.digest.filter(|_| !parts.digest.is_empty()).or(parts.trace.name),
    };
    match place {
        Some((number, node)) if overlay::own(located, number) => in_place(desk, located, (number, node), &parts, edit),
        _ => new_entry(desk, located, &parts, edit),
    }
}

/// Returns the `images:` entry of the environment's own kustomization that speaks of the image.
fn entry_of_overlay(located: &Located, parts: &ImageParts) -> Option<Place> {
    parts.trace.entry.filter(|(number, _)| located.outermost(located.sources.get(*number)))
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

/// Writes the image anew where its text stands.
fn in_place(desk: &mut Desk, located: &Located, (number, node): Place, parts: &ImageParts, edit: &Edit) -> Result<(), Error> {
    nested::change(desk, located, (number, &edit.field), |tree| {
        // The part may stand alone in an `images:` entry of an inner kustomization.
        let holder = tree.node(node).parent.filter(|p| tree.get(*p, "image").is_none() && tree.get(*p, "name").is_some());
        let text = tree.scalar(node).unwrap_or_default().to_owned();
        let alone = holder.is_some_and(|h| ["newName", "newTag", "digest", "name"].iter().any(|k| tree.get(h, k) == Some(node)));
        if let (true, Some(entry)) = (alone, holder) {
            return in_entry(tree, entry, parts, edit);
        }
        let (name, tag, digest) = crate::build::split_image(&text);
        let (mut name, mut tag, mut digest) = (name.to_owned(), tag.to_owned(), digest.to_owned());
        let value = edit.value.clone().unwrap_or_default();
        match edit.field {
            Field::ImageName => name = value,
            Field::ImageTag => tag = value,
            _ => digest = value,
        }
        if !tag.is_empty() {
            name = format!("{name}:{tag}");
        }
        if !digest.is_empty() {
            name = format!("{name}@{digest}");
        }
        set_scalar(tree, node, Meant::Text(&name))
    })
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
        let why = "an overlay can replace a tag but not take it away".to_owned();
        return Err(Error::CannotEdit { field: edit.field.to_string(), file: located.folder.clone(), why });
    }
    overlay::item(desk, located, "images", &Fragment::Map(pairs), &edit.field)
}
