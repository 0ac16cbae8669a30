//! Projects: what is deployed from which repository, and how its environments are doing.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::Time;
use domain::actor::Role as Permission;
use domain::filter::{Aspect, Fields, Sort, Value};
use domain::flux::Health;
use domain::history::Brief;
use domain::ident::{ContextName, Slug};
use domain::link::{LinkOf, LinkState};
use domain::orders::RemoveProject;
use domain::project::Project;
use domain::query::{Answer, Query};
use domain::world::World;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, Overlay, Ticket};
use crate::memory::Kept;
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::format;
use crate::widgets::link;
use crate::widgets::pane;
use crate::widgets::put::{piece, put_pieces, width};
use crate::widgets::recent::{self, Recent};
use crate::widgets::table::{Cell, Column, Row, Table, Width};

mod detail;
mod editor;
mod welcome;

use editor::Editor;

static OPEN: Command = command("projects.open", &["enter"], 1);
static ADD: Command = command("projects.add", &["a"], 2);
static EDIT: Command = command("projects.edit", &["e"], 3);
static ADOPT: Command = command("projects.adopt", &["A"], 5);
static DEMO: Command = command("projects.demo", &["D"], 6);
static DELETE: Command = command("projects.delete", &["x", "delete"], 4);

/// Holds a row.
#[derive(Debug, Clone)]
struct Line {
    project: Arc<Project>,
    /// How its environments are doing, in the order in which a change travels.
    healths: Vec<Health>,
    last: Option<Brief>,
}

impl Row for Line {
    type Key = Slug;
    type Fields = Self;
    fn key(&self) -> Slug {
        self.project.slug.clone()
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        Some(self.healths.iter().copied().min().unwrap_or(Health::Unknown))
    }
    fn fields(&self) -> &Self {
        self
    }
}

impl Fields for Line {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Line>] = &[
            Aspect::text("project", &["name"], |l| Value::text(l.project.slug.as_str())),
            Aspect::text("organization", &["org"], |l| Value::text(l.project.organization.as_str())),
            Aspect::text("repository", &["url"], |l| Value::text(l.project.repository.url.as_str())),
            Aspect::text("health", &["state", "status"], |l| Value::some(l.healths.iter().min().map(|h| h.word()))),
            Aspect::new("deployed", &["age"], Sort::Time, |l| Value::time(l.last.as_ref().map(Brief::requested))),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let p = &self.project;
        [p.slug.as_str(), &p.name, &p.organization, &p.repository.url, &p.description].into_iter().any(look)
    }
    fn title(&self) -> Cow<'_, str> {
        self.project.slug.as_str().into()
    }
}

fn environments(line: &Line, cx: &Cx) -> Cell {
    if line.healths.is_empty() {
        return Cell::new(cx.t("projects.none-environments").to_owned(), Role::Faint);
    }
    let mut pieces = vec![piece(format!("{} ", line.healths.len()), Role::Text)];
    for health in &line.healths {
        let glyph = if *health == Health::Busy { "◐" } else { cx.glyph(*health) };
        pieces.push(piece(" ", Role::Text));
        pieces.push(piece(glyph, (*health).into()));
    }
    Cell::of(pieces)
}

/// Writes host or folders out of the way of what tells repositories apart: `github.com/acme/shop`, `…/git/shop`.
fn repository(line: &Line, _cx: &Cx) -> Cell {
    let url = format::url(&line.project.repository.url);
    let from = url.rmatch_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
    let (before, name) = url.split_at(from);
    let before = if url.starts_with('/') || width(url) > 40 { "…/" } else { before };
    if width(before) + width(name) > 40 {
        return Cell::name(name.to_owned(), Role::Muted);
    }
    Cell::of(vec![piece(before.to_owned(), Role::Faint), piece(name.to_owned(), Role::Muted)])
}

/// Below so many columns only the end of a change is said.
const NARROW: u16 = 100;

fn last(line: &Line, cx: &Cx) -> Cell {
    let Some(last) = &line.last else {
        return Cell::new(cx.t("projects.never").to_owned(), Role::Faint);
    };
    let (glyph, role) = recent::glyph(last.status());
    let (environment, change) = (&last.environment().name, cx.changes(last.method(), last.summary()));
    let mut parts = change.split(" → ");
    let what = match (parts.next(), parts.next(), parts.next()) {
        // Where there is no room for both, what it became says more than what it was.
        (_, Some(now), None) if cx.size.width < NARROW => format!(" {environment} → {now}"),
        // Most environments are named after their type: what changed begins in one column.
        _ => format!(" {:<11}  {change}", environment.as_str()),
    };
    Cell::of(vec![piece(glyph, role), piece(format!(" {:>3} ", cx.age(last.requested())), Role::Muted), piece(what, Role::Text)])
}

