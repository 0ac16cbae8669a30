//! Environments meet the cluster: what Flux runs is adopted, what is enabled is created, and where record and cluster part
//! either side can be made right.

use std::time::Duration;

use serde_json::{Value, json};

use super::story;
use crate::support::console::Operator;
use crate::support::ground::Ground;
use crate::support::wait;

/// What somebody has put into the cluster by hand: a pair that Flux applies, and one that follows a tag.
fn by_hand(ground: &Ground) -> String {
    let (app, url) = (ground.app.as_str(), ground.repo.url.as_str());
    let namespace = ground.namespace("development");
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n---\n\
         apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {app}-hand, namespace: flux-system}}\n\
         spec: {{interval: 10s, url: \"{url}\", ref: {{branch: main}}}}\n---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata:\n  name: {app}-hand\n  namespace: flux-system\n\
         \x20 labels: {{kustomize.toolkit.fluxcd.io/name: {app}-fleet, kustomize.toolkit.fluxcd.io/namespace: flux-system}}\n\
         spec:\n  interval: 10s\n  path: ./k8s/overlays/development\n  prune: true\n  targetNamespace: {namespace}\n\
         \x20 sourceRef: {{kind: GitRepository, name: {app}-hand}}\n---\n\
         apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {app}-pin, namespace: flux-system}}\n\
         spec: {{interval: 10m, url: \"{url}\", ref: {{tag: v1}}, suspend: true}}\n---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {app}-pin, namespace: flux-system}}\n\
         spec: {{interval: 10m, path: ./k8s, prune: false, suspend: true, sourceRef: {{kind: GitRepository, name: {app}-pin}}}}\n"
    )
}

/// Edits an object, again when its controller wrote a status in between.
fn by_an_editor(operator: &Operator, edit: &[&str]) {
    wait("an edit", Duration::from_secs(30), || (operator.run(edit).code == 0).then_some(()));
}

fn departures(operator: &Operator, app: &str, environment: &str) -> Value {
    operator.run(&["environment", "show", app, environment, "-o", "json"]).json()["departures"].clone()
}

/// Waits until record and cluster part in these fields, as the console has heard of it.
fn parted(operator: &Operator, app: &str, fields: &[&str], ground: &Ground) -> Value {
    wait("what the cluster says", ground.patience(), || {
        let found = departures(operator, app, "development");
        let named: Vec<&str> = found.as_array()?.iter().filter_map(|d| d["field"].as_str()).collect();
        (named == fields).then_some(found.clone())
    })
}

story!(adopts_what_runs);
fn adopts_what_runs(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.apply(&by_hand(ground));
    let app = ground.app.as_str();
    let hand = format!("{app}-hand");

    // What was understood, what was guessed, and what was not.
    let found = operator.run(&["adopt", "--dry-run", "-o", "json"]).json();
    let proposals = found["proposals"].as_array().expect("a list");
    let ours = proposals.iter().find(|p| p["project"]["slug"] == app).expect("the project of the repository");
    let environment = &ours["environments"][0]["environment"];
    assert_eq!((environment["id"]["name"].as_str(), environment["type"].as_str()), (Some("development"), Some("development")));
    assert_eq!(environment["namespace"], ground.namespace("development"));
    assert_eq!(environment["gitops"]["path"], "k8s/overlays/development");
    assert_eq!(ours["environments"][0]["guesses"][0]["field"], "type");
    let left = found["left"].as_array().expect("a list");
    let pinned = left.iter().find(|l| l["object"]["name"] == format!("{app}-pin")).expect("the pinned one");
    assert!(pinned["why"].as_str().is_some_and(|why| why.contains("tag v1")), "{pinned}");
    let why = operator.run(&["adopt", &format!("{app}-pin"), "--yes"]).failed(4);
    assert!(why.contains("tag v1"), "{why}");

    // Nothing without an answer; then by another name, and it is no proposal any more.
    let why = operator.run(&["adopt", &hand]).failed(2);
    assert!(
        why.contains(&format!("Adopt the project {app}")) && why.contains("by \u{201c}development\u{201d} in the path"),
        "{why}"
    );
    let said = operator.run(&["adopt", &hand, "--as", &format!("{hand}={app}/first:testing"), "--yes"]).ok();
    assert!(said.contains(&format!("Project {app} was adopted with first")), "{said}");
    operator.run(&["adopt", &hand, "--yes"]).failed(4);
    assert_eq!(departures(&operator, app, "first"), json!([]), "an adopted record says what the cluster has");

    // A deployment goes through it.
    operator.run(&["deploy", app, "first", "--tag", "1.2.0", "--yes", "--wait", "2m"]).ok();
    let shown = operator.run(&["environment", "show", app, "first", "-o", "json"]).json();
    assert_eq!(shown["running_images"][0][1], "ghcr.io/acme/shop:1.2.0");

    // What Git has put there, Git would bring back.
    operator.run(&["environment", "edit", app, "first", "--interval", "7m"]).ok();
    let why = operator.run(&["environment", "settle", app, "first", "--to", "record"]).failed(2);
    assert!(why.contains("interval 10s \u{2192} 7m") && why.contains(&format!("{app}-fleet will undo this")), "{why}");
    let journal = operator.run(&["audit", "-l", "0", "-o", "json"]).ok();
    assert!(journal.contains("project.adopt") && journal.contains("environment.add"), "{journal}");
    operator.run(&["audit", "verify"]).ok();
    operator.run(&["delete", &format!("ks/{app}-pin"), &format!("gitrepo/{app}-pin"), "--yes"]).ok();
}

