//! The filter of every list, as text: several terms, each of which must hold.
//!
//! ```text
//! shop !staging ~spr /^apps?-/ ns=flux-system kind=ks ready=false age>2h suspended=true name=shop-* -l team in (a,b),!tier
//! ```
//!
//! What can stand before `=`, `!=`, `<` and `>` is what the rows say of themselves ([`Fields`]). No list is drawn here.

use std::borrow::Cow;
use std::fmt;

use regex::Regex;

use crate::Time;
use crate::text::Text;

mod find;
mod labels;
mod parse;
#[cfg(test)]
mod tests;

use find::{Glob, Needle, fuzzy};
use labels::Requirement;

/// Holds what stands in one place of a row. Sorts as it is read: nothing first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value<'a> {
    /// Nothing, or not known.
    None,
    /// Yes or no.
    Flag(bool),
    /// A count.
    Number(i64),
    /// A moment.
    Time(Time),
    /// A text.
    Text(Cow<'a, str>),
}

impl<'a> Value<'a> {
    /// Builds a text; an empty one is nothing.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::None } else { Self::Text(text) }
    }

    /// Builds a text that may be absent.
    pub fn some(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        text.map_or(Self::None, Self::text)
    }

    /// Builds a moment that may be absent.
    pub fn time(time: Option<Time>) -> Self {
        time.map_or(Self::None, Self::Time)
    }
}

/// Says what a place of a row holds, and so what it can be compared with.
#[derive(Debug, Clone, Copy)]
pub enum Sort {
    /// A text: `=` and `!=`, with `*` for any letters, `,` between several, `/…/` for a regular expression.
    Text,
    /// A text that has other names, which this finds: `ks` for `Kustomization`.
    Named(fn(&str) -> Option<&'static str>),
    /// `true`, `false` or `unknown`.
    Flag,
    /// How long ago a moment was: `>2h`, `<30m`.
    Time,
    /// A count.
    Number,
}

/// Describes one thing that rows say of themselves: `ns` is their namespace.
pub struct Aspect<F: 'static> {
    /// What is typed, and the id of its column.
    pub name: &'static str,
    /// What may be typed too.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub sort: Sort,
    /// Reads it.
    pub of: for<'a> fn(&'a F) -> Value<'a>,
}

impl<F> fmt::Debug for Aspect<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aspect").field("name", &self.name).field("sort", &self.sort).finish_non_exhaustive()
    }
}

impl<F> Aspect<F> {
    /// Describes a text.
    pub const fn text(name: &'static str, aliases: &'static [&'static str], of: for<'a> fn(&'a F) -> Value<'a>) -> Self {
        Self { name, aliases, sort: Sort::Text, of }
    }

    /// Describes something else than a text.
    pub const fn new(
        name: &'static str,
        aliases: &'static [&'static str],
        sort: Sort,
        of: for<'a> fn(&'a F) -> Value<'a>,
    ) -> Self {
        Self { name, aliases, sort, of }
    }

    /// Tells whether this is what somebody typed.
    pub fn is(&self, word: &str) -> bool {
        self.name.eq_ignore_ascii_case(word) || self.aliases.iter().any(|a| a.eq_ignore_ascii_case(word))
    }
}

/// A row that can be filtered.
pub trait Fields: Sized + 'static {
    /// Returns what rows say of themselves.
    fn aspects() -> &'static [Aspect<Self>];
    /// Shows its texts one after another until one is what is looked for; tells whether one was.
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool;
    /// Returns what the letters of `~` are looked for in.
    fn title(&self) -> Cow<'_, str>;
    /// Returns its labels.
    fn labels(&self) -> &[(Text, Text)] {
        &[]
    }
}

/// Says why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// A sign that begins a term, and nothing after it.
    #[error("something must follow {0}")]
    Empty(String),
    /// Something that does not end.
    #[error("{0} at the end is missing")]
    Open(char),
    /// A regular expression that is none.
    #[error("no regular expression: {0}")]
    Regex(String),
    /// A name before a comparison that no row has.
    #[error("“{0}” is nothing that can be compared here; known: {1}. Text with such a sign goes between quotes")]
    Unknown(String, String),
    /// A comparison that makes no sense for what is compared.
    #[error("{0} takes {one} or {other}", one = .1.0, other = .1.1)]
    Sign(String, (&'static str, &'static str)),
    /// A value that is no yes or no.
    #[error("“{0}” is no true, false or unknown")]
    Flag(String),
    /// A value that is no length of time.
    #[error("“{0}” is no time such as 30s, 5m, 2h, 1h30m, 3d, 2w")]
    Time(String),
    /// A value that is no number.
    #[error("“{0}” is no number")]
    Number(String),
    /// A label selector that is none.
    #[error("labels are selected by key=value, key!=value, key in (a,b), key notin (a,b), key or !key")]
    Label,
}

/// Says where and why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{column}: {why}")]
pub struct Fault {
    /// The character at which it goes wrong; the first is 1.
    pub column: usize,
    /// Why.
    pub why: Why,
}

