//! A document in Git from the editor to the order: what is asked, what is shown, and what is given.

use domain::change::{FileChange, Finding, ObjectChange, Risk};
use domain::flux::ObjectKey;
use domain::ident::DeploymentId;
use domain::orders::Outcome;
use domain::origin::Origin;

use super::*;
use crate::fixture::{self, Bench};
use crate::words::Language;

const TEXT: &str = "kind: ConfigMap\ndata:\n  a: '1' # kept\n";

fn document() -> Arc<Document> {
    let key = ObjectKey::new(&"deck".into(), "ConfigMap", "shop", "settings");
    Arc::new(fixture::document(key.clone(), Origin::by(key), TEXT))
}

fn preview(wrong: bool) -> Arc<Preview> {
    let change = |after: &str| (Some(TEXT.to_owned()), Some(TEXT.replace("'1'", after)));
    let (before, after) = change("'2'");
    let findings = wrong.then(|| Finding::new(Severity::Error, "dry-run", "ConfigMap/settings: no").at("k8s/settings.yaml", 3));
    Arc::new(Preview {
        environment: document().environment.clone(),
        base: document().head.clone(),
        branch: "main".into(),
        files: vec![FileChange { path: "k8s/settings.yaml".into(), before: before.clone(), after: after.clone() }],
        rendered: vec![ObjectChange { object: "shop/ConfigMap/settings".into(), before, after }],
        yaml: String::new(),
        origins: Vec::new(),
        charts: Vec::new(),
        summary: Vec::new(),
        findings: findings.into_iter().collect(),
        schemas: 0,
        risk: Risk::default(),
        answers: Vec::new(),
        asks: Vec::new(),
        message: "Edit shop/ConfigMap/settings in shop development".into(),
        author: "Ada <ada@example>".into(),
        will: vec!["One commit goes to main and changes k8s/settings.yaml.".into()],
        digest: "d".into(),
        render_trouble: None,
        restoring: None,
        overwriters: Vec::new(),
    })
}

/// Goes as far as the answer to what was written.
fn judged(bench: &Bench, wrong: bool) -> Change {
    let cx = bench.cx();
    let mut change = Change::new(document(), None);
    let opened = change.update(&cx, TabMsg::Enter);
    let [Effect::Editor(ticket, Errand::Begin { text, .. })] = opened.as_slice() else { unreachable!("{opened:?}") };
    assert!(text.text().starts_with("# ! ConfigMap/shop/settings") && text.text().ends_with(TEXT), "{}", text.text());
    let text = Private::new(text.text().replace("'1'", "'2'"));
    let written = Written { text, changed: true, file: "/run/x.yaml".into() };
    let checked = change.update(&cx, TabMsg::Written(*ticket, Box::new(Ok(written))));
    let [Effect::Ask(ticket, Query::Preview(draft))] = checked.as_slice() else { unreachable!("{checked:?}") };
    assert_eq!(draft.texts[0].after.as_deref(), Some("kind: ConfigMap\ndata:\n  a: '2' # kept\n"));
    assert!(change.update(&cx, TabMsg::Reply(*ticket, Ok(Answer::Preview(preview(wrong))))).is_empty());
    change
}

#[test]
fn what_was_shown_is_committed_with_the_message_that_was_written() {
    let bench = Bench::new(110, 40, Language::English);
    let cx = bench.cx();
    let mut change = judged(&bench, false);
    let mut buf = Buffer::empty(Rect::new(0, 0, 110, 40));
    change.view(&cx, *buf.area(), &mut buf);
    let text: String = buf.content().iter().map(ratatui::buffer::Cell::symbol).collect();
    for words in ["a: '2' # kept", "RENDERED", "shop/ConfigMap/settings", "One commit goes to main", "Ada <ada@example>"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    change.update(&cx, TabMsg::Command("message.write"));
    assert!(change.typing(&cx));
    change.update(&cx, TabMsg::Paste("!\n\nBecause.\n".into()));
    change.update(&cx, TabMsg::Command("message.take"));
    let given = change.update(&cx, TabMsg::Command("change.commit"));
    let [Effect::Answered(ticket, Order::Deploy(order))] = given.as_slice() else { unreachable!("{given:?}") };
    assert_eq!(order.draft.message.as_deref(), Some("Edit shop/ConfigMap/settings in shop development!\n\nBecause."));
    assert_eq!((order.reviewed.as_deref(), order.draft.texts.len()), (Some("d"), 1));
    let outcome = Outcome { deployment: Some(DeploymentId::new("01J")), ..Outcome::said("done") };
    let done = change.update(&cx, TabMsg::OrderDone(*ticket, Ok(outcome)));
    assert!(matches!(done.as_slice(), [Effect::Editor(_, Errand::Discard), Effect::Close, Effect::Desk(_), Effect::Switch(_)]));
}

#[test]
fn what_is_wrong_is_edited_again_and_a_branch_that_moved_is_read_anew() {
    let bench = Bench::new(110, 40, Language::English);
    let cx = bench.cx();
    let mut change = judged(&bench, true);
    assert!(!change.commands(&cx).iter().any(|c| c.id == "change.commit"), "nothing wrong is committed");
    let again = change.update(&cx, TabMsg::Command("change.again"));
    let [Effect::Editor(_, Errand::Again(notes))] = again.as_slice() else { unreachable!("{again:?}") };
    assert_eq!(notes, &["line 3: ConfigMap/settings: no"]);

    let mut change = judged(&bench, false);
    let given = change.update(&cx, TabMsg::Command("change.commit"));
    let [Effect::Answered(ticket, _)] = given.as_slice() else { unreachable!("{given:?}") };
    change.update(&cx, TabMsg::OrderDone(*ticket, Err(Trouble::refused("The file has changed meanwhile", "k8s/settings.yaml"))));
    let read = change.update(&cx, TabMsg::Command("change.again"));
    let [Effect::Ask(ticket, Query::Written(_))] = read.as_slice() else { unreachable!("{read:?}") };
    let whole = Private::new(TEXT.replace("'1'", "'9'"));
    let now = Arc::new(Document { whole, ..(*document()).clone() });
    let renewed = change.update(&cx, TabMsg::Reply(*ticket, Ok(Answer::Written(now))));
    let [Effect::Editor(_, Errand::Renew(text))] = renewed.as_slice() else { unreachable!("{renewed:?}") };
    assert!(text.text().contains("# ! The file has changed meanwhile") && text.text().contains("'9'"), "{}", text.text());
}
