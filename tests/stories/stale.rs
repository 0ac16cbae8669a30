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
    let mut console = operator.console(120, 36);
    console.see("live");
    console.keys("6");
    console.see(&format!("{}-development", ground.app));
    ground.freeze();
    let frozen = Instant::now();
    console.until("stale", Duration::from_secs(12), |screen| screen.contains("stale since"));
    let took = frozen.elapsed();
    assert!(took <= Duration::from_secs(10), "stale was shown after {took:?}");
    ground.thaw();
    // No key is pressed.
    console.until("live again", Duration::from_secs(40), |screen| !screen.contains("stale since") && screen.contains("live"));
    console.see(&format!("{}-development", ground.app));
}
