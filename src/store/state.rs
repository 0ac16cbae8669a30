//! The state that the journal adds up to: a pure fold over its entries.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use domain::history::History;
use domain::ident::{EnvironmentId, Slug};
use domain::journal::{Change, Entry, SyncPromise};
use domain::project::{Environment, Project};

use crate::line::GENESIS;
use crate::reader::At;

/// How many of the newest entries a state carries.
pub const TAIL: usize = 1000;

/// Holds what is true after an entry of the journal. Never changed once published; its parts are shared with the states
/// before and after it, so that a reader can tell by pointer what has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// All projects.
    pub projects: Arc<BTreeMap<Slug, Arc<Project>>>,
    /// All environments.
    pub environments: Arc<BTreeMap<EnvironmentId, Arc<Environment>>>,
    /// All deployments.
    pub deployments: History,
    /// The promises to suspend again that are not kept yet.
    pub promises: Arc<BTreeMap<EnvironmentId, Arc<SyncPromise>>>,
    /// The newest entries, oldest of them first; at most [`TAIL`].
    pub tail: Arc<VecDeque<Arc<Entry>>>,
    /// The sequence number of the last entry; 0 before the first.
    pub seq: u64,
    /// The hash of the last entry; 64 zeros before the first.
    pub hash: String,
}

impl Default for State {
    fn default() -> Self {
        Self {
            projects: Arc::default(),
            environments: Arc::default(),
            deployments: History::default(),
            promises: Arc::default(),
            tail: Arc::default(),
            seq: 0,
            hash: GENESIS.to_owned(),
        }
    }
}

impl State {
    /// Goes through the environments of a project.
    pub fn environments_of<'a>(&'a self, project: &'a Slug) -> impl Iterator<Item = &'a Arc<Environment>> {
        self.environments.values().filter(move |e| e.id.project == *project)
    }

    /// Goes through the newest entries, newest first.
    pub fn newest_entries(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.tail.iter().rev()
    }

    /// Takes an entry in that stands there: its change, its place at the end of the tail, its number and its hash.
    pub(crate) fn take(&mut self, entry: &Arc<Entry>, at: At) {
        if let Some(change) = &entry.record.change {
            self.apply(change, at);
        }
        self.remember(entry);
        self.seq = entry.seq;
        self.hash.clone_from(&entry.hash);
    }

    /// Puts an entry at the end of the tail.
    pub(crate) fn remember(&mut self, entry: &Arc<Entry>) {
        let tail = Arc::make_mut(&mut self.tail);
        if tail.len() >= TAIL {
            tail.pop_front();
        }
        tail.push_back(Arc::clone(entry));
    }

    /// Changes one record. A removed project takes its environments with it; its deployments and promises stay, since
    /// what happened stays true and what was promised must still be kept.
    pub(crate) fn apply(&mut self, change: &Change, at: At) {
        match change {
            Change::Project(project) => {
                Arc::make_mut(&mut self.projects).insert(project.slug.clone(), Arc::new(project.clone()));
            }
            Change::ProjectRemoved(slug) => {
                Arc::make_mut(&mut self.projects).remove(slug);
                if self.environments.keys().any(|id| id.project == *slug) {
                    Arc::make_mut(&mut self.environments).retain(|id, _| id.project != *slug);
                }
            }
            Change::Environment(environment) => {
                Arc::make_mut(&mut self.environments).insert(environment.id.clone(), Arc::new(environment.clone()));
            }
            Change::EnvironmentRemoved(id) => {
                Arc::make_mut(&mut self.environments).remove(id);
            }
            Change::Deployment(deployment) => self.deployments.put(Arc::new((**deployment).clone()), at),
            Change::Promise(promise) => {
                Arc::make_mut(&mut self.promises).insert(promise.environment.clone(), Arc::new(promise.clone()));
            }
            Change::PromiseKept(id) => {
                Arc::make_mut(&mut self.promises).remove(id);
            }
        }
    }
}
