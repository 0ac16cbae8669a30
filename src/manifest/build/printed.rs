//! What becomes of some texts because kustomize prints every object as YAML once before it prints it at last: a folded block
//! gets a line break more where an indented line follows, and what looks like a date becomes one.

use crate::build::source::Sources;
use crate::yaml::{Data, Val};

/// Does to an object what printing and reading it once does; annotations are texts by then and stay.
pub(super) fn object(sources: &Sources, object: &mut Val) {
    let Data::Map(map) = &mut object.data else { return };
    for (key, value) in map {
        match &mut value.data {
            Data::Map(metadata) if key == "metadata" => {
                metadata.iter_mut().filter(|(key, _)| *key != "annotations").for_each(|(_, part)| all(sources, part));
            }
            _ => all(sources, value),
        }
    }
}

/// Does to a value and all its parts what printing and reading it once does.
pub(super) fn all(sources: &Sources, val: &mut Val) {
    match &mut val.data {
        Data::List(items) => items.iter_mut().for_each(|item| all(sources, item)),
        Data::Map(map) => map.values_mut().for_each(|item| all(sources, item)),
        Data::Text(_) => {
            let Some(text) = val.as_text() else { return };
            let new = if text.contains('\n') {
                sources.folded(val).then(|| once(text))
            } else {
                instant(text).filter(|_| sources.unquoted(val))
            };
            if let Some(new) = new {
                val.data = Data::Text(new);
            }
        }
        _ => {}
    }
}

/// Returns what a text that looks like a date or a time stamp is printed as.
fn instant(text: &str) -> Option<String> {
    let year = text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit()))?;
    let rest = text.get(4..)?.strip_prefix('-')?;
    let (date, time) = match rest.find(['T', 't', ' ']) {
        Some(at) => (&rest[..at], Some((&rest[at..=at], &rest[at + 1..]))),
        None => (rest, None),
    };
    let (month, day) = date.split_once('-')?;
    let (month, day) = (number(month, 12)?, number(day, 31)?);
    let long = year.parse::<u32>().is_ok_and(|y| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
    let last = match month {
        2 => 28 + u32::from(long),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if month == 0 || day == 0 || day > last {
        return None;
    }
    let clock = match time {
        None => "00:00:00Z".to_owned(),
        Some((sign, time)) => clock(time, sign == " ")?,
    };
    Some(format!("{year}-{month:02}-{day:02}T{clock}"))
}

fn number(text: &str, most: u32) -> Option<u32> {
    let fits = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|n| fits && *n <= most)
}

/// Reads a time of day; behind a space it has no zone.
fn clock(time: &str, spaced: bool) -> Option<String> {
    let (time, zone) = match time.find(['Z', '+', '-']) {
        Some(at) if !spaced => (&time[..at], &time[at..]),
        None if spaced => (time, "Z"),
        _ => return None,
    };
    let zone = match zone.split_at(1) {
        ("Z", "") => "Z".to_owned(),
        (sign, offset) if sign != "Z" => {
            let (hours, minutes) = offset.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
            let (hours, minutes) = (number(hours, 24)?, number(minutes, 59)?);
            if hours + minutes == 0 { "Z".to_owned() } else { format!("{sign}{hours:02}:{minutes:02}") }
        }
        _ => return None,
    };
    let mut parts = time.split(':');
    let (hours, minutes, seconds) = (number(parts.next()?, 23)?, number(parts.next()?, 59)?, parts.next()?);
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let seconds = number(seconds, 59)?;
    if parts.next().is_some() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{hours:02}:{minutes:02}:{seconds:02}{dot}{fraction}{zone}"))
}

/// Tells whether a text can be printed as a block at all; if not, it is quoted, and stays as it is.
fn block(text: &str) -> bool {
    let odd =
        |c: char| c != '\n' && c != '\t' && (c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'));
    !text.contains(" \n") && !text.ends_with(' ') && !text.chars().any(odd)
}

fn blank(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

fn once(text: &str) -> String {
    let first = text.trim_start_matches('\n');
    if !block(text) || first.is_empty() || blank(first) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    let mut indented = true;
    while let Some(at) = rest.find('\n') {
        let (line, breaks) = rest.split_at(at);
        let next = breaks.trim_start_matches('\n');
        let run = breaks.len() - next.len();
        if !line.is_empty() {
            indented = blank(line);
        }
        out.push_str(line);
        out.push_str(&breaks[..run]);
        let ends = next.is_empty() && run > 1;
        if !indented && (ends || (!next.is_empty() && blank(next))) {
            out.push('\n');
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{instant, once};

    #[test]
    fn a_break_before_an_indented_line_is_doubled() {
        for (text, expect) in [
            ("a\nb", "a\nb"),
            ("a(\n  b\n)", "a(\n\n  b\n)"),
            ("a\n\n  b\n  c\nd\n", "a\n\n\n  b\n  c\nd\n"),
            ("a\n", "a\n"),
            ("a\n\n", "a\n\n\n"),
            ("a \n  b", "a \n  b"),
        ] {
            assert_eq!(once(text), expect, "{text:?}");
        }
    }

    #[test]
    fn what_looks_like_a_date_becomes_one() {
        for (text, expect) in [
            ("2024-01-01", Some("2024-01-01T00:00:00Z")),
            ("2024-1-2", Some("2024-01-02T00:00:00Z")),
            ("2024-02-30", None),
            ("2024-13-01", None),
            ("2024-01-01T10:00:00Z", Some("2024-01-01T10:00:00Z")),
            ("2024-01-01T1:2:3.50+02:00", Some("2024-01-01T01:02:03.5+02:00")),
            ("2024-01-01 10:00:00", Some("2024-01-01T10:00:00Z")),
            ("2024-01-01T10:00", None),
            ("2024-01-01T10:00:00", None),
            ("20240101", None),
            ("2024-01-01-rc1", None),
        ] {
            assert_eq!(instant(text).as_deref(), expect, "{text}");
        }
    }
}
