//! What an object has applied, each with how it is doing: live where the world has it, else as it was read a moment ago.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use domain::detail::{Entry, Standing, State};
use domain::filter::{Aspect, Fields, Value};
use domain::flux::{FluxObject, Health, ObjectKey};
use domain::query::{Answer, Query};
use domain::world::World;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asked::Asked;
use super::running::OPEN;
use super::{Subject, View, workload};
use crate::acts;
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::pane;
use crate::widgets::put::{Piece, piece, put, put_pieces, wrap};
use crate::widgets::table::{Cell, Column, Row, Table, Width};

/// Tells whether a kind keeps an inventory.
pub(super) fn suits(key: &ObjectKey) -> bool {
    matches!(&*key.kind, "Kustomization" | "HelmRelease" | "ResourceSet" | "FluxInstance" | "ArtifactGenerator")
}

/// Holds an applied object; its state is none as long as it is neither in the world nor read.
#[derive(Debug)]
struct Applied {
    entry: Entry,
    state: Option<State>,
    said: String,
    /// What counts instead of the state, where the world has the object.
    live: Option<(Health, String)>,
}

impl Applied {
    fn standing(&self) -> Option<Health> {
        self.live.as_ref().map(|(health, _)| *health).or(self.state.map(State::health))
    }

    fn word<'a>(&self, cx: &'a Cx) -> &'a str {
        match (&self.live, self.state) {
            (Some((health, _)), _) => cx.health(*health),
            (None, Some(state)) => cx.words.get(match state {
                State::Failed => "standing.failed",
                State::Gone => "standing.gone",
                State::InProgress => "standing.in-progress",
                State::Terminating => "standing.terminating",
                State::Forbidden => "standing.forbidden",
                State::Unread => "standing.unread",
                State::Suspended => "standing.suspended",
                State::Current => "standing.current",
            }),
            (None, None) => "–",
        }
    }

    fn said(&self) -> &str {
        self.live.as_ref().map_or(&self.said, |(_, said)| said)
    }
}

impl Row for Applied {
    type Key = (String, ObjectKey);
    type Fields = Self;
    fn key(&self) -> Self::Key {
        (self.entry.group.clone(), self.entry.key.clone())
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        self.standing()
    }
    fn fields(&self) -> &Self {
        self
    }
}

impl Fields for Applied {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Applied>] = &[
            Aspect::text("kind", &["k"], |a| Value::text(&*a.entry.key.kind)),
            Aspect::text("namespace", &["ns", "n"], |a| Value::text(&*a.entry.key.namespace)),
            Aspect::text("name", &[], |a| Value::text(&*a.entry.key.name)),
            Aspect::text("group", &[], |a| Value::text(a.entry.group.as_str())),
            Aspect::text("status", &["state"], |a| Value::text(a.standing().map_or("", Health::word))),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let key = &self.entry.key;
        let states = [self.standing().map_or("", Health::word), self.state.map_or("", State::word)];
        look(&key.name)
            || look(&key.namespace)
            || look(&key.kind)
            || look(&self.entry.group)
            || states.into_iter().any(&mut *look)
            || look(self.said())
    }
    fn title(&self) -> Cow<'_, str> {
        (&*self.entry.key.name).into()
    }
}

static COLUMNS: [Column<Applied>; 6] = [
    Column {
        id: "kind",
        priority: 0,
        width: Width::KIND,
        right: false,
        cell: |r, _| Cell::name(r.entry.key.kind.to_string(), Role::Muted),
        order: Some(|a, b| a.entry.key.kind.cmp(&b.entry.key.kind)),
    },
    Column {
        id: "namespace",
        priority: 3,
        width: Width::NAMESPACE,
        right: false,
        cell: |r, _| Cell::name(r.entry.key.namespace.to_string(), Role::Muted),
        order: Some(|a, b| a.entry.key.namespace.cmp(&b.entry.key.namespace)),
    },
    Column {
        id: "name",
        priority: 0,
        width: Width::NAME,
        right: false,
        cell: |r, _| Cell::name(r.entry.key.name.to_string(), Role::Text),
        order: Some(|a, b| a.entry.key.name.cmp(&b.entry.key.name)),
    },
    Column {
        id: "health",
        priority: 0,
        width: Width::Fit(7, 14),
        right: false,
        cell: |r, cx| Cell::new(r.word(cx).to_owned(), r.standing().map_or(Role::Faint, Role::from)),
        order: Some(|a, b| a.standing().cmp(&b.standing())),
    },
    Column {
        id: "version",
        priority: 5,
        width: Width::Fit(7, 34),
        right: false,
        cell: |r, _| Cell::name(r.entry.api_version(), Role::Faint),
        order: Some(|a, b| a.entry.api_version().cmp(&b.entry.api_version())),
    },
    Column {
        id: "message",
        priority: 1,
        width: Width::NOTE,
        right: false,
        cell: |r, cx| Cell::new(cx.said(&domain::text::one_line(r.said())), Role::Muted),
        order: Some(|a, b| a.said().cmp(b.said())),
    },
];

/// Holds the inventory.
#[derive(Debug)]
pub(super) struct Inventory {
    table: Table<Applied>,
    read: Asked<Arc<Vec<Standing>>>,
    /// The world that the rows were made of.
    of: Option<Arc<World>>,
}

impl Inventory {
    /// Builds it.
    pub(super) fn new() -> Self {
        Self { table: Table::new(&COLUMNS), read: Asked::default(), of: None }
    }

