//! A list: columns that leave from the right when room is short, a selection that follows its row, a filter, an order.
//!
//! Only the visible rows are drawn, so ten thousand cost no more than fifty. A column never gets narrower while rows change.

use std::cell::Cell as Slot;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use crossterm::event::{KeyCode, KeyEvent};
use domain::Time;
use domain::flux::Health;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::input::Input;
use crate::widgets::put::{Piece, columns, cut, cut_middle, lay, piece, put, put_pieces, width, width_of};

/// The commands of every list; a tab adds them to its own.
pub const LIST: &[Command] = &[
    command("list.down", &["j", "down", "ctrl-n"], 0),
    command("list.up", &["k", "up", "ctrl-p"], 0),
    command("list.half-down", &["ctrl-d"], 0),
    command("list.half-up", &["ctrl-u"], 0),
    command("list.page-down", &["pgdn", "ctrl-f"], 0),
    command("list.page-up", &["pgup", "ctrl-b"], 0),
    command("list.first", &["g g", "home"], 0),
    command("list.last", &["G", "end"], 0),
    command("list.filter", &["/"], 90),
    command("list.sort", &["o"], 0),
    command("list.reverse", &["O"], 0),
];

/// Ends the typing of the filter and leaves it set.
pub const KEEP: Command = command("list.keep", &["enter"], 1);

/// Clears the filter; possible while one is set.
pub const CLEAR: Command = command("list.clear", &["esc"], 80);

/// Says how wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// So many columns.
    Fixed(u16),
    /// As wide as its widest text, within bounds.
    Fit(u16, u16),
    /// At least so many columns, and its share of what is left.
    Grow(u16),
}

/// Holds what stands in one place of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// The text.
    pub pieces: Vec<Piece<'static>>,
    /// Whether it is cut in the middle (names) and not at the end (sentences).
    pub middle: bool,
}

impl Cell {
    /// Builds a cell of one text.
    pub fn new(text: impl Into<std::borrow::Cow<'static, str>>, role: Role) -> Self {
        Self { pieces: vec![piece(text, role)], middle: false }
    }

    /// Builds a cell of a name, which is cut in the middle.
    pub fn name(text: impl Into<std::borrow::Cow<'static, str>>, role: Role) -> Self {
        Self { pieces: vec![piece(text, role)], middle: true }
    }

    /// Builds a cell of pieces.
    pub const fn of(pieces: Vec<Piece<'static>>) -> Self {
        Self { pieces, middle: false }
    }
}

/// Describes a column. Its title stands in the language files under `column.<id>`.
pub struct Column<T: 'static> {
    /// The id.
    pub id: &'static str,
    /// When it leaves: 0 never, then the highest first.
    pub priority: u8,
    /// How wide it is.
    pub width: Width,
    /// Whether its texts end at the right edge.
    pub right: bool,
    /// What stands in it.
    pub cell: fn(&T, &Cx) -> Cell,
    /// How it is sorted, when it can be.
    pub order: Option<fn(&T, &T) -> Ordering>,
}

/// What a list shows: something with a key of its own.
pub trait Row: Debug {
    /// What distinguishes it from others, and stays while it changes.
    type Key: Clone + Eq + Hash + Debug;
    /// Returns the key.
    fn key(&self) -> Self::Key;
    /// Returns how it is doing: its glyph stands in front.
    fn health(&self, cx: &Cx) -> Option<Health>;
    /// Tells whether a lower-case text occurs in what it shows.
    fn matches(&self, text: &str) -> bool;
    /// Returns something that changes when the row does; a change tints it for a second.
    fn version(&self) -> u64 {
        0
    }
}

/// Holds a list and where one is in it.
pub struct Table<T: Row + 'static> {
    spec: &'static [Column<T>],
    rows: Vec<T>,
    shown: Vec<u32>,
    widths: Vec<u16>,
    cursor: usize,
    selected: Option<T::Key>,
    filter: Input,
    typing: bool,
    sort: Option<(usize, bool)>,
    offset: Slot<usize>,
    page: Slot<usize>,
    versions: HashMap<T::Key, u64>,
    fresh: HashMap<T::Key, Time>,
}

