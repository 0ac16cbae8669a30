//! The difference: both views, both layouts.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use domain::change::Draft;
use domain::drift::{ObjectDrift, Verdict};
use domain::query::{Answer, Query};
use domain::restore::{Back, Overlap, Overwriter, Restore, Restoring, Side, Undone};

use crate::effects::{Reply, Wish};
use crate::fixture::Stage;
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

/// Returns what a cluster says to a preview: one object of each kind of answer.
fn trial(preview: &domain::change::Preview) -> domain::trial::Trial {
    let object = |kind: &str, name: &str, verdict: Verdict| ObjectDrift::new(("v1", kind), ("shop-prod", name), verdict);
    let web = ObjectDrift {
        live: Some("spec:\n  replicas: 3\n  image: shop:1.8.4\n".into()),
        desired: Some("spec:\n  replicas: 3\n  image: shop:1.8.5\n".into()),
        ..object("Deployment", "shop-web", Verdict::Changed)
    };
    let old = ObjectDrift { live: Some("data:\n  a: b\n".into()), ..object("ConfigMap", "old", Verdict::Extra) };
    let refused = "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2";
    domain::trial::Trial {
        base: preview.base.clone(),
        digest: preview.digest.clone(),
        manager: "kustomize-controller",
        checked: crate::fixture::now(),
        objects: vec![
            web,
            old,
            object("Pod", "migrate", Verdict::Unknown).why(refused),
            object("Service", "shop-web", Verdict::Agrees),
        ],
        beyond: 2,
        notes: vec!["What the chart of shop/HelmRelease/web makes is tried as helm-controller.".to_owned()],
    }
}

