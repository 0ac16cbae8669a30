//! The fields of the form: built from Git and the edits so far, and read back into edits as they are typed.
//!
//! ```text
//!   Image        ghcr.io/acme/shop
//! ▌ Tag          1.8.5                now 1.8.4, runs 1.8.3
//!   Environment  NODE_ENV=production
//!                + NAME=value
//! ```

use domain::change::FormFacts;
use domain::edit::{Bound, Edit, Field, Found, PULL_POLICIES, Resource};
use domain::workload::Workload;

use super::edits::Edits;
use super::running;
use crate::cx::Cx;
use crate::widgets::form::{Field as Row, Form};

/// The fields that every form has, with their ids; words stand under `deploy.field.<id>`.
const PLAIN: &[(&str, Field)] = &[
    ("image", Field::ImageName),
    ("tag", Field::ImageTag),
    ("digest", Field::ImageDigest),
    ("policy", Field::PullPolicy),
    ("replicas", Field::Replicas),
];

const FIGURES: &[(&str, Field)] = &[
    ("cpu-request", Field::Resource(Bound::Request, Resource::Cpu)),
    ("cpu-limit", Field::Resource(Bound::Limit, Resource::Cpu)),
    ("memory-request", Field::Resource(Bound::Request, Resource::Memory)),
    ("memory-limit", Field::Resource(Bound::Limit, Resource::Memory)),
];

/// What the ids of variables begin with that are shown only.
const FIXED: &str = "fixed:";

/// How high the message may grow.
const MESSAGE_ROWS: u16 = 5;

/// Holds what the fields are built from and read back into.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    /// What Git says.
    pub(super) facts: &'a FormFacts,
    /// What is to become of it.
    pub(super) edits: &'a mut Edits,
    /// The container that is shown.
    pub(super) container: &'a str,
    /// What runs.
    pub(super) running: Option<&'a Workload>,
}

/// Holds a row of the form that is an environment variable.
#[derive(Debug, Clone)]
struct Variable {
    id: String,
    /// Its name in Git; absent for a new one.
    origin: Option<String>,
}

/// Holds the form and which rows of it are variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) form: Form,
    variables: Vec<Variable>,
    /// Variables that take their value from elsewhere: shown, and not changed here.
    fixed: Vec<String>,
    made: usize,
}

fn label<'a>(cx: &Cx<'a>, id: &str) -> &'a str {
    cx.words.find(&format!("deploy.field.{id}")).unwrap_or_default()
}

fn field_of(id: &str) -> Option<Field> {
    PLAIN.iter().chain(FIGURES).find(|(known, _)| *known == id).map(|(_, field)| field.clone())
}

/// Returns the value to show: the edit's, else Git's, else nothing.
fn shown(ground: &Ground, field: &Field) -> String {
    match ground.edits.get(ground.facts, ground.container, field) {
        Some(value) => value.clone().unwrap_or_default(),
        None => in_git(ground, field).map(|f| f.value.clone()).unwrap_or_default(),
    }
}

/// Tells whether a variable takes its value from elsewhere (`valueFrom`): `manifest` leaves the value empty and says where from.
fn is_reference(found: &Found) -> bool {
    found.value.is_empty() && found.why.starts_with("comes from ")
}

fn in_git<'g>(ground: &'g Ground, field: &Field) -> Option<&'g Found> {
    ground.facts.find(Some(ground.container), field)
}

impl Fields {
    /// Builds the fields. `message` is the commit message to show.
    pub(super) fn build(cx: &Cx, ground: &mut Ground, message: &str) -> Self {
        let mut fields = Self::default();
        fields.choosers(cx, ground);
        for (id, field) in PLAIN {
            let pinned = in_git(ground, field).is_some() || ground.edits.get(ground.facts, ground.container, field).is_some();
            if *field == Field::ImageDigest && !pinned {
                continue;
            }
            let row =
                if *field == Field::PullPolicy { policy(cx, ground) } else { Row::text(id, label(cx, id), shown(ground, field)) };
            fields.form.fields.push(row);
        }
        fields.known_variables(cx, ground);
        fields.blank(cx, fields.form.fields.len());
        for (id, field) in FIGURES {
            fields.form.fields.push(Row::text(id, label(cx, id), shown(ground, field)).placeholder(cx.t("deploy.unset")));
        }
        fields.form.fields.push(Row::area("message", label(cx, "message"), message, MESSAGE_ROWS));
        fields.form.focus("tag");
        fields.check(cx, ground);
        fields
    }

