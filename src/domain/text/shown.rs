//! What may reach a terminal, as a type.

use std::borrow::Cow;
use std::fmt;

use super::{display, has_hidden};

/// Holds text that can do nothing but be read: no character of it steers a terminal or hides another one.
///
/// Made by [`Shown::line`] and [`Shown::lines`] only. A cell of the screen and the streams of a subcommand take nothing else: the
/// methods that would take any text are denied by the lints, but in the few rooms that write sequences of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown<'a>(Cow<'a, str>);

impl<'a> Shown<'a> {
    /// Takes one line; what would end it becomes a mark.
    pub fn line(text: &'a str) -> Self {
        Self::of(text, false)
    }

    /// Takes lines; their ends and tabs stay.
    pub fn lines(text: &'a str) -> Self {
        Self::of(text, true)
    }

    fn of(text: &'a str, lines: bool) -> Self {
        Self(if has_hidden(text) { Cow::Owned(display(text, lines)) } else { Cow::Borrowed(text) })
    }

    /// Returns a part of it: what of it is left by a function that takes away and adds nothing but marks of its own (`…`).
    pub fn cut(&self, cut: impl FnOnce(&str) -> Cow<'_, str>) -> Shown<'_> {
        Shown::line_of(cut(&self.0))
    }

    fn line_of(text: Cow<'_, str>) -> Shown<'_> {
        Shown(if has_hidden(&text) { Cow::Owned(display(&text, false)) } else { text })
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_marked_and_the_rest_is_not_copied() {
        assert_eq!(Shown::line("a\u{1b}[2J\nb").as_str(), "a\u{241b}[2J\u{240a}b");
        assert_eq!(Shown::lines("a\tb\n").as_str(), "a\tb\n");
        assert!(matches!(Shown::line("部署 ok").0, Cow::Borrowed(_)));
        let long = Shown::line("pay\u{202e}load");
        assert_eq!(long.cut(|text| Cow::Owned(format!("{}…", &text[..3]))).as_str(), "pay…");
    }
}
