//! The copy of the index that other processes begin with: whatever is wrong with it costs time and nothing else.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::journal::Change;
use domain::project::EnvironmentType;
use store::{State, Store};

use crate::support::*;

const COPY: &str = "index.copy";

/// Fills a store so far that a copy is made.
fn filled(dir: &Path) -> Arc<State> {
    let (store, _) = Store::open_with(dir, SMALL).unwrap();
    store.append(with(Change::Project(project("shop")), 1)).unwrap();
    store.append(with(Change::Environment(environment("shop/production", EnvironmentType::Production)), 2)).unwrap();
    store.append(with(Change::Promise(promise("shop/production", 3)), 3)).unwrap();
    let steps = |n: u64| (1..=if n % 50 == 49 { 2 } else { 4 }).map(move |s| step(n, s));
    for part in 0..8 {
        store.commit(|_| Ok((part * 25..part * 25 + 25).flat_map(steps).collect())).unwrap();
    }
    store.commit(|_| Ok((0..6000).map(|n| record("a", "b", n)).collect())).unwrap();
    store.state()
}

#[test]
fn who_opens_the_store_beside_another_process_reads_the_newest_entries_only() {
    let dir = place();
    let before = filled(dir.path());
    let (holder, _) = Store::open_with(dir.path(), SMALL).unwrap();
    holder.append(step(300, 1)).unwrap();
    assert_eq!(before.deployments.open().count(), 4);
    // The first segment is not needed, so that nobody notices; verification behind the work does.
    fs::write(dir.path().join("journal/000001.jsonl"), b"not looked at\n").unwrap();
    let (second, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices, []);
    assert_eq!(*second.state(), *holder.state());
    assert!(!second.verified().is_through(), "most of it was taken on the copy's word");
    second.append(record("a", "from the second", 1)).unwrap();
    let (third, _) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(*third.state(), *second.state());
    assert_eq!(third.state().deployments.open().count(), 5);
    // Who wants no index reads everything, and finds it.
    let (plain, notices) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    assert!(plain.verified().first_bad.is_some() && notices.len() == 1);
}

#[test]
fn a_copy_that_is_damaged_or_of_another_journal_is_not_believed() {
    let (dir, other) = (place(), place());
    let expected = filled(dir.path());
    let (_holder, _) = Store::open_with(dir.path(), SMALL).unwrap();
    let (another, _) = Store::open_with(other.path(), SMALL).unwrap();
    another.commit(|_| Ok((0..9000).map(|n| record("other", "journal", n)).collect())).unwrap();
    let copy = dir.path().join(COPY);
    let whole = fs::read(&copy).unwrap();
    fs::copy(&copy, other.path().join(COPY)).unwrap();
    let (beside, notices) = Store::open_with(other.path(), SMALL).unwrap();
    assert_eq!((notices, beside.state().seq), (vec![], 9000));
    assert!(beside.state().projects.is_empty() && beside.state().deployments.is_empty());
    let mut chance = Chance::new("damaged copy");
    for case in 0..8 {
        let mut bytes = whole.clone();
        let at = usize::try_from(chance.below(bytes.len() as u64)).unwrap();
        if case % 4 == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << chance.below(8);
        }
        fs::write(&copy, bytes).unwrap();
        let (second, notices) = Store::open_with(dir.path(), SMALL).unwrap();
        assert_eq!((&*second.state(), &notices), (&*expected, &vec![]), "case {case} at {at}");
        assert!(second.verified().is_through(), "case {case} at {at}: all of it was read");
    }
}

#[test]
fn a_short_journal_needs_no_copy_and_one_that_was_put_back_gets_another() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    store.append(record("a", "b", 1)).unwrap();
    drop(store);
    assert!(!dir.path().join(COPY).exists());
    filled(dir.path());
    let copied = fs::read(dir.path().join(COPY)).unwrap();
    // An older journal in its place.
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    store.append(record("a", "anew", 1)).unwrap();
    let expected = store.state();
    drop(store);
    assert_ne!(fs::read(dir.path().join(COPY)).ok(), Some(copied));
    let (_holder, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices, []);
    let (second, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!((&*second.state(), notices), (&*expected, vec![]));
}
