//! Causes in the order of things: dependencies, suspension, controllers; and what is left when nothing else fits.

use super::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::new("dependency-missing", "It depends on {dependency}, which does not exist", "Create it, or correct spec.dependsOn.")
        .says(&["dependency '{dependency}' not found", "unable to get '{dependency}' dependency"])
        .rank(48),
    Rule::new(
        "dependency-old",
        "It waits until {dependency} has applied the same revision",
        "Nothing, unless {dependency} stands still: look at it then.",
    )
    .says(&["dependency '{dependency}' revision is not up to date"])
    .rank(10),
    Rule::new(
        "dependency-not-ready",
        "It waits for {dependency}, which is not ready",
        "Look at {dependency}: what keeps it keeps this.",
    )
    .says(&["dependency '{dependency}' is not ready"])
    .rank(10),
];

pub(super) static CYCLE: Rule =
    Rule::new("dependency-cycle", "Objects wait for each other in a circle: {circle}", "Take one dependsOn of the circle away.")
        .inferred();
pub(super) static SUSPENDED: Rule =
    Rule::new("suspended", "Nothing happens because {object} is suspended", "Resume it when it is to go on.").rank(60);
pub(super) static CONTROLLER: Rule = Rule::new(
    "controller-down",
    "The controller {controller} does not run",
    "Look at its Deployment and Pods; nothing of its kinds goes on without it.",
)
.rank(70);
pub(super) static UNSEEN: Rule = Rule::new(
    "unseen",
    "Its controller has not looked at the latest change yet",
    "Wait a moment; if it stays so, look at {controller}.",
)
.rank(3)
.inferred();
pub(super) static DELETING: Rule =
    Rule::new("deleting", "It is being deleted", "Wait; a finalizer that stays holds it.").rank(12);
pub(super) static SAID: Rule = Rule::new("said", "It is not well: {reason}", "Read what it says.").rank(2);

/// The causes that are found by looking around, not by reading a message.
pub(super) static SEEN: [&Rule; 6] = [&CYCLE, &SUSPENDED, &CONTROLLER, &UNSEEN, &DELETING, &SAID];
