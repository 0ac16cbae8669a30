//! Scenarios: a whole engine on a simulated cluster, real repositories and a real store.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by failing")]

mod asking;
mod back;
mod bed;
mod charts;
mod deploy;
mod detail;
#[path = "../../tests/support/dice.rs"]
mod dice;
mod disk;
mod faults;
mod holding;
mod install;
mod kill;
mod logs;
mod records;
mod sync;
mod takeover;
mod witness;
