//! Recent commits of an environment's branch and path.

use domain::Time;
use domain::ident::EnvironmentId;
use domain::query::{Answer, CommitLine, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::put;
use crate::widgets::table::{Cell, Column, Row, Table, Width};

static COPY: Command = command("commits.copy", &["c"], 20);
const LIMIT: usize = 100;

impl Row for CommitLine {
    type Key = String;
    type Fields = Self;
    fn key(&self) -> String {
        self.id.to_string()
    }
    fn health(&self, _cx: &Cx) -> Option<domain::flux::Health> {
        None
    }
    fn fields(&self) -> &Self {
        self
    }
}

static COLUMNS: [Column<CommitLine>; 4] = [
    Column {
        id: "commit",
        priority: 0,
        width: Width::COMMIT,
        right: false,
        cell: |c, _| Cell::new(c.id.short().to_owned(), Role::Accent),
        order: Some(|a, b| a.id.as_str().cmp(b.id.as_str())),
    },
    Column {
        id: "age",
        priority: 2,
        width: Width::AGE,
        right: true,
        cell: |c, cx| Cell::new(cx.age_of(c.time), Role::Muted),
        order: Some(|a, b| b.time.cmp(&a.time)),
    },
    Column {
        id: "author",
        priority: 1,
        width: Width::Fit(6, 24),
        right: false,
        cell: |c, _| Cell::name(c.author.clone(), Role::Muted),
        order: Some(|a, b| a.author.cmp(&b.author)),
    },
    Column {
        id: "subject",
        priority: 0,
        width: Width::Grow(16),
        right: false,
        cell: |c, _| Cell::new(c.subject.clone(), Role::Text),
        order: Some(|a, b| a.subject.cmp(&b.subject)),
    },
];

/// Holds the commits of an environment.
#[derive(Debug)]
pub struct Commits {
    environment: EnvironmentId,
    waiting: Option<Ticket>,
    trouble: Option<String>,
    table: Table<CommitLine>,
}

impl Commits {
    /// Shows the commits of an environment.
    pub fn new(environment: EnvironmentId) -> Self {
        Self { environment, waiting: None, trouble: None, table: Table::new(&COLUMNS) }
    }
}

impl Tab for Commits {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        let mut out = self.table.commands();
        out.extend((self.table.selected().is_some() && !self.table.typing()).then_some(&COPY));
        out
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.table.typing()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter => {
                let Some(environment) = cx.world.environment(&self.environment) else { return vec![Effect::Close] };
                let ticket = cx.ticket();
                self.waiting = Some(ticket);
                let (branch, path) = (environment.gitops.branch.clone(), environment.gitops.path.clone());
                let query = Query::Commits { project: self.environment.project.clone(), branch, path, limit: LIMIT };
                return vec![Effect::Ask(ticket, query)];
            }
            TabMsg::Reply(ticket, answer) if self.waiting == Some(ticket) => {
                self.waiting = None;
                match answer {
                    Ok(Answer::Commits(commits)) => self.table.set(cx, commits),
                    Ok(_) => {}
                    Err(trouble) => self.trouble = Some(cx.trouble(&trouble)),
                }
            }
            TabMsg::Command("commits.copy") => {
                return self.table.selected().map(|c| Effect::Copy(c.id.to_string())).into_iter().collect();
            }
            TabMsg::Command(id) => {
                self.table.command(id);
            }
            TabMsg::Key(key) => self.table.key(key),
            TabMsg::Paste(text) => self.table.paste(&text),
            TabMsg::Wake => self.table.wake(cx.now),
            _ => {}
        }
        Effects::new()
    }

    fn deadline(&self) -> Option<Time> {
        self.table.deadline()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(4).min(120), area.height.saturating_sub(2));
        let inner = dialog::frame(cx, place, buf, &cx.tf("commits.title", &[("environment", &self.environment.to_string())]));
        if let Some(trouble) = &self.trouble {
            crate::widgets::put::put_wrapped(buf, inner, trouble, cx.style(Role::Bad));
        } else if self.waiting.is_some() {
            put(
                buf,
                (inner.x, inner.y),
                inner.width,
                &format!("{} {}", cx.spinner(), cx.t("commits.asking")),
                cx.style(Role::Muted),
            );
        } else {
            self.table.view(cx, inner, buf, cx.t("commits.empty"));
        }
    }
}
