//! The last look before a commit: message, branch, files, findings and what happens then. `y` commits and pushes.
//!
//! It lies over the Deploy tab in place of a plain question, and shows the very preview whose digest goes with the order.

use std::cell::OnceCell;

use domain::change::{Preview, Severity};
use domain::orders::{Deploy, Order};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{pane, verdict};
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, OrderTicket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog::{centred, frame};
use crate::widgets::message::{self, Message};
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
    /// The files, and how many lines are added to and removed from each; counted once.
    files: OnceCell<Vec<(String, (usize, usize))>>,
    /// The message, while it is written.
    message: Option<Message>,
}

impl Review {
    /// Builds the question before an order.
    pub fn new(ticket: OrderTicket, order: Deploy) -> Self {
        Self { ticket, order, scroll: Scroll::default(), files: OnceCell::new(), message: None }
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

    /// Returns the message that goes with the commit.
    fn written<'a>(&'a self, preview: &'a Preview) -> &'a str {
        self.order.draft.message.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&preview.message)
    }

    /// Takes the message as it was written; it stays with the draft when the commit is put off.
    fn take(&mut self) -> Effects {
        let Some(text) = self.message.take().and_then(|message| message.text()) else { return Effects::new() };
        self.order.draft.message = Some(text);
        vec![Effect::Desk(Change::Draft(Some(self.order.draft.clone())))]
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
            rows.extend(self.written(preview).lines().map(|line| Row::text("  ", Role::Text, line, Role::Text)));
        }
        rows.push(Row::Blank);
        rows.push(Row::heading(cx.t("review.files")));
        let count = || pane::diffs(preview).into_iter().map(|diff| (diff.name.clone(), diff.counts())).collect();
        for (name, (added, removed)) in self.files.get_or_init(count) {
            rows.push(Row::Line(vec![
                piece(format!("  {name}  "), Role::Text),
                piece(format!("+{added} "), Role::Ok),
                piece(format!("-{removed}"), Role::Bad),
            ]));
        }
        rows.push(Row::Blank);
        rows.extend(verdict::findings(cx, &preview.findings));
        rows.extend(pane::checks(cx, preview));
        let others = self.order.draft.restore.iter().flat_map(|restore| verdict::of_others(cx, restore));
        rows.extend(others.map(|told| Row::text("▲ ", Role::Warn, told, Role::Text)));
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
        if self.message.is_some() {
            return Message::commands();
        }
        let write = (self.can(cx) && self.order.draft.manual.is_none()).then_some(&message::WRITE);
        self.can(cx).then_some(self.yes()).into_iter().chain(write).chain([&NO]).chain(SCROLL).collect()
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.message.is_some()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Command("review.yes" | "review.apply") if self.can(cx) => {
                vec![Effect::Give(self.ticket, Order::Deploy(self.order.clone())), Effect::Close]
            }
            TabMsg::Command("review.no") => vec![Effect::Close],
            TabMsg::Command("message.write") => {
                self.message = self.preview(cx).map(|preview| Message::new(cx, self.written(preview)));
                Vec::new()
            }
            TabMsg::Command("message.take") => self.take(),
            TabMsg::Command("message.drop") => {
                self.message = None;
                Vec::new()
            }
            TabMsg::Key(key) => {
                self.message.iter_mut().for_each(|message| message.key(key));
                Vec::new()
            }
            TabMsg::Paste(text) => {
                self.message.iter_mut().for_each(|message| message.paste(&text));
                Vec::new()
            }
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
        let foot = self.message.as_ref().map_or(2, |message| message.rows(area.height.saturating_sub(6)));
        let high = sheet::height(&rows, wide.saturating_sub(4)) + 2 + usize::from(foot);
        let title = if self.order.draft.manual.is_some() { "review.title-manual" } else { "review.title" };
        let title = cx.tf(title, &[("environment", &self.order.draft.environment.to_string())]);
        let inner = frame(cx, centred(area, wide, columns(high)), buf, &title);
        if inner.height < 3 {
            return;
        }
        let body = Rect { height: inner.height.saturating_sub(foot), ..inner };
        sheet::view(cx, body, buf, &rows, &self.scroll);
        if let Some(message) = &self.message {
            return message.view(cx, Rect { y: body.bottom(), height: inner.bottom() - body.bottom(), ..inner }, buf);
        }
        let mut ask = Vec::new();
        if self.can(cx) {
            ask.push(piece(cx.keymap.label(self.yes()), Role::Accent));
            ask.push(piece(format!(" {}   ", cx.title(self.yes())), Role::Text));
        } else {
            ask.push(piece(format!("✗ {}   ", cx.t("review.forbidden")), Role::Bad));
        }
        if self.commands(cx).iter().any(|command| command.id == message::WRITE.id) {
            ask.push(piece(cx.keymap.label(&message::WRITE), Role::Accent));
            ask.push(piece(format!(" {}   ", cx.title(&message::WRITE)), Role::Text));
        }
        ask.push(piece(cx.keymap.label(&NO), Role::Accent));
        ask.push(piece(format!(" {}", cx.title(&NO)), Role::Text));
        crate::widgets::put::put_pieces(cx, buf, (inner.x, inner.bottom() - 1), inner.width, &ask);
    }

    fn asks(&self) -> bool {
        true
    }
}
