//! A sheet that is read from top to bottom: lines of pieces, wrapped sentences, small changes; scrolled when it is long.

use manifest::diff::Line;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::Command;
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::dialog::{centred, frame};
use crate::widgets::diff_view::{TextDiff, brief};
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
                let mut lines = wrap(&text.text, usize::from(wide).saturating_sub(width(&lead.text)).max(1));
                if lines.is_empty() {
                    lines.push(String::new());
                }
                lines
            }
            _ => vec![String::new()],
        }
    }
}

/// Returns what changed in files: each with how many lines came and went, then its lines, then an empty one.
pub fn changes(files: &[TextDiff]) -> Vec<Row> {
    let mut rows = Vec::new();
    for file in files {
        let (digits, (added, removed)) = (file.digits(), file.counts());
        rows.push(Row::Line(vec![
            piece(format!("{}  ", file.name), Role::Accent),
            piece(format!("+{added} "), Role::Ok),
            piece(format!("-{removed}"), Role::Bad),
        ]));
        let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
        rows.extend(lines.map(|line| Row::Change(line.clone(), digits)));
        rows.push(Row::Blank);
    }
    rows
}

/// Returns how many lines rows take at a width.
pub fn height(rows: &[Row], wide: u16) -> usize {
    rows.iter().map(|r| r.lines(wide).len()).sum()
}

/// Returns the lines of each row at a width.
fn laid(rows: &[Row], wide: u16) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.lines(wide)).collect()
}

/// Holds a sheet that lies over the tab in a frame, as wide as `widest` at most and as high as it needs.
pub struct Framed<'a> {
    /// The title.
    pub title: &'a str,
    /// The rows.
    pub rows: &'a [Row],
    /// How far it is scrolled.
    pub scroll: &'a Scroll,
    /// How wide it may be.
    pub widest: u16,
    /// How many lines under it are wanted; one after an empty one when absent.
    pub foot: Option<u16>,
}

/// Draws a sheet in a frame; returns the lines under it, which are free, when there is room for them.
pub fn framed(cx: &Cx, area: Rect, buf: &mut Buffer, sheet: &Framed) -> Option<Rect> {
    let wide = area.width.saturating_sub(4).clamp(20, sheet.widest);
    let foot = sheet.foot.unwrap_or(2);
    let lines = laid(sheet.rows, wide.saturating_sub(4));
    let high = columns(lines.iter().map(Vec::len).sum::<usize>() + 2 + usize::from(foot)).min(area.height);
    let inner = frame(cx, centred(area, wide, high), buf, sheet.title);
    if inner.height < 3 {
        return None;
    }
    let body = Rect { height: inner.height.saturating_sub(foot), ..inner };
    let lines = if body.width == wide.saturating_sub(4) { lines } else { laid(sheet.rows, body.width) };
    show(cx, body, buf, (sheet.rows, lines), sheet.scroll);
    let from = body.bottom() + u16::from(sheet.foot.is_none());
    Some(Rect { y: from, height: inner.bottom() - from, ..inner })
}

/// Draws what can be answered: keys with their titles, of the commands whose ids begin so.
pub fn answers(cx: &Cx, line: Rect, buf: &mut Buffer, commands: Vec<&'static Command>, begin: &[&str]) {
    let mut pieces = Vec::new();
    for command in commands.into_iter().filter(|command| begin.iter().any(|begin| command.id.starts_with(begin))) {
        pieces.push(piece(cx.key(command), Role::Accent));
        pieces.push(piece(format!(" {}   ", cx.title(command)), Role::Text));
    }
    put_pieces(cx, buf, (line.x, line.y), line.width, &pieces);
}

/// Draws rows from where one has scrolled to.
pub fn view(cx: &Cx, area: Rect, buf: &mut Buffer, rows: &[Row], scroll: &Scroll) {
    if area.width > 0 && area.height > 0 {
        show(cx, area, buf, (rows, laid(rows, area.width)), scroll);
    }
}

/// Draws rows whose lines at the area's width are known.
fn show(cx: &Cx, area: Rect, buf: &mut Buffer, (rows, lines): (&[Row], Vec<Vec<String>>), scroll: &Scroll) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let total = |lines: &[Vec<String>]| lines.iter().map(Vec::len).sum::<usize>();
    let long = total(&lines) > usize::from(area.height);
    let inner = if long { Rect { width: area.width.saturating_sub(1), ..area } } else { area };
    let lines = if long { laid(rows, inner.width) } else { lines };
    let total = total(&lines);
    let top = scroll.fit(total, usize::from(area.height));
    let all = rows.iter().zip(&lines).flat_map(|(row, lines)| lines.iter().enumerate().map(move |line| (row, line)));
    for (at, (row, (nth, text))) in all.skip(top).take(usize::from(area.height)).enumerate() {
        let place = Rect { y: area.y + columns(at), height: 1, ..inner };
        draw(cx, place, buf, row, (nth, text));
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
