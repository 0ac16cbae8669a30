//! A comparison on the screen: progress, fields with owners, folding, jumping, both languages.

#![expect(clippy::panic, reason = "a test says which input failed by failing")]

use std::sync::Arc;

use domain::drift::{Against, Desired, Drift, FieldDrift, ObjectDrift, Owner, Verdict, Way};
use domain::flux::ObjectKey;
use domain::query::{Answer, Query};

use crate::effects::{Reply, Ticket, Wish};
use crate::fixture::{Stage, now};
use crate::words::Language;

fn drift(key: ObjectKey, left: usize) -> Drift {
    let owner = |manager: &str, subresource: &str| Owner {
        manager: manager.to_owned(),
        operation: "Update".to_owned(),
        subresource: subresource.to_owned(),
        time: None,
    };
    let field = |label: &str, live: &str, desired: Option<&str>, owner: Owner| FieldDrift {
        label: label.to_owned(),
        path: format!("spec.{label}"),
        live: Some(live.to_owned()),
        desired: desired.map(str::to_owned),
        owners: vec![owner],
    };
    let mut changed = ObjectDrift::new(("apps/v1", "Deployment"), ("shop", "web"), Verdict::Changed);
    changed.fields = vec![
        field("replicas", "4", Some("2"), owner("kubectl", "scale")),
        field("image", "1.9.0", Some("1.8.4"), owner("ci-bot", "")),
        field("env DEBUG", "1", None, owner("kubectl-edit", "")),
    ];
    changed.ignored = 1;
    (changed.live, changed.desired) =
        (Some("spec:\n  replicas: 4\n  image: shop:1.9.0\n".into()), Some("spec:\n  replicas: 2\n  image: shop:1.8.4\n".into()));
    let mut missing = ObjectDrift::new(("v1", "ConfigMap"), ("shop", "settings"), Verdict::Missing);
    missing.desired = Some("data:\n  level: info\n".into());
    missing.file = Some("k8s/settings.yaml".to_owned());
    let unknown = ObjectDrift::new(("v1", "Secret"), ("shop", "token"), Verdict::Unknown).why("secrets \"token\" is forbidden");
    let agrees = ObjectDrift::new(("v1", "Service"), ("shop", "web"), Verdict::Agrees);
    let desired = Desired {
        source: "GitRepository/flux-system/shop".to_owned(),
        revision: "main@sha1:9e1c21d0a1b2c3d4e5f60718293a4b5c6d7e8f90".to_owned(),
        path: "./k8s".to_owned(),
        way: Way::Artifact,
    };
    let notes = vec!["It is suspended: Flux changes nothing until it is resumed".to_owned()];
    let objects = vec![missing, changed, unknown, agrees];
    Drift { key, against: Against::Live, desired, checked: now(), objects, left, notes }
}

fn opened(wide: u16, high: u16, language: Language) -> (Stage, Ticket, ObjectKey) {
    let mut stage = Stage::new(wide, high, language);
    stage.keys("6 f").text("kustomization");
    stage.keys("enter");
    stage.wishes();
    stage.keys("d");
    let wishes = stage.wishes();
    let asked = wishes.iter().find_map(|w| match w {
        Wish::Ask(ticket, Query::Drift(key, Against::Live)) => Some((*ticket, key.clone())),
        _ => None,
    });
    let Some((ticket, key)) = asked else { panic!("nothing was asked: {wishes:?}") };
    (stage, ticket, key)
}

#[test]
fn it_looks_like_this() {
    for (name, wide, high, language, keys) in [
        ("drift", 120, 30, Language::English, ""),
        ("drift_open", 100, 30, Language::English, "n enter"),
        ("drift_narrow", 80, 24, Language::Chinese, "z a"),
    ] {
        let (mut stage, ticket, key) = opened(wide, high, language);
        stage.reply(Reply::Answer(ticket, Ok(Answer::Drift(Arc::new(drift(key, 0))))));
        if !keys.is_empty() {
            stage.keys(keys);
        }
        insta::assert_snapshot!(name, stage.lines());
    }
}

#[test]
fn what_was_found_so_far_is_shown_and_the_rest_follows() {
    let (mut stage, ticket, key) = opened(120, 30, Language::English);
    assert!(stage.lines().contains("comparing"), "{}", stage.lines());
    stage.reply(Reply::More(ticket, Answer::Drift(Arc::new(drift(key.clone(), 6)))));
    assert!(stage.lines().contains("4 of 10"), "{}", stage.lines());
    stage.reply(Reply::Answer(ticket, Ok(Answer::Drift(Arc::new(drift(key, 0))))));
    let lines = stage.lines();
    assert!(!lines.contains("4 of 10") && lines.contains("ci-bot (Update)"), "{lines}");
    // Comparing once more keeps what is there until the new is complete.
    stage.keys("r");
    assert!(stage.lines().contains("ci-bot (Update)"));
    let again = stage.wishes();
    let Some(Wish::Ask(next, _)) = again.iter().find(|w| matches!(w, Wish::Ask(..))) else { panic!("{again:?}") };
    let next = *next;
    stage.keys("esc");
    assert!(stage.wishes().contains(&Wish::Forget(next)));
}

#[test]
fn jumping_goes_through_differences_only() {
    let (mut stage, ticket, key) = opened(120, 30, Language::English);
    stage.reply(Reply::Answer(ticket, Ok(Answer::Drift(Arc::new(drift(key, 0))))));
    let at = |stage: &Stage| {
        let lines = stage.lines();
        lines
            .lines()
            .find(|l| l.contains('▌'))
            .map(|l| l.split_whitespace().find(|w| w.contains("/shop/")).unwrap_or("").to_owned())
    };
    assert_eq!(at(&stage).as_deref(), Some("ConfigMap/shop/settings"));
    stage.keys("n");
    assert_eq!(at(&stage).as_deref(), Some("Deployment/shop/web"));
    stage.keys("n");
    assert_eq!(at(&stage).as_deref(), Some("Secret/shop/token"));
    stage.keys("N");
    assert_eq!(at(&stage).as_deref(), Some("Deployment/shop/web"));
    stage.keys("enter");
    assert!(stage.lines().contains("replicas: 4") && stage.lines().contains("@@"), "{}", stage.lines());
    stage.keys("enter");
    assert!(!stage.lines().contains("@@"));
}
