//! What the edits of objects beside the workload have in common: whether a text is the environment's own, which candidate is
//! meant, and the words for it.

use domain::edit::{Ask, Choice, Edit, Offer};

use crate::build::source::Role;
use crate::edit::overlay;
use crate::error::Error;
use crate::files;
use crate::locate::Located;
use crate::yaml::{Place, Tree};

/// Tells whether an edit changes a text where it is: the environment's own, or any when that was chosen.
pub(super) fn here(located: &Located, edit: &Edit, number: u32) -> bool {
    overlay::own(located, number) || edit.choice == Some(Choice::Written)
}

/// Builds the error for an edit that cannot be made.
pub(super) fn cannot(located: &Located, edit: &Edit, place: Option<Place>, why: impl Into<String>) -> Error {
    let file = if place.is_some() { located.sources.file(place).to_owned() } else { located.folder.clone() };
    Error::CannotEdit { field: edit.field.to_string(), file, why: why.into() }
}

/// Builds an answer that names a candidate by its place.
pub(super) fn offer(located: &Located, place: Option<Place>, what: String) -> Offer {
    let (file, line) = (located.sources.file(place).to_owned(), located.sources.line(place));
    Offer { choice: Choice::At { file: file.clone(), line }, file, line, what }
}

/// Tells whether an edit's choice names a place.
pub(super) fn chosen(located: &Located, edit: &Edit, place: Option<Place>) -> bool {
    let Some(Choice::At { file, line }) = &edit.choice else { return false };
    place.is_some() && located.sources.file(place) == file && located.sources.line(place) == *line
}

/// Says what holds a value, and in which base that is when it is not the environment's own.
pub(super) fn whence(located: &Located, file: &str, holder: &str) -> String {
    if located.own(file) { holder.to_owned() } else { format!("{holder}, in the base {}", files::parent(file)) }
}

/// Tells whether a place is in a component: what that says comes after what the kustomization says that uses it.
pub(super) fn in_component(located: &Located, number: u32) -> bool {
    let layer = &located.sources.get(number).layer;
    located.sources.all().any(|(_, source)| {
        source.role == Role::Kustomization
            && source.layer == *layer
            && Tree::parse(&source.text).is_ok_and(|tree| {
                let kind = |root| tree.get(root, "kind").and_then(|n| tree.scalar(n)) == Some("Component");
                tree.documents().iter().any(|d| kind(d.root))
            })
    })
}

/// Turns a value that others use through an anchor into the question whether to change them too.
pub(super) fn asked(error: Error, edit: &Edit) -> Error {
    let Error::Shared { first, second, .. } = error else { return error };
    let (file, line) = first.rsplit_once(':').unwrap_or((&first, "1"));
    let (file, line) = (file.to_owned(), line.parse().unwrap_or(1));
    let offer = Offer { choice: Choice::Written, file, line, what: format!("changes {second} too") };
    let why = format!("is written at {first} and used at {second}");
    Error::Choose(Box::new(Ask { container: edit.container.clone(), field: edit.field.clone(), why, offers: vec![offer] }))
}

#[cfg(test)]
#[path = "created_tests.rs"]
mod tests;
