//! The events about an object and, when wanted, about everything that it applied or owns.

use std::borrow::Cow;
use std::sync::Arc;

use domain::detail::Happening;
use domain::filter::{Aspect, Fields, Sort, Value};
use domain::flux::{Health, ObjectKey};
use domain::query::{Answer, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asked::Asked;
use super::running::OPEN;
use super::{Subject, View};
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::pane;
use crate::widgets::put::{Piece, piece, put, wrap};
use crate::widgets::table::{Cell, Column, Row, Table, Width};

static AROUND: Command = command("object.around", &["a"], 3);

/// Holds an event; its number distinguishes events that are alike in everything else.
#[derive(Debug, Clone)]
struct Told {
    event: Happening,
    number: usize,
}

impl Row for Told {
    type Key = (ObjectKey, String, String, usize);
    type Fields = Self;
    fn key(&self) -> Self::Key {
        (self.event.about.clone(), self.event.reason.clone(), self.event.message.clone(), self.number)
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        Some(if self.event.warning { Health::Warn } else { Health::Ok })
    }
    fn fields(&self) -> &Self {
        self
    }
}

impl Fields for Told {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Told>] = &[
            Aspect::text("reason", &[], |t| Value::text(t.event.reason.as_str())),
            Aspect::text("message", &[], |t| Value::text(t.event.message.as_str())),
            Aspect::text("from", &["by"], |t| Value::text(t.event.from.as_str())),
            Aspect::text("kind", &["k"], |t| Value::text(&*t.event.about.kind)),
            Aspect::text("object", &["name"], |t| Value::text(&*t.event.about.name)),
            Aspect::text("type", &[], |t| Value::text(t.word())),
            Aspect::new("age", &["time"], Sort::Time, |t| Value::time(t.event.time)),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let e = &self.event;
        look(&e.reason) || look(&e.message) || look(&e.from) || look(&e.about.name) || look(&e.about.kind) || look(self.word())
    }
    fn title(&self) -> Cow<'_, str> {
        self.event.reason.as_str().into()
    }
}

impl Told {
    const fn word(&self) -> &'static str {
        if self.event.warning { "warning" } else { "normal" }
    }
}

static COLUMNS: [Column<Told>; 6] = [
    Column {
        id: "age",
        priority: 0,
        width: Width::AGE,
        right: true,
        cell: |r, cx| Cell::new(cx.age_of(r.event.time), Role::Faint),
        order: Some(|a, b| b.event.time.cmp(&a.event.time)),
    },
    Column {
        id: "object",
        priority: 2,
        width: Width::Fit(8, 44),
        right: false,
        cell: |r, _| Cell::name(format!("{}/{}", r.event.about.kind, r.event.about.name), Role::Muted),
        order: Some(|a, b| a.event.about.cmp(&b.event.about)),
    },
    Column {
        id: "reason",
        priority: 0,
        width: Width::Fit(8, 26),
        right: false,
        cell: |r, _| Cell::new(r.event.reason.clone(), if r.event.warning { Role::Warn } else { Role::Text }),
        order: Some(|a, b| a.event.reason.cmp(&b.event.reason)),
    },
    Column {
        id: "times",
        priority: 3,
        width: Width::Fixed(5),
        right: true,
        cell: |r, _| Cell::new(if r.event.count > 1 { format!("×{}", r.event.count) } else { String::new() }, Role::Faint),
        order: Some(|a, b| b.event.count.cmp(&a.event.count)),
    },
    Column {
        id: "from",
        priority: 4,
        width: Width::Fit(6, 24),
        right: false,
        cell: |r, _| Cell::new(r.event.from.clone(), Role::Faint),
        order: Some(|a, b| a.event.from.cmp(&b.event.from)),
    },
    Column {
        id: "message",
        priority: 1,
        width: Width::NOTE,
        right: false,
        cell: |r, _| Cell::new(format::sentence(&r.event.message), Role::Muted),
        order: Some(|a, b| a.event.message.cmp(&b.event.message)),
    },
];

/// Holds the events.
#[derive(Debug)]
pub(super) struct Events {
    table: Table<Told>,
    read: Asked<Arc<Vec<Happening>>>,
    around: bool,
}

impl Events {
    /// Builds it.
    pub(super) fn new() -> Self {
        Self { table: Table::new(&COLUMNS), read: Asked::default(), around: false }
    }

    fn query(&self, of: &Subject) -> Query {
        Query::Happenings(of.key.clone(), self.around)
    }
}

impl View for Events {
    fn commands(&self, _cx: &Cx, of: &Subject) -> Vec<&'static Command> {
        let mut out = self.table.commands();
        if self.table.typing() {
            return out;
        }
        out.extend(self.table.selected().filter(|r| r.event.about != *of.key).map(|_| &OPEN));
        out.push(&AROUND);
        out
    }

    fn typing(&self) -> bool {
        self.table.typing()
    }

    fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        let query = self.query(of);
        self.read.want(cx, of.turn, || query)
    }

    fn leave(&mut self) -> Effects {
        self.read.leave()
    }

    fn update(&mut self, cx: &Cx, of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command("object.open") => {
                return self.table.selected().map(|r| Effect::Open(Overlay::Object(r.event.about.clone()))).into_iter().collect();
            }
            TabMsg::Command("object.around") => {
                self.around = !self.around;
                return self.read.ask(cx, of.turn, self.query(of));
            }
            TabMsg::Command(id) => {
                self.table.command(id);
            }
            TabMsg::Key(key) => self.table.key(*key),
            TabMsg::Paste(text) => self.table.paste(text),
            TabMsg::Reply(ticket, answer) => {
                let pick = |a: &Answer| if let Answer::Happenings(found) = a { Some(Arc::clone(found)) } else { None };
                if self.read.take(cx, *ticket, answer, pick)
                    && let Some(found) = self.read.here()
                {
                    // From the oldest on, so that a new event does not change the numbers of those before it.
                    let number = |at: usize| found.len() - at;
                    let rows = found.iter().enumerate().map(|(at, e)| Told { event: e.clone(), number: number(at) });
                    self.table.set(cx, rows.collect());
                }
            }
            _ => {}
        }
        Effects::new()
    }

    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        self.table.selected().map(|r| format!("{} {}: {}", r.event.about, r.event.reason, r.event.message))
    }

    fn view(&self, cx: &Cx, _of: &Subject, area: Rect, buf: &mut Buffer) {
        let area = self.read.head(cx, area, buf);
        if area.height < 4 {
            return;
        }
        self.read.age(cx, area, buf);
        let title = if self.around { "object.events-around" } else { "object.events-own" };
        put(buf, (area.x + 1, area.y), area.width.saturating_sub(12), cx.words.get(title), cx.style(Role::Text));
        let area = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let wide = usize::from(area.width.saturating_sub(4));
        let selected = self.table.selected().map(|r| wrap(&r.event.message, wide)).unwrap_or_default();
        let lines: Vec<Vec<Piece>> = selected.into_iter().map(|l| vec![piece(l, Role::Text)]).collect();
        let (list, below) = pane::split(cx, area, self.table.room(cx), lines.len());
        self.table.view(cx, list, buf, cx.t("object.no-events"));
        pane::view(cx, below, buf, &lines);
    }
}
