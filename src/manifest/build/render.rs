//! Objects as YAML text, byte for byte as kustomize prints them: sorted keys, lists at the column of their key.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::Value;

use crate::build::Object;
use crate::yaml::{Plain, resolve_plain};

/// The column after which a long text is continued on the next line.
const WIDTH: usize = 80;

/// Returns objects as one YAML text, documents separated by `---`.
pub fn render(objects: &[Object]) -> String {
    let mut out = String::new();
    for (at, object) in objects.iter().enumerate() {
        if at > 0 {
            out.push_str("---\n");
        }
        document(&object.value, &mut out);
    }
    out
}

/// Returns one value as YAML.
pub fn render_value(value: &Value) -> String {
    let mut out = String::new();
    document(value, &mut out);
    out
}

fn document(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => mapping(map, 0, false, out),
        Value::Array(items) if !items.is_empty() => sequence(items, 0, false, out),
        other => {
            scalar(other, 0, out);
            out.push('\n');
        }
    }
}

/// Compares keys as kustomize's printer does: numbers in them by their value, letters after everything else.
fn by_key(a: &str, b: &str) -> Ordering {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    // They may part in the middle of a character.
    let at = a.floor_char_boundary(same);
    let (Some(x), Some(y)) = (a[at..].chars().next(), b[at..].chars().next()) else { return a.len().cmp(&b.len()) };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero within a number is not at its start: it counts.
    let before = a[..at].bytes().rev().take_while(u8::is_ascii_digit).any(|b| b != b'0');
    let inner = (x == '0' || y == '0') && before;
    let number = |text: &str| {
        let digits = text[at..].bytes().take_while(u8::is_ascii_digit);
        let value = digits.clone().fold(u64::from(inner), |n, b| n.wrapping_mul(10).wrapping_add(u64::from(b - b'0')));
        (value, digits.count())
    };
    number(a).cmp(&number(b)).then_with(|| x.cmp(&y))
}

/// Sorts entries by their keys. The order goes round in circles for some (`0001`, `11-a`, `1a0a`), and the sort of the
/// standard library may answer that with a panic.
fn sorted<'v>(mut entries: Vec<(&'v String, &'v Value)>) -> Vec<(&'v String, &'v Value)> {
    if entries.len() < 2 {
        return entries;
    }
    let right = sorted(entries.split_off(entries.len() / 2));
    let (mut left, mut right) = (sorted(entries).into_iter().peekable(), right.into_iter().peekable());
    let mut out = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        out.extend(if by_key(b.0, a.0) == Ordering::Less { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    out
}

/// Writes so many spaces.
fn indent_by(indent: usize, out: &mut String) {
    const SPACES: &str = "                                                                ";
    let mut left = indent;
    while left > 0 {
        let some = left.min(SPACES.len());
        out.push_str(&SPACES[..some]);
        left -= some;
    }
}

fn mapping(map: &serde_json::Map<String, Value>, indent: usize, inline: bool, out: &mut String) {
    for (at, (key, value)) in sorted(map.iter().collect()).into_iter().enumerate() {
        if at > 0 || !inline {
            indent_by(indent, out);
        }
        text(key, indent, true, out);
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                mapping(inner, indent + 2, false, out);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                sequence(items, indent, false, out);
            }
            other => {
                out.push(' ');
                scalar(other, indent, out);
                out.push('\n');
            }
        }
    }
}

fn sequence(items: &[Value], indent: usize, inline: bool, out: &mut String) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 || !inline {
            indent_by(indent, out);
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(map, indent + 2, true, out),
            Value::Array(inner) if !inner.is_empty() => sequence(inner, indent + 2, true, out),
            other => {
                scalar(other, indent, out);
                out.push('\n');
            }
        }
    }
}

fn scalar(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) if number.is_f64() => out.push_str(&exponent(&number.to_string())),
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::String(words) => text(words, indent, false, out),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// Writes an exponent with a sign and two digits.
fn exponent(number: &str) -> String {
    let Some((digits, power)) = number.split_once('e') else { return number.to_owned() };
    let (sign, power) = power.strip_prefix('-').map_or(("+", power.trim_start_matches('+')), |p| ("-", p));
    format!("{digits}e{sign}{power:0>2}")
}

/// What a text's characters allow.
#[derive(Default)]
struct Shape {
    plain: bool,
    single: bool,
    block: bool,
}

/// Tells whether kustomize's printer writes a character as it is; beyond the basic plane (emoji) it escapes.
fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Tells whether a text is of letters, digits and signs that mean nothing to YAML where they stand: most are.
fn simple(words: &str) -> bool {
    let bytes = words.as_bytes();
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-' | b'=' | b'+' | b'(' | b')');
    let first = bytes.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'/');
    // A space or a colon between two of them is none of YAML's signs either.
    let between = |at: usize| bytes.get(at + 1).copied().is_some_and(harmless);
    first && bytes.iter().enumerate().all(|(at, b)| harmless(*b) || (matches!(b, b' ' | b':') && between(at)))
}

