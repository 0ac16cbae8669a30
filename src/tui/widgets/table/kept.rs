//! How a list was left, and leaving another one so.

use domain::filter::Fields as _;

use super::{Row, Table};
use crate::memory::Kept;

impl<T: Row + 'static> Table<T> {
    /// Returns how it is left: its filter and its selected row.
    pub fn kept(&self) -> Kept {
        let selected = self.selected().map(|row| row.fields().title().into_owned());
        Kept { filter: self.input.text().to_owned(), selected: selected.or_else(|| self.sought.clone()) }
    }

    /// Filters it as it was left, and selects the row that was selected as soon as it is there.
    pub fn recall(&mut self, kept: &Kept) {
        self.input.set(&kept.filter);
        self.refilter();
        self.sought.clone_from(&kept.selected);
        self.seek();
    }

    /// Selects the row that is sought, if it is shown.
    pub(super) fn seek(&mut self) {
        let Some(title) = &self.sought else { return };
        let found = self.shown().position(|row| row.fields().title() == title.as_str());
        if let Some(at) = found {
            self.sought = None;
            self.go(at);
        }
    }
}
