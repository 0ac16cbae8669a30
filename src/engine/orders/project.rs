//! Adding, editing and removing a project.

use domain::journal::Change;
use domain::orders::{RemoveProject, SaveProject};
use domain::{Trouble, check};

use crate::orders::Done;
use crate::scene::no_project;

pub(super) fn save(order: SaveProject) -> Result<Done, Trouble> {
    let SaveProject { project, new } = order;
    check::project(&project)?;
    git::check_url(&project.repository.url).map_err(Trouble::from)?;
    let slug = project.slug.clone();
    let said = format!("Project {slug} was {}.", if new { "added" } else { "edited" });
    Ok(Done::said(said).with(Change::Project(project)).when(move |state| match (new, state.projects.contains_key(&slug)) {
        (true, true) => Err(Trouble::usage("The project exists already", &slug).next("Edit it, or choose another slug.")),
        (false, false) => Err(no_project(&slug)),
        _ => Ok(()),
    }))
}

pub(super) fn remove(order: RemoveProject) -> Done {
    let slug = order.slug.clone();
    Done::said(format!("Project {slug} was removed with its environments; repository and cluster stay as they are."))
        .with(Change::ProjectRemoved(order.slug))
        .when(move |state| {
            if !state.projects.contains_key(&slug) {
                return Err(no_project(&slug));
            }
            match state.promises.keys().find(|id| id.project == slug) {
                Some(id) => Err(Trouble::refused("A sync of an environment is under way", id).next("Wait for it to end.")),
                None => Ok(()),
            }
        })
}
