//! The screen: a session turns keys and snapshots of the world into new screen state and data that says what it wants.
//!
//! It sees the domain and nothing of Kubernetes, Git or the store; it reads no clock, no environment and no file. The only
//! I/O is in [`run`] and [`screen`], over a stream and a writer that the caller brings.

pub mod acts;
pub mod capabilities;
pub mod command;
pub mod cx;
pub mod desk;
pub mod editing;
pub mod effects;
pub mod everywhere;
pub mod keys;
pub mod later;
pub mod memory;
pub mod overlays;
pub mod place;
pub mod preferences;
pub mod run;
pub mod screen;
pub mod session;
pub mod shell;
pub mod spots;
pub mod tab;
pub mod tabs;
pub mod theme;
pub mod trail;
pub mod widgets;
pub mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod looks;
