//! Long work on clusters as it goes on: what screens show of it, and how it is stopped. One at a time on each cluster.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::ident::ContextName;
use domain::toolkit::{Line, Mark, Work};
use domain::{Time, Trouble};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::tasks::open;

/// Holds the work on each cluster: what is under way, or the last.
pub(crate) struct Works {
    table: Mutex<BTreeMap<ContextName, Entry>>,
    changed: Arc<Notify>,
}

struct Entry {
    work: Arc<Work>,
    stop: CancellationToken,
}

/// Holds work that is under way; dropping it ends it.
pub(crate) struct Job {
    works: Arc<Works>,
    context: ContextName,
    stop: CancellationToken,
}

impl Works {
    /// Builds an empty table that rings when it changes.
    pub(crate) fn new(changed: Arc<Notify>) -> Self {
        Self { table: Mutex::default(), changed }
    }

    /// Returns what is under way or was last, by cluster.
    pub(crate) fn see(&self) -> Vec<Arc<Work>> {
        open(&self.table).values().map(|entry| Arc::clone(&entry.work)).collect()
    }

    /// Begins work on objects of a cluster; refused while other work goes on there.
    pub(crate) fn begin(
        self: &Arc<Self>,
        context: &ContextName,
        (act, since): (&'static str, Time),
        objects: impl IntoIterator<Item = String>,
    ) -> Result<Job, Trouble> {
        let stop = CancellationToken::new();
        let lines = objects.into_iter().map(|object| Line { object, mark: Mark::Todo }).collect();
        let work = Work { context: context.clone(), act, since, lines, stopping: false, over: None };
        {
            let mut table = open(&self.table);
            if table.get(context).is_some_and(|entry| entry.work.over.is_none()) {
                return Err(Trouble::refused("Flux is being installed or removed there already", context)
                    .next("Wait until that is over, or stop it."));
            }
            table.insert(context.clone(), Entry { work: Arc::new(work), stop: stop.clone() });
        }
        self.changed.notify_one();
        Ok(Job { works: Arc::clone(self), context: context.clone(), stop })
    }

    /// Asks the work on a cluster to stop; returns whether any goes on there.
    pub(crate) fn halt(&self, context: &ContextName) -> bool {
        let going = self.change(context, |work| work.stopping = true);
        if let Some(entry) = open(&self.table).get(context).filter(|_| going) {
            entry.stop.cancel();
        }
        going
    }

    /// Changes work that goes on; returns whether there is any.
    fn change(&self, context: &ContextName, change: impl FnOnce(&mut Work)) -> bool {
        let found = match open(&self.table).get_mut(context).filter(|entry| entry.work.over.is_none()) {
            Some(entry) => {
                change(Arc::make_mut(&mut entry.work));
                true
            }
            None => false,
        };
        self.changed.notify_one();
        found
    }
}

impl Job {
    /// Says how far an object is.
    pub(crate) fn mark(&self, at: usize, mark: Mark) {
        self.works.change(&self.context, |work| {
            if let Some(line) = work.lines.get_mut(at) {
                line.mark = mark;
            }
        });
    }

    /// Tells whether it is to stop.
    pub(crate) fn stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Runs a step that may take long, until it is over or the work is to stop; then returns nothing.
    pub(crate) async fn unless_stopped<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            done = step => Some(done),
        }
    }

    /// Says how it ended.
    pub(crate) fn over(self, result: Result<String, String>) {
        self.works.change(&self.context, |work| work.over = Some(result));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // Only what was cut off in the middle is still going on here.
        self.works.change(&self.context, |work| work.over = Some(Err("it was cut off".to_owned())));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn one_work_at_a_time_on_each_cluster_and_it_is_stopped_once() {
        let works = Arc::new(Works::new(Arc::default()));
        let (dev, begun) = (ContextName::from("dev"), ("flux.install", Time::UNIX_EPOCH));
        let job = works.begin(&dev, begun, ["a".to_owned(), "b".to_owned()]).unwrap();
        assert!(works.begin(&dev, begun, []).is_err());
        assert!(works.begin(&"other".into(), begun, []).is_ok());
        job.mark(0, Mark::Done("created".to_owned()));
        assert_eq!(works.see()[0].done(), 1);
        assert!(works.halt(&dev) && job.stopped());
        job.over(Ok("done".to_owned()));
        assert!(!works.halt(&dev), "it is over");
        assert_eq!(works.see()[0].over, Some(Ok("done".to_owned())));
        drop(works.begin(&dev, begun, []).unwrap());
        assert_eq!(works.see()[0].over, Some(Err("it was cut off".to_owned())));
    }
}
