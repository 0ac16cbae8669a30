//! How the YAML tab looks: what is shown and where one is, the lines, and the search on the last one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::Row;
use super::{CHOOSE, Yaml};
use crate::cx::Cx;
use crate::tabs::deploy::pane::trouble_rows;
use crate::theme::Role;
use crate::widgets::put::{bar, columns, cut_middle, cut_path, lay, piece, put, put_pieces, put_right, put_wrapped, width};
use crate::widgets::sheet;
use crate::widgets::table::scrollbar;
use crate::widgets::yaml::after;

/// From how many columns on all documents are named beside the lines.
const OUTLINED: u16 = 140;

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
            (_, Some(trouble)) => sheet::view(cx, body, buf, &trouble_rows(cx, trouble), &self.scroll),
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
            (Some(_), None) if body.width >= OUTLINED => {
                let outline = body.width / 3;
                self.lines(cx, Rect { width: body.width - outline, ..body }, buf);
                self.outline(cx, Rect { x: body.right() - outline, width: outline, ..body }, buf);
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
        let findings = self.sheet.findings().len();
        let taken = if findings > 0 {
            let at = self.finding.map_or_else(String::new, |at| format!("{}/", at + 1));
            let said = format!("   {}", cx.tf("diff.findings", &[("count", &format!("{at}{findings}"))]));
            taken + put(buf, (area.x + taken, area.y), area.width.saturating_sub(taken), &said, cx.style(Role::Warn))
        } else {
            taken
        };
        let here = self.here().and_then(|at| self.sheet.documents().get(at)).map(|d| d.name.clone()).unwrap_or_default();
        let here = if cx.desk.busy { format!("{here} {}", cx.spinner()) } else { here };
        if usize::from(area.width.saturating_sub(taken)) > width(&here) + 3 {
            put_right(buf, Rect { width: area.width - 2, ..area }, &here, cx.style(Role::Muted));
        }
    }

    fn lines(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let total = self.sheet.len();
        let top = self.scroll.fit(total, usize::from(area.height));
        let digits = self.sheet.digits;
        let gutter = columns(digits) + 3;
        let found = self.finding.and_then(|at| self.sheet.findings().get(at).copied());
        for (y, at) in (area.top()..area.bottom()).zip(top..total) {
            let place = Rect { y, height: 1, width: area.width.saturating_sub(1), ..area };
            match self.sheet.row(at) {
                None | Some(Row::Blank) => {}
                Some(Row::Head(document)) => self.document(cx, place, buf, *document),
                Some(Row::Finding(glyph, role, text, within)) => {
                    let x = if *within { gutter } else { 1 }.min(area.width);
                    let pieces = [piece(format!("{glyph} "), *role), piece(text.clone(), *role)];
                    if found.is_some() && self.sheet.line_of(at) == found {
                        put(buf, (area.x, y), 1, "▌", cx.style(Role::Accent));
                    }
                    put_pieces(cx, buf, (area.x + x, y), area.width - x, &pieces);
                }
                Some(Row::Code(number, pieces, mark)) => {
                    put(buf, (area.x, y), gutter, &format!("{number:>digits$}"), cx.style(Role::Faint));
                    if let Some((glyph, role)) = mark {
                        put(buf, (area.x + columns(digits) + 1, y), 1, glyph, cx.style(*role));
                    }
                    let shown = after(pieces.clone(), self.scroll.left);
                    let code = Rect { x: area.x + gutter, width: area.width.saturating_sub(gutter + 1), ..place };
                    put_pieces(cx, buf, (code.x, y), code.width, &shown);
                    self.mark(cx, code, buf, at);
                }
            }
        }
        scrollbar(cx, area, buf, top, total);
    }

    /// Names all documents beside the lines, and marks the one that one is in.
    fn outline(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        bar(cx, buf, area);
        let documents = self.sheet.documents();
        let here = self.here();
        // Where there are more than lines, the one that one is in stays in sight.
        let height = usize::from(area.height);
        let first = here.unwrap_or(0).saturating_sub(height / 2).min(documents.len().saturating_sub(height));
        for (y, (at, document)) in (area.top()..area.bottom()).zip(documents.iter().enumerate().skip(first)) {
            let place = (area.x + 2, y);
            let role = if here == Some(at) { Role::Accent } else { Role::Text };
            let count = if document.findings > 0 { format!("  ▲ {}", document.findings) } else { String::new() };
            let room = area.width.saturating_sub(3 + columns(width(&count)));
            let name = cut_middle(&document.name, usize::from(room)).into_owned();
            let taken = put_pieces(cx, buf, place, area.width - 3, &[piece(name, role), piece(count, Role::Warn)]) + 2;
            let origin = cut_path(&document.origin, usize::from((area.width - 3).saturating_sub(taken)));
            put(buf, (place.0 + taken, y), area.width - 3 - taken.min(area.width - 3), &origin, cx.style(Role::Faint));
        }
    }

    /// Draws the line over a document: whether it is put away, its name, and where it comes from.
    fn document(&self, cx: &Cx, area: Rect, buf: &mut Buffer, at: usize) {
        let Some(document) = self.sheet.documents().get(at) else { return };
        let here = self.here() == Some(at);
        let sign = if document.folded { "▸ " } else { "▾ " };
        let role = if here { Role::Accent } else { Role::Text };
        let mut pieces = vec![piece(sign, role), piece(document.name.as_str(), role)];
        if document.folded && document.findings > 0 {
            pieces
                .push(piece(format!("   {}", cx.tf("diff.findings", &[("count", &document.findings.to_string())])), Role::Warn));
        }
        let taken = put_pieces(cx, buf, (area.x, area.y), area.width, &pieces) + 3;
        let origin = cut_path(&document.origin, usize::from(area.width.saturating_sub(taken)));
        put(buf, (area.x + taken, area.y), area.width.saturating_sub(taken), &origin, cx.style(Role::Faint));
    }

    /// Lays the colour of a hit over the place where the search occurs in a line.
    fn mark(&self, cx: &Cx, area: Rect, buf: &mut Buffer, at: usize) {
        let Some(line) = self.sheet.line_of(at).filter(|line| self.hits.binary_search(line).is_ok()) else { return };
        let text = self.sheet.text(line);
        let (lower, wanted) = (text.to_lowercase(), self.search.text().to_lowercase());
        let Some(place) = lower.find(&wanted) else { return };
        let from = columns(width(lower.get(..place).unwrap_or_default()).saturating_sub(self.scroll.left)).min(area.width);
        let wide = columns(width(&wanted)).min(area.width - from);
        lay(buf, Rect { x: area.x + from, width: wide, ..area }, cx.style(Role::Match));
        if self.hits.get(self.hit) == Some(&line) && area.x > 0 {
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
