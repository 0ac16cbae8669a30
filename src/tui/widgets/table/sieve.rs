//! Which rows are shown and in what order: worked out anew only for the rows that changed.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use domain::Time;
use domain::flux::Health;

use super::{Only, Row, Scope, Table};
use crate::cx::Cx;

/// How long a row that has changed is tinted, in milliseconds.
pub(super) const TINT: i64 = 1000;

/// How many rows may be new at once and still be worth a look each.
const MANY: usize = 200;

/// Stands for a row that is gone.
const GONE: u32 = u32::MAX;

/// Holds how a row is doing and where it stands, in one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct State(u8);

impl State {
    /// Outside the scope.
    const OUT: Self = Self(0x80);
    const PINNED: u8 = 0x40;
    const NONE: u8 = 6;

    fn new(health: Option<Health>, pinned: bool) -> Self {
        Self(health.map_or(Self::NONE, |h| h as u8) | if pinned { Self::PINNED } else { 0 })
    }

    pub(super) const fn pinned(self) -> bool {
        self.0 & Self::PINNED != 0
    }

    pub(super) fn is(self, health: Health) -> bool {
        self != Self::OUT && self.0 & !Self::PINNED == health as u8
    }
}

/// Holds what became of the old rows.
struct Change {
    /// Where each of the old rows is now; absent when all stand where they stood.
    moved: Option<Vec<u32>>,
    /// The rows that are new or not what they were, and where they were.
    touched: Vec<(u32, Option<u32>)>,
}

impl Change {
    /// Compares rows that come sorted by key.
    fn of<T: Row>(old: &[T], new: &[T]) -> Self {
        let (mut i, mut j) = (0, 0);
        let mut places = Vec::with_capacity(old.len());
        let mut touched = Vec::new();
        while i < old.len() && j < new.len() {
            if old[i].same(&new[j]) {
                places.push(place(j));
                (i, j) = (i + 1, j + 1);
                continue;
            }
            match old[i].compare(&new[j]).unwrap_or(Ordering::Equal) {
                Ordering::Equal => {
                    places.push(place(j));
                    touched.push((place(j), Some(place(i))));
                    (i, j) = (i + 1, j + 1);
                }
                Ordering::Less => {
                    places.push(GONE);
                    i += 1;
                }
                Ordering::Greater => {
                    touched.push((place(j), None));
                    j += 1;
                }
            }
        }
        places.resize(old.len(), GONE);
        touched.extend((j..new.len()).map(|j| (place(j), None)));
        let still = old.len() == new.len() && touched.iter().all(|(_, was)| was.is_some());
        Self { moved: (!still).then_some(places), touched }
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(GONE)
}

impl<T: Row + 'static> Table<T> {
    /// Narrows the list to some of its rows, or to none of them in particular.
    pub fn within(&mut self, cx: &Cx, scope: Option<Scope<T>>) {
        self.scope = scope;
        self.look_at_all(cx);
        self.open(cx);
    }

    /// Keeps these rows on top.
    pub fn pin(&mut self, cx: &Cx, keys: impl IntoIterator<Item = T::Key>) {
        self.pinned = keys.into_iter().collect();
        self.look_at_all(cx);
    }

    /// Tells whether a row is kept on top.
    pub fn is_pinned(&self, key: &T::Key) -> bool {
        self.pinned.contains(key)
    }

    /// Returns how many rows are within the scope, whatever the filter.
    pub fn total(&self) -> usize {
        self.states.iter().filter(|s| **s != State::OUT).count()
    }

    /// Returns how many rows within the scope are in a state.
    pub fn tally(&self, health: Health) -> usize {
        self.states.iter().filter(|s| s.is(health)).count()
    }

    pub(super) fn renew(&mut self, cx: &Cx, rows: Arc<Vec<T>>) {
        self.now = cx.now;
        let ground = T::ground(cx);
        if Arc::ptr_eq(&rows, &self.rows) && ground == self.ground {
            return;
        }
        let old = std::mem::replace(&mut self.rows, rows);
        self.fresh.retain(|_, until| *until > cx.now);
        let sorted = self.rows.first().is_none_or(|row| row.compare(row).is_some());
        let change = (sorted && !old.is_empty()).then(|| Change::of(&old, &self.rows));
        match &change {
            Some(change) => self.freshen(change.touched.iter().map(|(at, was)| (*at, was.map(|w| &old[w as usize])))),
            None => self.freshen_by_key(&old),
        }
        match change {
            Some(change) if ground == self.ground && change.touched.len() <= self.rows.len() / 8 => self.amend(cx, &old, &change),
            _ => {
                self.ground = ground;
                let key = self.selected.take();
                let (cursor, offset) = (self.cursor, self.offset.get());
                // What is shown names places in rows that are gone; the selection is found by its key.
                self.shown = Vec::new();
                self.look_at_all(cx);
                if let Some(key) = key {
                    self.select(&key);
                    if self.selected.as_ref() == Some(&key) {
                        self.hold(cursor, offset);
                    }
                }
                self.forget_marks_of_the_gone();
                self.heed(cx, old.len(), &self.sample());
            }
        }
    }

