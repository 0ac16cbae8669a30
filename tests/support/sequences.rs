//! What a program says to a terminal, taken apart by a parser of terminals: only what the console itself says may occur.

use vte::{Params, Parser, Perform};

/// What text from outside that got through would carry.
pub(crate) const MARK: &str = "POISON";

/// Text that does to a terminal whatever text can: title, colour, clipboard, link, answers, a string without end; one-byte controls,
/// directions, characters of no width, tags, private use.
pub(crate) const POISON: &str = "\u{1b}]0;POISON\u{7}\u{1b}]52;c;UE9JU09O\u{7}\u{1b}]8;;http://POISON/\u{1b}\\\u{1b}[31mx\u{1b}[2J\u{1b}[6n\u{1b}c\
    \u{9b}31m\u{9d}0;POISON\u{9c}\u{1b}PPOISON\u{1b}\\\u{1b}_POISON\u{1b}\\\u{8}\u{7f}\r\n\u{85}\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{ad}\
    \u{e0041}\u{e000}\u{fff9}\u{2028}\u{1b}[";

/// The ends of the control sequences that the console writes: moves, erasing, looks, modes, and what it asks at its start.
const FINALS: &str = "ABCDGHJKXdfmhlncpqut@PLMSTr";

/// Holds what was wrong in what was said.
#[derive(Default)]
struct Seen {
    faults: Vec<String>,
    printed: usize,
}

impl Seen {
    fn fault(&mut self, what: String) {
        if self.faults.len() < 20 {
            self.faults.push(what);
        }
    }
}

impl Perform for Seen {
    fn print(&mut self, c: char) {
        self.printed += 1;
        if domain::text::hidden(c) {
            self.fault(format!("the character U+{:04X} is printed", u32::from(c)));
        }
    }

    fn execute(&mut self, byte: u8) {
        if !matches!(byte, b'\r' | b'\n' | b'\t' | 8) {
            self.fault(format!("the control {byte:#04x}"));
        }
    }

    fn hook(&mut self, _: &Params, _: &[u8], _: bool, action: char) {
        // What a terminal is asked about itself (XTGETTCAP and the like) begins with `+q` and `$q`.
        if action != 'q' {
            self.fault(format!("a device control string {action:?}"));
        }
    }

    fn put(&mut self, byte: u8) {
        if !(b' '..=b'~').contains(&byte) {
            self.fault(format!("the byte {byte:#04x} in a device control string"));
        }
    }

    fn osc_dispatch(&mut self, parts: &[&[u8]], _: bool) {
        let text = parts.iter().map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join(";");
        let number = text.split(';').next().unwrap_or_default();
        let ours = ["0", "2", "4", "7", "8", "9", "10", "11", "22", "52", "777", "1337"].contains(&number);
        if !ours || text.chars().any(domain::text::hidden) || text.contains("UE9JU09O") {
            self.fault(format!("the command {text:?}"));
        }
        // A link or a title may say what an object is called; never more than that one word of it.
        if text.contains(&format!("0;{MARK}")) || text.contains(&format!("//{MARK}")) {
            self.fault(format!("the command {text:?} is not ours"));
        }
    }

    fn csi_dispatch(&mut self, _: &Params, _: &[u8], ignore: bool, action: char) {
        if ignore || !FINALS.contains(action) {
            self.fault(format!("the sequence that ends in {action:?}"));
        }
    }

    fn esc_dispatch(&mut self, between: &[u8], _: bool, byte: u8) {
        // String terminators; which character set; keypad; save and restore the cursor.
        let ours = matches!((between, byte), ([], b'\\' | b'7' | b'8' | b'=' | b'>' | b'M') | ([b'(' | b')'], b'B' | b'0'));
        if !ours {
            self.fault(format!("the escape {between:?} {:?}", char::from(byte)));
        }
    }
}

/// Takes apart what was said; returns how many characters were drawn, and what is wrong.
fn taken_apart(bytes: &[u8]) -> (usize, Vec<String>) {
    let mut seen = Seen::default();
    Parser::new().advance(&mut seen, bytes);
    if std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_some()) {
        seen.fault("bytes that are no UTF-8".to_owned());
    }
    (seen.printed, seen.faults)
}

/// Fails unless a console wrote only what a console writes. Returns how many characters it drew.
#[track_caller]
pub(crate) fn only_ours(what: &str, bytes: &[u8]) -> usize {
    let (printed, faults) = taken_apart(bytes);
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
    printed
}

/// Fails unless a text that is printed steers nothing: no escape, no control but the ends of lines and tabs, nothing hidden.
#[track_caller]
pub(crate) fn plain(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|e| panic!("{what}: {e}"));
    let strange = text.chars().find(|c| domain::text::hidden(*c) && !matches!(c, '\n' | '\t'));
    if let Some(c) = strange {
        let line = text.lines().find(|line| line.contains(c)).unwrap_or_default();
        panic!("{what}: U+{:04X} in {line:?}", u32::from(c));
    }
}

#[test]
fn what_is_not_ours_is_found() {
    for text in [
        POISON,
        "\u{1b}]0;POISON\u{7}",
        "\u{9b}31m",
        "\u{202e}",
        "\u{1b}c",
        "\u{7}",
        "\u{1b}PPOISON\u{1b}\\",
        "\u{1b}[6;n\u{1b}[5y",
    ] {
        assert!(!taken_apart(text.as_bytes()).1.is_empty(), "{text:?}");
    }
    assert!(!taken_apart(b"\xff").1.is_empty());
    assert_eq!(taken_apart("\u{1b}[?2026h\u{1b}[1;31mab\u{1b}[m\u{1b}[?2026l".as_bytes()), (2, Vec::new()));
}
