//! Marks: rows that an act is meant for.

use super::{Row, Table};

impl<T: Row + 'static> Table<T> {
    /// Goes through the rows that are marked, whether the filter shows them or not.
    pub fn marks(&self) -> impl Iterator<Item = &T> {
        self.marked.iter().filter_map(|at| self.rows.get(*at as usize))
    }

    /// Returns how many rows are marked.
    pub fn mark_count(&self) -> usize {
        self.marks.len()
    }

    /// Goes through what an act is meant for: the marked rows, else the selected one.
    pub fn meant(&self) -> Vec<&T> {
        if self.marks.is_empty() { self.selected().into_iter().collect() } else { self.marks().collect() }
    }

    /// Takes all marks away.
    pub fn unmark(&mut self) {
        self.marks.clear();
        self.marked.clear();
        self.anchor = None;
    }

    pub(super) fn is_marked(&self, row: &T) -> bool {
        !self.marks.is_empty() && self.marks.contains(&row.key())
    }

    pub(super) fn forget_marks_of_the_gone(&mut self) {
        self.find_marks();
        if !self.marks.is_empty() && !self.rows.is_empty() {
            let here: std::collections::HashSet<T::Key> = self.marks().map(Row::key).collect();
            self.marks = here;
        }
    }

    /// Looks up where the marked rows are: after marks or places changed, not whenever somebody asks for them.
    pub(super) fn find_marks(&mut self) {
        self.marked.clear();
        if !self.marks.is_empty() {
            let rows = (0..).zip(self.rows.iter());
            self.marked.extend(rows.filter(|(_, row)| self.marks.contains(&row.key())).map(|(at, _): (u32, _)| at));
        }
    }

    pub(super) fn mark_command(&mut self, id: &str) -> bool {
        if !self.marking {
            return false;
        }
        match id {
            "list.mark" => {
                let Some(key) = self.selected().map(Row::key) else { return true };
                if !self.marks.remove(&key) {
                    self.marks.insert(key.clone());
                }
                self.anchor = Some(key);
                self.go((self.cursor + 1).min(self.shown.len().saturating_sub(1)));
            }
            "list.mark-range" => self.mark_range(),
            "list.mark-all" => self.mark_all(),
            _ => return false,
        }
        self.find_marks();
        true
    }

    /// Marks everything from the row that was marked last to the selected one.
    fn mark_range(&mut self) {
        let anchor = self.anchor.as_ref().and_then(|key| self.shown().position(|row| &row.key() == key)).unwrap_or(self.cursor);
        let (from, to) = (anchor.min(self.cursor), anchor.max(self.cursor));
        let keys: Vec<T::Key> = self.shown().skip(from).take(to - from + 1).map(Row::key).collect();
        self.marks.extend(keys);
        self.anchor = self.selected().map(Row::key);
    }

    /// Marks all rows that are shown; when all of them are, takes their marks away.
    fn mark_all(&mut self) {
        let keys: Vec<T::Key> = self.shown().map(Row::key).collect();
        if keys.iter().all(|key| self.marks.contains(key)) {
            for key in &keys {
                self.marks.remove(key);
            }
        } else {
            self.marks.extend(keys);
        }
    }
}
