//! The index: the folded state on disk, so that opening does not replay a long journal. It is never the truth.
//!
//! Only the process that holds `index.lock` has it. Whatever is wrong with it, it is put aside and built again from the
//! journal. Every value in it counts towards a digest, because a damaged sled database may open with fewer records
//! and say nothing. All of it runs on one thread, guarded against the panics that damage causes inside the crate. Other processes
//! read a copy of the state in a file of its own.

pub(crate) mod copy;
mod guard;
mod shelf;
mod worker;

pub(crate) use guard::guarded;
pub(crate) use shelf::{Shelf, Snapshot};
pub(crate) use worker::{Begin, Loaded, Worker};
