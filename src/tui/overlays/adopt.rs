//! What can be adopted: environments that Flux runs already, with marks; what is guessed stands back and can be named otherwise.
//!
//! ```text
//! ╭─ Adopt what Flux runs ──────────────────────────────────────────────────────────╮
//! │   ENVIRONMENT         TYPE         BRANCH  PATH                    NAMESPACE     │
//! │ ● shop/development    development  main    k8s/overlays/dev        shop-dev      │
//! │ ▌ shop/production     production   main    k8s/overlays/prod       default       │
//! │ ──────────────────────────────────────────────────────────────────────────────── │
//! │  type, by “prod” in the path                                                     │
//! ╰─────────────────────────────────────────────────────────────────────────────────╯
//! ```

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::adopt::{Found, Proposal, Survey, survey};
use domain::filter::{Aspect, Fields, Value};
use domain::flux::{Health, ObjectKey};
use domain::ident::EnvironmentId;
use domain::link::LinkOf;
use domain::orders::{Adopt as AdoptOrder, Many, Sentence};
use domain::project::EnvironmentType;
use domain::world::World;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::form::{FORM, Field, Form};
use crate::widgets::put::{Piece, piece, put_pieces, wrap};
use crate::widgets::table::{Cell, Column, Row, Table, Width};
use crate::widgets::{dialog, link, pane};

static GO: Command = command("adopt.go", &["enter"], 1);
static CHANGE: Command = command("adopt.change", &["e"], 2);
static KEEP: Command = command("form.save", &["ctrl-s", "enter"], 1);
static CANCEL: Command = command("form.cancel", &["esc"], 80);

/// Holds a row.
#[derive(Debug, Clone)]
struct Line {
    found: Found,
    known: bool,
    /// What there is to know of its project.
    remarks: Vec<&'static str>,
}

impl Line {
    /// Returns how a field is drawn: what is guessed stands back.
    fn role(&self, field: &str) -> Role {
        if self.found.guesses.iter().any(|guess| guess.field == field) { Role::Faint } else { Role::Text }
    }
}

impl Row for Line {
    type Key = ObjectKey;
    type Fields = Self;
    fn key(&self) -> ObjectKey {
        self.found.object.clone()
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        None
    }
    fn fields(&self) -> &Self {
        self
    }
}

impl Fields for Line {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Line>] = &[
            Aspect::text("project", &[], |l| Value::text(l.found.environment.id.project.as_str())),
            Aspect::text("environment", &["name", "env"], |l| Value::text(l.found.environment.id.name.as_str())),
            Aspect::text("type", &[], |l| Value::text(l.found.environment.kind.word())),
            Aspect::text("cluster", &["context"], |l| Value::text(l.found.environment.cluster.0.as_str())),
            Aspect::text("namespace", &["ns", "n"], |l| Value::text(l.found.environment.namespace.as_str())),
            Aspect::text("branch", &[], |l| Value::text(l.found.environment.gitops.branch.as_str())),
            Aspect::text("path", &[], |l| Value::text(l.found.environment.gitops.path.as_str())),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let e = &self.found.environment;
        look(&e.id.to_string()) || look(&e.gitops.path) || look(&e.gitops.branch) || look(&self.found.object.name)
    }
    fn title(&self) -> Cow<'_, str> {
        self.found.environment.id.to_string().into()
    }
}

