//! What stays where it is in the tree while the cluster changes: how wide its own column is, and for how many rows it has a place.
//!
//! As in every list ([`crate::widgets::table`]) this is settled when it is opened, when rows are folded or sought, and when the
//! screen gets another size. What is unfolded is looked into first, so what comes in the seconds after that belongs to it.

use std::cell::Cell;

use domain::Time;
use ratatui::layout::Size;

use crate::cx::Cx;
use crate::tab::TabMsg;

/// How long after an act what comes belongs to it, in milliseconds.
const FILLING: i64 = 10_000;

/// Holds what is settled of the tree.
#[derive(Debug, Default)]
pub(super) struct Settled {
    wide: Cell<u16>,
    rows: Cell<usize>,
    size: Cell<Size>,
    filling: Option<Time>,
}

impl Settled {
    /// Hears what is told to the tree: what changes its rows by the operator's will settles them anew.
    pub(super) fn hear(&mut self, cx: &Cx, msg: &TabMsg) {
        let willed = match msg {
            TabMsg::Command(id) => !id.starts_with("list."),
            TabMsg::Enter | TabMsg::Key(_) | TabMsg::Paste(_) => true,
            _ => false,
        };
        if willed {
            self.filling = Time::from_millisecond(cx.now.as_millisecond() + FILLING).ok();
        }
    }

    /// Returns how wide the column is and how many rows have a place, settled anew where it may be.
    pub(super) fn of(&self, cx: &Cx, rows: usize, widest: impl FnOnce() -> u16) -> (u16, usize) {
        let resized = self.size.replace(cx.size) != cx.size;
        if resized || self.filling.is_some_and(|until| cx.now < until) {
            self.wide.set(self.wide.get().max(widest()));
            self.rows.set(rows);
        }
        (self.wide.get(), self.rows.get())
    }
}
