//! YAML with its keys, strings, numbers and comments told apart, by the scanner of `manifest`.

use std::sync::Arc;

use manifest::yaml::{Token, TokenKind, highlight};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, columns, piece, put, put_pieces};

/// Holds a YAML text, scanned once.
#[derive(Debug, Clone, Default)]
pub struct YamlText {
    text: Option<Arc<str>>,
    lines: Vec<(usize, usize)>,
    tokens: Vec<Vec<Token>>,
}

impl YamlText {
    /// Scans a text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        let start = text.as_ptr() as usize;
        let lines = text.lines().map(|l| (l.as_ptr() as usize - start, l.len())).collect();
        Self { lines, tokens: highlight(&text), text: Some(text) }
    }

    /// Returns how many lines it has.
    pub const fn len(&self) -> usize {
        self.lines.len()
    }

    /// Tells whether it has no line.
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns a line as text.
    pub fn line(&self, at: usize) -> &str {
        let text = self.text.as_deref().unwrap_or_default();
        self.lines.get(at).and_then(|(from, len)| text.get(*from..from + len)).unwrap_or_default()
    }

    /// Returns a line in its parts.
    pub fn pieces(&self, at: usize) -> Vec<Piece<'_>> {
        let line = self.line(at);
        let tokens = self.tokens.get(at).map_or(&[][..], Vec::as_slice);
        tokens.iter().map(|t| piece(line.get(t.range.clone()).unwrap_or_default(), role(t.kind))).collect()
    }

    /// Draws lines from `top` on, with line numbers when `numbers` is set, scrolled `left` columns.
    pub fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer, (top, left): (usize, usize), numbers: bool) {
        let gutter = if numbers { columns(self.len().to_string().len()) + 2 } else { 0 };
        for (y, at) in (area.top()..area.bottom()).zip(top..self.len()) {
            if numbers {
                let number = format!("{:>1$}", at + 1, usize::from(gutter) - 2);
                put(buf, (area.x, y), gutter, &number, cx.style(Role::Faint));
            }
            put_pieces(cx, buf, (area.x + gutter, y), area.width.saturating_sub(gutter), &after(self.pieces(at), left));
        }
    }
}

/// Returns the role of a kind of token.
pub const fn role(kind: TokenKind) -> Role {
    match kind {
        TokenKind::Key => Role::Key,
        TokenKind::String => Role::String,
        TokenKind::Number | TokenKind::Bool | TokenKind::Null => Role::Number,
        TokenKind::Comment => Role::Comment,
        TokenKind::Anchor => Role::Changed,
        TokenKind::Punctuation | TokenKind::DocMarker => Role::Faint,
        TokenKind::Text => Role::Text,
    }
}

/// Leaves out the first characters of pieces.
pub fn after(pieces: Vec<Piece<'_>>, mut left: usize) -> Vec<Piece<'_>> {
    if left == 0 {
        return pieces;
    }
    let mut out = Vec::new();
    for part in pieces {
        let count = part.text.chars().count();
        if left >= count {
            left -= count;
            continue;
        }
        out.push(piece(part.text.chars().skip(left).collect::<String>(), part.role));
        left = 0;
    }
    out
}