story!(fresh_environment);
fn fresh_environment(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.repo.require_login("bot", "s3cret-t0ken");
    let app = ground.app.as_str();
    let token = [("MEET_TOKEN", "s3cret-t0ken")];
    let run = |arguments: &[&str]| operator.run_with(arguments, &token);
    run(&["project", "add", app, "--repo", &ground.repo.url, "--credential", "bot@env:MEET_TOKEN"]).ok();
    let add = ["environment", "add", app, "development", "--branch", "main", "--interval", "10s"];

    // The question names everything and no secret; unanswered, nothing is there.
    let why = run(&add).failed(2);
    for part in [
        format!("Namespace/{app}-development"),
        format!("Secret/flux-system/{app}-development-git"),
        format!("GitRepository/flux-system/{app}-development"),
        format!("Kustomization/flux-system/{app}-development"),
        "the user bot and the token of the variable MEET_TOKEN".to_owned(),
    ] {
        assert!(why.contains(&part), "{part} in {why}");
    }
    assert!(!why.contains("s3cret"), "{why}");
    let listed = |kind: &str| {
        let all = run(&["get", kind, "-n", "flux-system", "-o", "json"]).json();
        all.as_array().expect("a list").iter().any(|o| o["name"] == format!("{app}-development"))
    };
    assert!(!listed("ks") && !listed("gitrepo"));

    // Answered, it runs.
    run(&[&add[..], &["--yes"]].concat()).ok();
    run(&["deploy", app, "development", "--tag", "1.3.0", "--yes", "--wait", "2m"]).ok();
    let show = || run(&["environment", "show", app, "development", "-o", "json"]).json();
    let shown = show();
    assert_eq!((shown["departures"].clone(), shown["ready"].as_i64()), (json!([]), Some(1)), "{shown}");

    // Its objects go with it when that is wanted, with what pruning removes.
    let remove = ["environment", "rm", app, "development", "--objects", "delete"];
    let why = run(&remove).failed(2);
    assert!(why.contains("objects that it applied") && why.contains(&format!("{app}-development-git")), "{why}");
    run(&[&remove[..], &["--yes"]].concat()).ok();
    wait("an end", ground.patience(), || (!listed("ks") && !listed("gitrepo")).then_some(()));
    let journal = run(&["audit", "-l", "0", "-o", "json"]).ok();
    assert!(!journal.contains("s3cret"), "{journal}");
}

