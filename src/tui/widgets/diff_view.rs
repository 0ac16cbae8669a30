//! Differences between two texts on the screen: unified or side by side, with line numbers and marks inside lines.
//!
//! What differs is found out by `manifest::diff`; here it is arranged into rows and drawn.

use std::fmt::Write as _;

use manifest::diff::{Hunk, Line, LineKind, diff};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, columns, lay, piece, put, put_pieces, put_right, width, width_of};
use crate::widgets::yaml::after;

/// Holds one text before and after, and what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDiff {
    /// What it is called: a path, or an object's name.
    pub name: String,
    /// Whether it did not exist before.
    pub created: bool,
    /// Whether it does not exist afterwards.
    pub deleted: bool,
    /// The runs of changes.
    pub hunks: Vec<Hunk>,
}

impl TextDiff {
    /// Compares two texts; an absent side means that it did not or will not exist.
    pub fn new(name: impl Into<String>, before: Option<&str>, after: Option<&str>) -> Self {
        Self {
            name: name.into(),
            created: before.is_none(),
            deleted: after.is_none(),
            hunks: diff(before.unwrap_or(""), after.unwrap_or("")),
        }
    }

    /// Writes it as a unified diff, as patches are.
    pub fn unified(&self) -> String {
        let side = |absent: bool, mark: char| if absent { "/dev/null".to_owned() } else { format!("{mark}/{}", self.name) };
        let mut out = format!("--- {}\n+++ {}\n", side(self.created, 'a'), side(self.deleted, 'b'));
        for hunk in &self.hunks {
            let count = |of: LineKind| hunk.lines.iter().filter(|l| l.kind == of || l.kind == LineKind::Context).count();
            let (old, new) = (count(LineKind::Removed), count(LineKind::Added));
            // Where a side has no line, the one before it is named.
            let from = |start: usize, count: usize| if count == 0 { start.saturating_sub(1) } else { start };
            let (old_start, new_start) = (from(hunk.old_start, old), from(hunk.new_start, new));
            let _ = writeln!(out, "@@ -{old_start},{old} +{new_start},{new} @@");
            for line in &hunk.lines {
                let sign = match line.kind {
                    LineKind::Context => ' ',
                    LineKind::Added => '+',
                    LineKind::Removed => '-',
                };
                let _ = writeln!(out, "{sign}{}", line.text());
            }
        }
        out
    }

    /// Returns how many lines are new and how many are gone; those that were moved are neither.
    pub fn counts(&self) -> (usize, usize) {
        let lines = || self.hunks.iter().flat_map(|h| &h.lines).filter(|l| l.moved.is_none());
        let count = |kind| lines().filter(|l| l.kind == kind).count();
        (count(LineKind::Added), count(LineKind::Removed))
    }

    /// Returns how many lines were moved.
    pub fn moved(&self) -> usize {
        let added = |l: &&Line| l.kind == LineKind::Added && l.moved.is_some();
        self.hunks.iter().flat_map(|h| &h.lines).filter(added).count()
    }

    /// Returns how many digits its greatest line number has.
    pub fn digits(&self) -> usize {
        let lines = self.hunks.iter().flat_map(|h| &h.lines);
        let last = lines.filter_map(|l| l.old_no.max(l.new_no)).max().unwrap_or(0);
        last.to_string().len().max(2)
    }
}

/// Holds two lines that stand side by side; an absent one leaves its place empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The line before.
    pub old: Option<Line>,
    /// The line after.
    pub new: Option<Line>,
}

/// Arranges the lines of a hunk side by side: what was removed beside what was added in its place.
pub fn pairs(hunk: &Hunk) -> Vec<Pair> {
    let mut out = Vec::new();
    let (mut removed, mut added): (Vec<Line>, Vec<Line>) = (Vec::new(), Vec::new());
    for line in &hunk.lines {
        match line.kind {
            LineKind::Removed => {
                if !added.is_empty() {
                    beside(&mut out, &mut removed, &mut added);
                }
                removed.push(line.clone());
            }
            LineKind::Added => added.push(line.clone()),
            LineKind::Context => {
                beside(&mut out, &mut removed, &mut added);
                out.push(Pair { old: Some(line.clone()), new: Some(line.clone()) });
            }
        }
    }
    beside(&mut out, &mut removed, &mut added);
    out
}

fn beside(out: &mut Vec<Pair>, removed: &mut Vec<Line>, added: &mut Vec<Line>) {
    let (mut left, mut right) = (removed.drain(..), added.drain(..));
    loop {
        let pair = Pair { old: left.next(), new: right.next() };
        if pair.old.is_none() && pair.new.is_none() {
            return;
        }
        out.push(pair);
    }
}

