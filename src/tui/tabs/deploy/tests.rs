//! The form by keys: what it asks, what it gives, what it says.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use domain::change::Draft;
use domain::edit::{Edit, Field};
use domain::ident::DeploymentId;
use domain::orders::{Order, Outcome};
use domain::query::Query;
use domain::trouble::Trouble;

use super::scene::{answer, body, chosen, commit, facts, filled, preview};
use crate::effects::{OrderTicket, Reply, Wish};
use crate::fixture::Stage;
use crate::place::TabId;
use crate::session::{Act, Msg};
use crate::words::Language;

fn draft(edits: Vec<Edit>) -> Draft {
    Draft { edits, ..Draft::new(facts().environment) }
}

fn given(stage: &mut Stage) -> Vec<(OrderTicket, Order)> {
    let orders = |w| if let Wish::Give(ticket, order) = w { Some((ticket, order)) } else { None };
    stage.wishes().into_iter().filter_map(orders).collect()
}

fn tag(stage: &mut Stage, text: &str) {
    stage.keys("ctrl-u").text(text);
}

#[test]
fn entering_asks_for_facts_and_the_kept_draft_and_then_a_preview() {
    let mut stage = chosen(TabId::Deploy, 120, 36, Language::English);
    let asked: Vec<Query> =
        stage.wishes().into_iter().filter_map(|w| if let Wish::Ask(_, q) = w { Some(q) } else { None }).collect();
    let id = facts().environment;
    assert_eq!(asked, [Query::Form(id.clone()), Query::Draft(id)]);
    let mut stage = filled(120, 36, Language::English);
    assert!(stage.lines().contains("1.8.4") && stage.lines().contains("runs 1.8.3"), "{}", stage.lines());
    assert!(stage.session.cx().desk.preview.as_ref().unwrap().is_empty());
    assert_eq!(stage.wishes(), []);
}

#[test]
fn a_preview_is_asked_a_moment_after_the_last_key_and_the_draft_is_kept() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    assert_eq!(stage.wishes(), [], "nothing while keys come");
    stage.pass(100);
    assert_eq!(stage.wishes(), []);
    stage.pass(60);
    let wanted = draft(vec![Edit::set(Field::ImageTag, "1.8.5")]);
    match stage.wishes().as_slice() {
        [Wish::Ask(ticket, Query::Preview(asked))] => {
            assert_eq!(asked, &wanted);
            let reply = domain::query::Answer::Preview(preview(asked).into());
            stage.reply(Reply::Answer(*ticket, Ok(reply)));
        }
        other => panic!("{other:?}"),
    }
    assert!(stage.lines().contains("1 file, 1 line, branch main"), "{}", stage.lines());
    assert!(stage.lines().contains("image 1.8.4 → 1.8.5"), "{}", stage.lines());
    assert!(stage.lines().contains("now 1.8.4, runs 1.8.3"), "{}", stage.lines());
    stage.pass(600);
    assert!(matches!(given(&mut stage).as_slice(), [(_, Order::KeepDraft(keep))] if keep.draft == wanted));
}

#[test]
fn another_language_reaches_the_form_and_leaves_what_was_typed() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    let chinese = crate::preferences::Preferences { language: Language::Chinese, ..stage.session.cx().preferences.clone() };
    stage.msg(Msg::News(crate::preferences::News::Preferences(Box::new(chinese))));
    let shown = stage.lines();
    assert!(!shown.contains("Replicas") && shown.contains("副本") && shown.contains("1.8.5"), "{shown}");
}

#[test]
fn what_git_says_already_is_no_edit() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    tag(&mut stage, "1.8.4");
    assert_eq!(stage.session.cx().desk.draft, None);
}

#[test]
fn a_fault_stands_beside_its_field_and_holds_the_submit_back() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "not a tag");
    assert!(stage.lines().contains("cannot stand in a tag"), "{}", stage.lines());
    stage.pass(200);
    let asked = stage.wishes().into_iter().find_map(|w| if let Wish::Ask(_, Query::Preview(d)) = w { Some(d) } else { None });
    assert_eq!(asked, Some(draft(vec![])), "a faulty edit is left out of the preview");
    stage.keys("ctrl-s");
    assert_eq!(given(&mut stage), []);
}

