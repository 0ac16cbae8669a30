//! Two changes of one text become one: by lines, where they do not meet.

use super::threeway::{Part, threeway};

/// Merges two changes of a text. An error holds the lines of the base, counted from 1, that both change.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Result<String, (usize, usize)> {
    let mut out = String::with_capacity(base.len() + 256);
    for part in threeway(base, ours, theirs) {
        match part {
            Part::Agreed(text) => out.push_str(&text),
            Part::Clash(clash) => return Err(clash.base),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "a\nb\nc\nd\ne\n";

    #[test]
    fn changes_that_keep_apart_both_stay() {
        for (ours, theirs, both) in [
            ("a\nB\nc\nd\ne\n", "a\nb\nc\nd\nE\n", Ok("a\nB\nc\nd\nE\n")),
            ("a\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n", Ok("a\nc\nd\ne\nf\n")),
            ("x\na\nb\nc\nd\ne\n", "a\nb\nc\ne\n", Ok("x\na\nb\nc\ne\n")),
            ("a\nB\nc\nd\ne\n", "a\nB\nc\nD\ne\n", Ok("a\nB\nc\nD\ne\n")),
            ("a\nB\nc\nd\ne\n", "a\nX\nc\nd\ne\n", Err((2, 2))),
            // Lines beside each other, each replaced by one; and one beside lines that go.
            ("a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n", Ok("a\nB\nC\nd\ne\n")),
            ("a\nB\nc\nd\ne\n", "a\nb\nd\ne\n", Err((2, 3))),
            (BASE, "a\n", Ok("a\n")),
            ("", BASE, Ok("")),
        ] {
            assert_eq!(merge(BASE, ours, theirs), both.map(str::to_owned), "{ours:?} {theirs:?}");
        }
    }
}
