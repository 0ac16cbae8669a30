//! All deployments on record, as many as there may be: what lists need of each stands in little room, and the newest ones and those
//! that are not over are held whole.
//!
//! Cloning costs nothing, and a change copies one shelf and the list of shelves: with 100,000 deployments that is 128 and 800
//! pointers. The whole record of an old one stands in the journal; [`Brief::stand`] says where.

mod brief;
mod names;
mod packed;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::deployment::Deployment;
use crate::ident::{DeploymentId, EnvironmentId};

pub use brief::{Act, Brief, Mark, Stand};

use names::Names;
use packed::Packed;

/// How many deployments stand on one shelf; at most twice as many.
const SHELF: usize = 128;
/// How many of the newest shelves are held whole.
const WHOLE: usize = 2;
/// How many that are over may be held whole on an older shelf before it is packed again.
const LOOSE: usize = 16;

type Shelf = Arc<Vec<Brief>>;

/// Holds deployments in the order of their ids, which is the order in which they were requested.
#[derive(Clone, Default)]
pub struct History {
    shelves: Arc<Vec<Shelf>>,
    len: usize,
    /// Those that are not over; all of them are held whole.
    open: Arc<BTreeSet<DeploymentId>>,
    names: Arc<Names>,
}

/// Holds what must be written so that a copy of an earlier history becomes one of a later: shelves by the id that each begins with.
#[derive(Debug, Default)]
pub struct Moved {
    /// The shelves that are no more.
    pub gone: Vec<String>,
    /// The shelves that changed or are new, written out.
    pub written: Vec<(String, Vec<u8>)>,
}

impl History {
    /// Returns what is known of a deployment.
    pub fn get(&self, id: &DeploymentId) -> Option<&Brief> {
        let items = self.shelves.get(self.shelf_of(id.as_str())?)?;
        items.binary_search_by(|d| d.id().cmp(id.as_str())).ok().and_then(|at| items.get(at))
    }

