//! Story 7: a console in two terminals and a script beside them.

use std::time::Duration;

use super::story;
use crate::support::ground::{Ground, Kind};

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

/// How many writers there are, and how many edits each makes; `QUARTERDECK_WRITERS=8x50` says otherwise.
fn writers() -> (usize, usize) {
    let given = std::env::var("QUARTERDECK_WRITERS").ok();
    let parse = |text: &str| text.split_once('x').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    given.map_or((8, 2), |text| parse(&text).expect("QUARTERDECK_WRITERS is two numbers: 8x50"))
}

#[test]
fn writers_in_processes_of_their_own_lose_nothing() {
    let ground = Ground::new(Kind::Sim, "writers").expect("the simulator is always there");
    let (count, edits) = writers();
    let app = ground.app.as_str();
    let begin = ground.seed();
    // Half of them share one state folder and take turns; between the two folders only the server decides.
    let operators = [ground.operator(), ground.operator()];
    for operator in &operators {
        ground.add(operator, &["development"]);
    }
    let write = |writer: usize| {
        for edit in 0..edits {
            let change = format!("W{writer}_{edit}=v{edit}");
            let give = || operators[writer % 2].run(&["deploy", app, "development", "--env", &change, "--yes"]);
            // Who lost the race too often is told so and tries again, as a script would; nothing else may go wrong.
            let mut said = give();
            for _ in 0..50 {
                if said.code == 0 {
                    break;
                }
                assert!(said.err.contains("did not get onto the branch"), "{change}: {}{}", said.out, said.err);
                said = give();
            }
            said.ok();
        }
    };
    std::thread::scope(|scope| {
        for writer in 0..count {
            let write = &write;
            scope.spawn(move || write(writer));
        }
    });
    let log = ground.repo.log("main");
    assert_eq!(log.len(), 1 + count * edits, "one commit for each edit");
    assert!(log.iter().all(|commit| commit.parents.len() <= 1), "linear");
    assert_eq!(log.last().map(|commit| commit.id.as_str()), Some(begin.as_str()), "nothing was forced away");
    let text = ground.repo.git(&["grep", "-h", "-A1", "W[0-9]*_[0-9]*", "main", "--", "k8s"]);
    for writer in 0..count {
        for edit in 0..edits {
            let (name, value) = (format!("name: W{writer}_{edit}\n"), format!("value: v{edit}"));
            let found = text.split(&name).nth(1).unwrap_or_else(|| panic!("{name} is lost:\n{text}"));
            assert!(found.lines().next().is_some_and(|line| line.contains(&value)), "{name}: {found}");
        }
    }
    for operator in &operators {
        operator.run(&["audit", "verify"]).ok();
    }
}