#[test]
fn variables_are_added_changed_renamed_and_removed() {
    let table: [(&str, &str, Vec<Edit>); 4] = [
        ("down down down ctrl-u", "NODE_ENV=test", vec![Edit::set(Field::Env("NODE_ENV".into()), "test")]),
        ("down down down ctrl-u", "", vec![Edit::remove(Field::Env("NODE_ENV".into()))]),
        (
            "down down down ctrl-u",
            "MODE=production",
            vec![Edit::set(Field::Env("MODE".into()), "production"), Edit::remove(Field::Env("NODE_ENV".into()))],
        ),
        ("down down down down down down down", "REGION=eu=1", vec![Edit::set(Field::Env("REGION".into()), "eu=1")]),
    ];
    for (keys, text, edits) in table {
        let mut stage = filled(120, 40, Language::English);
        stage.keys(keys).text(text);
        let found = stage.session.cx().desk.draft.clone().unwrap_or_else(|| draft(vec![]));
        assert_eq!(found.edits, edits, "{keys} {text}\n{}", stage.lines());
    }
    let mut stage = filled(120, 40, Language::English);
    stage.keys("down down down down down").text("x");
    assert_eq!(stage.session.cx().desk.draft, None, "what the Pod says of itself is shown only");
    stage.keys("down down").text("NODE_ENV=x");
    assert!(stage.lines().contains("stands there twice"), "{}", stage.lines());
}

#[test]
fn a_kept_draft_fills_the_form() {
    let mut stage = chosen(TabId::Deploy, 120, 36, Language::English);
    let kept = Draft { message: Some("Ship it".into()), ..draft(vec![Edit::set(Field::Replicas, "3")]) };
    answer(&mut stage, Some(&kept));
    assert!(stage.lines().contains("Ship it") && stage.lines().contains("replicas 6 → 3"), "{}", stage.lines());
}

#[test]
fn submitting_reviews_and_gives_the_previews_digest() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    // At once, before the preview is there: it is asked for and waited for.
    stage.keys("ctrl-s");
    assert!(!stage.lines().contains("Commit and push to"));
    answer(&mut stage, None);
    insta::assert_snapshot!("deploy_review", body(&stage));
    stage.keys("y");
    let orders = given(&mut stage);
    let wanted = draft(vec![Edit::set(Field::ImageTag, "1.8.5")]);
    let (ticket, order) = orders.iter().find(|(_, o)| matches!(o, Order::Deploy(_))).unwrap();
    let Order::Deploy(order) = order else { unreachable!() };
    assert_eq!((&order.draft, order.reviewed.as_ref()), (&wanted, Some(&preview(&wanted).digest)));
    let outcome = Outcome { deployment: Some(DeploymentId::new("01jd6k00000000000000000187")), ..Outcome::said("pushed") };
    stage.reply(Reply::Order(*ticket, Ok(outcome)));
    assert_eq!(stage.session.active(), TabId::Deployments);
    assert_eq!(stage.session.cx().desk.draft, None);
    assert!(stage.lines().contains("000187"), "{}", stage.lines());
}

#[test]
fn the_message_is_written_over_several_lines_and_stays_with_the_draft() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    stage.keys("ctrl-s");
    answer(&mut stage, None);
    stage.keys("m").text("Forget this").keys("esc y");
    let proposed =
        given(&mut stage).into_iter().find_map(|(_, o)| if let Order::Deploy(o) = o { Some(o.draft.message) } else { None });
    assert_eq!(proposed, Some(None), "what was proposed stays");

    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    stage.keys("ctrl-s");
    answer(&mut stage, None);
    stage.keys("m ctrl-j").text("Ship it").keys("enter enter").text("y is a letter here, and so is n.");
    insta::assert_snapshot!("deploy_review_message", body(&stage));
    stage.keys("ctrl-s n");
    let told = stage.session.cx().desk.draft.clone().and_then(|draft| draft.message);
    assert_eq!(told.as_deref(), Some("Ship it\n\ny is a letter here, and so is n."), "it stays when the commit is put off");
    assert!(stage.lines().contains("y is a letter here"), "{}", stage.lines());
    stage.keys("ctrl-s y");
    let orders = given(&mut stage);
    let order = orders.iter().find_map(|(_, o)| if let Order::Deploy(o) = o { Some(o) } else { None }).unwrap();
    assert_eq!(order.draft.message, told);
    assert!(order.reviewed.is_some());
}