story!(through_a_fleet);
fn through_a_fleet(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    let (app, url) = (ground.app.as_str(), ground.repo.url.as_str());
    ground.repo.commit("main", &[("clusters/dev/kustomization.yaml", "# What runs here.\nresources: []\n")], "Begin a fleet");
    ground.apply(&format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {app}-fleet, namespace: flux-system}}\n\
         spec: {{interval: 10s, url: \"{url}\", ref: {{branch: main}}}}\n---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {app}-fleet, namespace: flux-system}}\n\
         spec: {{interval: 10s, path: ./clusters/dev, prune: true, sourceRef: {{kind: GitRepository, name: {app}-fleet}}}}\n"
    ));
    operator.run(&["project", "add", app, "--repo", url]).ok();
    let fleet = format!("{app}:clusters/dev");
    let add = ["environment", "add", app, "development", "--branch", "main", "--interval", "10s", "--fleet", &fleet];
    let head = ground.repo.head("main");
    let why = operator.run(&add).failed(2);
    for part in [
        "+kind: Kustomization",
        &format!("+  - {app}-development.yaml"),
        &format!("commit clusters/dev/{app}-development.yaml, clusters/dev/kustomization.yaml to main"),
    ] {
        assert!(why.contains(part), "{part} in {why}");
    }
    assert_eq!(ground.repo.head("main"), head, "nothing without an answer");
    let said = operator.run(&[&add[..], &["--yes"]].concat()).ok();
    assert!(said.contains("is on main of"), "{said}");
    parted(&operator, app, &[], ground);
    operator.run(&["deploy", app, "development", "--tag", "1.4.0", "--yes", "--wait", "2m"]).ok();
    // A change of the record goes the same way; what says the same already is not committed again.
    operator.run(&["environment", "edit", app, "development", "--interval", "20s", "--fleet", &fleet, "--yes"]).ok();
    parted(&operator, app, &[], ground);
    let head = ground.repo.head("main");
    operator.run(&["environment", "edit", app, "development", "--fleet", &fleet, "--yes"]).ok();
    assert_eq!(ground.repo.head("main"), head);
    operator.run(&["audit", "verify"]).ok();
    operator.run(&["delete", &format!("ks/{app}-fleet"), &format!("gitrepo/{app}-fleet"), "--yes"]).ok();
}

story!(settles_either_way);
fn settles_either_way(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let object = format!("ks/{app}-development");
    parted(&operator, app, &[], ground);

    // Somebody changes the objects; the record is right.
    by_an_editor(&operator, &["edit", &object, "--set", "path=./k8s/overlays/production", "--yes"]);
    operator.run(&["suspend", &object, "--yes"]).ok();
    let found = parted(&operator, app, &["path", "auto-sync"], ground);
    assert_eq!(
        (found[0]["record"].as_str(), found[0]["cluster"].as_str()),
        (Some("k8s/overlays/development"), Some("k8s/overlays/production"))
    );
    let told = operator.run(&["environment", "show", app, "development"]);
    assert!(told.err.contains("auto-sync: on in the record, off in the cluster"), "{}", told.err);
    let settle = ["environment", "settle", app, "development", "--to"];
    let why = operator.run(&[&settle[..], &["record"]].concat()).failed(2);
    assert!(why.contains("path k8s/overlays/production \u{2192} k8s/overlays/development; auto-sync off \u{2192} on"), "{why}");
    operator.run(&[&settle[..], &["record", "--yes"]].concat()).ok();
    parted(&operator, app, &[], ground);
    let said = operator.run(&[&settle[..], &["record", "--yes"]].concat()).ok();
    assert!(said.contains("nothing was changed"), "{said}");

    // Somebody changes the objects; the cluster is right.
    by_an_editor(&operator, &["edit", &object, "--set", "path=./k8s/overlays/production", "--set", "interval=3m", "--yes"]);
    parted(&operator, app, &["path", "interval"], ground);
    operator.run(&[&settle[..], &["cluster", "--yes"]].concat()).ok();
    let shown = operator.run(&["environment", "show", app, "development", "-o", "json"]).json();
    assert_eq!((&shown["gitops"]["path"], &shown["gitops"]["interval"]), (&json!("k8s/overlays/production"), &json!("3m")));
    assert_eq!(shown["departures"], json!([]));

    // What is gone parts too; the record brings it back.
    operator.run(&["delete", &object, "--yes"]).ok();
    parted(&operator, app, &["objects"], ground);
    operator.run(&[&settle[..], &["record", "--yes"]].concat()).ok();
    parted(&operator, app, &[], ground);
    operator.run(&["audit", "verify"]).ok();
}
