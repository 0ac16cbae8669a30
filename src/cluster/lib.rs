//! Clusters: reaching them, watching them into an index, acting on them.
//!
//! The only room that knows `kube`. It reads a kubeconfig, keeps separate connections for the heartbeat, the watches and
//! the actions, follows all Flux kinds and the workloads and Pods of chosen namespaces, and patches what it is told to.
//! It decides nothing: whether something may be done is the engine's matter. Every text that a server says is made safe
//! to draw ([`domain::text`]) where it enters here.

pub mod act;
mod connection;
mod discovery;
pub mod download;
mod error;
mod kubeconfig;
mod lean;
mod resource;
mod schemas;
mod tunnel;
mod watch;
mod wire;

#[cfg(test)]
mod mock;

pub use connection::{BoxError, Connection, ConnectionInfo, RequestBody};
pub use error::Error;
pub use kubeconfig::{Helper, Kubeconfigs, Surroundings};
pub use schemas::{Served, schemas, schemas_mark};
pub use watch::{Clock, Scope, Snapshot, Versions, Watch, Watcher};

/// A result whose error is this crate's.
pub type Result<T> = std::result::Result<T, Error>;
