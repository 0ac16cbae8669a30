//! A disk that fails on demand, for tests: every write, sync, cut, creation, renaming and removal of the store asks here first. It
//! fails for the threads that were put on it: each thread is on one of its own until then. A release build has none of it.

#[cfg(debug_assertions)]
use std::cell::RefCell;
use std::io;
#[cfg(debug_assertions)]
use std::sync::{Arc, Mutex};

#[cfg(debug_assertions)]
use crate::lock::enter;

/// Says when and how the disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many operations go well before.
    pub after: u32,
    /// The number of the error that the operating system gives.
    pub errno: i32,
    /// Whether every later operation fails, too.
    pub lasting: bool,
}

/// A disk that several threads share; clones are the same one.
#[cfg(debug_assertions)]
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[cfg(debug_assertions)]
#[derive(Debug, Default)]
struct State {
    plan: Option<Plan>,
    met: bool,
}

#[cfg(debug_assertions)]
thread_local! {
    static DISK: RefCell<Disk> = RefCell::default();
}

#[cfg(debug_assertions)]
impl Disk {
    /// Puts this thread on it.
    pub fn enter(&self) {
        DISK.set(self.clone());
    }

    /// Lets it fail by a plan; nothing: it works again. Returns whether the plan before was met.
    pub fn arm(&self, plan: Option<Plan>) -> bool {
        let mut state = enter(&self.0);
        state.plan = plan;
        std::mem::replace(&mut state.met, false)
    }

    /// Tells whether it has failed by the present plan.
    pub fn is_met(&self) -> bool {
        enter(&self.0).met
    }

    fn check(&self) -> io::Result<()> {
        let mut state = enter(&self.0);
        let Some(plan) = state.plan else { return Ok(()) };
        if plan.after > 0 {
            state.plan = Some(Plan { after: plan.after - 1, ..plan });
            return Ok(());
        }
        (state.met, state.plan) = (true, Some(plan).filter(|plan| plan.lasting));
        Err(io::Error::from_raw_os_error(plan.errno))
    }
}

/// Lets the disk of this thread fail by a plan; nothing: it works again. Returns whether the plan before was met.
#[cfg(debug_assertions)]
pub fn arm(plan: Option<Plan>) -> bool {
    DISK.with_borrow(|disk| disk.arm(plan))
}

/// Fails when the plan says so.
#[cfg(debug_assertions)]
pub(crate) fn check() -> io::Result<()> {
    // A thread that is ending has no disk any more, and nothing fails for it.
    DISK.try_with(|disk| disk.borrow().check()).unwrap_or(Ok(()))
}

/// Does nothing.
#[cfg(not(debug_assertions))]
#[expect(clippy::unnecessary_wraps, reason = "it fails in builds for tests")]
pub(crate) const fn check() -> io::Result<()> {
    Ok(())
}
