//! Story 6: auto sync is off; the deployment waits for a manual sync.

use std::time::Duration;

use super::story;
use crate::support::ground::Ground;
use crate::support::wait;

fn kustomization(operator: &crate::support::console::Operator, app: &str) -> serde_json::Value {
    operator.run(&["get", "ks", &format!("{app}-production"), "-n", "flux-system", "-o", "json"]).json()[0].clone()
}

story!(syncs_by_hand_and_suspends_again);
fn syncs_by_hand_and_suspends_again(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["production"]);
    let app = ground.app.as_str();
    assert_eq!(kustomization(&operator, app)["suspended"], true);

    let why = operator.run(&["deploy", app, "production", "--tag", "1.5.0", "--yes", "--wait", "1m"]).failed(3);
    assert!(why.contains("sync"), "{why}");
    let wanted = ground.repo.head("main").expect("a head");
    operator.run(&["sync", app, "production", "--yes", "--wait", "2m"]).ok();
    let now = kustomization(&operator, app);
    assert_eq!(
        (now["revision"].as_str(), now["suspended"].as_bool()),
        (Some(format!("main@sha1:{wanted}").as_str()), Some(true))
    );
    let history = operator.run(&["history", app, "-o", "json"]).json();
    assert_eq!(history[0]["status"], "succeeded");

    // A commit that is not the head is refused.
    let old = ground.repo.log("main")[1].id.clone();
    let why = operator.run(&["sync", app, "production", "--commit", &old, "--yes"]).failed(3);
    assert!(why.contains("suspend") || why.contains("artifact"), "{why}");
}

story!(suspends_again_after_a_kill);
fn suspends_again_after_a_kill(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["production"]);
    let app = ground.app.as_str();
    let path = format!("/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/{app}-production");
    let resumed = || ground.object(&path).is_some_and(|object| object["spec"]["suspend"] != true);
    // It is open for a moment only, and may be over before it is seen: then it is tried once more.
    let killed = (0..8).find(|round| {
        ground.repo.commit("main", &[("README.md", &format!("{round}\n"))], "Write");
        let mut child = operator.start(&["sync", app, "production", "--yes"]);
        let open = loop {
            if resumed() {
                break true;
            }
            if child.try_wait().expect("a child").is_some() {
                break false;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        child.kill().expect("our own child");
        let _ = child.wait();
        // Any next command of the operator keeps the promise; a console would do it at its start.
        wait("suspended again", Duration::from_mins(1), || (kustomization(&operator, app)["suspended"] == true).then_some(()));
        assert!(!resumed(), "round {round}");
        open
    });
    assert!(killed.is_some(), "it was never killed while the Kustomization was resumed");
    operator.run(&["audit", "verify"]).ok();
}