static COLUMNS: [Column<Line>; 7] = [
    Column {
        id: "environment",
        priority: 0,
        width: Width::Fit(14, 40),
        right: false,
        cell: |l, _| Cell::name(l.found.environment.id.to_string(), l.role("name")),
        order: Some(|a, b| a.found.environment.id.cmp(&b.found.environment.id)),
    },
    Column {
        id: "type",
        priority: 0,
        width: Width::Fit(7, 12),
        right: false,
        cell: |l, _| Cell::new(l.found.environment.kind.word(), l.role("type")),
        order: Some(|a, b| a.found.environment.kind.cmp(&b.found.environment.kind)),
    },
    Column {
        id: "branch",
        priority: 3,
        width: Width::BRANCH,
        right: false,
        cell: |l, _| Cell::name(l.found.environment.gitops.branch.clone(), Role::Text),
        order: Some(|a, b| a.found.environment.gitops.branch.cmp(&b.found.environment.gitops.branch)),
    },
    Column {
        id: "path",
        priority: 1,
        width: Width::Grow(16),
        right: false,
        cell: |l, _| Cell::name(l.found.environment.gitops.path.clone(), Role::Text),
        order: Some(|a, b| a.found.environment.gitops.path.cmp(&b.found.environment.gitops.path)),
    },
    Column {
        id: "namespace",
        priority: 2,
        width: Width::NAMESPACE,
        right: false,
        cell: |l, _| Cell::name(l.found.environment.namespace.clone(), l.role("namespace")),
        order: Some(|a, b| a.found.environment.namespace.cmp(&b.found.environment.namespace)),
    },
    Column {
        id: "sync",
        priority: 4,
        width: Width::Fit(8, 16),
        right: false,
        cell: sync,
        order: Some(|a, b| a.found.environment.gitops.auto_sync.cmp(&b.found.environment.gitops.auto_sync)),
    },
    Column {
        id: "cluster",
        priority: 5,
        width: Width::CLUSTER,
        right: false,
        cell: |l, _| Cell::name(l.found.environment.cluster.to_string(), Role::Muted),
        order: Some(|a, b| a.found.environment.cluster.cmp(&b.found.environment.cluster)),
    },
];

fn sync(line: &Line, cx: &Cx) -> Cell {
    let gitops = &line.found.environment.gitops;
    let key = if gitops.auto_sync { "environments.auto" } else { "environments.manual" };
    Cell::new(cx.tf(key, &[("interval", &gitops.interval)]), Role::Muted)
}

/// Holds the list and what was named otherwise.
#[derive(Debug)]
pub struct Adopt {
    table: Table<Line>,
    found: Survey,
    seen: Option<Arc<World>>,
    renamed: BTreeMap<ObjectKey, (EnvironmentId, EnvironmentType)>,
    form: Option<(ObjectKey, Form)>,
}

impl Adopt {
    /// Builds it.
    pub fn new() -> Self {
        Self { table: Table::new(&COLUMNS).marked(), found: Survey::default(), seen: None, renamed: BTreeMap::new(), form: None }
    }

    fn refresh(&mut self, cx: &Cx, anew: bool) {
        let world = cx.world;
        let same = self.seen.as_ref().is_some_and(|old| {
            Arc::ptr_eq(&old.flux, &world.flux)
                && Arc::ptr_eq(&old.projects, &world.projects)
                && Arc::ptr_eq(&old.environments, &world.environments)
        });
        if same && !anew {
            return;
        }
        self.found = survey(world, None);
        for (key, (id, kind)) in &self.renamed {
            if let Some(place) = place(&self.found, key) {
                // What is taken by now keeps the name that was proposed.
                let mut renamed = self.found.clone();
                if renamed.rename(world, place, id, Some(*kind)).is_ok() {
                    self.found = renamed;
                }
            }
        }
        let rows = self.found.proposals.iter().flat_map(|proposal| {
            let remarks: Vec<&'static str> = proposal.remarks.iter().map(domain::adopt::Remark::key).collect();
            let line = move |found: &Found| Line { found: found.clone(), known: proposal.known, remarks: remarks.clone() };
            proposal.environments.iter().map(line).collect::<Vec<_>>()
        });
        self.table.set(cx, rows.collect());
        self.seen = Some(Arc::clone(world));
    }

    /// Adopts what is marked, else what is selected.
    fn adopt(&self, cx: &Cx) -> Effects {
        let meant: Vec<ObjectKey> = self.table.meant().into_iter().map(Row::key).collect();
        let part = |proposal: &Proposal| {
            let mut proposal = proposal.clone();
            proposal.environments.retain(|found| meant.contains(&found.object));
            (!proposal.environments.is_empty()).then(|| AdoptOrder::of(&proposal))
        };
        Many::of(self.found.proposals.iter().filter_map(part)).map(|order| cx.give(order)).unwrap_or_default()
    }