#[test]
fn what_a_check_forbids_cannot_be_committed() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "forbidden");
    stage.keys("ctrl-s");
    answer(&mut stage, None);
    assert!(stage.lines().contains("A check forbids it"), "{}", stage.lines());
    stage.keys("y");
    assert!(given(&mut stage).iter().all(|(_, o)| !matches!(o, Order::Deploy(_))));
}

#[test]
fn no_at_the_review_goes_back_to_the_form() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    stage.keys("ctrl-s");
    answer(&mut stage, None);
    stage.keys("n");
    assert!(given(&mut stage).iter().all(|(_, o)| !matches!(o, Order::Deploy(_))));
    stage.keys("ctrl-s");
    assert!(stage.lines().contains("Commit and push to"), "it can be submitted again\n{}", stage.lines());
}

#[test]
fn a_refusal_shows_its_words_keeps_the_draft_and_asks_again() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    stage.keys("ctrl-s");
    answer(&mut stage, None);
    stage.keys("y");
    let (ticket, _) = given(&mut stage).into_iter().find(|(_, o)| matches!(o, Order::Deploy(_))).unwrap();
    let trouble =
        Trouble::refused("The content changed since the review", "shop/production").why("main moved").next("Review it again.");
    stage.reply(Reply::Order(ticket, Err(trouble)));
    let asked = stage.acts.iter().filter(|a| matches!(a, Act::Wish(Wish::Ask(_, Query::Preview(_) | Query::Form(_))))).count();
    assert_eq!(asked, 2);
    answer(&mut stage, None);
    assert_eq!(stage.session.active(), TabId::Deploy);
    assert!(stage.lines().contains("Review it again."), "{}", stage.lines());
    assert!(stage.lines().contains("1.8.5"));
}

#[test]
fn a_head_that_moves_is_read_again_once() {
    let mut stage = filled(120, 36, Language::English);
    let mut world = crate::fixture::world();
    let mut git: Vec<_> = world.git.iter().cloned().collect();
    let at = git.iter().position(|g| g.environment == facts().environment).unwrap();
    let view = domain::world::GitView { head: Some(commit("aaaaaaa")), ..(*git[at]).clone() };
    git[at] = view.into();
    world.git = git.into();
    let world = std::sync::Arc::new(world);
    stage.msg(Msg::World(world.clone()));
    assert!(stage.lines().contains("main moved to aaaaaaa"), "{}", stage.lines());
    let asked = stage.wishes();
    assert_eq!(asked.iter().filter(|w| matches!(w, Wish::Ask(..))).count(), 2, "{asked:?}");
    stage.msg(Msg::World(world));
    assert_eq!(stage.wishes(), [], "it is asked once");
}

#[test]
fn leaving_keeps_what_was_typed_and_esc_gives_the_number_keys_back() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    stage.keys("esc");
    assert_eq!(stage.session.active(), TabId::Environments, "back to where it was opened");
    assert!(matches!(given(&mut stage).as_slice(), [(_, Order::KeepDraft(_))]));
    stage.keys("3");
    assert!(stage.lines().contains("1.8.5"), "{}", stage.lines());
}

