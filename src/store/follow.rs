//! The thread that follows the journal: what other processes write becomes this process's state, and listeners hear of it.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use domain::Trouble;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::error::Error;
use crate::lock::enter;
use crate::notice::{Notice, NoticeKind};
use crate::segments;
use crate::state::State;
use crate::store::Core;

/// How often the files are looked at although no event came: some file systems (network, some containers) send none.
const POLL: Duration = Duration::from_secs(2);
/// How often when events cannot be had at all.
const POLL_WITHOUT_EVENTS: Duration = Duration::from_millis(250);

/// Starts the thread.
pub(crate) fn start(core: &Arc<Core>, kicks: Receiver<()>) -> Result<JoinHandle<()>, Error> {
    let shared = Arc::clone(core);
    let thread = thread::Builder::new().name("store-follow".to_owned()).spawn(move || {
        let watcher = watch(&shared);
        let poll = if watcher.is_some() { POLL } else { POLL_WITHOUT_EVENTS };
        run(&shared, &kicks, poll);
        drop(watcher);
    });
    thread.map_err(Error::io("cannot start a thread for", &core.dir))
}

fn run(core: &Core, kicks: &Receiver<()>, poll: Duration) {
    // Whoever subscribed before this thread came to run has read an older state, so the first one is told too.
    let mut told: Option<Arc<State>> = None;
    loop {
        if let Err(error) = core.catch_up() {
            core.tell(Notice::new(NoticeKind::Unreadable, Trouble::from(error)));
        }
        let now = core.state();
        let other = told.as_ref().is_none_or(|before| !Arc::ptr_eq(before, &now));
        let news = core.news.swap(false, Ordering::AcqRel) || other;
        if news && !core.stopping() {
            tell(core, &now);
        }
        told = Some(now);
        if core.stopping() || matches!(kicks.recv_timeout(poll), Err(RecvTimeoutError::Disconnected)) {
            return;
        }
    }
}

fn tell(core: &Core, state: &Arc<State>) {
    let listeners = enter(&core.listeners).clone();
    for listener in listeners {
        // One listener's bug must not keep the others from hearing.
        if panic::catch_unwind(AssertUnwindSafe(|| listener(state))).is_err() {
            tracing::error!("a listener of the store panicked");
        }
    }
}

fn watch(core: &Core) -> Option<RecommendedWatcher> {
    let wake: SyncSender<()> = core.wake_follow.clone();
    let heard = move |event: notify::Result<Event>| {
        // Reading the files is an event too, and must not lead to reading them again.
        if !matches!(event, Ok(Event { kind: EventKind::Access(_), .. })) {
            let _ = wake.try_send(());
        }
    };
    let watcher = notify::recommended_watcher(heard).and_then(|mut watcher| {
        watcher.watch(&segments::folder(&core.dir), RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    watcher.inspect_err(|error| tracing::info!(%error, "no file events for the journal; it is polled")).ok()
}
