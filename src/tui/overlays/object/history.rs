//! What the object's status keeps of its past: content applied by a Kustomization, releases of a HelmRelease.

use domain::detail::history::{Past, Release, Snapshot};
use domain::flux::{Health, ObjectKey};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Subject, View};
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::Effects;
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::pane;
use crate::widgets::put::{piece, wrap};
use crate::widgets::summary::{LABEL, Line, field};
use crate::widgets::table::{Cell, Column, Row, Table, Width};

/// Tells whether a kind keeps its history.
pub(super) fn suits(key: &ObjectKey) -> bool {
    matches!(&*key.kind, "Kustomization" | "HelmRelease" | "ResourceSet" | "FluxInstance")
}

impl Row for Past {
    type Key = String;
    type Fields = Self;
    fn key(&self) -> String {
        match self {
            Self::Snapshot(s) => s.digest.clone(),
            Self::Release(r) => r.version.to_string(),
        }
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        Some(Self::health(self))
    }
    fn fields(&self) -> &Self {
        self
    }
}

const fn release(past: &Past) -> Option<&Release> {
    if let Past::Release(release) = past { Some(release) } else { None }
}

const fn snapshot(past: &Past) -> Option<&Snapshot> {
    if let Past::Snapshot(snapshot) = past { Some(snapshot) } else { None }
}

fn short(digest: &str) -> String {
    let hex = digest.rsplit_once(':').map_or(digest, |(_, hex)| hex);
    hex.get(..12).unwrap_or(hex).to_owned()
}

fn last(past: &Past) -> Option<domain::Time> {
    match past {
        Past::Snapshot(s) => s.last,
        Past::Release(r) => r.last,
    }
}

static SNAPSHOTS: [Column<Past>; 6] = [
    Column {
        id: "revision",
        priority: 0,
        width: Width::REVISION,
        right: false,
        cell: |p, _| snapshot(p).map_or_else(Cell::default, |s| Cell::of(format::revision(&s.revision))),
        order: None,
    },
    Column {
        id: "result",
        priority: 0,
        width: Width::Fit(8, 28),
        right: false,
        cell: |p, _| snapshot(p).map_or_else(Cell::default, |s| Cell::new(s.status.clone(), Past::health(p).into())),
        order: None,
    },
    Column {
        id: "age",
        priority: 0,
        width: Width::AGE,
        right: true,
        cell: |p, cx| Cell::new(cx.age_of(last(p)), Role::Text),
        order: None,
    },
    Column {
        id: "took",
        priority: 2,
        width: Width::Fit(6, 14),
        right: true,
        cell: |p, _| snapshot(p).map_or_else(Cell::default, |s| Cell::new(s.took.clone(), Role::Muted)),
        order: None,
    },
    Column {
        id: "times",
        priority: 3,
        width: Width::Fixed(6),
        right: true,
        cell: |p, _| snapshot(p).map_or_else(Cell::default, |s| Cell::new(format!("×{}", s.times), Role::Muted)),
        order: None,
    },
    Column {
        id: "digest",
        priority: 4,
        width: Width::Grow(12),
        right: false,
        cell: |p, _| snapshot(p).map_or_else(Cell::default, |s| Cell::new(short(&s.digest), Role::Faint)),
        order: None,
    },
];

static RELEASES: [Column<Past>; 8] = [
    Column {
        id: "release",
        priority: 0,
        width: Width::Fixed(5),
        right: true,
        cell: |p, _| release(p).map_or_else(Cell::default, |r| Cell::new(format!("v{}", r.version), Role::Accent)),
        order: None,
    },
    Column {
        id: "result",
        priority: 0,
        width: Width::Fit(8, 20),
        right: false,
        cell: |p, _| release(p).map_or_else(Cell::default, |r| Cell::new(r.status.clone(), Past::health(p).into())),
        order: None,
    },
    Column {
        id: "chart",
        priority: 0,
        width: Width::Fit(8, 36),
        right: false,
        cell: |p, _| {
            release(p).map_or_else(Cell::default, |r| Cell::name(format!("{} {}", r.chart, r.chart_version), Role::Text))
        },
        order: None,
    },
    Column {
        id: "app",
        priority: 2,
        width: Width::Fit(5, 18),
        right: false,
        cell: |p, _| release(p).map_or_else(Cell::default, |r| Cell::name(r.app_version.clone(), Role::Muted)),
        order: None,
    },
    Column {
        id: "age",
        priority: 0,
        width: Width::AGE,
        right: true,
        cell: |p, cx| Cell::new(cx.age_of(last(p)), Role::Text),
        order: None,
    },
    Column {
        id: "act",
        priority: 4,
        width: Width::Fit(6, 12),
        right: false,
        cell: |p, _| release(p).map_or_else(Cell::default, |r| Cell::new(r.action.clone(), Role::Muted)),
        order: None,
    },
    Column {
        id: "tests",
        priority: 3,
        width: Width::Fit(5, 14),
        right: false,
        cell: |p, _| release(p).map_or_else(Cell::default, tests),
        order: None,
    },
    Column {
        id: "values",
        priority: 5,
        width: Width::Grow(12),
        right: false,
        cell: |p, _| release(p).map_or_else(Cell::default, |r| Cell::new(short(&r.config), Role::Faint)),
        order: None,
    },
];

