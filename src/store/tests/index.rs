//! The index damaged, held by another, or killed with its process: nothing is lost and nothing panics.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use domain::journal::{Change, Verified};
use domain::project::EnvironmentType;
use store::{Notice, NoticeKind, State, Store};

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
    let whole: Vec<_> = (0..80).rev().map(|n| deployment(n, 4)).collect();
    let mut chance = Chance::new("damaged index");
    let (mut rebuilt, mut harmless) = (0, 0);
    for case in 0..200 {
        let dir = place();
        copy_dir(source.path(), dir.path());
        let what = damage(&dir.path().join("index"), &mut chance);
        let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
        assert_eq!(*store.state(), *expected, "case {case}: {what}");
        assert!(deployments(&store) == whole, "case {case}: {what}");
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

/// Opens a store whose first entries were written long ago, and waits until they are verified behind the work.
fn verified(dir: &Path) -> (Store, Verified) {
    let (store, notices) = Store::open_with(dir, SMALL).unwrap();
    assert_eq!(notices, [], "opening reads the newest entries only");
    let (tell, told) = channel();
    let shared = store.clone();
    store.verify_behind().unwrap();
    let weak = shared.verified();
    store.subscribe(Box::new(move |_| _ = tell.send(())));
    let mut now = weak;
    while !now.is_through() {
        told.recv_timeout(Duration::from_mins(2)).unwrap();
        now = shared.verified();
    }
    (store, now)
}

#[test]
fn what_opening_takes_on_the_indexs_word_is_verified_behind_the_work() {
    let dir = place();
    filled(dir.path());
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    store.commit(|_| Ok((0..1200).map(|n| record("a", "b", n)).collect())).unwrap();
    drop(store);
    let (store, now) = verified(dir.path());
    assert_eq!(now, Verified { entries: 1523, of: 1523, first_bad: None });
    assert_eq!(store.notices(), []);
    drop(store);
    let path = dir.path().join("journal/000002.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("Example", "Exemple", 1)).unwrap();
    let (store, now) = verified(dir.path());
    let bad = store::verify(dir.path()).unwrap().first_bad.unwrap();
    assert_eq!((now.is_through(), now.first_bad), (true, Some(bad.seq)));
    let kinds: Vec<_> = store.notices().iter().map(|n| (n.kind, n.trouble.object.ends_with("000002.jsonl"))).collect();
    assert_eq!(kinds, [(NoticeKind::Damaged, true)]);
    // Its deployment is known to lists; who wants the whole of it hears why not.
    let briefs: Vec<_> = store.state().deployments.iter().cloned().collect();
    let refused: Vec<String> = briefs.iter().filter_map(|d| store.recall(d).err()).map(|e| e.to_string()).collect();
    assert!(refused.len() <= 1 && refused.iter().all(|why| why.contains("hash does not match")), "{refused:?}");
    assert_eq!(briefs.len(), 80);
    drop(store);
    // Another whole journal of the same length in its place fits no index.
    fs::write(&path, text).unwrap();
    fs::remove_file(dir.path().join("journal/000001.jsonl")).unwrap();
    let (store, now) = verified(dir.path());
    assert!(now.first_bad.is_some());
    assert_eq!(store.notices()[0].kind, NoticeKind::Damaged);
}

#[test]
fn a_deployment_that_is_not_over_is_whole_after_a_start_or_the_index_is_built_again() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    store.append(step(1, 2)).unwrap();
    store.append(step(1, 3)).unwrap();
    store.commit(|_| Ok((0..1200).map(|n| record("a", "b", n)).collect())).unwrap();
    drop(store);
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(store.state().deployments.open().map(|d| (**d).clone()).collect::<Vec<_>>(), [deployment(1, 3)]);
    drop(store);
    let path = dir.path().join("journal/000001.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let second = text.lines().nth(1).unwrap();
    fs::write(&path, text.replace(second, &second.replacen("Example", "Exemple", 1))).unwrap();
    let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    let kinds = |notices: &[Notice]| notices.iter().map(|n| n.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&notices), [NoticeKind::Damaged]);
    assert_eq!(store.state().deployments.open().map(|d| (**d).clone()).collect::<Vec<_>>(), [deployment(1, 2)]);
    assert!(store.verified().is_through(), "all of it was read");
}
