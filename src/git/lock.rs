//! One process at a time changes the branches of a mirror.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::patience::Pulse;

/// Holds a mirror for this operation; let go when the last clone is dropped or [`Hold::let_go`] is called.
#[derive(Debug, Clone)]
pub(crate) struct Hold(Arc<File>);

impl Hold {
    /// Opens the lock file, without taking the lock.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        Ok(Self(Arc::new(file.map_err(|error| Error::disk(path, error))?)))
    }

    /// Waits until no other process, and nobody else in this one, holds the mirror.
    pub(crate) fn take(&self, path: &Path, pulse: &Pulse) -> Result<()> {
        match self.0.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(Error::disk(path, error)),
        }
        pulse.say_busy(true);
        self.0.lock().map_err(|error| Error::disk(path, error))?;
        pulse.say_busy(false);
        Ok(())
    }

    /// Lets go, also for the clone that work left behind still owns.
    pub(crate) fn let_go(&self) {
        // A failure leaves the lock to the end of the process, which is what closing would do.
        drop(self.0.unlock());
    }
}
