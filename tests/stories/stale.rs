//! Story 8: the API server stops answering.

use std::time::{Duration, Instant};

use crate::support::ground::{Ground, Kind};

#[test]
fn stale_is_shown_and_heals_on_the_simulator() {
    tell(Kind::Sim);
}

#[test]
fn stale_is_shown_and_heals_on_the_real_cluster() {
    tell(Kind::Real);
}

fn tell(kind: Kind) {
    let Some(ground) = Ground::own(kind, "stale") else { return };
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    ground.plant("doomed");
    operator.run(&["deploy", &ground.app, "development", "--tag", "1.1.0", "--yes", "--wait", "2m"]).ok();
    let mut console = operator.console(150, 40);
    console.see("● live");
    console.keys("6");
    console.until("everything is listed", LIMIT, |screen| {
        screen.contains(&format!("{}-development", ground.app)) && screen.contains("doomed")
    });
    ground.freeze();
    let frozen = Instant::now();
    console.until("stale", Duration::from_secs(12), |screen| screen.contains("stale since"));
    let took = frozen.elapsed();
    assert!(took <= Duration::from_secs(10), "stale was shown after {took:?}");

    // The header says it everywhere, and so does every screen that shows what runs: what is known stays, marked as old.
    let twice = |screen: &str| screen.matches("stale since").count() >= 2;
    for (key, shown) in [("6", "doomed"), ("2", "development"), ("7", "image 1.0.0 → 1.1.0")] {
        console.keys(key);
        console.until(&format!("stale on screen {key}"), LIMIT, |screen| screen.contains(shown) && twice(screen));
    }
    console.keys("2");
    console.until("the environment is stale", LIMIT, |screen| {
        screen.lines().any(|line| line.contains(" development ") && line.contains("stale since"))
    });

    // No key is pressed for the recovery. Afterwards the lists are right: what was deleted meanwhile is gone.
    console.keys("6");
    console.see("doomed");
    ground.uproot_and_thaw("doomed");
    let live = |screen: &str| !screen.contains("stale since") && screen.contains("● live");
    console
        .until("live again, without what is gone", Duration::from_secs(40), |screen| live(screen) && !screen.contains("doomed"));
    console.see(&format!("{}-development", ground.app));
    console.keys("2");
    console.until("the environment is fresh", LIMIT, |screen| {
        live(screen)
            && screen.lines().any(|line| line.contains(" development ") && line.contains("1/1") && line.contains("ready"))
    });
}

const LIMIT: Duration = Duration::from_secs(20);
