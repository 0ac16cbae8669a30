//! A protected environment: the change waits on a branch of its own until its content is on the environment's branch.

use std::time::Duration;

use serde_json::Value;

use super::story;
use crate::support::console::Operator;
use crate::support::ground::Ground;
use crate::support::wait;

const OVERLAY: &str = "k8s/overlays/development/kustomization.yaml";

/// Seeds an environment whose changes must be approved; the Git host prints a link after each push to another branch.
fn guarded(ground: &Ground) -> Operator {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["environment", "edit", app, "development", "--approvers", "2"]).ok();
    let script = format!(
        "#!/bin/sh\nwhile read -r old new ref; do case $ref in refs/heads/main) ;; *)\n\
         echo >&2; echo \"To create a merge request for ${{ref#refs/heads/}}, visit:\" >&2\n\
         echo '  https://evil.example/-/merge_requests/new' >&2\n\
         echo \"  {}/-/merge_requests/new?merge_request%5Bsource_branch%5D=${{ref#refs/heads/}}\" >&2; echo >&2;; esac; done\n",
        ground.repo.url.trim_end_matches(".git")
    );
    ground.repo.set_hook("post-receive", &script);
    operator
}

/// Deploys a tag and returns the record of the deployment, which waits.
fn propose(ground: &Ground, operator: &Operator, tag: &str) -> Value {
    let before = ground.repo.head("main");
    let said = operator.run(&["deploy", &ground.app, "development", "--tag", tag, "--yes", "--wait", "1m"]);
    let link = format!("{}/-/merge_requests/new?", ground.repo.url.trim_end_matches(".git"));
    assert!(said.err.contains(&link) && !said.err.contains("evil.example"), "{}{}", said.out, said.err);
    let why = said.failed(3);
    assert!(why.contains("waits for approval"), "{why}");
    assert_eq!(ground.repo.head("main"), before, "nothing is pushed to the branch itself");
    newest(ground, operator)
}

fn newest(ground: &Ground, operator: &Operator) -> Value {
    operator.run(&["history", &ground.app, "-l", "1", "-o", "json"]).json()[0].clone()
}

fn branch(record: &Value) -> String {
    record["proposal"]["branch"].as_str().expect("a branch").to_owned()
}

fn id(record: &Value) -> &str {
    record["id"].as_str().expect("an id")
}

story!(waits_until_its_content_is_merged);
fn waits_until_its_content_is_merged(ground: &Ground) {
    let operator = guarded(ground);
    for (tag, how) in [("1.1.0", "merge"), ("1.2.0", "squash"), ("1.3.0", "rebase")] {
        let record = propose(ground, &operator, tag);
        let own = branch(&record);
        assert_eq!(own, format!("quarterdeck/{}-development-{}", ground.app, &id(&record)[id(&record).len() - 6..]));
        assert_eq!(
            (record["status"].as_str(), record["stages"][0]["state"]["state"].as_str()),
            (Some("waiting"), Some("waiting"))
        );
        assert_eq!(ground.repo.head(&own).as_deref(), record["commit"].as_str());
        // Others go on meanwhile; that is not approval, and no reason to worry either.
        ground.repo.commit("main", &[("README.md", tag)], "Write");
        let merged = ground.repo.merge(&own, "main", how);
        ground.repo.git(&["update-ref", "-d", &format!("refs/heads/{own}")]);
        let told = operator.run(&["follow", id(&record), "--wait", "2m"]).ok();
        assert!(told.contains("Health     done"), "{told}");
        let record = newest(ground, &operator);
        let arrived = &record["proposal"]["arrived"];
        assert_eq!((arrived["how"].as_str(), arrived["commit"].as_str()), (Some(how), Some(merged.as_str())), "{record:#}");
        assert!(arrived["by"].as_str().is_some_and(|by| by.starts_with("Git Server <server@example.test>")), "{arrived}");
        assert_eq!((record["commit"].as_str(), record["status"].as_str()), (Some(merged.as_str()), Some("succeeded")));
    }
    // What was merged is nobody else's deployment, though another looks through the branch.
    let mut console = operator.console(120, 36);
    console.see("● live");
    std::thread::sleep(Duration::from_secs(2));
    console.keys("q");
    let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
    assert_eq!(history.as_array().map(Vec::len), Some(3), "{history:#}");
    operator.run(&["audit", "verify"]).ok();
}

story!(says_when_something_else_is_merged);
fn says_when_something_else_is_merged(ground: &Ground) {
    let operator = guarded(ground);
    let record = propose(ground, &operator, "1.1.0");
    let own = branch(&record);
    // A reviewer changes it before it is merged.
    let other = ground.repo.file(&own, OVERLAY).expect("the overlay").replace("1.1.0", "1.1.1");
    ground.repo.commit(&own, &[(OVERLAY, &other)], "Take the patch release");
    let why = operator.run(&["follow", id(&record), "--wait", "20s"]).failed(3);
    assert!(why.contains("Somebody Else put another commit on") && why.contains("Take the patch release"), "{why}");
    ground.repo.merge(&own, "main", "merge");
    let why = operator.run(&["follow", id(&record), "--wait", "1m"]).failed(3);
    assert!(why.contains("Something else than what was reviewed was merged") && why.contains(OVERLAY), "{why}");
    let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
    let ours = history.as_array().and_then(|all| all.iter().find(|d| d["id"] == record["id"]));
    assert_eq!(ours.map(|d| &d["status"]), Some(&"failed".into()), "{history:#}");
    // What was merged is a deployment all the same, under the name of whoever made it. Whoever waited above may have gone before
    // that was looked at; a console looks as long as it is open.
    let _looking = operator.console(120, 36);
    wait("what was merged is followed", ground.patience(), || {
        let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
        let theirs = history.as_array()?.iter().find(|d| d["method"] == "gitops-git")?.clone();
        (theirs["message"] == "Take the patch release").then_some(())
    });
}

story!(is_closed_or_overtaken);
fn is_closed_or_overtaken(ground: &Ground) {
    let operator = guarded(ground);
    let record = propose(ground, &operator, "1.1.0");
    let theirs = ground.repo.file("main", OVERLAY).expect("the overlay").replace("count: 1", "count: 2");
    ground.repo.commit("main", &[(OVERLAY, &theirs)], "Scale out");
    let why = operator.run(&["follow", id(&record), "--wait", "20s"]).failed(3);
    assert!(why.contains("Somebody Else made something else of") && why.contains("Scale out"), "{why}");
    ground.repo.git(&["update-ref", "-d", &format!("refs/heads/{}", branch(&record))]);
    let why = operator.run(&["follow", id(&record), "--wait", "1m"]).failed(1);
    assert!(why.contains("deleted without a merge"), "{why}");
}

story!(goes_on_waiting_after_a_kill);
fn goes_on_waiting_after_a_kill(ground: &Ground) {
    let operator = guarded(ground);
    let mut console = operator.console(120, 36);
    console.see("● live");
    let record = propose(ground, &operator, "1.1.0");
    console.keys("7");
    console.see("waits for approval on the Git host");
    console.kill();
    let merged = ground.repo.merge(&branch(&record), "main", "squash");
    let console = operator.console(120, 36);
    console.see("● live");
    wait("the next console goes on with it", ground.patience(), || {
        (newest(ground, &operator)["status"] == "succeeded").then_some(())
    });
    assert_eq!(newest(ground, &operator)["commit"], merged.as_str());
    assert_eq!(ground.repo.branches("quarterdeck/").len(), 1, "nothing is pushed twice");
}
