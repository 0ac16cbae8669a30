//! Contexts that do not exist, kubeconfigs that cannot be read, and servers that do not answer or refuse.

use serde_json::json;

use super::{refused, simulated};
use crate::support::console::Operator;
use crate::support::ground::{Ground, Kind};

#[test]
fn a_context_that_does_not_exist_is_named_beside_those_that_do() {
    let ground = simulated("context");
    let operator = ground.operator();
    refused(operator.run(&["--context", "nope", "get", "ks"]), 4, &["There is no such context", "nope", "deck"]);
    // It is not asked for where no cluster is needed, but a wrong word is a wrong word.
    refused(operator.run(&["--context", "nope", "get", "projects"]), 4, &["nope"]);
    operator.run(&["--context", "deck", "get", "ks"]).ok();
}

#[test]
fn a_kubeconfig_that_cannot_be_read_is_named_with_the_reason() {
    let operator = Operator::lost();
    let folder = operator.state().parent().expect("a home").to_owned();
    let place = folder.to_string_lossy().into_owned();
    refused(operator.run(&["--kubeconfig", &place, "get", "ks"]), 1, &["cannot be read", &place, "irectory"]);
    refused(
        operator.run(&["--kubeconfig", "/nonexistent/config", "get", "ks"]),
        4,
        &["There is no such kubeconfig", "/nonexistent/config"],
    );

    let secret = "contexts: [\nusers: [{name: a, user: {token: hunter2-hunter2}}\n";
    let broken = operator.file("broken.yaml", secret).to_string_lossy().into_owned();
    let err = refused(operator.run(&["--kubeconfig", &broken, "get", "ks"]), 2, &["is no kubeconfig", &broken, "line "]);
    assert!(!err.contains("hunter2"), "the file's lines are not quoted, a token may stand in them: {err}");
    let wrong = operator.file("wrong.yaml", "apiVersion: v1\nkind: Config\nclusters: 7\n").to_string_lossy().into_owned();
    refused(operator.run(&["--kubeconfig", &wrong, "get", "ks"]), 2, &["is no kubeconfig", "line 3"]);
}

#[test]
fn without_a_kubeconfig_records_can_be_kept_and_it_is_said_how_to_get_one() {
    let ground = simulated("lost");
    ground.seed();
    let operator = Operator::lost();
    operator.run(&["project", "add", "shop", "--repo", &ground.repo.url]).ok();
    assert!(operator.run(&["get", "projects", "-o", "name"]).ok().contains("shop"));
    refused(operator.run(&["get", "ks"]), 4, &["There is no kubeconfig", "no-kubeconfig", "--kubeconfig", "demo"]);
    refused(operator.run(&["environment", "add", "shop", "development"]), 4, &["There is no kubeconfig"]);
    operator.run(&["get", "environments"]).ok();
}

#[test]
fn a_current_context_that_is_missing_is_said() {
    let operator = Operator::lost();
    let text = |current: &str| {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": current,
            "clusters": [{"name": "east", "cluster": {"server": "https://127.0.0.1:9"}}],
            "contexts": [{"name": "east", "context": {"cluster": "east", "user": "me"}}],
            "users": [{"name": "me", "user": {"token": "t"}}],
        })
        .to_string()
    };
    let gone = operator.file("gone", &text("west")).to_string_lossy().into_owned();
    refused(operator.run(&["--kubeconfig", &gone, "get", "ks"]), 4, &["west", "current", "east"]);
    let none = operator.file("none", &text("")).to_string_lossy().into_owned();
    refused(operator.run(&["--kubeconfig", &none, "get", "ks"]), 2, &["No context is chosen", "--context", "east"]);
    // A server that refuses connections, under the context's own name.
    refused(
        operator.run(&["--kubeconfig", &none, "--context", "east", "get", "ks"]),
        1,
        &["cannot be read", "east", "https://127.0.0.1:9", "refused"],
    );
}

#[test]
fn files_and_helpers_that_a_context_names_are_missed_by_name() {
    let operator = Operator::lost();
    let text = |cluster: serde_json::Value, user: serde_json::Value| {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "east",
            "clusters": [{"name": "east", "cluster": cluster}], "users": [{"name": "me", "user": user}],
            "contexts": [{"name": "east", "context": {"cluster": "east", "user": "me"}}],
        })
        .to_string()
    };
    let server = "https://127.0.0.1:9";
    let exec = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-helper", "interactiveMode": "Never"}});
    let cases = [
        (
            text(json!({"server": server, "certificate-authority": "/nonexistent/ca.crt"}), json!({"token": "t"})),
            1,
            "/nonexistent/ca.crt",
        ),
        (
            text(
                json!({"server": server}),
                json!({"client-certificate": "/nonexistent/me.crt", "client-key": "/nonexistent/me.key"}),
            ),
            1,
            "/nonexistent/me",
        ),
        (text(json!({"server": "no url"}), json!({"token": "t"})), 1, "url"),
        (text(json!({"server": server}), exec), 3, "credential helper"),
        (text(json!({"server": "https://nowhere.invalid"}), json!({"token": "t"})), 1, "nowhere.invalid"),
    ];
    for (number, (text, code, part)) in cases.into_iter().enumerate() {
        let file = operator.file(&format!("config-{number}"), &text);
        refused(operator.run(&["--kubeconfig", &file.to_string_lossy(), "get", "ks"]), code, &["east", part]);
    }
}

#[test]
fn a_cluster_that_does_not_know_us_or_forbids_it_is_a_refusal() {
    let ground = simulated("denied");
    let operator = ground.operator();
    ground.simulator().deny("/", 401);
    refused(operator.run(&["get", "ks"]), 3, &["does not accept the credentials", "deck", "401"]);
    ground.simulator().allow();
    ground.simulator().deny("Kustomization", 403);
    refused(operator.run(&["get", "ks"]), 3, &["does not show this to you", "deck", "403"]);
    // What may be seen is shown all the same.
    operator.run(&["get", "gitrepo"]).ok();
    ground.simulator().allow();
    operator.run(&["get", "ks"]).ok();
}

#[test]
fn a_certificate_from_elsewhere_is_not_trusted() {
    let Some(ground) = Ground::new(Kind::Real, "certificate") else { return };
    let text = std::fs::read_to_string(ground.kubeconfig()).expect("a kubeconfig");
    let mut config: serde_json::Value = serde_yaml::from_str(&text).expect("a kubeconfig");
    let cluster = config["clusters"][0]["cluster"].as_object_mut().expect("a cluster");
    cluster.retain(|key, _| !key.starts_with("certificate-authority"));
    let operator = Operator::lost();
    let file = operator.file("elsewhere", &config.to_string());
    refused(
        operator.run(&["--kubeconfig", &file.to_string_lossy(), "get", "ks"]),
        1,
        &["no trusted connection", "https://", "certificate"],
    );
}
