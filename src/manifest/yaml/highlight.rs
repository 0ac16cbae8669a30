//! A scanner for drawing YAML in colours, line by line. It never fails: broken text is drawn as far as it makes sense.
//!
//! It is no parser: it knows block scalars, quotes over several lines and brackets, which is what colours need.

use std::ops::Range;

use crate::yaml::scalar::{Plain, resolve_plain};

/// Says what a run of characters is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A key of a mapping.
    Key,
    /// A quoted or plain string, or a line of a block scalar.
    String,
    /// A number.
    Number,
    /// A boolean.
    Bool,
    /// A null.
    Null,
    /// A comment.
    Comment,
    /// An anchor, alias or tag.
    Anchor,
    /// A dash, colon, comma, bracket or block scalar header.
    Punctuation,
    /// `---` or `...` or a directive.
    DocMarker,
    /// White space and anything else.
    Text,
}

/// Holds one run: the bytes within its line and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The bytes within the line.
    pub range: Range<usize>,
    /// What they are.
    pub kind: TokenKind,
}

/// Returns the tokens of each line (as `str::lines` splits them); together they cover each line without gaps.
pub fn highlight(text: &str) -> Vec<Vec<Token>> {
    let mut state = State { block: None, quote: None, depth: 0 };
    text.lines().map(|line| Line { text: line, at: 0, tokens: Vec::new() }.scan(&mut state)).collect()
}

struct State {
    /// Within a block scalar: the indentation of the line that opened it.
    block: Option<usize>,
    /// Within a quoted string that goes over several lines.
    quote: Option<u8>,
    depth: usize,
}

struct Line<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
}

impl Line<'_> {
    fn scan(mut self, state: &mut State) -> Vec<Token> {
        let indent = self.text.len() - self.text.trim_start_matches(' ').len();
        if let Some(outer) = state.block {
            if self.text.trim().is_empty() || indent > outer {
                self.push(indent, TokenKind::Text);
                self.push(self.text.len(), TokenKind::String);
                return self.tokens;
            }
            state.block = None;
        }
        if let Some(quote) = state.quote {
            self.quoted(quote, self.at, state);
        } else if state.depth == 0 && (self.marker() || self.text.starts_with('%')) {
            let end = if self.text.starts_with('%') { self.text.len() } else { 3 };
            self.push(end, TokenKind::DocMarker);
        }
        while self.at < self.text.len() {
            self.token(state, indent);
        }
        self.tokens
    }

    fn marker(&self) -> bool {
        let line = self.text.trim_start_matches('\u{feff}');
        line.len() == self.text.len()
            && (line.starts_with("---") || line.starts_with("..."))
            && line[3..].chars().next().is_none_or(char::is_whitespace)
    }

    fn push(&mut self, end: usize, kind: TokenKind) {
        if end > self.at {
            self.tokens.push(Token { range: self.at..end, kind });
            self.at = end;
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn token(&mut self, state: &mut State, indent: usize) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        let second = rest[first.len_utf8()..].chars().next();
        let spaced = second.is_none_or(char::is_whitespace);
        let after_space = self.at == 0 || self.text[..self.at].ends_with(char::is_whitespace);
        match first {
            c if c.is_whitespace() || c == '\u{feff}' => {
                let len = rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
                self.push(self.at + len, TokenKind::Text);
            }
            '#' if after_space => self.push(self.text.len(), TokenKind::Comment),
            '-' | '?' if spaced => self.push(self.at + 1, TokenKind::Punctuation),
            ':' if spaced || state.depth > 0 => self.push(self.at + 1, TokenKind::Punctuation),
            '[' | '{' => {
                state.depth += 1;
                self.push(self.at + 1, TokenKind::Punctuation);
            }
            ']' | '}' => {
                state.depth = state.depth.saturating_sub(1);
                self.push(self.at + 1, TokenKind::Punctuation);
            }
            ',' if state.depth > 0 => self.push(self.at + 1, TokenKind::Punctuation),
            '&' | '*' | '!' => {
                let len = rest.find(|c: char| c.is_whitespace() || ",[]{}".contains(c)).unwrap_or(rest.len());
                self.push(self.at + len.max(1), TokenKind::Anchor);
            }
            '|' | '>' if state.depth == 0 && block_header(rest) => {
                let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
                self.push(self.at + len, TokenKind::Punctuation);
                state.block = Some(self.block_indent(indent));
            }
            '"' => self.quoted(b'"', self.at + 1, state),
            '\'' => self.quoted(b'\'', self.at + 1, state),
            _ => self.plain(state),
        }
    }

    /// Returns the column that a block scalar's lines must be deeper than: that of the key or dash before its header.
    fn block_indent(&self, indent: usize) -> usize {
        let head = &self.text[indent..self.at];
        let mut column = indent;
        let mut rest = head;
        while let Some(after) = rest.strip_prefix("- ") {
            let trimmed = after.trim_start_matches(' ');
            if trimmed.is_empty() || trimmed.starts_with(['|', '>']) {
                break;
            }
            column += rest.len() - trimmed.len();
            rest = trimmed;
        }
        column
    }

    fn quoted(&mut self, quote: u8, from: usize, state: &mut State) {
        let bytes = self.text.as_bytes();
        let mut at = from;
        state.quote = Some(quote);
        while let Some(&b) = bytes.get(at) {
            match b {
                b'\\' if quote == b'"' => at += 1,
                b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
                b if b == quote => {
                    state.quote = None;
                    at += 1;
                    break;
                }
                _ => {}
            }
            at += 1;
        }
        let end = ceil(self.text, at);
        let kind = if state.quote.is_none() && self.colon_follows(end) { TokenKind::Key } else { TokenKind::String };
        self.push(end, kind);
    }

    fn colon_follows(&self, end: usize) -> bool {
        let rest = self.text[end..].trim_start();
        rest.strip_prefix(':').is_some_and(|r| r.chars().next().is_none_or(|c| c.is_whitespace() || ",[]{}\"'".contains(c)))
    }

    fn plain(&mut self, state: &State) {
        let rest = self.rest();
        let mut end = rest.len();
        let mut previous = ' ';
        for (at, c) in rest.char_indices() {
            let next = rest[at + c.len_utf8()..].chars().next();
            let colon = c == ':' && next.is_none_or(|n| n.is_whitespace() || (state.depth > 0 && ",[]{}".contains(n)));
            let comment = c == '#' && previous.is_whitespace() && at > 0;
            let flow = state.depth > 0 && ",[]{}".contains(c);
            if colon || comment || flow {
                end = at;
                break;
            }
            previous = c;
        }
        let word = rest[..end].trim_end();
        let word_end = self.at + word.len().max(rest.chars().next().map_or(1, char::len_utf8));
        let kind = if self.colon_follows(word_end.min(self.text.len())) {
            TokenKind::Key
        } else {
            match resolve_plain(word) {
                Plain::Null => TokenKind::Null,
                Plain::Bool(_) => TokenKind::Bool,
                Plain::Int(_) | Plain::Unsigned(_) | Plain::Float(_) => TokenKind::Number,
                Plain::Text => TokenKind::String,
            }
        };
        self.push(word_end.min(self.text.len()), kind);
    }
}

