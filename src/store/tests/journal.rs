//! The journal in one process: what is written is there, decisions see the newest state, halves are mended.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::mpsc;
use std::time::Duration;

use domain::Trouble;
use domain::journal::Change;
use domain::project::EnvironmentType;
use store::{GENESIS, NoticeKind, Options, Store, verify};

use crate::support::*;

fn kinds(notices: &[store::Notice]) -> Vec<NoticeKind> {
    notices.iter().map(|n| n.kind).collect()
}

#[test]
fn what_was_written_is_there_after_reopening_and_only_for_its_owner() {
    let dir = place();
    let dir = dir.path().join("store");
    let (store, notices) = Store::open_with(&dir, SMALL).unwrap();
    assert_eq!(notices, []);
    assert_eq!(store.state().hash, GENESIS);
    for n in 0..100 {
        store.append(step(n, 2)).unwrap();
    }
    store
        .commit(|_| Ok(vec![with(Change::Project(project("shop")), 1), with(Change::Promise(promise("shop/production", 1)), 2)]))
        .unwrap();
    store.append(with(Change::Environment(environment("shop/production", EnvironmentType::Production)), 3)).unwrap();
    let before = store.state();
    assert_eq!((before.seq, before.deployments.len()), (103, 100));
    drop(store);
    for options in [SMALL, SMALL_PLAIN] {
        let (store, notices) = Store::open_with(&dir, options).unwrap();
        assert_eq!(notices, []);
        assert_eq!(*store.state(), *before, "{options:?}");
    }
    let check = verify(&dir).unwrap();
    assert!(check.holds());
    assert_eq!((check.entries, check.head_seq, &check.head_hash), (103, 103, &before.hash));
    assert!(dir.join("journal/000005.jsonl").exists(), "small segments roll");
    for folder in [dir.clone(), dir.join("journal"), dir.join("index")] {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{folder:?}");
    }
    for file in files_under(&dir.join("journal")) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn a_decision_sees_the_newest_state_and_may_refuse() {
    let dir = place();
    let (one, _) = Store::open_with(dir.path(), SMALL).unwrap();
    let (two, _) = Store::open_with(dir.path(), SMALL).unwrap();
    let add = |store: &Store| {
        store.commit(|state| {
            if state.projects.contains_key("shop") {
                return Err(Trouble::usage("There is such a project", "shop"));
            }
            Ok(vec![with(Change::Project(project("shop")), 1)])
        })
    };
    assert_eq!(add(&one).unwrap().len(), 1);
    assert_eq!(add(&two).unwrap_err().what, "There is such a project");
    assert_eq!(two.state().seq, 1, "what the decision saw is published");
    assert_eq!(two.commit(|_| Ok(Vec::new())).unwrap(), []);
    assert_eq!(verify(dir.path()).unwrap().entries, 1);
}

#[test]
fn a_removed_project_takes_its_environments_along_and_leaves_its_promises() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    store
        .commit(|_| {
            Ok(vec![
                with(Change::Project(project("shop")), 1),
                with(Change::Project(project("shop2")), 1),
                with(Change::Environment(environment("shop/production", EnvironmentType::Production)), 1),
                with(Change::Environment(environment("shop2/staging", EnvironmentType::Staging)), 1),
                with(Change::Promise(promise("shop/production", 1)), 1),
                with(Change::ProjectRemoved(slug("shop")), 1),
            ])
        })
        .unwrap();
    let state = store.state();
    assert_eq!(state.projects.keys().map(ToString::to_string).collect::<Vec<_>>(), ["shop2"]);
    assert_eq!(state.environments.keys().map(ToString::to_string).collect::<Vec<_>>(), ["shop2/staging"]);
    assert_eq!(state.promises.len(), 1);
    store.append(with(Change::PromiseKept(env("shop/production")), 2)).unwrap();
    store.append(with(Change::EnvironmentRemoved(env("shop2/staging")), 2)).unwrap();
    assert!(store.state().promises.is_empty() && store.state().environments.is_empty());
}

#[test]
fn a_torn_tail_is_put_aside_at_every_length() {
    let source = place();
    let (store, _) = Store::open_with(source.path(), SMALL_PLAIN).unwrap();
    store.append(record("a", "one", 1)).unwrap();
    store.append(record("a", "two", 2)).unwrap();
    drop(store);
    let bytes = fs::read(source.path().join("journal/000001.jsonl")).unwrap();
    let first = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    for cut in first..bytes.len() {
        let dir = place();
        fs::create_dir(dir.path().join("journal")).unwrap();
        let path = dir.path().join("journal/000001.jsonl");
        fs::write(&path, &bytes[..cut]).unwrap();
        let half = (cut - first) as u64;
        let check = verify(dir.path()).unwrap();
        assert_eq!((check.entries, check.unfinished, check.holds()), (1, half, true), "cut at {cut}");
        let (store, notices) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
        if cut == bytes.len() - 1 {
            assert_eq!((store.state().seq, kinds(&notices)), (2, vec![]), "only the newline was missing");
        } else if half > 0 {
            assert_eq!((store.state().seq, kinds(&notices)), (1, vec![NoticeKind::TornTail]), "cut at {cut}");
            let aside = dir.path().join(format!("journal/000001.torn.{first}-1"));
            assert_eq!(fs::read(&aside).unwrap(), &bytes[first..cut]);
            assert!(notices[0].trouble.next.contains(&aside.display().to_string()));
        }
        let seq = store.append(record("a", "three", 3)).unwrap().seq;
        let check = verify(dir.path()).unwrap();
        assert_eq!((check.holds(), check.head_seq, check.unfinished), (true, seq, 0));
    }
}

