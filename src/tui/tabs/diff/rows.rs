//! The rows of the Diff tab: what the change means and what is thought of it, the list of files, then file by file and hunk by
//! hunk, one line or one pair of lines each, with what checks say under the lines that they speak of.

use domain::change::{Finding, Preview};
use domain::trial::Trial;
use manifest::diff::Line;

use super::{View, back, live};
use crate::cx::Cx;
use crate::tabs::deploy::verdict::{self, severity};
use crate::theme::Role;
use crate::widgets::diff_view::{Pair, TextDiff, pairs};
use crate::widgets::put::{Piece, piece, width, wrap};

/// How many reasons of a risk are told; the form tells more.
const REASONS: usize = 4;

/// Holds one row. Files and hunks are named by their places.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// Nothing.
    Blank,
    /// A sentence about the whole change.
    Told(Vec<Piece<'static>>),
    /// What a check says, or a further line of it; the number is the finding's among those that can be jumped to.
    Finding(Option<usize>, Vec<Piece<'static>>),
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

/// Compares the files of a preview.
pub(super) fn of_files(preview: &Preview) -> Vec<TextDiff> {
    preview.files.iter().map(|f| TextDiff::new(&f.path, f.before.as_deref(), f.after.as_deref())).collect()
}

/// Compares the rendered objects of a preview.
pub(super) fn of_objects(preview: &Preview) -> Vec<TextDiff> {
    preview.rendered.iter().map(|o| TextDiff::new(&o.object, o.before.as_deref(), o.after.as_deref())).collect()
}

/// Holds what rows are made of.
pub(super) struct Sheet<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) preview: &'a Preview,
    pub(super) diffs: &'a [TextDiff],
    /// What is compared.
    pub(super) view: View,
    /// What the cluster said, once it has.
    pub(super) trial: Option<&'a Trial>,
}