    fn open_form(&mut self, cx: &Cx) {
        let Some(line) = self.table.selected() else { return };
        let e = &line.found.environment;
        let kinds = EnvironmentType::ALL.iter().map(|kind| kind.word().to_owned()).collect();
        let form = Form::new(vec![
            Field::choice("type", cx.t("adopt.type"), kinds, e.kind.word()),
            Field::text("project", cx.t("adopt.project"), e.id.project.as_str()),
            Field::text("name", cx.t("adopt.environment"), e.id.name.as_str()),
        ]);
        self.form = Some((line.found.object.clone(), form));
        self.check(cx);
    }

    /// Says what is wrong with what stands in the form; returns what it makes of the environment otherwise.
    fn check(&mut self, cx: &Cx) -> Option<(ObjectKey, EnvironmentId, EnvironmentType)> {
        let (key, form) = self.form.as_mut()?;
        for id in ["project", "name"] {
            let fault = domain::ident::label_fault(&form.value(id)).map(|fault| cx.said(fault));
            form.fault(id, fault);
        }
        let id: EnvironmentId = format!("{}/{}", form.value("project"), form.value("name")).parse().ok()?;
        let kind: EnvironmentType = form.value("type").parse().ok()?;
        let place = place(&self.found, key)?;
        let same = self.found.proposals[place.0].environments[place.1].environment.id == id;
        if !same && let Err(trouble) = self.found.clone().rename(cx.world, place, &id, Some(kind)) {
            form.fault("name", Some(cx.trouble(&trouble)));
            return None;
        }
        (!form.faulty()).then(|| (key.clone(), id, kind))
    }

    fn in_form(&mut self, cx: &Cx, msg: TabMsg) {
        let Some((_, form)) = &mut self.form else { return };
        match msg {
            TabMsg::Command("form.cancel") => self.form = None,
            TabMsg::Command("form.save") => {
                if let Some((key, id, kind)) = self.check(cx) {
                    self.renamed.insert(key.clone(), (id, kind));
                    self.form = None;
                    self.refresh(cx, true);
                    self.table.select(&key);
                }
            }
            TabMsg::Command(id) => {
                form.command(id);
            }
            TabMsg::Key(key) => {
                form.key(key);
                self.check(cx);
            }
            TabMsg::Paste(text) => {
                form.paste(&text);
                self.check(cx);
            }
            _ => {}
        }
    }

    /// Says what is guessed of the selected one, and what was left out.
    fn lines(&self, cx: &Cx, wide: usize) -> Vec<Vec<Piece<'static>>> {
        let mut out = Vec::new();
        if let Some(line) = self.table.selected() {
            let e = &line.found.environment;
            let values = [("object", line.found.object.to_string()), ("id", e.id.to_string())];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            let mut title = vec![piece(cx.tf("adopt.into", &values), Role::Text)];
            title.extend(line.known.then(|| piece(format!("  {}", cx.t("adopt.known")), Role::Muted)));
            out.push(title);
            for guess in &line.found.guesses {
                let mut sentence = guess.sentence();
                // The field has a word of its own in every language.
                for (name, value) in &mut sentence.values {
                    if *name == "field" {
                        let key = format!("adopt.field.{value}");
                        cx.t(&key).clone_into(value);
                    }
                }
                out.push(vec![piece(format!("? {}", said(cx, "adopt.guess", &sentence)), Role::Faint)]);
            }
            let told = line.remarks.iter().flat_map(|key| wrap(&cx.tf(&format!("adopt.remark.{key}"), &[]), wide));
            out.extend(told.map(|text| vec![piece(text, Role::Muted)]));
        }
        if !self.found.left.is_empty() {
            out.push(Vec::new());
            out.push(vec![piece(format!("{}  {}", cx.t("adopt.left-title"), self.found.left.len()), Role::Accent)]);
        }
        // No more than could be seen: a fleet leaves thousands out.
        for left in self.found.left.iter().take(usize::from(cx.size.height)) {
            let text = format!("{}: {}", left.object, said(cx, "adopt.left", &left.why.sentence()));
            out.extend(wrap(&text, wide).into_iter().map(|text| vec![piece(text, Role::Muted)]));
        }
        out
    }
}

