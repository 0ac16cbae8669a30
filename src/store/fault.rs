//! A disk that fails on demand, for tests: every write, sync, cut, creation, renaming and removal of the store asks here first. It
//! fails for one thread only. A release build has none of it.

use std::io;

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

#[cfg(debug_assertions)]
mod armed {
    use super::Plan;
    use std::cell::Cell;

    thread_local! {
        pub(super) static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
        pub(super) static MET: Cell<bool> = const { Cell::new(false) };
    }
}

/// Lets the disk fail for this thread by a plan; nothing: it works again. Returns whether the plan before was met.
#[cfg(debug_assertions)]
pub fn arm(plan: Option<Plan>) -> bool {
    armed::PLAN.set(plan);
    armed::MET.replace(false)
}

/// Fails when the plan says so.
#[cfg(debug_assertions)]
pub(crate) fn check() -> io::Result<()> {
    let Some(plan) = armed::PLAN.get() else { return Ok(()) };
    if plan.after > 0 {
        armed::PLAN.set(Some(Plan { after: plan.after - 1, ..plan }));
        return Ok(());
    }
    armed::MET.set(true);
    armed::PLAN.set(Some(plan).filter(|plan| plan.lasting));
    Err(io::Error::from_raw_os_error(plan.errno))
}

/// Does nothing.
#[cfg(not(debug_assertions))]
#[expect(clippy::unnecessary_wraps, reason = "it fails in builds for tests")]
pub(crate) const fn check() -> io::Result<()> {
    Ok(())
}
