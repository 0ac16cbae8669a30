//! A pane that says more about the selected row: right under a short list, in the lower third under a long one, and beside the
//! list from [`BESIDE`] columns on, where the whole height is its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::spots::Aim;
use crate::theme::Role;
use crate::widgets::put::{Piece, columns, put, put_pieces, rule};

/// The least rows of a list above a pane: titles, three rows, and the filter.
const LIST: u16 = 5;

/// From how many columns on a pane stands beside its list.
pub const BESIDE: u16 = 160;
/// How wide it is then: three eighths, within these.
const WIDE: (u16, u16) = (64, 96);
/// How wide it is at least, wherever the line was moved.
const LEAST: u16 = 24;

/// Says how much room a pane has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// How many columns its lines have.
    pub wide: usize,
    /// Whether it stands beside the list and has its whole height.
    pub beside: bool,
}

/// Draws the pane of a list of so many rows, beside it or below; returns where the list goes.
pub fn around(cx: &Cx, area: Rect, buf: &mut Buffer, rows: usize, lines: impl FnOnce(Room) -> Vec<Vec<Piece<'static>>>) -> Rect {
    let wide = usize::from(area.width.saturating_sub(4));
    if area.width < BESIDE || area.height < LIST + 3 {
        let lines = lines(Room { wide, beside: false });
        let (list, below) = split(cx, area, rows, lines.len());
        view(cx, below, buf, &lines);
        return list;
    }
    let pane = match cx.beside {
        Some(wide) => wide.clamp(LEAST, area.width - BESIDE / 2),
        None => (area.width * 3 / 8).clamp(WIDE.0, WIDE.1),
    };
    let list = Rect { width: area.width - pane, ..area };
    let lines = lines(Room { wide: usize::from(pane - 4), beside: true });
    if lines.is_empty() {
        return area;
    }
    cx.later(Rect { x: list.right(), width: pane, ..area });
    cx.spot(Rect { x: list.right(), width: 1, ..area }, Aim::Side(area.right()));
    for y in area.top()..area.bottom() {
        put(buf, (list.right(), y), 1, "│", cx.style(Role::Line));
    }
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        put_pieces(cx, buf, (list.right() + 2, y), pane - 3, line);
    }
    list
}

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