#[test]
fn dropping_the_draft_asks_and_starts_over() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    stage.keys("ctrl-x");
    assert!(given(&mut stage).iter().all(|(_, o)| !matches!(o, Order::DropDraft(_))), "it is asked first");
    stage.keys("y");
    let (ticket, _) = given(&mut stage).into_iter().find(|(_, o)| matches!(o, Order::DropDraft(_))).unwrap();
    stage.reply(Reply::Order(ticket, Ok(Outcome::said("dropped"))));
    answer(&mut stage, None);
    assert_eq!(stage.session.cx().desk.draft, None);
    assert!(!stage.lines().contains("1.8.5"), "{}", stage.lines());
}

/// Goes from the tag down to the CPU limit and asks for another one.
fn limit(stage: &mut Stage) {
    for _ in 0..9 {
        stage.keys("down");
    }
    stage.keys("ctrl-u").text("1");
}

fn settle(stage: &mut Stage) {
    stage.pass(200);
    answer(stage, None);
}

#[test]
fn a_reference_is_changed_made_plain_and_made_from_a_plain_value() {
    let token = || "API_TOKEN".to_owned();
    let node = || "NODE_ENV".to_owned();
    let down = |n: usize| "down ".repeat(n) + "ctrl-u";
    let table: [(String, &str, Vec<Edit>); 5] = [
        (down(6), "API_TOKEN=secret:shop-api/other", vec![Edit::set(Field::EnvRef(token()), "secret:shop-api/other")]),
        (down(6), "API_TOKEN=plain", vec![Edit::set(Field::Env(token()), "plain"), Edit::remove(Field::EnvRef(token()))]),
        (down(6), "", vec![Edit::remove(Field::EnvRef(token()))]),
        (down(6), "API_TOKEN=secret:shop-api/token", vec![]),
        (down(3), "NODE_ENV=configmap:env/mode", vec![Edit::set(Field::EnvRef(node()), "configmap:env/mode")]),
    ];
    for (keys, text, edits) in table {
        let mut stage = filled(120, 40, Language::English);
        stage.keys(&keys).text(text);
        let found = stage.session.cx().desk.draft.clone().unwrap_or_else(|| draft(vec![]));
        assert_eq!(found.edits, edits, "{text}\n{}", stage.lines());
    }
    let mut stage = filled(120, 40, Language::English);
    stage.keys(&down(6)).text("API_TOKEN=secret:shop");
    assert!(stage.lines().contains("written secret:NAME/KEY"), "half a reference is no plain value\n{}", stage.lines());
}

#[test]
fn a_question_comes_when_the_field_is_left_and_its_answer_goes_into_the_draft() {
    let mut stage = filled(120, 40, Language::English);
    limit(&mut stage);
    settle(&mut stage);
    assert!(stage.lines().contains("? waits for an answer"), "{}", stage.lines());
    assert!(!stage.lines().contains("Which place is meant?"), "not while it is typed into");
    stage.keys("tab");
    insta::assert_snapshot!("deploy_question", body(&stage));
    stage.keys("esc");
    assert!(stage.lines().contains("waits for an answer"), "{}", stage.lines());
    stage.keys("ctrl-s");
    assert!(stage.lines().contains("Nothing is submitted while a question is open: CPU limit"), "{}", stage.lines());
    assert!(given(&mut stage).iter().all(|(_, o)| !matches!(o, Order::Deploy(_))));
    stage.keys("down enter");
    let found = stage.session.cx().desk.draft.clone().unwrap();
    let field = Field::Resource(domain::edit::Bound::Limit, domain::edit::Resource::Cpu);
    let wanted = Edit { choice: Some(domain::edit::Choice::Written), ..Edit::set(field, "1") };
    assert_eq!(found.edits, [wanted]);
    settle(&mut stage);
    assert!(!stage.lines().contains("waits for an answer"), "{}", stage.lines());
}

#[test]
fn a_question_put_off_does_not_come_up_again_by_itself() {
    let mut stage = filled(120, 40, Language::English);
    limit(&mut stage);
    settle(&mut stage);
    stage.keys("tab esc tab tab");
    assert!(!stage.lines().contains("Which place is meant?"), "{}", stage.lines());
    stage.keys("ctrl-g");
    assert!(stage.lines().contains("Which place is meant?"), "{}", stage.lines());
}

