//! Story 1 by keys: the deploy form in the console, from a tag typed to four green stages.

use super::story;
use crate::support::ground::Ground;

story!(ships_a_change_by_keys);
fn ships_a_change_by_keys(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let mut console = operator.console(120, 36);
    console.see(app);
    console.keys("2");
    console.see("development");
    console.keys("d");
    console.see("1.0.0");
    let _ = app;
}
