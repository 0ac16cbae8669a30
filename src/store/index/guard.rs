//! Turns a panic inside the database into an error, and keeps it from the screen.

use std::any::Any;
use std::cell::Cell;
use std::io::ErrorKind;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::thread;

/// Holds why the index cannot be used.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The reason, in words.
    pub(crate) why: String,
    /// Whether there is merely no room: then nothing is wrong with what is there.
    pub(crate) full: bool,
}

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Self { why, full: false }
    }
}

impl From<&str> for Fault {
    fn from(why: &str) -> Self {
        why.to_owned().into()
    }
}

impl From<sled::Error> for Fault {
    fn from(error: sled::Error) -> Self {
        let full = matches!(&error, sled::Error::Io(e) if matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded));
        Self { why: error.to_string(), full }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        error.to_string().into()
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Runs some work; a panic in it is an error with the panic's words, and the program's panic hook does not hear of it.
/// Panics of other threads reach the hook as before, except those of the database's own threads.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let database = thread::current().name().is_some_and(|name| name.starts_with("sled"));
            if !database && !QUIET.get() {
                hook(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    outcome.unwrap_or_else(|panic| Err(format!("the database panicked: {}", words(panic.as_ref())).into()))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words")
}
