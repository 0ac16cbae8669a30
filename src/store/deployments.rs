//! All deployments, kept so that a state can be copied for each change without copying them.

use std::fmt;
use std::sync::Arc;

use domain::deployment::Deployment;
use domain::ident::{DeploymentId, EnvironmentId};

/// How many deployments stand on one shelf. A change copies one shelf and the list of shelves: with 100,000 deployments
/// that is 256 and 400 pointers.
const SHELF: usize = 256;

type Shelf = Arc<Vec<Arc<Deployment>>>;

/// Holds deployments in the order of their ids, which is the order in which they were requested. Cloning costs nothing.
#[derive(Clone, Default)]
pub struct Deployments {
    shelves: Arc<Vec<Shelf>>,
    len: usize,
}

impl Deployments {
    /// Returns a deployment.
    pub fn get(&self, id: &DeploymentId) -> Option<&Arc<Deployment>> {
        let items = self.shelves.get(self.shelf_of(id)?)?;
        items.binary_search_by(|d| d.id.cmp(id)).ok().and_then(|at| items.get(at))
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
    pub fn newest_first(&self) -> impl DoubleEndedIterator<Item = &Arc<Deployment>> {
        self.shelves.iter().rev().flat_map(|shelf| shelf.iter().rev())
    }

    /// Goes through those of one environment, newest first.
    pub fn of<'a>(&'a self, environment: &'a EnvironmentId) -> impl Iterator<Item = &'a Arc<Deployment>> {
        self.newest_first().filter(move |d| d.environment == *environment)
    }

    /// Returns those that a text typed by a person means: the whole id or its end.
    pub fn matching<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a Arc<Deployment>> {
        self.newest_first().filter(move |d| d.id.matches(text))
    }

    /// Tells whether both are the very same, without comparing what they hold.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shelves, &other.shelves)
    }

    /// Puts a deployment in, in place of the one with its id.
    pub(crate) fn put(&mut self, deployment: Arc<Deployment>) {
        let Some(at) = self.shelf_of(&deployment.id) else {
            Arc::make_mut(&mut self.shelves).push(Arc::new(vec![deployment]));
            self.len += 1;
            return;
        };
        let at_end = at + 1 == self.shelves.len();
        let list = Arc::make_mut(&mut self.shelves);
        let Some(found) = list.get_mut(at) else { return };
        match found.binary_search_by(|d| d.id.cmp(&deployment.id)) {
            Ok(place) => Arc::make_mut(found)[place] = deployment,
            Err(place) if at_end && place == found.len() && place >= SHELF => {
                list.push(Arc::new(vec![deployment]));
                self.len += 1;
            }
            Err(place) => {
                let items = Arc::make_mut(found);
                items.insert(place, deployment);
                self.len += 1;
                if items.len() > 2 * SHELF {
                    let upper = items.split_off(SHELF);
                    list.insert(at + 1, Arc::new(upper));
                }
            }
        }
    }

    /// Goes through those that differ from an earlier version of this collection, which shares what did not change.
    pub(crate) fn changed_since<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = &'a Arc<Deployment>> {
        let moved = self
            .shelves
            .iter()
            .enumerate()
            .filter(move |(at, shelf)| earlier.shelves.get(*at).is_none_or(|other| !Arc::ptr_eq(shelf, other)));
        moved.flat_map(|(_, shelf)| shelf.iter()).filter(move |d| earlier.get(&d.id).is_none_or(|other| !Arc::ptr_eq(d, other)))
    }

    fn shelf_of(&self, id: &DeploymentId) -> Option<usize> {
        if self.shelves.is_empty() {
            return None;
        }
        let after = self.shelves.partition_point(|shelf| shelf.first().is_some_and(|d| d.id <= *id));
        Some(after.saturating_sub(1))
    }
}

impl fmt::Debug for Deployments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.newest_first().map(|d| (&d.id, d))).finish()
    }
}

impl PartialEq for Deployments {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.newest_first().eq(other.newest_first())
    }
}