    fn choosers(&mut self, cx: &Cx, ground: &Ground) {
        let facts = ground.facts;
        if facts.workloads.len() > 1 {
            let names = facts.workloads.iter().map(ToString::to_string).collect();
            self.form.fields.push(Row::choice("workload", label(cx, "workload"), names, &facts.workload.to_string()));
        }
        if facts.containers.len() > 1 {
            self.form.fields.push(Row::choice("container", label(cx, "container"), facts.containers.clone(), ground.container));
        }
    }

    fn known_variables(&mut self, cx: &Cx, ground: &Ground) {
        let ours = |f: &&Found| f.container.is_none() || f.container.as_deref() == Some(ground.container);
        for found in ground.facts.found.iter().filter(ours) {
            let Field::Env(name) = &found.field else { continue };
            if is_reference(found) {
                let row = Row::text(&format!("{FIXED}{name}"), self.variable_label(cx), name).note(&found.why);
                self.fixed.push(name.clone());
                self.form.fields.push(row);
                continue;
            }
            let text = match ground.edits.get(ground.facts, ground.container, &found.field) {
                Some(None) => String::new(),
                Some(Some(value)) => format!("{name}={value}"),
                None => format!("{name}={}", found.value),
            };
            self.variable(cx, self.form.fields.len(), Some(name.clone()), text);
        }
        for (name, value) in ground.edits.new_variables(ground.facts, ground.container) {
            self.variable(cx, self.form.fields.len(), None, format!("{name}={value}"));
        }
    }

    /// Returns the label of the first variable; the others stand under it.
    fn variable_label<'a>(&self, cx: &Cx<'a>) -> &'a str {
        if self.variables.is_empty() && self.fixed.is_empty() { label(cx, "env") } else { "" }
    }

    fn variable(&mut self, cx: &Cx, at: usize, origin: Option<String>, text: String) {
        let id = format!("env:{}", self.made);
        let title = self.variable_label(cx);
        self.made += 1;
        let row = Row::text(&id, title, text).placeholder(cx.t("deploy.env-add"));
        self.form.fields.insert(at.min(self.form.fields.len()), row);
        self.variables.push(Variable { id, origin });
    }

    /// Tells whether the field with the focus is shown only.
    pub(super) fn is_fixed(&self) -> bool {
        self.form.focused().is_some_and(|f| f.id.starts_with(FIXED))
    }

    /// Adds an empty row in which a new variable can be typed.
    fn blank(&mut self, cx: &Cx, at: usize) {
        self.variable(cx, at, None, String::new());
    }

    /// Takes the change of a field into the edits.
    pub(super) fn changed(&mut self, cx: &Cx, ground: &mut Ground, id: &str) {
        if id.starts_with("env:") {
            self.spare(cx);
        } else if let Some(field) = field_of(id) {
            let value = self.form.value(id);
            let unset = value.is_empty() || (field == Field::PullPolicy && value == cx.t("deploy.unset"));
            ground.edits.set(ground.facts, ground.container, field, (!unset).then_some(value));
        }
        self.check(cx, ground);
    }

    /// Sees to it that the last variable's row is an empty one.
    fn spare(&mut self, cx: &Cx) {
        let Some(last) = self.variables.last().map(|v| v.id.clone()) else { return };
        if !self.form.value(&last).is_empty() {
            let at = self.form.fields.iter().position(|f| f.id == last).map_or(self.form.fields.len(), |at| at + 1);
            self.blank(cx, at);
        }
    }

    /// Says beside each field what is wrong with it, what stands in Git and what runs.
    pub(super) fn check(&mut self, cx: &Cx, ground: &mut Ground) {
        self.check_variables(cx, ground);
        for (id, field) in PLAIN.iter().chain(FIGURES) {
            let edit = ground.edits.get(ground.facts, ground.container, field).cloned();
            let fault = edit.as_ref().and_then(|value| Edit { value: value.clone(), ..Edit::remove(field.clone()) }.fault());
            let git = in_git(ground, field).map(|f| f.value.as_str());
            let runs = ground.running.and_then(|w| running::value(w, ground.container, field));
            let note = note(cx, edit.is_some(), git, runs.as_deref());
            if let Some(row) = self.form.field_mut(id) {
                (row.fault, row.note, row.changed) = (fault, note, edit.is_some());
            }
        }
        let pinned = !self.form.value("digest").is_empty();
        if let Some(row) = self.form.field_mut("tag")
            && pinned
            && row.changed
        {
            cx.t("deploy.digest-decides").clone_into(&mut row.note);
        }
    }

    fn check_variables(&mut self, cx: &Cx, ground: &mut Ground) {
        let texts: Vec<String> = self.variables.iter().map(|v| self.form.value(&v.id)).collect();
        let name = |text: &str| text.split_once('=').map(|(name, _)| name.to_owned());
        ground.edits.clear_variables(ground.facts, ground.container);
        for (at, variable) in self.variables.iter().enumerate() {
            let (fault, says) = match (name(&texts[at]), &variable.origin) {
                (None, None) if texts[at].is_empty() => (None, String::new()),
                (None, Some(origin)) if texts[at].is_empty() => {
                    ground.edits.set(ground.facts, ground.container, Field::Env(origin.clone()), None);
                    (None, cx.tf("deploy.env-removed", &[("name", origin)]))
                }
                (None, _) => (Some(cx.t("deploy.env-form").to_owned()), String::new()),
                (Some(new), _) if self.fixed.contains(&new) => (Some(cx.t("deploy.env-twice").to_owned()), String::new()),
                (Some(new), _) if texts.iter().enumerate().any(|(other, t)| other != at && name(t).as_deref() == Some(&new)) => {
                    (Some(cx.t("deploy.env-twice").to_owned()), String::new())
                }
                (Some(new), origin) => read(cx, ground, &new, &texts[at], origin.as_deref()),
            };
            let unchanged = variable.origin.is_some() && says.is_empty() && fault.is_none();
            if let Some(row) = self.form.field_mut(&variable.id) {
                row.changed = !unchanged && !texts[at].is_empty() || !says.is_empty();
                (row.fault, row.note) = (fault, says);
            }
        }
    }

    /// Returns the row of Git's facts that the field with the focus belongs to.
    pub(super) fn found<'g>(&self, ground: &'g Ground) -> Option<&'g Found> {
        let id = self.form.focused()?.id.as_str();
        let field = match (self.variables.iter().find(|v| v.id == id), id.strip_prefix(FIXED)) {
            (Some(variable), _) => Field::Env(variable.origin.clone()?),
            (None, Some(name)) => Field::Env(name.to_owned()),
            (None, None) => field_of(id)?,
        };
        in_git(ground, &field)
    }

    /// Returns the field of the form that has the focus, when it is one that runs in the cluster too.
    pub(super) fn running(&self, ground: &Ground) -> Option<String> {
        let field = field_of(self.form.focused()?.id.as_str())?;
        running::value(ground.running?, ground.container, &field)
    }
}