/// Says how two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Is,
    IsNot,
    Above,
    Below,
    AtLeast,
    AtMost,
}

impl Sign {
    fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Is => left == right,
            Self::IsNot => left != right,
            Self::Above => left > right,
            Self::Below => left < right,
            Self::AtLeast => left >= right,
            Self::AtMost => left <= right,
        }
    }
}

/// Holds what a value is compared with.
enum Want {
    Any(Vec<Glob>),
    Like(Regex),
    Flag(Option<bool>),
    Seconds(i64),
    Number(i64),
}

impl Want {
    fn holds(&self, sign: Sign, value: &Value<'_>, now: Time) -> bool {
        let text = |value: &Value<'_>, fits: &dyn Fn(&str) -> bool| match value {
            Value::Text(text) => fits(text),
            Value::None => fits(""),
            _ => false,
        };
        match (self, value) {
            (Self::Any(globs), value) => (sign == Sign::Is) == text(value, &|t| globs.iter().any(|g| g.fits(t))),
            (Self::Like(regex), value) => (sign == Sign::Is) == text(value, &|t| regex.is_match(t)),
            (Self::Flag(want), value) => {
                let found = if let Value::Flag(is) = value { Some(*is) } else { None };
                (sign == Sign::Is) == (found == *want)
            }
            (Self::Seconds(limit), Value::Time(time)) => {
                sign.holds(&(now.as_millisecond() - time.as_millisecond()), &limit.saturating_mul(1000))
            }
            (Self::Number(limit), Value::Number(number)) => sign.holds(number, limit),
            (Self::Seconds(_) | Self::Number(_), _) => sign == Sign::IsNot,
        }
    }
}

enum Test<F: 'static> {
    Text(Needle),
    Fuzzy(String),
    Like(Regex),
    Compare(&'static Aspect<F>, Sign, Want),
    Labels(Vec<Requirement>),
}

struct Term<F: 'static> {
    not: bool,
    test: Test<F>,
}

/// Holds a filter for rows of one sort. The empty one lets everything through.
pub struct Filter<F: 'static> {
    terms: Vec<Term<F>>,
}

impl<F> Default for Filter<F> {
    fn default() -> Self {
        Self { terms: Vec::new() }
    }
}

impl<F> fmt::Debug for Filter<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("terms", &self.terms.len()).finish()
    }
}

impl<F: Fields> Filter<F> {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (terms, fault) = parse::terms(text);
        fault.map_or(Ok(Self { terms }), Err)
    }

    /// Reads a label selector alone, as it stands after `-l`; one that selects nothing is no selector.
    pub fn labels(text: &str) -> Result<Self, Fault> {
        Ok(Self { terms: vec![parse::labels(text)?] })
    }

    /// Reads a filter while it is typed: the terms before the first fault, and that fault.
    pub fn typed(text: &str) -> (Self, Option<Fault>) {
        let (terms, fault) = parse::terms(text);
        (Self { terms }, fault)
    }

    /// Tells whether it lets everything through.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Tells whether a row fits.
    pub fn matches(&self, row: &F, now: Time) -> bool {
        self.terms.iter().all(|term| term.not != term.test.holds(row, now))
    }

    /// Tells whether a row may fit of which one aspect reads so; only what compares that very aspect can deny it.
    pub fn admits(&self, aspect: &str, value: &Value<'_>, now: Time) -> bool {
        self.terms.iter().all(|term| match &term.test {
            Test::Compare(of, sign, want) if of.name == aspect => term.not != want.holds(*sign, value, now),
            _ => true,
        })
    }

    /// Returns the next moment at which a row may fit that does not now, or the other way round, by nothing but its age.
    pub fn turns(&self, row: &F, now: Time) -> Option<Time> {
        let moments = self.terms.iter().filter_map(|term| match &term.test {
            Test::Compare(aspect, _, Want::Seconds(limit)) => match (aspect.of)(row) {
                // One millisecond later `>` holds, too.
                Value::Time(time) => {
                    let later = limit.saturating_mul(1000).saturating_add(1);
                    Time::from_millisecond(time.as_millisecond().saturating_add(later)).ok()
                }
                _ => None,
            },
            _ => None,
        });
        moments.filter(|at| *at > now).min()
    }

    /// Tells whether what fits depends on what time it is.
    pub fn timed(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Compare(_, _, Want::Seconds(_))))
    }
}

impl<F: Fields> Test<F> {
    fn holds(&self, row: &F, now: Time) -> bool {
        match self {
            Self::Text(needle) => row.texts(&mut |text| needle.within(text)),
            Self::Fuzzy(letters) => fuzzy(letters, &row.title()),
            Self::Like(regex) => row.texts(&mut |text| regex.is_match(text)),
            Self::Compare(aspect, sign, want) => want.holds(*sign, &(aspect.of)(row), now),
            Self::Labels(wanted) => wanted.iter().all(|r| r.holds(row.labels())),
        }
    }
}

/// Finds an aspect by what somebody typed.
pub fn aspect<F: Fields>(word: &str) -> Option<&'static Aspect<F>> {
    F::aspects().iter().find(|a| a.is(word))
}
