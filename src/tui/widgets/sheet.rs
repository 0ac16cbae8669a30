//! A sheet that is read from top to bottom: lines of pieces, wrapped sentences, small changes; scrolled when it is long.

use manifest::diff::Line;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::diff_view::brief;
use crate::widgets::put::{Piece, columns, piece, put, put_pieces, width, wrap};
use crate::widgets::scroll::Scroll;
use crate::widgets::table::scrollbar;

/// Holds one row of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// Nothing.
    Blank,
    /// Pieces on one line, cut at the edge.
    Line(Vec<Piece<'static>>),
    /// A sentence that goes on as many lines as it needs, under its own beginning and not under what leads it.
    Text(Piece<'static>, Piece<'static>),
    /// A changed line, and how many digits line numbers have.
    Change(Line, usize),
}

impl Row {
    /// Builds a heading.
    pub fn heading(text: impl Into<String>) -> Self {
        Self::Line(vec![piece(text.into(), Role::Accent)])
    }

    /// Builds a sentence with what leads it.
    pub fn text(lead: impl Into<String>, lead_role: Role, text: impl Into<String>, role: Role) -> Self {
        Self::Text(piece(lead.into(), lead_role), piece(text.into(), role))
    }

    fn lines(&self, wide: u16) -> Vec<String> {
        match self {
            Self::Text(lead, text) => {
                let safe = domain::text::display(&text.text, true);
                let mut lines = wrap(&safe, usize::from(wide).saturating_sub(width(&lead.text)).max(1));
                if lines.is_empty() {
                    lines.push(String::new());
                }
                lines
            }
            _ => vec![String::new()],
        }
    }
}

/// Returns how many lines rows take at a width.
pub fn height(rows: &[Row], wide: u16) -> usize {
    rows.iter().map(|r| r.lines(wide).len()).sum()
}

/// Draws rows from where one has scrolled to.
pub fn view(cx: &Cx, area: Rect, buf: &mut Buffer, rows: &[Row], scroll: &Scroll) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let total = height(rows, area.width);
    let long = total > usize::from(area.height);
    let inner = if long { Rect { width: area.width.saturating_sub(1), ..area } } else { area };
    let total = if long { height(rows, inner.width) } else { total };
    let top = scroll.fit(total, usize::from(area.height));
    let mut at = 0;
    for row in rows {
        let lines = row.lines(inner.width);
        for (nth, text) in lines.iter().enumerate() {
            if at >= top + usize::from(area.height) {
                break;
            }
            if at >= top {
                let place = Rect { y: area.y + columns(at - top), height: 1, ..inner };
                draw(cx, place, buf, row, (nth, text));
            }
            at += 1;
        }
    }
    scrollbar(cx, area, buf, top, total);
}

fn draw(cx: &Cx, area: Rect, buf: &mut Buffer, row: &Row, (nth, text): (usize, &str)) {
    match row {
        Row::Blank => {}
        Row::Line(pieces) => {
            put_pieces(cx, buf, (area.x, area.y), area.width, pieces);
        }
        Row::Text(lead, body) => {
            let indent = columns(width(&lead.text)).min(area.width.saturating_sub(1));
            if nth == 0 {
                put(buf, (area.x, area.y), indent, &lead.text, cx.style(lead.role));
            }
            put(buf, (area.x + indent, area.y), area.width - indent, text, cx.style(body.role));
        }
        Row::Change(line, digits) => brief(cx, area, buf, line, *digits),
    }
}
