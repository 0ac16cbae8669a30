//! The rows of a comparison: what it was compared with, how many objects stand how, then object by object.

use std::collections::BTreeSet;

use domain::drift::{Drift, FieldDrift, ObjectDrift, Verdict};
use domain::revision::Revision;
use manifest::diff::Line;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::diff_view::TextDiff;
use crate::widgets::put::{Piece, piece, width, wrap};

/// How wide the part of a field's line before its owner is, at most.
const FIELD: usize = 56;

/// Holds one row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// Nothing.
    Blank,
    /// An object, by its place in the comparison.
    Object(usize),
    /// A sentence, or a field.
    Said(Vec<Piece<'static>>),
    /// The line over a hunk: its first lines before and after.
    Hunk(usize, usize),
    /// A line of an object's text, and how many digits its numbers have.
    Line(Line, usize),
}

/// Returns glyph, role and word of a verdict.
pub(super) fn verdict(cx: &Cx, verdict: Verdict) -> (&'static str, Role, String) {
    let (glyph, role) = match verdict {
        Verdict::Missing => ("+", Role::Bad),
        Verdict::Changed => ("~", Role::Changed),
        Verdict::Extra => ("-", Role::Warn),
        Verdict::Orphaned => ("○", Role::Warn),
        Verdict::Unknown => ("?", Role::Warn),
        Verdict::Skipped => ("‖", Role::Muted),
        Verdict::Agrees => ("✓", Role::Ok),
    };
    (glyph, role, cx.words.get(key(verdict)).to_owned())
}

const fn key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Missing => "drift.missing",
        Verdict::Changed => "drift.changed",
        Verdict::Extra => "drift.extra",
        Verdict::Orphaned => "drift.orphaned",
        Verdict::Unknown => "drift.unknown",
        Verdict::Skipped => "drift.skipped",
        Verdict::Agrees => "drift.agrees",
    }
}

/// Returns the lines over the list.
pub(super) fn head(cx: &Cx, drift: &Drift, working: bool) -> Vec<Vec<Piece<'static>>> {
    let desired = &drift.desired;
    let way = cx.words.get(match desired.way {
        domain::drift::Way::Artifact => "drift.artifact",
        domain::drift::Way::Git => "drift.git",
        domain::drift::Way::Release => "drift.release",
    });
    let mut first = vec![
        piece(desired.source.clone(), Role::Text),
        piece(format!("  {}", Revision::from(desired.revision.clone()).short()), Role::Accent),
        piece(format!("  {}  {way}", desired.path), Role::Muted),
    ];
    let mut counts = Vec::new();
    for one in Verdict::ALL {
        let count = drift.count(one);
        if count > 0 {
            let (glyph, role, word) = verdict(cx, one);
            counts.push(piece(format!("{glyph} {count} {word}   "), role));
        }
    }
    if drift.left > 0 {
        let total = drift.left + drift.objects.len();
        let text = cx.tf("drift.left", &[("done", &drift.objects.len().to_string()), ("total", &total.to_string())]);
        counts.push(piece(format!("{} {text}", cx.spinner()), Role::Busy));
    } else {
        first.push(piece(format!("   {}", cx.tf("drift.checked", &[("age", &cx.age(drift.checked))])), Role::Faint));
        if working {
            counts.push(piece(format!("{} {}", cx.spinner(), cx.t("drift.asking")), Role::Busy));
        }
    }
    vec![first, counts]
}

/// Returns the line of an object.
pub(super) fn object(cx: &Cx, object: &ObjectDrift, open: &BTreeSet<String>) -> Vec<Piece<'static>> {
    let (glyph, role, word) = verdict(cx, object.verdict);
    let fold = match (object.live.is_some() || object.desired.is_some(), open.contains(&object.title())) {
        (false, _) => " ",
        (true, false) => "▸",
        (true, true) => "▾",
    };
    let mut out = vec![
        piece(format!("{fold} "), Role::Muted),
        piece(format!("{glyph} {word}{}  ", " ".repeat(9_usize.saturating_sub(width(&word)))), role),
        piece(object.kind.clone(), Role::Text),
    ];
    if !object.namespace.is_empty() {
        out.push(piece(format!("/{}", object.namespace), Role::Muted));
    }
    out.push(piece(format!("/{}", object.name), Role::Accent));
    if let Some(file) = &object.file {
        out.push(piece(format!("   {file}"), Role::Faint));
    }
    out
}

