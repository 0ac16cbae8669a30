//! The subcommands as scripts use them: what they print, in which form, and how they end.

use std::io::{BufRead, BufReader};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::story;
use crate::support::console::{Operator, Said};
use crate::support::ground::{Ground, Kind};
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(30);

fn simulated(story: &str) -> Ground {
    Ground::new(Kind::Sim, story).expect("the simulator is always there")
}

/// Returns the names of an object's fields, in their order.
fn fields(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

story!(ends_with_the_status_that_says_how_it_went);
fn ends_with_the_status_that_says_how_it_went(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development", "production"]);
    let app = ground.app.as_str();
    let deploy = |environment: &str, tag: &str, more: &[&str]| {
        operator.run(&[&["deploy", app, environment, "--tag", tag, "--yes"], more].concat())
    };
    // 5: not over in time. It says how to go on, and going on ends with 0.
    let slow = deploy("development", "2.0.0-slow", &["--wait", "1s"]).failed(5);
    let id = slow.rsplit("quarterdeck follow ").next().map(|rest| rest.trim().to_owned()).expect("how to go on");
    assert!(slow.contains("not over yet") && !id.is_empty(), "{slow}");
    operator.run(&["follow", &id, "--wait", "2m"]).ok();
    // 1: it was tried and failed.
    deploy("development", "missing-2", &["--wait", "3m"]).failed(1);
    // 2: without a terminal nothing is asked, and nothing is done.
    let head = ground.repo.head("main");
    let unasked = operator.run(&["deploy", app, "development", "--tag", "3.0.0"]).failed(2);
    assert!(unasked.contains("no terminal") && unasked.contains("--yes"), "{unasked}");
    // 3: it waits for a person, or is not allowed at all.
    assert_eq!(ground.repo.head("main"), head, "what was not answered was not done");
    let waits = deploy("production", "3.0.0", &["--wait", "1m"]).failed(3);
    assert!(waits.contains(&format!("quarterdeck sync {app} production")), "{waits}");
    operator.run(&["--readonly", "deploy", app, "development", "--tag", "4.0.0", "--yes"]).failed(3);
    // 4: it does not exist.
    deploy("nowhere", "4.0.0", &[]).failed(4);
    looks(ground, &operator);
    operator.run(&["audit", "verify"]).ok();
}

/// What only looks commits nothing: what fields would change, and the records as a document that is taken in elsewhere.
fn looks(ground: &Ground, operator: &Operator) {
    let (app, head) = (ground.app.as_str(), ground.repo.head("main"));
    let diff = |more: &[&str]| operator.run(&[&["diff", app, "development"], more].concat());
    let files = diff(&["--replicas", "7"]).ok();
    assert!(files.contains("+++ b/") && files.contains("+  count: 7"), "{files}");
    let rendered = diff(&["--replicas", "7", "--rendered"]).ok();
    assert!(rendered.contains("+  replicas: 7") && !rendered.contains("kustomization.yaml"), "{rendered}");
    let live = diff(&["--replicas", "7", "--live"]).ok();
    assert!(live.contains("Deployment/") && live.contains("changed"), "{live}");
    diff(&["--replicas", "7", "--live", "--git"]).failed(2);
    let other = operator.run(&["diff", &format!("ks/{app}-development"), "--replicas", "7"]).failed(2);
    assert!(other.contains("PROJECT ENVIRONMENT"), "{other}");
    assert_eq!(ground.repo.head("main"), head);

    let fresh = ground.operator();
    let file = operator.file("deck.yaml", "").display().to_string();
    operator.run(&["export", &file]).failed(2);
    operator.run(&["export", &file, "--yes"]).ok();
    let same = operator.run(&["import", &file, "--dry-run", "-o", "json"]).json();
    assert!(same.as_array().expect("records").iter().all(|record| record["change"] == "same"), "{same}");
    fresh.run(&["import", &file]).failed(2);
    let taken = fresh.run(&["import", &file, "--yes", "-o", "json"]).json();
    assert!(taken.as_array().expect("records").iter().all(|record| record["change"] == "added"), "{taken}");
    let records = |who: &Operator| who.run(&["export"]).ok();
    assert_eq!(records(&fresh), records(operator));
    fresh.run(&["audit", "verify"]).ok();
}

#[test]
fn readonly_refuses_every_order_before_it_asks() {
    let ground = simulated("readonly");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let (app, head) = (ground.app.as_str(), ground.repo.head("main"));
    let ks = format!("ks/{app}-development");
    let before = operator.run(&["audit", "-l", "0", "-o", "name"]).ok();
    let orders: [&[&str]; 12] = [
        &["project", "add", "other", "--repo", &ground.repo.url],
        &["project", "edit", app, "--name", "x"],
        &["project", "rm", app],
        &["environment", "add", app, "testing"],
        &["environment", "edit", app, "development", "--path", "x"],
        &["environment", "rm", app, "development"],
        &["deploy", app, "development", "--tag", "2"],
        &["deploy", app, "development", "--tag", "2", "--yes"],
        &["sync", app, "development"],
        &["reconcile", &ks],
        &["suspend", &ks],
        &["resume", &ks, "--yes"],
    ];
    for order in orders {
        let why = operator.run(&[&["--readonly"], order].concat()).failed(3);
        assert!(why.contains("No order is given") && why.contains("--readonly"), "{order:?}: {why}");
    }
    assert_eq!(operator.run(&["audit", "-l", "0", "-o", "name"]).ok(), before, "nothing was written down");
    assert_eq!(ground.repo.head("main"), head);
    // Looking is allowed.
    for look in
        [&["get", "ks"][..], &["history"], &["audit", "verify"], &["deploy", app, "development", "--tag", "2", "--dry-run"]]
    {
        operator.run(&[&["--readonly"], look].concat()).ok();
    }
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let ground = simulated("unasked");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let ks = format!("ks/{app}-development");
    let asks: [&[&str]; 6] = [
        &["project", "rm", app],
        &["environment", "rm", app, "development"],
        &["deploy", app, "development", "--tag", "2"],
        &["sync", app, "development"],
        &["suspend", &ks],
        &["resume", &ks],
    ];
    for ask in asks {
        let said = operator.run(ask);
        assert_eq!(said.out, "", "{ask:?}");
        let why = said.failed(2);
        assert!(
            why.contains("there is no terminal to ask on") && why.contains("Add --yes") && !why.contains(".."),
            "{ask:?}: {why}"
        );
    }
    let console = operator.run::<&str>(&[]).failed(2);
    assert!(console.contains("needs a terminal"), "{console}");
    operator.run(&["demo"]).failed(2);
    // Answered, each does it.
    operator.run(&["suspend", &ks, "--yes"]).ok();
    operator.run(&["resume", &ks, "--yes"]).ok();
    operator.run(&["project", "rm", app, "--yes"]).ok();
    assert_eq!(operator.run(&["get", "environments", "-o", "json"]).json(), json!([]));
}

#[test]
fn every_form_of_output_is_valid_and_its_names_are_stable() {
    let ground = simulated("output");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["deploy", app, "development", "--tag", "2.0.0", "--yes", "--wait", "2m"]).ok();
    let newest = operator.run(&["history", "-o", "name"]).ok();
    let prints: [&[&str]; 11] = [
        &["get", "ks"],
        &["get", "all"],
        &["get", "projects"],
        &["get", "environments"],
        &["get", "deployments"],
        &["get", "contexts"],
        &["project", "show", app],
        &["environment", "show", app, "development"],
        &["history"],
        &["audit"],
        &["follow", newest.trim()],
    ];
    for print in prints {
        let in_form = |form: &str| operator.run(&[print, &["-o", form]].concat());
        let json = in_form("json").json();
        let yaml: Value = serde_yaml::from_str(&in_form("yaml").ok()).expect("YAML");
        assert_eq!(shape(&json), shape(&yaml), "{print:?}: both say the same");
        let names = in_form("name").ok();
        assert!(!names.trim().is_empty() && names.lines().all(|line| !line.contains(' ')), "{print:?}: {names}");
        let (table, wide) = (in_form("table"), in_form("wide"));
        assert_eq!(table.err, "", "{print:?}");
        let (table, wide) = (table.ok(), wide.ok());
        for text in [&table, &wide] {
            assert!(!text.contains('\u{1b}'), "{print:?}: no colour in a pipe: {text}");
        }
        if print[0] != "follow" && print[1..].first() != Some(&"contexts") {
            let columns = |text: &str| {
                text.lines().next().map_or(0, |line| line.split("   ").filter(|cell| !cell.trim().is_empty()).count())
            };
            assert!(columns(&wide) > columns(&table), "{print:?}: wide has more columns\n{table}\n{wide}");
        }
    }
}

