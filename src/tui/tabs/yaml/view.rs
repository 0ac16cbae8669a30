//! How the YAML tab looks: what is shown and where one is, the lines, and the search on the last one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::Row;
use super::{CHOOSE, Yaml};
use crate::cx::Cx;
use crate::tabs::deploy::pane::trouble_rows;
use crate::theme::Role;
use crate::widgets::put::{columns, lay, piece, put, put_pieces, put_right, put_wrapped, width};
use crate::widgets::sheet;
use crate::widgets::table::scrollbar;
use crate::widgets::yaml::after;

impl Yaml {
    pub(super) fn draw(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if area.width < 8 || area.height < 2 {
            return;
        }
        let inner = Rect { x: area.x + 1, width: area.width - 1, ..area };
        if cx.desk.environment.is_none() {
            let place = Rect { x: inner.x + 2, y: inner.y + 1, width: inner.width - 2, height: inner.height - 1 };
            put_wrapped(buf, place, &cx.tf("yaml.empty", &[("key", &cx.keymap.label(&CHOOSE))]), cx.style(Role::Muted));
            return;
        }
        self.head(cx, Rect { height: 1, ..inner }, buf);
        let searching = self.typing || !self.search.text().is_empty();
        let foot = u16::from(searching && inner.height > 3);
        let body = Rect { y: inner.y + 1, height: inner.height - 1 - foot, ..inner };
        match (&self.built, &cx.desk.trouble) {
            (_, Some(trouble)) => sheet::view(cx, body, buf, &trouble_rows(trouble), &self.scroll),
            (None, None) => {
                put(
                    buf,
                    (body.x, body.y),
                    body.width,
                    &format!("{} {}", cx.spinner(), cx.t("deploy.reading")),
                    cx.style(Role::Muted),
                );
            }
            (Some(preview), None) if self.files && preview.files.is_empty() => {
                put_wrapped(buf, body, cx.t("yaml.no-files"), cx.style(Role::Muted));
            }
            (Some(_), None) => self.lines(cx, body, buf),
        }
        if foot > 0 {
            self.foot(cx, Rect { y: inner.bottom() - 1, height: 1, ..inner }, buf);
        }
    }

    fn head(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let count = self.sheet.documents().len().to_string();
        let (title, key) = if self.files { ("yaml.files", "yaml.count-files") } else { ("yaml.rendered", "yaml.count-objects") };
        let whose = cx.desk.environment.as_ref().map(|e| format!("{} → {}", e.project, e.name)).unwrap_or_default();
        let pieces = [
            piece(format!("{}  ", cx.words.get(title)), Role::Accent),
            piece(format!("{whose}   "), Role::Text),
            piece(cx.tf(key, &[("count", &count)]), Role::Muted),
        ];
        let taken = put_pieces(cx, buf, (area.x, area.y), area.width, &pieces);
        let top = self.scroll.top();
        let here = self.sheet.documents().iter().rfind(|d| d.row <= top + 1).map(|d| d.name.clone()).unwrap_or_default();
        let here = if cx.desk.busy { format!("{here} {}", cx.spinner()) } else { here };
        if usize::from(area.width.saturating_sub(taken)) > width(&here) + 3 {
            put_right(buf, Rect { width: area.width - 2, ..area }, &here, cx.style(Role::Muted));
        }
    }

    fn lines(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let total = self.sheet.rows.len();
        let top = self.scroll.fit(total, usize::from(area.height));
        let digits = self.sheet.digits;
        let gutter = columns(digits) + 2;
        for (y, at) in (area.top()..area.bottom()).zip(top..total) {
            match &self.sheet.rows[at] {
                Row::Blank => {}
                Row::Title(text) => {
                    put(buf, (area.x, y), area.width, text, cx.style(Role::Accent));
                }
                Row::Finding(glyph, role, text, within) => {
                    let x = if *within { gutter } else { 0 }.min(area.width);
                    let pieces = [piece(format!("{glyph} "), *role), piece(text.clone(), *role)];
                    put_pieces(cx, buf, (area.x + x, y), area.width - x, &pieces);
                }
                Row::Code(number, pieces) => {
                    put(buf, (area.x, y), gutter, &format!("{number:>digits$}"), cx.style(Role::Faint));
                    let shown = after(pieces.clone(), self.scroll.left);
                    put_pieces(cx, buf, (area.x + gutter, y), area.width.saturating_sub(gutter + 1), &shown);
                    self.mark(
                        cx,
                        Rect { x: area.x + gutter, y, width: area.width.saturating_sub(gutter + 1), height: 1 },
                        buf,
                        at,
                    );
                }
            }
        }
        scrollbar(cx, area, buf, top, total);
    }

    /// Lays the colour of a hit over the place where the search occurs in a line.
    fn mark(&self, cx: &Cx, area: Rect, buf: &mut Buffer, at: usize) {
        if self.hits.binary_search(&at).is_err() {
            return;
        }
        let text = self.sheet.rows[at].text();
        let (lower, wanted) = (text.to_lowercase(), self.search.text().to_lowercase());
        let Some(place) = lower.find(&wanted) else { return };
        let from = columns(width(lower.get(..place).unwrap_or_default()).saturating_sub(self.scroll.left)).min(area.width);
        let wide = columns(width(&wanted)).min(area.width - from);
        lay(buf, Rect { x: area.x + from, width: wide, ..area }, cx.style(Role::Match));
        if self.hits.get(self.hit) == Some(&at) && area.x > 0 {
            put(buf, (area.x - 1, area.y), 1, "▌", cx.style(Role::Accent));
        }
    }

    fn foot(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let count = if self.hits.is_empty() { "0/0".to_owned() } else { format!("{}/{}", self.hit + 1, self.hits.len()) };
        put(buf, (area.x, area.y), 1, "/", cx.style(Role::Accent));
        let room = area.width.saturating_sub(columns(width(&count)) + 5);
        self.search.view(cx, Rect { x: area.x + 2, width: room, ..area }, buf, self.typing, cx.t("yaml.search-hint"));
        put_right(buf, Rect { width: area.width - 1, ..area }, &count, cx.style(Role::Muted));
    }
}
