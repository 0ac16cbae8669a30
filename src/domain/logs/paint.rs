//! Colours in logs: the escape sequences that programs write for terminals become hues beside clean text.
//!
//! Only colours and bold are kept; whatever else a sequence would do to a terminal is left out, and what is no sequence but
//! would steer one becomes visible.

use std::borrow::Cow;

use crate::text::display;

/// Names a colour that a program chose; themes say what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hue {
    /// Red.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
    /// Cyan.
    Cyan,
    /// Dim or grey.
    Grey,
    /// Bold without a colour.
    Bold,
}

/// Holds a safe line and where its hues begin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Painted {
    /// The text.
    pub text: String,
    /// From which byte on which hue holds; nothing for ordinary text.
    pub hues: Vec<(usize, Option<Hue>)>,
}

impl Painted {
    /// Takes text that is safe and has no colours.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), hues: Vec::new() }
    }

    /// Returns the text in pieces of one hue each.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, Option<Hue>)> {
        let starts = std::iter::once((0, None)).chain(self.hues.iter().copied());
        let ends = self.hues.iter().map(|(at, _)| *at).chain([self.text.len()]);
        starts.zip(ends).filter(|((from, _), to)| from < to).filter_map(|((from, hue), to)| Some((self.text.get(from..to)?, hue)))
    }
}

/// How far a tab goes.
const TAB: &str = "    ";

/// Makes a line safe and takes its colours apart.
pub fn paint(line: &str) -> Painted {
    let line = last_shown(line);
    if !line.contains(['\u{1b}', '\u{9b}', '\t', '\u{8}']) {
        return Painted::plain(display(line, false));
    }
    let mut out = Painted::default();
    let mut pen = Pen::default();
    let mut rest = line;
    while let Some(at) = rest.find(['\u{1b}', '\u{9b}', '\t', '\u{8}']) {
        out.text.push_str(&display(&rest[..at], false));
        let tail = &rest[at..];
        if let Some(after) = tail.strip_prefix('\t') {
            out.text.push_str(TAB);
            rest = after;
        } else if let Some(after) = tail.strip_prefix('\u{8}') {
            rest = after;
        } else {
            let (length, colour) = sequence(tail);
            if length == 0 {
                let first = tail.chars().next().map_or(1, char::len_utf8);
                out.text.push_str(&display(&tail[..first], false));
                rest = &tail[first..];
                continue;
            }
            if let Some(parameters) = colour {
                pen.take(parameters);
                let hue = pen.hue();
                if out.hues.last().and_then(|(_, hue)| *hue) != hue {
                    out.hues.push((out.text.len(), hue));
                }
            }
            rest = &tail[length..];
        }
    }
    out.text.push_str(&display(rest, false));
    out
}

/// Returns what would stand on the line in the end: a carriage return begins it anew.
fn last_shown(line: &str) -> &str {
    line.trim_end_matches('\r').rsplit('\r').next().unwrap_or(line)
}

/// Returns how long the sequence at the beginning is, 0 when it is none, and its parameters when it is about colours.
fn sequence(text: &str) -> (usize, Option<&str>) {
    let body = match text.strip_prefix('\u{9b}') {
        Some(_) => 2,
        None if text.starts_with("\u{1b}[") => 2,
        None if text.starts_with("\u{1b}]") => {
            // An operating system command: up to BEL or ESC \.
            let ends = [text.find('\u{7}').map(|at| at + 1), text.find("\u{1b}\\").map(|at| at + 2)];
            // One that never ends is none, or it would hide whatever comes after it, that the line was cut as well.
            return (ends.into_iter().flatten().min().unwrap_or(0), None);
        }
        None if text.starts_with("\u{1b}(") && text.len() > 2 && text.is_char_boundary(3) => return (3, None),
        None => return (0, None),
    };
    let ends = |c: char| !('\u{20}'..='\u{3f}').contains(&c);
    let Some((end, last)) = text[body..].char_indices().find(|(_, c)| ends(*c)) else { return (0, None) };
    if !('\u{40}'..='\u{7e}').contains(&last) {
        return (0, None);
    }
    let colour = text[body + end..].starts_with('m').then(|| &text[body..body + end]);
    (body + end + 1, colour)
}

/// Holds what the sequences so far have chosen.
#[derive(Debug, Default)]
struct Pen {
    colour: Option<Hue>,
    bold: bool,
    dim: bool,
}

impl Pen {
    fn hue(&self) -> Option<Hue> {
        self.colour.or(if self.dim { Some(Hue::Grey) } else { None }).or(if self.bold { Some(Hue::Bold) } else { None })
    }

    fn take(&mut self, parameters: &str) {
        let mut codes =
            parameters.split([';', ':']).map(|code| if code.is_empty() { 0 } else { code.parse().unwrap_or(u16::MAX) });
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                22 => (self.bold, self.dim) = (false, false),
                30 | 90 => self.colour = Some(Hue::Grey),
                31..=36 => self.colour = hue_of(code - 30),
                91..=96 => self.colour = hue_of(code - 90),
                37 | 39 | 97 => self.colour = None,
                38 => self.colour = extended(&mut codes),
                48 => drop(extended(&mut codes)),
                _ => {}
            }
        }
    }
}

