//! How the value of a field is drawn, and how a secret is typed that nobody sees.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::live::Private;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::widgets::Widget;

use super::{Control, Field};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{lay, put};

/// Types into a secret: only at its end, since nobody sees where else; Ctrl-U takes all of it away.
pub(super) fn hidden_key(secret: &mut Private, key: KeyEvent) -> bool {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let mut text = secret.text().to_owned();
    match key.code {
        KeyCode::Char('u') if ctrl => text.clear(),
        KeyCode::Char(c) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => text.push(c),
        KeyCode::Backspace => drop(text.pop()),
        _ => return false,
    }
    let changed = text != secret.text();
    *secret = Private::new(text);
    changed
}

/// Returns what is shown of a secret: that there is something, and how many lines.
fn veiled(cx: &Cx, secret: &Private) -> String {
    match secret.text().lines().count() {
        0 => String::new(),
        1 => "••••••".to_owned(),
        count => format!("•••••• {}", cx.tf("form.lines", &[("count", &count.to_string())])),
    }
}

/// Draws the value of a field.
pub(super) fn value(cx: &Cx, area: Rect, buf: &mut Buffer, field: &Field, active: bool) {
    match &field.control {
        Control::Text(input) => {
            if active {
                lay(buf, area, cx.style(Role::Selection));
            }
            input.view(cx, area, buf, active, &field.placeholder);
            if active {
                lay(buf, Rect { height: 1, ..area }, cx.style(Role::Selection));
            }
        }
        Control::Hidden(secret) => {
            let shown = veiled(cx, secret);
            let (text, role) =
                if shown.is_empty() { (field.placeholder.as_str(), Role::Faint) } else { (shown.as_str(), Role::Text) };
            let took = put(buf, (area.x, area.y), area.width, text, cx.style(role));
            if active {
                lay(buf, area, cx.style(Role::Selection));
                cx.cursor_at(area.x + if shown.is_empty() { 0 } else { took }, area.y);
            }
        }
        Control::Choice { options, at } => {
            let chosen = options.get(*at).map_or("", String::as_str);
            let text = if active { format!("‹ {chosen} ›") } else { chosen.to_owned() };
            let took = put(buf, (area.x, area.y), area.width, &text, cx.style(Role::Text));
            if active {
                lay(buf, Rect { width: took, height: 1, ..area }, cx.style(Role::Selection));
            }
        }
        Control::Head(open, said) => {
            let role = if active { Role::Text } else { Role::Muted };
            let sign = if *open { "▾ " } else { "▸ " };
            let text = if *open { sign.to_owned() } else { format!("{sign}{said}") };
            let waits =
                if field.waits.is_empty() { 0 } else { put(buf, (area.x, area.y), area.width, "? ", cx.style(Role::Warn)) };
            let took = waits + put(buf, (area.x + waits, area.y), area.width - waits, &text, cx.style(role));
            if active {
                lay(buf, Rect { width: took, height: 1, ..area }, cx.style(Role::Selection));
            }
        }
        Control::Switch(on) => {
            let word = if *on { cx.t("form.on") } else { cx.t("form.off") };
            let text = format!("{} {word}", if *on { "[x]" } else { "[ ]" });
            let took = put(buf, (area.x, area.y), area.width, &text, cx.style(Role::Text));
            if active {
                lay(buf, Rect { width: took, height: 1, ..area }, cx.style(Role::Selection));
            }
        }
        Control::Area(text, _) => {
            let mut shown = (**text).clone();
            shown.set_style(cx.style(Role::Text));
            shown.set_cursor_style(if active {
                cx.style(Role::Text).add_modifier(Modifier::REVERSED)
            } else {
                cx.style(Role::Text)
            });
            (&shown).render(area.intersection(buf.area), buf);
        }
    }
}