    /// Returns how many there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Goes through all of them, newest first; reversed, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Brief> {
        self.shelves.iter().rev().flat_map(|shelf| shelf.iter().rev())
    }

    /// Returns the newest.
    pub fn first(&self) -> Option<&Brief> {
        self.iter().next()
    }

    /// Goes through those older than an id, newest first.
    pub fn older<'a>(&'a self, than: &'a str) -> impl Iterator<Item = &'a Brief> {
        let upto = self.shelf_of(than).map_or(0, |at| at + 1);
        let shelves = self.shelves.get(..upto).unwrap_or_default();
        shelves.iter().rev().flat_map(|shelf| shelf.iter().rev()).skip_while(move |d| d.id() >= than)
    }

    /// Goes through those of one environment, newest first.
    pub fn of<'a>(&'a self, environment: &'a EnvironmentId) -> impl Iterator<Item = &'a Brief> {
        self.iter().filter(move |d| d.environment() == environment)
    }

    /// Returns those that a text typed by a person means: the whole id or its end.
    pub fn matching<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a Brief> {
        self.iter().filter(move |d| d.matches(text))
    }

    /// Goes through those that are not over, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.open.iter().filter_map(|id| self.get(id)?.whole())
    }

    /// Tells whether both are the very same, without comparing what they hold.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shelves, &other.shelves)
    }

    /// Puts a deployment in, in place of the one with its id.
    pub fn put(&mut self, deployment: Arc<Deployment>, stand: Stand) {
        let is_open = !deployment.status.is_over();
        if is_open != self.open.contains(&deployment.id) {
            let open = Arc::make_mut(&mut self.open);
            if is_open {
                open.insert(deployment.id.clone())
            } else {
                open.remove(&deployment.id)
            };
        }
        let brief = Brief::new(deployment, stand);
        let Some(at) = self.shelf_of(brief.id()) else { return self.begin(brief) };
        let newest = at + 1 == self.shelves.len();
        let list = Arc::make_mut(&mut self.shelves);
        let Some(found) = list.get_mut(at) else { return };
        match found.binary_search_by(|d| d.id().cmp(brief.id())) {
            Ok(place) => Arc::make_mut(found)[place] = brief,
            Err(place) if newest && place == found.len() && place >= SHELF => return self.begin(brief),
            Err(place) => {
                let items = Arc::make_mut(found);
                items.insert(place, brief);
                self.len += 1;
                if items.len() > 2 * SHELF {
                    let upper = items.split_off(SHELF);
                    list.insert(at + 1, Arc::new(upper));
                }
            }
        }
        let loose = |shelf: &Shelf| shelf.iter().filter(|d| d.whole().is_some() && d.is_over()).count();
        if at + WHOLE < self.shelves.len() && self.shelves.get(at).is_some_and(|shelf| loose(shelf) > LOOSE) {
            self.pack(at);
        }
    }

    /// Takes in a shelf that [`History::moved_since`] wrote. Shelves come in the order of their keys, before anything is put in.
    /// Those that are not over must be put in whole afterwards; they are returned.
    pub fn take_in(&mut self, written: &[u8]) -> Result<Vec<Brief>, &'static str> {
        let packed = Packed::read(written, Arc::make_mut(&mut self.names))?;
        let items: Vec<Brief> = Brief::all_of(&Arc::new(packed));
        let last = self.first().map_or("", Brief::id);
        let ids = || [last].into_iter().chain(items.iter().map(Brief::id));
        if items.is_empty() || !ids().zip(ids().skip(1)).all(|(a, b)| a < b) {
            return Err("the deployments are not in order");
        }
        let open = items.iter().filter(|d| !d.is_over()).cloned().collect();
        self.len += items.len();
        Arc::make_mut(&mut self.shelves).push(Arc::new(items));
        Ok(open)
    }

    /// Goes through all shelves, each written out as [`History::take_in`] reads it.
    pub fn shelves(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut names = (*self.names).clone();
        self.shelves.iter().map(move |shelf| Packed::of(shelf, &mut names).written())
    }

    /// Returns what differs from an earlier version, which shares what did not change.
    pub fn moved_since(&self, earlier: &Self) -> Moved {
        if self.is_same(earlier) {
            return Moved::default();
        }
        let key = |shelf: &Shelf| shelf.first().map(|d| d.id().to_owned()).unwrap_or_default();
        let mut gone: BTreeSet<String> = earlier.shelves.iter().map(key).collect();
        let mut before = earlier.shelves.iter().peekable();
        let mut written = Vec::new();
        let mut names = (*self.names).clone();
        for shelf in self.shelves.iter() {
            let key = key(shelf);
            gone.remove(&key);
            while before.next_if(|old| old.first().is_some_and(|d| d.id() < key.as_str())).is_some() {}
            if before.next_if(|old| Arc::ptr_eq(old, shelf)).is_none() {
                written.push((key, Packed::of(shelf, &mut names).written()));
            }
        }
        Moved { gone: gone.into_iter().collect(), written }
    }

    /// Begins a new shelf at the end.
    fn begin(&mut self, first: Brief) {
        Arc::make_mut(&mut self.shelves).push(Arc::new(vec![first]));
        self.len += 1;
        if let Some(at) = self.shelves.len().checked_sub(WHOLE + 1) {
            self.pack(at);
        }
    }

    /// Packs what is over on a shelf.
    fn pack(&mut self, at: usize) {
        let Some(items) = self.shelves.get(at) else { return };
        let packed = Arc::new(Packed::of(items, Arc::make_mut(&mut self.names)));
        let pairs = Brief::all_of(&packed).into_iter().zip(items.iter());
        let items = pairs.map(|(small, held)| if held.is_over() { small } else { held.clone() }).collect();
        if let Some(place) = Arc::make_mut(&mut self.shelves).get_mut(at) {
            *place = Arc::new(items);
        }
    }

    fn shelf_of(&self, id: &str) -> Option<usize> {
        if self.shelves.is_empty() {
            return None;
        }
        let after = self.shelves.partition_point(|shelf| shelf.first().is_some_and(|d| d.id() <= id));
        Some(after.saturating_sub(1))
    }
}

impl FromIterator<Arc<Deployment>> for History {
    fn from_iter<T: IntoIterator<Item = Arc<Deployment>>>(all: T) -> Self {
        let mut out = Self::default();
        all.into_iter().for_each(|deployment| out.put(deployment, Stand::default()));
        out
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        let lens = |all: &Self| all.shelves.iter().map(|shelf| shelf.len()).collect::<Vec<_>>();
        match self.len == other.len {
            _ if self.is_same(other) => true,
            false => false,
            // Shelves that both share are not looked into.
            true if lens(self) == lens(other) => self.shelves == other.shelves,
            true => self.iter().eq(other.iter()),
        }
    }
}

impl Eq for History {}
