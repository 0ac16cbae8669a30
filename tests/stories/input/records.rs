//! Projects and environments that are wrong in themselves, exist already or do not exist: nothing is kept that could not work.

use super::{refused, simulated};

#[test]
fn a_record_that_could_not_work_is_not_kept() {
    let ground = simulated("records");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let before = operator.run(&["environment", "show", app, "development", "-o", "json"]).json();
    let cases: [(&[&str], &[&str]); 16] = [
        (&["--workload", "web"], &["names no workload", "Deployment/"]),
        (&["--workload", "Pod/web"], &["workload", "Pod/web", "Deployment/"]),
        (&["--workload", "Deployment/"], &["workload", "empty"]),
        (&["--interval", "abc"], &["interval", "abc", "1h30m"]),
        (&["--interval", "5"], &["interval", "5"]),
        (&["--namespace", "UPPER"], &["namespace", "UPPER"]),
        (&["--branch", ""], &["branch", "empty"]),
        (&["--branch", "a b"], &["branch", "a b"]),
        (&["--branch", "../x"], &["branch", "../x"]),
        (&["--path", "k8s/../../etc"], &["path", "out of the repository"]),
        (&["--path", "/etc"], &["path", "/etc", "absolute"]),
        (&["--auto-sync", "maybe"], &["--auto-sync", "maybe", "on"]),
        (&["--approvers", "-1"], &["approvers", "-1", "0 to 20"]),
        (&["--approvers", "99999"], &["approvers", "99999"]),
        (&["--source", "a/b/c"], &["source", "a/b/c", "namespace/name"]),
        (&["--kustomization", "UPPER"], &["kustomization", "UPPER"]),
    ];
    for (more, parts) in cases {
        refused(operator.run(&[&["environment", "edit", app, "development"], more].concat()), 2, parts);
    }
    refused(
        operator.run(&["environment", "edit", app, "development", "--cluster", "nope"]),
        4,
        &["no such context", "nope", "deck"],
    );
    let after = operator.run(&["environment", "show", app, "development", "-o", "json"]).json();
    for field in ["namespace", "gitops", "approval", "workload", "cluster"] {
        assert_eq!(before[field], after[field], "{field} is what it was");
    }
    let cases: [(&[&str], &[&str]); 5] = [
        (&["--repo", "nonsense"], &["nonsense"]),
        (&["--branch", "a b"], &["branch", "a b"]),
        (&["--organization", "A B"], &["organization", "A B"]),
        (&["--provider", "svn"], &["provider", "svn", "gitlab"]),
        (&["--name", " "], &["name", "empty"]),
    ];
    for (more, parts) in cases {
        refused(operator.run(&[&["project", "edit", app], more].concat()), 2, parts);
    }
    for slug in ["Shop", "a b", "-a", "a_b", &"a".repeat(64)] {
        refused(operator.run(&["project", "add", "--repo", &ground.repo.url, "--", slug]), 2, &["not a usable name", slug]);
        refused(operator.run(&["environment", "add", "--type", "testing", "--", app, slug]), 2, &["not a usable name", slug]);
    }
    refused(operator.run(&["environment", "add", app, "eu-2"]), 2, &["--type", "production"]);
    refused(
        operator.run(&["environment", "add", app, "eu-2", "--type", "big"]),
        2,
        &["no environment type", "big", "production"],
    );
}

#[test]
fn what_exists_is_not_added_and_what_does_not_exist_is_not_found() {
    let ground = simulated("twice");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["project", "edit", app, "--description", "as it was"]).ok();
    // Wrong whatever else is right about it: the record that is there stays.
    let again = operator.run(&["project", "add", app, "--repo", "file:///nonexistent"]);
    refused(again, 2, &["The project exists already", app]);
    let again = operator.run(&["environment", "add", app, "development", "--branch", "other"]);
    refused(again, 2, &["The environment exists already", app]);
    assert_eq!(operator.run(&["project", "show", app, "-o", "json"]).json()["description"], "as it was");
    let shown = operator.run(&["environment", "show", app, "development", "-o", "json"]).json();
    assert_eq!(shown["gitops"]["branch"], "main");

    let nowhere: [&[&str]; 14] = [
        &["project", "show", "nowhere"],
        &["project", "edit", "nowhere", "--name", "x"],
        &["project", "rm", "nowhere", "--yes"],
        &["environment", "add", "nowhere", "development"],
        &["environment", "show", app, "nowhere"],
        &["environment", "edit", app, "nowhere", "--path", "x"],
        &["environment", "rm", app, "nowhere", "--yes"],
        &["environment", "list", "nowhere"],
        &["deploy", app, "nowhere", "--tag", "2", "--yes"],
        &["sync", app, "nowhere", "--yes"],
        &["history", "nowhere"],
        &["history", app, "nowhere"],
        &["follow", "zzzzzz"],
        &["get", "ks", "nowhere"],
    ];
    for arguments in nowhere {
        refused(operator.run(arguments), 4, &["There is no such"]);
    }
    for arguments in
        [["suspend", "ks/nowhere", "--yes"], ["resume", "ks/nowhere", "--yes"], ["reconcile", "ks/nowhere", "--with-source"]]
    {
        refused(operator.run(&arguments), 4, &["nowhere", "not found"]);
    }
    refused(operator.run(&["suspend", "nowhere", "--yes"]), 2, &["KIND/NAME"]);
    refused(operator.run(&["sync", app, "development", "--commit", "abc", "--yes"]), 2, &["no commit", "40"]);
}
