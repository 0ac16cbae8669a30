//! Adopting: all records come into the journal at once, or none of them.

use std::sync::Arc;

use domain::journal::{Change, Phase};
use domain::orders::Adopt;
use domain::project::Environment;
use domain::{Trouble, check};

use crate::orders::{Done, Fault};
use crate::scene::no_project;
use crate::scribe::Scribe;
use crate::shared::Core;

pub(super) async fn adopt(core: &Arc<Core>, scribe: &Scribe, order: Adopt) -> Result<Done, Fault> {
    let Adopt { project, new, environments } = order;
    check::project(&project)?;
    git::check_url(&project.repository.url).map_err(Trouble::from)?;
    for environment in &environments {
        check::environment(environment)?;
        if environment.id.project != project.slug {
            return Err(Trouble::usage("The environment is of another project", &environment.id).into());
        }
    }
    core.refresh().await?;
    let slug = project.slug.clone();
    let names: Vec<String> = environments.iter().map(|e| e.id.name.to_string()).collect();
    let said = match (new, names.is_empty()) {
        (true, true) => format!("Project {slug} was adopted."),
        (true, false) => format!("Project {slug} was adopted with {}.", names.join(", ")),
        (false, _) => format!("{} came into the project {slug}.", names.join(", ")),
    };
    let wanted = environments.clone();
    let may = move |state: &store::State| may(state, &slug, new, &wanted);
    let mut records: Vec<(&'static str, String, Change)> = Vec::new();
    if new {
        records.push(("project.add", project.slug.to_string(), Change::Project(project)));
    }
    records.extend(environments.into_iter().map(|e| ("environment.add", e.id.to_string(), Change::Environment(e))));
    scribe.write_all(Phase::Done, "adopted", records, Box::new(may)).await?;
    Ok(Done::said(said))
}

/// Tells whether the records may be added to what the store has.
fn may(state: &store::State, slug: &domain::ident::Slug, new: bool, environments: &[Environment]) -> Result<(), Trouble> {
    match (new, state.projects.contains_key(slug)) {
        (true, true) => return Err(Trouble::usage("The project exists already", slug).next("Choose another slug.")),
        (false, false) => return Err(no_project(slug)),
        _ => {}
    }
    for environment in environments {
        if state.environments.contains_key(&environment.id) {
            return Err(Trouble::usage("The environment exists already", &environment.id).next("Choose another name."));
        }
        let same = |e: &&Arc<Environment>| {
            e.cluster == environment.cluster && e.gitops.kustomization == environment.gitops.kustomization
        };
        if let Some(other) = state.environments.values().find(same) {
            return Err(Trouble::refused("It is an environment already", &environment.gitops.kustomization)
                .why(format!("{} has it", other.id))
                .next("Leave it out, or remove that environment first."));
        }
    }
    Ok(())
}
