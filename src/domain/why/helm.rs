//! Causes in Helm releases.

use super::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::new("helm-values-schema", "The values do not fit the chart's schema: {why}", "Correct the values that it names.").says(
        &[
            "values don't meet the specifications of the schema(s) in the following chart(s): {why*}",
            "values don't meet the specifications of the schema(s) in the following chart(s):\n{_}\n{why*}",
            "values don't meet the specifications of the schema(s)\n{why*}",
        ],
    ),
    Rule::new("helm-values-schema-all", "The values do not fit the chart's schema", "Correct the values that it names.")
        .says(&["values don't meet the specifications of the schema"]),
    Rule::new(
        "helm-values-missing",
        "What the values come from is missing: {holder}",
        "Create it, or mark the reference as optional.",
    )
    .on(&["ValuesError"])
    .says(&["could not resolve {holder}: ", "could not find {holder}: ", "unable to merge value from {holder}:"]),
    Rule::new("helm-values-failed", "The values cannot be put together", "Correct spec.values and spec.valuesFrom.")
        .on(&["ValuesError"])
        .rank(30),
    Rule::new(
        "helm-template",
        "The chart's template {file} fails at line {line}: {why}",
        "Correct the values that it needs, or the chart.",
    )
    .says(&[
        "execution error at ({file}:{line}:{_}): {why*}",
        "template: {file}:{line}:{_}: {why*}",
        "parse error at ({file}:{line}): {why*}",
    ]),
    Rule::new(
        "helm-yaml",
        "The chart's template {file} renders no valid YAML at line {line}",
        "Correct the values that it needs, or the chart.",
    )
    .says(&["YAML parse error on {file}: error converting YAML to JSON: yaml: line {line}:"]),
    Rule::new(
        "helm-foreign-object",
        "The chart wants to create {object}, which exists and belongs to no release or another one",
        "Delete it, take it out of the chart, or give it the release's labels and annotations.",
    )
    .says(&[
        "Unable to continue with {_}: {object} exists and cannot be imported into the current release",
        "{object} exists and cannot be imported into the current release",
    ]),
    Rule::new(
        "helm-locked",
        "Another Helm operation holds the release",
        "Wait; if none runs, reconcile with --force or --reset to get over a broken one.",
    )
    .says(&["another operation (install/upgrade/rollback) is in progress"]),
    Rule::new("helm-no-rollback", "There is no earlier release to go back to", "Mend the release and reconcile it with --reset.")
        .says(&["missing target release for rollback"]),
    Rule::new(
        "helm-timeout",
        "Helm waited in vain for what it had applied to become ready",
        "Look at the release's Pods; spec.timeout says how long is waited.",
    )
    .says(&[
        "Helm {_} failed for release {_}: context deadline exceeded",
        "Helm {_} failed for release {_}timed out waiting for the condition",
        "Helm {_} failed for release {_}resource not ready",
        "Helm {_} failed for release {_}timeout waiting for",
    ])
    .rank(20),
    Rule::new(
        "helm-rollback-failed",
        "The way back to the release before failed too: {why}",
        "Mend it by hand, then reconcile with --reset.",
    )
    .says(&["Helm rollback to previous release {_} failed: {why*}"])
    .rank(30),
    Rule::new(
        "helm-uninstall-failed",
        "The release could not be uninstalled: {why}",
        "Look at what it names; a finalizer or a hook may hold it.",
    )
    .says(&["Helm uninstall remediation for release {_} failed: {why*}", "Helm uninstall failed for release {_}: {why*}"])
    .rank(30),
    Rule::new("helm-test-failed", "The release's tests failed: {why}", "Read the log of the test's Pods.")
        .says(&["Helm test failed for release {_}: {why*}"])
        .rank(30),
    Rule::new(
        "helm-install-failed",
        "Helm could not install the release: {why}",
        "Correct what it names; the next reconciliation tries again.",
    )
    .says(&["Helm install failed for release {_} with chart {_}: {why*}"])
    .rank(25),
    Rule::new(
        "helm-upgrade-failed",
        "Helm could not upgrade the release: {why}",
        "Correct what it names; the next reconciliation tries again.",
    )
    .says(&["Helm upgrade failed for release {_} with chart {_}: {why*}"])
    .rank(25),
    Rule::new(
        "helm-retries-exceeded",
        "Flux tries no more: it failed to {action} {count} times",
        "Mend the cause, then reconcile with --reset, or raise spec.{action}.remediation.retries.",
    )
    .says(&["Failed to {action} after {count} attempt(s)"])
    .rank(15),
    Rule::new("helm-given-up", "Flux tries no more", "Mend the cause, then reconcile with --reset.")
        .on(&["RetriesExceeded"])
        .rank(14),
];
