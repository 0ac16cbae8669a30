//! The form that adds or edits an environment. Choosing a type fills in its defaults where nobody has typed anything else.

use domain::Trouble;
use domain::check::{branch_fault, is_interval};
use domain::ident::{ContextName, EnvironmentId, ObjectName, Slug, label_fault};
use domain::orders::environment::Setup;
use domain::orders::{Fleet, SaveEnvironment, SaveThroughFleet};
use domain::project::{Environment, EnvironmentType};
use domain::query::{Answer, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, OrderTicket, Ticket};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::form::{FORM, Field, Form};
use crate::widgets::put::put;

static SAVE: Command = command("form.save", &["ctrl-s"], 1);
static CANCEL: Command = command("form.cancel", &["esc"], 80);

/// Holds what an update of the editor wants.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) effects: Effects,
    pub(super) close: bool,
}

/// Holds the form.
#[derive(Debug)]
pub(super) struct Editor {
    project: Slug,
    /// The record that is edited; absent when one is added.
    old: Option<Environment>,
    form: Form,
    saving: Option<OrderTicket>,
    /// What is being looked up before the question: what is missing in the cluster.
    looking: Option<(Ticket, Environment)>,
}

impl Editor {
    pub(super) fn add(cx: &Cx, project: Slug) -> Self {
        let taken = |kind: &EnvironmentType| {
            cx.world.environments.iter().any(|e| e.id.project == project && e.id.name.as_str() == kind.word())
        };
        let kind = EnvironmentType::ALL.into_iter().find(|k| !taken(k)).unwrap_or(EnvironmentType::Development);
        let cluster = if cx.context.is_empty() {
            cx.world.contexts.first().cloned().unwrap_or_default()
        } else {
            ContextName::from(cx.context)
        };
        let name = Slug::new(kind.word()).unwrap_or_else(|_| project.clone());
        let proposal = Environment::with_defaults(EnvironmentId::new(project.clone(), name), kind, cluster);
        let mut editor = Self { form: form(cx, &proposal, true), project, old: None, saving: None, looking: None };
        editor.check(cx);
        editor
    }

    pub(super) fn edit(cx: &Cx, environment: &Environment) -> Self {
        let mut form = form(cx, environment, false);
        form.focus("cluster");
        Self { form, project: environment.id.project.clone(), old: Some(environment.clone()), saving: None, looking: None }
    }

