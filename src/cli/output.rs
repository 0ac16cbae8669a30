//! What subcommands print: tables without colour, JSON and YAML with stable names, and troubles on the error stream.
//!
//! Text from outside goes through the same sieve as on the screen: nothing of it can steer a terminal. In JSON such a character
//! is escaped, so that the value stays what it is.
//!
//! The names of JSON and YAML fields are a promise; the help of each command lists them.
#![expect(clippy::disallowed_methods, reason = "the way to the streams: what a terminal reads is Shown")]

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use domain::change::FileChange;
use domain::redact::clean;
use domain::text::{Shown, hidden, one_line, width};
use domain::{Time, Trouble};
use serde::Serialize;

use super::Format;
use crate::launch;

/// Prints one line to standard output; a closed pipe ends quietly.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", Shown::lines(&clean(text)));
}

/// Prints a text to standard output: byte for byte into a pipe or a file, through the sieve on a terminal.
pub(crate) fn text(text: &str) {
    let mut out = io::stdout().lock();
    let text = clean(text);
    let shown = out.is_terminal().then(|| Shown::lines(&text));
    let bytes = shown.as_ref().map_or(&*text, Shown::as_str).as_bytes();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Prints a unified diff as [`text`] does; on a terminal in colour, unless `NO_COLOR` says otherwise.
pub(crate) fn diff(unified: &str) {
    if !io::stdout().is_terminal() {
        return text(unified);
    }
    let plain = launch::variable("NO_COLOR").is_some() || launch::variable("TERM").is_some_and(|term| term == "dumb");
    let mut out = io::stdout().lock();
    for line in unified.lines() {
        let colour = if plain { "" } else { hue(line) };
        let end = if colour.is_empty() { "" } else { "\u{1b}[m" };
        let _ = writeln!(out, "{colour}{}{end}", Shown::lines(&clean(line)));
    }
    let _ = out.flush();
}

/// What is said when a diff was printed and no file written.
pub(crate) const UNWRITTEN: &str = "Nothing is written yet; --write writes it.";

/// Prints the differences of files, as Git reads them.
pub(crate) fn changed(files: &[FileChange]) {
    for file in files {
        let text = |side: &Option<String>| side.clone().unwrap_or_default();
        let mut unified = manifest::unified(&file.path, &text(&file.before), &text(&file.after));
        if file.before.is_none() {
            unified = unified.replacen(&format!("--- a/{}", file.path), "--- /dev/null", 1);
        }
        diff(&unified);
    }
}

/// Prints the differences of files to the error stream, before something is asked about them.
pub(crate) fn shown(files: &[FileChange]) {
    for file in files {
        let text = |side: &Option<String>| side.clone().unwrap_or_default();
        note(manifest::unified(&file.path, &text(&file.before), &text(&file.after)).trim_end());
    }
}

/// Returns what gives a line of a unified diff its colour: the old side red, the new green, places cyan, file names bold.
fn hue(line: &str) -> &'static str {
    match line.as_bytes() {
        [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => "\u{1b}[1m",
        [b'@', ..] => "\u{1b}[36m",
        [b'-', ..] => "\u{1b}[31m",
        [b'+', ..] => "\u{1b}[32m",
        _ => "",
    }
}

/// Begins a line on the error stream whose answer is typed behind it.
pub(crate) fn prompt(text: &str) {
    let mut error = io::stderr().lock();
    let _ = write!(error, "{} ", Shown::line(text)).and_then(|()| error.flush());
}

/// Prints a remark to the error stream.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", Shown::lines(&clean(text)));
}

/// Prints a trouble to the error stream: what, to what, why, what next.
pub(crate) fn complain(trouble: &Trouble) {
    note(&format!("quarterdeck: {trouble}"));
}

/// Prints a remark in the shape of a trouble: something to know that does not end the command.
pub(crate) fn remark(trouble: &Trouble) {
    note(&trouble.to_string());
}

/// Holds what an order came to, as `-o json` prints it.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    object: String,
    said: String,
}

impl Done {
    /// Joins the object and the sentence about it.
    pub(crate) fn new(object: impl Display, said: impl Into<String>) -> Self {
        Self { object: object.to_string(), said: said.into() }
    }

    /// Prints it: a sentence for people, the object's name for `-o name`.
    pub(crate) fn show(&self, format: Format) -> Result<(), Trouble> {
        match format {
            Format::Table | Format::Wide => line(&self.said),
            Format::Name => line(&self.object),
            Format::Json | Format::Yaml => show(format, self, &[])?,
        }
        Ok(())
    }
}

/// Prints a value as JSON or YAML, or else as the rows that stand for it.
///
/// `rows` holds the header first; the first column is what `-o name` prints.
pub(crate) fn show<T: Serialize>(format: Format, value: &T, rows: &[Vec<String>]) -> Result<(), Trouble> {
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(value).map_err(|e| Trouble::failed("Could not print", "JSON").why(e))?;
            line(&escaped(&text));
        }
        Format::Yaml => {
            let text = serde_yaml::to_string(value).map_err(|e| Trouble::failed("Could not print", "YAML").why(e))?;
            line(text.trim_end());
        }
        Format::Name => {
            for name in names(rows) {
                line(&name);
            }
        }
        Format::Table | Format::Wide => table(rows),
    }
    Ok(())
}

/// Returns what `-o name` prints of rows: the first column without its header.
pub(crate) fn names(rows: &[Vec<String>]) -> Vec<String> {
    rows.iter().skip(1).filter_map(|row| row.first()).map(|name| one_line(name)).collect()
}

/// Escapes what would steer a terminal in a JSON text, which has such characters in its strings only.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c != '\n' && hidden(c) {
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// Prints rows as a table; the first is its header.
pub(crate) fn table(rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    for row in &rows {
        let last = row.len().saturating_sub(1);
        let cells: Vec<String> =
            row.iter().enumerate().map(|(at, cell)| if at == last { cell.clone() } else { padded(cell, widths[at]) }).collect();
        line(cells.join("   ").trim_end());
    }
}

/// Fills a cell up with blanks, measured in cells of the screen.
fn padded(cell: &str, wide: usize) -> String {
    format!("{cell}{}", " ".repeat(wide.saturating_sub(width(cell))))
}

/// Returns how long ago a moment was, as `4s`, `3m`, `2h`, `5d`; a dash for none.
pub(crate) fn age(now: Time, then: Option<Time>) -> String {
    let Some(then) = then else {
        return "-".to_owned();
    };
    let seconds = (now.as_second() - then.as_second()).max(0);
    match seconds {
        0..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m", seconds / 60),
        3600..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Builds a row of owned cells.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn json_keeps_its_value_and_steers_nothing() {
        let value = serde_json::json!({ "a": "x\u{1b}[31m\u{9b}1m\u{202e}y\u{e0041}", "b": "fine ✓" });
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.chars().any(|c| c != '\n' && hidden(c)), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn columns_are_measured_as_the_screen_does() {
        assert_eq!(
            (padded("生产", 6), padded("ab", 6), padded("abc", 2)),
            ("生产  ".to_owned(), "ab    ".to_owned(), "abc".to_owned())
        );
    }

    #[test]
    fn an_age_has_one_figure() {
        let at = |s| Time::from_second(s).unwrap();
        let ages: Vec<String> = [5, 65, 7200, 200_000].map(|s| age(at(s), Some(at(0)))).into();
        assert_eq!(ages, ["5s", "1m", "2h", "2d"]);
        assert_eq!((age(at(0), Some(at(9))), age(at(0), None)), ("0s".to_owned(), "-".to_owned()));
    }
}
