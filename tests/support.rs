//! What the integration tests stand on: the test cluster, the Git server in front of real repositories, and waiting.
//! Nothing in here asserts anything about the product.

pub(crate) mod cluster;
pub(crate) mod console;
pub(crate) mod dice;
pub(crate) mod gitserver;
pub(crate) mod ground;
pub(crate) mod many;
pub(crate) mod mount;
mod programs;
pub(crate) mod proxy;
mod release;
pub(crate) mod sequences;
pub(crate) mod shelf;
pub(crate) mod simulator;
mod waiting;
mod webhook;

pub(crate) use programs::programs;
pub(crate) use waiting::{Skip, note, wait};