fn shape(words: &str) -> Shape {
    if simple(words) {
        return Shape { plain: true, single: true, block: true };
    }
    let chars: Vec<char> = words.chars().collect();
    let (Some(first), Some(last)) = (chars.first().copied(), chars.last().copied()) else {
        return Shape { plain: false, single: true, block: false };
    };
    let spaced = |at: usize| chars.get(at).is_none_or(|c| *c == ' ' || *c == '\t' || is_break(*c));
    let mut indicators = words.starts_with("---") || words.starts_with("...") || "#,[]{}&*!|>'\"%@`".contains(first);
    indicators |= matches!(first, '?' | ':' | '-') && spaced(1);
    let mut special = false;
    for (at, c) in chars.iter().enumerate() {
        indicators |= at > 0 && ((*c == ':' && spaced(at + 1)) || (*c == '#' && spaced(at - 1)));
        special |= !printable(*c) && *c != '\u{85}';
    }
    let multiline = words.contains(is_break);
    let pair = |f: &dyn Fn(char, char) -> bool| chars.windows(2).any(|w| f(w[0], w[1]));
    let space_break = pair(&|a, b| a == ' ' && is_break(b));
    let break_space = pair(&|a, b| is_break(a) && b == ' ');
    let edge = first == ' ' || is_break(first) || last == ' ' || is_break(last);
    let hopeless = special || space_break;
    Shape {
        plain: !(indicators || edge || break_space || hopeless || multiline),
        single: !(break_space || hopeless),
        block: !(hopeless || last == ' '),
    }
}

/// Tells whether a text without quotes would be read as something else.
fn resolves(words: &str) -> bool {
    let old = matches!(
        words,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF"
    );
    // What is read as a number or a time begins as one.
    if !words.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return old || resolve_plain(words) != Plain::Text;
    }
    // A number that is too large for one stays a text.
    let endless = |plain: &Plain| matches!(plain, Plain::Float(f) if f.is_infinite()) && !words.ends_with(['f', 'F']);
    let plain = resolve_plain(words);
    old || (plain != Plain::Text && !endless(&plain)) || base60(words) || timestamp(words)
}

fn base60(words: &str) -> bool {
    let body = words.strip_prefix(['+', '-']).unwrap_or(words);
    let mut parts = body.split(':');
    let head = parts.next().unwrap_or_default();
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let rest: Vec<&str> = parts.collect();
    if rest.is_empty() || !digits(head) || head.starts_with('_') {
        return false;
    }
    rest.iter().enumerate().all(|(at, part)| {
        let part = if at + 1 == rest.len() { part.split('.').next().unwrap_or_default() } else { part };
        digits(part) && part.len() <= 2 && (part.len() == 1 || part.as_bytes()[0] < b'6')
    })
}

fn timestamp(words: &str) -> bool {
    let bytes = words.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let date = words.split(['T', 't', ' ']).next().unwrap_or_default();
    let mut parts = date.split('-').skip(1);
    let fits =
        |part: Option<&str>, most: u32| part.is_some_and(|p| p.len() <= 2 && p.parse::<u32>().is_ok_and(|n| n >= 1 && n <= most));
    let dated = fits(parts.next(), 12) && fits(parts.next(), 31) && parts.next().is_none();
    let rest = &words[date.len()..];
    dated && (rest.is_empty() || (rest.contains(':') && rest[1..].chars().all(|c| c.is_ascii_digit() || ":.+-Zz ".contains(c))))
}

fn text(words: &str, indent: usize, key: bool, out: &mut String) {
    let shape = shape(words);
    if words.contains('\n') && shape.block && !key {
        return literal(words, indent, out);
    }
    if resolves(words) || words.contains('\n') {
        return double(words, indent, key, out);
    }
    if shape.plain {
        return folded(words, indent, key, out);
    }
    if shape.single {
        out.push('\'');
        folded(&words.replace('\'', "''"), indent, key, out);
        out.push('\'');
        return;
    }
    double(words, indent, key, out);
}

fn column(out: &str) -> usize {
    out[out.rfind('\n').map_or(0, |n| n + 1)..].chars().count()
}

/// Writes a text and continues it on a new line at the first space after the width.
fn folded(words: &str, indent: usize, key: bool, out: &mut String) {
    if key || !words.contains(' ') {
        return out.push_str(words);
    }
    let mut at_column = column(out);
    if at_column + words.len() <= WIDTH {
        return out.push_str(words);
    }
    let chars: Vec<char> = words.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let alone = at > 0 && at + 1 < chars.len() && chars[at - 1] != ' ' && chars[at + 1] != ' ';
        if *c == ' ' && alone && at_column > WIDTH {
            out.push('\n');
            indent_by(indent + 2, out);
            at_column = indent + 2;
        } else {
            out.push(*c);
            at_column += 1;
        }
    }
}

fn literal(words: &str, indent: usize, out: &mut String) {
    out.push('|');
    if words.starts_with(' ') || words.starts_with('\n') {
        out.push('2');
    }
    let trailing = words.len() - words.trim_end_matches('\n').len();
    match trailing {
        0 => out.push('-'),
        1 if words.len() > 1 => {}
        _ => out.push('+'),
    }
    for line in words.strip_suffix('\n').unwrap_or(words).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent_by(indent + 2, out);
            out.push_str(line);
        }
    }
}

fn double(words: &str, indent: usize, key: bool, out: &mut String) {
    out.push('"');
    let mut at_column = column(out);
    let chars: Vec<char> = words.chars().collect();
    let mut spaced = false;
    for (at, c) in chars.iter().enumerate() {
        let before = out.len();
        if *c == ' ' && !key && !spaced && at_column > WIDTH && at > 0 && at + 1 < chars.len() {
            out.push('\n');
            indent_by(indent + 2, out);
            at_column = indent + 2;
            if chars[at + 1] == ' ' {
                out.push('\\');
                at_column += 1;
            }
            spaced = true;
            continue;
        }
        spaced = *c == ' ';
        escaped(*c, out);
        at_column += out[before..].chars().count();
    }
    out.push('"');
}

fn escaped(c: char, out: &mut String) {
    let short = match c {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        c if printable(c) => {
            out.push(c);
            return;
        }
        c => {
            let code = u32::from(c);
            let _ = match code {
                0..=0xff => write!(out, "\\x{code:02X}"),
                0x100..=0xffff => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            };
            return;
        }
    };
    out.push_str(short);
}
