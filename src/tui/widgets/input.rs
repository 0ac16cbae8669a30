//! One line of text that is being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::text::one_line;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{columns, put, width};

/// Holds a line of text and a cursor in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    cursor: usize,
}

impl Input {
    /// Builds one with a text; the cursor stands at its end.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Sets the text and puts the cursor at its end.
    pub fn set(&mut self, text: impl Into<String>) {
        *self = Self::new(text);
    }

    /// Tells whether the cursor stands at its end.
    pub const fn at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Puts the cursor at its beginning.
    pub const fn rewind(&mut self) {
        self.cursor = 0;
    }

    /// Takes a key and tells whether the text changed.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if ctrl => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('k') if ctrl => self.text.truncate(self.cursor),
            KeyCode::Char('w') if ctrl => {
                let kept = self.text[..self.cursor].trim_end();
                let last = kept.char_indices().next_back().map_or(0, |(at, _)| at);
                let word = kept.char_indices().rev().find(|(_, c)| !c.is_alphanumeric()).map_or(0, |(at, c)| at + c.len_utf8());
                let from = word.min(last);
                self.text.drain(from..self.cursor);
                self.cursor = from;
            }
            KeyCode::Char('a') if ctrl => return self.go(0),
            KeyCode::Char('e') if ctrl => return self.go(self.text.len()),
            KeyCode::Char(c) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
            }
            KeyCode::Backspace => {
                let from = self.before();
                if from == self.cursor {
                    return false;
                }
                self.text.drain(from..self.cursor);
                self.cursor = from;
            }
            KeyCode::Delete => {
                let to = self.after();
                if to == self.cursor {
                    return false;
                }
                self.text.drain(self.cursor..to);
            }
            KeyCode::Left => return self.go(self.before()),
            KeyCode::Right => return self.go(self.after()),
            KeyCode::Home => return self.go(0),
            KeyCode::End => return self.go(self.text.len()),
            _ => return false,
        }
        true
    }

    /// Takes pasted text, made one line.
    pub fn paste(&mut self, text: &str) -> bool {
        let line = one_line(text);
        self.text.insert_str(self.cursor, &line);
        self.cursor += line.len();
        !line.is_empty()
    }

    const fn go(&mut self, to: usize) -> bool {
        self.cursor = to;
        false
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |g| self.cursor + g.len())
    }

    /// Draws it on the first line of an area; with `focused` it shows the cursor. An empty one shows the placeholder.
    pub fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer, focused: bool, placeholder: &str) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        let room = usize::from(area.width);
        if self.text.is_empty() {
            put(buf, (area.x, area.y), area.width, placeholder, cx.style(Role::Faint));
        }
        // The cursor needs a column of its own behind the text; without it one reads from the beginning.
        let mut from = if focused { self.cursor } else { 0 };
        let mut taken = 0;
        for (at, grapheme) in self.text[..from].grapheme_indices(true).rev() {
            taken += width(grapheme);
            if taken >= room {
                break;
            }
            from = at;
        }
        let (mut to, mut taken) = (from, 0);
        for grapheme in self.text[from..].graphemes(true) {
            taken += width(grapheme);
            if taken > room {
                break;
            }
            to += grapheme.len();
        }
        put(buf, (area.x, area.y), area.width, &self.text[from..to], cx.style(Role::Text));
        if focused {
            cx.cursor_at(area.x + columns(width(&self.text[from..self.cursor])), area.y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(start: &str, keys: &[&str]) -> String {
        let mut input = Input::new(start);
        for key in keys {
            let chord = crate::keys::Chord::parse(key).unwrap_or_else(|| unreachable!("{key}"));
            let modifiers = if chord.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
            input.key(KeyEvent::new(chord.code, modifiers));
        }
        format!("{}|{}", &input.text[..input.cursor], &input.text[input.cursor..])
    }

    #[test]
    fn a_line_is_edited_by_graphemes() {
        let table: [(&str, &[&str], &str); 9] = [
            ("1.8.4", &["backspace", "5"], "1.8.5|"),
            ("生产", &["left", "x"], "生x|产"),
            ("e\u{301}a", &["left", "left", "delete"], "|a"),
            ("one two", &["ctrl-w"], "one |"),
            ("部署 生产", &["ctrl-w"], "部署 |"),
            ("生产。", &["ctrl-w"], "生产|"),
            ("one two", &["ctrl-u"], "|"),
            ("ab", &["home", "ctrl-k"], "|"),
            ("", &["backspace", "delete", "left", "right"], "|"),
        ];
        for (start, keys, want) in table {
            assert_eq!(typed(start, keys), want, "{start} {keys:?}");
        }
    }
}
