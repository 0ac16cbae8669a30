//! A terminal that is written to only when a cell has changed: one write per frame, inside synchronized-update marks.
//!
//! The library's own terminal writes a few bytes for every frame even when nothing changed; this one compares first.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

/// Holds what a terminal shows and the way to it.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    whole: bool,
    utf8: bool,
}

impl<W: Write> Screen<W> {
    /// Takes a writer to a terminal of this size, of whose content nothing is known. Without `utf8` every character
    /// beyond ASCII becomes one that looks like it.
    pub fn new(out: W, size: Size, utf8: bool) -> Self {
        let area = Rect::new(0, 0, size.width, size.height);
        Self { out, shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, whole: true, utf8 }
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
        self.next.reset();
        let cursor = view(&mut self.next);
        if !self.utf8 {
            plain(&mut self.next);
        }
        if self.whole {
            self.shown.reset();
        }
        let updates = self.shown.diff(&self.next);
        if updates.is_empty() && cursor == self.cursor && !self.whole {
            return Ok(0);
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
            CrosstermBackend::new(&mut bytes).draw(updates.into_iter())?;
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
        Ok(bytes.len())
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn not_one_byte_is_written_when_nothing_changes() {
        let mut screen = Screen::new(Vec::new(), Size::new(20, 3), true);
        let frame = |text: &'static str, cursor| {
            move |buf: &mut Buffer| {
                buf.set_string(0, 0, text, Style::new());
                cursor
            }
        };
        assert!(screen.draw(frame("one", None)).unwrap() > 0);
        let written = screen.writer().len();
        assert_eq!(screen.draw(frame("one", None)).unwrap(), 0);
        assert_eq!(screen.writer().len(), written);
        assert!(screen.draw(frame("one", Some(Position::new(1, 1)))).unwrap() > 0);
        assert_eq!(screen.draw(frame("one", Some(Position::new(1, 1)))).unwrap(), 0);
        assert!(screen.draw(frame("two", Some(Position::new(1, 1)))).unwrap() > 0);
        screen.resize(Size::new(30, 3));
        assert!(screen.draw(frame("two", None)).unwrap() > 0);
    }

    #[test]
    fn a_terminal_without_utf8_gets_ascii_only() {
        let mut screen = Screen::new(Vec::new(), Size::new(20, 1), false);
        screen
            .draw(|buf| {
                buf.set_string(0, 0, "✓ ready … 生产", Style::new());
                None
            })
            .unwrap();
        assert!(screen.writer().is_ascii());
    }
}
