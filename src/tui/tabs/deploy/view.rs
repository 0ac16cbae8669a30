//! How Deploy looks: the form, where the field with the focus stands, and what the change will do.

use domain::ident::EnvironmentId;
use domain::orders::Order;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{ANSWER, CHOOSE, Deploy, PANE, Submit, pane, verdict};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::dialog::dim;
use crate::widgets::put::{bar, clear, columns, cut, lay, piece, put, put_pieces, put_right, put_wrapped, width, wrap};
use crate::widgets::sheet::{self, Row};

impl Deploy {
    pub(super) fn draw(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if area.width < 4 || area.height < 2 {
            return;
        }
        let Some(environment) = &self.environment else {
            return empty(cx, area, buf);
        };
        let side_by_side = !Self::narrow(cx);
        let left = if side_by_side { area.width * 11 / 20 } else { area.width };
        self.left(cx, Rect { width: left, ..area }, buf, environment);
        let right = Rect { x: area.x + left, width: area.width - left, ..area };
        if side_by_side {
            bar(cx, buf, right);
            self.right(cx, inside(right), buf);
        } else if self.covered {
            let over = Rect { y: area.y + 1, height: area.height - 1, ..area };
            clear(buf, over);
            lay(buf, over, cx.style(Role::Text));
            self.right(cx, inside(over), buf);
        }
        if let Some(dialog) = &self.dialog {
            dim(cx, buf, area);
            dialog.view(cx, area, buf);
        }
    }

    fn left(&self, cx: &Cx, area: Rect, buf: &mut Buffer, environment: &EnvironmentId) {
        self.title(cx, Rect { height: 1, ..area }, buf, environment);
        let rest = Rect { y: area.y + 2, height: area.height.saturating_sub(2), width: area.width.saturating_sub(1), ..area };
        let Some(open) = &self.open else {
            if let Some(trouble) = self.asks.trouble() {
                sheet::view(cx, inside(rest), buf, &pane::trouble_rows(cx, trouble), &self.scroll);
            } else {
                let text = format!("{} {}", cx.spinner(), cx.t("deploy.reading"));
                put(buf, (rest.x + 2, rest.y), rest.width.saturating_sub(2), &text, cx.style(Role::Muted));
            }
            return;
        };
        let summary = u16::from(Self::narrow(cx));
        let said = if open.has_place() { open.whereabouts(cx) } else { Vec::new() };
        let wide = usize::from(rest.width.saturating_sub(3));
        let lines: Vec<String> = said.iter().flat_map(|s| wrap(s, wide)).collect();
        // A low screen shows the form first.
        let foot = columns(lines.len() + 1).min(rest.height / 4);
        let form = Rect { height: rest.height.saturating_sub(foot + summary), ..rest };
        // Under a question there is nothing to type, so there is no cursor.
        let asked = matches!(self.submit, Submit::Given(_)) || self.dropping.is_some() || self.dialog.is_some();
        let took = open.fields.form.view(cx, form, buf, self.focused && !self.covered && !asked);
        let below = Rect { y: rest.y + (took + 1).min(form.height + 1), height: foot.saturating_sub(1), ..rest };
        for (line, y) in lines.iter().zip(below.top()..below.bottom()) {
            put(buf, (below.x + 2, y), below.width.saturating_sub(3), line, cx.style(Role::Muted));
        }
        if summary > 0 && rest.height > 2 {
            self.summary(cx, Rect { y: rest.bottom() - 1, height: 1, ..rest }, buf);
        }
    }

    fn title(&self, cx: &Cx, area: Rect, buf: &mut Buffer, environment: &EnvironmentId) {
        let workload = self.open.as_ref().map(|o| o.facts.workload.to_string()).unwrap_or_default();
        let pieces = [
            piece(format!(" {}  ", cx.t("deploy.title")), Role::Accent),
            piece(environment.project.to_string(), Role::Text),
            piece(" → ", Role::Faint),
            piece(environment.name.to_string(), Role::Text),
            piece(format!("   {workload}"), Role::Muted),
        ];
        let taken = put_pieces(cx, buf, (area.x, area.y), area.width, &pieces);
        let state = self.open.as_ref().filter(|o| !o.draft().is_empty()).map_or("", |_| self.kept(cx, environment));
        if usize::from(area.width.saturating_sub(taken)) > width(state) + 3 {
            put_right(buf, Rect { width: area.width - 2, ..area }, state, cx.style(Role::Changed));
        }
    }

