//! The form while it is filled: what Git says, what is to become of it, and which container is shown.

use std::sync::Arc;

use domain::change::{Draft, FormFacts, Manual, Preview};
use domain::edit::{Ask, Choice, Field, Probe, WorkloadRef};
use domain::revision::CommitId;

use super::edits::Edits;
use super::fields::{Fields, Ground, place};
use super::running;
use super::slot::{Kind, Slot};
use super::verdict;
use crate::cx::Cx;
use crate::words::Language;

/// Holds an open form.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) facts: Arc<FormFacts>,
    pub(super) fields: Fields,
    edits: Edits,
    /// What has to be answered before anything can be submitted.
    pub(super) asks: Vec<Ask>,
    container: String,
    /// The workload that the operator chose, when it is not the environment's own.
    workload: Option<WorkloadRef>,
    /// The message that the operator wrote; else the proposed one is shown.
    message: Option<String>,
    /// Whether it is applied by hand instead of being committed.
    manual: bool,
    /// The commit that the answers speak of: the one of the last preview.
    base: Option<CommitId>,
    /// The language that labels and notes are written in.
    language: Language,
}

macro_rules! ground {
    ($open:ident, $cx:ident) => {
        Ground {
            facts: &$open.facts,
            edits: &mut $open.edits,
            container: &$open.container,
            running: running::workload($cx.world, &$open.facts, &$open.facts.workload),
            asks: &$open.asks,
        }
    };
}

impl Open {
    /// Tells whether a draft changes another workload than the one that the facts belong to.
    pub(super) fn foreign(facts: &FormFacts, draft: &Draft) -> bool {
        draft.workload.as_ref().is_some_and(|w| *w != facts.workload)
    }

    /// Builds a form from what Git says and a draft. `proposed` is the message to show when none was written.
    pub(super) fn new(cx: &Cx, facts: Arc<FormFacts>, draft: Option<&Draft>, proposed: &str) -> Self {
        let container = facts.containers.first().cloned().unwrap_or_default();
        let mut open = Self {
            edits: draft.map(|d| Edits::of(&facts, d)).unwrap_or_default(),
            message: draft.and_then(|d| d.message.clone()),
            workload: draft.and_then(|d| d.workload.clone()),
            manual: draft.is_some_and(|d| d.manual.is_some()),
            base: draft.and_then(|d| d.base.clone()),
            fields: Fields::default(),
            asks: Vec::new(),
            facts,
            container,
            language: cx.words.language,
        };
        open.build(cx, proposed);
        open
    }

    fn build(&mut self, cx: &Cx, proposed: &str) {
        self.language = cx.words.language;
        let focus = self.fields.form.focused().map(|f| f.id.clone());
        let message = self.message.clone().unwrap_or_else(|| proposed.to_owned());
        let mut ground = ground!(self, cx);
        self.fields = Fields::build(cx, &mut ground, (&message, self.manual));
        if let Some(id) = focus {
            self.fields.form.focus(&id);
        }
    }

    /// Writes labels and notes anew when the operator has chosen another language since; what was typed stays.
    pub(super) fn speak(&mut self, cx: &Cx, proposed: &str) {
        if self.language != cx.words.language {
            self.build(cx, proposed);
        }
    }

    /// Takes newer facts and keeps what was typed.
    pub(super) fn refresh(&mut self, cx: &Cx, facts: Arc<FormFacts>, proposed: &str) {
        let draft = self.draft();
        self.edits = Edits::of(&facts, &draft);
        if !facts.containers.contains(&self.container) {
            self.container = facts.containers.first().cloned().unwrap_or_default();
        }
        self.facts = facts;
        self.asks.clear();
        self.build(cx, proposed);
    }

    /// Returns the draft as it stands.
    pub(super) fn draft(&self) -> Draft {
        let draft = self.edits.draft(&self.facts.environment, self.workload.clone(), self.message.clone(), self.base.as_ref());
        Draft { manual: self.manual.then(Manual::default), ..draft }
    }

    /// Takes the change of a field.
    pub(super) fn changed(&mut self, cx: &Cx, id: &str) {
        let mut ground = ground!(self, cx);
        self.fields.changed(cx, &mut ground, id);
    }

    /// Takes the message as it was typed; an empty one lets the proposed one come back.
    pub(super) fn write_message(&mut self) {
        let text = self.fields.form.value("message");
        self.message = (!text.trim().is_empty()).then_some(text);
    }

    /// Takes a message that was written elsewhere; tells whether it is another one.
    pub(super) fn take_message(&mut self, text: String) -> bool {
        if self.message.as_ref() == Some(&text) {
            return false;
        }
        if let Some(field) = self.fields.form.field_mut("message") {
            field.set(&text);
        }
        self.message = Some(text);
        true
    }

    /// Takes the method as it was chosen.
    pub(super) fn choose_method(&mut self, cx: &Cx) {
        self.manual = self.fields.form.value("method") == cx.t("deploy.method-manual");
    }

    /// Shows the proposed message, unless one was written.
    pub(super) fn propose(&mut self, message: &str) {
        let typed = self.fields.form.focused().is_some_and(|f| f.id == "message");
        if self.message.is_none()
            && let Some(field) = self.fields.form.field_mut("message")
            && (!typed || !field.value().trim().is_empty())
            && field.value() != message
        {
            field.set(message);
        }
    }

