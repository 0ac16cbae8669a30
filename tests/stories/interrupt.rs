//! Story 5: kill -9 at any moment between submit and the end.

use std::time::Duration;

use super::story;
use crate::support::ground::Ground;
use crate::support::wait;

story!(survives_a_kill_at_any_moment);
fn survives_a_kill_at_any_moment(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    // From before the first byte to right after the push: each round kills at another moment, the last one when the push is seen.
    for (round, pause) in [40u64, 90, 140, 200, 300, 500, 0].into_iter().enumerate() {
        let tag = format!("2.0.{round}");
        let before = ground.repo.log("main").len();
        let mut child = operator.start(&["deploy", app, "development", "--tag", &tag, "--yes", "--wait", "2m"]);
        if pause == 0 {
            wait("the push", Duration::from_mins(1), || (ground.repo.log("main").len() > before).then_some(()));
        } else {
            std::thread::sleep(Duration::from_millis(pause));
        }
        child.kill().expect("our own child");
        let _ = child.wait();

        // The next start knows what was begun and brings it to an end.
        let history = operator.run(&["history", app, "development", "-o", "json"]).json();
        let newest = &history[0];
        let begun = newest["summary"].as_str().is_some_and(|s| s.contains(&tag));
        if begun {
            let id = newest["id"].as_str().expect("an id").to_owned();
            operator.run(&["follow", &id, "--wait", "2m"]).ok();
        }
        let log = ground.repo.log("main");
        assert_eq!(
            log.len(),
            before + usize::from(begun),
            "round {round}, killed after {pause} ms: committed once or not at all"
        );
        operator.run(&["audit", "verify"]).ok();
    }
    let text = wait("the last state", Duration::from_secs(5), || {
        ground.repo.file("main", "k8s/overlays/development/kustomization.yaml")
    });
    assert!(text.contains("newTag: 2.0."), "{text}");
}
