//! Somebody else pushes to the branch of an environment: the console shows it as a deployment, with author, message and stages.

use std::time::Duration;

use super::story;
use crate::support::ground::Ground;

story!(what_somebody_else_pushed_is_followed);
fn what_somebody_else_pushed_is_followed(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["deploy", app, "development", "--tag", "1.2.0", "--yes", "--wait", "2m"]).ok();

    let mut console = operator.console(160, 40);
    console.see("● live");
    console.keys("7");
    console.see("from the form");
    let path = "k8s/overlays/development/kustomization.yaml";
    let text = ground.repo.file("main", path).expect("the overlay").replace("1.2.0", "1.3.0");
    ground.repo.commit("main", &[("README.md", "# Not part of it\n")], "Write more");
    let commit = ground.repo.commit("main", &[(path, &text)], "Ship the new basket");
    // Nobody tells the console: it asks the repository from time to time, and Flux's artifact gives it a hint.
    operator.run(&["reconcile", &format!("gitrepo/{app}-development")]).ok();
    console.until("their commit, through all four stages", Duration::from_secs(90), |screen| {
        screen.lines().any(|line| line.contains("1.2.0 → 1.3.0") && line.contains("from Git") && line.contains("succeeded"))
    });
    console.keys("q");

    let history = operator.run(&["history", app, "-o", "json"]).json();
    assert_eq!(history.as_array().expect("a list").len(), 2, "{history:#}");
    let theirs = &history[0];
    assert_eq!((theirs["method"].as_str(), theirs["commit"].as_str()), (Some("gitops-git"), Some(commit.as_str())));
    assert_eq!(theirs["message"], "Ship the new basket");
    assert_eq!(theirs["files"], serde_json::json!([path]));
    assert!(theirs["actor"]["by"] == "commit", "{theirs:#}");
    operator.run(&["audit", "verify"]).ok();
}
