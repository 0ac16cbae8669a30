//! The lines of a log that are kept: bounded, numbered, and narrowed to those that match.

use std::collections::VecDeque;

use domain::logs::{Batch, Line};

/// How many lines are kept.
pub(super) const MOST: usize = 10_000;

/// Holds the lines. Each has a number that stays its own while older ones are let go.
#[derive(Debug, Default)]
pub(super) struct Lines {
    all: VecDeque<Line>,
    /// The number of the first line that is kept.
    first: u64,
    /// How many lines came so far, lost ones too.
    came: u64,
    /// How many got lost on the way since the screen was behind.
    pub(super) lost: u64,
    /// The numbers of the lines that are shown.
    shown: VecDeque<u64>,
    /// The numbers of the lines that have what is searched for.
    hits: VecDeque<u64>,
    wanted: String,
    only: bool,
}

impl Lines {
    /// Takes lines that came.
    pub(super) fn take(&mut self, batch: &Batch) {
        self.lost += batch.before.saturating_sub(self.came);
        self.came = batch.before + u64::try_from(batch.lines.len()).unwrap_or(0);
        for line in &batch.lines {
            self.place(self.end(), line);
            self.all.push_back(line.clone());
            if self.all.len() > MOST {
                self.all.pop_front();
                self.first += 1;
            }
        }
        for numbers in [&mut self.shown, &mut self.hits] {
            while numbers.front().is_some_and(|number| *number < self.first) {
                numbers.pop_front();
            }
        }
    }

    /// Notes whether a line is shown and has what is searched for.
    fn place(&mut self, number: u64, line: &Line) {
        let hit = self.holds(line);
        if hit || !self.only {
            self.shown.push_back(number);
        }
        if hit {
            self.hits.push_back(number);
        }
    }

    /// Returns the number after the last.
    fn end(&self) -> u64 {
        self.first + u64::try_from(self.all.len()).unwrap_or(0)
    }

    /// Says what is searched for, and whether only lines with it are shown.
    pub(super) fn search(&mut self, text: &str, only: bool) {
        // Whoever writes a capital means it.
        text.clone_into(&mut self.wanted);
        self.only = only && !text.is_empty();
        (self.shown, self.hits) = (VecDeque::new(), VecDeque::new());
        let all = std::mem::take(&mut self.all);
        for (number, line) in (self.first..).zip(&all) {
            self.place(number, line);
        }
        self.all = all;
    }

    /// Tells whether a line has what is searched for.
    pub(super) fn holds(&self, line: &Line) -> bool {
        let has = |text: &str| place(text, &self.wanted).is_some();
        !self.wanted.is_empty() && (has(&line.text()) || line.from.as_ref().is_some_and(|from| has(&from.pod)))
    }

    /// Returns what is searched for.
    pub(super) fn wanted(&self) -> &str {
        &self.wanted
    }

    /// Returns a line by its number.
    pub(super) fn get(&self, number: u64) -> Option<&Line> {
        self.all.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Returns how many lines are shown.
    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    /// Returns how many lines are kept.
    pub(super) fn kept(&self) -> usize {
        self.all.len()
    }

    /// Returns how many older lines were let go.
    pub(super) const fn gone(&self) -> u64 {
        self.first
    }

    /// Returns the number of the nth shown line.
    pub(super) fn number(&self, at: usize) -> Option<u64> {
        self.shown.get(at).copied()
    }

    /// Returns the place of a line among the shown ones, or of the next one when it is not shown.
    pub(super) fn at(&self, number: u64) -> usize {
        self.shown.partition_point(|n| *n < number)
    }

    /// Returns the places and lines from a place on.
    pub(super) fn from(&self, at: usize) -> impl Iterator<Item = (u64, &Line)> {
        self.shown.iter().skip(at).filter_map(|number| Some((*number, self.get(*number)?)))
    }

    /// Returns the shown lines, last first.
    pub(super) fn backwards(&self) -> impl Iterator<Item = (u64, &Line)> {
        self.shown.iter().rev().filter_map(|number| Some((*number, self.get(*number)?)))
    }

    /// Returns the number of the next shown line, or the one before, that has what is searched for; round and round.
    pub(super) fn next_hit(&self, from: u64, forward: bool) -> Option<u64> {
        let at = self.at(from);
        let hit = |at: &usize| self.number(*at).and_then(|n| self.get(n)).is_some_and(|line| self.holds(line));
        let len = self.len();
        let found = if forward {
            let after = at + usize::from(self.number(at) == Some(from));
            (after..len).chain(0..after.min(len)).find(hit)
        } else {
            (0..at).rev().chain((at..len).rev()).find(hit)
        };
        self.number(found?)
    }

    /// Counts the lines that have what is searched for.
    pub(super) fn hits(&self) -> usize {
        self.hits.len()
    }

    /// Returns how many of these come no later than a line.
    pub(super) fn hits_to(&self, number: u64) -> usize {
        self.hits.partition_point(|hit| *hit <= number)
    }
}

/// Returns where a text occurs; letters without capitals stand for both.
pub(super) fn place(text: &str, wanted: &str) -> Option<usize> {
    if wanted.is_empty() {
        return None;
    }
    if wanted.chars().any(char::is_uppercase) {
        return text.find(wanted);
    }
    text.to_ascii_lowercase().find(wanted)
}
