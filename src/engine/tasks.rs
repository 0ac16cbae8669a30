//! The tasks that an engine runs: counted, stopped together, and a panic in one is a mishap and nothing more.
//!
//! Knows nothing of what the tasks do.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Trouble;
use futures::FutureExt;
use tokio::task::JoinSet;

/// Holds the running tasks of one engine.
#[derive(Default)]
pub(crate) struct Tasks {
    set: Mutex<Option<JoinSet<()>>>,
}

impl Tasks {
    /// Builds an empty set.
    pub(crate) fn new() -> Self {
        Self { set: Mutex::new(Some(JoinSet::new())) }
    }

    /// Runs a task on its own. After [`Tasks::stop`] nothing is started any more.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(set) = open(&self.set).as_mut() {
            while set.try_join_next().is_some() {}
            set.spawn(task);
        }
    }

    /// Tells whether nothing is started any more.
    pub(crate) fn is_stopped(&self) -> bool {
        open(&self.set).is_none()
    }

    /// Stops every task where it stands.
    pub(crate) fn stop(&self) {
        drop(open(&self.set).take());
    }

    /// Stops every task where it stands and waits until all are gone.
    pub(crate) async fn stopped(&self) {
        let set = open(&self.set).take();
        if let Some(mut set) = set {
            set.shutdown().await;
        }
    }
}

/// Runs a future to its end; a panic in it becomes a trouble that names it.
pub(crate) async fn guarded<T>(name: &str, future: impl Future<Output = T>) -> Result<T, Trouble> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| broke(name, panic.as_ref()))
}

/// Runs blocking work on a thread for it; a panic in it becomes a trouble that names it.
pub(crate) async fn blocking<T, F>(name: &'static str, work: F) -> Result<T, Trouble>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        if error.is_panic() { broke(name, error.into_panic().as_ref()) } else { Trouble::failed("It was stopped", name) }
    })
}

fn broke(name: &str, panic: &(dyn std::any::Any + Send)) -> Trouble {
    let why = panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    Trouble::failed("A part of the console broke", name)
        .why(why.unwrap_or_else(|| "it panicked".to_owned()))
        .next("The rest goes on; restart the console if something stays missing.")
}

/// Locks, also when somebody died with the lock: nothing kept under these locks is ever half changed.
pub(crate) fn open<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "the panic is the subject; a test fails by failing")]
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_trouble_that_names_the_task() {
        let trouble = guarded("the poller", async { panic!("on purpose") }).await.unwrap_err();
        assert_eq!((trouble.object.as_str(), trouble.why.as_str()), ("the poller", "on purpose"));
        let trouble = blocking("the fetch", || panic!("again")).await.unwrap_err();
        assert_eq!((trouble.object.as_str(), trouble.why.as_str()), ("the fetch", "again"));
    }

    #[tokio::test]
    async fn stopping_drops_what_the_tasks_hold() {
        let tasks = Tasks::new();
        let (keep, gone) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn(async move {
            let _keep = keep;
            std::future::pending::<()>().await;
        });
        tasks.stopped().await;
        assert!(gone.await.is_err(), "the sender must be dropped with its task");
        assert!(tasks.is_stopped());
        tasks.spawn(async { panic!("must not start") });
    }
}
