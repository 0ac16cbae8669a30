//! The form driven by keys: what is shown, what is asked, and that secrets are not drawn.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by failing")]

use domain::change::FileChange;
use domain::compose::FAULTS;
use domain::live::LiveText;
use domain::orders::{FolderChange, FolderPlan};
use domain::query::Answer;

use super::*;
use crate::effects::{Reply, Wish};
use crate::fixture::Stage;
use crate::session::Msg;
use crate::words::{Language, Words};

fn asked(stage: &mut Stage) -> (Ticket, Query) {
    let asked = |wish| if let Wish::Ask(ticket, query) = wish { Some((ticket, query)) } else { None };
    stage.wishes().into_iter().filter_map(asked).next_back().unwrap()
}

fn paste(stage: &mut Stage, text: &str) {
    stage.msg(Msg::Input(crossterm::event::Event::Paste(text.to_owned())));
}

/// Goes to a new GitRepository with user and token, everything filled in.
fn git(stage: &mut Stage) {
    stage.keys("6 + right right tab tab");
    stage.text("shop-new").keys("tab tab").text("https://git.example/shop").keys("tab tab tab tab tab tab tab tab");
    stage.keys("right right tab tab tab").text("bot").keys("tab");
    paste(stage, "hunter2");
}

#[test]
fn a_source_with_its_secret_is_tried_asked_about_and_made() {
    let mut stage = Stage::new(140, 44, Language::English);
    git(&mut stage);
    let seen = stage.lines();
    assert!(
        seen.contains("New GitRepository in") && seen.contains("password: •••") && seen.contains("name: shop-new-auth"),
        "{seen}"
    );
    assert!(!seen.contains("hunter2") && seen.contains("••••••"), "{seen}");
    stage.wishes();
    stage.keys("ctrl-s");
    let (ticket, query) = asked(&mut stage);
    let Query::Rehearse(create) = query else { panic!("it is tried: {query:?}") };
    let names: Vec<String> = create.objects.iter().map(|o| o.key.to_string()).collect();
    assert_eq!(names, ["Secret/flux-system/shop-new-auth", "GitRepository/flux-system/shop-new"]);
    stage.reply(Reply::Answer(ticket, Ok(Answer::Rehearsed)));
    let question = stage.lines();
    assert!(question.contains("Create GitRepository/flux-system/shop-new and") && question.contains("prod-eu?"), "{question}");
    // No: back in the form, nothing lost. Yes: it goes.
    stage.keys("n");
    assert!(stage.lines().contains("shop-new"));
    stage.keys("ctrl-s");
    let (ticket, _) = asked(&mut stage);
    stage.reply(Reply::Answer(ticket, Ok(Answer::Rehearsed))).keys("y");
    assert!(stage.wishes().iter().any(|w| matches!(w, Wish::Give(_, Order::Create(_)))));
}

#[test]
fn what_the_server_refuses_stands_at_its_field() {
    let mut stage = Stage::new(140, 44, Language::English);
    git(&mut stage);
    stage.keys("ctrl-s");
    let (ticket, _) = asked(&mut stage);
    let trouble = Trouble::usage("The cluster does not accept that content", "x").why("spec.url: Invalid value: no such thing");
    stage.reply(Reply::Answer(ticket, Err(trouble)));
    let seen = stage.lines();
    assert_eq!(seen.matches("Invalid value: no such thing").count(), 2, "{seen}");
}

#[test]
fn nothing_is_sent_while_something_is_wrong() {
    let mut stage = Stage::new(80, 24, Language::English);
    stage.keys("6 +");
    stage.wishes();
    assert!(!stage.lines().contains("something must stand here"), "a new form does not complain");
    stage.keys("ctrl-s");
    assert!(stage.lines().contains("something must stand here"));
    assert!(!stage.wishes().iter().any(|w| matches!(w, Wish::Ask(_, Query::Rehearse(_)))));
}

fn origin() -> domain::origin::Origin {
    domain::origin::Origin {
        url: "https://git.example/fleet".to_owned(),
        path: "apps".to_owned(),
        interval: Some("10m".to_owned()),
        ..domain::origin::Origin::by(ObjectKey::new(&"prod-eu".into(), "Kustomization", "flux-system", "fleet"))
    }
}

