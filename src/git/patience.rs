//! How long we wait for a server: limits, cancelling, and the thread that network work runs on.
//!
//! libgit2 gives up on a silent server only when it is told so in a way that is closed to safe code. So the work has a
//! thread of its own; whoever waits for it leaves when the limits are passed. What is left behind learns of it at its next
//! sign of life and stops there.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// Holds how long a server may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest silence.
    pub idle: Duration,
    /// The longest time for one operation.
    pub total: Duration,
}

impl Default for Limits {
    /// Returns 30 s of silence and 15 min in all.
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), total: Duration::from_mins(15) }
    }
}

/// Cancels what it was given to; clones cancel the same.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Call>);

#[derive(Debug, Default)]
struct Call {
    called: AtomicBool,
    bells: Mutex<Vec<Weak<Bell>>>,
}

#[derive(Debug, Default)]
struct Bell {
    rung: Mutex<bool>,
    wake: Condvar,
}

impl Bell {
    fn ring(&self) {
        *open(&self.rung) = true;
        self.wake.notify_all();
    }

    /// Waits for a ring, at most so long, and takes it.
    fn wait(&self, longest: Duration) {
        let rung = open(&self.rung);
        let (mut rung, _) = self.wake.wait_timeout_while(rung, longest, |rung| !*rung).unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}

impl Cancel {
    /// Builds a token that nobody has called yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels everything that it was given to, now and later.
    pub fn cancel(&self) {
        self.0.called.store(true, Ordering::SeqCst);
        for bell in open(&self.0.bells).drain(..) {
            if let Some(bell) = bell.upgrade() {
                bell.ring();
            }
        }
    }

    /// Tells whether it was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.called.load(Ordering::SeqCst)
    }

    /// Waits so long, or until it is called; tells whether it was.
    pub(crate) fn called_within(&self, longest: Duration) -> bool {
        let bell = Arc::new(Bell::default());
        self.tell(&bell);
        if !self.is_cancelled() {
            bell.wait(longest);
        }
        self.is_cancelled()
    }

    fn tell(&self, bell: &Arc<Bell>) {
        let mut bells = open(&self.0.bells);
        bells.retain(|known| known.strong_count() > 0);
        bells.push(Arc::downgrade(bell));
    }
}

type Hook = Box<dyn FnOnce() + Send>;

/// Carries signs of life from the work to the one who waits, and the word to stop back.
pub(crate) struct Pulse {
    start: Instant,
    last: AtomicU64,
    stopped: AtomicBool,
    busy: AtomicBool,
    hook: Mutex<Option<Hook>>,
}

impl Pulse {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            last: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            hook: Mutex::new(None),
        }
    }

    /// Gives a sign of life; returns whether to go on.
    pub(crate) fn beat(&self) -> bool {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::SeqCst);
        !self.is_stopped()
    }

    /// Says whether the silence is another process's, which works on the same mirror.
    pub(crate) fn say_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::SeqCst);
    }

    /// Tells whether nobody waits any more.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Says what to do at once when nobody waits any more, which may be so already; replaces what was said before.
    pub(crate) fn on_stop(&self, hook: Option<Hook>) {
        *open(&self.hook) = hook;
        if self.is_stopped() {
            self.run_hook();
        }
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.run_hook();
    }

    fn run_hook(&self) {
        let hook = open(&self.hook).take();
        if let Some(hook) = hook {
            hook();
        }
    }

    fn silence(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::SeqCst)))
    }
}

/// Locks, also when somebody died with the lock: nothing here is left half changed.
pub(crate) fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rings when the worker ends, also when it ends by a panic.
struct AtEnd(Arc<Bell>, Arc<AtomicBool>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.1.store(true, Ordering::SeqCst);
        self.0.ring();
    }
}

/// Runs the work on a thread of its own and waits for it within the limits.
pub(crate) fn guarded<T, F>(limits: Limits, cancel: &Cancel, url: &str, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce(&Arc<Pulse>) -> Result<T> + Send + 'static,
{
    let bell = Arc::new(Bell::default());
    cancel.tell(&bell);
    let pulse = Arc::new(Pulse::new());
    let slot = Arc::new(Mutex::new(None));
    let done = Arc::new(AtomicBool::new(false));
    {
        let (pulse, slot, end) = (Arc::clone(&pulse), Arc::clone(&slot), AtEnd(Arc::clone(&bell), Arc::clone(&done)));
        let run = move || {
            let _end = end;
            let result = work(&pulse);
            *open(&slot) = Some(result);
        };
        thread::Builder::new().name("git".to_owned()).spawn(run).map_err(|error| Error::disk("a thread", error))?;
    }
    loop {
        let ended = done.load(Ordering::SeqCst);
        if let Some(result) = open(&slot).take() {
            return result;
        }
        if ended {
            return Err(Error::Git { doing: "talking to the server", words: "the work ended without a result".to_owned() });
        }
        if cancel.is_cancelled() {
            pulse.stop();
            return Err(Error::Cancelled(url.to_owned()));
        }
        let idle = limits.idle.saturating_sub(pulse.silence());
        let rest = idle.min(limits.total.saturating_sub(pulse.start.elapsed()));
        if rest.is_zero() {
            pulse.stop();
            let after = if idle.is_zero() { pulse.silence().max(limits.idle) } else { limits.total };
            return Err(if pulse.busy.load(Ordering::SeqCst) {
                Error::Busy { url: url.to_owned(), after }
            } else {
                Error::TimedOut { url: url.to_owned(), after }
            });
        }
        bell.wait(rest);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed channel is a failed test")]
    use super::*;
    use std::sync::mpsc::channel;

    fn limits(idle: u64) -> Limits {
        Limits { idle: Duration::from_millis(idle), total: Duration::from_secs(20) }
    }

    #[test]
    fn a_silent_worker_is_left_and_told() {
        let (go, wait) = channel::<()>();
        let (tell, told) = channel();
        let result: Result<()> = guarded(limits(50), &Cancel::new(), "u", move |pulse| {
            wait.recv().unwrap_err();
            tell.send(pulse.beat()).unwrap();
            Ok(())
        });
        assert!(matches!(result, Err(Error::TimedOut { .. })));
        drop(go);
        assert!(!told.recv().unwrap(), "the worker must be told to stop");
    }

    #[test]
    fn cancelling_wakes_the_waiter_at_once_and_runs_the_hook() {
        let cancel = Cancel::new();
        let caller = cancel.clone();
        let (hooked, hook) = channel();
        let result: Result<()> = guarded(limits(20_000), &cancel, "u", move |pulse| {
            let (stop, wait) = channel::<()>();
            pulse.on_stop(Some(Box::new(move || {
                hooked.send(()).unwrap();
                drop(stop);
            })));
            caller.cancel();
            wait.recv().unwrap_err();
            Ok(())
        });
        assert!(matches!(result, Err(Error::Cancelled(_))));
        hook.recv().unwrap();
    }

    #[test]
    fn a_panic_is_an_error_and_not_a_hang() {
        #[expect(clippy::panic, reason = "the panic is the subject")]
        let result: Result<()> = guarded(limits(20_000), &Cancel::new(), "u", |_| panic!("on purpose"));
        assert!(matches!(result, Err(Error::Git { .. })));
    }
}
