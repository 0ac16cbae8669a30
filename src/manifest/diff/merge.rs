//! Two changes of one text become one: by lines, where they do not touch each other.

use similar::{Algorithm, DiffTag, TextDiff};

/// Holds a change of some lines of the base: from, to, and the lines that take their place.
type Change<'t> = (usize, usize, &'t [&'t str]);

/// Merges two changes of a text. An error holds the lines of the base, counted from 1, that both change or that lie side by side.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Result<String, (usize, usize)> {
    if base == theirs || ours == theirs {
        return Ok(ours.to_owned());
    }
    if base == ours {
        return Ok(theirs.to_owned());
    }
    let lines = |text| str::split_inclusive(text, '\n').collect::<Vec<_>>();
    let (old, mine, other) = (lines(base), lines(ours), lines(theirs));
    let mut all: Vec<Change<'_>> = changes(&old, &mine);
    for change in changes(&old, &other) {
        let met = all.iter().find(|one| touches(one, &change)).copied();
        match met {
            Some(same) if same == change => {}
            Some((from, to, _)) => return Err((from.min(change.0) + 1, to.max(change.1))),
            None => all.push(change),
        }
    }
    all.sort_by_key(|(from, to, _)| (*from, *to));
    let (mut out, mut at) = (String::with_capacity(base.len() + 256), 0);
    for (from, to, with) in all {
        out.extend(old[at..from].iter().chain(with).copied());
        at = to;
    }
    out.extend(old[at..].iter().copied());
    Ok(out)
}

fn changes<'t>(old: &[&'t str], new: &'t [&'t str]) -> Vec<Change<'t>> {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_slices(old, new);
    let changed = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    changed.map(|op| (op.old_range().start, op.old_range().end, &new[op.new_range()])).collect()
}

/// Tells whether two changes overlap or meet: nobody can say in which order they would stand.
fn touches(one: &Change<'_>, other: &Change<'_>) -> bool {
    one.0 <= other.1 && other.0 <= one.1
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
            ("a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n", Err((2, 3))),
            (BASE, "a\n", Ok("a\n")),
            ("", BASE, Ok("")),
        ] {
            assert_eq!(merge(BASE, ours, theirs), both.map(str::to_owned), "{ours:?} {theirs:?}");
        }
    }
}
