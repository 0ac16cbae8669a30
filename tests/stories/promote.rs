//! What runs in development goes to production, with the commits in between told.

use super::keys::console;
use super::story;
use crate::support::ground::Ground;

const PRODUCTION: &str = "k8s/overlays/production/kustomization.yaml";

fn shipped(ground: &Ground) -> crate::support::console::Operator {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development", "production"]);
    let app = ground.app.as_str();
    operator.run(&["sync", app, "production", "--yes", "--wait", "2m"]).ok();
    let ask = ["deploy", app, "development", "--tag", "1.1.0", "--replicas", "2", "--yes", "--wait", "2m"];
    operator.run(&ask).ok();
    operator
}

story!(takes_over_what_runs);
fn takes_over_what_runs(ground: &Ground) {
    let operator = shipped(ground);
    let app = ground.app.as_str();
    ground.repo.commit("main", &[("README.md", "# Shop\n\nNothing of it.\n")], "Write more");
    let ask = ["promote", app, "development", "production"];
    let shown = operator.run(&[&ask[..], &["--dry-run"]].concat()).ok();
    assert!(shown.contains("# web runs ghcr.io/acme/shop:1.1.0 in"), "{shown}");
    assert!(
        shown.contains("# 1 commits since") && shown.contains(&format!("Ada Byron: Deploy {app} 1.1.0 to development")),
        "{shown}"
    );
    assert!(shown.contains("-  newTag: 0.9.0") && shown.contains("+  newTag: 1.1.0") && !shown.contains("count: 2"), "{shown}");
    let all = operator.run(&[&ask[..], &["--fields", "image,replicas", "--dry-run", "-o", "json"]].concat()).json();
    assert_eq!(all["draft"]["edits"].as_array().map(Vec::len), Some(2), "{all}");
    super::shell::fits(&operator, "promotion", &all);
    assert_eq!(all["commits"].as_array().map(Vec::len), Some(1), "{all}");
    // Production is synced by hand.
    let words = operator.file("message.txt", "Promote the basket\n\nIt is time.\n\n");
    let words = words.to_string_lossy();
    operator.run(&[&ask[..], &["--yes", "--wait", "2m", "--message-file", &words]].concat()).failed(3);
    let log = ground.repo.log("main");
    assert!(log[0].subject == "Promote the basket" && log[0].body.starts_with("It is time."), "{log:?}");
    assert!(log[0].trailers.iter().any(|(key, _)| key == "Deployment-Id"), "{log:?}");
    assert!(ground.repo.file("main", PRODUCTION).expect("the overlay").contains("newTag: 1.1.0"));
    operator.run(&["sync", app, "production", "--yes", "--wait", "2m"]).ok();
    let again = operator.run(&[&ask[..], &["--yes"]].concat()).failed(2);
    assert!(again.contains("Nothing would change"), "{again}");
}

story!(lays_it_into_the_form);
fn lays_it_into_the_form(ground: &Ground) {
    let operator = shipped(ground);
    let mut console = console(&operator);
    console.keys("2");
    console.until("what runs", ground.patience(), |screen| screen.contains("0.9.0") && screen.contains("1.1.0"));
    console.keys("G");
    console.see("production runs what Git says: 0.9.0");
    console.keys("p");
    console.until("the commits in between", ground.patience(), |screen| {
        screen.contains("commits in between") && screen.contains("1.1.0 to development") && screen.contains("[x] image")
    });
    // The image alone at first; the replicas are chosen besides.
    console.keys("j ");
    console.see("[x] replicas");
    console.keys("\r");
    console.until("the form", ground.patience(), |screen| {
        screen.contains("→ production") && screen.contains('+') && screen.contains("newTag: 1.1.0") && screen.contains("count: 2")
    });
    // The message is written over several lines; what finds the deployment again is added to it.
    let head = ground.repo.head("main");
    super::keys::review(&mut console);
    console.keys("m");
    console.see("added below");
    console.keys(" at last\r\rBecause.\u{13}");
    console.see("Because.");
    super::keys::yes(&mut console);
    console.until("the commit", ground.patience(), |_| ground.repo.head("main") != head);
    let log = ground.repo.log("main");
    assert!(log[0].subject.ends_with("to production at last") && log[0].body.starts_with("Because."), "{log:?}");
    assert!(log[0].trailers.iter().any(|(key, _)| key == "Deployment-Id"), "{:?}", log[0].trailers);
}