    /// Shows the container that was chosen.
    pub(super) fn choose_container(&mut self, cx: &Cx, proposed: &str) {
        self.container = self.fields.form.value("container");
        self.build(cx, proposed);
    }

    /// Takes the workload that was chosen; the edits belonged to the other one.
    pub(super) fn choose_workload(&mut self) -> Option<WorkloadRef> {
        let name = self.fields.form.value("workload");
        let chosen = self.facts.workloads.iter().find(|w| w.to_string() == name)?.clone();
        self.edits = Edits::default();
        self.workload = Some(chosen.clone());
        Some(chosen)
    }

    /// Goes back to the workload that the facts belong to.
    pub(super) fn keep_workload(&mut self) {
        self.workload = None;
    }

    /// Looks again at what runs.
    pub(super) fn look(&mut self, cx: &Cx) {
        let mut ground = ground!(self, cx);
        self.fields.check(cx, &mut ground);
    }

    /// Says where the field with the focus stands in Git, and what runs of it: one sentence each, or none.
    pub(super) fn whereabouts(&self, cx: &Cx) -> Vec<String> {
        let mut edits = self.edits.clone();
        let running = running::workload(cx.world, &self.facts, &self.facts.workload);
        let ground = Ground { facts: &self.facts, edits: &mut edits, container: &self.container, running, asks: &self.asks };
        let mut out: Vec<String> =
            self.fields.asked(&ground).map(|ask| format!("? {}", verdict::question(cx, ask))).into_iter().collect();
        match self.fields.found(&ground) {
            Some(found) => {
                let value = found.value.lines().next().unwrap_or_default();
                out.push(cx.tf("deploy.in-git", &[("value", value), ("place", &place(found))]));
                out.push(cx.said(&found.why));
            }
            None => out.push(cx.t("deploy.not-in-git").to_owned()),
        }
        let name = running.map(|w| format!("{}/{}", w.key.kind, w.key.name)).unwrap_or_default();
        if let Some(runs) = self.fields.running(&ground) {
            out.push(cx.tf("deploy.in-cluster", &[("value", &runs), ("object", &name)]));
        }
        out
    }

    /// Tells whether the field with the focus is one whose whereabouts can be told.
    pub(super) fn has_place(&self) -> bool {
        self.fields.form.focused().is_some_and(|f| self.fields.slot(&f.id).is_some_and(|slot| *slot != Slot::Head))
    }

    /// Takes what has to be answered, and what became of the answers that were given.
    pub(super) fn ask(&mut self, cx: &Cx, preview: &Preview) {
        self.edits.settle(&preview.answers, &preview.asks);
        self.base = Some(preview.base.clone());
        if self.asks != preview.asks {
            self.asks.clone_from(&preview.asks);
            self.look(cx);
        }
    }

    /// Takes the answer to a question.
    pub(super) fn answer(&mut self, ask: &Ask, choice: Choice) {
        self.edits.answer(ask, choice);
    }

    /// Returns the first question that belongs to another field than the one with the focus, or, with `any`, to any.
    pub(super) fn question(&self, any: bool) -> Option<&Ask> {
        let mut edits = self.edits.clone();
        let ground =
            Ground { facts: &self.facts, edits: &mut edits, container: &self.container, running: None, asks: &self.asks };
        let here = self.fields.asked(&ground);
        if any && here.is_some() {
            return self.asks.iter().find(|ask| Some(*ask) == here);
        }
        self.asks.iter().find(|ask| Some(*ask) != here)
    }

    /// Adds a row for an entry of a kind.
    pub(super) fn add(&mut self, cx: &Cx, kind: Kind, text: &str) {
        self.fields.add(cx, kind, text);
        self.look(cx);
    }

    /// Adds rows for the parts of a probe.
    pub(super) fn add_probe(&mut self, cx: &Cx, probe: Probe) {
        let ground = ground!(self, cx);
        self.fields.add_probe(cx, &ground, probe);
        self.look(cx);
    }

    /// Tells whether something of a kind can be added to this workload.
    pub(super) fn takes(&self, kind: Kind) -> bool {
        let release = self.facts.workload.kind == "HelmRelease";
        match kind {
            Kind::Variable => !self.facts.containers.is_empty(),
            Kind::Value => release,
            Kind::Config => self.generators().next().is_some(),
            _ => !release,
        }
    }

    /// Returns the key of what is said of fields that cannot be added because their object is not there.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        let has = |wanted: fn(&Field) -> bool| self.facts.found.iter().any(|found| wanted(&found.field));
        match self.facts.workload.kind.as_str() {
            "HelmRelease" | "Job" | "CronJob" => None,
            _ if !has(|field| matches!(field, Field::ServiceType)) => Some("deploy.no-service"),
            _ if !has(|field| matches!(field, Field::IngressHost)) => Some("deploy.no-ingress"),
            _ => None,
        }
    }

    /// Returns the names of the generators whose keys can be changed.
    pub(super) fn generators(&self) -> impl Iterator<Item = &str> {
        self.facts.found.iter().filter_map(|f| if let Field::Config(name, _) = &f.field { Some(name.as_str()) } else { None })
    }
}
