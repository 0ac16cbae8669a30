//! Environments: side by side what Git says and what runs, and below what is known of the selected one.
//!
//! ```text
//!   ENVIRONMENT   BRANCH    IN GIT     RUNNING    READY  SYNC            CHANGED  APPROVAL
//! ▌ ✓ development develop   1.9.0-rc2  1.9.0-rc2   2/2   auto  1m        4m       –
//!   ▲ production  main      1.8.4      1.8.3       6/6   ‖ manual 10m    2h       2 approvers
//! ────────────────────────────────────────────────────────────────────────────────────────
//!  production runs 1.8.3, Git says 1.8.4 (main@9e1c21d, "Deploy 1.8.4", 2 h ago). s syncs.
//! ```

use std::sync::Arc;

use domain::Time;
use domain::actor::Role as Permission;
use domain::ident::EnvironmentId;
use domain::link::LinkOf;
use domain::orders::{ManualSync, Reconcile, RemoveEnvironment, Settle, Side};
use domain::promotion::sources;
use domain::query::LogOf;
use domain::world::World;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, Overlay};
use crate::memory::Kept;
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::link;
use crate::widgets::pane;
use crate::widgets::put::{piece, put_pieces};
use crate::widgets::recent::Recent;
use crate::widgets::table::Table;

mod detail;
mod editor;
mod removal;
mod rows;
#[cfg(test)]
mod tests;

use editor::Editor;
use removal::Removal;
use rows::{COLUMNS, Line};

static OPEN: Command = command("environments.open", &["enter"], 1);
static DEPLOY: Command = command("environments.deploy", &["d"], 2);
static SYNC: Command = command("environments.sync", &["s"], 3);
static HISTORY: Command = command("environments.history", &["h"], 4);
static COMMITS: Command = command("environments.commits", &["c"], 7);
static LOG: Command = command("environments.log", &["l"], 8);
static RECONCILE: Command = command("environments.reconcile", &["r"], 9);
static EDIT: Command = command("environments.edit", &["e"], 5);
static ADD: Command = command("environments.add", &["a"], 6);
static PROMOTE: Command = command("environments.promote", &["p"], 3);
static DELETE: Command = command("environments.delete", &["x", "delete"], 10);
static TO_RECORD: Command = command("environments.to-record", &["= r"], 12);
static TO_CLUSTER: Command = command("environments.to-cluster", &["= c"], 13);
static SIDES: Command = command("environments.sides", &["v"], 5);
static ALL: Command = command("environments.all", &["A"], 11);

/// How many lines of a log are read.
const LOG_LINES: u32 = 500;

/// Holds the tab's state.
#[derive(Debug)]
pub struct Environments {
    table: Table<Line>,
    seen: Option<Arc<World>>,
    shown: Option<domain::ident::Slug>,
    editor: Option<Editor>,
    removal: Option<Removal>,
    /// Whether the selection was moved since the tab is shown.
    moved: bool,
    recent: Recent,
}

impl Environments {
    /// Builds it.
    pub fn new() -> Self {
        let table = Table::new(&COLUMNS);
        Self { table, seen: None, shown: None, editor: None, removal: None, moved: false, recent: Recent::default() }
    }

    fn refresh(&mut self, cx: &Cx) {
        let project = cx.desk.project.clone();
        let same = self.seen.as_ref().is_some_and(|old| unchanged(old, cx.world)) && self.shown == project;
        if !same {
            let wanted = cx.world.environments.iter().filter(|e| project.as_ref().is_none_or(|p| *p == e.id.project));
            let rows = wanted.map(|e| Line::new(cx, e, project.is_none())).collect();
            self.table.set(cx, rows);
            self.seen = Some(Arc::clone(cx.world));
            if self.shown != project {
                self.shown = project;
                self.table.open(cx);
            }
        }
    }

    /// Selects the environment that is chosen for all tabs.
    fn follow(&mut self, cx: &Cx) {
        if let Some(id) = &cx.desk.environment {
            self.table.select(id);
        }
    }

    fn selected(&self) -> Option<EnvironmentId> {
        self.table.selected().map(|l| l.environment.id.clone())
    }

    /// Returns the effects that choose the selected environment for all tabs, and then some more.
    fn choose(&self, then: impl FnOnce(EnvironmentId) -> Effects) -> Effects {
        let Some(id) = self.selected() else { return Effects::new() };
        let mut out = vec![Effect::Desk(Change::Environment(Some(id.clone())))];
        out.extend(then(id));
        out
    }