static COLUMNS: [Column<Line>; 6] = [
    Column {
        id: "project",
        priority: 0,
        width: Width::Fit(8, 30),
        right: false,
        cell: |l, _| Cell::name(l.project.slug.to_string(), Role::Text),
        order: Some(|a, b| a.project.slug.cmp(&b.project.slug)),
    },
    Column {
        id: "name",
        priority: 5,
        width: Width::NAME,
        right: false,
        cell: |l, _| Cell::new(l.project.name.clone(), Role::Muted),
        order: Some(|a, b| a.project.name.cmp(&b.project.name)),
    },
    Column {
        id: "organization",
        priority: 4,
        width: Width::Fit(6, 20),
        right: false,
        cell: |l, _| Cell::name(l.project.organization.clone(), Role::Muted),
        order: Some(|a, b| a.project.organization.cmp(&b.project.organization)),
    },
    Column {
        id: "repository",
        priority: 2,
        width: Width::Fit(12, 40),
        right: false,
        cell: repository,
        order: Some(|a, b| a.project.repository.url.cmp(&b.project.repository.url)),
    },
    Column {
        id: "environments",
        priority: 0,
        width: Width::Fit(10, 24),
        right: false,
        cell: environments,
        order: Some(|a, b| a.healths.iter().min().cmp(&b.healths.iter().min())),
    },
    Column {
        id: "deployed",
        priority: 1,
        width: Width::Grow(34),
        right: false,
        cell: last,
        order: Some(|a, b| b.last.as_ref().map(Brief::requested).cmp(&a.last.as_ref().map(Brief::requested))),
    },
];

/// Holds the tab's state.
#[derive(Debug)]
pub struct Projects {
    table: Table<Line>,
    seen: Option<Arc<World>>,
    editor: Option<Editor>,
    /// What was found where there are no projects yet, and the question how Flux is doing there.
    around: welcome::Seen,
    asking: Option<(ContextName, Ticket)>,
    recent: Recent,
    /// The last deployment of each project, of the deployments that are known.
    last: HashMap<Slug, Brief>,
}

impl Projects {
    /// Builds it.
    pub fn new() -> Self {
        let table = Table::new(&COLUMNS);
        let (recent, last) = (Recent::default(), HashMap::new());
        Self { table, seen: None, editor: None, around: welcome::Seen::default(), asking: None, recent, last }
    }

    /// Finds the last deployment of each project, in one walk through all of them.
    fn find_last(&mut self, cx: &Cx) {
        let mut wanted: HashSet<&Slug> = cx.world.projects.iter().map(|project| &project.slug).collect();
        self.last.clear();
        for deployment in cx.world.deployments.iter() {
            if wanted.is_empty() {
                break;
            }
            if let Some(slug) = wanted.take(&deployment.environment().project) {
                self.last.insert(slug.clone(), deployment.clone());
            }
        }
    }

    fn refresh(&mut self, cx: &Cx) {
        let world = cx.world;
        let same = self.seen.as_ref().is_some_and(|old| {
            Arc::ptr_eq(&old.projects, &world.projects)
                && Arc::ptr_eq(&old.environments, &world.environments)
                && old.deployments.is_same(&world.deployments)
                && Arc::ptr_eq(&old.flux, &world.flux)
                && Arc::ptr_eq(&old.workloads, &world.workloads)
                && Arc::ptr_eq(&old.pods, &world.pods)
                && Arc::ptr_eq(&old.git, &world.git)
                && Arc::ptr_eq(&old.links, &world.links)
        });
        if same {
            return;
        }
        let known = |old: &Arc<World>| old.deployments.is_same(&world.deployments) && Arc::ptr_eq(&old.projects, &world.projects);
        if !self.seen.as_ref().is_some_and(known) {
            self.find_last(cx);
        }
        let rows = world.projects.iter().map(|project| {
            let ours = world.environments.iter().filter(|e| e.id.project == project.slug);
            let last = self.last.get(&project.slug);
            Line {
                healths: ours.map(|e| world.environment_health(e).0).collect(),
                last: last.cloned(),
                project: Arc::clone(project),
            }
        });
        self.table.set(cx, rows.collect());
        self.seen = Some(Arc::clone(world));
    }

    /// Asks how Flux is doing in the cluster that is looked at, once, as long as there are no projects.
    fn look_around(&mut self, cx: &Cx) -> Effects {
        let Some(context) = welcome::context(cx).filter(|_| cx.world.projects.is_empty()) else { return Effects::new() };
        let answers = cx.world.cluster_link(&context).is_some_and(LinkState::is_live);
        if !answers || self.asking.as_ref().is_some_and(|(of, _)| *of == context) {
            return Effects::new();
        }
        let ticket = cx.ticket();
        self.asking = Some((context.clone(), ticket));
        self.around.toolkit = None;
        vec![Effect::Ask(ticket, Query::Toolkit(context, None))]
    }

