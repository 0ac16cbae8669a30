//! Repositories that are none, do not answer, or lack what an environment asks of them.

use super::{refused, simulated};
use crate::support::console::Operator;

#[test]
fn a_repository_that_cannot_be_had_is_named_with_the_reason() {
    let operator = Operator::lost();
    let folder = operator.state().parent().expect("a home").join("empty");
    std::fs::create_dir(&folder).expect("a folder of our own");
    let folder = folder.to_string_lossy().into_owned();
    let file = format!("file://{folder}");
    let cases: [(&str, i32, &[&str]); 8] = [
        (&folder, 4, &["There is no repository", "empty"]),
        (&file, 4, &["There is no repository", "file://"]),
        ("file:///nonexistent/shop.git", 4, &["There is no repository", "/nonexistent/shop.git"]),
        ("http://127.0.0.1:9/shop.git", 1, &["cannot be reached", "127.0.0.1:9", "refused"]),
        ("https://nowhere.invalid/shop.git", 1, &["cannot be reached", "nowhere.invalid"]),
        ("nonsense", 2, &["cannot be used", "nonsense", "https://host/path"]),
        ("http://me:hunter2@127.0.0.1:9/shop.git", 2, &["does not belong in a URL"]),
        ("ssh://-oProxyCommand=x/y", 2, &["cannot be used"]),
    ];
    for (url, code, parts) in cases {
        let err = refused(operator.run(&["project", "add", "shop", "--repo", url]), code, parts);
        assert!(!err.contains("hunter2"), "no password is repeated: {err}");
    }
    assert_eq!(operator.run(&["get", "projects", "-o", "json"]).json(), serde_json::json!([]), "nothing was kept");
}

#[test]
fn a_token_that_is_not_where_it_should_be_is_missed_by_place() {
    let operator = Operator::lost();
    let add = |credential: &str| {
        operator.run(&["project", "add", "shop", "--repo", "http://127.0.0.1:9/shop.git", "--credential", credential])
    };
    refused(add("bot@env:NO_SUCH_TOKEN"), 1, &["token could not be read", "NO_SUCH_TOKEN", "Set the variable"]);
    refused(add("file:/nonexistent/token"), 1, &["token could not be read", "/nonexistent/token"]);
    let err = refused(add("ghp_hunter2hunter2"), 2, &["names no credential", "env:NAME"]);
    assert!(!err.contains("hunter2"), "a token given by mistake is not repeated: {err}");
    assert!(!operator.run(&["audit", "export"]).ok().contains("hunter2"), "nor written down");
}

#[test]
fn a_branch_or_a_path_that_is_not_there_is_said_when_it_is_named_and_when_it_is_used() {
    let ground = simulated("absent");
    ground.seed();
    let operator = ground.operator();
    let app = ground.app.as_str();
    let said = operator.run(&["project", "add", app, "--repo", &ground.repo.url, "--branch", "trunk"]);
    assert!(said.err.contains("The default branch is not there: trunk") && said.err.contains("main"), "{}", said.err);
    said.ok();
    let added = operator.run(&["environment", "add", app, "staging", "--branch", "nowhere", "--yes"]);
    assert!(added.err.contains("It cannot be deployed to yet") && added.err.contains("nowhere"), "{}", added.err);
    added.ok();
    refused(
        operator.run(&["deploy", app, "staging", "--tag", "2", "--yes"]),
        4,
        &["The branch does not exist", "nowhere", "main"],
    );
    let added = operator.run(&["environment", "add", app, "testing", "--branch", "main", "--path", "no/such/folder", "--yes"]);
    assert!(added.err.contains("no/such/folder"), "{}", added.err);
    added.ok();
    refused(
        operator.run(&["deploy", app, "testing", "--tag", "2", "--yes"]),
        4,
        &["no/such/folder", "does not exist", "path and branch"],
    );
    assert_eq!(ground.repo.log("main").len(), 1, "nothing was committed");
}

#[test]
fn a_server_that_wants_another_token_is_a_clear_refusal() {
    let ground = simulated("login");
    ground.seed();
    let operator = Operator::lost();
    ground.repo.fault(crate::support::gitserver::Fault::Unauthorized);
    let said = operator
        .run_with(&["project", "add", "shop", "--repo", &ground.repo.url, "--credential", "env:TOKEN"], &[("TOKEN", "hunter2")]);
    assert!(!said.err.contains("hunter2"), "{}", said.err);
    refused(said, 1, &["refused access", &ground.repo.url, "401", "credential"]);
    ground.repo.fault(crate::support::gitserver::Fault::None);
}
