//! The overview: how the object is, what it does in words, what it waits for, its revision, its conditions.

use std::sync::Arc;

use domain::detail::trace::{Landed, Trace, What};
use domain::detail::words;
use domain::flux::{FluxObject, ObjectKey};
use domain::query::{Answer, Query};
use domain::revision::Revision;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asked::Asked;
use super::lately::Lately;
use super::{Subject, View, running};
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::Effects;
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::put::{Piece, piece, put_pieces, wrap};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::summary::{LABEL, Line, applied, block, conditions, field, said, state, waits, wanted};
use crate::widgets::table::scrollbar;

/// Holds the overview.
#[derive(Debug, Default)]
pub(super) struct Overview {
    scroll: Scroll,
    /// Asked for the commit behind the revision.
    trace: Asked<Arc<Trace>>,
    lately: Lately,
}

impl View for Overview {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        SCROLL.iter().collect()
    }

    fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        let mut effects = self.lately.wants(cx, of);
        if of.key.flux_kind().is_some() {
            effects.extend(self.trace.want(cx, of.turn, || Query::Trace(of.key.clone())));
        }
        effects
    }

    fn leave(&mut self) -> Effects {
        let mut effects = self.trace.leave();
        effects.extend(self.lately.leave());
        effects
    }

    fn update(&mut self, cx: &Cx, _of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command(id) => {
                self.scroll.command(id);
            }
            TabMsg::Reply(ticket, answer) => {
                let pick = |answer: &Answer| if let Answer::Trace(trace) = answer { Some(Arc::clone(trace)) } else { None };
                if !self.trace.take(cx, *ticket, answer, pick) {
                    self.lately.take(cx, *ticket, answer);
                }
            }
            _ => {}
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, of: &Subject, area: Rect, buf: &mut Buffer) {
        let known = cx.world.flux_object(of.key);
        // What the world shows is worth more than a question that failed.
        let area = if known.is_some() { area } else { of.whole.head(cx, area, buf) };
        let wide = usize::from(area.width.saturating_sub(2));
        let lines = match (known, of.whole.here()) {
            (Some(object), _) => self.flux(cx, of, object, wide),
            (None, Some(_)) => running::lines(cx, of, wide),
            (None, None) => Vec::new(),
        };
        let top = self.scroll.fit(lines.len(), usize::from(area.height));
        for (y, line) in (area.top()..area.bottom()).zip(lines.get(top..).unwrap_or_default()) {
            put_pieces(cx, buf, (area.x, y), area.width, line);
        }
        scrollbar(cx, area, buf, top, lines.len());
        if !lines.is_empty() {
            self.lately.view(cx, area, buf, lines.len());
        }
    }
}

impl Overview {
    fn flux(&self, cx: &Cx, of: &Subject, object: &FluxObject, wide: usize) -> Vec<Line> {
        let mut out = vec![state(cx, object)];
        let sentences = of.whole.here().map_or_else(|| words::of_lean(object), |whole| whole.words());
        out.extend(block(cx, "object.does", sentences.iter().map(|s| said(cx, s)), wide, Role::Text));
        out.extend(waits(cx, object, wide));
        if let Some(revision) = object.revision() {
            out.extend(self.revision(cx, revision, wide));
        }
        if let Some(applier) = of.whole.here().and_then(|whole| whole.applier()).filter(|applier| applier != of.key) {
            out.push(field(cx, "object.applied-by", vec![piece(written(&applier), Role::Text)]));
        }
        out.push(field(cx, "object.cluster", vec![piece(object.key.cluster.to_string(), Role::Text)]));
        out.push(field(cx, "object.age", vec![piece(cx.age_of(object.created), Role::Text)]));
        out.push(Line::new());
        out.extend(conditions(cx, &object.status.conditions, cx.world.is_stale(&object.key), wide));
        out.push(Line::new());
        out.extend(wanted(cx, object));
        out.extend(applied(cx, object));
        out
    }

    /// Returns the revision and, as soon as it is known, the commit behind it.
    fn revision(&self, cx: &Cx, revision: &Revision, wide: usize) -> Vec<Line> {
        let mut out = vec![field(cx, "object.revision", format::revision(revision))];
        let steps = self.trace.here().map(|t| t.steps.as_slice()).unwrap_or_default();
        let Some(step) = steps.iter().find(|step| step.what == What::Commit) else { return out };
        let indent = || piece(" ".repeat(LABEL), Role::Text);
        match &step.commit {
            Some(commit) => {
                out.extend(
                    wrap(&commit.subject, wide.saturating_sub(LABEL)).into_iter().map(|l| vec![indent(), piece(l, Role::Text)]),
                );
                out.push(vec![indent(), by(cx, commit)]);
            }
            None => {
                out.extend(
                    wrap(&cx.said(&step.said), wide.saturating_sub(LABEL))
                        .into_iter()
                        .map(|l| vec![indent(), piece(l, Role::Faint)]),
                );
            }
        }
        out
    }
}

/// Says who made a commit and when.
pub(super) fn by(cx: &Cx, commit: &Landed) -> Piece<'static> {
    piece(cx.tf("object.by", &[("author", &commit.author), ("age", &cx.age_of(commit.time))]), Role::Muted)
}

/// Writes which object is meant: `Kustomization flux-system/apps`.
pub(super) fn written(key: &ObjectKey) -> String {
    if key.namespace.is_empty() {
        format!("{} {}", key.kind, key.name)
    } else {
        format!("{} {}/{}", key.kind, key.namespace, key.name)
    }
}
