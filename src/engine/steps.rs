//! Marks what comes right before an effect outside this process: the journal, Git, a cluster. A test can end the process at any one
//! of them; in the program itself they are nothing.

/// Says that this effect comes next.
#[cfg(not(test))]
pub(crate) const fn before(_effect: &str) {}

#[cfg(test)]
pub(crate) use counted::{arm, before};

#[cfg(test)]
mod counted {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use std::io::Write as _;
    use std::sync::atomic::{AtomicI64, Ordering};

    /// How many effects are still let pass; negative: all of them.
    static LEFT: AtomicI64 = AtomicI64::new(i64::MIN);

    /// Lets so many effects pass from now on, and ends the process before the next one as SIGKILL does.
    pub(crate) fn arm(passes: i64) {
        LEFT.store(passes, Ordering::SeqCst);
    }

    pub(crate) fn before(effect: &str) {
        if LEFT.load(Ordering::SeqCst) < 0 || LEFT.fetch_sub(1, Ordering::SeqCst) != 0 {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "a test's own words")]
        let mut out = std::io::stdout();
        writeln!(out, "ended before {effect}").unwrap();
        out.flush().unwrap();
        std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap();
        loop {
            std::thread::park();
        }
    }
}
