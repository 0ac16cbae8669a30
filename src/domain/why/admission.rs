//! Causes that admission names: quotas, limits, webhooks, policies.

use super::Said;
use super::pattern::Values;
use super::rule::{Rule, set, value};

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "quota-exceeded",
        "The quota {quota} is used up: asked for {asked}, used {used}, limit {limit}",
        "Ask for less, free what is not needed, or raise the ResourceQuota.",
    )
    .says(&["exceeded quota: {quota}, requested: {asked}, used: {used}, limited: {limit}"]),
    Rule::new(
        "quota-needs-values",
        "The quota {quota} wants every container to set {fields}",
        "Set them, or add a LimitRange with defaults.",
    )
    .says(&["failed quota: {quota}: must specify {fields*}"]),
    Rule::new(
        "limit-range-above",
        "A LimitRange allows at most {limit} {resource} per {scope}; asked for {asked}",
        "Ask for less, or raise the LimitRange.",
    )
    .says(&["maximum {resource} usage per {scope} is {limit}, but {_} is {asked}"])
    .refine(tidy),
    Rule::new(
        "limit-range-below",
        "A LimitRange wants at least {limit} {resource} per {scope}; asked for {asked}",
        "Ask for more, or lower the LimitRange.",
    )
    .says(&["minimum {resource} usage per {scope} is {limit}, but {_} is {asked}"])
    .refine(tidy),
    Rule::new("limit-range-unset", "A LimitRange wants {resource} to be set for every {scope}", "Set request and limit.")
        .says(&["maximum {resource} usage per {scope} is {_}.  No ", "minimum {resource} usage per {scope} is {_}.  No "]),
    Rule::new(
        "webhook-denied",
        "The admission webhook {webhook} refuses it: {why}",
        "Do as it says, or ask whoever runs the webhook.",
    )
    .says(&["admission webhook \"{webhook}\" denied the request: {why*}"]),
    Rule::new(
        "webhook-denied-mutely",
        "The admission webhook {webhook} refuses it without a word",
        "Ask whoever runs the webhook.",
    )
    .says(&["admission webhook \"{webhook}\" denied the request"]),
    Rule::new(
        "webhook-down",
        "The admission webhook {webhook} does not answer: {why}",
        "Look at the Pods and certificates behind the webhook; until it answers nothing it watches can change.",
    )
    .says(&["failed calling webhook \"{webhook}\": {why*}"]),
    Rule::new("policy-denied", "The admission policy {policy} refuses it: {why}", "Do as it says, or change the policy.")
        .says(&["ValidatingAdmissionPolicy '{policy}' with binding '{_}' denied request: {why*}"]),
    Rule::new(
        "pod-security",
        "The namespace's Pod security level {level} forbids it: {why}",
        "Set the securityContext as it says, or change the namespace's pod-security labels.",
    )
    .says(&["violates PodSecurity \"{level}\": {why*}"]),
];

fn tidy(_: &Said, values: &mut Values) -> bool {
    if let Some(asked) = value(values, "asked") {
        let asked = asked.trim_end_matches(['.', ',', ']']).to_owned();
        set(values, "asked", asked);
    }
    true
}