    fn act(&mut self, cx: &Cx, id: &str) -> Effects {
        match id {
            "environments.deploy" => self.choose(|_| vec![Effect::Switch(TabId::Deploy)]),
            "environments.promote" => self.choose(|id| vec![Effect::Open(Overlay::Promotion(id))]),
            "environments.history" => self.choose(|_| vec![Effect::Switch(TabId::Deployments)]),
            "environments.sync" => self.choose(|environment| cx.give(ManualSync { environment, commit: None })),
            "environments.sides" => self.choose(|environment| vec![Effect::Open(Overlay::Sides(environment.project))]),
            "environments.commits" => self.choose(|environment| vec![Effect::Open(Overlay::Commits(environment))]),
            "environments.delete" => match self.table.selected().map(|line| Arc::clone(&line.environment)) {
                Some(environment) if environment.gitops.enabled => {
                    self.removal = Some(Removal::new(environment.id.clone()));
                    self.choose(|_| Effects::new())
                }
                _ => self.choose(|id| cx.give(RemoveEnvironment::new(id))),
            },
            "environments.to-record" => self.settle(cx, Side::Record),
            "environments.to-cluster" => self.settle(cx, Side::Cluster),
            "environments.all" => vec![Effect::Desk(Change::Project(None))],
            "environments.open" => {
                let key = self.table.selected().map(|l| detail::key(cx, &l.environment));
                self.choose(|_| key.map(|k| Effect::Open(Overlay::Object(k))).into_iter().collect())
            }
            "environments.reconcile" => {
                let object = self.table.selected().and_then(|l| cx.world.kustomization(&l.environment));
                object.map(|o| cx.give(Reconcile { key: o.key.clone(), with_source: true })).unwrap_or_default()
            }
            "environments.log" => self.log(cx).into_iter().collect(),
            "environments.add" => {
                self.editor = cx.desk.project.clone().or_else(|| self.selected().map(|e| e.project)).map(|p| Editor::add(cx, p));
                Effects::new()
            }
            "environments.edit" => {
                self.editor = self.table.selected().map(|l| Editor::edit(cx, &l.environment));
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    /// Makes record and cluster say the same.
    fn settle(&self, cx: &Cx, to: Side) -> Effects {
        let found = self.table.selected().and_then(|line| line.departures.clone()).unwrap_or_default();
        self.choose(|id| cx.give(Settle::of(cx.world, id, to, found)))
    }

    /// Opens the log of a Pod of the environment: one that fails before any other.
    fn log(&self, cx: &Cx) -> Option<Effect> {
        let line = self.table.selected()?;
        let workloads = cx.world.workloads_of(&line.environment);
        let pods: Vec<_> = workloads.iter().flat_map(|w| cx.world.pods_of(w)).collect();
        let pod = pods.iter().find(|p| p.fault().is_some()).or_else(|| pods.first())?;
        let fault = pod.fault();
        let previous = fault.as_ref().is_some_and(|f| f.wants_log);
        let container = fault.map(|f| f.container).unwrap_or_default();
        Some(Effect::Open(Overlay::Log(LogOf { pod: pod.key.clone(), container, previous, lines: LOG_LINES })))
    }

    fn editing(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        if let Some(removal) = &mut self.removal {
            let done = removal.update(cx, msg);
            if done.close {
                self.removal = None;
            }
            return done.effects;
        }
        let Some(editor) = &mut self.editor else { return Effects::new() };
        let done = editor.update(cx, msg);
        if done.close {
            self.editor = None;
        }
        done.effects
    }
}

impl Default for Environments {
    fn default() -> Self {
        Self::new()
    }
}

/// Tells whether something comes before an environment on the way to production.
fn promotes(cx: &Cx, to: &domain::project::Environment) -> bool {
    sources(&cx.world.environments, to).first().is_some_and(|from| from.kind < to.kind)
}

/// Tells whether nothing that the rows show has changed.
fn unchanged(old: &World, new: &World) -> bool {
    Arc::ptr_eq(&old.environments, &new.environments)
        && Arc::ptr_eq(&old.projects, &new.projects)
        && Arc::ptr_eq(&old.promises, &new.promises)
        && Arc::ptr_eq(&old.flux, &new.flux)
        && Arc::ptr_eq(&old.workloads, &new.workloads)
        && Arc::ptr_eq(&old.pods, &new.pods)
        && Arc::ptr_eq(&old.git, &new.git)
        && Arc::ptr_eq(&old.links, &new.links)
}

impl Tab for Environments {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if let Some(removal) = &self.removal {
            return removal.commands();
        }
        if let Some(editor) = &self.editor {
            return editor.commands();
        }
        if self.table.typing() {
            return self.table.commands();
        }
        let (admin, operator) = (cx.may(Permission::Admin), cx.may(Permission::Operator));
        let mut out: Vec<&'static Command> = Vec::new();
        if let Some(line) = self.table.selected() {
            let managed = line.environment.gitops.enabled;
            let open = !cx.world.barred.holds(&line.environment.cluster);
            let (admin, operator) = (admin && open, operator && open);
            out.push(&OPEN);
            out.extend(operator.then_some(&DEPLOY));
            out.extend((operator && managed && !line.environment.gitops.auto_sync).then_some(&SYNC));
            out.extend((operator && promotes(cx, &line.environment)).then_some(&PROMOTE));
            out.push(&HISTORY);
            out.push(&SIDES);
            out.push(&COMMITS);
            out.extend((line.pods > 0).then_some(&LOG));
            out.extend((operator && managed && cx.world.kustomization(&line.environment).is_some()).then_some(&RECONCILE));
            let parted = line.departures.as_ref().is_some_and(|found| !found.is_empty());
            out.extend((operator && parted).then_some(&TO_RECORD));
            out.extend((admin && parted).then_some(&TO_CLUSTER));
            out.extend(admin.then_some(&EDIT));
            out.extend(admin.then_some(&DELETE));
        }
        let placed = cx.desk.project.is_some() || self.table.selected().is_some();
        out.extend((admin && placed).then_some(&ADD));
        out.extend(cx.desk.project.is_some().then_some(&ALL));
        out.extend(self.table.commands());
        out
    }

    fn environment(&self) -> Option<EnvironmentId> {
        self.selected()
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.editor.is_some() || self.table.typing()
    }

    fn memory(&self, _cx: &Cx) -> Option<Kept> {
        Some(self.table.kept())
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter | TabMsg::World | TabMsg::Desk => {
                self.refresh(cx);
                if msg == TabMsg::Enter {
                    self.table.open(cx);
                }
                if msg != TabMsg::World {
                    self.follow(cx);
                }
                return self.editing(cx, msg);
            }
            // Who went through the list and then to another tab means the environment that was selected here.
            TabMsg::Leave if self.moved => {
                self.moved = false;
                let other = self.selected().filter(|id| cx.desk.environment.as_ref() != Some(id));
                return other.map(|id| Effect::Desk(Change::Environment(Some(id)))).into_iter().collect();
            }
            msg if self.editor.is_some() || self.removal.is_some() => return self.editing(cx, msg),
            TabMsg::Command(id) => {
                if !self.table.command(id) {
                    return self.act(cx, id);
                }
                self.moved = true;
            }
            TabMsg::Key(key) => self.table.key(key),
            TabMsg::Paste(text) => self.table.paste(&text),
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
        let area = link::over(cx, area, buf, |of| match of {
            LinkOf::Cluster(name) => self.table.rows().iter().any(|l| l.environment.cluster.0 == *name),
            LinkOf::Kind { cluster, kind, .. } => {
                let ours = matches!(
                    kind.as_str(),
                    "Kustomization" | "GitRepository" | "Deployment" | "StatefulSet" | "DaemonSet" | "Pod"
                );
                ours && self.table.rows().iter().any(|l| l.environment.cluster.0 == *cluster)
            }
            LinkOf::Repository(url) => self.table.rows().iter().any(|l| l.repository == *url),
        });
        let mut title = vec![match &cx.desk.project {
            Some(project) => piece(project.to_string(), Role::Accent),
            None => piece(cx.t("environments.all").to_owned(), Role::Accent),
        }];
        title.push(piece(format!("  {}", self.table.rows().len()), Role::Text));
        put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &title);
        let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let detail = |room: pane::Room| detail::lines(cx, self.table.selected(), &self.recent, room);
        let list = pane::around(cx, rest, buf, self.table.room(cx), detail);
        let empty = match &cx.desk.project {
            Some(project) => cx.tf("environments.empty", &[("project", project.as_str()), ("key", &cx.key(&ADD))]),
            None => cx.t("environments.empty-all").to_owned(),
        };
        self.table.view(cx, list, buf, &empty);
        if let Some(editor) = &self.editor {
            dialog::dim(cx, buf, area);
            editor.view(cx, area, buf);
        }
        if let Some(removal) = &self.removal {
            dialog::dim(cx, buf, area);
            removal.view(cx, area, buf);
        }
    }
}
