//! The rows of the Diff tab: the list of files, then file by file and hunk by hunk, one line or one pair of lines each.

use domain::change::Preview;
use manifest::diff::Line;

use crate::widgets::diff_view::{Pair, TextDiff, pairs};

/// Holds one row. Files and hunks are named by their places.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// Nothing.
    Blank,
    /// A file in the list at the top.
    Listed(usize),
    /// The line over a file's changes.
    File(usize),
    /// The line over a hunk: file and hunk, and the numbers of its first lines before and after.
    Hunk((usize, usize), (usize, usize)),
    /// A line, and how many digits its numbers have.
    Line(Line, usize),
    /// Two lines beside each other.
    Pair(Pair, usize),
}

/// Compares the files of a preview, or its rendered objects.
pub(super) fn diffs(preview: &Preview, rendered: bool) -> Vec<TextDiff> {
    if rendered {
        return preview.rendered.iter().map(|o| TextDiff::new(&o.object, o.before.as_deref(), o.after.as_deref())).collect();
    }
    preview.files.iter().map(|f| TextDiff::new(&f.path, f.before.as_deref(), f.after.as_deref())).collect()
}

/// Arranges differences into rows.
pub(super) fn rows(diffs: &[TextDiff], sides: bool) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    if diffs.len() > 1 {
        out.extend((0..diffs.len()).map(Row::Listed));
        out.push(Row::Blank);
    }
    for (file, diff) in diffs.iter().enumerate() {
        let digits = diff.digits();
        out.push(Row::File(file));
        for (at, hunk) in diff.hunks.iter().enumerate() {
            out.push(Row::Hunk((file, at), (hunk.old_start, hunk.new_start)));
            if sides {
                out.extend(pairs(hunk).into_iter().map(|pair| Row::Pair(pair, digits)));
            } else {
                out.extend(hunk.lines.iter().map(|line| Row::Line(line.clone(), digits)));
            }
        }
        out.push(Row::Blank);
    }
    out
}

/// Returns the hunk that a row belongs to.
pub(super) fn hunk_at(rows: &[Row], at: usize) -> Option<(usize, usize)> {
    let upto = rows.get(..=at.min(rows.len().saturating_sub(1)))?;
    upto.iter().rev().find_map(|row| if let Row::Hunk(place, _) = row { Some(*place) } else { None })
}

/// Returns the row at which a hunk begins.
pub(super) fn row_of(rows: &[Row], hunk: (usize, usize)) -> Option<usize> {
    rows.iter().position(|row| matches!(row, Row::Hunk(place, _) if *place == hunk))
}
