//! Three texts of one file: what two sides made of a common one, joined where they changed different lines.
//!
//! Lines are compared as they are, with their line breaks; nothing is known here of what they mean.

use std::ops::Range;

use similar::{Algorithm, DiffTag, TextDiff};

/// Holds one part of a merged text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Lines on which there is nothing to decide.
    Agreed(String),
    /// Lines that both sides changed, each in its own way.
    Clash(Clash),
}

/// Holds lines that both sides changed, each in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The first of the lines in our text, from 1.
    pub line: usize,
    /// The first and the last of the lines in the common text, from 1; of lines that were put in, the last comes before the first.
    pub base: (usize, usize),
    /// What we made of them.
    pub ours: String,
    /// What they made of them.
    pub theirs: String,
}

/// A changed run of lines: in the common text, and on a side.
type Change = (Range<usize>, Range<usize>);

/// Joins what `ours` and `theirs` made of `base`, part by part.
///
/// Changes of different lines are both taken. Lines next to each other do not clash when both sides only replaced them;
/// lines that were put in or taken out clash with a change at the same place, since nobody can tell in which order they
/// belong.
pub fn threeway(base: &str, ours: &str, theirs: &str) -> Vec<Part> {
    let lines: [Vec<&str>; 3] = [base, ours, theirs].map(|text| text.split_inclusive('\n').collect());
    let (mut left, mut right) = (changes(base, ours).into_iter().peekable(), changes(base, theirs).into_iter().peekable());
    let mut parts = Parts::default();
    // How far the common text and both sides are told.
    let (mut at, mut a, mut b) = (0, 0, 0);
    loop {
        let first = [left.peek(), right.peek()].into_iter().flatten().map(|(old, _)| old.start).min();
        let Some(start) = first else { break };
        parts.agree(&lines[0][at..start]);
        (a, b) = (a + (start - at), b + (start - at));
        let (mut mine, mut yours): (Vec<Change>, Vec<Change>) = (Vec::new(), Vec::new());
        let seed = if left.peek().is_some_and(|(old, _)| old.start == start) { left.next() } else { None };
        mine.extend(seed);
        if mine.is_empty() {
            yours.extend(right.next());
        }
        // Whatever meets what was taken so far, on the other side, belongs to it.
        loop {
            let met = |next: Option<&Change>, taken: &[Change]| next.is_some_and(|n| taken.iter().any(|t| meet(t, n)));
            if met(right.peek(), &mine) {
                yours.extend(right.next());
            } else if met(left.peek(), &yours) {
                mine.extend(left.next());
            } else {
                break;
            }
        }
        let end = mine.iter().chain(&yours).map(|(old, _)| old.end).max().unwrap_or(start);
        let (to_a, to_b) = (a + grown(&mine, end - start), b + grown(&yours, end - start));
        let (own, other) = (&lines[1][a..to_a], &lines[2][b..to_b]);
        match (mine.is_empty(), yours.is_empty()) {
            (false, true) => parts.agree(own),
            (true, _) => parts.agree(other),
            (false, false) if own == other => parts.agree(own),
            (false, false) => {
                parts.clash(Clash { line: a + 1, base: (start + 1, end), ours: own.concat(), theirs: other.concat() });
            }
        }
        (at, a, b) = (end, to_a, to_b);
    }
    parts.agree(&lines[0][at..]);
    parts.0
}

/// Returns the runs of lines that differ.
fn changes(base: &str, side: &str) -> Vec<Change> {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(base, side);
    let mut out: Vec<Change> = Vec::new();
    for op in diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal) {
        let (old, new) = (op.old_range(), op.new_range());
        match out.last_mut() {
            Some((o, n)) if o.end == old.start && n.end == new.start => (o.end, n.end) = (old.end, new.end),
            _ => out.push((old, new)),
        }
    }
    out
}

/// Tells whether changes of both sides touch.
fn meet((a, new_a): &Change, (b, new_b): &Change) -> bool {
    if a.start < b.end && b.start < a.end {
        return true;
    }
    let replaced = |old: &Range<usize>, new: &Range<usize>| !old.is_empty() && old.len() == new.len();
    let beside = a.end == b.start || b.end == a.start;
    beside && !(replaced(a, new_a) && replaced(b, new_b))
}

/// Returns how many lines a side has in place of so many of the common text.
fn grown(changes: &[Change], lines: usize) -> usize {
    changes.iter().fold(lines, |count, (old, new)| count + new.len() - old.len())
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn agree(&mut self, lines: &[&str]) {
        if lines.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(Part::Agreed(text)) => text.push_str(&lines.concat()),
            _ => self.0.push(Part::Agreed(lines.concat())),
        }
    }

    fn clash(&mut self, clash: Clash) {
        self.0.push(Part::Clash(clash));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(parts: &[Part]) -> String {
        let part = |part: &Part| match part {
            Part::Agreed(text) => text.clone(),
            Part::Clash(clash) => format!("<{}:{}|{}>", clash.line, clash.ours, clash.theirs),
        };
        parts.iter().map(part).collect()
    }

    #[test]
    fn different_lines_are_joined_and_the_same_ones_clash() {
        for (base, ours, theirs, expect) in [
            ("a\nb\nc\n", "a\nb\nC\n", "A\nb\nc\n", "A\nb\nC\n"),
            ("a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\n", "a\nB\nc\n"),
            ("a\nb\nc\n", "a\nb1\nc\n", "a\nb2\nc\n", "a\n<2:b1\n|b2\n>c\n"),
            // Lines beside each other, each replaced by one.
            ("tag: 1\ncount: 2\n", "tag: 1\ncount: 3\n", "tag: 0\ncount: 2\n", "tag: 0\ncount: 3\n"),
            // Put in at the same place; put in beside what goes.
            ("a\n", "a\nx\n", "a\ny\n", "a\n<2:x\n|y\n>"),
            ("a\nb\nc\n", "a\nb\nx\nc\n", "a\nc\n", "a\n<2:b\nx\n|>c\n"),
            ("a\nb\nc\nd\n", "a\nb\nc\nd\nx\n", "b\nc\nd\n", "b\nc\nd\nx\n"),
            // One long change against two short ones.
            ("a\nb\nc\nd\n", "1\n2\n3\n4\n", "a\nB\nc\nD\n", "<1:1\n2\n3\n4\n|a\nB\nc\nD\n>"),
            ("", "", "a\n", "a\n"),
            ("a", "a", "a\n", "a\n"),
            ("a\nb\n", "a\nb\nc", "A\nb\n", "A\nb\nc"),
        ] {
            assert_eq!(told(&threeway(base, ours, theirs)), expect, "{base:?} {ours:?} {theirs:?}");
        }
    }

    #[test]
    fn a_side_that_did_nothing_gives_the_other() {
        let (base, other) = ("a\nb\nc\nd\n", "x\na\nc\nD\ne\n");
        assert_eq!(told(&threeway(base, base, other)), other);
        assert_eq!(told(&threeway(base, other, base)), other);
        assert_eq!(told(&threeway(base, other, other)), other);
    }
}
