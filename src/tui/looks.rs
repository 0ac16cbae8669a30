//! How everything looks: each tab and overlay at three sizes and in both languages, with styles, over the fleet.

use domain::world::World;

use crate::capabilities::Depth;
use crate::fixture::Stage;
use crate::words::Language;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 50)];

fn look(name: &str, keys: &[&str], typed: &str) {
    for language in Language::ALL {
        for (wide, high) in SIZES {
            let mut stage = Stage::new(wide, high, language);
            for key in keys {
                stage.keys(key);
            }
            stage.text(typed);
            insta::assert_snapshot!(format!("{name}-{wide}-{}", language.tag()), stage.frame());
        }
    }
}

#[test]
fn projects() {
    look("projects", &["1"], "");
}

#[test]
fn project_form() {
    look("project-form", &["1", "a"], "https://github.com/acme/Billing.git");
}

#[test]
fn environments() {
    look("environments", &["2", "G"], "");
}

#[test]
fn environment_that_fails() {
    look("environments-failing", &["2", "G", "k"], "");
}

#[test]
fn environment_form() {
    look("environment-form", &["2", "a"], "");
}

#[test]
fn flux() {
    look("flux", &["6", "G"], "");
}

#[test]
fn flux_filtered() {
    look("flux-filtered", &["6", "/"], "failed");
}

#[test]
fn flux_kinds() {
    look("flux-kinds", &["6", "f"], "h");
}

#[test]
fn flux_object() {
    look("flux-object", &["6", "/", "b", "enter", "enter"], "");
}

#[test]
fn audit() {
    look("audit", &["9"], "");
}

#[test]
fn audit_search() {
    look("audit-search", &["9", "f"], "ada");
}

#[test]
fn help() {
    look("help", &["6", "?"], "");
}

#[test]
fn palette() {
    look("palette", &["6", ":"], "sh");
}

#[test]
fn dangerous_question() {
    look("dangerous-question", &["2", "G", "x", "1"], "produ");
}

#[test]
fn question() {
    look("question", &["2", "G", "s"], "");
}

/// Without colours glyphs, words, bold and reverse video say the same.
#[test]
fn without_colours() {
    for (key, name) in [("2", "environments"), ("6", "flux")] {
        let mut stage = Stage::in_depth(Depth::None);
        stage.keys(key);
        insta::assert_snapshot!(format!("mono-{name}"), stage.frame());
        let mut stage = Stage::in_depth(Depth::Ansi16);
        stage.keys(key);
        insta::assert_snapshot!(format!("sixteen-{name}"), stage.frame());
    }
}

/// An empty place says what would fill it and which key does it.
#[test]
fn empty_places() {
    for (key, name) in [("1", "projects"), ("2", "environments"), ("6", "flux"), ("9", "audit")] {
        let mut stage = Stage::over(World::default(), 80, 24, Language::English);
        stage.keys(key);
        insta::assert_snapshot!(format!("empty-{name}"), stage.frame());
    }
}
