//! Keys in, acts and frames out, without a runtime.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use domain::actor::Role as Permission;
use domain::barred::Barred;
use domain::orders::{Order, Outcome};
use domain::query::Query;
use domain::trouble::Trouble;

use super::*;
use crate::fixture::{Stage, world};
use crate::words::Language;

#[test]
fn numbers_switch_tabs_and_escape_comes_back_only_where_one_was_sent() {
    let mut stage = Stage::new(100, 30, Language::English);
    for (key, tab) in [("6", TabId::Flux), ("9", TabId::Audit), ("1", TabId::Projects), ("tab", TabId::Environments)] {
        stage.keys(key);
        assert_eq!(stage.session.active(), tab, "{key}");
    }
    stage.keys("esc");
    assert_eq!(stage.session.active(), TabId::Environments);
}

#[test]
fn an_order_is_asked_about_first_and_given_on_yes() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("6");
    stage.wishes();
    stage.keys("s");
    assert!(stage.lines().contains("Suspend"), "{}", stage.lines());
    assert_eq!(stage.wishes(), []);
    stage.keys("n");
    assert_eq!(stage.wishes(), []);
    stage.keys("s y");
    let wishes = stage.wishes();
    let [Wish::Give(ticket, Order::Suspend(_))] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert_eq!(stage.session.cx().running.len(), 1);
    stage.reply(Reply::Order(*ticket, Ok(Outcome::said("suspended it"))));
    assert!(stage.lines().contains("suspended it"));
    assert_eq!(stage.session.cx().running.len(), 0);
    stage.pass(6000);
    assert!(!stage.lines().contains("suspended it"));
}

#[test]
fn what_is_read_opens_in_the_pager_and_why_it_does_not_is_said() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("6 enter |");
    let opened = stage.acts.iter().find_map(|act| match act {
        Act::Editor(ticket, Errand::View(text)) => Some((*ticket, text.text().to_owned())),
        _ => None,
    });
    let (ticket, text) = opened.unwrap();
    assert!(!text.is_empty());
    let trouble = Trouble::failed("The pager did not end well", "most").why("exit status: 127");
    stage.reply(Reply::Written(ticket, Err(trouble)));
    assert!(stage.lines().contains("The pager did not end well: most"), "{}", stage.lines());
}

#[test]
fn leaving_asks_while_an_order_is_under_way() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("6 s y q");
    assert!(!stage.acts.contains(&Act::Quit));
    assert!(stage.lines().contains("under way"));
    stage.keys("y");
    assert!(stage.acts.contains(&Act::Quit));
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("q");
    assert!(stage.acts.contains(&Act::Quit));
}

#[test]
fn who_may_not_is_told_and_nothing_is_given() {
    let mut stage = Stage::as_role(Permission::Viewer);
    stage.wishes();
    stage.keys("6 r");
    assert_eq!(stage.wishes(), []);
}

#[test]
fn a_context_that_is_only_looked_at_says_so_and_takes_no_order() {
    let closed = World { barred: Arc::new(Barred::new([("prod-eu".into(), "the test".to_owned())])), ..world() };
    let mut stage = Stage::new(100, 30, Language::English);
    assert!(!stage.lines().contains("read-only"), "{}", stage.lines());
    // Closed while the question is open: the answer changes nothing.
    stage.keys("6").text("/cluster=prod-eu").keys("enter s");
    assert!(stage.lines().contains("Suspend"), "{}", stage.lines());
    stage.wishes();
    stage.msg(Msg::World(Arc::new(closed)));
    stage.keys("y");
    assert_eq!(stage.wishes(), []);
    let lines = stage.lines();
    assert!(lines.contains("No order is given") && lines.contains("prod-eu read-only"), "{lines}");
    // Then nothing of the kind is offered; what is in another context still is.
    stage.keys("s");
    assert_eq!((stage.wishes(), stage.lines().contains("Suspend Kustomization")), (Vec::new(), false));
    stage.keys("esc").text("/cluster=staging-eu").keys("enter r");
    assert!(stage.wishes().iter().any(|wish| matches!(wish, Wish::Give(_, Order::Reconcile(_)))), "{}", stage.lines());
}

#[test]
fn a_query_is_dropped_with_its_view_and_a_late_answer_does_nothing() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("6");
    stage.wishes();
    stage.keys("enter");
    let wishes = stage.wishes();
    let tickets: Vec<_> = wishes.iter().filter_map(|w| if let Wish::Ask(t, _) = w { Some(*t) } else { None }).collect();
    assert!(wishes.iter().any(|w| matches!(w, Wish::Ask(_, Query::Whole(_)))), "{wishes:?}");
    stage.keys("esc");
    let forgotten = stage.wishes();
    for ticket in &tickets {
        assert!(forgotten.contains(&Wish::Forget(*ticket)), "{forgotten:?}");
    }
    let before = stage.lines();
    stage.reply(Reply::Answer(tickets[0], Err(Trouble::failed("late", "answer"))));
    assert_eq!(stage.lines(), before);
}