/// Returns sign and roles of a line: of all of it, and of what differs in it. What was moved is neither new nor gone.
const fn roles(line: &Line) -> (&'static str, Role, Role) {
    match (line.kind, line.moved) {
        (LineKind::Context, _) => (" ", Role::Muted, Role::Muted),
        (LineKind::Added, Some(_)) => ("»", Role::Changed, Role::Changed),
        (LineKind::Removed, Some(_)) => ("«", Role::Muted, Role::Muted),
        (LineKind::Added, None) => ("+", Role::Added, Role::AddedWord),
        (LineKind::Removed, None) => ("-", Role::Removed, Role::RemovedWord),
    }
}

/// Says where a moved line went, or where it comes from.
fn moved(cx: &Cx, line: &Line) -> Option<String> {
    let to = line.moved?.to_string();
    let key = if line.kind == LineKind::Added { "diff.moved-from" } else { "diff.moved-to" };
    Some(cx.tf(key, &[("line", &to)]))
}

/// Draws one line of a unified diff: old and new number, sign, text from column `left` on.
pub fn unified(cx: &Cx, area: Rect, buf: &mut Buffer, line: &Line, (digits, left): (usize, usize)) {
    let number = |n: Option<usize>| n.map_or_else(|| " ".repeat(digits), |n| format!("{n:>digits$}"));
    let gutter = format!("{} {} ", number(line.old_no), number(line.new_no));
    let taken = put(buf, (area.x, area.y), area.width, &gutter, cx.style(Role::Faint));
    text(cx, Rect { x: area.x + taken, width: area.width - taken, ..area }, buf, line, left);
}

/// Draws one line of a small diff: sign, one number, text.
pub fn brief(cx: &Cx, area: Rect, buf: &mut Buffer, line: &Line, digits: usize) {
    let (sign, role, _) = roles(line);
    let number = line.new_no.or(line.old_no).map_or_else(String::new, |n| n.to_string());
    let gutter = format!("{sign} {number:>digits$}  ");
    let style = if line.kind == LineKind::Context { cx.style(Role::Faint) } else { cx.style(role) };
    ground(cx, area, buf, line);
    let taken = put(buf, (area.x, area.y), area.width, &gutter, style);
    put_pieces(cx, buf, (area.x + taken, area.y), area.width - taken, &pieces(line));
}

/// Draws two lines side by side, with a line between them.
pub fn split(cx: &Cx, area: Rect, buf: &mut Buffer, pair: &Pair, (digits, left): (usize, usize)) {
    let half = area.width.saturating_sub(1) / 2;
    let sides = [(area.x, half, &pair.old, true), (area.x + half + 1, area.width.saturating_sub(half + 1), &pair.new, false)];
    for (x, wide, line, old) in sides {
        let place = Rect { x, width: wide, ..area };
        let Some(line) = line else { continue };
        let number = if old { line.old_no } else { line.new_no };
        let gutter = number.map_or_else(|| " ".repeat(digits + 1), |n| format!("{n:>digits$} "));
        let taken = put(buf, (x, area.y), wide, &gutter, cx.style(Role::Faint));
        text(cx, Rect { x: x + taken, width: wide - taken, ..place }, buf, line, left);
    }
    put(buf, (area.x + half, area.y), 1, "│", cx.style(Role::Line));
}

fn text(cx: &Cx, area: Rect, buf: &mut Buffer, line: &Line, left: usize) {
    let (sign, role, _) = roles(line);
    ground(cx, area, buf, line);
    let taken = put(buf, (area.x, area.y), area.width, &format!("{sign} "), cx.style(role));
    let shown = after(pieces(line), left);
    let room = area.width - taken;
    put_pieces(cx, buf, (area.x + taken, area.y), room, &shown);
    if let Some(said) = moved(cx, line).filter(|said| width_of(&shown) + width(said) + 3 <= usize::from(room)) {
        put_right(buf, Rect { height: 1, width: area.width - 1, ..area }, &said, cx.style(Role::Faint));
    }
}

fn ground(cx: &Cx, area: Rect, buf: &mut Buffer, line: &Line) {
    if line.kind != LineKind::Context && line.moved.is_none() {
        lay(buf, Rect { height: area.height.min(1), ..area }, cx.style(roles(line).1));
    }
}

