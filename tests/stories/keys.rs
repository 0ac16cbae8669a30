//! The stories by keys typed into the console. What several of them do stands here: open the console, open the form of an
//! environment, submit, and look for the four stages.

mod begin;
mod branch;
mod first;
mod kill;
mod looks;
mod pods;
mod refused;
mod sync;
mod terminal;

use std::time::Duration;

use super::story;
use crate::support::console::{Console, Operator};
use crate::support::ground::Ground;

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";
const TAB: &str = "\t";
/// Ctrl-D, the Diff tab.
const DIFF: &str = "\u{4}";
/// Ctrl-S.
const SUBMIT: &str = "\u{13}";
/// Ctrl-T, the test of a connection.
const TEST: &str = "\u{14}";
/// Ctrl-U, which empties a field.
const EMPTY: &str = "\u{15}";
/// Ctrl-Y, the YAML tab.
const YAML: &str = "\u{19}";
/// Ctrl-Z.
const SUSPEND: &str = "\u{1a}";

/// How long anything may take that waits for nothing but the console, the Git server and the mirror.
const SOON: Duration = Duration::from_secs(20);

/// Opens a console that is wide enough for form and effect beside each other, and waits until the cluster is heard.
pub(super) fn console(operator: &Operator) -> Console {
    let console = operator.console(150, 44);
    console.see("● live");
    console
}

/// Returns the line of a screen that a label stands in.
fn line<'s>(screen: &'s str, label: &str) -> &'s str {
    screen.lines().find(|line| line.contains(label)).unwrap_or_default()
}

/// Goes to the environments, and with `d` to the form of the one that is selected there.
pub(super) fn form(console: &mut Console, environment: &str) {
    console.keys("2");
    console.until("the environment", SOON, |screen| screen.contains("IN GIT") && screen.contains(environment));
    console.keys("d");
    console.until("the form", SOON, |screen| screen.contains(&format!("→ {environment}")) && screen.contains("Memory limit"));
}

/// Puts another tag into the form, in whose field the cursor stands, and waits until the effect says so.
pub(super) fn tag(console: &mut Console, tag: &str) {
    console.keys(&format!("{EMPTY}{tag}"));
    console.until("the new tag in the effect", SOON, |screen| {
        screen.contains("WILL CHANGE") && screen.contains(&format!("newTag: {tag}"))
    });
}

/// Opens the review.
pub(super) fn review(console: &mut Console) {
    console.keys(SUBMIT);
    console.see("Commit and push to");
}

/// Says yes to the review and waits until the deployment is followed.
pub(super) fn yes(console: &mut Console) {
    console.keys("y");
    console.until("the deployment", SOON, |screen| screen.contains("✓ Git commit"));
}

/// Tells whether all four stages are green.
pub(super) fn green(screen: &str) -> bool {
    ["✓ Git commit", "✓ Flux sync", "✓ Apply", "✓ Health"].iter().all(|stage| screen.contains(stage))
}

/// Prepares the ground for one environment, added by subcommands.
fn prepared(ground: &Ground, environment: &str) -> Operator {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &[environment]);
    operator
}
