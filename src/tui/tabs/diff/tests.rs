//! The difference: both views, both layouts.

use crate::tabs::deploy::scene::{answer, body, filled};
use crate::words::Language;

#[test]
fn both_views_and_both_layouts() {
    for (name, wide, keys) in [
        ("diff_unified", 100, "ctrl-d"),
        ("diff_split", 140, "ctrl-d"),
        ("diff_rendered", 100, "ctrl-d r"),
        ("diff_split_by_hand", 80, "ctrl-d v"),
    ] {
        let mut stage = filled(wide, 30, Language::English);
        stage.keys("ctrl-u").text("1.8.5").keys("down down ctrl-u").text("3");
        stage.pass(200);
        answer(&mut stage, None);
        stage.keys(keys);
        insta::assert_snapshot!(name, body(&stage));
    }
}

#[test]
fn where_nothing_differs_it_says_what_to_do() {
    let mut stage = filled(100, 30, Language::English);
    stage.keys("ctrl-d");
    assert!(stage.lines().contains("Nothing differs from main"), "{}", stage.lines());
}

#[test]
fn findings_are_jumped_to() {
    let mut stage = filled(100, 30, Language::English);
    stage.keys("ctrl-u").text("1.8.5");
    stage.pass(200);
    answer(&mut stage, None);
    stage.keys("ctrl-d");
    assert!(stage.lines().contains("findings: 1"), "{}", stage.lines());
    stage.keys("]");
    assert!(stage.lines().contains("findings: 1/1"), "{}", stage.lines());
}
