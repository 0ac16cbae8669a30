//! Objects made by a form: a source with its credentials and a Kustomization of it, changed by fields, and what is refused.

use std::time::Duration;

use serde_json::Value;

use super::story;
use crate::support::console::Operator;
use crate::support::ground::Ground;
use crate::support::wait;

/// Returns an object of a kind as the list tells it.
fn listed(operator: &Operator, kind: &str, name: &str) -> Option<Value> {
    let all = operator.run(&["get", kind, "-n", "flux-system", "-o", "json"]).json();
    all.as_array()?.iter().find(|object| object["name"] == name).cloned()
}

fn ready(ground: &Ground, operator: &Operator, kind: &str, name: &str) -> Value {
    wait("an object that is ready", ground.patience(), || {
        listed(operator, kind, name)
            .filter(|object| object["ready"] == "True" || object["health"] == "ok" || object["health"] == "ready")
    })
}

story!(a_source_and_what_applies_it_by_forms);
fn a_source_and_what_applies_it_by_forms(ground: &Ground) {
    let operator = ground.operator();
    let app = ground.app.as_str();
    let settings = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {app}-{name}, namespace: flux-system}}\ndata: {{from: {name}}}\n"
        )
    };
    ground.repo.commit(
        "main",
        &[
            ("one/kustomization.yaml", "resources: [settings.yaml]\n"),
            ("one/settings.yaml", &settings("one")),
            ("two/kustomization.yaml", "resources: [settings.yaml]\n"),
            ("two/settings.yaml", &settings("two")),
        ],
        "Begin",
    );
    ground.repo.require_login("bot", "s3cret-t0ken");
    let url = ground.repo.url.as_str();
    let git = ["create", "gitrepository", app, "--url", url, "--interval", "10s", "--username", "bot", "--password-from"];
    let token = [("FORM_TOKEN", "s3cret-t0ken")];
    let create = |more: &[&str]| operator.run_with(&[&git[..], more].concat(), &token);

    // What cannot stand is refused before anything is asked, each with its option; the server has its say in a dry run.
    let why = operator.run(&["create", "git", "Shop", "--url", "git@host:x", "--interval", "5"]).failed(2);
    assert!(
        why.contains("--url: that is no URL") && why.contains("--interval: that is no duration") && why.contains("--name: "),
        "{why}"
    );
    let why = operator.run(&["create", "ks", app, "--source", "HelmRepository/x"]).failed(2);
    assert!(why.contains("--source: write it as Kind/name"), "{why}");
    let why = operator.run(&["create", "ks", app, "--source", "GitRepository/x", "-n", "no-such-namespace", "--dry-run"]);
    assert!(why.code != 0 && why.err.contains("no-such-namespace"), "{}", why.err);
    let shown = create(&["env:FORM_TOKEN", "--dry-run", "-o", "yaml"]).ok();
    assert!(shown.contains("kind: Secret") && shown.contains("secretRef:") && !shown.contains("s3cret"), "{shown}");
    assert_eq!(listed(&operator, "gitrepo", app), None, "a dry run makes nothing");

    // The question names both; then both are there, and the name is taken.
    let why = create(&["env:FORM_TOKEN"]).failed(2);
    assert!(why.contains(&format!("Create GitRepository/flux-system/{app} and Secret/flux-system/{app}-auth in")), "{why}");
    let said = create(&["env:FORM_TOKEN", "--yes"]).ok();
    assert!(said.contains(&format!("GitRepository/flux-system/{app}")), "{said}");
    ready(ground, &operator, "gitrepo", app);
    let why = create(&["env:FORM_TOKEN", "--yes"]).failed(3);
    assert!(why.contains("exists already") && why.contains(&format!("Secret/flux-system/{app}-auth")), "{why}");

    let kustomization =
        ["create", "ks", app, "--source", &format!("gitrepo/{app}"), "--path", "./one", "--interval", "10s", "--yes"];
    operator.run(&kustomization).ok();
    ready(ground, &operator, "ks", app);
    let why = operator.run(&kustomization).failed(3);
    assert!(why.contains("exists already"), "{why}");

    // Its path by the form: only that changes, and what it applied follows.
    let object = format!("ks/{app}");
    let why = operator.run(&["edit", &object, "--set", "path=../two", "--yes"]).failed(2);
    assert!(why.contains("--path: that is no path in a repository"), "{why}");
    let why = operator.run(&["edit", &object, "--set", "name=other", "--yes"]).failed(2);
    assert!(why.contains("it names the object"), "{why}");
    let why = operator.run(&["edit", &object, "--set", "paht=x", "--yes"]).failed(2);
    assert!(why.contains("no such field"), "{why}");
    let shown = operator.run(&["edit", &object, "--set", "path=./two", "--dry-run"]).ok();
    assert!(shown.contains("-  path: ./one") && shown.contains("+  path: ./two"), "{shown}");
    let said = operator.run(&["edit", &object, "--set", "path=./two", "--yes"]).ok();
    assert!(said.contains("was changed in the cluster"), "{said}");
    wait("what the new path holds", ground.patience(), || {
        let found = operator.run(&["origin", &format!("cm/{app}-two")]);
        (found.code == 0).then_some(())
    });
    let again = operator.run(&["edit", &object, "--set", "path=./two", "--yes"]).ok();
    assert!(again.contains("nothing was changed"), "{again}");

    let journal = operator.run(&["audit", "-l", "0", "-o", "json"]).ok();
    assert!(journal.contains("object.create") && !journal.contains("s3cret"), "{journal}");
    operator.run(&["audit", "verify"]).ok();
    operator.run(&["delete", &object, &format!("gitrepo/{app}"), &format!("secret/{app}-auth"), "--yes"]).ok();
    wait("an end", Duration::from_secs(30), || listed(&operator, "ks", app).is_none().then_some(()));
}

