//! Scalars: what a plain text is read as, and how a value has to be written so that it is read back as it was meant.

use crate::yaml::tree::Style;

/// Says what a value that is to be written is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant<'a> {
    /// A string, whatever it looks like: `1.10`, `on`, `1e3`.
    Text(&'a str),
    /// A number, boolean or null: always written plain.
    Plain(&'a str),
    /// Something that may be read as a string or as a number: a resource quantity.
    Quantity(&'a str),
}

impl<'a> Meant<'a> {
    /// Returns the text.
    pub const fn text(self) -> &'a str {
        match self {
            Self::Text(text) | Self::Plain(text) | Self::Quantity(text) => text,
        }
    }
}

/// Says what a plain scalar is read as by the readers of Kubernetes tools.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that only fits without a sign.
    Unsigned(u64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text,
}

/// Reads a plain scalar as kustomize and kubectl do (core schema with the older octal, hexadecimal and underscore forms).
pub fn resolve_plain(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return Plain::Bool(true),
        "false" | "False" | "FALSE" => return Plain::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Plain::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Plain::Float(f64::NAN),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Plain::Text;
    }
    whole(&text.replace('_', "")).or_else(|| float(text)).unwrap_or(Plain::Text)
}

fn whole(text: &str) -> Option<Plain> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let radix =
        |digits: &str, base: u32| (!digits.starts_with(['+', '-'])).then(|| u64::from_str_radix(digits, base).ok()).flatten();
    let value = if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        radix(hex, 16)
    } else if let Some(binary) = digits.strip_prefix("0b").or_else(|| digits.strip_prefix("0B")) {
        radix(binary, 2)
    } else if let Some(octal) = digits.strip_prefix("0o").or_else(|| digits.strip_prefix("0O")) {
        radix(octal, 8)
    } else if digits.len() > 1 && digits.starts_with('0') {
        radix(&digits[1..], 8)
    } else {
        radix(digits, 10)
    }?;
    if negative {
        return i64::try_from(-i128::from(value)).ok().map(Plain::Int);
    }
    Some(i64::try_from(value).map_or(Plain::Unsigned(value), Plain::Int))
}

fn float(text: &str) -> Option<Plain> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = body.find(['e', 'E']).map_or((body, None), |at| (&body[..at], Some(&body[at + 1..])));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (before.is_empty() && after.is_empty()) || !digits(before) || !digits(after) {
        return None;
    }
    if let Some(exponent) = exponent {
        let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if power.is_empty() || !digits(power) {
            return None;
        }
    }
    text.parse().ok().map(Plain::Float)
}

/// Tells whether some reader of YAML 1.1 or 1.2 could take a plain text for something else than a string.
pub(crate) fn ambiguous(text: &str) -> bool {
    if resolve_plain(text) != Plain::Text {
        return true;
    }
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "=" | "<<" | "true" | "false" | "null" | "nan" | "inf")
    {
        return true;
    }
    // Numbers with colons (base 60), dates and times: a text of digits and their punctuation only.
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.chars().all(|c| c.is_ascii_digit() || "+-_.:eExXoObBtTzZ ".contains(c) || c.is_ascii_hexdigit());
    let versionlike = text.matches('.').count() >= 2 && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let date = text.len() >= 8 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-';
    let hexword = text.starts_with("0x") || text.starts_with("0X") || text.starts_with("0o") || text.starts_with("0b");
    let sexagesimal = text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || "+-_.:".contains(c));
    let exponent = numeric
        && text.bytes().filter(|b| matches!(b, b'e' | b'E')).count() == 1
        && text.bytes().all(|b| b.is_ascii_digit() || b"+-_.eE".contains(&b));
    let underscored = text.contains('_') && text.bytes().all(|b| b.is_ascii_digit() || b"+-_.".contains(&b));
    let bare = text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b)) && !versionlike;
    date || hexword || sexagesimal || exponent || underscored || (numeric && bare)
}

/// Tells whether a text can stand without quotes (its type aside).
pub(crate) fn plain_fits(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    if text.trim() != text
        || text.chars().any(|c| !printable(c) || c == '\t')
        || text.starts_with("---")
        || text.starts_with("...")
    {
        return false;
    }
    if ",[]{}#&*!|>'\"%@`?".contains(first) {
        return false;
    }
    if matches!(first, '-' | ':') && text.chars().nth(1).is_none_or(|c| c == ' ' || (flow && ",[]{}".contains(c))) {
        return false;
    }
    if text.contains(": ") || text.ends_with(':') || text.contains(" #") {
        return false;
    }
    !(flow && text.chars().any(|c| ",[]{}".contains(c)))
}

