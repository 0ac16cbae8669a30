//! What the form changes: only what differs from Git, in the order of the form.

use domain::change::{Draft, FormFacts};
use domain::edit::{Ask, Choice, Edit, Field, Found, WorkloadRef};
use domain::ident::EnvironmentId;
use domain::revision::CommitId;

use super::slot::Kind;

/// Holds the edits of a draft, each with the container it is meant for, and what was answered about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Edits {
    list: Vec<Edit>,
    /// Answers, kept apart so that typing on does not lose them.
    choices: Vec<(Option<String>, Field, Choice)>,
}

/// Tells whether a variable takes its value from elsewhere (`valueFrom`): `manifest` leaves the value empty and says where from.
pub(super) fn is_reference(found: &Found) -> bool {
    found.value.is_empty() && found.why.starts_with("comes from ")
}

/// Returns what Git says of a field; a variable that takes its value from elsewhere has no plain value.
pub(super) fn in_git<'f>(facts: &'f FormFacts, container: &str, field: &Field) -> Option<&'f Found> {
    facts.find(Some(container), field).filter(|f| !matches!(field, Field::Env(_)) || !is_reference(f))
}

/// Returns the container that an edit names: none for what belongs to the workload, and none when there is just one.
pub(super) fn scope(facts: &FormFacts, container: &str, field: &Field) -> Option<String> {
    let named = || facts.find(Some(container), field).is_some_and(|f| f.container.is_some());
    (facts.containers.len() > 1 && (field.is_of_container() || named())).then(|| container.to_owned())
}

impl Edits {
    /// Takes the edits of a draft; an edit without a container means the first one.
    pub(crate) fn of(facts: &FormFacts, draft: &Draft) -> Self {
        let mut edits = Self::default();
        let first = facts.containers.first().cloned().unwrap_or_default();
        for edit in &draft.edits {
            let container = edit.container.as_deref().unwrap_or(&first);
            edits.set(facts, container, edit.field.clone(), edit.value.clone());
            if let Some(choice) = &edit.choice {
                edits.choices.push((scope(facts, container, &edit.field), edit.field.clone(), choice.clone()));
            }
        }
        edits
    }

    /// Returns what a field of a container is to become; nothing when it is left as it is.
    pub(crate) fn get(&self, facts: &FormFacts, container: &str, field: &Field) -> Option<&Option<String>> {
        let wanted = scope(facts, container, field);
        self.list.iter().find(|e| e.container == wanted && &e.field == field).map(|e| &e.value)
    }

    /// Says what a field of a container is to become. What Git says already is no edit.
    pub(crate) fn set(&mut self, facts: &FormFacts, container: &str, field: Field, value: Option<String>) {
        let scope = scope(facts, container, &field);
        self.list.retain(|e| e.container != scope || e.field != field);
        let git = in_git(facts, container, &field).map(|f| f.value.as_str());
        if git != value.as_deref() {
            self.list.push(Edit { container: scope, field, value, choice: None });
            self.list.sort_by(|a, b| (&a.container, &a.field).cmp(&(&b.container, &b.field)));
        }
    }

    /// Leaves all entries of a kind as they are, those of a container when they belong to one.
    pub(super) fn clear(&mut self, facts: &FormFacts, container: &str, kind: Kind) {
        self.list.retain(|e| Kind::of(&e.field) != Some(kind) || e.container != scope(facts, container, &e.field));
    }

    /// Returns the fields that get a value here, in order, those of a container when they belong to one.
    pub(super) fn put<'e>(&'e self, facts: &'e FormFacts, container: &'e str) -> impl Iterator<Item = (&'e Field, &'e str)> {
        let ours = move |e: &&Edit| e.container == scope(facts, container, &e.field);
        self.list.iter().filter(ours).filter_map(|e| Some((&e.field, e.value.as_deref()?)))
    }

    /// Takes the answer to a question.
    pub(super) fn answer(&mut self, ask: &Ask, choice: Choice) {
        self.choices.retain(|(container, field, _)| *container != ask.container || *field != ask.field);
        self.choices.push((ask.container.clone(), ask.field.clone(), choice));
    }

    /// Takes what became of the answers: those that name a line as it is numbered now; what is asked has no answer any more.
    pub(super) fn settle(&mut self, answers: &[Edit], asks: &[Ask]) {
        for edit in answers {
            let ours = self.choices.iter_mut().find(|(container, field, _)| *container == edit.container && *field == edit.field);
            if let (Some((_, _, slot)), Some(choice)) = (ours, &edit.choice) {
                slot.clone_from(choice);
            }
        }
        self.choices.retain(|(container, field, _)| !asks.iter().any(|ask| ask.container == *container && ask.field == *field));
    }

    /// Tells whether an answer names a line.
    fn names_lines(&self) -> bool {
        self.choices.iter().any(|(.., choice)| matches!(choice, Choice::At { .. }))
    }

    fn chosen(&self, edit: &Edit) -> Option<Choice> {
        let meant =
            |(container, field, _): &&(Option<String>, Field, Choice)| *container == edit.container && *field == edit.field;
        self.choices.iter().find(meant).map(|(.., choice)| choice.clone())
    }

    /// Makes a draft of it.
    ///
    /// `base` is the commit that the answers speak of.
    pub(crate) fn draft(
        &self,
        environment: &EnvironmentId,
        workload: Option<WorkloadRef>,
        message: Option<String>,
        base: Option<&CommitId>,
    ) -> Draft {
        let edits = self.list.iter().map(|e| Edit { choice: self.chosen(e), ..e.clone() }).collect();
        let base = base.filter(|_| self.names_lines()).cloned();
        Draft { workload, edits, message, base, ..Draft::new(environment.clone()) }
    }
}

/// Returns a draft without the edits that cannot stand in their fields, which no preview can be made of.
pub(crate) fn sound(draft: &Draft) -> Draft {
    Draft { edits: draft.edits.iter().filter(|e| e.fault().is_none()).cloned().collect(), ..draft.clone() }
}