story!(a_new_object_is_written_into_git);
fn a_new_object_is_written_into_git(ground: &Ground) {
    let operator = ground.operator();
    let app = ground.app.as_str();
    ground.seed();
    ground.add(&operator, &["development"]);
    let namespace = ground.namespace("development");
    let overlay = "k8s/overlays/development/kustomization.yaml";
    let before = ground.repo.file("main", overlay).expect("it was seeded");
    let head = ground.repo.head("main");
    let create = |more: &[&str]| {
        let url = ground.repo.url.as_str();
        let git = ["create", "gitrepository", "extra", "-n", &namespace, "--url", url, "--interval", "10s", "--username", "bot"];
        operator.run_with(&[&git[..], &["--password-from", "env:FORM_TOKEN"], more].concat(), &[("FORM_TOKEN", "s3cret-t0ken")])
    };

    // What has no folder in Git says so; what has one is shown first, and nothing is done.
    let why = operator.run(&["create", "git", "x", "-n", "default", "--url", "https://h/x", "--git", "--yes"]).failed(3);
    assert!(why.contains("No environment brings about objects of that namespace"), "{why}");
    let shown = create(&["--git", "--dry-run"]).ok();
    assert!(shown.contains("gitrepository-extra.yaml") && !shown.contains("s3cret"), "{shown}");
    assert_eq!(ground.repo.head("main"), head, "a dry run pushes nothing");

    // The object goes into Git and is followed; the Secret goes into the cluster, and nowhere else.
    create(&[&format!("--git={app}/development"), "--yes", "--follow=2m", "-m", "Add a source"]).ok();
    let file = ground.repo.file("main", "k8s/overlays/development/gitrepository-extra.yaml").expect("a file of its own");
    assert!(file.contains("name: extra-auth") && !file.contains("s3cret"), "{file}");
    let after = ground.repo.file("main", overlay).expect("it is there");
    assert!(after.contains("- gitrepository-extra.yaml") && after.len() > before.len(), "{after}");
    assert_eq!(ground.repo.log("main")[0].subject, "Add a source");
    let said = operator.run(&["origin", "gitrepo/extra", "-n", &namespace, "-o", "json"]).json();
    assert_eq!(said["place"]["file"], "k8s/overlays/development/gitrepository-extra.yaml", "{said:#}");

    // What is an environment's is left to its deployments; any other folder takes an object, and whoever applies it is asked to.
    let second = |more: &[&str]| {
        let url = ground.repo.url.as_str();
        operator.run(&[&["create", "git", "second", "-n", &namespace, "--url", url, "--interval", "10s"], more].concat())
    };
    let why = second(&[&format!("--git={app}:k8s/overlays/development/more"), "--yes"]).failed(3);
    assert!(why.contains("belongs to an environment") && why.contains(&format!("{app}/development")), "{why}");
    let fleet = format!("--git={app}:clusters/extra");
    let shown = second(&[&fleet, "--dry-run"]);
    assert!(shown.out.contains("+++ b/clusters/extra/gitrepository-second.yaml"), "{}\n{}", shown.out, shown.err);
    assert!(shown.err.contains("No Kustomization applies that folder"), "{}", shown.err);
    let ks = ["create", "ks", "extra", "-n", &namespace, "--source", "GitRepository/extra", "--path", "./clusters/extra"];
    operator.run(&[&ks[..], &["--interval", "1m", "--cluster", "--yes"]].concat()).ok();
    let said = second(&[&fleet, "--yes", "--follow=2m"]).ok();
    assert!(said.contains("is on main"), "{said}");
    assert_eq!(ground.repo.log("main")[0].subject, format!("Add GitRepository {namespace}/second"));
    let why = second(&[&fleet, "--yes"]);
    assert!(why.code != 0 && why.err.contains("already"), "{}", why.err);

    // Once more it is there already, and in the cluster only it would be too.
    let why = create(&["--git", "--yes"]);
    assert!(why.code != 0 && why.err.contains("already"), "{}", why.err);
    let journal = operator.run(&["audit", "-l", "0", "-o", "json"]).ok();
    assert!(!journal.contains("s3cret"), "{journal}");
}