#[test]
fn entries_of_every_kind_are_added_through_one_chooser() {
    let table: [(&str, &str, Field, &str); 4] = [
        ("down down", "metrics=9090", Field::Port("metrics".into()), "9090"),
        ("6", "tier=front", Field::Label("tier".into()), "front"),
        ("1", "A=b", Field::Env("A".into()), "b"),
        ("up", "LEVEL=warn", Field::Config("shop-config".into(), "LEVEL".into()), "warn"),
    ];
    for (keys, text, field, value) in table {
        let mut stage = filled(120, 40, Language::English);
        stage.keys("ctrl-t").keys(&keys.replace('6', "down down down down down down"));
        if keys != "1" {
            stage.keys("enter");
        }
        stage.text(text);
        let found = stage.session.cx().desk.draft.clone().unwrap_or_else(|| draft(vec![]));
        assert_eq!(found.edits, [Edit::set(field, value)], "{text}\n{}", stage.lines());
    }
    let mut stage = filled(120, 40, Language::English);
    stage.keys("ctrl-t down enter").text("DB").keys("end").text("db/password");
    let wanted = Edit::set(Field::EnvRef("DB".into()), "secret:db/password");
    assert_eq!(stage.session.cx().desk.draft.clone().unwrap().edits, [wanted], "{}", stage.lines());
}

#[test]
fn a_probe_that_is_added_shows_all_its_parts() {
    let mut stage = filled(120, 40, Language::English);
    stage.keys("ctrl-t down down down down down enter").text("/started");
    let wanted = Edit::set(Field::Probe(domain::edit::Probe::Startup, domain::edit::ProbePart::Path), "/started");
    assert_eq!(stage.session.cx().desk.draft.clone().unwrap().edits, [wanted], "{}", stage.lines());
    assert!(stage.lines().contains("Startup failures"), "{}", stage.lines());
}

#[test]
fn a_long_section_is_put_away_under_one_line_and_opened() {
    let mut stage = filled(120, 40, Language::English);
    assert!(stage.lines().contains("▸ Liveness path") && !stage.lines().contains("/healthz"), "{}", stage.lines());
    for _ in 0..13 {
        stage.keys("down");
    }
    stage.keys("enter");
    assert!(stage.lines().contains("/healthz"), "{}", stage.lines());
    stage.keys("down ctrl-u").text("healthz");
    assert!(stage.lines().contains("a path starts with /"), "{}", stage.lines());
    stage.keys("up left ctrl-s");
    assert!(stage.lines().contains("a path starts with /"), "a fault is brought into sight\n{}", stage.lines());
}

#[test]
fn it_looks_as_it_should() {
    for (name, wide, high, language) in [
        ("deploy_80x24", 80, 24, Language::English),
        ("deploy_120x36", 120, 36, Language::English),
        ("deploy_200x50", 200, 50, Language::English),
        ("deploy_120x36_zh", 120, 36, Language::Chinese),
    ] {
        let mut stage = filled(wide, high, language);
        tag(&mut stage, "1.8.5");
        stage.pass(200);
        answer(&mut stage, None);
        insta::assert_snapshot!(name, body(&stage));
    }
    let mut stage = filled(80, 24, Language::English);
    tag(&mut stage, "1.8.5");
    stage.pass(200);
    answer(&mut stage, None);
    stage.keys("ctrl-r");
    insta::assert_snapshot!("deploy_80x24_effect", body(&stage));
    let nothing = domain::world::World { environments: std::sync::Arc::default(), ..crate::fixture::world() };
    let mut empty = Stage::over(nothing, 100, 30, Language::English);
    empty.keys("3");
    insta::assert_snapshot!("deploy_empty", body(&empty));
}

