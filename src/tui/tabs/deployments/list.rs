//! The rows and columns of the list of deployments.

use std::cmp::Ordering;

use domain::deployment::{Method, StageName, Status};
use domain::flux::Health;
use domain::history::{Brief, Mark};
use domain::ident::DeploymentId;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::piece;
use crate::widgets::stages;
use crate::widgets::table::{self, Cell, Column, Width};

/// Holds one deployment as a row.
#[derive(Debug, Clone)]
pub(super) struct Row(pub(super) Brief);

impl table::Row for Row {
    type Key = DeploymentId;
    type Fields = Brief;

    fn key(&self) -> DeploymentId {
        self.0.to_id()
    }

    fn health(&self, _: &Cx) -> Option<Health> {
        health(self.0.status())
    }

    fn fields(&self) -> &Brief {
        &self.0
    }

    fn same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        // The newest come first, and ids grow with time.
        Some(other.0.id().cmp(self.0.id()))
    }

    fn version(&self) -> u64 {
        let state = |mark: Mark| match mark {
            Mark::Pending => 0,
            Mark::Running => 1,
            Mark::Waiting => 2,
            Mark::Done | Mark::Skipped => 3,
            Mark::Failed => 4,
        };
        StageName::ALL.into_iter().fold(self.0.status() as u64, |sum, name| sum * 8 + state(self.0.mark(name)))
    }
}

/// Returns glyph and colour of a status; one that was overtaken has none.
pub(super) const fn health(status: Status) -> Option<Health> {
    match status {
        Status::Running => Some(Health::Busy),
        Status::Waiting => Some(Health::Off),
        Status::Succeeded => Some(Health::Ok),
        Status::Failed => Some(Health::Bad),
        Status::Superseded => None,
    }
}

/// Returns the word of a status in the operator's language.
pub(super) fn status<'a>(cx: &Cx<'a>, status: Status) -> &'a str {
    cx.t(match status {
        Status::Running => "deployments.status.running",
        Status::Waiting => "deployments.status.waiting",
        Status::Succeeded => "deployments.status.succeeded",
        Status::Failed => "deployments.status.failed",
        Status::Superseded => "deployments.status.superseded",
    })
}

/// Returns the words for a method in the operator's language.
pub(super) fn method<'a>(cx: &Cx<'a>, method: Method) -> &'a str {
    cx.t(match method {
        Method::Manual => "deployments.method.manual",
        Method::GitopsUi => "deployments.method.gitops-ui",
        Method::GitopsGit => "deployments.method.gitops-git",
        Method::Pipeline => "deployments.method.pipeline",
    })
}

/// Returns what a deployment changes, in short: its summary, else the first line of its message.
pub(super) fn change(cx: &Cx, deployment: &Brief) -> String {
    cx.changes(deployment.method(), deployment.change())
}

fn status_cell(row: &Row, cx: &Cx) -> Cell {
    let role = health(row.0.status()).map_or(Role::Faint, Role::from);
    Cell::new(status(cx, row.0.status()).to_owned(), role)
}

fn stages_cell(row: &Row, cx: &Cx) -> Cell {
    let glyphs = StageName::ALL.into_iter().map(|name| stages::sign(cx, row.0.mark(name)));
    Cell::of(glyphs.map(|(glyph, role)| piece(glyph, role)).collect())
}

fn commit_cell(row: &Row, _: &Cx) -> Cell {
    Cell::new(row.0.commit().get(..7).unwrap_or("–").to_owned(), Role::Muted)
}

fn took_cell(row: &Row, cx: &Cx) -> Cell {
    let unknown = row.0.is_over() && row.0.finished().is_none();
    let took = if unknown { "–".to_owned() } else { cx.took(row.0.requested(), row.0.finished()) };
    Cell::new(took, Role::Muted)
}

/// Returns how far a deployment has come: the stages that are through, then those that are on their way.
fn reached(row: &Row) -> (usize, usize) {
    let count = |on: fn(Mark) -> bool| StageName::ALL.into_iter().filter(|name| on(row.0.mark(*name))).count();
    let through = count(|mark| matches!(mark, Mark::Done | Mark::Skipped));
    (through, count(|mark| matches!(mark, Mark::Running | Mark::Waiting)))
}

/// Returns how long a deployment took, in seconds; nothing while it is on its way.
fn took(row: &Row) -> Option<i64> {
    row.0.finished().map(|finished| finished.as_second() - row.0.requested().as_second())
}

/// The columns.
pub(super) static COLUMNS: &[Column<Row>] = &[
    Column {
        id: "deployment.id",
        priority: 5,
        width: Width::Fixed(6),
        right: false,
        cell: |row, _| Cell::new(row.0.short().to_owned(), Role::Muted),
        order: Some(|a, b| b.0.id().cmp(a.0.id())),
    },
    Column {
        id: "deployment.environment",
        priority: 0,
        width: Width::Fit(11, 28),
        right: false,
        cell: |row, _| Cell::name(row.0.environment().to_string(), Role::Text),
        order: Some(|a, b| a.0.environment().cmp(b.0.environment())),
    },
    Column {
        id: "deployment.status",
        priority: 2,
        width: Width::Fit(9, 12),
        right: false,
        cell: status_cell,
        order: Some(|a, b| a.0.status().cmp(&b.0.status())),
    },
    Column {
        id: "deployment.stages",
        priority: 0,
        width: Width::Fixed(6),
        right: false,
        cell: stages_cell,
        order: Some(|a, b| reached(a).cmp(&reached(b))),
    },
    Column {
        id: "deployment.change",
        priority: 0,
        width: Width::Upto(24, 60),
        right: false,
        cell: |row, cx| Cell::new(change(cx, &row.0), Role::Text),
        order: Some(|a, b| a.0.change().cmp(b.0.change())),
    },
    Column {
        id: "deployment.commit",
        priority: 3,
        width: Width::COMMIT,
        right: false,
        cell: commit_cell,
        order: Some(|a, b| a.0.commit().cmp(b.0.commit())),
    },
    Column {
        id: "deployment.by",
        priority: 4,
        width: Width::Fit(3, 16),
        right: false,
        cell: |row, _| Cell::name(row.0.actor().login.clone(), Role::Muted),
        order: Some(|a, b| a.0.actor().login.cmp(&b.0.actor().login)),
    },
    Column {
        id: "deployment.method",
        priority: 7,
        width: Width::Fit(6, 16),
        right: false,
        cell: |row, cx| Cell::new(method(cx, row.0.method()).to_owned(), Role::Faint),
        order: Some(|a, b| a.0.method().word().cmp(b.0.method().word())),
    },
    Column {
        id: "deployment.took",
        priority: 6,
        width: Width::Fixed(7),
        right: true,
        cell: took_cell,
        order: Some(|a, b| took(b).cmp(&took(a))),
    },
    Column {
        id: "deployment.age",
        priority: 1,
        width: Width::AGE,
        right: true,
        cell: |row, cx| Cell::new(cx.age(row.0.requested()), Role::Muted),
        order: Some(|a, b| b.0.requested().cmp(&a.0.requested())),
    },
];
