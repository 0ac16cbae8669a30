//! The newest events about an object, where a view of it leaves room: what one would look up next.

use std::sync::Arc;

use domain::detail::Happening;
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Subject;
use super::asked::Asked;
use crate::cx::Cx;
use crate::effects::{Effects, Ticket};
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::put::{Piece, piece, put, put_pieces, width};

/// How many lines a screen has at least where they are asked for: on others there is hardly ever room.
const ROOMY: u16 = 40;
/// How many lines have to be free: an empty one, the heading, two events.
const LEAST: u16 = 4;
/// How wide a reason is at most before its message no longer stands in one column with the others.
const REASON: usize = 32;

/// Holds the events.
#[derive(Debug, Default)]
pub(super) struct Lately {
    read: Asked<Arc<Vec<Happening>>>,
}

impl Lately {
    /// Asks for them on a screen that may have room.
    pub(super) fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        if cx.size.height < ROOMY {
            return Effects::new();
        }
        self.read.want(cx, of.turn, || Query::Happenings(of.key.clone(), false))
    }

    /// Takes back what is not answered yet.
    pub(super) fn leave(&mut self) -> Effects {
        self.read.leave()
    }

    /// Takes an answer, if it is theirs.
    pub(super) fn take(&mut self, cx: &Cx, ticket: Ticket, answer: &Result<Answer, Trouble>) {
        let pick = |a: &Answer| if let Answer::Happenings(found) = a { Some(Arc::clone(found)) } else { None };
        self.read.take(cx, ticket, answer, pick);
    }

    /// Draws them below so many lines of an area, when they were asked for and there is room.
    pub(super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer, taken: usize) {
        let free = usize::from(area.height).saturating_sub(taken);
        let asked = self.read.here().is_some() || self.read.waiting() || self.read.failed().is_some();
        let Some(high) = u16::try_from(free).ok().filter(|high| asked && *high >= LEAST) else { return };
        let head = Rect { y: area.bottom() - high + 1, height: 1, ..area };
        let aged = self.read.age(cx, head, buf);
        put(buf, (area.x, head.y), area.width.saturating_sub(aged + 1), cx.t("object.events-own"), cx.style(Role::Accent));
        let rest = self.read.head(cx, Rect { y: head.y + 1, height: high - 2, ..area }, buf);
        let Some(found) = self.read.here() else { return };
        if found.is_empty() {
            put(buf, (rest.x, rest.y), rest.width, cx.t("object.no-events"), cx.style(Role::Muted));
        }
        let wide = found.iter().take(usize::from(rest.height)).map(|e| width(&e.reason)).max().unwrap_or(0).min(REASON);
        for (event, y) in found.iter().zip(rest.top()..rest.bottom()) {
            put_pieces(cx, buf, (rest.x, y), rest.width, &line(cx, event, wide));
        }
    }
}

fn line(cx: &Cx, event: &Happening, wide: usize) -> Vec<Piece<'static>> {
    let (sign, role) = if event.warning { ("▲", Role::Warn) } else { ("·", Role::Faint) };
    let often = if event.count > 1 { format!("×{}  ", event.count) } else { String::new() };
    vec![
        piece(sign, role),
        piece(format!(" {:>4}  ", cx.age_of(event.time)), Role::Faint),
        piece(
            format!("{}{}  ", event.reason, " ".repeat(wide.saturating_sub(width(&event.reason)))),
            if event.warning { Role::Warn } else { Role::Text },
        ),
        piece(often, Role::Faint),
        piece(format::sentence(&event.message), Role::Muted),
    ]
}
