//! The four stages of a deployment in a row: glyph, title, what it is at and how long it took.
//!
//! ```text
//! ✓ Git commit ─────── ✓ Flux sync ──────── ◐ Apply ─────────── ○ Health
//!   a41f09c  1.2s        staging@a41f09c 8s   31s                 –
//! ```

use domain::deployment::{Deployment, Stage, StageName, StageState};
use domain::flux::Health;
use domain::history::Mark;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{columns, piece, put, put_pieces, width};

/// Returns glyph and role of a stage.
pub fn glyph(cx: &Cx, stage: &Stage) -> (&'static str, Role) {
    sign(cx, Mark::from(&stage.state))
}

/// Returns glyph and role of where a stage is.
pub fn sign(cx: &Cx, mark: Mark) -> (&'static str, Role) {
    match mark {
        Mark::Pending => ("○", Role::Faint),
        Mark::Running => (cx.spinner(), Role::Busy),
        Mark::Waiting => ("‖", Role::Off),
        Mark::Done => ("✓", Role::Ok),
        Mark::Skipped => ("–", Role::Faint),
        Mark::Failed => (cx.glyph(Health::Bad), Role::Bad),
    }
}

/// Returns a stage's title in the operator's language.
pub fn title<'a>(cx: &Cx<'a>, name: StageName) -> &'a str {
    cx.words.get(match name {
        StageName::Commit => "stage.commit",
        StageName::Sync => "stage.sync",
        StageName::Apply => "stage.apply",
        StageName::Health => "stage.health",
    })
}

/// Draws the four glyphs close together: `✓✓◐○`.
pub fn short(cx: &Cx, buf: &mut Buffer, (x, y): (u16, u16), deployment: &Deployment) {
    for (at, stage) in deployment.stages.iter().enumerate() {
        let (glyph, role) = glyph(cx, stage);
        put(buf, (x + columns(at), y), 1, glyph, cx.style(role));
    }
}

/// Draws the row of stages on an area's first two lines.
pub fn bar(cx: &Cx, area: Rect, buf: &mut Buffer, deployment: &Deployment) {
    let share = area.width / 4;
    if share < 8 || area.height == 0 {
        return short(cx, buf, (area.x, area.y), deployment);
    }
    for (at, name) in StageName::ALL.into_iter().enumerate() {
        let stage = deployment.stage(name);
        let x = area.x + share * columns(at);
        let (glyph, role) = glyph(cx, stage);
        put(buf, (x, area.y), 1, glyph, cx.style(role));
        let title = title(cx, name);
        let style = if matches!(stage.state, StageState::Pending | StageState::Skipped) {
            cx.style(Role::Muted)
        } else {
            cx.style(Role::Text)
        };
        let took = put(buf, (x + 2, area.y), share - 3, title, style);
        if at < 3 && share > took + 5 {
            let line = "─".repeat(usize::from(share - took - 4));
            put(buf, (x + 3 + took, area.y), share, &line, cx.style(Role::Line));
        }
        if area.height > 1 {
            let time = stage.started.map_or_else(|| "–".to_owned(), |s| cx.took(s, stage.ended));
            let detail = cx.acted(&stage.detail);
            let short = matches!(stage.state, StageState::Done) && width(&detail) + width(&time) + 5 <= usize::from(share);
            let detail = if short { format!("{detail}  ") } else { String::new() };
            put_pieces(cx, buf, (x + 2, area.y + 1), share - 3, &[piece(detail, Role::Muted), piece(time, Role::Faint)]);
        }
    }
}
