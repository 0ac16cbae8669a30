//! The list of what can be adopted, played with keys over a fleet of which one project is forgotten.
#![expect(clippy::panic, reason = "a test fails by failing")]

use std::sync::Arc;

use domain::orders::Order;

use crate::effects::Wish;
use crate::fixture::{Stage, world};
use crate::words::Language;

/// A fleet that Flux runs and of whose shop nobody has told the console.
fn stage(wide: u16, high: u16, language: Language) -> Stage {
    let mut world = world();
    world.projects = Arc::new(world.projects.iter().filter(|p| p.slug.as_str() != "shop").cloned().collect());
    let kept = world.environments.iter().filter(|e| e.id.project.as_str() != "shop");
    world.environments = Arc::new(kept.cloned().collect());
    Stage::over(world, wide, high, language)
}

#[test]
fn it_looks_well_in_both_languages() {
    for language in Language::ALL {
        for (wide, high) in [(80, 24), (120, 36)] {
            let mut stage = stage(wide, high, language);
            stage.keys("1 A j space");
            insta::assert_snapshot!(format!("adopt-{wide}-{}", language.tag()), stage.frame());
        }
    }
}

#[test]
fn what_is_marked_is_adopted_by_the_name_that_it_was_given() {
    let mut stage = stage(120, 36, Language::English);
    stage.keys("1 A");
    assert!(stage.lines().contains("shop/staging") && stage.lines().contains("Not adopted"), "{}", stage.lines());
    // The first one is named otherwise, and the second one is marked too.
    stage.keys("e right tab backspace backspace backspace backspace").text("store").keys("enter");
    assert!(stage.lines().contains("store/"), "{}", stage.lines());
    stage.keys("a enter");
    let shown = stage.lines().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("Adopt 2 projects? Nothing in the cluster changes. shop, store."), "{}", stage.lines());
    stage.wishes();
    stage.keys("y");
    let wishes = stage.wishes();
    let [Wish::Give(_, Order::Many(many))] = wishes.as_slice() else { panic!("{wishes:?}") };
    let names: Vec<String> = many
        .orders()
        .iter()
        .flat_map(|order| match order {
            Order::Adopt(adopt) => adopt.environments.iter().map(|e| e.id.to_string()).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("store/")), "{names:?}");
}

#[test]
fn the_screen_and_the_command_say_the_same_words() {
    use domain::adopt::{Evidence, Guess, Reason, Remark};
    let words = crate::words::Words::load(Language::English);
    let fill = |part: &str, sentence: &domain::orders::Sentence| {
        let values: Vec<(&str, &str)> = sentence.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        words.fill(&format!("{part}.{}", sentence.key), &values)
    };
    let reasons = [
        Reason::NotGit { kind: "Bucket".to_owned() },
        Reason::NotGit { kind: String::new() },
        Reason::NoSource { name: "GitRepository/a/b".to_owned() },
        Reason::Pinned { word: "tag", value: "v1".to_owned() },
        Reason::Remote,
        Reason::Root,
        Reason::System,
        Reason::Fleet { count: 2 },
        Reason::ByHand { chart: "charts/web".to_owned(), source: "GitRepository/flux-system/web".to_owned() },
        Reason::Unfit { why: "so".to_owned() },
    ];
    for reason in reasons {
        assert_eq!(fill("adopt.left", &reason.sentence()), reason.words());
    }
    let word = || "prod".to_owned();
    let evidence = [
        Evidence::Path(word()),
        Evidence::Name(word()),
        Evidence::Namespace(word()),
        Evidence::Branch(word()),
        Evidence::Cluster(word()),
        Evidence::Type,
        Evidence::Nothing,
    ];
    for from in evidence {
        let guess = Guess { field: "type", from };
        assert_eq!(fill("adopt.guess", &guess.sentence()), guess.words());
    }
    for remark in [Remark::ByPath, Remark::Unclear, Remark::Urls, Remark::Taken] {
        assert_eq!(words.fill(&format!("adopt.remark.{}", remark.key()), &[]), remark.words());
    }
}
