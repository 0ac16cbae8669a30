//! The store on real files: killed, damaged, shared by several processes, full and read-only.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod audit;
mod copy;
mod damage;
mod drafts;
mod faults;
mod fixture;
mod harm;
mod index;
mod journal;
mod lease;
mod measure;
mod processes;
mod refused;
mod support;
