//! The tour follows what is done; a session is left and taken up again; another context is taken in place.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use std::sync::Arc;

use domain::Time;
use domain::flux::Health;
use domain::query::Query;
use domain::world::World;

use crate::effects::Wish;
use crate::fixture::{Stage, now, world};
use crate::memory::{Kept, Memory};
use crate::place::TabId;
use crate::preferences::{News, OfContext, Preferences};
use crate::session::{Act, Msg};
use crate::words::Language;

fn toured(language: Language) -> Stage {
    let mut stage = Stage::new(120, 36, language);
    stage.session.tour();
    stage
}

#[test]
fn the_tour_goes_on_as_its_things_are_done() {
    let mut stage = toured(Language::English);
    assert!(stage.lines().contains("Tour 1/5") && stage.lines().contains("g f goes to the next failure"), "{}", stage.lines());
    stage.keys("j");
    assert!(stage.lines().contains("Tour 1/5"), "{}", stage.lines());
    stage.keys("g f");
    assert!(stage.lines().contains("Tour 2/5"), "{}", stage.lines());
    // Somewhere else it says the way back first.
    stage.keys("6");
    assert!(stage.lines().contains("2 goes to Environments."), "{}", stage.lines());
    stage.keys("2 h");
    assert_eq!(stage.session.active(), TabId::Deployments);
    assert!(stage.lines().contains("Tour 3/5"), "{}", stage.lines());
    stage.keys("alt-n alt-n");
    assert!(stage.lines().contains("Tour 5/5") && stage.lines().contains("letters: :"), "{}", stage.lines());
    stage.keys(":");
    assert!(!stage.lines().contains("Tour 5/5") && stage.lines().contains("That was the tour"), "{}", stage.lines());
}

#[test]
fn what_is_not_broken_yet_is_not_said_to_be() {
    let mut world = world();
    let broken = |world: &World| world.environments.iter().position(|e| world.environment_health(e).0 == Health::Bad);
    while let Some(at) = broken(&world) {
        Arc::make_mut(&mut world.environments).remove(at);
    }
    let mut stage = Stage::over(world, 120, 36, Language::English);
    stage.session.tour();
    stage.keys("j");
    assert!(stage.lines().contains("Something is about"), "{}", stage.lines());
}

#[test]
fn escape_leaves_the_tour_and_it_can_be_begun_again() {
    let mut stage = toured(Language::Chinese);
    assert!(stage.lines().contains("导览 1/5"), "{}", stage.lines());
    stage.keys("esc");
    assert!(!stage.lines().contains("1/5"), "{}", stage.lines());
    stage.keys(":").text("导览").keys("enter");
    assert!(stage.lines().contains("导览 1/5"), "{}", stage.lines());
    // What lies on top goes first.
    stage.keys("? esc");
    assert!(stage.lines().contains("导览 "), "{}", stage.lines());
}

#[test]
fn the_card_fits_where_there_is_little_room() {
    for (wide, high) in [(20, 5), (30, 8), (40, 12), (80, 24), (200, 50)] {
        let mut stage = Stage::new(wide, high, Language::Chinese);
        stage.session.tour();
        stage.lines();
        stage.keys("j k 7 esc");
        stage.lines();
    }
}

#[test]
fn a_session_is_taken_up_where_it_was_left() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6 /").text("shop").keys("enter j 2 j j 6");
    let memory = stage.session.memory();
    assert_eq!((memory.tab.as_str(), memory.lists["tab.flux"].filter.as_str()), ("tab.flux", "shop"));
    let text = serde_json::to_string(&memory).unwrap();
    let read: Memory = serde_json::from_str(&text).unwrap();
    assert_eq!(read, memory);
    let mut again = Stage::new(120, 36, Language::English);
    let acts = again.session.recall(&read);
    again.acts.extend(acts);
    assert_eq!(again.session.active(), TabId::Flux);
    let lists = again.session.memory().lists;
    for tab in ["tab.flux", "tab.environments", "tab.deployments"] {
        assert_eq!(lists[tab], memory.lists[tab], "{tab}");
    }
    let body = |stage: &Stage| stage.lines().lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&again), body(&stage));
    // A form is no place to begin at.
    let mut form = Stage::new(120, 36, Language::English);
    form.session.recall(&Memory { tab: "tab.deploy".to_owned(), ..Memory::default() });
    assert_eq!(form.session.active(), TabId::Environments);
    // What is not there any more is no reason to fail.
    let lost = Kept { filter: "x".to_owned(), selected: Some("nobody".to_owned()) };
    let strange = Memory {
        tab: "tab.none".to_owned(),
        project: Some("gone".to_owned()),
        kind: Some("None".to_owned()),
        ..Memory::default()
    };
    let mut other = Stage::new(120, 36, Language::English);
    other.session.recall(&Memory { lists: [("tab.flux".to_owned(), lost)].into(), ..strange });
    assert_eq!(other.session.active(), TabId::Environments);
}

#[test]
fn what_happened_since_is_counted_and_listed() {
    let long_ago = Time::from_second(now().as_second() - 400 * 86_400).unwrap();
    let mut stage = Stage::new(140, 36, Language::English);
    stage.session.recall(&Memory { tab: "tab.environments".to_owned(), left: Some(long_ago), ..Memory::default() });
    assert!(stage.lines().contains("since you left"), "{}", stage.lines());
    stage.keys(":").text("since").keys("enter");
    assert!(stage.lines().contains("Since 2025") && stage.lines().contains("failed"), "{}", stage.lines());
    let mut quiet = Stage::new(140, 36, Language::English);
    quiet.session.recall(&Memory { tab: "tab.environments".to_owned(), left: Some(now()), ..Memory::default() });
    assert!(!quiet.lines().contains("since you left"), "{}", quiet.lines());
}

#[test]
fn another_context_is_taken_in_place_and_held() {
    let mut world = world();
    world.contexts = Arc::new(vec!["prod-eu".into(), "staging-eu".into()]);
    let mut stage = Stage::over(world, 140, 36, Language::English);
    let of = OfContext { name: "staging-eu".to_owned(), theme: Some("light".to_owned()), namespace: Some("shop".to_owned()) };
    let filters = vec![("broken".to_owned(), "ready=false".to_owned())];
    let liked = Preferences { contexts: vec![of], filters, ..stage.session.cx().preferences.clone() };
    stage.msg(Msg::News(News::Preferences(Box::new(liked))));
    stage.acts.clear();
    stage.keys(":").text("context staging").keys("enter");
    assert_eq!(stage.session.cx().context, "staging-eu");
    assert_eq!(stage.session.cx().theme.name, "light");
    let held = |act: &Act| matches!(act, Act::Wish(Wish::Ask(_, Query::Hold(places))) if places[0].0.0 == "staging-eu");
    assert!(stage.acts.iter().any(held), "{:?}", stage.acts);
    stage.keys("6");
    assert_eq!(stage.session.memory().lists["tab.flux"].filter, "cluster=staging-eu namespace=shop");
    stage.acts.clear();
    stage.keys(":").text("context prod").keys("enter");
    assert!(stage.acts.iter().any(|act| matches!(act, Act::Wish(Wish::Forget(_)))), "{:?}", stage.acts);
    assert_eq!(stage.session.cx().theme.name, "dark");
    // A filter with a name goes into the list that is shown.
    stage.keys("6 :").text("filter broken").keys("enter");
    assert_eq!(stage.session.memory().lists["tab.flux"].filter, "ready=false");
}