impl Default for Adopt {
    fn default() -> Self {
        Self::new()
    }
}

/// Finds the places of a proposal and of one of its environments by its object.
fn place(found: &Survey, key: &ObjectKey) -> Option<(usize, usize)> {
    let inside = |proposal: &Proposal| proposal.environments.iter().position(|found| found.object == *key);
    found.proposals.iter().enumerate().find_map(|(at, proposal)| inside(proposal).map(|place| (at, place)))
}

/// Says a sentence of a part of the language files.
fn said(cx: &Cx, part: &str, sentence: &Sentence) -> String {
    let values: Vec<(&str, &str)> = sentence.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    cx.tf(&format!("{part}.{}", sentence.key), &values)
}

impl Tab for Adopt {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        if self.form.is_some() {
            return FORM.iter().chain([&KEEP, &CANCEL]).collect();
        }
        if self.table.typing() {
            return self.table.commands();
        }
        let some = self.table.selected().is_some();
        let own = [&GO, &CHANGE].into_iter().filter(|_| some);
        own.chain(self.table.commands()).collect()
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.form.is_some() || self.table.typing()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        if matches!(msg, TabMsg::Enter | TabMsg::World) {
            self.refresh(cx, false);
        }
        if self.form.is_some() {
            self.in_form(cx, msg);
            return Effects::new();
        }
        match msg {
            TabMsg::Command("adopt.go") => return self.adopt(cx),
            TabMsg::Command("adopt.change") => self.open_form(cx),
            TabMsg::Command(id) => {
                self.table.command(id);
            }
            TabMsg::Key(key) => self.table.key(key),
            TabMsg::Paste(text) => self.table.paste(&text),
            TabMsg::Wake => self.table.wake(cx.now),
            // Whoever has adopted everything is done here.
            TabMsg::OrderDone(_, Ok(_)) if self.table.mark_count() == 0 && self.found.is_empty() => return vec![Effect::Close],
            TabMsg::OrderDone(_, Ok(_)) => self.table.unmark(),
            _ => {}
        }
        Effects::new()
    }

    fn deadline(&self) -> Option<domain::Time> {
        self.table.deadline()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(4).min(140), area.height.saturating_sub(2));
        let inner = dialog::frame(cx, place, buf, cx.t("adopt.title"));
        let count = [("marked", self.table.mark_count().to_string()), ("count", self.table.rows().len().to_string())];
        let count = count.each_ref().map(|(name, value)| (*name, value.as_str()));
        put_pieces(cx, buf, (inner.x, inner.y), inner.width, &[piece(cx.tf("adopt.count", &count), Role::Muted)]);
        let rest = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
        let lines = self.lines(cx, usize::from(rest.width.saturating_sub(4)));
        let (list, below) = pane::split(cx, rest, self.table.room(cx), lines.len());
        // That there is nothing to adopt is not known of what is not heard.
        let silence = link::silence(cx, usize::from(list.width.saturating_sub(4)), |of| !matches!(of, LinkOf::Repository(_)));
        let nothing = match cx.t(if cx.world.links.is_empty() { "link.none" } else { "adopt.nothing" }) {
            nothing if silence.is_empty() => nothing.to_owned(),
            _ => silence.join("\n"),
        };
        self.table.view(cx, list, buf, &nothing);
        pane::view(cx, below, buf, &lines);
        if let Some((key, form)) = &self.form {
            let title = cx.tf("adopt.change", &[("object", &key.to_string())]);
            let inner = dialog::frame(cx, dialog::centred(area, 76, 9), buf, &title);
            let place = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
            form.view(cx, place, buf, true);
        }
    }
}
