//! Story 2: an image that cannot be pulled, and one that crashes.

use super::story;
use crate::support::ground::Ground;

story!(names_an_image_that_cannot_be_pulled);
fn names_an_image_that_cannot_be_pulled(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let said =
        operator.run(&["deploy", &ground.app, "development", "--image", "ghcr.io/acme/shop:missing-2", "--yes", "--wait", "3m"]);
    assert!(said.out.contains("Apply      done"), "{}", said.out);
    let why = said.failed(1);
    assert!(why.contains("ImagePullBackOff") && why.contains("ghcr.io/acme/shop:missing-2"), "{why}");
    let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
    assert_eq!(history[0]["status"], "failed");
}

story!(shows_the_last_log_lines_of_a_crash);
fn shows_the_last_log_lines_of_a_crash(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let why = operator.run(&["deploy", &ground.app, "development", "--tag", "1.1.0-crash", "--yes", "--wait", "3m"]).failed(1);
    for part in ["CrashLoopBackOff", "ghcr.io/acme/shop:1.1.0-crash", "panic: cannot open configuration /etc/app/config.yaml"] {
        assert!(why.contains(part), "{part} in {why}");
    }
    // They are kept with the deployment, when the Pod is long gone.
    let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
    let kept = history[0]["stages"][3]["state"]["trouble"]["why"].to_string();
    let kept = if kept == "null" { history[0]["stages"][3].to_string() } else { kept };
    assert!(kept.contains("last log lines") && kept.contains("panic: cannot open configuration"), "{history:#}");
}