#[test]
fn half_a_line_of_a_process_that_died_is_mended_by_the_next_append() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    store.append(record("a", "one", 1)).unwrap();
    let mut file = OpenOptions::new().append(true).open(dir.path().join("journal/000001.jsonl")).unwrap();
    file.write_all(b"{\"v\":1,\"seq\":2,\"ti").unwrap();
    store.append(record("a", "two", 2)).unwrap();
    assert_eq!(kinds(&store.notices()), [NoticeKind::TornTail]);
    assert_eq!(everything(&store), ["one", "two"]);
    assert!(verify(dir.path()).unwrap().holds());
}

#[test]
fn listeners_hear_of_every_state_in_order_and_may_commit() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    let (tx, rx) = mpsc::channel();
    let again = store.clone();
    store.subscribe(Box::new(|_| panic!("a listener with a bug")));
    store.subscribe(Box::new(move |state| {
        if state.seq == 5 {
            again.append(record("a", "from inside", 6)).unwrap();
        }
        let _ = tx.send(state.seq);
    }));
    for n in 1..=5 {
        store.append(record("a", "outside", n)).unwrap();
    }
    let mut heard = vec![0];
    while *heard.last().unwrap() < 6 {
        heard.push(rx.recv_timeout(Duration::from_secs(5)).unwrap());
    }
    assert!(heard.is_sorted(), "{heard:?}");
}

#[test]
fn a_state_shares_what_did_not_change() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), Options { index: false, ..Options::default() }).unwrap();
    store.commit(|_| Ok((0..2000).map(|n| step(n, 1)).collect())).unwrap();
    let before = store.state();
    store.append(step(700, 4)).unwrap();
    store.append(step(5000, 1)).unwrap();
    store.append(step(2500, 1)).unwrap();
    let after = store.state();
    assert!(std::sync::Arc::ptr_eq(&before.projects, &after.projects));
    assert!(!before.deployments.is_same(&after.deployments));
    assert_eq!((before.deployments.len(), after.deployments.len()), (2000, 2002));
    let id = |n| deployment(n, 0).id;
    assert_eq!(*store.recall(before.deployments.get(&id(700)).unwrap()).unwrap(), deployment(700, 1));
    assert_eq!(*store.recall(after.deployments.get(&id(700)).unwrap()).unwrap(), deployment(700, 4));
    let newest: Vec<_> = after.deployments.iter().map(domain::history::Brief::to_id).collect();
    assert_eq!(newest[..3], [id(5000), id(2500), id(1999)]);
    assert!(newest.is_sorted_by(|a, b| a > b) && newest.len() == 2002);
    assert_eq!(after.deployments.iter().next_back().unwrap().to_id(), id(0));
    assert_eq!(after.deployments.of(&env("shop/production")).count(), 1000);
    assert_eq!(after.deployments.matching("2500").count(), 1);
}

#[test]
fn a_journal_that_was_moved_away_is_not_written_to() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    store.append(record("a", "one", 1)).unwrap();
    fs::rename(dir.path().join("journal"), dir.path().join("elsewhere")).unwrap();
    let trouble = store.append(record("a", "two", 2)).unwrap_err();
    assert!(trouble.to_string().contains("journal"), "{trouble}");
    fs::rename(dir.path().join("elsewhere"), dir.path().join("journal")).unwrap();
    store.append(record("a", "three", 3)).unwrap();
    assert_eq!(everything(&store), ["one", "three"]);
}

#[test]
fn a_segment_that_was_replaced_by_another_copy_is_not_written_to() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    store.append(record("a", "one", 1)).unwrap();
    let path = dir.path().join("journal/000001.jsonl");
    let older = fs::read(&path).unwrap();
    drop(store);
    let (writer, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    writer.append(record("a", "two", 2)).unwrap();
    // One that has read both entries and written none itself.
    let (reader, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    assert_eq!(reader.state().seq, 2);
    fs::write(dir.path().join("restored"), &older).unwrap();
    fs::rename(dir.path().join("restored"), &path).unwrap();
    let trouble = reader.append(record("a", "three", 3)).unwrap_err();
    assert!(trouble.to_string().contains("000001.jsonl"), "{trouble}");
    assert_eq!(fs::read(&path).unwrap(), older, "nothing is written behind what it does not continue");
}
