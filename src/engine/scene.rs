//! An environment with everything that belongs to it: its project and its repository.

use std::sync::Arc;

use domain::Trouble;
use domain::ident::{EnvironmentId, Slug};
use domain::project::{Environment, Project};

use crate::repos::Repo;
use crate::shared::Core;

/// Holds an environment, its project and its repository.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) project: Arc<Project>,
    pub(crate) environment: Arc<Environment>,
    pub(crate) repo: Arc<Repo>,
}

impl Core {
    /// Returns a project by slug.
    pub(crate) fn project(&self, slug: &Slug) -> Result<Arc<Project>, Trouble> {
        let state = self.store.state();
        state.projects.get(slug).cloned().ok_or_else(|| no_project(slug))
    }

    /// Returns an environment with what belongs to it.
    pub(crate) fn scene(&self, id: &EnvironmentId) -> Result<Scene, Trouble> {
        let state = self.store.state();
        let environment = state.environments.get(id).cloned().ok_or_else(|| no_environment(id))?;
        let project = state.projects.get(&id.project).cloned().ok_or_else(|| no_project(&id.project))?;
        let repo = self.repos.get(&project.repository);
        Ok(Scene { project, environment, repo })
    }
}

pub(crate) fn no_project(slug: &Slug) -> Trouble {
    Trouble::not_found("There is no such project", slug).next("See them all with get projects, or add it.")
}

pub(crate) fn no_environment(id: &EnvironmentId) -> Trouble {
    Trouble::not_found("There is no such environment", id).next("See them all with get environments, or add it.")
}
