//! Values that cannot stand in their fields: each is told with the value, the reason and an example, and nothing is done.

use super::{refused, simulated};

#[test]
fn a_value_that_does_not_fit_its_field_is_told_before_anything_is_done() {
    let ground = simulated("fields");
    let base = ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let before = operator.run(&["audit", "-o", "json", "-l", "0"]).json();
    let cases: [(&[&str], &[&str]); 22] = [
        (&["--image", "UPPER/x"], &["no image reference|not an image reference", "UPPER", "lower-case"]),
        (&["--image", "a:b:c"], &["a:b:c", "tag"]),
        (&["--image", ""], &["empty"]),
        (&["--image", "a@sha256:12"], &["digest", "64"]),
        (&["--tag", "a/b"], &["image tag", "a/b", "1.9.0"]),
        (&["--replicas", "-1"], &["number of replicas", "-1", "0 to 10000"]),
        (&["--replicas", "1000000000"], &["1000000000", "not believable"]),
        (&["--replicas", "abc"], &["abc", "whole number"]),
        (&["--env", "NOVALUE"], &["NOVALUE", "NAME=VALUE"]),
        (&["--env", "=x"], &["the name is empty", "LOG_LEVEL=debug"]),
        (&["--cpu", "1x"], &["cpu request", "1x", "250m"]),
        (&["--cpu", "-1"], &["cpu request", "negative"]),
        (&["--memory", "1Gx"], &["memory request", "Gx", "128Mi"]),
        (&["--memory", "2Gi:1Gi"], &["above its limit", "2Gi:1Gi"]),
        (&["--memory", ":"], &["Nothing to change"]),
        (&["--pull-policy", "Sometimes"], &["Sometimes", "IfNotPresent"]),
        (&["--tag", "2", "--wait", "soon"], &["not a duration", "soon", "1h30m"]),
        (&["--tag", "2", "--wait=-5m"], &["negative"]),
        (&["--tag", "1.0.0"], &["Nothing would change"]),
        (&["--env", "NOT_THERE-"], &["Nothing would change"]),
        (&["--image", "a", "--tag", "2"], &["cannot be used with"]),
        (&[], &["Nothing to change", "--image"]),
    ];
    for (more, parts) in cases {
        let parts: Vec<&str> = parts.iter().map(|part| part.rsplit('|').next().unwrap_or(part)).collect();
        refused(operator.run(&[&["deploy", &ground.app, "development", "--yes"], more].concat()), 2, &parts);
    }
    refused(
        operator.run(&["deploy", &ground.app, "development", "--tag", "2", "--yes", "--container", "nope"]),
        4,
        &["nope", "web"],
    );
    let changed = operator.run(&["deploy", &ground.app, "development", "--tag", "2", "--yes", "--reviewed", &"0".repeat(64)]);
    refused(changed, 3, &["reviewed"]);
    assert_eq!(ground.repo.head("main"), Some(base), "nothing was committed");
    let after = operator.run(&["audit", "-o", "json", "-l", "0"]).json();
    let count = |journal: &serde_json::Value| {
        journal.as_array().map_or(0, |entries| entries.iter().filter(|e| e["phase"] == "done").count())
    };
    assert_eq!(count(&before), count(&after), "nothing was done");
}

#[test]
fn a_moment_and_a_filter_that_make_no_sense_are_told() {
    let operator = crate::support::console::Operator::lost();
    refused(operator.run(&["audit", "--from", "yesterday"]), 2, &["no moment", "yesterday", "2026-11-21T14:02:00Z"]);
    refused(operator.run(&["audit", "export", "--to", "2026-13-01T00:00:00Z"]), 2, &["no moment"]);
    refused(operator.run(&["audit", "export", "--limit", "3"]), 2, &["--limit", "--from"]);
    refused(operator.run(&["audit", "verify", "--act", "deploy"]), 2, &["whole journal"]);
    refused(operator.run(&["history", "-l", "some"]), 2, &["some"]);
    refused(operator.run(&["--log", "loud", "get", "projects"]), 2, &["no log level", "loud", "debug"]);
    refused(operator.run(&["-o", "xml", "get", "projects"]), 2, &["xml", "json"]);
    refused(operator.run(&["get", "nonsense"]), 2, &["no Flux kind", "nonsense", "ks"]);
    refused(operator.run(&["nonsense"]), 2, &["nonsense"]);
}