#[test]
fn every_size_can_be_drawn() {
    for tab in [TabId::Deploy, TabId::Yaml, TabId::Diff, TabId::Deployments] {
        let mut stage = filled(120, 36, Language::Chinese);
        tag(&mut stage, "1.8.5");
        stage.pass(200);
        answer(&mut stage, None);
        stage.keys(&format!("alt-{}", crate::tabs::entry(tab).number));
        for wide in (1..=200).step_by(3) {
            for high in 1..=60 {
                stage.msg(Msg::Resize(wide, high));
                let mut buf = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, wide, high));
                let area = buf.area;
                stage.session.tab().view(&stage.session.cx(), area, &mut buf);
            }
        }
    }
}

#[test]
fn the_environment_under_the_cursor_is_taken_when_none_is_chosen() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("2 3");
    let chosen = stage.session.cx().desk.environment.clone().unwrap();
    assert!(stage.lines().contains(&format!("{} → {}", chosen.project, chosen.name)), "{}", stage.lines());
}

#[test]
fn the_kinds_of_the_cluster_bring_another_preview_when_they_are_known() {
    use domain::world::ServedKinds;
    let mut stage = filled(120, 36, Language::English);
    let cluster = stage.session.cx().world.environment(&facts().environment).unwrap().cluster.clone();
    let world = |seq: u64, kinds: ServedKinds| {
        let old = crate::fixture::world();
        domain::world::World { seq, kinds: vec![(cluster.clone(), kinds)].into(), ..old }
    };
    stage.msg(Msg::World(world(43, ServedKinds::Asking).into()));
    assert_eq!(stage.wishes(), []);
    stage.msg(Msg::World(world(44, ServedKinds::Known { version: 1 }).into()));
    let asked = stage.wishes();
    assert!(matches!(asked.as_slice(), [Wish::Ask(_, Query::Preview(_))]), "{asked:?}");
}

#[test]
fn a_draft_that_could_not_be_kept_is_not_called_kept() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    stage.pass(700);
    let kept = |stage: &mut Stage| match given(stage).as_slice() {
        [(ticket, Order::KeepDraft(_))] => *ticket,
        other => panic!("{other:?}"),
    };
    let title = |stage: &Stage| stage.lines().lines().nth(3).unwrap_or_default().to_owned();
    let ticket = kept(&mut stage);
    let said = stage.session.cx().t("deploy.draft").to_owned();
    assert!(!title(&stage).contains(&said), "{}", stage.lines());
    stage.reply(Reply::Order(ticket, Err(Trouble::failed("Cannot write", "drafts"))));
    assert!(!title(&stage).contains(&said), "{}", stage.lines());
    // It is tried once more when the form is left.
    stage.keys("alt-6");
    let ticket = kept(&mut stage);
    stage.reply(Reply::Order(ticket, Ok(Outcome::said(""))));
    stage.keys("alt-3");
    assert!(title(&stage).contains(&said), "{}", stage.lines());
}

#[test]
fn who_leaves_while_a_submit_waits_is_asked_nothing_elsewhere() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    stage.keys("ctrl-s alt-6");
    answer(&mut stage, None);
    assert!(!stage.lines().contains("Commit and push to"), "{}", stage.lines());
    assert_eq!(stage.session.panes().count(), 0);
}

#[test]
fn tabs_that_are_not_shown_do_nothing_with_every_key() {
    let mut stage = filled(120, 36, Language::English);
    tag(&mut stage, "1.8.5");
    answer(&mut stage, None);
    // The diff with what runs, which the cluster is asked for.
    stage.keys("ctrl-d c");
    let trial = |wish: &Wish| matches!(wish, Wish::Ask(_, Query::Trial(..)));
    assert!(stage.wishes().iter().any(trial));
    stage.keys("alt-3");
    tag(&mut stage, "1.8.6");
    stage.pass(200);
    let asked =
        stage.wishes().into_iter().find_map(|w| if let Wish::Ask(t, Query::Preview(d)) = w { Some((t, d)) } else { None });
    let (ticket, wanted) = asked.unwrap();
    let shown = std::sync::Arc::new(preview(&wanted));
    stage.reply(Reply::Answer(ticket, Ok(domain::query::Answer::Preview(shown))));
    assert!(!stage.wishes().iter().any(trial), "the cluster is asked for what nobody looks at");
}
