//! The paths that replacements read from and write to: `spec.containers.[name=app].image`, `items.0`, `rules.*.host`.

use regex::Regex;

use crate::build::fieldspec::Change;
use crate::build::merge::typed;
use crate::yaml::{Data, Val};

/// Splits a path at its dots; `\.` is a dot in a key, and dots between brackets belong to what stands there.
pub(super) fn parts(path: &str) -> Vec<String> {
    let mut split: Vec<String> = Vec::new();
    for part in path.strip_prefix('.').unwrap_or(path).split('.') {
        match split.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => {
                last.pop();
                last.push('.');
                last.push_str(part);
            }
            None => split.push(part.to_owned()),
        }
    }
    let mut out = Vec::new();
    let mut rest = split.into_iter();
    while let Some(part) = rest.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            out.push(part);
            continue;
        }
        let mut whole = part;
        for more in rest.by_ref() {
            whole.push('.');
            whole.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        out.push(if whole.contains('=') { whole } else { whole.trim_matches(['[', ']']).to_owned() });
    }
    out
}

/// Says what a part of a path asks for.
enum Part<'p> {
    Index(usize),
    Match(&'p str, &'p str),
    Every,
    Field(&'p str),
}

fn part(text: &str) -> Result<Part<'_>, String> {
    if let Ok(at) = text.parse() {
        return Ok(Part::Index(at));
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        let (key, value) = inner.split_once('=').ok_or_else(|| format!("{text} is not written [key=value]"))?;
        return Ok(Part::Match(key, value));
    }
    Ok(if text == "*" { Part::Every } else { Part::Field(text) })
}

/// Returns the value at a path; nothing when a part of it is not there.
pub(super) fn lookup<'v>(val: &'v Val, path: &[String]) -> Result<Option<&'v Val>, String> {
    let mut at = val;
    for text in path.iter().map(|t| t.trim()).filter(|t| !t.is_empty()) {
        let next = match (&at.data, part(text)?) {
            (Data::Null, _) => None,
            (Data::List(items), Part::Index(index)) => items.get(index),
            (Data::List(items), Part::Match("", wanted)) => items.iter().find(|i| i.scalar().as_deref() == Some(wanted)),
            (Data::List(items), Part::Match(key, wanted)) => {
                items.iter().find(|i| i.get(key).and_then(Val::scalar).as_deref() == Some(wanted))
            }
            (Data::List(items), Part::Field("-")) => items.last(),
            (Data::Map(map), Part::Field(key)) => map.get(key),
            (_, Part::Every) => return Err("* does not say which".to_owned()),
            _ => return Err(format!("{text} does not fit what is there")),
        };
        match next {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// Says what the end of a path is made as when it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Making {
    Nothing,
    Scalar,
    List,
    Map,
}

impl Making {
    /// Returns what makes room for a value.
    pub(super) const fn of(val: &Val) -> Self {
        match val.data {
            Data::List(_) => Self::List,
            Data::Map(_) => Self::Map,
            _ => Self::Scalar,
        }
    }

    fn made(self, next: Option<&String>) -> Val {
        let listed = next.is_some_and(|t| matches!(part(t), Ok(Part::Index(_) | Part::Match(..))));
        match (next, self) {
            (Some(_), _) if listed => Val::list(),
            (Some(_), _) | (None, Self::Map) => Val::map(),
            (None, Self::List) => Val::list(),
            (None, _) => Val::null(),
        }
    }
}

/// Calls a function for every value at a path; returns how many there were.
pub(super) fn visit(val: &mut Val, path: &[String], making: Making, change: Change<'_>) -> Result<usize, String> {
    let Some((text, rest)) = path.split_first() else {
        change(val)?;
        return Ok(1);
    };
    match part(text)? {
        Part::Index(at) => {
            let Data::List(items) = &mut val.data else { return Err(format!("{text}: there is no list")) };
            if items.len() == at && making != Making::Nothing {
                items.push(making.made(rest.first()));
            }
            let len = items.len();
            let item = items.get_mut(at).ok_or_else(|| format!("{text}: the list has {len} items"))?;
            visit(item, rest, making, change)
        }
        Part::Every => match &mut val.data {
            Data::List(items) => items.iter_mut().map(|item| visit(item, rest, making, change)).sum(),
            Data::Null => Ok(0),
            _ => Err("*: there is no list".to_owned()),
        },
        Part::Match(key, wanted) => matching(val, (key, wanted), rest, (making, change)),
        Part::Field(key) => {
            if val.is_null() && making != Making::Nothing {
                val.data = Val::map().data;
            }
            match &mut val.data {
                Data::Null => Ok(0),
                Data::Map(map) => {
                    if making != Making::Nothing && !map.contains_key(key) {
                        map.insert(key.to_owned(), making.made(rest.first()));
                    }
                    map.get_mut(key).map_or(Ok(0), |slot| visit(slot, rest, making, change))
                }
                _ => Err(format!("{key}: there is no mapping")),
            }
        }
    }
}

fn matching(
    val: &mut Val,
    (key, wanted): (&str, &str),
    rest: &[String],
    (making, change): (Making, Change<'_>),
) -> Result<usize, String> {
    let pattern = Regex::new(wanted).map_err(|_| format!("\u{201c}{wanted}\u{201d} is no pattern"))?;
    if val.is_null() && making != Making::Nothing {
        val.data = Val::list().data;
    }
    let items = match &mut val.data {
        Data::List(items) => items,
        Data::Null => return Ok(0),
        _ => return Err(format!("[{key}={wanted}]: there is no list")),
    };
    let fits = |item: &Val| {
        let named = if key.is_empty() { Some(item) } else { item.get(key) };
        named.and_then(Val::scalar).is_some_and(|text| pattern.is_match(&text))
    };
    // For words, what follows in the path is passed over.
    let rest = if key.is_empty() { &[] } else { rest };
    let mut count = 0;
    for item in items.iter_mut().filter(|item| fits(item)) {
        count += visit(item, rest, making, change)?;
    }
    if count > 0 || making == Making::Nothing {
        return Ok(count);
    }
    let mut new = if key.is_empty() { typed(wanted) } else { Val::map() };
    if !key.is_empty() {
        new.set(key, typed(wanted));
    }
    items.push(new);
    items.last_mut().map_or(Ok(0), |item| visit(item, rest, making, change))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn dots_split_but_not_in_brackets_nor_behind_a_backslash() {
        for (path, expect) in [
            ("spec.a", &["spec", "a"][..]),
            (r"metadata.annotations.example\.org/x", &["metadata", "annotations", "example.org/x"]),
            ("a.[name=x.y].b", &["a", "[name=x.y]", "b"]),
            ("a.[example.org/x].b", &["a", "example.org/x", "b"]),
            ("a.0.*", &["a", "0", "*"]),
        ] {
            assert_eq!(parts(path), expect, "{path}");
        }
    }
}