#[test]
fn troubles_are_kept_and_none_overwrites_another() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("6 s y");
    let Some(Wish::Give(ticket, _)) = stage.wishes().into_iter().find(|w| matches!(w, Wish::Give(..))) else {
        panic!("no order")
    };
    stage.reply(Reply::Order(ticket, Err(Trouble::failed("The cluster said no", "it").why("forbidden").next("Ask."))));
    let mut next = world();
    next.mishaps = Arc::new(vec![Mishap { time: stage.now, trouble: Trouble::failed("The disk is full", "state folder") }]);
    stage.msg(Msg::World(Arc::new(next)));
    stage.keys("!");
    let lines = stage.lines();
    assert!(lines.contains("The cluster said no") && lines.contains("The disk is full"), "{lines}");
}

#[test]
fn the_palette_finds_an_environment_by_a_few_letters() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys(":").text("shprod");
    stage.keys("enter");
    assert_eq!(stage.session.cx().desk.environment.as_ref().unwrap().to_string(), "shop/production");
}

#[test]
fn two_keys_make_one_command_and_the_footer_waits_with_you() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("6 G g");
    assert!(stage.lines().contains("g …"));
    stage.keys("g");
    assert!(!stage.lines().contains("g …"));
}

#[test]
fn any_size_is_drawn_without_a_panic() {
    for (wide, high) in [(0, 0), (1, 1), (5, 3), (19, 4), (20, 5), (40, 10), (80, 24), (300, 90)] {
        let mut stage = Stage::new(wide, high, Language::Chinese);
        for keys in ["1", "2", "3", "4", "5", "6", "7", "9", "?", "esc", ":", "esc", "!", "esc"] {
            stage.keys(keys);
            stage.lines();
        }
    }
}

#[test]
fn a_young_age_wants_the_next_second_and_an_old_screen_the_next_minute() {
    let quiet = World { seq: 1, ..World::default() };
    let stage = Stage::over(quiet, 100, 30, Language::English);
    stage.lines();
    assert_eq!(stage.session.deadline().unwrap().to_string(), "2026-11-21T14:03:00Z");
}

/// A key that two commands of one tab have would reach only the first; one of the shell's that a tab takes away is lost there.
#[test]
fn no_key_means_two_things_in_one_place() {
    let mut stage = Stage::new(120, 36, Language::English);
    let kept = ["shell.palette", "shell.help", "shell.troubles", "shell.quit"];
    for tab in TABS {
        stage.keys(&format!("alt-{}", tab.number));
        let cx = stage.session.cx();
        let mut taken: HashMap<Vec<Chord>, &str> = HashMap::new();
        for command in stage.session.tab().commands(&cx) {
            for keys in cx.keymap.keys(command) {
                let other = taken.insert(keys.clone(), command.id);
                assert!(other.is_none_or(|o| o == command.id), "{:?}: {} and {other:?} on {:?}", tab.id, command.id, keys);
            }
        }
        for command in crate::everywhere::SHELL.iter().filter(|c| kept.contains(&c.id) || c.id.starts_with("tab.")) {
            for keys in cx.keymap.keys(command) {
                assert!(!taken.contains_key(&keys), "{:?}: {} takes a key of {}", tab.id, taken[&keys], command.id);
            }
        }
    }
}

#[test]
fn an_environment_is_added_with_its_types_defaults() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("1 j j enter");
    assert_eq!(stage.session.active(), TabId::Environments);
    stage.keys("a");
    // Development, staging and production are there; testing is proposed.
    assert!(stage.lines().contains("k8s/overlays/testing"), "{}", stage.lines());
    stage.keys("right right");
    assert!(stage.lines().contains("k8s/overlays/production"), "{}", stage.lines());
    assert!(stage.lines().contains("there is already an environment"), "{}", stage.lines());
    stage.wishes();
    stage.keys("left left ctrl-s");
    // What is missing in the cluster is looked up, shown, and only then created.
    let wishes = stage.wishes();
    let [Wish::Ask(ticket, Query::Setup(asked))] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert_eq!(asked.id.to_string(), "shop/testing");
    let missing = domain::departure::keys(asked).to_vec();
    let setup = domain::orders::environment::Setup { missing, login: domain::orders::environment::Login::Open };
    stage.reply(Reply::Answer(*ticket, Ok(domain::query::Answer::Setup(setup))));
    let shown = stage.lines().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("GitRepository/flux-system/shop-testing") && stage.wishes().is_empty(), "{shown}");
    stage.keys("y");
    let orders: Vec<Order> =
        stage.wishes().into_iter().filter_map(|w| if let Wish::Give(_, o) = w { Some(o) } else { None }).collect();
    let [Order::SaveEnvironment(save)] = orders.as_slice() else { panic!("{orders:?}") };
    let cluster = domain::ident::ContextName::from("prod-eu");
    let id = "shop/testing".parse().unwrap();
    assert_eq!(
        save.environment,
        domain::project::Environment::with_defaults(id, domain::project::EnvironmentType::Testing, cluster)
    );
    assert!(save.new && save.create_objects);
}

