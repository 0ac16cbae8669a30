//! Several processes on one store, and processes that are killed.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use domain::journal::Change;
use store::{NoticeKind, Store, verify};

use crate::support::*;

#[test]
fn a_process_killed_at_any_moment_loses_nothing_that_it_confirmed() {
    let dir = place();
    let mut chance = Chance::new("kill -9");
    let mut confirmed: Vec<(String, u64)> = Vec::new();
    let mut torn = 0;
    for round in 0..30 {
        let tag = format!("round{round}");
        let mut helper = Helper::start("append", dir.path(), &[&tag, "1000000"]);
        assert_eq!(helper.says().as_deref(), Some("ready"));
        // The moment is the point here, so it is not an event.
        thread::sleep(Duration::from_micros(chance.below(60_000)));
        for said in helper.kill() {
            // The last line of a killed process may be cut off.
            if let Some((object, seq)) = said.split_once(' ') {
                confirmed.push((object.to_owned(), seq.parse().unwrap()));
            }
        }
        let check = verify(dir.path()).unwrap();
        assert!(check.holds(), "round {round}: {check:?}");
        let (store, notices) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
        torn += notices.iter().filter(|n| n.kind == NoticeKind::TornTail).count();
        assert!(notices.iter().all(|n| n.kind == NoticeKind::TornTail), "round {round}: {notices:?}");
        let there = store.audit(&store::AuditFilter::default(), usize::MAX).unwrap();
        assert_eq!(there.len() as u64, store.state().seq);
        let by_seq = |seq: u64| &there[there.len() - usize::try_from(seq).unwrap()];
        for (object, seq) in &confirmed {
            assert_eq!(by_seq(*seq).record.object, *object, "round {round}");
        }
    }
    eprintln!("{} confirmed, {torn} torn tails", confirmed.len());
    assert!(confirmed.len() > 100);
    let (plain, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    let (indexed, _) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(*plain.state(), *indexed.state(), "the index of a killed process agrees with the journal");
}

#[test]
fn several_processes_append_at_once_to_one_chain() {
    const EACH: usize = 80;
    let dir = place();
    let count = EACH.to_string();
    let helpers: Vec<_> = ["a", "b", "c", "d"].map(|tag| Helper::start("append", dir.path(), &[tag, &count])).into();
    let mut seqs = BTreeSet::new();
    for helper in helpers {
        let said = helper.finish();
        assert_eq!(said.len(), EACH + 1);
        seqs.extend(said.iter().filter_map(|s| s.split_once(' ')).map(|(_, seq)| seq.parse::<u64>().unwrap()));
    }
    assert_eq!(seqs.len(), 4 * EACH, "no number was given twice");
    let check = verify(dir.path()).unwrap();
    assert!(check.holds());
    let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices, []);
    let objects: BTreeSet<String> = everything(&store).into_iter().collect();
    for tag in ["a", "b", "c", "d"] {
        for n in 0..EACH {
            assert!(objects.contains(&format!("{tag}-{n}")));
        }
    }
    assert_eq!(check.entries, (4 * (EACH + EACH / 5)) as u64);
}

#[test]
fn each_sees_at_once_what_the_other_wrote() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    let (tx, rx) = mpsc::channel();
    store.subscribe(Box::new(move |state| {
        for entry in state.newest_entries().take_while(|e| e.record.act != "ping") {
            let _ = tx.send(entry.record.object.clone());
        }
    }));
    let mut helper = Helper::start("echo", dir.path(), &[]);
    assert_eq!(helper.says().as_deref(), Some("ready"));
    let mut times = Vec::new();
    for n in 0..40 {
        let word = format!("word-{n}");
        let begun = Instant::now();
        store.append(record("ping", &word, n)).unwrap();
        while rx.recv_timeout(Duration::from_secs(2)).unwrap() != word {}
        times.push(begun.elapsed());
    }
    helper.kill();
    times.sort();
    eprintln!("there and back: median {:?}, worst {:?}", times[20], times[39]);
    assert!(times[39] < Duration::from_secs(2), "{times:?}");
    assert!(times[20] < Duration::from_millis(200), "{times:?}");
}

#[test]
fn two_processes_cannot_add_the_same_thing() {
    let dir = place();
    let stores: Vec<_> = (0..4).map(|_| Store::open_with(dir.path(), SMALL_PLAIN).unwrap().0).collect();
    for round in 0..20 {
        let name = format!("project-{round}");
        let added: usize = thread::scope(|scope| {
            let adding = stores.iter().map(|store| {
                let name = &name;
                scope.spawn(move || {
                    let add = |state: &store::State| {
                        let there = state.projects.contains_key(name.as_str());
                        Ok(if there { vec![] } else { vec![with(Change::Project(project(name)), 1)] })
                    };
                    store.commit(add).unwrap().len()
                })
            });
            adding.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(added, 1);
    }
    assert_eq!(verify(dir.path()).unwrap().entries, 20);
}

#[test]
fn a_follower_hears_of_a_process_that_is_killed_while_it_writes() {
    let dir = place();
    let mut follower = Helper::start("follow", dir.path(), &[]);
    assert_eq!(follower.says().as_deref(), Some("ready"));
    let mut writer = Helper::start("append", dir.path(), &["w", "1000000"]);
    while !writer.says().unwrap().starts_with("w-5 ") {}
    writer.kill();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    let last = store.append(record("a", "the end", 1)).unwrap().seq;
    while follower.says().unwrap() != format!("saw {last}") {}
    follower.kill();
}
