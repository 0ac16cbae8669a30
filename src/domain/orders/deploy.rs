//! Committing a draft, pushing it and following it until the new Pods are healthy.

use super::{Question, Sentence, Terms};
use crate::actor::Role;
use crate::change::Draft;
use crate::restore::Restore;

/// Deploys a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// What to change and where.
    pub draft: Draft,
    /// The digest of the preview that was reviewed; absent when nobody looked (a script), then whatever results goes out.
    pub reviewed: Option<String>,
    /// Whether only to say what would happen.
    pub dry_run: bool,
}

impl Deploy {
    /// Returns the names of the automations that are suspended first.
    fn suspended(restore: &Restore) -> String {
        restore.suspend.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    fn newest(restore: &Restore) -> String {
        restore.undoes.first().map(|undone| undone.deployment.short().to_owned()).unwrap_or_default()
    }
}

impl Terms for Deploy {
    fn permission(&self) -> Role {
        Role::Operator
    }
    fn question(&self) -> Question {
        let environment = &self.draft.environment;
        if self.draft.manual.is_some() {
            return Question::Confirm { text: format!("Apply this to {environment} by hand, without Git?") };
        }
        let Some(restore) = &self.draft.restore else {
            return Question::Confirm { text: format!("Commit and push this change to {environment}?") };
        };
        let mut text = match &restore.to {
            Some(to) => format!("Roll back {environment} to deployment {}?", to.short()),
            None => format!("Revert deployment {} of {environment}?", Self::newest(restore)),
        };
        if !restore.suspend.is_empty() {
            text.extend([" First ", &Self::suspended(restore), " is suspended, which stays so until it is resumed."]);
        }
        let others = restore.of_others();
        if !others.is_empty() {
            text.extend([" What somebody else did goes with it: ", &others.join(", "), "."]);
        }
        Question::Confirm { text }
    }
    fn sentences(&self) -> Vec<Sentence> {
        let object = ("object", self.object());
        if self.draft.manual.is_some() {
            return vec![Sentence::new("deploy-manual", [object])];
        }
        let Some(restore) = &self.draft.restore else { return vec![Sentence::new(self.act(), [object])] };
        let deployment = restore.to.as_ref().map_or_else(|| Self::newest(restore), |to| to.short().to_owned());
        let mut out = vec![Sentence::new(self.act(), [object, ("deployment", deployment)])];
        let others = restore.of_others();
        if !others.is_empty() {
            out.push(Sentence::new("rollback-others", [("others", others.join(", "))]));
        }
        if !restore.suspend.is_empty() {
            out.push(Sentence::new("rollback-suspends", [("automation", Self::suspended(restore))]));
        }
        out
    }
    fn act(&self) -> &'static str {
        let usual = if self.draft.manual.is_some() { "deploy.manual" } else { "deploy" };
        self.draft.restore.as_deref().map_or(usual, Restore::act)
    }
    fn object(&self) -> String {
        self.draft.environment.to_string()
    }
    fn recorded(&self) -> bool {
        !self.dry_run
    }
}
