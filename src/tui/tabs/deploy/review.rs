//! The last look before a commit: message, branch, files, findings and what happens then. `y` commits and pushes.
//!
//! It lies over the Deploy tab in place of a plain question, and shows the very preview whose digest goes with the order.

use domain::change::{Preview, Severity};
use domain::orders::{Deploy, Order};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{pane, verdict};
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, OrderTicket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog::{centred, frame};
use crate::widgets::put::{columns, piece};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::{self, Row};

const YES: Command = command("review.yes", &["y"], 1);
const APPLY: Command = command("review.apply", &["y"], 1);
const NO: Command = command("review.no", &["n", "esc"], 2);

/// Holds the order that is asked about.
#[derive(Debug)]
pub struct Review {
    ticket: OrderTicket,
    order: Deploy,
    scroll: Scroll,
}

impl Review {
    /// Builds the question before an order.
    pub fn new(ticket: OrderTicket, order: Deploy) -> Self {
        Self { ticket, order, scroll: Scroll::default() }
    }

    fn preview<'a>(&self, cx: &Cx<'a>) -> Option<&'a Preview> {
        cx.desk.preview.as_deref().filter(|p| Some(&p.digest) == self.order.reviewed.as_ref())
    }

    /// Tells whether there is something to say yes to: what is shown is what was previewed, and no check forbids it.
    fn can(&self, cx: &Cx) -> bool {
        self.preview(cx).is_some_and(|p| p.open_questions() == 0 && p.findings.iter().all(|f| f.severity < Severity::Error))
    }

    /// Returns what says yes.
    const fn yes(&self) -> &'static Command {
        if self.order.draft.manual.is_some() { &APPLY } else { &YES }
    }

    fn rows(&self, cx: &Cx) -> Vec<Row> {
        let Some(preview) = self.preview(cx) else {
            return vec![Row::text("", Role::Text, cx.t("review.none"), Role::Warn)];
        };
        let mut rows = facts(cx, preview);
        if !preview.summary.is_empty() {
            rows.push(Row::Blank);
            rows.extend(verdict::summary(cx, preview));
        }
        let risk = verdict::risk(cx, &preview.risk);
        if !risk.is_empty() {
            rows.push(Row::Blank);
            rows.extend(risk);
        }
        if self.order.draft.manual.is_none() {
            rows.push(Row::Blank);
            rows.push(Row::heading(cx.t("review.message")));
            rows.extend(preview.message.lines().map(|line| Row::text("  ", Role::Text, line, Role::Text)));
        }
        rows.push(Row::Blank);
        rows.push(Row::heading(cx.t("review.files")));
        for diff in pane::diffs(preview) {
            let (added, removed) = diff.counts();
            rows.push(Row::Line(vec![
                piece(format!("  {}  ", diff.name), Role::Text),
                piece(format!("+{added} "), Role::Ok),
                piece(format!("-{removed}"), Role::Bad),
            ]));
        }
        rows.push(Row::Blank);
        rows.extend(verdict::findings(cx, &preview.findings));
        rows.extend(pane::checks(cx, preview));
        let suspended = self.order.draft.restore.iter().flat_map(|restore| &restore.suspend);
        rows.extend(suspended.map(|key| {
            let text = cx.tf("diff.suspends", &[("automation", &key.to_string())]);
            Row::text("→ ", Role::Accent, text, Role::Text)
        }));
        rows.extend(preview.will.iter().map(|will| Row::text("→ ", Role::Accent, cx.said(will), Role::Text)));
        rows
    }
}

fn facts(cx: &Cx, preview: &Preview) -> Vec<Row> {
    let pair = |key: &str, value: String| Row::text(format!("{}  ", cx.words.get(key)), Role::Muted, value, Role::Text);
    vec![
        pair("review.branch", format!("{}  ({})", preview.branch, preview.base.short())),
        pair("review.author", preview.author.clone()),
    ]
}

impl Tab for Review {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        self.can(cx).then_some(self.yes()).into_iter().chain([&NO]).chain(SCROLL).collect()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Command("review.yes" | "review.apply") if self.can(cx) => {
                vec![Effect::Give(self.ticket, Order::Deploy(self.order.clone())), Effect::Close]
            }
            TabMsg::Command("review.no") => vec![Effect::Close],
            TabMsg::Command(id) => {
                self.scroll.command(id);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        let wide = area.width.saturating_sub(4).clamp(20, 96);
        let high = sheet::height(&rows, wide.saturating_sub(4)) + 4;
        let title = if self.order.draft.manual.is_some() { "review.title-manual" } else { "review.title" };
        let title = cx.tf(title, &[("environment", &self.order.draft.environment.to_string())]);
        let inner = frame(cx, centred(area, wide, columns(high)), buf, &title);
        if inner.height < 3 {
            return;
        }
        let body = Rect { height: inner.height - 2, ..inner };
        sheet::view(cx, body, buf, &rows, &self.scroll);
        let mut ask = Vec::new();
        if self.can(cx) {
            ask.push(piece(cx.keymap.label(self.yes()), Role::Accent));
            ask.push(piece(format!(" {}   ", cx.title(self.yes())), Role::Text));
        } else {
            ask.push(piece(format!("✗ {}   ", cx.t("review.forbidden")), Role::Bad));
        }
        ask.push(piece(cx.keymap.label(&NO), Role::Accent));
        ask.push(piece(format!(" {}", cx.title(&NO)), Role::Text));
        crate::widgets::put::put_pieces(cx, buf, (inner.x, inner.bottom() - 1), inner.width, &ask);
    }

    fn asks(&self) -> bool {
        true
    }
}