    /// Says whether the draft is on disk: not before the order that keeps it is done.
    fn kept<'a>(&self, cx: &Cx<'a>, environment: &EnvironmentId) -> &'a str {
        let keeps = |order: &Order| matches!(order, Order::KeepDraft(keep) if keep.draft.environment == *environment);
        let open = !cx.may(domain::actor::Role::Operator) || self.asks.unkept() || cx.running.values().any(keeps);
        cx.t(if open { "deploy.draft-open" } else { "deploy.draft" })
    }

    /// One line that says what the change will do, where there is no room for more.
    fn summary(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let key = cx.keymap.label(&PANE);
        let (text, role) = match (self.refused.as_ref().or_else(|| self.asks.trouble()), self.asks.preview()) {
            (Some(trouble), _) => (format!("✗ {}", cx.said(&trouble.what)), Role::Bad),
            (None, Some(preview)) if !preview.asks.is_empty() => {
                let key = cx.keymap.label(&ANSWER);
                (format!("? {}", cx.tf("deploy.ask-how", &[("key", &key)])), Role::Warn)
            }
            (None, Some(_)) => (self.sentence.clone(), Role::Text),
            (None, None) => (format!("{} {}", cx.spinner(), cx.t("deploy.computing")), Role::Muted),
        };
        let hint = format!("{key} {}", cx.title(&PANE));
        let room = usize::from(area.width).saturating_sub(width(&hint) + 6);
        put(buf, (area.x + 2, area.y), columns(room), &cut(&text, room), cx.style(role));
        put_right(buf, Rect { width: area.width.saturating_sub(1), ..area }, &hint, cx.style(Role::Accent));
    }

    fn right(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let mut rows = Vec::new();
        if self.busy_submitting(cx) {
            rows.push(Row::text(format!("{} ", cx.spinner()), Role::Busy, cx.t("deploy.submitting"), Role::Busy));
            rows.push(Row::Blank);
        }
        if let Some(refused) = &self.refused {
            rows.extend(pane::trouble_rows(cx, refused));
            rows.push(Row::Blank);
        }
        if let Some(trouble) = self.asks.trouble().filter(|_| self.open.is_some()) {
            rows.extend(pane::trouble_rows(cx, trouble));
        }
        if let Some(preview) = self.asks.preview() {
            let asks = verdict::asks(cx, &preview.asks, &cx.keymap.label(&ANSWER));
            let gap = (!asks.is_empty()).then_some(Row::Blank);
            rows.extend(asks);
            rows.extend(gap);
            rows.extend(self.rows.iter().cloned());
        } else if self.asks.busy() {
            rows.push(Row::text(format!("{} ", cx.spinner()), Role::Busy, cx.t("deploy.computing"), Role::Muted));
        }
        sheet::view(cx, area, buf, &rows, &self.scroll);
        if self.asks.busy() && self.asks.preview().is_some() && area.width > 2 {
            put(buf, (area.right() - 1, area.y), 1, cx.spinner(), cx.style(Role::Busy));
        }
    }
}

fn inside(area: Rect) -> Rect {
    Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(3), ..area }
}

fn empty(cx: &Cx, area: Rect, buf: &mut Buffer) {
    let text = cx.tf("deploy.empty", &[("key", &cx.keymap.label(&CHOOSE))]);
    let place =
        Rect { x: area.x + 3, y: area.y + 2.min(area.height - 1), width: area.width - 4, height: area.height.saturating_sub(2) };
    put_wrapped(buf, place, &text, cx.style(Role::Muted));
}