    pub(super) fn commands(&self) -> Vec<&'static Command> {
        FORM.iter().chain((!self.form.faulty() && !self.busy()).then_some(&SAVE)).chain([&CANCEL]).collect()
    }

    pub(super) fn update(&mut self, cx: &Cx, msg: TabMsg) -> Done {
        match msg {
            TabMsg::Command("form.save") => {
                let effects = self.save(cx);
                return Done { effects, close: false };
            }
            TabMsg::Command("form.cancel") => return Done { close: true, ..Done::default() },
            TabMsg::Command(id) => {
                self.form.command(id);
            }
            TabMsg::Key(key) => {
                let before = self.form.value("type");
                if self.form.key(key).as_deref() == Some("type") {
                    self.retype(&before);
                }
                self.renamed();
                self.check(cx);
            }
            TabMsg::Paste(text) => {
                self.form.paste(&text);
                self.renamed();
                self.check(cx);
            }
            TabMsg::Reply(ticket, answer) if self.looking.as_ref().is_some_and(|(asked, _)| *asked == ticket) => {
                let Some((_, environment)) = self.looking.take() else { return Done::default() };
                return match answer {
                    Ok(Answer::FleetPlan(plan)) => {
                        let ticket = cx.order_ticket();
                        self.saving = Some(ticket);
                        let order = SaveThroughFleet { environment, new: self.old.is_none(), plan: *plan };
                        Done { effects: vec![Effect::Give(ticket, order.into())], close: false }
                    }
                    Ok(Answer::Setup(setup)) => Done { effects: self.give(cx, environment, Some(setup)), close: false },
                    Ok(_) => Done::default(),
                    Err(trouble) => Done { effects: vec![Effect::Trouble(trouble)], close: false },
                };
            }
            TabMsg::OrderDone(ticket, result) if self.saving == Some(ticket) => {
                self.saving = None;
                return Done { close: result.is_ok(), ..Done::default() };
            }
            TabMsg::OrderDropped(ticket) if self.saving == Some(ticket) => self.saving = None,
            _ => {}
        }
        Done::default()
    }

    /// Puts another type's defaults where the old type's still stand.
    fn retype(&mut self, before: &str) {
        let (Ok(old), Ok(new)) = (before.parse::<EnvironmentType>(), self.form.value("type").parse::<EnvironmentType>()) else {
            return;
        };
        let pairs = [
            ("name", old.word().to_owned(), new.word().to_owned()),
            ("branch", old.branch().to_owned(), new.branch().to_owned()),
            ("path", old.path(), new.path()),
            ("interval", old.interval().to_owned(), new.interval().to_owned()),
            ("auto", old.auto_sync().to_string(), new.auto_sync().to_string()),
            ("required", old.approval().required.to_string(), new.approval().required.to_string()),
            ("approvers", old.approval().approvers.to_string(), new.approval().approvers.to_string()),
        ];
        for (id, was, is) in pairs {
            if self.old.is_some() && id == "name" {
                continue;
            }
            if self.form.value(id) == was
                && let Some(field) = self.form.field_mut(id)
            {
                field.set(&is);
            }
        }
    }

    /// Lets namespace and object names follow the name while nobody has typed them.
    fn renamed(&mut self) {
        if self.old.is_some() {
            return;
        }
        let both = format!("{}-{}", self.project, self.form.value("name"));
        for (id, prefix) in [("namespace", ""), ("source", "flux-system/"), ("kustomization", "flux-system/")] {
            if let Some(field) = self.form.field_mut(id).filter(|f| !f.changed) {
                let value = format!("{prefix}{both}");
                if self_typed(field, &self.project, prefix) {
                    field.changed = true;
                } else {
                    field.set(&value);
                }
            }
        }
    }

    fn check(&mut self, cx: &Cx) {
        let needed = cx.t("environments.needed");
        let name = self.form.value("name");
        let taken = self.old.is_none()
            && cx.world.environments.iter().any(|e| e.id.project == self.project && e.id.name.as_str() == name);
        let name =
            label_fault(&name).map(|fault| cx.said(fault)).or_else(|| taken.then(|| cx.t("environments.taken").to_owned()));
        self.form.fault("name", name);
        let cluster = self.form.value("cluster");
        let known: Vec<&str> = cx.world.contexts.iter().map(|c| c.0.as_str()).collect();
        let strange = !known.is_empty() && !known.contains(&cluster.as_str());
        self.form.fault("cluster", strange.then(|| cx.tf("environments.no-context", &[("contexts", &known.join(", "))])));
        self.form.fault("namespace", label_fault(&self.form.value("namespace")).map(|fault| cx.said(fault)));
        self.form.fault("branch", self.form.value("branch").trim().is_empty().then(|| needed.to_owned()));
        let path = self.form.value("path");
        let wrong = path.starts_with('/') || path.split('/').any(|part| part == "..");
        self.form.fault("path", wrong.then(|| cx.t("environments.bad-path").to_owned()));
        self.form
            .fault("interval", (!duration(&self.form.value("interval"))).then(|| cx.t("environments.bad-interval").to_owned()));
        for id in ["source", "kustomization"] {
            self.form.fault(id, object(&self.form.value(id)).is_none().then(|| cx.t("environments.bad-object").to_owned()));
        }
        let fleet = self.fleet().and_then(Result::err).map(|trouble| cx.trouble(&trouble));
        self.form.fault("fleet", fleet);
        let prefix = branch_fault(&format!("{}x", self.form.value("prefix").trim())).is_some();
        self.form.fault("prefix", prefix.then(|| cx.t("environments.bad-prefix").to_owned()));
        let required = self.form.value("required") == "true";
        let count = self.form.value("approvers").parse::<u32>().is_ok_and(|n| (1..=20).contains(&n));
        self.form.fault("approvers", (required && !count).then(|| cx.t("environments.bad-number").to_owned()));
    }

    fn save(&mut self, cx: &Cx) -> Effects {
        self.check(cx);
        if self.form.faulty() {
            self.form.to_fault();
            return Effects::new();
        }
        let Some(environment) = self.record() else { return Effects::new() };
        if let Some(Ok(fleet)) = self.fleet().filter(|_| environment.gitops.enabled) {
            let ticket = cx.ticket();
            self.looking = Some((ticket, environment.clone()));
            return vec![Effect::Ask(ticket, Query::FleetPlan(Box::new(environment), fleet))];
        }
        if self.creates(&environment) {
            let ticket = cx.ticket();
            self.looking = Some((ticket, environment.clone()));
            return vec![Effect::Ask(ticket, Query::Setup(Box::new(environment)))];
        }
        self.give(cx, environment, None)
    }

    /// Returns the fleet that is named, if one is.
    fn fleet(&self) -> Option<Result<Fleet, Trouble>> {
        let text = self.form.value("fleet");
        let text = text.trim();
        (!text.is_empty()).then(|| text.parse())
    }

    fn creates(&self, environment: &Environment) -> bool {
        self.form.value("create") == "true" && environment.gitops.enabled
    }

    fn give(&mut self, cx: &Cx, environment: Environment, setup: Option<Setup>) -> Effects {
        let ticket = cx.order_ticket();
        self.saving = Some(ticket);
        let create_objects = self.creates(&environment);
        let order = SaveEnvironment { environment, new: self.old.is_none(), create_objects, setup };
        vec![Effect::Give(ticket, order.into())]
    }

    const fn busy(&self) -> bool {
        self.saving.is_some() || self.looking.is_some()
    }

    /// Makes the record of what the form says.
    fn record(&self) -> Option<Environment> {
        let value = |id: &str| self.form.value(id).trim().to_owned();
        let kind: EnvironmentType = value("type").parse().ok()?;
        let id = match &self.old {
            Some(old) => old.id.clone(),
            None => EnvironmentId::new(self.project.clone(), Slug::new(value("name")).ok()?),
        };
        let mut environment = Environment::with_defaults(id, kind, ContextName(value("cluster")));
        environment.namespace = value("namespace");
        environment.cloud = value("cloud");
        environment.region = value("region");
        environment.workload = self.old.as_ref().and_then(|o| o.workload.clone());
        environment.proposal_prefix = value("prefix");
        environment.approval.required = value("required") == "true";
        environment.approval.approvers = value("approvers").parse().unwrap_or(0);
        let gitops = &mut environment.gitops;
        gitops.enabled = value("enabled") == "true";
        gitops.branch = value("branch");
        value("path").trim_start_matches("./").trim_end_matches('/').clone_into(&mut gitops.path);
        gitops.interval = value("interval");
        gitops.auto_sync = value("auto") == "true";
        gitops.source = object(&value("source"))?;
        gitops.kustomization = object(&value("kustomization"))?;
        Some(environment)
    }

    pub(super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let title = match &self.old {
            Some(old) => cx.tf("environments.edit", &[("environment", &old.id.to_string())]),
            None => cx.tf("environments.add", &[("project", self.project.as_str())]),
        };
        let high = crate::widgets::put::columns(self.form.fields.len()) + 9;
        let inner = dialog::frame(cx, dialog::centred(area, dialog::FORM, high), buf, &title);
        let place = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
        let took = self.form.view(cx, place, buf, !self.busy());
        if self.busy() {
            let text = format!("{} {}", cx.spinner(), cx.t("form.saving"));
            put(
                buf,
                (inner.x + 2, (place.y + took).min(inner.bottom().saturating_sub(1))),
                inner.width,
                &text,
                cx.style(Role::Busy),
            );
        }
    }
}

