//! An object in short: what is wanted, what is, and every condition with its sentence.

use std::sync::Arc;

use domain::flux::kinds::Family;
use domain::flux::{Condition, FluxObject, Health};

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::put::{Piece, piece, wrap};
use crate::widgets::why;

/// Holds a line in its pieces.
pub(crate) type Line = Vec<Piece<'static>>;

/// How many columns a label takes.
pub(crate) const LABEL: usize = 14;

/// Returns a line of a label and what stands beside it.
pub(crate) fn field(cx: &Cx, key: &'static str, value: Vec<Piece<'static>>) -> Line {
    let label = cx.t(key);
    let pad = LABEL.saturating_sub(crate::widgets::put::width(label));
    let mut line = vec![piece(format!("{label}{}", " ".repeat(pad)), Role::Muted)];
    line.extend(value);
    line
}

fn text(value: impl Into<String>) -> Vec<Piece<'static>> {
    vec![piece(value.into(), Role::Text)]
}

/// Returns the lines of a Flux object without what its row says already: its conditions with their sentences first, then what
/// it follows.
pub(crate) fn short(cx: &Cx, object: &FluxObject, wide: usize) -> Vec<Line> {
    let mut out = vec![vec![
        piece(format!("{}/", object.key.kind), Role::Muted),
        piece(object.key.name.to_string(), Role::Accent),
        piece(format!("  {}", object.key.namespace), Role::Muted),
    ]];
    // What it comes from says more than what it says itself, when that is elsewhere.
    // A source is well whatever becomes of what it feeds.
    let concerns = object.health() != Health::Ok || object.key.flux_kind().is_some_and(|kind| kind.family == Family::Apply);
    let causes = if concerns { cx.causes(&object.key) } else { Arc::default() };
    if let Some(cause) = causes.first().filter(|cause| !cause.vague()) {
        let mut text = why::what(cx, cause);
        if cause.object != object.key {
            text = format!("{}/{}  {text}", cause.object.kind, cause.object.name);
        }
        let lines = wrap(&text, wide.saturating_sub(2));
        out.extend(
            lines
                .into_iter()
                .enumerate()
                .map(|(at, line)| vec![piece(if at == 0 { "✗ " } else { "  " }, Role::Bad), piece(line, Role::Bad)]),
        );
    }
    out.extend(conditions(cx, &object.status.conditions, wide));
    out.push(Line::new());
    out.extend(wanted(cx, object));
    out
}

/// Returns what is wanted of an object.
fn wanted(cx: &Cx, object: &FluxObject) -> Vec<Line> {
    let mut out = Vec::new();
    let spec = &object.spec;
    if let Some(url) = &spec.url {
        out.push(field(cx, "object.url", text(url.to_string())));
    }
    if let Some(reference) = &spec.reference {
        let parts = [&reference.branch, &reference.tag, &reference.semver, &reference.commit, &reference.name];
        let shown: Vec<&str> = parts.into_iter().flatten().map(domain::text::Text::as_str).collect();
        out.push(field(cx, "object.ref", text(shown.join(" "))));
    }
    if let Some(source) = object.source() {
        let namespace = source.namespace.as_deref().unwrap_or(&object.key.namespace);
        out.push(field(cx, "object.source", text(format!("{}/{namespace}/{}", source.kind, source.name))));
    }
    for (key, value) in [
        ("object.path", &spec.path),
        ("object.interval", &spec.interval),
        ("object.timeout", &spec.timeout),
        ("object.target", &spec.target_namespace),
        ("object.image", &spec.image),
    ] {
        if let Some(value) = value {
            out.push(field(cx, key, text(value.to_string())));
        }
    }
    if !spec.depends_on.is_empty() {
        let names: Vec<&str> = spec.depends_on.iter().map(|d| d.name.as_str()).collect();
        out.push(field(cx, "object.depends", text(names.join(", "))));
    }
    out
}

/// Returns a line and the sentence of each condition, with its age.
pub(crate) fn conditions(cx: &Cx, conditions: &[Condition], wide: usize) -> Vec<Line> {
    let mut out = Vec::new();
    for condition in conditions {
        let bad = matches!(
            (condition.kind.as_str(), condition.status.as_str()),
            ("Stalled" | "ReplicaFailure", "True") | ("Ready" | "Healthy" | "Available" | "Progressing", "False")
        );
        let busy = condition.kind == "Reconciling" && condition.status == "True" || condition.status == "Unknown";
        let health = if bad {
            Health::Bad
        } else if busy {
            Health::Busy
        } else {
            Health::Ok
        };
        out.push(vec![
            piece(cx.glyph(health), health.into()),
            piece(format!(" {}={}", condition.kind, condition.status), Role::Text),
            piece(format!("  {}", condition.reason), health.into()),
            piece(format!("  {}", cx.age_of(condition.last_transition_time)), Role::Faint),
        ]);
        out.extend(
            wrap(&format::short_digests(&condition.message), wide.saturating_sub(2))
                .into_iter()
                .map(|l| vec![piece("  ", Role::Text), piece(l, Role::Muted)]),
        );
    }
    out
}
