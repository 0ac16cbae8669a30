//! What the form will do, beside it: what it means, how risky it is, files and lines, findings, and what happens then.
//!
//! ```text
//! WILL CHANGE   1 file, 1 line, branch main
//!   image 1.8.4 → 1.8.5 in Deployment shop-web
//!
//! RISK   35  ━━━━──────  medium
//!  +20  production
//!
//! k8s/overlays/production/kustomization.yaml
//!   13   - name: ghcr.io/acme/shop
//! - 14     newTag: 1.8.4  # keep in step with api
//! + 14     newTag: 1.8.5  # keep in step with api
//!
//! ✓ builds
//! ```

use domain::change::Preview;
use domain::trouble::Trouble;
use domain::world::ServedKinds;

use super::verdict;
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::diff_view::TextDiff;
use crate::widgets::put::piece;
use crate::widgets::sheet::Row;

/// How many changed lines of one file are shown before the rest is left to the Diff tab.
const LINES: usize = 40;

/// Returns the rows that say what a preview would do, whose files are compared.
pub(crate) fn rows(cx: &Cx, preview: &Preview, diffs: &[TextDiff]) -> Vec<Row> {
    let mut rows = summary(cx, preview, diffs);
    if !preview.summary.is_empty() {
        rows.extend(verdict::summary(cx, preview));
    }
    rows.extend(verdict::charts(cx, preview).into_iter().map(|(text, role)| Row::text("  ", Role::Text, text, role)));
    let risk = verdict::risk(cx, &preview.risk);
    if !risk.is_empty() {
        rows.push(Row::Blank);
        rows.extend(risk);
    }
    for diff in diffs {
        rows.push(Row::Blank);
        rows.push(Row::Line(vec![piece(diff.name.clone(), Role::Muted)]));
        let digits = diff.digits();
        let lines = diff.hunks.iter().flat_map(|h| &h.lines);
        rows.extend(lines.clone().take(LINES).map(|line| Row::Change(line.clone(), digits)));
        let more = lines.count().saturating_sub(LINES);
        if more > 0 {
            rows.push(Row::Line(vec![piece(cx.tf("deploy.more-lines", &[("count", &more.to_string())]), Role::Faint)]));
        }
    }
    rows.push(Row::Blank);
    rows.extend(verdict::findings(cx, &preview.findings));
    rows.extend(checks(cx, preview));
    rows.extend(preview.will.iter().map(|will| Row::text("→ ", Role::Accent, cx.said(will), Role::Text)));
    rows
}

/// Compares the files of a preview before and after.
pub(crate) fn diffs(preview: &Preview) -> Vec<TextDiff> {
    preview.files.iter().map(|f| TextDiff::new(&f.path, f.before.as_deref(), f.after.as_deref())).collect()
}

/// Says in one line how much changes.
pub(super) fn sentence(cx: &Cx, preview: &Preview, diffs: &[TextDiff]) -> String {
    if diffs.is_empty() {
        return cx.t(if preview.asks.is_empty() { "deploy.nothing" } else { "deploy.answer-first" }).to_owned();
    }
    // A line that replaces another is one changed line.
    let lines: usize = diffs.iter().map(TextDiff::counts).map(|(added, removed)| added.max(removed)).sum();
    let files = diffs.len();
    let key = match (files == 1, lines == 1) {
        (true, true) => "deploy.change-1-1",
        (true, false) => "deploy.change-1-n",
        _ => "deploy.change-n-n",
    };
    cx.tf(key, &[("files", &files.to_string()), ("lines", &lines.to_string()), ("branch", &preview.branch)])
}

fn summary(cx: &Cx, preview: &Preview, diffs: &[TextDiff]) -> Vec<Row> {
    if diffs.is_empty() {
        return vec![
            Row::heading(cx.t("deploy.will-change")),
            Row::Blank,
            Row::text("", Role::Text, sentence(cx, preview, diffs), Role::Muted),
        ];
    }
    let heading = piece(cx.t("deploy.will-change").to_owned(), Role::Accent);
    vec![Row::Text(piece(format!("{}   ", heading.text), Role::Accent), piece(sentence(cx, preview, diffs), Role::Text))]
}

/// Says which checks were made and went well, and what kept one from being made.
pub(crate) fn checks(cx: &Cx, preview: &Preview) -> Vec<Row> {
    let mut rows = Vec::new();
    match &preview.render_trouble {
        Some(trouble) => rows.extend(trouble_rows(cx, trouble)),
        None => rows.push(good(cx.t("deploy.builds"))),
    }
    if preview.findings.is_empty() {
        rows.push(good(cx.t("deploy.no-findings")));
    }
    rows.extend(kinds(cx, preview));
    rows
}

/// Says when the checks do not know, or not yet, the kinds that the cluster serves itself.
fn kinds(cx: &Cx, preview: &Preview) -> Option<Row> {
    let text = match cx.world.served_kinds(&cx.world.environment(&preview.environment)?.cluster) {
        ServedKinds::Asking => cx.t("deploy.kinds-asking").to_owned(),
        ServedKinds::Failed { why } => cx.tf("deploy.kinds-unknown", &[("why", &cx.said(&why))]),
        ServedKinds::Unasked | ServedKinds::Known { .. } => return None,
    };
    Some(Row::text("· ", Role::Muted, text, Role::Muted))
}

/// Tells whether the cluster's schemas are there and the preview was made without them.
pub(crate) fn knows_less(cx: &Cx, preview: &Preview) -> bool {
    let cluster = cx.world.environment(&preview.environment).map(|environment| &environment.cluster);
    cluster.is_some_and(|c| matches!(cx.world.served_kinds(c), ServedKinds::Known { version } if version > preview.schemas))
}

fn good(text: &str) -> Row {
    Row::text("✓ ", Role::Ok, text, Role::Muted)
}

/// Returns rows that tell a trouble: what and to what, why, what to do next.
pub(crate) fn trouble_rows(cx: &Cx, trouble: &Trouble) -> Vec<Row> {
    let trouble = cx.told(trouble);
    let what = if trouble.object.is_empty() { trouble.what.clone() } else { format!("{}: {}", trouble.what, trouble.object) };
    let mut rows = vec![Row::text("✗ ", Role::Bad, what, Role::Bad)];
    if !trouble.why.is_empty() {
        rows.push(Row::text("  ", Role::Text, trouble.why, Role::Text));
    }
    if !trouble.next.is_empty() {
        rows.push(Row::text("  → ", Role::Accent, trouble.next, Role::Muted));
    }
    rows
}
