//! Bad input gets one clear message that says what, where and what to do, and loses nothing.
//!
//! Most of it asks no cluster, or asks one only to be refused: those stories are told on the simulator alone.

mod broken;
mod fields;
mod kubeconfig;
mod manifests;
mod records;
mod repository;

use crate::support::console::Said;
use crate::support::ground::{Ground, Kind};

/// Returns a simulated ground.
fn simulated(story: &str) -> Ground {
    Ground::new(Kind::Sim, story).expect("the simulator is always there")
}

/// Checks a refusal: its status, nothing on standard output, and one message on the error stream with all these parts.
#[track_caller]
pub(super) fn refused(said: Said, code: i32, parts: &[&str]) -> String {
    assert_eq!(said.out, "", "a refusal prints nothing for pipes; stderr:\n{}", said.err);
    let err = said.failed(code);
    let begins = err.lines().filter(|line| line.starts_with("quarterdeck: ") || line.starts_with("error: ")).count();
    assert_eq!(begins, 1, "one message:\n{err}");
    for part in parts {
        assert!(err.contains(part), "\u{201c}{part}\u{201d} in {err}");
    }
    assert!(!err.contains("panicked"), "{err}");
    err
}
