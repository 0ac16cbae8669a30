//! How a list looks: titles, the rows in sight, and below them the filter, what is wrong with it, and how many it lets through.

use domain::filter::{Fault, Why};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Only, Row, Table, Width};
use crate::cx::Cx;
use crate::spots::Aim;
use crate::theme::Role;
use crate::widgets::input::Input;
use crate::widgets::put::{
    Piece, columns, cut, cut_middle, lay, piece, put, put_pieces, put_right, put_wrapped, width, width_of, width_up_to,
};

/// A column that has its place: its index, its distance from the left, its width.
type Place = (usize, u16, u16);

/// The space between two columns.
const GAP: u16 = 2;

impl<T: Row + 'static> Table<T> {
    /// Draws it: titles, rows, and on the last line the filter and the marks while there are any.
    ///
    /// `empty` is what stands there when there is no row at all: what would fill it and which key does it.
    pub fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer, empty: &str) {
        if area.height < 2 || area.width < 8 {
            return;
        }
        let foot = self.typing || !self.input.text().is_empty() || self.only.is_some() || !self.marks.is_empty();
        let body = Rect { y: area.y + 1, height: area.height - 1 - u16::from(foot), ..area };
        let places = self.places(cx, area.width - 4);
        self.titles(cx, area, buf, &places);
        let height = usize::from(body.height);
        self.page.set(height.max(1));
        let mut offset = self.offset.get().min(self.shown.len().saturating_sub(height));
        if self.cursor < offset {
            offset = self.cursor;
        } else if self.cursor >= offset + height {
            offset = self.cursor + 1 - height;
        }
        self.offset.set(offset);
        let to = self.pointed.clone();
        cx.spot(body, Aim::Rows { first: offset, total: self.shown.len(), to, command: "list.point" });
        for (line, at) in (offset..self.shown.len()).take(height).enumerate() {
            if let Some(row) = self.shown.get(at).and_then(|at| self.rows.get(*at as usize)) {
                let place = Rect { y: body.y + columns(line), height: 1, ..body };
                self.row(cx, place, buf, (row, at == self.cursor), &places);
            }
        }
        let rows = Rect { width: body.width.saturating_sub(1), ..body };
        cx.looks_later(rows, body.y + columns(self.cursor.saturating_sub(offset)));
        if self.shown.is_empty() {
            self.nothing(cx, area, buf, empty);
        }
        if foot {
            self.foot(cx, Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
        }
        scrollbar(cx, body, buf, offset, self.shown.len());
    }

    fn nothing(&self, cx: &Cx, area: Rect, buf: &mut Buffer, empty: &str) {
        let text = if self.total() == 0 {
            empty.to_owned()
        } else if self.input.text().is_empty() {
            cx.t("list.no-such-state").to_owned()
        } else {
            cx.tf("list.no-match", &[("filter", self.input.text())])
        };
        let inner = Rect {
            x: area.x + 3,
            y: area.y + 2.min(area.height - 1),
            width: area.width - 4,
            height: area.height.saturating_sub(2),
        };
        put_wrapped(buf, inner, &text, cx.style(Role::Muted));
    }

    /// Returns what stands at the right of the last line: the state, the marks, how many rows there are.
    fn standing(&self, cx: &Cx) -> Vec<Piece<'static>> {
        let mut out = Vec::new();
        if let Some(only) = self.only {
            let (word, role) = match only {
                Only::Faults => (cx.t("list.faults-only"), Role::Bad),
                Only::State(health) => (cx.health(health), health.into()),
            };
            out.push(piece(format!("{word}   "), role));
        }
        if !self.marks.is_empty() {
            out.push(piece(format!("{}   ", cx.tf("list.marked", &[("count", &self.marks.len().to_string())])), Role::Accent));
        }
        out.push(piece(format!("{}/{}", self.shown.len(), self.total()), Role::Muted));
        out
    }

    fn foot(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let filter = (&self.input, self.fault.as_ref(), self.typing);
        foot(cx, area, buf, filter, &self.standing(cx));
    }

    fn titles(&self, cx: &Cx, area: Rect, buf: &mut Buffer, places: &[Place]) {
        let sortable = if self.pick.is_some() { self.sortable() } else { Vec::new() };
        for (at, x, wide) in places {
            let column = self.spec[*at];
            let mut title = cx.words.get(&format!("column.{}", column.id)).to_owned();
            let sorted = self.sort.filter(|(by, _)| by == at);
            if let Some((_, down)) = sorted {
                title = format!("{}{}", cut(&title, usize::from(wide.saturating_sub(1))), if down { "↓" } else { "↑" });
            }
            let title = cut(&title, usize::from(*wide)).into_owned();
            let from = if column.right { wide.saturating_sub(columns(width(&title))) } else { 0 };
            let role = if sorted.is_some() { Role::Accent } else { Role::Muted };
            put(buf, (area.x + 3 + x + from, area.y), *wide, &title, cx.style(role));
            if column.order.is_some() {
                let place = Rect { x: area.x + 3 + x, y: area.y, width: *wide, height: 1 };
                cx.spot(place, Aim::Title { at: *at, to: self.titled.clone() });
            }
            if let Some(digit) = sortable.iter().position(|s| s == at).filter(|place| *place < 9) {
                let text = (digit + 1).to_string();
                put(buf, (area.x + 2 + x + from, area.y), 1, &text, cx.style(Role::Accent));
                if sorted.is_some() {
                    lay(
                        buf,
                        Rect { x: area.x + 3 + x + from, width: columns(width(&title)), height: 1, y: area.y },
                        cx.style(Role::Selection),
                    );
                }
            }
        }
    }

    fn row(&self, cx: &Cx, area: Rect, buf: &mut Buffer, (row, selected): (&T, bool), places: &[Place]) {
        if let Some(health) = row.health(cx) {
            put(buf, (area.x + 1, area.y), 1, cx.glyph(health), cx.style(health.into()));
        }
        // From the right, since what stands beside a text that outgrew its column says how much room it may take.
        let mut free = area.width - 4;
        for (at, x, wide) in places.iter().rev() {
            let column = self.spec[*at];
            let cell = (column.cell)(row, cx);
            let room = if column.right { *wide } else { (*wide).max(free.saturating_sub(*x)) };
            let taken = width_up_to(&cell.pieces, usize::from(room));
            let from = if column.right { wide.saturating_sub(columns(taken)) } else { 0 };
            if taken > 0 {
                free = (x + from).saturating_sub(GAP);
            }
            let place = (area.x + 3 + x + from, area.y);
            if taken > usize::from(room) && cell.middle && cell.pieces.len() == 1 {
                let text = cut_middle(&cell.pieces[0].text, usize::from(room)).into_owned();
                put(buf, place, room, &text, cx.style(cell.pieces[0].role));
            } else {
                put_pieces(cx, buf, place, room, &cell.pieces);
            }
        }
        let key = row.key();
        if let Some(until) = self.fresh.get(&key).filter(|until| **until > cx.now) {
            lay(buf, area, cx.style(Role::Fresh));
            cx.wake_at(*until);
        }
        if selected {
            lay(buf, area, cx.style(Role::Selection));
            put(buf, (area.x, area.y), 1, "▌", cx.style(Role::Accent));
        }
        let sign = if self.is_marked(row) {
            "◆"
        } else if self.is_pinned(&key) {
            "★"
        } else {
            return;
        };
        let at = if selected { area.x + 2 } else { area.x };
        put(buf, (at, area.y), 1, sign, cx.style(Role::Accent));
    }

    /// Returns which columns fit, in their order, and how wide each is at least.
    fn fitting(&self, cx: &Cx, room: u16) -> Vec<(usize, u16)> {
        let widths = self.widths(cx);
        let least = |at: usize| match self.spec[at].width {
            Width::Fixed(wide) => wide,
            Width::Fit(min, _) => widths[at].max(min),
            Width::Grow(min) | Width::Upto(min, _) => min,
        };
        // What rows are sorted by stays in sight.
        let priority = |at: usize| if self.sort.is_some_and(|(by, _)| by == at) { 0 } else { self.spec[at].priority };
        let seen = |at: &usize| !self.hidden.contains(&self.spec[*at].id);
        let mut kept: Vec<usize> = (0..self.spec.len()).filter(seen).collect();
        let need = |kept: &[usize]| kept.iter().map(|at| least(*at)).sum::<u16>() + GAP * columns(kept.len().saturating_sub(1));
        let mut tight = None;
        while need(&kept) > room {
            let Some(worst) = kept.iter().copied().filter(|at| priority(*at) > 0).max_by_key(|at| (priority(*at), *at)) else {
                break;
            };
            // What matters next to a row's name is rather cut than left out.
            let shrunk = match self.spec[worst].width {
                Width::Fit(min, _) => Some(min),
                // A sentence of fewer columns says nothing.
                Width::Grow(min) | Width::Upto(min, _) => Some(min / 2).filter(|min| *min > 16),
                Width::Fixed(_) => None,
            };
            if let (1, Some(min)) = (priority(worst), shrunk) {
                let others = need(&kept).saturating_sub(least(worst));
                if others + min <= room {
                    tight = Some((worst, room - others));
                    break;
                }
            }
            kept.retain(|at| *at != worst);
        }
        let least = |at: usize| tight.filter(|(column, _)| *column == at).map_or_else(|| least(at), |(_, wide)| wide);
        let need = |kept: &[usize]| kept.iter().map(|at| least(*at)).sum::<u16>() + GAP * columns(kept.len().saturating_sub(1));
        // A narrow column may fit where a wide one did not.
        let mut left_out: Vec<usize> = (0..self.spec.len()).filter(seen).filter(|at| !kept.contains(at)).collect();
        left_out.sort_by_key(|at| (priority(*at), *at));
        for at in left_out {
            kept.push(at);
            if need(&kept) > room {
                kept.pop();
            }
        }
        kept.sort_unstable();
        kept.into_iter().map(|at| (at, least(at))).collect()
    }

    /// Returns where each column has its place.
    fn places(&self, cx: &Cx, room: u16) -> Vec<Place> {
        let mut kept = self.fitting(cx, room);
        let gaps = GAP * columns(kept.len().saturating_sub(1));
        let mut left = room.saturating_sub(kept.iter().map(|(_, wide)| *wide).sum::<u16>() + gaps);
        for (at, wide) in &mut kept {
            if let Width::Upto(_, max) = self.spec[*at].width {
                let more = left.min(max.saturating_sub(*wide));
                (*wide, left) = (*wide + more, left - more);
            }
        }
        let growing = columns(kept.iter().filter(|(at, _)| matches!(self.spec[*at].width, Width::Grow(_))).count());
        let (share, mut odd) = (left.checked_div(growing).unwrap_or(0), left.checked_rem(growing).unwrap_or(0));
        let mut places = Vec::with_capacity(kept.len());
        let mut x = 0;
        for (at, mut wide) in kept {
            if matches!(self.spec[at].width, Width::Grow(_)) {
                wide += share + u16::from(odd > 0);
                odd = odd.saturating_sub(1);
            }
            wide = wide.min(room.saturating_sub(x));
            places.push((at, x, wide));
            x += wide + GAP;
        }
        places
    }
}

