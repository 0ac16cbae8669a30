//! The footer: what the keys do here, computed from what is possible now; and the notes of what happened, which go by themselves.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::Command;
use crate::keys;
use crate::session::Session;
use crate::spots::Aim;
use crate::theme::Role;
use crate::widgets::put::{clear, columns, cut, lay, put, width};

/// From this rank on an entry stays when room is short.
const STAYS: u8 = 95;

/// Draws it. What does not fit leaves by rank; help stays.
pub(super) fn view(session: &Session, area: Rect, buf: &mut Buffer) {
    let cx = session.cx();
    let mut x = area.x + 1;
    if !session.pending().is_empty() || session.count().is_some() {
        let count = session.count().map(|n| if n == 0 { "#".to_owned() } else { format!("#{n}") });
        let keys = cx.spelled(&keys::label(session.pending()));
        let text = format!("{} …", [count.unwrap_or_default(), keys].join(" ").trim());
        x += put(buf, (x, area.y), area.width, &text, cx.style(Role::Accent)) + 2;
    }
    let mut shown: Vec<(u8, String, &'static Command)> = Vec::new();
    // What the tour points at has a place here, so that there is something to point at.
    let pointed = session.touring().map(|(_, stop)| stop.command);
    for command in session.possible() {
        let rank = if pointed == Some(command.id) { 1 } else { command.footer };
        let label = cx.spelled(&session.reachable_label(command));
        let known = shown.iter().any(|(_, l, _)| *l == label);
        if rank > 0 && !label.is_empty() && !known {
            shown.push((rank, label, command));
        }
    }
    shown.sort_by_key(|(rank, ..)| *rank);
    let room = usize::from(area.right().saturating_sub(x));
    let need =
        |shown: &[(u8, String, &'static Command)]| shown.iter().map(|(_, l, c)| width(l) + width(cx.title(c)) + 3).sum::<usize>();
    let mut left_out = Vec::new();
    while need(&shown) > room && shown.len() > 1 {
        let at = shown.iter().rposition(|(rank, ..)| *rank < STAYS).unwrap_or(shown.len() - 1);
        left_out.push(shown.remove(at));
    }
    // A short one may fit where a long one did not.
    for entry in left_out.into_iter().rev() {
        let at = shown.partition_point(|(rank, ..)| *rank <= entry.0);
        shown.insert(at, entry);
        if need(&shown) > room {
            shown.remove(at);
        }
    }
    for (_, label, command) in shown {
        let from = x;
        x += put(buf, (x, area.y), area.width, &label, cx.style(Role::Accent)) + 1;
        x += put(buf, (x, area.y), area.width, cx.title(command), cx.style(Role::Muted)) + 2;
        cx.spot(Rect { x: from, width: (x - from).saturating_sub(2), ..area }, Aim::Command(command.id));
    }
}

/// Draws the notes at the right end of the rule over the body, where they cover nothing that says anything; older ones above it,
/// over tabs. Where there is no rule they begin there.
pub(super) fn notes(session: &Session, body: Rect, buf: &mut Buffer) {
    let cx = session.cx();
    let notes: Vec<_> = session.toasts().collect();
    for (y, toast) in (1..body.y).rev().zip(notes.iter().rev()) {
        let text = cut(&toast.text, usize::from(body.width).saturating_sub(8)).into_owned();
        let wide = columns(width(&text) + 5).min(body.width);
        let place = Rect { x: body.right() - wide, y, width: wide, height: 1 };
        clear(buf, place);
        lay(buf, place, cx.style(Role::Panel));
        put(buf, (place.x + 1, place.y), 1, cx.glyph(toast.health), cx.style(toast.health.into()));
        put(buf, (place.x + 3, place.y), wide - 4, &text, cx.style(Role::Text));
    }
}
