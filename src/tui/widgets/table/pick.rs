//! Picking the column that rows are sorted by: the order changes as one goes, Enter keeps it, Esc brings the old one back.

use crossterm::event::{KeyCode, KeyEvent};

use super::{Row, Table};
use crate::command::{Command, command};

/// The commands while a column is picked. Their plain keys come as [`Table::key`].
pub(super) const PICK: &[Command] = &[
    command("list.pick-next", &["right", "tab"], 1),
    command("list.pick-previous", &["left", "s-tab"], 2),
    command("list.pick-reverse", &["up", "down"], 3),
    command("list.pick-keep", &["enter"], 4),
    command("list.pick-cancel", &["esc"], 80),
];

impl<T: Row + 'static> Table<T> {
    /// Returns the places of the columns that rows can be sorted by.
    pub(super) fn sortable(&self) -> Vec<usize> {
        (0..self.spec.len()).filter(|at| self.spec[*at].order.is_some()).collect()
    }

    pub(super) fn picking(&mut self, id: &str) -> bool {
        match id {
            "list.sort" => {
                self.pick = Some(self.sort);
                self.step(true);
            }
            "list.pick-next" => self.step(true),
            "list.pick-previous" => self.step(false),
            "list.pick-reverse" => self.turn(),
            "list.pick-keep" => self.pick = None,
            "list.pick-cancel" => {
                if let Some(before) = self.pick.take() {
                    self.sort = before;
                    self.arrange();
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn pick_key(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Char('o' | 'l') | KeyCode::Right => self.step(true),
            KeyCode::Char('h') | KeyCode::Left => self.step(false),
            KeyCode::Char('O' | 'r' | 'j' | 'k') => self.turn(),
            KeyCode::Char(digit @ '1'..='9') => {
                if let Some(at) = self.sortable().get(digit as usize - '1' as usize).copied() {
                    self.sort_by_title(at);
                }
            }
            KeyCode::Char('0') | KeyCode::Backspace | KeyCode::Delete => self.sort_by(None),
            _ => self.pick = None,
        }
    }

    /// Sorts by the next column or the one before; between the last and the first rows stand as they come.
    fn step(&mut self, forward: bool) {
        let can = self.sortable();
        let now = self.sort.and_then(|(now, _)| can.iter().position(|at| *at == now));
        let next = match (now, forward) {
            (None, true) => can.first(),
            (None, false) => can.last(),
            (Some(at), true) => can.get(at + 1),
            (Some(at), false) => at.checked_sub(1).and_then(|at| can.get(at)),
        };
        self.sort_by(next.map(|at| (*at, false)));
    }

    /// Sorts by a column; the other way round when rows are sorted by it already.
    pub(super) fn sort_by_title(&mut self, at: usize) {
        let down = self.sort.is_some_and(|(now, down)| now == at && !down);
        self.sort_by(Some((at, down)));
    }

    fn turn(&mut self) {
        if let Some((at, down)) = self.sort {
            self.sort_by(Some((at, !down)));
        }
    }

    fn sort_by(&mut self, sort: Option<(usize, bool)>) {
        self.sort = sort;
        self.arrange();
        self.widen();
    }
}
