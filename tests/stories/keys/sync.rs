//! Story 6: auto sync is off. The deployment says that it waits, and `s` syncs exactly it.

use super::*;
use crate::support::wait;

story!(synced_by_hand);
fn synced_by_hand(ground: &Ground) {
    let operator = prepared(ground, "production");
    let mut console = console(&operator);
    form(&mut console, "production");
    tag(&mut console, "1.5.0");
    review(&mut console);
    yes(&mut console);
    let screen = console.until("it waits", ground.patience(), |screen| screen.contains("Sync is manual here: s syncs."));
    assert!(screen.contains("✓ Flux sync") && screen.contains("‖ Apply") && screen.contains("waiting"), "{screen}");
    let wanted = ground.repo.head("main").expect("a head");

    console.keys("s");
    console.see("Sure?");
    console.keys("y");
    console.until("four green stages", ground.patience(), green);
    console.keys("2");
    console.until("it runs", ground.patience(), |screen| line(screen, " production ").matches("1.5.0").count() == 2);
    console.keys("6");
    console.see("MESSAGE");
    let name = format!("{}-production", ground.app);
    console.keys(&format!("/{name}{ENTER}"));
    console.until("suspended again", SOON, |screen| {
        screen.lines().any(|line| line.contains(&name) && line.contains("Kustomization") && line.contains('‖'))
    });
    let object = kustomization(&operator, &name);
    assert_eq!(
        (object["revision"].as_str(), object["suspended"].as_bool()),
        (Some(format!("main@sha1:{wanted}").as_str()), Some(true))
    );
}

fn kustomization(operator: &Operator, name: &str) -> serde_json::Value {
    operator.run(&["get", "ks", name, "-n", "flux-system", "-o", "json"]).json()[0].clone()
}

story!(sync_killed);
fn sync_killed(ground: &Ground) {
    let operator = prepared(ground, "production");
    let mut first = console(&operator);
    form(&mut first, "production");
    tag(&mut first, "1.6.0");
    review(&mut first);
    yes(&mut first);
    first.until("it waits", ground.patience(), |screen| screen.contains("Sync is manual here: s syncs."));
    let wanted = ground.repo.head("main").expect("a head");
    first.keys("s");
    first.see("Sure?");
    first.keys("y");
    // Killed while the sync is under way: the Kustomization is resumed, or about to be.
    first.until("the sync is under way", SOON, |screen| screen.contains("1 under way") || screen.contains("◐ Apply"));
    first.kill();

    // The next console keeps the promise without being asked; what was not begun still waits and is synced from there.
    let mut second = console(&operator);
    second.keys("7");
    let screen = second.until("the end, or that it waits", ground.patience(), |screen| {
        green(screen) || screen.contains("Sync is manual here: s syncs.")
    });
    if !green(&screen) && kept(ground, &operator, &mut second) {
        second.keys("s");
        second.see("Sure?");
        second.keys("y");
    }
    second.until("four green stages", ground.patience(), green);
    let name = format!("{}-production", ground.app);
    wait("suspended again", ground.patience(), || (kustomization(&operator, &name)["suspended"] == true).then_some(()));
    assert_eq!(kustomization(&operator, &name)["revision"], format!("main@sha1:{wanted}"));
    assert_eq!(ground.repo.log("main").len(), 2);
}

/// Waits until no promise is left, and tells whether the deployment still waits for somebody.
fn kept(ground: &Ground, operator: &Operator, console: &mut Console) -> bool {
    console.keys("2");
    let screen = console.until("no sync is under way", ground.patience(), |screen| {
        screen.contains("production") && screen.contains("IN GIT") && !screen.contains("is under way since")
    });
    console.keys("7");
    let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
    !screen.is_empty() && history[0]["status"] == "waiting"
}
