//! A disk that fails at its n-th operation, for every n, until one run comes through: what was confirmed stays, what was not is told in
//! words, nothing panics, and everything goes on when the disk works again.

use std::path::Path;

use domain::Trouble;
use domain::flux::ObjectKey;
use domain::revision::CommitId;
use store::fault::{self, Plan};
use store::{Mark, Options, Store, verify};

use crate::support::*;

/// No space left, an I/O error, a read-only file system, a quota, a limit on the size of files.
const ERRORS: [i32; 5] = [28, 5, 30, 122, 27];
/// So small that the journal goes on in new segments.
const TINY: Options = Options { segment_bytes: 600, ..SMALL_PLAIN };

/// What a run was told to be done.
#[derive(Debug, Default)]
struct Confirmed {
    entries: Vec<String>,
    draft: Option<u64>,
    mark: Option<CommitId>,
    favourites: Vec<ObjectKey>,
}

fn commit(n: u64) -> CommitId {
    CommitId::parse(&format!("{n:040}")).unwrap()
}

fn key(n: u64) -> ObjectKey {
    ObjectKey::new(&"prod".into(), "Kustomization", "apps", &format!("shop-{n}"))
}

/// Looks that a trouble says what to do.
fn told<T>(result: Result<T, impl Into<Trouble>>, troubles: &mut Vec<Trouble>) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => {
            troubles.push(error.into());
            false
        }
    }
}

/// Writes everything that a store writes, and goes on after each refusal.
fn write(store: &Store, round: u64, confirmed: &mut Confirmed, troubles: &mut Vec<Trouble>) {
    for n in 0..5 {
        let name = format!("{round}-{n}");
        if told(store.append(record("act", &name, n)), troubles) {
            confirmed.entries.push(name);
        }
    }
    if told(store.drafts().save(&draft("shop/dev", round)), troubles) {
        confirmed.draft = Some(round);
    }
    let mark = Mark { branch: "main".to_owned(), path: "k8s".to_owned(), commit: commit(round) };
    if told(store.seen().save(&env("shop/dev"), &mark), troubles) {
        confirmed.mark = Some(mark.commit);
    }
    if told(store.favourites().save(&[key(round)]), troubles) {
        confirmed.favourites = vec![key(round)];
    }
    if told(store.drafts().save(&draft("shop/other", round)), troubles) {
        told(store.drafts().remove(&env("shop/other")), troubles);
    }
    told(store.lease("shop"), troubles);
}

/// Looks at what is there after the disk works again. What was refused may be there all the same, and then whole.
fn look(dir: &Path, round: u64, confirmed: &Confirmed, at: &str) {
    let (store, _) = Store::open_with(dir, TINY).unwrap();
    let check = verify(dir).unwrap();
    assert!(check.holds() && check.unfinished == 0, "{at}: {check:?}");
    let there = everything(&store);
    assert_eq!(there.len() as u64, store.state().seq, "{at}");
    let mut rest = there.iter();
    for name in &confirmed.entries {
        assert!(rest.any(|there| there == name), "{at}: {name} is lost: {there:?}");
    }
    let number = |text: Option<String>| text.map(|n| n.parse::<u64>().unwrap());
    let kept = number(store.drafts().load(&env("shop/dev")).unwrap().and_then(|draft| draft.message));
    assert!(kept == confirmed.draft || kept == Some(round), "{at}: {kept:?}");
    let mark = store.seen().load(&env("shop/dev")).unwrap().map(|mark| mark.commit);
    assert!(mark == confirmed.mark || mark == Some(commit(round)), "{at}: {mark:?}");
    let favourites = store.favourites().load().unwrap();
    assert!(favourites == confirmed.favourites || favourites == [key(round)], "{at}: {favourites:?}");
}

/// Fails at the n-th operation, for every n; returns how many there are.
fn every_operation(errno: i32, lasting: bool, fresh: bool) -> u32 {
    let dir = place();
    let mut confirmed = Confirmed::default();
    for after in 0.. {
        let at = format!("error {errno} at operation {after}, lasting {lasting}, fresh {fresh}");
        let round = u64::from(after);
        let own = fresh.then(place);
        if fresh {
            confirmed = Confirmed::default();
        }
        let dir = own.as_ref().map_or(dir.path(), |own| own.path());
        let mut troubles = Vec::new();
        fault::arm(Some(Plan { after, errno, lasting }));
        match Store::open_with(dir, TINY) {
            Ok((store, notices)) => {
                troubles.extend(notices.into_iter().map(|notice| notice.trouble));
                write(&store, round, &mut confirmed, &mut troubles);
                let met = fault::arm(None);
                assert!(!met || !troubles.is_empty(), "{at}: nobody was told");
                if store.read_only().is_none() {
                    // The same store goes on as soon as the disk does.
                    let name = format!("{round}-again");
                    store.append(record("act", &name, 9)).unwrap_or_else(|trouble| panic!("{at}: {trouble}"));
                    confirmed.entries.push(name);
                }
                for trouble in &troubles {
                    assert!(!trouble.why.is_empty() && !trouble.next.is_empty(), "{at}: {trouble:?}");
                }
                drop(store);
                look(dir, round, &confirmed, &at);
                if !met {
                    return after;
                }
            }
            Err(error) => panic!("{at}: it does not even open for reading: {error}"),
        }
    }
    unreachable!("a run ends")
}

#[test]
fn nothing_confirmed_is_lost_whichever_operation_fails() {
    for (errno, lasting) in [(ERRORS[0], false), (ERRORS[0], true), (ERRORS[1], false), (ERRORS[1], true)] {
        let operations = every_operation(errno, lasting, false);
        assert!(operations > 20, "{operations}");
    }
}

#[test]
fn a_store_that_is_made_on_a_failing_disk_opens_for_reading() {
    for errno in ERRORS {
        assert!(every_operation(errno, true, true) > 30);
    }
}