#[test]
fn a_reference_is_completed_to_what_exists() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6 + tab tab tab tab").text("gitr");
    assert!(!stage.lines().contains("write it as Kind/name"), "it is on its way: {}", stage.lines());
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6 + tab tab tab tab").text("GitRepository/").keys("right");
    let seen = stage.lines();
    assert!(seen.contains("sourceRef:") && seen.contains("    kind: GitRepository"), "{seen}");
}

#[test]
fn an_object_is_edited_by_what_changed() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6 /").text("Kustomization").keys("enter E");
    let (ticket, query) = asked(&mut stage);
    assert!(matches!(query, Query::Origin(_)), "{query:?}");
    stage.reply(Reply::Answer(ticket, Ok(Answer::Origin(Some(Box::new(origin()))))));
    let (ticket, query) = asked(&mut stage);
    assert!(matches!(query, Query::Written(_)), "{query:?}");
    stage.reply(Reply::Answer(ticket, Err(Trouble::refused("No project has its repository", "it").next("Add one."))));
    assert!(stage.lines().contains("No project has its repository"), "{}", stage.lines());
    stage.keys("c");
    let (ticket, query) = asked(&mut stage);
    let Query::Edit(key) = query else { panic!("it is read: {query:?}") };
    let text = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: {}\nmetadata:\n  name: {}\n  namespace: {}\nspec:\n  interval: 1m\n  unknown: kept\n  path: ./a\n  url: https://h/a\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    name: a\n",
        key.kind, key.name, key.namespace
    );
    let base =
        LiveText { key, uid: "u".into(), version: "1".into(), text: Private::new(text), masked: 0, origin: Some(origin()) };
    stage.reply(Reply::Answer(ticket, Ok(Answer::Edit(Arc::new(base)))));
    let seen = stage.lines();
    assert!(seen.contains("by form") && seen.contains("unknown: kept"), "{seen}");
    assert!(seen.contains("https://git.example/fleet") && seen.contains("will undo this at its next"), "{seen}");
    stage.keys("ctrl-u").text("GitRepository/b");
    stage.keys("ctrl-s");
    let (_, query) = asked(&mut stage);
    let Query::Review(edited) = query else { panic!("it is tried: {query:?}") };
    assert!(edited.text.text().contains("unknown: kept") && edited.text.text().contains('b'), "{}", edited.text.text());
}

#[test]
fn what_changed_in_a_form_is_put_into_the_document_in_git() {
    let mut stage = Stage::new(120, 36, Language::English);
    let whole = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: a, namespace: b}\nspec:\n  \
                 url: https://h/a # kept\n  interval: 1m\n";
    let written = Written {
        environment: "fleet/prod".parse().unwrap(),
        file: "apps/a.yaml".into(),
        ..crate::fixture::document(ObjectKey::new(&"deck".into(), "GitRepository", "b", "a"), origin(), whole)
    };
    stage.session.open_for_test(Overlay::FormOf(Arc::new(written)), &mut stage.acts);
    assert!(stage.lines().contains("apps/a.yaml:1"), "{}", stage.lines());
    stage.keys("ctrl-u").text("https://h/b");
    stage.keys("ctrl-s");
    let (_, query) = asked(&mut stage);
    let Query::Preview(draft) = query else { panic!("it is looked at: {query:?}") };
    assert_eq!(draft.texts[0].after.as_deref(), Some(&*whole.replace("https://h/a", "https://h/b")));
}