    /// Tells whether the world has changed in anything that rows say.
    fn moved(&self, cx: &Cx) -> bool {
        let Some(of) = &self.of else { return true };
        let now = cx.world;
        !(Arc::ptr_eq(&of.flux, &now.flux)
            && Arc::ptr_eq(&of.workloads, &now.workloads)
            && Arc::ptr_eq(&of.pods, &now.pods)
            && Arc::ptr_eq(&of.links, &now.links))
    }

    fn refresh(&mut self, cx: &Cx, of: &Subject) {
        self.of = Some(Arc::clone(cx.world));
        let entries = of.whole.here().map(|whole| whole.inventory()).unwrap_or_default();
        let read = self.read.here().map(|read| read.as_slice()).unwrap_or_default();
        let read: HashMap<&Entry, &Standing> = read.iter().map(|standing| (&standing.entry, standing)).collect();
        let row = |entry: Entry| {
            let found = read.get(&entry);
            Applied {
                live: live(cx, &entry.key),
                state: found.map(|f| f.state),
                said: found.map(|f| f.said.clone()).unwrap_or_default(),
                entry,
            }
        };
        let mut rows: Vec<Applied> = entries.into_iter().map(row).collect();
        // What is wrong comes first, the rest stays in the controller's order.
        rows.sort_by_key(|r| r.standing().filter(|h| *h < Health::Unknown).unwrap_or(Health::Ok));
        self.table.set(cx, rows);
    }

    fn counts(&self, cx: &Cx) -> Vec<Piece<'static>> {
        let mut out = vec![piece(cx.tf("object.applied", &[("count", &self.table.rows().len().to_string())]), Role::Text)];
        for health in Health::ALL {
            let count = self.table.rows().iter().filter(|r| r.standing() == Some(health)).count();
            if count > 0 {
                let glyph = if health == Health::Busy { "◐" } else { cx.glyph(health) };
                out.push(piece(format!("   {glyph} {count}"), health.into()));
            }
        }
        out
    }
}

/// Returns how an object is doing when the world has it.
fn live(cx: &Cx, key: &ObjectKey) -> Option<(Health, String)> {
    if let Some(object) = cx.world.flux_object(key) {
        return Some((cx.as_known(key, FluxObject::health(object)), object.message().to_owned()));
    }
    let workload = workload(cx, key)?;
    let fault = cx.world.pods_of(workload).find_map(|pod| pod.fault());
    let counts = format!("{}/{} ready", workload.ready, workload.replicas);
    Some(match fault {
        Some(fault) => (cx.as_known(key, Health::Bad), format!("{counts}  {}  {}", fault.reason, fault.message)),
        None => (cx.as_known(key, workload.health()), counts),
    })
}

impl View for Inventory {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        let mut out = self.table.commands();
        if let Some(r) = self.table.selected().filter(|_| !self.table.typing()) {
            out.push(&OPEN);
            out.extend(acts::has_log(&r.entry.key).then_some(&acts::LOGS));
        }
        out
    }

    fn typing(&self) -> bool {
        self.table.typing()
    }

    fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        self.read.want(cx, of.turn, || Query::Inventory(of.key.clone()))
    }

    fn leave(&mut self) -> Effects {
        self.read.leave()
    }

    fn update(&mut self, cx: &Cx, of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command("object.open") => {
                return self.table.selected().map(|r| Effect::Open(Overlay::Object(r.entry.key.clone()))).into_iter().collect();
            }
            TabMsg::Command("flux.logs") => {
                return self.table.selected().map(|r| Effect::Open(Overlay::Logs(r.entry.key.clone()))).into_iter().collect();
            }
            TabMsg::Command(id) => {
                self.table.command(id);
            }
            TabMsg::Key(key) => self.table.key(*key),
            TabMsg::Paste(text) => self.table.paste(text),
            TabMsg::Reply(ticket, answer) => {
                let pick = |a: &Answer| if let Answer::Inventory(found) = a { Some(Arc::clone(found)) } else { None };
                if self.read.take(cx, *ticket, answer, pick) {
                    self.refresh(cx, of);
                }
            }
            TabMsg::World if !self.moved(cx) => {}
            TabMsg::Enter | TabMsg::World | TabMsg::Desk => self.refresh(cx, of),
            _ => {}
        }
        Effects::new()
    }

    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        self.table.selected().map(|r| r.entry.key.to_string())
    }

    fn view(&self, cx: &Cx, of: &Subject, area: Rect, buf: &mut Buffer) {
        let area = if of.whole.here().is_none() { of.whole.head(cx, area, buf) } else { area };
        if area.height < 4 {
            return;
        }
        let age = self.read.age(cx, area, buf);
        put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(age + 2), &self.counts(cx));
        let mut area = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if let Some(why) = self.read.failed() {
            put(buf, (area.x + 1, area.y), area.width, why, cx.style(Role::Bad));
            area = Rect { y: area.y + 1, height: area.height - 1, ..area };
        }
        let wide = usize::from(area.width.saturating_sub(4));
        let said = self.table.selected().map(|r| cx.said(r.said())).unwrap_or_default();
        let lines: Vec<Vec<Piece>> = wrap(&said, wide).into_iter().map(|l| vec![piece(l, Role::Text)]).collect();
        let (list, below) = pane::split(cx, area, self.table.room(cx), lines.len());
        self.table.view(cx, list, buf, cx.t("object.no-inventory"));
        pane::view(cx, below, buf, &lines);
    }
}
