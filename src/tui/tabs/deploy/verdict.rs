//! What is thought of a change, in rows: questions that are open, what it means, how risky it is, what checks say.
//!
//! Shared by the form, the review, the YAML and the Diff tab, so that they say the same in the same words.

use domain::change::{ChartState, ChartView, Finding, Preview, Risk, Severity};
use domain::edit::Ask;
use domain::restore::{Restore, Undone};

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, piece};
use crate::widgets::sheet::Row;

/// How many reasons of a risk are told.
const REASONS: usize = 6;
/// How many cells the meter has.
const CELLS: usize = 10;

/// Returns glyph and role of a severity.
pub(crate) const fn severity(severity: Severity) -> (&'static str, Role) {
    match severity {
        Severity::Info => ("·", Role::Muted),
        Severity::Warning => ("▲", Role::Warn),
        Severity::Error => ("✗", Role::Bad),
    }
}

/// Returns the role and the key of the word of a score.
const fn grade(score: u8) -> (Role, &'static str) {
    match score {
        0..=29 => (Role::Ok, "risk.low"),
        30..=59 => (Role::Warn, "risk.medium"),
        _ => (Role::Bad, "risk.high"),
    }
}

/// Returns the meter: `RISK  35  ━━━━──────  medium`.
pub(crate) fn meter(cx: &Cx, risk: &Risk) -> Vec<Piece<'static>> {
    let (role, word) = grade(risk.score);
    // A risk that is not zero is not shown as none.
    let full = usize::from(risk.score).div_ceil(CELLS).min(CELLS);
    vec![
        piece(format!("{}  ", cx.words.get("risk.title")), Role::Accent),
        piece(format!("{:>3}  ", risk.score), role),
        piece("━".repeat(full), role),
        piece("─".repeat(CELLS - full), Role::Faint),
        piece(format!("  {}", cx.words.get(word)), role),
    ]
}

/// Returns the meter and below it what the risk comes from; nothing when there is nothing to fear.
pub(crate) fn risk(cx: &Cx, risk: &Risk) -> Vec<Row> {
    if risk.score == 0 && risk.reasons.is_empty() {
        return Vec::new();
    }
    let reason =
        |(points, why): &(u8, String)| Row::text(format!("{:>4}  ", format!("+{points}")), Role::Muted, cx.said(why), Role::Text);
    let mut rows = vec![Row::Line(meter(cx, risk))];
    rows.extend(risk.reasons.iter().take(REASONS).map(reason));
    rows
}

/// Returns a row for each sentence that says what a change means.
pub(crate) fn summary(cx: &Cx, preview: &Preview) -> Vec<Row> {
    preview.summary.iter().map(|said| Row::text("  ", Role::Text, cx.said(said), Role::Changed)).collect()
}

/// Returns a sentence for each chart of a HelmRelease that changes, and its role: how many objects differ, or why only the
/// values are compared.
pub(crate) fn charts(cx: &Cx, preview: &Preview) -> Vec<(String, Role)> {
    let told = |view: &ChartView| {
        let release = view.release.as_str();
        let only = |why: &str| (cx.tf("diff.chart-values", &[("release", release), ("why", why)]), Role::Muted);
        match &view.state {
            ChartState::Rendered(count) => {
                (cx.tf("diff.chart-rendered", &[("release", release), ("count", &count.to_string())]), Role::Muted)
            }
            ChartState::NoHelm => only(cx.t("diff.chart-no-helm")),
            ChartState::Elsewhere(chart) => only(&cx.tf("diff.chart-elsewhere", &[("chart", chart)])),
            ChartState::Failed(why) => (only(&cx.said(why)).0, Role::Warn),
        }
    };
    preview.charts.iter().map(told).collect()
}

/// Returns what a question asks, in one sentence: container, field, and why it cannot be decided.
pub(crate) fn question(cx: &Cx, ask: &Ask) -> String {
    let (field, why) = (super::slot::label(cx, &ask.field), cx.said(&ask.why));
    match &ask.container {
        Some(container) => format!("{container}: {field} {why}"),
        None => format!("{field} {why}"),
    }
}

/// Returns rows that tell the questions which are open.
pub(crate) fn asks(cx: &Cx, asks: &[Ask], key: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for ask in asks {
        rows.push(Row::text("? ", Role::Warn, question(cx, ask), Role::Warn));
        rows.push(Row::text("  → ", Role::Accent, cx.tf("deploy.ask-how", &[("key", key)]), Role::Muted));
    }
    rows
}

/// Returns a finding's sentence in the operator's language, with the object that it speaks of when the sentence does not name
/// it.
pub(crate) fn sentence(cx: &Cx, finding: &Finding) -> String {
    let said = cx.said(&finding.message);
    match &finding.object {
        Some(object) if !said.contains(object.rsplit('/').next().unwrap_or(object)) => format!("{object}: {said}"),
        _ => said,
    }
}

/// Returns where a finding belongs: file, line and column, as far as they are known.
pub(crate) fn place(finding: &Finding) -> String {
    let file = finding.file.clone().unwrap_or_default();
    match (finding.line, finding.column) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        (Some(line), None) => format!("{file}:{line}"),
        (None, _) => file,
    }
}

/// Says of each deployment of somebody else that is taken back whose it is and what it changed.
pub(crate) fn of_others(cx: &Cx, restore: &Restore) -> Vec<String> {
    let told = |undone: &Undone| {
        let by = undone.by.as_ref()?;
        Some(cx.tf(
            "diff.of-others",
            &[("deployment", undone.deployment.short()), ("by", by), ("change", &cx.acted(&undone.summary))],
        ))
    };
    restore.undoes.iter().filter_map(told).collect()
}

/// Returns which of so many findings comes after or before the one that was gone to, round and round; nothing when there is none.
pub(crate) const fn next_of(count: usize, gone_to: Option<usize>, next: bool) -> Option<usize> {
    match (count, gone_to, next) {
        (0, ..) => None,
        (_, Some(at), true) => Some((at + 1) % count),
        (_, Some(at), false) => Some((at + count - 1) % count),
        (_, None, true) => Some(0),
        (_, None, false) => Some(count - 1),
    }
}

/// Returns findings, the gravest first.
pub(crate) fn sorted(found: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = found.iter().collect();
    sorted.sort_by_key(|f| std::cmp::Reverse(f.severity));
    sorted
}

/// Returns a row for each finding, the gravest first.
pub(crate) fn findings(cx: &Cx, found: &[Finding]) -> Vec<Row> {
    let row = |finding: &Finding| {
        let (glyph, role) = severity(finding.severity);
        let place = place(finding);
        let gap = if place.is_empty() { "" } else { "  " };
        Row::text(format!("{glyph} "), role, format!("{}{gap}{place}", sentence(cx, finding)), Role::Text)
    };
    sorted(found).into_iter().map(row).collect()
}
