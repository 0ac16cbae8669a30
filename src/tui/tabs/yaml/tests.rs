//! The manifests: found through, walked through, drawn.

use domain::query::Query;

use crate::effects::Wish;
use crate::place::TabId;
use crate::tabs::deploy::scene::{answer, body, chosen, filled};
use crate::words::Language;

#[test]
fn without_the_form_it_asks_for_the_manifests_as_they_are() {
    let mut stage = chosen(TabId::Yaml, 120, 36, Language::English);
    answer(&mut stage, None);
    assert!(stage.lines().contains("kind: Service"), "{}", stage.lines());
}

#[test]
fn a_text_is_found_and_walked_through() {
    let mut stage = filled(100, 24, Language::English);
    stage.keys("ctrl-y /").text("name");
    assert!(stage.lines().contains("1/"), "{}", stage.lines());
    stage.keys("enter n");
    assert!(stage.lines().contains("2/"), "{}", stage.lines());
    stage.keys("esc");
    assert!(!stage.lines().contains("2/"), "{}", stage.lines());
}

#[test]
fn documents_are_gone_through() {
    let mut stage = filled(100, 20, Language::English);
    stage.keys("ctrl-y");
    stage.lines();
    stage.keys("}");
    let shown = stage.lines();
    assert!(shown.contains("Service/shop-web"), "{shown}");
}

#[test]
fn files_show_findings_at_their_lines() {
    let mut stage = filled(110, 36, Language::English);
    stage.keys("ctrl-u").text("1.8.5");
    stage.pass(200);
    answer(&mut stage, None);
    stage.keys("ctrl-y v");
    insta::assert_snapshot!("yaml_files", body(&stage));
    stage.keys("v");
    insta::assert_snapshot!("yaml_rendered", body(&stage));
    assert!(stage.wishes().iter().all(|w| !matches!(w, Wish::Ask(_, Query::Preview(_)))), "the form's preview is enough");
}

#[test]
fn documents_are_put_away_and_what_is_found_opens_them() {
    let mut stage = filled(100, 30, Language::English);
    stage.keys("ctrl-y Z");
    let shown = stage.lines();
    assert!(shown.contains("▸ Deployment/shop-web") && !shown.contains("apiVersion"), "{shown}");
    assert!(shown.contains("k8s/base/deployment.yaml"), "it says where it comes from\n{shown}");
    stage.keys("} z");
    let shown = stage.lines();
    assert!(shown.contains("▾ Service/shop-web") && shown.contains("▸ Deployment/shop-web"), "{shown}");
    stage.keys("/").text("node_env").keys("enter");
    assert!(stage.lines().contains("- name: NODE_ENV"), "{}", stage.lines());
}
