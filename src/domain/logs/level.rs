//! How grave a line of a log is, as far as it says so itself.

/// Says how grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something may fail.
    Warn,
    /// Something happened.
    Info,
    /// Of interest to developers.
    Debug,
}

impl Level {
    /// Returns the word of a logging library's level, in any case.
    pub fn of_word(word: &str) -> Option<Self> {
        const WORDS: [(Level, &[&str]); 4] = [
            (Level::Error, &["error", "err", "fatal", "panic", "critical", "crit", "severe", "emerg", "alert", "dpanic"]),
            (Level::Warn, &["warn", "warning", "wrn"]),
            (Level::Info, &["info", "inf", "information", "notice"]),
            (Level::Debug, &["debug", "dbg", "trace", "trc", "verbose"]),
        ];
        WORDS.iter().find(|(_, words)| words.iter().any(|w| w.eq_ignore_ascii_case(word))).map(|(level, _)| *level)
    }

    /// Returns its short name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Returns the level that a line names: `level=error`, `"severity":"WARNING"`, `ERROR`, `[warn]`, `E1121 …` of klog, `panic: …`.
pub fn level_of(text: &str) -> Option<Level> {
    let end = text.char_indices().nth(160).map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    klog(text).or_else(|| named(text)).or_else(|| bare(text))
}

/// Reads the head of klog's lines: a letter and the date.
fn klog(text: &str) -> Option<Level> {
    let (letter, rest) = text.split_at_checked(1)?;
    let dated = rest.len() > 5 && rest.as_bytes()[..4].iter().all(u8::is_ascii_digit) && rest.as_bytes()[4] == b' ';
    match letter {
        "E" | "F" if dated => Some(Level::Error),
        "W" if dated => Some(Level::Warn),
        "I" if dated => Some(Level::Info),
        _ => None,
    }
}

/// Reads the value of a field that is called level, lvl or severity.
fn named(text: &str) -> Option<Level> {
    ["level", "lvl", "severity"].iter().find_map(|name| {
        let (_, rest) = text.split_once(name)?;
        let rest = rest.trim_start_matches(['"', ' ']);
        let value = rest.strip_prefix(['=', ':'])?.trim_start_matches([' ', '"']);
        let end = value.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(value.len());
        Level::of_word(&value[..end])
    })
}

/// Reads a word that stands for itself: in capitals, in brackets, or first in the line before a colon.
fn bare(text: &str) -> Option<Level> {
    let first = text.find(|c: char| !c.is_ascii_alphabetic()).filter(|at| text[*at..].starts_with(':'));
    if let Some(level) = first.and_then(|at| Level::of_word(&text[..at])) {
        return Some(level);
    }
    let words = text.split(|c: char| !c.is_ascii_alphabetic() && c != '[').filter(|w| !w.is_empty());
    words.take(12).find_map(|word| {
        let inner = word.trim_start_matches('[');
        let loud = inner.len() > 2 && inner.bytes().all(|b| b.is_ascii_uppercase());
        if loud || word.starts_with('[') { Level::of_word(inner) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_grave_it_is() {
        for (text, want) in [
            ("level=error msg=\"x\"", Some(Level::Error)),
            (r#"{"ts":"2026","severity":"WARNING","message":"x"}"#, Some(Level::Warn)),
            ("2026-11-21 14:02:11 ERROR org.acme.Shop - failed", Some(Level::Error)),
            ("[warn] 7#7: conflicting server name", Some(Level::Warn)),
            ("2026/11/21 14:02:11 [error] 7#7: *1 open() failed", Some(Level::Error)),
            ("E1121 14:02:11.000001       1 leader.go:1] lost", Some(Level::Error)),
            ("panic: cannot open configuration", Some(Level::Error)),
            ("I1121 14:02:11.000001       1 main.go:1] up", Some(Level::Info)),
            ("no error here", None),
            ("GET /error 200", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(level_of(text), want, "{text}");
        }
    }
}