impl Sheet<'_> {
    /// Tells whether objects are compared, and not files.
    fn of_objects(&self) -> bool {
        self.view != View::Git
    }

    /// Arranges differences into rows.
    pub(super) fn rows(&self, sides: bool) -> Vec<Row> {
        let mut out = self.head();
        let mut number = 0;
        let (placed, loose): (Vec<&Finding>, Vec<&Finding>) =
            verdict::sorted(&self.preview.findings).into_iter().partition(|f| self.is_placed(f));
        if !out.is_empty() && !loose.is_empty() {
            out.push(Row::Blank);
        }
        for finding in &loose {
            self.finding(&mut out, &mut number, finding, (0, verdict::place(finding)));
        }
        if !out.is_empty() {
            out.push(Row::Blank);
        }
        if self.diffs.len() > 1 {
            out.extend((0..self.diffs.len()).map(Row::Listed));
            out.push(Row::Blank);
        }
        for (file, diff) in self.diffs.iter().enumerate() {
            let digits = diff.digits();
            // Under the text of the line, not under its numbers.
            let indent = if sides { digits + 2 } else { 2 * digits + 3 };
            out.push(Row::File(file));
            for finding in placed.iter().filter(|f| self.of_objects() && speaks_of(f, &diff.name)) {
                self.finding(&mut out, &mut number, finding, (0, verdict::place(finding)));
            }
            for (at, hunk) in diff.hunks.iter().enumerate() {
                out.push(Row::Hunk((file, at), (hunk.old_start, hunk.new_start)));
                let lines: Vec<(Row, Option<usize>)> = if sides {
                    let row = |pair: Pair| (pair.new.as_ref().and_then(|l| l.new_no), pair);
                    pairs(hunk).into_iter().map(row).map(|(at, pair)| (Row::Pair(pair, digits), at)).collect()
                } else {
                    hunk.lines.iter().map(|line| (Row::Line(line.clone(), digits), line.new_no)).collect()
                };
                for (row, line) in lines {
                    out.push(row);
                    let here =
                        |f: &&&Finding| !self.of_objects() && f.line == line && f.file.as_deref() == Some(diff.name.as_str());
                    for finding in placed.iter().filter(here).filter(|_| line.is_some()) {
                        self.finding(&mut out, &mut number, finding, (indent, String::new()));
                    }
                }
            }
            out.push(Row::Blank);
        }
        out
    }

    /// Says what the change means, and how risky it is.
    fn head(&self) -> Vec<Row> {
        let (cx, preview) = (self.cx, self.preview);
        let wide = usize::from(cx.size.width).saturating_sub(6).max(20);
        let mut out: Vec<Row> = back::head(cx, preview, wide);
        if let Some(trial) = self.trial.filter(|_| self.view == View::Live) {
            out.extend(live::head(cx, trial, wide));
            out.push(Row::Blank);
        }
        for ask in &preview.asks {
            let text = format!("? {}", cx.tf("diff.asked", &[("question", &verdict::question(cx, ask))]));
            out.extend(wrap(&text, wide).into_iter().map(|line| Row::Told(vec![piece(line, Role::Warn)])));
        }
        for said in &preview.summary {
            let lines = wrap(&cx.said(said), wide.saturating_sub(2));
            out.extend(lines.into_iter().map(|line| Row::Told(vec![piece(format!("  {line}"), Role::Text)])));
        }
        for (told, role) in verdict::charts(cx, preview).into_iter().filter(|_| self.view == View::Rendered) {
            let lines = wrap(&told, wide.saturating_sub(2));
            out.extend(lines.into_iter().map(|line| Row::Told(vec![piece(format!("  {line}"), role)])));
        }
        if preview.risk.score > 0 || !preview.risk.reasons.is_empty() {
            out.push(Row::Told(verdict::meter(cx, &preview.risk)));
            for (points, why) in preview.risk.reasons.iter().take(REASONS) {
                for (at, line) in wrap(&cx.said(why), wide.saturating_sub(6)).into_iter().enumerate() {
                    let lead = if at == 0 { format!("{:>4}  ", format!("+{points}")) } else { " ".repeat(6) };
                    out.push(Row::Told(vec![piece(lead, Role::Muted), piece(line, Role::Text)]));
                }
            }
        }
        out
    }

    /// Tells whether a finding speaks of a line, or an object, that is shown.
    fn is_placed(&self, finding: &Finding) -> bool {
        if self.of_objects() {
            return self.diffs.iter().any(|diff| speaks_of(finding, &diff.name));
        }
        let file = self.diffs.iter().find(|diff| finding.file.as_ref() == Some(&diff.name));
        let mut lines = file.into_iter().flat_map(|diff| &diff.hunks).flat_map(|hunk| &hunk.lines);
        finding.line.is_some() && lines.any(|line| line.new_no == finding.line)
    }

    fn finding(&self, out: &mut Vec<Row>, number: &mut usize, finding: &Finding, (indent, place): (usize, String)) {
        let (glyph, role) = severity(finding.severity);
        let wide = usize::from(self.cx.size.width).saturating_sub(8 + indent).max(20);
        let lines = wrap(&verdict::sentence(self.cx, finding), wide);
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.into_iter().enumerate() {
            let lead = format!("{:indent$}{} ", "", if at == 0 { glyph } else { " " });
            let long = width(&line) + width(&place) + 2 > wide;
            let mut pieces = vec![piece(lead, role), piece(line, role)];
            if at == last && !place.is_empty() && !long {
                pieces.push(piece(format!("  {place}"), Role::Muted));
            }
            out.push(Row::Finding((at == 0).then_some(*number), pieces));
            if at == last && long && !place.is_empty() {
                out.push(Row::Finding(None, vec![piece(format!("  {place}"), Role::Muted)]));
            }
        }
        *number += 1;
    }
}

/// Tells whether a finding speaks of the object of this key.
fn speaks_of(finding: &Finding, key: &str) -> bool {
    let end = |object: &String| key.strip_suffix(object.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    finding.object.as_ref().is_some_and(end)
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

/// Returns the rows at which findings begin.
pub(super) fn findings(rows: &[Row]) -> Vec<usize> {
    rows.iter().enumerate().filter(|(_, row)| matches!(row, Row::Finding(Some(_), _))).map(|(at, _)| at).collect()
}