const fn hue_of(code: u16) -> Option<Hue> {
    match code {
        1 => Some(Hue::Red),
        2 => Some(Hue::Green),
        3 => Some(Hue::Yellow),
        4 => Some(Hue::Blue),
        5 => Some(Hue::Magenta),
        6 => Some(Hue::Cyan),
        _ => None,
    }
}

/// Reads a colour out of 256 or of three parts and returns the nearest hue.
fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<Hue> {
    match codes.next()? {
        5 => match codes.next()? {
            code @ (1..=6 | 9..=14) => hue_of(code % 8),
            8 | 232..=248 => Some(Hue::Grey),
            code @ 16..=231 => {
                let level = |n: u16| n * 51;
                nearest(level((code - 16) / 36), level((code - 16) / 6 % 6), level((code - 16) % 6))
            }
            _ => None,
        },
        2 => nearest(codes.next()?, codes.next()?, codes.next()?),
        _ => None,
    }
}

fn nearest(red: u16, green: u16, blue: u16) -> Option<Hue> {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    if most.saturating_sub(least) < 48 {
        return (most < 176).then_some(Hue::Grey);
    }
    let high = |part: u16| part > least + (most - least) / 3;
    Some(match (high(red), high(green), high(blue)) {
        (true, true, _) => Hue::Yellow,
        (true, false, true) => Hue::Magenta,
        (true, false, false) => Hue::Red,
        (false, true, true) => Hue::Cyan,
        (false, true, false) => Hue::Green,
        (false, false, _) => Hue::Blue,
    })
}

/// Cuts a line that is longer than `most` bytes at a character, and says how much is missing.
pub fn bounded(line: &[u8], whole: usize, most: usize) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(&line[..line.len().min(most)]);
    if whole <= most { text } else { Cow::Owned(format!("{text}… (+{} bytes)", whole - most)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What sequences are made of, whole and in pieces, and what no terminal shows.
    const PARTS: [&str; 33] = [
        "\u{1b}",
        "[",
        "]",
        "(",
        "P",
        "_",
        "0;",
        "52;c;",
        "38;5;",
        "999999999",
        ";",
        ":",
        "m",
        "J",
        "h",
        "\u{7}",
        "\u{1b}\\",
        "\u{9b}",
        "\u{9d}",
        "\u{90}",
        "\u{8}",
        "\t",
        "\r",
        "\n",
        "\u{7f}",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "\u{e0041}",
        "\u{2028}",
        "é",
        "中",
        "x",
    ];

    proptest! {
        #[test]
        fn whatever_is_written_steers_nothing(parts in proptest::collection::vec(proptest::sample::select(&PARTS[..]), 0..24)) {
            let painted = paint(&parts.concat());
            prop_assert!(!painted.text.chars().any(crate::text::hidden), "{:?}", painted.text);
            prop_assert_eq!(painted.pieces().map(|(text, _)| text).collect::<String>(), painted.text.clone());
        }
    }

    #[test]
    fn colours_stay_and_nothing_steers_the_terminal() {
        let told = |line: &str| -> Vec<(String, Option<Hue>)> {
            paint(line).pieces().map(|(text, hue)| (text.to_owned(), hue)).collect()
        };
        let one = |text: &str, hue| (text.to_owned(), hue);
        assert_eq!(told("plain 中文"), [one("plain 中文", None)]);
        assert_eq!(
            told("\u{1b}[1;31mERR\u{1b}[0m failed\u{1b}[90m x"),
            [one("ERR", Some(Hue::Red)), one(" failed", None), one(" x", Some(Hue::Grey))]
        );
        assert_eq!(
            told("\u{1b}[38;5;208mw\u{1b}[38;2;20;200;30mg\u{1b}[m."),
            [one("w", Some(Hue::Yellow)), one("g", Some(Hue::Green)), one(".", None)]
        );
        assert_eq!(told("\u{1b}[2J\u{1b}[Hgone"), [one("gone", None)]);
        assert_eq!(told("\u{1b}]0;title\u{7}after"), [one("after", None)]);
        assert_eq!(told("\u{1b}]8;;x\u{1b}\\kept\u{7}"), [one("kept\u{2407}", None)]);
        assert_eq!(told("\u{1b}]52;c;AAAA"), [one("\u{241b}]52;c;AAAA", None)], "one without an end hides nothing");
        assert_eq!(told("\u{1b}[31;\u{2026} (+9 bytes)"), [one("\u{241b}[31;\u{2026} (+9 bytes)", None)]);
        assert_eq!(told("10%\r20%\r100%\r"), [one("100%", None)]);
        assert_eq!(told("a\tb\u{7}"), [one("a    b\u{2407}", None)]);
        assert_eq!(told("\u{1b}c reset"), [one("\u{241b}c reset", None)]);
        assert_eq!(told("\u{9b}31mx"), [one("x", Some(Hue::Red))]);
        assert_eq!(told("pay\u{202e}load"), [one("pay\u{27e8}U+202E\u{27e9}load", None)]);
        for cut in ["\u{1b}", "\u{1b}[", "\u{1b}[3", "\u{9b}", "\u{1b}(", "\u{1b}(é"] {
            let text = paint(cut).text;
            assert!(!text.chars().any(crate::text::hidden), "{cut:?} {text:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_and_says_so() {
        assert_eq!(bounded(b"abcdef", 6, 6), "abcdef");
        assert_eq!(bounded(b"abcdef", 106, 6), "abcdef\u{2026} (+100 bytes)");
    }
}