/// Tells whether somebody has typed into a field that else follows the name.
fn self_typed(field: &Field, project: &Slug, prefix: &str) -> bool {
    !field.value().starts_with(&format!("{prefix}{project}-"))
}

fn form(cx: &Cx, e: &Environment, new: bool) -> Form {
    let kinds = EnvironmentType::ALL.iter().map(|k| k.word().to_owned()).collect();
    let mut fields = Vec::new();
    if new {
        fields.push(Field::choice("type", cx.t("environments.type"), kinds, e.kind.word()).under(cx.t("environments.general")));
        fields.push(Field::text("name", cx.t("environments.name"), e.id.name.as_str()));
    } else {
        fields.push(Field::choice("type", cx.t("environments.type"), kinds, e.kind.word()).under(cx.t("environments.general")));
    }
    let contexts: Vec<String> = cx.world.contexts.iter().map(|c| c.0.clone()).collect();
    let cluster = if contexts.contains(&e.cluster.0) {
        Field::choice("cluster", cx.t("environments.cluster"), contexts, &e.cluster.0)
    } else {
        Field::text("cluster", cx.t("environments.cluster"), e.cluster.0.clone())
    };
    fields.push(cluster.note(cx.t("environments.cluster-note")));
    fields.extend([
        Field::text("namespace", cx.t("environments.namespace"), e.namespace.clone()),
        Field::text("cloud", cx.t("environments.cloud"), e.cloud.clone())
            .placeholder(format!("{}: aws, gcp, azure, on-premises", cx.t("form.optional"))),
        Field::text("region", cx.t("environments.region"), e.region.clone()).placeholder(cx.t("form.optional")),
        Field::switch("enabled", cx.t("environments.enabled"), e.gitops.enabled).under(cx.t("environments.gitops")),
        Field::text("branch", cx.t("environments.branch"), e.gitops.branch.clone()),
        Field::text("path", cx.t("environments.path"), e.gitops.path.clone()),
        Field::text("interval", cx.t("environments.interval"), e.gitops.interval.clone()),
        Field::switch("auto", cx.t("environments.auto-sync"), e.gitops.auto_sync).note(cx.t("environments.auto-sync-note")),
        Field::text("source", cx.t("environments.source"), e.gitops.source.to_string()),
        Field::text("kustomization", cx.t("environments.kustomization"), e.gitops.kustomization.to_string()),
        Field::switch("create", cx.t("environments.create"), new).note(cx.t("environments.create-note")),
        Field::text("fleet", cx.t("environments.fleet"), "").placeholder(cx.t("environments.fleet-hint")),
        Field::switch("required", cx.t("environments.required"), e.approval.required).under(cx.t("environments.approval")),
        Field::text("approvers", cx.t("environments.approvers-label"), e.approval.approvers.to_string())
            .note(cx.t("environments.approvers-note")),
        Field::text("prefix", cx.t("environments.prefix"), e.proposal_prefix.clone()),
    ]);
    Form::new(fields)
}

/// Reads `namespace/name`.
fn object(text: &str) -> Option<ObjectName> {
    let (namespace, name) = text.trim().split_once('/')?;
    let fine = label_fault(namespace).is_none() && name.split('.').all(|part| label_fault(part).is_none());
    fine.then(|| ObjectName::new(namespace, name))
}

/// Tells whether a text is a duration as Flux takes it: numbers with the units ms, s, m, h.
fn duration(text: &str) -> bool {
    is_interval(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_that_flux_takes() {
        for (text, fine) in [
            ("1m", true),
            ("10m0s", true),
            ("1.5h", true),
            ("250ms", true),
            ("", false),
            ("5", false),
            ("1d", false),
            ("m", false),
        ] {
            assert_eq!(duration(text), fine, "{text}");
        }
    }

    #[test]
    fn an_object_is_named_by_namespace_and_name() {
        assert_eq!(object("flux-system/shop"), Some(ObjectName::new("flux-system", "shop")));
        assert_eq!(object("shop"), None);
        assert_eq!(object("flux-system/Shop"), None);
    }
}
