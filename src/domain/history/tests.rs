//! Deployments as lists know them: the same whole and packed, in order however they came, and never a panic on what is read.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use super::*;
use crate::deployment::{Method, StageState, Status};
use crate::monitor::tests::deployment;
use crate::proposal::Proposal;
use crate::restore::{Restore, Undone};
use crate::revision::CommitId;
use crate::trouble::Trouble;

fn one(id: u32) -> Deployment {
    let environment = ["shop/production", "shop/staging", "pay/production"][id as usize % 3];
    let (status, finished) = match id % 7 {
        0 => (Status::Failed, Some("2026-11-20T14:03:00.25Z")),
        _ => (Status::Succeeded, Some("2026-11-20T14:02:00.5Z")),
    };
    let mut one = deployment(id, environment, status, ("2026-11-20T14:00:00.125Z", finished));
    one.method = [Method::GitopsUi, Method::GitopsGit][id as usize % 2];
    one.commit = CommitId::parse(&format!("{id:040x}"));
    one.files = vec!["a/kustomization.yaml".to_owned(), "b.yaml".to_owned()];
    one.summary = if id.is_multiple_of(5) { String::new() } else { format!("replicas 3 \u{2192} {id}") };
    one.message = format!("Scale {id}\n\nmore");
    if id.is_multiple_of(7) {
        one.stages[2].state = StageState::Failed { trouble: Trouble::failed("no", "x") };
    }
    if id.is_multiple_of(11) {
        let undoes = [1, 2].map(|n| Undone {
            deployment: DeploymentId::new(format!("{n:026}")),
            summary: String::new(),
            by: None,
            commit: one.commit.clone().unwrap(),
            since: None,
            files: Vec::new(),
        });
        one.rolls_back = Some(undoes[0].deployment.clone());
        one.restore = Some(Box::new(Restore { undoes: undoes.into(), ..Restore::default() }));
        one.proposal = Some(Proposal {
            branch: "own".to_owned(),
            commit: CommitId::parse(&"b".repeat(40)),
            opened: None,
            link: None,
            arrived: None,
        });
    }
    one
}

fn stand(id: u32) -> Stand {
    Stand { segment: u64::from(id) / 100 + 1, offset: u64::from(id) * 900 }
}

fn filled(ids: impl IntoIterator<Item = u32>) -> History {
    let mut all = History::default();
    ids.into_iter().for_each(|id| all.put(Arc::new(one(id)), stand(id)));
    all
}

/// What was written of one history makes another that says the same.
fn written(all: &History) -> History {
    let moved = all.moved_since(&History::default());
    let mut copy = History::default();
    for (_, bytes) in &moved.written {
        for open in copy.take_in(bytes).unwrap() {
            let whole = all.get(&open.to_id()).unwrap().whole().unwrap();
            copy.put(Arc::clone(whole), open.stand());
        }
    }
    copy
}

#[test]
fn packed_ones_say_what_whole_ones_say() {
    let all = filled(1..1000);
    let packed = all.iter().filter(|d| d.whole().is_none()).count();
    assert!(packed > 700, "{packed}");
    for id in 1..1000 {
        let (held, whole) = (all.get(&one(id).id).unwrap(), Brief::new(Arc::new(one(id)), stand(id)));
        assert_eq!(*held, whole);
        assert_eq!((held.stand(), held.took_ms()), (whole.stand(), whole.took_ms()));
        assert_eq!(held.commit_to_healthy(), whole.commit_to_healthy());
        assert_eq!((held.current(), held.landed(), held.short()), (whole.current(), whole.landed(), whole.short()));
    }
    let copy = written(&all);
    assert_eq!(copy, all);
    assert!(copy.iter().all(|d| d.whole().is_none()));
    assert_eq!(copy.iter().map(Brief::stand).collect::<Vec<_>>(), all.iter().map(Brief::stand).collect::<Vec<_>>());
}

#[test]
fn they_are_in_order_however_they_came() {
    let back = filled((1..600).rev());
    let mixed = filled((1..600).map(|n| n * 7 % 599 + 1).chain([1]));
    let straight = filled(1..600);
    assert_eq!(back, straight);
    assert_eq!(mixed, straight);
    assert_eq!((mixed.len(), mixed.first().unwrap().id()), (599, one(599).id.as_str()));
    let older: Vec<String> = straight.older(one(300).id.as_str()).map(|d| d.id().to_owned()).collect();
    assert_eq!((older.len(), older[0].as_str()), (299, one(299).id.as_str()));
    assert_eq!(straight.matching("000123").count(), 1);
    assert_eq!(straight.of(&"pay/production".parse().unwrap()).count(), 200);
}

#[test]
fn what_is_not_over_stays_whole_wherever_it_stands() {
    let mut all = History::default();
    for id in 1..1000 {
        let status = if id % 100 == 50 { Status::Waiting } else { Status::Succeeded };
        all.put(Arc::new(Deployment { status, ..one(id) }), stand(id));
    }
    assert_eq!(all.open().map(|d| d.id.clone()).collect::<Vec<_>>(), (0..10).map(|n| one(n * 100 + 50).id).collect::<Vec<_>>());
    let copy = written(&all);
    assert_eq!(copy.open().count(), 10);
    assert_eq!(copy, all);
    // A later version that shares what did not change writes what did, and only that.
    let mut later = copy.clone();
    later.put(Arc::new(Deployment { status: Status::Failed, ..one(350) }), stand(2000));
    later.put(Arc::new(one(1001)), stand(2001));
    assert_eq!(later.open().count(), 9);
    let moved = later.moved_since(&copy);
    assert_eq!((moved.written.len(), moved.gone.len()), (2, 0));
    assert!(copy.moved_since(&copy).written.is_empty());
    // Many that end on old shelves are packed there.
    (1..1000).for_each(|id| later.put(Arc::new(one(id)), stand(3000 + id)));
    assert!(later.iter().filter(|d| d.whole().is_some()).count() < 500);
    assert_eq!(later.get(&one(4).id).unwrap().stand(), stand(3004));
}

#[test]
fn a_shelf_that_is_cut_or_changed_is_an_error_or_others_and_never_a_panic() {
    let moved = filled(1..20).moved_since(&History::default());
    let bytes = &moved.written[0].1;
    for end in 0..bytes.len() {
        assert!(History::default().take_in(&bytes[..end]).is_err(), "cut at {end}");
    }
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let mut all = History::default();
            let _ = all.take_in(&changed);
            all.iter().for_each(|d| _ = format!("{d:?} {:?} {}", d.finished(), d.files()));
        }
    }
    let mut twice = History::default();
    twice.take_in(bytes).unwrap();
    assert!(twice.take_in(bytes).is_err(), "the same shelf again is not in order");
}
