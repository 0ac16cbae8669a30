//! An edit from the key to the order: what is asked of the engine and of the editor, and what is shown.

#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use domain::change::Finding;
use domain::orders::Outcome;
use domain::world::World;

use super::*;
use crate::effects::{Overlay, Reply, Wish};
use crate::fixture::{self, Bench};
use crate::words::Language;

fn key() -> ObjectKey {
    ObjectKey::new(&"deck".into(), "ConfigMap", "shop", "settings")
}

fn base() -> Arc<LiveText> {
    let text = Private::new("data:\n  a: '1'\n");
    Arc::new(LiveText { key: key(), uid: "u".into(), version: "7".into(), text, masked: 0, origin: None })
}

fn review(wrong: bool) -> LiveReview {
    let order = Apply {
        key: key(),
        version: "7".into(),
        seen: String::new(),
        patch: Private::new("{}"),
        fields: vec!["data.a".into()],
        origin: None,
    };
    let findings =
        wrong.then(|| Finding::new(Severity::Error, "yaml-syntax", "line 3, column 1: no mapping")).into_iter().collect();
    LiveReview {
        key: key(),
        findings,
        refused: None,
        before: if wrong { "" } else { "data:\n  a: '1'\n" }.into(),
        after: if wrong { "" } else { "data:\n  a: '2'\n" }.into(),
        moved: None,
        order: (!wrong).then_some(order),
    }
}

/// Goes as far as the answer to what was written.
fn judged(bench: &Bench, wrong: bool) -> Edit {
    let cx = bench.cx();
    let mut edit = Edit::new(key());
    let asked = edit.update(&cx, TabMsg::Enter);
    let [Effect::Ask(ticket, Query::Edit(_))] = asked.as_slice() else { unreachable!("{asked:?}") };
    let opened = edit.update(&cx, TabMsg::Reply(*ticket, Ok(Answer::Edit(base()))));
    let [Effect::Editor(ticket, Errand::Begin { text, .. })] = opened.as_slice() else { unreachable!("{opened:?}") };
    assert!(text.text().starts_with("# ConfigMap/shop/settings in deck."), "{}", text.text());
    let written = Written { text: Private::new("data:\n  a: '2'\n"), changed: true, file: "/run/x.yaml".into() };
    let checked = edit.update(&cx, TabMsg::Written(*ticket, Box::new(Ok(written))));
    let [Effect::Ask(ticket, Query::Review(_))] = checked.as_slice() else { unreachable!("{checked:?}") };
    assert!(edit.update(&cx, TabMsg::Reply(*ticket, Ok(Answer::Review(Arc::new(review(wrong)))))).is_empty());
    edit
}

#[test]
fn what_was_shown_is_applied_and_its_file_goes() {
    let bench = Bench::new(100, 30, Language::English);
    let cx = bench.cx();
    let mut edit = judged(&bench, false);
    let given = edit.update(&cx, TabMsg::Command("edit.apply"));
    let [Effect::Answered(ticket, Order::Apply(order))] = given.as_slice() else { unreachable!("{given:?}") };
    assert_eq!(order.fields, ["data.a"]);
    let done = edit.update(&cx, TabMsg::OrderDone(*ticket, Ok(Outcome::said("changed"))));
    assert!(matches!(done.as_slice(), [Effect::Editor(_, Errand::Discard), Effect::Close]), "{done:?}");
}

#[test]
fn what_is_wrong_is_edited_again_and_leaving_says_where_it_is() {
    let bench = Bench::new(100, 30, Language::English);
    let cx = bench.cx();
    let mut edit = judged(&bench, true);
    assert!(!edit.commands(&cx).iter().any(|c| c.id == "edit.apply"), "nothing wrong is applied");
    let again = edit.update(&cx, TabMsg::Command("edit.again"));
    let [Effect::Editor(_, Errand::Again(notes))] = again.as_slice() else { unreachable!("{again:?}") };
    assert!(notes[0].contains("line 3"), "{notes:?}");
    let mut edit = judged(&bench, true);
    let left = edit.update(&cx, TabMsg::Command("edit.leave"));
    assert!(left.iter().any(|e| matches!(e, Effect::Toast(t) if t.text.contains("/run/x.yaml"))), "{left:?}");
    assert!(left.contains(&Effect::Close));
}

#[test]
fn the_session_gives_it_without_asking_twice() {
    let mut stage = fixture::Stage::over(World::default(), 100, 30, Language::English);
    stage.session.open_for_test(Overlay::Edit(key()), &mut stage.acts);
    let asked = stage.acts.iter().find_map(|act| match act {
        crate::session::Act::Wish(Wish::Ask(ticket, Query::Edit(_))) => Some(*ticket),
        _ => None,
    });
    stage.reply(Reply::Answer(asked.unwrap(), Ok(Answer::Edit(base()))));
    let opened = stage.acts.iter().find_map(|act| match act {
        crate::session::Act::Editor(ticket, Errand::Begin { .. }) => Some(*ticket),
        _ => None,
    });
    let written = Written { text: Private::new("data:\n  a: '2'\n"), changed: true, file: String::new() };
    stage.reply(Reply::Written(opened.unwrap(), Ok(written)));
    let judged = stage.acts.iter().find_map(|act| match act {
        crate::session::Act::Wish(Wish::Ask(ticket, Query::Review(_))) => Some(*ticket),
        _ => None,
    });
    stage.reply(Reply::Answer(judged.unwrap(), Ok(Answer::Review(Arc::new(review(false))))));
    stage.keys("y");
    let given = stage.acts.iter().any(|act| matches!(act, crate::session::Act::Wish(Wish::Give(_, Order::Apply(_)))));
    assert!(given, "{:?}", stage.acts);
}
