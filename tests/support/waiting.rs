//! Waiting with a limit, saying something past the test harness, and the reason why the cluster tests are skipped.

use std::env;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Says why the tests that need the test cluster cannot run here.
#[derive(Clone, Debug)]
pub(crate) struct Skip {
    pub(super) why: String,
}

impl Skip {
    /// Returns a reason to skip; on a build machine (`CI=true`) there is none, and it panics with these words.
    pub(super) fn because(why: impl Into<String>) -> Self {
        let why = why.into();
        assert!(env::var("CI").as_deref() != Ok("true"), "the cluster tests must run where CI=true: {why}");
        Self { why }
    }

    /// Prints the one line that the cluster tests are skipped and why, once per process.
    pub(crate) fn say(&self) {
        static SAID: AtomicBool = AtomicBool::new(false);
        if !SAID.swap(true, Ordering::Relaxed) {
            note(&format!("cluster tests are skipped: {}", self.why));
        }
    }
}

/// Writes one line to standard error, past the capture of the test harness.
pub(crate) fn note(line: &str) {
    // Nobody is there to be told when standard error is closed.
    #[expect(clippy::disallowed_methods, reason = "past the capture of the harness")]
    drop(writeln!(io::stderr(), "{line}"));
}

/// Asks until there is an answer and returns it; panics with `what` when `limit` is over.
pub(crate) fn wait<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain: {what}");
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}