    /// Notes which rows have another version than before; they are tinted for a second. The first rows ever are not.
    fn freshen<'a>(&mut self, touched: impl Iterator<Item = (u32, Option<&'a T>)> + Clone)
    where
        T: 'a,
    {
        let Ok(until) = Time::from_millisecond(self.now.as_millisecond() + TINT) else { return };
        let flood = touched.clone().filter(|(_, was)| was.is_none()).count() > MANY;
        let rows = Arc::clone(&self.rows);
        for (at, was) in touched {
            let Some(row) = rows.get(at as usize) else { continue };
            let version = row.version();
            if version != 0 && was.map_or(!flood, |was| was.version() != version) {
                self.fresh.insert(row.key(), until);
            }
        }
    }

    fn freshen_by_key(&mut self, old: &[T]) {
        if old.is_empty() || self.rows.iter().all(|row| row.version() == 0) {
            return;
        }
        let known: HashMap<T::Key, &T> = old.iter().map(|row| (row.key(), row)).collect();
        let touched: Vec<_> = (0..).zip(self.rows.iter()).map(|(at, row)| (at, known.get(&row.key()).copied())).collect();
        self.freshen(touched.into_iter());
    }

    fn state(&self, cx: &Cx, row: &T) -> State {
        if self.scope.as_ref().is_some_and(|within| !within(row)) {
            return State::OUT;
        }
        State::new(row.health(cx), !self.pinned.is_empty() && self.pinned.contains(&row.key()))
    }

    fn look_at_all(&mut self, cx: &Cx) {
        self.now = cx.now;
        self.states = self.rows.iter().map(|row| self.state(cx, row)).collect();
        self.arrange();
    }

    /// Tells whether a row is within the scope.
    pub(super) fn is_within(&self, at: usize) -> bool {
        self.states.get(at).is_some_and(|state| *state != State::OUT)
    }

    /// Tells whether a row is shown.
    fn passes(&self, at: u32) -> bool {
        let (Some(state), Some(row)) = (self.states.get(at as usize), self.rows.get(at as usize)) else { return false };
        let wanted = match self.only {
            _ if *state == State::OUT => false,
            None => true,
            Some(Only::Faults) => state.is(Health::Bad) || state.is(Health::Warn),
            Some(Only::State(health)) => state.is(health),
        };
        wanted && (self.filter.is_empty() || self.filter.matches(row.fields(), self.now))
    }

    /// Compares two rows by the order of the list; no two are equal.
    fn compare(&self, a: u32, b: u32) -> Ordering {
        let pinned = |at: u32| !self.states[at as usize].pinned();
        let by_column = || {
            let (column, down) = self.sort?;
            let order = self.spec.get(column)?.order?;
            let found = order(&self.rows[a as usize], &self.rows[b as usize]);
            Some(if down { found.reverse() } else { found })
        };
        pinned(a).cmp(&pinned(b)).then_with(|| by_column().unwrap_or(Ordering::Equal)).then(a.cmp(&b))
    }

    /// Tells whether rows are shown in the order in which they come.
    fn as_they_come(&self) -> bool {
        self.sort.is_none() && self.pinned.is_empty()
    }

    /// Works out anew what is shown; the selection stays on its row.
    pub(super) fn arrange(&mut self) {
        let row = self.shown.get(self.cursor).copied();
        let mut shown: Vec<u32> = (0..place(self.rows.len())).filter(|at| self.passes(*at)).collect();
        if !self.as_they_come() {
            shown.sort_by(|a, b| self.compare(*a, *b));
        }
        self.turns = None;
        if self.filter.timed() {
            let rows = self.rows.iter().zip(&self.states).filter(|(_, state)| **state != State::OUT);
            self.turns = rows.filter_map(|(row, _)| self.filter.turns(row.fields(), self.now)).min();
        }
        self.shown = shown;
        self.settle(row);
    }

    /// Puts the cursor on a row when it is shown, and leaves it on its line of the screen; else leaves the cursor where it is.
    fn settle(&mut self, row: Option<u32>) {
        if self.rows.is_empty() {
            // They may come again; then one is where one was.
            return;
        }
        let last = self.shown.len().saturating_sub(1);
        let at = row.and_then(|row| self.shown.iter().position(|at| *at == row));
        let before = self.cursor;
        self.go(at.unwrap_or_else(|| self.cursor.min(last)));
        if at.is_some() {
            self.hold(before, self.offset.get());
        }
    }

    /// Looks only at what changed.
    fn amend(&mut self, cx: &Cx, old: &[T], change: &Change) {
        let now_at = |at: u32| change.moved.as_ref().map_or(at, |places| places[at as usize]);
        let row = self.shown.get(self.cursor).map(|at| now_at(*at));
        let mut states = vec![State::OUT; self.rows.len()];
        for (at, state) in (0..).zip(&self.states) {
            if let Some(slot) = states.get_mut(now_at(at) as usize) {
                *slot = *state;
            }
        }
        let mut touched = vec![false; states.len()];
        for (at, _) in &change.touched {
            states[*at as usize] = self.state(cx, &self.rows[*at as usize]);
            touched[*at as usize] = true;
        }
        self.states = states;
        let kept: Vec<u32> = self.shown.iter().map(|at| now_at(*at)).filter(|at| *at != GONE && !touched[*at as usize]).collect();
        let mut added: Vec<u32> = change.touched.iter().map(|(at, _)| *at).filter(|at| self.passes(*at)).collect();
        if !self.as_they_come() {
            added.sort_by(|a, b| self.compare(*a, *b));
        }
        self.shown = self.merged(kept, &added);
        if self.filter.timed() {
            let rows = change.touched.iter().map(|(at, _)| &self.rows[*at as usize]);
            self.turns = rows.filter_map(|row| self.filter.turns(row.fields(), self.now)).chain(self.turns).min();
        }
        self.settle(row.filter(|row| *row != GONE));
        if !self.marks.is_empty()
            && let Some(places) = &change.moved
        {
            for gone in (0..).zip(places).filter(|(_, to)| **to == GONE).map(|(at, _): (usize, _)| at) {
                self.marks.remove(&old[gone].key());
            }
            self.find_marks();
        }
        let touched: Vec<usize> = added.iter().map(|at| *at as usize).collect();
        self.heed(cx, old.len(), &touched);
    }

    /// Joins rows that are in order with others that are.
    fn merged(&self, kept: Vec<u32>, added: &[u32]) -> Vec<u32> {
        if added.is_empty() {
            return kept;
        }
        let mut out = Vec::with_capacity(kept.len() + added.len());
        let mut rest = kept.as_slice();
        for at in added {
            let before = if self.as_they_come() {
                rest.partition_point(|other| other < at)
            } else {
                rest.partition_point(|other| self.compare(*other, *at) == Ordering::Less)
            };
            out.extend_from_slice(&rest[..before]);
            out.push(*at);
            rest = &rest[before..];
        }
        out.extend_from_slice(rest);
        out
    }

    /// Narrows the list to states.
    pub fn narrow_to(&mut self, only: Option<Only>) {
        if self.only != only {
            self.only = only;
            self.arrange();
        }
    }

    /// Returns the state that comes after the one the list is narrowed to, of those that any row is in; in the end all.
    pub(super) fn next_state(&self) -> Option<Only> {
        let from = match self.only {
            Some(Only::State(now)) => Health::ALL.iter().position(|h| *h == now).map_or(0, |at| at + 1),
            _ => 0,
        };
        Health::ALL.into_iter().skip(from).find(|h| self.tally(*h) > 0).map(Only::State)
    }

    /// Goes through the places of the shown rows that are failed or degraded.
    pub(super) fn faulty(&self) -> impl Iterator<Item = usize> {
        let faulty = |at: u32| self.states.get(at as usize).is_some_and(|state| state.is(Health::Bad) || state.is(Health::Warn));
        self.shown.iter().enumerate().filter(move |(_, at)| faulty(**at)).map(|(place, _)| place)
    }

    /// Goes to the next row that is failed or degraded, from the top again after the last.
    pub(super) fn next_fault(&mut self) {
        let found = self.faulty().find(|at| *at > self.cursor).or_else(|| self.faulty().next());
        if let Some(at) = found {
            self.go(at);
        }
    }
}
