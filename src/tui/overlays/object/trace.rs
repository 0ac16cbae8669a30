//! The way from the object to the commit: a row for each step, the whole of the selected one below.

use std::borrow::Cow;
use std::sync::Arc;

use domain::detail::trace::{Step, Trace as Way, What};
use domain::filter::{Aspect, Fields, Value};
use domain::flux::{Health, ObjectKey};
use domain::query::{Answer, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asked::Asked;
use super::overview::{by, written};
use super::running::OPEN;
use super::{Subject, View};
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::pane;
use crate::widgets::put::{piece, put, put_wrapped, wrap};
use crate::widgets::summary::{LABEL, Line, field};
use crate::widgets::table::{Cell, Column, Row, Table, Width};

#[derive(Debug)]
struct At {
    number: usize,
    step: Step,
}

impl Row for At {
    type Key = usize;
    type Fields = Self;
    fn key(&self) -> usize {
        self.number
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        if self.step.what == What::Commit {
            return Some(if self.step.commit.is_some() { Health::Ok } else { Health::Unknown });
        }
        Some(self.step.state.health())
    }
    fn fields(&self) -> &Self {
        self
    }
}

impl Fields for At {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<At>] = &[
            Aspect::text("subject", &[], |a| Value::text(a.step.commit.as_ref().map_or("", |c| c.subject.as_str()))),
            Aspect::text("kind", &["k"], |a| Value::text(a.step.key.as_ref().map_or("", |k| &*k.kind))),
            Aspect::text("name", &[], |a| Value::text(a.step.key.as_ref().map_or("", |k| &*k.name))),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let key = self.step.key.as_ref();
        self.step.commit.as_ref().is_some_and(|c| look(&c.subject)) || key.is_some_and(|k| look(&k.to_string()))
    }
    fn title(&self) -> Cow<'_, str> {
        self.step.key.as_ref().map_or(Cow::Borrowed(""), |k| Cow::Borrowed(&*k.name))
    }
}

static COLUMNS: [Column<At>; 4] = [
    Column {
        id: "step",
        priority: 0,
        width: Width::Fit(6, 14),
        right: false,
        cell: |r, cx| Cell::new(cx.words.get(what(r.step.what)).to_owned(), Role::Muted),
        order: None,
    },
    Column {
        id: "object",
        priority: 0,
        width: Width::Fit(16, 56),
        right: false,
        cell: |r, _| match (&r.step.key, &r.step.revision) {
            (Some(key), _) => Cell::name(written(key), Role::Text),
            (None, Some(revision)) => Cell::new(revision.short(), Role::Accent),
            (None, None) => Cell::new("–", Role::Faint),
        },
        order: None,
    },
    Column {
        id: "revision",
        priority: 2,
        width: Width::REVISION,
        right: false,
        cell: |r, _| {
            let revision = r.step.revision.as_ref().filter(|_| r.step.key.is_some());
            revision.map_or_else(Cell::default, |v| Cell::of(format::revision(v)))
        },
        order: None,
    },
    Column {
        id: "detail",
        priority: 1,
        width: Width::Grow(16),
        right: false,
        cell: |r, cx| {
            if let Some(commit) = &r.step.commit {
                return Cell::of(vec![piece(format!("{}  ", commit.subject), Role::Text), by(cx, commit)]);
            }
            let place = r.step.path.clone().or_else(|| r.step.url.clone()).filter(|_| r.step.key.is_some());
            Cell::new(place.unwrap_or_else(|| domain::text::one_line(&cx.said(&r.step.said))), Role::Muted)
        },
        order: None,
    },
];

const fn what(what: What) -> &'static str {
    match what {
        What::Object => "trace.object",
        What::Owner => "trace.owner",
        What::Applier => "trace.applier",
        What::Chart => "trace.chart",
        What::Source => "trace.source",
        What::Commit => "trace.commit",
    }
}

/// Holds the way.
#[derive(Debug)]
pub(super) struct Trace {
    table: Table<At>,
    read: Asked<Arc<Way>>,
}

impl Trace {
    /// Builds it.
    pub(super) fn new() -> Self {
        Self { table: Table::new(&COLUMNS), read: Asked::default() }
    }

