//! The Monitor tab in its sizes and languages.

use crate::capabilities::Depth;
use crate::fixture::Stage;
use crate::place::TabId;
use crate::tabs::deploy::scene::body;
use crate::words::Language;

fn stage(wide: u16, high: u16, language: Language) -> Stage {
    let mut stage = Stage::new(wide, high, language);
    stage.keys("8");
    stage
}

#[test]
fn it_looks_as_it_should() {
    for (name, wide, high, language) in [
        ("monitor_80x24", 80, 24, Language::English),
        ("monitor_120x36", 120, 36, Language::English),
        ("monitor_200x60", 200, 60, Language::English),
        ("monitor_120x36_zh", 120, 36, Language::Chinese),
    ] {
        insta::assert_snapshot!(name, body(&stage(wide, high, language)));
    }
}

/// With sixteen colours, and without any, charts and figures say the same.
#[test]
fn it_is_read_with_few_colours() {
    for (name, depth) in [("monitor_sixteen", Depth::Ansi16), ("monitor_mono", Depth::None)] {
        let mut stage = Stage::in_depth(depth);
        stage.keys("8");
        insta::assert_snapshot!(name, stage.frame());
    }
}

#[test]
fn the_span_goes_round_both_ways_and_what_figures_mean_is_said() {
    let mut stage = stage(120, 36, Language::English);
    assert_eq!(stage.session.active(), TabId::Monitor);
    assert!(stage.lines().contains("[7d]"), "{}", stage.lines());
    stage.keys("t");
    assert!(stage.lines().contains("[30d]"), "{}", stage.lines());
    stage.keys("T T");
    assert!(stage.lines().contains("[24h]"), "{}", stage.lines());
    stage.keys("T");
    assert!(stage.lines().contains("[90d]"), "{}", stage.lines());
    stage.keys("G");
    assert!(stage.lines().contains("in the same environment"), "{}", stage.lines());
}
