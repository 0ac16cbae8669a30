//! How the Deployments tab looks: the list, and the selected deployment under it or in its place.

use domain::history::Brief;
use domain::link::LinkOf;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Deployments, Scope, detail};
use crate::cx::Cx;
use crate::spots::Aim;
use crate::theme::Role;
use crate::widgets::link;
use crate::widgets::put::{columns, piece, put_pieces, rule, width_of};
use crate::widgets::sheet::{self, Row};
use crate::widgets::stages;

/// How many rows of the body the list gets at least before the selected one is shown under it.
const LIST: u16 = 6;
/// How many rows the selected one needs to be worth showing.
const DETAIL: u16 = 9;

impl Deployments {
    pub(super) fn draw(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if area.width < 8 || area.height < 2 {
            return;
        }
        let selected = self.selected();
        let cluster = selected.and_then(|d| cx.world.environment(d.environment())).map(|e| e.cluster.0.clone());
        let area = link::over(cx, area, buf, |of| matches!(of, LinkOf::Cluster(c) if Some(c) == cluster.as_ref()));
        if let Some(deployment) = selected.filter(|_| self.detail) {
            return self.follow(cx, area, buf, deployment);
        }
        let head = Rect { height: 1, ..area };
        self.head(cx, head, buf);
        let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let roomy = body.height >= LIST + DETAIL && selected.is_some();
        let wanted = columns(self.table.room(cx)).saturating_add(2).max(LIST);
        let moved = cx.below.map(|below| body.height.saturating_sub(below).clamp(LIST, body.height.saturating_sub(2).max(LIST)));
        let list = match moved {
            _ if !roomy => body.height,
            Some(high) => high,
            None => wanted.min((body.height - DETAIL).max(body.height * 2 / 5)),
        };
        self.table.view(cx, Rect { height: list, ..body }, buf, cx.t("deployments.empty"));
        if let Some(deployment) = selected.filter(|_| roomy) {
            let below = Rect { y: body.y + list, height: body.height - list, ..body };
            rule(cx, buf, Rect { height: 1, ..below });
            cx.later(below);
            cx.spot(Rect { height: 1, ..below }, Aim::Line(below.bottom()));
            let place = Rect { y: below.y + 1, height: below.height - 1, ..below };
            self.follow(cx, place, buf, deployment);
        }
    }

    fn head(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let of = match self.scope {
            Scope::Environment => cx.desk.environment.as_ref().map(ToString::to_string),
            Scope::Project => cx.desk.at_project().map(ToString::to_string),
            Scope::All => None,
        };
        let of = of.unwrap_or_else(|| cx.t("deployments.all").to_owned());
        let total = cx.world.deployments.len().to_string();
        let count = cx.tf("deployments.count", &[("count", &self.table.rows().len().to_string()), ("total", &total)]);
        let chosen = cx.desk.environment.as_ref().filter(|_| self.wish == Scope::Environment && self.scope != Scope::Environment);
        let none = chosen.map(|id| cx.tf("deployments.none-of", &[("environment", &id.to_string())]));
        let pieces = [
            piece(format!(" {}  ", cx.t("deployments.title")), Role::Accent),
            piece(format!("{of}   "), Role::Text),
            piece(count, Role::Muted),
            piece(none.map_or_else(String::new, |text| format!("   {text}")), Role::Text),
        ];
        put_pieces(cx, buf, (area.x, area.y), area.width, &pieces);
    }

    /// Draws one deployment: what it is, its stages, what it waits for or why it failed. Of an old one the record is being read.
    fn follow(&self, cx: &Cx, area: Rect, buf: &mut Buffer, deployment: &Brief) {
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let (left, mut right) = detail::title(cx, deployment);
        // How long it usually takes is worth less than what it changes.
        if width_of(&left) + width_of(&right) + 2 > usize::from(inner.width) {
            right.truncate(1);
        }
        let wide = columns(width_of(&right)).min(inner.width);
        put_pieces(cx, buf, (inner.x, inner.y), inner.width.saturating_sub(wide + 2), &left);
        put_pieces(cx, buf, (inner.right() - wide, inner.y), wide, &right);
        let mut y = inner.y + 1;
        let mut place = |rows: u16| {
            let place = Rect { y, height: rows.min(inner.bottom().saturating_sub(y)), ..inner };
            y = (y + rows).min(inner.bottom());
            place
        };
        let origin = place(1);
        if origin.height > 0 {
            put_pieces(cx, buf, (origin.x + 2, origin.y), origin.width.saturating_sub(2), &detail::origin(cx, deployment));
        }
        let airy = inner.height > DETAIL;
        place(u16::from(airy));
        let bar = place(2);
        if let Some(whole) = self.whole() {
            stages::bar(cx, bar, buf, whole);
        }
        place(u16::from(airy));
        let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
        let rows = match (self.whole(), self.unread()) {
            (Some(whole), _) => {
                let mut rows = detail::rows(cx, (deployment, whole), &self.takers);
                rows.extend(self.changes.rows(cx, deployment, &cx.key(&super::CHANGED)));
                rows
            }
            (None, Some(trouble)) => detail::unread(cx, trouble),
            (None, None) => vec![Row::text(cx.spinner(), Role::Busy, format!(" {}", cx.t("deployments.recalling")), Role::Muted)],
        };
        sheet::view(cx, rest, buf, &rows, &self.scroll);
    }
}
