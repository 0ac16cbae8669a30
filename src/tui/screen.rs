//! A terminal that is written to only when a cell has changed: one write per frame, inside synchronized-update marks.
//!
//! The library's own terminal writes a few bytes for every frame even when nothing changed; this one compares first.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use domain::redact;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};

use crate::capabilities::Capabilities;
use crate::widgets::put::width;

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
#[cfg(test)]
mod tests;

use pen::Pen;

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
        self.draw_first(view, Vec::new).map(|drawn| drawn.bytes)
    }

    /// Draws a frame but for areas that may follow a moment later; there the last frame stays until then.
    pub fn draw_first(
        &mut self,
        view: impl FnOnce(&mut Buffer) -> Option<Position>,
        later: impl FnOnce() -> Vec<Rect>,
    ) -> io::Result<Drawn> {
        self.next.reset();
        let cursor = view(&mut self.next);
        if redact::any() {
            mask(&mut self.next);
        }
        let mut held = false;
        if !self.whole {
            let whole = self.next.area;
            for at in later().into_iter().flat_map(|area| area.intersection(whole).positions()) {
                held |= self.next[at] != self.shown[at];
                self.next[at].clone_from(&self.shown[at]);
            }
        }
        if !self.capabilities.utf8 {
            plain(&mut self.next);
        }
        if self.whole {
            self.shown.reset();
        }
        let updates = with_halves(self.shown.diff(&self.next), &self.shown, &self.next);
        if updates.is_empty() && cursor == self.cursor && !self.whole {
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
        if !updates.is_empty() {
            Pen::new(&mut bytes, self.capabilities.erases).write(&updates, &self.next);
        }
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
        let Some(first) = cell.symbol().chars().next().filter(|c| !c.is_ascii()) else { continue };
        let like = match first {
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