#[test]
fn the_names_of_json_fields_are_a_promise() {
    let ground = simulated("names");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["deploy", app, "development", "--tag", "2.0.0", "--yes", "--wait", "2m"]).ok();
    let first = |arguments: &[&str]| operator.run(&[arguments, &["-o", "json"]].concat()).json()[0].clone();
    let flux = [
        "kind",
        "namespace",
        "name",
        "cluster",
        "health",
        "ready",
        "reason",
        "message",
        "revision",
        "suspended",
        "created",
        "last_reconciled",
    ];
    assert_eq!(fields(&first(&["get", "ks"])), flux);
    assert_eq!(fields(&first(&["get", "projects"])), ["slug", "name", "description", "organization", "repository"]);
    let environment = first(&["get", "environments"]);
    let wanted = [
        "id",
        "type",
        "cloud",
        "region",
        "cluster",
        "namespace",
        "approval",
        "proposal_prefix",
        "gitops",
        "workload",
        "health",
        "reason",
        "git_images",
    ];
    assert_eq!(&fields(&environment)[..wanted.len()], wanted);
    assert_eq!(
        &fields(&environment)[wanted.len()..],
        ["running_images", "revision", "ready", "replicas", "agrees", "suspended", "departures"]
    );
    let deployment = first(&["history"]);
    let wanted = [
        "id",
        "environment",
        "method",
        "actor",
        "requested",
        "finished",
        "status",
        "edits",
        "workload",
        "message",
        "branch",
        "files",
    ];
    assert_eq!(&fields(&deployment)[..wanted.len()], wanted);
    assert_eq!(
        &fields(&deployment)[wanted.len()..],
        ["base", "commit", "reviewed", "summary", "expect_images", "expect_replicas", "stages"]
    );
    let entry = first(&["audit", "--act", "project.add"]);
    for name in ["v", "seq", "time", "actor", "act", "object", "phase", "detail", "prev", "hash"] {
        assert!(fields(&entry).contains(&name), "{name} in {entry}");
    }
    let verdict = operator.run(&["audit", "verify", "-o", "json"]).json();
    assert_eq!(fields(&verdict), ["entries", "head", "unbroken", "unfinished", "first_bad"]);
    // Orders answer in the form that was asked for as well.
    let done = operator.run(&["project", "edit", app, "--name", "x", "-o", "json"]).json();
    assert_eq!((fields(&done), done["object"].as_str()), (vec!["object", "said"], Some(app)));
    let done = operator.run(&["reconcile", &format!("ks/{app}-development"), "-o", "json"]).json();
    assert_eq!(fields(&done[0]), ["object", "said"]);
    let preview = operator.run(&["deploy", app, "development", "--tag", "3.0.0", "--dry-run", "-o", "json"]).json();
    for name in ["environment", "base", "branch", "files", "rendered", "yaml", "findings", "message", "author", "will", "digest"]
    {
        assert!(fields(&preview).contains(&name), "{name} in a preview");
    }
    // Each command's help lists the names that it promises.
    for (command, names) in [("get", &flux[..]), ("history", &["expect_images", "stages"]), ("audit", &["prev", "first_bad"])] {
        let help = operator.run(&[command, "--help"]).ok().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(names.iter().all(|name| help.contains(name)), "{command}: {help}");
    }
}

