//! Story 7: a console in two terminals and a script beside them.

use std::time::Duration;

use super::story;
use crate::support::ground::Ground;

story!(everyone_sees);
fn everyone_sees(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let mut first = operator.console(120, 36);
    let mut second = operator.console(120, 36);
    for console in [&mut first, &mut second] {
        console.see(app);
        console.keys("7");
        console.see("Deployments");
    }
    operator.run(&["deploy", app, "development", "--tag", "3.0.0", "--yes"]).ok();
    for console in [&first, &second] {
        console.see("3.0.0");
    }
    // One of the consoles drives it now. Whichever it is, killing one leaves the other to bring it to an end.
    first.kill();
    second.until("the end", ground.patience(), |screen| screen.contains("succeeded"));
    let history = operator.run(&["history", app, "-o", "json"]).json();
    assert_eq!(history[0]["status"], "succeeded");
}

story!(seen_by_others);
fn seen_by_others(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let (mut first, mut second) = (super::keys::console(&operator), super::keys::console(&operator));
    second.keys("7");
    second.see("No deployments yet.");
    super::keys::form(&mut first, "development");
    super::keys::tag(&mut first, "3.1.0-slow");
    super::keys::review(&mut first);
    super::keys::yes(&mut first);
    second.until("the same deployment", Duration::from_secs(5), |screen| {
        screen.contains("3.1.0-slow") && screen.contains("✓ Git commit")
    });
    let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
    assert!(history[0]["summary"].as_str().is_some_and(|summary| summary.contains("3.1.0-slow")), "{history}");
    assert_ne!(history[0]["status"], "failed");
    // The one that drives it is killed; the other brings it to an end.
    first.kill();
    second.until("the end", ground.patience(), |screen| screen.contains("succeeded") && super::keys::green(screen));
    assert_eq!(ground.repo.log("main").len(), 2);
}

story!(another_takes_over);
fn another_takes_over(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    // The script that drives it is killed while the Pod starts slowly; a follower takes over.
    let mut driver = operator.start(&["deploy", app, "development", "--tag", "4.0.0-slow", "--yes", "--wait", "3m"]);
    crate::support::wait("the push", Duration::from_secs(30), || (ground.repo.log("main").len() == 2).then_some(()));
    let id = operator.run(&["history", app, "-o", "json"]).json()[0]["id"].as_str().expect("an id").to_owned();
    let follower = operator.start(&["follow", &id, "--wait", "3m"]);
    std::thread::sleep(Duration::from_millis(500));
    driver.kill().expect("our own child");
    let _ = driver.wait();
    let said = crate::support::console::Said::from(follower.wait_with_output().expect("a child"));
    said.ok();
}
