//! Creating an object by writing it into a folder of a repository that belongs to no environment, such as a fleet's: committed,
//! pushed, and applied by whoever applies that folder.

use super::{FolderChange, Fresh, Question, Sentence, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;

/// Holds what would be committed for an object, and who brings it about then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderPlan {
    /// What and where to.
    pub change: FolderChange,
    /// The Kustomizations of the object's cluster that apply the folder.
    pub by: Vec<ObjectKey>,
}

/// Commits an object that does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInGit {
    /// The object.
    pub object: Fresh,
    /// What is committed, as it was shown; if it would be something else by then, nothing is done.
    pub plan: FolderPlan,
    /// The commit message; proposed when absent.
    pub message: Option<String>,
}

impl CreateInGit {
    /// Returns the commit message.
    pub fn words(&self) -> String {
        let key = &self.object.key;
        let text = self.message.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        text.unwrap_or_else(|| format!("Add {} {}/{}", key.kind, key.namespace, key.name))
    }

    fn appliers(&self) -> String {
        self.plan.by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl Terms for CreateInGit {
    fn permission(&self) -> Role {
        Role::Operator
    }

    fn question(&self) -> Question {
        let change = &self.plan.change;
        let commit = format!("Commit {} to {} of {}?", change.paths(), change.branch, change.url);
        let then = match self.appliers() {
            none if none.is_empty() => {
                format!("No Kustomization in {} applies that folder: nothing brings it about yet.", self.object.key.cluster)
            }
            by => format!("{by} brings it about."),
        };
        Question::Confirm { text: format!("{commit} {then}") }
    }

    fn sentences(&self) -> Vec<Sentence> {
        let change = &self.plan.change;
        let values = [("files", change.paths()), ("branch", change.branch.clone()), ("url", change.url.clone())];
        let then = match self.appliers() {
            none if none.is_empty() => Sentence::new("folder.nobody", [("cluster", self.object.key.cluster.to_string())]),
            by => Sentence::new("folder.by", [("by", by)]),
        };
        vec![Sentence::new("folder.commit", values), then]
    }

    fn act(&self) -> &'static str {
        "object.create"
    }

    fn object(&self) -> String {
        self.object.key.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use crate::change::FileChange;
    use crate::private::Private;
    use crate::revision::CommitId;

    #[test]
    fn the_question_names_file_branch_and_who_applies_it() {
        let file = FileChange { path: "clusters/prod/a.yaml".into(), before: None, after: Some("kind: A\n".into()) };
        let change = FolderChange {
            fleet: "platform:clusters/prod".parse().unwrap(),
            url: "https://h/fleet".into(),
            branch: "main".into(),
            base: CommitId::parse(&"a".repeat(40)).unwrap(),
            files: vec![file],
        };
        let key = ObjectKey::new(&"dev".into(), "GitRepository", "apps", "a");
        let object = Fresh { key, body: Private::new("{}") };
        let mut order = CreateInGit { object, plan: FolderPlan { change, by: Vec::new() }, message: Some(" ".into()) };
        let asked = |order: &CreateInGit| match order.question() {
            Question::Confirm { text } => text,
            other => format!("{other:?}"),
        };
        let text = asked(&order);
        assert!(text.starts_with("Commit clusters/prod/a.yaml to main of https://h/fleet?") && text.contains("in dev"), "{text}");
        order.plan.by.push(ObjectKey::new(&"dev".into(), "Kustomization", "flux-system", "fleet"));
        assert!(asked(&order).ends_with("Kustomization/flux-system/fleet brings it about."), "{}", asked(&order));
        assert_eq!(order.words(), "Add GitRepository apps/a");
    }
}
