//! What several tabs share: the chosen project and environment, the draft that Deploy, YAML and Diff show, and the like.
//!
//! Changed only by [`Effect::Desk`](crate::effects::Effect::Desk), in [`Desk::apply`].

use std::sync::Arc;

use domain::Trouble;
use domain::change::{Draft, FormFacts, Preview};
use domain::ident::{DeploymentId, EnvironmentId, Slug};

/// Holds what several tabs share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Desk {
    /// The project that lists are narrowed to; absent for all.
    pub project: Option<Slug>,
    /// The chosen environment; when lists are narrowed to a project, it is one of that project's.
    pub environment: Option<EnvironmentId>,
    /// What the form of the chosen environment starts from.
    pub facts: Option<Arc<FormFacts>>,
    /// The draft for the chosen environment.
    pub draft: Option<Draft>,
    /// What the draft would change.
    pub preview: Option<Arc<Preview>>,
    /// Why facts or preview could not be had.
    pub trouble: Option<Trouble>,
    /// Whether facts or preview are being asked for.
    pub busy: bool,
    /// The deployment that Deployments should show.
    pub deployment: Option<DeploymentId>,
    /// The kind that Flux should show; absent for all.
    pub kind: Option<&'static str>,
}

/// Changes the desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Chooses a project (or all); an environment of another project is let go, and with it draft, facts and preview.
    Project(Option<Slug>),
    /// Chooses an environment; another one lets draft, facts and preview go. Lists that show all projects go on doing so.
    Environment(Option<EnvironmentId>),
    /// Sets what the form starts from.
    Facts(Option<Arc<FormFacts>>),
    /// Sets the draft.
    Draft(Option<Draft>),
    /// Sets what the draft would change.
    Preview(Option<Arc<Preview>>),
    /// Sets why facts or preview could not be had.
    Trouble(Option<Trouble>),
    /// Sets whether facts or preview are being asked for.
    Busy(bool),
    /// Sets the deployment to show.
    Deployment(Option<DeploymentId>),
    /// Sets the kind that Flux shows.
    Kind(Option<&'static str>),
}

impl Desk {
    /// Returns the project that one is at: the chosen environment's, else the one that lists are narrowed to.
    pub fn at_project(&self) -> Option<&Slug> {
        self.environment.as_ref().map(|e| &e.project).or(self.project.as_ref())
    }

    /// Returns the draft when it takes deployments back; the form has no fields for it.
    pub fn restoring(&self) -> Option<&Draft> {
        self.draft.as_ref().filter(|draft| draft.restore.is_some())
    }

    /// Applies a change.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Project(project) => {
                if self.environment.as_ref().is_some_and(|e| Some(&e.project) != project.as_ref()) {
                    self.choose(None);
                }
                self.project = project;
            }
            Change::Environment(environment) => {
                if let (Some(id), Some(project)) = (&environment, &mut self.project) {
                    project.clone_from(&id.project);
                }
                if self.environment != environment {
                    self.choose(environment);
                }
            }
            Change::Facts(facts) => self.facts = facts,
            Change::Draft(draft) => self.draft = draft,
            Change::Preview(preview) => self.preview = preview,
            Change::Trouble(trouble) => self.trouble = trouble,
            Change::Busy(busy) => self.busy = busy,
            Change::Deployment(deployment) => self.deployment = deployment,
            Change::Kind(kind) => self.kind = kind,
        }
    }

    fn choose(&mut self, environment: Option<EnvironmentId>) {
        self.environment = environment;
        (self.facts, self.draft, self.preview, self.trouble, self.busy) = (None, None, None, None, false);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]
mod tests {
    use super::*;

    #[test]
    fn another_environment_lets_the_draft_go_and_the_same_keeps_it() {
        let id: EnvironmentId = "shop/production".parse().unwrap();
        let mut desk = Desk::default();
        desk.apply(Change::Environment(Some(id.clone())));
        desk.apply(Change::Draft(Some(Draft::new(id.clone()))));
        desk.apply(Change::Environment(Some(id.clone())));
        desk.apply(Change::Project(Some(id.project.clone())));
        assert!(desk.draft.is_some());
        desk.apply(Change::Project("billing".parse().ok()));
        assert_eq!((desk.environment, desk.draft), (None, None));
    }
}
