//! What stays where it is while rows change, so that nothing jumps under anybody's eyes.
//!
//! How wide columns are, and for how many rows a list has its place, is settled when its first rows come, when it is opened
//! anew ([`Table::open`]), when other rows are listed in it, and when the screen gets another size. What changes in between is
//! cut to its column and the free room right of it, and rows that find no place are scrolled to; once rows are sorted anew, so that
//! all of them move, columns are as wide as their texts are by then. A list that is still being filled is not settled yet: in the
//! first seconds after its first rows, and when as many rows come as there were.
//!
//! The selected row keeps its line on the screen: rows that come or go above it move what stands above. Only at the top, where
//! what is new is to be seen, the top stays.

use std::cell::{Cell, Ref, RefCell};

use domain::Time;
use ratatui::layout::Size;

use super::{Row, Table, Width};
use crate::cx::Cx;
use crate::widgets::put::{columns, width, width_of};

/// How many rows are measured for the columns that fit their texts.
const SAMPLE: usize = 300;
/// How long after its first rows a list is still being filled, in milliseconds.
const FILLING: i64 = 3000;

/// Holds what is settled of a list.
#[derive(Debug)]
pub(super) struct Settled {
    /// What titles and texts would have of each column.
    wanted: Vec<u16>,
    /// How wide each is.
    widths: RefCell<Vec<u16>>,
    /// For how many rows there is a place.
    rows: Cell<usize>,
    /// The size of the screen that all this was settled for.
    size: Cell<Size>,
    /// Until when the list is being filled.
    filling: Option<Time>,
}

impl Settled {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            wanted: vec![0; columns],
            widths: RefCell::new(vec![0; columns]),
            rows: Cell::new(0),
            size: Cell::new(Size::ZERO),
            filling: None,
        }
    }
}

impl<T: Row + 'static> Table<T> {
    /// Settles anew how wide columns are and how many rows have a place: the list is looked at anew, or lists other rows.
    pub fn open(&mut self, cx: &Cx) {
        self.settled.wanted.fill(0);
        self.measure(cx, &self.sample());
        self.adopt();
    }

    /// Returns how many rows the list has a place for.
    pub fn room(&self, cx: &Cx) -> usize {
        self.fit(cx);
        self.settled.rows.get()
    }

    /// Takes note of rows that came or changed.
    pub(super) fn heed(&mut self, cx: &Cx, before: usize, touched: &[usize]) {
        let now = self.rows.len();
        if before == 0 && now > 0 {
            self.settled.filling = Time::from_millisecond(cx.now.as_millisecond() + FILLING).ok();
        }
        if now >= before * 2 {
            return self.open(cx);
        }
        self.measure(cx, &touched[..touched.len().min(SAMPLE)]);
        if self.settled.filling.is_some_and(|until| cx.now < until) {
            self.adopt();
        }
    }

    /// Returns how wide each column is.
    pub(super) fn widths(&self, cx: &Cx) -> Ref<'_, Vec<u16>> {
        self.fit(cx);
        self.settled.widths.borrow()
    }

    /// Returns the rows that are measured when all are looked at.
    pub(super) fn sample(&self) -> Vec<usize> {
        (0..self.rows.len()).filter(|at| self.is_within(*at)).take(SAMPLE).collect()
    }

    fn measure(&mut self, cx: &Cx, rows: &[usize]) {
        let rows: Vec<&T> = rows.iter().filter_map(|row| self.rows.get(*row)).collect();
        for (at, column) in self.spec.iter().enumerate() {
            let Width::Fit(min, max) = column.width else { continue };
            let texts = rows.iter().map(|row| width_of(&(column.cell)(row, cx).pieces));
            let widest = columns(texts.max().unwrap_or(0));
            let wanted = &mut self.settled.wanted[at];
            let title = if *wanted == 0 { columns(width(cx.words.get(&format!("column.{}", column.id)))) } else { 0 };
            *wanted = (*wanted).max(widest).max(title).clamp(min, max);
        }
    }

    fn adopt(&self) {
        self.widen();
        self.settled.rows.set(self.total());
    }

    /// Makes columns as wide as their texts are now: whoever sorts rows anew moves all of them.
    pub(super) fn widen(&self) {
        self.settled.widths.borrow_mut().clone_from(&self.settled.wanted);
    }

    /// Settles everything anew when the screen has another size.
    fn fit(&self, cx: &Cx) {
        if self.settled.size.replace(cx.size) != cx.size {
            self.adopt();
        }
    }

    /// Keeps the selected row on its line of the screen; it stood at `before` in a list that began at `offset`.
    pub(super) fn hold(&self, before: usize, offset: usize) {
        if offset > 0 {
            self.offset.set((offset + self.cursor).saturating_sub(before));
        }
    }
}