#[test]
fn the_cluster_is_asked_when_its_view_is_opened_and_again_when_that_is_wanted() {
    for (name, wide, language) in [("diff_live", 100, Language::English), ("diff_live_zh", 80, Language::Chinese)] {
        let mut stage = filled(wide, 30, language);
        stage.keys("ctrl-u").text("1.8.5");
        stage.pass(200);
        answer(&mut stage, None);
        stage.acts.clear();
        stage.keys("ctrl-d");
        let asked = |stage: &mut Stage| {
            let wishes = stage.wishes();
            wishes.into_iter().find_map(|wish| match wish {
                Wish::Ask(ticket, Query::Trial(draft)) => Some((ticket, draft)),
                _ => None,
            })
        };
        assert!(asked(&mut stage).is_none(), "nobody is asked before the view is opened");
        stage.keys("c");
        let (ticket, draft) = asked(&mut stage).unwrap();
        assert!(!draft.edits.is_empty());
        let shown = crate::tabs::deploy::scene::preview(&draft);
        stage.reply(Reply::Answer(ticket, Ok(Answer::Trial(std::sync::Arc::new(trial(&shown))))));
        insta::assert_snapshot!(name, body(&stage));
        assert!(asked(&mut stage).is_none(), "one answer is enough");
        stage.keys("c");
        let (ticket, _) = asked(&mut stage).unwrap();
        let trouble = domain::Trouble::refused("The server does not allow it", "shop-prod").why("patch is forbidden");
        stage.reply(Reply::Answer(ticket, Err(trouble)));
        assert!(stage.lines().contains("patch is forbidden"), "{}", stage.lines());
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

/// Returns what taking the second deployment of the fleet back would do, with one overlap and one automation.
fn restored(draft: &Draft) -> domain::change::Preview {
    use crate::tabs::deploy::scene::preview;
    let restore = *draft.restore.clone().unwrap();
    let overlap = Overlap {
        file: "k8s/overlays/staging/kustomization.yaml".to_owned(),
        line: Some(7),
        theirs: Some("    newTag: 1.8.7\n".to_owned()),
        restored: Some("    newTag: 1.8.4\n".to_owned()),
        by: vec!["Eve: Ship it by hand (a41f09c)".to_owned()],
        mark: "m".to_owned(),
        answer: restore.answer("m"),
    };
    let edits = vec![domain::edit::Edit::set(domain::edit::Field::ImageTag, "1.8.3")];
    let shown = preview(&Draft { edits, restore: None, ..draft.clone() });
    domain::change::Preview {
        restoring: Some(Restoring { restore, overlaps: vec![overlap], ..Restoring::default() }),
        overwriters: vec![Overwriter {
            automation: domain::flux::ObjectKey::new(&"prod-eu".into(), "ImageUpdateAutomation", "flux-system", "shop"),
            policy: "flux-system/shop".to_owned(),
            file: "k8s/overlays/staging/kustomization.yaml".to_owned(),
            line: 7,
            latest: Some("1.9.0".to_owned()),
        }],
        ..shown
    }
}

#[test]
fn a_rollback_is_asked_about_answered_and_given() {
    for (name, wide, language) in [("diff_back", 100, Language::English), ("diff_back_zh", 80, Language::Chinese)] {
        let mut stage = Stage::new(wide, 30, language);
        stage.keys("7");
        stage.acts.clear();
        stage.keys("b");
        let (ticket, environment, id) = match &stage.wishes()[..] {
            // The newest is what is there now: one goes away from it.
            [Wish::Ask(ticket, Query::Back(environment, Back::Previous))] => {
                let world = stage.session.cx().world;
                let newest = world.deployments.of(environment).next().unwrap();
                (*ticket, environment.clone(), newest.to_id())
            }
            other => panic!("{other:?}"),
        };
        let undone = Undone {
            deployment: id.clone(),
            summary: "replicas 3 → 6".to_owned(),
            by: Some("Eve Moneypenny".to_owned()),
            commit: crate::fixture::commit("a41f09c"),
            since: None,
            files: Vec::new(),
        };
        let restore = Restore { to: Some(id), undoes: vec![undone], ..Restore::default() };
        let draft = Draft { restore: Some(Box::new(restore)), ..Draft::new(environment) };
        stage.reply(Reply::Answer(ticket, Ok(Answer::Draft(Some(Box::new(draft))))));
        assert_eq!(stage.session.active(), crate::place::TabId::Diff);
        let mut given = Vec::new();
        let mut go_on = |stage: &mut Stage| {
            for wish in stage.wishes() {
                match wish {
                    Wish::Ask(ticket, Query::Preview(draft)) => {
                        let shown = Answer::Preview(std::sync::Arc::new(restored(&draft)));
                        stage.reply(Reply::Answer(ticket, Ok(shown)));
                    }
                    Wish::Give(ticket, order) => given.push((ticket, order)),
                    _ => {}
                }
            }
        };
        go_on(&mut stage);
        insta::assert_snapshot!(name, body(&stage));
        stage.keys("ctrl-s");
        assert!(stage.wishes().is_empty(), "nothing goes before the question is answered");
        stage.keys("u");
        go_on(&mut stage);
        stage.keys("a");
        go_on(&mut stage);
        stage.keys("ctrl-s");
        assert!(stage.lines().contains("ImageUpdateAutomation/flux-system/shop"), "{}", stage.lines());
        stage.keys("y");
        go_on(&mut stage);
        let Some((ticket, domain::orders::Order::Deploy(order))) = given.first() else { panic!("{given:?}") };
        let restore = order.draft.restore.as_ref().unwrap();
        assert_eq!((restore.answer("m"), restore.suspend.len()), (Some(Side::Restored), 1));
        assert!(order.reviewed.is_some());
        // Who went on to another tab while it was carried out is left there.
        let elsewhere = language == Language::Chinese;
        if elsewhere {
            stage.keys("6");
        }
        let there = stage.session.active();
        let id = domain::ident::DeploymentId::new("01jd6k00000000000000000187");
        let outcome = domain::orders::Outcome { deployment: Some(id), ..domain::orders::Outcome::said("pushed") };
        stage.reply(Reply::Order(*ticket, Ok(outcome)));
        assert_eq!(stage.session.active(), if elsewhere { there } else { crate::place::TabId::Deployments });
        assert_eq!(stage.session.cx().desk.draft, None);
    }
}
