//! Every theme loads at every depth, has every role, and says the same by attributes where colours are missing.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use super::*;

#[test]
fn every_theme_loads_at_every_depth() {
    for (name, _) in BUILT_IN {
        for depth in [Depth::None, Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let theme = Theme::load(name, BUILT_IN, depth).unwrap();
            let coloured = Role::ALL.iter().any(|r| theme.style(*r).fg.is_some());
            assert_eq!(coloured, depth != Depth::None && *name != "mono", "{name} {depth:?}");
        }
    }
}

#[test]
fn without_colours_the_selection_and_failures_still_stand_out() {
    let theme = Theme::built_in("dark", Depth::None);
    for role in [Role::Selection, Role::Bad, Role::Accent, Role::Added, Role::RemovedWord] {
        assert!(!theme.style(role).add_modifier.is_empty(), "{role:?}");
    }
}

#[test]
fn a_wrong_theme_says_what_is_wrong() {
    let load =
        |text: &'static str| Theme::load("x", &[("x", text), ("dark", BUILT_IN[0].1)], Depth::True).unwrap_err().to_string();
    assert!(load("inherits = \"nowhere\"").contains("nowhere"));
    assert!(load("inherits = \"x\"").contains("circle"));
    assert!(load("[roles]\nok = \"#12\"").contains("#12") || load("[roles]\nok = \"#12\"").contains("lacks"));
    assert!(load("inherits = \"dark\"\n[roles]\nhull = \"red\"").contains("unknown role"));
    assert!(load("inherits = \"dark\"\n[roles]\nok = \"reddish\"").contains("reddish"));
    assert!(load("[roles]\nok = \"red\"").contains("lacks"));
}

#[test]
fn a_child_may_be_a_palette_alone() {
    let theme =
        Theme::load("x", &[("x", "inherits = \"dark\"\n[palette]\ngreen = \"#010203\""), ("dark", BUILT_IN[0].1)], Depth::True)
            .unwrap();
    assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(1, 2, 3)));
}
