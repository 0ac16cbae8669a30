//! What the form changes: only what differs from Git, in the order of the form.

use domain::change::{Draft, FormFacts};
use domain::edit::{Edit, Field, WorkloadRef};
use domain::ident::EnvironmentId;

/// Holds the edits of a draft, each with the container it is meant for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Edits {
    list: Vec<Edit>,
}

/// Returns the container that an edit names: none for what belongs to the workload, and none when there is just one.
fn scope(facts: &FormFacts, container: &str, field: &Field) -> Option<String> {
    (*field != Field::Replicas && facts.containers.len() > 1).then(|| container.to_owned())
}

impl Edits {
    /// Takes the edits of a draft; an edit without a container means the first one.
    pub(crate) fn of(facts: &FormFacts, draft: &Draft) -> Self {
        let mut edits = Self::default();
        let first = facts.containers.first().cloned().unwrap_or_default();
        for edit in &draft.edits {
            let container = edit.container.as_deref().unwrap_or(&first);
            edits.set(facts, container, edit.field.clone(), edit.value.clone());
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
        let in_git = facts.find(Some(container), &field).map(|f| f.value.as_str());
        if in_git != value.as_deref() {
            self.list.push(Edit { container: scope, field, value, choice: None });
            self.list.sort_by(|a, b| (&a.container, &a.field).cmp(&(&b.container, &b.field)));
        }
    }

    /// Leaves all variables of a container as they are.
    pub(crate) fn clear_variables(&mut self, facts: &FormFacts, container: &str) {
        let scope = scope(facts, container, &Field::Env(String::new()));
        self.list.retain(|e| e.container != scope || !matches!(e.field, Field::Env(_)));
    }

    /// Returns the variables of a container that are set and do not stand in Git, by name.
    pub(crate) fn new_variables(&self, facts: &FormFacts, container: &str) -> Vec<(String, String)> {
        let scope = scope(facts, container, &Field::Env(String::new()));
        let new = |e: &&Edit| e.container == scope && facts.find(Some(container), &e.field).is_none();
        let named = |e: &Edit| match (&e.field, &e.value) {
            (Field::Env(name), Some(value)) => Some((name.clone(), value.clone())),
            _ => None,
        };
        self.list.iter().filter(new).filter_map(named).collect()
    }

    /// Makes a draft of it.
    pub(crate) fn draft(&self, environment: &EnvironmentId, workload: Option<WorkloadRef>, message: Option<String>) -> Draft {
        Draft { environment: environment.clone(), workload, edits: self.list.clone(), message }
    }
}

/// Returns a draft without the edits that cannot stand in their fields, which no preview can be made of.
pub(crate) fn sound(draft: &Draft) -> Draft {
    Draft { edits: draft.edits.iter().filter(|e| e.fault().is_none()).cloned().collect(), ..draft.clone() }
}
