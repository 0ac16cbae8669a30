//! The commit message as it is written over several lines, in every review before a commit.
//!
//! What was proposed stays until something else is taken. The trailers by which a deployment is found again are none of its
//! lines: they are added when it is committed.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::form::{Field, Form};
use crate::widgets::put::{columns, piece, put, put_pieces, rule, width};

/// Begins to write.
pub static WRITE: Command = command("message.write", &["m"], 3);
static TAKE: Command = command("message.take", &["ctrl-s", "alt-enter"], 1);
static DROP: Command = command("message.drop", &["esc"], 2);

const ID: &str = "message";
/// How many lines are seen at once.
const ROWS: u16 = 10;
/// How long a subject may be before tools cut it off.
const SUBJECT: usize = 72;

/// Holds a message while it is written.
#[derive(Debug, Clone)]
pub struct Message {
    form: Form,
}

impl Message {
    /// Begins with a text.
    pub fn new(cx: &Cx, text: &str) -> Self {
        let mut form = Form::new(vec![Field::area(ID, cx.t("message.label"), text.trim_end(), ROWS)]);
        form.key(KeyEvent::from(KeyCode::End));
        Self { form }
    }

    /// Returns what can be done while it is written.
    pub fn commands() -> Vec<&'static Command> {
        vec![&TAKE, &DROP]
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) {
        self.form.key(key);
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.form.paste(text);
    }

    /// Returns what was written, without blank lines at its ends; nothing when it is blank.
    pub fn text(&self) -> Option<String> {
        let text = self.form.value(ID);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let text = lines.join("\n").trim_matches('\n').to_owned();
        (!text.trim().is_empty()).then_some(text)
    }

    /// Returns how many rows it takes of so many.
    pub fn rows(&self, room: u16) -> u16 {
        let lines = columns(self.form.value(ID).split('\n').count());
        (lines.clamp(2, ROWS) + 3).min(room)
    }

    /// Draws it at the foot of an area that is as high as [`Message::rows`] says.
    pub fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if area.height < 3 {
            return;
        }
        rule(cx, buf, Rect { height: 1, ..area });
        self.form.view(cx, Rect { y: area.y + 1, height: area.height - 3, ..area }, buf, true);
        let long = self.form.value(ID).lines().next().map(width).filter(|wide| *wide > SUBJECT);
        let (said, role) = match long {
            Some(wide) => (cx.tf("message.long", &[("count", &wide.to_string()), ("most", &SUBJECT.to_string())]), Role::Warn),
            None => (cx.t("message.trailers").to_owned(), Role::Faint),
        };
        put(buf, (area.x, area.bottom() - 2), area.width, &said, cx.style(role));
        let mut line = Vec::new();
        for command in Self::commands() {
            line.push(piece(cx.key(command), Role::Accent));
            line.push(piece(format!(" {}   ", cx.title(command)), Role::Text));
        }
        put_pieces(cx, buf, (area.x, area.bottom() - 1), area.width, &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Bench;
    use crate::words::Language;

    #[test]
    fn blank_ends_go_and_nothing_is_no_message() {
        let bench = Bench::new(80, 24, Language::English);
        for (text, wanted) in [
            ("Ship it  \n\nBecause.\n\n", Some("Ship it\n\nBecause.")),
            ("\n\nShip it", Some("Ship it")),
            (" \n\t\n", None),
            ("", None),
        ] {
            assert_eq!(Message::new(&bench.cx(), text).text().as_deref(), wanted, "{text:?}");
        }
    }
}
