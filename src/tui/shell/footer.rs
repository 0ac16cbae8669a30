//! The footer: what the keys do here, computed from what is possible now; and the notes of what happened, which go by themselves.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::Command;
use crate::keys;
use crate::session::Session;
use crate::shell::Areas;
use crate::spots::Aim;
use crate::theme::Role;
use crate::widgets::put::{clear, columns, cut, lay, put, put_right, width};

/// From this rank on an entry stays when room is short.
const STAYS: u8 = 95;
/// How many columns the number of notes that have no room takes.
const COUNT: usize = 5;
/// In fewer columns a note says nothing.
const LEAST: usize = 24;

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

/// Draws the notes in one line, the newest at the right end and older ones before it as far as there is room; how many found none
/// is counted. The line is the rule over the body, where they cover nothing that says anything; on a low screen, which has no rule,
/// the footer.
pub(super) fn notes(session: &Session, areas: &Areas, buf: &mut Buffer) {
    let cx = session.cx();
    let line = if areas.rule.height > 0 { areas.rule } else { areas.footer };
    let mut notes = session.toasts().rev();
    let mut right = line.right();
    let mut least = 1;
    while usize::from(right - line.x) > COUNT + least
        && let Some(toast) = notes.next()
    {
        let text = cut(&toast.text, usize::from(right - line.x) - COUNT - 5).into_owned();
        let wide = columns(width(&text) + 5).min(right - line.x);
        let place = Rect { x: right - wide, y: line.y, width: wide, height: 1 };
        clear(buf, place);
        session.base().marks.cover(place);
        lay(buf, place, cx.style(Role::Panel));
        put(buf, (place.x + 1, place.y), 1, cx.glyph(toast.health), cx.style(toast.health.into()));
        put(buf, (place.x + 3, place.y), wide - 4, &text, cx.style(Role::Text));
        right = place.x.saturating_sub(1).max(line.x);
        least = LEAST;
    }
    let more = notes.count();
    if more > 0 {
        let place = Rect { x: line.x, width: right - line.x, ..line };
        put_right(buf, place, &format!(" +{more} "), cx.style(Role::Muted));
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::Stage;
    use crate::words::Language;

    #[test]
    fn notes_cover_no_name_of_a_tab_and_each_can_be_read() {
        let (one, other) = ("^Y does nothing here", "The rows stand in the order in which they come");
        for (wide, high) in [(80, 24), (120, 36), (80, 12)] {
            let mut stage = Stage::new(wide, high, Language::English);
            let before = stage.lines();
            let tabs = before.lines().nth(1).unwrap_or_default();
            stage.keys("ctrl-y O");
            let shown = stage.lines();
            assert_eq!(shown.lines().nth(1), Some(tabs), "{wide}×{high}");
            assert!(shown.contains(other), "{wide}×{high}: {shown}");
            assert!(wide < 120 || shown.contains(one) || shown.contains(" +1 "), "{shown}");
            // The older one, which had no room, stays until it was read.
            stage.pass(5100);
            let shown = stage.lines();
            assert!(shown.contains(one) && !shown.contains(other), "{wide}×{high}: {shown}");
            stage.pass(2500);
            assert_eq!(stage.lines().lines().nth(1), Some(tabs));
            assert!(!stage.lines().contains(one), "{wide}×{high}");
        }
    }
}
