//! How the Diff tab looks.

use domain::change::Preview;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::rows::{Row, findings};
use super::{CHOOSE, Diff, FORM, View};
use crate::cx::Cx;
use crate::tabs::deploy::pane::trouble_rows;
use crate::theme::Role;
use crate::widgets::diff_view::{TextDiff, split, title, unified};
use crate::widgets::put::{piece, put, put_pieces, put_right, put_wrapped, rule};
use crate::widgets::sheet;
use crate::widgets::table::scrollbar;

impl Diff {
    pub(super) fn draw(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if area.width < 8 || area.height < 2 {
            return;
        }
        let inner = Rect { x: area.x + 1, width: area.width - 1, ..area };
        if cx.desk.environment.is_none() {
            let place = Rect { x: inner.x + 2, y: inner.y + 1, width: inner.width - 2, height: inner.height - 1 };
            put_wrapped(buf, place, &cx.tf("diff.empty", &[("key", &cx.keymap.label(&CHOOSE))]), cx.style(Role::Muted));
            return;
        }
        self.head(cx, Rect { height: 1, ..inner }, buf);
        let body = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
        if let Some(trouble) = &cx.desk.trouble {
            return sheet::view(cx, body, buf, &trouble_rows(cx, trouble), &self.scroll);
        }
        let Some(preview) = &self.built else {
            put(
                buf,
                (body.x, body.y),
                body.width,
                &format!("{} {}", cx.spinner(), cx.t("deploy.reading")),
                cx.style(Role::Muted),
            );
            return;
        };
        if let Some(trouble) = preview.render_trouble.as_ref().filter(|_| self.view != View::Git) {
            return sheet::view(cx, body, buf, &trouble_rows(cx, trouble), &self.scroll);
        }
        if self.view == View::Live && self.unasked(cx, preview, body, buf) {
            return;
        }
        let told = self.view == View::Live && self.rows(cx).iter().any(|row| matches!(row, Row::Told(_)));
        if self.diffs.is_empty() && preview.open_questions() == 0 && !told {
            let text = cx.tf("diff.nothing", &[("branch", &preview.branch), ("key", &cx.keymap.label(&FORM))]);
            let place = Rect { x: body.x + 2, width: body.width.saturating_sub(4), ..body };
            let under = put_wrapped(buf, place, &text, cx.style(Role::Muted)) + 1;
            // What checks find in Git as it is has to be seen too.
            if !findings(self.rows(cx)).is_empty() && body.height > under {
                self.lines(cx, Rect { y: body.y + under, height: body.height - under, ..body }, buf);
            }
            return;
        }
        self.lines(cx, body, buf);
    }

    /// Says that the cluster is being asked, why it could not be, or what it waits for; tells whether there was something to say.
    fn unasked(&self, cx: &Cx, preview: &Preview, body: Rect, buf: &mut Buffer) -> bool {
        match self.live.of(preview) {
            Some(Ok(_)) => return false,
            Some(Err(trouble)) => sheet::view(cx, body, buf, &trouble_rows(cx, trouble), &self.scroll),
            None if preview.open_questions() > 0 => return false,
            None => {
                let text = format!("{} {}", cx.spinner(), cx.t("diff.live-asking"));
                put(buf, (body.x, body.y), body.width, &text, cx.style(Role::Muted));
            }
        }
        true
    }

    fn head(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let (added, removed) = self.diffs.iter().map(TextDiff::counts).fold((0, 0), |(a, r), (x, y)| (a + x, r + y));
        let count = self.diffs.len().to_string();
        let (name, key) = match self.view {
            View::Git => ("diff.view-git", "yaml.count-files"),
            View::Rendered => ("diff.view-rendered", "yaml.count-objects"),
            View::Live => ("diff.view-live", "yaml.count-objects"),
        };
        let whose = cx.desk.environment.as_ref().map(|e| format!("{} → {}", e.project, e.name)).unwrap_or_default();
        let mut pieces = vec![
            piece(format!("{}  ", cx.words.get(name)), Role::Accent),
            piece(format!("{whose}   "), Role::Text),
            piece(cx.tf(key, &[("count", &count)]), Role::Muted),
        ];
        if added + removed > 0 {
            pieces.push(piece(format!("  +{added}"), Role::Ok));
            pieces.push(piece(format!(" -{removed}"), Role::Bad));
        }
        let moved: usize = self.diffs.iter().map(TextDiff::moved).sum();
        if moved > 0 {
            pieces.push(piece(format!("  {}", cx.tf("diff.moved", &[("count", &moved.to_string())])), Role::Changed));
        }
        let count = findings(self.rows(cx)).len();
        if count > 0 {
            let at = self.finding.map_or_else(String::new, |at| format!("{}/", at + 1));
            pieces.push(piece(format!("   {}", cx.tf("diff.findings", &[("count", &format!("{at}{count}"))])), Role::Warn));
        }
        put_pieces(cx, buf, (area.x, area.y), area.width, &pieces);
        if cx.desk.busy {
            put_right(buf, Rect { width: area.width - 1, ..area }, cx.spinner(), cx.style(Role::Busy));
        }
    }

    fn lines(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        let top = self.scroll.fit(rows.len(), usize::from(area.height));
        let left = self.scroll.left;
        for (y, row) in (area.top()..area.bottom()).zip(rows.iter().skip(top)) {
            let place = Rect { y, height: 1, width: area.width.saturating_sub(1), ..area };
            match row {
                Row::Blank => {}
                Row::Told(pieces) => {
                    put_pieces(cx, buf, (place.x, y), place.width, pieces);
                }
                Row::Finding(number, pieces) => {
                    let here = number.is_some() && *number == self.finding;
                    put(buf, (place.x, y), 1, if here { "▌" } else { "" }, cx.style(Role::Accent));
                    put_pieces(cx, buf, (place.x + 1, y), place.width.saturating_sub(1), pieces);
                }
                Row::Listed(file) => {
                    if let Some(diff) = self.diffs.get(*file) {
                        title(cx, place, buf, diff);
                    }
                }
                Row::File(file) => {
                    rule(cx, buf, place);
                    if let Some(diff) = self.diffs.get(*file) {
                        title(cx, place, buf, diff);
                    }
                }
                Row::Hunk(_, (old, new)) => {
                    put(buf, (place.x, y), place.width, &format!("@@ -{old} +{new} @@"), cx.style(Role::Changed));
                }
                Row::Line(line, digits) => unified(cx, place, buf, line, (*digits, left)),
                Row::Pair(pair, digits) => split(cx, place, buf, pair, (*digits, left)),
            }
        }
        scrollbar(cx, area, buf, top, rows.len());
    }
}
