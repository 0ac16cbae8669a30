//! The git room against real repositories and real servers: smart HTTP with faults, sshd, folders.
//!
//! Needs the `git` program; the ssh tests say why they are skipped when there is no sshd.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in a test a failed step is the failure")]

mod alone;
#[path = "../../../tests/support/dice.rs"]
mod dice;
mod faults;
mod history;
mod hostile;
mod measure;
mod mirror;
mod place;
mod proxy;
mod pushing;
mod reading;
mod secure;
mod server;
mod ssh;