/// Takes a variable into the edits; a new name takes the old one's place.
fn read(cx: &Cx, ground: &mut Ground, name: &str, text: &str, origin: Option<&str>) -> (Option<String>, String) {
    let value = text.split_once('=').map(|(_, value)| value.to_owned()).unwrap_or_default();
    let field = Field::Env(name.to_owned());
    let git = in_git(ground, &field).map(|f| f.value.clone());
    let fault = Edit::set(field.clone(), value.clone()).fault();
    let mut says = String::new();
    if let Some(origin) = origin.filter(|o| *o != name) {
        ground.edits.set(ground.facts, ground.container, Field::Env(origin.to_owned()), None);
        says = cx.tf("deploy.env-renamed", &[("name", origin)]);
    } else if origin.is_some() && git.as_ref() != Some(&value) {
        says = cx.tf("deploy.now", &[("now", git.as_deref().unwrap_or_default())]);
    }
    ground.edits.set(ground.facts, ground.container, field, Some(value));
    (fault, says)
}

fn policy(cx: &Cx, ground: &Ground) -> Row {
    let mut options: Vec<String> = PULL_POLICIES.iter().map(|p| (*p).to_owned()).collect();
    if in_git(ground, &Field::PullPolicy).is_none() {
        options.insert(0, cx.t("deploy.unset").to_owned());
    }
    Row::choice("policy", label(cx, "policy"), options, &shown(ground, &Field::PullPolicy))
}

/// Returns what is said beside a field: what stands in Git when that changes, what runs when that is something else.
fn note(cx: &Cx, changed: bool, git: Option<&str>, runs: Option<&str>) -> String {
    let now = git.unwrap_or_else(|| cx.t("deploy.unset"));
    match runs.filter(|r| Some(*r) != git) {
        Some(runs) if changed => cx.tf("deploy.now-runs", &[("now", now), ("runs", runs)]),
        Some(runs) => cx.tf("deploy.runs", &[("runs", runs)]),
        None if changed => cx.tf("deploy.now", &[("now", now)]),
        None => String::new(),
    }
}
