//! The integration tests: stories told against real servers. They need no network beyond loopback.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why and stops")]

mod cluster_schemas;
mod cluster_smoke;
mod house;
mod kustomize;
#[cfg(target_os = "linux")]
mod memory;
mod stories;
mod support;
mod truth;