/// Returns a value without what changes from one look to the next.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(map) => {
            map.iter().filter(|(key, _)| *key != "last_reconciled").map(|(key, value)| (key.clone(), shape(value))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let operator = Operator::lost();
    for number in 0..40 {
        operator.run(&["project", "add", &format!("p-{number}"), "--repo", "file:///nowhere", "--no-test"]).ok();
    }
    for command in ["get projects", "audit -l 0", "audit -l 0 -o json", "audit export", "audit export --csv", "--help"] {
        let said = operator.shell(&format!("{{ \"$QUARTERDECK\" {command}; echo \"status $?\" >&2; }} | head -1"));
        assert_eq!(said.out.lines().count(), 1, "{command}: {}", said.out);
        // A short export fits into the pipe before it is closed, and then it counts what it wrote.
        let rest: Vec<&str> = said.err.lines().filter(|line| !line.ends_with(" entries")).collect();
        assert_eq!(rest, ["status 0"], "{command}: nothing else is said");
    }
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let ground = simulated("steer");
    ground.seed();
    let evil = "red \u{1b}[31m\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}";
    ground.simulator().create(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "evil", "namespace": "flux-system", "annotations": {"note": evil}},
        "spec": {"interval": "1h", "path": "./x", "prune": false, "suspend": true, "sourceRef": {"kind": "GitRepository", "name": evil}},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Evil", "message": evil,
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1}]},
    }));
    ground.repo.commit("main", &[("README.md", evil)], &format!("subject {evil}"));
    ground.repo.commit("main", &[("k8s/base/evil.yaml", &format!("# {evil}\n"))], "comment");
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["project", "edit", app, "--name", evil, "--description", evil]).ok();
    operator
        .run(&[
            "deploy",
            app,
            "development",
            "--env",
            &format!("EVIL={evil}"),
            "-m",
            &format!("Say {evil}"),
            "--yes",
            "--wait",
            "2m",
        ])
        .ok();
    let mut said: Vec<Said> = Vec::new();
    for form in ["table", "wide", "json", "yaml", "name"] {
        for command in [
            &["get", "all"][..],
            &["get", "projects"],
            &["history"],
            &["audit", "-l", "0"],
            &["environment", "show", app, "development"],
        ] {
            said.push(operator.run(&[command, &["-o", form]].concat()));
        }
    }
    said.push(operator.run(&["deploy", app, "development", "--env", &format!("WORSE={evil}"), "--dry-run"]));
    said.push(operator.run(&["deploy", app, evil, "--tag", "2", "--yes"]));
    said.push(operator.run(&["--context", evil, "get", "ks"]));
    said.push(operator.run(&["follow", evil]));
    said.push(operator.run(&["get", evil]));
    for said in &said {
        for text in [&said.out, &said.err] {
            let hidden: Vec<char> = text.chars().filter(|c| !matches!(c, '\n' | '\t') && domain::text::hidden(*c)).collect();
            assert!(hidden.is_empty(), "{hidden:?} in {text}");
        }
    }
    // In JSON the value is what it was.
    let shown = operator.run(&["project", "show", app, "-o", "json"]).json();
    assert_eq!(shown["description"], evil);
    let ks = operator.run(&["get", "ks", "evil", "-o", "json"]).json();
    assert!(ks[0]["message"].as_str().is_some_and(|message| message.starts_with("red ")), "{ks}");
}

