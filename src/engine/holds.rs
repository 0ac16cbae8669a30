//! Which namespaces screens look into: each is watched as long as somebody holds it, and a little longer.
//!
//! Nothing here watches; [`crate::clusters`] reads what is held and is told when that changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ident::ContextName;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::tasks::open;

/// How many namespaces are held at most, beside those of the environments.
pub(crate) const MOST: usize = 40;

/// Names a namespace of a cluster.
pub(crate) type Place = (ContextName, String);

/// Holds the namespaces that are looked into, and by how many.
pub(crate) struct Holds {
    /// How long a namespace stays watched after its last holder let go.
    linger: Duration,
    table: Mutex<BTreeMap<Place, Hold>>,
    changed: watch::Sender<u64>,
}

/// Says who holds a namespace.
#[derive(Debug, Clone, Copy)]
struct Hold {
    holders: usize,
    /// When the last one let go.
    left: Option<Instant>,
}

/// Keeps namespaces held; dropping it lets them go.
pub(crate) struct Held {
    holds: Arc<Holds>,
    places: Vec<Place>,
}

impl Holds {
    /// Builds an empty table.
    pub(crate) fn new(linger: Duration) -> Self {
        Self { linger, table: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Holds namespaces, the first ones first; returns those for which there was no room.
    pub(crate) fn take(self: &Arc<Self>, wanted: impl IntoIterator<Item = Place>) -> (Held, Vec<Place>) {
        let wanted: BTreeSet<Place> = wanted.into_iter().filter(|(_, namespace)| !namespace.is_empty()).take(MOST * 10).collect();
        let (mut places, mut refused) = (Vec::new(), Vec::new());
        {
            let mut table = open(&self.table);
            for place in wanted {
                if !table.contains_key(&place) && table.len() >= MOST && !make_room(&mut table) {
                    refused.push(place);
                    continue;
                }
                let hold = table.entry(place.clone()).or_insert(Hold { holders: 0, left: None });
                *hold = Hold { holders: hold.holders + 1, left: None };
                places.push(place);
            }
        }
        self.tell();
        (Held { holds: Arc::clone(self), places }, refused)
    }

    /// Returns what is held now, and when the next of it is to be let go.
    pub(crate) fn now(&self) -> (Vec<Place>, Option<Instant>) {
        self.at(Instant::now())
    }

    fn at(&self, now: Instant) -> (Vec<Place>, Option<Instant>) {
        let mut table = open(&self.table);
        table.retain(|_, hold| hold.left.is_none_or(|left| left + self.linger > now));
        let next = table.values().filter_map(|hold| hold.left).min().map(|left| left + self.linger);
        (table.keys().cloned().collect(), next)
    }

    /// Returns a receiver that wakes when something was taken or let go.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn tell(&self) {
        self.changed.send_modify(|n| *n += 1);
    }
}

/// Takes out the namespace that nobody holds for the longest time; returns whether there was one.
fn make_room(table: &mut BTreeMap<Place, Hold>) -> bool {
    let oldest = table.iter().filter_map(|(place, hold)| Some((hold.left?, place.clone()))).min();
    oldest.is_some_and(|(_, place)| table.remove(&place).is_some())
}

impl Drop for Held {
    fn drop(&mut self) {
        {
            let mut table = open(&self.holds.table);
            for place in &self.places {
                if let Some(hold) = table.get_mut(place) {
                    hold.holders = hold.holders.saturating_sub(1);
                    if hold.holders == 0 {
                        hold.left = Some(Instant::now());
                    }
                }
            }
        }
        self.holds.tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(namespace: &str) -> Place {
        (ContextName::from("c"), namespace.to_owned())
    }

    const GRACE: Duration = Duration::from_secs(30);

    fn names(holds: &Holds, later: Duration) -> Vec<String> {
        holds.at(Instant::now() + later).0.into_iter().map(|(_, namespace)| namespace).collect()
    }

    #[test]
    fn a_namespace_stays_as_long_as_anybody_holds_it_and_a_little_longer() {
        let holds = Arc::new(Holds::new(GRACE));
        let (one, _) = holds.take([place("a"), place("b"), place("")]);
        let (two, _) = holds.take([place("b")]);
        drop(one);
        assert_eq!(names(&holds, Duration::ZERO), ["a", "b"]);
        assert_eq!(names(&holds, GRACE), ["b"]);
        assert_eq!(holds.now().1, None, "what is held has no end");
        drop(two);
        assert!(holds.now().1.is_some_and(|end| end <= Instant::now() + GRACE));
        let (_again, _) = holds.take([place("b")]);
        assert_eq!(names(&holds, GRACE), ["b"], "taken again within the grace it is not let go");
    }

    #[test]
    fn what_finds_no_room_is_said_and_what_nobody_holds_makes_room() {
        let holds = Arc::new(Holds::new(GRACE));
        let all: Vec<_> = (0..MOST).map(|n| place(&format!("n{n:02}"))).collect();
        let (held, refused) = holds.take(all);
        assert!(refused.is_empty());
        let (none, refused) = holds.take([place("x"), place("n00")]);
        assert_eq!(refused, [place("x")]);
        drop((held, none));
        let (_held, refused) = holds.take([place("x"), place("y")]);
        assert!(refused.is_empty());
        assert_eq!(names(&holds, Duration::ZERO).len(), MOST);
    }
}
