//! Text from outside, made safe to draw: what a byte did not show stays visible, what would steer a terminal cannot.
//!
//! Everything that a cluster, a Git server or a file says goes through [`display`] once, where it enters.

mod shared;
mod shown;

pub use shared::Text;
pub use shown::Shown;

/// Returns the text with every control, bidirectional, zero-width and private-use character replaced by a visible mark.
///
/// C0 controls become their control pictures (`␛`), DEL `␡`, the others their code point in brackets. Newlines and tabs
/// stay when `lines` is set, else they are marked too. Borrow-free text comes back unchanged.
pub fn display(text: &str, lines: bool) -> String {
    if !has_hidden(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\t' if lines => out.push(c),
            '\r' if lines => {}
            '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            c if hidden(c) => out.extend(format!("\u{27e8}U+{:04X}\u{27e9}", c as u32).chars()),
            c => out.push(c),
        }
    }
    out
}

/// Returns one line of safe text: newlines become spaces, runs of white space one.
pub fn one_line(text: &str) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    display(&joined, false)
}

/// Returns how many cells of a screen a text takes: a Chinese character takes two.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { unicode_width::UnicodeWidthStr::width(text) }
}

/// Undoes percent escapes; what is none stays.
pub fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        let escaped = (byte == b'%').then(|| text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok())).flatten();
        out.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

/// Tells whether a text has a [`hidden`] character in it; quickly for the plain words that nearly all texts are.
pub fn has_hidden(text: &str) -> bool {
    !text.bytes().all(|b| matches!(b, b' '..=b'~')) && text.chars().any(hidden)
}

/// Tells whether a character draws nothing of its own or steers how others are drawn (Unicode general categories Cc, Cf and
/// Co, where they occur in attacks: C0, DEL, C1, bidi controls, zero-width, tags, interlinear, private use).
pub const fn hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal_and_nothing_is_lost_from_sight() {
        assert_eq!(display("a\u{1b}[31mb", false), "a\u{241b}[31mb");
        assert_eq!(display("a\nb\tc", true), "a\nb\tc");
        assert_eq!(display("a\nb", false), "a\u{240a}b");
        assert_eq!(display("pay\u{202e}load", false), "pay\u{27e8}U+202E\u{27e9}load");
        assert_eq!(one_line("  two\n words "), "two words");
        assert_eq!(display("中文 ok", false), "中文 ok");
        assert_eq!((width("中文 ok"), width("ok")), (7, 2));
    }
}
