//! How the form is drawn: fields at the left, YAML beside them where there is room, else below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::fields::word;
use super::{Compose, Stage};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::dialog::{centred, frame};
use crate::widgets::put::{columns, put, put_wrapped, rule, wrap};

/// From how many columns on the YAML stands beside the fields.
const BESIDE: u16 = 104;

pub(super) fn view(compose: &Compose, cx: &Cx, area: Rect, buf: &mut Buffer) {
    let title = match &compose.key {
        Some(key) => cx.tf("compose.edit", &[("object", &key.to_string())]),
        None => cx.tf("compose.new", &[("kind", compose.description.kind), ("cluster", &compose.context.0)]),
    };
    let inner = frame(cx, centred(area, 150, area.height.saturating_sub(2)), buf, &title);
    if inner.height < 4 {
        return;
    }
    let inner = said(compose, cx, inner, buf);
    if matches!(compose.stage, Stage::New | Stage::Reading(_)) {
        put(buf, (inner.x, inner.y), inner.width, cx.t("edit.reading"), cx.style(Role::Muted));
        return;
    }
    let (fields, yaml) = if inner.width >= BESIDE {
        let right = inner.width * 2 / 5;
        let left = Rect { width: inner.width - right - 2, ..inner };
        for y in inner.top()..inner.bottom() {
            put(buf, (left.right(), y), 1, "│", cx.style(Role::Line));
        }
        (left, Rect { x: left.right() + 2, width: right, ..inner })
    } else {
        let low = (inner.height / 3).min(12);
        let above = Rect { height: inner.height - low - 1, ..inner };
        rule(cx, buf, Rect { y: above.bottom(), height: 1, ..inner });
        (above, Rect { y: above.bottom() + 1, height: low, ..inner })
    };
    let fields = helped(compose, cx, fields, buf);
    compose.form.view(cx, fields, buf, compose.stage == Stage::Typing);
    let top = top(compose, usize::from(yaml.height));
    compose.yaml.view(cx, yaml, buf, (top, 0), false);
}

/// Says at the bottom what the focused field is; returns what is left above.
fn helped(compose: &Compose, cx: &Cx, area: Rect, buf: &mut Buffer) -> Rect {
    let text = match compose.form.focused() {
        Some(field) if field.id == "kind" => cx.t("compose.kind-note").to_owned(),
        Some(field) => word(cx, "help", &field.id),
        None => return area,
    };
    let lines = if area.height < 12 { 1 } else { 2 }.min(area.height);
    let place = Rect { x: area.x + 2, y: area.bottom() - lines, width: area.width.saturating_sub(2), height: lines };
    put_wrapped(buf, place, &text, cx.style(Role::Muted));
    Rect { height: area.height - lines, ..area }
}

/// Draws where the object comes from above, and what the server says below; returns what is left.
fn said(compose: &Compose, cx: &Cx, mut area: Rect, buf: &mut Buffer) -> Rect {
    let origin = compose.origin(cx).join(" ");
    if !origin.is_empty() {
        let took = put_wrapped(buf, Rect { height: area.height.min(4), ..area }, &origin, cx.style(Role::Warn)) + 1;
        area = Rect { y: area.y + took, height: area.height.saturating_sub(took), ..area };
    }
    let (text, role) = match (compose.stage, &compose.refused) {
        (Stage::Placing(_), _) => (cx.t("place.looking").to_owned(), Role::Busy),
        (Stage::Trying(_), _) => (cx.t("edit.judging").to_owned(), Role::Busy),
        (Stage::Giving(_), _) => (cx.t("edit.applying").to_owned(), Role::Busy),
        (_, Some(trouble)) => (format!("✗ {}", cx.trouble(trouble)), Role::Bad),
        _ => return area,
    };
    let lines = columns(wrap(&text, usize::from(area.width)).len()).min(4).min(area.height);
    let place = Rect { y: area.bottom() - lines, height: lines, ..area };
    put_wrapped(buf, place, &text, cx.style(role));
    Rect { height: area.height.saturating_sub(lines + 1), ..area }
}

/// Returns the first line of the YAML that is shown: the one that the focused field is about stays in sight.
fn top(compose: &Compose, high: usize) -> usize {
    let key = compose.form.focused().and_then(|field| compose.description.field(&field.id)).map(|field| field.shape);
    let key = match key {
        Some(domain::compose::Shape::Data(key)) => key,
        Some(shape) => shape.path().rsplit('/').next().unwrap_or_default(),
        None => "",
    };
    let named = |at: &usize| compose.yaml.line(*at).trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let line = if key.is_empty() { None } else { (0..compose.yaml.len()).rev().find(named) };
    let most = compose.yaml.len().saturating_sub(high);
    line.map_or(0, |line| line.saturating_sub(high / 2)).min(most)
}