/// Draws the last line of rows that are filtered: what is typed, what is wrong with it, and how things stand at the right.
pub fn foot(cx: &Cx, area: Rect, buf: &mut Buffer, (input, fault, typing): (&Input, Option<&Fault>, bool), standing: &[Piece]) {
    let took = columns(width_of(standing));
    put_pieces(cx, buf, (area.right().saturating_sub(took + 1), area.y), took, standing);
    let mut room = area.width.saturating_sub(took + 6);
    if !typing && input.text().is_empty() {
        return;
    }
    put(buf, (area.x + 1, area.y), 2, "/", cx.style(Role::Accent));
    if let Some(fault) = fault {
        // What is typed has the first right to the room, but a fault that nobody sees helps nobody.
        let said = format!("✗ {}", said(cx, fault));
        let typed = columns(width(input.text())) + 4;
        let wide = columns(width(&said)).min(room.saturating_sub(typed).max(room / 2));
        let place = Rect { x: area.x + 3, width: room, ..area };
        put_right(buf, place, &cut(&said, usize::from(wide)), cx.style(Role::Bad));
        room = room.saturating_sub(wide + 2);
    }
    let inner = Rect { x: area.x + 3, width: room, ..area };
    input.view(cx, inner, buf, typing, cx.t("list.filter-hint"));
}