    fn act(&mut self, cx: &Cx, id: &str) -> Effects {
        match (id, self.table.selected()) {
            ("projects.demo", _) => return vec![Effect::Demo],
            ("projects.adopt", _) => return vec![Effect::Open(Overlay::Adopt)],
            ("projects.add", _) => self.editor = Some(Editor::add(cx)),
            ("projects.edit", Some(line)) => self.editor = Some(Editor::edit(cx, &line.project)),
            ("projects.delete", Some(line)) => return cx.give(RemoveProject { slug: line.project.slug.clone() }),
            ("projects.open", Some(line)) => {
                let project = Change::Project(Some(line.project.slug.clone()));
                return vec![Effect::Desk(project), Effect::Switch(TabId::Environments)];
            }
            _ => {}
        }
        Effects::new()
    }
}

impl Default for Projects {
    fn default() -> Self {
        Self::new()
    }
}

impl Tab for Projects {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if let Some(editor) = &self.editor {
            return editor.commands();
        }
        if self.table.typing() {
            return self.table.commands();
        }
        let admin = cx.may(Permission::Admin);
        let mut out: Vec<&'static Command> = Vec::new();
        let some = self.table.selected().is_some();
        out.extend(some.then_some(&OPEN));
        out.extend(admin.then_some(&ADD));
        out.extend((admin && some).then_some(&EDIT));
        out.extend((admin && some).then_some(&DELETE));
        out.extend(admin.then_some(&ADOPT));
        out.extend(cx.world.projects.is_empty().then_some(&DEMO));
        out.extend(self.table.commands());
        out
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.editor.is_some() || self.table.typing()
    }

    fn memory(&self, _cx: &Cx) -> Option<Kept> {
        Some(self.table.kept())
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        if matches!(msg, TabMsg::Enter | TabMsg::World) {
            self.refresh(cx);
        }
        if msg == TabMsg::Enter {
            self.table.open(cx);
        }
        if matches!(msg, TabMsg::Enter | TabMsg::World | TabMsg::Context) {
            self.around.look(cx);
            let asked = self.look_around(cx);
            if !asked.is_empty() {
                return asked;
            }
        }
        if let Some(editor) = &mut self.editor {
            let (effects, close) = editor.update(cx, msg);
            if close {
                self.editor = None;
            }
            return effects;
        }
        match msg {
            TabMsg::Command(id) if !self.table.command(id) => return self.act(cx, id),
            TabMsg::Key(key) => self.table.key(key),
            TabMsg::Paste(text) => self.table.paste(&text),
            // What cannot be found out is not said; the rest is.
            TabMsg::Reply(ticket, Ok(Answer::Toolkit(found)))
                if self.asking.as_ref().is_some_and(|(_, asked)| *asked == ticket) =>
            {
                self.around.toolkit = Some(found);
            }
            TabMsg::Recall(kept) => self.table.recall(&kept),
            TabMsg::Wake => self.table.wake(cx.now),
            _ => {}
        }
        Effects::new()
    }

    fn deadline(&self) -> Option<Time> {
        self.table.deadline().filter(|_| self.editor.is_none())
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let area = link::over(cx, area, buf, |of| matches!(of, LinkOf::Cluster(_) | LinkOf::Repository(_)));
        let count = self.table.rows().len().to_string();
        let title = [piece(cx.tf("projects.count", &[("count", &count)]), Role::Accent)];
        put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &title);
        let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        if self.table.rows().is_empty() && self.editor.is_none() && rest.height > 14 && rest.width > 40 {
            let keys = welcome::Keys { add: cx.key(&ADD), adopt: cx.key(&ADOPT), demo: cx.key(&DEMO) };
            let lines = welcome::lines(cx, &self.around, &keys, rest.width.saturating_sub(4));
            for (y, line) in (rest.y + 1..rest.bottom()).zip(&lines) {
                put_pieces(cx, buf, (rest.x + 2, y), rest.width.saturating_sub(4), line);
            }
            return;
        }
        let empty = cx.tf("projects.empty", &[("key", &cx.key(&ADD)), ("adopt", &cx.key(&ADOPT))]);
        let lines = |room| self.table.selected().map(|l| detail::lines(cx, &l.project, &self.recent, room)).unwrap_or_default();
        let list = pane::around(cx, rest, buf, self.table.room(cx), lines);
        self.table.view(cx, list, buf, &empty);
        if let Some(editor) = &self.editor {
            dialog::dim(cx, buf, area);
            editor.view(cx, area, buf);
        }
    }
}