/// Holds what rows are made of.
pub(super) struct Sheet<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) drift: &'a Drift,
    pub(super) open: &'a BTreeSet<String>,
    pub(super) agreeing: bool,
}

impl Sheet<'_> {
    /// Arranges a comparison.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut out = Vec::new();
        for note in &self.drift.notes {
            self.said(&mut out, &self.cx.said(note), 0, Role::Muted);
        }
        if self.drift.agrees() {
            let total = self.drift.objects.len().to_string();
            let text = self.cx.tf("drift.agreed", &[("count", &total)]);
            out.push(Row::Said(vec![piece("✓ ", Role::Ok), piece(text, Role::Text)]));
        }
        if !out.is_empty() {
            out.push(Row::Blank);
        }
        for (at, object) in self.drift.objects.iter().enumerate() {
            if object.verdict != Verdict::Agrees || self.agreeing || !object.others.is_empty() {
                self.object(&mut out, at, object);
            }
        }
        out
    }

    fn object(&self, out: &mut Vec<Row>, at: usize, object: &ObjectDrift) {
        out.push(Row::Object(at));
        if !object.why.is_empty() {
            self.said(out, &self.cx.said(&object.why), 6, Role::Muted);
        }
        for field in &object.fields {
            self.field(out, field);
        }
        if object.ignored > 0 {
            let text = self.cx.tf("drift.ignored", &[("count", &object.ignored.to_string())]);
            out.push(Row::Said(vec![piece(format!("      {text}"), Role::Faint)]));
        }
        for (owner, count) in &object.others {
            let text = self.cx.tf("drift.others", &[("manager", &owner.to_string()), ("count", &count.to_string())]);
            out.push(Row::Said(vec![piece(format!("      {text}"), Role::Faint)]));
        }
        if self.open.contains(&object.title()) {
            let diff = TextDiff::new(object.title(), object.live.as_deref(), object.desired.as_deref());
            let digits = diff.digits();
            for hunk in &diff.hunks {
                out.push(Row::Hunk(hunk.old_start, hunk.new_start));
                out.extend(hunk.lines.iter().map(|line| Row::Line(line.clone(), digits)));
            }
        }
    }

    fn field(&self, out: &mut Vec<Row>, field: &FieldDrift) {
        let cx = self.cx;
        let side = |value: &Option<String>| match value.as_deref() {
            None => cx.t("drift.nothing").to_owned(),
            Some("") => "\"\"".to_owned(),
            Some(text) => text.to_owned(),
        };
        let mut pieces = vec![piece(format!("      {}  ", field.label), Role::Text)];
        if field.live.is_some() && field.live == field.desired {
            pieces.push(piece(cx.t("drift.hidden").to_owned(), Role::Muted));
        } else {
            pieces.push(piece(side(&field.live), Role::Removed));
            pieces.push(piece(" → ", Role::Muted));
            pieces.push(piece(side(&field.desired), Role::Added));
        }
        let taken = crate::widgets::put::width_of(&pieces);
        let owners: Vec<String> = field
            .owners
            .iter()
            .map(|owner| match owner.time {
                Some(time) => format!("{owner} {}", cx.moment(time)),
                None => owner.to_string(),
            })
            .collect();
        let told = owners.join(", ");
        let wide = usize::from(cx.size.width.min(160)).saturating_sub(9);
        let column = FIELD.min(wide / 2);
        if !told.is_empty() && taken.max(column) + 2 + width(&told) > wide {
            // Beside the values there is no room for it.
            out.push(Row::Said(pieces));
            out.push(Row::Said(vec![piece(format!("        {told}"), Role::Warn)]));
            return;
        }
        if !told.is_empty() {
            pieces.push(piece(format!("{}{told}", " ".repeat(column.saturating_sub(taken).max(2))), Role::Warn));
        }
        out.push(Row::Said(pieces));
    }

    fn said(&self, out: &mut Vec<Row>, text: &str, indent: usize, role: Role) {
        let wide = usize::from(self.cx.size.width.min(160)).saturating_sub(8 + indent).max(20);
        out.extend(wrap(text, wide).into_iter().map(|line| Row::Said(vec![piece(format!("{:indent$}{line}", ""), role)])));
    }
}