#[test]
fn errors_go_to_the_error_stream_only() {
    let ground = simulated("streams");
    let operator = ground.operator();
    for (arguments, code) in
        [(&["project", "show", "nowhere"][..], 4), (&["get", "nonsense"], 2), (&["nonsense"], 2), (&["audit", "--from", "x"], 2)]
    {
        let said = operator.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{arguments:?}");
        assert!(!said.err.is_empty() && !said.err.contains('\u{1b}'), "{arguments:?}: {}", said.err);
    }
    let said = operator.run(&["project", "add", "shop", "--repo", &ground.repo.url]);
    assert!(
        said.err.contains("The repository answers") && !said.out.contains("answers"),
        "remarks too: {} {}",
        said.out,
        said.err
    );
}

#[test]
fn an_export_holds_what_the_list_shows() {
    let operator = Operator::lost();
    for slug in ["shop", "ledger"] {
        operator.run(&["project", "add", slug, "--repo", "file:///nowhere", "--no-test"]).ok();
    }
    let list = operator.run(&["audit", "--object", "shop", "-o", "json"]).json();
    let mut listed: Vec<u64> = list.as_array().expect("a list").iter().filter_map(|e| e["seq"].as_u64()).collect();
    listed.reverse();
    let lines = operator.run(&["audit", "export", "--object", "shop"]).ok();
    let exported: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON Lines")["seq"].as_u64().expect("a number"))
        .collect();
    assert_eq!(exported, listed);
    assert_eq!(exported.len(), 2, "intent and outcome");
    let csv = operator.run(&["audit", "export", "--csv", "--object", "shop"]).ok();
    assert_eq!(csv.lines().count(), 1 + exported.len(), "{csv}");
    let none = operator.run(&["audit", "export", "--from", "2100-01-01T00:00:00Z"]);
    assert_eq!((none.code, none.out.as_str()), (0, ""));
    assert_eq!(operator.run(&["audit", "-l", "1", "-o", "json"]).json().as_array().map(Vec::len), Some(1));
    assert_eq!(operator.run(&["audit", "list", "-l", "0", "-o", "json"]).json().as_array().map(Vec::len), Some(4));
}

