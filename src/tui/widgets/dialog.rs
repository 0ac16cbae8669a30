//! A box over what is there: centred, with a title in its border.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{blank, clear, columns, lay, put, width};

/// How wide a form is at most.
pub const FORM: u16 = 112;

/// Returns a box of at most this size in the middle of an area.
pub fn centred(area: Rect, wide: u16, high: u16) -> Rect {
    let (wide, high) = (wide.min(area.width), high.min(area.height));
    Rect { x: area.x + (area.width - wide) / 2, y: area.y + (area.height - high) / 2, width: wide, height: high }
}

/// Lets what lies under a box step back: its text stays readable, its colours and its selection do not call any more.
pub fn dim(cx: &Cx, buf: &mut Buffer, area: Rect) {
    let ground = Style::reset().patch(cx.style(Role::Ground));
    let (text, line) = (ground.patch(cx.style(Role::Faint)), ground.patch(cx.style(Role::Line)));
    let area = area.intersection(buf.area);
    cx.marks.cover(area);
    for position in area.positions() {
        let cell = &mut buf[position];
        if cell.symbol() == "▌" {
            blank(cell);
        }
        // What is only drawn stays as faint as it was, or it would come forward while the text steps back.
        let drawn = matches!(cell.symbol(), "─" | "│" | "▐" | "├" | "└" | "╭" | "╮" | "╰" | "╯");
        cell.set_style(if drawn { line } else { text });
    }
}

/// Draws an empty box with a title and returns the room inside it.
pub fn frame(cx: &Cx, area: Rect, buf: &mut Buffer, title: &str) -> Rect {
    let area = area.intersection(buf.area);
    // A wide character that reaches into the box would be drawn over its border.
    for y in area.top()..area.bottom() {
        if area.x > buf.area.x && width(buf[(area.x - 1, y)].symbol()) > 1 {
            blank(&mut buf[(area.x - 1, y)]);
        }
    }
    clear(buf, area);
    lay(buf, area, cx.style(Role::Panel));
    if area.width < 4 || area.height < 3 {
        return area;
    }
    let line = cx.style(Role::Line);
    let along = "─".repeat(usize::from(area.width - 2));
    for (y, left, right) in [(area.y, "╭", "╮"), (area.bottom() - 1, "╰", "╯")] {
        put(buf, (area.x, y), 1, left, line);
        put(buf, (area.x + 1, y), area.width - 2, &along, line);
        put(buf, (area.right() - 1, y), 1, right, line);
    }
    for y in area.y + 1..area.bottom() - 1 {
        put(buf, (area.x, y), 1, "│", line);
        put(buf, (area.right() - 1, y), 1, "│", line);
    }
    if !title.is_empty() {
        let room = area.width.saturating_sub(6);
        let took = columns(width(title)).min(room);
        put(buf, (area.x + 2, area.y), 1, " ", line);
        put(buf, (area.x + 3, area.y), room, title, cx.style(Role::Accent));
        put(buf, (area.x + 3 + took, area.y), 1, " ", line);
    }
    Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
}