fn tests(release: &Release) -> Cell {
    let passed = release.tests.iter().filter(|t| t.phase == "Succeeded").count();
    let failed = release.tests.iter().any(|t| t.phase == "Failed");
    match release.tests.len() {
        0 => Cell::new("–", Role::Faint),
        all => Cell::new(format!("{passed}/{all}"), if failed { Role::Bad } else { Role::Ok }),
    }
}

/// Holds the history.
#[derive(Debug)]
pub(super) struct History {
    table: Table<Past>,
}

impl History {
    /// Builds it.
    pub(super) fn new() -> Self {
        Self { table: Table::new(&SNAPSHOTS) }
    }

    fn refresh(&mut self, cx: &Cx, of: &Subject) {
        let Some(whole) = of.whole.here() else { return };
        let rows = whole.history();
        let another = rows.first().is_some_and(|r| release(r).is_some()) && self.table.rows().is_empty();
        if another {
            self.table = Table::new(&RELEASES);
        }
        self.table.set(cx, rows);
    }

    /// Returns everything about the selected entry.
    fn lines(&self, cx: &Cx, wide: usize) -> Vec<Line> {
        let Some(past) = self.table.selected() else { return Vec::new() };
        let at = |time: Option<domain::Time>| time.map(|t| cx.moment(t)).unwrap_or_default();
        let all = match past {
            Past::Snapshot(s) => vec![
                ("object.revision", s.revision.to_string()),
                ("object.origin", s.origin.to_string()),
                ("object.first", at(s.first)),
                ("object.last", at(s.last)),
                ("object.digest", s.digest.clone()),
            ],
            Past::Release(r) => vec![
                ("object.first", at(r.first)),
                ("object.last", at(r.last)),
                ("object.deleted", at(r.deleted)),
                ("object.config", r.config.clone()),
                ("object.digest", r.digest.clone()),
                ("object.oci", r.oci.clone()),
            ],
        };
        let mut out: Vec<Line> = Vec::new();
        for (key, value) in all.into_iter().filter(|(_, value)| !value.is_empty()) {
            out.extend(wrap(&value, wide.saturating_sub(LABEL)).into_iter().map(|l| field(cx, key, vec![piece(l, Role::Text)])));
        }
        for test in release(past).into_iter().flat_map(|r| &r.tests) {
            let role = if test.phase == "Failed" { Role::Bad } else { Role::Text };
            let text = format!("{}  {}  {}", test.name, test.phase, at(test.completed.or(test.started)));
            out.push(field(cx, "object.test", vec![piece(text, role)]));
        }
        out
    }
}

impl View for History {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        self.table.commands()
    }

    fn typing(&self) -> bool {
        self.table.typing()
    }

    fn update(&mut self, cx: &Cx, of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command(id) => {
                self.table.command(id);
            }
            TabMsg::Key(key) => self.table.key(*key),
            TabMsg::Paste(text) => self.table.paste(text),
            TabMsg::Enter | TabMsg::Desk => self.refresh(cx, of),
            _ => {}
        }
        Effects::new()
    }

    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        self.table.selected().map(|past| match past {
            Past::Snapshot(s) => s.revision.to_string(),
            Past::Release(r) => format!("{} {}", r.chart, r.chart_version),
        })
    }

    fn view(&self, cx: &Cx, of: &Subject, area: Rect, buf: &mut Buffer) {
        let area = of.whole.head(cx, area, buf);
        if area.height < 3 {
            return;
        }
        let lines = self.lines(cx, usize::from(area.width.saturating_sub(4)));
        let (list, below) = pane::split(cx, area, self.table.room(cx), lines.len());
        self.table.view(cx, list, buf, cx.t("object.no-history"));
        pane::view(cx, below, buf, &lines);
    }
}
