//! The question before manifests are committed to a folder of a repository: what it comes to, and the diff of every file.

use domain::change::FileChange;
use domain::orders::{Order, Question};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::confirm;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, OrderTicket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog::{centred, frame};
use crate::widgets::diff_view::TextDiff;
use crate::widgets::put::{columns, piece, put_pieces};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::{self, Row};

static YES: Command = command("confirm.yes", &["y"], 1);
static NO: Command = command("confirm.no", &["n", "esc", "q"], 2);

/// Holds the order that is asked about.
#[derive(Debug)]
pub struct FleetReview {
    ticket: OrderTicket,
    order: Order,
    /// What it changes, compared once.
    diffs: Vec<TextDiff>,
    scroll: Scroll,
}

impl FleetReview {
    /// Builds the question before an order; gives the order back when it commits to no folder.
    pub fn of(ticket: OrderTicket, order: Order) -> Result<Self, Box<Order>> {
        let files = match &order {
            Order::SaveThroughFleet(order) => &order.plan.change.files,
            Order::CreateInGit(order) => &order.plan.change.files,
            _ => return Err(Box::new(order)),
        };
        let diff = |file: &FileChange| TextDiff::new(file.path.clone(), file.before.as_deref(), file.after.as_deref());
        let diffs = files.iter().map(diff).collect();
        Ok(Self { ticket, order, diffs, scroll: Scroll::default() })
    }

    fn rows(&self, cx: &Cx) -> Vec<Row> {
        let terms = self.order.terms();
        let said = confirm::said(cx, terms).unwrap_or_else(|| match terms.question() {
            Question::Confirm { text } => text,
            Question::None | Question::Type { .. } => String::new(),
        });
        let mut rows = vec![Row::text("", Role::Text, said, Role::Text)];
        rows.push(Row::Blank);
        rows.extend(sheet::changes(&self.diffs));
        rows.pop();
        rows
    }
}

impl Tab for FleetReview {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        [&YES, &NO].into_iter().chain(SCROLL).collect()
    }

    fn asks(&self) -> bool {
        true
    }

    fn update(&mut self, _cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Command("confirm.yes") => {
                vec![Effect::Give(self.ticket, self.order.clone()), Effect::Close]
            }
            TabMsg::Command("confirm.no") => vec![Effect::Close],
            TabMsg::Command(id) => {
                self.scroll.command(id);
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        let wide = area.width.saturating_sub(4).clamp(20, 110);
        let high = columns(sheet::height(&rows, wide.saturating_sub(4)) + 4).min(area.height);
        let inner = frame(cx, centred(area, wide, high), buf, cx.t("confirm.title"));
        if inner.height < 3 {
            return;
        }
        sheet::view(cx, Rect { height: inner.height - 2, ..inner }, buf, &rows, &self.scroll);
        let mut line = Vec::new();
        for command in [&YES, &NO] {
            line.push(piece(cx.key(command), Role::Accent));
            line.push(piece(format!(" {}   ", cx.title(command)), Role::Text));
        }
        put_pieces(cx, buf, (inner.x, inner.bottom() - 1), inner.width, &line);
    }
}