/// Says why a text is no filter, in the operator's language.
pub fn said(cx: &Cx, fault: &Fault) -> String {
    let column = fault.column.to_string();
    let say = |key: &'static str, values: &[(&str, &str)]| {
        let mut all = vec![("column", column.as_str())];
        all.extend_from_slice(values);
        cx.tf(key, &all)
    };
    match &fault.why {
        Why::Empty(sign) => say("filter.empty", &[("sign", sign)]),
        Why::Open(sign) => say("filter.open", &[("sign", &sign.to_string())]),
        Why::Regex(why) => say("filter.regex", &[("why", why)]),
        Why::Unknown(name, known) => say("filter.unknown", &[("name", name), ("known", known)]),
        Why::Sign(name, (one, other)) => {
            let signs = cx.tf("filter.or", &[("one", one), ("other", other)]);
            say("filter.sign", &[("name", name), ("signs", &signs)])
        }
        Why::Flag(value) => say("filter.flag", &[("value", value)]),
        Why::Time(value) => say("filter.time", &[("value", value)]),
        Why::Number(value) => say("filter.number", &[("value", value)]),
        Why::Label => say("filter.label", &[]),
    }
}

/// Draws a thumb at the right edge when not everything fits.
pub fn scrollbar(cx: &Cx, area: Rect, buf: &mut Buffer, offset: usize, total: usize) {
    let height = usize::from(area.height);
    if total <= height || height == 0 || area.width == 0 {
        return;
    }
    let thumb = (height * height / total).max(1);
    let from = (offset * (height - thumb)).checked_div(total - height).unwrap_or(0);
    for line in from..(from + thumb).min(height) {
        put(buf, (area.right() - 1, area.y + columns(line)), 1, "▐", cx.style(Role::Line));
    }
}
