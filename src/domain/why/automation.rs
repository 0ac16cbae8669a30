//! Causes in image automation, receivers and notifications.

use super::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "push-refused",
        "The Git server refuses the automation's push: {why}",
        "Let the account push to that branch, or let it push to another one (spec.git.push.branch).",
    )
    .says(&["failed to push to remote: {why*}", "failed to update source: {why*}"]),
    Rule::new("policy-no-tags", "No tag of the image has been seen yet", "Look at the ImageRepository: it must scan first.")
        .says(&["no tags in database", "version list argument cannot be empty", "no image found for policy"]),
    Rule::new("policy-no-match", "No tag of the image fits the policy", "Correct range or filter, or push a tag that fits.")
        .says(&["unable to determine latest version from provided list", "cannot determine latest tag for policy"]),
    Rule::new("policy-invalid", "The policy is not valid", "Correct spec.policy.")
        .says(&["invalid policy:", "failed to filter tags"]),
    Rule::new(
        "repository-missing-image",
        "There is no ImageRepository for the policy",
        "Create it, or correct spec.imageRepositoryRef.",
    )
    .says(&["referenced ImageRepository does not exist"]),
    Rule::new(
        "receiver-token",
        "The receiver has no valid token",
        "Put a key `token` into the Secret that spec.secretRef names.",
    )
    .says(&["unable to read token from secret"]),
    Rule::new("scan-failed", "The registry cannot be scanned: {why}", "Check image name and credentials of the ImageRepository.")
        .says(&["scan failed: {why*}"])
        .rank(20),
];
