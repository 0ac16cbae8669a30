//! The palette over the fleet: aliases, words of classes, completion, themes tried and kept, recent places.

use crate::capabilities::Ground;
use crate::effects::Wish;
use crate::fixture::Stage;
use crate::place::TabId;
use crate::preferences::News;
use crate::session::Msg;
use crate::words::Language;

fn stage() -> Stage {
    Stage::new(100, 30, Language::English)
}

fn theme(stage: &Stage) -> String {
    stage.session.cx().theme.name.clone()
}

#[test]
fn an_alias_typed_whole_is_its_kind() {
    for (alias, kind) in [("ks", "Kustomization"), ("hr", "HelmRelease"), ("gitrepo", "GitRepository")] {
        let mut stage = stage();
        stage.keys(":").text(alias).keys("enter");
        assert_eq!(stage.session.active(), TabId::Flux, "{alias}");
        assert_eq!(stage.session.cx().desk.kind, Some(kind), "{alias}");
    }
}

#[test]
fn a_theme_is_tried_while_it_is_selected_and_kept_by_enter_only() {
    let mut stage = stage();
    stage.keys(":").text("theme ke");
    assert_eq!(theme(&stage), "kelp");
    stage.keys("esc");
    assert_eq!(theme(&stage), "dark");
    stage.keys(":").text("theme reg").keys("enter");
    assert_eq!(theme(&stage), "regatta");
    stage.keys(":").text("theme auto").keys("enter");
    assert_eq!(theme(&stage), "dark");
    stage.msg(Msg::News(News::Ground(Ground::Light)));
    assert_eq!(theme(&stage), "light");
}

#[test]
fn a_word_is_completed_and_leaves_its_class_alone() {
    let mut stage = stage();
    stage.keys(":").text("skin").keys("tab");
    let lines = stage.lines();
    assert!(lines.contains(": theme ") && lines.contains("harbour") && !lines.contains("Kustomization"), "{lines}");
    stage.text("harb").keys("tab");
    assert!(stage.lines().contains(": theme harbour"), "{}", stage.lines());
    stage.keys("ctrl-u").text("env prod").keys("enter");
    assert_eq!(stage.session.cx().desk.environment.as_ref().map(|e| e.name.to_string()).as_deref(), Some("production"));
}

#[test]
fn the_language_is_switched_where_one_stands() {
    let mut stage = stage();
    stage.keys(":").text("lang zh").keys("enter");
    assert!(stage.lines().contains("环 境") || stage.lines().contains("环境"), "{}", stage.lines());
}

#[test]
fn the_places_one_was_at_are_offered_first_and_gone_through_by_keys() {
    let mut stage = stage();
    stage.keys("6 enter");
    let object = stage.lines();
    stage.keys("esc 9");
    stage.keys("[");
    assert_eq!(stage.session.active(), TabId::Flux);
    stage.keys("[");
    assert_eq!(stage.lines().lines().nth(4), object.lines().nth(4), "the object is open again");
    stage.keys("esc 9 :").keys("enter");
    assert_eq!(stage.session.active(), TabId::Flux);
}

#[test]
fn a_count_goes_so_far() {
    let mut stage = stage();
    stage.keys("6 # 3 j enter");
    let third = stage.lines();
    let mut other = self::stage();
    other.keys("6 j j j enter");
    assert_eq!(third, other.lines());
    let mut line = self::stage();
    line.keys("6 # 4 G enter");
    assert_eq!(third, line.lines());
    stage.keys("esc # 2 esc");
    assert_eq!(stage.session.active(), TabId::Flux);
}

#[test]
fn g_jumps_go_to_tabs() {
    let mut stage = stage();
    for (keys, tab) in [("g k", TabId::Flux), ("g a", TabId::Audit), ("g p", TabId::Projects), ("g m", TabId::Monitor)] {
        stage.keys(keys);
        assert_eq!(stage.session.active(), tab, "{keys}");
    }
}

#[test]
fn a_command_of_another_tab_is_found_and_leads_there_without_being_given() {
    let mut stage = stage();
    stage.keys("2 :").text("adopt");
    assert!(stage.lines().contains("1 Projects"), "{}", stage.lines());
    stage.keys("enter");
    assert_eq!(stage.session.active(), TabId::Projects);
    assert!(stage.lines().contains("Here it is A:"), "{}", stage.lines());
    assert!(stage.wishes().iter().all(|wish| !matches!(wish, Wish::Give(..))), "nothing is given");
    // One of this tab that does not suit what is selected says so.
    let mut stage = self::stage();
    stage.keys("6 :").text("force");
    stage.keys("enter");
    assert_eq!(stage.session.active(), TabId::Flux);
    assert!(stage.lines().contains("is not possible for what is selected"), "{}", stage.lines());
}

#[test]
fn every_command_of_every_tab_is_found_by_its_title_wherever_one_is() {
    let all = crate::words::Words::load(Language::English);
    let tabs: Vec<String> = crate::tabs::TABS.iter().map(|tab| format!("command.{}.", &tab.title["tab.".len()..])).collect();
    let titles = all.keys().into_iter().filter(|key| tabs.iter().any(|tab| key.starts_with(tab)));
    let mut stage = Stage::new(120, 40, Language::English);
    let mut count = 0;
    for key in titles {
        let title = all.get(key).split(" | ").next().unwrap_or_default();
        stage.keys(": ctrl-u").text(title);
        assert!(stage.lines().contains(&format!("command      {title}")), "{key}: {}", stage.lines());
        stage.keys("esc");
        count += 1;
    }
    assert!(count > 100, "{count}");
}
