//! A pane right under a short list, which says more about the selected row; under a long list it keeps the lower third.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::spots::Aim;
use crate::widgets::put::{Piece, columns, put_pieces, rule};

/// The least rows of a list above a pane: titles, three rows, and the filter.
const LIST: u16 = 5;

/// Divides an area between a list of so many rows and a pane of so many lines; the pane may be empty.
///
/// What the filter leaves does not count, so that nothing moves while it is typed.
///
/// Where the line between them was moved, both are as high as that says.
pub fn split(cx: &Cx, area: Rect, rows: usize, lines: usize) -> (Rect, Rect) {
    let none = Rect { y: area.bottom(), height: 0, ..area };
    if lines == 0 || area.height < LIST + 3 {
        return (area, none);
    }
    // The same whichever row is selected, so that the line does not jump while one goes through the list.
    let least = area.height / 3;
    let high = match cx.below {
        Some(below) => area.height.saturating_sub(below).clamp(LIST, area.height.saturating_sub(2).max(LIST)),
        None => columns(rows.saturating_add(2)).clamp(LIST, (area.height - least - 1).max(LIST)),
    };
    let list = Rect { height: high, ..area };
    (list, Rect { y: list.bottom(), height: area.height - high, ..area })
}

/// Draws a line across and the pane's lines under it, as many as there is room for.
pub fn view(cx: &Cx, area: Rect, buf: &mut Buffer, lines: &[Vec<Piece>]) {
    if area.height == 0 {
        return;
    }
    rule(cx, buf, Rect { height: 1, ..area });
    cx.later(area);
    cx.spot(Rect { height: 1, ..area }, Aim::Line(area.bottom()));
    for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
        put_pieces(cx, buf, (area.x + 2, y), area.width.saturating_sub(4), line);
    }
}
