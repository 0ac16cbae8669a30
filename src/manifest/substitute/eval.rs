//! What is done to the value of a variable: defaults, cases, parts, replacements.

use std::collections::BTreeMap;

use crate::substitute::SubstituteError;
use crate::substitute::parse::{Call, Part};

/// How long a value may be that a pattern is held against: it is held against every beginning of it.
pub(super) const HELD: usize = 4 << 10;

/// Evaluates parts of a text.
pub(super) struct Eval<'v> {
    pub(super) variables: &'v BTreeMap<String, String>,
    pub(super) strict: bool,
    pub(super) limit: usize,
}

impl Eval<'_> {
    /// Writes all parts.
    pub(super) fn all(&self, parts: &[Part], out: &mut String) -> Result<(), SubstituteError> {
        for part in parts {
            out.push_str(&self.part(part)?);
            if out.len() > self.limit {
                return Err(SubstituteError::Limit);
            }
        }
        Ok(())
    }

    fn part(&self, part: &Part) -> Result<String, SubstituteError> {
        match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Call(call) => self.call(call),
        }
    }

    /// Evaluates what stands behind a sign; it may be long and yet come to nothing.
    fn args(&self, parts: &[Part]) -> Result<Vec<String>, SubstituteError> {
        let (mut all, mut length) = (Vec::with_capacity(parts.len()), 0);
        for part in parts {
            let text = self.part(part)?;
            length += text.len();
            if length > self.limit {
                return Err(SubstituteError::Limit);
            }
            all.push(text);
        }
        Ok(all)
    }

    fn call(&self, call: &Call) -> Result<String, SubstituteError> {
        let args = self.args(&call.args)?;
        let value = self.variables.get(&call.name);
        let defaults = matches!(call.sign.as_str(), "-" | "+" | "=" | "?" | ":-" | ":+" | ":=" | ":?");
        if value.is_none() && self.strict && !defaults {
            return Err(SubstituteError::Unset(call.name.clone()));
        }
        let value = value.map_or("", String::as_str);
        let first = args.first().map(String::as_str);
        if matches!((call.sign.as_str(), first), ("#" | "##" | "%" | "%%", Some(_))) && value.len() > HELD {
            return Err(SubstituteError::Pattern);
        }
        Ok(match (call.sign.as_str(), first) {
            (",", _) => capital(value, |c| c.to_lowercase().collect()),
            (",,", _) => value.to_lowercase(),
            ("^", _) => capital(value, |c| c.to_uppercase().collect()),
            ("^^", _) => value.to_uppercase(),
            ("#", None) => value.len().to_string(),
            ("#", Some(pattern)) => start(value, pattern, true).to_owned(),
            ("##", Some(pattern)) => start(value, pattern, false).to_owned(),
            ("%", Some(pattern)) => end(value, pattern, true),
            ("%%", Some(pattern)) => end(value, pattern, false),
            (":", Some(position)) => slice(value, position, args.get(1).map(String::as_str))?,
            ("/#", Some(old)) => match (value.strip_prefix(old), args.get(1)) {
                (Some(rest), Some(new)) => format!("{new}{rest}"),
                _ => value.to_owned(),
            },
            ("/%", Some(old)) => match (value.strip_suffix(old), args.get(1)) {
                (Some(rest), Some(new)) => format!("{rest}{new}"),
                _ => value.to_owned(),
            },
            ("/", Some(old)) => value.replacen(old, args.get(1).map_or("", String::as_str), 1),
            ("//", Some(old)) => {
                let new = args.get(1).map_or("", String::as_str);
                if (value.len() + 1).saturating_mul(new.len() + 1) > self.limit {
                    return Err(SubstituteError::Limit);
                }
                value.replace(old, new)
            }
            _ if value.is_empty() => args.concat(),
            _ => value.to_owned(),
        })
    }
}

fn capital(value: &str, change: fn(char) -> String) -> String {
    let mut chars = value.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}", change(first), chars.as_str()))
}

