//! Manifests: text in, text out. Lossless YAML, where a value lives, edits, kustomize in-process, diffs and checks.
//!
//! Knows nothing of Git, clusters or the screen; reads no disk, no clock and no environment.

pub mod build;
pub mod check;
pub mod diff;
pub mod document;
pub mod drift;
pub mod edit;
pub mod error;
pub mod files;
pub mod listing;
pub(crate) mod locate;
pub mod message;
pub(crate) mod near;
pub mod release;
pub mod scaffold;
pub mod schema;
pub mod substitute;
pub mod yaml;

pub use build::{Object, Overlay, build, build_with, render, renders};
pub use check::{Context, check_text, lint, risk, verdict};
pub use diff::{ValueChange, diff, object_changes, summary, unified, value_changes};
pub use document::{amended, document};
pub use edit::facts::{Facts, facts};
pub use edit::{Applied, apply};
pub use error::Error;
pub use files::Files;

pub use message::proposed_message;
pub use release::{ChartAt, Release, releases};
pub use scaffold::{Scaffold, scaffold};
pub use yaml::{Token, TokenKind, highlight, syntax};