#[test]
fn a_new_object_goes_into_git_where_its_namespace_comes_from_there() {
    let mut stage = Stage::new(140, 44, Language::English);
    stage.keys("6 +");
    let seen = stage.lines();
    assert!(seen.contains("in the cluster only") && !seen.contains("Git too"), "nothing in Git brings it about: {seen}");
    let mut stage = Stage::new(140, 44, Language::English);
    let namespace = crate::fixture::world().environments.iter().find(|e| *e.cluster.0 == *"prod-eu").unwrap().namespace.clone();
    stage.session.open_for_test(Overlay::New(Some("GitRepository"), namespace.clone()), &mut stage.acts);
    assert!(
        stage.lines().contains("in the cluster only") && stage.lines().contains("Git too: Kustomization/"),
        "{}",
        stage.lines()
    );
    stage.keys("tab right tab").text("shop-new").keys("tab tab").text("https://git.example/shop");
    let seen = stage.lines();
    assert!(seen.contains("portal/production") && seen.contains("main:"), "{seen}");
    stage.wishes();
    stage.keys("ctrl-s");
    let (ticket, query) = asked(&mut stage);
    assert!(matches!(query, Query::Rehearse(_)), "{query:?}");
    stage.reply(Reply::Answer(ticket, Ok(Answer::Rehearsed)));
    let (ticket, query) = asked(&mut stage);
    let Query::Unwritten(environment, fresh) = query else { panic!("a file is looked for: {query:?}") };
    assert_eq!((environment.to_string(), fresh.key.name.to_string()), ("portal/production".into(), "shop-new".into()));
    let place = crate::fixture::document(fresh.key, origin(), "");
    let place = Written { file: "k8s/new.yaml".into(), fresh: Some(domain::written::Listing(None)), ..place };
    stage.reply(Reply::Answer(ticket, Ok(Answer::Written(Arc::new(place)))));
    let (_, query) = asked(&mut stage);
    let Query::Preview(draft) = query else { panic!("it is looked at: {query:?}") };
    assert_eq!((draft.texts[0].path.as_str(), &draft.texts[0].before), ("k8s/new.yaml", &None));
    assert!(draft.texts[0].after.as_ref().unwrap().contains("name: shop-new"), "{:?}", draft.texts);
}

#[test]
fn a_new_object_goes_to_a_folder_that_belongs_to_no_environment() {
    let mut stage = Stage::new(140, 44, Language::English);
    stage.keys("6 + right right tab right");
    assert!(stage.lines().contains("another folder in Git"), "{}", stage.lines());
    stage.keys("tab").text("nothing:clusters/prod").keys("tab").text("shop-new").keys("tab tab").text("https://git.example/shop");
    stage.wishes();
    stage.keys("ctrl-s");
    assert!(stage.lines().contains("there is no such project") && stage.wishes().is_empty(), "{}", stage.lines());
    stage.keys("backspace ".repeat("nothing:clusters/prod".len()).trim()).text("shop:clusters/prod").keys("ctrl-s");
    let (ticket, _) = asked(&mut stage);
    stage.reply(Reply::Answer(ticket, Ok(Answer::Rehearsed)));
    let (ticket, query) = asked(&mut stage);
    let Query::FolderPlan(fleet, fresh) = query else { panic!("a folder is looked at: {query:?}") };
    assert_eq!((fleet.to_string(), fresh.key.name.to_string()), ("shop:clusters/prod".into(), "shop-new".into()));
    let file = FileChange { path: "clusters/prod/new.yaml".into(), before: None, after: Some("kind: GitRepository\n".into()) };
    let (url, branch, base) = ("https://git.example/fleet".into(), "main".into(), crate::fixture::commit("ab"));
    let change = FolderChange { fleet, url, branch, base, files: vec![file] };
    stage.reply(Reply::Answer(ticket, Ok(Answer::FolderPlan(Box::new(FolderPlan { change, by: Vec::new() })))));
    let seen = stage.lines();
    assert!(seen.contains("clusters/prod/new.yaml  +1 -0") && seen.contains("nothing brings it about yet"), "{seen}");
    stage.keys("y");
    let wishes = stage.wishes();
    assert!(matches!(wishes.as_slice(), [Wish::Give(_, Order::CreateInGit(_))]), "{wishes:?}");
}

#[test]
fn every_form_is_drawn_in_every_size_and_language() {
    for language in Language::ALL {
        for (wide, high) in [(80, 24), (120, 36), (20, 5)] {
            for (at, form) in FORMS.iter().enumerate() {
                let mut stage = Stage::new(wide, high, language);
                stage.keys("6 +");
                (0..at).for_each(|_| drop(stage.keys("right").lines()));
                let seen = stage.lines();
                assert!(wide == 20 || seen.contains(form.kind), "{seen}");
                assert!(!seen.contains("compose."), "every key has its words: {seen}");
            }
        }
    }
}

#[test]
fn what_the_forms_say_is_in_the_language_files() {
    let words = Words::load(Language::English);
    for form in FORMS {
        for field in form.all() {
            assert_eq!(words.find(&format!("compose.help.{}", field.id)), Some(field.help), "{}", field.id);
            assert!(words.find(&format!("compose.field.{}", field.id)).is_some(), "{}", field.id);
            assert!(field.section.is_empty() || words.find(&format!("compose.section.{}", field.section)).is_some());
        }
    }
    for (key, text) in FAULTS {
        assert_eq!(words.find(&format!("compose.wrong.{key}")), Some(*text));
    }
}
