//! What this process drives, or waits to take over: each by one task and no more.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, watch};

use crate::tasks::open;

/// Remembers what this process drives or waits to take over.
pub(crate) struct Driven {
    taken: Mutex<BTreeSet<String>>,
    driving: watch::Sender<usize>,
    /// Rings when a place is given back.
    pub(crate) freed: Notify,
}

impl Default for Driven {
    fn default() -> Self {
        Self { taken: Mutex::default(), driving: watch::Sender::new(0), freed: Notify::new() }
    }
}

/// Holds a place among what is driven; gives it back when dropped.
pub(crate) struct Place {
    driven: Arc<Driven>,
    name: String,
    driving: bool,
}

impl Driven {
    /// Waits until nothing is driven here.
    pub(crate) async fn settled(&self) {
        let mut driving = self.driving.subscribe();
        // The sender lives as long as we do.
        drop(driving.wait_for(|count| *count == 0).await);
    }
}

impl Place {
    /// Takes the place of that name, unless somebody in this process has it.
    pub(crate) fn take(driven: &Arc<Driven>, name: String) -> Option<Self> {
        open(&driven.taken).insert(name.clone()).then(|| Self { driven: Arc::clone(driven), name, driving: false })
    }

    /// Returns the name, which is the name of the lease too.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Notes that it is really driven here from now on.
    pub(crate) fn driving(&mut self) {
        if !std::mem::replace(&mut self.driving, true) {
            self.driven.driving.send_modify(|count| *count += 1);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        open(&self.driven.taken).remove(&self.name);
        if self.driving {
            self.driven.driving.send_modify(|count| *count = count.saturating_sub(1));
        }
        self.driven.freed.notify_one();
    }
}
