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
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::text::hidden;

    /// What has steered a terminal, hidden a word or turned one around, whole and in pieces.
    const PARTS: [&str; 24] = [
        "\u{1b}[2J",
        "\u{1b}]0;x\u{7}",
        "\u{1b}P",
        "\u{9b}31m",
        "\u{9d}",
        "\r",
        "\n",
        "\t",
        "\u{8}",
        "\u{7f}",
        "\u{85}",
        "\u{ad}",
        "\u{202e}",
        "\u{2066}",
        "\u{200d}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\u{e0041}",
        "\u{301}",
        "e",
        "部署",
        "👩\u{200d}🚀",
        "\u{fe0f}",
    ];

    /// Returns any bytes as text, as what comes from outside is read, and texts made of what is dangerous.
    fn outside() -> impl Strategy<Value = String> {
        let parts = vec(proptest::sample::select(&PARTS[..]), 0..12).prop_map(|parts| parts.concat());
        let bytes = vec(any::<u8>(), 0..64).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        prop_oneof![parts, bytes, any::<String>()]
    }

    /// Says it by itself, not by what is tested here: controls, what turns the direction, what takes no place and is no mark over a letter.
    fn steers(c: char) -> bool {
        let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let unseen = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}');
        c.is_control() || turns || unseen || matches!(c, '\u{e0000}'..='\u{e007f}')
    }

    proptest! {
        #[test]
        fn no_text_steers_anything_and_nothing_of_it_is_lost(text in outside(), at in any::<proptest::sample::Index>()) {
            let line = Shown::line(&text);
            prop_assert!(!line.as_str().contains(|c| steers(c) || hidden(c)), "{line:?}");
            prop_assert_eq!(&Shown::line(line.as_str()), &line, "what is safe stays as it is");
            let lines = Shown::lines(&text);
            prop_assert!(!lines.as_str().contains(|c| !matches!(c, '\n' | '\t') && (steers(c) || hidden(c))), "{lines:?}");
            // What can be seen stands there in its order, with a mark for each of the others.
            let mut rest = line.as_str().chars();
            for c in text.chars() {
                prop_assert!(hidden(c) && rest.next().is_some() || rest.any(|r| r == c), "{c:?} of {text:?} in {line:?}");
            }
            // Whatever a cut does, it makes nothing dangerous again.
            let cut = line.cut(|safe| {
                let at = safe.floor_char_boundary(at.index(safe.len() + 1));
                Cow::Owned(format!("{}\u{1b}{}", &safe[at..], &safe[..at]))
            });
            prop_assert!(!cut.as_str().contains(|c| steers(c) || hidden(c)), "{cut:?}");
        }
    }

    #[test]
    fn what_steers_is_marked_and_the_rest_is_not_copied() {
        assert_eq!(Shown::line("a\u{1b}[2J\nb").as_str(), "a\u{241b}[2J\u{240a}b");
        assert_eq!(Shown::lines("a\tb\n").as_str(), "a\tb\n");
        assert!(matches!(Shown::line("部署 ok").0, Cow::Borrowed(_)));
        let long = Shown::line("pay\u{202e}load");
        assert_eq!(long.cut(|text| Cow::Owned(format!("{}…", &text[..3]))).as_str(), "pay…");
    }
}
