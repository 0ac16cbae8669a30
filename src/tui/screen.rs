//! A terminal that is written to only when a cell has changed: one write per frame, inside synchronized-update marks.
//!
//! The library's own terminal writes a few bytes for every frame even when nothing changed; this one compares first. Lines that
//! went up or down together are moved by the terminal itself, and while keys go through a list no key costs more than
//! [`MOST`] bytes as long as its rows stay where they are.
#![expect(clippy::disallowed_methods, reason = "the last sieve: marks of our own take the place of what must not be seen")]

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use domain::redact;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};

use crate::capabilities::Capabilities;
use crate::later::Later;
use crate::widgets::put::{columns, width};

/// How many bytes a frame may take before the looks that can wait do wait.
pub const MOST: usize = 400;

/// What ends a frame: the look plain, the marks closed.
const END: usize = 12;

/// Says what became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// How many bytes were written.
    pub bytes: usize,
    /// Whether something of it is still to follow.
    pub held: bool,
}

/// Holds what a terminal shows and the way to it.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    whole: bool,
    capabilities: Capabilities,
}

mod pen;
mod shift;
#[cfg(test)]
mod tests;

use pen::Pen;
use shift::Shift;

impl<W: Write> Screen<W> {
    /// Takes a writer to a terminal of this size, of whose content nothing is known. Where it shows no UTF-8 every
    /// character beyond ASCII becomes one that looks like it.
    pub fn new(out: W, size: Size, capabilities: Capabilities) -> Self {
        let area = Rect::new(0, 0, size.width, size.height);
        Self { out, shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, whole: true, capabilities }
    }

    /// Forgets what the terminal shows, after something else drew on it; the next frame is drawn whole.
    pub const fn forget(&mut self) {
        self.whole = true;
    }

    /// Takes a new size; the next frame is drawn whole.
    pub fn resize(&mut self, size: Size) {
        let area = Rect::new(0, 0, size.width, size.height);
        if area != self.shown.area {
            self.shown = Buffer::empty(area);
            self.next = Buffer::empty(area);
            self.whole = true;
        }
    }