/// Returns a line's text with what differs in it marked; blanks at the end of a changed line become visible.
fn pieces(line: &Line) -> Vec<Piece<'static>> {
    let (_, role, word) = roles(line);
    let mut out: Vec<Piece<'static>> = Vec::new();
    for (marked, part) in &line.segments {
        out.push(piece(part.replace('\t', "→   "), if *marked { word } else { role }));
    }
    if line.kind != LineKind::Context
        && let Some(last) = out.last_mut()
    {
        let kept = last.text.trim_end_matches(' ').len();
        let blanks = last.text.len() - kept;
        if blanks > 0 {
            last.text = format!("{}{}", &last.text[..kept], "·".repeat(blanks)).into();
        }
    }
    crate::widgets::put::marked(out)
}

/// Draws the line over a file's changes: its name, what became of it, and how many lines.
pub fn title(cx: &Cx, area: Rect, buf: &mut Buffer, diff: &TextDiff) {
    let (added, removed) = diff.counts();
    let (sign, role) = match (diff.created, diff.deleted) {
        (true, _) => ("+", Role::Added),
        (_, true) => ("-", Role::Removed),
        _ => ("●", Role::Changed),
    };
    let mut counts = vec![
        piece("  ", Role::Text),
        piece(format!("+{added}"), Role::Ok),
        piece(" ", Role::Text),
        piece(format!("-{removed}"), Role::Bad),
        piece(" ", Role::Text),
    ];
    if diff.moved() > 0 {
        counts.push(piece(format!("»{} ", diff.moved()), Role::Changed));
    }
    let wide = columns(width_of(&counts));
    let taken = put(buf, (area.x, area.y), area.width, &format!("{sign} "), cx.style(role));
    let room = area.width.saturating_sub(taken + wide);
    let name = crate::widgets::put::cut_middle(&diff.name, usize::from(room)).into_owned();
    let name = put(buf, (area.x + taken, area.y), room, &name, cx.style(Role::Text));
    put_pieces(cx, buf, (area.x + taken + name, area.y), wide, &counts);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(before: &str, after: &str) -> Vec<(Option<usize>, Option<usize>)> {
        let diff = TextDiff::new("a", Some(before), Some(after));
        diff.hunks.iter().flat_map(pairs).map(|p| (p.old.and_then(|l| l.old_no), p.new.and_then(|l| l.new_no))).collect()
    }

    #[test]
    fn what_replaces_a_line_stands_beside_it() {
        assert_eq!(shape("a\nb\nc\n", "a\nB\nc\n"), [(Some(1), Some(1)), (Some(2), Some(2)), (Some(3), Some(3))]);
        assert_eq!(shape("a\n", "a\nb\nc\n"), [(Some(1), Some(1)), (None, Some(2)), (None, Some(3))]);
        assert_eq!(shape("a\nb\n", "b\n"), [(Some(1), None), (Some(2), Some(1))]);
    }

    #[test]
    fn what_was_moved_is_neither_new_nor_gone() {
        let block = "  - name: sidecar\n    image: envoy:1.30\n";
        let rest = "  - name: web\n    image: shop:1.8.4\n    tty: true\n    stdin: true\n";
        let (before, after) = (format!("c:\n{block}{rest}end: 1\n"), format!("c:\n{rest}{block}end: 1\n"));
        let diff = TextDiff::new("a", Some(&before), Some(&after));
        assert_eq!((diff.counts(), diff.moved()), ((0, 0), 2));
    }

    #[test]
    fn a_patch_is_what_patches_are() {
        let (before, after) = ("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\n");
        for (before, after) in [(Some(before), Some(after)), (None, Some(after)), (Some(before), None)] {
            let ours = TextDiff::new("k8s/web.yaml", before, after).unified();
            let wanted = manifest::diff::unified("k8s/web.yaml", before.unwrap_or_default(), after.unwrap_or_default());
            let hunks = |text: &str| text.lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(hunks(&ours), hunks(&wanted));
            assert_eq!(ours.starts_with("--- /dev/null\n+++ b/k8s/web.yaml\n"), before.is_none(), "{ours}");
            assert_eq!(ours.contains("+++ /dev/null\n"), after.is_none(), "{ours}");
        }
    }

    #[test]
    fn a_file_that_comes_or_goes_says_so() {
        let new = TextDiff::new("a", None, Some("x\ny\n"));
        assert_eq!((new.created, new.deleted, new.counts()), (true, false, (2, 0)));
        let gone = TextDiff::new("a", Some("x\n"), None);
        assert_eq!((gone.created, gone.deleted, gone.counts(), gone.digits()), (false, true, (0, 1), 2));
    }
}