#[test]
fn a_project_is_tested_and_saved() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("1 a").text("file:///srv/git/orders.git");
    stage.wishes();
    stage.keys("ctrl-t");
    let wishes = stage.wishes();
    let [Wish::Ask(ticket, Query::Connect(repository))] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert_eq!(repository.url, "file:///srv/git/orders.git");
    let branches = vec![("main".to_owned(), crate::fixture::commit("ab"))];
    stage.reply(Reply::Answer(*ticket, Ok(domain::query::Answer::Connected(domain::query::Connected { branches }))));
    assert!(stage.lines().contains("branches: 1"), "{}", stage.lines());
    stage.keys("ctrl-s");
    let wishes = stage.wishes();
    let [Wish::Give(ticket, Order::SaveProject(save))] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert_eq!((save.project.slug.as_str(), save.new), ("orders", true));
    stage.reply(Reply::Order(*ticket, Err(Trouble::failed("The disk is full", "orders"))));
    assert!(stage.lines().contains("Add a project"), "what was typed stays");
}

#[test]
fn chinese_is_typed_into_fields_and_filters_and_every_row_is_as_wide_as_the_screen() {
    let mut stage = Stage::new(80, 24, Language::Chinese);
    let straight = |stage: &mut Stage, text: &str| {
        let lines = stage.lines();
        assert!(lines.contains(text), "{text}: {lines}");
        let wide = |line: &str| domain::text::width(line);
        assert!(lines.lines().all(|line| wide(line) <= 80), "{lines}");
        lines
    };
    stage.keys("1 a").text("file:///srv/git/orders.git").keys("tab tab ctrl-u").text("结算服务（测试）");
    stage.keys("tab").text("由财务组维护，含 e\u{301} 与 👩‍💻");
    straight(&mut stage, "结算服务（测试）");
    stage.wishes();
    stage.keys("ctrl-s");
    let wishes = stage.wishes();
    let [Wish::Give(_, Order::SaveProject(save))] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert_eq!((save.project.name.as_str(), save.project.slug.as_str()), ("结算服务（测试）", "orders"));
    assert_eq!(save.project.description, "由财务组维护，含 e\u{301} 与 👩‍💻");

    let mut stage = Stage::new(80, 24, Language::Chinese);
    stage.keys("6 /").text("计费失败");
    let lines = straight(&mut stage, "计费失败");
    assert!(lines.contains("0/15"), "{lines}");
    stage.keys("backspace backspace ctrl-u").text("failed").keys("enter");
    straight(&mut stage, "2/15");
}

#[test]
fn the_journal_is_searched_and_the_newest_come_back() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("9 f").text("grace");
    stage.keys("enter");
    let wishes = stage.wishes();
    let [.., Wish::Ask(ticket, Query::Audit(filter))] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert_eq!(filter.actor.as_deref(), Some("grace"));
    stage.reply(Reply::Answer(*ticket, Ok(domain::query::Answer::Audit(Vec::new()))));
    assert!(stage.lines().contains("0 operations found"), "{}", stage.lines());
    stage.keys("F");
    assert!(stage.lines().contains("newest 6"), "{}", stage.lines());
}

#[test]
fn a_filter_is_typed_kept_and_cleared() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("6 /").text("6");
    assert_eq!(stage.session.active(), TabId::Flux, "a digit is text while the filter is typed");
    stage.keys("ctrl-u").text("failed");
    stage.keys("enter");
    assert!(stage.lines().contains("2/15"), "{}", stage.lines());
    stage.keys("j enter");
    assert!(stage.lines().contains("Kustomization/flux-system/billing-testing"), "{}", stage.lines());
    stage.keys("esc esc");
    assert!(!stage.lines().contains("2/15"), "{}", stage.lines());
}

#[test]
fn a_new_world_leaves_the_selection_where_the_operator_put_it() {
    let mut stage = Stage::new(100, 30, Language::English);
    stage.keys("2 G h 2");
    assert!(stage.lines().contains("▌▲ shop/production"), "{}", stage.lines());
    stage.keys("k");
    let mut next = world();
    next.git = Arc::new(Vec::new());
    stage.msg(Msg::World(Arc::new(next)));
    assert!(stage.lines().contains("▌✗ shop/staging"), "{}", stage.lines());
    stage.keys("3 2");
    assert!(stage.lines().contains("▌✗ shop/staging"), "what was selected is what other tabs take up");
    assert_eq!(stage.session.cx().desk.environment.as_ref().unwrap().to_string(), "shop/staging");
}
