//! The words of the product: its records, its states and the rules that need nothing but themselves.
//!
//! No I/O, no async, no clock. Every other room may import this one; it imports none. The one thing that it keeps for the whole
//! process are the secrets that no text may leave with (`redact`).

pub mod actor;
pub mod adopt;
pub mod aspects;
pub mod barred;
pub mod berth;
pub mod change;
pub mod check;
pub mod compose;
pub mod controllers;
pub mod departure;
pub mod deployment;
pub mod detail;
pub mod drift;
pub mod edit;
pub mod filter;
pub mod flux;
pub mod history;
pub mod ident;
pub mod image;
pub mod journal;
pub mod lineage;
pub mod link;
pub mod live;
pub mod logs;
pub mod monitor;
pub mod orders;
pub mod origin;
pub mod private;
pub mod project;
pub mod promotion;
pub mod proposal;
pub mod proxy;
pub mod quantity;
pub mod query;
pub mod redact;
pub mod restore;
pub mod revision;
pub mod rights;
pub mod safe;
pub mod sentence;
pub mod sides;
pub mod text;
pub mod toolkit;
pub mod trial;
pub mod trouble;
pub mod voyage;
pub mod why;
pub mod workload;
pub mod world;
pub mod written;

pub use trouble::{Trouble, TroubleKind};

/// A moment, to the nanosecond, in UTC; written as RFC 3339.
pub type Time = jiff::Timestamp;