fn ceil(line: &str, at: usize) -> usize {
    let at = at.min(line.len());
    (at..=line.len()).find(|&i| line.is_char_boundary(i)).unwrap_or(line.len())
}

fn block_header(rest: &str) -> bool {
    let head = rest[1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
    head.is_empty() || (head.starts_with(char::is_whitespace) && (head.trim().is_empty() || head.trim_start().starts_with('#')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> Vec<Vec<(&str, TokenKind)>> {
        let lines = highlight(text);
        lines
            .iter()
            .zip(text.lines())
            .map(|(tokens, line)| {
                tokens.iter().filter(|t| t.kind != TokenKind::Text).map(|t| (&line[t.range.clone()], t.kind)).collect()
            })
            .collect()
    }

    #[test]
    fn lines_are_coloured_by_what_they_mean() {
        use TokenKind::{Anchor, Bool, Comment, DocMarker, Key, Null, Number, Punctuation, String};
        let text = "---\na: 1 # c\n- b: 'x: y'\nc: &p [true, ~, \"q\"]\nd: |-\n  # no\n  e: f\ng: http://x:1/#y\n\"k\": *p\n";
        assert_eq!(
            kinds(text),
            vec![
                vec![("---", DocMarker)],
                vec![("a", Key), (":", Punctuation), ("1", Number), ("# c", Comment)],
                vec![("-", Punctuation), ("b", Key), (":", Punctuation), ("'x: y'", String)],
                vec![
                    ("c", Key),
                    (":", Punctuation),
                    ("&p", Anchor),
                    ("[", Punctuation),
                    ("true", Bool),
                    (",", Punctuation),
                    ("~", Null),
                    (",", Punctuation),
                    ("\"q\"", String),
                    ("]", Punctuation)
                ],
                vec![("d", Key), (":", Punctuation), ("|-", Punctuation)],
                vec![("# no", String)],
                vec![("e: f", String)],
                vec![("g", Key), (":", Punctuation), ("http://x:1/#y", String)],
                vec![("\"k\"", Key), (":", Punctuation), ("*p", Anchor)],
            ]
        );
    }

    proptest! {
        #[test]
        fn every_line_is_covered_without_gaps(text in "[ \\t\\r\\na-c0'\"#:,&*!|>%@?\\\\\\[\\]{}\\-\u{feff}值.]{0,80}") {
            for (tokens, line) in highlight(&text).iter().zip(text.lines()) {
                let mut at = 0;
                for token in tokens {
                    prop_assert_eq!(token.range.start, at);
                    prop_assert!(line.get(token.range.clone()).is_some());
                    at = token.range.end;
                }
                prop_assert_eq!(at, line.len());
            }
        }
    }
}
