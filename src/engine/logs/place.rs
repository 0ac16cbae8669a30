//! Where one is in a log, so that a second request goes on there: servers take whole seconds, so some lines come twice.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use cluster::act::RawLine;
use domain::Time;

/// How many lines of one second are remembered one by one.
const MOST: usize = 50_000;

/// Remembers the lines of the last second that were seen.
#[derive(Debug, Default)]
pub(super) struct Place {
    last: Option<Time>,
    /// How often each line of that second was seen.
    seen: HashMap<u64, u32>,
    /// Those of them that the present request has not yet brought again.
    again: HashMap<u64, u32>,
    /// Whether lines that were seen may still come again.
    resuming: bool,
}

impl Place {
    /// Returns the moment from which to ask again; nothing when nothing was seen.
    pub(super) const fn from(&self) -> Option<Time> {
        self.last
    }

    /// Says that the log is asked for again, from [`Place::from`] on.
    pub(super) fn resume(&mut self) {
        self.resuming = self.last.is_some();
        self.again.clone_from(&self.seen);
    }

    /// Takes a line and tells whether it is new.
    pub(super) fn is_new(&mut self, line: &RawLine) -> bool {
        let Some(time) = line.time else { return true };
        let mark = hash(line);
        if self.resuming {
            let last = self.last.map_or(i64::MIN, Time::as_second);
            if time.as_second() < last {
                return false;
            }
            if time.as_second() > last {
                self.resuming = false;
            } else if let Some(left) = self.again.get_mut(&mark).filter(|left| **left > 0) {
                *left -= 1;
                return false;
            }
        }
        if self.last.is_none_or(|last| last.as_second() < time.as_second()) {
            self.seen.clear();
        }
        if self.last.is_none_or(|last| last < time) {
            self.last = Some(time);
        }
        if self.seen.len() < MOST && self.last.is_some_and(|last| last.as_second() == time.as_second()) {
            *self.seen.entry(mark).or_default() += 1;
        }
        true
    }
}

fn hash(line: &RawLine) -> u64 {
    let mut hasher = DefaultHasher::new();
    (line.time, &line.text).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says what failed by failing")]
mod tests {
    use super::*;

    fn line(stamp: &str, text: &str) -> RawLine {
        RawLine { time: Some(stamp.parse().unwrap()), text: text.to_owned() }
    }

    #[test]
    fn no_line_comes_twice_and_none_is_lost() {
        let (a, b) = ("2026-11-21T14:02:11.1Z", "2026-11-21T14:02:11.9Z");
        let mut place = Place::default();
        let first = [line("2026-11-21T14:02:10Z", "old"), line(a, "x"), line(a, "x"), line(b, "y")];
        assert!(first.iter().all(|l| place.is_new(l)));
        place.resume();
        assert_eq!(place.from(), Some(b.parse().unwrap()));
        // The same second again, with a third line alike, and one that was written while nobody listened.
        let second = [line(a, "x"), line(a, "x"), line(a, "x"), line(b, "y"), line(b, "z"), line("2026-11-21T14:02:12Z", "x")];
        let new: Vec<bool> = second.iter().map(|l| place.is_new(l)).collect();
        assert_eq!(new, [false, false, true, false, true, true]);
        place.resume();
        assert!(!place.is_new(&line("2026-11-21T14:02:12Z", "x")));
        assert!(place.is_new(&line("2026-11-21T14:02:13Z", "x")));
    }
}