    fn key(&self, of: &Subject) -> Option<ObjectKey> {
        self.table.selected().and_then(|r| r.step.key.clone()).filter(|key| key != of.key)
    }

    /// Returns everything about the selected step.
    fn lines(&self, cx: &Cx, wide: usize) -> Vec<Line> {
        let Some(step) = self.table.selected().map(|r| &r.step) else { return Vec::new() };
        let mut out: Vec<Line> = Vec::new();
        let mut add = |key, value: &str, role| {
            out.extend(wrap(value, wide.saturating_sub(LABEL)).into_iter().map(|l| field(cx, key, vec![piece(l, role)])));
        };
        add("object.said", &cx.said(&step.said), Role::Text);
        add("object.url", step.url.as_deref().unwrap_or_default(), Role::Text);
        add("object.path", step.path.as_deref().unwrap_or_default(), Role::Text);
        add("object.revision", step.revision.as_ref().map_or("", |r| &r.0), Role::Text);
        if let Some(commit) = &step.commit {
            add("object.subject", &commit.subject, Role::Accent);
            add("object.author", &by(cx, commit).text, Role::Text);
            add("object.message", commit.body.trim(), Role::Muted);
        }
        if let Some(touched) = &step.touched {
            let values = [("path", step.path.as_deref().unwrap_or_default()), ("commit", touched.id.short())];
            add("object.touched", &cx.tf("object.touched-by", &values), Role::Text);
            add("object.subject", &touched.subject, Role::Accent);
            add("object.author", &by(cx, touched).text, Role::Text);
        }
        out
    }
}

impl View for Trace {
    fn commands(&self, _cx: &Cx, of: &Subject) -> Vec<&'static Command> {
        let mut out = self.table.commands();
        out.extend((!self.table.typing() && self.key(of).is_some()).then_some(&OPEN));
        out
    }

    fn typing(&self) -> bool {
        self.table.typing()
    }

    fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        self.read.want(cx, of.turn, || Query::Trace(of.key.clone()))
    }

    fn leave(&mut self) -> Effects {
        self.read.leave()
    }

    fn update(&mut self, cx: &Cx, of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command("object.open") => {
                return self.key(of).map(|key| Effect::Open(Overlay::Object(key))).into_iter().collect();
            }
            TabMsg::Command(id) => {
                self.table.command(id);
            }
            TabMsg::Key(key) => self.table.key(*key),
            TabMsg::Paste(text) => self.table.paste(text),
            TabMsg::Reply(ticket, answer) => {
                let pick = |a: &Answer| if let Answer::Trace(found) = a { Some(Arc::clone(found)) } else { None };
                if self.read.take(cx, *ticket, answer, pick)
                    && let Some(found) = self.read.here()
                {
                    let rows = found.steps.iter().enumerate().map(|(number, step)| At { number, step: step.clone() });
                    self.table.set(cx, rows.collect());
                }
            }
            _ => {}
        }
        Effects::new()
    }

    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        let step = &self.table.selected()?.step;
        step.key.as_ref().map(ToString::to_string).or_else(|| step.revision.as_ref().map(ToString::to_string))
    }

    fn view(&self, cx: &Cx, _of: &Subject, area: Rect, buf: &mut Buffer) {
        let mut area = self.read.head(cx, area, buf);
        if area.height < 4 {
            return;
        }
        if self.read.waiting() {
            put(buf, (area.right().saturating_sub(1), area.y), 1, cx.spinner(), cx.style(Role::Busy));
        }
        if let Some(end) = self.read.here().map(|way| way.end.as_str()).filter(|end| !end.is_empty()) {
            let place = Rect { x: area.x + 1, width: area.width.saturating_sub(3), ..area };
            let took = put_wrapped(buf, place, &cx.said(end), cx.style(Role::Warn)).min(area.height - 1);
            area = Rect { y: area.y + took, height: area.height - took, ..area };
        }
        let lines = self.lines(cx, usize::from(area.width.saturating_sub(4)));
        let (list, below) = pane::split(cx, area, self.table.room(cx), lines.len());
        self.table.view(cx, list, buf, "");
        pane::view(cx, below, buf, &lines);
    }
}