#[test]
fn a_history_is_as_long_as_asked_for() {
    let ground = simulated("history");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development", "production"]);
    let app = ground.app.as_str();
    for tag in ["2.0.0", "3.0.0", "4.0.0"] {
        operator.run(&["deploy", app, "development", "--tag", tag, "--yes"]).ok();
    }
    let count = |more: &[&str]| operator.run(&[&["history", "-o", "json"], more].concat()).json().as_array().map_or(0, Vec::len);
    assert_eq!((count(&[]), count(&["-l", "2"]), count(&["-l", "0"])), (3, 2, 3));
    assert_eq!((count(&[app]), count(&[app, "development"]), count(&[app, "production"])), (3, 3, 0));
    let newest = operator.run(&["history", "-l", "1", "-o", "json"]).json();
    assert!(newest[0]["summary"].as_str().is_some_and(|text| text.contains("4.0.0")), "newest first: {newest}");
    // All Flux kinds in one list; what is kept from view is said, and the rest is shown.
    let all = operator.run(&["get", "all", "-o", "json"]).json();
    let kinds: Vec<&str> = all.as_array().expect("a list").iter().filter_map(|o| o["kind"].as_str()).collect();
    assert!(kinds.contains(&"Kustomization") && kinds.contains(&"GitRepository"), "{kinds:?}");
    assert_eq!(operator.run(&["get", &format!("ks/{app}-development"), "-o", "json"]).json().as_array().map(Vec::len), Some(1));
    ground.simulator().deny("Kustomization", 403);
    let partly = operator.run(&["get", "all", "-o", "json"]);
    assert!(partly.err.contains("does not show this to you"), "{}", partly.err);
    assert!(partly.json().as_array().expect("a list").iter().all(|o| o["kind"] == "GitRepository"));
}

story!(goes_on_after_an_interrupt);
fn goes_on_after_an_interrupt(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    // A signal is a matter of this program alone; a Pod that takes its time on a real cluster takes eight seconds.
    let all = [("5.0.0-slow", "INT"), ("6.0.0-slow", "TERM"), ("7.0.0-slow", "KILL")];
    let told = if ground.kind() == Kind::Real { &all[..1] } else { &all[..] };
    for &(tag, signal) in told {
        let mut child = operator.start(&["deploy", app, "development", "--tag", tag, "--yes", "--wait", "3m"]);
        let mut told = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // It follows once it says so.
        told.by_ref()
            .find(|line| line.as_ref().is_ok_and(|line| line.starts_with("Git commit")))
            .expect("a first stage")
            .expect("text");
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "our own child takes a signal");
        let ended = wait("the end of the command", LIMIT, || child.try_wait().expect("a child"));
        assert!(!ended.success(), "{signal}: an interrupted command has not succeeded");
        let said = Said::from(child.wait_with_output().expect("a child"));
        let history = operator.run(&["history", app, "-l", "1", "-o", "json"]).json();
        let id = history[0]["id"].as_str().expect("an id").to_owned();
        if signal == "INT" {
            let end = id.get(id.len() - 6..).expect("six characters");
            assert!(said.err.contains(&format!("quarterdeck follow {end}")), "how to go on: {}", said.err);
        }
        operator.run(&["follow", &id, "--wait", "2m"]).ok();
        let after = operator.run(&["history", app, "-l", "1", "-o", "json"]).json();
        assert_eq!((after[0]["id"].as_str(), after[0]["status"].as_str()), (Some(id.as_str()), Some("succeeded")), "{signal}");
    }
    assert_eq!(ground.repo.log("main").len(), 1 + told.len(), "each is committed once");
    operator.run(&["audit", "verify"]).ok();
}
