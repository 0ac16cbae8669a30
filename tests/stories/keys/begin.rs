//! The first minute and the second day: the demo with its tour, a console without a cluster, a session that is taken up again, and
//! a configuration that is read while the console is open.

use super::{ENTER, ESC, SOON, SUBMIT, prepared, story};
use crate::support::console::Operator;
use crate::support::ground::{Ground, Kind};

#[test]
fn the_demo_shows_what_is_broken_and_the_tour_mends_it() {
    let operator = Operator::lost();
    let mut console = operator.console_with(130, 40, &["demo", "--speed", "4"]);
    let first = console.see("Tour 1/5");
    assert!(first.contains("ledger/production"), "the fleet is there with the first frame:\n{first}");
    let crashes =
        |screen: &str| screen.lines().any(|line| line.contains("ledger/production") && line.contains("CrashLoopBackOff"));
    let screen = console.until("something that crashes", SOON * 3, crashes);
    for environment in ["shop/testing", "shop/staging", "shop/production", "shop/development", "beacon/production"] {
        assert!(screen.contains(environment), "{screen}");
    }
    // A container that crashes runs for a moment now and then; the other failure is found then.
    for _ in 0..20 {
        console.until("something that crashes", SOON * 3, crashes);
        console.keys("gf");
        let screen = console.until("a failure", SOON, |screen| screen.contains("Tour 2/5"));
        if screen.lines().any(|line| line.starts_with('▌') && line.contains("ledger/production")) {
            break;
        }
    }
    console.keys("h");
    let history = console.see("Tour 3/5");
    assert!(history.contains("5.5.0-crash") && history.contains("5.4.1"), "{history}");
    console.until("the failure", SOON * 3, |screen| screen.contains("failed") && screen.contains("crashes"));
    console.keys("b");
    console.until("what would take it back", SOON, |screen| screen.contains("Tour 4/5") && screen.contains("newTag: 5.4.1"));
    console.keys(SUBMIT);
    console.until("the question", SOON, |screen| screen.contains("5.4.1") && !screen.contains("Tour 4/5"));
    console.keys("y");
    console.see("Tour 5/5");
    console.until("that it is healthy again", SOON * 3, |screen| {
        screen.contains("back to") && screen.lines().any(|line| line.contains("Health") && line.contains('✓'))
    });
    console.keys(":");
    console.see("That was the tour");
    console.keys(ESC);
    console.keys("8");
    console.see("DELIVERY");
    console.keys("q");
    assert_eq!(console.ended(SOON), 0);
}

#[test]
fn without_a_cluster_it_is_said_how_to_get_one_and_the_demo_is_one_key_away() {
    let operator = Operator::lost();
    let mut console = operator.console(120, 36);
    let screen = console.see("Welcome aboard");
    assert!(screen.contains("There is no kubeconfig") && screen.contains("kind export kubeconfig"), "{screen}");
    console.keys("D");
    console.see("Tour 1/5");
    console.keys(ESC);
    console.see("The tour is left");
    console.keys("q");
    assert_eq!(console.ended(SOON), 0);
}

story!(a_fresh_console_says_what_it_sees);
fn a_fresh_console_says_what_it_sees(ground: &Ground) {
    let seeder = prepared(ground, "development");
    drop(seeder);
    let operator = ground.operator();
    let mut console = operator.console(130, 40);
    console.until("what is there", ground.patience(), |screen| {
        screen.contains("Welcome aboard")
            && screen.contains("The kubeconfig names")
            && screen.contains("Kustomizations")
            && screen.contains("adopts what Flux runs already")
    });
    console.keys("A");
    console.until("what can be adopted", ground.patience(), |screen| screen.contains("environments marked"));
    // Others stand on the same cluster, and a long name is cut in its middle.
    console.keys(&format!("/{}\r", ground.app));
    let end = format!("{}/development", ground.app.rsplit('-').next().unwrap_or_default());
    console.until("what the environment was made of", SOON, |screen| {
        screen.lines().any(|line| line.contains('▌') && line.contains(&end))
    });
    console.keys(&format!("{ESC}q"));
}

#[test]
fn a_session_is_taken_up_and_says_what_happened_meanwhile() {
    let ground = Ground::new(Kind::Sim, "takenup").expect("the simulator");
    let operator = prepared(&ground, "development").restoring();
    let app = ground.app.as_str();
    let mut console = super::console(&operator);
    console.keys("6");
    console.until("the objects", SOON * 3, |screen| screen.contains("Kustomization") && screen.contains(app));
    console.keys(&format!("/{app}{ENTER}"));
    console.until("the filter", SOON, |screen| screen.contains(&format!("/{app}")) || screen.contains(&format!("/ {app}")));
    console.keys("q");
    assert_eq!(console.ended(SOON), 0);
    operator.run(&["deploy", app, "development", "--tag", "3.0.0", "--yes", "--wait", "2m"]).ok();
    let mut again = super::console(&operator);
    let screen = again.until("where it was left", SOON, |screen| screen.contains("since you left") && screen.contains("KIND"));
    assert!(screen.contains(app), "{screen}");
    again.keys(":since");
    again.until("the command", SOON, |screen| screen.contains("since then"));
    again.keys(ENTER);
    again.until("what happened", SOON, |screen| screen.contains("3.0.0") && screen.contains("Since "));
    again.keys(&format!("{ESC}q"));
}

#[test]
fn a_configuration_is_taken_up_while_the_console_is_open() {
    let ground = Ground::new(Kind::Sim, "live-config").expect("the simulator");
    let operator = prepared(&ground, "development").restoring();
    let path = operator.run(&["config", "path"]).ok().trim().to_owned();
    operator.run(&["config", "init"]).ok();
    let mut console = super::console(&operator);
    let write = |text: &str| std::fs::write(&path, text).expect("a file of our own");
    write("language = \"zh-CN\"\n");
    console.until("Chinese", SOON, |screen| screen.contains("环境") && screen.contains("配置已更改"));
    // A mistake is said with its place, and what was taken up before holds.
    write("language = \"zh-CN\"\ncolour = 3\n");
    console.keys("!");
    let screen = console.until("what is wrong", SOON, |screen| screen.contains("config.toml:2:1"));
    assert!(screen.contains("问题"), "{screen}");
    console.keys(ESC);
    write("language = \"en\"\n");
    console.until("English again", SOON, |screen| screen.contains("Environments"));
    console.keys("q");
}
