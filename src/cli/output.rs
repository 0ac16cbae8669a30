//! What subcommands print: tables without colour, JSON and YAML with stable names, and troubles on the error stream.
//!
//! Text from outside goes through the same sieve as on the screen: nothing of it can steer a terminal.

use std::io::{self, Write};

use domain::text::{display, one_line};
use domain::{Time, Trouble};
use serde::Serialize;

use super::Format;

/// Prints one line to standard output; a closed pipe ends quietly.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", display(text, true));
}

/// Prints a remark to the error stream.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", display(text, true));
}

/// Prints a trouble to the error stream: what, to what, why, what next.
pub(crate) fn complain(trouble: &Trouble) {
    note(&format!("quarterdeck: {trouble}"));
}

/// Prints a value as JSON or YAML, or else as the rows that stand for it.
///
/// `rows` holds the header first; the first column is what `-o name` prints.
pub(crate) fn show<T: Serialize>(format: Format, value: &T, rows: &[Vec<String>]) -> Result<(), Trouble> {
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(value).map_err(|e| Trouble::failed("Could not print", "JSON").why(e))?;
            line(&text);
        }
        Format::Yaml => {
            let text = serde_yaml::to_string(value).map_err(|e| Trouble::failed("Could not print", "YAML").why(e))?;
            line(text.trim_end());
        }
        Format::Name => rows.iter().skip(1).filter_map(|row| row.first()).for_each(|name| line(name)),
        Format::Table | Format::Wide => table(rows),
    }
    Ok(())
}

fn table(rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in &rows {
        let last = row.len().saturating_sub(1);
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(at, cell)| if at == last { cell.clone() } else { format!("{cell:<width$}", width = widths[at]) })
            .collect();
        line(cells.join("   ").trim_end());
    }
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
