//! The schemas of the kinds that clusters serve, as far as they are known; `schemas` reads them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::ident::ContextName;
use domain::world::ServedKinds;
use manifest::schema::Schemas;
use tokio::time::Instant;

use crate::tasks::open;

/// Holds the schemas of every cluster that somebody asked for.
#[derive(Default)]
pub(crate) struct Shelf(pub(crate) Mutex<BTreeMap<ContextName, Kept>>);

/// Holds what is known of one cluster.
pub(crate) struct Kept {
    pub(crate) schemas: Arc<Schemas>,
    pub(crate) state: ServedKinds,
    pub(crate) version: u64,
    pub(crate) mark: Option<String>,
    /// When the cluster was last asked, and when the schemas were read.
    pub(crate) looked: Option<Instant>,
    pub(crate) read: Option<Instant>,
    pub(crate) asking: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            schemas: Arc::new(Schemas::built_in()),
            state: ServedKinds::Unasked,
            version: 0,
            mark: None,
            looked: None,
            read: None,
            asking: false,
        }
    }
}

impl Shelf {
    /// Returns how far the schemas of each cluster are known.
    pub(crate) fn see(&self) -> Vec<(ContextName, ServedKinds)> {
        open(&self.0).iter().map(|(context, kept)| (context.clone(), kept.state.clone())).collect()
    }
}
