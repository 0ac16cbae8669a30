//! The engine: owns the world, publishes immutable snapshots of it, answers queries, carries out orders and follows
//! deployments until they are through.
//!
//! - [`Engine::world`] is a watch of [`domain::world::World`]; a slow reader skips versions.
//! - [`Engine::ask`] answers what the world does not hold; dropping the caller drops the question.
//! - [`Engine::give`] carries out an order through one gate: permission, intent in the journal, act, outcome in the journal.
//!   Dropping the caller does not stop an order.
//! - Deployments and promises are driven by exactly one process, by lease, and taken over when that one dies.
//!
//! It knows no terminal and no command line, and reads no clock, environment or home folder of its own.

mod causes;
mod charts;
mod clusters;
mod drift;
mod driven;
mod engine;
mod fleet;
mod follow;
mod gate;
mod holds;
mod ids;
mod kept;
mod ledger;
mod live;
mod logs;
mod mishaps;
mod objects;
mod orders;
mod pace;
mod plan;
mod publish;
mod queries;
mod rendered;
mod repos;
mod scene;
mod schemas;
mod scribe;
mod served;
mod shared;
mod steps;
mod tasks;
mod toolkit;
mod views;
mod witness;
mod works;

pub use charts::Helm;
pub use engine::{Engine, Parts};
pub use fleet::Clusters;
pub use ids::{Ids, ulids};
pub use pace::{Clock, Pace};

#[cfg(test)]
mod tests;
