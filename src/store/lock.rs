//! Locks: between threads of this process, and between processes.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locks a mutex also when a thread panicked with it: what it guards is replaced whole, never left half changed.
pub(crate) fn enter<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds a lock between processes; dropping it releases the lock, and so does the end of the process.
#[derive(Debug)]
pub(crate) struct Held {
    file: Arc<File>,
}

impl Held {
    /// Waits until nobody else holds the lock at all.
    pub(crate) fn exclusive(file: &Arc<File>) -> io::Result<Self> {
        through_signals(|| file.lock())?;
        Ok(Self { file: Arc::clone(file) })
    }

    /// Waits until nobody holds the lock exclusively.
    pub(crate) fn shared(file: &Arc<File>) -> io::Result<Self> {
        through_signals(|| file.lock_shared())?;
        Ok(Self { file: Arc::clone(file) })
    }

    /// Takes the lock exclusively if nobody holds it.
    pub(crate) fn try_exclusive(file: &Arc<File>) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file: Arc::clone(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file would do it too, but a program started at this very moment may still hold a copy of it.
        let _ = self.file.unlock();
    }
}

fn through_signals(mut attempt: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