    /// Draws a frame and returns the bytes that were written: none when it looks like the last one.
    pub fn draw(&mut self, view: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<usize> {
        self.draw_first(view, Later::default).map(|drawn| drawn.bytes)
    }

    /// Draws a frame but for what may follow a moment later; there the last frame stays until then.
    pub fn draw_first(
        &mut self,
        view: impl FnOnce(&mut Buffer) -> Option<Position>,
        later: impl FnOnce() -> Later,
    ) -> io::Result<Drawn> {
        self.next.reset();
        let cursor = view(&mut self.next);
        if redact::any() {
            mask(&mut self.next);
        }
        if !self.capabilities.utf8 {
            plain(&mut self.next);
        }
        let (mut held, mut looks, mut shift) = (false, None, None);
        if self.whole {
            self.shown.reset();
        } else {
            let later = later();
            held = self.keep(&later.areas);
            shift = Shift::find(&self.shown, &self.next).filter(|_| self.capabilities.scrolls);
            if let Some(shift) = &shift {
                shift.apply(&mut self.shown);
            }
            looks = Looks::keep(&later.looks, &self.shown, &mut self.next);
        }
        let updates = with_halves(self.shown.diff(&self.next), &self.shown, &self.next);
        if updates.is_empty() && looks.is_none() && shift.is_none() && cursor == self.cursor && !self.whole {
            return Ok(Drawn { bytes: 0, held });
        }
        let mut bytes = Vec::with_capacity(updates.len() * 8 + 64);
        queue!(bytes, BeginSynchronizedUpdate)?;
        if self.cursor.is_some() || self.whole {
            queue!(bytes, Hide)?;
        }
        if self.whole {
            queue!(bytes, Clear(ClearType::All))?;
        }
        if let Some(shift) = &shift {
            shift.write(&mut bytes);
        }
        let mut pen = Pen::new(&mut bytes, self.capabilities.erases);
        pen.write(&updates, &self.next);
        if let Some(looks) = looks {
            held |= !looks.write(&mut pen, &mut self.next);
        }
        pen.rest();
        if let Some(Position { x, y }) = cursor {
            queue!(bytes, MoveTo(x, y), Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        self.out.write_all(&bytes)?;
        self.out.flush()?;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.cursor = cursor;
        self.whole = false;
        Ok(Drawn { bytes: bytes.len(), held })
    }

    /// Keeps what the last frame showed in areas; tells whether that is something else.
    fn keep(&mut self, areas: &[Rect]) -> bool {
        let (mut held, whole) = (false, self.next.area);
        for at in areas.iter().flat_map(|area| area.intersection(whole).positions()) {
            held |= self.next[at] != self.shown[at];
            self.next[at].clone_from(&self.shown[at]);
        }
        held
    }

    /// Writes bytes that are no frame: a bell, a clipboard sequence.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// Returns the writer.
    pub const fn writer(&self) -> &W {
        &self.out
    }
}

/// Holds rows whose look may follow.
#[derive(Debug)]
struct Looks {
    /// The rows, as parts of lines, and their cells as they were meant.
    rows: Vec<(Rect, Vec<Cell>)>,
}

impl Looks {
    /// Keeps the look that rows of these areas had, where nothing but that changed.
    fn keep(areas: &[Rect], shown: &Buffer, next: &mut Buffer) -> Option<Self> {
        let whole = next.area;
        let mut rows = Vec::new();
        for row in areas.iter().flat_map(|area| area.intersection(whole).rows()) {
            let at = next.index_of(row.x, row.y);
            let cells = at..at + usize::from(row.width);
            let (Some(new), Some(old)) = (next.content.get_mut(cells.clone()), shown.content.get(cells)) else { continue };
            if new != old && new.iter().zip(old).all(|(new, old)| new.symbol() == old.symbol()) {
                rows.push((row, new.to_vec()));
                new.clone_from_slice(old);
            }
        }
        (!rows.is_empty()).then_some(Self { rows })
    }

    /// Writes as much as there is room for into a frame; tells whether that was all.
    fn write(&self, pen: &mut Pen, next: &mut Buffer) -> bool {
        for (row, meant) in &self.rows {
            let mut updates = Vec::with_capacity(usize::from(row.width));
            // Half of a wide character belongs to what stands before.
            let halved = row.x > 0 && width(next[(row.x - 1, row.y)].symbol()) > 1;
            let mut x = row.x + u16::from(halved);
            while let Some(cell) = meant.get(usize::from(x - row.x)) {
                if *cell != next[(x, row.y)] {
                    updates.push((x, row.y, cell));
                }
                x += columns(width(cell.symbol())).max(1);
            }
            for part in pen::parts(&updates) {
                if !pen.try_part(part, next, MOST - END) {
                    return false;
                }
                for (x, y, cell) in part {
                    for x in *x..(*x + columns(width(cell.symbol())).max(1)).min(row.right()) {
                        let Some(cell) = meant.get(usize::from(x - row.x)) else { break };
                        next[(x, *y)].clone_from(cell);
                    }
                }
            }
        }
        true
    }
}

/// Covers every known secret that stands in a row: the last sieve, whatever drew it.
fn mask(buf: &mut Buffer) {
    let width = usize::from(buf.area.width).max(1);
    let mut text = String::new();
    let mut starts: Vec<usize> = Vec::new();
    for row in buf.content.chunks_mut(width) {
        text.clear();
        starts.clear();
        for cell in row.iter() {
            starts.push(text.len());
            text.push_str(cell.symbol());
        }
        for place in redact::places(&text) {
            for (cell, _) in row.iter_mut().zip(&starts).filter(|(_, at)| place.contains(at)) {
                cell.set_symbol("•");
            }
        }
    }
}

/// Adds the second half of each wide character whose first half is written over by a narrow one: what a terminal shows there then
/// is its own affair.
fn with_halves<'f>(updates: Vec<(u16, u16, &'f Cell)>, shown: &Buffer, next: &'f Buffer) -> Vec<(u16, u16, &'f Cell)> {
    let mut out: Vec<(u16, u16, &Cell)> = Vec::with_capacity(updates.len());
    let mut coming = updates.into_iter().peekable();
    while let Some((x, y, cell)) = coming.next() {
        out.push((x, y, cell));
        let torn = width(shown[(x, y)].symbol()) > 1 && width(cell.symbol()) < 2 && x + 1 < next.area.right();
        if torn && coming.peek().is_none_or(|(at, row, _)| (*at, *row) != (x + 1, y)) {
            out.push((x + 1, y, &next[(x + 1, y)]));
        }
    }
    out
}

/// Replaces every character beyond ASCII by one that looks like it.
fn plain(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let Some(first) = cell.symbol().chars().next() else { continue };
        let like = match first {
            // A letter with marks over it keeps the letter.
            c if c.is_ascii() => c,
            '✓' | '●' | '┼' | '╭' | '╮' | '╰' | '╯' | '├' | '└' => '+',
            // A cut text ends in what editors have always marked it with.
            '◐' | '◓' | '◑' | '◒' | '…' => '~',
            '▲' => '!',
            '✗' | '×' => 'x',
            '‖' => '=',
            '○' => 'o',
            '─' | '–' | '—' => '-',
            '│' | '▐' => '|',
            '·' => '.',
            '•' | '⎈' | '◆' | '★' => '*',
            '→' | '›' | '▌' => '>',
            '←' | '‹' => '<',
            '↑' => '^',
            '↓' => 'v',
            '“' | '”' => '"',
            _ => '?',
        };
        cell.set_char(like);
    }
}
