//! Where an object is changed: what is asked, what is offered, and what opens then.

#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use domain::ident::{EnvironmentId, Slug};

use super::*;
use crate::fixture::{self, Bench};
use crate::words::Language;

fn key() -> ObjectKey {
    ObjectKey::new(&"deck".into(), "ConfigMap", "shop", "settings")
}

pub(super) fn origin() -> Origin {
    Origin {
        url: "https://git.example/acme/shop".into(),
        branch: Some("main".into()),
        path: "k8s".into(),
        interval: Some("10m".into()),
        ..Origin::by(ObjectKey::new(&"deck".into(), "Kustomization", "flux-system", "shop"))
    }
}

fn written() -> Arc<Written> {
    let text = "kind: ConfigMap\ndata:\n  a: '1' # kept\n";
    Arc::new(Written {
        decided: vec!["data.b".into()],
        others: vec![EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("production").unwrap())],
        ..fixture::document(key(), origin(), text)
    })
}

/// Goes as far as the answer to where it is written.
fn asked(bench: &Bench, form: bool, found: Result<Arc<Written>, Trouble>) -> Place {
    let cx = bench.cx();
    let mut place = Place::new(key(), form);
    let first = place.update(&cx, TabMsg::Enter);
    let [Effect::Ask(ticket, Query::Origin(_))] = first.as_slice() else { unreachable!("{first:?}") };
    let second = place.update(&cx, TabMsg::Reply(*ticket, Ok(Answer::Origin(Some(Box::new(origin()))))));
    let [Effect::Ask(ticket, Query::Written(_))] = second.as_slice() else { unreachable!("{second:?}") };
    assert!(place.update(&cx, TabMsg::Reply(*ticket, found.map(Answer::Written))).is_empty());
    place
}

fn drawn(bench: &Bench, place: &Place) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, 100, 30));
    place.view(&bench.cx(), *buf.area(), &mut buf);
    buf.content().chunks(100).map(|line| line.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
}

#[test]
fn git_comes_first_and_the_cluster_warns() {
    let bench = Bench::new(100, 30, Language::English);
    let mut place = asked(&bench, false, Ok(written()));
    let text = drawn(&bench, &place);
    for words in ["k8s/settings.yaml:1", "main  (aaaaaaa", "shop/development", "data.b", "shop/production", "10m"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let opened = place.update(&bench.cx(), TabMsg::Command("place.git"));
    assert_eq!(opened, [Effect::Close, Effect::Open(Overlay::Change(written(), None))]);
    let mut place = asked(&bench, true, Ok(written()));
    assert_eq!(place.update(&bench.cx(), TabMsg::Command("place.git"))[1], Effect::Open(Overlay::FormOf(written())));
    let mut place = asked(&bench, true, Ok(written()));
    assert_eq!(place.update(&bench.cx(), TabMsg::Command("place.cluster"))[1], Effect::Open(Overlay::Form(key())));
}

#[test]
fn what_cannot_be_changed_in_git_says_why_and_what_never_came_from_there_is_not_asked_about() {
    let bench = Bench::new(100, 30, Language::English);
    let why = Trouble::refused("No project has its repository", "x").why("https://git.example/acme/shop").next("Add one.");
    let place = asked(&bench, false, Err(why));
    let text = drawn(&bench, &place);
    assert!(text.contains("No project has its repository") && text.contains("Add one."), "{text}");
    let ids: Vec<&str> = place.commands(&bench.cx()).iter().map(|c| c.id).take(2).collect();
    assert_eq!(ids, ["place.cluster", "place.leave"]);
    let cx = bench.cx();
    let mut place = Place::new(key(), false);
    let first = place.update(&cx, TabMsg::Enter);
    let [Effect::Ask(ticket, _)] = first.as_slice() else { unreachable!("{first:?}") };
    let opened = place.update(&cx, TabMsg::Reply(*ticket, Ok(Answer::Origin(None))));
    assert_eq!(opened, [Effect::Close, Effect::Open(Overlay::Edit(key()))]);
}
