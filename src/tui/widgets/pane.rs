//! A pane that says more about the selected row: right under a short list, in two columns from `BESIDE` columns on; under a
//! long one in the lower third, or beside it from so many columns on, where the whole height is its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::spots::Aim;
use crate::widgets::put::{Piece, bar, columns, put_pieces, rule};

/// The least rows of a list above a pane: titles, three rows, and the filter.
const LIST: u16 = 5;

/// From how many columns on a pane stands beside a long list, and has two columns under a short one.
const BESIDE: u16 = 160;
/// How many lines a pane under a list needs to say everything.
const WHOLE: u16 = 16;
/// The space between the two columns of a pane.
const GAP: u16 = 4;
/// How wide it is then: three eighths, within these.
const WIDE: (u16, u16) = (64, 96);
/// How wide it is at least, wherever the line was moved.
const LEAST: u16 = 24;

/// Says how much room a pane has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// How many columns its lines have.
    pub wide: usize,
    /// Whether it is high enough to say everything.
    pub whole: bool,
}

/// Draws the pane of a list of so many rows, beside it or below; returns where the list goes.
pub fn around(cx: &Cx, area: Rect, buf: &mut Buffer, rows: usize, lines: impl FnOnce(Room) -> Vec<Vec<Piece<'static>>>) -> Rect {
    let long = rows + 2 >= usize::from(area.height) * 5 / 8;
    if area.width >= BESIDE && area.height >= LIST + 3 && long {
        return beside(cx, area, buf, lines);
    }
    let (list, below) = split(cx, area, rows, 1);
    if below.height == 0 {
        return list;
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), y: below.y + 1, height: below.height - 1 };
    let two = area.width >= BESIDE;
    let wide = if two { (inner.width - GAP) / 2 } else { inner.width };
    let lines = lines(Room { wide: usize::from(wide), whole: two && below.height > WHOLE });
    if lines.is_empty() {
        return area;
    }
    let (left, right) = lines.split_at(if two { halved(&lines) } else { lines.len() });
    frame(cx, below, buf);
    put_lines(cx, Rect { width: wide, ..inner }, buf, left);
    put_lines(cx, Rect { x: inner.right() - wide, width: wide, ..inner }, buf, right.get(1..).unwrap_or_default());
    list
}

fn beside(cx: &Cx, area: Rect, buf: &mut Buffer, lines: impl FnOnce(Room) -> Vec<Vec<Piece<'static>>>) -> Rect {
    let pane = match cx.beside {
        Some(wide) => wide.clamp(LEAST, area.width - BESIDE / 2),
        None => (area.width * 3 / 8).clamp(WIDE.0, WIDE.1),
    };
    let list = Rect { width: area.width - pane, ..area };
    let lines = lines(Room { wide: usize::from(pane - 4), whole: true });
    if lines.is_empty() {
        return area;
    }
    cx.later(Rect { x: list.right(), width: pane, ..area });
    cx.spot(Rect { x: list.right(), width: 1, ..area }, Aim::Side(area.right()));
    bar(cx, buf, Rect { x: list.right(), ..area });
    put_lines(cx, Rect { x: list.right() + 2, width: pane - 3, ..area }, buf, &lines);
    list
}

/// Returns the blank line at which lines fall into two parts that are as equal as can be; their end when there is none.
fn halved(lines: &[Vec<Piece>]) -> usize {
    let blank = lines.iter().enumerate().filter(|(_, line)| line.is_empty()).map(|(at, _)| at);
    blank.min_by_key(|at| (*at).max(lines.len() - at)).unwrap_or(lines.len())
}

fn put_lines(cx: &Cx, area: Rect, buf: &mut Buffer, lines: &[Vec<Piece>]) {
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        put_pieces(cx, buf, (area.x, y), area.width, line);
    }
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
    frame(cx, area, buf);
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), y: area.y + 1, height: area.height - 1 };
    put_lines(cx, inner, buf, lines);
}

/// Draws the line across, which can be pulled.
fn frame(cx: &Cx, area: Rect, buf: &mut Buffer) {
    rule(cx, buf, Rect { height: 1, ..area });
    cx.later(area);
    cx.spot(Rect { height: 1, ..area }, Aim::Line(area.bottom()));
}
