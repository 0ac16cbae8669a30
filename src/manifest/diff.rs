//! Differences between two texts, by lines and by words, for the screen and for scripts; and between rendered objects.

mod merge;
mod moved;
mod objects;
mod order;
mod summary;
pub mod threeway;

use similar::{Algorithm, ChangeTag, DiffTag, TextDiff};

pub use merge::merge;
pub use objects::object_changes;
pub use summary::{ValueChange, summary, value_changes};

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;
/// In how many changed lines words are marked; nobody reads the words of more, and marking costs most of the time.
const MARKED: usize = 2_000;

/// Says what became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// It is on both sides.
    Context,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

/// Holds one line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What became of it.
    pub kind: LineKind,
    /// Its number on the old side, from 1.
    pub old_no: Option<usize>,
    /// Its number on the new side, from 1.
    pub new_no: Option<usize>,
    /// Its text in parts; `true` marks what differs from the line that it replaces or that replaces it.
    pub segments: Vec<(bool, String)>,
    /// For an added or removed line that was moved: its number on the other side, from 1.
    pub moved: Option<usize>,
}

impl Line {
    /// Returns the whole text, without its line break.
    pub fn text(&self) -> String {
        self.segments.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// Holds a run of changes with the lines around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The first line on the old side, from 1.
    pub old_start: usize,
    /// The first line on the new side, from 1.
    pub new_start: usize,
    /// The lines.
    pub lines: Vec<Line>,
}

/// Returns where a line of a text (counted from 1) stands in another version of it; nothing when it is not there any more.
pub fn followed(before: &str, after: &str, line: usize) -> Option<usize> {
    let at = line.checked_sub(1)?;
    if before == after {
        return Some(line);
    }
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(before, after);
    let same = diff.ops().iter().filter(|op| op.tag() == DiffTag::Equal);
    let holder = same.map(|op| (op.old_range(), op.new_range())).find(|(old, _)| old.contains(&at));
    holder.map(|(old, new)| new.start + (at - old.start) + 1)
}

/// Returns the differences between two texts as hunks; none when they are equal.
///
/// Lines that differ in nothing but their line break are shown with a mark at their end.
pub fn diff(before: &str, after: &str) -> Vec<Hunk> {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(before, after);
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut marked = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let Some(first) = group.first() else { continue };
        let (old_start, new_start) = (first.old_range().start + 1, first.new_range().start + 1);
        let mut lines = Vec::new();
        for op in &group {
            let size = op.old_range().len() + op.new_range().len();
            if op.tag() == DiffTag::Replace && marked + size <= MARKED {
                marked += size;
                lines.extend(diff.iter_inline_changes(op).map(|change| {
                    let parts = change.iter_strings_lossy().map(|(marked, text)| (marked, text.into_owned()));
                    line(change.tag(), (change.old_index(), change.new_index()), parts)
                }));
            } else {
                lines.extend(diff.iter_changes(op).map(|change| {
                    let whole = std::iter::once((false, change.value().to_owned()));
                    line(change.tag(), (change.old_index(), change.new_index()), whole)
                }));
            }
        }
        hunks.push(Hunk { old_start, new_start, lines });
    }
    let changed = hunks.iter_mut().flat_map(|h: &mut Hunk| &mut h.lines).filter(|l| l.kind != LineKind::Context);
    moved::mark(&mut changed.collect::<Vec<_>>());
    hunks
}

fn line(tag: ChangeTag, (old, new): (Option<usize>, Option<usize>), parts: impl Iterator<Item = (bool, String)>) -> Line {
    let kind = match tag {
        ChangeTag::Equal => LineKind::Context,
        ChangeTag::Insert => LineKind::Added,
        ChangeTag::Delete => LineKind::Removed,
    };
    Line { kind, old_no: old.map(|n| n + 1), new_no: new.map(|n| n + 1), segments: segments(parts), moved: None }
}

/// Joins parts of the same kind and drops the line break; a changed carriage return becomes visible.
fn segments(parts: impl Iterator<Item = (bool, String)>) -> Vec<(bool, String)> {
    let mut out: Vec<(bool, String)> = Vec::new();
    for (marked, text) in parts {
        let cut = text.trim_end_matches('\n');
        let shown =
            if cut.ends_with('\r') && !marked { cut.trim_end_matches('\r').to_owned() } else { cut.replace('\r', "\u{240d}") };
        if shown.is_empty() {
            continue;
        }
        match out.last_mut() {
            Some((kind, last)) if *kind == marked => last.push_str(&shown),
            _ => out.push((marked, shown)),
        }
    }
    out
}

/// Returns the differences as a unified diff with the file's name; empty when there are none.
pub fn unified(path: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(before, after);
    let (old, new) = (format!("a/{path}"), format!("b/{path}"));
    let text = diff.unified_diff().context_radius(CONTEXT).header(&old, &new).to_string();
    if before == after { String::new() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_word_is_marked_within_its_line() {
        let before = "a: 1\nimage: shop:1.8.4 # keep\nb: 2\n";
        let after = "a: 1\nimage: shop:1.8.5 # keep\nb: 2\n";
        let hunks = diff(before, after);
        assert_eq!(hunks.len(), 1);
        assert_eq!((hunks[0].old_start, hunks[0].new_start), (1, 1));
        let kinds: Vec<LineKind> = hunks[0].lines.iter().map(|l| l.kind).collect();
        assert_eq!(kinds, [LineKind::Context, LineKind::Removed, LineKind::Added, LineKind::Context]);
        let added = &hunks[0].lines[2];
        assert_eq!((added.old_no, added.new_no, added.text().as_str()), (None, Some(2), "image: shop:1.8.5 # keep"));
        assert!(added.segments.iter().any(|(marked, _)| *marked) && added.segments.iter().any(|(marked, _)| !marked));
        assert!(diff(before, before).is_empty());
    }

    #[test]
    fn unified_is_what_scripts_expect() {
        let text = unified("k/a.yaml", "a: 1\n", "a: 2\n");
        assert_eq!(text, "--- a/k/a.yaml\n+++ b/k/a.yaml\n@@ -1 +1 @@\n-a: 1\n+a: 2\n");
        assert_eq!(unified("k/a.yaml", "a: 1\n", "a: 1\n"), "");
        let without = unified("k/a.yaml", "a: 1", "a: 2");
        assert!(without.contains("No newline at end of file"));
    }
}