/// Returns a part of a text by its bytes; what is no number changes nothing.
fn slice(value: &str, position: &str, length: Option<&str>) -> Result<String, SubstituteError> {
    let Ok(position) = position.parse::<i64>() else { return Ok(value.to_owned()) };
    let len = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let from = if position < 0 { (len + position).max(0) } else { position };
    let to = match length.map(str::parse::<i64>) {
        None => len,
        Some(Err(_)) => return Ok(value.to_owned()),
        Some(Ok(length)) => from.saturating_add(length).min(len),
    };
    if from >= len && to >= len {
        return Ok(String::new());
    }
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok()).filter(|(from, to)| from <= to);
    let bytes = range.and_then(|(from, to)| value.as_bytes().get(from..to));
    let bytes = bytes.ok_or(SubstituteError::Syntax("bad substitution"))?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// Cuts off what a pattern matches at the start: as little or as much as possible, but something.
fn start<'v>(value: &'v str, pattern: &str, short: bool) -> &'v str {
    let Some(pattern) = Glob::read(pattern) else { return value };
    let mut ends = value.char_indices().map(|(at, c)| at + c.len_utf8());
    let fits = |end: &usize| pattern.matches(&value[..*end]);
    let found = if short { ends.find(fits) } else { ends.rfind(fits) };
    found.map_or(value, |end| &value[end..])
}

/// The same at the end: Flux turns text and pattern round for it.
fn end(value: &str, pattern: &str, short: bool) -> String {
    let turned = |text: &str| text.chars().rev().collect::<String>();
    let (text, pattern) = (turned(value), turned(pattern));
    turned(start(&text, &pattern, short))
}

/// Holds a pattern of a shell: `*`, `?`, `[a-z]`, `\`.
struct Glob {
    parts: Vec<Piece>,
}

enum Piece {
    Any,
    One,
    Set { ranges: Vec<(char, char)>, within: bool },
    Char(char),
}

impl Glob {
    /// Reads a pattern; nothing when it is none.
    fn read(pattern: &str) -> Option<Self> {
        let mut chars = pattern.chars();
        let mut parts = Vec::new();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' => Piece::Any,
                '?' => Piece::One,
                '\\' => Piece::Char(chars.next()?),
                '[' => Self::set(&mut chars)?,
                c => Piece::Char(c),
            });
        }
        Some(Self { parts })
    }

    fn set(chars: &mut std::str::Chars<'_>) -> Option<Piece> {
        let within = !chars.as_str().starts_with('^');
        if !within {
            chars.next();
        }
        let mut ranges = Vec::new();
        loop {
            if chars.as_str().starts_with(']') && !ranges.is_empty() {
                chars.next();
                return Some(Piece::Set { ranges, within });
            }
            let low = Self::member(chars)?;
            let mut high = low;
            if chars.as_str().starts_with('-') {
                chars.next();
                high = Self::member(chars)?;
            }
            ranges.push((low, high));
        }
    }

    fn member(chars: &mut std::str::Chars<'_>) -> Option<char> {
        match chars.next()? {
            '-' | ']' => None,
            '\\' => chars.next(),
            c => Some(c),
        }
    }

    fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut part, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while at < text.len() {
            let fits = match self.parts.get(part) {
                Some(Piece::Any) => {
                    star = Some((part, at));
                    part += 1;
                    continue;
                }
                Some(Piece::One) => true,
                Some(Piece::Char(c)) => *c == text[at],
                Some(Piece::Set { ranges, within }) => {
                    ranges.iter().any(|(low, high)| (low..=high).contains(&&text[at])) == *within
                }
                None => false,
            };
            if fits {
                part += 1;
                at += 1;
            } else if let Some((back, from)) = star {
                part = back + 1;
                at = from + 1;
                star = Some((back, at));
            } else {
                return false;
            }
        }
        self.parts[part.min(self.parts.len())..].iter().all(|piece| matches!(piece, Piece::Any))
    }
}
