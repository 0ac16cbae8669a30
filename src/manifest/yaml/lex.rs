//! Where things begin and end in a YAML text: the byte positions that the parser's events leave open.

/// Returns the position after white space, line breaks and comments.
pub(crate) fn skip_trivia(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(&b) = bytes.get(at) {
        match b {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'#' if at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\r' | b'\n') || at_bom(text, at) => {
                at = line_end(text, at);
            }
            0xef if at_bom(text, at + 3) => at += 3,
            _ => break,
        }
    }
    at
}

fn at_bom(text: &str, at: usize) -> bool {
    at >= 3 && text.as_bytes().get(at - 3..at) == Some(&[0xef, 0xbb, 0xbf])
}

/// Returns the end of the line that a position is on, before its line break.
pub(crate) fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
    if end > at && text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end }
}

/// Returns the position after the line break of the line that a position is on.
pub(crate) fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |n| at + n + 1)
}

/// Returns the start of the line that a position is on.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    if start == 0 && text.starts_with('\u{feff}') && at >= 3 { 3 } else { start }
}

/// Returns the column of a position, in characters from the start of its line.
pub(crate) fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

/// Returns the end of a word of an anchor, alias or tag that starts at a position.
pub(crate) fn word_end(text: &str, at: usize, tag: bool) -> usize {
    if tag && text[at..].starts_with("!<") {
        return text[at..].find('>').map_or(text.len(), |n| at + n + 1);
    }
    text[at..].find(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}')).map_or(text.len(), |n| at + n)
}

/// Returns the end of a quoted scalar that starts at a position, after its closing quote.
pub(crate) fn quoted_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(at)?;
    let mut i = at + 1;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'\\' if quote == b'"' => i += 1,
            b'\'' if quote == b'\'' && bytes.get(i + 1) == Some(&b'\'') => i += 1,
            b if b == quote => return Some(i + 1),
            _ => {}
        }
        i += 1;
    }
    None
}

/// Returns the line break that a text uses: the first one's.
pub(crate) fn line_break(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'\r' => "\r\n",
        _ => "\n",
    }
}
