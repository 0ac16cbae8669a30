//! Story 6: auto sync is off. The deployment says that it waits, and `s` syncs exactly it.

use super::*;

story!(waits_until_somebody_syncs);
fn waits_until_somebody_syncs(ground: &Ground) {
    let operator = prepared(ground, "production");
    let mut console = console(&operator);
    form(&mut console, "production");
    tag(&mut console, "1.5.0");
    review(&mut console);
    yes(&mut console);
    let screen = console.until("it waits", ground.patience(), |screen| screen.contains("Sync is manual here: s syncs."));
    assert!(screen.contains("⏸ Flux sync") && screen.contains("waiting") && !screen.contains("✓ Apply"), "{screen}");
    let wanted = ground.repo.head("main").expect("a head");

    console.keys("s");
    console.see("Sure?");
    console.keys("y");
    console.until("four green stages", ground.patience(), green);
    console.keys("2");
    console.until("it runs", ground.patience(), |screen| line(screen, " production ").matches("1.5.0").count() == 2);
    console.keys("6");
    let name = format!("{}-production", ground.app);
    console.until("suspended again", SOON, |screen| {
        screen.lines().any(|line| line.contains(&name) && line.contains("Kustomization") && line.contains('⏸'))
    });
    let object = operator.run(&["get", "ks", &name, "-n", "flux-system", "-o", "json"]).json()[0].clone();
    assert_eq!((object["revision"].as_str(), object["suspended"].as_bool()), (Some(format!("main@sha1:{wanted}").as_str()), Some(true)));
}