impl<T: Row + 'static> Debug for Table<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.rows.len())
            .field("shown", &self.shown.len())
            .field("selected", &self.selected)
            .field("filter", &self.filter.text())
            .finish_non_exhaustive()
    }
}

/// How long a row that has changed is tinted, in milliseconds.
const TINT: i64 = 1000;

/// How many rows are measured for the columns that fit their texts.
const SAMPLE: usize = 300;

impl<T: Row + 'static> Table<T> {
    /// Builds an empty list in the order in which rows come.
    pub fn new(spec: &'static [Column<T>]) -> Self {
        Self {
            spec,
            rows: Vec::new(),
            shown: Vec::new(),
            widths: vec![0; spec.len()],
            cursor: 0,
            selected: None,
            filter: Input::default(),
            typing: false,
            sort: None,
            offset: Slot::new(0),
            page: Slot::new(1),
            versions: HashMap::new(),
            fresh: HashMap::new(),
        }
    }

    /// Sets the rows; the selection stays on its row, or where it was when that is gone.
    pub fn set(&mut self, cx: &Cx, rows: Vec<T>) {
        self.rows = rows;
        self.freshen(cx.now);
        for (at, column) in self.spec.iter().enumerate() {
            let Width::Fit(min, max) = column.width else { continue };
            let widest = self.rows.iter().take(SAMPLE).map(|r| width_of(&(column.cell)(r, cx).pieces)).max().unwrap_or(0);
            let title = width(cx.words.get(&format!("column.{}", column.id)));
            self.widths[at] = self.widths[at].max(columns(widest.max(title)).clamp(min, max));
        }
        self.arrange();
    }

    /// Notes which rows have another version than before; they are tinted for a second. The first rows ever are not.
    fn freshen(&mut self, now: Time) {
        self.fresh.retain(|_, until| *until > now);
        if self.rows.iter().all(|r| r.version() == 0) {
            return;
        }
        let known = std::mem::take(&mut self.versions);
        let until = Time::from_millisecond(now.as_millisecond() + TINT).unwrap_or(now);
        for row in &self.rows {
            let (key, version) = (row.key(), row.version());
            if !known.is_empty() && known.get(&key) != Some(&version) {
                self.fresh.insert(key.clone(), until);
            }
            self.versions.insert(key, version);
        }
    }

    /// Returns all rows, in the order in which they came.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// Returns how many rows the filter lets through.
    pub const fn count(&self) -> usize {
        self.shown.len()
    }

    /// Returns the selected row.
    pub fn selected(&self) -> Option<&T> {
        self.shown.get(self.cursor).and_then(|at| self.rows.get(*at as usize))
    }

    /// Selects the row of a key when it is shown.
    pub fn select(&mut self, key: &T::Key) {
        if let Some(at) = self.place(key) {
            self.go(at);
        }
    }

    /// Returns the filter's text.
    pub fn filter(&self) -> &str {
        self.filter.text()
    }

    /// Tells whether the filter is being typed.
    pub const fn typing(&self) -> bool {
        self.typing
    }

    /// Returns the commands that work on it now. While the filter is typed ([`Table::typing`]) a tab has no others.
    pub fn commands(&self) -> Vec<&'static Command> {
        if self.typing {
            // The others have keys that edit text.
            let moves = ["list.down", "list.up", "list.page-down", "list.page-up"];
            return [&KEEP, &CLEAR].into_iter().chain(LIST.iter().filter(|c| moves.contains(&c.id))).collect();
        }
        let clear = !self.filter.text().is_empty();
        let some = !self.rows.is_empty();
        LIST.iter().filter(|_| some).chain(clear.then_some(&CLEAR)).collect()
    }

    /// Carries out one of [`LIST`]; tells whether it was one.
    pub fn command(&mut self, id: &str) -> bool {
        let (last, page) = (self.shown.len().saturating_sub(1), self.page.get().max(1));
        match id {
            "list.down" => self.go((self.cursor + 1).min(last)),
            "list.up" => self.go(self.cursor.saturating_sub(1)),
            "list.half-down" => self.go((self.cursor + page.div_ceil(2)).min(last)),
            "list.half-up" => self.go(self.cursor.saturating_sub(page.div_ceil(2))),
            "list.page-down" => self.go((self.cursor + page).min(last)),
            "list.page-up" => self.go(self.cursor.saturating_sub(page)),
            "list.first" => self.go(0),
            "list.last" => self.go(last),
            "list.filter" => self.typing = true,
            "list.keep" => self.typing = false,
            "list.clear" => {
                self.typing = false;
                self.filter.set("");
                self.arrange();
            }
            "list.sort" => self.next_order(),
            "list.reverse" => {
                if let Some((_, down)) = &mut self.sort {
                    *down = !*down;
                    self.arrange();
                }
            }
            _ => return false,
        }
        true
    }

    /// Takes a key while the filter is typed.
    pub fn key(&mut self, key: KeyEvent) {
        let back = self.filter.text().is_empty() && key.code == KeyCode::Backspace;
        if back {
            self.typing = false;
        } else if self.filter.key(key) {
            self.arrange();
        }
    }

    /// Takes pasted text while the filter is typed.
    pub fn paste(&mut self, text: &str) {
        if self.filter.paste(text) {
            self.arrange();
        }
    }

    fn next_order(&mut self) {
        let can: Vec<usize> = (0..self.spec.len()).filter(|at| self.spec[*at].order.is_some()).collect();
        self.sort = match self.sort {
            None => can.first().map(|at| (*at, false)),
            Some((now, _)) => can.iter().find(|at| **at > now).map(|at| (*at, false)),
        };
        self.arrange();
    }

    fn go(&mut self, to: usize) {
        self.cursor = to;
        self.selected = self.selected().map(Row::key);
    }

    fn place(&self, key: &T::Key) -> Option<usize> {
        self.shown.iter().position(|at| self.rows.get(*at as usize).is_some_and(|r| &r.key() == key))
    }

    fn arrange(&mut self) {
        let text = self.filter.text().trim().to_lowercase();
        let (wanted, text) = text.strip_prefix('!').map_or((true, text.as_str()), |rest| (false, rest.trim_start()));
        let fits = |row: &T| text.is_empty() || text.split_whitespace().all(|part| row.matches(part)) == wanted;
        let rows = &self.rows;
        self.shown = (0u32..).zip(rows).filter(|(_, row)| fits(row)).map(|(at, _)| at).collect();
        if let Some((column, down)) = self.sort
            && let Some(order) = self.spec.get(column).and_then(|c| c.order)
        {
            self.shown.sort_by(|a, b| {
                let found = order(&rows[*a as usize], &rows[*b as usize]);
                if down { found.reverse() } else { found }
            });
        }
        let last = self.shown.len().saturating_sub(1);
        self.cursor = self.selected.as_ref().and_then(|key| self.place(key)).unwrap_or_else(|| self.cursor.min(last));
        self.selected = self.selected().map(Row::key);
    }

    /// Draws it: titles, rows, and the filter on the last line while there is one.
    ///
    /// `empty` is what stands there when there is no row at all: what would fill it and which key does it.
    pub fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer, empty: &str) {
        if area.height < 2 || area.width < 8 {
            return;
        }
        let filtered = self.typing || !self.filter.text().is_empty();
        let foot = u16::from(filtered);
        let body = Rect { y: area.y + 1, height: area.height - 1 - foot, ..area };
        let places = self.places(area.width - 4);
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
        for (line, at) in (offset..self.shown.len()).take(height).enumerate() {
            if let Some(row) = self.shown.get(at).and_then(|at| self.rows.get(*at as usize)) {
                let place = Rect { y: body.y + columns(line), height: 1, ..body };
                self.row(cx, place, buf, (row, at == self.cursor), &places);
            }
        }
        if self.shown.is_empty() {
            let text =
                if self.rows.is_empty() { empty.to_owned() } else { cx.tf("list.no-match", &[("filter", self.filter.text())]) };
            let inner = Rect {
                x: area.x + 3,
                y: area.y + 2.min(area.height - 1),
                width: area.width - 4,
                height: area.height.saturating_sub(2),
            };
            super::put::put_wrapped(buf, inner, &text, cx.style(Role::Muted));
        }
        if filtered {
            self.foot(cx, Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
        }
        scrollbar(cx, body, buf, offset, self.shown.len());
    }

    fn foot(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let count = format!("{}/{}", self.shown.len(), self.rows.len());
        put(buf, (area.x + 1, area.y), 2, "/", cx.style(Role::Accent));
        let room = area.width.saturating_sub(columns(width(&count)) + 6);
        let inner = Rect { x: area.x + 3, width: room, ..area };
        self.filter.view(cx, inner, buf, self.typing, cx.t("list.filter-hint"));
        super::put::put_right(buf, Rect { width: area.width - 1, ..area }, &count, cx.style(Role::Muted));
    }

    fn titles(&self, cx: &Cx, area: Rect, buf: &mut Buffer, places: &[(usize, u16, u16)]) {
        for (at, x, wide) in places {
            let column = &self.spec[*at];
            let mut title = cx.words.get(&format!("column.{}", column.id)).to_owned();
            if let Some((_, down)) = self.sort.filter(|(by, _)| by == at) {
                title.push_str(if down { "↓" } else { "↑" });
            }
            let title = cut(&title, usize::from(*wide)).into_owned();
            let from = if column.right { wide.saturating_sub(columns(width(&title))) } else { 0 };
            put(buf, (area.x + 3 + x + from, area.y), *wide, &title, cx.style(Role::Muted));
        }
    }

    fn row(&self, cx: &Cx, area: Rect, buf: &mut Buffer, (row, selected): (&T, bool), places: &[(usize, u16, u16)]) {
        if let Some(health) = row.health(cx) {
            put(buf, (area.x + 1, area.y), 1, cx.glyph(health), cx.style(health.into()));
        }
        for (at, x, wide) in places {
            let column = &self.spec[*at];
            let cell = (column.cell)(row, cx);
            let taken = width_of(&cell.pieces);
            let from = if column.right { usize::from(*wide).saturating_sub(taken) } else { 0 };
            let place = (area.x + 3 + x + columns(from), area.y);
            if taken > usize::from(*wide) && cell.middle && cell.pieces.len() == 1 {
                let text = cut_middle(&cell.pieces[0].text, usize::from(*wide)).into_owned();
                put(buf, place, *wide, &text, cx.style(cell.pieces[0].role));
            } else {
                put_pieces(cx, buf, place, *wide, &cell.pieces);
            }
        }
        if let Some(until) = self.fresh.get(&row.key()).filter(|until| **until > cx.now) {
            lay(buf, area, cx.style(Role::Fresh));
            cx.wake_at(*until);
        }
        if selected {
            lay(buf, area, cx.style(Role::Selection));
            put(buf, (area.x, area.y), 1, "▌", cx.style(Role::Accent));
        }
    }

    /// Returns which columns fit: index, place from the left, width.
    fn places(&self, room: u16) -> Vec<(usize, u16, u16)> {
        const GAP: u16 = 2;
        let least = |at: usize| match self.spec[at].width {
            Width::Fixed(wide) => wide,
            Width::Fit(min, _) => self.widths[at].max(min),
            Width::Grow(min) => min,
        };
        let mut kept: Vec<usize> = (0..self.spec.len()).collect();
        let need = |kept: &[usize]| kept.iter().map(|at| least(*at)).sum::<u16>() + GAP * columns(kept.len().saturating_sub(1));
        while need(&kept) > room {
            let Some(worst) =
                kept.iter().copied().filter(|at| self.spec[*at].priority > 0).max_by_key(|at| (self.spec[*at].priority, *at))
            else {
                break;
            };
            kept.retain(|at| *at != worst);
        }
        let growing = columns(kept.iter().filter(|at| matches!(self.spec[**at].width, Width::Grow(_))).count());
        let left = room.saturating_sub(need(&kept));
        let (share, mut odd) = (left.checked_div(growing).unwrap_or(0), left.checked_rem(growing).unwrap_or(0));
        let mut places = Vec::with_capacity(kept.len());
        let mut x = 0;
        for at in kept {
            let mut wide = least(at);
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

#[cfg(test)]
mod tests;
