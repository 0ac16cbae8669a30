//! The tour's card at the lower right, and the place that it points at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::everywhere;
use crate::session::Session;
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::{columns, cut, lay, put, width, wrap};

/// How wide the card is at most.
const WIDE: u16 = 58;

/// Draws it over the body, and marks the place in tab line or footer. Nothing is drawn when there is no tour.
pub(super) fn view(session: &Session, body: Rect, buf: &mut Buffer) {
    let Some((number, stop)) = session.touring() else { return };
    let cx = session.cx();
    let here = session.possible().into_iter().find(|command| command.id == stop.command);
    // Where its command is not possible, the way to where it is comes first.
    let away = stop.home.filter(|(tab, _)| *tab != session.active());
    let target = away.map_or(stop.command, |(_, command)| command);
    for place in session.base().marks.places(target) {
        lay(buf, place, cx.style(Role::Match));
    }
    let way = everywhere::SHELL.iter().find(|command| command.id == target).or(here);
    let key = way.map_or_else(String::new, |command| cx.spelled(&session.reachable_label(command)));
    let said = match (away, here) {
        (Some((tab, _)), _) => cx.tf("tour.away", &[("key", &key), ("tab", cx.t(crate::tabs::entry(tab).title))]),
        // What is to be found may not be there yet.
        (None, _) if !session.to_be_found(stop) => cx.t("tour.soon").to_owned(),
        (None, Some(_)) => cx.tf(&format!("tour.{}", stop.id), &[("key", &key)]),
        (None, None) => cx.t("tour.cannot").to_owned(),
    };
    card(session, body, buf, (number, &said));
}

fn card(session: &Session, body: Rect, buf: &mut Buffer, (number, said): (usize, &str)) {
    let cx = session.cx();
    let label = |id: &str| {
        let command = everywhere::SHELL.iter().find(|command| command.id == id);
        command.map_or_else(String::new, |command| cx.spelled(&session.reachable_label(command)))
    };
    let keys = cx.tf("tour.keys", &[("next", &label("shell.tour-next")), ("leave", &label("shell.tour-leave"))]);
    let count = format!("{number}/{}", crate::session::STOPS);
    let wide = WIDE.min(body.width.saturating_sub(2));
    let lines = wrap(said, usize::from(wide.saturating_sub(4)));
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(3);
    if wide < 24 || high + 2 > body.height {
        // There is no room for a card: one line says what to do.
        let Some(y) = body.bottom().checked_sub(1).filter(|_| body.height > 0) else { return };
        let place = Rect { y, height: 1, ..body };
        crate::widgets::put::clear(buf, place);
        lay(buf, place, cx.style(Role::Panel));
        let text = format!("{count} {said}");
        put(
            buf,
            (place.x + 1, y),
            place.width.saturating_sub(2),
            &cut(&text, usize::from(place.width.saturating_sub(2))),
            cx.style(Role::Text),
        );
        return;
    }
    let place = Rect { x: body.right() - wide - 1, y: body.bottom() - high, width: wide, height: high };
    let inner = dialog::frame(&cx, place, buf, &format!("{} {count}", cx.t("tour.title")));
    session.base().marks.cover(place);
    for (y, line) in (inner.y..).zip(&lines) {
        put(buf, (inner.x, y), inner.width, line, cx.style(Role::Text));
    }
    let x = inner.right().saturating_sub(columns(width(&keys)));
    put(buf, (x.max(inner.x), inner.bottom().saturating_sub(1)), inner.width, &keys, cx.style(Role::Faint));
}