fn printable(c: char) -> bool {
    !domain::text::hidden(c) && c != '\u{feff}'
}

/// Writes a value on one line: in the given style when it can be, else in the nearest that can.
pub(crate) fn write(meant: Meant<'_>, style: Style, flow: bool) -> String {
    let text = meant.text();
    let typed = matches!(meant, Meant::Text(_)) && ambiguous(text);
    if matches!(meant, Meant::Plain(_)) {
        return text.to_owned();
    }
    match style {
        Style::Plain | Style::Literal | Style::Folded if !typed && plain_fits(text, flow) => text.to_owned(),
        Style::Single if single_fits(text) => single(text),
        Style::Double => double(text),
        _ if single_fits(text) && text.contains(['"', '\\']) => single(text),
        _ => double(text),
    }
}

/// Writes a text without quotes where it can stand so and be read as text.
#[cfg(test)]
pub(crate) fn written(text: &str) -> String {
    write(Meant::Text(text), Style::Plain, false)
}

/// Writes a text in double quotes.
pub(crate) fn quote(text: &str) -> String {
    double(text)
}

fn single_fits(text: &str) -> bool {
    text.chars().all(printable)
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Returns how a character is written between double quotes, for those that JSON and YAML have the same sign for.
pub(crate) const fn escaped(c: char) -> Option<&'static str> {
    Some(match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => return None,
    })
}

fn double(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if let Some(short) = escaped(c) {
            out.push_str(short);
            continue;
        }
        match c {
            '\0' => out.push_str("\\0"),
            c if printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                let _ = if code <= 0xff {
                    write!(out, "\\x{code:02X}")
                } else if code <= 0xffff {
                    write!(out, "\\u{code:04X}")
                } else {
                    write!(out, "\\U{code:08X}")
                };
            }
        }
    }
    out.push('"');
    out
}

/// Tells whether a text can be the content of a literal block scalar without an indentation indicator.
pub(crate) fn literal_fits(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(|c| c != ' ' && c != '\n' && c != '\t')
        && text.chars().all(|c| c == '\n' || c == '\t' || printable(c))
        && text.lines().all(|line| line.trim_end() == line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_type_is_quoted_and_what_does_not_is_not() {
        for (text, expect) in [
            ("1.10", "\"1.10\""),
            ("1e3", "\"1e3\""),
            ("on", "\"on\""),
            ("No", "\"No\""),
            ("v1.2.3", "v1.2.3"),
            ("1.2.3", "1.2.3"),
            ("1.2.3-rc1", "1.2.3-rc1"),
            ("2024-01-02", "\"2024-01-02\""),
            ("12:30", "\"12:30\""),
            ("0x1F", "\"0x1F\""),
            ("1_000", "\"1_000\""),
            ("null", "\"null\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("say \"hi\": x", "'say \"hi\": x'"),
            ("- x", "\"- x\""),
            ("-x", "-x"),
            ("值", "值"),
            ("a\nb", "\"a\\nb\""),
            ("postgres://u:p@h:5432/db?x=1#f", "postgres://u:p@h:5432/db?x=1#f"),
        ] {
            assert_eq!(write(Meant::Text(text), Style::Plain, false), expect, "{text:?}");
        }
        assert_eq!(write(Meant::Text("a,b"), Style::Plain, true), "\"a,b\"");
        assert_eq!(write(Meant::Text("it's"), Style::Single, false), "'it''s'");
        assert_eq!(write(Meant::Quantity("1"), Style::Plain, false), "1");
    }

    #[test]
    fn plain_scalars_are_read_as_kubernetes_tools_read_them() {
        assert_eq!(resolve_plain("0123"), Plain::Int(83));
        assert_eq!(resolve_plain("0o14"), Plain::Int(12));
        assert_eq!(resolve_plain("-5"), Plain::Int(-5));
        assert_eq!(resolve_plain("1.10"), Plain::Float(1.1));
        assert_eq!(resolve_plain("1e3"), Plain::Float(1000.0));
        for text in ["on", "1.2.3", "100m", "-", ".", "1e", "--1", "0x", "12:30"] {
            assert_eq!(resolve_plain(text), Plain::Text, "{text}");
        }
    }
}
