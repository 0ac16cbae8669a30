//! Both languages have the same keys, every command and every key that a view names.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

#[test]
fn both_languages_say_the_same_things() {
    let of = |language| Words::load(language).keys().into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let (english, chinese) = (of(Language::English), of(Language::Chinese));
    assert!(english.len() > 200, "the file is read");
    assert_eq!(english.symmetric_difference(&chinese).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_same_places_are_filled_in_both() {
    let (english, chinese) = (Words::load(Language::English), Words::load(Language::Chinese));
    let places = |text: &str| {
        text.split('{').skip(1).filter_map(|p| p.split_once('}')).map(|(n, _)| n.to_owned()).collect::<BTreeSet<_>>()
    };
    for key in english.keys() {
        assert_eq!(places(english.get(key)), places(chinese.get(key)), "{key}");
    }
}

#[test]
fn a_place_is_filled_and_a_missing_key_shows_itself() {
    let words = Words::load(Language::English);
    assert_eq!(words.fill("audit.entry", &[("seq", "7")]), "Entry 7 of the journal");
    assert_eq!(words.get("no.such.key"), "no.such.key");
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_stem().is_some_and(|s| s != "tests") {
            into.push(path);
        }
    }
}

/// Every key that stands literally in the sources, and every command's id, is in the language files.
#[test]
fn nothing_that_is_said_lacks_its_words() {
    let words = Words::load(Language::English);
    let mut files = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut files);
    let mut missing = BTreeSet::new();
    let mut found = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (call, prefix) in [
            (".t(\"", ""),
            (".tf(\"", ""),
            ("words.get(\"", ""),
            ("= command(\"", "command."),
            (" command(\"", "command."),
            ("Column { id: \"", "column."),
        ] {
            for part in text.split(call).skip(1) {
                let key = format!("{prefix}{}", part.split('"').next().unwrap());
                found += 1;
                let known = words.find(&key).is_some();
                if !known && !key.contains('{') && key != "no.such.key" {
                    missing.insert(format!("{key} in {}", file.file_name().unwrap().display()));
                }
            }
        }
    }
    assert!(found > 100, "the sources are read");
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn what_other_rooms_say_is_said_in_the_operators_language() {
    let (english, chinese) = (Words::load(Language::English), Words::load(Language::Chinese));
    let sentence = "One commit goes to main and changes k8s/web.yaml, k8s/overlays/production/kustomization.yaml.";
    assert_eq!(english.said(sentence), sentence);
    assert_eq!(chinese.said(sentence), "向 main 提交一次，改动 k8s/web.yaml, k8s/overlays/production/kustomization.yaml。");
    assert_eq!(
        chinese.said("Flux applies it to shop in demo after a manual sync."),
        "手动同步后，Flux 会把它应用到 demo 的 shop。"
    );
    assert_eq!(chinese.said("behind Git"), "落后于 Git");
    for unknown in ["CrashLoopBackOff", "", "One commit goes to main"] {
        assert_eq!(chinese.said(unknown), unknown);
    }
}
