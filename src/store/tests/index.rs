//! The index damaged, held by another, or killed with its process: nothing is lost and nothing panics.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::journal::Change;
use domain::project::EnvironmentType;
use store::{NoticeKind, State, Store};

use crate::support::*;

fn filled(dir: &Path) -> Arc<State> {
    let (store, _) = Store::open_with(dir, SMALL).unwrap();
    store.append(with(Change::Project(project("shop")), 1)).unwrap();
    store.append(with(Change::Environment(environment("shop/production", EnvironmentType::Production)), 2)).unwrap();
    store.append(with(Change::Promise(promise("shop/production", 3)), 3)).unwrap();
    for n in 0..80 {
        store.commit(|_| Ok((1..=4).map(|s| step(n, s)).collect())).unwrap();
    }
    store.state()
}

/// Damages one file of the index; says what it did.
fn damage(index: &Path, chance: &mut Chance) -> String {
    let files = files_under(index);
    // Most of it is the data file; the others are small and matter as much.
    let file = if chance.below(3) == 0 {
        files[usize::try_from(chance.below(files.len() as u64)).unwrap()].clone()
    } else {
        index.join("db")
    };
    let mut bytes = fs::read(&file).unwrap();
    // What is used of the data file is its beginning; the rest is room.
    let used = bytes.iter().rposition(|b| *b != 0).map_or(1, |at| at as u64 + 1);
    let at = usize::try_from(chance.below(used)).unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let what = match chance.below(6) {
        0 | 1 => {
            let bit = chance.below(8);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
            format!("bit {bit} of byte {at} of {name}")
        }
        2 => {
            bytes.truncate(at);
            format!("{name} cut at {at}")
        }
        3 => {
            let block = at / 4096 * 4096;
            let end = (block + 4096).min(bytes.len());
            bytes[block..end].fill(0);
            format!("block {block} of {name} zeroed")
        }
        4 => {
            fs::write(index.join("snap.00000000000FFFFF.generating"), &bytes[..at.min(40)]).unwrap();
            fs::write(index.join("snap.00000000000FFFFE"), &bytes[..at.min(40)]).unwrap();
            "partial snapshots".to_owned()
        }
        _ => {
            let end = (at + 64).min(bytes.len());
            bytes[at..end].iter_mut().for_each(|b| *b = u8::try_from(chance.below(256)).unwrap());
            format!("noise at {at} of {name}")
        }
    };
    fs::write(&file, bytes).unwrap();
    what
}

#[test]
fn a_damaged_index_is_built_again_and_nothing_is_lost() {
    let source = place();
    let expected = filled(source.path());
    let mut chance = Chance::new("damaged index");
    let (mut rebuilt, mut harmless) = (0, 0);
    for case in 0..200 {
        let dir = place();
        copy_dir(source.path(), dir.path());
        let what = damage(&dir.path().join("index"), &mut chance);
        let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
        assert_eq!(*store.state(), *expected, "case {case}: {what}");
        store.append(step(500, 1)).unwrap();
        let expected = store.state();
        drop(store);
        let told = notices.iter().any(|n| n.kind == NoticeKind::IndexRebuilt);
        assert_eq!(told, dir.path().join("index.damaged-1").exists(), "case {case}: {what}");
        if told {
            rebuilt += 1;
        } else {
            harmless += 1;
        }
        let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
        assert_eq!(*store.state(), *expected, "case {case}, second opening: {what}");
        assert_eq!(notices, [], "case {case}, second opening: {what}");
    }
    eprintln!("{rebuilt} rebuilt, {harmless} did no harm");
    // About every third hits what matters; where exactly the database puts things differs from run to run.
    assert!(rebuilt > 10 && harmless > 10);
}

#[test]
fn an_index_from_another_journal_is_not_believed() {
    let (one, two) = (place(), place());
    filled(one.path());
    let (store, _) = Store::open_with(two.path(), SMALL).unwrap();
    for n in 0..600 {
        store.append(record("other", "journal", n)).unwrap();
    }
    let expected = store.state();
    drop(store);
    fs::remove_dir_all(two.path().join("index")).unwrap();
    copy_dir(&one.path().join("index"), &two.path().join("index"));
    let (store, _) = Store::open_with(two.path(), SMALL).unwrap();
    assert_eq!(*store.state(), *expected);
    store.append(record("other", "journal", 601)).unwrap();
    assert!(store.state().projects.is_empty());
}

#[test]
fn the_second_process_does_without_the_index_and_misses_nothing() {
    let dir = place();
    let before = filled(dir.path());
    let (first, _) = Store::open_with(dir.path(), SMALL).unwrap();
    let said = Helper::start("append", dir.path(), &["second", "20"]).finish();
    assert_eq!(said.len(), 21, "{said:?}");
    let (third, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices, []);
    assert_eq!(third.state().seq, before.seq + 24);
    first.append(record("a", "b", 1)).unwrap();
    drop(first);
    drop(third);
    let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices, []);
    assert_eq!(store.state().seq, before.seq + 25);
}

#[test]
fn opening_with_the_index_reads_only_the_newest_entries() {
    let dir = place();
    filled(dir.path());
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    store.commit(|_| Ok((0..1200).map(|n| record("a", "b", n)).collect())).unwrap();
    let expected = store.state();
    drop(store);
    // The first segment is not needed any more, so that nobody notices; verification does.
    fs::write(dir.path().join("journal/000001.jsonl"), b"not looked at\n").unwrap();
    let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices, []);
    assert_eq!(*store.state(), *expected);
    assert_eq!(store::verify(dir.path()).unwrap().first_bad.unwrap().line, 1);
}

#[test]
fn new_damage_among_the_newest_entries_is_told_also_with_an_index() {
    let dir = place();
    filled(dir.path());
    let path = dir.path().join("journal/000002.jsonl");
    let text = fs::read_to_string(&path).unwrap().replacen("with", "witb", 1);
    fs::write(&path, text).unwrap();
    let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices.iter().map(|n| n.kind).collect::<Vec<_>>(), [NoticeKind::Damaged]);
    drop(store);
    let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices.iter().map(|n| n.kind).collect::<Vec<_>>(), [NoticeKind::Damaged], "and stays told");
    assert!(store.notices()[0].trouble.object.ends_with("000002.jsonl"));
}

#[test]
fn of_many_damaged_indexes_the_newest_few_are_kept() {
    let dir = place();
    filled(dir.path());
    for _ in 0..6 {
        fs::write(dir.path().join("index/conf"), b"twelve bytes").unwrap();
        fs::write(dir.path().join("index/db"), b"nonsense").unwrap();
        Store::open_with(dir.path(), SMALL).unwrap();
    }
    let names = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut kept: Vec<_> = names.filter(|n| n.contains("damaged")).collect();
    kept.sort();
    assert_eq!(kept, ["index.damaged-4", "index.damaged-5", "index.damaged-6"]);
}
