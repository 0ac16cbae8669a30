//! Bad input.
use crate::support::ground::{Ground, Kind};

#[test]
#[ignore]
fn hold() {
    let ground = Ground::new(Kind::Sim, "hold").expect("sim");
    ground.seed();
    let text = format!("KC={}\nREPO={}\nAPP={}\nNS={}\n", ground.kubeconfig().display(), ground.repo.url, ground.app, ground.namespace("development"));
    std::fs::write("/tmp/q/in/ground", text).expect("x");
    while !std::path::Path::new("/tmp/q/in/stop").exists() {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}
